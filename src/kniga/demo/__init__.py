"""A made sales department, lived through the real engine on a virtual clock."""
