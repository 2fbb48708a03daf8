"""Acts on many running instances: planned as a dry run, carried out batch by batch, undone as a whole."""
