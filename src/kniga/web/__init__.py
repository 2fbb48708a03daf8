"""The pages: no business decisions, no writes of their own."""
