"""What generator and CHP share: a unit that runs or stands, with loads, ramps, least times, fuel and its carbon.

``fuel[t] = f(load[t]) on[t]``, where f is linear between the corners ``(load, load / efficiency)`` of the part-load
curve; energies of fuel by the lower heating value. The rows of running are those of `parkopt.models.commitment`,
those of a curve with corners those of `parkopt.models.piecewise`: binaries only where the curve is not convex.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models import commitment
from parkopt.models.algebra import Number, Vars
from parkopt.models.base import ENERGY_MWH, Block, Case, Finding, Hub, Role, Series, Technology, Values
from parkopt.models.commitment import Band, Before, Switching
from parkopt.models.heat import MEANINGS
from parkopt.models.piecewise import OPPOSITES, Curve, on_curve
from parkopt.models.run_check import runs_hold, switches
from parkopt.park.base import Part
from parkopt.park.state import AssetState
from parkopt.units import (
    Efficiency,
    KilogramPerMegawattHour,
    MegawattHour,
    PerHour,
    PriceNotNegative,
    Quantity,
    Ratio,
    Yuan,
    YuanPerMegawattHour,
)

Hours = Annotated[float, Field(ge=0, le=8760, strict=True)]
MegawattAboveNone = Annotated[float, Quantity("MW", 1e-3)]
YuanPerHour = Annotated[float, Quantity("yuan/h")]
NO_LIMIT = math.inf
CARBON_KG = 0.1
"""How far the check lets the carbon of a step miss its fuel."""
DAY_MIN = 1440


class LoadPoint(Part):
    """A point of a part-load curve."""

    load: Ratio
    """Load as a share of `power`."""
    efficiency: Efficiency
    """Power per fuel at that load."""


class FuelUnit(Technology):
    """A unit with fuel; a subclass says what its load is and where it goes."""

    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "fuel_mwh": MEANINGS["fuel_mwh"],
        "fuel_carbon_kg": MEANINGS["fuel_carbon_kg"],
        "starts": ("1", "whether the unit starts in the step", "时段内是否启动"),
    }
    power: MegawattAboveNone
    """Rated power."""
    min_load: Ratio = 0.3
    """Lowest load while it runs, as a share of `power`."""
    min_up_h: Hours = 0.0
    """Least hours from a start to the next stop."""
    min_down_h: Hours = 0.0
    """Least hours from a stop to the next start."""
    start_cost: Yuan = 0.0
    """Cost of a start, a hot one where `cold_start_cost` is given."""
    cold_start_cost: Yuan | None = None
    """Cost of a start after more than `cold_after_h` hours of standing."""
    cold_after_h: Hours | None = None
    """Hours of standing up to which a start is hot."""
    stop_cost: Yuan = 0.0
    """Cost of a stop."""
    running_cost: YuanPerHour = 0.0
    """Cost of each hour in which it runs, beside its fuel."""
    om: YuanPerMegawattHour = 0.0
    """Variable operating cost per MWh of power."""
    ramp_up: PerHour | None = None
    """Largest rise of load in an hour as a share of `power`, while it runs on; free where absent."""
    ramp_down: PerHour | None = None
    """Largest fall of load in an hour as a share of `power`, while it runs on; free where absent."""
    start_ramp: PerHour | None = None
    """Load that the step of a start may reach, in an hour, as a share of `power`; as `ramp_up` where absent.

    At least `min_load` in any case.
    """
    stop_ramp: PerHour | None = None
    """Load from which a unit may stop, in an hour, as a share of `power`; as `ramp_down` where absent."""
    efficiency: Efficiency | None = None
    """Power per fuel at any load."""
    part_load: list[LoadPoint] | None = None
    """Power per fuel by load, loads rising from `min_load` or below to 1; fuel is linear between them."""
    fuel_price: PriceNotNegative
    """Price per MWh of fuel."""
    fuel_carbon: KilogramPerMegawattHour = 0.0
    """CO2 per MWh of fuel, such as 202 kg/MWh of natural gas; 0 for biogas."""
    fuel_limit: MegawattHour | None = None
    """Most fuel in a local day; no limit where absent."""
    initially_on: bool = False
    """Whether it runs before the first step, where no state is handed over."""
    initially_since_h: Hours | None = None
    """For how many hours it has run or stood by then; for long where absent."""

    @model_validator(mode="after")
    def _whole(self) -> FuelUnit:
        if (self.efficiency is None) == (self.part_load is None):
            names = {"names": "efficiency, part_load"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        self._points_rise([point.load for point in self.part_load or ()])
        given, other = self.cold_start_cost is not None, self.cold_after_h is not None
        if given != other:
            name, wanted = ("cold_start_cost", "cold_after_h") if given else ("cold_after_h", "cold_start_cost")
            raise PydanticCustomError("needs", "{name} needs {wanted}", {"name": name, "wanted": wanted})
        if self.cold_start_cost is not None and self.cold_start_cost < self.start_cost:
            names = {"low": "start_cost", "high": "cold_start_cost"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", names)
        return self

    def _points_rise(self, loads: list[float]) -> None:
        if self.part_load is None:
            return
        if not loads or loads[-1] != 1.0:
            raise PydanticCustomError("needs", "{name} needs {wanted}", {"name": "part_load", "wanted": "load: 1"})
        if any(b <= a for a, b in pairwise(loads)):
            raise PydanticCustomError("rising", "{name} must rise from row to row", {"name": "part_load.load"})
        if loads[0] > self.min_load:
            names = {"low": "part_load[0].load", "high": "min_load"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", names)

    @property
    def curve(self) -> Curve | None:
        """Fuel in MW by load in MW from least to rated load; None where those are the same."""
        points = [(point.load, point.efficiency) for point in self.part_load or ()] or [(1.0, self.efficiency or 1.0)]
        x, y = [load * self.power for load, _ in points], [load * self.power / eta for load, eta in points]
        if self.min_load * self.power >= x[-1]:
            return None
        whole = Curve((0.0, *x), (0.0, *y)) if x[0] > 0.0 else Curve(tuple(x), tuple(y))
        return whole.cut(self.min_load * self.power)

    @property
    def opposites(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override] # by the curve of this unit
        """What the solver's side looks for: a convex curve with corners must be filled in order."""
        bent = self.curve.bent() if self.part_load and self.curve else None
        return OPPOSITES if bent and len(bent.x) > 2 and bent.ordered("less") else ()  # noqa: PLR2004 - two ends

    def band(self, step_h: float) -> Band:
        """Return the loads that it may have, and their changes in a step."""
        low, high = self.min_load * self.power, self.power
        up, down = (NO_LIMIT if ramp is None else ramp * high * step_h for ramp in (self.ramp_up, self.ramp_down))
        first = up if self.start_ramp is None else self.start_ramp * high * step_h
        last = down if self.stop_ramp is None else self.stop_ramp * high * step_h
        return Band(low, high, min(max(first, low), high), min(max(last, low), high), up, down)

    def before(self, name: str, state: AssetState) -> Before:
        """Return what it did before the first step: from the state, else as the file says.

        Raises
        ------
        WrongState
            Where the state's load is not one that it may have.
        """
        since = NO_LIMIT if self.initially_since_h is None else self.initially_since_h
        unless = Before(self.initially_on, since, None if self.initially_on else 0.0)
        return commitment.before(name, state, self.min_load * self.power, self.power, unless)

    def commit(self, block: Block, hub: Hub, load: Vars) -> Switching:
        """Declare running, starts and stops with their costs, and hold the load to them."""
        was, band = self.before(hub.name, hub.state.of(hub.name)), self.band(hub.grid.hours)
        unit = commitment.add_switching(block, hub, was)
        commitment.add_least_times(block, hub, unit, was, self.min_up_h, self.min_down_h)
        commitment.add_band(block, hub, unit, load, was, band, self.min_up_h)
        commitment.add_ramps(block, hub, unit, load, was, band)
        if self.start_cost:
            hub.cost("starts", "start", self.start_cost)
        if self.cold_start_cost is not None and self.cold_start_cost > self.start_cost:
            commitment.add_cold(block, hub, unit, was, self.min_down_h, self.cold_after_h or 0.0)
            hub.cost("starts", "cold", self.cold_start_cost - self.start_cost)
        if self.stop_cost:
            hub.cost("stops", "stop", self.stop_cost)
        if self.running_cost:
            hub.cost("unit_running", "on", self.running_cost * hub.grid.hours)
        return unit

    def burn(self, block: Block, hub: Hub, load: Vars, on: Vars) -> None:
        """Declare the fuel, what it costs and emits, and hold its daily limit."""
        fuel, curve = hub.var(block, "fuel_mw"), self.curve
        eta = self.part_load[-1].efficiency if self.part_load else self.efficiency or 1.0
        burnt = on * (self.power / eta) if curve is None else on_curve(block, hub, curve, load, on, "less")
        hub.rows(block, "fuel", fuel - burnt == 0.0)
        if self.fuel_price:
            hub.cost("fuel", "fuel_mw", self.fuel_price * hub.grid.hours)
        if self.fuel_carbon:
            hub.emit(fuel, self.fuel_carbon)
        if self.fuel_limit is not None:
            self._limit(block, hub, fuel, self.fuel_limit)

    def _limit(self, block: Block, hub: Hub, fuel: Vars, limit: float) -> None:
        """Hold the fuel of each local day, with what the first has burnt before the horizon."""
        days = _days(hub.grid)
        left = np.full(int(days[-1]) + 1, limit)
        left[0] -= self.burnt_before_mwh(hub.name, hub.state.of(hub.name), hub.grid)
        used = (hub.grid.hours * fuel).by(days, len(left))
        rows = hub.rows(block, "fuel_limit", used <= left)
        says = Text(f"the daily fuel limit of {hub.name}", f"{hub.name} 的日燃料上限")
        hub.promise("fuel_limit", "MWh", rows, says, raised=True, value=limit)

    def burnt_before_mwh(self, name: str, state: AssetState, grid: TimeGrid) -> float:
        """Return the fuel that the first local day has burnt before the horizon.

        Raises
        ------
        WrongState
            Where that is more than the day's limit.
        """
        used = state.fuel_mwh if state.fuel_day == f"{grid.local[0]:%Y-%m-%d}" else 0.0
        limit = NO_LIMIT if self.fuel_limit is None else self.fuel_limit
        if used > limit + ENERGY_MWH:
            where = Where(field=f"assets.{name}.fuel_mwh")
            raise WrongState(where, name="fuel_mwh", value=f"{used} MWh", low="0 MWh", high=f"{limit} MWh")
        return min(used, limit)

    def load_mw(self, own: Values) -> FloatArray:
        """Return the load from the reported variables, shape (n,)."""
        return own["supply_mw"]

    def flows(self) -> Mapping[str, Role]:
        """Give power from fuel."""
        return {"supply_mw": Role.FUEL}

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Run on, or go on standing, where a state says which; without one, as the costs say."""
        del series, grid
        return {} if state.on is None else {"on": float(state.on)}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check running, loads, ramps, and the fuel, its carbon and its limit from the load alone."""
        load = self.load_mw(case.own)
        yield from runs_hold(self, case, load)
        fuel, hours = case.own["fuel_mwh"], case.grid.hours
        off = float(np.max(np.abs(fuel - self._fuel_of(load, case.own["on"]) * hours)))
        yield off <= ENERGY_MWH, f"{case.name}.fuel_mwh misses its load's by {off:.3g} MWh"
        yield from self._carbon_holds(case)
        if self.fuel_limit is not None:
            stamps = np.asarray([stamp.date().isoformat() for stamp in case.grid.local])
            by_day = {day: math.fsum(fuel[stamps == day]) for day in sorted(set(stamps))}
            if case.state.fuel_day in by_day:
                by_day[case.state.fuel_day] += case.state.fuel_mwh
            over = max(by_day.values()) - self.fuel_limit
            yield over <= ENERGY_MWH, f"{case.name} burns {over:.3g} MWh more than a day allows"

    def _fuel_of(self, load_mw: FloatArray, on: FloatArray) -> FloatArray:
        """Return the fuel in MW by interpolation between the points that the file gives, shape (n,)."""
        if self.efficiency is not None:
            return on * load_mw / self.efficiency
        shares = [point.load for point in self.part_load or ()]
        burnt = [point.load / point.efficiency for point in self.part_load or ()]
        made: FloatArray = on * self.power * np.interp(load_mw / self.power, shares, burnt)
        return made

    def _carbon_holds(self, case: Case) -> Iterator[Finding]:
        off = float(np.max(np.abs(case.own["fuel_mwh"] * self.fuel_carbon - case.own["fuel_carbon_kg"])))
        yield off <= CARBON_KG, f"{case.name}.fuel_carbon_kg misses its fuel by {off:.3g} kg"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield fuel, starts hot and cold, stops, hours of running and operation."""
        own, hours = case.own, case.grid.hours
        yield "fuel", self.fuel_price * math.fsum(own["fuel_mwh"])
        yield "unit_om", self.om * math.fsum(own["supply_mw"]) * hours
        yield "unit_running", self.running_cost * math.fsum(own["on"]) * hours
        hot, cold, stops = switches(self, case, self.cold_after_h)
        yield "starts", self.start_cost * hot + (self.cold_start_cost or 0.0) * cold
        yield "stops", self.stop_cost * stops

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power, running, starts, and the fuel with its carbon."""
        del name, series
        burnt = values["fuel_mw"] * grid.hours
        return {
            "supply_mw": values["supply_mw"],
            "on": np.round(values["on"]),
            "starts": np.round(values["start"]),
            "fuel_mwh": burnt,
            "fuel_carbon_kg": burnt * self.fuel_carbon,
        }

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over running and since when, the last load, and the fuel of a day that is not over."""
        del series
        on, since = commitment.after(self.before("", before), now["on"], grid.hours)
        low, high = (self.min_load * self.power, self.power) if on else (0.0, 0.0)
        load = min(max(float(self.load_mw(now)[-1]), low), high)
        changes: dict[str, object] = {"on": on, "since_h": since, "power_mw": load}
        if self.fuel_limit is not None:
            days = _days(grid)
            used = float(np.sum(now["fuel_mwh"][days == days[-1]]))
            used += self.burnt_before_mwh("", before, grid) if days[-1] == 0 else 0.0
            changes |= {"fuel_day": f"{grid.local[-1]:%Y-%m-%d}", "fuel_mwh": max(0.0, used)}
        return AssetState(**{**dict(before), **changes})


def _days(grid: TimeGrid) -> NDArray[np.int64]:
    """Return the local day of each step, the first being 0, shape (n,)."""
    begin, step = grid.local[0].hour * 60 + grid.local[0].minute, int(grid.step.total_seconds() // 60)
    return (begin + step * np.arange(grid.n)) // DAY_MIN
