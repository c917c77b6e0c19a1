"""Hourly means to 30 and 15 min steps.

Irradiance keeps the mean of each hour: the hour is shaped by the height of the sun, which
means one clear-sky index an hour. The rest is interpolated between the middles of hours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parkopt.clock import FloatArray
from parkopt.weather.sun import TimeArray, cos_zenith, later

HOUR_MIN = 60
HORIZONTAL = ("ghi_w_per_m2", "dhi_w_per_m2")
NORMAL = "dni_w_per_m2"


def shaped(hourly: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the steps of hours in proportion to `weight`; each hour keeps its mean.

    Parameters
    ----------
    hourly : array, shape (n,)
        Means of the hours.
    weight : array, shape (n, k)
        Not negative; an hour without any weight stays flat.

    Returns
    -------
    array, shape (n * k,)
    """
    mean = weight.mean(axis=1, keepdims=True)
    # weights of a sun on the very horizon would divide rounding errors
    flat = mean < 1e-6  # noqa: PLR2004
    relative = np.where(flat, 1.0, weight / np.where(flat, 1.0, mean))
    return np.asarray((hourly[:, None] * relative).ravel(), dtype=float)


def between(hourly: FloatArray, steps: int) -> FloatArray:
    """Return values (n * steps,) on the straight lines between the middles of hours; ends are held."""
    middles = np.arange(len(hourly)) + 0.5
    at = (np.arange(len(hourly) * steps) + 0.5) / steps
    return np.asarray(np.interp(at, middles, hourly), dtype=float)


def step_offset_min(solar_offset_min: float, steps: int) -> float:
    """Return the solar offset of the finer steps: the hour's own displacement is kept."""
    return HOUR_MIN / steps / 2 + solar_offset_min - HOUR_MIN / 2


def refine(
    hourly: Mapping[str, FloatArray],
    start_utc: TimeArray,
    steps: int,
    place: tuple[float, float],
    solar_offset_min: float = 30.0,
) -> dict[str, FloatArray]:
    """Return canonical hourly variables on `steps` steps an hour.

    Parameters
    ----------
    hourly : mapping
        Canonical name to hourly values (n,).
    start_utc : array of datetime64, shape (n,)
        Starts of the hours, in UTC.
    steps : int
        1, 2 or 4.
    place : tuple of float
        Latitude and longitude of the data, in degrees.
    solar_offset_min : float
        Minutes from the start of an hour to the sun that its irradiance belongs to.
    """
    if steps == 1:
        return {name: np.asarray(values, dtype=float) for name, values in hourly.items()}
    length_min = HOUR_MIN / steps
    at_min = np.arange(steps) * length_min + step_offset_min(solar_offset_min, steps)
    instants = later(start_utc[:, None], at_min)
    height = np.clip(cos_zenith(instants.ravel(), *place).reshape(-1, steps), 0.0, None)
    # direct normal light hardly depends on the height of the sun, only on its being up
    weights = dict.fromkeys(HORIZONTAL, height) | {NORMAL: (height > 0).astype(float)}
    return {
        name: shaped(values, weights[name]) if name in weights else between(values, steps)
        for name, values in hourly.items()
    }
