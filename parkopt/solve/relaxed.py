"""A good schedule before the search: relax the whole numbers, fix them by rounding, solve again.

The relaxation gives a bound that no schedule can beat. Each rounding of its on/off decisions
leaves a linear problem of a few milliseconds; the best of them is a schedule whose distance to
the bound is known. Where that is within the gap, nothing is left to search, and the answer is
as good as HiGHS would have called optimal; otherwise HiGHS starts from it. The result depends on
the problem alone, never on what was solved before.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from parkopt.clock import FloatArray
from parkopt.solve._compiled import Compiled
from parkopt.solve.status import Limits, Outcome, Raw, new_solver, outcome_of, pass_lp, run, timed_run

THRESHOLDS = (1e-6, 0.1, 0.2, 0.3, 0.5, 0.7)
"""From which share of a relaxed on/off decision on it is rounded up; each is tried."""
POLISH = Limits(seconds=10.0)
"""Time for the linear rest once the whole numbers are known."""


@dataclass(frozen=True)
class Start:
    """What rounding found: a bound, and a schedule where any rounding was feasible."""

    outcome: Outcome
    """Outcome of the relaxation."""
    bound: float
    """No schedule costs less."""
    x: FloatArray
    """The best schedule found; empty where none was."""
    objective: float
    running: float = 0.0
    """Seconds that HiGHS itself ran."""

    @property
    def gap(self) -> float:
        """Relative distance of the schedule to the bound, as HiGHS counts it."""
        return abs(self.objective - self.bound) / max(abs(self.objective), 1e-10) if len(self.x) else float("inf")


def relax_and_fix(form: Compiled, cost: FloatArray, limits: Limits) -> Start:
    """Solve the relaxation, then each rounding of it, within the time limit.

    Parameters
    ----------
    form : Compiled
        A problem with integers.
    cost : ndarray, shape (columns,)
        What is minimised.
    limits : Limits
        Time for all of it together.
    """
    begin = time.perf_counter()
    solver = new_solver(limits)
    pass_lp(solver, form, cost, relaxed=True)
    running = timed_run(solver)
    outcome = outcome_of(solver)
    if outcome != "optimal":
        return Start(outcome, -np.inf, np.empty(0), np.inf, running)
    bound = float(solver.getInfo().objective_function_value)
    relaxed = np.asarray(solver.getSolution().col_value)
    x, objective, more = _best(solver, form, relaxed, limits, begin)
    return Start("optimal", bound, x, objective, running + more)


def search(form: Compiled, cost: FloatArray, limits: Limits) -> Raw:
    """Solve a problem: by rounding alone where that is within the gap, else by HiGHS from the best rounding."""
    if not form.integer.any():
        return run(form, cost, limits)
    begin = time.perf_counter()
    start = relax_and_fix(form, cost, limits)
    spent = time.perf_counter() - begin
    found = Raw(
        "optimal", "Within the gap of the relaxation", start.x, start.objective, start.gap, spent, start.running
    )
    if start.outcome == "infeasible":
        return replace(found, outcome="infeasible", status="Infeasible")
    if start.gap <= limits.gap_for(0):
        return found
    raw = run(form, cost, replace(limits, seconds=limits.seconds - spent), start.x if len(start.x) else None)
    if raw.outcome == "nothing" and len(start.x):
        return replace(found, outcome="time_limit", status=raw.status, running=raw.running + start.running)
    raw = replace(raw, seconds=raw.seconds + spent, running=raw.running + start.running)
    return _with_bound(made_whole(form, cost, raw), start.bound, limits)


def _with_bound(raw: Raw, bound: float, limits: Limits) -> Raw:
    """Return the schedule with the smaller of two gaps: HiGHS may stop before it has a bound of its own."""
    if raw.outcome not in ("optimal", "time_limit"):
        return raw
    gap = min(raw.gap, abs(raw.objective - bound) / max(abs(raw.objective), 1e-10))
    return replace(raw, gap=gap, outcome="optimal" if gap <= limits.gap_for(0) else raw.outcome)


def made_whole(form: Compiled, cost: FloatArray, raw: Raw) -> Raw:
    """Return a schedule whose whole numbers are exactly whole, the rest solved once more.

    HiGHS takes 0.9999995 for on; times a limit of 300 MW that is more than the check lets pass.
    """
    integers = np.flatnonzero(form.integer)
    if raw.outcome not in ("optimal", "time_limit") or not np.any(np.abs(raw.x[integers] % 1.0) > 0.0):
        return raw
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[integers] = upper[integers] = np.round(raw.x[integers])
    fixed = replace(form, lower=lower, upper=upper, integer=np.zeros_like(form.integer))
    again = run(fixed, cost, POLISH)
    if again.outcome != "optimal":
        return raw
    seconds, running = raw.seconds + again.seconds, raw.running + again.running
    return replace(raw, x=again.x, objective=again.objective, seconds=seconds, running=running)


def _rounded(form: Compiled, relaxed: FloatArray, threshold: float) -> FloatArray:
    """Round up from the threshold on; which way an asset runs follows the larger of its two flows."""
    whole = np.floor(relaxed + 1.0 - threshold)
    for direction in form.directions:
        whole[direction.flag.columns] = relaxed[direction.first] > relaxed[direction.second]
    return np.clip(whole, form.lower, form.upper)


def _best(
    solver: Any, form: Compiled, relaxed: FloatArray, limits: Limits, begin: float
) -> tuple[FloatArray, float, float]:
    """Return the cheapest of the roundings, its cost, and how long HiGHS ran; two that round alike are solved once."""
    integers = np.flatnonzero(form.integer)
    best, least, tried, running = np.empty(0), float("inf"), set(), 0.0
    for threshold in THRESHOLDS:
        left = limits.seconds - (time.perf_counter() - begin)
        fixed = _rounded(form, relaxed, threshold)[integers]
        if left <= 0 or fixed.tobytes() in tried:
            continue
        tried.add(fixed.tobytes())
        solver.setOptionValue("time_limit", solver.getRunTime() + left)
        solver.changeColsBounds(len(integers), integers.astype(np.int32), fixed, fixed)
        running += timed_run(solver)
        value = float(solver.getInfo().objective_function_value)
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal and value < least:
            best, least = np.asarray(solver.getSolution().col_value), value
    return best, least, running
