"""A fleet of electric vehicles that charge while they stay and give nothing back.

A session is a group of alike vehicles that come and leave at the same times of every local day; each of its days is
a stay k. A step that a stay covers in part counts by its minutes, so ``share[k,t]`` is 0 to 1. A stay that began
before the horizon or lasts beyond it owes the part of its energy that falls inside, by minutes: days that are planned
one by one owe together what one long horizon owes.

``0 <= power[k,t] <= vehicles power share[k,t]``

``eta h sum_t power[k,t] + missing[k] = due[k]``, where ``due = vehicles energy (minutes inside / minutes of the stay)``

``sum_k power[k,t] = charge[t]``, and ``charge[t] = present[t] site[t]`` with ``site[t] <= site_limit``, where
``present[t]`` is the share of the step in which any vehicle is there

``sum_{k leaves in t} missing[k] = unmet[t]``, which is 0 without a price and costs ``unmet_price`` with one
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import Number, Relation
from parkopt.models.base import ENERGY_MWH, Block, Case, Finding, Hub, Role, Series, Technology, Values, Vars, linear
from parkopt.park.base import Part
from parkopt.park.hours import DAY_MIN
from parkopt.park.state import AssetState
from parkopt.units import Efficiency, Megawatt, MegawattHour, PriceNotNegative

TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
UNITS = 1_000_000_000  # whole parts into which the audit divides the energy due


def _minute(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


class Session(Part):
    """Alike vehicles that come and leave together, each local day."""

    arrive: TimeOfDay
    """When they come, local time, such as `08:15`."""
    leave: TimeOfDay
    """When they leave: later than `arrive`, or on the next day where it is earlier (midnight is `00:00`)."""
    vehicles: int = Field(ge=1)
    """How many vehicles."""
    energy: MegawattHour
    """Energy due at departure per vehicle, at the battery, such as `45 kWh`."""
    power: Megawatt
    """Charger limit per vehicle, at the bus, such as `7 kW`."""

    @model_validator(mode="after")
    def _lasts(self) -> Session:
        if self.arrive == self.leave:
            raise PydanticCustomError("stay", "leave must differ from arrive: 0 h or 24 h could be meant")
        return self

    @property
    def minutes(self) -> int:
        """Length of the stay in min."""
        return (_minute(self.leave) - _minute(self.arrive)) % DAY_MIN

    def inside(self, grid: TimeGrid) -> Iterator[tuple[int, int]]:
        """Yield, for each stay, the minutes of the horizon at which it begins and ends, cut at the horizon."""
        last = int((grid.end - grid.start).total_seconds() // 60)
        now = int(grid.local[0].hour) * 60 + int(grid.local[0].minute)
        for begin in range(_minute(self.arrive) - now - DAY_MIN, last, DAY_MIN):
            low, high = max(begin, 0), min(begin + self.minutes, last)
            if low < high:
                yield low, high


@dataclass(frozen=True)
class Stay:
    """One stay of a session, as far as it lies inside the horizon."""

    limit_mw: FloatArray
    """Largest mean power of each step, shape (n,): 0 outside the stay."""
    due_mwh: float
    """Energy due at the battery."""
    leaves: int
    """The last step that it touches."""

    @property
    def steps(self) -> list[int]:
        """The steps that it touches."""
        return [int(t) for t in np.flatnonzero(self.limit_mw)]


class EvFleet(Technology):
    """Vehicles that charge at will during their stays, with their energy due at departure."""

    kind: Literal["ev_fleet"] = "ev_fleet"
    """EV fleet."""
    title: ClassVar[dict[str, str]] = {"en": "EV fleet", "zh": "电动车队"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "unmet_mwh": ("MWh", "energy missing in the vehicles that leave in the step", "时段内离场车辆的欠充电量")
    }
    enterprise: str
    """Whose consumption it is."""
    sessions: list[Session] = Field(min_length=1)
    """Groups of vehicles; vehicles with other times or needs are another group."""
    site_limit: Megawatt | None = None
    """Largest power of the whole fleet at the bus; none where absent."""
    unmet_price: PriceNotNegative | None = None
    """Price of energy that is missing at departure; without it all energy is due."""
    charge_efficiency: Efficiency = 1.0
    """Share of the charged energy that reaches the batteries."""

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def stays(self, grid: TimeGrid) -> list[Stay]:
        """Return the stays that lie in the horizon, wholly or in part."""
        step = int(grid.step.total_seconds() // 60)
        starts = np.arange(grid.n) * step
        found = []
        for session in self.sessions:
            for low, high in session.inside(grid):
                share = np.clip(np.minimum(high, starts + step) - np.maximum(low, starts), 0, None) / step
                due = session.vehicles * session.energy * (high - low) / session.minutes
                found.append(Stay(session.vehicles * session.power * share, due, (high - 1) // step))
        return found

    def present(self, grid: TimeGrid) -> FloatArray:
        """Return the share of each step in which any vehicle is there, shape (n,)."""
        by_minute = np.zeros((grid.n, int(grid.step.total_seconds() // 60)))
        for low, high in (part for session in self.sessions for part in session.inside(grid)):
            by_minute.flat[low:high] = 1.0
        share: FloatArray = by_minute.mean(axis=1)
        return share

    def build(self, block: Block, hub: Hub) -> None:
        """Declare the power of each stay, their sum, and what is missing at departure."""
        stays = self.stays(hub.grid)
        charge = hub.var(block, "charge_mw", 0.0, _limit_mw(stays, hub.grid))
        hub.draw(Role.DEMAND, charge)
        pairs = [(k, t) for k, stay in enumerate(stays) for t in stay.steps]
        limits = np.asarray([stays[k].limit_mw[t] for k, t in pairs], dtype=float)
        column = hub.cols(block, "power_mw", pairs, 0.0, limits)
        power = {pair: column[place] for place, pair in enumerate(pairs)}

        def total(t: int) -> Relation:
            there = (k for k, stay in enumerate(stays) if stay.limit_mw[t])
            return linear([*((1.0, power[k, t]) for k in there), (-1.0, charge[t])]) == 0.0

        hub.rows(block, "total", total)
        self._energy(block, hub, stays, power)
        if self.site_limit is not None:
            self._site(block, hub, charge, self.site_limit)

    def _energy(self, block: Block, hub: Hub, stays: Sequence[Stay], power: Mapping[tuple[int, int], int]) -> None:
        """Give each stay its energy but for what is missing, and name the missing energy by departure."""
        gain = self.charge_efficiency * hub.grid.hours
        missing = hub.cols(block, "missing_mwh", range(len(stays)))

        def delivered(k: int) -> Relation:
            return linear([*((gain, power[k, t]) for t in stays[k].steps), (1.0, missing[k])]) == stays[k].due_mwh

        hub.rows(block, "energy", delivered, range(len(stays)))
        unmet = hub.var(block, "unmet_mwh", 0.0, self._may_miss_mwh(stays, hub.grid))

        def named(t: int) -> Relation:
            leaving = (k for k, stay in enumerate(stays) if stay.leaves == t)
            return linear([*((1.0, missing[k]) for k in leaving), (-1.0, unmet[t])]) == 0.0

        departures = hub.rows(block, "departures", named, sorted({stay.leaves for stay in stays}))
        if self.unmet_price is None:
            says = Text(f"the energy due of {hub.name}", f"{hub.name} 的应充电量")
            hub.promise("sessions.energy", "MWh", departures, says, sign=-1.0)
        else:
            hub.cost("unmet_charging", "unmet_mwh", self.unmet_price)

    def _site(self, block: Block, hub: Hub, charge: Vars, limit: float) -> None:
        """Limit the whole fleet in the minutes in which anyone is there."""
        present, site = self.present(hub.grid), hub.var(block, "site_mw", 0.0, limit)
        hub.rows(block, "site", lambda t: linear([(1.0, charge[t]), (-float(present[t]), site[t])]) == 0.0)
        says = Text(f"the site limit of {hub.name}", f"{hub.name} 的总功率上限")
        hub.promise("site_limit", "MW", site, says, raised=True, value=limit)

    def _may_miss_mwh(self, stays: Sequence[Stay], grid: TimeGrid) -> FloatArray:
        """Return the most that may be missing in the vehicles that leave in each step, shape (n,)."""
        most = np.zeros(grid.n)
        for stay in stays if self.unmet_price is not None else ():
            most[stay.leaves] += stay.due_mwh
        return most

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Charge at full power from arrival on, until the energy due is there."""
        del series, state
        gain, taken = self.charge_efficiency * grid.hours, []
        for stay in self.stays(grid):
            most = stay.limit_mw[stay.steps] * gain
            before = np.cumsum(most) - most
            taken.append(np.clip(stay.due_mwh - before, 0.0, most) / gain)
        return {"power_mw": np.concatenate([np.zeros(0), *taken])}

    def flows(self) -> Mapping[str, Role]:
        """Consume."""
        return {"power_mw": Role.DEMAND}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits and stays, the energy in all, and that each departure can have had its own by then."""
        stays = self.stays(case.grid)
        most = _limit_mw(stays, case.grid)
        if self.site_limit is not None:
            most = np.minimum(most, self.present(case.grid) * self.site_limit)
        yield case.within("power_mw", 0.0, most)
        yield case.within("unmet_mwh", 0.0, self._may_miss_mwh(stays, case.grid))
        got = math.fsum(case.own["power_mw"]) * case.grid.hours * self.charge_efficiency
        off = got + math.fsum(case.own["unmet_mwh"]) - math.fsum(stay.due_mwh for stay in stays)
        yield abs(off) <= ENERGY_MWH, f"{case.name} charges {off:.3g} MWh more than is due"
        late = self._late_mwh(case, stays)
        yield late <= ENERGY_MWH, f"{case.name} cannot have charged {late:.3g} MWh before the vehicles left"

    def _late_mwh(self, case: Case, stays: Sequence[Stay]) -> float:
        """Return the energy due that no split of the reported power over the stays delivers.

        A maximum flow in whole numbers, rounded to the fleet's side by a billionth of the energy due per arc: from
        the steps (power, and what is reported missing) to the stays, within each group's limits.
        """
        n, due = case.grid.n, [stay.due_mwh for stay in stays]
        unit, gain = math.fsum(due) / UNITS, case.grid.hours * self.charge_efficiency
        if unit <= 0.0:
            return 0.0
        sink = 2 * n + len(stays) + 1
        power, unmet = case.own["power_mw"] * gain, case.own["unmet_mwh"]
        arcs = [(0, 1 + t, power[t]) for t in range(n)] + [(0, 1 + n + t, unmet[t]) for t in range(n)]
        for k, stay in enumerate(stays, 1 + 2 * n):
            arcs += [(1 + t, k, stay.limit_mw[t] * gain) for t in stay.steps]
            arcs += [(1 + n + stay.leaves, k, stay.due_mwh), (k, sink, stay.due_mwh)]
        tails, heads, mwh = zip(*arcs, strict=True)
        whole = np.ceil(np.clip(np.asarray(mwh) / unit, 0, UNITS)).astype(np.int32)
        flow = maximum_flow(csr_array((whole, (tails, heads)), shape=(sink + 1, sink + 1)), 0, sink).flow_value
        return float(max(0.0, math.fsum(due) - flow * unit))

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the energy missing at departure."""
        if self.unmet_price is not None:
            yield "unmet_charging", self.unmet_price * math.fsum(case.own["unmet_mwh"])

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the power of the whole fleet, and what is missing, in the step of departure."""
        del name, series, grid
        return {"power_mw": values["charge_mw"], "unmet_mwh": values["unmet_mwh"]}


def _limit_mw(stays: Sequence[Stay], grid: TimeGrid) -> FloatArray:
    """Return the most that all chargers of those present take in each step, shape (n,)."""
    total: FloatArray = np.sum([np.zeros(grid.n), *(stay.limit_mw for stay in stays)], axis=0)
    return total
