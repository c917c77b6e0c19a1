"""The physical ledger done anew from what a bundle holds: meters, openings, devices, factors, method.

An enterprise's bundle has the consumption of each bus as one sum, stated in the park-day; the
tracing's first stage needs no more, so it is recomputed to the last Wh and microgram. The
auditor's has every load: the second stage is recomputed too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from parkopt.carbon.network import Traced
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.reservoir_lots import FifoLots, store_of
from parkopt.carbon.trace_network import trace_network
from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_network import DayMeters, draws_of, known, share
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_records import park_hours
from parkopt.ledger.settled_view import View
from parkopt.metering.reading import IntArray


@dataclass
class Retraced:
    """The days of a bundle, traced anew."""

    view: View
    days: dict[str, Traced] = field(default_factory=dict)

    def run(self) -> Said:
        """Trace each day and compare it with the park-day, the enterprise-days and the next opening.

        Raises
        ------
        StepError
            With the first record that states something else.
        """
        for index, record in self.view.latest("park-day"):
            day = record["day"]
            stores = self._reservoirs(index, day)
            traced = self.days[day] = self._trace(index, record, stores)
            for hour, (own, stated) in enumerate(zip(park_hours(traced, 0), record["hours"], strict=True)):
                _same_hour(index, hour, own, stated)
            self._handed_over(day, stores)
        count = sum(1 for row in self.view.latest("enterprise-day") if self._enterprise(*row))
        said = f"{len(self.days)} day(s) traced anew: the park's to the Wh and microgram, {count} enterprise-day(s)"
        return Said(said, f"已重新溯源 {len(self.days)} 天：园区结果逐瓦时、逐微克一致，企业日记录 {count} 条")

    def _reservoirs(self, index: int, day: str) -> dict[str, Reservoir]:
        at, opening = self.view.need("opening", day)
        facts = {one["device"]: one for one in self.view.devices(index)["devices"] if "charge_efficiency" in one}
        method = self.view.method(index, self.view.need("park-day", day)[1]["method"])
        if set(opening["stores"]) != set(facts):
            raise StepError("the opening does not have the park's storages", "期初记录与园区储能不符", at)
        stores = {}
        for name, held in opening["stores"].items():
            if sorted(held["order"]) != sorted(held["origin_wh"]):
                raise StepError("the order of origins is not of these", "来源次序与内容不符", at)
            wh = {origin: held["origin_wh"][origin] for origin in held["order"]}
            content = wh, {origin: int(ug) for origin, ug in held["origin_ug"].items()}
            efficiencies = tuple(share(at, facts[name], key) for key in ("charge_efficiency", "discharge_efficiency"))
            both = efficiencies[0], efficiencies[1]
            aged = [{key: one[key] for key in _AGED} for one in held["aged"]]
            stores[name] = known(at, partial(store_of, method["storage_carbon"], name, both, content, aged))
        return stores

    def _trace(self, index: int, record: Record, stores: Mapping[str, Reservoir]) -> Traced:
        method = self.view.method(index, record["method"])
        network = DayMeters(self.view, index, record).network()
        losses, storage = method["loss_policy"], method["storage_carbon"]
        return known(index, lambda: trace_network(network, stores, losses=losses, storage=storage))

    def _handed_over(self, day: str, stores: Mapping[str, Reservoir]) -> None:
        days = self.view.scope.days()
        following = days[days.index(day) + 1 :]
        found = self.view.get("opening", following[0]) if following else None
        if found is None:
            return
        index, opening = found
        for name, store in stores.items():
            held = opening["stores"].get(name, {"origin_wh": {}, "origin_ug": {}, "aged": []})
            ug = {origin: str(carbon) for origin, carbon in store.ug.items()}
            aged = store.lots_as_dicts() if isinstance(store, FifoLots) else []
            if (held["origin_wh"], held["origin_ug"], held["aged"]) != (store.wh, ug, aged):
                en = f"{name} opens with another content than {day} left"
                raise StepError(en, f"{name} 期初内容与 {day} 期末不符", index)

    def _enterprise(self, index: int, record: Record) -> bool:
        day, party = record["day"], record["party"]
        traced = self.days.get(day)
        if traced is None:
            raise StepError("its day has no park-day", "当日没有园区日记录", index)
        exact = party in traced.consumers
        own = draws_of(self.view, index, day, party)
        for hour, stated in enumerate(record["hours"]):
            total = sum(int(wh[hour]) for wh in own.values())
            if stated["consumption_wh"] != total:
                en = f"hour {hour}: {stated['consumption_wh']} Wh stated, {total} Wh metered"
                raise StepError(en, f"{hour} 时：所述 {stated['consumption_wh']} Wh，计量 {total} Wh", index)
            compare = _exact_row if exact else _near_row
            compare(index, hour, stated["by_source"], traced, party, own)
        return True


_AGED = ("charged", "origin", "whole_wh", "whole_ug", "left_wh")


def _same_hour(index: int, hour: int, own: Record, stated: Record) -> None:
    for name, value in own.items():
        if stated[name] != value:
            en = f"hour {hour}: {name} is not what the meters give"
            raise StepError(en, f"{hour} 时：{name} 与由计量重新计算的结果不符", index)


def _exact_row(
    index: int, hour: int, stated: Mapping[str, list[object]], traced: Traced, party: str, _: Mapping[str, IntArray]
) -> None:
    row = traced.consumers.index(party)
    parts = zip(traced.labels, traced.wh[row, :, hour].tolist(), traced.ug[row, :, hour].tolist(), strict=True)
    if stated != {label: [wh, str(ug)] for label, wh, ug in parts if wh or ug}:
        raise StepError(f"hour {hour}: its sources are not those traced", f"{hour} 时：来源与溯源结果不符", index)


def _near_row(
    index: int, hour: int, stated: Mapping[str, list[str | int]], traced: Traced, _: str, own: Mapping[str, IntArray]
) -> None:
    """Check a party's mix against that of its buses: within as many Wh as there are labels."""
    room = len(traced.labels) * len(own)
    if set(stated) - set(traced.labels):
        raise StepError(f"hour {hour}: a source that the park did not have", f"{hour} 时：有园区没有的来源", index)
    for row, label in enumerate(traced.labels):
        wh = ug = dearest = 0.0
        for bus, taken in own.items():
            mixed, carbon = int(traced.bus_wh[bus][row, hour]), int(traced.bus_ug[bus][row, hour])
            share = int(taken[hour]) / max(1, int(traced.bus_wh[bus][:, hour].sum()))
            wh, ug = wh + mixed * share, ug + carbon * share
            dearest = max(dearest, carbon / max(1, mixed))
        got_wh, got_ug = (int(value) for value in stated.get(label, [0, "0"]))
        if abs(got_wh - wh) > room or abs(got_ug - ug) > (room + 1) * (dearest + 1):
            en = f"hour {hour}: {label} {got_wh} Wh, about {wh:.0f} Wh by its share"
            raise StepError(en, f"{hour} 时：{label} {got_wh} Wh，按份额约 {wh:.0f} Wh", index)
