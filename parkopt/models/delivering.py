"""A tank with a demand: what an electrolyser or a synthesis makes, keeps and delivers.

``tank[t] = tank[t-1] + made[t] - delivered[t] - given[t]``, with ``given`` what goes elsewhere (a bus, a sale), and
``delivered[t] = demand[t] - unmet[t]``; with `demand_timing` `by_day` the deliveries of a day add up to its demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.base import MAIN, Block, Case, Conditions, Finding, Hub, Rows, Series, Sum, Technology, Values
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.park.state import AssetState
from parkopt.units import Kilogram, KilogramPerDay, Ratio, YuanPerKilogram

DAY_H = 24.0
TOLERANCE_KG = 1e-3
TANK_KG = 0.1
"""How far the check lets a tank level miss its flows."""


def days_of(grid: TimeGrid) -> NDArray[np.int64]:
    """Return the local day of each step, counted from the first, shape (n,)."""
    days = grid.local.normalize()
    return np.asarray((days - days[0]).days, dtype=np.int64)


def require_hydrogen_bus(bus: str, hydrogen_bus: str) -> None:
    """Raise, as a pydantic validator may, where a hydrogen bus is a power bus too."""
    if hydrogen_bus in ("", MAIN, bus):
        name = {"name": repr(hydrogen_bus)}
        raise PydanticCustomError("hydrogen_bus", "{name} is no hydrogen bus: power flows there", name)


class Delivering(Technology):
    """Base of what makes a good, keeps it in a tank and owes a demand."""

    good: ClassVar[str] = "hydrogen"
    """First word of the reported variables."""
    good_zh: ClassVar[str] = "氢"
    """The good in Chinese, in explanations."""
    tank_key: ClassVar[str] = "tank_kg"
    """Name under which the level is reported."""
    tank: Kilogram = 0.0
    """Size of the tank."""
    tank_initial: Ratio = 0.5
    """Level at the start, where no state is handed over."""
    tank_final: Ratio = 0.5
    """Least level at the end."""
    demand: KilogramPerDay | None = None
    """What is to be delivered a day; see `demand_timing`."""
    demand_timing: Literal["even", "by_day"] = "even"
    """Whether the daily demand is delivered evenly or at any time of its day."""
    demand_by_hour: SeriesSpec | None = None
    """A measured or planned delivery (kg/h) in place of `demand`."""
    unmet_price: YuanPerKilogram | None = None
    """Price of what is not delivered; without it all of the demand is due."""

    @model_validator(mode="after")
    def _one_demand(self) -> Delivering:
        if self.demand is not None and self.demand_by_hour is not None:
            names = {"names": "demand, demand_by_hour"}
            raise PydanticCustomError("at_most_one", "at most one of {names} may be given", names)
        if self.demand_timing == "by_day" and self.demand is None:
            facts = {"name": "demand_timing: by_day", "wanted": "demand"}
            raise PydanticCustomError("needs", "{name} needs {wanted}", facts)
        return self

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the series of the demand."""
        if self.demand_by_hour is not None:
            yield ("demand_by_hour.file", self.demand_by_hour.file)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``<good>_demand_kg`` of each step; a demand by the day is spread over its steps."""
        if self.demand_by_hour is not None:
            read = read_series(self.demand_by_hour, at.folder, "kg/h")
            demand = on_grid(read, self.demand_by_hour, at.grid) * at.grid.hours
        else:
            demand = np.full(at.grid.n, (self.demand or 0.0) * at.grid.hours / DAY_H)
        return {f"{self.good}_demand_kg": demand}

    @property
    def owes_demand(self) -> bool:
        """Whether there is a demand at all."""
        return self.demand is not None or self.demand_by_hour is not None

    def opening_kg(self, name: str, state: AssetState) -> float:
        """Return what the tank holds at the start.

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

    def add_tank(self, block: Block, hub: Hub, gained: Sum) -> None:
        """Declare the level and the deliveries; `gained` is what is made less what is given, in kg of each step."""
        demand = hub.own[f"{self.good}_demand_kg"]
        opening = self.opening_kg(hub.name, hub.state.of(hub.name))
        tank = hub.var(block, "tank_kg", 0.0, self.tank)
        change = tank - gained - tank.before(opening)
        if self.demand_timing == "by_day":
            self._any_time(block, hub, change, demand)
        else:
            self._at_once(block, hub, change, demand)
        last = [hub.grid.n - 1]
        final = hub.rows(block, "tank_end", tank.at(last) >= self.tank_final * self.tank, last)
        says = Text(f"the final tank level of {hub.name}", f"{hub.name} 的期末储{self.good_zh}")
        hub.promise("tank_final", "kg", final, says, weight=0.01, value=self.tank_final, per_unit=self.tank)

    def _at_once(self, block: Block, hub: Hub, change: Sum, demand: FloatArray) -> None:
        """Deliver the demand of each step, less what is paid for as unmet."""
        if self.unmet_price is not None:
            change = change - hub.var(block, "unmet_kg", 0.0, demand)
            hub.cost(f"{self.good}_unmet", "unmet_kg", self.unmet_price)
        level = hub.rows(block, "tank_level", change == -demand)
        if self.owes_demand and self.unmet_price is None:
            self._promise(hub, level, -1.0)

    def _any_time(self, block: Block, hub: Hub, change: Sum, demand: FloatArray) -> None:
        """Deliver the demand of each local day at any time in it, as far as the day lies in the horizon."""
        days = days_of(hub.grid)
        count = int(days[-1]) + 1
        due = np.bincount(days, demand, count)
        delivered = hub.var(block, "delivered_kg")
        hub.rows(block, "tank_level", change + delivered == 0.0)
        whole = delivered.by(days, count)
        if self.unmet_price is not None:
            whole = whole + hub.each(block, "unmet_kg", [(0.0, float(most)) for most in due])
            hub.cost(f"{self.good}_unmet", "unmet_kg", self.unmet_price)
        met = hub.rows(block, "daily_demand", whole == due, range(count))
        if self.unmet_price is None:
            self._promise(hub, met, 1.0)

    def _promise(self, hub: Hub, rows: Rows, sign: float) -> None:
        says = Text(f"the {self.good} demand of {hub.name}", f"{hub.name} 的{self.good_zh}需求")
        name = "demand" if self.demand is not None else "demand_by_hour"
        hub.promise(name, "kg", rows, says, weight=0.02, sign=sign, series=f"{self.good}_demand_kg")

    def tank_report(self, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the level, what is delivered where that is chosen, and what is unmet (a day's at its last step)."""
        made = {self.tank_key: values["tank_kg"]}
        unmet = values.get("unmet_kg", np.zeros(grid.n))
        if self.demand_timing == "by_day":
            made[f"{self.good}_delivered_kg"] = values["delivered_kg"]
            days = days_of(grid)
            last = np.flatnonzero(np.diff(days, append=days[-1] + 1))
            by_step = np.zeros(grid.n)
            by_step[last] = unmet[: len(last)]
            unmet = by_step
        elif self.owes_demand and self.unmet_price is not None:
            made[f"{self.good}_delivered_kg"] = series[f"{self.good}_demand_kg"] - unmet
        if self.unmet_price is not None and self.owes_demand:
            made[f"{self.good}_unmet_kg"] = unmet
        return made

    def tank_audit(self, case: Case, gained_kg: FloatArray) -> Iterator[Finding]:
        """Check the level from what was made less what was given, and the deliveries."""
        good, zeros = self.good, np.zeros(case.grid.n)
        demand = case.series[f"{good}_demand_kg"]
        unmet, delivered = case.own.get(f"{good}_unmet_kg", zeros), case.own.get(f"{good}_delivered_kg", demand)
        yield bool(np.min(unmet) >= -TOLERANCE_KG), f"{case.name} has less than nothing unmet"
        yield bool(np.min(delivered) >= -TOLERANCE_KG), f"{case.name} delivers less than nothing"
        groups: Mapping[str, list[int]] = self._groups(case.grid)
        off = [
            abs(math.fsum(delivered[steps]) + math.fsum(unmet[steps]) - math.fsum(demand[steps]))
            for steps in groups.values()
        ]
        yield max(off) <= TANK_KG, f"{case.name} misses its {good} demand by {max(off):.3g} kg"
        opening = self.tank_initial * self.tank if case.state.tank_kg is None else case.state.tank_kg
        expected = opening + np.cumsum(gained_kg - delivered)
        drift = float(np.max(np.abs(expected - case.own[self.tank_key])))
        yield drift <= TANK_KG, f"{case.name}.{self.tank_key} drifts from its flows by {drift:.3g} kg"
        inside = float(np.min(expected)) >= -TANK_KG and float(np.max(expected)) <= self.tank + TANK_KG
        yield inside, f"{case.name}.{self.tank_key} leaves the tank"
        short = self.tank_final * self.tank - float(expected[-1])
        yield short <= TANK_KG, f"{case.name} ends {short:.3g} kg below tank_final"

    def _groups(self, grid: TimeGrid) -> dict[str, list[int]]:
        """Return the steps whose deliveries count together: each alone, or those of a day."""
        made: dict[str, list[int]] = {}
        for step, moment in enumerate(grid.local):
            key = f"{moment:%Y-%m-%d}" if self.demand_timing == "by_day" else str(step)
            made.setdefault(key, []).append(step)
        return made

    def owes_unmet(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield what is paid for the unmet demand."""
        key = f"{self.good}_unmet_kg"
        if self.unmet_price is not None and key in case.own:
            yield f"{self.good}_unmet", self.unmet_price * math.fsum(case.own[key])
