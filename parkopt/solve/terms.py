"""What one more MWh of a flow costs and brings, row by row of the model, at a solution whose on/off decisions stand.

With c the cost of a column, A its entries and y the duals of its rows, ``d = c - sum_i A_i y_i`` is what the least cost
changes by for each unit that the column is moved (its reduced cost). At the least cost d is 0 where the column lies
between its bounds, not negative at its lower and not positive at its upper bound (complementary slackness): that makes
a statement about a flow checkable, and the sum says of what d is made. Divided by the hours of a step all is in
yuan per MWh, a cost above 0 and what it brings below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.faults import NoSolution
from parkopt.models.algebra import Rows, Vars
from parkopt.models.hub import BUSES, Flow
from parkopt.models.policy import RULES
from parkopt.solve.planner import Solution
from parkopt.solve.shadow import EXACT, _columns, _decided, _held
from parkopt.solve.status import Duals, Limits, priced

BOUND_MW = 1e-6
"""How near to a bound a flow counts as being at it."""
NOISE = 1e-4
"""Share of what a sum is made of, in yuan per MWh, below which it is 0."""


SERVED = frozenset(
    {
        "tank_level",
        "take_or_pay",
        "contracts_within_import",
        "fuel",
        "heat",
        "curtailment",
        "tied",
        "due",
        "served",
        "import_blocks",
        "export_blocks",
        "forward_loss",
        "back_loss",
        "power_needed",
        "hydrogen_needed",
        "power_for_heat",
        "heat_made",
        "heat_with_power",
        "charge_by_depth",
        "discharge_by_depth",
    }
)
"""Rows that turn a flow into something else that is worth or costs."""


class Term(StrEnum):
    """Of what the cost of a flow is made."""

    OWN = "own"
    """Its own lines of the bill: price, fees, wear."""
    ENERGY = "energy"
    """Energy at its bus."""
    STORED = "stored"
    """Energy in its store."""
    PEAK = "peak"
    """The demand charge of the month."""
    RULE = "rule"
    """A rule of the park."""
    CARBON = "carbon"
    """The carbon that is held, where carbon is the goal."""
    SERVES = "serves"
    """What its energy makes or fulfils: hydrogen, fuel, heat, take-or-pay, the contract that an import carries."""
    OTHER = "other"
    """Any other promise or limit that is a row: least load, ramps, cycles, one direction at a time."""


@dataclass(frozen=True)
class Part:
    """One part of what a MWh more of a flow costs (above 0) or brings (below)."""

    term: Term
    name: str
    """The rule, row or bus."""
    yuan_per_mwh: float


@dataclass(frozen=True)
class Claim:
    """A flow in one step, between its bounds, and what a MWh more of it would cost in all."""

    variable: str
    mw: float
    low_mw: float
    high_mw: float
    parts: tuple[Part, ...]

    @property
    def net(self) -> float:
        """Yuan per MWh that one more costs; negative where it would save."""
        return math.fsum(part.yuan_per_mwh for part in self.parts)

    @property
    def noise(self) -> float:
        """Up to where `net` counts as nothing."""
        return NOISE * (1.0 + math.fsum(abs(part.yuan_per_mwh) for part in self.parts))

    @property
    def at_low(self) -> bool:
        """Whether it can be no less."""
        return self.mw <= self.low_mw + BOUND_MW

    @property
    def at_high(self) -> bool:
        """Whether it can be no more."""
        return self.mw >= self.high_mw - BOUND_MW

    @property
    def runs(self) -> bool:
        """Whether anything flows."""
        return self.mw > BOUND_MW

    @property
    def holds(self) -> bool:
        """Whether moving it either way, as far as its bounds let it, would save nothing."""
        up = self.at_high or self.net >= -self.noise
        down = self.at_low or self.net <= self.noise
        return up and down

    @property
    def indifferent(self) -> bool:
        """Whether it stands at one of its bounds and leaving that would cost nothing."""
        return self.at_low != self.at_high and abs(self.net) <= self.noise

    def of(self, *terms: Term) -> float:
        """Return the sum of the parts of some terms."""
        return math.fsum(part.yuan_per_mwh for part in self.parts if part.term in terms)

    def without(self, *terms: Term) -> float:
        """Return the sum of all other parts."""
        return math.fsum(part.yuan_per_mwh for part in self.parts if part.term not in terms)

    def largest(self, term: Term) -> Part | None:
        """Return the part of a term that weighs most, if it weighs anything."""
        own = [part for part in self.parts if part.term is term and abs(part.yuan_per_mwh) > self.noise]
        return max(own, key=lambda part: abs(part.yuan_per_mwh), default=None)

    @property
    def holding(self) -> Part | None:
        """The rule or limit, beside its own bounds, that weighs most on it; not what its energy makes or fulfils."""
        held = [part for part in (self.largest(Term.RULE), self.largest(Term.OTHER)) if part]
        return max(held, key=lambda part: abs(part.yuan_per_mwh), default=None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        parts = [{**vars(part), "term": part.term.value} for part in self.parts]
        return {**vars(self), "parts": parts, "net": self.net, "holds": self.holds}


@dataclass(frozen=True)
class Prices:
    """The duals of a solution with its on/off decisions as they are."""

    solution: Solution
    matrix: Any
    cost: FloatArray
    duals: Duals

    @classmethod
    def of(cls, solution: Solution, limits: Limits = EXACT) -> Prices:
        """Solve the linear problem that is left and return its duals.

        Raises
        ------
        NoSolution
            Where it was not solved.
        """
        form = _decided(_held(solution), _columns(solution))
        duals = priced(form, form.cost, limits)
        if duals.raw.outcome != "optimal":
            raise NoSolution(status=duals.raw.status)
        return cls(solution, form.matrix, form.cost, duals)

    @property
    def hours(self) -> float:
        """Length of a step."""
        return self.solution.problem.grid.hours

    @cached_property
    def exact(self) -> bool:
        """Whether the schedule is the cheapest with its on/off decisions, so that the duals are its own."""
        cost, least = float(self.cost @ _columns(self.solution)), self.duals.raw.objective
        return cost - least <= 1e-6 * (1.0 + abs(least))

    @cached_property
    def _firsts(self) -> FloatArray:
        return np.asarray([rows.first for rows in self.solution.built.hub.all_rows], dtype=float)

    def _row(self, place: int) -> tuple[Term, str]:
        """Return what a row is to the park's people."""
        hub = self.solution.built.hub
        if place >= hub.n_rows:
            return Term.CARBON, "carbon"
        rows = hub.all_rows[int(np.searchsorted(self._firsts, place, side="right")) - 1]
        return term_of(rows)

    def claim(self, asset: str, variable: str, step: int) -> Claim:
        """Return what can be said of a flow in one step."""
        made: Vars = self.solution.built.hub.blocks[asset].variables[variable]
        column = made.first + step
        inside = slice(self.matrix.indptr[column], self.matrix.indptr[column + 1])
        sums: dict[tuple[Term, str], float] = {(Term.OWN, asset): float(self.cost[column])}
        for row, value in zip(self.matrix.indices[inside].tolist(), self.matrix.data[inside].tolist(), strict=True):
            what = self._row(row)
            sums[what] = sums.get(what, 0.0) - value * float(self.duals.rows[row])
        parts = tuple(Part(*what, yuan / self.hours) for what, yuan in sums.items() if yuan)
        value = float(self.solution.values[asset][variable][step])
        return Claim(variable, value, float(made.lower[step]), float(made.upper[step]), parts)

    def stored_value(self, asset: str) -> FloatArray:
        """Return what each MWh in a store at the end of each step is worth, shape (n,)."""
        rows = self.solution.built.hub.blocks[asset].rows["level"]
        return 0.0 - self.duals.rows[rows.first : rows.first + len(rows)]

    def energy(self, bus: str) -> FloatArray:
        """Return the price of energy at a bus, shape (n,)."""
        balance: Mapping[str, Rows] = self.solution.built.balance
        rows = balance[bus]
        return self.duals.rows[rows.first : rows.first + len(rows)] / self.hours + 0.0

    def set_by(self, bus: str, step: int) -> str:
        """Return an asset whose flow at a bus lies between its limits and so sets the price; none where all stand."""
        hub = self.solution.built.hub
        for flow in sorted((*hub.supplies, *hub.draws), key=lambda own: own.asset not in hub.connections):
            if flow.bus == bus and isinstance(flow.mw, Vars) and self._between(flow, step):
                return flow.asset
        return ""

    def _between(self, flow: Flow, step: int) -> bool:
        assert isinstance(flow.mw, Vars)
        mw = float(self.solution.values[flow.asset][flow.mw.name][step])
        return bool(flow.mw.lower[step] + BOUND_MW < mw < flow.mw.upper[step] - BOUND_MW)


def term_of(rows: Rows) -> tuple[Term, str]:
    """Return which term the dual of a row belongs to, and what it is called."""
    if rows.asset == BUSES:
        return Term.ENERGY, rows.name
    if rows.asset == RULES:
        return Term.RULE, rows.name
    if rows.name.startswith("level"):
        return Term.STORED, rows.asset
    if rows.name == "month_peak" or (rows.name.startswith("demand_") and rows.name.endswith(("_peak", "_measured"))):
        return Term.PEAK, rows.asset
    return (Term.SERVES if rows.name in SERVED else Term.OTHER), rows.name
