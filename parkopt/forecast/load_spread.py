"""How far a load may come from its forecast: quantiles of past errors, moved where they lately did not hold.

Plants change their shifts and orders, so errors of two months ago may promise too narrow an
interval. Adaptive conformal inference (Gibbs & Candes 2021, NeurIPS 34) asks each past day
what share came below each level, and moves the level of the errors that is taken from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.forecast.quantiles import LEVELS, MEDIAN, Quantiles, rearranged

BINS = 4
"""Sizes of load with errors of their own."""
ERROR_DAYS = 56
"""Days back whose errors are counted, and that are asked whether their spread had held [days]."""
WARM_DAYS = 14
"""Days of errors before the first day is asked whether they held [days]."""
GAMMA = 0.05
"""Step of a level for a day that came wholly beyond it; chosen on May to September of two plants
(`python -m tests.bench.load_forecast validate`) [-]."""
_DAY_S = 86_400


@dataclass(frozen=True)
class Held:
    """Forecasts of past days that were made without them, and what came.

    Parameters
    ----------
    start_s, day_s : array of int64
        Starts of the steps and of their local days, shape ``(n,)``, rising [s since 1970].
    values : FloatArray
        Forecast at `LEVELS`, shape ``(n, 19)`` [MW].
    mw : FloatArray
        What came, shape ``(n,)`` [MW].
    step_s : int
        Length of a step [s].
    """

    start_s: NDArray[np.int64]
    day_s: NDArray[np.int64]
    values: FloatArray
    mw: FloatArray
    step_s: int

    def __len__(self) -> int:
        return len(self.mw)

    def before(self, at_s: int) -> Held:
        """Return the steps that have ended by an instant."""
        rows = slice(0, int(np.searchsorted(self.start_s, at_s - self.step_s, side="right")))
        return Held(self.start_s[rows], self.day_s[rows], self.values[rows], self.mw[rows], self.step_s)

    def then(self, other: Held) -> Held:
        """Return these steps and later ones."""
        start_s, day_s = (np.concatenate(two) for two in ((self.start_s, other.start_s), (self.day_s, other.day_s)))
        mw = np.concatenate([self.mw, other.mw])
        return Held(start_s, day_s, np.vstack([self.values, other.values]), mw, self.step_s)


@dataclass(frozen=True)
class Spread:
    """What is added to each level, by size of load.

    Parameters
    ----------
    edges : FloatArray
        Medians between the sizes, shape ``(b - 1,)`` [MW].
    shifts : FloatArray
        Shape ``(b, 19)`` [MW]; 0 at the median, which was chosen by its error and stays.
    """

    edges: FloatArray
    shifts: FloatArray

    def around(self, values: FloatArray) -> Quantiles:
        """Return a forecast (n, 19) [MW] with its shifts; no level passes the median or falls below 0."""
        middle = values[:, _MIDDLE]
        shifted = values + self.shifts[np.searchsorted(self.edges, middle, side="right")]
        shifted[:, :_MIDDLE] = np.minimum(shifted[:, :_MIDDLE], middle[:, None])
        shifted[:, _MIDDLE + 1 :] = np.maximum(shifted[:, _MIDDLE + 1 :], middle[:, None])
        return rearranged(LEVELS, np.maximum(shifted, 0.0))


def fit_spread(held: Held, issue_s: int, gap_s: int, gamma: float = GAMMA) -> Spread:
    """Return the spread at an issue, after each past day was asked whether its spread had held.

    Parameters
    ----------
    held : Held
        Past forecasts, at least one step that ended by the issue.
    issue_s : int
        When the forecast is made [s since 1970].
    gap_s : int
        From an issue to the midnight of its day [s]: past days are asked as they would have been then.
    gamma : float
        Step of the levels [-]; 0 leaves the quantiles of the errors as they are.

    Notes
    -----
    A level ``a`` takes the quantile ``q`` of the errors around it; a day of which a share ``s``
    came below it moves it to ``q + gamma * (a - s)``, kept between 0 and 1 (Gibbs & Candes 2021,
    equation 2, level by level).
    """
    past = held.before(issue_s)
    days, first = np.unique(past.day_s, return_index=True)
    last = np.append(first[1:], len(past))
    asked = np.flatnonzero((days >= issue_s - ERROR_DAYS * _DAY_S) & (days - gap_s >= days[0] + WARM_DAYS * _DAY_S))
    share, below = LEVELS.copy(), list[tuple[int, FloatArray]]()
    for one in asked if gamma else asked[:0]:
        share = _told(share, below, int(days[one]) - gap_s, gamma)
        here = slice(first[one], last[one])
        said = _spread(past, int(days[one]) - gap_s, share).around(past.values[here])
        below.append((int(days[one]) + _DAY_S, (past.mw[here, None] <= said.values).mean(axis=0)))
    return _spread(past, issue_s, _told(share, below, issue_s, gamma))


def _told(share: FloatArray, below: list[tuple[int, FloatArray]], at_s: int, gamma: float) -> FloatArray:
    """Return the levels moved by the days that had ended by an instant, which are struck off the list."""
    while below and below[0][0] <= at_s:
        share = np.clip(share + gamma * (LEVELS - below.pop(0)[1]), 0.0, 1.0)
    return share


def _spread(held: Held, at_s: int, share: FloatArray) -> Spread:
    """Return quantiles of the errors of the days before an instant, by size of load."""
    past = held.before(at_s)
    first = int(np.searchsorted(past.start_s, at_s - ERROR_DAYS * _DAY_S))
    first = first if first < len(past) else 0  # after a long gap older errors are all there is
    values, mw = past.values[first:], past.mw[first:]
    middle = values[:, _MIDDLE]
    edges = np.unique(np.quantile(middle, np.arange(1, BINS) / BINS))
    place = np.searchsorted(edges, middle, side="right")
    away = mw[:, None] - values
    shifts = [_quantiles(away[place == b] if (place == b).any() else away, share) for b in range(len(edges) + 1)]
    return Spread(edges, np.stack(shifts))


def _quantiles(rows: FloatArray, share: FloatArray) -> FloatArray:
    """Return of each column (n, k) its own quantile `share` (k,) (Hyndman & Fan type 7); the median stays."""
    ranked = np.sort(rows, axis=0)
    place = share * (len(ranked) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(ranked) - 1)
    column = np.arange(len(share))
    found = ranked[low, column] + (place - low) * (ranked[high, column] - ranked[low, column])
    found[_MIDDLE] = 0.0
    return np.asarray(found)


_MIDDLE = int(np.argmax(LEVELS == MEDIAN))
