"""An electrolyser that is off, stands by or runs, with a tank and a demand for hydrogen.

``tank[t] = tank[t-1] + made[t] - delivered[t] - out[t] h``, with ``made[t] = making[t] h 1000 / efficiency``; with
`part_load` the hydrogen per hour is piecewise linear in the power (`parkopt.models.piecewise`).

``power = making + standby_power P standby + start_power P warming``, ``min_load P on <= making <= P on``

``live = on + standby + warming <= 1``, ``cold[t] >= live[t] - live[t-1]``, and with a warm-up of W steps
``warming[t] = cold[t] + ... + cold[t-W+1]``
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where
from parkopt.faults import WrongState
from parkopt.models.algebra import Number
from parkopt.models.base import POWER_MW, Block, Carrier, Case, Finding, Hub, Role, Series, Sum, Values, Vars
from parkopt.models.delivering import Delivering, require_hydrogen_bus
from parkopt.models.electrolyser_modes import Idle, Modes, Opening, add_modes
from parkopt.models.piecewise import OPPOSITES, Curve, left_open, on_curve
from parkopt.models.running_check import ON, changes_hold, modes_of, opening_mode, times_hold, warm_ups_hold
from parkopt.models.runs import go_on, least_run
from parkopt.park.base import Part
from parkopt.park.state import AssetState
from parkopt.units import KilowattHourPerKilogram, Megawatt, PerHour, Ratio, Yuan

KWH_PER_MWH = 1000.0
OUT = "hydrogen_out_kg_per_h"


class PartLoad(Part):
    """Energy per kg of hydrogen at one load."""

    load: Ratio
    """Power as a share of the rated power."""
    efficiency: KilowattHourPerKilogram
    """AC energy per kg of hydrogen at this load, with the auxiliaries."""


class Electrolyser(Delivering):
    """An electrolyser with its hydrogen tank."""

    kind: Literal["electrolyser"] = "electrolyser"
    """Electrolyser."""
    title: ClassVar[dict[str, str]] = {"en": "electrolyser", "zh": "电解槽"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "standby": ("1", "whether the unit stands by, warm and without hydrogen", "是否热备用"),
        "warming": ("1", "whether the unit warms up", "是否预热启动"),
        OUT: ("kg/h", "hydrogen given to the hydrogen bus", "送入氢母线的氢流量"),
        "hydrogen_delivered_kg": ("kg", "hydrogen delivered in the step", "时段交付氢量"),
        "hydrogen_unmet_kg": ("kg", "hydrogen demand that is not met", "未满足的氢需求"),
    }
    enterprise: str
    """Whose consumption it is."""
    power: Megawatt
    """Rated AC power, with its auxiliaries."""
    efficiency: KilowattHourPerKilogram | None = None
    """AC energy per kg of hydrogen at any load; or give `part_load`."""
    part_load: list[PartLoad] = []
    """Energy per kg at two or more loads, the last one 1; between them hydrogen is linear in the power."""
    min_load: Ratio = 0.3
    """Lowest load while it runs, as a share of `power`."""
    standby_power: Ratio | None = None
    """Power that keeps it warm while it makes nothing, as a share of `power`; no standby where absent."""
    start_cost: Yuan = 0.0
    """Cost of each start, from standby or from off."""
    cold_start_cost: Yuan = 0.0
    """Further cost of each start from off, to running or to standby."""
    start_h: float = Field(default=0.0, ge=0)
    """Hours of warm-up from off, without hydrogen; counted in whole steps, rounded up."""
    start_power: Ratio = 0.0
    """Power while it warms up, as a share of `power`."""
    min_up_h: float = Field(default=0.0, ge=0)
    """Least hours of running once it runs."""
    min_down_h: float = Field(default=0.0, ge=0)
    """Least hours off once it is off; standby is not off."""
    ramp: PerHour | None = None
    """Largest change of load in an hour as a share of `power`, while it runs on; free where absent."""
    hydrogen_bus: str | None = None
    """Bus that hydrogen may leave to, beside the demand or in place of it."""

    @model_validator(mode="after")
    def _consistent(self) -> Electrolyser:
        if (self.efficiency is None) == (not self.part_load):
            names = {"names": "efficiency, part_load"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        if self.part_load:
            self._require_curve()
        if self.hydrogen_bus is not None:
            require_hydrogen_bus(self.bus, self.hydrogen_bus)
        if not self.owes_demand and self.hydrogen_bus is None:
            names = {"names": "demand, demand_by_hour, hydrogen_bus"}
            raise PydanticCustomError("any_of", "one of {names} is needed", names)
        return self

    def _require_curve(self) -> None:
        """Raise where the points are out of order, too few, or leave loads open."""
        loads = [point.load for point in self.part_load]
        made = [point.load / point.efficiency for point in self.part_load]
        if any(b <= a for a, b in itertools.pairwise(loads)):
            raise PydanticCustomError("rising", "{name} must rise from row to row", {"name": "part_load.load"})
        if any(b < a for a, b in itertools.pairwise(made)):
            name = {"name": "part_load.load / part_load.efficiency"}
            raise PydanticCustomError("rising", "{name} must rise from row to row", name)
        if len(loads) < 2 or loads[-1] < 1.0:  # noqa: PLR2004 - a line needs two points
            raise PydanticCustomError("needs", "{name} needs {wanted}", {"name": "part_load", "wanted": "load: 1"})
        if loads[0] > self.min_load:
            facts = {"low": "part_load[0].load", "high": "min_load"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", facts)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    @property
    def curve(self) -> Curve:
        """Hydrogen in kg/h by power in MW, from least to rated load."""
        points = [(point.load, point.efficiency) for point in self.part_load] or [(1.0, self.efficiency or 1.0)]
        x = [load * self.power for load, _ in points]
        y = [load * self.power * KWH_PER_MWH / efficiency for load, efficiency in points]
        return (Curve((0.0, *x), (0.0, *y)) if x[0] > 0.0 else Curve(tuple(x), tuple(y))).cut(self._least_mw)

    @property
    def _least_mw(self) -> float:
        """Least load; a hair below the rated one where they are the same, so that a curve remains."""
        return min(self.min_load, 1.0 - 1e-9) * self.power

    @property
    def opposites(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override] # by the curve of this unit
        """What the solver's side looks for: a curve that no binaries hold from the start must be filled in order."""
        return OPPOSITES if self.part_load and self.power and left_open(self.curve) else ()

    def opening(self, name: str, state: AssetState) -> Opening:
        """Return how the unit stood at the start.

        Raises
        ------
        WrongState
            Where it ran and stood by at once, stood by without a `standby_power`, or took more than `power`.
        """
        was_mw, known = state.power_mw or 0.0, state.on is not None and state.power_mw is not None
        if state.standby and (state.on or self.standby_power is None):
            raise WrongState(Where(field=f"assets.{name}.standby"), name="standby", value="true", low="no", high="no")
        if was_mw > self.power + POWER_MW:
            where = Where(field=f"assets.{name}.power_mw")
            raise WrongState(where, name="power_mw", value=f"{was_mw} MW", low="0 MW", high=f"{self.power} MW")
        making = was_mw if state.on else 0.0
        return Opening(bool(state.on), bool(state.standby), state.warming_h, state.since_h, making, known)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare power, modes, starts, ramps and the tank."""
        power, on = hub.var(block, "power_mw", 0.0, self.power), hub.flag(block, "on")
        opening = self.opening(hub.name, hub.state.of(hub.name))
        hub.draw(Role.DEMAND, power)
        modes = add_modes(block, hub, self._idle, on, opening)
        making = power - modes.idle_mw if modes.idle_mw is not None else power.sum
        hub.rows(block, "least_load", making - self.min_load * self.power * on >= 0.0)
        hub.rows(block, "rated_load", making - self.power * on <= 0.0)
        self._starts(block, hub, modes, opening)
        if self.ramp is not None:
            before = power.before(opening.making_mw)
            before = before - modes.idle_before_mw if modes.idle_before_mw is not None else before
            self._ramps(block, hub, making - before, on, opening)
        made = self._made(block, hub, making, on)
        if self.hydrogen_bus is not None:
            out = hub.var(block, OUT)
            hub.supply(Role.MADE, out, self.hydrogen_bus)
            made = made - hub.grid.hours * out
        self.add_tank(block, hub, made)

    @property
    def _idle(self) -> Idle:
        standby = None if self.standby_power is None else self.standby_power * self.power
        return Idle(standby, self.start_h, self.start_power * self.power, self.cold_start_cost)

    def _made(self, block: Block, hub: Hub, making: Sum, on: Vars) -> Sum:
        """Return the hydrogen of each step in kg."""
        if self.efficiency is not None:
            return (hub.grid.hours * KWH_PER_MWH / self.efficiency) * making
        return hub.grid.hours * (on_curve(block, hub, self.curve, making, on) if self.power else making)

    def _starts(self, block: Block, hub: Hub, modes: Modes, opening: Opening) -> None:
        """Count and price the starts, and keep the least times, those of the day before too."""
        on, hours = modes.on, hub.grid.hours
        if self.start_cost or self.min_up_h:
            start = hub.var(block, "start", 0.0, 1.0)
            hub.rows(block, "begins", start - on + on.before(float(opening.on)) >= 0.0)
            hub.cost("starts", "start", self.start_cost)
        if self.min_up_h:
            least_run(block, hub, "least_up", start, on, self.min_up_h)
            if opening.on and opening.since_h is not None:
                go_on([on], 1.0, self.min_up_h - opening.since_h, hours)
        if self.min_down_h:
            stop = hub.var(block, "stop", 0.0, 1.0)
            hub.rows(block, "ends", stop + modes.live - modes.live_before >= 0.0)
            least_run(block, hub, "least_down", stop, 1.0 - modes.live, self.min_down_h)
            if not opening.live and opening.since_h is not None:
                flags = [on, *(flag for flag in (modes.standby, modes.cold) if flag is not None)]
                go_on(flags, 0.0, self.min_down_h - opening.since_h, hours)

    def _ramps(self, block: Block, hub: Hub, rise: Sum, on: Vars, opening: Opening) -> None:
        """Limit the change from step to step, the first from the state; a start or stop may reach least load."""
        step = (self.ramp or 0.0) * self.power * hub.grid.hours
        first = max(step, self.min_load * self.power)
        steps = list(hub.steps) if opening.known else list(hub.steps)[1:]
        hub.rows(block, "ramp_up", (rise + (first - step) * on.before(float(opening.on))).at(steps) <= first, steps)
        hub.rows(block, "ramp_down", ((first - step) * on - rise).at(steps) <= first, steps)

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Run on, or go on standing, as the state says; run where nothing is known."""
        del series, grid
        return {"on": 0.0 if state.on is False else 1.0}

    def flows(self) -> Mapping[str, Role]:
        """Consume, and give hydrogen to its bus."""
        return {"power_mw": Role.DEMAND} | ({OUT: Role.MADE} if self.hydrogen_bus is not None else {})

    def bus_of(self, key: str) -> str:
        """Return the bus of power, or of hydrogen."""
        return self.hydrogen_bus if key == OUT and self.hydrogen_bus is not None else self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at a bus of power, and at one of hydrogen where it is named."""
        own: dict[str, Carrier] = {self.bus: "power"}
        return own if self.hydrogen_bus is None else own | {self.hydrogen_bus: "hydrogen"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check modes, loads, least times, ramps, and hydrogen and tank from the power alone."""
        own, hours, zeros = case.own, case.grid.hours, np.zeros(case.grid.n)
        on, standby, warming = own["on"], own.get("standby", zeros), own.get("warming", zeros)
        for name, flags in (("on", on), ("standby", standby), ("warming", warming)):
            yield bool(np.isin(flags, (0.0, 1.0)).all()), f"{case.name}.{name} is neither 0 nor 1"
        yield bool(np.max(on + standby + warming) <= 1.0), f"{case.name} is in two modes at once"
        idle = ((self.standby_power or 0.0) * standby + self.start_power * warming) * self.power
        yield case.within("power_mw", self.min_load * self.power * on + idle, self.power * on + idle)
        making = (own["power_mw"] - idle) * on
        yield from self._modes_hold(case, making)
        made = self._made_kg_per_h(making) * on * hours
        off = float(np.max(np.abs(made - own["hydrogen_kg"])))
        yield off <= hours * 1e-2, f"{case.name}.hydrogen_kg misses its power by {off:.3g} kg"
        out = own.get(OUT, zeros)
        if OUT in own:
            yield case.within(OUT, 0.0, np.inf)
        yield from self.tank_audit(case, made - out * hours)

    def _made_kg_per_h(self, making_mw: FloatArray) -> FloatArray:
        """Interpolate between the file's points; from the origin to the first of them on a line."""
        if self.efficiency is not None:
            return making_mw * KWH_PER_MWH / self.efficiency
        loads = np.asarray([0.0, *(point.load for point in self.part_load)]) * self.power
        made = [0.0, *(point.load * self.power / point.efficiency * KWH_PER_MWH for point in self.part_load)]
        return np.asarray(np.interp(making_mw, loads, made), dtype=float)

    def _modes_hold(self, case: Case, making: FloatArray) -> Iterator[Finding]:
        modes, before, hours = modes_of(case.own), opening_mode(case.state), case.grid.hours
        since, warmed = case.state.since_h, case.state.warming_h
        yield warm_ups_hold(case.name, modes, before, warmed, self.start_h, hours)
        yield from times_hold(case.name, modes, before, since, (self.min_up_h, self.min_down_h), hours)
        if self.ramp is not None:
            known = case.state.on is not None and case.state.power_mw is not None
            opening = (case.state.power_mw or 0.0) if case.state.on else 0.0
            step = self.ramp * self.power * hours
            edge = max(step, self.min_load * self.power)
            last = (opening, before == ON) if known else None
            yield changes_hold(case.name, (making, modes == ON), last, step, edge)

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the starts, cold ones dearer, and what is unmet."""
        modes = np.concatenate([[opening_mode(case.state)], modes_of(case.own)])
        hot, cold = np.diff(modes == ON, prepend=False)[1:] & (modes[1:] == ON), (modes[:-1] == 0) & (modes[1:] > 0)
        yield "starts", self.start_cost * float(np.sum(hot)) + self.cold_start_cost * float(np.sum(cold))
        yield from self.owes_unmet(case)

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power, modes, hydrogen made, given and delivered, and the tank's level at each step's end."""
        del name
        on, made = np.round(values["on"]), {"power_mw": values["power_mw"]}
        idle, made["on"] = np.zeros(grid.n), on
        if self.standby_power is not None:
            made["standby"] = np.round(values["standby"])
            idle = idle + self.standby_power * self.power * made["standby"]
        if self.start_h:
            made["warming"] = np.round(values["warming"])
            idle = idle + self.start_power * self.power * made["warming"]
        made["hydrogen_kg"] = self._report_kg_per_h(values["power_mw"] - idle, on) * grid.hours
        if self.hydrogen_bus is not None:
            made[OUT] = values[OUT]
        return made | self.tank_report(values, series, grid)

    def _report_kg_per_h(self, making_mw: FloatArray, on: FloatArray) -> FloatArray:
        if self.efficiency is not None:
            return making_mw * KWH_PER_MWH / self.efficiency
        return self.curve.at(making_mw) * on if self.power else 0.0 * on

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the tank, the mode and since when, and the power."""
        del series
        modes, was = modes_of(now), opening_mode(before)
        run = int(np.argmax(np.append(modes[::-1] != modes[-1], True)))
        since: float | None = run * grid.hours
        if run == grid.n and was == modes[-1]:
            since = None if before.since_h is None else before.since_h + run * grid.hours
        changes = {
            "tank_kg": max(0.0, float(now[self.tank_key][-1])),
            "on": bool(modes[-1] == ON),
            "standby": bool(now["standby"][-1] > 0) if "standby" in now else None,
            "power_mw": max(0.0, float(now["power_mw"][-1])),
            "since_h": since,
            "warming_h": self._warmed(before, now, run, grid),
        }
        return AssetState(**{**dict(before), **changes})

    def _warmed(self, before: AssetState, now: Values, run: int, grid: TimeGrid) -> float | None:
        if not now.get("warming", np.zeros(1))[-1]:
            return None
        return run * grid.hours + ((before.warming_h or 0.0) if run == grid.n else 0.0)
