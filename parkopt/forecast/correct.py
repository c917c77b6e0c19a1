"""Correct a physical forecast by the site's own history: what a site adds to its physics, and how sure that is.

Three regimes by usable days: from 90 on boosted trees and analogs, averaged; from 14 on analogs
alone; below, the caller keeps the physical chain. Both are calibrated on held-out days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import GridMismatch, TooLittleHistory
from parkopt.forecast.arrays import numbers, setting
from parkopt.forecast.boosting import Engine
from parkopt.forecast.ensemble import Calibration, Ensemble, Fit, calibrate
from parkopt.forecast.features import finite, in_order
from parkopt.forecast.past import BoolArray, Past, Wanted, require_known
from parkopt.forecast.quantiles import LEVELS, Quantiles

BOOSTING_DAYS, ANALOG_DAYS = 90, 14
"""Usable days from which boosted trees, and analogs, are fitted (parkopt reference, forecasting 4.4)."""
PHYSICAL = "physical_chain"
"""Column that holds the physical forecast as a share of the capacity."""


@dataclass(frozen=True)
class Corrected:
    """A corrected forecast.

    Parameters
    ----------
    quantiles : Quantiles
        Power [MW], from 0 to the capacity.
    method : str
        ``"boosting+analogs"`` or ``"analogs"``.
    days : float
        Usable days of history [days].
    notes : tuple of str
        What was left out or assumed.
    """

    quantiles: Quantiles
    method: str
    days: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    """A fitted correction: it may serve several days until it is fitted anew.

    Parameters
    ----------
    ensemble, calibration
        What was fitted, and what held-out steps said of it.
    columns : tuple of str
        The features it was fitted to.
    capacity_mw, method, days, notes
        As for `fit_correction` and `Corrected`.
    """

    ensemble: Ensemble
    calibration: Calibration
    columns: tuple[str, ...]
    capacity_mw: float
    method: str
    days: float
    notes: tuple[str, ...]

    def predict(self, wanted: Wanted, physical: FloatArray, *, dark: BoolArray | None = None) -> Quantiles:
        """Return the power of each wanted step [MW]; whether its features were known in time is not asked here.

        Raises
        ------
        MissingColumn, UnreadableValue, GridMismatch
            Where a feature is not there or no number, or an array does not fit.
        """
        asked = _with_physical(wanted.features, physical, self.capacity_mw)
        finite(in_order(asked, self.columns), self.columns)
        most = np.where(_mask("dark", dark, len(wanted)), 0.0, self.capacity_mw)
        said = self.ensemble.predict(asked).within(0.0, self.capacity_mw)
        return self.calibration.shifts.applied(said).within(0.0, most)


def fit_correction(
    past: Past,
    physical_past: FloatArray,
    capacity_mw: float,
    *,
    issue: datetime,
    levels: FloatArray = LEVELS,
    engine: Engine | None = "sklearn",
    seed: int = 0,
    dark_past: BoolArray | None = None,
) -> Correction:
    """Fit what `corrected` forecasts by.

    Parameters
    ----------
    past, physical_past, capacity_mw, issue, levels, seed, dark_past
        As for `corrected`.
    engine : {"sklearn", "lightgbm"}, optional
        Which library grows the trees; None for analogs alone, which are fitted at once.

    Raises
    ------
    TooLittleHistory, CannotFit, GridMismatch, UnreadableValue, OutOfRange, NeedsExtra
        As for `corrected`.
    """
    setting(capacity_mw, np.nextafter(0.0, 1.0), np.finfo(float).max)
    history, days, notes = _history(past, issue, physical_past, capacity_mw, dark_past)
    boosted = engine is not None and days >= BOOSTING_DAYS
    if engine is not None and not boosted:
        notes = (*notes, f"{days:.0f} days of history: analogs only, boosted trees from {BOOSTING_DAYS} days on")
    fit = Fit((engine,) if engine is not None and boosted else (), seed, levels=levels)
    held_out = calibrate(history.index, history.features, history.actual, fit, (0.0, capacity_mw))
    fitted = fit.ensemble(history.features, history.actual, held_out.analog_share)
    method = "boosting+analogs" if boosted else "analogs"
    columns = tuple(map(str, history.features.columns))
    return Correction(fitted, held_out, columns, capacity_mw, method, days, notes)


def corrected(
    past: Past,
    wanted: Wanted,
    issue: datetime,
    physical: FloatArray,
    physical_past: FloatArray,
    capacity_mw: float,
    *,
    levels: FloatArray = LEVELS,
    engine: Engine = "sklearn",
    seed: int = 0,
    dark: BoolArray | None = None,
    dark_past: BoolArray | None = None,
) -> Corrected:
    """Forecast power from history, weather and the physical chain.

    Parameters
    ----------
    past : Past
        History, n rows, actual power [MW]; rows that were not known at `issue` are not looked at.
    wanted : Wanted
        The steps to forecast, m rows.
    issue : datetime
        When the forecast is made, with a zone.
    physical, physical_past : FloatArray
        Power of the physical chain, shapes ``(m,)`` and ``(n,)`` [MW].
    capacity_mw : float
        Of the site [MW].
    levels : FloatArray
        Shape ``(k,)`` [-].
    engine : {"sklearn", "lightgbm"}
        Which library grows the trees.
    seed : int
        The same seed gives the same bits.
    dark, dark_past : array of bool, optional
        Steps without sun, shapes ``(m,)`` and ``(n,)``: they are forecast as 0 and not learnt from.

    Raises
    ------
    TooLittleHistory
        With fewer than 14 usable days.
    KnownTooLate
        Where a feature of `wanted` is newer than `issue`.
    CannotFit, MissingColumn, GridMismatch, UnreadableValue, OutOfRange, NeedsExtra
        Where rows are too few to fit, or something given does not fit.
    """
    require_known(wanted, issue)
    fit = fit_correction(
        past, physical_past, capacity_mw, issue=issue, levels=levels, engine=engine, seed=seed, dark_past=dark_past
    )
    return Corrected(fit.predict(wanted, physical, dark=dark), fit.method, fit.days, fit.notes)


def _history(
    past: Past, issue: datetime, physical: FloatArray, capacity_mw: float, dark: BoolArray | None
) -> tuple[Past, float, tuple[str, ...]]:
    """Return the rows to learn from, how many days they are, and what was left out."""
    seen = past.known_rows(issue)
    if len(physical) != len(past):
        raise GridMismatch(name="physical_past", got=f"{len(physical)} values", expected=f"{len(past)} values")
    known = past.rows(seen)
    features = _with_physical(known.features, np.asarray(physical)[seen], capacity_mw)
    whole = Past(known.index, known.issued, known.known, features, known.actual)
    days, lost = whole.days, int((~whole.usable).sum())
    if days < ANALOG_DAYS:
        raise TooLittleHistory(what=Text("The site", "该站点"), days=days, needed=ANALOG_DAYS)
    notes = (f"{lost} of {len(whole)} past steps left out: power or a feature is missing",) if lost else ()
    return whole.rows(whole.usable & ~_mask("dark_past", dark, len(past))[seen]), days, notes


def _with_physical(features: pd.DataFrame, physical: FloatArray, capacity_mw: float) -> pd.DataFrame:
    share = numbers("physical power", physical, len(features)) / capacity_mw
    return features.assign(**{PHYSICAL: share})


def _mask(name: str, mask: BoolArray | None, n: int) -> BoolArray:
    given = np.zeros(n, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    if given.shape != (n,):
        raise GridMismatch(name=name, got=f"{given.shape} values", expected=f"{n} values")
    return given
