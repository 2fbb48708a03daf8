"""Processes as pictures: the diagram of a version, what stands on it, and the way a deal went along it."""
