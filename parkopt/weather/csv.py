"""Weather from a CSV file with a mapping: measured series, or a forecast of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import ParkoptError, raise_all
from parkopt.faults import EnergyNotPower, MissingColumn, NegativeValue, UnreadableValue, WrongStep
from parkopt.park.base import Location, Part
from parkopt.park.series import Series, convert
from parkopt.park.table import (
    EMPTY,
    MAX_FAULTS,
    ClockSpec,
    Table,
    Times,
    cut_notes,
    read_numbers,
    read_table,
    read_times,
)
from parkopt.weather.clean import fill_gaps
from parkopt.weather.dated import GHI, HOUR, complete, dated_series, lay_dated, naive
from parkopt.weather.offset import sun_of_series
from parkopt.weather.source import VARIABLES, Origin, WeatherBasis, canonical, check_range

TEMPERATURE = "temp_air_degc"


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
    gaps: Literal["refuse", "fill"] = "refuse"
    """What becomes of empty cells: a fault each, or straight lines over at most 3 h, and a note."""


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
        series, repaired = self._series(table, read_times(table, self.mapping))
        offset_min, notes = _sun(series, location, table)
        values, step_min = lay_dated(series, self.mapping, grid, location, offset_min)
        values, added = complete(values, grid, location, step_min)
        told = self._unread(table) + tuple(map(str, cut_notes(self.path))) + repaired
        origin = Origin(
            source=f"csv/{self.path.name}", basis=self.mapping.basis, latitude=location.latitude,
            longitude=location.longitude, sha256=table.sha256, solar_offset_min=step_min,
            synthetic=self.mapping.synthetic, notes=told + notes + added,
        )  # fmt: skip
        return canonical(values, grid, origin, table.where())

    def span(self) -> tuple[datetime, datetime]:
        """Return the start of the file's first step and the end of its last, or raise as `fetch`."""
        times = read_times(read_table(self.path), self.mapping)
        return times.index[0], times.index[-1] + times.step

    def _series(self, table: Table, times: Times) -> tuple[dict[str, Series], tuple[str, ...]]:
        """Return every mapped column in its canonical unit, all faults of the file at once; and what was filled."""
        if times.step > HOUR:
            raise WrongStep(table.where(field=self.mapping.time), step=times.step)
        faults: list[ParkoptError] = []
        found: dict[str, FloatArray] = {}
        for name, spec in (self.mapping.columns or _default_columns(table)).items():
            if spec.column not in table.cells.columns:
                known = ", ".join(table.cells.columns)
                faults.append(MissingColumn(table.where(field=name), column=spec.column, known=known))
                continue
            found[name], bad = _column(table, times, name, spec, fill=self.mapping.gaps == "fill")
            faults += bad
        raise_all(faults[:MAX_FAULTS])
        whole, notes = fill_gaps(found, times.step, table.where())
        return dated_series(times.index, times.step, whole, table.path, table.sha256), notes

    def _unread(self, table: Table) -> tuple[str, ...]:
        """Return which columns play no part where none were mapped: a name may be misspelt."""
        known = {self.mapping.time, *VARIABLES}
        others = [name for name in table.cells.columns if name not in known]
        if self.mapping.columns or not others:
            return ()
        return (f"Columns that were not read: {', '.join(others)}.",)


def _default_columns(table: Table) -> dict[str, ColumnSpec]:
    """Return the columns that bear canonical names; global irradiance is always wanted."""
    named = [name for name in VARIABLES if name in table.cells.columns or name in (GHI, TEMPERATURE)]
    return {name: ColumnSpec(column=name, unit=VARIABLES[name].unit) for name in named}


def _column(
    table: Table, times: Times, name: str, spec: ColumnSpec, *, fill: bool
) -> tuple[FloatArray, list[ParkoptError]]:
    """Return a column in its canonical unit, NaN where a cell is empty and may be filled; and its faults."""
    about, where = VARIABLES[name], table.where(field=spec.column)
    if about.unit == "W/m2" and _is_energy(spec.unit):
        raise EnergyNotPower(where, column=spec.column, unit=spec.unit, expected="W/m2")
    empty = np.asarray(table.column(spec.column).str.lower().isin(EMPTY)) & fill
    raw, found = read_numbers(table, spec.column, allow_negative=about.low < 0)
    values = convert(raw, _plain(spec.unit), _plain(about.unit), times, where)
    if fill:
        # read_numbers names its first faults only, which may all be gaps
        found = [fault for fault in found if isinstance(fault, NegativeValue)]
        found += _unreadable(table, spec.column, ~np.isfinite(raw) & ~empty)
    if found:
        return values, found
    fault = check_range(name, np.where(empty, about.high, values), where, header_lines=1)
    return values, [] if fault is None else [fault]


def _unreadable(table: Table, column: str, bad: NDArray[np.bool_]) -> list[ParkoptError]:
    text = table.column(column)
    rows = [int(row) for row in np.flatnonzero(bad)[:MAX_FAULTS]]
    return [UnreadableValue(table.where(row + 1, column), column=column, value=text.iloc[row]) for row in rows]


def _is_energy(unit: str) -> bool:
    top = unit.split("/", maxsplit=1)[0].strip()
    return top.endswith(("J", "Wh"))


def _plain(unit: str) -> str:
    """Return a unit as pint writes it."""
    return unit.replace("m²", "m**2").replace("m^2", "m**2").replace("/m2", "/m**2")


def _sun(series: dict[str, Series], location: Location, table: Table) -> tuple[float, tuple[str, ...]]:
    """Return where the sun stands in a step of the file, and what is known about it."""
    if GHI not in series:
        raise MissingColumn(table.where(field=GHI), column=GHI, known=", ".join(table.cells.columns))
    light, place = series[GHI], (location.latitude, location.longitude)
    values = {name: np.asarray(one.values) for name, one in series.items()}
    step_min = light.step / timedelta(minutes=1)
    return sun_of_series(naive(light.index), values, step_min, place, table.where(field=table.cells.columns[0]))
