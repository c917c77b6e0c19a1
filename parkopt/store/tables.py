"""Tables. Times are UTC; a schedule is never changed, a later run of the same day is another row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, TypeDecorator

SCHEMA_VERSION = 2


class Base(DeclarativeBase):
    """Base of all tables."""


class UtcTime(TypeDecorator[datetime]):
    """A time kept in UTC without a zone, given back with it (SQLite knows no zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store in UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Read as UTC."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class Meta(Base):
    """Version of the tables."""

    __tablename__ = "meta"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class ScheduleRow(Base):
    """A schedule with its state and its NetCDF file."""

    __tablename__ = "schedule"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run: Mapped[str] = mapped_column(String(64), unique=True)
    park: Mapped[str] = mapped_column(String(64), index=True)
    date: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    log_start: Mapped[int]
    log_stop: Mapped[int]
    netcdf: Mapped[bytes] = mapped_column(LargeBinary)


class ShareRow(Base):
    """Green share of one enterprise in one step of one schedule."""

    __tablename__ = "share"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    seq: Mapped[int] = mapped_column(ForeignKey("schedule.seq"))
    enterprise: Mapped[str] = mapped_column(String(64))
    start: Mapped[datetime] = mapped_column(UtcTime)
    end: Mapped[datetime] = mapped_column(UtcTime)
    consumption_wh: Mapped[int] = mapped_column(BigInteger)
    green_wh: Mapped[int] = mapped_column(BigInteger)
    carbon_ug: Mapped[int] = mapped_column(BigInteger)
    by_source_wh: Mapped[dict[str, int]] = mapped_column(JSON)

    __table_args__ = (Index("ix_share_enterprise_start", "enterprise", "start"),)
