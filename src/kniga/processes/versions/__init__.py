"""Versions of processes: taken in, checked, published, scheduled, retired, and compiled once for all who run them."""
