"""Random building blocks of the embedded year: noise correlated in time and between sites.

`numpy.random.RandomState` on purpose: its streams are frozen for ever, those of
`Generator` may change between numpy versions.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from parkopt.clock import FloatArray


def field(rng: np.random.RandomState, n: int, apart_km: FloatArray, reach_km: float, rho: float) -> FloatArray:
    """Return an AR(1) of unit variance (n, sites), correlated as ``exp(-d / reach)`` between sites.

    Parameters
    ----------
    rng : RandomState
        Its state moves on.
    n : int
        Steps.
    apart_km : array, shape (sites, sites)
        Distances.
    reach_km : float
        Distance at which the correlation is 1/e.
    rho : float
        Correlation of a step with the one before.
    """
    mixing = np.linalg.cholesky(np.exp(-apart_km / reach_km))
    white = rng.standard_normal((n, len(apart_km))) @ mixing.T
    # the first value is already of unit variance, so there is no run-in
    shocks = white * np.sqrt(1 - rho**2)
    shocks[0] = white[0]
    return np.asarray(lfilter([1.0], [1.0, -rho], shocks, axis=0), dtype=float)


def unit(latent: FloatArray) -> FloatArray:
    """Return `latent` with mean 0 and variance 1 for each site."""
    return np.asarray((latent - latent.mean(axis=0)) / latent.std(axis=0), dtype=float)


def rank(latent: FloatArray) -> FloatArray:
    """Return the probability of each standard normal value, kept off 0 and 1."""
    return np.asarray(np.clip(norm.cdf(latent), 1e-6, 1 - 1e-6), dtype=float)


def forecast_latent(latent: FloatArray, skill: float, error: FloatArray) -> FloatArray:
    """Return the median forecast of a standard normal `latent`, given a correlation `skill`.

    ``z_f = r z + sqrt(1 - r^2) e`` is what a weather model sees; the conditional median of z
    is then ``r z_f`` (parkopt reference, weather 2.5).
    """
    return np.asarray(skill * (skill * latent + np.sqrt(1 - skill**2) * error), dtype=float)


def between_days(daily: FloatArray, hours: int) -> FloatArray:
    """Return hourly values (hours, sites) on straight lines between the noons of days."""
    noons, at = np.arange(len(daily)) * 24 + 12, np.arange(hours)
    return np.stack([np.interp(at, noons, daily[:, site]) for site in range(daily.shape[1])], axis=1)


def between_months(monthly: FloatArray, month: FloatArray, hours: int) -> FloatArray:
    """Return hourly values (hours,) on straight lines between the middles of months, over the year's end too.

    `month` (hours,) gives the month of each hour, from 0.
    """
    middles = np.array([float(np.flatnonzero(month == m).mean()) for m in range(12)])
    around = np.concatenate([[middles[-1] - hours], middles, [middles[0] + hours]])
    values = np.concatenate([[monthly[-1]], monthly, [monthly[0]]])
    return np.asarray(np.interp(np.arange(hours), around, values), dtype=float)
