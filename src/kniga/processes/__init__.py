"""The shell of the engine: processes and versions, running instances, tasks, timers."""
