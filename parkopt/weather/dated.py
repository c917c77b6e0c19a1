"""Dated weather, such as a forecast or a measured year, laid on a grid: what all such sources share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray, TimeGrid
from parkopt.faults import OutsideData
from parkopt.park.base import Location
from parkopt.park.series import Series, on_grid
from parkopt.park.table import ClockSpec
from parkopt.weather.resample import DIRECTION, refine, step_offset_min, to_degrees, to_vectors
from parkopt.weather.source import VARIABLES
from parkopt.weather.sun import TimeArray, cos_zenith, extraterrestrial_w_per_m2, later, split_global

GHI, DNI, DHI = "ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2"
PRESSURE = "pressure_pa"
HOUR = timedelta(hours=1)


def dated_series(
    starts_utc: pd.DatetimeIndex, step: timedelta, values: Mapping[str, FloatArray], path: Path, sha256: str
) -> dict[str, Series]:
    """Return canonical values (n,) as series: `starts_utc` are the starts of regular steps, with zone UTC."""
    return {n: Series(starts_utc, step, v, VARIABLES[n].unit, path, sha256) for n, v in values.items()}


def means_of_instants(values: FloatArray) -> FloatArray:
    """Return the means of the steps between instants (n,): the straight line's; the last value is held."""
    return np.asarray((values + np.append(values[1:], values[-1])) / 2, dtype=float)


def pressure_share(altitude_m: float) -> float:
    """Return the pressure at an altitude as a share of that at sea level (standard atmosphere, ISO 2533)."""
    return float((1 - 2.25577e-5 * altitude_m) ** 5.25588)


def naive(index: pd.DatetimeIndex) -> TimeArray:
    """Return the instants of an index with a zone as UTC without one, shape (n,)."""
    return np.asarray(index.tz_convert("UTC").tz_localize(None), dtype="datetime64[s]")


def lay_dated(
    series: Mapping[str, Series], clock: ClockSpec, grid: TimeGrid, location: Location, offset_min: float
) -> tuple[dict[str, FloatArray], float]:
    """Return the variables on `grid`, hours shaped by the sun, and the offset of its sun.

    Parameters
    ----------
    series : mapping
        Canonical name to series, all on one step of an hour or less.
    clock : ClockSpec
        Its `repeat` says what stands for days outside the data.
    grid : TimeGrid
        The steps that are wanted.
    location : Location
        Of the park.
    offset_min : float
        Minutes from the start of a step of the data to the sun that its irradiance belongs to.

    Raises
    ------
    OutsideData, GridMismatch
    """
    step = next(iter(series.values())).step
    if step != HOUR or grid.step == HOUR:
        values = {name: _laid(name, one, clock, grid) for name, one in series.items()}
        moved = offset_min - step / timedelta(minutes=2)
        return values, grid.step / timedelta(minutes=2) + moved
    start = grid.start.replace(minute=0, second=0, microsecond=0)
    skipped, per_hour = (grid.start - start) // grid.step, HOUR // grid.step
    hours, hourly = _neighboured(series, clock, TimeGrid(start, HOUR, -(-(skipped + grid.n) // per_hour), grid.zone))
    skipped += (start - hours.start) // HOUR * per_hour
    place = (location.latitude, location.longitude)
    fine = refine(hourly, naive(hours.index), per_hour, place, offset_min)
    cut = slice(skipped, skipped + grid.n)
    return {name: values[cut] for name, values in fine.items()}, step_offset_min(offset_min, per_hour)


def _neighboured(
    series: Mapping[str, Series], clock: ClockSpec, hours: TimeGrid
) -> tuple[TimeGrid, dict[str, FloatArray]]:
    """Return `hours`, one longer at each end where the series reach so far, and the series on them.

    The lines between middles of hours then run on over the ends of the grid: a day has the same
    weather whether it is asked for alone or with its neighbours.
    """
    for before, after in ((1, 1), (1, 0), (0, 1)):
        longer = TimeGrid(hours.start - before * HOUR, HOUR, hours.n + before + after, hours.zone)
        with suppress(OutsideData):
            return longer, {name: _laid(name, one, clock, longer) for name, one in series.items()}
    return hours, {name: _laid(name, one, clock, hours) for name, one in series.items()}


def _laid(name: str, one: Series, clock: ClockSpec, grid: TimeGrid) -> FloatArray:
    """Return a series on `grid`; directions as vectors, since 350 and 10 degrees do not mean 180."""
    if not name.startswith(DIRECTION):
        return on_grid(one, clock, grid)
    vectors = to_vectors(one.values)
    east, north = (on_grid(replace(one, values=part), clock, grid) for part in (vectors.real, vectors.imag))
    return to_degrees(east + 1j * north)


def complete(
    values: dict[str, FloatArray], grid: TimeGrid, location: Location, offset_min: float
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return `values` with direct, diffuse and pressure derived where they are missing, and notes that say so.

    Both missing: split by Erbs et al. 1982. One missing: by closure, none of it direct below
    5 degrees of sun. Pressure: standard atmosphere at the park's altitude (ISO 2533).
    """
    whole, notes = dict(values), []
    instants = later(naive(grid.index), offset_min)
    height = cos_zenith(instants, location.latitude, location.longitude)
    if DNI not in values and DHI not in values:
        whole[DNI], whole[DHI] = split_global(values[GHI], height, extraterrestrial_w_per_m2(instants))
        notes.append("Direct and diffuse irradiance were derived from global (Erbs 1982).")
    elif DHI not in values:
        whole[DHI] = np.clip(values[GHI] - values[DNI] * np.clip(height, 0, None), 0, None)
        notes.append("Diffuse irradiance was derived by closure.")
    elif DNI not in values:
        beam = np.clip(values[GHI] - values[DHI], 0, None)
        low = 0.087
        whole[DNI] = np.where(height < low, 0.0, np.minimum(beam / np.maximum(height, low), 1361.0))
        notes.append("Direct irradiance was derived by closure.")
    if PRESSURE not in values:
        whole[PRESSURE] = np.full(grid.n, 101_325 * pressure_share(location.altitude))
        notes.append("Pressure is that of the standard atmosphere.")
    return whole, tuple(notes)
