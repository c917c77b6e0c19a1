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


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two (latitude, longitude), in km (haversine)."""
    lat_a, lon_a, lat_b, lon_b = np.deg2rad([*a, *b])
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return float(2 * EARTH_KM * np.arcsin(np.sqrt(half)))


def distances_km(places: Sequence[tuple[float, float]]) -> FloatArray:
    """Return the distances (sites, sites) between places, in km."""
    return np.array([[distance_km(a, b) for b in places] for a in places])
