"""Scores of point forecasts: error, skill against a reference, correlation and ramps.

An error is forecast less measurement. Steps in which either is missing (NaN) are dropped and
counted. What is normalised is normalised by the installed capacity, never by the mean or the
peak, and says so; PV is scored over all hours and over daylight, since the nights flatter it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch, ImplausibleValue, NothingToScore, UnreadableValue
from parkopt.forecast.arrays import setting

BoolArray = NDArray[np.bool_]
MOST_OF_CAPACITY = 1.25
"""Measured power above this share of the capacity is a wrong unit or capacity [-]."""
RAMP_SHARE = 0.2
"""A change of at least this share of the capacity is a ramp [-]."""


def paired(*series: ArrayLike) -> tuple[list[FloatArray], int]:
    """Return the steps in which all series have a value, and how many were dropped.

    Parameters
    ----------
    *series : array_like
        Each of shape ``(n,)``; the measurement first. NaN is a missing value.

    Raises
    ------
    GridMismatch
        Where the shapes differ.
    UnreadableValue
        Where a value is infinite.
    NothingToScore
        Where no step has all values.
    """
    arrays = [np.asarray(one, dtype=float) for one in series]
    for one in arrays:
        if one.ndim != 1 or one.shape != arrays[0].shape:
            raise GridMismatch(name="forecast", got=f"{one.shape} values", expected=f"{arrays[0].shape} values")
        if np.isinf(one).any():
            row = int(np.argmax(np.isinf(one)))
            raise UnreadableValue(Where(row=row + 1), column="power", value=float(one[row]))
    whole = np.isfinite(np.stack(arrays)).all(axis=0)
    if not whole.any():
        reason = f"none of {whole.size} steps has forecast and measurement"
        raise NothingToScore(reason=Text(reason, f"{whole.size} 个时刻中没有同时具备预测与实测的"))
    return [one[whole] for one in arrays], int((~whole).sum())


def checked_capacity(actual_mw: FloatArray, capacity_mw: float) -> float:
    """Return the capacity [MW], or raise where it is not above 0 (`OutOfRange`) or the power does not fit it."""
    setting(capacity_mw, np.nextafter(0.0, 1.0), np.finfo(float).max)
    high = np.abs(actual_mw) > MOST_OF_CAPACITY * capacity_mw
    if high.any():
        row = int(np.argmax(high))
        en = f"{MOST_OF_CAPACITY:g} x the capacity of {capacity_mw:g} MW"
        limit = Text(en, f"装机容量 {capacity_mw:g} MW 的 {MOST_OF_CAPACITY:g} 倍")
        raise ImplausibleValue(
            Where(row=row + 1),
            column=Text("measured power", "实测功率"),
            value=float(actual_mw[row]),
            limit=limit,
            unit="MW",
        )
    return capacity_mw


def mae(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Return the mean absolute error, in the unit of the values."""
    (a, f), _ = paired(actual, forecast)
    return float(np.abs(f - a).mean())


def rmse(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Return the root of the mean squared error, in the unit of the values."""
    (a, f), _ = paired(actual, forecast)
    return float(np.sqrt(np.square(f - a).mean()))


def bias(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Return the mean of forecast less measurement: above 0 where too much was promised."""
    (a, f), _ = paired(actual, forecast)
    return float((f - a).mean())


def nmae(actual_mw: ArrayLike, forecast_mw: ArrayLike, capacity_mw: float) -> float:
    """Return the mean absolute error over the capacity [-]."""
    (a, f), _ = paired(actual_mw, forecast_mw)
    return float(np.abs(f - a).mean()) / checked_capacity(a, capacity_mw)


def nrmse(actual_mw: ArrayLike, forecast_mw: ArrayLike, capacity_mw: float) -> float:
    """Return the root mean squared error over the capacity [-]; 1 less it is the Chinese accuracy of GB/T 40607."""
    (a, f), _ = paired(actual_mw, forecast_mw)
    return float(np.sqrt(np.square(f - a).mean())) / checked_capacity(a, capacity_mw)


def wape(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Return the sum of absolute errors over the sum of absolute measurements [-]; infinite where those are all 0.

    The usual score of a load, which has no capacity; useless for one series of PV against another.
    """
    (a, f), _ = paired(actual, forecast)
    wrong, measured = float(np.abs(f - a).sum()), float(np.abs(a).sum())
    return wrong / measured if measured else (0.0 if wrong == 0 else np.inf)


def skill(actual: ArrayLike, forecast: ArrayLike, reference: ArrayLike) -> float:
    """Return ``1 - MAE / MAE of the reference`` over the steps that both forecast [-].

    Above 0 the forecast is better than the reference; 1 is perfect. Minus infinity where the
    reference is perfect and the forecast is not.
    """
    (a, f, r), _ = paired(actual, forecast, reference)
    own, other = float(np.abs(f - a).mean()), float(np.abs(r - a).mean())
    if other == 0:
        return 0.0 if own == 0 else -np.inf
    return 1 - own / other


def correlation(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Return Pearson's correlation [-]; NaN where one of the two never changes."""
    (a, f), _ = paired(actual, forecast)
    a, f = a - a.mean(), f - f.mean()
    spread = float(np.sqrt(np.square(a).sum() * np.square(f).sum()))
    return float((a * f).sum()) / spread if spread else float("nan")


def ramp_hit_rate(
    actual_mw: ArrayLike,
    forecast_mw: ArrayLike,
    capacity_mw: float,
    *,
    steps: int = 1,
    share: float = RAMP_SHARE,
    slack: int = 1,
) -> float:
    """Return the share of measured ramps that the forecast had, in the same direction, about the same time [-].

    Parameters
    ----------
    actual_mw, forecast_mw : array_like
        Shape ``(n,)`` [MW], of consecutive steps; a ramp over a missing value is not counted.
    capacity_mw : float
        [MW].
    steps : int
        Steps over which a ramp is measured.
    share : float
        The least change over the capacity that is a ramp [-].
    slack : int
        Steps by which the forecast ramp may come early or late.

    Returns
    -------
    float
        NaN where the measurement has no ramp.
    """
    paired(actual_mw, forecast_mw)
    real, promised = (np.asarray(one, dtype=float) for one in (actual_mw, forecast_mw))
    least = share * checked_capacity(real, capacity_mw)
    up = _hits(real, promised, steps, least, slack)
    down = _hits(-real, -promised, steps, least, slack)
    ramps = up[1] + down[1]
    return (up[0] + down[0]) / ramps if ramps else float("nan")


def _hits(real: FloatArray, promised: FloatArray, steps: int, least: float, slack: int) -> tuple[int, int]:
    """Return how many rises were forecast, and how many there were."""
    rises, seen = ((one[steps:] - one[:-steps]) >= least for one in (real, promised))  # NaN >= x is false
    near = np.convolve(seen, np.ones(2 * slack + 1))[slack : slack + len(seen)] > 0
    return int((rises & near).sum()), int(rises.sum())


@dataclass(frozen=True)
class Scores:
    """The scores of one forecast over one choice of steps."""

    over: str
    """Which steps: ``all hours`` or ``daylight``."""
    normalised_by: str
    """What nmae, nrmse and nbias are divided by."""
    steps: int
    dropped: int
    """Steps of the choice without forecast or measurement."""
    mae_mw: float
    rmse_mw: float
    bias_mw: float
    nmae: float
    nrmse: float
    nbias: float
    wape: float
    correlation: float
    ramp_hit_rate: float
    skill: float | None = None
    """``1 - MAE / MAE of the reference``; None without a reference."""
    reference: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the row of a table."""
        return asdict(self)


@dataclass(frozen=True)
class Reference:
    """A forecast to be better than: its name and its values (n,) [MW]."""

    name: str
    power_mw: FloatArray


def score(
    actual_mw: ArrayLike,
    forecast_mw: ArrayLike,
    capacity_mw: float,
    reference: Reference | None = None,
    daylight: ArrayLike | None = None,
) -> tuple[Scores, ...]:
    """Return the scores over all hours and, where `daylight` is given (PV), over daylight too.

    Parameters
    ----------
    actual_mw, forecast_mw : array_like
        Shape ``(n,)`` [MW]; NaN is missing.
    capacity_mw : float
        Installed power that errors are normalised by [MW].
    reference : Reference, optional
        For the skill.
    daylight : array_like of bool, optional
        Shape ``(n,)``: the sun is above the horizon.

    Raises
    ------
    GridMismatch, UnreadableValue, OutOfRange, ImplausibleValue
        Where the arrays do not fit one another, or the capacity does not fit them.
    NothingToScore
        Where no step is left.
    """
    a, f = (np.asarray(one, dtype=float) for one in (actual_mw, forecast_mw))
    paired(a, f)
    found = [_scores("all hours", a, f, capacity_mw, reference)]
    if daylight is not None:
        lit = np.asarray(daylight, dtype=bool)
        if lit.shape != a.shape:
            raise GridMismatch(name="daylight", got=f"{lit.shape} values", expected=f"{a.shape} values")
        # the night is left out as missing, so that ramps are not measured across it
        cut = np.where(lit, a, np.nan)
        row = _scores("daylight", cut, f, capacity_mw, reference)
        found.append(Scores(**{**asdict(row), "dropped": int(lit.sum()) - row.steps}))
    return tuple(found)


def _scores(over: str, a: FloatArray, f: FloatArray, capacity_mw: float, reference: Reference | None) -> Scores:
    (real, promised), dropped = paired(a, f)
    capacity = checked_capacity(real, capacity_mw)
    errors = {"mae": mae(real, promised), "rmse": rmse(real, promised), "bias": bias(real, promised)}
    return Scores(
        over=over,
        normalised_by=f"installed capacity, {capacity:g} MW",
        steps=len(real),
        dropped=dropped,
        wape=wape(real, promised),
        correlation=correlation(real, promised),
        ramp_hit_rate=ramp_hit_rate(a, f, capacity),
        skill=None if reference is None else skill(a, f, reference.power_mw),
        reference="" if reference is None else reference.name,
        **{f"{name}_mw": value for name, value in errors.items()},
        **{f"n{name}": value / capacity for name, value in errors.items()},
    )
