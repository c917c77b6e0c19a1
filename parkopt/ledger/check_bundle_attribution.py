"""Who may claim what, done anew from meters, entitlements and the method: the auditor's check of fairness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from parkopt.carbon.attribute import attribute
from parkopt.carbon.contractual import Contractual, Lot
from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_network import DayMeters, draws_of, known
from parkopt.ledger.check_bundle_storage import LOT, battery_of, hours_of
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import HOURS, View
from parkopt.metering.reading import IntArray

_NOTHING = Said(
    "left to the auditor's file: it needs the meters and entitlements of all", "由审计文件核验：需要全部计量与权益数据"
)


def attribution(view: View) -> Said:
    """Check that each day's claims are those that entitlements, consumption and the method give.

    Days that were settled again after a correction keep the claims that were handed out
    (decision 14): of them the first settlement is done anew. An enterprise's file cannot show this.

    Raises
    ------
    StepError
        With the first party whose claims are others.
    """
    if not view.scope.all:
        return _NOTHING
    first = View(view.scope, [(at, one) for at, one in view.rows if not one.get("revision")])
    days = first.latest("park-day")
    for index, record in days:
        _same(first, index, record)
    done, left = len(days), sum(1 for _, record in days if view.revised(record["day"]))
    if done != len(view.latest("park-day")):
        raise StepError("the first settlement of a day is missing", "缺少某日的首次结算")
    en = f"{done} day(s) attributed anew: each claim is due" + (
        f"; of {left} corrected or further claimed day(s) the first settlement" if left else ""
    )
    zh = f"已重新归属 {done} 天，各项主张均应得" + (f"；其中 {left} 个更正或追加主张日核验首次结算" if left else "")
    return Said(en, zh)


def _same(view: View, index: int, record: Record) -> None:
    day = record["day"]
    case = _case(DayMeters(view, index, record))
    held = view.need("opening", day)[1]["stores"].values()
    lots = [Lot(**{name: lot[name] for name in LOT}) for store in held for lot in store["lots"]]
    claims = known(index, lambda: attribute(case, lots)).claims
    for party in case.consumption:
        at, own = view.need("enterprise-day", day, party)
        for hour in range(HOURS):
            due = {source: int(wh[hour]) for (source, who), wh in claims.items() if who == party and wh[hour]}
            if own["hours"][hour]["claims"] != due:
                en = f"{party} {day} hour {hour} claims {own['hours'][hour]['claims']}, due are {due} Wh"
                raise StepError(en, f"{party} {day} {hour} 时的主张与应得不符", at)


def _case(meters: DayMeters) -> Contractual:
    channels = [(one["device"], one["register"]) for one in meters.facts["channels"]]
    green = {name for name, one in meters.devices.items() if one["green"]}
    made = {d: _certified(meters, d, r) for d, r in channels if r == "generation" and d in green}
    given = {d: _certified(meters, d, r) for d, r in channels if r == "delivered"}
    entitled = _entitled(meters.view, meters.index, [*made, *given])
    return Contractual(
        hours=hours_of(meters.day),
        generation=made,
        delivered=given,
        consumption={party: _used(meters, party) for party in meters.facts["parties"]},
        imports=_sum(meters.wh(d, r) for d, r in channels if r == "import"),
        exports=_sum(meters.wh(d, r) for d, r in channels if r == "export"),
        entitlements=entitled,
        shared=frozenset(name for name in made if name not in entitled),
        batteries={
            name: battery_of(meters.index, one, meters.wh(name, "charge"), meters.wh(name, "discharge"))
            for name, one in meters.stores.items()
        },
        method=meters.view.method(meters.index, meters.record["method"])["attribution"],
    )


def _certified(meters: DayMeters, device: str, register: str) -> IntArray:
    """Return the Wh of measured hours: estimated ones get no certificates."""
    letters = meters.view.need("reading", meters.day, device, register)[1]["quality"]
    return np.where([letter != "E" for letter in letters], meters.wh(device, register), 0)


def _used(meters: DayMeters, party: str) -> IntArray:
    return _sum(draws_of(meters.view, meters.index, meters.day, party).values())


def _sum(parts: Iterable[IntArray]) -> IntArray:
    return sum(parts, np.zeros(HOURS, np.int64))


def _entitled(view: View, index: int, devices: list[str]) -> dict[str, Mapping[str, int]]:
    """Return by device what each party was entitled to when the day was settled."""
    newest = {one["party"]: one["shares"] for at, one in view.of("entitlement") if at < index}
    found = {d: {p: newest[p][d] for p in newest if newest[p].get(d)} for d in devices}
    return {device: shares for device, shares in found.items() if shares}
