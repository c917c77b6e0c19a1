"""A key, a log and one small day of records for the ledger's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parkopt.ledger import FileLog, LogKey, load_or_create_key

NAME = "parkopt.example/dafeng"
Records = list[dict[str, Any]]


def _utc(hour: int) -> str:
    return (datetime(2026, 1, 13, 16, tzinfo=UTC) + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _enterprise(hour: int, who: str) -> dict[str, Any]:
    return {
        "type": "enterprise-hour", "park": "dafeng", "run": "r1", "date": "2026-01-14", "basis": "forecast",
        "enterprise": who, "start": _utc(hour), "end": _utc(hour + 1), "consumption_wh": 1000 + hour,
        "by_source_wh": {"offshore": 700, "ess<offshore": 100, "grid": 200 + hour}, "green_wh": 800,
        "carbon_ug": "123456789012345678901", "method": {"name": "sharing", "version": "1"},
    }  # fmt: skip


def _park(hour: int) -> dict[str, Any]:
    return {
        "type": "park-hour", "park": "dafeng", "run": "r1", "date": "2026-01-14", "basis": "forecast",
        "start": _utc(hour), "end": _utc(hour + 1), "sources_wh": {"offshore": 1600, "grid": 600 + 2 * hour},
        "sinks_wh": {"a": 1000 + hour, "b": 1000 + hour, "ess": 200}, "carbon_ug": "1", "park_factor_ug_per_wh": "0.1",
    }  # fmt: skip


def _day(hours: int = 24) -> Records:
    rows: Records = [{"type": "schedule", "park": "dafeng", "run": "r1", "date": "2026-01-14", "sha256": "00"}]
    for hour in range(hours):
        rows += [_park(hour), _enterprise(hour, "a"), _enterprise(hour, "b")]
    return rows


@pytest.fixture
def day() -> Callable[..., Records]:
    """Give a function that makes the records of a day of so many hours."""
    return _day


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return load_or_create_key(tmp_path / "keys", NAME)


@pytest.fixture
def log(tmp_path: Path, key: LogKey) -> FileLog:
    return FileLog(tmp_path / "log", key, clock=lambda: datetime(2026, 1, 13, 8, tzinfo=UTC))
