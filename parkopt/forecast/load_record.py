"""A load's record as a forecast may use it: what has ended by the issue, without outages of the meter, on one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import TooLittleHistory, ZoneNotFixed
from parkopt.forecast.arrays import aware
from parkopt.forecast.load_features import DAY, WINDOW_DAYS, regular_step

LEAST_DAYS = 14
"""Without two weeks no hour has been seen twice on its weekday [days]."""
MOST_LEAD_DAYS = WINDOW_DAYS - 1
"""From the end of the record to the midnight of a day: beyond it the 4 weeks before hold no such weekday [days]."""
FRESH_DAYS = 2
"""Older records are told of [days]."""
OUTAGE_H = 24
"""Hours on end at exactly 0 that are taken for an outage of the meter, in a load that else is above 0 [h]."""
MOST_ZEROS = 0.01
"""Share of zeros outside of such stretches up to which a load is said to be always above 0 [-]."""


@dataclass(frozen=True)
class Record:
    """A record at its forecast.

    Parameters
    ----------
    mw : pandas.Series
        Mean power [MW] at the starts of regular UTC steps, NaN where not measured.
    end : pandas.Timestamp
        When the last measured step ended, or the issue: nothing newer is known.
    notes : tuple of str
        What was left out.
    """

    mw: pd.Series[float]
    end: pd.Timestamp
    notes: tuple[str, ...]


def read_record(
    history: pd.Series[float], issue: datetime, wanted: pd.DatetimeIndex
) -> tuple[Record, pd.DatetimeIndex]:
    """Return what a forecast may use of a record, and the wanted steps, both on the coarser of their steps.

    Parameters
    ----------
    history : pandas.Series
        Mean power [MW] at the starts of regular steps, with a zone; NaN where not measured.
    issue : datetime
        When the forecast is made.
    wanted : pandas.DatetimeIndex
        Starts (n,) of regular steps in the plant's fixed zone.

    Raises
    ------
    TooLittleHistory
        With less than two weeks, or with nothing in the 4 weeks before a wanted day.
    ZoneNotFixed
        Where the zone of `wanted` keeps daylight-saving time within the record.
    NaiveTime, GridMismatch
        Where times have no zone or no regular step.
    """
    coarse, steps = _on_step(until(history, issue), aware(wanted))
    fixed_over(pd.DatetimeIndex(coarse.index).union(steps.tz_convert("UTC")), steps.tz)
    measured, notes = without_outages(coarse)
    known = np.flatnonzero(np.isfinite(measured.to_numpy()))
    if not known.size:
        raise TooLittleHistory(what=Text("the load", "负荷"), days=0.0, needed=LEAST_DAYS)
    index = pd.DatetimeIndex(measured.index)
    end = index[known[-1]] + (index[1] - index[0])
    age = (pd.Timestamp(issue) - end) / DAY
    lead = (steps[-1].normalize() - end) / DAY
    if lead > MOST_LEAD_DAYS:
        day = f"{steps[-1]:%Y-%m-%d}"
        what = Text(f"the load (its record ends {end:%Y-%m-%d}), in the 4 weeks before {day},",
                    f"负荷（记录止于 {end:%Y-%m-%d}），在 {day} 之前的四周内，")  # fmt: skip
        raise TooLittleHistory(what=what, days=max(0.0, WINDOW_DAYS - lead), needed=1)
    if age > FRESH_DAYS:
        told = f"The record ends {age:.0f} days before the issue; the forecast is one for so long a lead."
        notes = (*notes, told)
    return Record(measured, end, notes), steps


def until(history: pd.Series[float], issue: datetime) -> pd.Series[float]:
    """Return the steps that have ended by the issue: nothing newer can be looked at."""
    step = regular_step("load history", aware(pd.DatetimeIndex(history.index)))
    ended = np.asarray(pd.DatetimeIndex(history.index) + step <= pd.Timestamp(issue))
    if ended.sum() * step < LEAST_DAYS * DAY:
        raise TooLittleHistory(what=Text("the load", "负荷"), days=ended.sum() * step / DAY, needed=LEAST_DAYS)
    return history[ended]


def without_outages(history: pd.Series[float]) -> tuple[pd.Series[float], tuple[str, ...]]:
    """Return the record with NaN for days on end of exact zeros, where the load else is above 0, and a note of it.

    A plant at rest still draws something; works that often stand at 0 are left as they are.
    """
    mw: FloatArray = np.asarray(history, dtype=float)
    index = pd.DatetimeIndex(history.index)
    run = np.cumsum(np.diff(mw == 0, prepend=False) != 0)
    long = np.bincount(run)[run] * (index[1] - index[0]) >= timedelta(hours=OUTAGE_H)
    out = np.asarray((mw == 0) & long)
    if not out.any() or (mw[~out] == 0).mean() > MOST_ZEROS:
        return history, ()
    hours = out.sum() * (index[1] - index[0]) / timedelta(hours=1)
    first = f"{index[int(np.argmax(out))]:%Y-%m-%d %H:%M %Z}"
    note = f"{hours:.0f} h of zeros, the first at {first}, are taken for an outage of the meter and left out."
    return history.mask(out), (note,)


def fixed_over(index: pd.DatetimeIndex, zone: tzinfo | None) -> None:
    """Raise `ZoneNotFixed` where the offset of a zone changes within an index."""
    offsets = index.tz_convert(zone).tz_localize(None) - index.tz_convert("UTC").tz_localize(None)
    if len(offsets.unique()) > 1:
        raise ZoneNotFixed(zone=str(zone))


def _on_step(history: pd.Series[float], wanted: pd.DatetimeIndex) -> tuple[pd.Series[float], pd.DatetimeIndex]:
    """Return the history on the coarser of the two steps, and the wanted steps of that length."""
    index = pd.DatetimeIndex(history.index).tz_convert("UTC")
    step = max(regular_step("load history", index), regular_step("wanted steps", wanted))
    whole = pd.Series(np.asarray(history, dtype=float), index=index).resample(step)
    last_whole = index[-1] + (index[1] - index[0]) - step
    coarse = whole.mean()[lambda s: s.index <= last_whole]
    return coarse, wanted.floor(step).unique()
