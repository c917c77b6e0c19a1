"""Exact splits of whole Wh for many hours at once: one row an hour, one column a party.

Each row gives what `parkopt.carbon.split.split` gives for that hour alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.contractual import IntArray

INT64_ROOM = 2**62
"""Products below this are exact in int64; larger ones are computed with Python's own whole numbers."""


def share_rows(totals: IntArray, weights: IntArray) -> IntArray:
    """Split each total over its row of weights by largest remainder; ties go to the earlier column.

    Parameters
    ----------
    totals : ndarray of int64
        Shape (n,), at least 0; 0 wherever all weights are 0.
    weights : ndarray of int64
        Shape (n, p), at least 0. Where a total is at most the sum of its weights, no share exceeds its weight.

    Returns
    -------
    ndarray of int64
        Shape (n, p); each row sums to its total.

    Raises
    ------
    ValueError
        Where something is to be split over nothing.
    """
    shares = np.zeros(weights.shape, dtype=np.int64)
    rows = np.flatnonzero(totals)
    if rows.size:
        if not weights[rows].any(axis=1).all():
            raise ValueError("something cannot be split over nothing")
        shares[rows] = _shares(totals[rows], weights[rows])
    return shares


def _shares(totals: IntArray, weights: IntArray) -> IntArray:
    wide: NDArray[Any] = weights
    if int(totals.max()) * int(weights.max()) >= INT64_ROOM:
        wide, totals = weights.astype(object), totals.astype(object)
    whole = wide.sum(axis=1)[:, None]
    product = totals[:, None] * wide
    floors = product // whole
    remainders = (product - floors * whole).astype(np.int64)
    shares = floors.astype(np.int64)
    left = totals.astype(np.int64) - shares.sum(axis=1)
    order = np.argsort(-remainders, axis=1, kind="stable")
    extra = (np.arange(weights.shape[1]) < left[:, None]).astype(np.int64)
    added = np.zeros_like(shares)
    np.put_along_axis(added, order, extra, axis=1)
    return np.asarray(shares + added, dtype=np.int64)


def by_share(totals: IntArray, weights: IntArray, unmet: IntArray) -> IntArray:
    """Give each total to the parties by weight, never more than they lack, until it or the lack is used up.

    What a party cannot use goes round again to those that still lack something.

    Parameters
    ----------
    totals : ndarray of int64
        Shape (n,).
    weights, unmet : ndarray of int64
        Shape (n, p); a party that lacks something has a weight.

    Returns
    -------
    ndarray of int64
        Shape (n, p), at most `unmet`; each row sums to its total or to all that was unmet.
    """
    given = np.zeros_like(unmet)
    lacking = unmet.sum(axis=1)
    short = (totals > 0) & (totals < lacking)
    full = (totals > 0) & ~short
    given[full] = unmet[full]
    rows = np.flatnonzero(short)
    left = totals[rows]
    while rows.size:
        need = unmet[rows] - given[rows]
        parts = np.minimum(share_rows(left, np.where(need > 0, weights[rows], 0)), need)
        given[rows] += parts
        left = left - parts.sum(axis=1)
        rows, left = rows[left > 0], left[left > 0]
    return given


def within(wanted: IntArray, most: IntArray) -> IntArray:
    """Return `wanted`, shape (n, p), cut in proportion wherever a row sums to more than `most`, shape (n,)."""
    over = np.flatnonzero(wanted.sum(axis=1) > most)
    if not over.size:
        return wanted
    cut = wanted.copy()
    cut[over] = share_rows(most[over], wanted[over])
    return cut
