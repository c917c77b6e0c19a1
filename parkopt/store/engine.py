"""The database engine: SQLite in WAL mode by default, any SQLAlchemy URL by setting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from parkopt.faults import StoreUnusable
from parkopt.store import every_table
from parkopt.store.tables import SCHEMA_VERSION, Base, Meta

_FIRST_USE = threading.Lock()


def engine(url: str) -> Engine:
    """Return the engine for a database, with its tables made at the first use.

    Raises
    ------
    StoreUnusable
        Where it cannot be opened, or was made by another version of the tables.
    """
    with _FIRST_USE:  # SQLite's change to WAL does not wait for another connection
        return _engine(url)


@lru_cache(maxsize=8)
def _engine(url: str) -> Engine:
    try:
        made = _create(url)
        assert every_table.MODULES  # so that all tables are known
        Base.metadata.create_all(made)
        _require_version(made, url)
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        raise StoreUnusable(url=hidden(url), reason=_first_line(error)) from error
    return made


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(parsed)
    event.listen(made, "connect", _pragmas)
    event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return made


def _pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN IMMEDIATE decides, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _require_version(made: Engine, url: str) -> None:
    with Session(made) as session, session.begin():
        meta = session.get(Meta, 1)
        if meta is None:
            session.add(Meta(id=1, version=SCHEMA_VERSION))
        elif meta.version != SCHEMA_VERSION:
            reason = f"its tables are of version {meta.version}, this parkopt needs {SCHEMA_VERSION}"
            raise StoreUnusable(url=hidden(url), reason=reason)


def hidden(url: str) -> str:
    """Return the address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):
        return "***"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@contextmanager
def transaction(url: str) -> Iterator[Session]:
    """Give a session whose work is committed as a whole, or not at all."""
    try:
        with Session(engine(url), expire_on_commit=False) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        raise StoreUnusable(url=hidden(url), reason=_first_line(error)) from error
