"""What service tasks can do: one module per action, and the registry of them all."""
