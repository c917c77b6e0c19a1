"""Combined heat and power from one fuel: back-pressure, or extraction with a condensing part.

The load x is the power that the unit would give without heat; it bears the limits, ramps and part-load curve of
`parkopt.models.fuel_unit`. With power p, heat made q, power lost per heat b (`power_loss`) and heat per power r::

    back-pressure:  x[t] = p[t],   q[t] = r p[t]
    extraction:     x[t] = p[t] + b q[t],   q[t] <= Q on[t],   q[t] <= r p[t] where r is given
    heat[t] = q[t] - dumped[t],   dumped[t] <= heat_dump

Lines of equal fuel in the plane of heat and power have the slope -b, between the condensing axis and the back-pressure
line (Mollenhauer, Christidis and Tsatsaronis, Evaluation of an energy- and exergy-based generic modeling approach of
combined heat and power plants, Int. J. Energy Environ. Eng. 7 (2016) 167-176; the same as oemof-solph's
ExtractionTurbineCHP at constant efficiency).

The carbon of power, `fuel_carbon_kg`, is an assumption of the park file: by default its share of the useful energy,
``p / (p + heat)``, the energy content method of WRI/WBCSD, Allocation of GHG Emissions from a Combined Heat and Power
(CHP) Plant, Guide to calculation worksheets v1.0 (2006), appendix II. The rest is `heat_carbon_kg`. The model's own
goal counts both, as both are emitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import Sum, Vars
from parkopt.models.base import POWER_MW, Block, Carrier, Case, Finding, Hub, Role, Series, Values
from parkopt.models.fuel_unit import CARBON_KG, FuelUnit
from parkopt.models.heat import MEANINGS, require_heat_bus
from parkopt.units import Megawatt, Quantity, Ratio

HeatPerPower = Annotated[float, Quantity("", 0.01, 20)]
NEEDED = {"back_pressure": ("heat_to_power",), "extraction": ("heat", "power_loss")}
FOREIGN = {"back_pressure": ("heat", "power_loss"), "extraction": ()}


class Chp(FuelUnit):
    """A unit that gives power to its bus and heat to a heat bus."""

    kind: Literal["chp"] = "chp"
    """Combined heat and power."""
    title: ClassVar[dict[str, str]] = {"en": "combined heat and power", "zh": "热电联产机组"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        **FuelUnit.meanings,
        "heat_mw": MEANINGS["heat_mw"],
        "dumped_heat_mw": ("MW", "heat made and given to the air", "排空热功率"),
        "heat_carbon_kg": ("kg", "CO2 of the fuel that the heat bears in the step", "时段热力承担的燃料碳排放"),
    }
    form: Literal["back_pressure", "extraction"]
    """Heat in a fixed ratio to power, or heat at will at the cost of power."""
    heat_bus: str = Field(default="heat", min_length=1)
    """The heat bus that it gives to."""
    heat_to_power: HeatPerPower | None = None
    """Heat per power: the fixed ratio (back_pressure), or the largest (extraction; any where absent)."""
    heat: Megawatt | None = None
    """Largest heat (extraction)."""
    power_loss: Ratio | None = None
    """Power lost per heat (extraction)."""
    heat_dump: Megawatt = 0.0
    """Most heat that may be given to the air; none by default."""
    carbon_allocation: Literal["energy", "all_to_power"] = "energy"
    """How the carbon of the fuel is shared: by the useful energy of power and heat, or all to power."""

    @model_validator(mode="after")
    def _formed(self) -> Chp:
        require_heat_bus(self.bus, self.heat_bus)
        wanted, foreign = NEEDED[self.form], FOREIGN[self.form]
        missing = any(getattr(self, name) is None for name in wanted)
        if missing or any(getattr(self, name) is not None for name in foreign):
            facts = {"form": self.form, "wanted": ", ".join(wanted), "other": ", ".join(foreign) or "-"}
            raise PydanticCustomError("form", "{form} needs {wanted} and not {other}", facts)
        if (self.heat or 0.0) * (self.power_loss or 0.0) > self.power:
            raise PydanticCustomError(
                "order", "{low} must not exceed {high}", {"low": "power_loss * heat", "high": "power"}
            )
        return self

    def build(self, block: Block, hub: Hub) -> None:
        """Declare power, heat, running and fuel."""
        supply = hub.var(block, "supply_mw", 0.0, self.power)
        heat = hub.var(block, "heat_mw")
        hub.supply(Role.FUEL, supply)
        hub.supply(Role.MADE, heat, self.heat_bus)
        made = heat + hub.var(block, "dumped_heat_mw", 0.0, self.heat_dump) if self.heat_dump else heat.sum
        if self.form == "back_pressure":
            load = supply
            hub.rows(block, "heat_with_power", made - (self.heat_to_power or 0.0) * supply == 0.0)
        else:
            load = hub.var(block, "load_mw", 0.0, self.power)
        unit = self.commit(block, hub, load)
        if self.form == "extraction":
            self._extract(block, hub, (supply, load, unit.on), made)
        self.burn(block, hub, load, unit.on)
        if self.om:
            hub.cost("unit_om", "supply_mw", self.om * hub.grid.hours)

    def _extract(self, block: Block, hub: Hub, power: tuple[Vars, Vars, Vars], made: Sum) -> None:
        """Take heat at the cost of power, within what the turbine lets out."""
        supply, load, on = power
        most = self.heat or 0.0
        hub.rows(block, "power_for_heat", load - supply - (self.power_loss or 0.0) * made == 0.0)
        rows = hub.rows(block, "most_heat", made - most * on <= 0.0)
        hub.promise("heat", "MW", rows, Text(f"the rated heat of {hub.name}", f"{hub.name} 的额定供热"), raised=True)
        if self.heat_to_power is not None:
            hub.rows(block, "heat_line", made - self.heat_to_power * supply <= 0.0)

    def load_mw(self, own: Values) -> FloatArray:
        """Return the power that it would give without heat, shape (n,)."""
        made = own["heat_mw"] + own["dumped_heat_mw"] if "dumped_heat_mw" in own else own["heat_mw"]
        return own["supply_mw"] + (self.power_loss or 0.0) * made

    def flows(self) -> Mapping[str, Role]:
        """Give power from fuel, and heat."""
        return {"supply_mw": Role.FUEL, "heat_mw": Role.MADE}

    def bus_of(self, key: str) -> str:
        """Return the heat bus for the heat, the power bus for the power."""
        return self.heat_bus if key == "heat_mw" else self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at a power bus and a heat bus."""
        return {self.bus: "power", self.heat_bus: "heat"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check heat against power beside what any unit with fuel promises."""
        yield from super().audit(case)
        own = case.own
        made = own["heat_mw"] + own.get("dumped_heat_mw", np.zeros(case.grid.n))
        yield case.within("heat_mw", 0.0, np.inf)
        if self.heat_dump:
            yield case.within("dumped_heat_mw", 0.0, self.heat_dump)
        else:
            yield "dumped_heat_mw" not in own, f"{case.name} dumps heat"
        if self.form == "back_pressure":
            off = float(np.max(np.abs(made - (self.heat_to_power or 0.0) * own["supply_mw"])))
        else:
            off = float(np.max(made - (self.heat or 0.0) * own["on"]))
            if self.heat_to_power is not None:
                off = max(off, float(np.max(made - self.heat_to_power * own["supply_mw"])))
        yield off <= self._near_mw, f"{case.name}.heat_mw misses what its power allows by {off:.3g} MW"

    @property
    def _near_mw(self) -> float:
        """How far the heat may miss: as far as the power may, times the ratio."""
        return POWER_MW * max(1.0, self.heat_to_power or 0.0)

    def _carbon_holds(self, case: Case) -> Iterator[Finding]:
        """Check the carbon, and the share of it that each product bears."""
        own, carbon = case.own, case.own["fuel_mwh"] * self.fuel_carbon
        both = own["fuel_carbon_kg"] + own["heat_carbon_kg"]
        off = float(np.max(np.abs(both - carbon)))
        yield off <= CARBON_KG, f"{case.name} loses {off:.3g} kg of its fuel's carbon"
        if self.carbon_allocation == "all_to_power":
            off = float(np.max(np.abs(own["heat_carbon_kg"])))
        else:  # what each bears is as its energy: bears_p * heat = bears_q * power
            crossed = own["fuel_carbon_kg"] * own["heat_mw"] - own["heat_carbon_kg"] * own["supply_mw"]
            off = float(np.max(np.abs(crossed) / np.maximum(own["supply_mw"] + own["heat_mw"], POWER_MW)))
        yield off <= CARBON_KG, f"{case.name}.fuel_carbon_kg is not shared as promised, by {off:.3g} kg"

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power and heat, running, starts, fuel, and the carbon of each."""
        own = super().report(name, values, series, grid)
        heat = {key: values[key] for key in ("heat_mw", "dumped_heat_mw") if key in values}
        useful = own["supply_mw"] + values["heat_mw"]
        share = np.divide(own["supply_mw"], useful, out=np.ones(grid.n), where=useful > POWER_MW)
        to_power = own["fuel_carbon_kg"] * (share if self.carbon_allocation == "energy" else 1.0)
        return {**own, **heat, "fuel_carbon_kg": to_power, "heat_carbon_kg": own["fuel_carbon_kg"] - to_power}
