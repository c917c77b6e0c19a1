"""Quantile forecasts: what a step may bring, level by level, and what can be asked of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import GridMismatch, WrongQuantiles

LEVELS: FloatArray = np.round(np.arange(0.05, 0.951, 0.05), 2)
"""The 19 levels that parkopt forecasts by default [-]."""
PERCENTILES: FloatArray = np.round(np.arange(0.01, 0.991, 0.01), 2)
"""The 99 levels of GEFCom2014, for scores [-]."""
MEDIAN = 0.5


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of each step.

    Parameters
    ----------
    levels : FloatArray
        Shape ``(k,)``, rising strictly between 0 and 1 [-].
    values : FloatArray
        Shape ``(n, k)``, not falling along a row; any unit.

    Raises
    ------
    WrongQuantiles
        Where levels or values are not such.
    """

    levels: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        if reason := self._reason():
            raise WrongQuantiles(reason=reason)

    def _reason(self) -> Text | None:
        levels, values = self.levels, self.values
        if levels.ndim != 1 or not levels.size or not ((levels > 0) & (levels < 1)).all():
            return Text("levels must lie between 0 and 1", "分位水平须在 0 与 1 之间")
        if not (np.diff(levels) > 0).all():
            return Text("levels must rise strictly", "分位水平须严格递增")
        if values.ndim != 2 or values.shape[1] != levels.size:  # noqa: PLR2004
            return Text(
                f"{values.shape} values for {levels.size} levels",
                f"数值形状 {values.shape} 与 {levels.size} 个水平不符",
            )
        if not np.isfinite(values).all():
            return Text("a value is not a number", "含有非数值")
        if (np.diff(values, axis=1) < 0).any():
            return Text("values fall from one level to the next", "数值随水平下降")
        return None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def median(self) -> FloatArray:
        """Values at level 0.5, shape (n,)."""
        return self.at(MEDIAN)

    def at(self, level: float) -> FloatArray:
        """Return the values at any level, shape (n,): straight lines between levels, the last values beyond them."""
        return self.on(np.array([level])).values[:, 0]

    def on(self, levels: FloatArray) -> Quantiles:
        """Return the same forecast at other levels."""
        right = np.clip(np.searchsorted(self.levels, levels), 1, max(len(self.levels) - 1, 1))
        left = right - 1
        if len(self.levels) == 1:
            return Quantiles(levels, np.repeat(self.values, len(levels), axis=1))
        width = self.levels[right] - self.levels[left]
        share = np.clip((levels - self.levels[left]) / width, 0.0, 1.0)
        # not a sum of two products: of two equal values that may come out one rounding apart
        values = self.values[:, left] + share * (self.values[:, right] - self.values[:, left])
        return Quantiles(levels, np.maximum.accumulate(values, axis=1))

    def drawn(self, ranks: ArrayLike) -> FloatArray:
        """Return values at ranks (m, n) between 0 and 1, one a step of each draw: (m, n).

        The scenarios of a copula are its ranks, read here.
        """
        wanted = np.asarray(ranks, dtype=float)
        if wanted.ndim != 2 or wanted.shape[1] != len(self):  # noqa: PLR2004
            raise GridMismatch(name="ranks", got=f"{wanted.shape}", expected=f"(draws, {len(self)})")
        return np.stack([np.interp(wanted[:, i], self.levels, row) for i, row in enumerate(self.values)], axis=1)

    def ranks(self, actual: FloatArray) -> FloatArray:
        """Return the level at which each actual value (n,) stands, from 0 to 1; the middle where several do."""
        return np.array([_rank(row, self.levels, x) for row, x in zip(self.values, actual, strict=True)])

    def interval(self, share: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends (n,) of the central interval that holds `share` of what comes."""
        return self.at((1 - share) / 2), self.at((1 + share) / 2)

    def within(self, low: ArrayLike, high: ArrayLike) -> Quantiles:
        """Return the forecast kept within limits, numbers or shape (n,)."""
        spread = [np.asarray(end, dtype=float) for end in (low, high)]
        ends = [end[:, None] if end.ndim else end for end in spread]
        return Quantiles(self.levels, np.clip(self.values, *ends))

    def scaled(self, factor: float) -> Quantiles:
        """Return all values times a factor of 0 or more: per unit to MW, say."""
        return Quantiles(self.levels, self.values * factor)

    def __getitem__(self, rows: slice | np.ndarray) -> Quantiles:
        return Quantiles(self.levels, self.values[rows])


def _rank(row: FloatArray, levels: FloatArray, x: float) -> float:
    if x < row[0]:
        return float(levels[0] / 2)
    if x > row[-1]:
        return float((1 + levels[-1]) / 2)
    at = [np.interp(x, row, levels), 1 - np.interp(-x, -row[::-1], 1 - levels[::-1])]
    return float(np.mean(at))


def rearranged(levels: FloatArray, values: FloatArray) -> Quantiles:
    """Return a forecast of values that may cross: each row is sorted (Chernozhukov et al. 2010)."""
    return Quantiles(levels, np.sort(values, axis=1))


def sure(values: FloatArray, levels: FloatArray = LEVELS) -> Quantiles:
    """Return a forecast without doubt: values (n,) at every level."""
    return Quantiles(levels, np.repeat(values[:, None], len(levels), axis=1))


def averaged(forecasts: Sequence[Quantiles], weights: Sequence[float] | None = None) -> Quantiles:
    """Return the mean of forecasts level by level (Vincentisation; Lichtendahl et al. 2013), at the first one's levels.

    Raises
    ------
    GridMismatch
        Where they have not the same steps.
    """
    first = forecasts[0]
    for other in forecasts[1:]:
        if len(other) != len(first):
            raise GridMismatch(name="quantiles", got=f"{len(other)} steps", expected=f"{len(first)} steps")
    share = np.full(len(forecasts), 1 / len(forecasts)) if weights is None else np.asarray(weights, dtype=float)
    stacked = np.stack([one.on(first.levels).values for one in forecasts])
    return rearranged(first.levels, np.tensordot(share / share.sum(), stacked, axes=1))
