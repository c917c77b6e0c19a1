"""Which sun a file's irradiance belongs to: found from the data, not from the format.

Formats differ and files break their own format. Global, direct and diffuse irradiance
close, ``ghi = dhi + dni cos z``, at one displacement of the sun only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.weather.sun import TimeArray, cos_zenith, hour_angle_rad, later

CANDIDATES_MIN = np.arange(-90, 155, 5)
"""Wide enough that a file which is a whole hour early or late has its minimum inside."""
MAX_RMS_W_PER_M2 = 20.0
"""A worse closure at the best displacement means that the three were not measured or derived together."""
MIN_MEDIAN_W_PER_M2 = 2.0
"""With so little direct light, every displacement closes."""
SHARP = 0.75
"""The best closure must be below this share of the median candidate, else it says nothing."""


@dataclass(frozen=True)
class SolarOffset:
    """Minutes from the start of a step to its sun, and how well that closes."""

    minutes: float
    rms_w_per_m2: float
    found: bool


def closure_rms(
    start_utc: TimeArray,
    irradiance: tuple[FloatArray, FloatArray, FloatArray],
    place: tuple[float, float],
    minutes: float,
) -> float:
    """Return RMS(ghi - dhi - dni cos z) in W/m2 over the daylight steps, with the sun `minutes` after the start.

    Parameters
    ----------
    start_utc : array of datetime64, shape (n,)
        Starts of the steps, in UTC.
    irradiance : tuple of arrays, shape (n,)
        Global, direct normal and diffuse, in W/m2.
    place : tuple of float
        Latitude and longitude in degrees.
    minutes : float
        Displacement that is tried.
    """
    ghi, dni, dhi = irradiance
    height = np.clip(cos_zenith(later(start_utc, minutes), *place), 0.0, None)
    day = ghi > 0
    return float(np.sqrt(np.mean((ghi - dhi - dni * height)[day] ** 2))) if day.any() else float("inf")


def solar_offset_min(
    start_utc: TimeArray,
    irradiance: tuple[FloatArray, FloatArray, FloatArray],
    place: tuple[float, float],
    default_min: float = 30.0,
) -> SolarOffset:
    """Return the displacement of the sun that closes best, of -90 to +150 min in steps of 5.

    Where closure is meaningless (no direct light, or a split that was made elsewhere) the
    `default_min` of the format is returned with ``found=False``.
    """
    rms = np.array([closure_rms(start_utc, irradiance, place, float(minutes)) for minutes in CANDIDATES_MIN])
    best = int(np.argmin(rms))
    median = float(np.median(rms))
    if median < MIN_MEDIAN_W_PER_M2 or rms[best] > min(MAX_RMS_W_PER_M2, SHARP * median):
        return SolarOffset(default_min, float(rms[best]), found=False)
    return SolarOffset(float(CANDIDATES_MIN[best]), float(rms[best]), found=True)


def noon_shift_min(start_utc: TimeArray, ghi_w_per_m2: FloatArray, longitude: float) -> float:
    """Return how long after true solar noon the start-labelled GHI is centred, in minutes.

    A right clock gives minus the solar offset, about -30; hours away from that, the zone is
    wrong. The centre is a mean on the circle, so that a night in the middle of a UTC day
    does no harm.
    """
    angle = hour_angle_rad(start_utc, longitude)
    centre = np.arctan2(float(ghi_w_per_m2 @ np.sin(angle)), float(ghi_w_per_m2 @ np.cos(angle)))
    return float(np.rad2deg(centre) * 4)
