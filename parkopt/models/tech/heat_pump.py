"""A heat pump: power in, heat out, at a COP that may follow the weather.

``heat[t] = COP[t] (power[t] - idle P on[t]) / (1 - idle)``, ``min_load P on[t] <= power[t] <= P on[t]``

With `idle` the heat is a straight line over the power that misses the origin (Willans' line); COP is that of full
load. ``on`` exists only where `min_load` or `start_cost` ask for it, and `idle` is at most `min_load`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import (
    POWER_MW,
    Block,
    Carrier,
    Case,
    Conditions,
    Finding,
    Hub,
    Role,
    Series,
    Technology,
    Values,
)
from parkopt.models.heat import (
    MEANINGS,
    STARTS,
    Celsius,
    Cop,
    add_running,
    carnot_cop,
    outdoor_degc,
    require_heat_bus,
    running_state,
    runs_hold,
    starts,
    table_cop,
)
from parkopt.park.base import Part
from parkopt.park.state import AssetState
from parkopt.units import Efficiency, Megawatt, Quantity, Ratio, Yuan

FORMS = ("cop", "cop_table", "carnot")


class CopPoint(Part):
    """The COP at one outdoor temperature."""

    outdoor: Celsius
    """Outdoor temperature."""
    cop: Cop
    """COP there."""


class Carnot(Part):
    """A share of Carnot's COP."""

    sink: Celsius
    """Temperature at which heat is given (flow of the network)."""
    quality: Efficiency
    """Share of Carnot's COP that the machine reaches, some 0.4-0.6."""
    source: Celsius | None = None
    """Temperature that heat is taken from; the outdoor air where absent."""
    cop_max: Cop = 8.0
    """Largest COP, at small lifts."""

    @model_validator(mode="after")
    def _lifts(self) -> Carnot:
        if self.source is not None and self.source > self.sink:
            raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": "source", "high": "sink"})
        return self


class HeatPump(Technology):
    """A heat pump between a power bus and a heat bus."""

    kind: Literal["heat_pump"] = "heat_pump"
    """Heat pump."""
    title: ClassVar[dict[str, str]] = {"en": "heat pump", "zh": "热泵"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = MEANINGS
    enterprise: str
    """Whose power consumption it is."""
    heat_bus: str = "heat"
    """The heat bus that it gives to; power comes from `bus`."""
    power: Megawatt
    """Largest electric power."""
    heat: Megawatt | None = None
    """Largest heat; no limit but that of `power` where absent."""
    cop: Cop | None = None
    """Heat per unit of electricity, the same at all times."""
    cop_table: list[CopPoint] | None = Field(default=None, min_length=2)
    """COP by outdoor temperature, rising; between points on straight lines, beyond the ends held."""
    carnot: Carnot | None = None
    """COP as a share of Carnot's."""
    outdoor_min: Celsius | None = None
    """Outdoor temperature below which it must stand."""
    outdoor_max: Celsius | None = None
    """Outdoor temperature above which it must stand."""
    min_load: Ratio = 0.0
    """Lowest power while it runs, as a share of `power`."""
    idle: Annotated[float, Quantity("", 0, 0.9)] = 0.0
    """Share of `power` that it draws while it runs without giving heat for it."""
    start_cost: Yuan = 0.0
    """Cost of each start."""

    @model_validator(mode="after")
    def _whole(self) -> HeatPump:
        require_heat_bus(self.bus, self.heat_bus)
        if sum(getattr(self, name) is not None for name in FORMS) != 1:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": ", ".join(FORMS)})
        low, high = self.outdoor_min, self.outdoor_max
        if low is not None and high is not None and low > high:
            names = {"low": "outdoor_min", "high": "outdoor_max"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", names)
        if self.idle > self.min_load:
            raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": "idle", "high": "min_load"})
        degrees = [point.outdoor for point in self.cop_table or ()]
        if any(later <= earlier for earlier, later in itertools.pairwise(degrees)):
            raise PydanticCustomError("rising", "{name} must rise from row to row", {"name": "outdoor"})
        return self

    @property
    def switched(self) -> bool:
        """Whether running and standing differ."""
        return bool(self.min_load or self.start_cost)

    @property
    def follows_air(self) -> bool:
        """Whether it needs the outdoor temperature."""
        by_air = self.cop_table is not None or (self.carnot is not None and self.carnot.source is None)
        return by_air or self.outdoor_min is not None or self.outdoor_max is not None

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``cop``, and ``outdoor_degc`` where it matters."""
        air = {"outdoor_degc": outdoor_degc(at)} if self.follows_air else {}
        return {"cop": self._cop(air.get("outdoor_degc", np.zeros(0)), at.grid.n), **air}

    def _cop(self, outdoor: FloatArray, n: int) -> FloatArray:
        if self.cop_table is not None:
            return table_cop(outdoor, [(point.outdoor, point.cop) for point in self.cop_table])
        if self.carnot is not None:
            source = outdoor if self.carnot.source is None else np.full(n, self.carnot.source)
            return carnot_cop(source, self.carnot.sink, self.carnot.quality, self.carnot.cop_max)
        return np.full(n, self.cop)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare power and heat, and running where it matters."""
        allowed = np.ones(hub.grid.n)
        if self.outdoor_min is not None:
            allowed = np.where(hub.own["outdoor_degc"] < self.outdoor_min, 0.0, allowed)
        if self.outdoor_max is not None:
            allowed = np.where(hub.own["outdoor_degc"] > self.outdoor_max, 0.0, allowed)
        power = hub.var(block, "power_mw", 0.0, self.power * allowed)
        heat = hub.var(block, "heat_mw", 0.0, self.heat)
        hub.draw(Role.DEMAND, power)
        hub.supply(Role.MADE, heat, self.heat_bus)
        slope = hub.own["cop"] / (1.0 - self.idle)
        made = heat - power * slope
        if self.switched:
            on = add_running(block, hub, power, self.power, self.min_load * self.power, self.start_cost)
            made = made + on * (slope * (self.idle * self.power)) if self.idle else made
        elif bool(allowed.all()):
            says = Text(f"the rated power of {hub.name}", f"{hub.name} 的额定功率")
            hub.promise("power", "MW", power, says, raised=True, value=self.power)
        hub.rows(block, "heat_made", made == 0.0)

    def flows(self) -> Mapping[str, Role]:
        """Consume power, give heat."""
        return {"power_mw": Role.DEMAND, "heat_mw": Role.MADE}

    def bus_of(self, key: str) -> str:
        """Return the heat bus for the heat, the power bus for the power."""
        return self.heat_bus if key == "heat_mw" else self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand between power and heat."""
        return {self.bus: "power", self.heat_bus: "heat"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, loads and the heat from the power alone; the COP reported must be that of the weather."""
        power, heat, cop = case.own["power_mw"], case.own["heat_mw"], case.series["cop"]
        yield case.within("power_mw", 0.0, self.power)
        yield case.within("heat_mw", 0.0, np.inf if self.heat is None else self.heat)
        lost = np.zeros(case.grid.n)
        if self.switched:
            yield from runs_hold(case, "power_mw", self.power, self.min_load * self.power)
            lost = self.idle * self.power * case.own["on"]
        off = float(np.max(np.abs(heat * (1.0 - self.idle) / cop - (power - lost))))
        yield off <= POWER_MW, f"{case.name}.heat_mw misses what its power gives by {off:.3g} MW of power"
        yield bool(np.array_equal(case.own["cop"], cop)), f"{case.name}.cop is not that of the weather"
        for t in np.flatnonzero(power > POWER_MW):
            degrees = case.series["outdoor_degc"][t] if self.follows_air else 0.0
            cold = self.outdoor_min is not None and degrees < self.outdoor_min
            hot = self.outdoor_max is not None and degrees > self.outdoor_max
            yield not (cold or hot), f"{case.name} runs at {degrees:.1f} degC ({case.grid.label(int(t))})"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the starts."""
        if self.start_cost:
            yield STARTS, self.start_cost * starts(case)

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power, heat, COP, outdoor temperature, and whether it runs where that matters."""
        del name, grid
        return {**{key: values[key] for key in ("power_mw", "heat_mw", "on") if key in values}, **series}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over whether it runs."""
        del series, grid
        return running_state(before, now)
