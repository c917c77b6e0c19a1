"""Scores of whole days: energy and variogram score of scenarios against what came.

The energy score is the length of a day's error vector: of 24 hourly values per unit of
capacity it is about the root of 24 times the hourly error. It sees bias and spread well and
dependence little; the variogram score sees the dependence between hours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from parkopt.clock import FloatArray
from parkopt.faults import GridMismatch

ORDER = 0.5
"""Order of the variogram score (Scheuerer & Hamill 2015)."""


def _checked(draws: ArrayLike, actual: ArrayLike, weights: ArrayLike | None) -> tuple[FloatArray, ...]:
    members, real = np.asarray(draws, dtype=float), np.asarray(actual, dtype=float)
    if members.ndim != 2 or members.shape[1:] != real.shape:  # noqa: PLR2004
        raise GridMismatch(name="draws", got=f"{members.shape}", expected=f"(draws, {real.size})")
    share = np.full(len(members), 1 / len(members)) if weights is None else np.asarray(weights, dtype=float)
    if share.shape != (len(members),):
        raise GridMismatch(name="weights", got=f"{share.shape}", expected=f"({len(members)},)")
    return members, real, share


def energy_score(draws: ArrayLike, actual: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return ``E||X - y|| - E||X - X'|| / 2`` (Gneiting & Raftery 2007, eq. 22), in the unit of the values.

    Parameters
    ----------
    draws : array_like
        Shape ``(m, T)``: scenarios of a day.
    actual : array_like
        Shape ``(T,)``.
    weights : array_like, optional
        Shape ``(m,)``, sum 1; equal where not given.

    Raises
    ------
    GridMismatch
        Where the shapes do not fit.
    """
    from scipy.spatial.distance import pdist, squareform

    members, real, share = _checked(draws, actual, weights)
    away = np.linalg.norm(members - real, axis=1)
    spread = share @ squareform(pdist(members)) @ share if len(members) > 1 else 0.0
    return float(share @ away - spread / 2)


def variogram_score(
    draws: ArrayLike, actual: ArrayLike, weights: ArrayLike | None = None, order: float = ORDER
) -> float:
    """Return the variogram score over all pairs of steps, each weighing 1 (Scheuerer & Hamill 2015, eq. 3).

    Both pairs (i, j) and (j, i) count, as in scoringrules.

    Parameters
    ----------
    draws, actual, weights
        As of `energy_score`.
    order : float
        Power of the differences.

    Raises
    ------
    GridMismatch
        Where the shapes do not fit.
    """
    members, real, share = _checked(draws, actual, weights)
    expected = np.zeros((real.size, real.size))
    for i in range(real.size):  # a row at a time: all pairs of all draws at once would be m T^2
        expected[i] = share @ (np.abs(members - members[:, [i]]) ** order)
    seen = np.abs(real[:, None] - real) ** order
    return float(np.square(expected - seen).sum())
