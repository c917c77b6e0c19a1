"""Meter files and readings in the database: only added to; of one interval the highest revision is the current one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, String, Table, UniqueConstraint, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from parkopt.store.engine import transaction
from parkopt.store.tables import Base, UtcTime
from parkopt.store.triggers import append_only

LONGEST = timedelta(hours=1)
FEW = 20
"""Up to so many devices in a file, only what is kept of these is looked at: a file may hold a year of one meter."""
AT_ONCE = 20_000
"""Rows in one statement to the database."""


class MeterFileRow(Base):
    """A meter file that was taken, as a whole."""

    __tablename__ = "meter_file"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    rows: Mapped[int]


class MeterReadingRow(Base):
    """Energy of one register over one interval, one revision of it; times in seconds of Unix time (UTC).

    Whole numbers, for a year of 60 registers is half a million rows.
    """

    __tablename__ = "meter_reading"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    park: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(64))
    register: Mapped[str] = mapped_column(String(20))
    t0: Mapped[int] = mapped_column(BigInteger)
    t1: Mapped[int] = mapped_column(BigInteger)
    wh: Mapped[int] = mapped_column(BigInteger)
    quality: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    file_sha256: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("park", "device", "register", "t0", "revision"),
        Index("ix_meter_reading_park_t0", "park", "t0"),
    )


for _row in (MeterFileRow, MeterReadingRow):
    append_only(_row.__table__)


class MeterRow(NamedTuple):
    """One reading as it is kept; times in UTC."""

    device: str
    register: str
    t0: datetime
    t1: datetime
    wh: int
    quality: str = "measured"
    revision: int = 0
    file_sha256: str = ""


@dataclass(frozen=True)
class NewFile:
    """A meter file to keep."""

    name: str
    sha256: str
    rows: Sequence[MeterRow]


@dataclass(frozen=True)
class Clash:
    """A row that cannot be kept: the position in its file, and what stands in the way."""

    index: int
    row: MeterRow
    kept: MeterRow

    @property
    def overlaps(self) -> bool:
        """Whether it is another interval of the same time, rather than a revision that is not higher."""
        return (self.row.t0, self.row.t1) != (self.kept.t0, self.kept.t1)


@dataclass(frozen=True)
class Put:
    """What became of a file.

    Attributes
    ----------
    known_since : datetime, optional
        When the very same file was kept before; nothing was changed then.
    added, same : int
        Readings that are new, and those that were kept already just so.
    clashes : tuple of Clash
        What forbids keeping it; nothing of any file was kept then.
    """

    known_since: datetime | None = None
    added: int = 0
    same: int = 0
    clashes: tuple[Clash, ...] = ()


class _RefusedError(Exception):
    """Ends a transaction with nothing kept."""


def put_files(url: str, park: str, files: Sequence[NewFile]) -> list[Put]:
    """Keep meter files in one transaction: all of them, or nothing where one has a clash.

    Parameters
    ----------
    url : str
        Address of the database.
    park : str
        Id of the park.
    files : sequence of NewFile
        Checked files; a later one may correct an earlier one.
    """
    told: list[Put] = []
    try:
        with transaction(url) as session:
            told.extend(put_file(session, park, file) for file in files)
            if any(one.clashes for one in told):
                raise _RefusedError
    except _RefusedError:
        return [Put(one.known_since, clashes=one.clashes) for one in told]
    return told


def put_file(session: Session, park: str, file: NewFile) -> Put:
    """Keep a meter file within a transaction; with clashes nothing of it is written."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite lets one writer in anyway
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"parkopt meters {park}"))))
    known = session.get(MeterFileRow, (park, file.sha256))
    if known is not None:
        return Put(known_since=known.received_at)
    fresh, clashes = _sorted_out(session, park, file.rows)
    if clashes:
        return Put(clashes=tuple(clashes))
    session.add(
        MeterFileRow(
            park=park, sha256=file.sha256, name=file.name[:255], received_at=datetime.now(UTC), rows=len(file.rows)
        )
    )
    session.flush()
    table = MeterReadingRow.__table__
    assert isinstance(table, Table)
    for start in range(0, len(fresh), AT_ONCE):
        columns = [_columns(park, file.sha256, row) for row in fresh[start : start + AT_ONCE]]
        session.connection().execute(insert(table), columns)
    return Put(added=len(fresh), same=len(file.rows) - len(fresh))


def _columns(park: str, sha256: str, row: MeterRow) -> dict[str, object]:
    return {
        "park": park,
        "device": row.device,
        "register": row.register,
        "t0": _seconds(row.t0),
        "t1": _seconds(row.t1),
        "wh": row.wh,
        "quality": row.quality,
        "revision": row.revision,
        "file_sha256": sha256,
    }


@lru_cache(maxsize=100_000)
def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@lru_cache(maxsize=100_000)
def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _sorted_out(session: Session, park: str, rows: Sequence[MeterRow]) -> tuple[list[MeterRow], list[Clash]]:
    """Return the rows that are new and those that clash with what is kept; the rest is kept already."""
    kept = _Kept(session, park, rows)
    fresh, clashes = [], []
    for index, row in enumerate(rows):
        if kept.same(row):
            continue
        against = kept.against(row)
        if against is None:
            fresh.append(row)
        else:
            clashes.append(Clash(index, row, against))
    return fresh, clashes


class _Kept:
    """What is kept of the time that a file is about."""

    def __init__(self, session: Session, park: str, rows: Sequence[MeterRow]) -> None:
        self.by_start: dict[tuple[str, str, datetime], list[MeterRow]] = {}
        self.registers: set[tuple[str, str]] = set()
        if not rows:
            return
        first, last = min(row.t0 for row in rows), max(row.t1 for row in rows)
        devices = sorted({row.device for row in rows})
        for row in _rows(session, park, first - LONGEST, last, devices if len(devices) <= FEW else []):
            self.by_start.setdefault((row.device, row.register, row.t0), []).append(row)
            self.registers.add((row.device, row.register))

    def same(self, row: MeterRow) -> bool:
        """Return whether this very revision is kept already with the same energy and quality."""
        own = self.by_start.get((row.device, row.register, row.t0), ())
        return any(
            (one.revision, one.t1, one.wh, one.quality) == (row.revision, row.t1, row.wh, row.quality) for one in own
        )

    def against(self, row: MeterRow) -> MeterRow | None:
        """Return what forbids a row: a revision as high, or another interval of the same time."""
        if (row.device, row.register) not in self.registers:
            return None
        own = self.by_start.get((row.device, row.register, row.t0))
        if own is not None:
            return own[-1] if own[-1].revision >= row.revision or own[-1].t1 != row.t1 else None
        quarter = timedelta(minutes=15)
        for back in (1, 2, 3):
            before = self.by_start.get((row.device, row.register, row.t0 - back * quarter))
            if before is not None and before[-1].t1 > row.t0:
                return before[-1]
        later = row.t0 + quarter
        while later < row.t1:
            after = self.by_start.get((row.device, row.register, later))
            if after is not None:
                return after[-1]
            later += quarter
        return None


def _rows(
    session: Session, park: str, start: datetime, end: datetime, devices: Sequence[str] = ()
) -> Iterator[MeterRow]:
    """Yield all revisions of the intervals that start in a span, by register, start and revision; of some devices."""
    table = MeterReadingRow.__table__.c
    asked = (
        select(
            table.device, table.register, table.t0, table.t1, table.wh, table.quality, table.revision, table.file_sha256
        )
        .where(table.park == park, table.t0 >= start.timestamp(), table.t0 < end.timestamp())
        .order_by(table.device, table.register, table.t0, table.revision)
    )
    asked = asked.where(table.device.in_(devices)) if devices else asked
    for row in session.execute(asked).all():
        device, register, t0, t1, *rest = row
        yield MeterRow(device, register, _moment(t0), _moment(t1), *rest)


def current(url: str, park: str, start: datetime, end: datetime) -> list[MeterRow]:
    """Return the current readings of the intervals that start in [start, end), by register and start.

    Parameters
    ----------
    url : str
        Address of the database.
    park : str
        Id of the park.
    start, end : datetime
        With an offset.
    """
    with transaction(url) as session:
        return current_in(session, park, start, end)


def current_in(session: Session, park: str, start: datetime, end: datetime) -> list[MeterRow]:
    """Return the same as `current`, within a transaction."""
    found: list[MeterRow] = []
    for row in _rows(session, park, start, end):
        last = found[-1] if found else None
        if last is not None and (last.t0, last.register, last.device) == (row.t0, row.register, row.device):
            found[-1] = row
        else:
            found.append(row)
    return found


def span_of(url: str, park: str) -> tuple[datetime, datetime] | None:
    """Return from when to when a park has readings, or None where it has none."""
    table = MeterReadingRow.__table__.c
    with transaction(url) as session:
        asked = select(func.min(table.t0), func.max(table.t1)).where(table.park == park)
        first, last = session.execute(asked).one()
    return None if first is None else (_moment(first), _moment(last))
