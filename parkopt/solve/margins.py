"""What one more unit of each rating would have saved over the horizon, by solving once more, and by duals.

Each rating is raised by one unit in the park file's own form and read again, so whatever the file's reader would
refuse has no margin. What is saved is the difference of two least costs, all decisions taken anew; what the unit would
cost to build is not in it. The power of wind and PV, and of a plant behind a contract, is scaled with its capacity
(an inverter's limit with it).

Beside it stands the estimate by duals: with A, b, c and the bounds l, u of the problem and A', b', ... of the raised
one, to first order the least cost changes by ``(c' - c) x - y (A' - A) x + y (b' - b) + d (l' - l or u' - u)``, y and d
being the duals with on/off decisions as they are (the derivative of a linear program in all its data: Freund 1985,
"Postoptimal analysis of a linear program under simultaneous changes in matrix coefficients", Mathematical Programming
Study 24). The saving of a linear problem is concave in a limit, so there the estimate is never below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError
from parkopt.models.build import Problem, build
from parkopt.solve._compiled import Compiled, compiled
from parkopt.solve.edits import FieldEdit, Found, applied, numbers_at
from parkopt.solve.planner import Solution, solve
from parkopt.solve.shadow import _columns, _decided
from parkopt.solve.status import Duals, Limits, priced

RATINGS = (
    "energy",
    "charge",
    "discharge",
    "import_limit",
    "export_limit",
    "capacity",
    "power",
    "heat_power",
    "tank",
    "volume",
    "plant.capacity",
)
"""Fields that are ratings, of whatever kind the asset is."""
EXACT = Limits(seconds=2.0, gap=1e-6)
"""A saving is a small difference of two large costs."""
BY = {"kg": 1000.0}
"""What one unit more is, where the inside unit is small: a tonne of tank."""
SERIES = {"capacity": "available_mw", "plant.capacity": "offer_mw", "volume": "offer_mw"}
"""Series that goes with a rating."""


@dataclass(frozen=True)
class Margin:
    """What more of one rating would have saved."""

    asset: str
    field: str
    unit: str
    """MW, MWh, kg, ..."""
    rating: float
    """As it is."""
    by: float
    """How much more was tried, in `unit`."""
    saved_yuan: float
    """Over the horizon, without what the rating costs.

    Negative where more would have cost more: take-or-pay, a least load or level that rises with the rating.
    """
    within_yuan: float
    """How far the solver's gap leaves the saving open."""
    estimate_yuan: float | None
    """The same by duals, on/off decisions as they are; None where they say nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            key: round(value, 2) if key.endswith("_yuan") and value is not None else value
            for key, value in vars(self).items()
        }


def margins(solution: Solution, limits: Limits = EXACT) -> list[Margin]:
    """Return what one more unit of each rating would have saved, the largest saving first.

    Parameters
    ----------
    solution : Solution
        A solved problem; savings are in its own objective.
    limits : Limits
        Time and gap of each solve: one for each rating, and one more.

    Raises
    ------
    Infeasible, Unbounded, NoSolution
        Where the problem itself is not solved within the limits. A rating whose raised problem is not solved, or is
        not a park, is left out.
    """
    base = solve(solution.problem, limits)
    duals = _duals(base, limits)
    found = [_margin(base, duals, name, field, number, limits) for name, field, number in _ratings(base.problem)]
    return sorted((one for one in found if one is not None), key=lambda one: -one.saved_yuan)


def _ratings(problem: Problem) -> Iterator[tuple[str, str, Found]]:
    """Yield the ratings that are numbers; one that is to be chosen has no margin."""
    for name, asset in problem.park.assets.items():
        for field in RATINGS:
            for number in numbers_at(asset, field):
                if number.quantity is not None:
                    yield name, field, number


def _duals(base: Solution, limits: Limits) -> Duals | None:
    """Return the duals with on/off decisions as they are; those of cost alone say nothing of least carbon."""
    if base.problem.objective.goal == "carbon" or base.outcome == "rule_based":
        return None
    found = priced(_decided(base.form, _columns(base)), base.form.cost, limits)
    return found if found.raw.outcome == "optimal" else None


def _margin(base: Solution, duals: Duals | None, name: str, field: str, number: Found, limits: Limits) -> Margin | None:
    assert number.quantity is not None
    unit = number.quantity.unit
    by = BY.get(unit, 1.0)
    try:
        raised = _raised(base.problem, name, field, number, by)
        found = solve(raised, limits)
    except (ParkoptError, ValidationError):
        return None
    saved = base.objective - found.objective
    within = sum(abs(one.objective) * min(one.gap, 1.0) for one in (base, found))
    estimate = None if duals is None else _estimate(base.form, duals, compiled(build(raised)))
    if -within <= saved <= 0.0:
        saved = 0.0
    return Margin(name, field, unit, number.value, by, saved, within, estimate)


def _raised(problem: Problem, name: str, field: str, number: Found, by: float) -> Problem:
    """Return the problem with one rating raised, and the series that goes with it.

    Raises
    ------
    pydantic.ValidationError
        Where the park file's reader refuses the value.
    """
    assert number.quantity is not None
    new = number.value + by
    raised = applied(problem, [FieldEdit(name, number.path, number.quantity.unit, number.value, new)])
    series, own = SERIES.get(field), problem.series.get(name, {})
    if series is None or series not in own:
        return raised
    more = own[series] + by if field == "volume" else own[series] * (new / number.value if number.value else 0.0)
    return replace(raised, series={**raised.series, name: {**own, series: more}})


def _estimate(form: Compiled, duals: Duals, other: Compiled) -> float | None:
    """Return what the duals say the other problem saves; None where it has other columns or rows."""
    if form.matrix.shape != other.matrix.shape or not np.array_equal(form.integer, other.integer):
        return None
    x, y = duals.raw.x, duals.rows
    moved = np.where(form.integer, 0.0, _moved(duals.columns, form.lower, form.upper, other.lower, other.upper))
    limits = _moved(y, form.row_lower, form.row_upper, other.row_lower, other.row_upper)
    change = (other.cost - form.cost) @ x - y @ ((other.matrix - form.matrix) @ x)
    return 0.0 - float(change + limits.sum() + moved.sum())


def _moved(dual: FloatArray, low: FloatArray, high: FloatArray, low_2: FloatArray, high_2: FloatArray) -> FloatArray:
    """Return what the side at which each stands costs by its move; a dual above 0 says it stands at the lower."""
    made = np.zeros(len(dual))
    for side, old, new in ((dual > 0, low, low_2), (dual < 0, high, high_2)):
        known = side & np.isfinite(old) & np.isfinite(new)
        made[known] = dual[known] * (new[known] - old[known])
    return made
