"""Scores of quantile forecasts: pinball, CRPS, coverage, width, interval score, PIT, reliability.

Where a forecast has a point mass (calm, night, full power) several levels share one value; a
measurement on it stands anywhere between the lowest and the highest of these levels. PIT and
reliability spread it evenly over them, so that a good forecast of a mass still looks level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import GridMismatch, NothingToScore
from parkopt.forecast.arrays import setting
from parkopt.forecast.quantiles import Quantiles

PIT_BINS = 20
BAR_SHARE = 0.9
"""Share of good forecasts whose points lie within the consistency bars [-]."""


def measured(forecast: Quantiles, actual: ArrayLike) -> tuple[Quantiles, FloatArray, int]:
    """Return forecast and measurement (n,) of the steps that have both, and how many were dropped.

    Raises
    ------
    GridMismatch
        Where they have not the same steps.
    NothingToScore
        Where no step has a measurement.
    """
    real = np.asarray(actual, dtype=float)
    if real.shape != (len(forecast),):
        raise GridMismatch(name="measurement", got=f"{real.shape} values", expected=f"{len(forecast)} values")
    whole = np.isfinite(real)
    if not whole.any():
        raise NothingToScore(reason=Text("there is no measurement", "没有实测值"))
    return forecast[whole], real[whole], int((~whole).sum())


def pinball_by_level(forecast: Quantiles, actual: ArrayLike) -> FloatArray:
    """Return the mean pinball loss of each level, shape (k,), in the unit of the values (Koenker & Bassett 1978)."""
    q, real, _ = measured(forecast, actual)
    over = real[:, None] - q.values
    return np.asarray(np.maximum(q.levels * over, (q.levels - 1) * over).mean(axis=0), dtype=float)


def pinball(forecast: Quantiles, actual: ArrayLike) -> float:
    """Return the pinball loss, the mean over steps and levels: the score of GEFCom2014 (Hong et al. 2016)."""
    return float(pinball_by_level(forecast, actual).mean())


def crps_quantiles(forecast: Quantiles, actual: ArrayLike) -> float:
    """Return the CRPS as twice the mean pinball loss (Gneiting & Ranjan 2011), in the unit of the values.

    That is the integral over the levels by equal weights: exact in the limit of many evenly
    spread levels. With 19 levels the parts beyond 5 % and 95 % are missing.
    """
    return 2 * pinball(forecast, actual)


def crps_ensemble(draws: ArrayLike, actual: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Return the CRPS of each step of an ensemble, shape (n,): ``E|X - y| - E|X - X'| / 2``.

    Parameters
    ----------
    draws : array_like
        Shape ``(m, n)``.
    actual : array_like
        Shape ``(n,)``.
    weights : array_like, optional
        Shape ``(m,)``, sum 1; equal where not given.

    Raises
    ------
    GridMismatch
        Where the shapes do not fit.
    """
    members, real = np.asarray(draws, dtype=float), np.asarray(actual, dtype=float)
    if members.ndim != 2 or members.shape[1:] != real.shape:  # noqa: PLR2004
        raise GridMismatch(name="draws", got=f"{members.shape}", expected=f"(draws, {real.size})")
    share = np.full(len(members), 1 / len(members)) if weights is None else np.asarray(weights, dtype=float)
    order = np.argsort(members, axis=0)
    ranked, held = np.take_along_axis(members, order, axis=0), share[order]
    # E|X - X'| / 2 of sorted members: each gap counts by the weight below it times the weight above
    below = np.cumsum(held, axis=0)[:-1]
    spread = (np.diff(ranked, axis=0) * below * (1 - below)).sum(axis=0)
    return np.asarray((held * np.abs(ranked - real)).sum(axis=0) - spread, dtype=float)


def coverage(forecast: Quantiles, actual: ArrayLike, share: float = 0.8) -> float:
    """Return the share of measurements on or within the central interval of `share` [-]."""
    q, real, _ = measured(forecast, actual)
    low, high = q.interval(setting(share, 0, 1))
    return float(((real >= low) & (real <= high)).mean())


def width(forecast: Quantiles, share: float = 0.8) -> float:
    """Return the mean width of the central interval of `share`, in the unit of the values."""
    low, high = forecast.interval(setting(share, 0, 1))
    return float((high - low).mean())


def interval_score(forecast: Quantiles, actual: ArrayLike, share: float = 0.8) -> float:
    """Return the mean interval score (Winkler 1972; Gneiting & Raftery 2007, eq. 43), in the unit of the values.

    Width of the central interval, and ``2 / (1 - share)`` times what lies outside it.
    """
    q, real, _ = measured(forecast, actual)
    low, high = q.interval(setting(share, 0, 1 - 1e-9))
    outside = np.maximum(low - real, 0) + np.maximum(real - high, 0)
    return float((high - low + 2 / (1 - share) * outside).mean())


def standing(forecast: Quantiles, actual: ArrayLike) -> tuple[FloatArray, FloatArray, int]:
    """Return between which levels each measurement stands, and the steps left out for having no doubt at all.

    Returns
    -------
    lowest, highest : FloatArray
        Shape ``(n,)`` from 0 to 1: equal inside a rising stretch, apart on a point mass and
        beyond the outer levels.
    sure : int
        Steps with one value at all levels (PV at night), which say nothing of reliability.

    Raises
    ------
    NothingToScore
        Where no step with doubt is measured.
    """
    q, real, _ = measured(forecast, actual)
    doubt = q.values[:, -1] > q.values[:, 0]
    if not doubt.any():
        raise NothingToScore(reason=Text("no step has any doubt", "各时刻均无不确定性"))
    ends = [_stand(row, q.levels, x) for row, x in zip(q.values[doubt], real[doubt], strict=True)]
    lowest, highest = np.array(ends).T
    return lowest, highest, int((~doubt).sum())


def _stand(row: FloatArray, levels: FloatArray, x: float) -> tuple[float, float]:
    first, after = int(np.searchsorted(row, x, side="left")), int(np.searchsorted(row, x, side="right"))
    if after > first:  # on a value of the forecast; a mass at an outer level reaches beyond it
        low = 0.0 if first == 0 and after > 1 else levels[first]
        high = 1.0 if after == len(row) and after - first > 1 else levels[after - 1]
        return float(low), float(high)
    if first == 0:
        return 0.0, float(levels[0])
    if first == len(row):
        return float(levels[-1]), 1.0
    at = float(np.interp(x, row[first - 1 : first + 1], levels[first - 1 : first + 1]))
    return at, at


def _below(level: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Return the share of each standing that lies at or below each level, shape (len(level), n)."""
    span = highest - lowest
    part = np.divide(level[:, None] - lowest, span, out=np.zeros((len(level), len(span))), where=span > 0)
    return np.where(span > 0, np.clip(part, 0.0, 1.0), lowest <= level[:, None] + 1e-12)


def pit_histogram(forecast: Quantiles, actual: ArrayLike, bins: int = PIT_BINS) -> FloatArray:
    """Return the share of measurements in each of `bins` equal stretches of levels, shape (bins,), sum 1.

    The non-randomised PIT of Czado, Gneiting & Held 2009 (Biometrics 65, 1254). Level for a
    calibrated forecast; high at both ends for one too sure of itself, in the middle for one too
    cautious. Bins narrower than the stretch beyond the outer levels share that stretch evenly.
    """
    lowest, highest, _ = standing(forecast, actual)
    counted = _below(np.linspace(0, 1, bins + 1)[1:-1], lowest, highest).mean(axis=1)
    return np.diff(np.concatenate([[0.0], counted, [1.0]]))


@dataclass(frozen=True)
class Reliability:
    """How often measurements stayed below each level, and how far chance alone may carry that."""

    nominal: FloatArray
    """Levels, shape (k,) [-]."""
    observed: FloatArray
    """Share of measurements at or below, shape (k,) [-]."""
    low: FloatArray
    high: FloatArray
    """Consistency bars: a calibrated forecast stays within at each level in 90 % of such samples, shape (k,) [-]."""
    steps: int
    sure_steps: int
    """Steps left out for having no doubt."""
    effective: float
    """Independent steps that the correlated ones are worth."""

    @property
    def within(self) -> float:
        """Share of the levels whose observed share lies within its bar [-]."""
        return float(((self.observed >= self.low) & (self.observed <= self.high)).mean())


def reliability(forecast: Quantiles, actual: ArrayLike, effective: float | None = None) -> Reliability:
    """Return nominal against observed shares with consistency bars (Broecker & Smith 2007, binomial).

    Parameters
    ----------
    forecast : Quantiles
        Of consecutive steps.
    actual : array_like
        Shape ``(n,)``; NaN is left out.
    effective : float, optional
        Independent steps; by default ``n (1 - r) / (1 + r)`` with r the lag-1 correlation of
        the standings, since the errors of neighbouring hours are much alike.
    """
    from scipy.stats import binom

    lowest, highest, sure = standing(forecast, actual)
    n = len(lowest)
    worth = _effective((lowest + highest) / 2) if effective is None else setting(effective, 1, n)
    levels, count = forecast.levels, max(round(worth), 1)
    low, high = (binom.ppf(p, count, levels) / count for p in ((1 - BAR_SHARE) / 2, (1 + BAR_SHARE) / 2))
    observed = _below(levels, lowest, highest).mean(axis=1)
    return Reliability(levels, observed, np.asarray(low), np.asarray(high), n, sure, float(worth))


def _effective(ranks: FloatArray) -> float:
    n = len(ranks)
    if n < 3 or ranks.std() == 0:  # noqa: PLR2004
        return float(n)
    away = ranks - ranks.mean()
    r = float(np.clip((away[1:] * away[:-1]).sum() / np.square(away).sum(), 0.0, 1 - 1 / n))
    return max(n * (1 - r) / (1 + r), 1.0)
