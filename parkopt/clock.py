"""The one idea of time: a regular grid in UTC, shown in a fixed zone.

A step is named by its start. Days are the calendar days of the park's zone, which is a
fixed offset (+08:00 for all of China): a day always has 24 hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.errors import NOWHERE, Where
from parkopt.faults import GridMismatch, NaiveTime, WrongDate, WrongStep, ZoneNotFixed

FloatArray = NDArray[np.float64]
STEPS_MIN = (60, 30, 15)
CHINA = "+08:00"
_OFFSET = re.compile(r"^(?:UTC)?([+-])(\d{2}):?(\d{2})$")


def fixed_zone(text: str, where: Where = NOWHERE) -> timezone:
    """Return the zone of ``"+08:00"`` or ``"UTC"``.

    Raises
    ------
    ZoneNotFixed
        For a named zone: it may have daylight-saving time (``Asia/Shanghai`` had in
        1986-1991), and a day of 23 or 25 hours would shift a schedule.
    """
    if text in ("UTC", "Z"):
        return UTC
    match = _OFFSET.match(text)
    if match is None:
        raise ZoneNotFixed(where, zone=text)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > timedelta(hours=14) or int(match[3]) >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ZoneNotFixed(where, zone=text)
    return timezone(-offset if match[1] == "-" else offset)


def parse_date(text: str) -> date:
    """Return the date of ``"2026-07-15"``, or raise `WrongDate`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongDate(value=text) from error


@dataclass(frozen=True)
class TimeGrid:
    """A regular grid of `n` steps from `start`; each step is named by its start.

    Parameters
    ----------
    start : datetime
        Start of the first step, with an offset; kept in UTC.
    step : timedelta
        60, 30 or 15 minutes.
    n : int
        Number of steps, at least 1.
    zone : timezone
        The park's fixed zone, for days and for showing.
    """

    start: datetime
    step: timedelta
    n: int
    zone: timezone = timezone(timedelta(hours=8))

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise NaiveTime(value=self.start.isoformat())
        if self.step not in [timedelta(minutes=m) for m in STEPS_MIN]:
            raise WrongStep(step=self.step)
        if self.n < 1:
            raise GridMismatch(name="grid", got=f"{self.n} steps", expected="at least 1 step")
        object.__setattr__(self, "start", self.start.astimezone(UTC))

    @classmethod
    def day(cls, day: date, zone: timezone, step_min: int = 60, days: int = 1) -> TimeGrid:
        """Return the grid of `days` whole calendar days in `zone`, from `day` on."""
        if step_min not in STEPS_MIN:
            raise WrongStep(step=f"{step_min} min")
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        return cls(start, timedelta(minutes=step_min), days * 24 * 60 // step_min, zone)

    @property
    def hours(self) -> float:
        """Length of a step in hours."""
        return self.step / timedelta(hours=1)

    @property
    def end(self) -> datetime:
        """End of the last step."""
        return self.start + self.n * self.step

    @cached_property
    def index(self) -> pd.DatetimeIndex:
        """Starts of the steps in UTC."""
        return pd.date_range(self.start, periods=self.n, freq=self.step, name="time")

    @cached_property
    def local(self) -> pd.DatetimeIndex:
        """Starts of the steps in the park's zone."""
        return self.index.tz_convert(self.zone)

    def label(self, step: int) -> str:
        """Return the local start of a step, as in ``2026-07-15 18:00``."""
        return (self.start + step * self.step).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def require(self, name: str, other: TimeGrid) -> None:
        """Raise `GridMismatch` unless `other` has the same start, step and length."""
        if (other.start, other.step, other.n) != (self.start, self.step, self.n):
            raise GridMismatch(name=name, got=str(other), expected=str(self))

    def array(self, name: str, values: object) -> FloatArray:
        """Return `values` as floats of this grid's length; one number is spread over it.

        Raises
        ------
        GridMismatch
            Where the length is another, or a value is not finite.
        """
        data = np.asarray(values, dtype=float)
        if data.ndim == 0:
            data = np.full(self.n, float(data))
        if data.shape != (self.n,):
            raise GridMismatch(name=name, got=f"{data.shape} values", expected=f"{self.n} values")
        if not np.isfinite(data).all():
            first = int(np.argmin(np.isfinite(data)))
            raise GridMismatch(name=name, got=f"no number at step {first}", expected="numbers")
        return data

    def __str__(self) -> str:
        minutes = int(self.step.total_seconds() // 60)
        return f"{self.n} x {minutes} min from {self.start.astimezone(self.zone).isoformat()}"
