"""What a technology sees while it builds its part of the model: the hub of the park.

A technology declares variables and rows in its own block and tells the hub what it
supplies, draws, costs and emits. The hub never asks what kind of technology it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
import xarray as xr
from pyomo.core.expr.numeric_expr import LinearExpression

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.park.asset import Asset
from parkopt.park.base import Location
from parkopt.park.state import AssetState, ParkState

Series = Mapping[str, FloatArray]
"""Series of one asset by name with unit, such as ``available_mw``."""
Values = Mapping[str, FloatArray]
"""Solved variables of one asset by name with unit."""
Pairs = Iterable[tuple[float, Any]]


class Role(StrEnum):
    """What a flow at the bus is, for rules, tracing and the check."""

    LOCAL = "local"
    """Local green energy that reaches the bus."""
    FUEL = "fuel"
    """Local energy from fuel: not green, with carbon of its own."""
    STORED = "stored"
    """What a storage gives."""
    GRID = "grid"
    """Import."""
    DEMAND = "demand"
    """Consumption."""
    CHARGE = "charge"
    """What a storage takes."""
    EXPORT = "export"
    """Export."""
    WITHIN_IMPORT = "within_import"
    """A part of the import that is bought otherwise; not a flow of its own at the bus."""


GIVES = frozenset({Role.LOCAL, Role.FUEL, Role.STORED, Role.GRID})
TAKES = frozenset({Role.DEMAND, Role.CHARGE, Role.EXPORT})
Finding = tuple[bool, str]
"""Whether something holds, and the sentence that says so where it does not."""
POWER_MW = 1e-5
"""How far a power may miss a limit or the balance: 10 W."""
ENERGY_MWH = 1e-4


@dataclass(frozen=True)
class Case:
    """What the audit of one asset may look at: reported powers, series, opening state, the bus's rules."""

    name: str
    own: Values
    series: Series
    state: AssetState
    grid: TimeGrid
    within_import_mw: FloatArray
    """Import that contracts bring."""
    export_banned: FloatArray
    """Above 0 where export is forbidden."""

    def within(self, key: str, low: float | FloatArray, high: float | FloatArray) -> Finding:
        """Return whether a reported variable keeps its limits."""
        over = float(np.max(np.maximum(self.own[key] - high, low - self.own[key])))
        return over <= POWER_MW, f"{self.name}.{key} misses its limits by {over:.3g}"

    def one_way(self, one: str, other: str) -> Finding:
        """Return whether two opposite flows never run in the same step."""
        both = float(np.max(np.minimum(self.own[one], self.own[other])))
        return both <= POWER_MW, f"{self.name} runs both ways at once ({both:.3g} MW)"


@dataclass(frozen=True)
class Conditions:
    """What a technology may look at to make its series."""

    grid: TimeGrid
    weather: xr.Dataset
    location: Location
    folder: Path

    @property
    def speeds_by_height(self) -> dict[float, FloatArray]:
        """Wind speeds in m/s by height in m, as far as the weather has them."""
        named = {name: self.weather[name] for name in self.weather.data_vars if str(name).startswith("wind_speed")}
        return {float(data.attrs["height_m"]): data.to_numpy() for data in named.values()}


@dataclass(frozen=True)
class Flow:
    """A flow at the bus: who, what it is, and the variable in MW (or the fixed series)."""

    asset: str
    role: Role
    mw: Any


@dataclass(frozen=True)
class Cost:
    """A line of the bill: coefficient in yuan per unit of the variable, step by step."""

    line: str
    asset: str
    variable: str
    yuan_per_unit: FloatArray


@dataclass(frozen=True)
class Promise:
    """Something that the park file promises and that an explanation may name."""

    asset: str
    name: str
    unit: str
    component: Any
    says: Text
    weight: float = 1.0
    sign: float | None = None
    """On which side an equation gives way; None where the row's own sense says it."""
    raised: bool = False
    """Whether the field gives way upward (a limit) rather than downward (a demand)."""
    value: float | None = None
    """What the park file says, where the change can be said as a new value of the field."""
    hours: float = 1.0
    """Length of a step, where powers given way are said as energy."""
    per_unit: float = 1.0
    """How much of `unit` one unit of the field is (a level of a 120 MWh store: 120)."""


class Technology(Asset):
    """Base of all technologies: config in the fields, then `series`, `build`, `report`."""

    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {}
    """Unit, English and Chinese meaning of reported variables that `parkopt.schedule.VARIABLES` does not know."""
    order: ClassVar[int] = 0
    """Technologies with a higher order are built later (the grid sees the contracts)."""

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return the series that the model needs, such as ``available_mw``."""
        del at
        return {}

    def build(self, block: Any, hub: Hub) -> None:
        """Add variables and rows to `block` and tell the hub about flows, costs and promises."""
        raise NotImplementedError

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the variables of the schedule for this asset, by name with unit."""
        raise NotImplementedError

    def flows(self) -> Mapping[str, Role]:
        """Return which reported powers pass the bus, and what each is."""
        return {}

    def carbon_kg_per_mwh(self) -> float:
        """Return the carbon of what it gives in the role `FUEL`; the model's own comes from `hub.emit`."""
        return 0.0

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check the reported variables from the config alone, without the model."""
        del case
        yield from ()

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the lines of the bill in yuan from the reported variables alone, without the model."""
        del case
        yield from ()

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Return what the next day inherits, from the reported variables."""
        del now, series, grid
        return before


@dataclass
class Hub:
    """The meeting place of the technologies of one park over one grid."""

    grid: TimeGrid
    series: Mapping[str, Series]
    state: ParkState
    exclusive: frozenset[str] = frozenset()
    """Assets that get binaries against simultaneous opposite flows."""
    grid_factor_kg_per_mwh: float = 0.0
    export_banned: FloatArray | None = None
    supplies: list[Flow] = field(default_factory=list)
    draws: list[Flow] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    emissions: list[tuple[Any, float]] = field(default_factory=list)
    over_grid: list[tuple[str, Any]] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    name: str = ""
    """Asset that is being built."""

    @property
    def steps(self) -> range:
        """Indices of the steps."""
        return range(self.grid.n)

    @property
    def own(self) -> Series:
        """Series of the asset that is being built."""
        return self.series[self.name]

    def var(self, block: Any, name: str, lower: float = 0.0, upper: Any = None) -> Any:
        """Declare a variable for each step; `upper` is a number, an array or None."""
        if upper is None or isinstance(upper, int | float):
            made = pyo.Var(self.steps, bounds=(lower, upper))
        else:
            limits = [float(u) for u in upper]
            made = pyo.Var(self.steps, bounds=lambda _, t: (lower, limits[t]))
        return self._keep(block, name, made)

    def flag(self, block: Any, name: str) -> Any:
        """Declare a binary for each step."""
        return self._keep(block, name, pyo.Var(self.steps, domain=pyo.Binary))

    def one(self, block: Any, name: str, lower: float = 0.0, upper: float | None = None) -> Any:
        """Declare a single variable, indexed by 0 so that all variables read alike."""
        return self._keep(block, name, pyo.Var(range(1), bounds=(lower, upper)))

    def each(self, block: Any, name: str, bounds: Sequence[tuple[float, float | None]]) -> Any:
        """Declare one variable for each pair of bounds: a month or a year of the horizon."""
        return self._keep(block, name, pyo.Var(range(len(bounds)), bounds=lambda _, i: bounds[i]))

    def _keep(self, block: Any, name: str, made: Any) -> Any:
        block.add_component(name, made)
        self.variables.setdefault(self.name, {})[name] = made
        return made

    def rows(self, block: Any, name: str, rule: Callable[[int], Any], steps: Sequence[int] | None = None) -> Any:
        """Declare one row a step; `rule` gives a relation made of `linear` and numbers."""
        made = pyo.Constraint(self.steps if steps is None else steps, rule=lambda _, t: rule(t))
        block.add_component(name, made)
        return made

    def row(self, block: Any, name: str, relation: Any) -> Any:
        """Declare a single row, indexed by 0."""
        return self.rows(block, name, lambda _: relation, [0])

    def supply(self, role: Role, mw: Any) -> None:
        """Say that the asset gives `mw` to the bus."""
        self.supplies.append(Flow(self.name, role, mw))

    def draw(self, role: Role, mw: Any) -> None:
        """Say that the asset takes `mw` (variable or fixed array) from the bus."""
        self.draws.append(Flow(self.name, role, mw))

    def cost(self, line: str, variable: str, yuan_per_unit: Any) -> None:
        """Put a variable of this asset on the bill, at a number or an array per step."""
        made = self.variables[self.name][variable]
        prices = np.broadcast_to(np.asarray(yuan_per_unit, dtype=float), (len(made),))
        self.costs.append(Cost(line, self.name, variable, prices))

    def emit(self, mw: Any, kg_per_mwh: float) -> None:
        """Say that each MWh of `mw` bears carbon."""
        self.emissions.append((mw, kg_per_mwh))

    def promise(self, field_name: str, unit: str, component: Any, says: Text, **more: Any) -> None:
        """Give a row or a variable's upper bound a name that the park's people know; see `Promise`."""
        self.promises.append(Promise(self.name, f"{self.name}.{field_name}", unit, component, says, **more))


def linear(pairs: Pairs, constant: float = 0.0) -> Any:
    """Return sum(coefficient * variable) + constant, built without Pyomo's slower operators."""
    coefficients, variables = [], []
    for coefficient, variable in pairs:
        coefficients.append(coefficient)
        variables.append(variable)
    return LinearExpression(constant=constant, linear_coefs=coefficients, linear_vars=variables)
