"""The schedule of habit, for when no plan was found in time: never no answer, and always marked.

Every technology does what it would do unplanned (`Technology.habit`: a battery does not
discharge, a unit runs on), and what is left (the balance, tanks that must keep their levels)
is closed by a linear problem without whole numbers. Where the habits together break a
promise, they give way and only the on/off decisions are rounded; where even that fails, HiGHS
looks for any feasible schedule. Each stage has its own short time, whatever the request's limit was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import Technology
from parkopt.models.build import Built
from parkopt.solve._compiled import Compiled
from parkopt.solve.relaxed import Start, relax_and_fix
from parkopt.solve.status import Limits, Raw, run

STAGE = Limits(seconds=20.0, gap=1.0)


def by_rule(built: Built, form: Compiled) -> Raw | None:
    """Return the schedule of habit with its distance to the bound, or None where no stage found one."""
    for held in _stages(built, form):
        start = _closed(held, form)
        if start is not None:
            bound = relax_and_fix(replace(form, integer=np.zeros_like(form.integer)), form.cost, STAGE).bound
            gap = abs(start.objective - bound) / max(abs(start.objective), 1e-10)
            return Raw("rule_based", "Rule of habit", start.x, start.objective, gap, 0.0)
    return None


def _stages(built: Built, form: Compiled) -> Iterator[Compiled]:
    """Yield the problem with all habits held, then with those of whole numbers alone, then with none."""
    lower, upper = form.lower.copy(), form.upper.copy()
    for name, asset in built.problem.park.assets.items():
        if not isinstance(asset, Technology) or name not in built.hub.blocks:
            continue
        habit = asset.habit(built.problem.series[name], built.problem.state.of(name), built.problem.grid)
        for key, value in habit.items():
            made = built.hub.blocks[name].variables.get(key)
            if made is not None:
                place = slice(made.first, made.first + len(made))
                lower[place] = upper[place] = np.clip(value, form.lower[place], form.upper[place])
    yield replace(form, lower=lower, upper=upper)
    whole = form.integer
    yield replace(form, lower=np.where(whole, lower, form.lower), upper=np.where(whole, upper, form.upper))
    yield form


def _closed(held: Compiled, form: Compiled) -> Start | None:
    """Return a schedule of the held problem by rounding, else the first that HiGHS finds; None where there is none."""
    start = relax_and_fix(held, form.cost, STAGE)
    if len(start.x) or start.outcome == "infeasible":
        return start if len(start.x) else None
    raw = run(held, np.zeros_like(form.cost), STAGE)
    return _at_cost(held, form, raw.x) if raw.outcome in ("optimal", "time_limit") else None


def _at_cost(held: Compiled, form: Compiled, x: FloatArray) -> Start | None:
    """Return the cheapest schedule with the whole numbers of `x`.

    What was found at no cost may leave columns that only the bill reads (a month's rise of the peak) above what is
    owed, and the check would refuse it.
    """
    lower, upper, whole = held.lower.copy(), held.upper.copy(), held.integer
    lower[whole] = upper[whole] = np.round(x[whole])
    fixed = replace(held, lower=lower, upper=upper, integer=np.zeros_like(whole))
    raw = run(fixed, form.cost, STAGE)
    return Start("optimal", -np.inf, raw.x, raw.objective) if raw.outcome == "optimal" else None
