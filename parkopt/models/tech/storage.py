"""Battery storage on the park's bus.

``soc[t] = soc[t-1] (1-sigma)^h + eta_c charge[t] h - discharge[t] h / eta_d``
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.base import ENERGY_MWH, Block, Case, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.park.state import AssetState
from parkopt.units import Efficiency, LossPerHour, Megawatt, MegawattHour, Ratio, YuanPerMegawattHour

TOLERANCE_MWH = 1e-6


class Storage(Technology):
    """A battery; its levels are shares of `energy`."""

    kind: Literal["storage"] = "storage"
    """Storage."""
    title: ClassVar[dict[str, str]] = {"en": "storage", "zh": "储能"}
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("charge_mw", "discharge_mw"),)
    charge: Megawatt
    """Largest charging power, at the bus."""
    discharge: Megawatt
    """Largest discharging power, at the bus."""
    energy: MegawattHour
    """Energy between empty and full."""
    charge_efficiency: Efficiency = 0.93
    """Share of the charged energy that reaches the store."""
    discharge_efficiency: Efficiency = 0.93
    """Share of the energy taken from the store that reaches the bus."""
    self_discharge: LossPerHour = 0.0
    """Share of the stored energy lost in an hour."""
    soc_min: Ratio = 0.1
    """Lowest level."""
    soc_max: Ratio = 0.9
    """Highest level."""
    soc_initial: Ratio = 0.5
    """Level at the start, where no state is handed over."""
    soc_final: Ratio = 0.5
    """Least level at the end."""
    wear: YuanPerMegawattHour = 0.0
    """Cost of wear per MWh discharged."""

    @model_validator(mode="after")
    def _ordered(self) -> Storage:
        for low, high in (("soc_min", "soc_initial"), ("soc_initial", "soc_max"), ("soc_final", "soc_max")):
            if getattr(self, low) > getattr(self, high):
                raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": low, "high": high})
        return self

    def opening_mwh(self, name: str, state: AssetState) -> float:
        """Return the energy stored at the start: from the state, else as the file says.

        Raises
        ------
        WrongState
            Where the state lies outside the levels that the file allows.
        """
        if state.soc_mwh is None:
            return self.soc_initial * self.energy
        low, high = self.soc_min * self.energy, self.soc_max * self.energy
        if not low - TOLERANCE_MWH <= state.soc_mwh <= high + TOLERANCE_MWH:
            raise WrongState(
                Where(field=f"assets.{name}.soc_mwh"),
                name="soc_mwh",
                value=f"{state.soc_mwh} MWh",
                low=f"{low} MWh",
                high=f"{high} MWh",
            )
        return min(max(state.soc_mwh, low), high)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare charge, discharge and level; binaries only where the recipe asks for them."""
        charge = hub.var(block, "charge_mw", 0.0, self.charge)
        discharge = hub.var(block, "discharge_mw", 0.0, self.discharge)
        soc = hub.var(block, "soc_mwh", self.soc_min * self.energy, self.soc_max * self.energy)
        hub.draw(Role.CHARGE, charge)
        hub.supply(Role.STORED, discharge)
        self._level(block, hub, charge, discharge, soc)
        if self.wear:
            hub.cost("storage_wear", "discharge_mw", self.wear * hub.grid.hours)
        if hub.name in hub.exclusive:
            self._one_way(block, hub, charge, discharge)

    def _level(self, block: Block, hub: Hub, charge: Vars, discharge: Vars, soc: Vars) -> None:
        hours, last = hub.grid.hours, hub.grid.n - 1
        keep = (1.0 - self.self_discharge) ** hours
        gain, draw = self.charge_efficiency * hours, hours / self.discharge_efficiency
        opening = self.opening_mwh(hub.name, hub.state.of(hub.name))
        hub.rows(block, "level", soc - gain * charge + draw * discharge - keep * soc.before(opening) == 0.0)
        final = hub.rows(block, "final", soc.at([last]) >= self.soc_final * self.energy, [last])
        says = Text(f"the final level of {hub.name}", f"{hub.name} 的期末电量")
        hub.promise("soc_final", "MWh", final, says, value=self.soc_final, per_unit=self.energy)

    def _one_way(self, block: Block, hub: Hub, charge: Vars, discharge: Vars) -> None:
        charging = hub.flag(block, "charging")
        hub.rows(block, "charge_only", charge - self.charge * charging <= 0.0)
        hub.rows(block, "discharge_only", discharge + self.discharge * charging <= self.discharge)

    def flows(self) -> Mapping[str, Role]:
        """Take and give at the bus."""
        return {"charge_mw": Role.CHARGE, "discharge_mw": Role.STORED}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, direction, and the level from the flows alone."""
        charge, discharge, soc = (case.own[key] for key in ("charge_mw", "discharge_mw", "soc_mwh"))
        yield case.within("charge_mw", 0.0, self.charge)
        yield case.within("discharge_mw", 0.0, self.discharge)
        yield case.within("soc_mwh", self.soc_min * self.energy, self.soc_max * self.energy)
        yield case.one_way("charge_mw", "discharge_mw")
        level = self.soc_initial * self.energy if case.state.soc_mwh is None else case.state.soc_mwh
        worst, hours = 0.0, case.grid.hours
        for t in range(case.grid.n):
            level *= (1.0 - self.self_discharge) ** hours
            level += charge[t] * self.charge_efficiency * hours - discharge[t] / self.discharge_efficiency * hours
            worst = max(worst, abs(level - soc[t]))
        yield worst <= ENERGY_MWH, f"{case.name}.soc_mwh drifts from its flows by {worst:.3g} MWh"
        short = self.soc_final * self.energy - float(soc[-1])
        yield short <= ENERGY_MWH, f"{case.name} ends {short:.3g} MWh below soc_final"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the wear."""
        yield "storage_wear", self.wear * math.fsum(case.own["discharge_mw"]) * case.grid.hours

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return charging and discharging power and the level at each step's end."""
        del name, series, grid
        return {key: values[key] for key in ("charge_mw", "discharge_mw", "soc_mwh")}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the level; where it came from is added by the tracing."""
        del series, grid
        return AssetState(**{**dict(before), "soc_mwh": float(now["soc_mwh"][-1])})
