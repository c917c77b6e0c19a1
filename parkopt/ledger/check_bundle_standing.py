"""What a park states once and everything rests on: its factors, methods, devices, and how it began."""

from __future__ import annotations

from collections.abc import Iterator

from parkopt.carbon.contractual import GREY
from parkopt.carbon.factors import factors
from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import View

_CHOICES = ("loss_policy", "storage_carbon", "storage_gc", "attribution", "rounding")
_RATINGS = ("charge_efficiency", "discharge_efficiency", "standing", "capacity_wh")
_NEVER_GREEN = ("import", "charge", "consumption")
"""A device with such a register gives what others made, or takes: none of it is green by itself."""


def standing(view: View) -> Said:
    """Check what a park could state wrongly in a book that closes all the same.

    Raises
    ------
    StepError
        With the first factor that parkopt knows with another value, method that changed within a
        year, grid called green, lot from before the log, or revision that a closed month names
        and the file does not hold.

    Notes
    -----
    A park's own factor and a rating that changes can be right: they are said (WARN).
    """
    own = _factors(view)
    _methods(view)
    for index, record in view.of("devices"):
        _green(index, record)
    if view.scope.all:
        _beginning(view)
        _closed(view)
    said = [*(f"{name} is the park's own factor" for name in own), *_changes(view)]
    en = "; ".join(said) or "factors are those that parkopt knows, methods and ratings stayed"
    zh = "；".join(said) or "因子与 parkopt 内置一致，方法与额定值未变"
    return Said(en, zh, warn=bool(said))


def _factors(view: View) -> list[str]:
    """Return the ids of factors that parkopt does not know; of the others the value must be the known one."""
    own: dict[str, None] = {}
    for index, record in view.of("factor"):
        known = factors().get(record["id"])
        if known is None:
            own[record["id"]] = None
        elif known.ug_per_wh != record["ug_per_wh"]:
            en = f"{record['id']} is {record['ug_per_wh']} ug/Wh here, {known.ug_per_wh} ug/Wh in its source"
            raise StepError(en, f"因子 {record['id']} 此处为 {record['ug_per_wh']}，应为 {known.ug_per_wh}", index)
    return list(own)


def _methods(view: View) -> None:
    seen: dict[int, tuple[str, ...]] = {}
    for index, record in view.of("method"):
        choice = tuple(str(record[name]) for name in _CHOICES)
        if seen.setdefault(record["year"], choice) != choice:
            raise StepError(f"the methods changed within {record['year']}", f"{record['year']} 年内改变了方法", index)
    for index, record in view.of("park-day"):
        year = view.method(index, record["method"])["year"]
        if str(year) != record["day"][:4]:
            raise StepError(f"its method is that of {year}", f"其方法属于 {year} 年", index)


def _green(index: int, record: Record) -> None:
    green = {one["device"] for one in record["devices"] if one["green"]}
    for one in record["channels"]:
        if one["device"] in green and one["register"] in _NEVER_GREEN:
            en = f"{one['device']} is called green and has a register {one['register']}"
            raise StepError(en, f"{one['device']} 被标为绿电，却有计量项 {one['register']}", index)


def _beginning(view: View) -> None:
    """Check that a log that is here from its first record on began without lots of green energy."""
    days = [index for index, record in view.rows if record["type"] == "park-day"]
    indexes = [index for index, _ in view.rows]
    if not days or indexes[: days[0] + 1] != list(range(days[0] + 1)):
        return
    for index, record in view.of("opening"):
        if index < days[0] and any(lot["origin"] != GREY for one in record["stores"].values() for lot in one["lots"]):
            raise StepError(
                "the log begins with green lots that rest on nothing", "日志起点已有无来源的绿电批次", index
            )


def _closed(view: View) -> None:
    """Check that the revisions by which a month was closed are here."""
    newest: dict[str, int] = {}
    for _, record in view.rows:
        if "day" in record:
            newest[record["day"]] = max(newest.get(record["day"], 0), int(record.get("revision", 0)))
    for index, record in view.of("close"):
        for one in record["settlements"]:
            day, _, revision = str(one).partition("/")
            if day in newest and revision.isdecimal() and int(revision) > newest[day]:
                en = f"{day} was closed with revision {revision}, the newest here is {newest[day]}"
                raise StepError(en, f"{day} 以第 {revision} 版结账，此处最新为第 {newest[day]} 版", index)


def _changes(view: View) -> Iterator[str]:
    """Yield the ratings of storages that changed from one devices record to the next."""
    before: dict[str, Record] = {}
    for index, record in view.of("devices"):
        now = {one["device"]: one for one in record["devices"] if "charge_efficiency" in one}
        for name in now.keys() & before.keys():
            for rating in _RATINGS:
                old, new = before[name].get(rating), now[name].get(rating)
                if old != new:
                    yield f"{name} {rating} {old} -> {new} (record {index})"
        before |= now
