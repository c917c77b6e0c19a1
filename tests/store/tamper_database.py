"""Tamper with a settled database thousands of times, one attempt at a time, and count what the check finds.

``python -m tests.store.tamper_database --n 10000`` prints by table and kind how many attempts were
found, refused by the database itself, without effect on what is read (`no_fact`), or missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from parkopt.errors import ParkoptError
from parkopt.ledger.check_settled import verify_settled
from parkopt.ledger.keys import LogKey, load_or_create_key
from parkopt.ledger.report import Said
from parkopt.ledger.settled import SettledLog
from parkopt.services.check_rows import Book, compare, compare_days, meters_sealed
from parkopt.services.database import tables_plan
from parkopt.services.keys import settled_name, settled_vkey
from parkopt.store.logbook import Logbook
from parkopt.store.seals import TABLES
from tests.store.tamper_case import NOT_OURS, PARK, Table, build, disarm, dump, raw_engine

LOG = {"log_leaf", "log_node", "log_checkpoint"}
ENDS = ("found", "refused", "no_fact", "missed")
TIMES = {"created_at", "closed_at", "received_at", "settled_at", "start"}
RESIGN = 150
"""One in so many attempts writes the whole log anew under another key."""


class Campaign:
    """One database, disarmed; every attempt is undone."""

    def __init__(
        self, engine: Engine, vkey: str, older: dict[str, Table], other: LogKey, rows: dict[str, Table]
    ) -> None:
        self.engine, self.vkey, self.older, self.other, self.rows = engine, vkey, older, other, rows
        self.keys = {name: inspect(engine).get_pk_constraint(name)["constrained_columns"] for name in rows}
        self.parsed: dict[str, Any] = {}
        self.names = [name for name, (_, own) in rows.items() if own and name not in NOT_OURS]

    def attempt(self, session: Session, chance: random.Random) -> tuple[str, str, str, str]:
        """Make one change, check, undo; return table, kind, what became of it, and what was changed."""
        kind = "resign" if chance.randrange(RESIGN) == 0 else chance.choices(list(KINDS), WEIGHTS)[0]
        name = "log_leaf" if kind == "resign" else chance.choice(self.names)
        nested = session.begin_nested()
        told = ""
        try:
            told = resign(self, session, chance) if kind == "resign" else KINDS[kind](self, session, name, chance)
            outcome = (
                "none" if not told else self.found(session, next((one for one in told.split() if one in LOG), name))
            )
        except (SQLAlchemyError, ParkoptError):
            outcome = "refused"
        finally:
            nested.rollback()
        if outcome == "missed" and no_fact(name, told):
            outcome = "no_fact"
        return name, kind, outcome, told

    def found(self, session: Session, name: str) -> str:
        """Return whether the check as `verify_database` does it sees what was done to a table."""
        session.expire_all()
        try:
            if name in LOG and not verify_settled(Logbook(session, PARK), self.vkey, "").ok:
                return "found"
        except (ParkoptError, ValueError, TypeError):
            return "found"
        return "missed" if self.first(session, name) == "" else "found"

    def first(self, session: Session, name: str = "") -> str:
        """Return what the first step says that is not as it was: it failed, or warns of what is not settled.

        A table that was touched comes first, and records that were not are parsed once: only for speed.
        """
        book = Book(session, PARK)
        if name not in LOG:
            vars(book).update(self.parsed)
        steps = [(name, lambda: self.touched(book, name))] if name else []
        for step, check in (*steps, *tables_plan(book)):
            try:
                said = check()
            except Exception as failed:
                return f"{step}: {failed}"
            if said is not None and said.warn:
                return f"{step}: {said.en}"
        if not self.parsed:
            self.parsed = {one: vars(book)[one] for one in ("leaves", "records", "view", "seals")}
        return ""

    def touched(self, book: Book, name: str) -> Said | None:
        """Do the part of a step that reads a table."""
        if name in TABLES:
            compare(book, name)
        elif name in ("meter_file", "meter_reading"):
            return meters_sealed(book)
        elif name not in LOG:
            compare_days(book)
        return None

    # Statements

    def where(self, name: str, row: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
        """Return the condition that picks one row."""
        columns, key = self.rows[name][0], self.keys[name]
        values = dict(zip(columns, row, strict=True))
        return " AND ".join(f'"{one}" = :k_{one}' for one in key), {f"k_{one}": values[one] for one in key}

    def update(self, session: Session, name: str, row: tuple[Any, ...], new: dict[str, Any]) -> None:
        """Change columns of a row."""
        where, key = self.where(name, row)
        sets = ", ".join(f'"{one}" = :{one}' for one in new)
        session.execute(text(f"UPDATE {name} SET {sets} WHERE {where}"), {**plain(new), **key})

    def insert(self, session: Session, name: str, values: dict[str, Any]) -> None:
        """Add a row."""
        columns = ", ".join(f'"{one}"' for one in values)
        marks = ", ".join(f":{one}" for one in values)
        session.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({marks})"), plain(values))

    def delete(self, session: Session, name: str, row: tuple[Any, ...]) -> None:
        """Take a row away."""
        where, key = self.where(name, row)
        session.execute(text(f"DELETE FROM {name} WHERE {where}"), key)

    def pick(self, name: str, chance: random.Random) -> dict[str, Any]:
        """Return a random row by column."""
        columns, rows = self.rows[name]
        return dict(zip(columns, chance.choice(rows), strict=True))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as a driver takes them."""
    return {name: json.dumps(one) if isinstance(one, dict | list) else one for name, one in values.items()}


def changed(value: Any, others: list[Any], chance: random.Random) -> Any:
    """Return another value of the same kind: a neighbour, another row's, a flipped byte, a changed leaf of JSON."""
    if chance.random() < 0.3 and any(one != value for one in others):
        return chance.choice([one for one in others if one != value])
    if value is None or isinstance(value, int):
        return (value or 0) + chance.choice([-1, 1, 1000])
    if isinstance(value, bytes | memoryview):
        data = bytearray(value)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(data)
    if isinstance(value, dict) or (isinstance(value, str) and value.startswith("{")):
        return _json(value, chance)
    if isinstance(value, str):
        return _text(value, chance)
    return value.replace(year=value.year + 1)


def _text(value: str, chance: random.Random) -> str:
    if not value:
        return "x"
    at = chance.randrange(len(value))
    letter = chr(ord(value[at]) ^ 1) if value[at] not in "\n" else " "
    return chance.choice([value[:at] + letter + value[at + 1 :], value + "0", value[:-1]])


def _json(value: Any, chance: random.Random) -> Any:
    """Change one leaf of a JSON value."""
    data = json.loads(value) if isinstance(value, str) else json.loads(json.dumps(value))
    node, path = data, []
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
        path.append((node, key))
        node = node[key]
    if not path:
        data = {"x": 1}
    else:
        place, key = path[-1]
        place[key] = node + 1 if isinstance(node, int | float) and not isinstance(node, bool) else f"{node}x"
    return json.dumps(data) if isinstance(value, str) else data


def column(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Change one column of one row."""
    columns, rows = case.rows[name]
    row, at = chance.choice(rows), chance.randrange(len(columns))
    value = changed(row[at], [one[at] for one in chance.sample(rows, min(9, len(rows)))], chance)
    case.update(session, name, row, {columns[at]: value})
    return f"{columns[at]}: {row[at]!r} -> {value!r}" if value != row[at] else ""


def delete(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Take one row away."""
    row = chance.choice(case.rows[name][1])
    case.delete(session, name, row)
    return f"row {row[:4]!r}"


def duplicate(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Add a row again under another key."""
    row = case.pick(name, chance)
    key = chance.choice(case.keys[name])
    row[key] = chance.choice([10**6, 1, -5]) + row[key] if isinstance(row[key], int) else _text(row[key], chance)
    case.insert(session, name, row)
    return f"{key} {row[key]!r}"


def invent(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Add a row that takes each column from some row, one of them changed."""
    row = {one: case.pick(name, chance)[one] for one in case.rows[name][0]}
    some = chance.choice(list(row))
    row[some] = changed(row[some], [], chance)
    for key in case.keys[name]:
        row[key] = row[key] + 10**5 if isinstance(row[key], int) else row[key]
    case.insert(session, name, row)
    return f"{row!r}"


def swap(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Swap what two rows say, their keys left."""
    columns, rows = case.rows[name]
    pair = chance.sample(rows, 2) if len(rows) > 1 else [rows[0], rows[0]]
    own = [one for one in columns if one not in case.keys[name]]
    one, two = ({name: row[columns.index(name)] for name in own} for row in pair)
    case.update(session, name, pair[0], two)
    case.update(session, name, pair[1], one)
    return f"rows {pair[0][:3]!r} and {pair[1][:3]!r}" if one != two else ""


def truncate(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Take the newest rows away."""
    columns, rows = case.rows[name]
    at = [columns.index(key) for key in case.keys[name]]
    count = chance.randint(1, max(1, len(rows) // 2))
    for row in sorted(rows, key=lambda row: [row[place] for place in at])[-count:]:
        case.delete(session, name, row)
    return f"{count} row(s)"


def replay(case: Campaign, session: Session, name: str, chance: random.Random) -> str:
    """Put one or two tables back to what they were a day before."""
    names = {name, chance.choice(case.names)}
    differ = sorted(one for one in names if case.older[one] != case.rows[one])
    for one in differ:
        session.execute(text(f"DELETE FROM {one}"))
        columns, rows = case.older[one]
        if rows:
            marks = ", ".join(f":{column}" for column in columns)
            values = [plain(dict(zip(columns, row, strict=True))) for row in rows]
            session.execute(text(f"INSERT INTO {one} VALUES ({marks})"), values)
    return " ".join(differ)


def resign(case: Campaign, session: Session, chance: random.Random) -> str:
    """Write the whole log anew under another key, one record changed."""
    entries = [json.loads(row.body) for row in Logbook(session, PARK).leaves()]
    at = chance.choice([index for index, one in enumerate(entries) if "revision" in one])
    entries[at] = {**entries[at], "revision": entries[at]["revision"] + 1}
    for one in LOG:
        session.execute(text(f"DELETE FROM {one}"))
    SettledLog(case.other, Logbook(session, PARK)).append(entries)
    return f"record {at}"


WEIGHTS = (8, 4, 4, 4, 4, 3, 1)
"""How often each kind of change is made."""
Change = Callable[[Campaign, Session, str, random.Random], str]
KINDS: dict[str, Change] = {one.__name__: one for one in (column, delete, duplicate, invent, swap, truncate, replay)}


def no_fact(name: str, told: str) -> bool:
    """Say whether a change is one of the few that change nothing that is answered or relied on.

    A time that is spelled otherwise reads the same. Of signed heads nothing reads the column for
    timestamp tokens yet, nor parts of a second: the note says what was signed.
    """
    if told.startswith("tsa_token"):
        return True
    found = re.fullmatch(r"(\w+): '([^']*)' -> '([^']*)'", told)
    if found is None or found[1] not in TIMES:
        return False
    places = len("2026-07-01 00:00:00") if name == "log_checkpoint" else None
    try:
        before, after = (datetime.fromisoformat(one[:places]) for one in found.groups()[1:])
    except ValueError:
        return False
    return before == after


def run(
    folder: Path, n: int, seed: int = 1, url: str = "", most_s: float = 3600.0
) -> tuple[Counter[tuple[str, str, str]], list[str]]:
    """Make `n` attempts that change something; return counts by table, kind and outcome, and the misses in words."""
    os.environ["PARKOPT_PARKS"] = str(folder / "parks")
    config, older = build(folder, url)
    disarm(config.store_url)
    rows, engine = dump(config.store_url), raw_engine(config.store_url)
    other = load_or_create_key(folder / "other", settled_name(PARK))
    case = Campaign(engine, settled_vkey(config, PARK), older, other, rows)
    chance, counts, missed = random.Random(seed), Counter[tuple[str, str, str]](), []
    with Session(engine, expire_on_commit=False) as session, session.begin() as whole:
        assert verify_settled(Logbook(session, PARK), case.vkey, "").ok
        assert case.first(session) == ""
        began = monotonic()
        while counts.total() < n and monotonic() - began < most_s:
            name, kind, outcome, told = case.attempt(session, chance)
            if outcome != "none":
                counts[name, kind, outcome] += 1
            if outcome == "missed":
                missed.append(f"{name} {kind}: {told[:300]}")
        whole.rollback()
    engine.dispose()
    return counts, missed


def table(counts: Counter[tuple[str, str, str]]) -> str:
    """Return the counts as lines, by table and kind: found/refused/no_fact/missed."""
    kinds = [*KINDS, "resign"]
    lines = ["found/refused/no fact/missed", f"{'':20}" + "".join(f"{kind:>14}" for kind in kinds)]
    for name in sorted({key[0] for key in counts}):
        cells = ["/".join(str(counts[name, kind, end]) for end in ENDS) for kind in kinds]
        lines.append(f"{name:20}" + "".join(f"{cell:>14}" for cell in cells))
    sums = {end: sum(count for key, count in counts.items() if key[2] == end) for end in ENDS}
    return "\n".join([*lines, f"{counts.total()} attempts: {sums}"])


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with TemporaryDirectory() as made:
        result, misses = run(Path(made), given.n, given.seed)
    print(table(result))
    print("\n".join(misses[:40]))
