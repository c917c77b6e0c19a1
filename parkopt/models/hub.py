"""The hub of the park: where a technology says what it decides, what must hold, what it gives, takes and costs.

The hub never asks what kind of technology it is. It keeps columns and rows as arrays, bus by
bus; `parkopt.models.pyomo_form` writes the same as a Pyomo model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import IntArray, Number, Relation, Rows, Sum, Vars, stacked
from parkopt.park.asset import MAIN
from parkopt.park.state import ParkState

Series = Mapping[str, FloatArray]
"""Series of one asset by name with unit, such as ``available_mw``."""
Carrier = Literal["power", "heat", "hydrogen"]
BUSES = "<buses>"
"""Block of the balances: no asset may have such a name."""


class Role(StrEnum):
    """What a flow at a bus is, for rules, tracing and the check."""

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
    WITHIN_CHARGE = "within_charge"
    """A part of the charging that may come from local green energy only; not a flow of its own at the bus."""
    SENT = "sent"
    """What a line takes from one power bus."""
    ARRIVED = "arrived"
    """What a line gives to another power bus."""
    MADE = "made"
    """Heat or hydrogen given to a bus of that carrier."""
    USED = "used"
    """Heat or hydrogen taken from a bus of that carrier."""


GIVES = frozenset({Role.LOCAL, Role.FUEL, Role.STORED, Role.GRID, Role.ARRIVED, Role.MADE})
TAKES = frozenset({Role.DEMAND, Role.CHARGE, Role.EXPORT, Role.SENT, Role.USED})
OTHER_CARRIERS = frozenset({Role.MADE, Role.USED})
"""Roles of flows that are not power."""


@dataclass(frozen=True)
class Flow:
    """A flow at a bus: who, what it is, and the variable in MW (or the fixed series)."""

    asset: str
    role: Role
    mw: Vars | FloatArray
    bus: str = MAIN


@dataclass(frozen=True)
class Cost:
    """A line of the bill: coefficient in yuan per unit of the variable, step by step."""

    line: str
    asset: str
    variable: str
    yuan_per_unit: FloatArray


@dataclass(frozen=True)
class Direction:
    """A binary that says which of two opposite flows may run, and the columns of both."""

    flag: Vars
    first: IntArray
    second: IntArray


@dataclass(frozen=True)
class Headroom:
    """What an asset could give more, or take more, than planned: for reserve and demand response."""

    asset: str
    up_mw: Sum
    """How much more it could give (or less take) in each step."""
    down_mw: Sum
    """How much less it could give (or more take)."""
    up_mwh: Sum | None = None
    """Energy behind `up_mw` at the end of each step; None where it lasts."""
    down_mwh: Sum | None = None
    """Room behind `down_mw`; None where it lasts."""


@dataclass(frozen=True)
class Promise:
    """Something that the park file promises and that an explanation may name."""

    asset: str
    name: str
    unit: str
    component: Vars | Rows | None
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
    series: str = "demand_mw"
    """The fixed series that gives way, where there is no component."""
    bus: str | None = None
    """The bus where that series is drawn; the asset's own where absent."""


@dataclass
class Block:
    """One asset's part of the model: its variables and rows by name."""

    name: str
    variables: dict[str, Vars] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)


@dataclass
class Hub:
    """The meeting place of the technologies of one park over one grid."""

    grid: TimeGrid
    series: Mapping[str, Series]
    state: ParkState
    grid_factor_kg_per_mwh: float = 0.0
    export_banned: FloatArray | None = None
    buses: Mapping[str, str] = field(default_factory=dict)
    """Bus of each asset that does not stand at `main`."""
    connections: tuple[str, ...] = ()
    """Names of the grid connections, in the order of the park file."""
    supplies: list[Flow] = field(default_factory=list)
    draws: list[Flow] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    emissions: list[tuple[Vars, FloatArray]] = field(default_factory=list)
    over_grid: list[tuple[str, str, Vars]] = field(default_factory=list)
    """Contract, the connection that it is delivered over, and what is taken."""
    green_charging: list[Flow] = field(default_factory=list)
    """Charging that may come from local green energy only."""
    headroom: list[Headroom] = field(default_factory=list)
    free: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What offers of reserve have left of the headroom, by asset and direction; see `parkopt.models.headroom`."""
    directions: list[Direction] = field(default_factory=list)
    """Binaries that hold opposite flows apart."""
    promises: list[Promise] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    columns: list[Vars] = field(default_factory=list)
    all_rows: list[Rows] = field(default_factory=list)
    n_columns: int = 0
    n_rows: int = 0
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

    @property
    def variables(self) -> dict[str, dict[str, Vars]]:
        """Variables by asset and name."""
        return {name: block.variables for name, block in self.blocks.items() if block.variables}

    def block(self, name: str) -> Block:
        """Open an asset's part of the model."""
        self.name = name
        return self.blocks.setdefault(name, Block(name))

    def var(self, block: Block, name: str, lower: Number = 0.0, upper: Number | None = None) -> Vars:
        """Declare a variable for each step; bounds are numbers or arrays, no upper one where None."""
        return self.cols(block, name, self.steps, lower, upper)

    def flag(self, block: Block, name: str) -> Vars:
        """Declare a binary for each step."""
        return self.cols(block, name, self.steps, 0.0, 1.0, integer=True)

    def one(self, block: Block, name: str, lower: float = 0.0, upper: float | None = None) -> Vars:
        """Declare a single variable, indexed by 0 so that all variables read alike."""
        return self.cols(block, name, range(1), lower, upper)

    def each(self, block: Block, name: str, bounds: Sequence[tuple[float, float | None]]) -> Vars:
        """Declare one variable for each pair of bounds: a month or a year of the horizon."""
        upper = np.asarray([np.inf if high is None else high for _, high in bounds], dtype=float)
        return self.cols(block, name, range(len(bounds)), np.asarray([low for low, _ in bounds], dtype=float), upper)

    def cols(
        self,
        block: Block,
        name: str,
        labels: Sequence[Any],
        lower: Number = 0.0,
        upper: Number | None = None,
        *,
        integer: bool = False,
    ) -> Vars:
        """Declare a variable with a column for each label."""
        n = len(labels)
        low = np.array(np.broadcast_to(np.asarray(lower, dtype=float), (n,)))
        high = np.array(np.broadcast_to(np.asarray(np.inf if upper is None else upper, dtype=float), (n,)))
        made = Vars(block.name, name, self.n_columns, low, high, labels, integer=integer)
        self.n_columns += n
        self.columns.append(made)
        block.variables[name] = made
        return made

    def rows(
        self,
        block: Block,
        name: str,
        relation: Relation | Callable[[int], Relation],
        labels: Sequence[Any] | None = None,
    ) -> Rows:
        """Declare rows: a relation of vectors, or a rule that gives the relation of each label."""
        if not isinstance(relation, Relation):
            relation = stacked([relation(label) for label in (self.steps if labels is None else labels)])
        n = relation.sum.n
        made = Rows(block.name, name, self.n_rows, range(n) if labels is None else labels, relation)
        if len(made.labels) != n:
            raise ValueError(f"{block.name}.{name} has {n} rows and {len(made.labels)} labels")
        self.n_rows += n
        self.all_rows.append(made)
        block.rows[name] = made
        return made

    def row(self, block: Block, name: str, relation: Relation) -> Rows:
        """Declare a single row, indexed by 0."""
        return self.rows(block, name, relation, range(1))

    def supply(self, role: Role, mw: Vars | FloatArray, bus: str | None = None) -> None:
        """Say that the asset gives `mw` to a bus, its own where none is named."""
        self.supplies.append(Flow(self.name, role, mw, bus or self.buses.get(self.name, MAIN)))

    def draw(self, role: Role, mw: Vars | FloatArray, bus: str | None = None) -> None:
        """Say that the asset takes `mw` (variable or fixed array) from a bus."""
        self.draws.append(Flow(self.name, role, mw, bus or self.buses.get(self.name, MAIN)))

    def cost(self, line: str, variable: str, yuan_per_unit: Number) -> None:
        """Put a variable of this asset on the bill, at a number or an array per step."""
        made = self.blocks[self.name].variables[variable]
        prices = np.broadcast_to(np.asarray(yuan_per_unit, dtype=float), (len(made),))
        self.costs.append(Cost(line, self.name, variable, prices))

    def emit(self, mw: Vars, kg_per_mwh: Number) -> None:
        """Say that each MWh of `mw` bears carbon."""
        self.emissions.append((mw, np.broadcast_to(np.asarray(kg_per_mwh, dtype=float), (len(mw),))))

    def promise(self, field_name: str, unit: str, component: Vars | Rows | None, says: Text, **more: Any) -> None:
        """Give a row or a variable's upper bound a name that the park's people know; see `Promise`."""
        self.promises.append(Promise(self.name, f"{self.name}.{field_name}", unit, component, says, **more))
