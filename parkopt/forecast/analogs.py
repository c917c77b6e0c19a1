"""Analog ensemble: what came in the past hours whose weather was most alike (Delle Monache et al. 2013).

Monthly Weather Review 141(10), 3498. It assumes no shape and needs little history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import CannotFit
from parkopt.forecast.arrays import numbers
from parkopt.forecast.features import finite, in_order
from parkopt.forecast.quantiles import LEVELS, Quantiles, rearranged

NEIGHBOURS = 50
"""Analogs of a step: parkopt reference, forecasting 4.1 (GEFCom2014 wind)."""


@dataclass(frozen=True)
class Analogs:
    """Past rows, standardised and weighted, and what came in each."""

    columns: tuple[str, ...]
    levels: FloatArray
    mean: FloatArray
    scale: FloatArray
    rows: FloatArray
    target: FloatArray
    k: int

    def predict(self, features: pd.DataFrame) -> Quantiles:
        """Return the quantiles of what came in the `k` nearest past rows, for each row.

        Raises
        ------
        MissingColumn, UnreadableValue
            Where a column of the fit is not there, or a value is no number.
        """
        from sklearn.neighbors import NearestNeighbors

        wanted = (finite(in_order(features, self.columns), self.columns) - self.mean) * self.scale
        tree = NearestNeighbors(n_neighbors=self.k, algorithm="kd_tree", n_jobs=1).fit(self.rows)
        came = self.target[tree.kneighbors(wanted, return_distance=False)]
        # hazen: the k values stand in the middle of k equal shares, so that 5 % of 50 is no extreme
        return rearranged(self.levels, np.quantile(came, self.levels, axis=1, method="hazen").T)


def fit_analogs(
    features: pd.DataFrame,
    target: FloatArray,
    k: int = NEIGHBOURS,
    levels: FloatArray = LEVELS,
    weights: FloatArray | None = None,
) -> Analogs:
    """Keep past rows for the search of analogs.

    Parameters
    ----------
    features : pandas.DataFrame
        Shape ``(n, f)``, all finite; each column is divided by its standard deviation.
    target : FloatArray
        Shape ``(n,)``, any unit.
    k : int
        Analogs of a step.
    levels : FloatArray
        Shape ``(m,)`` [-].
    weights : FloatArray, optional
        Shape ``(f,)``, 0 or more: how much a column counts in the distance; without them
        all count alike, which beat weights by rank correlation on GEFCom2014's training months.

    Raises
    ------
    CannotFit
        Where there are fewer than `k` rows.
    GridMismatch, UnreadableValue, NegativeValue
        Where an array does not fit, a value is no number, or a weight is below 0.
    """
    columns = tuple(map(str, features.columns))
    rows = finite(in_order(features, columns), columns)
    came = numbers("target", target, len(rows), signed=True)
    if not 1 <= k <= len(rows):
        reason = Text(f"{len(rows)} rows for {k} analogs", f"{len(rows)} 行不足 {k} 个相似")
        raise CannotFit(what=Text("analogs", "相似预报"), reason=reason)
    weight = numbers("weights", 1.0 if weights is None else weights, len(columns))
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    scale = np.divide(weight, spread, out=np.zeros_like(spread), where=spread > 0)
    return Analogs(columns, levels, mean, scale, (rows - mean) * scale, came, k)
