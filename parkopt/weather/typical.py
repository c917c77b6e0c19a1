"""A year of hours that stands for any year: what the embedded year, EPW and PVGIS files share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import NOWHERE, Where, raise_all
from parkopt.faults import BrokenFile, GridMismatch, MissingSteps, TimeNotRising, UnreadableTime
from parkopt.park.table import MAX_FAULTS
from parkopt.weather.resample import refine, step_offset_min
from parkopt.weather.sun import TimeArray, later

HOURS = 8760
HOUR = timedelta(hours=1)
RowArray = np.ndarray[tuple[int], np.dtype[np.int64]]
_DAYS_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


@dataclass(frozen=True)
class TypicalYear:
    """Hourly canonical variables (8760,) from 1 January 00:00 in a fixed zone, without 29 February."""

    hourly: Mapping[str, FloatArray]
    zone: timezone
    latitude: float
    longitude: float
    solar_offset_min: float = 30.0


def hour_of_year(local: pd.DatetimeIndex) -> RowArray:
    """Return the row of a typical year for each local time, (n,); 29 February is the 28th."""
    month, day = np.asarray(local.month), np.asarray(local.day)
    day = np.where((month == 2) & (day == 29), 28, day)  # noqa: PLR2004
    return np.asarray((_DAYS_BEFORE[month - 1] + day - 1) * 24 + np.asarray(local.hour), dtype=np.int64)


def lay_year(year: TypicalYear, grid: TimeGrid, where: Where = NOWHERE) -> tuple[dict[str, FloatArray], float]:
    """Return the variables on `grid` (grid.n,), and the solar offset of its steps in minutes.

    The same month, day and hour of the year's own zone stand for any date.

    Raises
    ------
    GridMismatch
        Where the grid's steps do not fit into whole hours of that zone.
    """
    start = pd.Timestamp(grid.start).tz_convert(year.zone)
    first = start.floor("h")
    skipped, uneven = divmod((start - first).to_pytimedelta(), grid.step)
    if uneven or HOUR % grid.step:
        raise GridMismatch(where, name="weather", got=f"whole hours in {year.zone}", expected=str(grid))
    per_hour = HOUR // grid.step
    # one hour more on either side, for the straight lines between hours
    hours = -(-(skipped + grid.n) // per_hour) + 2
    local = pd.date_range(first - HOUR, periods=hours, freq="h")
    rows = hour_of_year(local)
    picked = {name: values[rows] for name, values in year.hourly.items()}
    start_utc = np.asarray(local.tz_convert("UTC").tz_localize(None), dtype="datetime64[s]")
    fine = refine(picked, start_utc, per_hour, (year.latitude, year.longitude), year.solar_offset_min)
    cut = slice(per_hour + skipped, per_hour + skipped + grid.n)
    return {name: values[cut] for name, values in fine.items()}, step_offset_min(year.solar_offset_min, per_hour)


@dataclass(frozen=True)
class Stamps:
    """Month, day and hour (0 to 23) of the rows of a file, (n,), whatever their years; and how it writes them."""

    month: FloatArray
    day: FloatArray
    hour: FloatArray
    text: Callable[[int], str]
    """The stamp of a row (from 0) as the file has it."""
    pattern: str
    format: str
    header_lines: int | None

    def where(self, row: int, where: Where) -> Where:
        """Return the place of a row (from 0)."""
        line = None if self.header_lines is None else row + 1 + self.header_lines
        return Where(where.file, line, "hour", row + 1)


def whole_year(stamps: Stamps, where: Where) -> RowArray:
    """Return the rows of a file that make up a year of 8760 h, in order; 29 February is left out.

    The years of the stamps play no part: a typical year mixes them.

    Raises
    ------
    UnreadableTime, TimeNotRising
        Naming the row.
    BrokenFile
        Where the file ends before the year does.
    MissingSteps
    """
    kept = np.flatnonzero(~((stamps.month == 2) & (stamps.day == 29))).astype(np.int64)  # noqa: PLR2004
    at = _hour_numbers(stamps, kept, where)
    steps = np.diff(at)
    for row in np.flatnonzero(steps <= 0)[:1]:
        after, before = int(kept[row + 1]), int(kept[row])
        raise TimeNotRising(stamps.where(after, where), value=stamps.text(after), before=stamps.text(before))
    if len(at) < HOURS and (len(at) == 0 or (at[0] == 0 and (steps == 1).all())):
        place = stamps.where(len(stamps.month) - 1, where)
        raise BrokenFile(place, format=stamps.format, reason=f"it ends after {len(at)} of {HOURS} hours")
    if len(at) < HOURS:
        first = int(np.setdiff1d(np.arange(HOURS), at)[0])
        raise MissingSteps(where, count=HOURS - len(at), first=_spoken(first))
    return kept


def _hour_numbers(stamps: Stamps, kept: RowArray, where: Where) -> RowArray:
    """Return the hour of the year of the kept rows, from 0."""
    parts = {"month": stamps.month[kept], "day": stamps.day[kept], "hour": stamps.hour[kept]}
    times = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame({"year": 2023, **parts}), errors="coerce"))
    bad = np.asarray(times.isna()) | (parts["hour"] < 0) | (parts["hour"] > 23)  # noqa: PLR2004
    raise_all(
        UnreadableTime(stamps.where(int(kept[row]), where), value=stamps.text(int(kept[row])), format=stamps.pattern)
        for row in np.flatnonzero(bad)[:MAX_FAULTS]
    )
    return hour_of_year(times)


def hour_starts(zone: timezone) -> TimeArray:
    """Return the hours of a typical year in UTC, taken as 2023, (8760,)."""
    zone_min = zone.utcoffset(None).total_seconds() / 60
    return later(np.full(HOURS, np.datetime64("2023-01-01T00:00", "s")), np.arange(HOURS) * 60.0 - zone_min)


def _spoken(hour: int) -> str:
    return (pd.Timestamp("2023-01-01") + pd.Timedelta(hours=hour)).strftime("%m-%d %H:%M")
