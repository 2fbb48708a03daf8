"""Whether a process can be published."""
