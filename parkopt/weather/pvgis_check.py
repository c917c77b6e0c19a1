"""The cells of a PVGIS file to numbers and times, each fault with its row and column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Where, raise_all
from parkopt.faults import (
    MissingColumn,
    MissingSteps,
    ShiftedClock,
    TiltedPlane,
    TimeNotRising,
    TooShort,
    UnevenSteps,
    UnreadableTime,
    UnreadableValue,
)
from parkopt.park.table import EMPTY, MAX_FAULTS
from parkopt.weather.clean import fill_gaps
from parkopt.weather.dated import HOUR
from parkopt.weather.offset import HOUR_AWAY_MIN
from parkopt.weather.pvgis_text import PvgisTable, check_units
from parkopt.weather.source import VARIABLES, check_range
from parkopt.weather.sun import TimeArray, cos_zenith, later

STAMP = r"\d{8}:\d{4}"
HIGH_SUN_DEG = 5.0
"""Above it, neither refraction nor a hill moves the height that PVGIS gives."""


def require_horizontal(table: PvgisTable, where: Where) -> None:
    """Raise for a plane that is not horizontal: what falls on it cannot be turned back into global irradiance.

    The azimuth of such a plane (0 is south in PVGIS, north in pvlib) therefore never matters.
    """
    slope = table.slope.removesuffix(".").removesuffix("deg").strip()
    try:
        flat = float(slope.split(" ")[0] or "nan") == 0
    except ValueError:
        flat = False
    if not flat:
        raise TiltedPlane(table.where(where, field="Slope"), slope=table.slope or "unknown")


def numbers_of(
    table: PvgisTable, columns: Mapping[str, str], needed: tuple[str, ...], where: Where
) -> dict[str, FloatArray]:
    """Return the columns (n,) under their new names, NaN where a cell is empty.

    Raises
    ------
    MissingColumn, WrongUnit, UnreadableValue
        All faults of one kind at once, with their rows.
    """
    known = ", ".join(table.cells)
    raise_all(
        MissingColumn(table.where(where, field=name), column=name, known=known)
        for name in needed
        if name not in table.cells
    )
    check_units(
        table, {column: VARIABLES[n].unit if n in VARIABLES else "W/m2" for n, column in columns.items()}, where
    )
    found, faults = {}, []
    for name, column in columns.items():
        if column in table.cells:
            found[name], odd = numbers_in(table.cells[column])
            faults += [
                UnreadableValue(table.where(where, row, column), column=column, value=table.cells[column][row])
                for row in odd
            ]
    raise_all(faults[:MAX_FAULTS])
    return found


def numbers_in(cells: list[str]) -> tuple[FloatArray, list[int]]:
    """Return the numbers of a column, and the rows that are neither a number nor empty."""
    text = pd.Series(cells, dtype=str)
    values = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    odd = ~np.isfinite(values) & ~np.asarray(text.str.lower().isin(EMPTY))
    return values, [int(row) for row in np.flatnonzero(odd)]


def cleaned_of(
    table: PvgisTable, numbers: dict[str, FloatArray], where: Where, *, around: bool
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the variables with short gaps filled and notes that say so, or raise where one is out of range."""
    clean, notes = fill_gaps(numbers, HOUR, where, header_lines=table.header_lines, around=around)
    found = [check_range(name, values, where, table.header_lines) for name, values in clean.items()]
    raise_all(fault for fault in found if fault is not None)
    return clean, notes


def times_of(table: PvgisTable, where: Where) -> pd.DatetimeIndex:
    """Return the stamps of the rows as naive UTC."""
    text = pd.Series(table.stamps, dtype=str)
    times = pd.DatetimeIndex(pd.to_datetime(text, format="%Y%m%d:%H%M", errors="coerce"))
    bad = np.asarray(times.isna()) | ~np.asarray(text.str.fullmatch(STAMP))
    raise_all(
        UnreadableTime(table.where(where, int(row), "time"), value=text.iloc[int(row)], format="yyyymmdd:hhmm")
        for row in np.flatnonzero(bad)[:MAX_FAULTS]
    )
    return times


def first_hour(table: PvgisTable, times: pd.DatetimeIndex, where: Where) -> tuple[pd.Timestamp, int]:
    """Return the start of the first hour and the minute of the stamps, or raise unless one row an hour follows."""
    if len(times) < 2:  # noqa: PLR2004 - a step needs two rows
        raise TooShort(table.where(where), count=len(times), needed=2)
    gaps = np.diff(times.to_numpy()) / np.timedelta64(1, "h")
    for row in np.flatnonzero(gaps != 1)[:1]:
        place, value = table.where(where, int(row) + 1, "time"), table.stamps[row + 1]
        if gaps[row] <= 0:
            raise TimeNotRising(place, value=value, before=table.stamps[row])
        if gaps[row] % 1:
            raise UnevenSteps(place, value=value, step_min=60)
        raise MissingSteps(place, count=int(gaps[row]) - 1, first=str(times[row] + timedelta(hours=1)))
    return times[0].floor("h").tz_localize("UTC"), int(times[0].minute)


def require_sun(table: PvgisTable, start: pd.Timestamp, minute: int, where: Where) -> None:
    """Raise where the file's own height of the sun says that its stamps are not UTC."""
    if "H_sun" not in table.cells:
        return
    height_deg, _ = numbers_in(table.cells["H_sun"])
    first = np.datetime64(start.tz_localize(None), "s")
    starts: TimeArray = first + np.arange(len(height_deg)) * np.timedelta64(3600, "s")
    up = height_deg > HIGH_SUN_DEG
    if not up.any():
        return
    tried = np.arange(-720, 720, 10)
    apart = [
        _sun_rms(starts[up], height_deg[up], float(minute + late), (table.latitude, table.longitude)) for late in tried
    ]
    late_min = float(tried[int(np.argmin(apart))])
    if abs(late_min) >= HOUR_AWAY_MIN:
        raise ShiftedClock(table.where(where, field="H_sun"), minutes=-late_min)


def _sun_rms(starts: TimeArray, height_deg: FloatArray, minutes: float, place: tuple[float, float]) -> float:
    sun_deg = np.rad2deg(np.arcsin(cos_zenith(later(starts, minutes), *place)))
    return float(np.sqrt(np.mean((height_deg - sun_deg) ** 2)))
