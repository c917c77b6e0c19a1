"""Weather from a CSV file with a mapping: measured series, or a forecast of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import AfterValidator, Field

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import ParkoptError, raise_all
from parkopt.faults import EnergyNotPower, MissingColumn, ShiftedClock, WrongStep
from parkopt.park.base import Location, Part
from parkopt.park.series import Series, convert, on_grid
from parkopt.park.table import MAX_FAULTS, ClockSpec, Table, Times, read_numbers, read_table, read_times
from parkopt.weather.offset import noon_shift_min, solar_offset_min
from parkopt.weather.resample import refine, step_offset_min
from parkopt.weather.source import VARIABLES, Origin, WeatherBasis, canonical, check_range
from parkopt.weather.sun import TimeArray, cos_zenith, extraterrestrial_w_per_m2, later, split_global

GHI, DNI, DHI = "ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2"
PRESSURE, TEMPERATURE = "pressure_pa", "temp_air_degc"
HOUR = timedelta(hours=1)
HOUR_AWAY_MIN = 45
"""A displacement that only a wrong label or zone explains."""
LONG_DAYS = 30
"""From so many days on, clouds no longer move the centre of the light by an hour."""


def _canonical_name(name: str) -> str:
    if name not in VARIABLES:
        raise ValueError(f"{name!r} is none of {', '.join(VARIABLES)}")
    return name


class ColumnSpec(Part):
    """A column that holds a canonical variable."""

    column: str
    """Name of the column."""
    unit: str
    """Its unit: W/m2, degC, K, degF, Pa, hPa, m/s, km/h ..."""


class CsvMapping(ClockSpec):
    """What the columns of a weather file mean."""

    columns: dict[Annotated[str, AfterValidator(_canonical_name)], ColumnSpec] = Field(default_factory=dict)
    """Canonical variable to column; without it the columns bear the canonical names and units."""
    basis: WeatherBasis = "actual"
    """What the numbers are: a forecast, what happened, or a typical year."""
    synthetic: bool = False
    """Whether no instrument measured them."""


@dataclass(frozen=True)
class CsvWeather:
    """Weather from a CSV file.

    Parameters
    ----------
    path : Path
        The file; ``.csv`` or ``.csv.gz``.
    mapping : CsvMapping
        Time and columns; by default ISO 8601 times with offset and canonical names.
    """

    path: Path
    mapping: CsvMapping = field(default_factory=CsvMapping)
    name: str = "csv"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the file's weather on `grid`; days outside follow ``mapping.repeat``.

        Raises
        ------
        MissingFile, BrokenFile, MissingColumn, WrongUnit, EnergyNotPower, ImplausibleValue,
        ShiftedClock, OutsideData, GridMismatch, WrongStep, Faults
            And the faults of `read_times` and `read_numbers`, with their rows.
        """
        table = read_table(self.path)
        series = self._series(table, read_times(table, self.mapping))
        offset_min, notes = _sun(series, location, table)
        values, step_min = _on_grid(series, self.mapping, grid, location, offset_min)
        values, added = complete(values, grid, location, step_min)
        origin = Origin(
            source=f"csv/{self.path.name}", basis=self.mapping.basis, latitude=location.latitude,
            longitude=location.longitude, sha256=table.sha256, solar_offset_min=step_min,
            synthetic=self.mapping.synthetic, notes=notes + added,
        )  # fmt: skip
        return canonical(values, grid, origin, table.where())

    def _series(self, table: Table, times: Times) -> dict[str, Series]:
        """Return every mapped column in its canonical unit, all faults of the file at once."""
        if times.step > HOUR:
            raise WrongStep(table.where(field=self.mapping.time), step=times.step)
        wanted = self.mapping.columns or _default_columns(table)
        faults: list[ParkoptError] = []
        found: dict[str, Series] = {}
        for name, spec in wanted.items():
            if spec.column not in table.cells.columns:
                known = ", ".join(table.cells.columns)
                faults.append(MissingColumn(table.where(field=name), column=spec.column, known=known))
                continue
            values, bad = _column(table, times, name, spec)
            faults += bad
            found[name] = Series(times.index, times.step, values, VARIABLES[name].unit, table.path, table.sha256)
        raise_all(faults[:MAX_FAULTS])
        return found


def _default_columns(table: Table) -> dict[str, ColumnSpec]:
    """Return the columns that bear canonical names; global irradiance is always wanted."""
    named = [name for name in VARIABLES if name in table.cells.columns or name in (GHI, TEMPERATURE)]
    return {name: ColumnSpec(column=name, unit=VARIABLES[name].unit) for name in named}


def _column(table: Table, times: Times, name: str, spec: ColumnSpec) -> tuple[FloatArray, list[ParkoptError]]:
    about = VARIABLES[name]
    if about.unit == "W/m2" and _is_energy(spec.unit):
        raise EnergyNotPower(table.where(field=spec.column), column=spec.column, unit=spec.unit, expected="W/m2")
    raw, faults = read_numbers(table, spec.column, allow_negative=about.low < 0)
    values = convert(raw, _plain(spec.unit), _plain(about.unit), times, table.where(field=spec.column))
    if faults:
        return values, faults
    fault = check_range(name, values, table.where(field=spec.column), header_lines=1)
    return values, [] if fault is None else [fault]


def _is_energy(unit: str) -> bool:
    top = unit.split("/", maxsplit=1)[0].strip()
    return top.endswith(("J", "Wh"))


def _plain(unit: str) -> str:
    """Return a unit as pint writes it."""
    return unit.replace("m²", "m**2").replace("m^2", "m**2").replace("/m2", "/m**2")


def _naive(index: pd.DatetimeIndex) -> TimeArray:
    return np.asarray(index.tz_convert("UTC").tz_localize(None), dtype="datetime64[s]")


def _sun(series: dict[str, Series], location: Location, table: Table) -> tuple[float, tuple[str, ...]]:
    """Return where the sun stands in a step of the file, and what is known about it.

    Raises
    ------
    ShiftedClock
        Where the light is centred far from solar noon: UTC taken for local time, say.
    """
    if GHI not in series:
        raise MissingColumn(table.where(field=GHI), column=GHI, known=", ".join(table.cells.columns))
    light = series[GHI]
    data = {name: np.asarray(one.values) for name, one in series.items()}
    starts, middle = _naive(light.index), light.step / timedelta(minutes=2)
    shift_min = noon_shift_min(starts, data[GHI], location.longitude) + middle
    days = len(starts) * light.step / timedelta(days=1)
    if data[GHI].any() and days >= 1 and abs(shift_min) > (75 if days >= LONG_DAYS else 180):
        raise ShiftedClock(table.where(field=table.cells.columns[0]), minutes=shift_min)
    if DNI not in series or DHI not in series:
        return middle, ()
    place = (location.latitude, location.longitude)
    fit = solar_offset_min(starts, (data[GHI], data[DNI], data[DHI]), place, middle)
    away = abs(fit.minutes - middle)
    if not fit.found or away <= 10:  # noqa: PLR2004 - the search has steps of 5
        return middle, ()
    if away >= HOUR_AWAY_MIN:
        raise ShiftedClock(table.where(field=table.cells.columns[0]), minutes=middle - fit.minutes)
    return fit.minutes, (f"Sun at {fit.minutes:+.0f} min of a step, found by closure (middle {middle:.0f} min).",)


def _on_grid(
    series: dict[str, Series], mapping: CsvMapping, grid: TimeGrid, location: Location, offset_min: float
) -> tuple[dict[str, FloatArray], float]:
    """Return the variables on `grid`, hours shaped by the sun, and the offset of its sun."""
    step = next(iter(series.values())).step
    if step != HOUR or grid.step == HOUR:
        values = {name: on_grid(one, mapping, grid) for name, one in series.items()}
        moved = offset_min - step / timedelta(minutes=2)
        return values, grid.step / timedelta(minutes=2) + moved
    start = grid.start.replace(minute=0, second=0, microsecond=0)
    skipped, per_hour = (grid.start - start) // grid.step, HOUR // grid.step
    hours = TimeGrid(start, HOUR, -(-(skipped + grid.n) // per_hour), grid.zone)
    hourly = {name: on_grid(one, mapping, hours) for name, one in series.items()}
    place = (location.latitude, location.longitude)
    fine = refine(hourly, _naive(hours.index), per_hour, place, offset_min)
    cut = slice(skipped, skipped + grid.n)
    return {name: values[cut] for name, values in fine.items()}, step_offset_min(offset_min, per_hour)


def complete(
    values: dict[str, FloatArray], grid: TimeGrid, location: Location, offset_min: float
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return `values` with direct, diffuse and pressure derived where they are missing, and notes that say so.

    Both missing: split by Erbs et al. 1982. One missing: by closure, none of it direct below
    5 degrees of sun. Pressure: standard atmosphere at the park's altitude (ISO 2533).
    """
    whole, notes = dict(values), []
    instants = later(_naive(grid.index), offset_min)
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
        whole[PRESSURE] = np.full(grid.n, 101_325 * (1 - 2.25577e-5 * location.altitude) ** 5.25588)
        notes.append("Pressure is that of the standard atmosphere.")
    return whole, tuple(notes)
