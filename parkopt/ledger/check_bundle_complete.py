"""Nothing missing: each day of the scope, each register, each party; and how much of it was measured."""

from __future__ import annotations

from collections.abc import Iterator

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import HOURS, View

_SHOWN = 5
_PPM = 1_000_000
_LOAD = "consumption"


def complete(view: View) -> Said:
    """Check that every day has its records, and say what is estimated.

    What was issued, stored and claimed has no record where it is nothing: the steps that compare
    it with the meters and the sums find what is missing of it.

    Raises
    ------
    StepError
        With the first gaps of all that are missing.
    """
    missing = [name for day in view.scope.days() for name in _missing(view, day)]
    if missing:
        shown = "; ".join(missing[:_SHOWN])
        raise StepError(f"{len(missing)} missing: {shown}", f"缺少 {len(missing)} 项：{shown}")
    _entitled(view)
    _nothing_odd(view)
    letters = "".join(record["quality"] for _, record in view.latest("reading"))
    poor, days = letters.count("E"), len(view.scope.days())
    share = f"{100 * (len(letters) - poor) / max(1, len(letters)):.2f} %"
    en = f"{days} day(s) of {HOURS} hours whole; {share} of {len(letters)} register-hours measured, {poor} estimated"
    zh = f"{days} 天、每天 {HOURS} 小时完整；{len(letters)} 个计量小时中 {share} 为实测，{poor} 个为估算"
    return Said(en, zh, warn=poor > 0)


def _missing(view: View, day: str) -> list[str]:
    found = view.get("park-day", day)
    if found is None:
        return [f"park-day {day}"]
    wanted = [("opening", day), *_wanted(view, day, view.devices(found[0]))]
    return [" ".join(key) for key in wanted if view.get(*key) is None]


def _wanted(view: View, day: str, facts: Record) -> Iterator[tuple[str, ...]]:
    for one in facts["channels"]:
        if view.scope.all or one["register"] != _LOAD or one["party"] == view.scope.party:
            yield "reading", day, one["device"], one["register"]
    for party in facts["parties"] if view.scope.all else [view.scope.party]:
        yield "enterprise-day", day, party


def _entitled(view: View) -> None:
    """Check that an enterprise's bundle says what it is entitled to, and that nothing is promised twice."""
    own: dict[str, Record] = {record["party"]: record for _, record in view.of("entitlement")}
    facts = [one for _, one in view.of("devices")][-1]
    devices = {one["device"] for one in facts["devices"]}  # an asset that consumes for itself is entitled to nothing
    for party in facts["parties"] if view.scope.all else [view.scope.party]:
        if party not in own and party not in devices:
            raise StepError(f"the entitlement of {party} is missing", f"缺少 {party} 的权益记录")
    total: dict[str, int] = {}
    for record in own.values():
        for source, ppm in record["shares"].items():
            total[source] = total.get(source, 0) + ppm
    over = [source for source, ppm in total.items() if ppm > _PPM]
    if over:
        raise StepError(f"more than all of {over[0]} is promised", f"{over[0]} 的权益合计超过 100%")


def _nothing_odd(view: View) -> None:
    """Check that the records of a day speak of registers, devices and parties that the park has."""
    for index, record in view.rows:
        kind = record["type"]
        if kind not in ("reading", "enterprise-day", "claims", "issue"):
            continue
        found = view.get("park-day", record["day"])
        facts = view.devices(found[0] if found else index)
        known = {
            "reading": lambda r, f: (
                (r["device"], r["register"], r["party"])
                in [(c["device"], c["register"], c["party"] if c["register"] == _LOAD else "") for c in f["channels"]]
            ),
            "enterprise-day": lambda r, f: r["party"] in f["parties"],
            "claims": lambda r, f: r["party"] in f["parties"],
            "issue": lambda r, f: r["device"] in [d["device"] for d in f["devices"]],
        }
        if not known[kind](record, facts):
            raise StepError(f"{kind}: the park has no such party, device or register", f"{kind}：园区没有该项", index)
