"""A synthesis of ammonia or methanol: hydrogen from its bus and power in, product into a tank.

``hydrogen_in = hydrogen rate``, ``power = energy rate / 1000``, ``min_load capacity <= rate <= capacity`` while it
runs; it always runs unless it `may_stop`. Changes of load are slow: ``|rate[t] - rate[t-1]| <= ramp capacity h``.

``tank[t] = tank[t-1] + rate[t] h - delivered[t] - sold[t]``

Hydrogen per kg of product is that of the reaction unless the file says more: ``N2 + 3 H2 -> 2 NH3`` needs
3 * 1.008 kg for each 17.031 kg, ``CO2 + 3 H2 -> CH3OH + H2O`` 6 * 1.008 kg for each 32.042 kg (standard atomic
weights, IUPAC 2021).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.algebra import Number
from parkopt.models.base import POWER_MW, Block, Carrier, Case, Finding, Hub, Role, Series, Values, Vars
from parkopt.models.delivering import TOLERANCE_KG, Delivering, require_hydrogen_bus
from parkopt.models.running_check import ON, changes_hold, modes_of, opening_mode, times_hold
from parkopt.models.runs import go_on, least_run
from parkopt.park.state import AssetState
from parkopt.units import KilogramPerHour, KilowattHourPerKilogramMade, PerHour, Ratio, Yuan, YuanPerKilogram

KWH_PER_MWH = 1000.0
HYDROGEN_KG = {"ammonia": 3 * 1.008 / 17.031, "methanol": 6 * 1.008 / 32.042}
"""Hydrogen of the reaction, kg per kg of product."""
IN = "hydrogen_in_kg_per_h"


class Synthesis(Delivering):
    """An ammonia or methanol plant that takes hydrogen from a bus."""

    kind: Literal["synthesis"] = "synthesis"
    """Synthesis."""
    title: ClassVar[dict[str, str]] = {"en": "synthesis", "zh": "合成装置"}
    good: ClassVar[str] = "product"
    good_zh: ClassVar[str] = "产品"
    tank_key: ClassVar[str] = "product_tank_kg"
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        IN: ("kg/h", "hydrogen taken from the hydrogen bus", "取自氢母线的氢流量"),
        "product_kg": ("kg", "product made in the step", "时段产品产量"),
        "product_tank_kg": ("kg", "product in the tank at the end of the step", "时段末产品库存"),
        "product_delivered_kg": ("kg", "product delivered in the step", "时段交付产品量"),
        "product_unmet_kg": ("kg", "product demand that is not met", "未满足的产品需求"),
        "product_sold_kg": ("kg", "product sold beside the demand", "时段外售产品量"),
    }
    enterprise: str
    """Whose consumption it is."""
    product: Literal["ammonia", "methanol"]
    """What it makes."""
    capacity: KilogramPerHour
    """Largest production."""
    hydrogen_bus: str
    """Bus that it takes its hydrogen from."""
    energy: KilowattHourPerKilogramMade
    """Electricity per kg of product, with compression (and air separation for ammonia)."""
    hydrogen: Annotated[float, Field(ge=0.1, le=1)] | None = None
    """kg of hydrogen per kg of product; that of the reaction where absent (ammonia 0.1776, methanol 0.1888)."""
    min_load: Ratio = 0.5
    """Lowest production while it runs, as a share of `capacity`."""
    may_stop: bool = False
    """Whether it may be switched off at all; without it, it always runs."""
    start_cost: Yuan = 0.0
    """Cost of each start, where it may stop."""
    min_up_h: float = Field(default=0.0, ge=0)
    """Least hours of running once it runs, where it may stop."""
    min_down_h: float = Field(default=0.0, ge=0)
    """Least hours of standing once it stands, where it may stop."""
    ramp: PerHour | None = None
    """Largest change of production in an hour as a share of `capacity`, while it runs on; free where absent."""
    feed_cost: YuanPerKilogram = 0.0
    """Cost of other inputs (CO2, nitrogen, catalyst) per kg of product."""
    sale_price: YuanPerKilogram | None = None
    """What each kg earns that is sold beside the demand; nothing is sold where absent."""

    @model_validator(mode="after")
    def _consistent(self) -> Synthesis:
        require_hydrogen_bus(self.bus, self.hydrogen_bus)
        if not self.owes_demand and self.sale_price is None:
            names = {"names": "demand, demand_by_hour, sale_price"}
            raise PydanticCustomError("any_of", "one of {names} is needed", names)
        for name in ("start_cost", "min_up_h", "min_down_h"):
            if getattr(self, name) and not self.may_stop:
                facts = {"name": name, "wanted": "may_stop: true"}
                raise PydanticCustomError("needs", "{name} needs {wanted}", facts)
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    @property
    def hydrogen_per_kg(self) -> float:
        """Hydrogen per kg of product, as the file says or of the reaction."""
        return HYDROGEN_KG[self.product] if self.hydrogen is None else self.hydrogen

    def require_state(self, name: str, state: AssetState) -> None:
        """Check that the plant can have been in the state.

        Raises
        ------
        WrongState
            Where it stood though it may not, or made less or more than it can.
        """
        stood = state.on is False
        if stood and not self.may_stop:
            raise WrongState(Where(field=f"assets.{name}.on"), name="on", value="false", low="true", high="true")
        rate = state.rate_kg_per_h
        low, high = (0.0, 0.0) if stood else (self.min_load * self.capacity, self.capacity)
        if rate is not None and not low - TOLERANCE_KG <= rate <= high + TOLERANCE_KG:
            where = Where(field=f"assets.{name}.rate_kg_per_h")
            limits = {"low": f"{low} kg/h", "high": f"{high} kg/h"}
            raise WrongState(where, name="rate_kg_per_h", value=f"{rate} kg/h", **limits)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare production, what it takes, running where it may stop, ramps, sales and the tank."""
        self.require_state(hub.name, hub.state.of(hub.name))
        rate = hub.var(block, "rate_kg_per_h", 0.0, self.capacity)
        power = hub.var(block, "power_mw", 0.0, self.energy / KWH_PER_MWH * self.capacity)
        taken = hub.var(block, IN, 0.0, self.hydrogen_per_kg * self.capacity)
        hub.draw(Role.DEMAND, power)
        hub.draw(Role.USED, taken, self.hydrogen_bus)
        hub.rows(block, "power_needed", power - self.energy / KWH_PER_MWH * rate == 0.0)
        hub.rows(block, "hydrogen_needed", taken - self.hydrogen_per_kg * rate == 0.0)
        on = self._runs(block, hub, rate) if self.may_stop else None
        if on is None:
            self._always_runs(block, hub, rate)
        if self.ramp is not None:
            self._ramps(block, hub, rate, on)
        if self.feed_cost:
            hub.cost("synthesis_feed", "rate_kg_per_h", self.feed_cost * hub.grid.hours)
        made = hub.grid.hours * rate
        if self.sale_price is not None:
            made = made - hub.var(block, "sold_kg")
            hub.cost("product_sales", "sold_kg", -self.sale_price)
        self.add_tank(block, hub, made)

    def _always_runs(self, block: Block, hub: Hub, rate: Vars) -> None:
        least = hub.rows(block, "least_load", rate >= self.min_load * self.capacity)
        says = Text(f"the least load of {hub.name}", f"{hub.name} 的最低负荷")
        hub.promise("min_load", "kg", least, says, weight=0.02, hours=hub.grid.hours)

    def _runs(self, block: Block, hub: Hub, rate: Vars) -> Vars:
        """Declare whether it runs, starts and stops, with their least times."""
        state, hours = hub.state.of(hub.name), hub.grid.hours
        on, was_on = hub.flag(block, "on"), float(bool(state.on))
        hub.rows(block, "least_load", rate - self.min_load * self.capacity * on >= 0.0)
        hub.rows(block, "rated_load", rate - self.capacity * on <= 0.0)
        if self.start_cost or self.min_up_h:
            start = hub.var(block, "start", 0.0, 1.0)
            hub.rows(block, "begins", start - on + on.before(was_on) >= 0.0)
            hub.cost("starts", "start", self.start_cost)
            least_run(block, hub, "least_up", start, on, self.min_up_h or hours)
        if self.min_down_h:
            stop = hub.var(block, "stop", 0.0, 1.0)
            hub.rows(block, "ends", stop + on - on.before(was_on) >= 0.0)
            least_run(block, hub, "least_down", stop, 1.0 - on, self.min_down_h)
        if state.on is not None and state.since_h is not None:
            least = self.min_up_h if state.on else self.min_down_h
            go_on([on], was_on, least - state.since_h, hours)
        return on

    def _ramps(self, block: Block, hub: Hub, rate: Vars, on: Vars | None) -> None:
        """Limit the change from step to step, the first from the state; a start or stop may reach least load."""
        state, step = hub.state.of(hub.name), (self.ramp or 0.0) * self.capacity * hub.grid.hours
        steps = list(hub.steps) if state.rate_kg_per_h is not None else list(hub.steps)[1:]
        rise = rate - rate.before(state.rate_kg_per_h or 0.0)
        if on is None:
            hub.rows(block, "ramp_up", rise.at(steps) <= step, steps)
            hub.rows(block, "ramp_down", rise.at(steps) >= -step, steps)
            return
        first = max(step, self.min_load * self.capacity)
        before = on.before(float(bool(state.on)))
        hub.rows(block, "ramp_up", (rise + (first - step) * before).at(steps) <= first, steps)
        hub.rows(block, "ramp_down", ((first - step) * on - rise).at(steps) <= first, steps)

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Run on, or go on standing, as the state says; run where nothing is known."""
        del series, grid
        return {"on": 0.0 if state.on is False else 1.0} if self.may_stop else {}

    def flows(self) -> Mapping[str, Role]:
        """Consume power and hydrogen."""
        return {"power_mw": Role.DEMAND, IN: Role.USED}

    def bus_of(self, key: str) -> str:
        """Return the bus of power, or of hydrogen."""
        return self.hydrogen_bus if key == IN else self.bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at a bus of power and at one of hydrogen."""
        return {self.bus: "power", self.hydrogen_bus: "hydrogen"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check loads, least times and ramps, and what is taken and kept from the product alone."""
        own, hours = case.own, case.grid.hours
        on, rate = own["on"], own["product_kg"] / hours
        yield bool(np.isin(on, (0.0, 1.0) if self.may_stop else (1.0,)).all()), f"{case.name}.on may not be so"
        over = np.maximum(rate - self.capacity * on, self.min_load * self.capacity * on - rate)
        yield float(np.max(over)) <= TOLERANCE_KG, f"{case.name} leaves its loads by {np.max(over):.3g} kg/h"
        off = float(np.max(np.abs(own["power_mw"] * KWH_PER_MWH - self.energy * rate))) / KWH_PER_MWH
        yield off <= POWER_MW, f"{case.name}.power_mw misses its product by {off:.3g} MW"
        ratio = self.hydrogen if self.hydrogen is not None else HYDROGEN_KG[self.product]
        off = float(np.max(np.abs(own[IN] - ratio * rate)))
        yield off <= TOLERANCE_KG, f"{case.name}.{IN} misses its product by {off:.3g} kg/h"
        yield from self._running_holds(case, rate)
        sold = own.get("product_sold_kg", np.zeros(case.grid.n))
        yield float(np.min(sold)) >= -TOLERANCE_KG, f"{case.name} sells less than nothing"
        yield from self.tank_audit(case, own["product_kg"] - sold)

    def _running_holds(self, case: Case, rate: FloatArray) -> Iterator[Finding]:
        modes, before, state = modes_of(case.own), opening_mode(case.state), case.state
        if self.may_stop:
            times, since = (self.min_up_h, self.min_down_h), state.since_h if state.on is not None else None
            yield from times_hold(case.name, modes, before, since, times, case.grid.hours)
        if self.ramp is not None:
            step = self.ramp * self.capacity * case.grid.hours
            edge = max(step, self.min_load * self.capacity) if self.may_stop else step
            ran = before == ON or not self.may_stop
            last = None if state.rate_kg_per_h is None else (state.rate_kg_per_h, ran)
            yield changes_hold(case.name, (rate, modes == ON), last, step, edge, TOLERANCE_KG)

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the starts, the other inputs, what is unmet, and what the sales earn."""
        if self.may_stop:
            on = np.concatenate([[1.0 if case.state.on else 0.0], case.own["on"]])
            yield "starts", self.start_cost * float(np.sum(np.diff(on) > 0))
        yield "synthesis_feed", self.feed_cost * math.fsum(case.own["product_kg"])
        if self.sale_price is not None:
            yield "product_sales", -self.sale_price * math.fsum(case.own["product_sold_kg"])
        yield from self.owes_unmet(case)

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return power and hydrogen taken, running, product made, sold and delivered, and the tank's level."""
        del name
        made = {
            "power_mw": values["power_mw"],
            "on": np.round(values["on"]) if self.may_stop else np.ones(grid.n),
            IN: values[IN],
            "product_kg": values["rate_kg_per_h"] * grid.hours,
        }
        if self.sale_price is not None:
            made["product_sold_kg"] = values["sold_kg"]
        return made | self.tank_report(values, series, grid)

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the tank, the production, and whether it runs and since when."""
        del series
        on = now["on"] > 0
        run = int(np.argmax(np.append(on[::-1] != on[-1], True)))
        since: float | None = run * grid.hours
        if run == grid.n and bool(before.on) == bool(on[-1]):
            since = None if before.since_h is None else before.since_h + run * grid.hours
        changes = {
            "tank_kg": max(0.0, float(now[self.tank_key][-1])),
            "rate_kg_per_h": max(0.0, float(now["product_kg"][-1])) / grid.hours,
            "power_mw": max(0.0, float(now["power_mw"][-1])),
            "on": bool(on[-1]),
            "since_h": since,
        }
        return AssetState(**{**dict(before), **changes})
