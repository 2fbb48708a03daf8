"""What keeps Kniga running: its home folder, the embedded PostgreSQL, child processes, health."""
