"""Rows of a park as the check of the database reads them: plain tuples, each question once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, select, text
from sqlalchemy.orm import Session

from parkopt.store.certificate_tables import ACTION, BUNDLE, CLAIM, CONSUMPTION, DEVICE, LOT, TAKE
from parkopt.store.log_tables import LeafRow
from parkopt.store.meters import MeterReadingRow
from parkopt.store.party_days import PartyDayRow
from parkopt.store.settled import MonthCloseRow, SettledDayRow

Rows = Sequence[Any]
"""Rows whose columns have their names."""


def damage(session: Session) -> str:
    """Return what SQLite finds wrong with its file (pages, indexes against rows, constraints), empty if nothing.

    PostgreSQL has no such question; its pages have checksums of their own.
    """
    if session.get_bind().dialect.name != "sqlite":
        return ""
    found = str(session.scalar(text("PRAGMA integrity_check(1)")))
    return "" if found == "ok" else found


def leaves(session: Session, park: str) -> Rows:
    """Return idx, leaf and body of every record of the park's log, in order."""
    wanted = select(LeafRow.idx, LeafRow.leaf, LeafRow.body).where(LeafRow.park == park).order_by(LeafRow.idx)
    return session.execute(wanted).all()


def bundles(session: Session, park: str) -> Rows:
    """Return all columns of the bundles and the name of their `device`, by id."""
    joined = BUNDLE.outerjoin(DEVICE, BUNDLE.c.device_id == DEVICE.c.id)
    return _all(session, select(*BUNDLE.c, DEVICE.c.device).select_from(joined).where(BUNDLE.c.park == park), BUNDLE)


def actions(session: Session, park: str) -> Rows:
    """Return the steps, by id."""
    return _all(session, select(*ACTION.c).where(ACTION.c.park == park), ACTION)


def devices(session: Session, park: str) -> Rows:
    """Return the devices with certificates."""
    return _all(session, select(*DEVICE.c).where(DEVICE.c.park == park), DEVICE)


def claims(session: Session, park: str) -> Rows:
    """Return the claims with `device`, `range_start` and `range_end` of their bundle."""
    joined = CLAIM.join(BUNDLE, CLAIM.c.bundle == BUNDLE.c.id).join(DEVICE, BUNDLE.c.device_id == DEVICE.c.id)
    more = (DEVICE.c.device, BUNDLE.c.range_start, BUNDLE.c.range_end)
    return _all(session, select(*CLAIM.c, *more).select_from(joined).where(CLAIM.c.park == park), CLAIM)


def lots(session: Session, park: str) -> Rows:
    """Return the lots of storages with `range_start` and `range_end` of their bundle."""
    joined = LOT.outerjoin(BUNDLE, LOT.c.bundle == BUNDLE.c.id)
    more = (BUNDLE.c.range_start, BUNDLE.c.range_end)
    return _all(session, select(*LOT.c, *more).select_from(joined).where(LOT.c.park == park), LOT)


def takes(session: Session, park: str) -> Rows:
    """Return what was taken of lots, with `store`, `charged` and `origin` of the lot."""
    wanted = select(*TAKE.c, LOT.c.store, LOT.c.charged, LOT.c.origin).select_from(
        TAKE.join(LOT, TAKE.c.lot == LOT.c.id)
    )
    return _all(session, wanted.where(LOT.c.park == park), TAKE)


def consumption(session: Session, park: str) -> Rows:
    """Return the records of consumption, by revision."""
    wanted = select(*CONSUMPTION.c).where(CONSUMPTION.c.park == park)
    return session.execute(wanted.order_by(CONSUMPTION.c.rev)).all()


def readings(session: Session, park: str, start: int, end: int, last: int) -> Rows:
    """Return the readings that begin in a span (seconds of Unix time), up to an id, by revision."""
    table = MeterReadingRow.__table__
    mine = (table.c.park == park, table.c.t0 >= start, table.c.t0 < end, table.c.id <= last)
    return session.execute(select(*table.c).where(*mine).order_by(table.c.revision)).all()


def party_days(session: Session, park: str) -> Rows:
    """Return all revisions of all party-days."""
    return session.execute(select(*PartyDayRow.__table__.c).where(PartyDayRow.park == park)).all()


def settled_days(session: Session, park: str) -> Rows:
    """Return all revisions of the settled days, by revision."""
    table = SettledDayRow.__table__
    return session.execute(select(*table.c).where(table.c.park == park).order_by(table.c.revision)).all()


def closed_months(session: Session, park: str) -> Rows:
    """Return the closed months."""
    return session.execute(select(*MonthCloseRow.__table__.c).where(MonthCloseRow.park == park)).all()


def _all(session: Session, wanted: Select[Any], table: Table) -> Rows:
    return session.execute(wanted.order_by(table.c.id)).all()
