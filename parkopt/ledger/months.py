"""Closing a month in the settled log: its totals are logged, and after that only corrections may follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parkopt.errors import Text
from parkopt.faults import BadRecord, MonthClosed
from parkopt.ledger.settled import SettledLog

CLOSE = "close"
CORRECTING = frozenset({"correct", "reverse", "expire"})
"""Actions that may touch certificates of a closed month: corrections, and the end that time brings to each."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def close_month(log: SettledLog, month: str, settlements: Sequence[str], totals: Mapping[str, Any]) -> range:
    """Log that a month is closed; return the index.

    The record is ``close`` with the month, the number of records before it (``size``), ids of
    the settlements and the totals that are given (whole numbers and text).

    Raises
    ------
    BadRecord
        If it is no month, such as ``2026-07``.
    MonthClosed
        If it is closed already.
    """
    if not _MONTH.fullmatch(month):
        raise BadRecord(reason=Text(en=f"{month!r} is no month", zh=f"{month!r} 不是月份"))
    log.lock()
    if month in closed_months(log):
        raise MonthClosed(month=month, reason=Text(en="it cannot be closed twice", zh="不能重复结账"))
    record = {"type": CLOSE, "park": log.park, "month": month, "size": log.size}
    return log.append([{**record, "settlements": list(settlements), "totals": dict(totals)}])


def closed_months(log: SettledLog) -> frozenset[str]:
    """Return the months that were closed, such as ``2026-07``."""
    return frozenset(entry.record["month"] for entry in log.entries(kind=CLOSE))


def require_open(log: SettledLog, records: Iterable[Mapping[str, Any]]) -> None:
    """Let only corrections through for the days of closed months.

    To be called before an append, in the same transaction. A record with a local ``day`` is a
    correction if its ``status`` is ``corrected``, its ``revision`` is 1 or more, or it is an
    action of `CORRECTING`. Records without a day (factors, methods, keys ...) belong to no month.

    Raises
    ------
    MonthClosed
        With the first other record of a closed month; nothing may be logged then.
    """
    log.lock()
    closed = closed_months(log)
    for record in records:
        month = str(record.get("day") or "")[:7]
        if month in closed and not is_correction(record):
            what = f"{record.get('type')} {record.get('day')}"
            raise MonthClosed(month=month, reason=Text(en=f"{what} is no correction", zh=f"{what} 不是更正"))


def is_correction(record: Mapping[str, Any]) -> bool:
    """Say whether a record may follow the close of its month; see `require_open`."""
    revision = record.get("revision")
    again = type(revision) is int and revision > 0
    action = record.get("type") == "action" and record.get("action") in CORRECTING
    return again or action or record.get("status") == "corrected"
