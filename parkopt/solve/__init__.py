"""From a built model to a checked solution, through HiGHS."""

from parkopt.solve.check import check
from parkopt.solve.planner import Solution, solve
from parkopt.solve.status import Limits

__all__ = ["Limits", "Solution", "check", "solve"]
