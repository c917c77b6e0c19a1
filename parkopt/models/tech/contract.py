"""A direct green-power contract: baseload, or a share of what a named plant produces.

Take-or-pay counts over the contract's window: what was offered and taken before comes
with the state, and only what the day adds to the shortfall is paid with the day.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Block, Case, Conditions, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.models.periods import of_steps, periods
from parkopt.models.tech.pv import Pv
from parkopt.models.tech.wind import Wind
from parkopt.park.state import AssetState
from parkopt.units import Megawatt, Ratio, YuanPerMegawattHour

Plant = Annotated[Wind | Pv, Field(discriminator="kind")]


class Contract(Technology):
    """A contract with a seller of green power."""

    kind: Literal["contract"] = "contract"
    """Contract."""
    title: ClassVar[dict[str, str]] = {"en": "contract", "zh": "合同"}
    form: Literal["baseload", "pay_as_produced"]
    """A fixed power in every hour, or a share of a plant's production."""
    seller: str
    """Who sells."""
    price: YuanPerMegawattHour
    """Price of the energy taken."""
    take_or_pay: Ratio = 0.0
    """Share of the offered energy that is paid whether it is taken or not."""
    window: Literal["month", "year"] = "year"
    """Span over which take-or-pay is counted; each begins with nothing offered and nothing taken."""
    delivered_over: Literal["grid", "direct"] = "grid"
    """Over the public grid (within the import, bearing its fees), or over a direct line."""
    delivered_at: str | None = None
    """The grid connection of a delivery over the grid; the first of the file where absent."""
    volume: Megawatt | None = None
    """Power of a baseload contract."""
    plant: Plant | None = None
    """The plant of a pay-as-produced contract."""
    share: Ratio = 1.0
    """Share of the plant's production."""

    @model_validator(mode="after")
    def _whole(self) -> Contract:
        wanted, other = ("volume", "plant") if self.form == "baseload" else ("plant", "volume")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise PydanticCustomError(
                "form", "{form} needs {wanted} and not {other}", {"form": self.form, "wanted": wanted, "other": other}
            )
        return self

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``offer_mw``: what the contract offers in each step."""
        if self.plant is None:
            return {"offer_mw": np.full(at.grid.n, self.volume)}
        return {"offer_mw": self.share * self.plant.series(at)["available_mw"]}

    def shortfall_mwh(self, offered_mwh: float, taken_mwh: float) -> float:
        """Return the energy that is paid without being taken, of what was offered and taken."""
        return max(0.0, self.take_or_pay * offered_mwh - taken_mwh)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare what is taken, and what must be paid beside it."""
        hours, offer = hub.grid.hours, hub.own["offer_mw"]
        take = hub.var(block, "take_mw", 0.0, offer)
        if self.delivered_over == "grid":
            hub.over_grid.append((hub.name, self._connection(hub), take))
        else:
            hub.supply(Role.LOCAL, take)
        hub.cost("contract_energy", "take_mw", self.price * hours)
        if self.delivered_over == "grid":
            hub.cost("market_energy", "take_mw", -self._market_price(hub) * hours)
        if self.take_or_pay:
            self._take_or_pay(block, hub, take)

    def _market_price(self, hub: Hub) -> FloatArray:
        """Return the price of the import that the contract's energy replaces."""
        return hub.series[self._connection(hub)]["energy_price_yuan_per_mwh"]

    def _connection(self, hub: Hub) -> str:
        return self.delivered_at or hub.connections[0]

    def at_connection(self) -> str | None:
        """Return the connection that the park file names."""
        return self.delivered_at

    def _take_or_pay(self, block: Block, hub: Hub, take: Vars) -> None:
        """Count each window of the horizon alone; the first goes on from the state where it is the same."""
        hours, state = hub.grid.hours, hub.state.of(hub.name)
        spans = periods(hub.grid, self.window)
        known = [self._so_far(state, span.key, spans[0].key) for span in spans]
        already = [self.shortfall_mwh(*before) for before in known]
        offers = [float(np.sum(hub.own["offer_mw"][span.steps])) * hours for span in spans]
        due = [
            self.take_or_pay * (offered + offer) - taken - short
            for (offered, taken), offer, short in zip(known, offers, already, strict=True)
        ]
        bounds = [(-short, max(most, 0.0)) for short, most in zip(already, due, strict=True)]
        rise = hub.each(block, "shortfall_rise_mwh", bounds)
        taken = (hours * take).by(of_steps(spans, hub.grid.n), len(spans))
        hub.rows(block, "take_or_pay", taken + rise >= np.asarray(due))
        hub.cost("take_or_pay", "shortfall_rise_mwh", self.price)

    def _so_far(self, state: AssetState, window: str, first: str) -> tuple[float, float]:
        """Return what a window has offered and taken so far; a state that names no window is of the first."""
        if (state.window or first) != window:
            return 0.0, 0.0
        return state.offered_mwh, state.taken_mwh

    def flows(self) -> Mapping[str, Role]:
        """Bring local energy over a direct line, or a part of the import."""
        return {"take_mw": Role.LOCAL if self.delivered_over == "direct" else Role.WITHIN_IMPORT}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check that no more is taken than is offered."""
        yield case.within("take_mw", 0.0, case.series["offer_mw"])

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the energy taken, and what the day adds to the shortfall."""
        hours, taking, offering = case.grid.hours, case.own["take_mw"], case.own["offer_mw"]
        yield "contract_energy", self.price * math.fsum(taking) * hours
        stamp = "%Y-%m" if self.window == "month" else "%Y"
        windows = [f"{moment:{stamp}}" for moment in case.grid.local]
        rise = 0.0
        for window in sorted(set(windows)):
            inside = np.asarray([name == window for name in windows])
            going_on = (case.state.window or windows[0]) == window
            offered, taken = (case.state.offered_mwh, case.state.taken_mwh) if going_on else (0.0, 0.0)
            before = max(0.0, self.take_or_pay * offered - taken)
            offered += math.fsum(offering[inside]) * hours
            taken += math.fsum(taking[inside]) * hours
            rise += max(0.0, self.take_or_pay * offered - taken) - before
        yield "take_or_pay", self.price * rise

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return what was offered and taken."""
        del name, grid
        taken = {"take_mw": values["take_mw"], "offer_mw": series["offer_mw"]}
        return taken if self.delivered_over == "grid" else {**taken, "available_mw": series["offer_mw"]}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the last window and what it has offered and taken so far."""
        spans = periods(grid, self.window)
        last = spans[-1]
        offered, taken = self._so_far(before, last.key, spans[0].key)
        offered += float(np.sum(series["offer_mw"][last.steps])) * grid.hours
        taken += float(np.sum(now["take_mw"][last.steps])) * grid.hours
        return AssetState(**{**dict(before), "window": last.key, "offered_mwh": offered, "taken_mwh": taken})
