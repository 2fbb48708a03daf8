"""Documents: templates, and what was made from them for a deal."""
