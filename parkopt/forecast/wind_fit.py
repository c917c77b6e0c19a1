"""A power curve, or a factor on the wind, fitted to a farm's own record of wind and power.

Method of bins after IEC 61400-12-1:2017 (bins of 0.5 m/s, speeds brought to 1.225 kg/m3),
with medians for means, which a few hours of curtailment do not move, and an isotonic
regression over the bins, since power never falls as the wind rises below the storm stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import CannotFit, GridMismatch, NegativeValue, TooLittleHistory
from parkopt.forecast.arrays import setting, within
from parkopt.forecast.wind import RHO_0_KG_PER_M3, PowerCurve
from parkopt.forecast.wind_outliers import BIN_M_PER_S, outliers, storm_stop

LEAST_DAYS = 90.0
"""Three months of steps that can be used."""
NEEDED_M_PER_S = (3, 12)
"""Whole m/s from cut-in to where most turbines are near full power; each must have been seen."""
LEAST_PER_BIN = 10
"""Steps that each of these must have; IEC 61400-12-1 asks for 30 min a bin of 0.5 m/s in 10 min means."""
OVER = 1.1
"""Power above 1.1 of the capacity is a wrong unit or a wrong capacity."""
THE_CURVE, THE_FACTOR = Text("the power curve", "功率曲线"), Text("the wind factor", "风速系数")


@dataclass(frozen=True)
class Score:
    """Errors over the steps that a fit used, in sample, as shares of the capacity [-]; bias is fit less measured."""

    nmae: float
    nrmse: float
    bias: float


@dataclass(frozen=True)
class CurveFit:
    """A fitted curve: of the whole farm, with its losses in it."""

    curve: PowerCurve
    used_steps: int
    dropped: dict[str, int]
    """Steps left out: missing, stopped, icing, curtailed, storm (standing from 18 m/s up to the stop).

    Steps above the storm stop are neither here nor in `used_steps`: they are the end of the curve.
    """
    nmae: float
    nrmse: float
    bias: float
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class ScaleFit:
    """A fitted factor on the wind at the hub."""

    factor: float
    used_steps: int
    nmae: float
    nrmse: float
    bias: float
    notes: tuple[Text, ...]


def fit_power_curve(
    speed_m_per_s: object,
    power_mw: object,
    capacity_mw: float,
    *,
    density_kg_per_m3: object = RHO_0_KG_PER_M3,
    temp_air_degc: object = np.nan,
    step_h: float = 1.0,
) -> CurveFit:
    """Fit a farm's power curve to its record.

    Parameters
    ----------
    speed_m_per_s : array_like
        Wind at the hub, (n,) [m/s]: measured, or of the forecasts that shall be turned into power.
    power_mw : array_like
        Power at the meter, (n,) [MW]; below 0 (own consumption) counts as 0. A step with NaN is left out.
    capacity_mw : float
        Nameplate power [MW].
    density_kg_per_m3, temp_air_degc : array_like, optional
        (n,) or one number; temperature tells icing from other stops.
    step_h : float
        Length of a step [h].

    Returns
    -------
    CurveFit
        The curve at 1.225 kg/m3, its errors in sample, and what was left out and assumed.

    Raises
    ------
    TooLittleHistory
        With fewer than 90 days of steps that can be used.
    CannotFit
        Where a whole m/s from 3 to 12 has fewer than 10 steps (all such are named), or no power is seen.
    GridMismatch, NegativeValue, ImplausibleValue, OutOfRange
        Where arrays differ in length, a speed is below 0, or a power is far above the capacity.
    """
    capacity = setting(capacity_mw, 1e-9, np.inf)
    wind, power, density, temp = _record(speed_m_per_s, power_mw, density_kg_per_m3, temp_air_degc)
    known = np.isfinite(wind) & np.isfinite(power) & np.isfinite(density)
    v = (wind * np.cbrt(density / RHO_0_KG_PER_M3))[known]
    share = np.maximum(within("power over capacity", power[known] / capacity, -OVER, OVER, "MW"), 0.0)
    stop, notes = storm_stop(wind[known], share)
    bad = outliers(v, share, temp[known], wind[known] > stop)
    used = ~np.logical_or.reduce([*bad.values(), wind[known] > stop])
    _enough(THE_CURVE, v[used], step_h)
    curve = _isotonic(v[used], share[used] * capacity, stop, capacity)
    score = _score(np.interp(v[used], curve.speeds_m_per_s, curve.power_mw) / capacity, share[used])
    dropped = {"missing": int((~known).sum()), **{name: int(mask.sum()) for name, mask in bad.items()}}
    return CurveFit(curve, int(used.sum()), dropped, score.nmae, score.nrmse, score.bias, notes)


def fit_wind_scale(
    speed_m_per_s: object, power_mw: object, capacity_mw: float, to_mw: Callable[[FloatArray], FloatArray],
    *, step_h: float = 1.0,
) -> ScaleFit:  # fmt: skip
    """Fit the factor on the wind with which a known chain gives the measured power best (least squares).

    Parameters
    ----------
    speed_m_per_s, power_mw, capacity_mw, step_h
        As `fit_power_curve`.
    to_mw : callable
        The chain: wind at the hub (n,) [m/s] to power (n,) [MW], losses included.

    Raises
    ------
    TooLittleHistory, GridMismatch, NegativeValue, ImplausibleValue
        As `fit_power_curve`.
    CannotFit
        Where the best factor lies at an end of 0.5 to 2: the curve or the unit of the wind is wrong.
    """
    from scipy.optimize import minimize_scalar

    capacity = setting(capacity_mw, 1e-9, np.inf)
    wind, power, _, _ = _record(speed_m_per_s, power_mw, RHO_0_KG_PER_M3, np.nan)
    known = np.isfinite(wind) & np.isfinite(power)
    v = wind[known]
    share = np.maximum(within("power over capacity", power[known] / capacity, -OVER, OVER, "MW"), 0.0)
    _long(THE_FACTOR, v.size, step_h)

    def error(factor: float) -> float:
        return float(np.mean((to_mw(v * factor) / capacity - share) ** 2))

    # the storm stop and flat ends make several minima: the best of a coarse row, then between its neighbours
    row = np.linspace(0.5, 2.0, 61)
    best = int(np.argmin([error(float(factor)) for factor in row]))
    if best in (0, row.size - 1):
        reason = Text("the best factor is beyond 0.5 to 2", "最佳系数超出 0.5 至 2")
        raise CannotFit(what=THE_FACTOR, reason=reason)
    factor = float(minimize_scalar(error, bounds=(row[best - 1], row[best + 1]), method="bounded").x)
    score = _score(to_mw(v * factor) / capacity, share)
    lacking = int((~known).sum())
    note = Text(
        f"The wind was multiplied by {factor:.3f}; {lacking} step(s) without wind or power left out.",
        f"风速乘以 {factor:.3f}；剔除缺风速或功率的时刻 {lacking} 个。",
    )
    return ScaleFit(factor, v.size, score.nmae, score.nrmse, score.bias, (note,))


def curve_csv(curve: PowerCurve) -> str:
    """Return a curve as the text of a file that the park file's ``curve`` reads, in its default columns."""
    rows = zip(curve.speeds_m_per_s.tolist(), curve.power_mw.tolist(), strict=True)
    return "speed_m_per_s,power_mw\n" + "".join(f"{speed!r},{power!r}\n" for speed, power in rows)


def _record(speed: object, power: object, density: object, temp: object) -> tuple[FloatArray, ...]:
    wind = np.atleast_1d(np.asarray(speed, dtype=float))
    others = [np.asarray(values, dtype=float) for values in (power, density, temp)]
    for name, values in zip(("power", "air density", "temperature"), others, strict=True):
        if values.shape not in ((), wind.shape) or (name == "power" and values.shape != wind.shape):
            raise GridMismatch(name=name, got=f"{values.shape} values", expected=f"{wind.size} values")
    if (wind < 0).any():
        raise NegativeValue(column="wind speed", value=float(np.nanmin(wind)))
    return wind, *(np.broadcast_to(values, wind.shape) for values in others)


def _long(what: Text, steps: int, step_h: float) -> None:
    days = steps * setting(step_h, 1 / 60, 24) / 24
    if days < LEAST_DAYS:
        raise TooLittleHistory(what=what, days=days, needed=LEAST_DAYS)


def _enough(what: Text, v: FloatArray, step_h: float) -> None:
    _long(what, v.size, step_h)
    low, high = NEEDED_M_PER_S
    counts = {edge: int(((v >= edge) & (v < edge + 1)).sum()) for edge in range(low, high)}
    lacking = ", ".join(f"{e} to {e + 1} m/s ({n})" for e, n in counts.items() if n < LEAST_PER_BIN)
    if lacking:
        reason = Text(
            f"each m/s needs {LEAST_PER_BIN} steps, and too few are at {lacking}",
            f"每 1 m/s 区间至少需 {LEAST_PER_BIN} 个时刻，以下区间不足：{lacking}",
        )
        raise CannotFit(what=what, reason=reason)


def _isotonic(v: FloatArray, power: FloatArray, stop: float, capacity: float) -> PowerCurve:
    """Return the curve through the bins' medians, rising, from calm to the storm stop."""
    from sklearn.isotonic import IsotonicRegression

    bins = (v / BIN_M_PER_S).astype(np.int64)
    filled, counts = np.unique(bins, return_counts=True)
    speeds = np.array([v[bins == one].mean() for one in filled])
    medians = np.array([np.median(power[bins == one]) for one in filled])
    rising = np.asarray(IsotonicRegression(y_min=0.0).fit_transform(speeds, medians, sample_weight=counts), dtype=float)
    if not rising.max() > 0:
        raise CannotFit(what=THE_CURVE, reason=Text("no power is seen at any wind", "所有风速下均无功率"))
    inside = (speeds > 0) & (speeds < stop)
    x = np.concatenate(([0.0], speeds[inside], [stop]))
    y = np.concatenate(([rising[0] if filled[0] == 0 else 0.0], rising[inside], [rising[inside][-1]]))
    return PowerCurve("fitted", x, np.minimum(y, capacity), capacity)


def _score(fit: FloatArray, measured: FloatArray) -> Score:
    off = fit - measured
    return Score(float(np.abs(off).mean()), float(np.sqrt(np.mean(off**2))), float(off.mean()))
