"""What one is told: the bell, the page of notices, and how one wants to be told."""
