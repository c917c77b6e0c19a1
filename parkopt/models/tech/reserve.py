"""An offer of reserve or demand response: capacity that named assets keep free in windows of the local day.

With offered[t] the capacity, held[p,t] the part that asset p keeps free and d = `duration_h`::

    offered[t] = sum_p held[p,t]
    sum over offers of held[p,t] <= headroom[p,t]       (`parkopt.models.headroom`)
    need[p,t] >= d held[p,t],   need[p,t] >= d held[p,t+1]
    need[p,t] >= what a call draws by the end of t, begun no longer ago than the longest call of p lasts
    sum over offers of need[p,t] <= energy behind p at the end of t

so the energy of a whole call is there at both ends of each step. All offers together keep within what the grid
connections can take or give beside the plan. `up` gives more or takes less (so does demand response), `down` takes
more or gives less. The plan moves no energy for a call: it is free to be called, and the next plan starts from what
was. A step that a window cuts keeps the capacity throughout and is paid by its minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import IntArray, Number
from parkopt.models.base import POWER_MW, Block, Case, Finding, Hub, Series, Sum, Technology, Values, Vars
from parkopt.models.headroom import Free, Limit, connection_free, finite, free_of
from parkopt.models.headroom_check import over_connection_mw, oversold
from parkopt.park.hours import Window, share_inside
from parkopt.park.state import AssetState
from parkopt.units import Megawatt, PriceNotNegative, Ratio

MOST_PROVIDERS = 8
EPS = 1e-9
CONNECTION = ""
"""Name under which the headroom of the grid connections is kept."""


class Reserve(Technology):
    """An offer of capacity."""

    kind: Literal["reserve"] = "reserve"
    """Reserve or demand response."""
    title: ClassVar[dict[str, str]] = {"en": "reserve", "zh": "备用与需求响应"}
    order: ClassVar[int] = 8
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "offered_mw": ("MW", "capacity offered", "申报容量"),
        **{
            f"held_{number}_mw": ("MW", f"capacity kept free by provider {number}", f"第 {number} 个提供者预留容量")
            for number in range(1, MOST_PROVIDERS + 1)
        },
    }
    direction: Literal["up", "down"]
    """Give more or take less; or take more or give less."""
    windows: list[Window] = Field(default=["0-24"], min_length=1)
    """When it is offered, local time."""
    providers: list[str] = Field(min_length=1, max_length=MOST_PROVIDERS)
    """Assets that keep it free: stores, generators, electrolysers, loads that move or shed."""
    capacity: Megawatt | None = None
    """Capacity that is promised; one of `capacity` and `max_capacity`."""
    max_capacity: Megawatt | None = None
    """Most capacity; how much is offered is chosen."""
    same_in_window: bool = False
    """Whether a chosen capacity is the same throughout each run of the window's steps."""
    price: PriceNotNegative
    """Paid per MW and hour that it is kept free, such as `20 yuan/MW/h`."""
    duration_h: float = Field(default=1.0, ge=0, le=24)
    """Length of a call: so much energy stands behind it."""
    activation_price: PriceNotNegative = 0.0
    """Paid per MWh called."""
    activation_share: Ratio = 0.0
    """Share of the offered energy that is expected to be called, for the expected revenue alone."""

    @model_validator(mode="after")
    def _one_capacity(self) -> Reserve:
        if (self.capacity is None) == (self.max_capacity is None):
            names = {"names": "capacity, max_capacity"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        if len(set(self.providers)) < len(self.providers):
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "each of providers"})
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the providers."""
        for index, name in enumerate(self.providers):
            yield (f"providers.{index}", "assets", name)

    @property
    def _most(self) -> float:
        return self.capacity or self.max_capacity or 0.0

    def build(self, block: Block, hub: Hub) -> None:
        """Declare what is offered, what each provider holds, and what it earns."""
        share, hours = share_inside(hub.grid, self.windows), hub.grid.hours
        offered = hub.var(block, "offered_mw", 0.0, np.where(share > 0, self._most, 0.0))
        held = [self._held(block, hub, number, share) for number in range(1, len(self.providers) + 1)]
        whole = offered.sum
        for part in held:
            whole = whole - part
        hub.rows(block, "held", whole == 0.0)
        hub.cost("reserve", "offered_mw", -self.price * share * hours)
        if called := self.activation_price * self.activation_share:
            hub.cost("reserve_activation", "offered_mw", -called * share * hours)
        for name in self.providers:
            key = (name, f"{self.direction} steps")
            hub.free[key] = max(hub.free.get(key, 1), self._steps(hub))
        steps = np.flatnonzero(share)
        if self.capacity is not None:
            self._promised(block, hub, offered, steps)
        elif self.same_in_window:
            pairs = steps[np.isin(steps + 1, steps)]
            hub.rows(block, "same", offered.at(pairs) - offered.at(pairs + 1) == 0.0, pairs.tolist())

    def _steps(self, hub: Hub) -> int:
        """Return how many steps a call touches."""
        return max(math.ceil(self.duration_h / hub.grid.hours - EPS), 1)

    def _held(self, block: Block, hub: Hub, number: int, share: FloatArray) -> Vars:
        return hub.var(block, f"held_{number}_mw", 0.0, np.where(share > 0, self._most, 0.0))

    def _promised(self, block: Block, hub: Hub, offered: Vars, steps: IntArray) -> None:
        """Hold the capacity in all steps alike: an explanation lowers it as one number."""
        level = hub.one(block, "capacity_mw", 0.0, self.capacity)
        kept = hub.row(block, "capacity", level.sum >= self._most)
        hub.rows(block, "offered", offered.at(steps) - level.spread(len(steps)) == 0.0, steps.tolist())
        says = Text(f"the capacity of {hub.name}", f"{hub.name} 的容量")
        hub.promise("capacity", "MW", kept, says, value=self.capacity)

    def finish(self, block: Block, hub: Hub) -> None:
        """Take the capacity out of what providers and connections keep free, after all earlier offers."""
        names = [(name, block.variables[f"held_{number}_mw"]) for number, name in enumerate(self.providers, 1)]
        for name, held in names:
            free = hub.free.get((name, self.direction))
            if free is None:
                free = free_of(hub, name, self.direction, f"assets.{block.name}.providers")
            hub.free[name, self.direction] = self._sold(block, hub, name, held, free)
        whole = hub.free.get((CONNECTION, self.direction)) or connection_free(hub, self.direction)
        taken = _taken(block, hub, "connection", whole.mw, block.variables["offered_mw"].sum)
        hub.free[CONNECTION, self.direction] = Free(taken)

    def _sold(self, block: Block, hub: Hub, name: str, held: Vars, free: Free) -> Free:
        """Add the rows of one provider, and return what is left."""
        mw = _taken(block, hub, f"free_{name}", free.mw, held.sum)
        call = self.duration_h * held
        if not self.duration_h or not held.upper.any():
            return replace(free, mw=mw)
        free = replace(free, mw=mw, budgets=_taken(block, hub, f"budget_{name}", free.budgets, call))
        if free.later:
            steps = max(free.call_steps, self._steps(hub))
            before = free.called
            free = replace(free, called=call + before, call_steps=steps)
            _taken(block, hub, f"later_{name}", finite([made_up(steps) for made_up in free.later]), call + before)
        return free if not free.levels else self._behind(block, hub, name, held, free)

    def _behind(self, block: Block, hub: Hub, name: str, held: Vars, free: Free) -> Free:
        """Take the energy of the calls out of what stands behind the provider."""
        need = self._need(block, hub, name, held)
        levels = _taken(block, hub, f"level_{name}", free.levels, need.sum)
        opening = free.opening
        if opening is not None:
            opening = opening - self.duration_h * held.at([0])
            if held.upper[0] > 0:
                hub.row(block, f"opening_{name}", opening >= 0.0)
        return replace(free, levels=levels, opening=opening)

    def _need(self, block: Block, hub: Hub, name: str, held: Vars) -> Vars:
        """Declare the energy that must be there at the end of each step."""
        n, length, open_ = hub.grid.n, self._steps(hub), np.flatnonzero(held.upper > 0.0)
        longest = hub.free[name, f"{self.direction} steps"]
        behind = np.unique((open_[:, None] + np.arange(-1, longest)).ravel())
        behind = behind[(behind >= 0) & (behind < n)]
        need = hub.var(block, f"need_{name}_mwh", 0.0, np.where(np.isin(np.arange(n), behind), np.inf, 0.0))
        hub.rows(block, f"call_{name}", (need - self.duration_h * held).at(open_) >= 0.0, open_.tolist())
        before = open_[open_ > 0] - 1
        later = held.at(before + 1) * self.duration_h
        hub.rows(block, f"next_{name}", need.at(before) - later >= 0.0, before.tolist())
        if longest > 1:
            lasts = [min(hub.grid.hours, self.duration_h - k * hub.grid.hours) for k in range(length)]
            for kind, parts in (("", lasts), ("_on", lasts[::-1])) if lasts[0] != lasts[-1] else (("", lasts),):
                drawn = _drawn(held, parts)
                for since in range(longest - length + 1):
                    lasting = behind[behind >= int(open_[0]) + since]
                    left = need.at(lasting) - drawn.at(lasting - since)
                    hub.rows(block, f"lasts{kind}_{name}_{since}", left >= 0.0, lasting.tolist())
        return need

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Offer nothing beside what is promised."""
        del series, state, grid
        return {"offered_mw": 0.0} if self.capacity is None else {}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check the capacity, its windows and its parts, and that all offers fit into what each provider keeps free."""
        inside = share_inside(case.grid, self.windows) > 0
        low = np.where(inside, self.capacity or 0.0, 0.0)
        yield case.within("offered_mw", low, np.where(inside, self._most, 0.0))
        parts = [case.own[f"held_{number}_mw"] for number in range(1, len(self.providers) + 1)]
        yield bool(np.min(parts) >= -POWER_MW), f"{case.name} holds less than nothing"
        off = float(np.max(np.abs(np.sum(parts, axis=0) - case.own["offered_mw"])))
        yield off <= POWER_MW, f"{case.name} offers {off:.3g} MW that nobody holds"
        if self.same_in_window and self.capacity is None:
            both = inside[1:] & inside[:-1]
            change = float(np.max(np.abs(np.diff(case.own["offered_mw"])) * both, initial=0.0))
            yield change <= POWER_MW, f"{case.name} changes by {change:.3g} MW within a window"
        for name in self.providers:
            yield from oversold(case, name, self.direction)
        over = over_connection_mw(case, self.direction)
        yield over <= POWER_MW, f"{case.name} offers {over:.3g} MW more than the connection can carry"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield what the capacity earns, and what is expected of calls."""
        mwh = math.fsum(case.own["offered_mw"] * share_inside(case.grid, self.windows)) * case.grid.hours
        yield "reserve", -self.price * mwh
        yield "reserve_activation", -self.activation_price * self.activation_share * mwh

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return what is offered, and what each provider holds of it."""
        del name, series, grid
        return {key: mw for key, mw in values.items() if key == "offered_mw" or key.startswith("held_")}


def _drawn(held: Vars, hours: list[float]) -> Sum:
    """Return the energy that a call has drawn by the end of each step, with its hours in the last steps, newest first.

    A call that is no whole number of steps may begin within a step, or end within one.
    """
    drawn, n = held * hours[0], len(held)
    for back, part in enumerate(hours[1:n], 1):
        drawn = drawn + held.earlier(back, np.zeros(back)) * part
    return drawn


def _taken(block: Block, hub: Hub, name: str, limits: list[Limit], sold: Sum) -> list[Limit]:
    """Add a row for each limit that what is sold must keep, where any is, and return what is left of the limits."""
    left = [(steps, limit - sold.at(steps)) for steps, limit in limits]
    touched = np.zeros(sold.n, dtype=bool)
    for rows, columns, _ in sold.entries:
        touched[rows[_may_be_sold(hub)[columns]]] = True
    for number, (steps, rest) in enumerate(left):
        kept = np.flatnonzero(touched[steps])
        if len(kept):
            hub.rows(block, f"{name}_{number}" if number else name, rest.at(kept) >= 0.0, steps[kept].tolist())
    return left


def _may_be_sold(hub: Hub) -> NDArray[np.bool_]:
    """Return which columns may be above 0, shape (columns,)."""
    return np.concatenate([made.upper > 0.0 for made in hub.columns])
