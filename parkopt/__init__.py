"""parkopt: schedules, carbon factors and green-power evidence for zero-carbon parks."""
