"""The tables of a park against its log, row by row: what was sealed, what changed since by steps, and times."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from functools import cached_property
from typing import Any

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import AUDITOR, SEAL, Scope, View
from parkopt.park.discover import park_paths
from parkopt.services.seal import files_of, hashed, meters_of
from parkopt.store import seals, states, table_rows
from parkopt.store.registry_invariants import invariants
from parkopt.store.session import Session

COLUMNS = ("status", "account", "beneficiary", "disposition", "gec_id", "gec_sold", "split_from")
"""What steps change of a bundle."""


class Book:
    """A park's records and tables, each read once."""

    def __init__(self, session: Session, park: str) -> None:
        self.session, self.park = session, park
        self.leaves = table_rows.leaves(session, park)

    @cached_property
    def records(self) -> list[tuple[int, Record]]:
        """All records of the log with their index."""
        return [(row.idx, json.loads(row.body)) for row in self.leaves]

    @cached_property
    def view(self) -> View:
        """The records by what they are about."""
        return View(Scope(self.park, AUDITOR, "", "9999"), self.records)

    @cached_property
    def seals(self) -> list[tuple[int, Record]]:
        """The seals with their index."""
        return [(index, record) for index, record in self.records if record["type"] == SEAL]


def sealed(book: Book) -> Said:
    """Check that the rows of every transaction are those that it sealed, and that there are no others."""
    after = -1
    for index, record in book.seals:
        if record["after"] != after or seals.head_count(book.session, book.park, index) != record["heads"]:
            raise StepError("a seal or a signed head before it is missing", "缺少此前的封存或已签名的头", index)
        after = index
    for name in seals.TABLES:
        compare(book, name)
    compare_days(book)
    return Said(f"{len(book.seals)} seal(s): every row as it was written", f"{len(book.seals)} 个封存：各行均未改动")


def compare(book: Book, name: str) -> None:
    """Compare a table with its seals, a seal's rows at a time."""
    with closing(seals.rows_of(book.session, book.park, name)) as rows:
        _compare(book, name, rows)


def _compare(book: Book, name: str, rows: Iterator[list[Any]]) -> None:
    last, row = 0, next(rows, None)
    for index, record in book.seals:
        end, digest = record["tables"][name]
        own = []
        while row is not None and row[0] <= end:
            own.append(row)
            row = next(rows, None)
        if (hashed(own) if own else "") != digest:
            en = f"{name}: rows {last + 1} to {end} are not those sealed"
            raise StepError(en, f"{name}：第 {last + 1} 至 {end} 行与封存不符", index)
        last = end
    if row is not None:
        raise StepError(f"{name}: row {row[0]} is in no record", f"{name}：第 {row[0]} 行无记录")


def compare_days(book: Book) -> None:
    """Compare party-days, settled days and closed months with the seals after their records."""
    places = [index for index, _ in book.seals]
    rows = seals.day_rows(book.session, book.park, -1, 2**31 - 1)
    own: dict[int, dict[str, list[Any]]] = {index: {name: [] for name in rows} for index in places}
    keys: dict[tuple[str, int], int] = {}
    for name in ("party_day", "month_close"):
        for row in rows[name]:
            at = bisect(places, row[-1])
            if at == len(places):
                raise StepError(f"{name}: {row[1:4]} is in no record", f"{name}：{row[1:4]} 无记录")
            own[places[at]][name].append(row)
            keys |= {(row[2], row[3]): places[at]} if name == "party_day" else {}
    for row in rows["settled_day"]:
        own[keys[row[1], row[2]]]["settled_day"].append(row)
    for index, record in book.seals:
        if hashed(own[index]) != record["days"]:
            raise StepError("settled days are not those sealed", "已结算日与封存不符", index)
    for name, count in seals.day_counts(book.session, book.park).items():
        if count != len(rows[name]):
            en = f"{name}: {count} rows, {len(rows[name])} recorded"
            raise StepError(en, f"{name}：{count} 行，记录 {len(rows[name])} 行")


def strays(book: Book) -> Said:
    """Look for rows of parks that are not here: nobody can check them, and shares are asked for by enterprise alone."""
    found = seals.strays(book.session, [*park_paths(), book.park])
    names = ", ".join(f"{name} ({park})" for name, park in found.items())
    if "party_day" in found:
        raise StepError(f"rows of no known park: {names}", f"有行不属于任何已知园区：{names}")
    if found:
        return Said(f"rows of no known park: {names}", f"有行不属于任何已知园区：{names}", warn=True)
    return Said("all rows are of parks that are known", "各行均属于已知园区")


def meters_sealed(book: Book) -> Said:
    """Check that the readings of settled hours and their files are those that were settled."""
    newest: dict[tuple[int, int], int] = {}
    for index, record in book.seals:
        told = record.get("meters")
        if told is not None:
            span = (told["start"], told["end"])
            if meters_of(book.session, book.park, *span, told["last"]) != told:
                raise StepError("readings or their files are not those settled", "读数或其文件与结算时不符", index)
            newest[span] = told["last"]
    return _told(book, newest)


def _told(book: Book, newest: dict[tuple[int, int], int]) -> Said:
    rows = [row for span, last in newest.items() for row in seals.reading_rows(book.session, book.park, *span, last)]
    readings, files = seals.meter_counts(book.session, book.park)
    readings, files = readings - len(rows), files - len(files_of(book.session, book.park, rows))
    en = f"{len(rows)} reading(s) as they were settled"
    if not readings and not files:
        return Said(en, f"{len(rows)} 条读数与结算时一致")
    more = f"; {readings} reading(s), {files} file(s) under no settlement yet"
    return Said(en + more, f"{len(rows)} 条读数与结算时一致；{readings} 条读数、{files} 个文件尚未结算", warn=True)


def stepped(book: Book) -> Said:
    """Check that bundles are what their steps made of them, and the invariants of the registry."""
    rows = {row.id: row for row in table_rows.bundles(book.session, book.park)}
    now = _States(rows)
    for step in table_rows.actions(book.session, book.park):
        now.take(step)
    for number, row in rows.items():
        for name, want in now.of(number).items():
            if getattr(row, name) != want:
                en = f"gc_bundle {number}: {name} is {getattr(row, name)!r}, its steps say {want!r}"
                raise StepError(en, f"gc_bundle {number}：{name} 与其操作记录不符")
    _counters(book, rows.values())
    for broken in invariants(book.session, book.park):
        raise StepError(broken, f"不变量不成立：{broken}")
    return Said(f"{len(rows)} bundle(s) as their steps left them", f"{len(rows)} 个证书批与其操作记录一致")


class _States:
    """The columns that steps change, followed from birth."""

    def __init__(self, rows: dict[int, Any]) -> None:
        self._rows = rows
        self._now: dict[int, dict[str, Any]] = {}

    def of(self, number: int) -> dict[str, Any]:
        """Return a bundle's columns as far as its steps were taken; a part begins with its parent's."""
        if number not in self._now:
            row = self._rows.get(number)
            if row is None or row.parent is None or row.parent >= number:
                raise StepError(f"gc_bundle {number} has no birth", f"gc_bundle {number} 没有来源")
            before = self.of(row.parent)
            self._now[number] = {**before, "status": before["split_from"], "split_from": ""}
        return self._now[number]

    def take(self, step: Any) -> None:
        """Take one step of `gc_action`."""
        details = json.loads(step.details)
        if step.type == "issue":
            born = (step.to_status, step.to_account, step.beneficiary, "none", details.get("gec_id", ""), 0, "")
            self._now[step.bundle] = dict(zip(COLUMNS, born, strict=True))
            return
        own = self.of(step.bundle)
        own |= {"status": step.to_status, "account": step.to_account, "beneficiary": step.beneficiary}
        if step.type == "mark_export":
            own["disposition"] = "export"
        elif step.type in ("cancel", "cancel_for_storage") and own["disposition"] == "none":
            own["disposition"] = "local"
        elif step.type == "link_gec":
            own |= {"gec_id": details["gec_id"], "gec_sold": int(details["sold"])}
        elif step.to_status == states.SPLIT:
            own["split_from"] = step.from_status


def _counters(book: Book, rows: Any) -> None:
    free: dict[str, int] = {}
    for row in rows:
        free[row.device] = max(free.get(row.device, 0), row.range_end + 1)
    for one in table_rows.devices(book.session, book.park):
        if one.next_id != free.get(one.device, 0):
            en = f"gc_device {one.device}: next_id is {one.next_id}, {free.get(one.device, 0)} were issued"
            raise StepError(en, f"gc_device {one.device}：next_id 与签发不符")


def whole(book: Book) -> Said:
    """Check that the file of the database is sound: a question may read an index and leave out its rows."""
    damage = table_rows.damage(book.session)
    if damage:
        raise StepError(damage, f"数据库文件损坏：{damage}")
    return Said("sound", "完好")


def times(book: Book) -> Said:
    """Check that each signed head stands under the time of its last record."""
    if book.leaves and book.leaves[0].idx < 0:
        raise StepError("a record stands before the first", "首条记录之前还有记录", book.leaves[0].idx)
    stamps = {row.idx: json.loads(row.leaf)["time"] for row in book.leaves}
    for size, made in seals.head_times(book.session, book.park):
        told = made.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
        if stamps.get(size - 1) != told:
            raise StepError(f"the checkpoint of size {size} has another time", f"大小为 {size} 的检查点时间不符", size)
    return Said("each checkpoint of the time of its records", "各检查点时间与记录一致")


def plan(book: Book) -> Iterator[tuple[str, Callable[[], Said]]]:
    """Yield the steps of this file by name."""
    yield "file", lambda: whole(book)
    yield "times", lambda: times(book)
    yield "sealed", lambda: sealed(book)
    yield "strays", lambda: strays(book)
    yield "meters", lambda: meters_sealed(book)
    yield "states", lambda: stepped(book)
