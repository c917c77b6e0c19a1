"""Where the sun is and how bright a clear or a cloudy sky is: a few published formulas.

Good to 0.3 degrees and a few per cent: enough to generate the embedded year, to split a
global irradiance and to shape an hour. The PV chain of `parkopt.forecast.pv` uses pvlib.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from parkopt.clock import FloatArray

TimeArray = NDArray[np.datetime64]
SOLAR_CONSTANT_W_PER_M2 = 1361.0
"""Kopp & Lean 2011, Geophys. Res. Lett. 38, L01706."""


def later(time_utc: TimeArray, minutes: ArrayLike) -> TimeArray:
    """Return instants that lie `minutes` after others, to the second."""
    seconds = np.round(np.asarray(minutes, dtype=float) * 60).astype("timedelta64[s]")
    return np.asarray(time_utc.astype("datetime64[s]") + seconds, dtype="datetime64[s]")


def _fraction_of_year(time_utc: TimeArray) -> FloatArray:
    """Return the angle of the day in the year, in radians."""
    year = time_utc.astype("datetime64[Y]")
    days = (time_utc - year) / np.timedelta64(1, "D")
    length = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")) / np.timedelta64(1, "D")
    return np.asarray(2 * np.pi * days / length, dtype=float)


def equation_of_time_min(time_utc: TimeArray) -> FloatArray:
    """Return the equation of time in minutes (Spencer 1971, Search 2(5), 172)."""
    a = _fraction_of_year(time_utc)
    series = (
        7.5e-5 + 1.868e-3 * np.cos(a) - 3.2077e-2 * np.sin(a) - 1.4615e-2 * np.cos(2 * a) - 4.0849e-2 * np.sin(2 * a)
    )
    return np.asarray(229.18 * series, dtype=float)


def declination_rad(time_utc: TimeArray) -> FloatArray:
    """Return the sun's declination in radians (Spencer 1971)."""
    a = _fraction_of_year(time_utc)
    return np.asarray(
        0.006918 - 0.399912 * np.cos(a) + 0.070257 * np.sin(a) - 0.006758 * np.cos(2 * a)
        + 0.000907 * np.sin(2 * a) - 0.002697 * np.cos(3 * a) + 0.00148 * np.sin(3 * a), dtype=float,
    )  # fmt: skip


def hour_angle_rad(time_utc: TimeArray, longitude: float) -> FloatArray:
    """Return the angle of the sun after true solar noon, in radians, from -pi to pi."""
    minutes = (time_utc - time_utc.astype("datetime64[D]")) / np.timedelta64(1, "m")
    solar = minutes + 4 * longitude + equation_of_time_min(time_utc)
    return np.asarray(np.deg2rad((solar / 4 - 180 + 180) % 360 - 180), dtype=float)


def cos_zenith(time_utc: TimeArray, latitude: float, longitude: float) -> FloatArray:
    """Return the cosine of the sun's zenith angle; negative at night.

    Parameters
    ----------
    time_utc : array of datetime64, shape (n,)
        Instants in UTC.
    latitude, longitude : float
        Degrees north and east.
    """
    dec, lat = declination_rad(time_utc), np.deg2rad(latitude)
    hour = hour_angle_rad(time_utc, longitude)
    return np.asarray(np.sin(lat) * np.sin(dec) + np.cos(lat) * np.cos(dec) * np.cos(hour), dtype=float)


def extraterrestrial_w_per_m2(time_utc: TimeArray) -> FloatArray:
    """Return the irradiance on a plane facing the sun above the air (Spencer 1971)."""
    a = _fraction_of_year(time_utc)
    distance = 1.00011 + 0.034221 * np.cos(a) + 0.00128 * np.sin(a) + 7.19e-4 * np.cos(2 * a) + 7.7e-5 * np.sin(2 * a)
    return np.asarray(SOLAR_CONSTANT_W_PER_M2 * distance, dtype=float)


def air_mass(cos_z: FloatArray) -> FloatArray:
    """Return the relative air mass (Kasten & Young 1989, Appl. Opt. 28, 4735)."""
    mu = np.clip(cos_z, 0.0, 1.0)
    elevation_deg = np.rad2deg(np.arcsin(mu))
    return np.asarray(1 / (mu + 0.50572 * (elevation_deg + 6.07995) ** -1.6364), dtype=float)


def clear_sky(
    cos_z: FloatArray, extra_w_per_m2: FloatArray, linke: FloatArray, altitude_m: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Return global and direct normal clear-sky irradiance in W/m2.

    Source: Ineichen & Perez 2002, Solar Energy 73(3), 151, with air mass at sea level.

    Parameters
    ----------
    cos_z, extra_w_per_m2, linke : array, shape (n,)
        Cosine of the zenith, irradiance above the air, Linke turbidity.
    altitude_m : float
        Metres above sea level.
    """
    mu, mass = np.clip(cos_z, 0.0, 1.0), air_mass(cos_z)
    fh1, fh2 = np.exp(-altitude_m / 8000), np.exp(-altitude_m / 1250)
    cg1, cg2 = 5.09e-5 * altitude_m + 0.868, 3.92e-5 * altitude_m + 0.0387
    ghi = cg1 * extra_w_per_m2 * mu * np.exp(-cg2 * mass * (fh1 + fh2 * (linke - 1)) + 0.01 * mass**1.8)
    direct = (0.664 + 0.163 / fh1) * extra_w_per_m2 * np.exp(-0.09 * mass * (linke - 1))
    # near the horizon the correction 0.01 AM^1.8 grows without bound; no more than Haurwitz 1945 there
    ghi = np.minimum(ghi, np.where(mu > 0, 1098 * mu * np.exp(-0.057 / np.maximum(mu, 1e-3)), 0.0))
    return np.where(mu > 0, ghi, 0.0), np.where(mu > 0, direct, 0.0)


def diffuse_fraction(clearness: FloatArray) -> FloatArray:
    """Return diffuse over global irradiance for a clearness index (Erbs et al. 1982, Solar Energy 28, 293)."""
    k = np.clip(clearness, 0.0, 1.2)
    middle = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.asarray(np.where(k <= 0.22, 1 - 0.09 * k, np.where(k <= 0.8, middle, 0.165)), dtype=float)  # noqa: PLR2004


def split_global(
    ghi_w_per_m2: FloatArray, cos_z: FloatArray, extra_w_per_m2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return direct normal and diffuse irradiance (W/m2) that close: ``ghi = dhi + dni cos z``.

    Erbs et al. 1982. Below 5 degrees of sun (cos z 0.087) the division by cos z has no
    meaning, and all is diffuse.
    """
    low = cos_z < 0.087  # noqa: PLR2004
    mu = np.maximum(cos_z, 0.087)
    direct = ghi_w_per_m2 * (1 - diffuse_fraction(ghi_w_per_m2 / (extra_w_per_m2 * mu))) / mu
    dni = np.where(low, 0.0, np.minimum(direct, extra_w_per_m2))
    return dni, ghi_w_per_m2 - dni * np.where(low, 0.0, mu)
