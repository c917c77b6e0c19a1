"""The tables of a park against the records of its log: the same figures in both, whoever wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_actions import hour_of
from parkopt.ledger.report import Said, StepError
from parkopt.services.check_rows import Book
from parkopt.services.party_hours import packed
from parkopt.store import table_rows

_CHINA = timezone(timedelta(hours=8))
HOURS, HOUR_S = 24, 3600
STEP = (
    "bundle", "from_status", "to_status", "quantity", "from_account", "to_account", "beneficiary", "actor", "reason",
    "request_key", "requested_at", "completed_at",
)  # fmt: skip
"""Fields that an action's record and its row in `gc_action` share."""


def _same(what: str, zh: str, logged: Mapping[Any, Any], kept: Mapping[Any, Any], index: int | None = None) -> None:
    """Raise `StepError` with the first key whose values differ."""
    if logged == kept:
        return
    key = min((one for one in {*logged, *kept} if logged.get(one) != kept.get(one)), key=str)
    name = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
    en = f"{what} {name}: {kept.get(key)} in the table, {logged.get(key)} in the log"
    raise StepError(en, f"{zh} {name}：表中 {kept.get(key)}，日志中 {logged.get(key)}", index)


def readings(book: Book) -> Said:
    """Check that readings sum to the hours of the newest reading records, and came in the files that they name."""
    spans = {told["start"]: told for _, one in book.seals if (told := one.get("meters"))}
    latest = {(one["day"], one["device"], one["register"]): (at, one) for at, one in book.view.latest("reading")}
    for start, told in spans.items():
        day = datetime.fromtimestamp(start, _CHINA).date().isoformat()
        rows = {
            (row.device, row.register, row.t0): row
            for row in table_rows.readings(book.session, book.park, start, told["end"], told["last"])
        }.values()
        for key, (index, record) in latest.items():
            if key[0] == day:
                own = [row for row in rows if (row.device, row.register) == key[1:]]
                _hours(index, record, own, start)
                files = sorted({row.file_sha256 for row in rows if row.device == key[1]})
                _same("files of", "文件", {key: record["file_sha256"]}, {key: files}, index)
    return Said(f"{len(latest)} register-day(s) sum up", f"{len(latest)} 个计量日加总一致")


def _hours(index: int, record: Record, rows: Iterable[Any], start: int) -> None:
    """Compare hours that were read; an estimated one has Wh that no meter gave."""
    wh: Counter[int] = Counter()
    for row in rows:
        wh[(row.t0 - start) // HOUR_S] += row.wh
    good = [hour for hour, letter in enumerate(record["quality"]) if letter != "E"]
    name = f"{record['device']}.{record['register']} {record['day']}"
    logged = {(name, hour): record["wh"][hour] for hour in good}
    _same("readings of", "读数", logged, {(name, hour): wh[hour] for hour in good}, index)


def shares(book: Book) -> Said:
    """Check that the hours of which shares are answered are those of the enterprise-days."""
    kept = {(row.day, row.party, row.revision): row for row in table_rows.party_days(book.session, book.park)}
    logged = {(one["day"], one["party"], one["revision"]): (at, one) for at, one in book.view.of("enterprise-day")}
    _same(
        "log index of",
        "日志序号",
        {key: at for key, (at, _) in logged.items()},
        {k: r.log_index for k, r in kept.items()},
    )
    for key, (index, record) in logged.items():
        row = kept[key]
        begin = datetime.combine(date.fromisoformat(record["day"]), time(), _CHINA).astimezone(UTC)
        measured = row.hours[-8 * HOURS :]
        if row.hours != packed(record, [False] * HOURS)[: -8 * HOURS] + measured or row.start != begin:
            raise StepError(f"party_day {' '.join(map(str, key))} is not its record", "party_day 与记录不符", index)
    newest = {(one["day"], one["party"]): one for _, one in book.view.latest("enterprise-day")}
    letters = {key: _measured(book, *key) for key in newest}
    told = {key: kept[*key, one["revision"]].hours[-8 * HOURS :: 8] for key, one in newest.items()}
    _same("measured hours of", "实测小时", letters, told)
    return Said(f"{len(kept)} party-day(s) as recorded", f"{len(kept)} 个主体日与记录一致")


def _measured(book: Book, day: str, party: str) -> bytes:
    own = [one["quality"] for _, one in book.view.latest("reading") if (one["day"], one["party"]) == (day, party)]
    return bytes(int(all(letters[hour] != "E" for letters in own)) for hour in range(HOURS))


def days(book: Book) -> Said:
    """Check settled days (revisions, records, totals, what was handed over) and closed months."""
    rows = {(row.day, row.revision): row for row in table_rows.settled_days(book.session, book.park)}
    logged = {(one["day"], one["revision"]) for _, one in book.view.of("enterprise-day")}
    _same("settled_day", "已结算日", dict.fromkeys(logged, "is"), dict.fromkeys(rows, "is"))
    for index, one in book.view.of("enterprise-day"):
        row = rows[one["day"], one["revision"]]
        if not row.log_start <= index < row.log_stop:
            raise StepError(
                f"settled_day {row.day}: its records stand elsewhere", f"已结算日 {row.day}：记录位置不符", index
            )
    newest = {row.day: row for row in rows.values()}
    for day, row in newest.items():
        _same(f"settled_day {day}", f"已结算日 {day}", _totals(book, day), {k: row.told[k] for k in _totals(book, day)})
        after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        opening = book.view.get("opening", after)
        if opening is not None:
            kept = {name: _content(one["wh"], one["ug"]) for name, one in row.state["contents"].items()}
            handed = {k: _content(one["origin_wh"], one["origin_ug"]) for k, one in opening[1]["stores"].items()}
            _same(f"{day} hands over", f"{day} 移交", handed, kept, opening[0])
    months = {row.month: (row.log_index, row.totals) for row in table_rows.closed_months(book.session, book.park)}
    _same("month", "月份", {one["month"]: (at, one["totals"]) for at, one in book.view.of("close")}, months)
    return Said(f"{len(newest)} day(s), {len(months)} closed month(s)", f"{len(newest)} 日、{len(months)} 个已结账月份")


def _totals(book: Book, day: str) -> dict[str, Any]:
    hours = [hour for _, one in book.view.latest("enterprise-day") if one["day"] == day for hour in one["hours"]]
    sums = {name: sum(int(hour[name]) for hour in hours) for name in ("consumption_wh", "claimed_wh")}
    text = {name: str(sum(int(hour[name]) for hour in hours)) for name in ("carbon_ug", "market_ug")}
    return {**sums, **text, "physical_green_wh": sum(hour["green_wh"] for hour in hours)}


def _content(wh: Mapping[str, int], ug: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    return {origin: (held, ug[origin]) for origin, held in wh.items() if held or int(ug[origin])}


def issued(book: Book) -> Said:
    """Check that certificates are those issued, and steps in `gc_action` those recorded."""
    logged: dict[Any, Any] = {}
    for _, one in book.view.of("issue"):
        for hour, found in enumerate(one["hours"]):
            if found is not None:
                logged.setdefault((one["device"], one["day"], hour), []).append(tuple(found))
    kept: dict[Any, Any] = {}
    for row in table_rows.bundles(book.session, book.park):
        if row.parent is None:
            kept.setdefault((row.device, *hour_of(row.t0)), []).append((row.range_start, row.range_end))
    _same(
        "certificates of", "证书", {k: _merged(v) for k, v in logged.items()}, {k: _merged(v) for k, v in kept.items()}
    )
    steps = Counter(
        (row.type, *(getattr(row, name) for name in STEP)) for row in table_rows.actions(book.session, book.park)
    )
    for index, one in book.view.of("action"):
        if "bundle" in one and not steps[one["action"], *(one[name] for name in STEP)]:
            raise StepError(
                f"gc_action has no {one['action']} of bundle {one['bundle']}", "gc_action 缺少该操作", index
            )
    return Said(f"{len(kept)} device-hour(s) of certificates as issued", f"{len(kept)} 个设备小时的证书与签发一致")


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    done: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        joins = bool(done) and done[-1][1] + 1 == first
        done = [*done[:-1], (done[-1][0], last)] if joins else [*done, (first, last)]
    return done


def claimed(book: Book) -> Said:
    """Check that live claims are those recorded less those reversed, and consumption that of the enterprise-days."""
    logged: dict[Any, Any] = {}
    for index, one in book.records:
        if one["type"] == "claims":
            for hour, source, _, *ids, start, stop in one["claims"]:
                logged[source, *ids] = (one["day"], hour, one["party"], start, stop)
        ends = one["type"] == "action" and one["action"] == "reverse"
        if ends and logged.pop((one["device"], one["range_start"], one["range_end"]), None) is None:
            raise StepError("a claim is reversed that was not made", "被撤销的主张不存在", index)
    kept = {
        (row.device, row.range_start, row.range_end): (
            *hour_of(row.t0),
            row.party,
            row.consumed_start,
            row.consumed_end,
        )
        for row in table_rows.claims(book.session, book.park)
        if row.live
    }
    _same("claim of", "主张", logged, kept)
    used = {(row.party, *hour_of(row.t0)): row.wh for row in table_rows.consumption(book.session, book.park)}
    told = {
        (one["party"], one["day"], hour): own["consumption_wh"]
        for _, one in book.view.latest("enterprise-day")
        for hour, own in enumerate(one["hours"])
    }
    _same("consumption of", "用电", told, used)
    return Said(f"{len(kept)} claim(s), {len(used)} party-hour(s)", f"{len(kept)} 笔主张、{len(used)} 个主体小时")


def stored(book: Book) -> Said:
    """Check that lots of storages and what was taken of them are those recorded."""
    lots: Counter[Any] = Counter()
    takes: Counter[Any] = Counter()
    for _, one in book.view.of("storage"):
        for lot in one["lots"]:
            lots[lot["store"], lot["charged"], lot["origin"], lot["ac_wh"], lot["internal_wh"]] += 1
        for take in one["takes"]:
            if take["charged"]:
                lot = (take["store"], take["charged"], take["origin"])
                takes[*lot, one["day"], take["hour"], take["ac_wh"], take["internal_wh"]] += 1
    rows = table_rows.lots(book.session, book.park)
    kept = Counter((row.store, row.charged, row.origin, row.ac_wh, row.internal_wh) for row in rows)
    _same("lot", "储能批次", lots, kept)
    given = table_rows.takes(book.session, book.park)
    _same("take", "储能取用", takes, Counter(
        (row.store, row.charged, row.origin, *hour_of(row.t0), row.ac_wh, row.internal_wh) for row in given
    ))  # fmt: skip
    return Said(f"{len(rows)} lot(s), {len(given)} take(s)", f"{len(rows)} 个批次、{len(given)} 次取用")


def plan(book: Book) -> Iterator[tuple[str, Callable[[], Said]]]:
    """Yield the steps of this file by name."""
    for step in (readings, shares, days, issued, claimed, stored):
        yield f"same_{step.__name__}", lambda step=step: step(book)  # type: ignore[misc]
