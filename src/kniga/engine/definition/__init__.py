"""The compiled process and what can be wrong with one."""
