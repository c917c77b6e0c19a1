"""Load shapes of Chinese industry by archetype, scaled to a year's energy.

The shapes are synthetic: typical shift plans, holidays and seasons, not measured plants.
Whatever is computed from them has to carry that label.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import STEPS_MIN, FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, TooShort, UnknownArchetype, WrongStep
from parkopt.forecast.arrays import aware, setting
from parkopt.forecast.holidays import SPRING_DAYS, days_from_spring_festival, official_kind

_SLOT_MIN = 15
_SLOTS = 24 * 60 // _SLOT_MIN
_RAMP = np.array([1, 2, 2, 2, 1]) / 8
"""Weights that spread a change of shift over about an hour of 15-min steps."""
_WARMEST_DAY = 205  # 24 July, the middle of the heat on the Jiangsu coast
_EBB = (0.1, 0.2, 0.3, 0.45, 0.65, 0.85, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.85, 0.65, 0.4)
"""Share of the Spring Festival's ebb from 7 days before to 7 days after its first day."""


@dataclass(frozen=True)
class Archetype:
    """A kind of plant; levels are shares of a full workday's peak.

    Parameters
    ----------
    load_factor : float
        Mean over peak of a year that the shape aims at.
    hours : tuple of float
        Level of each of the 24 hours of a workday.
    rest : float
        Level of the plant at rest.
    weekend, holiday, spring_festival : float
        Share of a workday's activity above `rest` on such days; for the Spring Festival
        on its quietest days.
    summer : float
        Amplitude of the year's wave, highest in late July.
    """

    load_factor: float
    hours: tuple[float, ...]
    rest: float
    weekend: float
    holiday: float
    spring_festival: float
    summer: float


def _spans(*spans: tuple[int, float]) -> tuple[float, ...]:
    """Return 24 levels from (number of hours, level) pairs."""
    return tuple(level for count, level in spans for _ in range(count))


ARCHETYPES: dict[str, Archetype] = {
    "continuous": Archetype(
        load_factor=0.85,
        hours=_spans((7, 1.0), (3, 0.88), (2, 0.82), (5, 0.9), (4, 0.81), (3, 0.95)),
        rest=0.7, weekend=0.85, holiday=0.8, spring_festival=0.5, summer=0.045,
    ),
    "three_shift": Archetype(
        load_factor=0.70,
        hours=_spans((6, 0.7), (1, 0.65), (5, 1.0), (1, 0.84), (5, 0.97), (5, 0.84), (1, 0.74)),
        rest=0.25, weekend=0.5, holiday=0.4, spring_festival=0.12, summer=0.05,
    ),
    "two_shift": Archetype(
        load_factor=0.50,
        hours=_spans(
            (5, 0.15), (1, 0.3), (1, 0.7), (4, 1.0), (1, 0.78), (5, 0.97), (1, 0.72), (3, 0.8), (1, 0.55), (2, 0.2)
        ),
        rest=0.15, weekend=0.35, holiday=0.25, spring_festival=0.1, summer=0.05,
    ),
    "one_shift": Archetype(
        load_factor=0.34,
        hours=_spans(
            (6, 0.13), (1, 0.2), (1, 0.58), (3, 1.0), (1, 0.72), (4, 0.97), (1, 0.58), (2, 0.28), (5, 0.14)
        ),
        rest=0.13, weekend=0.2, holiday=0.1, spring_festival=0.05, summer=0.06,
    ),
    "data_centre": Archetype(
        load_factor=0.90,
        hours=_spans((7, 0.93), (2, 0.955), (3, 0.985), (5, 1.0), (5, 0.975), (2, 0.95)),
        rest=0.9, weekend=0.9, holiday=0.9, spring_festival=0.8, summer=0.06,
    ),
    "cold_store": Archetype(
        load_factor=0.60,
        hours=_spans((7, 0.73), (2, 0.82), (3, 0.93), (5, 1.0), (4, 0.9), (3, 0.79)),
        rest=0.6, weekend=0.8, holiday=0.75, spring_festival=0.6, summer=0.38,
    ),
}  # fmt: skip


def archetype_mw(archetype: str, local_index: pd.DatetimeIndex, annual_mwh: float) -> FloatArray:
    """Return the load of an archetype, the mean of each step.

    Parameters
    ----------
    archetype : str
        A key of `ARCHETYPES`.
    local_index : pandas.DatetimeIndex
        Starts of steps of 15, 30 or 60 min on the quarter-hours, in the park's fixed zone.
    annual_mwh : float
        Energy of each calendar year; the steps of a whole year sum up to it exactly.

    Returns
    -------
    FloatArray
        Shape ``(n,)`` [MW]. An hour's value is the mean of its four 15-min values.

    Raises
    ------
    UnknownArchetype
        Where there is no such archetype.
    NaiveTime, TooShort, WrongStep, GridMismatch
        Where the index has no zone, does not show its step, or is not such a grid.
    OutOfRange
        Where the energy is below 0, or the year outside 1950-2099.
    """
    setting(annual_mwh, 0, np.inf)
    minutes, starts = _regular(aware(local_index))
    shape = _slots_of(_known(archetype), starts, minutes // _SLOT_MIN)
    return np.asarray(shape.mean(axis=1) * annual_mwh, dtype=float)


def load_factor(archetype: str, year: int) -> float:
    """Return the mean over the highest hour of an archetype in a year [-]."""
    hourly = _year(_known(archetype), year).reshape(-1, 60 // _SLOT_MIN).mean(axis=1)
    return float(hourly.mean() / hourly.max())


def _known(archetype: str) -> str:
    if archetype not in ARCHETYPES:
        raise UnknownArchetype(archetype=archetype, known=", ".join(ARCHETYPES))
    return archetype


def _regular(index: pd.DatetimeIndex) -> tuple[int, NDArray[np.datetime64]]:
    """Return the step in minutes and the wall-clock starts, or raise where there is no such grid."""
    starts: NDArray[np.datetime64] = index.tz_localize(None).to_numpy().astype("datetime64[s]")
    if starts.size == 0 or (starts.size == 1 and index.freq is None):
        raise TooShort(Where(field="time index"), count=int(starts.size), needed=2)
    seconds = np.diff(starts).astype(int) if starts.size > 1 else np.array([_freq_s(index)])
    step = int(seconds[0])
    if step not in [60 * m for m in STEPS_MIN]:
        raise WrongStep(step=f"{step / 60:g} min")
    if (seconds != step).any() or int(starts[0].astype(int)) % step:
        raise GridMismatch(
            name="load", got="uneven or shifted steps", expected=f"steps of {step // 60} min from the hour"
        )
    return step // 60, starts


def _freq_s(index: pd.DatetimeIndex) -> int:
    return int(pd.Timedelta(index.freq).total_seconds())  # type: ignore[arg-type]


def _slots_of(archetype: str, starts: NDArray[np.datetime64], per_step: int) -> FloatArray:
    """Return the 15-min values of each step, shape (n, per_step), per MWh a year."""
    years = starts.astype("datetime64[Y]")
    slot = (starts - years).astype("timedelta64[m]").astype(int) // _SLOT_MIN
    values = np.empty((starts.size, per_step))
    for year in np.unique(years):
        here = years == year
        shape = _year(archetype, int(year.astype(int)) + 1970)
        values[here] = shape[slot[here, None] + np.arange(per_step)]
    return values


@lru_cache(maxsize=64)
def _year(archetype: str, year: int) -> FloatArray:
    """Return the 15-min powers of a year that sum up to 1 MWh."""
    kind = ARCHETYPES[archetype]
    first = date(year, 1, 1)
    days = [first + timedelta(d) for d in range((date(year + 1, 1, 1) - first).days)]
    activity = np.array([_activity(kind, day) for day in days])
    work = np.repeat(kind.hours, _SLOTS // 24)
    levels = kind.rest + activity[:, None] * (work - kind.rest)
    ramped = np.convolve(np.pad(levels.ravel(), 2, mode="edge"), _RAMP, mode="valid")
    shape = ramped * np.repeat(_season(kind, len(days)), _SLOTS)
    shape /= shape.sum() * _SLOT_MIN / 60
    shape.flags.writeable = False  # shared between callers
    return shape


def _activity(kind: Archetype, day: date) -> float:
    """Return the share of a workday's activity: 1 on a workday, less as work ebbs."""
    usual = {"workday": 1.0, "weekend": kind.weekend, "holiday": kind.holiday}[official_kind(day)]
    offset = days_from_spring_festival(day)
    if abs(offset) > SPRING_DAYS:
        return usual
    return min(usual, 1.0 - (1.0 - kind.spring_festival) * _EBB[offset + SPRING_DAYS])


def _season(kind: Archetype, days: int) -> FloatArray:
    wave = np.cos(2 * np.pi * (np.arange(1, days + 1) - _WARMEST_DAY) / days)
    return np.asarray(1.0 + kind.summer * wave, dtype=float)
