"""A load that may move or shrink within windows of the local day.

``share[t]`` is the part of step t, by minutes, that lies inside any of the windows; h is the step in hours.

energy
    ``min_power share[t] <= power[t] <= max_power share[t]``, and ``sum_{t in day} h power[t] = energy`` for each day
block
    ``sum_{s in day} start[s] = 1`` for each day, and ``power[t] = P sum_{t-k < s <= t} start[s] <= P`` with
    ``k = duration_h / h`` steps; ``start`` is binary and exists where a run of k steps lies wholly in one window
curtailable
    ``power[t] + shed[t] = P share[t]``, ``shed[t] <= curtail_share P share[t]``, and
    ``sum_{t in day} h shed[t] <= curtail_energy`` for each day

``min_power`` and ``P`` (curtailable) are variables, held by a row: an explanation can lower them in all steps at once.
A day is a local calendar day. The horizon ends with one; where it begins within one (a day planned anew), the state
says what that day has had, and a run that has started goes on. A window past midnight (22-2) gives each day its
two parts (0-2 and 22-24) for energy and shedding. A run of a block belongs to the day in which it starts: it may go on
past midnight where the horizon does, is cut by the horizon's start and end, and two runs never overlap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch, WrongValue
from parkopt.models.algebra import Number, Relation
from parkopt.models.base import (
    ENERGY_MWH,
    POWER_MW,
    Block,
    Case,
    Finding,
    Hub,
    Role,
    Series,
    Technology,
    Values,
    Vars,
    linear,
)
from parkopt.models.local_days import day_of, days_of, inside_by_day, opened, sums_by_day
from parkopt.park.hours import DAY_MIN, Window, minutes, share_inside
from parkopt.park.state import AssetState
from parkopt.units import Megawatt, MegawattHour, PriceNotNegative, Ratio

NEEDED = {
    "energy": ("energy", "max_power"),
    "block": ("power", "duration_h"),
    "curtailable": ("power", "curtail_share", "curtail_price"),
}
OPTIONAL = {"energy": ("min_power",), "block": (), "curtailable": ("curtail_energy",)}
FIELDS = tuple(dict.fromkeys(name for own in (NEEDED, OPTIONAL) for names in own.values() for name in names))
WHOLE_DAYS = Text("whole local days, or the state of the first", "完整的本地日，或首日的状态")
WHOLE = 1e-9
"""How far a duration may miss a whole number of steps."""


class FlexibleLoad(Technology):
    """A load that is moved within windows, run in one block, or shed in part at a price."""

    kind: Literal["flexible_load"] = "flexible_load"
    """Flexible load."""
    title: ClassVar[dict[str, str]] = {"en": "flexible load", "zh": "可调负荷"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {"shed_mw": ("MW", "shed load", "削减负荷")}
    enterprise: str
    """Whose consumption it is."""
    form: Literal["energy", "block", "curtailable"]
    """An energy a day at will, one run a day without a break, or a demand that may be shed in part."""
    windows: list[Window] = Field(min_length=1)
    """When it consumes, local time, such as `["8-12", "22-2"]`."""
    energy: MegawattHour | None = None
    """Energy to be consumed each day (energy)."""
    min_power: Megawatt = 0.0
    """Least power in the windows (energy)."""
    max_power: Megawatt | None = None
    """Largest power in the windows (energy)."""
    power: Megawatt | None = None
    """Power of the run (block), or the demand before shedding (curtailable)."""
    duration_h: float | None = Field(default=None, gt=0, le=24, strict=True)
    """Length of the run in hours, a whole number of steps (block)."""
    curtail_share: Ratio | None = None
    """Share of the demand that may be shed in each step (curtailable)."""
    curtail_price: PriceNotNegative = 0.0
    """Cost per MWh shed (curtailable)."""
    curtail_energy: MegawattHour | None = None
    """Most that may be shed in a day; no limit where absent (curtailable)."""

    @model_validator(mode="after")
    def _whole(self) -> FlexibleLoad:
        needed = NEEDED[self.form]
        foreign = [name for name in FIELDS if name not in (*needed, *OPTIONAL[self.form])]
        given = [name for name in foreign if getattr(self, name) != type(self).model_fields[name].default]
        missing = [name for name in needed if name not in self.model_fields_set or getattr(self, name) is None]
        if given or missing:
            facts = {"form": self.form, "wanted": ", ".join(needed), "other": ", ".join(foreign)}
            raise PydanticCustomError("form", "{form} needs {wanted} and not {other}", facts)
        if self.max_power is not None and self.min_power > self.max_power:
            names = {"low": "min_power", "high": "max_power"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", names)
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def most_mw(self, grid: TimeGrid) -> FloatArray:
        """Return the largest power of each step, shape (n,): 0 outside the windows."""
        return (self.max_power or self.power or 0.0) * share_inside(grid, self.windows)

    def fits(self, grid: TimeGrid, first: int, steps: int) -> bool:
        """Return whether a run of `steps` from the step `first` lies in the horizon and wholly in one window."""
        step = int(grid.step.total_seconds() // 60)
        begin = int(grid.local[first].hour) * 60 + int(grid.local[first].minute)
        spans = [(parts[0][0], sum(high - low for low, high in parts)) for parts in map(minutes, self.windows)]
        inside = any((begin - opens) % DAY_MIN + steps * step <= length for opens, length in spans)
        return inside and first + steps <= grid.n

    def build(self, block: Block, hub: Hub) -> None:
        """Declare the power and what its form asks for.

        Raises
        ------
        GridMismatch
            Where the horizon holds a part of a day only.
        WrongValue
            Where a run is no whole number of steps, or fits nowhere.
        """
        self._require_days(hub)
        power = hub.var(block, "power_mw", 0.0, self.most_mw(hub.grid))
        hub.draw(Role.DEMAND, power)
        {"energy": self._energy, "block": self._block, "curtailable": self._curtailable}[self.form](block, hub, power)

    def _require_days(self, hub: Hub) -> None:
        """Raise unless the horizon ends with a day, and begins with one or with what the state says of it."""
        first, end = hub.grid.local[0], hub.grid.end.astimezone(hub.grid.zone)
        within = bool(first.hour or first.minute) and hub.state.of(hub.name).served_on != f"{first:%Y-%m-%d}"
        if within or end.hour or end.minute:
            raise GridMismatch(Where(field=f"assets.{hub.name}"), name=hub.name, got=hub.grid, expected=WHOLE_DAYS)

    def _energy(self, block: Block, hub: Hub, power: Vars) -> None:
        """Give each day its energy, at least `min_power` in the windows."""
        share, hours = share_inside(hub.grid, self.windows), hub.grid.hours
        days, energy = inside_by_day(share, hub.grid), self.energy or 0.0
        had = opened(hub.state.of(hub.name), hub.grid).served_mwh
        due = {t: energy - (had if day_of(hub.grid)[t] == 0 else 0.0) for t in days}
        rows = hub.rows(block, "energy", lambda t: linear((hours, power[i]) for i in days[t]) == due[t], list(days))
        says = Text(f"the daily energy of {hub.name}", f"{hub.name} 的日用电量")
        hub.promise("energy", "MWh", rows, says, sign=1.0, value=self.energy if len(days) == 1 else None)
        if self.min_power:
            says = Text(f"the least power of {hub.name}", f"{hub.name} 的最小功率")
            least = _level(block, hub, "min_power", self.min_power, says)
            steps = np.flatnonzero(share).tolist()
            hub.rows(block, "least", lambda t: linear([(1.0, power[t]), (-float(share[t]), least)]) >= 0.0, steps)

    def _block(self, block: Block, hub: Hub, power: Vars) -> None:
        """Start once a day where a run fits."""
        steps, hours, mw = self._run_steps(hub), self.duration_h or 0.0, self.power or 0.0
        state, today = opened(hub.state.of(hub.name), hub.grid), day_of(hub.grid) == 0
        left = round(hub.state.of(hub.name).run_left_h / hub.grid.hours)
        barred = {t for t in hub.steps if t < left or (state.ran and today[t])}
        able = {t for t in hub.steps if t not in barred and self.fits(hub.grid, t, steps)}
        begins = sorted(able)
        column = hub.cols(block, "start", begins, 0.0, 1.0, integer=True)
        start = {step: column[place] for place, step in enumerate(begins)}

        def runs(t: int) -> Relation:
            begun = [(-mw, start[s]) for s in range(t - steps + 1, t + 1) if s in able]
            return linear([(1.0, power[t]), *begun]) == (mw if t < left else 0.0)

        hub.rows(block, "runs", runs, np.flatnonzero(self.most_mw(hub.grid)).tolist())
        days = [[t for t in day if t in able] for day in days_of(hub.grid)[1 if state.ran else 0 :]]
        if not all(days):
            reason = Text(f"no run of {hours:g} h fits on some day", f"有一天容不下 {hours:g} h 的运行")
            raise WrongValue(Where(field=f"assets.{hub.name}.windows"), value=self.windows, reason=reason)
        first = {day[0]: day for day in days}
        rows = hub.rows(block, "once", lambda t: linear((hours, start[s]) for s in first[t]) == hours, list(first))
        says = Text(f"the daily run of {hub.name}", f"{hub.name} 的每日运行")
        hub.promise("duration_h", "h", rows, says, sign=1.0, value=hours if len(days) == 1 else None)

    def _run_steps(self, hub: Hub) -> int:
        hours, steps = self.duration_h or 0.0, (self.duration_h or 0.0) / hub.grid.hours
        if abs(steps - round(steps)) > WHOLE or round(steps) < 1:
            step = f"{hub.grid.hours * 60:g} min"
            reason = Text(f"a run must be a whole number of steps of {step}", f"运行时长须为 {step} 步长的整数倍")
            raise WrongValue(Where(field=f"assets.{hub.name}.duration_h"), value=hours, reason=reason)
        return round(steps)

    def _curtailable(self, block: Block, hub: Hub, power: Vars) -> None:
        """Serve the demand but for what is shed at its price."""
        share, hours = share_inside(hub.grid, self.windows), hub.grid.hours
        shed = hub.var(block, "shed_mw", 0.0, (self.curtail_share or 0.0) * self.most_mw(hub.grid))
        hub.cost("shedding", "shed_mw", self.curtail_price * hours)
        says = Text(f"the demand of {hub.name}", f"{hub.name} 的用电")
        demand = _level(block, hub, "power", self.power or 0.0, says, weight=10.0)
        part, steps, shedding = share.tolist(), np.flatnonzero(share).tolist(), self.curtail_share or 0.0
        hub.rows(block, "served", lambda t: linear([(1, power[t]), (1, shed[t]), (-part[t], demand)]) == 0.0, steps)
        hub.rows(block, "may_shed", lambda t: linear([(1, shed[t]), (-shedding * part[t], demand)]) <= 0.0, steps)
        if self.curtail_energy is not None:
            days, limit = inside_by_day(share, hub.grid), self.curtail_energy
            had = opened(hub.state.of(hub.name), hub.grid).shed_mwh
            most = {t: limit - (had if day_of(hub.grid)[t] == 0 else 0.0) for t in days}
            rows = hub.rows(
                block, "day_shed", lambda t: linear((hours, shed[i]) for i in days[t]) <= most[t], list(days)
            )
            says = Text(f"the most that {hub.name} may shed", f"{hub.name} 的日削减上限")
            hub.promise("curtail_energy", "MWh", rows, says, raised=True, value=limit)

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Consume a day's energy evenly over its windows, and shed nothing; a run begins where it costs least."""
        del series
        if self.form == "block":
            return {}
        if self.form == "curtailable":
            return {"shed_mw": 0.0}
        share, due = share_inside(grid, self.windows), np.full(len(days_of(grid)), self.energy or 0.0)
        due[0] -= opened(state, grid).served_mwh
        open_h = sums_by_day(share, grid) * grid.hours
        even = np.divide(due, open_h, out=np.zeros(len(due)), where=open_h > 0.0)
        return {"power_mw": share * even[day_of(grid)]}

    def flows(self) -> Mapping[str, Role]:
        """Consume."""
        return {"power_mw": Role.DEMAND}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check windows and limits, and the energies, runs or shedding of each day."""
        share, power = share_inside(case.grid, self.windows), case.own["power_mw"]
        yield case.within("power_mw", self.min_power * share, self.most_mw(case.grid))
        if self.form == "energy":
            due = np.full(len(days_of(case.grid)), self.energy)
            due[0] -= opened(case.state, case.grid).served_mwh
            off = float(np.max(np.abs(sums_by_day(power, case.grid) * case.grid.hours - due)))
            yield off <= ENERGY_MWH, f"{case.name} misses its daily energy by {off:.3g} MWh"
        elif self.form == "block":
            yield from self._runs_hold(case)
        else:
            yield from self._shedding_holds(case, (self.power or 0.0) * share)

    def _runs_hold(self, case: Case) -> Iterator[Finding]:
        """Read the runs from the power: each of full length and power in a window, one starting each day."""
        mw, starts, t = self.power or 0.0, np.zeros(case.grid.n), round(case.state.run_left_h / case.grid.hours)
        steps, power = round((self.duration_h or 0.0) / case.grid.hours), case.own["power_mw"]
        yield bool(np.all(np.abs(power[:t] - mw) <= POWER_MW)), f"{case.name} breaks the run that had started"
        while t < case.grid.n:
            if power[t] > POWER_MW:
                whole = bool(np.all(np.abs(power[t : t + steps] - mw) <= POWER_MW))
                yield whole and self.fits(case.grid, t, steps), f"{case.name} breaks its run of {case.grid.label(t)}"
                starts[t] = 1.0
            t += steps if starts[t] else 1
        wanted = np.ones(len(days_of(case.grid)))
        wanted[0] -= opened(case.state, case.grid).ran
        once = bool(np.all(sums_by_day(starts, case.grid) == wanted)) or mw <= POWER_MW
        yield once, f"{case.name} does not start once a day"

    def _shedding_holds(self, case: Case, demand: FloatArray) -> Iterator[Finding]:
        yield case.within("shed_mw", 0.0, (self.curtail_share or 0.0) * demand)
        off = float(np.max(np.abs(case.own["power_mw"] + case.own["shed_mw"] - demand)))
        yield off <= POWER_MW, f"{case.name} misses its demand by {off:.3g} MW"
        if self.curtail_energy is not None:
            shed = sums_by_day(case.own["shed_mw"], case.grid) * case.grid.hours
            shed[0] += opened(case.state, case.grid).shed_mwh
            over = float(np.max(shed)) - self.curtail_energy
            yield over <= ENERGY_MWH, f"{case.name} sheds {over:.3g} MWh more than a day allows"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the shedding."""
        if self.form == "curtailable":
            yield "shedding", self.curtail_price * math.fsum(case.own["shed_mw"]) * case.grid.hours

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the power, and what is shed where it may be."""
        del name, series, grid
        return {key: values[key] for key in ("power_mw", "shed_mw") if key in values}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over what the last local day has had; nothing once it is over and no run goes on."""
        del series
        last, had = days_of(grid)[-1], opened(before, grid) if len(days_of(grid)) == 1 else AssetState()
        served = had.served_mwh + float(np.sum(now["power_mw"][last])) * grid.hours
        shed = had.shed_mwh + float(np.sum(now["shed_mw"][last])) * grid.hours if "shed_mw" in now else 0.0
        ran, left = (had.ran, 0.0) if self.form != "block" else self._run_after(now["power_mw"], before, grid, last)
        end = grid.end.astimezone(grid.zone)
        if not left and not end.hour and not end.minute:
            return AssetState()
        day = f"{grid.local[last[0]]:%Y-%m-%d}"
        return AssetState(served_on=day, served_mwh=max(served, 0.0), shed_mwh=max(shed, 0.0), ran=ran, run_left_h=left)

    def _run_after(self, power: FloatArray, before: AssetState, grid: TimeGrid, last: list[int]) -> tuple[bool, float]:
        """Return whether the last day's run has started, and how long the latest run goes on, in hours."""
        steps, t = round((self.duration_h or 0.0) / grid.hours), round(before.run_left_h / grid.hours)
        ran = len(days_of(grid)) == 1 and opened(before, grid).ran
        while t < grid.n:
            begins = power[t] > POWER_MW
            ran = ran or bool(begins and t >= last[0])
            t += steps if begins else 1
        return ran, (t - grid.n) * grid.hours


def _level(block: Block, hub: Hub, name: str, mw: float, says: Text, **more: Any) -> int:
    """Return a variable that a row holds at `mw`: a promise that gives way in all steps alike."""
    level = hub.one(block, f"{name}_level_mw", 0.0, mw)[0]
    row = hub.row(block, f"{name}_kept", linear([(1.0, level)]) >= mw)
    hub.promise(name, "MW", row, says, value=mw, **more)
    return level
