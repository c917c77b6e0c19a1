"""Quantile boosting and three same-hour means of a load, and the weights that erred least on past spans."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.forecast.boosting import LEAST_ROWS, Boosted, Engine, Growth, fit_boosting
from parkopt.forecast.load_features import DAY, Calendar, LoadPast, load_features, seconds
from parkopt.forecast.load_spread import GAMMA, Held
from parkopt.forecast.quantiles import LEVELS, rearranged

BOOST_DAYS = 70
"""From so many days on boosting is tried: 4 weeks to look back, 2 to learn from, 4 to choose the mix by [days]."""
FOLD_DAYS, FOLDS = 28, 2
"""Length and most number of the spans at the end of the history by which the mix is chosen [days, -]."""
BOOSTED = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
"""Levels that are learnt; straight lines lie between them [-]."""
GROWTH = Growth(rounds=80, rate=0.07, leaves=8, least_in_leaf=40, columns=1.0)
"""Fewer and smaller trees than for wind: a year of one plant is little to learn from (judgement)."""
MEANS = ("mean_4w", "mean_weekday_4w", "q50_4w")
"""What boosting is mixed with, as named by `load_features`."""
MIXES = np.array([m for m in itertools.product(range(5), repeat=4) if sum(m) == 4]) / 4  # noqa: PLR2004
"""Weights of boosting and the three means that are tried: quarters [-]."""
MODEST_GAIN = 0.02
"""Share of its error by which a mix must beat the 4-week mean in the folds before it stands in for it [-]."""
MIDDLE = int(np.argmax(BOOSTED == 0.5))  # noqa: PLR2004 - the median
MEAN = np.array([0.0, 1.0, 0.0, 0.0])
"""Weights of the 4-week mean alone [-]."""


@dataclass(frozen=True)
class Known:
    """What is known ahead, and how the forecast is to be made.

    Parameters
    ----------
    plan, temp : pandas.Series, optional
        Known beforehand over history and wanted steps: production planned (any unit), air temperature [deg C].
    calendar : {"cn", "none"}
        Whose holidays count.
    engine, seed
        Of the boosting, as for `fit_boosting`.
    gamma : float
        Step of the levels of the errors, as for `fit_spread` [-].
    """

    plan: pd.Series[float] | None = None
    temp: pd.Series[float] | None = None
    calendar: Calendar = "cn"
    engine: Engine = "sklearn"
    seed: int = 0
    gamma: float = GAMMA


def known_features(
    index: pd.DatetimeIndex, past: LoadPast, issue: pd.Timestamp | pd.DatetimeIndex, known: Known
) -> pd.DataFrame:
    """Return `load_features` of steps, with what is known ahead."""
    return load_features(index, past, issue, plan=known.plan, temp=known.temp, calendar=known.calendar)


@dataclass(frozen=True)
class Rows:
    """Past steps as they were before their days.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        Local starts, shape ``(n,)``.
    x : pandas.DataFrame
        Features, shape ``(n, f)``.
    mw : FloatArray
        What came, shape ``(n,)`` [MW].
    usable : array of bool
        Where the load was measured and all three means are known, shape ``(n,)``.
    step_s : int
        Length of a step [s].
    """

    index: pd.DatetimeIndex
    x: pd.DataFrame
    mw: FloatArray
    usable: NDArray[np.bool_]
    step_s: int

    def held(self, seen: NDArray[np.bool_], values: FloatArray) -> Held:
        """Return some of the steps with their forecasts (n, 19)."""
        index = self.index[seen]
        return Held(seconds(index), seconds(index.normalize()), values, self.mw[seen], self.step_s)


def rows_of(past: LoadPast, first: pd.Timestamp | None, zone: tzinfo | None, gap: timedelta, known: Known) -> Rows:
    """Return the steps of a record from `first` on, each as known `gap` before its midnight.

    Of a gap below 0 (a day that has begun) only the steps that were not over then are there.
    """
    local = past.index.tz_convert(zone)
    wanted = np.asarray(local + past.step > local.normalize() - gap)
    if first is not None:
        wanted &= np.asarray(local >= first)
    index, mw = local[wanted], past.mw[wanted]
    if not len(index):
        return Rows(index, pd.DataFrame(index=index), mw, np.empty(0, dtype=bool), past.step_s)
    x = known_features(index, past, index.normalize() - gap, known)
    whole = np.isfinite(x[list(MEANS)].to_numpy()).all(axis=1)
    return Rows(index, x, mw, np.asarray(np.isfinite(mw) & whole), past.step_s)


def parts_of(x: pd.DataFrame, boosted: Boosted | None) -> FloatArray:
    """Return boosting and the means at the levels learnt: (n, 4, 5); without boosting its part is the 4-week mean."""
    base = np.repeat(x["mean_4w"].to_numpy()[:, None], len(BOOSTED), axis=1)
    means = [np.repeat(x[name].to_numpy()[:, None], len(BOOSTED), axis=1) for name in MEANS]
    if boosted is None:
        return np.stack([base, *means], axis=1)
    away = boosted.predict(x).values  # noqa: PD011 - no frame
    return np.stack([base + away, *means], axis=1)


def fit_distance(x: pd.DataFrame, mw: FloatArray, known: Known) -> Boosted:
    """Return boosting of the distance from the 4-week mean, by the features that are ever known at such a lead."""
    ever = x.dropna(axis=1, how="all")
    return fit_boosting(ever, mw - x["mean_4w"].to_numpy(), BOOSTED, known.engine, known.seed, GROWTH)


def folds(rows: Rows, issue: pd.Timestamp, gap: timedelta, known: Known) -> FloatArray:
    """Return the parts (n, 4, 5) of the last spans, each from boosting of what was known before; NaN elsewhere."""
    found = np.full((len(rows.mw), 1 + len(MEANS), len(BOOSTED)), np.nan)
    end = issue.tz_convert(rows.index.tz)
    ended = rows.index + timedelta(seconds=rows.step_s)
    several = rows.index[0] <= end - (BOOST_DAYS + FOLD_DAYS) * DAY
    for _ in range(FOLDS if several else 1):
        start = (end - FOLD_DAYS * DAY).normalize()
        here = np.asarray((rows.index >= start) & (rows.index < end))
        before = np.asarray(ended <= start - gap) & rows.usable
        if here.any() and before.sum() >= LEAST_ROWS:
            found[here] = parts_of(rows.x[here], fit_distance(rows.x[before], rows.mw[before], known))
        end = start
    return found


def mixed(mix: FloatArray, parts: FloatArray) -> FloatArray:
    """Return the weighted parts: (n, 5) of (n, 4, 5)."""
    return np.asarray(np.tensordot(parts, mix, axes=([1], [0])))


def best_mix(parts: FloatArray, mw: FloatArray) -> FloatArray:
    """Return the weights with the least absolute error; the 4-week mean where none clearly beats it."""
    errors = np.array([np.abs(parts @ mix - mw).mean() for mix in MIXES])
    at_mean = float(np.abs(parts @ MEAN - mw).mean())
    best = int(np.argmin(errors))
    return np.asarray(MIXES[best] if errors[best] < (1 - MODEST_GAIN) * at_mean else MEAN)


def at_levels(values: FloatArray) -> FloatArray:
    """Return the levels learnt (n, 5) at `LEVELS`: (n, 19)."""
    finer = rearranged(BOOSTED, values).on(LEVELS)
    return finer.values  # noqa: PD011 - no frame
