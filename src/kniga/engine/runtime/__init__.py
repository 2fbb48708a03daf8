"""The engine at work: commands in, a step or a rejection out."""
