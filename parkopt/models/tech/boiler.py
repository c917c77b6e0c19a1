"""A boiler, electric or with fuel.

``heat[t] = efficiency input[t]`` with power or fuel as input; ``min_load Q on[t] <= heat[t] <= Q on[t]``.
``on`` exists only where `min_load` or `start_cost` ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.faults import OutOfRange
from parkopt.models.base import (
    ENERGY_MWH,
    POWER_MW,
    Block,
    Carrier,
    Case,
    Finding,
    Hub,
    Role,
    Series,
    Technology,
    Values,
)
from parkopt.models.heat import MEANINGS, STARTS, add_running, require_heat_bus, running_state, runs_hold, starts
from parkopt.park.base import Part
from parkopt.park.state import AssetState
from parkopt.units import KilogramPerMegawattHour, Megawatt, PriceNotNegative, Quantity, Ratio, Yuan, as_pydantic

CARBON_KG = 0.1
"""How far the check lets the carbon of a step miss its fuel."""


class Fuel(Part):
    """What a boiler burns; energies by the lower heating value."""

    price: PriceNotNegative
    """Price of the fuel."""
    carbon: KilogramPerMegawattHour = 0.0
    """CO2 of the fuel, such as 202 kg/MWh of natural gas."""


class Boiler(Technology):
    """A boiler at a heat bus: with fuel where `fuel` is given, else electric."""

    kind: Literal["boiler"] = "boiler"
    """Boiler."""
    title: ClassVar[dict[str, str]] = {"en": "boiler", "zh": "锅炉"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = MEANINGS
    enterprise: str
    """Whose consumption it is."""
    heat_bus: str = "heat"
    """The heat bus that it gives to; an electric one takes its power from `bus`."""
    heat: Megawatt
    """Largest heat."""
    efficiency: Annotated[float, Quantity("", 0.01, 1.1)]
    """Heat per unit of power or fuel; above 1 only where fuel condenses."""
    fuel: Fuel | None = None
    """What it burns; electric where absent."""
    min_load: Ratio = 0.0
    """Lowest heat while it runs, as a share of `heat`."""
    start_cost: Yuan = 0.0
    """Cost of each start."""

    @model_validator(mode="after")
    def _whole(self) -> Boiler:
        require_heat_bus(self.bus, self.heat_bus)
        if self.fuel is None and self.efficiency > 1.0:
            raise as_pydantic(OutOfRange(value=self.efficiency, low="0.01", high="1 (electric)"))
        return self

    @property
    def switched(self) -> bool:
        """Whether running and standing differ."""
        return bool(self.min_load or self.start_cost)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare heat and what it takes, and running where it matters."""
        heat = hub.var(block, "heat_mw", 0.0, self.heat)
        hub.supply(Role.MADE, heat, self.heat_bus)
        if self.fuel is None:
            power = hub.var(block, "power_mw")
            hub.draw(Role.DEMAND, power)
            hub.rows(block, "heat_made", heat - self.efficiency * power == 0.0)
        else:
            hub.cost("fuel", "heat_mw", self.fuel.price / self.efficiency * hub.grid.hours)
            hub.emit(heat, self.fuel.carbon / self.efficiency)
        if self.switched:
            add_running(block, hub, heat, self.heat, self.min_load * self.heat, self.start_cost)
            return
        says = Text(f"the rated heat of {hub.name}", f"{hub.name} 的额定供热功率")
        hub.promise("heat", "MW", heat, says, raised=True, value=self.heat)

    def flows(self) -> Mapping[str, Role]:
        """Give heat; consume power where it is electric."""
        power = {"power_mw": Role.DEMAND} if self.fuel is None else {}
        return {**power, "heat_mw": Role.MADE}

    def bus_of(self, key: str) -> str:
        """Return the heat bus for the heat, the power bus for the power."""
        return self.heat_bus if key == "heat_mw" else self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at the heat bus, an electric one at its power bus too."""
        power: dict[str, Carrier] = {self.bus: "power"} if self.fuel is None else {}
        return {**power, self.heat_bus: "heat"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits and loads, and the heat from what goes in."""
        heat = case.own["heat_mw"]
        yield case.within("heat_mw", 0.0, self.heat)
        if self.switched:
            yield from runs_hold(case, "heat_mw", self.heat, self.min_load * self.heat)
        if self.fuel is None:
            off = float(np.max(np.abs(case.own["power_mw"] * self.efficiency - heat)))
            yield off <= POWER_MW, f"{case.name}.heat_mw misses what its power gives by {off:.3g} MW"
            return
        off = float(np.max(np.abs(case.own["fuel_mwh"] * self.efficiency - heat * case.grid.hours)))
        yield off <= ENERGY_MWH, f"{case.name}.heat_mw misses what its fuel gives by {off:.3g} MWh"
        off = float(np.max(np.abs(case.own["fuel_mwh"] * self.fuel.carbon - case.own["fuel_carbon_kg"])))
        yield off <= CARBON_KG, f"{case.name}.fuel_carbon_kg misses its fuel by {off:.3g} kg"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield fuel and starts."""
        if self.fuel is not None:
            yield "fuel", self.fuel.price * math.fsum(case.own["fuel_mwh"])
        if self.start_cost:
            yield STARTS, self.start_cost * starts(case)

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return heat, power or fuel and its carbon, and whether it runs where that matters."""
        del name, series
        own = {key: values[key] for key in ("power_mw", "heat_mw", "on") if key in values}
        if self.fuel is None:
            return own
        burnt = values["heat_mw"] * (grid.hours / self.efficiency)
        return {**own, "fuel_mwh": burnt, "fuel_carbon_kg": burnt * self.fuel.carbon}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over whether it runs."""
        del series, grid
        return running_state(before, now)
