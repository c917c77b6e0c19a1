"""What dirt, age and snow leave of the DC power: shares by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, TooShort
from parkopt.forecast.arrays import numbers, setting

MONTHS = 12
DAYS_PER_YEAR = 365.2425
SNOW_STRINGS = 2
"""Strings along the slant height of a row: a half-cut module has two halves in parallel [-]."""
LEAST_SNOW_STEPS = 3
CM_PER_M = 100.0


def clean_share(local: pd.DatetimeIndex, soiling: float | Sequence[float]) -> FloatArray:
    """Return what dirt lets through of the light, shape ``(n,)`` [-].

    Parameters
    ----------
    local : pandas.DatetimeIndex
        Starts of the steps in local time.
    soiling : float or sequence of float
        Share that dirt takes; one number, or twelve from January to December [-].

    Raises
    ------
    GridMismatch, OutOfRange
        Where there are not twelve months, or a share is none.
    """
    taken = np.atleast_1d(np.asarray(soiling, dtype=float))
    if taken.shape not in ((1,), (MONTHS,)):
        raise GridMismatch(name="soiling", got=f"{taken.size} values", expected=f"1 or {MONTHS} values")
    for share in taken:
        setting(float(share), 0, 1)
    by_month = np.broadcast_to(taken, MONTHS)
    return np.asarray(1.0 - by_month[np.asarray(local.month) - 1])


def aged_share(local: pd.DatetimeIndex, commissioned: str, per_year: float) -> FloatArray:
    """Return what age has left of the module power at each step, on a straight line, never below 0 [-].

    Parameters
    ----------
    local : pandas.DatetimeIndex
        Starts of the steps in local time.
    commissioned : str
        Month of the first service, such as ``"2021-06"``; before it the modules count as new.
    per_year : float
        Share of the first power lost each year (Jordan et al. 2016: median 0.5-0.6 %) [1/year].

    Raises
    ------
    OutOfRange
        Where the loss is no share.
    """
    setting(per_year, 0, 1)
    first = pd.Timestamp(f"{commissioned}-01").tz_localize(local.tz)
    years = np.asarray((local - first) / pd.Timedelta(days=DAYS_PER_YEAR), dtype=float)
    return np.asarray(np.clip(1.0 - per_year * np.maximum(years, 0.0), 0.0, 1.0), dtype=float)


def bare_share(
    depth_m: object, total_w_per_m2: FloatArray, temp_air_degc: object, tilt_deg: float | FloatArray, step_h: float
) -> FloatArray:
    """Return which share of the strings works while snow slides off (Marion et al. 2013; Ryberg and Freeman 2017).

    Snow that lies deeper than in the step before has fallen: above 1 cm/h it covers the modules. It slides while
    the sun and the air are warm enough, and is gone when the ground is bare. What fell before the first step is
    taken to be off the modules.

    Parameters
    ----------
    depth_m : array_like
        Snow on the ground, shape ``(n,)`` [m].
    total_w_per_m2 : FloatArray
        Light on the bare modules [W/m2].
    temp_air_degc : array_like
        Air at 2 m [degC].
    tilt_deg : float or FloatArray
        Tilt of the modules [deg].
    step_h : float
        Length of a step [h].

    Raises
    ------
    TooShort
        Where there are fewer than three steps.
    GridMismatch, UnreadableValue, NegativeValue
        Where an array does not fit, has no number, or the depth is below 0.
    """
    from pvlib import snow

    n = total_w_per_m2.size
    if n < LEAST_SNOW_STEPS:
        raise TooShort(Where(field="snow_depth_m"), count=n, needed=LEAST_SNOW_STEPS)
    index = pd.date_range("2000-01-01", periods=n, freq=pd.Timedelta(hours=step_h))
    depth_cm = CM_PER_M * numbers("snow_depth", depth_m, n)
    fallen, depth, light, air, tilt = (
        pd.Series(np.broadcast_to(np.asarray(values, dtype=float), n), index)
        for values in (np.diff(depth_cm, prepend=depth_cm[0]).clip(0.0), depth_cm, total_w_per_m2,
                       numbers("temp_air", temp_air_degc, n, signed=True), tilt_deg)
    )  # fmt: skip
    covered = snow.coverage_nrel(fallen, light, air, tilt, snow_depth=depth)
    return np.asarray(1.0 - snow.dc_loss_nrel(covered, SNOW_STRINGS), dtype=float)
