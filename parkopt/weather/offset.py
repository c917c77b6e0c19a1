"""Which sun a file's irradiance belongs to: found from the data, not from the format.

Formats differ and files break their own format. Global, direct and diffuse irradiance
close, ``ghi = dhi + dni cos z``, at one displacement of the sun only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import NOWHERE, Where
from parkopt.faults import ShiftedClock
from parkopt.weather.dated import DHI, DNI, GHI
from parkopt.weather.sun import TimeArray, cos_zenith, hour_angle_rad, later

CANDIDATES_MIN = np.arange(-90, 155, 5)
"""Wide enough that a file which is a whole hour early or late has its minimum inside."""
MAX_RMS_W_PER_M2 = 20.0
"""A worse closure at the best displacement means that the three were not measured or derived together."""
MIN_MEDIAN_W_PER_M2 = 2.0
"""With so little direct light, every displacement closes."""
SHARP = 0.75
"""The best closure must be below this share of the median candidate, else it says nothing."""
HALF_HOUR_MIN, HOUR_MIN, DAY_MIN = 30, 60, 24 * 60
EXACT_MIN, HOUR_AWAY_MIN = 10, 45
"""Displacements that closure does not tell apart, and those that only a wrong label or zone explains."""
LONG_DAYS = 30
"""From so many days on, clouds no longer move the centre of the light by an hour."""
NOON_MIN, SHORT_NOON_MIN = 75, 180
"""How far from solar noon the light of so many days, and of fewer, may be centred."""


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


def sun_of_year(
    start_utc: TimeArray,
    hourly: Mapping[str, FloatArray],
    place: tuple[float, float],
    default_min: float = 30.0,
    where: Where = NOWHERE,
) -> SolarOffset:
    """Return the displacement of the sun of a whole year of hours.

    Raises
    ------
    ShiftedClock
        Where the light is hours away from solar noon, or closes at an edge of the search only.
    """
    fit = SolarOffset(default_min, float("nan"), found=False)
    if DNI in hourly and DHI in hourly:
        fit = solar_offset_min(start_utc, (hourly[GHI], hourly[DNI], hourly[DHI]), place, default_min)
    shift_min = noon_shift_min(start_utc, hourly[GHI], place[1])
    # at an edge of the search nothing was found, and hours away from noon it searched in vain
    at_edge = fit.found and fit.minutes in (CANDIDATES_MIN[0], CANDIDATES_MIN[-1])
    if at_edge or not -CANDIDATES_MIN[-1] <= shift_min <= -CANDIDATES_MIN[0]:
        raise ShiftedClock(where, minutes=shift_min)
    return fit


def require_noon(
    start_utc: TimeArray, ghi_w_per_m2: FloatArray, step_min: float, longitude: float, where: Where
) -> None:
    """Raise `ShiftedClock` where the light of the whole days of a series is centred far from solar noon.

    Hours away, the zone is wrong: UTC taken for local time, say. Less than a day says nothing.
    """
    days = int(len(start_utc) * step_min // DAY_MIN)
    whole = slice(0, int(days * DAY_MIN / step_min))
    if not ghi_w_per_m2[whole].any():
        return
    shift_min = noon_shift_min(start_utc[whole], ghi_w_per_m2[whole], longitude) + step_min / 2
    if abs(shift_min) > (NOON_MIN if days >= LONG_DAYS else SHORT_NOON_MIN):
        raise ShiftedClock(where, minutes=shift_min)


def sun_of_series(
    start_utc: TimeArray, values: Mapping[str, FloatArray], step_min: float, place: tuple[float, float], where: Where
) -> tuple[float, tuple[str, ...]]:
    """Return the minutes from the start of a series' step to its sun, and a note where that is not the middle.

    Raises
    ------
    ShiftedClock
        Where the light is centred far from solar noon, or closes an hour away from the middle.
    """
    middle = step_min / 2
    require_noon(start_utc, values[GHI], step_min, place[1], where)
    if DNI not in values or DHI not in values:
        return middle, ()
    fit = solar_offset_min(start_utc, (values[GHI], values[DNI], values[DHI]), place, middle)
    away = abs(fit.minutes - middle)
    if not fit.found or away <= EXACT_MIN:
        return middle, ()
    if away >= HOUR_AWAY_MIN:
        raise ShiftedClock(where, minutes=middle - fit.minutes)
    return fit.minutes, (f"Sun at {fit.minutes:+.0f} min of a step, found by closure (middle {middle:.0f} min).",)


def set_clock(
    hourly: Mapping[str, FloatArray], fit: SolarOffset
) -> tuple[dict[str, FloatArray], float, tuple[str, ...]]:
    """Return the year with its rows moved by whole hours, the displacement left in minutes, and notes."""
    late_h, offset_min = whole_hours(fit.minutes)
    moved = {name: np.roll(values, late_h) for name, values in hourly.items()}
    notes: tuple[str, ...] = ()
    if late_h:
        notes = (
            f"All rows were moved by {late_h:+d} h: by the file's clock the sun stands at {fit.minutes:+.0f} min.",
        )
    how = f"found by closure (RMS {fit.rms_w_per_m2:.1f} W/m2)" if fit.found else _ASSUMED
    return moved, offset_min, (*notes, f"Sun at {offset_min:+.0f} min, {how}.")


_ASSUMED = "assumed by the format, closure says nothing"


def whole_hours(minutes: float) -> tuple[int, float]:
    """Return by how many hours the rows must move later, and the displacement that is left, in minutes.

    A displacement between -30 and 60 min is the format's own and moves nothing.
    """
    late_h = 0 if -HALF_HOUR_MIN < minutes < HOUR_MIN else int(minutes // HOUR_MIN)
    return late_h, minutes - late_h * HOUR_MIN
