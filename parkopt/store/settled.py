"""Settled days in the database: what each day handed to the next, and which months are closed. Only added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from parkopt.store.log_tables import LeafRow
from parkopt.store.tables import Base, UtcTime
from parkopt.store.triggers import append_only


class SettledDayRow(Base):
    """One revision of one settled local day of a park."""

    __tablename__ = "settled_day"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    settled_at: Mapped[datetime] = mapped_column(UtcTime)
    digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    method: Mapped[dict[str, Any]] = mapped_column(JSON)
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    log_start: Mapped[int]
    log_stop: Mapped[int]


class MonthCloseRow(Base):
    """A closed month of a park: only corrections may follow."""

    __tablename__ = "month_close"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcTime)
    totals: Mapped[dict[str, Any]] = mapped_column(JSON)
    log_index: Mapped[int]


for _row in (SettledDayRow, MonthCloseRow):
    append_only(_row.__table__)


@dataclass(frozen=True)
class SettledDay:
    """One revision of a settled day.

    Attributes
    ----------
    park, day : str
        Id of the park; local date, ``2026-07-01``.
    revision : int
        0 at first; each later settlement of the same day has the next.
    digest : str
        SHA-256 of the meter data that it rests on.
    state : dict
        What it hands to the next day: contents of storages in both ledgers.
    method : dict
        By which methods.
    told : dict
        Alarms and totals that were shown.
    log_start, log_stop : int
        Its records in the settled log.
    """

    park: str
    day: str
    revision: int
    settled_at: datetime
    digest: str
    state: dict[str, Any]
    method: dict[str, Any]
    told: dict[str, Any]
    log_start: int
    log_stop: int


def put_day(session: Session, day: SettledDay) -> None:
    """Keep a revision of a day, within the caller's transaction."""
    session.add(SettledDayRow(**vars(day)))
    session.flush()


def day_of(session: Session, park: str, day: str) -> SettledDay | None:
    """Return the newest revision of a day, or None where it is not settled."""
    mine = (SettledDayRow.park == park, SettledDayRow.day == day)
    return _one(session, select(SettledDayRow).where(*mine).order_by(SettledDayRow.revision.desc()).limit(1))


def last_before(session: Session, park: str, day: str) -> SettledDay | None:
    """Return the newest revision of the last settled day before a day."""
    mine = (SettledDayRow.park == park, SettledDayRow.day < day)
    newest = select(SettledDayRow).where(*mine).order_by(SettledDayRow.day.desc(), SettledDayRow.revision.desc())
    return _one(session, newest.limit(1))


def days_between(session: Session, park: str, first: str, last: str) -> list[SettledDay]:
    """Return the newest revision of each settled day from `first` to `last`, in order."""
    mine = (SettledDayRow.park == park, SettledDayRow.day >= first, SettledDayRow.day <= last)
    rows = session.scalars(select(SettledDayRow).where(*mine).order_by(SettledDayRow.day, SettledDayRow.revision))
    return list({row.day: _plain(row) for row in rows}.values())


def last_day(session: Session, park: str) -> str | None:
    """Return the last settled day of a park."""
    return session.scalar(select(func.max(SettledDayRow.day)).where(SettledDayRow.park == park))


def put_close(session: Session, park: str, month: str, closed_at: datetime, totals: dict[str, Any], index: int) -> None:
    """Mark a month closed, within the caller's transaction."""
    session.add(MonthCloseRow(park=park, month=month, closed_at=closed_at, totals=totals, log_index=index))
    session.flush()


def _one(session: Session, query: Any) -> SettledDay | None:
    row = session.scalars(query).one_or_none()
    return None if row is None else _plain(row)


def _plain(row: SettledDayRow) -> SettledDay:
    return SettledDay(**{name: getattr(row, name) for name in SettledDay.__dataclass_fields__})


def bodies(session: Session, park: str, kind: str, first: str, last: str, party: str = "") -> list[tuple[int, bytes]]:
    """Return index and canonical JSON of the records of a type and of the days from `first` to `last`, in order.

    They are read as they are kept; `parkopt.ledger` says how a record is proven.
    """
    mine = [LeafRow.park == park, LeafRow.kind == kind, LeafRow.day >= first, LeafRow.day <= last]
    if party:
        mine.append(LeafRow.party == party)
    return [
        (row.idx, row.body)
        for row in session.execute(select(LeafRow.idx, LeafRow.body).where(*mine).order_by(LeafRow.idx))
    ]
