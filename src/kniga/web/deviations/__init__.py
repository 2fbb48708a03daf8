"""The morning queue of deviations."""
