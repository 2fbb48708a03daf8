"""The book on paper: its content as data, the diagram in strips, the press that sets it."""
