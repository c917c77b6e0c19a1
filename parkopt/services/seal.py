"""Seals: records of the settled log with hashes of all rows that a transaction added to the other tables.

Certificates, claims, lots and days are answered from tables; the log proves them as long as
the tables are what they were. So each transaction that settles, acts or closes ends with a
record ``seal``: park, after (index of the seal before, -1 at first), heads (how many were signed
before it), tables {name: [last id, sha256]}, days (sha256), and where meters were settled meters
{start, end, last, readings, files}. A hash is SHA-256 of the compact JSON of the rows, each a list
of its columns in their order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from parkopt.ledger.canonical import Record, parse
from parkopt.ledger.settled import SettledLog
from parkopt.ledger.settled_view import SEAL
from parkopt.store import seals
from parkopt.store.seals import TABLES, Row
from parkopt.store.session import Session

_FILE = 9
"""Place of the file among the columns of a reading."""


def seal(session: Session, log: SettledLog, span: tuple[datetime, datetime] | None = None) -> None:
    """Log the hashes of a park's new rows; the last thing that a transaction does.

    Parameters
    ----------
    session : Session
        The transaction, with the log locked.
    log : SettledLog
        The park's log.
    span : tuple of datetime, optional
        The hours whose meter readings were settled.
    """
    known = seals.newest_seal(session, log.park)
    after, before = (-1, {}) if known is None else (known[0], parse(known[1])["tables"])
    tables = {name: _table(session, log.park, name, before.get(name, [0, ""])[0]) for name in TABLES}
    days = seals.day_rows(session, log.park, after, log.size)
    changed = any(digest for _, digest in tables.values()) or any(days.values())
    if not changed and span is None:
        return
    heads = seals.head_count(session, log.park, log.size)
    record: Record = {
        "type": SEAL,
        "park": log.park,
        "after": after,
        "heads": heads,
        "tables": tables,
        "days": hashed(days),
    }
    meters = {} if span is None else {"meters": meters_of(session, log.park, *(int(one.timestamp()) for one in span))}
    log.append([{**record, **meters}])


def _table(session: Session, park: str, name: str, after: int) -> list[Any]:
    rows = list(seals.rows_of(session, park, name, after))
    return [rows[-1][0] if rows else after, hashed(rows) if rows else ""]


def meters_of(session: Session, park: str, start: int, end: int, last: int | None = None) -> dict[str, Any]:
    """Return what a seal says of the readings of a span and of their files; up to a last reading where given."""
    rows = seals.reading_rows(session, park, start, end, last)
    files = files_of(session, park, rows)
    newest = rows[-1][0] if rows else 0
    return {"start": start, "end": end, "last": newest, "readings": hashed(rows), "files": hashed(files)}


def files_of(session: Session, park: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the files in which readings came."""
    return seals.file_rows(session, park, sorted({str(row[_FILE]) for row in rows}))


def hashed(rows: object) -> str:
    """Return SHA-256 of the compact JSON of rows."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
