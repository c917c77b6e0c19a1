"""A solved problem once more, with something changed on its arrays: a bound, one more row, another thing to minimise.

Nothing is rebuilt for that: the arrays of the solution are taken as they are. Only where the changed problem runs
opposite flows together is the model built anew, with binaries there, as `parkopt.solve.planner` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.models.algebra import Vars
from parkopt.models.build import Built, build
from parkopt.solve._compiled import Compiled, compiled, values_of
from parkopt.solve.planner import Solution, _apart, both_ways
from parkopt.solve.relaxed import relax_and_fix, search
from parkopt.solve.status import Limits, Raw, run

HELD = 1e-7
"""How far flows may move, in MW, while costs are brought down to what they ask for."""
GOOD = ("optimal", "time_limit")


@dataclass(frozen=True)
class Changed:
    """Arrays to solve, and what is minimised on them."""

    form: Compiled
    minimise: FloatArray
    """Shape (columns,)."""


Change = Callable[[Built, Compiled], Changed]
"""Says what is changed, by the names of the hub: a model that is built anew has other columns."""


def again(solution: Solution, change: Change, limits: Limits, *, rough: bool = False) -> Solution | None:
    """Solve a problem once more with a change of its arrays.

    Parameters
    ----------
    solution : Solution
        What was solved.
    change : callable
        From a built model and its arrays to those that are solved.
    limits : Limits
        Time and gap.
    rough : bool
        Whether the best rounding of the relaxation will do, where any is feasible: a good plan without a search.

    Returns
    -------
    Solution or None
        With its cost in yuan as `objective` whatever was minimised, and `gap` of what was minimised; None where no
        schedule was found. It keeps everything that the independent check looks at.
    """
    built, form = solution.built, solution.form
    for rounds in count(1):
        changed = change(built, form)
        raw = _solved(changed, limits, rough=rough)
        if raw.outcome not in GOOD:
            return None
        x = raw.x[: len(form.lower)]
        if changed.minimise is not form.cost:
            x = _tidied(built, form, x, limits)
        values, cost = values_of(form, built.hub, x), float(form.cost @ x)
        found = Solution(built, form, values, raw.outcome, cost, raw.gap, rounds)
        more = frozenset(place for place in both_ways(found) if not built.problem.holds(*place))
        if not more:
            return found
        built = build(_apart(built.problem, more, rounds))
        form = compiled(built)
    raise AssertionError


def _solved(changed: Changed, limits: Limits, *, rough: bool) -> Raw:
    if rough and changed.form.integer.any():
        start = relax_and_fix(changed.form, changed.minimise, limits)
        if len(start.x):
            return Raw("time_limit", "The best rounding", start.x, start.objective, start.gap, 0.0)
        if start.outcome != "optimal":
            return Raw("nothing", "The relaxation gave nothing", start.x, np.nan, np.nan, 0.0)
    return search(changed.form, changed.minimise, limits)


def _tidied(built: Built, form: Compiled, x: FloatArray, limits: Limits) -> FloatArray:
    """Return the cheapest values beside the flows and on/off decisions of a plan.

    Where something else than cost was minimised, what only counts a cost (a start, a month's peak) may stand above
    what the flows ask for: it is brought down, so that the cost is that of the plan.
    """
    hub, lower, upper = built.hub, form.lower.copy(), form.upper.copy()
    flows = [flow.mw.columns for flow in (*hub.supplies, *hub.draws) if isinstance(flow.mw, Vars)]
    flows += [take.columns for _, _, take in hub.over_grid]
    held = np.concatenate([np.flatnonzero(form.integer), *flows]).astype(np.int64)
    exact = np.where(form.integer, np.round(x), x)[held]
    lower[held] = np.clip(exact - HELD, form.lower[held], form.upper[held])
    upper[held] = np.clip(exact + HELD, form.lower[held], form.upper[held])
    whole = form.integer
    lower[whole] = upper[whole] = np.round(x[whole])
    tidy = replace(form, lower=lower, upper=upper, integer=np.zeros_like(whole))
    raw = run(tidy, form.cost, limits)
    return raw.x if raw.outcome == "optimal" else x


def with_row(form: Compiled, weights: FloatArray, low: float = -np.inf, high: float = np.inf) -> Compiled:
    """Return the arrays with one more row ``low <= weights x <= high``."""
    return replace(
        form,
        matrix=sp.vstack([form.matrix, sp.csr_matrix(weights)]).tocsc(),
        row_lower=np.append(form.row_lower, low),
        row_upper=np.append(form.row_upper, high),
    )
