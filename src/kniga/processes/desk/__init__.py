"""The day of a rep: desk, board, the task with all its page shows, timelines, where a deal may go from here."""
