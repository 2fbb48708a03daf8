"""Drafts: processes being drawn, saved by several people at once, checked as they grow, published or discarded."""
