"""Forecasts that cost nothing, which every other has to beat.

All know only what was measured when they were issued: a step counts as known once it has
ended. `history` is the measured power of regular steps; `targets` are the steps to forecast and
`issued` says for each when its forecast was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch, KnownTooLate, TooLittleHistory, TooShort, UnevenSteps
from parkopt.forecast.arrays import aware

DAY = pd.Timedelta(days=1)
DAYS_BACK = 7
"""Persistence looks no further back for a day with a value [d]."""
NIELSEN_DAYS = 30.0
"""Days of history that the weights of the Nielsen mix need [d]."""
LONGEST_LEAD_STEPS = 24 * 4 * 4
"""Steps of the longest horizon for which a weight is estimated; beyond it the mean alone counts."""


@dataclass(frozen=True)
class History:
    """Measured power of regular steps.

    Parameters
    ----------
    power_mw : FloatArray
        Shape ``(n,)`` [MW]; NaN is missing.
    index : pandas.DatetimeIndex
        Starts of the steps, with a zone; the local hour of that zone is the hour of the day.

    Raises
    ------
    NaiveTime, TooShort, UnevenSteps, GridMismatch
        Where the index has no zone or is not regular, or the power has another length.
    """

    power_mw: FloatArray
    index: pd.DatetimeIndex

    def __post_init__(self) -> None:
        aware(self.index)
        if len(self.index) < 2:  # noqa: PLR2004 - a step shows between two
            raise TooShort(Where(field="history"), count=len(self.index), needed=2)
        if self.power_mw.shape != (len(self.index),):
            got, expected = f"{self.power_mw.shape} values", f"{len(self.index)} values"
            raise GridMismatch(name="history", got=got, expected=expected)
        uneven = np.flatnonzero(np.diff(self.index) != self.step)
        if uneven.size:
            at = int(uneven[0]) + 1
            raise UnevenSteps(Where(row=at + 1), value=self.index[at], step_min=self.step.total_seconds() / 60)

    @property
    def step(self) -> pd.Timedelta:
        """The length of a step."""
        return pd.Timedelta(self.index[1] - self.index[0])

    @cached_property
    def days(self) -> float:
        """How many days it covers."""
        return len(self.index) * self.step / DAY

    def rows(self, starts: pd.DatetimeIndex) -> NDArray[np.int64]:
        """Return the rows of these steps, -1 where it has none."""
        return np.asarray(self.index.get_indexer(starts), dtype=np.int64)

    def known(self, issued: pd.DatetimeIndex) -> NDArray[np.int64]:
        """Return how many steps had ended at each time."""
        return np.asarray((self.index + self.step).searchsorted(issued, side="right"), dtype=np.int64)


def _checked(targets: pd.DatetimeIndex, issued: pd.DatetimeIndex) -> None:
    aware(targets)
    aware(issued)
    if len(targets) != len(issued):
        raise GridMismatch(name="issued", got=f"{len(issued)} times", expected=f"{len(targets)} times")
    late = np.flatnonzero(issued > targets)
    if late.size:
        at = int(late[0])
        raise KnownTooLate(what=Text("the forecast", "预测"), at=targets[at], known=issued[at], issued=targets[at])


def persistence(history: History, targets: pd.DatetimeIndex, issued: pd.DatetimeIndex) -> FloatArray:
    """Return the last known value of the same hour of the day, shape (n,) [MW].

    A forecast of tomorrow noon issued at 09:00 takes the noon of yesterday: today's is not
    known yet. NaN where no day of the week before has a value.

    Raises
    ------
    NaiveTime, GridMismatch, KnownTooLate
        Where times have no zone, counts differ, or a forecast is issued after its step began.
    """
    _checked(targets, issued)
    return _last_same_hour(history, history.power_mw, targets, issued)


def _last_same_hour(
    history: History, values: FloatArray, targets: pd.DatetimeIndex, issued: pd.DatetimeIndex
) -> FloatArray:
    found, known = np.full(len(targets), np.nan), history.known(issued)
    # the lead may itself be of some days, during which nothing is known
    lead_days = int(np.ceil((targets - issued).max() / DAY)) if len(targets) else 0
    for back in range(1, DAYS_BACK + lead_days + 1):
        row = history.rows(targets - back * DAY)
        use = np.isnan(found) & (row >= 0) & (row < known)
        found[use] = values[row[use]]
    return found


def climatology(history: History, targets: pd.DatetimeIndex, issued: pd.DatetimeIndex) -> FloatArray:
    """Return the mean of the same month and hour of the day in all the past, shape (n,) [MW].

    Where that month was never seen, the mean of the hour over all the past; NaN without any.
    """
    _checked(targets, issued)
    local = history.index.tz
    keys = [_month_hour(index) for index in (history.index, targets.tz_convert(local))]
    of_month = _past_mean(history, keys[0], keys[1], issued)
    of_hour = _past_mean(history, keys[0] % 10_000, keys[1] % 10_000, issued)
    return np.where(np.isnan(of_month), of_hour, of_month)


def _month_hour(index: pd.DatetimeIndex) -> NDArray[np.int64]:
    return np.asarray(index.month * 10_000 + index.hour * 60 + index.minute, dtype=np.int64)


def _past_mean(
    history: History, keys: NDArray[np.int64], wanted: NDArray[np.int64], issued: pd.DatetimeIndex
) -> FloatArray:
    """Return the mean of the known steps that share the key of each target."""
    found, known = np.full(len(wanted), np.nan), history.known(issued)
    whole = np.isfinite(history.power_mw)
    for key in np.unique(wanted):
        rows, targets = np.flatnonzero((keys == key) & whole), np.flatnonzero(wanted == key)
        sums = np.concatenate([[0.0], np.cumsum(history.power_mw[rows])])
        count = np.searchsorted(rows, known[targets])
        np.divide(sums[count], count, out=(mean := np.full(len(targets), np.nan)), where=count > 0)
        found[targets] = mean
    return found


def nielsen(history: History, targets: pd.DatetimeIndex, issued: pd.DatetimeIndex) -> FloatArray:
    """Return persistence drawn to the mean the more the further ahead, shape (n,) [MW]: for wind.

    ``a p + (1 - a) m``: p the last known value, m the mean of all the past, a the correlation of
    the power with itself over that horizon, estimated before the first issue (Nielsen, Joensen,
    Madsen, Landberg & Giebel 1998, Wind Energy 1(1), 29-34).

    Raises
    ------
    TooLittleHistory
        With less than 30 days before the first issue.
    """
    _checked(targets, issued)
    known = history.known(issued)
    before = history.power_mw[: int(known.min(initial=len(history.index)))]
    days = np.isfinite(before).sum() * history.step / DAY
    if days < NIELSEN_DAYS:
        raise TooLittleHistory(what=Text("the Nielsen mix", "Nielsen 混合基准"), days=days, needed=NIELSEN_DAYS)
    last = _last(history.power_mw)[np.maximum(known - 1, 0)]
    newest = history.index[np.maximum(known - 1, 0)].tz_convert(targets.tz)
    ahead = np.asarray((targets - newest) // history.step, dtype=np.int64)
    same = np.zeros(len(history.index), dtype=np.int64)
    mean = _past_mean(history, same, np.zeros(len(targets), dtype=np.int64), issued)
    weight = np.zeros(len(targets))
    for lag in np.unique(ahead[ahead <= LONGEST_LEAD_STEPS]):
        weight[ahead == lag] = _own_correlation(before, int(lag))
    return weight * last + (1 - weight) * mean


def _last(values: FloatArray) -> FloatArray:
    """Return the values with each missing one replaced by the last before it."""
    return np.asarray(pd.Series(values).ffill(), dtype=float)


def _own_correlation(values: FloatArray, lag: int) -> float:
    pair = np.stack([values[lag:], values[:-lag]])
    pair = pair[:, np.isfinite(pair).all(axis=0)]
    if pair.shape[1] < 2 or (pair.std(axis=1) == 0).any():  # noqa: PLR2004
        return 0.0
    return float(np.clip(np.asarray(np.corrcoef(pair))[0, 1], 0.0, 1.0))


def smart_persistence(
    history: History,
    clear_history_mw: FloatArray,
    targets: pd.DatetimeIndex,
    clear_targets_mw: FloatArray,
    issued: pd.DatetimeIndex,
) -> FloatArray:
    """Return the clearness of the last 24 known hours times the clear sky, shape (n,) [MW]: for PV.

    Parameters
    ----------
    clear_history_mw, clear_targets_mw : FloatArray
        Power under a clear sky at the steps of history and targets [MW].

    Returns
    -------
    FloatArray
        NaN where the 24 hours before the issue have no measurement under the sun.
    """
    _checked(targets, issued)
    for name, clear, n in (
        ("history", clear_history_mw, len(history.index)),
        ("target", clear_targets_mw, len(targets)),
    ):
        if clear.shape != (n,):
            raise GridMismatch(name=f"clear sky of {name}", got=f"{clear.shape} values", expected=f"{n} values")
    whole = np.isfinite(history.power_mw) & np.isfinite(clear_history_mw)
    sums = [
        np.concatenate([[0.0], np.cumsum(np.where(whole, one, 0.0))]) for one in (history.power_mw, clear_history_mw)
    ]
    end = history.known(issued)
    start = np.maximum(end - int(DAY / history.step), 0)
    real, clear = (total[end] - total[start] for total in sums)
    ratio = np.divide(real, clear, out=np.full(len(targets), np.nan), where=clear > 0)
    return np.asarray(ratio * clear_targets_mw, dtype=float)
