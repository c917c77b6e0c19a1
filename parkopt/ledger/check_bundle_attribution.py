"""Who may claim what, done anew from meters, entitlements and the method: the auditor's check of fairness."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parkopt.carbon.attribute import attribute
from parkopt.carbon.contractual import Battery, Contractual, Lot
from parkopt.errors import ParkoptError
from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_storage import LOT, hours_of
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import HOURS, View, netted
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
    case = _case(view, index, record)
    held = view.need("opening", day)[1]["stores"].values()
    lots = [Lot(**{name: lot[name] for name in LOT}) for store in held for lot in store["lots"]]
    try:
        claims = attribute(case, lots).claims
    except ParkoptError as fault:
        raise StepError(fault.message("en"), fault.message("zh"), index) from fault
    for party in case.consumption:
        at, own = view.need("enterprise-day", day, party)
        for hour in range(HOURS):
            due = {source: int(wh[hour]) for (source, who), wh in claims.items() if who == party and wh[hour]}
            if own["hours"][hour]["claims"] != due:
                en = f"{party} {day} hour {hour} claims {own['hours'][hour]['claims']}, due are {due} Wh"
                raise StepError(en, f"{party} {day} {hour} 时的主张与应得不符", at)


def _case(view: View, index: int, record: Record) -> Contractual:
    facts, day = view.devices(index), record["day"]
    green = {one["device"] for one in facts["devices"] if one["green"]}
    channels = [(one["device"], one["register"], one["party"]) for one in facts["channels"]]
    made = {d: _certified(view, day, d, r) for d, r, _ in channels if r == "generation" and d in green}
    given = {d: _certified(view, day, d, r) for d, r, _ in channels if r == "delivered"}
    entitled = _entitled(view, index, [*made, *given])
    return Contractual(
        hours=hours_of(day),
        generation=made,
        delivered=given,
        consumption={party: _used(view, day, channels, party) for party in facts["parties"]},
        imports=_total(view, day, channels, "import"),
        exports=_total(view, day, channels, "export"),
        entitlements=entitled,
        shared=frozenset(name for name in made if name not in entitled),
        batteries={one["device"]: _battery(view, day, one) for one in facts["devices"] if "charge_efficiency" in one},
        method=view.method(index, record["method"])["attribution"],
    )


def _read(view: View, day: str, device: str, register: str) -> IntArray:
    found = netted(view, day, device, register)
    if found is None:
        raise StepError(f"the reading of {device} {register} {day} is missing", f"缺少读数 {device} {register} {day}")
    return np.asarray(found, np.int64)


def _certified(view: View, day: str, device: str, register: str) -> IntArray:
    """Return the Wh of measured hours: estimated ones get no certificates."""
    letters = view.need("reading", day, device, register)[1]["quality"]
    return np.where([letter != "E" for letter in letters], _read(view, day, device, register), 0)


Channels = list[tuple[str, str, str]]


def _used(view: View, day: str, channels: Channels, party: str) -> IntArray:
    own = [_read(view, day, d, r) for d, r, p in channels if r == "consumption" and p == party]
    return np.sum(own, axis=0, dtype=np.int64) if own else np.zeros(HOURS, np.int64)


def _total(view: View, day: str, channels: Channels, register: str) -> IntArray:
    own = [_read(view, day, d, r) for d, r, _ in channels if r == register]
    return np.sum(own, axis=0, dtype=np.int64) if own else np.zeros(HOURS, np.int64)


def _entitled(view: View, index: int, devices: list[str]) -> dict[str, Mapping[str, int]]:
    """Return by device what each party was entitled to when the day was settled."""
    newest = {one["party"]: one["shares"] for at, one in view.of("entitlement") if at < index}
    found = {d: {p: newest[p][d] for p in newest if newest[p].get(d)} for d in devices}
    return {device: shares for device, shares in found.items() if shares}


def _battery(view: View, day: str, facts: Record) -> Battery:
    try:
        shares = [float(facts[name]) for name in ("charge_efficiency", "discharge_efficiency", "standing")]
    except (KeyError, TypeError, ValueError) as wrong:
        raise StepError(
            f"efficiencies of {facts['device']} are no numbers", f"{facts['device']} 效率不是数字"
        ) from wrong
    flows = [_read(view, day, facts["device"], name) for name in ("charge", "discharge")]
    return Battery(flows[0], flows[1], shares[0], shares[1], shares[2], facts.get("capacity_wh"))
