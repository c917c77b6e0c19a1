"""What looks odd in weather that is otherwise in order: told in notes, never refused.

Ranges of units are checked in `source`; here are the checks that a right file may fail too:
light at night, light brighter than a clear sky, sensors that stand still, sums of a year.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.weather.dated import GHI
from parkopt.weather.sites import distance_km
from parkopt.weather.source import WIND
from parkopt.weather.sun import TimeArray, clear_sky, cos_zenith, extraterrestrial_w_per_m2, later

BoolArray = NDArray[np.bool_]
FAR_KM = 100.0
"""A site farther away is told: beyond, daily irradiance correlates by less than .8 (parkopt reference, weather 2.4)."""
NIGHT_W_PER_M2 = 5.0
CLOUD_ENHANCEMENT = 1.25
"""Limits: parkopt reference, weather 3.2, "validation common to all"."""
CLEAREST_LINKE = 2.0
"""Turbidity of very clean, cold air (Ineichen & Perez 2002): no sky of these coasts is clearer."""
TWILIGHT = -0.1045
"""Cosine of the zenith of a sun 6 degrees down: the end of civil twilight, until when some light is right."""
LOW_SUN = 0.087
"""Cosine of the zenith of a sun 5 degrees high; below it a clear-sky model has no meaning."""
FEW_HOURS = 5.0
STUCK_HOURS = {"light": 4.0, "wind": 12.0, "calm": 24.0}
"""Of one and the same value: of light by day, of wind, of no wind at all. [judgement]"""
DARK_HOURS = 3.0
"""Of no light at all under a sun of more than 5 degrees: even a thunderstorm leaves some. [judgement]"""
YEAR = timedelta(days=360)
YANCHENG_DEG = (32.5, 35.0)
"""Latitudes for which the sums of a year are known."""
ANNUAL_KWH_PER_M2 = (1100.0, 1700.0)
MEAN_WIND_M_PER_S = {"wind_speed_100m_m_per_s": (4.0, 10.0), "wind_speed_10m_m_per_s": (2.0, 8.0)}
"""Limits of GHI and 100 m wind: parkopt reference, weather 3.2; of 10 m: 2.1, land to coast. [judgement]"""
SAMPLES = 5
"""Heights of the sun that are looked at in a step."""


def plausibility_notes(dataset: xr.Dataset, latitude: float) -> tuple[str, ...]:
    """Return what looks odd in a canonical Dataset, each as a sentence with variable, count and first time.

    Parameters
    ----------
    dataset : xr.Dataset
        Canonical weather; its longitude, zone and solar offset are read from the attributes.
    latitude : float
        Of the weather, in degrees north.

    Returns
    -------
    tuple of str
        Empty where nothing looks odd. Nothing is changed and nothing refused.
    """
    hours = float(dataset.attrs["step_min"]) / 60
    heights = sun_heights(dataset, latitude)
    return (*_light_notes(dataset, heights, hours), *_wind_notes(dataset, hours), *annual_notes(dataset, latitude))


def sun_heights(dataset: xr.Dataset, latitude: float) -> FloatArray:
    """Return the cosine of the zenith at moments within each step that its light belongs to, (n, SAMPLES)."""
    step_min = float(dataset.attrs["step_min"])
    middle = float(dataset.attrs["solar_offset_min"])
    within = middle + step_min * (np.arange(SAMPLES) / (SAMPLES - 1) - 0.5)
    instants = later(_times(dataset)[:, None], within)
    longitude = float(dataset.attrs["longitude"])
    return cos_zenith(instants.ravel(), latitude, longitude).reshape(-1, SAMPLES)


def _light_notes(dataset: xr.Dataset, heights: FloatArray, hours: float) -> list[str]:
    ghi = np.asarray(dataset[GHI], dtype=float)
    night, day = (heights < TWILIGHT).all(axis=1), (heights > LOW_SUN).all(axis=1)
    # the brightest sky within a step, so that a step which the sun leaves half-way is not suspected
    bright = ghi > CLOUD_ENHANCEMENT * _clear_w_per_m2(dataset, heights)
    shining = night & (ghi >= NIGHT_W_PER_M2)
    found = [(shining, f"{NIGHT_W_PER_M2:g} W/m2 or more at night")]
    if (bright & day).sum() * hours > FEW_HOURS:
        found.append((bright & day, f"more than {CLOUD_ENHANCEMENT:g} times a clear sky"))
    found.append((_long_runs(day & (ghi == 0), DARK_HOURS / hours), "0 by day"))
    found.append((_stuck(ghi, day & (ghi > 0), STUCK_HOURS["light"] / hours), "one and the same value by day"))
    return [_note(dataset, GHI, odd, what) for odd, what in found if odd.any()]


def _clear_w_per_m2(dataset: xr.Dataset, heights: FloatArray) -> FloatArray:
    highest = heights.max(axis=1)
    extra = extraterrestrial_w_per_m2(_times(dataset))
    return clear_sky(highest, extra, np.full(len(highest), CLEAREST_LINKE))[0]


def _wind_notes(dataset: xr.Dataset, hours: float) -> list[str]:
    notes = []
    for name in (one for one in WIND if one in dataset):
        speed = np.asarray(dataset[name], dtype=float)
        odd = _stuck(speed, speed > 0, STUCK_HOURS["wind"] / hours)
        odd |= _stuck(speed, speed == 0, STUCK_HOURS["calm"] / hours)
        notes += [_note(dataset, name, odd, "one and the same value")] if odd.any() else []
    return notes


def annual_notes(dataset: xr.Dataset, latitude: float) -> tuple[str, ...]:
    """Return which sums of a year are not those of the Yancheng coast; empty for less than a year, and elsewhere."""
    hours = float(dataset.attrs["step_min"]) / 60
    if dataset.sizes["time"] * hours * timedelta(hours=1) < YEAR or not YANCHENG_DEG[0] <= latitude <= YANCHENG_DEG[1]:
        return ()
    years = dataset.sizes["time"] * hours / 8760
    kwh = float(np.asarray(dataset[GHI]).sum()) * hours / 1000 / years
    found = [(GHI, kwh, "kWh/m2 a year", ANNUAL_KWH_PER_M2)]
    for name, limits in MEAN_WIND_M_PER_S.items():
        if name in dataset:
            found.append((name, float(np.asarray(dataset[name]).mean()), "m/s on average", limits))
    return tuple(
        f"{name} gives {value:.4g} {unit}; {low:g} to {high:g} is usual here: is its unit right?"
        for name, value, unit, (low, high) in found
        if not low <= value <= high
    )


def _stuck(values: FloatArray, counted: BoolArray, least: float) -> BoolArray:
    """Return the steps of runs of one value, of `least` steps or more, within `counted` ones."""
    same = np.concatenate([[False], (np.diff(values) == 0) & counted[1:] & counted[:-1]])
    # a run of k repeats is k + 1 steps long, its first being the one before
    long = _long_runs(same, least - 1)
    return long | np.append(long[1:], False) & counted


def _long_runs(true: BoolArray, least: float) -> BoolArray:
    """Return `true` with its runs of fewer than `least` steps taken out."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    kept = np.zeros(len(true), dtype=bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        kept[start:end] = end - start >= max(least, 1)
    return kept


def _note(dataset: xr.Dataset, name: str, odd: BoolArray, what: str) -> str:
    first = pd.Timestamp(_times(dataset)[int(np.argmax(odd))])
    return f"{name} is {what} in {int(odd.sum())} step(s), first {first:%Y-%m-%d %H:%M} UTC."


def _times(dataset: xr.Dataset) -> TimeArray:
    return np.asarray(dataset["time"].to_numpy(), dtype="datetime64[s]")


def far_notes(site: str, here: tuple[float, float], park: tuple[float, float]) -> tuple[str, ...]:
    """Return a sentence where the site of a file is more than 100 km from the park, else nothing."""
    away = distance_km(here, park)
    return (f"The file's site {site} is {away:.0f} km from the park.",) if away > FAR_KM else ()
