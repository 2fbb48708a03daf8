"""The REST API: no business decisions, no writes of their own."""
