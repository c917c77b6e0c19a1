"""Quantile forecasts by gradient boosted trees, one ensemble a level.

scikit-learn does it; LightGBM (`pip install 'parkopt[lightgbm]'`) is faster. Every ensemble is
grown on one thread, so that sums are taken in one order: the same seed gives the same bits on
any number of cores.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Literal

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import CannotFit, NeedsExtra
from parkopt.forecast.arrays import numbers
from parkopt.forecast.features import in_order
from parkopt.forecast.quantiles import LEVELS, Quantiles, rearranged

Engine = Literal["sklearn", "lightgbm"]
Predict = Callable[[FloatArray], FloatArray]
LEAST_ROWS = 200
"""Fewer rows than this cannot carry leaves of 40 [-]."""


@dataclass(frozen=True)
class Growth:
    """How trees are grown; chosen by rolling validation inside GEFCom2014's training months.

    Parameters
    ----------
    rounds : int
        Trees a level.
    rate : float
        Learning rate [-].
    leaves, least_in_leaf : int
        Leaves a tree at most, rows a leaf at least.
        Short records get smaller leaves: a sixtieth of the rows, but no fewer than 20.
    columns : float
        Share of the columns that each split (LightGBM: each tree) may choose from [-].
    """

    rounds: int = 150
    rate: float = 0.05
    leaves: int = 31
    least_in_leaf: int = 120
    columns: float = 0.3

    def least(self, rows: int) -> int:
        """Return the rows a leaf holds at least, of so many rows in all."""
        return min(self.least_in_leaf, max(20, rows // 60))


GROWTH = Growth()


@dataclass(frozen=True)
class Boosted:
    """A fitted forecaster: one function a level, of the columns it was fitted to."""

    columns: tuple[str, ...]
    levels: FloatArray
    models: tuple[Predict, ...]

    def predict(self, features: pd.DataFrame) -> Quantiles:
        """Return the forecast of each row; where levels cross they are sorted, nothing is clipped.

        Raises
        ------
        MissingColumn
            Where a column of the fit is not there.
        """
        rows = in_order(features, self.columns)
        return rearranged(self.levels, np.stack([model(rows) for model in self.models], axis=1))


def fit_boosting(
    features: pd.DataFrame,
    target: FloatArray,
    levels: FloatArray = LEVELS,
    engine: Engine = "sklearn",
    seed: int = 0,
    growth: Growth = GROWTH,
) -> Boosted:
    """Fit boosted trees to the quantiles of `target`.

    Parameters
    ----------
    features : pandas.DataFrame
        Shape ``(n, f)``; NaN is allowed and is a branch of its own.
    target : FloatArray
        Shape ``(n,)``, any unit.
    levels : FloatArray
        Shape ``(k,)`` [-].
    engine : {"sklearn", "lightgbm"}
        Which library grows the trees.
    seed : int
        Of the choice of columns.
    growth : Growth
        Size and number of the trees.

    Raises
    ------
    NeedsExtra
        Where LightGBM is wanted and not installed.
    CannotFit
        Where there are fewer than 200 rows.
    GridMismatch, UnreadableValue
        Where the target does not fit the features, or is no number.
    """
    wanted = numbers("target", target, len(features), signed=True)
    if wanted.size < LEAST_ROWS:
        reason = Text(f"{wanted.size} rows, {LEAST_ROWS} are needed", f"仅 {wanted.size} 行，至少需要 {LEAST_ROWS} 行")
        raise CannotFit(what=Text("boosted trees", "提升树"), reason=reason)
    # scikit-learn cannot bin a column that holds nothing
    columns = tuple(map(str, features.columns[features.notna().any()]))
    rows = in_order(features, columns)
    grow = _lightgbm(rows, wanted, seed, growth) if engine == "lightgbm" else _sklearn(rows, wanted, seed, growth)
    with ThreadPoolExecutor(min(cpu_count() or 1, 8)) as pool:  # both libraries work outside of Python's lock
        models = tuple(pool.map(grow, (float(level) for level in levels)))
    return Boosted(columns, levels, models)


def _sklearn(rows: FloatArray, target: FloatArray, seed: int, growth: Growth) -> Callable[[float], Predict]:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    def predict(model: HistGradientBoostingRegressor) -> Predict:
        def one(x: FloatArray) -> FloatArray:
            # a few rows a tree: threads that wait for one another cost more than they bring
            with threadpool_limits(1, user_api="openmp"):
                return np.asarray(model.predict(x), dtype=float)

        return one

    def grow(level: float) -> Predict:
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=level, max_iter=growth.rounds, learning_rate=growth.rate,
            max_leaf_nodes=growth.leaves, min_samples_leaf=growth.least(len(target)), max_features=growth.columns,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
        with threadpool_limits(1, user_api="openmp"):
            model.fit(rows, target)
        return predict(model)

    return grow


def _lightgbm(rows: FloatArray, target: FloatArray, seed: int, growth: Growth) -> Callable[[float], Predict]:
    try:
        import lightgbm
    except ImportError as error:
        raise NeedsExtra(what="engine 'lightgbm'", package="lightgbm", extra="lightgbm") from error
    fixed = {
        "objective": "quantile", "learning_rate": growth.rate, "num_leaves": growth.leaves,
        "min_data_in_leaf": growth.least(len(target)), "feature_fraction": growth.columns, "seed": seed,
        "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip

    def grow(level: float) -> Predict:
        data = lightgbm.Dataset(rows, target, free_raw_data=True, params={"verbosity": -1})
        model = lightgbm.train({**fixed, "alpha": level}, data, num_boost_round=growth.rounds)
        return lambda x: np.asarray(model.predict(x, num_threads=1), dtype=float)

    return grow
