"""The database engine: SQLite in WAL mode by default, any SQLAlchemy URL by setting."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from parkopt.faults import StoreUnusable
from parkopt.store.tables import SCHEMA_VERSION, Base, Meta

_FIRST_USE = threading.Lock()
_OPEN: dict[str, Engine] = {}
"""Engines by address, the one used last at the end."""
_MOST_OPEN = 8
READS = "parkopt_reads"
"""Option of a connection that only reads."""
_WAIT_S = 10
"""How long a transaction waits for another one before it gives up, in seconds."""
_CACHE_KIB = 65_536
"""Memory that a connection to SQLite may use for pages: the rows of a settled day fit, none is written twice."""
_TABLES_LOCK = 0x7061726B6F7074
"""Number under which PostgreSQL locks the making of tables."""


def engine(url: str) -> Engine:
    """Return the engine for a database, with its tables made at the first use.

    A database of an older version of parkopt gets the tables that it lacks; its rows stay.

    Raises
    ------
    StoreUnusable
        Where it cannot be opened, or was made by a newer version of the tables.
    """
    with _FIRST_USE:
        _OPEN[url] = found = _OPEN.pop(url, None) or _engine(url)
        while len(_OPEN) > _MOST_OPEN:
            _OPEN.pop(next(iter(_OPEN))).dispose()
        return found


def close(url: str) -> None:
    """Close the connections to a database; the next use opens it anew."""
    with _FIRST_USE:
        known = _OPEN.pop(url, None)
    if known is not None:
        known.dispose()


def _engine(url: str) -> Engine:
    try:
        made = _create(url)
        try:
            _prepare(made, url)
        except BaseException:
            made.dispose()
            raise
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        raise StoreUnusable(url=hidden(url), reason=_first_line(error)) from error
    return made


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        made = create_engine(parsed, pool_pre_ping=True)
        if parsed.get_backend_name() == "postgresql":
            event.listen(made, "connect", _patience)
        return made
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(parsed)
    event.listen(made, "connect", _pragmas)
    event.listen(made, "begin", _begin)
    return made


def _patience(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {_WAIT_S * 1000}")
    connection.commit()


def _begin(connection: Connection) -> None:
    """Take the right to write at once, but where nothing is written: readers then keep no writer out."""
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN IMMEDIATE decides, not the driver
    connection.execute(f"PRAGMA busy_timeout={_WAIT_S * 1000}")
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", f"cache_size={-_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    # This one change does not wait for other connections by itself; another process may be making it too.
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare(made: Engine, url: str) -> None:
    """Make what is missing, in one transaction that only one process at a time can be in."""
    from parkopt.store import every_table  # not above: its modules use this one

    assert every_table.MODULES
    with made.begin() as connection:  # SQLite: BEGIN IMMEDIATE
        if made.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TABLES_LOCK})
        version = _version(connection)
        if version is not None and version > SCHEMA_VERSION:
            reason = f"its tables are of version {version}, this parkopt knows up to {SCHEMA_VERSION}"
            raise StoreUnusable(url=hidden(url), reason=reason)
        Base.metadata.create_all(connection)
        if version is None:
            connection.execute(insert(Meta).values(id=1, version=SCHEMA_VERSION))
        elif version < SCHEMA_VERSION:  # so far each version only added tables
            connection.execute(update(Meta).values(version=SCHEMA_VERSION))


def _version(connection: Connection) -> int | None:
    """Return the version of the tables that are there, None where there are none."""
    if not inspect(connection).has_table(Meta.__tablename__):
        return None
    return connection.scalar(select(Meta.version).where(Meta.id == 1))


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
    with _session(url, engine(url)) as session:
        yield session


@contextmanager
def reading(url: str) -> Iterator[Session]:
    """Give a session that only reads, all of one state; on SQLite others may write meanwhile."""
    with _session(url, engine(url).execution_options(**{READS: True})) as session:
        yield session


@contextmanager
def _session(url: str, made: Engine) -> Iterator[Session]:
    try:
        with Session(made, expire_on_commit=False) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        raise StoreUnusable(url=hidden(url), reason=_first_line(error)) from error
