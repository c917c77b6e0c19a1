"""Conformal calibration: widen or narrow a forecast by what held-out steps say, bin by predicted power.

Romano, Patterson & Candes 2019, Conformalized quantile regression (NeurIPS 32), with one shift
for each pair of levels (a, 1 - a) and each bin of the predicted median: one shift for all would
be too wide in a calm and too narrow on the slope of the power curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import CannotFit, GridMismatch
from parkopt.forecast.arrays import numbers, setting
from parkopt.forecast.quantiles import Quantiles, rearranged

BINS = 10
LEAST_IN_BIN = 50
"""Held-out steps that a bin needs: 19 times 50 decide the 5 % level by more than two steps [-]."""


@dataclass(frozen=True)
class Conformal:
    """Shifts of each level in each bin.

    Parameters
    ----------
    levels : FloatArray
        Shape ``(k,)``.
    edges : FloatArray
        Shape ``(b - 1,)``: predicted medians between the bins.
    shifts : FloatArray
        Shape ``(b, k)``: what is added to each level.
    """

    levels: FloatArray
    edges: FloatArray
    shifts: FloatArray

    def applied(self, forecast: Quantiles) -> Quantiles:
        """Return the forecast with the shifts of its bins; where levels cross they are sorted.

        Raises
        ------
        GridMismatch
            Where the levels are others.
        """
        if not np.array_equal(forecast.levels, self.levels):
            raise GridMismatch(name="levels", got=f"{forecast.levels}", expected=f"{self.levels}")
        return rearranged(self.levels, forecast.values + self.shifts[self.bin_of(forecast)])

    def eased(self, share: float) -> Conformal:
        """Return the same with a share of each shift, 0 to 1."""
        return Conformal(self.levels, self.edges, self.shifts * setting(share, 0.0, 1.0))

    def bin_of(self, forecast: Quantiles) -> np.ndarray:
        """Return the bin of each step, shape (n,)."""
        return np.searchsorted(self.edges, forecast.median, side="right")


def fit_conformal(forecast: Quantiles, actual: FloatArray, bins: int = BINS, least: int = LEAST_IN_BIN) -> Conformal:
    """Find the shifts that make held-out steps fall within each interval as often as it promises.

    Parameters
    ----------
    forecast : Quantiles
        Of steps that the forecaster has not seen, n steps.
    actual : FloatArray
        What came, shape ``(n,)``.
    bins : int
        Bins of equal count at most; fewer where a bin would hold fewer than `least` steps.
    least : int
        Steps a bin needs.

    Raises
    ------
    CannotFit
        Where not even one bin is filled.
    GridMismatch, UnreadableValue, OutOfRange
        Where the arrays do not fit, a value is no number, or `bins` is below 1.
    """
    came = numbers("actual", actual, len(forecast), signed=True)
    setting(bins, 1, np.inf)
    if came.size < least:
        reason = Text(
            f"{came.size} held-out steps, {least} are needed", f"检验时刻 {came.size} 个，至少需要 {least} 个"
        )
        raise CannotFit(what=Text("conformal intervals", "保形区间"), reason=reason)
    edges = _edges(forecast.median, min(bins, came.size // least), least)
    bin_of = np.searchsorted(edges, forecast.median, side="right")
    rows = [_shifts(forecast[bin_of == b], came[bin_of == b]) for b in range(len(edges) + 1)]
    return Conformal(forecast.levels, edges, np.stack(rows))


def _edges(median: FloatArray, bins: int, least: int) -> FloatArray:
    """Return edges of about equal counts; many equal medians (calm hours) make one bin."""
    edges = np.unique(np.quantile(median, np.arange(1, bins) / bins))
    kept: list[float] = []
    below = 0
    for edge in edges:
        under = int((median < edge).sum())
        if under - below >= least and median.size - under >= least:
            kept.append(float(edge))
            below = under
    return np.array(kept)


def _shifts(forecast: Quantiles, actual: FloatArray) -> FloatArray:
    levels, shifts = forecast.levels, np.zeros(len(forecast.levels))
    for low in np.flatnonzero(levels < 0.5):  # noqa: PLR2004 - the median stands alone
        high = int(np.argmin(np.abs(levels - (1 - levels[low]))))
        if not np.isclose(levels[high], 1 - levels[low]):
            continue  # a level without its pair stays
        miss = np.maximum(forecast.values[:, low] - actual, actual - forecast.values[:, high])
        share = min(1.0, (levels[high] - levels[low]) * (1 + 1 / len(actual)))
        shift = float(np.quantile(miss, share, method="higher"))
        shifts[low], shifts[high] = -shift, shift
    return shifts
