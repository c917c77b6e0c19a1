"""A settled database to tamper with: two days, steps by hand, a correction, a closed month; and its older state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text

from parkopt.ledger.months import close_month
from parkopt.services.certificates import act, listed
from parkopt.services.keys import settled_log
from parkopt.services.seal import seal
from parkopt.services.settle import settle
from parkopt.settings import Settings
from parkopt.store.engine import close, transaction
from parkopt.store.logbook import Logbook
from parkopt.store.settled import put_close
from tests.services import settled_small as small

PARK, SECOND = small.PARK, date(2026, 7, 2)
NOT_OURS = {"meta", "schedule", "share"}
"""Version of the tables; forecasts, whose log is in files."""
Table = tuple[list[str], list[tuple[Any, ...]]]


def build(folder: Path, url: str = "", *, steps: bool = True) -> tuple[Settings, dict[str, Table]]:
    """Settle, act, correct and close; return where it is, and all rows as they were after the first day."""
    config = small.make(folder, url)
    meters = small.meters_of(2)
    small.upload(config, small.rows_of(small.FIRST, meters[0]))
    list(settle(PARK, small.FIRST, small.FIRST, config))
    older = dump(config.store_url)
    small.upload(config, small.rows_of(SECOND, meters[1]))
    list(settle(PARK, SECOND, SECOND, config))
    if steps:
        _by_hand(config)
        noon = meters[0]["pv", "generation"][12]
        small.upload(config, [("pv", "generation", small.FIRST, 12, noon // 6)], revision=1, quality="corrected")
        list(settle(PARK, small.FIRST, SECOND, config))
        _close(config)
    close(config.store_url)
    return config, older


def _by_hand(config: Settings) -> None:
    free = [one for one in listed(PARK, config, status="active", limit=1000) if one["disposition"] == "none"]
    first, second, third = (one["id"] for one in sorted(free, key=lambda one: one["id"])[:3])
    act(PARK, "split", {"bundle": first, "wh": 1}, config, actor="me", key="k1")
    act(PARK, "transfer", {"bundle": second, "account": "a", "reason": "sold"}, config, actor="me", key="k2")
    act(PARK, "lock", {"bundle": third, "wh": 2}, config, actor="me")
    act(PARK, "cancel", {"bundle": second, "beneficiary": "b", "wh": 3}, config, actor="me")


def _close(config: Settings) -> None:
    with transaction(config.store_url) as session:
        log = settled_log(config, Logbook(session, PARK))
        where = close_month(log, "2026-06", ["2026-06-30/0"], {"claimed_wh": 7})
        put_close(session, PARK, "2026-06", datetime(2026, 7, 3, tzinfo=UTC), {"claimed_wh": 7}, where.start)
        seal(session, log)


def raw_engine(url: str) -> Engine:
    """Open a database as somebody with its password would: no foreign keys, no checks, transactions by hand."""
    made = create_engine(url)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return made


def disarm(url: str) -> None:
    """Drop all triggers and unique indexes that can be dropped."""
    made = raw_engine(url)
    with made.begin() as connection:
        if made.dialect.name == "sqlite":
            wanted = "SELECT type, name FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE UNIQUE%'"
            for kind, name in connection.exec_driver_sql(wanted).all():
                connection.exec_driver_sql(f"DROP {kind} {name}")
        else:
            for name in inspect(connection).get_table_names():
                connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
    made.dispose()


def dump(url: str) -> dict[str, Table]:
    """Return the columns and rows of all tables."""
    made, found = raw_engine(url), {}
    with made.begin() as connection:
        for name in sorted(inspect(connection).get_table_names()):
            rows = connection.execute(text(f"SELECT * FROM {name}"))
            found[name] = (list(rows.keys()), sorted(map(tuple, rows), key=repr))
    made.dispose()
    return found
