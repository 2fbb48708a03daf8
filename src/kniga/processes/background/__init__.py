"""What happens without a person: timers, work of the machine, conditions, starts; carried by any number of workers."""
