"""What becomes of a plan when the day comes otherwise: it is kept as far as it can be, and the grid takes the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.faults import NoSolution
from parkopt.models.base import Technology
from parkopt.models.build import Built, Problem, build, decided, modelled, recipe_for
from parkopt.solve._compiled import Compiled, compiled
from parkopt.solve.again import Changed, again
from parkopt.solve.planner import Solution
from parkopt.solve.status import Limits

Plan = Mapping[str, Mapping[str, FloatArray]]
"""Reported powers by asset and key, such as ``ess.charge_mw``; shorter where only the first steps are planned."""
DEVIATION_YUAN_PER_MW = 100_000.0
"""What a MW off the plan counts in each step while a day is settled: more than any demand charge of a month."""


def plan_of(solution: Solution) -> dict[str, dict[str, FloatArray]]:
    """Return what a schedule decided for the assets that keep a plan: all but wind, sun, grid and contracts."""
    assets = modelled(solution.problem.park)
    return {
        name: {key: solution.reported[name][key] for key in keys}
        for name, keys in planned_keys(solution.built, assets).items()
    }


def planned_keys(built: Built, assets: Mapping[str, Technology]) -> dict[str, list[str]]:
    """Return the reported powers of the assets that keep a plan, by asset."""
    keys: dict[str, list[str]] = {}
    for name, key, _ in decided(built.hub, assets):
        if not assets[name].follows:
            keys.setdefault(name, []).append(key)
    return keys


def follow(problem: Problem, plan: Plan, limits: Limits | None = None) -> Solution:
    """Return the schedule of least cost among those that keep closest to a plan.

    Parameters
    ----------
    problem : Problem
        With the series that came.
    plan : Plan
        What the assets were to do; others, and steps beyond the plan, are free.
    limits : Limits, optional
        Time and gap.

    Returns
    -------
    Solution
        Its `objective` is the cost alone; whoever departs from the plan does so because nothing else works.

    Raises
    ------
    NoSolution
        Where the day has no schedule at all, whatever the plan.
    """
    limits = (limits or Limits()).for_steps(problem.grid.n)
    built = build(problem.with_exclusive(recipe_for(problem)))
    posed = Solution(built, compiled(built), {}, "posed", float("nan"), float("nan"), 0)
    found = again(posed, lambda made, form: held_near(made, form, plan), limits)
    if found is None:
        raise NoSolution(status="nothing keeps the park's promises, whatever the plan")
    return found


def held_near(built: Built, form: Compiled, plan: Plan) -> Changed:
    """Return the arrays with two more columns for each planned power, by which it is missed, and their price."""
    columns, targets = _targets(built, plan)
    n, k = len(form.lower), len(columns)
    picks = sp.coo_array((np.ones(k), (np.arange(k), columns)), shape=(k, n))
    rows = sp.hstack([picks, sp.identity(k), -sp.identity(k)])
    above = sp.hstack([form.matrix, sp.coo_array((form.matrix.shape[0], 2 * k))])
    wider = replace(
        form,
        cost=np.append(form.cost, np.zeros(2 * k)),
        carbon=np.append(form.carbon, np.zeros(2 * k)),
        matrix=sp.vstack([above, rows]).tocsc(),
        row_lower=np.append(form.row_lower, targets),
        row_upper=np.append(form.row_upper, targets),
        lower=np.append(form.lower, np.zeros(2 * k)),
        upper=np.append(form.upper, np.full(2 * k, np.inf)),
        integer=np.append(form.integer, np.zeros(2 * k, dtype=bool)),
    )
    return Changed(wider, np.append(form.cost, np.full(2 * k, DEVIATION_YUAN_PER_MW)))


def _targets(built: Built, plan: Plan) -> tuple[np.ndarray, FloatArray]:
    """Return the planned columns and their values."""
    columns, targets = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for name, key, made in decided(built.hub, modelled(built.problem.park)):
        mw = plan.get(name, {}).get(key)
        if mw is not None:
            columns.append(np.asarray(made.columns[: len(mw)]))
            targets.append(np.asarray(mw, dtype=float)[: len(made)])
    return np.concatenate(columns), np.concatenate(targets)


def missed_mwh(solution: Solution, plan: Plan) -> float:
    """Return by how much a schedule departs from a plan, over all powers."""
    reported, hours = solution.reported, solution.problem.grid.hours
    return float(
        sum(
            np.abs(reported[name][key][: len(mw)] - mw).sum() * hours
            for name, own in plan.items()
            for key, mw in own.items()
        )
    )
