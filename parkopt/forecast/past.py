"""What a forecaster may learn from, and what it is asked for: each row with the times at which it became known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, KnownTooLate, NaiveTime, TimeNotRising
from parkopt.forecast.arrays import aware

BoolArray = NDArray[np.bool_]
_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True)
class Past:
    """Steps that are over: what was forecast for them and what came.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        Starts of the steps, shape ``(n,)``, with a zone, not falling; a step may come twice
        (two runs of the weather, two sites).
    issued : pandas.DatetimeIndex
        When the features of each row became known, shape ``(n,)``.
    known : pandas.DatetimeIndex
        When the actual value of each row became known, shape ``(n,)``; NaT means not yet.
    features : pandas.DataFrame
        Shape ``(n, f)``, all numbers; its own index plays no part.
    actual : FloatArray
        Shape ``(n,)``, any unit; NaN where there is none.

    Raises
    ------
    GridMismatch
        Where the lengths differ.
    NaiveTime, TimeNotRising
        Where a time has no zone, or the steps are not in order.
    """

    index: pd.DatetimeIndex
    issued: pd.DatetimeIndex
    known: pd.DatetimeIndex
    features: pd.DataFrame
    actual: FloatArray

    def __post_init__(self) -> None:
        _check_rows(self.index, issued=self.issued, known=self.known, features=self.features, actual=self.actual)

    def __len__(self) -> int:
        return len(self.index)

    def known_at(self, issue: datetime) -> Past:
        """Return the rows whose features and actual value were both known at `issue`; no value is looked at."""
        return self.rows(self.known_rows(issue))

    def known_rows(self, issue: datetime) -> BoolArray:
        """Return which rows `known_at` keeps, shape (n,)."""
        at = _moment(issue)
        return np.asarray((self.known <= at) & (self.issued <= at), dtype=bool)

    def rows(self, chosen: BoolArray) -> Past:
        """Return the rows where `chosen` (n,) is true."""
        index, issued, known = self.index[chosen], self.issued[chosen], self.known[chosen]
        return Past(index, issued, known, self.features.loc[chosen], self.actual[chosen])

    @property
    def usable(self) -> BoolArray:
        """Where there are both an actual value and all features, shape (n,)."""
        finite = np.isfinite(self.features.to_numpy(dtype=float)).all(axis=1)
        return np.asarray(finite & np.isfinite(self.actual), dtype=bool)

    @property
    def days(self) -> float:
        """Length of what is usable, gaps left out: different usable steps times the step [days]."""
        times = self.index[self.usable].unique()
        if len(times) < 2:  # noqa: PLR2004 - a step is the distance of two
            return 0.0
        # the least distance: a gap, or a night left out, is none
        return float(len(times) * np.diff(times.as_unit("ns").asi8).min() / _DAY_NS)


@dataclass(frozen=True)
class Wanted:
    """Steps that are to be forecast.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        Starts of the steps, shape ``(m,)``, with a zone, not falling.
    issued : pandas.DatetimeIndex
        When the features of each row became known, shape ``(m,)``.
    features : pandas.DataFrame
        Shape ``(m, f)``, the columns of the past.

    Raises
    ------
    GridMismatch, NaiveTime, TimeNotRising
        As for `Past`.
    """

    index: pd.DatetimeIndex
    issued: pd.DatetimeIndex
    features: pd.DataFrame

    def __post_init__(self) -> None:
        _check_rows(self.index, issued=self.issued, features=self.features)

    def __len__(self) -> int:
        return len(self.index)


def require_known(wanted: Wanted, issue: datetime, what: str = "weather forecast") -> None:
    """Raise unless all features of `wanted` were known at `issue`.

    Raises
    ------
    KnownTooLate
        With the first row (1 = first) that is newer, or whose time is unknown (NaT).
    NaiveTime
        Where `issue` has no zone.
    """
    late = ~np.asarray(wanted.issued <= _moment(issue), dtype=bool)
    if late.any():
        row = int(np.argmax(late))
        at, known = wanted.index[row].isoformat(), str(wanted.issued[row])
        raise KnownTooLate(Where(row=row + 1), what=what, at=at, known=known, issued=issue.isoformat())


def _moment(issue: datetime) -> pd.Timestamp:
    if issue.tzinfo is None:
        raise NaiveTime(value=str(issue))
    return pd.Timestamp(issue)


def _check_rows(index: pd.DatetimeIndex, **columns: pd.DatetimeIndex | pd.DataFrame | FloatArray) -> None:
    for name, column in columns.items():
        one_a_row = isinstance(column, pd.DataFrame) or column.ndim == 1
        if len(column) != len(index) or not one_a_row:
            raise GridMismatch(name=name, got=f"{column.shape} values", expected=f"{len(index)} rows")
        if isinstance(column, pd.DatetimeIndex):
            aware(column)
    back = np.diff(aware(index).asi8) < 0
    if back.any():
        row = int(np.argmax(back)) + 1
        raise TimeNotRising(Where(row=row + 1), value=index[row].isoformat(), before=index[row - 1].isoformat())
