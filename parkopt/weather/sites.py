"""The four sites of the embedded year, its files, and distances between places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from parkopt.clock import FloatArray

DATA = Path(__file__).parent / "data" / "embedded_year.csv.gz"
HASH = DATA.with_name("embedded_year.sha256")
SITES: dict[str, tuple[float, float]] = {
    "dafeng": (33.15, 120.72),
    "sheyang": (33.80, 120.50),
    "huanghai": (34.25, 120.27),
    "ydz": (33.36, 120.23),
}
"""Latitude and longitude in degrees; ydz is inland, the others see the sea."""
BASES = ("actual", "forecast")
SHORT = {
    "ghi": "ghi_w_per_m2",
    "dni": "dni_w_per_m2",
    "dhi": "dhi_w_per_m2",
    "temp": "temp_air_degc",
    "pressure": "pressure_pa",
    "ws10": "wind_speed_10m_m_per_s",
    "ws100": "wind_speed_100m_m_per_s",
}
"""Column ``<site>_<basis>_<short>`` of the file to canonical name."""
EARTH_KM = 6371.0
"""Mean radius of the earth (IUGG)."""


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two (latitude, longitude), in km."""
    return float(haversine_km(a, np.array(b[0]), np.array(b[1])))


def haversine_km(place: tuple[float, float], latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return great-circle distances from a place to others, all in degrees north and east, in km."""
    lat, other = np.deg2rad(place[0]), np.deg2rad(latitude)
    half = np.sin((other - lat) / 2) ** 2
    half = half + np.cos(lat) * np.cos(other) * np.sin(np.deg2rad(longitude - place[1]) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=float)


def distances_km(places: Sequence[tuple[float, float]]) -> FloatArray:
    """Return the distances (sites, sites) between places, in km."""
    return np.array([[distance_km(a, b) for b in places] for a in places])
