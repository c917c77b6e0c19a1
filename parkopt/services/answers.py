"""Questions about a schedule: why, what more would have saved, the bill by hour and asset, other plans.

The schedule is made again from its request, which gives the same plan; what does not is refused
before it can answer for another.
"""

from __future__ import annotations

from typing import Any

import xarray as xr

from parkopt.faults import NotReproduced
from parkopt.intake import DayRequest
from parkopt.services.day import ONE_AT_A_TIME, version
from parkopt.solve import Solution
from parkopt.solve.alternatives import near_optimal
from parkopt.solve.bill import bill_table
from parkopt.solve.front import pareto
from parkopt.solve.margins import margins
from parkopt.solve.reasons import reasons
from parkopt.stages import Context, Solved
from parkopt.workflow import POSED, as_asked, through

SAME = {"park_sha256": "park", "weather_sha256": "weather"}
NEAR = 1e-6
"""Relative difference of the objective from which on a schedule is another."""


def made_again(schedule: xr.Dataset, day: DayRequest) -> Solution:
    """Return the solution of a kept schedule.

    Parameters
    ----------
    schedule : xarray.Dataset
        The schedule.
    day : DayRequest
        Park, weather, loads and goal that it was made with.

    Raises
    ------
    NotReproduced
        Where park file, weather or objective are not those of the schedule.
    """
    with ONE_AT_A_TIME:
        solved = through(POSED, as_asked(schedule, day), Context("again", "again", version()))
    assert isinstance(solved, Solved)
    observed, attrs = solved.forecast.observed, schedule.attrs
    hashes = {"park": observed.loaded.file.sha256, "weather": str(observed.weather.attrs["sha256"])}
    wrong = [name for key, name in SAME.items() if str(attrs[key]) != hashes[name]]
    objective = float(attrs["objective"])
    if not wrong and abs(solved.solution.objective - objective) > NEAR * max(1.0, abs(objective)) + float(attrs["gap"]):
        wrong = ["objective"]
    if wrong:
        raise NotReproduced(run=str(attrs["run"]), what=", ".join(wrong))
    return solved.solution


def why(solution: Solution, *, verify: bool = False) -> list[dict[str, Any]]:
    """Return a reason for each asset and step; `verify` solves again where prices cannot say."""
    with ONE_AT_A_TIME:
        return [reason.as_dict() for reason in reasons(solution, verify=verify)]


def bill_by_hour(solution: Solution) -> dict[str, Any]:
    """Return the bill by line, asset and step, in fen that add up."""
    return bill_table(solution).as_dict()


def more(solution: Solution) -> list[dict[str, Any]]:
    """Return what one more unit of each rating would have saved, the best first."""
    with ONE_AT_A_TIME:
        found = margins(solution)
    return [margin.as_dict() for margin in sorted(found, key=lambda margin: -margin.saved_yuan)]


def front(solution: Solution, points: int) -> dict[str, Any]:
    """Return plans that no other beats in cost and carbon."""
    with ONE_AT_A_TIME:
        return pareto(solution.problem, points).as_dict()


def others(solution: Solution, slack: float, count: int) -> list[dict[str, Any]]:
    """Return plans that cost little more and differ most."""
    with ONE_AT_A_TIME:
        return [one.as_dict() for one in near_optimal(solution.problem, slack, count)]
