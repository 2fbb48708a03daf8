"""The read side: the funnel and what else a manager looks at."""
