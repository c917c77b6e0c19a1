"""From a built model to a checked solution, through HiGHS."""
