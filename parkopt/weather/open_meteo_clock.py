"""The stamps of an Open-Meteo answer, and whether they are what the answer says they are.

Local times keep one offset, ``utc_offset_seconds``, for the whole answer, over a change of
daylight-saving time too (open-meteo issues 488 and 1764); unix times are UTC always.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from parkopt.errors import ParkoptError, Where, raise_all
from parkopt.faults import (
    BrokenFile,
    MissingSteps,
    NaiveTime,
    ShiftingZone,
    TimeNotRising,
    UnevenSteps,
    UnreadableTime,
    WrongStep,
)
from parkopt.park.table import MAX_FAULTS

FORMAT = "Open-Meteo JSON"
MAX_OFFSET_S = 14 * 3600
FIRST_S, LAST_S = -2_208_988_800, 4_102_444_800
"""Unix time of 1 January 1900 and 2100: a stamp outside is not one of weather, or not in seconds."""
MAX_NUMBER = 1e300


def broken(where: Where, reason: str) -> BrokenFile:
    """Return the fault of an answer that cannot be read."""
    return BrokenFile(where, format=FORMAT, reason=reason)


def number(place: dict[str, Any], key: str, where: Where) -> float:
    """Return a finite number of an answer's head, or raise `BrokenFile`."""
    value = place.get(key)
    if not is_number(value):
        raise broken(Where(where.file, field=key), f"{key} is {_short(value)}")
    return float(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a finite number that a float can hold; JSON allows any number of digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _short(value: object) -> str:
    return repr(value)[:40]


def place_of(place: dict[str, Any], where: Where) -> tuple[float, float]:
    """Return latitude and longitude in degrees, or raise `BrokenFile` where they lie on no earth."""
    here = (number(place, "latitude", where), number(place, "longitude", where))
    for key, value, most in zip(("latitude", "longitude"), here, (90, 180), strict=True):
        if abs(value) > most:
            raise broken(Where(where.file, field=key), f"{key} is {value:g}, not within -{most} to {most}")
    return here


def read_stamps(
    place: dict[str, Any], written: list[Any], unit: str, field: str, where: Where
) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    """Return the stamps in UTC (no order is asked for yet), and a note on an offset that is held."""
    if unit == "unixtime":
        bad = [row for row, value in enumerate(written) if not _is_unix(value)]
        raise_all(_unreadable(where, field, row, written[row], "unix seconds") for row in bad[:MAX_FAULTS])
        return pd.DatetimeIndex(pd.to_datetime(written, unit="s", utc=True)), ()
    text = pd.Series(written, dtype=object)
    plain = text.map(lambda value: isinstance(value, str) and re.fullmatch(r"[\d-]{10}T[\d:]{5,8}", value) is not None)
    parsed = pd.to_datetime(text.where(plain), errors="coerce", format="ISO8601")
    known = (parsed >= pd.Timestamp(FIRST_S, unit="s")) & (parsed < pd.Timestamp(LAST_S, unit="s"))
    wrong = np.flatnonzero(~known)[:MAX_FAULTS]
    raise_all(_unreadable(where, field, int(row), written[row], "2026-07-15T00:00") for row in wrong)
    if "utc_offset_seconds" not in place:
        raise NaiveTime(Where(where.file, field=field, row=1), value=written[0])
    offset_s = number(place, "utc_offset_seconds", where)
    if abs(offset_s) > MAX_OFFSET_S:
        raise broken(Where(where.file, field="utc_offset_seconds"), f"utc_offset_seconds is {offset_s:g}")
    stamps = pd.DatetimeIndex(parsed).tz_localize("UTC") - pd.Timedelta(seconds=offset_s)
    change = _zone_change(place, stamps[0], stamps[-1]) if stamps[0] < stamps[-1] else None
    held = f"All times were read at {offset_s / 3600:+g} h, the one offset of the answer, over the change of clocks."
    return stamps, (held,) if change else ()


def _is_unix(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and FIRST_S <= value < LAST_S


def _unreadable(where: Where, field: str, row: int, value: object, shown: str) -> UnreadableTime:
    return UnreadableTime(Where(where.file, field=field, row=row + 1), value=_short(value), format=shown)


def _zone_change(place: dict[str, Any], first: pd.Timestamp, last: pd.Timestamp) -> tuple[str, str] | None:
    """Return the offsets of the answer's named zone before and after, where they differ between two instants."""
    try:
        zone = ZoneInfo(str(place.get("timezone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    days = pd.DatetimeIndex([*pd.date_range(first, last, freq="D"), last]).tz_convert(zone)
    offsets = list(days.strftime("%z"))
    other = next((offset for offset in offsets if offset != offsets[0]), None)
    return None if other is None else (offsets[0], other)


def regular_step(place: dict[str, Any], times: pd.DatetimeIndex, field: str, where: Where) -> timedelta:
    """Return the step of stamps that rise by it without a gap."""
    gaps = np.asarray(np.diff(times.to_numpy()).astype("timedelta64[s]").astype(np.int64))
    lengths, counts = np.unique(gaps[gaps > 0], return_counts=True)
    step_s = int(lengths[np.argmax(counts)]) if len(lengths) else 0
    # rows out of order leave holes behind them: the order is told first
    uneven = np.flatnonzero(gaps <= 0 if (gaps <= 0).any() else gaps != step_s)
    raise_all(_uneven(place, times, int(row), step_s, Where(where.file, field=field)) for row in uneven[:MAX_FAULTS])
    if step_s > 3600 or 3600 % step_s:  # noqa: PLR2004 - seconds of an hour
        raise WrongStep(Where(where.file, field=field), step=timedelta(seconds=step_s))
    return timedelta(seconds=step_s)


def _uneven(place: dict[str, Any], times: pd.DatetimeIndex, row: int, step_s: int, where: Where) -> ParkoptError:
    """Return the fault of the stamp after `row`: a change of clocks, a repeat, a gap."""
    here = Where(where.file, None, where.field, row + 2)
    before, after = times[row], times[row + 1]
    away = pd.Timedelta(days=1)
    change = _zone_change(place, min(before, after) - away, max(before, after) + away)
    gap_s = (after - before).total_seconds()
    if change and gap_s in (step_s - 3600, step_s + 3600):
        return ShiftingZone(here, before=change[0], after=change[1])
    if gap_s <= 0:
        return TimeNotRising(here, value=f"{after:%Y-%m-%dT%H:%MZ}", before=f"{before:%Y-%m-%dT%H:%MZ}")
    if gap_s % step_s:
        return UnevenSteps(here, value=f"{after:%Y-%m-%dT%H:%MZ}", step_min=round(step_s / 60, 2))
    first = f"{before + pd.Timedelta(seconds=step_s):%Y-%m-%dT%H:%MZ}"
    return MissingSteps(here, count=int(gap_s // step_s) - 1, first=first)
