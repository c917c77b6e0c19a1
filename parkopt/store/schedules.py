"""Schedules in the database: put one in whole, get it back, ask for an enterprise's shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import defer

from parkopt.errors import Text
from parkopt.faults import NotFound
from parkopt.store.engine import transaction
from parkopt.store.tables import ScheduleRow, ShareRow


@dataclass(frozen=True)
class Share:
    """Green share of an enterprise in one step."""

    enterprise: str
    start: datetime
    end: datetime
    consumption_wh: int
    green_wh: int
    carbon_ug: int
    by_source_wh: dict[str, int]
    run: str = ""


@dataclass(frozen=True)
class Stored:
    """A schedule as it is kept."""

    run: str
    park: str
    date: str
    created_at: datetime
    summary: dict[str, Any]
    state: dict[str, Any]
    log_start: int
    """First record of the schedule in the park's log."""
    log_stop: int
    """One past its last record."""
    netcdf: bytes


LONGEST_STEP = timedelta(hours=1)


class Schedules:
    """The schedules of one database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, stored: Stored, shares: Sequence[Share]) -> None:
        """Keep a schedule with its shares: all of it, or nothing."""
        with transaction(self.url) as session:
            row = ScheduleRow(**vars(stored))
            session.add(row)
            session.flush()
            session.add_all(ShareRow(seq=row.seq, **_columns(share)) for share in shares)

    def get(self, run: str) -> Stored:
        """Return a schedule.

        Raises
        ------
        NotFound
            Where there is none with this id.
        """
        with transaction(self.url) as session:
            row = session.scalars(select(ScheduleRow).where(ScheduleRow.run == run)).one_or_none()
            if row is None:
                raise NotFound(what=Text("schedule", "计划"), key=run)
            return _stored(row)

    def latest(self, park: str, limit: int = 50) -> list[Stored]:
        """Return the newest schedules of a park, newest first, without their files."""
        wanted = (
            select(ScheduleRow)
            .options(defer(ScheduleRow.netcdf, raiseload=True))
            .where(ScheduleRow.park == park)
            .order_by(ScheduleRow.seq.desc())
            .limit(limit)
        )
        with transaction(self.url) as session:
            return [_stored(row, netcdf=b"") for row in session.scalars(wanted)]

    def shares(self, enterprise: str, start: datetime, end: datetime) -> list[Share]:
        """Return the steps of an enterprise from `start` to `end`; the latest schedule of a step counts.

        A later schedule with longer or shorter steps replaces every step that it overlaps.
        """
        begun = ShareRow.start >= start - LONGEST_STEP
        inside = and_(ShareRow.enterprise == enterprise, begun, ShareRow.start < end)
        newest = select(ShareRow.start, func.max(ShareRow.seq).label("seq")).where(inside).group_by(ShareRow.start)
        last = newest.subquery()
        wanted = (
            select(ShareRow, ScheduleRow.run)
            .join(last, and_(ShareRow.start == last.c.start, ShareRow.seq == last.c.seq))
            .join(ScheduleRow, ScheduleRow.seq == ShareRow.seq)
            .where(ShareRow.enterprise == enterprise)
            .order_by(ShareRow.start)
        )
        with transaction(self.url) as session:
            found = [(row, _share(row, run)) for row, run in session.execute(wanted)]
        return [share for share in _without_replaced(found) if share.start >= start]


def _without_replaced(found: list[tuple[ShareRow, Share]]) -> list[Share]:
    """Leave out steps that a later schedule overlaps; `found` is ordered by start."""
    kept: list[tuple[ShareRow, Share]] = []
    for row, share in found:
        while kept and kept[-1][1].end > share.start and kept[-1][0].seq < row.seq:
            kept.pop()
        if not kept or kept[-1][1].end <= share.start:
            kept.append((row, share))
    return [share for _, share in kept]


def _columns(share: Share) -> dict[str, Any]:
    return {key: value for key, value in vars(share).items() if key != "run"}


def _share(row: ShareRow, run: str) -> Share:
    return Share(
        row.enterprise, row.start, row.end, row.consumption_wh, row.green_wh, row.carbon_ug, row.by_source_wh, run
    )


def _stored(row: ScheduleRow, netcdf: bytes | None = None) -> Stored:
    """Return the row as plain data; with `netcdf` given, the file stays in the database."""
    names = [field.name for field in fields(Stored) if field.name != "netcdf"]
    kept = {name: getattr(row, name) for name in names}
    return Stored(**kept, netcdf=row.netcdf if netcdf is None else netcdf)
