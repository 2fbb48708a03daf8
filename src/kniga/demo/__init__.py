"""A made department that lived by the real engine."""
