"""One module per kind of element: what happens when a token comes to it."""
