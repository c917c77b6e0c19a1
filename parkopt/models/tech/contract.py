"""A green-power contract: baseload, shaped, or a share of what a plant produces; delivered, or settled in money.

A delivered contract gives energy over a direct line, or within the import of a connection (whose fees it bears).
Take-or-pay counts over the contract's window: what was offered and taken before comes with the state, and only what
the day adds to the shortfall is paid with the day; `parkopt.models.contract_volumes` counts other windows likewise.

A contract for difference (`settlement: cfd`) moves no energy: all is bought at market, and the park pays
``(strike - reference) volume h`` in each step (receives where negative). A volume that is fixed steers nothing; one
that is a share of the import, or of a plant of the park, makes each of those MWh dearer or cheaper.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongValue
from parkopt.models.base import (
    POWER_MW,
    Block,
    Case,
    Finding,
    Hub,
    Role,
    Series,
    Values,
    Vars,
)
from parkopt.models.contract_fields import ContractFields
from parkopt.models.contract_volumes import add_volumes, audit_volumes, next_counters, owed_for_volumes
from parkopt.models.periods import of_steps, periods
from parkopt.park.state import AssetState


class Contract(ContractFields):
    """A contract with a seller of green power."""

    kind: Literal["contract"] = "contract"
    """Contract."""
    title: ClassVar[dict[str, str]] = {"en": "contract", "zh": "合同"}
    follows: ClassVar[bool] = True
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "price_yuan_per_mwh": ("yuan/MWh", "price of the contract", "合同电价"),
        "settled_mw": ("MW", "power that a contract for difference settles", "差价合约结算功率"),
        "reference_yuan_per_mwh": ("yuan/MWh", "reference price of a contract for difference", "差价合约参考电价"),
    }

    def shortfall_mwh(self, offered_mwh: float, taken_mwh: float) -> float:
        """Return the energy that is paid without being taken, of what was offered and taken."""
        return max(0.0, self.take_or_pay * offered_mwh - taken_mwh)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare what is taken, and what must be paid beside it; or what is settled."""
        hours = hub.grid.hours
        if self.settlement == "cfd":
            self._settle(block, hub)
            return
        take = hub.var(block, "take_mw", 0.0, hub.own["offer_mw"])
        if self.delivered_over == "grid":
            hub.over_grid.append((hub.name, self.connection_at(hub), take))
        else:
            hub.supply(Role.LOCAL, take)
        hub.cost("contract_energy", "take_mw", self.price_at(hub) * hours)
        if self.delivered_over == "grid":
            hub.cost("market_energy", "take_mw", -self.market_price_at(hub) * hours)
        if self.take_or_pay:
            self._take_or_pay(block, hub, take)
        add_volumes(block, hub, self.volumes, take)

    def _settle(self, block: Block, hub: Hub) -> None:
        """Declare the volume that is settled; a tied one gets its row when all assets are built."""
        offer = np.zeros(hub.grid.n) if self.tied else hub.own["offer_mw"]
        hub.var(block, "settled_mw", offer, None if self.tied else offer)
        reference = hub.own.get("reference_yuan_per_mwh")
        strike = self.price_at(hub) - (self.market_price_at(hub) if reference is None else reference)
        hub.cost("cfd", "settled_mw", strike * hub.grid.hours)

    def finish(self, block: Block, hub: Hub) -> None:
        """Tie a volume to the import, or to the supply of a plant."""
        if not self.tied:
            return
        owner, role = (self.of, Role.LOCAL) if self.of else (self.connection_at(hub), Role.GRID)
        flows = [flow.mw for flow in hub.supplies if (flow.asset, flow.role) == (owner, role)]
        plant = not self.of or "use_mw" in hub.blocks[self.of].variables
        if len(flows) != 1 or not plant or not isinstance(flows[0], Vars):
            reason = Text("it is no wind or PV plant of the park", "它不是园区内的风电或光伏")
            raise WrongValue(Where(field=f"assets.{block.name}.of"), value=owner, reason=reason)
        hub.rows(block, "tied", block.variables["settled_mw"] - self.share * flows[0] == 0.0)

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
        hub.cost("take_or_pay", "shortfall_rise_mwh", self.unmet_price)

    def _so_far(self, state: AssetState, window: str, first: str) -> tuple[float, float]:
        """Return what a window has offered and taken so far; a state that names no window is of the first."""
        if (state.window or first) != window:
            return 0.0, 0.0
        return state.offered_mwh, state.taken_mwh

    def flows(self) -> Mapping[str, Role]:
        """Bring local energy over a direct line, or a part of the import; money alone passes no bus."""
        if self.settlement == "cfd":
            return {}
        return {"take_mw": Role.LOCAL if self.delivered_over == "direct" else Role.WITHIN_IMPORT}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check that no more is taken than is offered, and each window; or that the right volume is settled."""
        if self.settlement == "cfd":
            off = float(np.max(np.abs(case.own["settled_mw"] - self.volume_mw(case))))
            yield off <= POWER_MW, f"{case.name}.settled_mw misses its volume by {off:.3g} MW"
            return
        yield case.within("take_mw", 0.0, case.series["offer_mw"])
        yield from audit_volumes(case, self.volumes)

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the energy taken, and what the day adds to shortfalls and excesses; or the difference."""
        hours, price = case.grid.hours, self.owed_price(case)
        if self.settlement == "cfd":
            reference = case.series.get("reference_yuan_per_mwh")
            against = self.market(case, "energy_price_yuan_per_mwh") if reference is None else reference
            yield "cfd", math.fsum((price - against) * case.own["settled_mw"]) * hours
            return
        taking, offering = case.own["take_mw"], case.own["offer_mw"]
        yield "contract_energy", math.fsum(price * taking) * hours
        yield "take_or_pay", self.unmet_price * self._rise_mwh(case, taking, offering)
        yield from owed_for_volumes(case, self.volumes)

    def _rise_mwh(self, case: Case, taking: FloatArray, offering: FloatArray) -> float:
        """Return what the horizon adds to the take-or-pay shortfall."""
        hours = case.grid.hours
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
        return rise

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return what was offered and taken, or settled; prices where they are series."""
        del name, grid
        known = {key: own for key, own in series.items() if key.endswith("_yuan_per_mwh")}
        if self.settlement == "cfd":
            return {"settled_mw": values["settled_mw"], **known}
        taken = {"take_mw": values["take_mw"], "offer_mw": series["offer_mw"], **known}
        return taken if self.delivered_over == "grid" else {**taken, "available_mw": series["offer_mw"]}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the last window and what it has offered and taken so far, and the windows of `volumes`."""
        if self.settlement == "cfd":
            return before
        spans = periods(grid, self.window)
        last = spans[-1]
        offered, taken = self._so_far(before, last.key, spans[0].key)
        offered += float(np.sum(series["offer_mw"][last.steps])) * grid.hours
        taken += float(np.sum(now["take_mw"][last.steps])) * grid.hours
        counters = next_counters(self.volumes, before.taken_by_window_mwh, now["take_mw"], grid)
        changes = {"window": last.key, "offered_mwh": offered, "taken_mwh": taken, "taken_by_window_mwh": counters}
        return AssetState(**{**dict(before), **changes})
