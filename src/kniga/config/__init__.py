"""Settings, URLs, messages: what Django is told about this installation."""
