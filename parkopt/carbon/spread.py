"""Second stage of the tracing: what the consumers of a bus took together, spread over them; all steps at once.

Every consumer of a bus has the bus's mix. Energy is split label by label over what the
consumers still need (rows and columns exact), the carbon of a label along its energy.
"""

from __future__ import annotations

import numpy as np

from parkopt.carbon.network import IntArray
from parkopt.carbon.split import split

WHOLE = 3_000_000_000
"""Sum of weights up to which remainders fit 64 bits: its square is below 2^63. An hour of 3 GWh."""


def split_rows(total: IntArray, weights: IntArray) -> IntArray:
    """Split each row's total over its weights by largest remainder, as `parkopt.carbon.split.split` does.

    Parameters
    ----------
    total : ndarray of int64
        Shape (T,), at least 0.
    weights : ndarray of int64
        Shape (T, M), not negative.

    Returns
    -------
    ndarray of int64
        Shape (T, M); each row sums to its total.

    Raises
    ------
    ValueError
        Where something is to be split over nothing.
    """
    shares = np.zeros(weights.shape, np.int64)
    whole = weights.sum(axis=1)
    if (total[whole == 0] != 0).any():
        raise ValueError("a total cannot be split over nothing")
    rows = np.flatnonzero((total > 0) & (whole < WHOLE))
    shares[rows] = _small(total[rows], weights[rows], whole[rows, np.newaxis])
    for row in np.flatnonzero((total > 0) & (whole >= WHOLE)):
        shares[row] = split(int(total[row]), weights[row].tolist())
    return shares


def _small(total: IntArray, weights: IntArray, whole: IntArray) -> IntArray:
    """Split rows whose products fit 64 bits: ``t w // W = (t // W) w + ((t % W) w) // W``."""
    times, over = np.divmod(total[:, np.newaxis], whole)
    more, rest = np.divmod(over * weights, whole)
    shares: IntArray = times * weights + more
    left = total - shares.sum(axis=1)
    by_rest = np.argsort(-rest, axis=1, kind="stable")
    first = np.arange(weights.shape[1]) < left[:, np.newaxis]
    np.put_along_axis(shares, by_rest, np.take_along_axis(shares, by_rest, axis=1) + first, axis=1)
    return shares


def spread(bus_wh: IntArray, bus_ug: IntArray, draws: IntArray, into: tuple[IntArray, IntArray]) -> None:
    """Spread what the consumers of a bus took over them.

    Parameters
    ----------
    bus_wh, bus_ug : ndarray of int64
        What they took together, shape (labels, steps).
    draws : ndarray of int64
        What each took, shape (consumers, steps).
    into : tuple of ndarray
        Wh and ug to which each consumer's part is added, shape (consumers, labels, steps).
    """
    (wh, ug), here = into, np.flatnonzero(draws.any(axis=1))
    left = np.ascontiguousarray(draws[here].T)
    for label in np.flatnonzero(bus_wh.any(axis=1)):
        steps = np.flatnonzero(bus_wh[label])
        part = split_rows(bus_wh[label, steps], left[steps])
        left[steps] -= part
        at = np.ix_(here, [label], steps)
        wh[at] += part.T[:, np.newaxis]
        ug[at] += split_rows(bus_ug[label, steps], part).T[:, np.newaxis]
