"""Sun, cloud, temperature and pressure of the embedded year. SYNTHETIC, calibrated, never measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.weather.sun import TimeArray, clear_sky, cos_zenith, extraterrestrial_w_per_m2, split_global
from parkopt.weather.synth_noise import between_days, between_months, field, forecast_latent, rank, unit

GHI_TARGET_KWH_PER_M2 = np.array([83, 91, 122, 144, 161, 144, 145, 140, 116, 103, 82, 75], dtype=float)
TEMP_TARGET_DEGC = np.array([2.3, 4.2, 8.4, 14.2, 19.6, 23.5, 27.2, 27.0, 23.2, 17.7, 11.2, 4.9])
"""33.2-34.3 N (parkopt reference, weather 2.2); CMA 1981-2010 of Liandao and coastal sums of GHI are its anchors."""
CLOUD_RANK = np.array([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
CLOUD_KC = np.array([0.04, 0.13, 0.45, 0.75, 0.93, 1.03, 1.10])
"""Quantiles of the clear-sky index, Shanghai TMYx (weather 2.4)."""
LINKE_LOW, LINKE_HIGH = 2.2, 4.7
"""Linke turbidity of January and July at 33.8 N (weather 2.2)."""
SKILL = 0.73
"""Latent correlation of the day-ahead PV forecast; weather 2.5 has 0.70, which errs 0.041 of capacity here."""
DAILY, HOURLY = 0.72, 0.28


@dataclass(frozen=True)
class Sky:
    """Hourly variables (hours, sites) of actual or forecast weather."""

    ghi_w_per_m2: FloatArray
    dni_w_per_m2: FloatArray
    dhi_w_per_m2: FloatArray
    clear_index: FloatArray
    """The clear-sky index before the typhoon."""


@dataclass(frozen=True)
class Cloud:
    """Standard normal cloud latents (hours, sites); ``daily`` drives wind too."""

    latent: FloatArray
    daily: FloatArray


def cloud(rng: np.random.RandomState, hours: int, apart_km: FloatArray) -> Cloud:
    """Return the cloud latent: days that follow one another, and the hours within (weather 2.4)."""
    daily = unit(between_days(field(rng, hours // 24, apart_km, 400.0, 0.55), hours))
    hourly = field(rng, hours, apart_km, 90.0, 0.88)
    return Cloud(unit(DAILY * daily + HOURLY * hourly), daily)


def cloud_forecast(rng: np.random.RandomState, actual: Cloud, apart_km: FloatArray) -> FloatArray:
    """Return the latent of the day-ahead forecast (hours, sites)."""
    error = field(rng, len(actual.latent), apart_km, 250.0, float(np.exp(-1 / 7)))
    return forecast_latent(actual.latent, SKILL, error)


def kc_of(probability: FloatArray, exponent: FloatArray) -> FloatArray:
    """Return the clear-sky index of a rank; the exponent moves a month to its target."""
    return np.asarray(np.interp(probability**exponent, CLOUD_RANK, CLOUD_KC), dtype=float)


def clear_ghi(time_utc: TimeArray, place: tuple[float, float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return clear-sky GHI, clear-sky DNI (W/m2) and the cosine of the zenith, (hours,) each."""
    height = cos_zenith(time_utc, *place)
    season = (1 - np.cos(2 * np.pi * (time_utc - time_utc[0]) / (time_utc[-1] - time_utc[0]))) / 2
    linke = LINKE_LOW + (LINKE_HIGH - LINKE_LOW) * np.asarray(season, dtype=float)
    ghi, dni = clear_sky(height, extraterrestrial_w_per_m2(time_utc), linke)
    return ghi, dni, height


def exponents(latent: FloatArray, clear: FloatArray, month: FloatArray) -> FloatArray:
    """Return the exponent of each month (12,) that gives its GHI target, by bisection in its logarithm."""
    found = np.zeros(12)
    for m in range(12):
        here = month == m
        probability, light = rank(latent[here]), clear[here]
        low, high = -4.0, 4.0
        for _ in range(50):
            middle = (low + high) / 2
            total = float(kc_of(probability, np.exp(middle)) @ light) / 1000
            low, high = (middle, high) if total > GHI_TARGET_KWH_PER_M2[m] else (low, middle)
        found[m] = np.exp(low)
    return found


def sky(
    latent: FloatArray, exponent: FloatArray, dimming: FloatArray, time_utc: TimeArray, place: tuple[float, float]
) -> Sky:
    """Return the light of one site (hours,).

    Parameters
    ----------
    latent, exponent, dimming : array, shape (hours,)
        Cloud latent, exponent of the hour's month, and the share that the typhoon lets through.
    time_utc : array of datetime64, shape (hours,)
        Middles of the hours.
    place : tuple of float
        Latitude and longitude.
    """
    clear, clear_dni, height = clear_ghi(time_utc, place)
    index = kc_of(rank(latent), exponent)
    # whole watts, so that the shipped figures close as exactly as they can
    ghi: FloatArray = np.rint(index * dimming * clear)
    dni, _ = split_global(ghi, height, extraterrestrial_w_per_m2(time_utc))
    dni = np.rint(np.minimum(dni, 1.05 * clear_dni))
    dhi: FloatArray = np.rint(np.clip(ghi - dni * np.clip(height, 0, None), 0, None))
    return Sky(ghi, dni, dhi, index)


def temperature(rng: np.random.RandomState, index: FloatArray, month: FloatArray, apart_km: FloatArray) -> FloatArray:
    """Return air temperature in degC (hours, sites): season, passing weather, and a day that clouds flatten."""
    hours = len(index)
    weather = between_days(field(rng, hours // 24, apart_km, 700.0, 0.78), hours)
    spread = between_months(np.array([3.4, 3.6, 3.6, 3.4, 3.0, 2.4, 1.9, 1.9, 2.3, 2.9, 3.5, 3.6]), month, hours)
    of_day = index.reshape(-1, 24, index.shape[1])[:, 8:17].mean(axis=1)
    swing = 2.0 + 3.2 * between_days(np.clip(of_day, 0, 1), hours)
    wave = np.cos(2 * np.pi * (np.arange(hours) % 24 - 14.5) / 24)
    built = spread[:, None] * weather + swing * wave[:, None]
    return np.stack([_to_months(built[:, site], month) for site in range(index.shape[1])], axis=1)


def _to_months(values: FloatArray, month: FloatArray) -> FloatArray:
    """Move `values` smoothly until the mean of each month is near its target."""
    for _ in range(4):
        means = np.array([values[month == m].mean() for m in range(12)])
        values = values + between_months(TEMP_TARGET_DEGC - means, month, len(values))
    return values


def pressure(rng: np.random.RandomState, hours: int, apart_km: FloatArray, bump: FloatArray) -> FloatArray:
    """Return air pressure in Pa (hours, sites): 1026 hPa in January, 1003 in July, 2500 Pa less in the typhoon.

    The seasonal figures are a judgement for this coast; density changes by 0.5 % with 5 hPa.
    """
    season = 101_450 + 1150 * np.cos(2 * np.pi * (np.arange(hours) / 24 - 15) / 365)
    passing = 400 * field(rng, hours, apart_km, 900.0, float(np.exp(-1 / 48)))
    return np.asarray(season[:, None] + passing - 2500 * bump, dtype=float)
