"""Decision tables as DMN 1.3 files: read, written, checked."""
