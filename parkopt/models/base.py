"""What every technology is: its config, and how it builds, reports, is audited and billed.

A technology declares variables and rows in its own block and tells the hub what it
supplies, draws, costs and emits (`parkopt.models.hub`); `audit` and `owes` look at the
reported variables alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.algebra import Number, Rows, Sum, Vars, linear
from parkopt.models.hub import GIVES, TAKES, Block, Carrier, Headroom, Hub, Role, Series
from parkopt.park.asset import MAIN, Asset
from parkopt.park.base import Location
from parkopt.park.state import AssetState

__all__ = [
    "ENERGY_MWH",
    "GIVES",
    "MAIN",
    "POWER_MW",
    "TAKES",
    "Block",
    "Carrier",
    "Case",
    "Conditions",
    "Finding",
    "Headroom",
    "Hub",
    "Role",
    "Rows",
    "Series",
    "Sum",
    "Technology",
    "Values",
    "Vars",
    "linear",
]

Values = Mapping[str, FloatArray]
"""Solved variables of one asset by name with unit."""
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
    """Import that contracts bring over this connection."""
    export_banned: FloatArray
    """Above 0 where export is forbidden."""
    all_reported: Mapping[str, Values] = field(default_factory=dict)
    """Reported variables of all assets by name."""
    total_mw: Callable[[Iterable[Role], str | None], FloatArray] | None = None
    """Sum of the reported powers of some roles at one bus, or at all of them (None), shape (n,)."""
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """Config of all assets by name."""

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


class Technology(Asset):
    """Base of all technologies: config in the fields, then `series`, `build`, `report`."""

    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {}
    """Unit, English and Chinese meaning of reported variables that `parkopt.schedule.VARIABLES` does not know."""
    order: ClassVar[int] = 0
    """Technologies with a higher order are built later (the grid sees the contracts)."""
    opposites: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of variables that must not run in the same step; held by binaries where
    it could pay, see `parkopt.models.one_way`."""
    follows: ClassVar[bool] = False
    """Whether it follows what comes (wind, sun, what the grid must give) and keeps no plan of its own."""
    bus: str = MAIN
    """The bus where it stands; lines join buses."""

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return the series that the model needs, such as ``available_mw``."""
        del at
        return {}

    def build(self, block: Block, hub: Hub) -> None:
        """Add variables and rows to `block` and tell the hub about flows, costs and promises."""
        raise NotImplementedError

    def finish(self, block: Block, hub: Hub) -> None:
        """Add the rows that need what others give and take; called for each asset after all are built."""
        del block, hub

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the variables of the schedule for this asset, by name with unit."""
        raise NotImplementedError

    def flows(self) -> Mapping[str, Role]:
        """Return which reported powers pass the bus, and what each is."""
        return {}

    def bus_of(self, key: str) -> str:
        """Return the bus of a reported power: the asset's own but for what stands between two."""
        del key
        return self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Return the carrier of each bus that it stands at."""
        return {self.bus: "power"}

    def at_connection(self) -> str | None:
        """Return the grid connection that a contract is delivered over, where it names one."""
        return None

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

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Return what it does where no plan was found in time: values of variables by name."""
        del series, state, grid
        return {}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Return what the next day inherits, from the reported variables."""
        del now, series, grid
        return before
