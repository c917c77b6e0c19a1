"""Where a site lies among the cells of a grid of latitudes and longitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import NotAGridPoint
from parkopt.weather.sites import haversine_km

Pick = Literal["bilinear", "nearest", "sea"]
SINGLE_KM = 30.0
"""A file of one cell serves a site within about one ERA5 cell (0.25 degrees are 28 km)."""
HERE_DEG = 1e-4
"""Coordinates are often single precision: nearer than this (11 m) is at the point."""
SEA_CELLS = 4
"""So many cells away an offshore site may still find its sea cell."""
LAND = 0.5
"""A cell is sea where less than this share of it is land (ECMWF's own limit for `lsm`)."""


@dataclass(frozen=True)
class Rows:
    """Rows of an axis of the grid, and the weights of their values; they sum to 1."""

    index: NDArray[np.int64]
    weight: FloatArray


@dataclass(frozen=True)
class Cells:
    """The cells that a site takes its values from, and a note where that needs one."""

    latitude: Rows
    longitude: Rows
    note: str = ""

    @property
    def weight(self) -> FloatArray:
        """Weights of the cells, shape (rows of latitude * rows of longitude,)."""
        return np.outer(self.latitude.weight, self.longitude.weight).ravel()


def eastward(longitude: FloatArray, site: float) -> FloatArray:
    """Return degrees east of the site, -180 to 180: files write -180..180 or 0..360."""
    return np.asarray((longitude - site + 180) % 360 - 180, dtype=float)


def choose(
    latitude: FloatArray, longitude: FloatArray, place: tuple[float, float], where: Where, pick: Pick = "bilinear"
) -> Cells:
    """Return the cells around a place, weighted to it, or the nearest.

    Parameters
    ----------
    latitude, longitude : array, shape (m,), (n,)
        Axes of the grid in degrees, rising or falling.
    place : tuple of float
        Degrees north and east.
    where : Where
        The file.
    pick : {"bilinear", "nearest"}
        How values at the place are taken from the grid.

    Raises
    ------
    NotAGridPoint
        Where the place is not between cells, nor within 30 km of the only one.
    """
    north, east = latitude - place[0], eastward(longitude, place[1])
    found = [_between(north, pick), _between(east, pick)]
    if None not in found:
        rows = [one for one in found if one is not None]
        return Cells(rows[0], rows[1])
    # an axis of one row cannot lie around a place; the other axis takes its nearest
    lat = int(np.argmin(np.abs(north)))
    lon = int(np.argmin(np.abs(east)))
    away = float(haversine_km(place, latitude[[lat]], longitude[[lon]])[0])
    if 1 not in (len(latitude), len(longitude)) or away > SINGLE_KM:
        raise NotAGridPoint(where, covers=covers(latitude, longitude), latitude=place[0], longitude=place[1])
    note = f"The file holds a single row of cells; the nearest is {away:.0f} km from the site."
    return Cells(_only(lat), _only(lon), note)


def sea_cell(
    latitude: FloatArray, longitude: FloatArray, land: FloatArray, place: tuple[float, float], where: Where
) -> tuple[tuple[float, float], str]:
    """Return the nearest cell that is sea, and a note of how far it is.

    Parameters
    ----------
    latitude, longitude : array, shape (m,), (n,)
        Axes of the grid in degrees.
    land : array, shape (m, n)
        Share of land in each cell (`lsm`), 0 to 1.
    place : tuple of float
        Degrees north and east.
    where : Where
        The file.

    Raises
    ------
    NotAGridPoint
        Where no sea is within four cells.
    """
    away = haversine_km(place, latitude[:, None], longitude[None, :])
    away = np.where(land < LAND, away, np.inf)
    row, column = np.unravel_index(int(np.argmin(away)), away.shape)
    reach = SEA_CELLS * max(SINGLE_KM, _spacing(latitude) * 111)
    if away[row, column] > reach:
        seas = f"{covers(latitude, longitude)} without a sea cell within {reach:.0f} km"
        raise NotAGridPoint(where, covers=seas, latitude=place[0], longitude=place[1])
    cell = (float(latitude[row]), float(eastward(longitude[[column]], 0.0)[0]))
    note = (
        f"Values are those of the sea cell {cell[0]:.2f} N {cell[1]:.2f} E, {away[row, column]:.0f} km from the site."
    )
    return cell, note


def covers(latitude: FloatArray, longitude: FloatArray) -> str:
    """Return the area of a grid in words."""
    return f"{latitude.min():g} to {latitude.max():g} N, {longitude.min():g} to {longitude.max():g} E"


def _between(offset: FloatArray, pick: Pick) -> Rows | None:
    """Return the rows on both sides of offset 0, or None where it is not between two neighbours."""
    nearest = int(np.argmin(np.abs(offset)))
    if abs(offset[nearest]) <= HERE_DEG:
        return _only(nearest)
    below, above = np.where(offset < 0, offset, -np.inf), np.where(offset > 0, offset, np.inf)
    low, high = int(np.argmax(below)), int(np.argmin(above))
    width = above[high] - below[low]
    # the width is infinite beyond an end, and wide across the far side of the globe
    if not width < 1.5 * _spacing(offset):
        return None
    if pick != "bilinear":
        return _only(nearest)
    part = -below[low] / width
    return Rows(np.array([low, high]), np.array([1 - part, part]))


def _spacing(axis: FloatArray) -> float:
    """Return the degrees between neighbours; infinite where there is one."""
    return float(np.median(np.abs(np.diff(np.sort(axis))))) if len(axis) > 1 else float("inf")


def _only(row: int) -> Rows:
    return Rows(np.array([row]), np.array([1.0]))
