"""The corporate sales book as a document: its editions, who has read them, the technology map, the PDF."""
