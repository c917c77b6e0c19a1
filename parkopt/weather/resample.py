"""Hourly means to 30 and 15 min steps.

Irradiance keeps the mean of each hour: the hour is shaped by the height of the sun, which
means one clear-sky index an hour. The rest is interpolated between the middles of hours,
directions as vectors: between 350 and 10 degrees lies north, not south.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.weather.sun import TimeArray, cos_zenith, later

ComplexArray = NDArray[np.complex128]
HOUR_MIN = 60
HORIZONTAL = ("ghi_w_per_m2", "dhi_w_per_m2")
NORMAL = "dni_w_per_m2"
DIRECTION = "wind_from_direction"
"""Names that begin so are angles in degrees."""


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


def to_vectors(direction_deg: FloatArray) -> ComplexArray:
    """Return directions (n,) in degrees as vectors of length 1 in the complex plane."""
    return np.asarray(np.exp(1j * np.deg2rad(direction_deg)), dtype=complex)


def to_degrees(vectors: ComplexArray) -> FloatArray:
    """Return where vectors (n,) point, in degrees from 0 to 360; for a vector of no length 0."""
    return np.asarray(np.rad2deg(np.angle(vectors)) % 360, dtype=float)


def between_directions(hourly_deg: FloatArray, steps: int) -> FloatArray:
    """Return directions (n * steps,) on the lines between the vectors of hours; ends are held."""
    vectors = to_vectors(hourly_deg)
    return to_degrees(between(vectors.real, steps) + 1j * between(vectors.imag, steps))


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
        name: shaped(values, weights[name]) if name in weights else _straight(name, values, steps)
        for name, values in hourly.items()
    }


def _straight(name: str, hourly: FloatArray, steps: int) -> FloatArray:
    return between_directions(hourly, steps) if name.startswith(DIRECTION) else between(hourly, steps)
