"""A year of hours that stands for any year: what the embedded year and EPW files share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import NOWHERE, Where
from parkopt.faults import GridMismatch
from parkopt.weather.resample import refine, step_offset_min

HOURS = 8760
HOUR = timedelta(hours=1)
_DAYS_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


@dataclass(frozen=True)
class TypicalYear:
    """Hourly canonical variables (8760,) from 1 January 00:00 in a fixed zone, without 29 February."""

    hourly: Mapping[str, FloatArray]
    zone: timezone
    latitude: float
    longitude: float
    solar_offset_min: float = 30.0


def hour_of_year(local: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
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
