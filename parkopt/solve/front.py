"""The front of cost and carbon: plans that no other beats in both.

Its ends are lexicographic: the least cost, and of all plans of that cost the one of least carbon; the least carbon,
and of all plans of that carbon the cheapest. Between them the carbon is capped at even distances and the cost
minimised (the epsilon-constraint method: Haimes, Lasdon and Wismer 1971, "On a bicriterion formulation of the
problems of integrated system identification and system optimization", IEEE Transactions on Systems, Man, and
Cybernetics SMC-1(3), 296-297). A point that another one beats in both is left out. The front of a linear problem is
convex: each further tonne costs no less than the one before; with on/off decisions it need not be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from parkopt.faults import NoSolution
from parkopt.models.build import KG_PER_T, Built, Objective, Problem
from parkopt.solve._compiled import Compiled
from parkopt.solve.again import Change, Changed, again, with_row
from parkopt.solve.check import check
from parkopt.solve.planner import Solution, solve
from parkopt.solve.status import Limits

FINE = Limits(seconds=60.0, gap=1e-6)
"""Points of a front are compared with one another."""
ROOM_YUAN = 1e-3
ROOM_KG = 1e-3


@dataclass(frozen=True)
class FrontPoint:
    """One plan of a front."""

    cost_yuan: float
    """The bill, with what steers it."""
    carbon_t: float
    cap_t: float | None
    """The cap that it was found under; None at the ends."""
    solution: Solution
    yuan_per_t: float | None = None
    """Cost of each tonne less than at the point before; None at the first."""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain data, without the plan."""
        yuan_per_t = None if self.yuan_per_t is None else round(self.yuan_per_t, 2)
        cap = None if self.cap_t is None else round(self.cap_t, 6)
        cost, carbon = round(self.cost_yuan, 2), round(self.carbon_t, 6)
        return {"cost_yuan": cost, "carbon_t": carbon, "cap_t": cap, "yuan_per_t": yuan_per_t}


@dataclass(frozen=True)
class Front:
    """Plans that no other beats in cost and carbon both, from the cheapest to the one of least carbon."""

    points: tuple[FrontPoint, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {"points": [point.as_dict() for point in self.points]}


def pareto(problem: Problem, points: int = 7, limits: Limits = FINE) -> Front:
    """Return the front of cost and carbon.

    Parameters
    ----------
    problem : Problem
        Its own objective does not count.
    points : int
        Plans asked for, the two ends included; fewer come back where carbon and cost do not conflict.
    limits : Limits
        Time and gap of each solve: two for each end, one for each point between.

    Raises
    ------
    Infeasible, Unbounded, NoSolution
        As `solve` does.
    CheckFailed
        Where a point does not hold.
    """
    gap = limits.gap_for(0)
    base = solve(replace(problem, objective=Objective()), limits)
    cheapest = _require(again(base, _least_carbon_at(base.objective + _room(base.objective, gap)), limits))
    least_kg = _carbon_kg(_require(again(base, _least_carbon_at(np.inf), limits)))
    cleanest = _require(again(base, _least_cost_at(least_kg + ROOM_KG + gap * abs(least_kg)), limits))
    most_kg, fewest_kg = _carbon_kg(cheapest), _carbon_kg(cleanest)
    apart = most_kg - fewest_kg > 2.0 * ROOM_KG + gap * abs(least_kg)
    caps = np.linspace(most_kg, fewest_kg, max(points, 2))[1:-1] if apart else ()
    between = [(again(base, _least_cost_at(float(cap)), limits), float(cap) / KG_PER_T) for cap in caps]
    found = [_point(cheapest, None), *(_point(_require(own), cap) for own, cap in between), _point(cleanest, None)]
    return Front(tuple(_priced(_undominated(found))))


def _room(yuan: float, gap: float) -> float:
    return ROOM_YUAN + gap * abs(yuan)


def _carbon_kg(solution: Solution) -> float:
    hub = solution.built.hub
    x = np.concatenate([solution.values[own.asset][own.name] for own in hub.columns])
    return float(solution.form.carbon @ x)


def _require(solution: Solution | None) -> Solution:
    if solution is None:
        raise NoSolution(status="-")
    return solution


def _least_carbon_at(most_yuan: float) -> Change:
    """Minimise the carbon at a cost."""

    def change(built: Built, form: Compiled) -> Changed:
        del built
        return Changed(with_row(form, form.cost, high=most_yuan) if np.isfinite(most_yuan) else form, form.carbon)

    return change


def _least_cost_at(most_kg: float) -> Change:
    """Minimise the cost under a cap on carbon; the row is written in tonnes, near the size of the others."""

    def change(built: Built, form: Compiled) -> Changed:
        del built
        return Changed(with_row(form, form.carbon / KG_PER_T, high=most_kg / KG_PER_T), form.cost)

    return change


def _point(solution: Solution, cap_t: float | None) -> FrontPoint:
    check(solution.problem, solution.reported, solution.bill)
    return FrontPoint(solution.objective, _carbon_kg(solution) / KG_PER_T, cap_t, solution)


def _undominated(found: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other beats, from the cheapest on; of equal ones the first."""
    kept: list[FrontPoint] = []
    for point in sorted(found, key=lambda one: (one.cost_yuan, one.carbon_t)):
        if not kept or point.carbon_t < kept[-1].carbon_t - ROOM_KG / KG_PER_T:
            kept.append(point)
    return kept


def _priced(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Say what each tonne costs from neighbour to neighbour."""
    costs = [(b.cost_yuan - a.cost_yuan) / (a.carbon_t - b.carbon_t) for a, b in pairwise(points)]
    return [points[0], *(replace(p, yuan_per_t=yuan) for p, yuan in zip(points[1:], costs, strict=True))]
