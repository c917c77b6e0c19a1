"""A store of heat at a heat bus.

``soc[t] = soc[t-1] (1-sigma)^h + eta_c charge[t] h - discharge[t] h / eta_d - loss h``

The part of the loss that does not follow the content is there as long as an empty store (at return temperature) is
warmer than its surroundings: it must be made good even then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.algebra import Number
from parkopt.models.base import ENERGY_MWH, Block, Carrier, Case, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.models.heat import MEANINGS, require_heat_bus
from parkopt.park.state import AssetState
from parkopt.units import Efficiency, LossPerHour, Megawatt, MegawattHour, Ratio

TOLERANCE_MWH = 1e-6


class ThermalStore(Technology):
    """A store of heat; its levels are shares of `energy`."""

    kind: Literal["thermal_store"] = "thermal_store"
    """Thermal store."""
    title: ClassVar[dict[str, str]] = {"en": "thermal store", "zh": "储热"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = MEANINGS
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("heat_charge_mw", "heat_discharge_mw"),)
    heat_bus: str = "heat"
    """The heat bus where it stands; `bus` is not used."""
    charge: Megawatt
    """Largest heat put in, at the heat bus."""
    discharge: Megawatt
    """Largest heat taken out, at the heat bus."""
    energy: MegawattHour
    """Heat between empty and full."""
    charge_efficiency: Efficiency = 1.0
    """Share of the heat put in that reaches the store."""
    discharge_efficiency: Efficiency = 1.0
    """Share of the heat taken from the store that reaches the bus."""
    standing_loss: LossPerHour = 0.0
    """Share of the stored heat lost in an hour."""
    constant_loss: Megawatt = 0.0
    """Loss that does not follow the content."""
    soc_min: Ratio = 0.0
    """Lowest level."""
    soc_max: Ratio = 1.0
    """Highest level."""
    soc_initial: Ratio = 0.5
    """Level at the start, where no state is handed over."""
    soc_final: Ratio = 0.5
    """Least level at the end."""

    @model_validator(mode="after")
    def _ordered(self) -> ThermalStore:
        require_heat_bus(self.bus, self.heat_bus)
        for low, high in (("soc_min", "soc_initial"), ("soc_initial", "soc_max"), ("soc_final", "soc_max")):
            if getattr(self, low) > getattr(self, high):
                raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": low, "high": high})
        return self

    def opening_mwh(self, name: str, state: AssetState) -> float:
        """Return the heat stored at the start: from the state, else as the file says.

        Raises
        ------
        WrongState
            Where the state lies outside the levels that the file allows.
        """
        if state.soc_mwh is None:
            return self.soc_initial * self.energy
        low, high = self.soc_min * self.energy, self.soc_max * self.energy
        if not low - TOLERANCE_MWH <= state.soc_mwh <= high + TOLERANCE_MWH:
            limits = {"low": f"{low} MWh", "high": f"{high} MWh"}
            where = Where(field=f"assets.{name}.soc_mwh")
            raise WrongState(where, name="soc_mwh", value=f"{state.soc_mwh} MWh", **limits)
        return min(max(state.soc_mwh, low), high)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare charge, discharge and level; binaries only where the recipe asks for them."""
        charge = hub.var(block, "heat_charge_mw", 0.0, self.charge)
        discharge = hub.var(block, "heat_discharge_mw", 0.0, self.discharge)
        hub.draw(Role.USED, charge, self.heat_bus)
        hub.supply(Role.MADE, discharge, self.heat_bus)
        self._level(block, hub, charge, discharge)

    def _level(self, block: Block, hub: Hub, charge: Vars, discharge: Vars) -> None:
        hours, last = hub.grid.hours, hub.grid.n - 1
        keep = (1.0 - self.standing_loss) ** hours
        gain, draw = self.charge_efficiency * hours, hours / self.discharge_efficiency
        opening = self.opening_mwh(hub.name, hub.state.of(hub.name))
        soc = hub.var(block, "heat_mwh", self.soc_min * self.energy, self.soc_max * self.energy)
        change = soc - keep * soc.before(opening) - gain * charge + draw * discharge
        hub.rows(block, "level", change == -self.constant_loss * hours)
        final = hub.rows(block, "final", soc.at([last]) >= self.soc_final * self.energy, [last])
        says = Text(f"the final level of {hub.name}", f"{hub.name} 的期末储热量")
        hub.promise("soc_final", "MWh", final, says, value=self.soc_final, per_unit=self.energy)

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Give no heat, and take no more than its levels ask for."""
        del series, state, grid
        return {"heat_discharge_mw": 0.0}

    def flows(self) -> Mapping[str, Role]:
        """Take and give heat."""
        return {"heat_charge_mw": Role.USED, "heat_discharge_mw": Role.MADE}

    def bus_of(self, key: str) -> str:
        """Return the heat bus."""
        del key
        return self.heat_bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at the heat bus alone."""
        return {self.heat_bus: "heat"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, direction, and the level from the flows alone."""
        charge, discharge, soc = (case.own[key] for key in ("heat_charge_mw", "heat_discharge_mw", "heat_mwh"))
        yield case.within("heat_charge_mw", 0.0, self.charge)
        yield case.within("heat_discharge_mw", 0.0, self.discharge)
        yield case.within("heat_mwh", self.soc_min * self.energy, self.soc_max * self.energy)
        yield case.one_way("heat_charge_mw", "heat_discharge_mw")
        level = self.soc_initial * self.energy if case.state.soc_mwh is None else case.state.soc_mwh
        worst, hours = 0.0, case.grid.hours
        for t in range(case.grid.n):
            level *= (1.0 - self.standing_loss) ** hours
            level += (charge[t] * self.charge_efficiency - discharge[t] / self.discharge_efficiency) * hours
            level -= self.constant_loss * hours
            worst = max(worst, abs(level - soc[t]))
        yield worst <= ENERGY_MWH, f"{case.name}.heat_mwh drifts from its flows by {worst:.3g} MWh"
        short = self.soc_final * self.energy - float(soc[-1])
        yield short <= ENERGY_MWH, f"{case.name} ends {short:.3g} MWh below soc_final"

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return heat put in and taken out, and the level at each step's end."""
        del name, series, grid
        return {key: values[key] for key in ("heat_charge_mw", "heat_discharge_mw", "heat_mwh")}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the level."""
        del series, grid
        return AssetState(**{**dict(before), "soc_mwh": max(0.0, float(now["heat_mwh"][-1]))})
