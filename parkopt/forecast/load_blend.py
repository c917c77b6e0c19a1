"""A load's day ahead from its own history: quantile boosting and same-hour means, mixed as the history advises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import KnownTooLate, TooLittleHistory
from parkopt.forecast.arrays import aware, numbers, setting
from parkopt.forecast.boosting import Boosted, Engine
from parkopt.forecast.load_features import Calendar, LoadPast, regular_step
from parkopt.forecast.load_mix import (
    BOOST_DAYS,
    MEAN,
    MEANS,
    MIDDLE,
    Known,
    Rows,
    at_levels,
    best_mix,
    fit_distance,
    folds,
    known_features,
    mixed,
    parts_of,
    rows_of,
)
from parkopt.forecast.load_record import LEAST_DAYS, read_record, until
from parkopt.forecast.load_spread import Held, fit_spread
from parkopt.forecast.quantiles import LEVELS, Quantiles, rearranged

ARCHETYPE_SIGMA, ARCHETYPE_TAU_H = 0.045, 12.0
"""Spread of a synthetic load's noise, the middle of 3-6 % (parkopt reference 7), and the memory that a
sampler should give it [h] (judgement)."""


@dataclass(frozen=True)
class LoadForecast:
    """Quantiles (n, k) of the load [MW], how they were made, and what was assumed."""

    quantiles: Quantiles
    method: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadModel:
    """A fitted mix, for days of one lead; it may serve several days until it is fitted anew.

    Parameters
    ----------
    known : Known
        What is known ahead.
    gap : timedelta
        From the issue to the midnight of the day.
    zone : tzinfo
        Whose midnights.
    mix : FloatArray
        Weights of boosting and the means, shape ``(4,)`` [-].
    boosted : Boosted, optional
        Where the mix has it, or nothing stands in.
    held : Held
        Past days' forecasts that were made without them.
    notes : tuple of str
        How it was fitted.
    """

    known: Known
    gap: timedelta
    zone: tzinfo | None
    mix: FloatArray
    boosted: Boosted | None
    held: Held
    notes: tuple[str, ...]

    def predict(self, history: pd.Series[float], issue: datetime, wanted: pd.DatetimeIndex) -> Quantiles:
        """Return the quantiles of local steps (n,) at `LEVELS` [MW], from what was known at `issue`.

        The errors since the fit count, too: the spread is that of the issue.
        """
        past, at = LoadPast(until(history, issue)), pd.Timestamp(issue)
        gap_s = int(self.gap.total_seconds())
        spread = fit_spread(self.held.then(self._since(past)), int(at.timestamp()), gap_s, self.known.gamma)
        return spread.around(self._values(known_features(wanted, past, at, self.known)))

    def _values(self, x: pd.DataFrame) -> FloatArray:
        return at_levels(mixed(self.mix, parts_of(x, self.boosted)))

    def _since(self, past: LoadPast) -> Held:
        """Return what this model says of the days that came after its fit."""
        first = pd.Timestamp(int(self.held.start_s[-1]), unit="s", tz="UTC") + past.step
        rows = rows_of(past, first, self.zone, self.gap, self.known)
        if not rows.usable.any():
            return self.held.before(int(self.held.start_s[0]))
        return rows.held(rows.usable, self._values(rows.x[rows.usable]))


def forecast_load(
    history: pd.Series[float],
    issue: datetime,
    wanted: pd.DatetimeIndex,
    *,
    plan: pd.Series[float] | None = None,
    temp: pd.Series[float] | None = None,
    calendar: Calendar = "cn",
    levels: FloatArray = LEVELS,
    engine: Engine = "sklearn",
    seed: int = 0,
) -> LoadForecast:
    """Return the quantiles of a load, each wanted day by a model of its own lead.

    Parameters
    ----------
    history : pandas.Series
        Mean power [MW] at the starts of regular steps, with a zone; NaN where not measured. What
        ends after `issue` is not looked at.
    issue : datetime
        When the forecast is made.
    wanted : pandas.DatetimeIndex
        Starts (n,) of regular steps in the plant's fixed zone, none of them over at `issue`.
    plan, temp : pandas.Series, optional
        Known beforehand over history and wanted steps, on the steps of the forecast.
    calendar : {"cn", "none"}
        Whose holidays count.
    levels : FloatArray
        Levels (k,).
    engine, seed : str, int
        Of the boosting.

    Raises
    ------
    TooLittleHistory
        With less than two weeks, or with nothing in the 4 weeks before a wanted day.
    ZoneNotFixed
        Where the zone of `wanted` keeps daylight-saving time.
    NeedsExtra
        Where LightGBM is wanted and not installed.
    KnownTooLate, NaiveTime, GridMismatch
        As `load_features`.
    """
    known = Known(plan, temp, calendar, engine, seed)
    _require_future(wanted, issue)
    record, steps = read_record(history, issue, wanted)
    rows: list[FloatArray] = []
    model: LoadModel | None = None
    for midnight in steps.normalize().unique():
        day = steps[steps.normalize() == midnight]
        # a record that ends earlier is forecast from as if issued then: the spread is that of the longer lead
        model = fit_load(record.mw, record.end, midnight - record.end, steps.tz, known)
        rows.append(model.predict(record.mw, record.end, day).on(levels).values)
    assert model is not None
    values = np.concatenate(rows)[steps.get_indexer(wanted, method="ffill")]
    weights = ", ".join(f"{w:g} {n}" for w, n in zip(model.mix, ("boosting", *MEANS), strict=True) if w)
    return LoadForecast(Quantiles(levels, values), f"load history: {weights}", (*model.notes, *record.notes))


def fit_load(
    history: pd.Series[float], issue: datetime, gap: timedelta, zone: tzinfo | None, known: Known
) -> LoadModel:
    """Return the mix for days whose midnight comes `gap` after the issue, learnt from what ended by `issue`.

    The weights are chosen over the last one or two spans of 28 days, each forecast by boosters that
    saw only what was known before it; their errors are the spread (`fit_spread`).

    Raises
    ------
    TooLittleHistory
        With less than two weeks of measured steps.
    """
    past = LoadPast(until(history, issue))
    days = float(np.isfinite(past.mw).sum() * past.step_s / 86_400)
    rows = rows_of(past, None, zone, gap, known)
    if days < LEAST_DAYS or not rows.usable.any():
        raise TooLittleHistory(what=Text("the load", "负荷"), days=days, needed=LEAST_DAYS)
    if days < BOOST_DAYS:
        return _by_mean(rows, days, gap, zone, known)
    parts = folds(rows, pd.Timestamp(issue), gap, known)
    seen = np.isfinite(parts).all(axis=(1, 2)) & rows.usable
    if not seen.any():
        return _by_mean(rows, days, gap, zone, known)
    mix = best_mix(parts[seen][:, :, MIDDLE], rows.mw[seen])
    boosted = fit_distance(rows.x[rows.usable], rows.mw[rows.usable], known) if mix[0] else None
    note = f"The mix was chosen over the last {seen.sum() * past.step_s / 86_400:.0f} days of the history."
    held = rows.held(seen, at_levels(mixed(mix, parts[seen])))
    return LoadModel(known, gap, zone, mix, boosted, held, (note, *_unused(known, float(mix[0]))))


def _by_mean(rows: Rows, days: float, gap: timedelta, zone: tzinfo | None, known: Known) -> LoadModel:
    note = f"Only {days:.0f} days of history: same-hour means with the spread of their own errors."
    held = rows.held(rows.usable, at_levels(mixed(MEAN, parts_of(rows.x[rows.usable], None))))
    return LoadModel(known, gap, zone, MEAN, None, held, (note, *_unused(known, 0.0)))


def _unused(known: Known, boosting: float) -> tuple[str, ...]:
    """Return a note where means alone stand, which know neither plan nor temperature."""
    given = [name for name, series in (("plan", known.plan), ("temperature", known.temp)) if series is not None]
    return () if boosting or not given else (f"The {' and '.join(given)} did not count: only boosting can use it.",)


def _require_future(wanted: pd.DatetimeIndex, issue: datetime) -> None:
    """Raise where a wanted step is over at the issue, whatever the end of the record."""
    step = regular_step("wanted steps", aware(wanted))
    over = np.asarray(wanted + step <= pd.Timestamp(issue))
    if over.any():
        at = str(wanted[int(np.argmax(over))])
        what = Text("a step that is to be forecast", "待预测时刻")
        raise KnownTooLate(what=what, at=at, known=at, issued=str(issue))


def archetype_quantiles(mw: FloatArray, sigma: float = ARCHETYPE_SIGMA, levels: FloatArray = LEVELS) -> Quantiles:
    """Return a synthetic load (n,) [MW] with normal noise of `sigma` of its value around it, never below 0.

    It has no history, so the spread is a convention: 3-6 % for a park of several works
    (parkopt reference, section 7), not a measurement.

    Raises
    ------
    OutOfRange
        Where `sigma` is not within 0 to 1.
    """
    from scipy.special import ndtri

    values = numbers("load", mw)[:, None] * (1 + setting(sigma, 0, 1) * ndtri(levels))
    return rearranged(levels, np.maximum(values, 0.0))
