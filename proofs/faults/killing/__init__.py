"""What the proof of killed workers is made of: its books, who completes the tasks, what is demanded at the end."""
