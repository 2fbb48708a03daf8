"""Messages and signals: brought by people and programs, and taken to the instances that wait for them."""
