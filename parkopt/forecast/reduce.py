"""Fewer scenarios for many: fast forward selection and k-medoids.

Both choose among the scenarios themselves and give each chosen one the probability of those
nearest to it, which is the least transport of probability (Kantorovich distance) for that choice
(Dupacova, Groewe-Kuska & Roemisch 2003, Math. Program. 95, 493).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.faults import GridMismatch
from parkopt.forecast.arrays import setting

Method = Literal["forward", "medoids"]
METHODS: tuple[str, ...] = get_args(Method)
IntArray = NDArray[np.int64]
MOST_SWAPS = 200
"""Swaps after which k-medoids stops; each lowers the cost, so it ends by itself long before."""


def distances(points: FloatArray) -> FloatArray:
    """Return the Euclidean distances of all pairs, shape (n, n), of points (n, features)."""
    from scipy.spatial.distance import pdist, squareform

    found: FloatArray = squareform(pdist(points)) if len(points) > 1 else np.zeros((1, 1))
    return found


def reduced_to(
    distance: FloatArray, weights: FloatArray, k: int, method: Method = "forward", keep: Sequence[int] = ()
) -> tuple[IntArray, FloatArray]:
    """Return the rows of the chosen scenarios and their new weights, which sum up to 1.

    Parameters
    ----------
    distance : FloatArray
        Shape ``(n, n)``.
    weights : FloatArray
        Shape ``(n,)``, sum 1.
    k : int
        How many to choose, 1 or more; all where ``k >= n``.
    method : {"forward", "medoids"}
        How.
    keep : sequence of int
        Rows that are always chosen; at most `k`.

    Raises
    ------
    GridMismatch, OutOfRange
        Where the shapes do not fit, or `k` is below 1 or below the number kept.
    """
    n = len(weights)
    if distance.shape != (n, n):
        raise GridMismatch(name="distance", got=f"{distance.shape}", expected=f"({n}, {n})")
    setting(k, max(1, len(set(keep))), np.inf)
    if k >= n:
        return np.arange(n), weights.copy()
    chosen = forward_selection(distance, weights, k, keep)
    if method == "medoids":
        chosen = medoids(distance, weights, chosen, keep)
    return chosen, redistributed(distance, weights, chosen)


def forward_selection(distance: FloatArray, weights: FloatArray, k: int, keep: Sequence[int] = ()) -> IntArray:
    """Return `k` rows, each the one that lowers the transport cost most given those before it.

    Fast forward selection (Heitsch & Roemisch 2003, Comput. Optim. Appl. 24, 187, algorithm
    2.4), started from the rows to keep.
    """
    chosen = list(dict.fromkeys(int(row) for row in keep))
    nearest = distance[chosen].min(axis=0) if chosen else np.full(len(weights), np.inf)
    while len(chosen) < k:
        cost = weights @ np.minimum(nearest[:, None], distance)
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost)))
        nearest = np.minimum(nearest, distance[chosen[-1]])
    return np.array(chosen, dtype=np.int64)


def medoids(distance: FloatArray, weights: FloatArray, start: IntArray, keep: Sequence[int] = ()) -> IntArray:
    """Return the rows after swaps that lower the cost, the best swap of each medoid in turn.

    Partitioning around medoids (Kaufman & Rousseeuw 1990, ch. 2), with weights; never costlier
    than `start`. Rows to keep are not swapped.
    """
    chosen, held = [int(row) for row in start], {int(row) for row in keep}
    places = [at for at, row in enumerate(chosen) if row not in held]
    for _ in range(MOST_SWAPS):
        before = list(chosen)
        for at in places:
            chosen[at] = _best_in_place(distance, weights, chosen, at)
        if chosen == before:
            break
    return np.array(chosen, dtype=np.int64)


def _best_in_place(distance: FloatArray, weights: FloatArray, chosen: list[int], at: int) -> int:
    others = chosen[:at] + chosen[at + 1 :]
    nearest = distance[others].min(axis=0) if others else np.full(len(weights), np.inf)
    cost = weights @ np.minimum(nearest[:, None], distance)
    cost[others] = np.inf
    best = int(np.argmin(cost))
    return best if cost[best] < cost[chosen[at]] * (1 - 1e-12) else chosen[at]


def redistributed(distance: FloatArray, weights: FloatArray, chosen: IntArray) -> FloatArray:
    """Return the weights of the chosen rows: their own and of all that are nearest to them; sum 1 exactly."""
    to = chosen_for(distance, chosen)
    total = math.fsum(weights)
    found = np.array([math.fsum(weights[to == at]) / total for at in range(len(chosen))])
    most = int(np.argmax(found))
    found[most] += 1 - math.fsum(found)  # what rounding left, to the heaviest
    return found


def chosen_for(distance: FloatArray, chosen: IntArray) -> IntArray:
    """Return for each row the place in `chosen` of the one that stands for it, shape (n,)."""
    to = np.argmin(distance[:, chosen], axis=1)
    to[chosen] = np.arange(len(chosen))  # twins: a chosen row stands for itself
    return np.asarray(to, dtype=np.int64)


def transport_cost(distance: FloatArray, weights: FloatArray, chosen: IntArray) -> float:
    """Return the probability moved times the distance it moves, in the unit of the distance."""
    return float(weights @ distance[:, chosen].min(axis=1))
