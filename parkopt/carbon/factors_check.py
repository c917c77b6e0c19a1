"""What makes a table of carbon factors unusable: all faults of it together, each with its row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from parkopt.errors import ParkoptError, Text, Where
from parkopt.faults import FactorCycle, FactorTwice, NoProvenance, UnknownPredecessor, WrongFactor

Row = Mapping[str, str]
NEEDED = ("id", "kg_per_kwh", "kind", "scope", "region", "year", "published", "source", "confidence")
OPTIONAL = ("version", "supersedes", "valid_from", "valid_to")
PROVENANCE = ("source", "published", "confidence")
SCOPES = ("direct", "lifecycle")
CONFIDENCES = frozenset("PSRDM")
MOST_KG_PER_KWH = 2
"""No power system emits more; a larger value is one in g/kWh or kg/MWh."""
_ID = re.compile(r"^[a-z][a-z0-9_]{0,59}$")


def check_rows(rows: Sequence[Row], where: Sequence[Where], known: Mapping[str, Row]) -> list[ParkoptError]:
    """Return all faults of a table.

    Parameters
    ----------
    rows : sequence of mapping
        Cells as text, by column.
    where : sequence of Where
        The place of each row.
    known : mapping
        Rows of factors that the table adds to, by id.
    """
    faults = [fault for row, at in zip(rows, where, strict=True) for fault in _row(row, at)]
    faults += _twice(rows, where, known)
    return [*faults, *_chain(rows, where, {**{row["id"]: row for row in rows}, **known})]


def _row(row: Row, at: Where) -> Iterator[ParkoptError]:
    missing = [name for name in PROVENANCE if not row[name]]
    if missing:
        yield NoProvenance(at, factor=row["id"], missing=", ".join(missing))
    for reason in (*_names(row), *_value(row["kg_per_kwh"]), *_dates(row)):
        yield WrongFactor(at, factor=row["id"], reason=reason)


def _names(row: Row) -> Iterator[Text]:
    if not _ID.match(row["id"]):
        yield Text("its id is not small letters, digits and _", "编号须由小写字母、数字和 _ 组成")
    if row["scope"] not in SCOPES:
        yield Text(
            f"its scope is {row['scope']!r}, not direct or lifecycle",
            f"scope 为 {row['scope']!r}，应为 direct 或 lifecycle",
        )
    for name in ("kind", "region"):
        if not row[name]:
            yield Text(f"its {name} is empty", f"{name} 为空")
    if not set(row["confidence"].split("/")) <= CONFIDENCES | {""}:
        yield Text(
            f"its confidence is {row['confidence']!r}, not P, S, R, D or M",
            f"可信度 {row['confidence']!r} 不是 P、S、R、D、M",
        )


def _value(text: str) -> Iterator[Text]:
    try:
        value = Decimal(text)
    except InvalidOperation:
        yield Text(f"kg_per_kwh is {text!r}, not a number", f"kg_per_kwh 为 {text!r}，不是数值")
        return
    if not value.is_finite() or not 0 <= value <= MOST_KG_PER_KWH:
        yield Text(f"{text} kg/kWh is outside 0 to {MOST_KG_PER_KWH}", f"{text} kg/kWh 超出 0 至 {MOST_KG_PER_KWH}")
    elif value != round(value, 6):
        yield Text(f"{text} kg/kWh has more than six decimals", f"{text} kg/kWh 的小数超过六位")


def _dates(row: Row) -> Iterator[Text]:
    days = {name: _day(row[name]) for name in ("published", "valid_from", "valid_to")}
    for name, day in days.items():
        if row[name] and day is None:
            yield Text(
                f"{name} is {row[name]!r}, not a date such as 2025-12-31", f"{name} 为 {row[name]!r}，应写作 2025-12-31"
            )
    if not row["year"].isdecimal() or (days["published"] and int(row["year"]) > days["published"].year):
        yield Text(
            f"{row['year']!r} is no year of data up to its publication", f"{row['year']!r} 不是公布之前的数据年份"
        )
    if row["version"] and not (row["version"].isdecimal() and int(row["version"])):
        yield Text(f"its version is {row['version']!r}, not 1, 2, ...", f"版本 {row['version']!r} 应为 1、2……")
    if days["valid_from"] and days["valid_to"] and days["valid_to"] < days["valid_from"]:
        yield Text("valid_to comes before valid_from", "valid_to 早于 valid_from")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _twice(rows: Sequence[Row], where: Sequence[Where], known: Mapping[str, Row]) -> Iterator[ParkoptError]:
    taken = set(known)
    for row, at in zip(rows, where, strict=True):
        if row["id"] in taken:
            yield FactorTwice(at, factor=row["id"])
        taken.add(row["id"])


def _chain(rows: Sequence[Row], where: Sequence[Where], table: Mapping[str, Row]) -> Iterator[ParkoptError]:
    for row, at in zip(rows, where, strict=True):
        before = row["supersedes"]
        if not before:
            continue
        if before not in table:
            yield UnknownPredecessor(at, factor=row["id"], before=before)
        elif any(table[before][name] != row[name] for name in ("kind", "scope", "region")):
            reason = Text(f"{before} is of another kind, scope or region", f"{before} 的类型、范围或地区不同")
            yield WrongFactor(at, factor=row["id"], reason=reason)
        elif table[before]["published"] > row["published"]:
            yield WrongFactor(at, factor=row["id"], reason=Text(f"{before} is newer", f"{before} 公布得更晚"))
    for ring in _rings({name: row["supersedes"] for name, row in table.items()}):
        yield FactorCycle(where[next(i for i, row in enumerate(rows) if row["id"] in ring)], chain=" > ".join(ring))


def _rings(before: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    """Return each ring once, from its first id on."""
    found = set()
    for start in before:
        path, name = [start], before[start]
        while name in before and name not in path:
            path.append(name)
            name = before[name]
        if name == start:
            first = path.index(min(path))
            found.add((*path[first:], *path[:first], path[first]))
    return sorted(found)
