"""What a seal covers: the rows of a park that a transaction added, as plain lists, the same on every database.

A seal is a record of the settled log with hashes of rows (`parkopt.services.seal`). Columns that
steps of certificates' life change later are left out: the sealed `gc_action` says what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from parkopt.store import certificate_tables as own
from parkopt.store.log_tables import CheckpointRow, LeafRow, NodeRow
from parkopt.store.meters import MeterFileRow, MeterReadingRow
from parkopt.store.party_days import PartyDayRow
from parkopt.store.settled import MonthCloseRow, SettledDayRow

Row = list[Any]
AT_ONCE = 5000
"""Rows that are read at once."""


@dataclass(frozen=True)
class Sealed:
    """A table whose rows are sealed in the order of their ids; `through` is the table that names their park."""

    table: Table
    later: frozenset[str] = frozenset()
    through: tuple[Table, str] | None = None

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """The columns that never change."""
        return [column for column in self.table.c if column.name not in self.later]

    @property
    def source(self) -> FromClause:
        """The table, with the one that names the park."""
        if self.through is None:
            return self.table
        other, key = self.through
        return self.table.outerjoin(other, self.table.c[key] == other.c.id)

    @property
    def park(self) -> ColumnElement[Any]:
        """The column of the park's id."""
        table = self.table if self.through is None else self.through[0]
        return table.c.park


LATER = frozenset({"status", "account", "beneficiary", "disposition", "gec_id", "gec_sold", "split_from"})
TABLES: dict[str, Sealed] = {
    str(one.table.name): one
    for one in (
        Sealed(own.ACCOUNT),
        Sealed(own.DEVICE, frozenset({"next_id"})),
        Sealed(own.READING, through=(own.DEVICE, "device_id")),
        Sealed(own.BUNDLE, LATER),
        Sealed(own.ACTION),
        Sealed(own.REQUEST),
        Sealed(own.CONSUMPTION),
        Sealed(own.CLAIM, frozenset({"live"})),
        Sealed(own.LOT),
        Sealed(own.TAKE, through=(own.LOT, "lot")),
        Sealed(own.VOID, through=(own.BUNDLE, "bundle")),
    )
}
_DAYS = (PartyDayRow.__table__, SettledDayRow.__table__, MonthCloseRow.__table__)


def rows_of(session: Session, park: str, name: str, after: int = 0) -> Generator[Row, None, None]:
    """Yield a park's rows of a table with ids above `after` (0: all), in order of id."""
    one = TABLES[name]
    ids = one.table.c.id
    # Not `park = ...` itself: SQLite would take an index of the park and read all its rows, day after day.
    wanted = select(*one.columns).select_from(one.source).where(one.park.concat("") == park)
    wanted = (wanted.where(ids > after) if after else wanted).order_by(ids)
    with session.execute(wanted.execution_options(yield_per=AT_ONCE)) as found:  # a cursor of the server's: close it
        for row in found:
            yield list(row)


def day_rows(session: Session, park: str, after: int, before: int) -> dict[str, list[Row]]:
    """Return the rows of party-days, settled days and closed months whose records stand between two of the log."""
    parties, days, months = (_table(one) for one in _DAYS)
    between = and_(parties.c.park == park, parties.c.log_index > after, parties.c.log_index < before)
    order = (parties.c.day, parties.c.revision, parties.c.party)
    keys = select(parties.c.day, parties.c.revision).where(between).distinct().subquery()
    same = and_(days.c.day == keys.c.day, days.c.revision == keys.c.revision, days.c.park == park)
    months_in = and_(months.c.park == park, months.c.log_index > after, months.c.log_index < before)
    return {
        "party_day": _plain(session, select(*parties.c).where(between).order_by(*order)),
        "settled_day": _plain(session, select(*days.c).join(keys, same).order_by(days.c.day, days.c.revision)),
        "month_close": _plain(session, select(*months.c).where(months_in).order_by(months.c.month)),
    }


def reading_rows(session: Session, park: str, start: int, end: int, last: int | None = None) -> list[Row]:
    """Return a park's meter readings that begin in a span (seconds of Unix time), by id, up to `last` where given."""
    table = _table(MeterReadingRow.__table__)
    wanted = select(*table.c).where(table.c.park == park, table.c.t0 >= start, table.c.t0 < end)
    wanted = wanted if last is None else wanted.where(table.c.id <= last)
    return _plain(session, wanted.order_by(table.c.id))


def file_rows(session: Session, park: str, hashes: Sequence[str]) -> list[Row]:
    """Return a park's rows of some meter files, in order of their hashes."""
    table = _table(MeterFileRow.__table__)
    wanted = select(*table.c).where(table.c.park == park, table.c.sha256.in_(hashes))
    return _plain(session, wanted.order_by(table.c.sha256))


def meter_counts(session: Session, park: str) -> tuple[int, int]:
    """Return how many readings and files a park has."""
    tables = (_table(MeterReadingRow.__table__), _table(MeterFileRow.__table__))
    found = [session.scalar(select(func.count()).select_from(one).where(one.c.park == park)) for one in tables]
    return int(found[0] or 0), int(found[1] or 0)


def day_counts(session: Session, park: str) -> dict[str, int]:
    """Return how many party-days, settled days and closed months a park has."""
    tables = [_table(one) for one in _DAYS]
    count = {one.name: session.scalar(select(func.count()).where(one.c.park == park)) for one in tables}
    return {str(name): int(found or 0) for name, found in count.items()}


def newest_seal(session: Session, park: str) -> tuple[int, bytes] | None:
    """Return index and record of a park's last seal."""
    mine = (LeafRow.park == park, LeafRow.kind == "seal")
    row = session.execute(select(LeafRow.idx, LeafRow.body).where(*mine).order_by(LeafRow.idx.desc()).limit(1)).first()
    return None if row is None else (row.idx, row.body)


def strays(session: Session, parks: Collection[str]) -> dict[str, str]:
    """Return by table the first park of its rows that is not among `parks` (`-`: none at all)."""
    named = {name: (one.source, one.park) for name, one in TABLES.items()}
    logs = (LeafRow.__table__, NodeRow.__table__, CheckpointRow.__table__)
    meters = (MeterReadingRow.__table__, MeterFileRow.__table__)
    named |= {str(table.name): (table, table.c.park) for table in map(_table, (*_DAYS, *logs, *meters))}
    found: dict[str, str] = {}
    for name, (source, park) in named.items():
        wanted = select(func.coalesce(park, "-")).select_from(source).where(or_(park.is_(None), park.not_in(parks)))
        row = session.execute(wanted.limit(1)).first()
        found |= {} if row is None else {name: str(row[0])}
    return found


def head_count(session: Session, park: str, most: int) -> int:
    """Return how many signed heads there are up to a size."""
    heads = CheckpointRow.__table__.c
    return int(session.scalar(select(func.count()).where(heads.park == park, heads.size <= most)) or 0)


def head_times(session: Session, park: str) -> list[tuple[int, datetime]]:
    """Return size and time of each signed head, in order."""
    mine = CheckpointRow.__table__.c
    wanted = select(mine.size, mine.created_at).where(mine.park == park).order_by(mine.size)
    return [(row[0], row[1]) for row in session.execute(wanted)]


def _table(one: FromClause) -> Table:
    assert isinstance(one, Table)
    return one


def _plain(session: Session, wanted: Select[Any]) -> list[Row]:
    return [_row(row) for row in session.execute(wanted)]


def _row(row: Any) -> Row:
    return [_value(value) for value in row]


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else value
