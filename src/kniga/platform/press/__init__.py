"""Setting texts on paper: Markdown as a tree of plain data, and typst in a process of its own."""
