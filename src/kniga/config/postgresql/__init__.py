"""Django's PostgreSQL with a lighter way to read moments and to see that a connection lives."""
