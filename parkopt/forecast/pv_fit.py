"""Fit the PV chain to a plant's own power readings: clean them, scale the model, tell a wrong clock.

The scale is a ratio of sums over daylight steps in which neither limit, curtailment nor outage held the plant,
with the odd days (snow, half the plant off) left out; planes, losses and temperature are fitted only when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import CannotFit, TooLittleHistory
from parkopt.forecast.arrays import numbers
from parkopt.forecast.pv_scada import AT_LIMIT, LIT, OFF, BoolArray, clean_scada

Model = Callable[[Mapping[str, float]], FloatArray]

LEAST_DAYS = 30
"""Days with sun and power below which nothing is fitted."""
ODD = 4.0
"""Days farther than this many robust deviations from the median ratio are odd."""
LEAST_SPREAD = 0.03
"""Least robust deviation of the daily ratios: clouds alone move them so much."""
ROBUST = 1.4826
"""Standard deviation over median absolute deviation of a normal sample."""
FARTHEST_MIN = 720
"""Half a day: beyond it a shift is the same as one the other way."""
DOUBT_MIN = 15.0
"""Shift of the clock from which it is told."""
DAY_MIN = 1440


@dataclass(frozen=True)
class PvFit:
    """What was fitted, from how much, and how well it fits.

    Parameters
    ----------
    scale : float
        Factor on the model's power [-].
    used_steps : int
        Steps that the fit saw.
    dropped : dict
        Steps that it did not see, by reason.
    nmae, nrmse : float
        Mean absolute and root mean square error over the capacity, over all clean steps, day and night, of the
        record that was fitted [-].
    notes : tuple of Text
        What a reader must know, such as a wrong clock.
    shift_min : float
        Minutes by which the record runs behind the model (positive: late).
    parameters : dict
        Fitted parameters by name.
    """

    scale: float
    used_steps: int
    dropped: dict[str, int]
    nmae: float
    nrmse: float
    notes: tuple[Text, ...] = ()
    shift_min: float = 0.0
    parameters: dict[str, float] = field(default_factory=dict)


def fit_pv_scale(
    model_mw: object,
    measured_mw: object,
    *,
    capacity_mw: float,
    step_min: int,
    up: BoolArray,
    limit_mw: float | None = None,
    curtailed: BoolArray | None = None,
) -> PvFit:
    """Fit one factor on the model's power.

    Parameters
    ----------
    model_mw : array_like
        Power of the chain with the weather of the same steps, shape ``(n,)`` [MW].
    measured_mw : array_like
        Readings as they come, shape ``(n,)`` [MW].
    capacity_mw : float
        Nameplate power that the errors are counted over [MW].
    step_min : int
        Length of a step [min].
    up : BoolArray
        Whether the sun is up, shape ``(n,)``.
    limit_mw : float, optional
        AC limit; the capacity where absent [MW].
    curtailed : BoolArray, optional
        Steps in which the plant was held back.

    Raises
    ------
    TooLittleHistory
        Where fewer than 30 days are left.
    CannotFit
        Where the model or the plant gives nothing.
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit or a number is none.
    """
    limit = capacity_mw if limit_mw is None else limit_mw
    model = numbers("model", model_mw, up.size)
    power, dropped = clean_scada(measured_mw, capacity_mw, up, limit)
    used = _usable(model, power, up, capacity_mw, limit, curtailed, dropped)
    day = np.arange(up.size) * step_min // DAY_MIN
    used = _without_odd_days(model, power, used, day, dropped)
    scale = float(power[used].sum() / model[used].sum())
    error = (np.minimum(scale * model, limit) - power)[np.isfinite(power)] / capacity_mw
    shift = shift_min(model, np.nan_to_num(power), step_min)
    return PvFit(
        scale=scale,
        used_steps=int(used.sum()),
        dropped={reason: count for reason, count in dropped.items() if count},
        nmae=float(np.abs(error).mean()),
        nrmse=float(np.sqrt((error**2).mean())),
        notes=_clock_notes(shift),
        shift_min=shift,
    )


def _usable(
    model: FloatArray, power: FloatArray, up: BoolArray, capacity: float, limit: float,
    curtailed: BoolArray | None, dropped: dict[str, int],
) -> BoolArray:  # fmt: skip
    """Return the daylight steps that tell of the scale, and count the others by the first reason that holds."""
    used = up & np.isfinite(power) & (model > LIT * capacity)
    held = np.zeros(up.size, dtype=bool) if curtailed is None else np.asarray(curtailed, dtype=bool)
    reasons = {
        "curtailed": held,
        "outage": power < OFF * capacity,
        "at_limit": (power > AT_LIMIT * limit) | (model > AT_LIMIT * limit),
    }
    for reason, bad in reasons.items():
        dropped[reason] = int((used & bad).sum())
        used = used & ~bad
    return used


def _without_odd_days(
    model: FloatArray, power: FloatArray, used: BoolArray, day: NDArray[np.int_], dropped: dict[str, int]
) -> BoolArray:
    sums = [np.bincount(day[used], weights=values[used], minlength=int(day[-1]) + 1) for values in (model, power)]
    lit = sums[0] > 0.0
    if int(lit.sum()) < LEAST_DAYS:
        raise TooLittleHistory(
            what=Text("the power of the plant", "电站功率"), days=float(lit.sum()), needed=float(LEAST_DAYS)
        )
    ratio = np.divide(sums[1], sums[0], out=np.full(lit.size, np.nan), where=lit)
    middle = float(np.nanmedian(ratio))
    if not middle > 0.0:
        reason = Text("the plant gives no power on most days", "多数日无功率")
        raise CannotFit(what=Text("the scale of the PV plant", "光伏电站的功率系数"), reason=reason)
    spread = max(ROBUST * float(np.nanmedian(np.abs(ratio - middle))), LEAST_SPREAD * middle)
    odd: BoolArray = (np.abs(ratio - middle) > ODD * spread)[day]
    dropped["odd_day"] = int((used & odd).sum())
    return used & ~odd


def shift_min(model_mw: FloatArray, measured_mw: FloatArray, step_min: int) -> float:
    """Return by how many minutes a record runs behind the model, from their cross-correlation.

    Between the steps the top of the correlation lies on a parabola; looked for within 12 h. 0 where nothing matches.
    """
    most = FARTHEST_MIN // step_min
    padded = np.pad(measured_mw, most)
    n = model_mw.size
    match = np.array([float(model_mw @ padded[most + lag : most + lag + n]) for lag in range(-most, most + 1)])
    top = int(np.argmax(match))
    if not match[top] > 0:
        return 0.0
    if not 0 < top < 2 * most:
        return float((top - most) * step_min)
    left, middle, right = match[top - 1 : top + 2]
    bend = left - 2 * middle + right
    return float((top - most + (0.5 * (left - right) / bend if bend else 0.0)) * step_min)


def _clock_notes(shift: float) -> tuple[Text, ...]:
    if abs(shift) < DOUBT_MIN:
        return ()
    way, zh = ("behind", "晚") if shift > 0 else ("ahead of", "早")
    told = f"The readings run {abs(shift):.0f} min {way} the model; nothing was moved."
    return (
        Text(
            f"{told} Check the clock and the zone of the record, or the azimuth.",
            f"实测比模型{zh} {abs(shift):.0f} 分钟；未作移动。请检查记录的时钟、时区或组件方位角。",
        ),
    )


def fit_pv_parameters(
    model: Model,
    measured_mw: object,
    free: Mapping[str, tuple[float, float, float]],
    *,
    capacity_mw: float,
    step_min: int,
    up: BoolArray,
    limit_mw: float | None = None,
    curtailed: BoolArray | None = None,
) -> PvFit:
    """Fit parameters of the chain by bounded least squares, each trial with its own best scale.

    Parameters
    ----------
    model : callable
        Returns the power of the chain [MW], shape ``(n,)``, for parameters by name, such as ``tilt_deg``.
    measured_mw : array_like
        Readings, shape ``(n,)`` [MW].
    free : mapping
        Lowest, first and highest value of each parameter.
    capacity_mw, step_min, up, limit_mw, curtailed
        As in `fit_pv_scale`, whose drops are kept for all trials.

    Raises
    ------
    TooLittleHistory, CannotFit, GridMismatch, OutOfRange
        As `fit_pv_scale`; `CannotFit` where nothing is free, too.
    """
    from scipy.optimize import least_squares

    if not free:
        raise CannotFit(what=Text("the PV plant", "光伏电站"), reason=Text("no parameter is free", "没有可调参数"))
    low, first, high = (np.array([bounds[k] for bounds in free.values()]) for k in range(3))

    def named(values: FloatArray) -> dict[str, float]:
        return dict(zip(free, values.tolist(), strict=True))

    about = {"capacity_mw": capacity_mw, "step_min": step_min, "up": up, "limit_mw": limit_mw, "curtailed": curtailed}
    limit = capacity_mw if limit_mw is None else limit_mw
    begin = numbers("model", model(named(first)), up.size)
    power, dropped = clean_scada(measured_mw, capacity_mw, up, limit)
    used = _usable(begin, power, up, capacity_mw, limit, curtailed, dropped)
    used = _without_odd_days(begin, power, used, np.arange(up.size) * step_min // DAY_MIN, dropped)

    def misses(values: FloatArray) -> FloatArray:
        trial = model(named(values))[used]
        return np.asarray((trial * (power[used].sum() / max(trial.sum(), 1e-9)) - power[used]) / capacity_mw)

    found = least_squares(
        misses, first, bounds=(low, high), x_scale=high - low, loss="soft_l1", f_scale=0.03, diff_step=1e-3
    )
    fit = fit_pv_scale(model(named(found.x)), measured_mw, **about)  # type: ignore[arg-type]
    return PvFit(**(vars(fit) | {"parameters": named(found.x)}))
