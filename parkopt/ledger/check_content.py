"""What the records themselves must keep: no hour missing or twice, and sums that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError

ENTERPRISE, PARK, HEAD = "enterprise-hour", "park-hour", "schedule"
_DAY = timedelta(days=1)
Numbered = tuple[int, Record]


class Hour(NamedTuple):
    """One interval of a record and where the record stands."""

    start: datetime
    end: datetime
    record: int


def completeness(records: Iterable[Numbered]) -> Said:
    """Check that the hours of each enterprise and park, date and run have no gap or overlap.

    The head record of a run says how many steps and enterprises it has: its park hours and
    those of one enterprise (evidence) or of all (a log) must be there, each complete. Hours without a head, and a head
    without hours, are said. Where park hours of the run are there too, an enterprise must have
    the same ones. A set that is not whole days is allowed (a run within the day) and said.

    Raises
    ------
    StepError
        With the first gap, overlap or unreadable hour.
    """
    groups: dict[tuple[str, ...], list[Hour]] = {}
    heads: dict[tuple[str, ...], tuple[int, Record]] = {}
    for index, record in records:
        if record.get("type") == HEAD and "steps" in record:
            heads[_run(index, record)] = (index, record)
        if record.get("type") in (ENTERPRISE, PARK):
            groups.setdefault(_group(index, record), []).append(_hour(index, record))
    for key, hours in groups.items():
        _no_gap(key, sorted(hours))
    for key, hours in groups.items():
        _same_hours(key, hours, groups.get((*key[:3], "")))
    for run, (index, head) in heads.items():
        _as_the_head_says(run, index, head, groups)
    alone = sorted({key[:3] for key in groups} - set(heads))
    if heads and alone:
        raise StepError(f"{_name(alone[0])} has no head record", f"{_name(alone[0])} 没有首条记录", None)
    return _said(groups)


def _run(index: int, record: Record) -> tuple[str, ...]:
    return tuple(_text(index, record, name) for name in ("park", "date", "run"))


def _as_the_head_says(
    run: tuple[str, ...], index: int, head: Record, groups: Mapping[tuple[str, ...], list[Hour]]
) -> None:
    steps = _wh(index, "steps", head["steps"])
    sets = {key[3]: len(hours) for key, hours in groups.items() if key[:3] == run}
    if "" not in sets:
        raise StepError(f"{_name(run)}: no park hours", f"{_name(run)}：没有园区时段", index)
    theirs, all_of_them = len(sets) - 1, _wh(index, "enterprises", head.get("enterprises"))
    if theirs not in (1, all_of_them):
        said = f"{theirs} of {all_of_them} enterprises"
        raise StepError(f"{_name(run)}: hours of {said}", f"{_name(run)}：{said}", index)
    for who, count in sorted(sets.items()):
        if count != steps:
            place = _name((*run, who))
            raise StepError(f"{place} has {count} of {steps} hours", f"{place} 有 {count}/{steps} 个时段", index)


def _group(index: int, record: Record) -> tuple[str, ...]:
    who = _text(index, record, "enterprise") if record["type"] == ENTERPRISE else ""
    return (*(_text(index, record, name) for name in ("park", "date", "run")), who)


def _text(index: int, record: Record, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise StepError(f"{name} is missing or no text", f"{name} 缺失或不是文本", index)
    return value


def _hour(index: int, record: Record) -> Hour:
    start, end = (_time(index, record, name) for name in ("start", "end"))
    if end <= start:
        raise StepError("it ends before it starts", "结束时间不晚于开始时间", index)
    return Hour(start, end, index)


def _time(index: int, record: Record, name: str) -> datetime:
    text = _text(index, record, name)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise StepError(f"{name} {text!r} is no time", f"{name} {text!r} 不是时间", index) from wrong
    if time.utcoffset() != timedelta(0):
        raise StepError(f"{name} {text!r} is not in UTC", f"{name} {text!r} 不是 UTC 时间", index)
    return time


def _no_gap(key: tuple[str, ...], hours: list[Hour]) -> None:
    for before, after in pairwise(hours):
        gap = f"{_name(key)}: {_utc(before.end)} - {_utc(after.start)}"
        if after.start > before.end:
            raise StepError(f"gap in {gap}", f"缺口 {gap}", after.record)
        if after.start < before.end:
            raise StepError(f"{_utc(after.start)} stands twice in {_name(key)}", f"重复时段 {gap}", after.record)


def _same_hours(key: tuple[str, ...], hours: list[Hour], park: list[Hour] | None) -> None:
    if park is None:
        return
    have, want = ({(hour.start, hour.end) for hour in group} for group in (hours, park))
    missing = sorted(want ^ have)
    if missing:
        place = f"{_name(key)}: {_utc(missing[0][0])} - {_utc(missing[0][1])}"
        raise StepError(
            f"not both in park and enterprise hours: {place}", f"园区与企业时段不一致：{place}", hours[0].record
        )


def _said(groups: Mapping[tuple[str, ...], list[Hour]]) -> Said:
    count = sum(len(hours) for hours in groups.values())
    for key, hours in groups.items():
        first, last = min(hours).start, max(hour.end for hour in hours)
        if (last - first) % _DAY:
            span = f"{_name(key)}: {_utc(first)} - {_utc(last)}"
            return Said(f"no gap, but not a whole day: {span}", f"无缺口，但不足整日：{span}", warn=True)
    return Said(f"{count} hour(s) in {len(groups)} set(s), no gap", f"{len(groups)} 组共 {count} 个时段，无缺口")


def _name(key: tuple[str, ...]) -> str:
    return "/".join(part for part in key if part)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def arithmetic(records: Iterable[Numbered]) -> Said:
    """Check that the Wh of each hour add up exactly, and green is within consumption.

    Raises
    ------
    StepError
        With the first record that does not add up or holds no whole Wh.
    """
    count = 0
    for index, record in records:
        if record.get("type") == ENTERPRISE:
            _enterprise_adds_up(index, record)
        elif record.get("type") == PARK:
            _park_adds_up(index, record)
        else:
            continue
        count += 1
    return Said(f"{count} hourly record(s) add up to the Wh", f"{count} 条时段记录逐 Wh 加总一致")


def _enterprise_adds_up(index: int, record: Record) -> None:
    total, green = (_wh(index, name, record.get(name)) for name in ("consumption_wh", "green_wh"))
    parts = _sum(index, record, "by_source_wh")
    if parts != total:
        raise StepError(f"sources give {parts} Wh of {total} Wh", f"来源合计 {parts} Wh，用电 {total} Wh", index)
    if green > total:
        raise StepError(f"green {green} Wh of {total} Wh", f"绿电 {green} Wh 超过用电 {total} Wh", index)


def _park_adds_up(index: int, record: Record) -> None:
    sources, sinks = _sum(index, record, "sources_wh"), _sum(index, record, "sinks_wh")
    if sources != sinks:
        raise StepError(f"sources {sources} Wh, sinks {sinks} Wh", f"电源 {sources} Wh，用电 {sinks} Wh", index)


def _sum(index: int, record: Record, name: str) -> int:
    parts: Any = record.get(name)
    if not isinstance(parts, dict):
        raise StepError(f"{name} is missing", f"缺少 {name}", index)
    return sum(_wh(index, f"{name}.{key}", value) for key, value in parts.items())


def _wh(index: int, name: str, value: object) -> int:
    if type(value) is not int or value < 0:
        raise StepError(f"{name} is {value!r}, no whole Wh", f"{name} 为 {value!r}，不是非负整数 Wh", index)
    return value
