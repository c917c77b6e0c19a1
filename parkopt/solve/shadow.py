"""What the last unit of each rule costs, and what the next MWh at each bus costs in each hour.

Signs
-----
A rule's price is what one unit of loosening it would save, in yuan, never negative: one t more of a carbon cap, one
MWh by which a ratio may be missed, one MW more of declared capacity. 0 where the rule does not bind. It is the dual
of the row with the sign turned to that meaning (a ``<=`` row of a minimum has a dual of at most 0, a ``>=`` row of at
least 0). A priced rule that is missed shows the price of its breach.

The price of energy at a bus is what one MWh more of demand there would cost, negative where it would save. It stands
for demand that no rule counts (a ratio's row would move with real demand, and pay its own price on top).

Duals hold while on/off decisions stay as they are: those are fixed at their values and the linear problem is solved
again. At a kink of the cost (a degenerate point) a dual is one of several right values, of the one side or the other;
with `by_resolve` each rule is loosened by one whole unit and everything is decided anew, on/off decisions as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.faults import NoSolution
from parkopt.models.algebra import Rows, Vars
from parkopt.models.hub import Hub
from parkopt.models.policy import RULES
from parkopt.park.rules import RATIOS
from parkopt.solve._compiled import Compiled
from parkopt.solve.planner import Solution
from parkopt.solve.status import Duals, Limits, priced, run

EXACT = Limits(seconds=60.0, gap=1e-8)
"""A saving is a small difference of two large costs."""
TONNES = ("carbon_cap", "carbon_budget")
GREEN = "hourly_green"
CAPACITY = "declared_capacity"
ROOM_KG = 1e-6


@dataclass(frozen=True)
class RulePrice:
    """What loosening one rule would save."""

    rule: str
    """Its name, as in the promises of the block `rules` and in `breaches_mwh`."""
    unit: str
    """MWh, t or MW."""
    yuan_per_unit: float
    """By its dual, with on/off decisions as they are."""
    resolved_yuan: float | None = None
    """Saved by one whole unit with everything decided anew; None where that was not asked for."""


@dataclass(frozen=True)
class ShadowPrices:
    """Prices of a solution's rules and of energy at its buses."""

    rules: Mapping[str, RulePrice]
    """By rule."""
    energy: Mapping[str, FloatArray]
    """By bus, yuan per MWh (per kg at a hydrogen bus) of more demand in each step, shape (n,)."""
    export_ban: FloatArray
    """Yuan that one MWh of export would save in each step in which it is forbidden, 0 elsewhere, shape (n,)."""
    cost_yuan: float
    """Least cost with the on/off decisions as they are, with what steers it and without constants."""


@dataclass(frozen=True)
class _Place:
    """Where a rule stands: a row, or a variable whose upper bound it is."""

    rule: str
    unit: str
    row: int | None = None
    column: int | None = None


def shadow_prices(solution: Solution, *, by_resolve: bool = False, limits: Limits = EXACT) -> ShadowPrices:
    """Return what the rules and the next MWh cost in a solution.

    Parameters
    ----------
    solution : Solution
        A solved problem. For the goal `carbon` the prices are those of cost at its carbon.
    by_resolve : bool
        Whether each rule is also loosened by one unit and all decided anew: one solve a rule, and one more.
    limits : Limits
        Time and gap of each of those solves.

    Raises
    ------
    NoSolution
        Where the problem with its on/off decisions fixed, or a loosened one, was not solved.
    """
    hub, form = solution.built.hub, _held(solution)
    fixed = priced(_decided(form, _columns(solution)), form.cost, limits)
    if fixed.raw.outcome != "optimal":
        raise NoSolution(status=fixed.raw.status)
    places = list(_places(hub))
    saved = _by_resolve(form, places, limits) if by_resolve else {}
    rules = {p.rule: RulePrice(p.rule, p.unit, _worth(form, fixed, p), saved.get(p.rule)) for p in places}
    hours = hub.grid.hours
    buses: Mapping[str, Rows] = solution.built.balance
    energy = {bus: fixed.rows[own.first : own.first + len(own)] / hours + 0.0 for bus, own in buses.items()}
    return ShadowPrices(rules, energy, _export_ban(hub, fixed) / hours, fixed.raw.objective)


def _columns(solution: Solution) -> FloatArray:
    """Return the solved values in the order of the columns."""
    made = solution.built.hub.columns
    return np.concatenate([solution.values[own.asset][own.name] for own in made])


def _held(solution: Solution) -> Compiled:
    """Return the arrays; for the goal `carbon` with its carbon held."""
    form = solution.form
    if solution.problem.objective.goal != "carbon":
        return form
    return replace(
        form,
        matrix=sp.vstack([form.matrix, sp.csr_matrix(form.carbon)]).tocsc(),
        row_lower=np.append(form.row_lower, -np.inf),
        row_upper=np.append(form.row_upper, float(form.carbon @ _columns(solution)) + ROOM_KG),
    )


def _decided(form: Compiled, x: FloatArray) -> Compiled:
    """Return the linear problem that is left where on/off decisions are fixed."""
    lower, upper, whole = form.lower.copy(), form.upper.copy(), form.integer
    lower[whole] = upper[whole] = np.round(x[whole])
    return replace(form, lower=lower, upper=upper, integer=np.zeros_like(whole))


def _places(hub: Hub) -> Iterator[_Place]:
    """Yield where each rule stands; a peak-valley rate is a coefficient and has no place of its own."""
    block = hub.blocks[RULES]
    for name, rows in block.rows.items():
        if name in TONNES:
            yield _Place(name, "t", row=rows.first)
        elif name in RATIOS or name.startswith(GREEN):
            yield _Place(name, "MWh", row=rows.first)
    declared = block.variables.get(f"{CAPACITY}_mw")
    if declared is not None:
        yield _Place(CAPACITY, "MW", column=declared.first)


def _worth(form: Compiled, fixed: Duals, place: _Place) -> float:
    """Return what one unit of loosening saves, by the dual; noise of the wrong sign is 0."""
    if place.column is not None:
        return max(0.0, -float(fixed.columns[place.column]))
    assert place.row is not None
    most = np.isfinite(form.row_upper[place.row])
    return max(0.0, float(fixed.rows[place.row]) * (-1.0 if most else 1.0))


def _export_ban(hub: Hub, fixed: Duals) -> FloatArray:
    """Return what one MW of export would save in each banned step, at the connection where it saves most."""
    saved = np.zeros(hub.grid.n)
    if hub.export_banned is None:
        return saved
    for name in hub.connections:
        exports = hub.blocks[name].variables.get("export_mw")
        if isinstance(exports, Vars):
            saved = np.maximum(saved, -fixed.columns[exports.columns])
    return np.where(hub.export_banned > 0, saved, 0.0)


def _by_resolve(form: Compiled, places: list[_Place], limits: Limits) -> dict[str, float]:
    """Return what one unit of each rule saves where everything is decided anew."""
    before = _cost(form, limits)
    return {place.rule: before - _cost(_loosened(form, place), limits) for place in places}


def _loosened(form: Compiled, place: _Place) -> Compiled:
    if place.column is not None:
        upper = form.upper.copy()
        upper[place.column] += 1.0
        return replace(form, upper=upper)
    low, high = form.row_lower.copy(), form.row_upper.copy()
    low[place.row] -= 1.0
    high[place.row] += 1.0
    return replace(form, row_lower=low, row_upper=high)


def _cost(form: Compiled, limits: Limits) -> float:
    raw = run(form, form.cost, limits)
    if raw.outcome != "optimal":
        raise NoSolution(status=raw.status)
    return raw.objective
