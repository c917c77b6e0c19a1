"""Time series that a park file names: loads, prices, meter readings.

A series is read whole and checked; what a day needs is then laid on its grid. A day that
the data do not hold is an error unless the park file says how the data repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt import units
from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import UnitFault, Where, raise_all
from parkopt.faults import GridMismatch, OutsideData, WrongUnit
from parkopt.park.table import MAX_FAULTS, ClockSpec, Times, read_numbers, read_table, read_times

ENERGY_UNITS = ("Wh", "kWh", "MWh", "GWh")
"""Energies a step; they become power by the length of the step."""
NEAR_DAYS = (0, 7, -7, 14, -14)
"""Whole weeks that `repeat: weekday` may go further, at the ends of the data."""


class SeriesSpec(ClockSpec):
    """A column of a CSV file, and what it means."""

    file: str
    """Path from the folder of the park file; ``.csv`` or ``.csv.gz``."""
    column: str
    """Name of the column that holds the values."""
    unit: str
    """Unit of the column, such as kW, kWh (per step) or yuan/kWh."""
    allow_negative: bool = False
    """Whether values below 0 are meant."""


@dataclass(frozen=True)
class Series:
    """A checked series: values (n,) on regular UTC steps, each named by its start."""

    index: pd.DatetimeIndex
    step: timedelta
    values: FloatArray
    unit: str
    source: Path
    sha256: str

    @property
    def where(self) -> Where:
        """The file, for faults."""
        return Where(file=str(self.source))


def read_series(spec: SeriesSpec, folder: Path, unit: str) -> Series:
    """Read the series that `spec` describes.

    Parameters
    ----------
    spec : SeriesSpec
        File, column and their meaning.
    folder : Path
        Folder of the park file.
    unit : str
        Inside unit of the values, such as ``"MW"`` or ``"yuan/MWh"``.

    Returns
    -------
    Series
        Values (n,) in `unit` at interval starts.

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, TooShort, WrongUnit, Faults
        And the faults of `read_times` and `read_numbers`, with their rows.
    """
    table = read_table(folder / spec.file)
    times = read_times(table, spec)
    values, faults = read_numbers(table, spec.column, allow_negative=spec.allow_negative)
    raise_all(faults[:MAX_FAULTS])
    converted = convert(values, spec.unit, unit, times, table.where(field=spec.column))
    return Series(times.index, times.step, converted, unit, table.path, table.sha256)


def convert(values: FloatArray, written: str, unit: str, times: Times, where: Where) -> FloatArray:
    """Return `values` in `unit`; an energy a step becomes power, ``P = E / dt``.

    Raises
    ------
    WrongUnit
        Where the two units have different dimensions.
    """
    hours = times.step / timedelta(hours=1)
    is_energy = written in ENERGY_UNITS and unit == "MW"
    inside = "MWh" if is_energy else unit
    try:
        # two points give the slope and the offset that temperatures need
        at_0, at_1 = (units.parse(f"{x} {written}", inside) for x in (0, 1))
    except UnitFault as fault:
        raise WrongUnit(where, value=written, unit=unit, example=unit) from fault
    return (values * (at_1 - at_0) + at_0) / (hours if is_energy else 1.0)


def on_grid(series: Series, spec: ClockSpec, grid: TimeGrid) -> FloatArray:
    """Return the values of `series` on `grid`.

    A coarser grid takes the mean of the steps inside, a finer one holds the value (power or
    price: the energy of the longer step is kept). Days outside the data follow
    ``spec.repeat``, by the calendar of the grid's zone: to borrow the wall clock of a file
    from elsewhere, state the park's zone as the zone of the file.

    Returns
    -------
    FloatArray
        (grid.n,) in the unit of the series.

    Raises
    ------
    OutsideData
        Where a step is not in the data and may not be taken from another day.
    GridMismatch
        Where neither step divides the other, or the steps begin at different minutes.
    """
    fine = min(series.step, grid.step)
    _require_fit(series, grid, fine)
    per_step = grid.step // fine
    wanted = pd.date_range(grid.start, periods=grid.n * per_step, freq=fine)
    rows = _rows(series, wanted)
    if not _inside(series, rows).all():
        if spec.repeat == "never":
            raise _outside(series, grid)
        rows = _repeated(series, wanted.tz_convert(grid.zone), grid, by_weekday=spec.repeat == "weekday")
    picked = np.take(series.values, rows).reshape(grid.n, per_step)
    return np.asarray(picked.mean(axis=1), dtype=float)


def _require_fit(series: Series, grid: TimeGrid, fine: timedelta) -> None:
    divides = not (series.step % fine or grid.step % fine)
    if not divides or (grid.start - series.index[0].to_pydatetime()) % fine:
        got = f"{series.step / timedelta(minutes=1):g} min steps from {series.index[0]:%H:%M} UTC"
        raise GridMismatch(series.where, name=str(series.source.name), got=got, expected=str(grid))


def _rows(series: Series, wanted: pd.DatetimeIndex) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = np.asarray((wanted - series.index[0]) // pd.Timedelta(series.step), dtype=np.int64)
    return rows


def _inside(series: Series, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (rows >= 0) & (rows < len(series.values))
    return inside


def _repeated(series: Series, local: pd.DatetimeIndex, grid: TimeGrid, *, by_weekday: bool) -> NDArray[np.int64]:
    """Return the rows that stand for the local times, day by day of the grid's zone."""
    midnights = local.normalize()
    clock = local - midnights
    rows = np.empty(len(local), dtype=np.int64)
    for midnight in midnights.unique():
        here = np.asarray(midnights == midnight)
        rows[here] = _day_rows(series, midnight.date(), clock[here], grid, by_weekday=by_weekday)
    return rows


def _day_rows(
    series: Series, day: date, clock: pd.TimedeltaIndex, grid: TimeGrid, *, by_weekday: bool
) -> NDArray[np.int64]:
    for other in _stand_ins(series, day, grid, by_weekday=by_weekday):
        rows = _rows(series, pd.Timestamp(other, tz=grid.zone) + clock)
        if _inside(series, rows).all():
            return rows
    raise _outside(series, grid)


def _stand_ins(series: Series, day: date, grid: TimeGrid, *, by_weekday: bool) -> list[date]:
    """Return the days that may stand for `day`, best first; the newest year comes first."""
    ends = series.index[[0, -1]].tz_convert(grid.zone).year
    bases = [same_date(day, year) for year in range(int(ends[1]), int(ends[0]) - 1, -1)]
    if not by_weekday:
        return bases
    nearest = [(day.weekday() - base.weekday() + 3) % 7 - 3 for base in bases]
    return [
        base + timedelta(days=near + weeks) for weeks in NEAR_DAYS for base, near in zip(bases, nearest, strict=True)
    ]


def same_date(day: date, year: int) -> date:
    """Return `day` in another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _outside(series: Series, grid: TimeGrid) -> OutsideData:
    local = series.index.tz_convert(grid.zone)
    wanted = f"{grid.label(0)} to {grid.label(grid.n - 1)}"
    first, last = local[0].strftime("%Y-%m-%d %H:%M"), local[-1].strftime("%Y-%m-%d %H:%M")
    return OutsideData(series.where, first=first, last=last, wanted=wanted)
