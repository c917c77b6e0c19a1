"""What the embedded year amounts to, against its targets: ``python -m parkopt.weather.synth --report``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from parkopt.clock import FloatArray
from parkopt.weather import synth
from parkopt.weather.embedded import load_year
from parkopt.weather.sites import BASES, SHORT, SITES, distance_km
from parkopt.weather.sun import cos_zenith, declination_rad, hour_angle_rad, later
from parkopt.weather.synth_sky import GHI_TARGET_KWH_PER_M2, TEMP_TARGET_DEGC

AUGUST = 7
CURVES_PER_UNIT: dict[bool, tuple[list[float], list[float]]] = {
    True: (
        [3, 4, 5, 6, 7, 8, 9, 9.5, 10, 10.5, 11, 25],
        [0.0036, 0.0414, 0.1010, 0.1855, 0.2963, 0.4440, 0.6331, 0.7392, 0.8514, 0.9691, 1, 1],
    ),
    False: (
        [3, 4, 5, 6, 7, 8, 8.5, 9, 9.5, 9.75, 25],
        [0, 0.0563, 0.1235, 0.2238, 0.3638, 0.5500, 0.6625, 0.7890, 0.9305, 1, 1],
    ),
}
"""Offshore IEA 10 MW 198 m, inland NREL 2020ATB 4 MW 150 m (PyPI turbine-models 0.2.2, BSD-3): m/s, power/capacity."""
NET_OF_GROSS = 0.78
"""Wake .92 x availability .955 x electrical .975 x performance .91 (parkopt reference, weather 2.3)."""
TILT_DEG, PERFORMANCE_RATIO = 25.0, 0.84


@dataclass(frozen=True)
class Figure:
    """A measured figure and the range that it must lie in."""

    name: str
    value: float
    low: float
    high: float

    @property
    def kept(self) -> bool:
        """Whether the value lies in the range."""
        return self.low <= self.value <= self.high


Year = dict[str, FloatArray]


def site_figures(year: Year, site: str) -> list[Figure]:
    """Return the figures of one site."""
    month, target = synth.months(), synth.climate(site).mean_m_per_s
    of = {short: year[f"{site}_actual_{short}"] for short in SHORT}
    ghi = np.array([of["ghi"][month == m].sum() / 1000 for m in range(12)])
    temp = np.array([of["temp"][month == m].mean() for m in range(12)])
    light_error = np.delete(np.abs(ghi / GHI_TARGET_KWH_PER_M2 - 1) * 100, AUGUST)
    gusts = Figure("hours above 25 m/s", float((of["ws100"] > 25).sum()), 10, 48)  # noqa: PLR2004
    return [
        Figure("GHI of a year, kWh/m2", float(ghi.sum()), 1406 * 0.95, 1406 * 1.05),
        Figure("largest monthly GHI error outside August, %", float(light_error.max()), 0, 1),
        Figure("largest monthly temperature error, K", float(np.abs(temp - TEMP_TARGET_DEGC).max()), 0, 1.2),
        Figure("mean 100 m wind, m/s", float(of["ws100"].mean()), target * 0.95, target * 1.05),
        Figure("100 m wind, correlation after 1 h", lagged(of["ws100"], 1), 0.96, 0.985),
        Figure("100 m wind, correlation after 24 h", lagged(of["ws100"], 24), 0.3, 0.45),
        *([gusts] if synth.climate(site).offshore else []),
        *_yields(year, site),
    ]


def _yields(year: Year, site: str) -> list[Figure]:
    offshore = synth.climate(site).offshore
    wind = {b: wind_power(year[f"{site}_{b}_ws100"], offshore=offshore) for b in BASES}
    light = {b: pv_power(year, site, b) for b in BASES}
    net_low, net_high = (2500, 3300) if offshore else (1800, 2700)
    return [
        Figure("wind, net full-load hours", float(wind["actual"].sum() * NET_OF_GROSS), net_low, net_high),
        Figure("wind power, 1 h ramp, 99 % quantile", ramp(wind["actual"]), 0.25, 0.40),
        Figure("PV 25 deg S, full-load hours", float(light["actual"].sum()), 1150, 1330),
        Figure("day-ahead wind, mean error / capacity", error(wind["forecast"], wind["actual"]), 0.105, 0.13),
        Figure("day-ahead PV, mean error / capacity", error(light["forecast"], light["actual"]), 0.03, 0.04),
    ]


def pair_figures(year: Year) -> list[Figure]:
    """Return the correlation of 100 m wind between sites."""
    return [
        Figure(
            f"100 m wind, {a} and {b} ({distance_km(SITES[a], SITES[b]):.0f} km)",
            float(np.corrcoef(year[f"{a}_actual_ws100"], year[f"{b}_actual_ws100"])[0, 1]), 0.65, 0.95,
        )
        for a, b in combinations(SITES, 2)
    ]  # fmt: skip


def lagged(values: FloatArray, lag: int) -> float:
    """Return the correlation of a series with itself `lag` steps later."""
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def wind_power(speed_m_per_s: FloatArray, *, offshore: bool) -> FloatArray:
    """Return gross power over capacity of a typical turbine; 0 below 3 and above 25 m/s."""
    return np.asarray(np.interp(speed_m_per_s, *CURVES_PER_UNIT[offshore], left=0, right=0), dtype=float)


def ramp(power: FloatArray) -> float:
    """Return the 99 % quantile of the change of power in an hour, of capacity."""
    return float(np.quantile(np.abs(np.diff(power)), 0.99))


def error(forecast: FloatArray, actual: FloatArray) -> float:
    """Return the mean absolute error over all 24 hours, of capacity."""
    return float(np.abs(forecast - actual).mean())


def pv_power(year: Year, site: str, basis: str) -> FloatArray:
    """Return PV power over capacity at 25 degrees south: direct and isotropic diffuse light, one performance ratio.

    A check of the light's sum only (Liu & Jordan 1960); the PV chain is `parkopt.forecast.pv`.
    """
    time, (latitude, longitude) = later(synth.hour_starts(), 30), SITES[site]
    tilt, lat = np.deg2rad(TILT_DEG), np.deg2rad(latitude)
    dec, hour = declination_rad(time), hour_angle_rad(time, longitude)
    facing = np.sin(dec) * np.sin(lat - tilt) + np.cos(dec) * np.cos(lat - tilt) * np.cos(hour)
    up = cos_zenith(time, latitude, longitude) > 0
    direct = year[f"{site}_{basis}_dni"] * np.clip(facing, 0, None) * up
    diffuse = year[f"{site}_{basis}_dhi"] * (1 + np.cos(tilt)) / 2
    ground = 0.2 * year[f"{site}_{basis}_ghi"] * (1 - np.cos(tilt)) / 2
    return np.asarray((direct + diffuse + ground) / 1000 * PERFORMANCE_RATIO, dtype=float)


def figures(year: Year) -> dict[str, list[Figure]]:
    """Return all figures by site, and those between sites."""
    return {site: site_figures(year, site) for site in SITES} | {"between sites": pair_figures(year)}


def report() -> str:
    """Return the acceptance table of the shipped year as Markdown."""
    lines = ["SYNTHETIC weather, calibrated, never measured.", "", "| site | figure | value | range | kept |"]
    lines.append("|---|---|---|---|---|")
    for site, found in figures(load_year()).items():
        lines += [
            f"| {site} | {f.name} | {f.value:.4g} | {f.low:.4g} to {f.high:.4g} | {'yes' if f.kept else 'NO'} |"
            for f in found
        ]
    return "\n".join(lines) + "\n"
