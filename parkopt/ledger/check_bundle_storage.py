"""Stored green energy followed back: certificate of the discharge, lot, cancelled certificates, reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

from parkopt.carbon.attribute_stores import run_store
from parkopt.carbon.contractual import GREY, Battery, Lot
from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_network import known, share
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import HOURS, View, netted
from parkopt.metering.reading import IntArray

_CHINA = timezone(timedelta(hours=8))
LOT = ("store", "charged", "origin", "ac_wh", "internal_wh", "left_wh")
_TAKE = ("store", "charged", "origin", "hour", "internal_wh", "ac_wh")


def storage(view: View) -> Said:
    """Check that lots and takes are those that the meters give, first in, first out, and what claims rest on (I8).

    Raises
    ------
    StepError
        With the first storage whose day is another one.
    """
    count = again = 0
    for index, record in view.latest("park-day"):
        day = record["day"]
        facts = [one for one in view.devices(index)["devices"] if "charge_efficiency" in one]
        for one in facts:
            nothing = {"day": day, "store": one["device"], "lots": [], "takes": []}
            at, kept = view.get("storage", day, one["device"]) or (_first(view, day), nothing)
            _cancelled(at, kept)
            _done_anew(view, at, kept, one)
            again += view.revised(day)
            count += 1
        _claims(view, day)
    if again:
        en = f"{count} storage-day(s) followed back; {again} settled again since: lots and takes stay"
        return Said(en, f"已追溯 {count} 个储能日；其中 {again} 个之后重新结算，批次与取用保持不变")
    return Said(
        f"{count} storage-day(s) followed back to cancelled certificates", f"已追溯 {count} 个储能日至已注销凭证"
    )


def _cancelled(index: int, record: Record) -> None:
    """Check that a lot rests on as many cancelled certificates as Wh were charged; a grey one on none."""
    for lot in record["lots"]:
        wh = sum(last - first + 1 for first, last in lot["ranges"])
        if wh != (0 if lot["origin"] == GREY else lot["ac_wh"]):
            en = f"the lot of {lot['charged']} rests on {wh} of {lot['ac_wh']} certificates"
            raise StepError(en, f"{lot['charged']} 的批次对应 {wh}/{lot['ac_wh']} 张已注销凭证", index)


def _opening(view: View, day: str, store: str, revision: int) -> list[Record]:
    """Return the lots with which a storage opened when a revision of its day was settled; else the newest."""
    same = [one for _, one in view.of("opening") if one["day"] == day and one["revision"] == revision]
    opening = same[0] if same else view.need("opening", day)[1]
    return list(opening["stores"].get(store, {"lots": []})["lots"])


def _done_anew(view: View, index: int, record: Record, facts: Record) -> None:
    day, store = record["day"], record["store"]
    hours = hours_of(day)
    order = dict.fromkeys(one["device"] for one in view.devices(index)["channels"])
    green: dict[str, Any] = {device: np.zeros(HOURS, np.int64) for device in order}
    for lot in record["lots"]:
        if lot["charged"] not in hours:
            raise StepError(f"a lot is of {lot['charged']}, not of its day", "批次不属于当日", index)
        if lot["origin"] != GREY and lot["origin"] not in green:
            raise StepError(f"a lot is of {lot['origin']}, which has no meter", "批次来源没有计量", index)
        if lot["origin"] != GREY:
            green[lot["origin"]][hours.index(lot["charged"])] += lot["ac_wh"]
    charge, discharge = (_metered(view, day, store, name, index) for name in ("charge", "discharge"))
    if (sum(green.values(), np.zeros(HOURS, np.int64)) > charge).any():
        raise StepError(f"{store} stored more green energy than it charged", f"{store} 存入绿电多于充电量", index)
    opening = [Lot(**{name: lot[name] for name in LOT}) for lot in _opening(view, day, store, 0)]
    battery = battery_of(index, facts, charge, discharge)
    found = known(index, lambda: run_store(store, battery, hours, green, opening))
    if _set(found.new_lots) != _rows(record["lots"], LOT):
        raise StepError(f"{store}: its lots are not those that were charged", f"{store} 批次与充电计量不符", index)
    if _set(found.takes) != _rows(record["takes"], _TAKE):
        raise StepError(f"{store}: its takes are not first in, first out", f"{store} 放电取用不符合先进先出", index)
    after = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    _handed_over(view, store, (day, after), found.closing)


def battery_of(index: int, facts: Record, charge: IntArray, discharge: IntArray) -> Battery:
    """Return a storage with its flows of a day; StepError where its facts are none."""
    shares = [share(index, facts, name) for name in ("charge_efficiency", "discharge_efficiency", "standing")]
    return Battery(charge, discharge, shares[0], shares[1], shares[2], facts.get("capacity_wh"))


def _handed_over(view: View, store: str, days: tuple[str, str], closing: Iterable[Lot]) -> None:
    """Check the lots with which the next day first opened; corrections before that may have left less of them."""
    following = next(((at, one) for at, one in view.of("opening") if one["day"] == days[1]), None)
    if following is None:
        return
    index, opening = following
    held = opening["stores"].get(store, {"lots": []})["lots"]
    again = any(at < index and one["revision"] for at, one in view.of("park-day"))
    left = {(lot.charged, lot.origin): lot for lot in closing}
    own = [left.get((lot["charged"], lot["origin"])) for lot in held]
    shrunk = all(lot is not None and now["left_wh"] <= lot.left_wh for lot, now in zip(own, held, strict=True))
    if not (shrunk if again else _set(left.values()) == _rows(held, LOT)):
        raise StepError(f"{store} opens with other lots than {days[0]} left", f"{store} 期初批次与前日不符", index)


def _first(view: View, day: str) -> int:
    """Return the index of the park-day by which a day was settled first."""
    return next(at for at, one in view.of("park-day") if one["day"] == day)


def _claims(view: View, day: str) -> None:
    """Check that claims of a storage's energy name the hour of a lot that gave it in that hour."""
    given: dict[tuple[str, int, str], int] = defaultdict(int)
    stores = set()
    for _, record in view.latest("storage"):
        stores.add(record["store"])
        for take in record["takes"] if record["day"] == day else ():
            if take["origin"] != GREY:
                given[record["store"], take["hour"], take["charged"]] += take["ac_wh"]
    for index, record in view.of("claims"):
        for hour, source, origin, first, last, *_ in record["claims"] if record["day"] == day else ():
            if (origin is None) == (source in stores):
                raise StepError("a claim on stored energy names its charging hour, no other", "充电小时标注有误", index)
            if origin is not None and not view.revised(day):
                given[source, hour, origin] -= last - first + 1
                if given[source, hour, origin] < 0:
                    en = f"{source} hour {hour}: more is claimed of {origin} than came out"
                    raise StepError(en, f"{source} {hour} 时：对 {origin} 批次的主张多于放电", index)


def hours_of(day: str) -> tuple[str, ...]:
    """Return the starts of a local day's hours, UTC."""
    start = datetime.fromisoformat(day).replace(tzinfo=_CHINA).astimezone(UTC)
    return tuple((start + timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(HOURS))


def _metered(view: View, day: str, store: str, register: str, before: int) -> Any:
    """Return the readings on which a record of this index rests."""
    found = netted(view, day, store, register, before)
    if found is None:
        raise StepError(f"{store} {register} of {day} has no reading", f"{store} {register} 在 {day} 没有读数")
    return np.asarray(found, np.int64)


def _set(rows: Iterable[Lot | Any]) -> list[tuple[Any, ...]]:
    return sorted(tuple(vars(row).values()) for row in rows)


def _rows(rows: Iterable[Mapping[str, Any]], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in names) for row in rows)
