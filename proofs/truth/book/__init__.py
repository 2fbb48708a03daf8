"""Parts of the proof of the sales book: what it must hold, its pages, its readers."""
