"""Storms: when a turbine stops, when it starts again, and control that gives way slowly instead of stopping.

Smoothing a power curve over the farm (windpowerlib's `smooth_power_curve`) is not on offer: it
smears the storm stop, so that a V164/8000 would still give 3.3 of 8 MW at 26 m/s, above its stop.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import WrongCurve
from parkopt.forecast.arrays import numbers, setting
from parkopt.forecast.wind import PowerCurve


def turning(
    hub_speed_m_per_s: object, stop_m_per_s: float, restart_m_per_s: float, *, stopped: bool = False
) -> NDArray[np.bool_]:
    """Return in which steps a turbine turns: stopped above `stop`, started again below `restart`.

    Parameters
    ----------
    hub_speed_m_per_s : array_like
        Steps in the order of time, shape ``(n,)`` [m/s].
    stop_m_per_s, restart_m_per_s : float
        The storm stop and the speed below which it ends (often 3 m/s lower, such as 25 and 22) [m/s].
    stopped : bool
        Whether a storm has stopped it before the first step.

    Returns
    -------
    NDArray[np.bool_]
        Shape ``(n,)``; a step between the two speeds keeps the state of the step before it.

    Raises
    ------
    OutOfRange
        Where `restart` is above `stop`.
    GridMismatch, UnreadableValue, NegativeValue
        Where the speeds are none.
    """
    wind = numbers("wind speed", hub_speed_m_per_s)
    stops = wind > setting(stop_m_per_s, 0, 100)
    decides = stops | (wind < setting(restart_m_per_s, 0, stop_m_per_s))
    # the last step that decided, at or before each step; 0 is the state before the first
    last = np.maximum.accumulate(np.where(decides, np.arange(1, wind.size + 1), 0))
    halted: NDArray[np.bool_] = np.concatenate(([stopped], stops))[last]
    return ~halted


def with_soft_stop(curve: PowerCurve, begins_m_per_s: float, stops_m_per_s: float) -> PowerCurve:
    """Return the curve of a turbine that gives way in a storm: on a straight line to 0, not at once.

    Parameters
    ----------
    curve : PowerCurve
        The curve with a hard stop.
    begins_m_per_s, stops_m_per_s : float
        Where power begins to fall, and where it reaches 0 [m/s].

    Raises
    ------
    WrongCurve
        Where it would begin below full power or beyond the curve's own stop, or end before it begins.
    """
    speeds, power = curve.speeds_m_per_s, curve.power_mw
    full = float(speeds[np.argmax(power)])
    if not full <= begins_m_per_s <= curve.cut_out_m_per_s or not begins_m_per_s < stops_m_per_s:
        raise WrongCurve(
            turbine=curve.turbine,
            reason=Text(
                f"a soft stop begins between {full:g} and {curve.cut_out_m_per_s:g} m/s and ends above that, "
                f"not {begins_m_per_s:g} to {stops_m_per_s:g} m/s",
                f"软切出应始于 {full:g} 至 {curve.cut_out_m_per_s:g} m/s 并在其后结束，"
                f"而非 {begins_m_per_s:g} 至 {stops_m_per_s:g} m/s",
            ),
        )
    kept = speeds < begins_m_per_s
    ends: FloatArray = np.array([begins_m_per_s, stops_m_per_s])
    falls = np.array([float(np.interp(begins_m_per_s, speeds, power)), 0.0])
    return replace(
        curve, speeds_m_per_s=np.concatenate((speeds[kept], ends)), power_mw=np.concatenate((power[kept], falls))
    )
