"""Control points and deviations: looked at when their time comes, raised, told, escalated, and closed when cured."""
