"""The settled hours of a party as arrays: packed for the store, unpacked for answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parkopt.ledger.canonical import Record
from parkopt.store.party_days import PartyDay

IntArray = NDArray[np.int64]
COLUMNS = ("consumption_wh", "green_wh", "claimed_wh", "carbon_ug", "market_ug", "measured")
"""What is packed of each hour; `measured` is 1 where all of the party's meters were read."""
HOURS = 24
PACKED = np.dtype("<i8")


@dataclass(frozen=True)
class PartyHours:
    """Hours of a party, by column, shape (n,); `starts` in UTC; `revision` of each hour's day."""

    party: str
    starts: list[datetime]
    columns: dict[str, IntArray]
    revision: IntArray

    def total(self, name: str) -> int:
        """Return the sum of a column."""
        return int(self.columns[name].sum())


def packed(record: Record, measured: Sequence[bool]) -> bytes:
    """Return an enterprise-day's hours as bytes, shape (columns, 24)."""
    rows = [[int(hour[name]) for hour in record["hours"]] for name in COLUMNS[:-1]]
    return np.asarray([*rows, [int(one) for one in measured]], dtype=PACKED).tobytes()


def unpacked(party: str, days: Sequence[PartyDay]) -> PartyHours:
    """Return packed days as one run of hours."""
    data = b"".join(day.hours for day in days)
    table = np.frombuffer(data, dtype=PACKED).reshape(len(days), len(COLUMNS), HOURS).astype(np.int64)
    starts = [day.start + timedelta(hours=hour) for day in days for hour in range(HOURS)]
    columns = {name: table[:, index, :].reshape(-1) for index, name in enumerate(COLUMNS)}
    return PartyHours(party, starts, columns, np.repeat([day.revision for day in days], HOURS))


def steps_of(hours: PartyHours, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the hours from `start` to `end` as plain data, each with its green share."""
    names = ("consumption_wh", "claimed_wh", "green_wh", "carbon_ug", "market_ug", "measured")
    lists = [hours.columns[name].tolist() for name in names]
    inside = [start <= begins < end for begins in hours.starts]
    rows = zip(inside, _spans(hours.starts), hours.revision.tolist(), *lists, strict=True)
    return [_step(*row) for wanted, *row in rows if wanted]


def _spans(starts: Sequence[datetime]) -> list[tuple[str, str]]:
    """Return begin and end of each hour as text: within a day an hour ends where the next one begins."""
    begins = [moment.isoformat() for moment in starts]
    ends = [*begins[1:], ""]
    for last in range(HOURS - 1, len(starts), HOURS):
        ends[last] = (starts[last] + timedelta(hours=1)).isoformat()
    return list(zip(begins, ends, strict=True))


def _step(
    span: tuple[str, str], revision: int, used: int, claimed: int, green: int, carbon: int, market: int, measured: int
) -> dict[str, Any]:
    return {
        "start": span[0],
        "end": span[1],
        "basis": "settled",
        "consumption_wh": used,
        "green_wh": claimed,
        "green_share": round(claimed / used, 6) if used else 0.0,
        "physical_green_wh": green,
        "carbon_ug": str(carbon),
        "market_ug": str(market),
        "quality": "measured" if measured else "estimated",
        "status": "corrected" if revision else "settled",
    }
