"""Accuracy of forecasts as Chinese dispatch centres reckon it.

By the capacity online C, with P_M the actual and P_P the forecast power (GB/T 40607-2021 App. D)::

    E_rmse = sqrt(mean(((P_M - P_P) / C)^2))     C_R = 1 - E_rmse
    Q_R    = share of points with |P_M - P_P| / C < 0.25

East-China rules divide by the actual power instead, capped at 100 %; the South by the actual
power but at least 0.2 C; the harmonic-mean accuracy is
``1 - 2 sum |P_M / (P_M + P_P) - 0.5| |P_M - P_P| / sum |P_M - P_P|``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch, ImplausibleValue, NothingToScore
from parkopt.forecast.accuracy_rules import Rule, preset
from parkopt.forecast.arrays import aware, numbers
from parkopt.forecast.scores import checked_capacity, correlation, paired

PASS_ERROR = 0.25
"""A point passes with a smaller error over the capacity [-] (GB/T 40607-2021 App. D)."""
_ENOUGH = 1e-12


@dataclass(frozen=True)
class Assessment:
    """What a rule makes of a forecast."""

    rule: Rule
    points: int
    """Points that count."""
    dropped: int
    """Points that the rule leaves out (too little power, nothing online)."""
    missing: int
    """Points without forecast or measurement."""
    accuracy: float
    """Of the whole time, reckoned as a month of the rule [-]."""
    by_day: pd.Series[float]
    """Accuracy by local date [-]; days without a point that counts are left out."""
    by_month: pd.Series[float]
    """Accuracy by month [-]."""
    pass_rate: float
    """Share of points with an error below 25 % of the capacity [-]."""
    correlation: float
    """NaN where actual or forecast power never changes."""
    threshold: float | None
    met: bool | None
    """Whether every month reaches the threshold; None where the threshold is not known."""
    days_met: float | None
    """Share of days that reach it [-]."""
    penalty_mwh: float | None
    """Sum over the days below the threshold; None where the rule has no penalty that is known."""


def assess(
    actual_mw: ArrayLike,
    forecast_mw: ArrayLike,
    capacity_mw: float,
    rule: str | Rule,
    local_index: pd.DatetimeIndex,
    online_mw: ArrayLike | None = None,
) -> Assessment:
    """Return the accuracy of a forecast by a rule.

    Parameters
    ----------
    actual_mw, forecast_mw : array_like
        Shape ``(n,)`` [MW]; NaN is missing, actual power below 0 (a farm's own use) counts as 0.
    capacity_mw : float
        Installed power, the base of penalties, floors and drops [MW].
    rule : str or Rule
        The name of a preset, or a rule of one's own.
    local_index : pandas.DatetimeIndex
        Starts of the steps in the park's zone: its dates are the days.
    online_mw : array_like, optional
        Capacity online at each step (GB/T 40607: C_i), shape ``(n,)`` [MW]; the installed power
        where not given. Steps with nothing online are dropped.

    Raises
    ------
    GridMismatch, NaiveTime, OutOfRange, ImplausibleValue, WrongOption
        Where the arrays do not fit one another or the capacity, or there is no such rule.
    NothingToScore
        Where the rule leaves no point.
    """
    chosen = preset(rule) if isinstance(rule, str) else rule
    points, missing = _points(actual_mw, forecast_mw, capacity_mw, aware(local_index), online_mw)
    kept = points[~_dropped(points, chosen, capacity_mw)]
    if kept.empty:
        reason = f"the rule {chosen.name} drops all {len(points)} points"
        raise NothingToScore(reason=Text(reason, f"规则 {chosen.name} 剔除了全部 {len(points)} 个点"))
    by_day = _grouped(kept, "day", chosen, capacity_mw)
    by_month = _by_month(kept, by_day, chosen, capacity_mw)
    whole = float(by_day.mean()) if chosen.months == "days" else _accuracy(kept, chosen, capacity_mw)
    short = None if chosen.threshold is None else np.maximum(chosen.threshold - by_day.to_numpy() - _ENOUGH, 0.0)
    return Assessment(
        rule=chosen,
        points=len(kept),
        dropped=len(points) - len(kept),
        missing=missing,
        accuracy=whole,
        by_day=by_day,
        by_month=by_month,
        pass_rate=float((np.abs(kept["actual"] - kept["forecast"]) / kept["online"] < PASS_ERROR).mean()),
        correlation=correlation(kept["actual"], kept["forecast"]),
        threshold=chosen.threshold,
        met=None if chosen.threshold is None else bool((by_month >= chosen.threshold - _ENOUGH).all()),
        days_met=None if short is None else float((short == 0).mean()),
        penalty_mwh=None
        if short is None or chosen.penalty_h is None
        else float(short.sum() * capacity_mw * chosen.penalty_h),
    )


def _points(
    actual: ArrayLike, forecast: ArrayLike, capacity: float, index: pd.DatetimeIndex, online: ArrayLike | None
) -> tuple[pd.DataFrame, int]:
    """Return the points that have both powers, and how many have not."""
    (real, _, row), missing = paired(actual, forecast, np.arange(np.size(actual)))
    if len(index) != np.size(actual):
        raise GridMismatch(name="local_index", got=f"{len(index)} steps", expected=f"{np.size(actual)} values")
    rows = row.astype(int)
    checked_capacity(real, capacity)
    on = numbers("capacity online", capacity if online is None else online, np.size(actual))[rows]
    if (on > capacity * (1 + 1e-9)).any():
        at = int(np.argmax(on > capacity * (1 + 1e-9)))
        limit = Text(f"the installed {capacity:g} MW", f"装机容量 {capacity:g} MW")
        place = Where(row=int(rows[at]) + 1)
        raise ImplausibleValue(
            place, column=Text("capacity online", "开机容量"), value=float(on[at]), limit=limit, unit="MW"
        )
    days = index[rows].tz_localize(None)
    columns = {"day": days.normalize(), "month": days.to_period("M"), "online": on}
    promised = np.asarray(forecast, dtype=float)[rows]
    return pd.DataFrame({**columns, "actual": np.maximum(real, 0.0), "forecast": promised}), missing


def _dropped(points: pd.DataFrame, rule: Rule, capacity: float) -> NDArray[np.bool_]:
    actual, forecast = (points[name].to_numpy() for name in ("actual", "forecast"))
    drop = points["online"].to_numpy() <= 0
    if rule.drop_below_mw is not None:
        drop |= actual < rule.drop_below_mw
    if rule.drop_below_share is not None:
        drop |= np.maximum(actual, forecast) < rule.drop_below_share * capacity
    return np.asarray(drop, dtype=bool)


def _grouped(points: pd.DataFrame, by: str, rule: Rule, capacity: float) -> pd.Series[float]:
    found = {key: _accuracy(some, rule, capacity) for key, some in points.groupby(by)}
    return pd.Series(found, dtype=float, name="accuracy").rename_axis(by)


def _by_month(points: pd.DataFrame, by_day: pd.Series[float], rule: Rule, capacity: float) -> pd.Series[float]:
    if rule.months == "points":
        return _grouped(points, "month", rule, capacity)
    days = pd.DatetimeIndex(by_day.index)
    return by_day.groupby(days.to_period("M")).mean().rename_axis("month")


def _accuracy(points: pd.DataFrame, rule: Rule, capacity: float) -> float:
    actual, forecast, online = (points[name].to_numpy() for name in ("actual", "forecast", "online"))
    if rule.denominator == "harmonic":
        found = harmonic_accuracy(actual, forecast)
    else:
        found = 1 - float(np.sqrt(np.square(deviation(actual, forecast, online, rule, capacity)).mean()))
    return max(found, 0.0) if rule.clip else found


def deviation(
    actual: FloatArray, forecast: FloatArray, online: FloatArray, rule: Rule, capacity_mw: float
) -> FloatArray:
    """Return the deviation of each point over the rule's denominator, shape (n,) [-].

    Where the denominator is an actual power of 0, the deviation is 0 if the forecast is 0 too,
    and 100 % otherwise.
    """
    base = {"online": online, "actual": actual, "actual_floored": actual}[rule.denominator]
    if rule.denominator == "actual_floored":
        base = np.maximum(base, (rule.floor_share or 0.0) * capacity_mw)
    away = np.abs(actual - forecast)
    share = np.divide(away, base, out=np.where(away > 0, 1.0, 0.0), where=base > 0)
    return share if rule.error_cap is None else np.minimum(share, rule.error_cap)


def harmonic_accuracy(actual: FloatArray, forecast: FloatArray) -> float:
    """Return the harmonic-mean accuracy [-]; 1 where every point is met.

    A forecast below 0 counts as 0: the formula is made for powers of 0 and more, and would give it 100 %.
    """
    promised = np.maximum(forecast, 0.0)
    away, both = np.abs(actual - promised), actual + promised
    if away.sum() == 0:
        return 1.0
    part = np.divide(actual, both, out=np.full(len(both), 0.5), where=both > 0)
    return 1 - 2 * float((np.abs(part - 0.5) * away).sum() / away.sum())
