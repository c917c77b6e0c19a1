"""A settled log in a database for the tests: key, transaction, records of a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from parkopt.ledger.keys import LogKey, load_or_create_key
from parkopt.ledger.settled import SettledLog
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook

PARK, NAME = "dafeng", "parkopt/dafeng/settled"
TABLES = ("log_leaf", "log_node", "log_checkpoint")


def key_in(folder: Path) -> LogKey:
    return load_or_create_key(folder / "keys", NAME)


@contextmanager
def opened(url: str, key: LogKey, park: str = PARK) -> Iterator[SettledLog]:
    """Give the log within one transaction."""
    with transaction(url) as session:
        yield SettledLog(key, Logbook(session, park))


def append(url: str, key: LogKey, records: list[dict[str, Any]]) -> range:
    with opened(url, key) as log:
        return log.append(records)


def rows(count: int, start: int = 0, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "reading", "park": PARK, "n": number, **more} for number in range(start, start + count)]


def reading(day: str, device: str = "pv", **more: Any) -> dict[str, Any]:
    return {"type": "reading", "park": PARK, "day": day, "device": device, "wh": [1000] * 24, **more}


def enterprise_day(day: str, party: str, **more: Any) -> dict[str, Any]:
    return {"type": "enterprise-day", "park": PARK, "day": day, "party": party, "status": "settled", **more}


def by_hand(url: str, *statements: str, **values: Any) -> None:
    """Run statements as somebody with the database's password would: triggers taken off first."""
    made = create_engine(url)
    with made.begin() as connection:
        for table in TABLES:
            if made.dialect.name == "sqlite":
                for verb in ("UPDATE", "DELETE"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            assert connection.execute(text(statement), values).rowcount
    made.dispose()
