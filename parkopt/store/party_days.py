"""Hours of each party's settled days, packed: what a question about a year of hourly shares reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from parkopt.store.engine import reading
from parkopt.store.tables import Base, UtcTime
from parkopt.store.triggers import append_only


class PartyDayRow(Base):
    """One revision of one party's day: its hours as packed whole numbers."""

    __tablename__ = "party_day"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    party: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(UtcTime)
    hours: Mapped[bytes] = mapped_column(LargeBinary)
    log_index: Mapped[int]

    __table_args__ = (Index("ix_party_day_start", "party", "start"), Index("ix_party_day_log", "park", "log_index"))


append_only(PartyDayRow.__table__)


@dataclass(frozen=True)
class PartyDay:
    """One revision of one party's day.

    Attributes
    ----------
    start : datetime
        Its first hour, UTC.
    hours : bytes
        Little-endian int64, shape (columns, 24); what the columns are is the caller's.
    log_index : int
        Its record in the settled log.
    """

    park: str
    party: str
    day: str
    revision: int
    start: datetime
    hours: bytes
    log_index: int


def put_party_days(session: Session, days: Iterable[PartyDay]) -> None:
    """Keep days, within the caller's transaction."""
    rows = [vars(day) for day in days]
    if rows:
        session.execute(insert(PartyDayRow), rows)


def newest_of(session: Session, park: str, party: str, day: str) -> PartyDay:
    """Return the newest revision of a party's settled day; it must be there."""
    table = PartyDayRow.__table__
    mine = (table.c.park == park, table.c.party == party, table.c.day == day)
    row = session.execute(select(*table.c).where(*mine).order_by(table.c.revision.desc()).limit(1)).one()
    return PartyDay(**row._mapping)  # noqa: SLF001 - its public mapping


def party_days(url: str, party: str, start: datetime, end: datetime) -> list[PartyDay]:
    """Return the newest revision of each settled day of a party that begins in a span, in order."""
    table = PartyDayRow.__table__
    mine = (table.c.party == party, table.c.start >= start, table.c.start < end)
    query = select(*table.c).where(*mine).order_by(table.c.start, table.c.revision)
    with reading(url) as session:
        rows = session.execute(query).all()
    return list({row.day: PartyDay(**row._mapping) for row in rows}.values())  # noqa: SLF001 - its public mapping


def days_of_park(url: str, park: str, first: str, last: str) -> list[PartyDay]:
    """Return the newest revision of each party's settled days from `first` to `last`, in order."""
    table = PartyDayRow.__table__
    mine = (table.c.park == park, table.c.day >= first, table.c.day <= last)
    query = select(*table.c).where(*mine).order_by(table.c.day, table.c.party, table.c.revision)
    with reading(url) as session:
        rows = session.execute(query).all()
    found = {(row.day, row.party): PartyDay(**row._mapping) for row in rows}  # noqa: SLF001
    return list(found.values())
