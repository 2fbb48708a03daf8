"""States as JSON, with a version number and one upgrade per version."""
