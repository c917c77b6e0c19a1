"""What is known of a load before its day: its past, the calendar, and what was planned.

All of it holds at the issue: a step of the past counts once it has ended by then.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch, KnownTooLate
from parkopt.forecast.arrays import aware, numbers
from parkopt.forecast.holidays import days_from_spring_festival, official_kind

Calendar = Literal["cn", "none"]
"""Whose holidays count: China's, or nobody's (weekdays alone)."""
LAGS_H = (24, 48, 168, 336)
"""Hours back of the single values (parkopt reference, forecasting 4.4, point 6)."""
WINDOW_DAYS = 28
"""Days back of the same-hour means: 4 weeks (parkopt reference, forecasting 4.1)."""
SPREAD_LEVELS = (0.1, 0.5, 0.9)
"""Levels of the same-hour quantiles among the features."""
SPRING_REACH_DAYS = 15
"""Days from the Spring Festival beyond which the distance says nothing more."""
DAY = timedelta(days=1)
WORKDAY, SATURDAY, SUNDAY = 0, 1, 2
"""Types of day whose hours are alike; a holiday is like a Sunday."""
_SATURDAY_NO = 5


class LoadPast:
    """A load's record by position: what was measured at any instant, as far as it was known then.

    Parameters
    ----------
    history : pandas.Series
        Mean power [MW] at the starts of regular steps, index with a zone; NaN where not measured.

    Raises
    ------
    NaiveTime, GridMismatch
        Where the index has no zone or no one regular step that divides a day.
    """

    def __init__(self, history: pd.Series[float]) -> None:
        index = aware(pd.DatetimeIndex(history.index)).tz_convert("UTC")
        self.index: pd.DatetimeIndex = index
        self.step = regular_step("load history", index)
        self.start_s = int(seconds(index[:1])[0])
        self.mw: FloatArray = np.asarray(history, dtype=float)

    @property
    def step_s(self) -> int:
        """Length of a step in seconds."""
        return int(self.step.total_seconds())

    def at(self, start_s: NDArray[np.int64], issue_s: NDArray[np.int64]) -> FloatArray:
        """Return the values at the steps that start at `start_s`, NaN where they end after `issue_s` or are missing."""
        row = (start_s - self.start_s) // self.step_s
        held = (row >= 0) & (row < self.mw.size) & (start_s + self.step_s <= issue_s)
        return np.where(held, self.mw[np.clip(row, 0, self.mw.size - 1)], np.nan)


def regular_step(name: str, index: pd.DatetimeIndex) -> timedelta:
    """Return the one step of an index, which must divide a day, or raise `GridMismatch`."""
    gaps = np.diff(seconds(index))
    if gaps.size == 0 or (gaps != gaps[0]).any() or gaps[0] <= 0 or 86_400 % gaps[0]:
        raise GridMismatch(name=name, got="uneven or too few steps", expected="regular steps that divide a day")
    return timedelta(seconds=int(gaps[0]))


def load_features(
    index_local: pd.DatetimeIndex,
    history: pd.Series[float] | LoadPast,
    issue: pd.Timestamp | pd.DatetimeIndex,
    *,
    plan: pd.Series[float] | None = None,
    temp: pd.Series[float] | None = None,
    calendar: Calendar = "none",
) -> pd.DataFrame:
    """Return what is known of the load at the issue.

    Parameters
    ----------
    index_local : pandas.DatetimeIndex
        Starts (n,) of the steps, in the plant's fixed zone; of the history's step.
    history : pandas.Series or LoadPast
        Mean power [MW]; what ends after `issue` is not looked at.
    issue : pandas.Timestamp or pandas.DatetimeIndex
        When the forecast is made: one instant, or one a step (n,), for training.
    plan, temp : pandas.Series, optional
        Known beforehand for all steps: production planned (any unit), air temperature forecast [deg C].
    calendar : {"cn", "none"}
        Whose holidays and moved workdays count.

    Returns
    -------
    pandas.DataFrame
        (n, features), floats. ``lag_24h`` is the value 24 h before where that was known at the
        issue, else 48 h before; ``mean_4w`` the mean of the same hour on days of the same type
        (workday, Saturday, Sunday or holiday) in the 28 days before, of all days where there is none.

    Raises
    ------
    NaiveTime, GridMismatch
        Where times have no zone, or plan or temperature do not cover the steps.
    KnownTooLate
        Where a step is wanted that has ended when the forecast is made.
    """
    past = history if isinstance(history, LoadPast) else LoadPast(history)
    start_s = seconds(aware(index_local))
    issue_s = _issues(issue, index_local, start_s, past.step_s)
    types = day_types(index_local, calendar)
    columns = _lags(past, start_s, issue_s) | _same_hour(past, index_local, start_s, issue_s, types, calendar)
    columns |= _levels(past, issue_s) | _calendar(index_local, types, calendar)
    columns["lead_h"] = (start_s - issue_s) / 3600
    for name, series in (("plan", plan), ("temp_air_degc", temp)):
        if series is not None:
            columns[name] = known_ahead(name, series, index_local)
    return pd.DataFrame(columns, index=index_local)


def known_ahead(name: str, series: pd.Series[float], index: pd.DatetimeIndex) -> FloatArray:
    """Return a series that is known beforehand at the steps of `index`; it must hold them all."""
    utc = pd.DatetimeIndex(series.index).tz_convert("UTC") if len(series) else pd.DatetimeIndex([], tz="UTC")
    found = pd.Series(np.asarray(series, dtype=float), index=utc).reindex(index.tz_convert("UTC"))
    if found.isna().any():
        first = str(index[int(np.argmax(found.isna()))])
        raise GridMismatch(Where(field=name), name=name, got=f"no value at {first}", expected="a value for each step")
    return numbers(name, found.to_numpy(), signed=True)


def seconds(index: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the instants in seconds since 1970, shape (n,)."""
    naive = index.tz_convert("UTC").tz_localize(None)
    return np.asarray(naive, dtype="datetime64[s]").astype(np.int64)


def _issues(
    issue: pd.Timestamp | pd.DatetimeIndex, index: pd.DatetimeIndex, start_s: NDArray[np.int64], step_s: int
) -> NDArray[np.int64]:
    several = issue if isinstance(issue, pd.DatetimeIndex) else pd.DatetimeIndex([issue])
    issue_s = np.broadcast_to(seconds(aware(several)), start_s.shape)
    over = start_s + step_s <= issue_s
    if over.any():
        row = int(np.argmax(over))
        at = str(several[min(row, len(several) - 1)])
        what = Text("a step that is to be forecast", "待预测时刻")
        raise KnownTooLate(what=what, at=str(index[row]), known=str(index[row]), issued=at)
    return issue_s


def _lags(past: LoadPast, start_s: NDArray[np.int64], issue_s: NDArray[np.int64]) -> dict[str, FloatArray]:
    found = {hours: past.at(start_s - hours * 3600, issue_s) for hours in LAGS_H}
    found[24] = np.where(np.isnan(found[24]), found[48], found[24])
    return {f"lag_{hours}h": values for hours, values in found.items()}


def _same_hour(
    past: LoadPast,
    index: pd.DatetimeIndex,
    start_s: NDArray[np.int64],
    issue_s: NDArray[np.int64],
    types: NDArray[np.int64],
    calendar: Calendar,
) -> dict[str, FloatArray]:
    """Return mean and quantiles of the same hour on like days of 4 weeks, and the mean on the same weekday."""
    values, alike = same_hour_values(past, index, start_s, issue_s, types, calendar)
    same_weekday = values[:, 6::7]
    columns = {"mean_4w": _nanmean(alike), "mean_weekday_4w": _nanmean(same_weekday)}
    ranked = np.sort(alike, axis=1)
    count = (~np.isnan(ranked)).sum(axis=1)
    for level in SPREAD_LEVELS:
        columns[f"q{100 * level:.0f}_4w"] = _ranked(ranked, count, level)
    return columns


def same_hour_values(
    past: LoadPast,
    index: pd.DatetimeIndex,
    start_s: NDArray[np.int64],
    issue_s: NDArray[np.int64],
    types: NDArray[np.int64],
    calendar: Calendar,
) -> tuple[FloatArray, FloatArray]:
    """Return the same hour of each of the 28 days before (n, 28), and those of days of the same type alone."""
    back = np.arange(1, WINDOW_DAYS + 1)
    values = past.at(start_s[:, None] - back * 86_400, issue_s[:, None])
    then = np.stack([day_types(index - int(d) * DAY, calendar) for d in back], axis=1)
    alike = np.where(then == types[:, None], values, np.nan)
    none = np.asarray(np.isnan(alike).all(axis=1))
    return values, np.where(none[:, None], values, alike)


def _nanmean(values: FloatArray) -> FloatArray:
    count = (~np.isnan(values)).sum(axis=1)
    return np.where(count, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)


def _ranked(ranked: FloatArray, count: NDArray[np.int64], level: float) -> FloatArray:
    """Return a quantile of each row of sorted values (n, k), its first `count` being numbers (Hyndman & Fan type 7)."""
    place = level * np.maximum(count - 1, 0)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(ranked))
    return np.asarray(ranked[rows, low] + (place - low) * (ranked[rows, high] - ranked[rows, low]))


def _levels(past: LoadPast, issue_s: NDArray[np.int64]) -> dict[str, FloatArray]:
    """Return the last known value and the means of the last day and week before the issue."""
    last_s = (issue_s - past.start_s) // past.step_s * past.step_s + past.start_s - past.step_s
    one, where = np.unique(last_s, return_inverse=True)
    week = past.at(one[:, None] - np.arange(7 * 86_400 // past.step_s) * past.step_s, one[:, None] + past.step_s)
    day = week[:, : 86_400 // past.step_s]
    return {"last": week[where, 0], "mean_day": _nanmean(day)[where], "mean_week": _nanmean(week)[where]}


def _calendar(index: pd.DatetimeIndex, types: NDArray[np.int64], calendar: Calendar) -> dict[str, FloatArray]:
    weekday = np.asarray(index.weekday, dtype=float)
    hour = np.asarray((index - index.normalize()) / pd.Timedelta(hours=1), dtype=float)
    columns = {"hour": hour, "weekday": weekday, "day_type": types.astype(float)}
    if calendar == "cn":
        about = np.array([_about(day.date()) for day in index.normalize()], dtype=float)
        columns |= {"holiday": about[:, 0], "moved_workday": about[:, 1], "spring_days": about[:, 2]}
    return columns


def day_types(index: pd.DatetimeIndex, calendar: Calendar) -> NDArray[np.int64]:
    """Return the type of each step's day: workday, Saturday, Sunday or holiday."""
    weekday = np.asarray(index.weekday)
    if calendar == "none":
        return np.asarray(np.clip(weekday - _SATURDAY_NO + 1, WORKDAY, SUNDAY), dtype=np.int64)
    days, where = np.unique(np.asarray(index.normalize().tz_localize(None), dtype="datetime64[D]"), return_inverse=True)
    kinds = np.array([_type(day) for day in days.astype(object)], dtype=np.int64)
    return np.asarray(kinds[where], dtype=np.int64)


@lru_cache(maxsize=8192)
def _type(day: date) -> int:
    kind = official_kind(day)
    if kind == "workday":
        return WORKDAY
    return SATURDAY if kind == "weekend" and day.weekday() == _SATURDAY_NO else SUNDAY


@lru_cache(maxsize=8192)
def _about(day: date) -> tuple[int, int, int]:
    """Return whether a day is a holiday, whether a weekend day worked in return, and its distance from the festival."""
    kind = official_kind(day)
    spring = max(-SPRING_REACH_DAYS, min(SPRING_REACH_DAYS, days_from_spring_festival(day)))
    return int(kind == "holiday"), int(kind == "workday" and day.weekday() >= _SATURDAY_NO), spring
