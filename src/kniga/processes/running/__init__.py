"""Running instances: one step read, computed by the engine, written; started, sent elsewhere, replayed."""
