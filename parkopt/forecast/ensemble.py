"""Forecasters averaged, and calibrated on held-out blocks of the latest days."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.forecast.analogs import NEIGHBOURS, Analogs, fit_analogs
from parkopt.forecast.boosting import GROWTH, Boosted, Engine, Growth, fit_boosting
from parkopt.forecast.conformal import Conformal, fit_conformal
from parkopt.forecast.past import BoolArray
from parkopt.forecast.quantiles import LEVELS, Quantiles, averaged
from parkopt.forecast.scores_quantile import pinball

CALIBRATION_DAYS, BLOCKS = 90, 3
"""The latest days that are held out, block by block, to calibrate on (parkopt reference, forecasting 4.4)."""
STRENGTH = 0.75
"""Share of the shifts that is taken: held-out steps are forecast by fits to fewer rows, which miss by more. Of quarters
the one whose 80 % interval held nearest to 80 % on stretches of training (`tests.bench.gefcom_wind validate`) [-]."""
ANALOG_SHARES = (0.5, 0.25, 0.0)
"""Shares of the analogs in the mean, of which the held-out steps choose: half helps wind, PV wants fewer [-]."""
_ROWS_AN_ANALOG = 20
"""Past rows for each analog at least: with little history fewer, or they are not alike."""
_FEWEST_ANALOGS = 10


@dataclass(frozen=True)
class Ensemble:
    """Fitted forecasters, and the weight of each in their mean [-]."""

    members: tuple[Boosted | Analogs, ...]
    weights: tuple[float, ...]

    def predict(self, features: pd.DataFrame) -> Quantiles:
        """Return the members' mean level by level; faults as theirs."""
        return averaged([member.predict(features) for member in self.members], self.weights)


@dataclass(frozen=True)
class Fit:
    """How an ensemble is fitted.

    Parameters
    ----------
    engines : tuple of str
        One set of boosted trees of each, also of one engine twice, from seeds one apart; none
        for analogs alone.
    seed, growth, levels
        As for `fit_boosting`.
    """

    engines: tuple[Engine, ...] = ("sklearn",)
    seed: int = 0
    growth: Growth = GROWTH
    levels: FloatArray = field(default_factory=lambda: LEVELS)

    def ensemble(self, features: pd.DataFrame, target: FloatArray, analog_share: float = ANALOG_SHARES[0]) -> Ensemble:
        """Fit boosted trees of each engine, and analogs.

        Faults are those of `fit_boosting` and `fit_analogs`.
        """
        k = int(np.clip(len(target) // _ROWS_AN_ANALOG, _FEWEST_ANALOGS, NEIGHBOURS))
        trees = [
            fit_boosting(features, target, self.levels, engine, self.seed + i, self.growth)
            for i, engine in enumerate(self.engines)
        ]
        analogs = fit_analogs(features, target, k, self.levels)
        return Ensemble((*trees, analogs), weights(len(trees), analog_share))


@dataclass(frozen=True)
class Calibration:
    """What held-out steps say: the share of the analogs in the mean, and the shifts of its levels."""

    analog_share: float
    shifts: Conformal


def weights(trees: int, analog_share: float) -> tuple[float, ...]:
    """Return the weight of each set of trees and, last, of the analogs; analogs alone have all."""
    return (*[(1 - analog_share) / trees] * trees, analog_share) if trees else (1.0,)


def calibrate(
    index: pd.DatetimeIndex, features: pd.DataFrame, target: FloatArray, fit: Fit, limits: tuple[float, float]
) -> Calibration:
    """Calibrate on the latest days, block by block, each forecast by a fit to all rows outside of it.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        Starts of the steps, shape ``(n,)``, not falling.
    features, target
        Shape ``(n, f)`` and ``(n,)``.
    fit : Fit
        How the ensemble is fitted.
    limits : tuple of float
        Between which forecasts are kept.

    Raises
    ------
    CannotFit
        Where the rows outside of a block, or in all blocks, are too few.
    """
    held = blocks(index)
    fitted = [fit.ensemble(features[~block], target[~block]) for block in held]
    came = np.concatenate([target[block] for block in held])
    said = [
        _joined([one.members[i].predict(features[block]) for one, block in zip(fitted, held, strict=True)])
        for i in range(len(fit.engines) + 1)
    ]
    means = {share: averaged(said, weights(len(fit.engines), share)).within(*limits) for share in ANALOG_SHARES}
    best = min(means, key=lambda share: pinball(means[share], came))
    return Calibration(best, fit_conformal(means[best], came).eased(STRENGTH))


def _joined(parts: list[Quantiles]) -> Quantiles:
    return Quantiles(parts[0].levels, np.vstack([part.values for part in parts]))  # noqa: PD011 - not pandas


def blocks(index: pd.DatetimeIndex) -> list[BoolArray]:
    """Return the held-out blocks, each shape (n,): 3 equal stretches of the latest 90 days, or of all if less."""
    stamps = index.as_unit("ns").asi8
    last = int(stamps[-1]) + 1
    first = max(int(stamps[0]), last - pd.Timedelta(days=CALIBRATION_DAYS).value)
    # whole numbers: a nanosecond of today is beyond what a float holds
    edges = [first + (last - first) * i // BLOCKS for i in range(BLOCKS + 1)]
    held = [np.asarray((stamps >= a) & (stamps < b)) for a, b in pairwise(edges)]
    return [block for block in held if block.any()]
