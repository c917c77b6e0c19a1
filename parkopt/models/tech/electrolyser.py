"""An electrolyser that runs or stands, with a tank and a demand for hydrogen.

``tank[t] = tank[t-1] + power[t] h 1000 / efficiency - demand[t]``
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.base import POWER_MW, Block, Case, Conditions, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.park.state import AssetState
from parkopt.units import Kilogram, KilogramPerDay, KilowattHourPerKilogram, Megawatt, PerHour, Ratio, Yuan

KWH_PER_MWH = 1000.0
DAY_H = 24.0
TOLERANCE_KG = 1e-3
TANK_KG = 0.1
"""How far the check lets a tank level miss its flows."""


class Electrolyser(Technology):
    """An electrolyser with its hydrogen tank."""

    kind: Literal["electrolyser"] = "electrolyser"
    """Electrolyser."""
    title: ClassVar[dict[str, str]] = {"en": "electrolyser", "zh": "电解槽"}
    enterprise: str
    """Whose consumption it is."""
    power: Megawatt
    """Rated AC power, with its auxiliaries."""
    efficiency: KilowattHourPerKilogram
    """AC energy per kg of hydrogen."""
    min_load: Ratio = 0.3
    """Lowest load while it runs, as a share of `power`."""
    start_cost: Yuan = 0.0
    """Cost of each start."""
    ramp: PerHour | None = None
    """Largest change of load in an hour as a share of `power`, while it runs on; free where absent."""
    tank: Kilogram = 0.0
    """Size of the tank."""
    tank_initial: Ratio = 0.5
    """Level at the start, where no state is handed over."""
    tank_final: Ratio = 0.5
    """Least level at the end."""
    demand: KilogramPerDay
    """Hydrogen to be delivered, evenly through the day."""

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``hydrogen_demand_kg`` of each step."""
        return {"hydrogen_demand_kg": np.full(at.grid.n, self.demand * at.grid.hours / DAY_H)}

    def opening_kg(self, name: str, state: AssetState) -> float:
        """Return the hydrogen in the tank at the start.

        Raises
        ------
        WrongState
            Where the state holds more than the tank does.
        """
        if state.tank_kg is None:
            return self.tank_initial * self.tank
        if state.tank_kg > self.tank + TOLERANCE_KG:
            where = Where(field=f"assets.{name}.tank_kg")
            raise WrongState(where, name="tank_kg", value=f"{state.tank_kg} kg", low="0 kg", high=f"{self.tank} kg")
        return min(state.tank_kg, self.tank)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare power, running, starts and the tank."""
        power = hub.var(block, "power_mw", 0.0, self.power)
        on = hub.flag(block, "on")
        hub.draw(Role.DEMAND, power)
        low = self.min_load * self.power
        hub.rows(block, "least_load", power - low * on >= 0.0)
        hub.rows(block, "rated_load", power - self.power * on <= 0.0)
        if self.start_cost:
            self._starts(block, hub, on)
        if self.ramp is not None:
            self._ramps(block, hub, power, on)
        self._tank(block, hub, power)

    def _starts(self, block: Block, hub: Hub, on: Vars) -> None:
        start = hub.var(block, "start", 0.0, 1.0)
        before = 1.0 if hub.state.of(hub.name).on else 0.0
        hub.rows(block, "begins", start - on + on.before(before) >= 0.0)
        hub.cost("starts", "start", self.start_cost)

    def _ramps(self, block: Block, hub: Hub, power: Vars, on: Vars) -> None:
        """Limit the change from step to step, the first from the state; a start or stop may reach least load."""
        step = (self.ramp or 0.0) * self.power * hub.grid.hours
        first = max(step, self.min_load * self.power)
        state = hub.state.of(hub.name)
        known = state.on is not None and state.power_mw is not None
        was_on, was_mw = (1.0 if state.on else 0.0), state.power_mw or 0.0
        steps = list(hub.steps) if known else list(hub.steps)[1:]
        rise = power - power.before(was_mw)
        hub.rows(block, "ramp_up", (rise + (first - step) * on.before(was_on)).at(steps) <= first, steps)
        hub.rows(block, "ramp_down", ((first - step) * on - rise).at(steps) <= first, steps)

    def _tank(self, block: Block, hub: Hub, power: Vars) -> None:
        per_mw = hub.grid.hours * KWH_PER_MWH / self.efficiency
        demand = hub.own["hydrogen_demand_kg"]
        opening = self.opening_kg(hub.name, hub.state.of(hub.name))
        tank = hub.var(block, "tank_kg", 0.0, self.tank)
        level = hub.rows(block, "tank_level", tank - per_mw * power - tank.before(opening) == -demand)
        says = Text(f"the hydrogen demand of {hub.name}", f"{hub.name} 的氢需求")
        hub.promise("demand", "kg", level, says, weight=0.02, sign=-1.0)
        last = [hub.grid.n - 1]
        final = hub.rows(block, "tank_end", tank.at(last) >= self.tank_final * self.tank, last)
        says = Text(f"the final tank level of {hub.name}", f"{hub.name} 的期末储氢")
        hub.promise("tank_final", "kg", final, says, weight=0.01, value=self.tank_final, per_unit=self.tank)

    def flows(self) -> Mapping[str, Role]:
        """Consume."""
        return {"power_mw": Role.DEMAND}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check load between least and rated, ramps, and the tank from the power alone."""
        power, on, hours = case.own["power_mw"], case.own["on"], case.grid.hours
        yield bool(np.isin(on, (0.0, 1.0)).all()), f"{case.name}.on is neither 0 nor 1"
        yield case.within("power_mw", self.min_load * self.power * on, self.power * on)
        level = self.tank_initial * self.tank if case.state.tank_kg is None else case.state.tank_kg
        made = np.cumsum(power) * hours * KWH_PER_MWH / self.efficiency
        delivered = np.arange(1, case.grid.n + 1) * self.demand * hours / DAY_H
        expected = level + made - delivered
        drift = float(np.max(np.abs(expected - case.own["tank_kg"])))
        yield drift <= TANK_KG, f"{case.name}.tank_kg drifts from its flows by {drift:.3g} kg"
        inside = float(np.min(expected)) >= -TANK_KG and float(np.max(expected)) <= self.tank + TANK_KG
        yield inside, f"{case.name}.tank_kg leaves the tank"
        short = self.tank_final * self.tank - float(expected[-1])
        yield short <= TANK_KG, f"{case.name} ends {short:.3g} kg below tank_final"
        if self.ramp is not None:
            yield self._ramps_hold(case, self.ramp * self.power * hours)

    def _ramps_hold(self, case: Case, step_mw: float) -> Finding:
        """Check each change of power, from the state on: `step_mw` while it runs, least load at a start or stop."""
        power, on = list(case.own["power_mw"]), list(case.own["on"] > 0)
        if case.state.on is not None and case.state.power_mw is not None:
            power, on = [case.state.power_mw, *power], [case.state.on, *on]
        edge = max(step_mw, self.min_load * self.power)
        moves = zip(power, power[1:], on, on[1:], strict=False)
        worst = max((abs(b - a) - (step_mw if x and y else edge) for a, b, x, y in moves), default=0.0)
        return worst <= POWER_MW, f"{case.name} ramps {worst:.3g} MW too far"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the starts."""
        on = np.concatenate([[1.0 if case.state.on else 0.0], case.own["on"]])
        yield "starts", self.start_cost * float(np.sum(np.diff(on) > 0))

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power, running, hydrogen made and the tank's level at each step's end."""
        del name, series
        made = values["power_mw"] * grid.hours * KWH_PER_MWH / self.efficiency
        return {
            "power_mw": values["power_mw"],
            "on": np.round(values["on"]),
            "hydrogen_kg": made,
            "tank_kg": values["tank_kg"],
        }

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the tank, and whether the unit runs at which power."""
        del series, grid
        changes = {
            "tank_kg": max(0.0, float(now["tank_kg"][-1])),
            "on": bool(now["on"][-1] > 0.5),  # noqa: PLR2004 - a binary
            "power_mw": max(0.0, float(now["power_mw"][-1])),
        }
        return AssetState(**{**dict(before), **changes})
