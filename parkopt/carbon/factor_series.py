"""Carbon factors that change by the hour: the adapter that grid data go through, and its CSV source.

No public feed of hourly factors for Jiangsu is known; a grid company's figures come as a file.
Another source needs no more than the three members of `FactorSeries`.

The file has a column ``start`` (start of each interval, ISO 8601 with its offset), exactly one of
``kg_per_kwh``, ``g_per_kwh``, ``kg_per_mwh``, and may state ``source`` and ``version`` in every
row. Its steps are 60, 30 or 15 minutes, all alike and without a gap. Nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.factors import Factor
from parkopt.clock import STEPS_MIN, FloatArray, TimeGrid
from parkopt.errors import ParkoptError, Where, raise_all
from parkopt.faults import FactorUnit, GridMismatch, ImplausibleValue, NoProvenance, OutsideData, WrongStep
from parkopt.park.table import MAX_FAULTS, ClockSpec, Table, Times, read_numbers, read_table, read_times

IntArray = NDArray[np.int64]
UG_PER_WH = {"kg_per_kwh": 1_000_000, "g_per_kwh": 1_000, "kg_per_mwh": 1_000}
"""Micrograms per Wh of one unit of each column."""
UNITS = {"kg_per_kwh": "kg/kWh", "g_per_kwh": "g/kWh", "kg_per_mwh": "kg/MWh"}
MOST_UG = 2_000_000
"""No power system emits more than 2 kg/kWh in any hour."""
LEAST_PEAK_UG = 5_000
"""A series that nowhere reaches 5 g/kWh is in another unit than its column says (or 0 throughout)."""
ONE_BY_ROW = ("source", "version")


class FactorSeries(Protocol):
    """Where the carbon of imports is known by the hour."""

    @property
    def id(self) -> str:
        """What records name the series by."""
        ...

    def as_dict(self) -> dict[str, str | int]:
        """Return id and provenance as plain data."""
        ...

    def on(self, grid: TimeGrid) -> IntArray:
        """Return the factor of each step of a grid in ug/Wh, shape (grid.n,), int64."""
        ...


@dataclass(frozen=True)
class ConstantSeries:
    """One factor for all hours."""

    factor: Factor

    @property
    def id(self) -> str:
        """The factor's id."""
        return self.factor.id

    def as_dict(self) -> dict[str, str | int]:
        """Return the factor with its provenance."""
        return self.factor.as_dict()

    def on(self, grid: TimeGrid) -> IntArray:
        """Return the factor for each step in ug/Wh, shape (grid.n,)."""
        return np.full(grid.n, self.factor.ug_per_wh, dtype=np.int64)


@dataclass(frozen=True)
class HourlySeries:
    """Factors of a file on regular steps in UTC; its id holds the start of the file's hash."""

    file: Path
    sha256: str
    times: Times
    ug_per_wh: IntArray
    provenance: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name and hash of the file: another file is another series."""
        return f"{self.file.stem}@{self.sha256[:16]}"

    def as_dict(self) -> dict[str, str | int]:
        """Return id, hash and what the file says of its source and version."""
        return {"id": self.id, "file_sha256": self.sha256, **self.provenance}

    def on(self, grid: TimeGrid) -> IntArray:
        """Return the factor of each step of a grid in ug/Wh, shape (grid.n,).

        A coarser grid takes the mean of the steps inside (a half rounds up), a finer one holds the value.

        Raises
        ------
        OutsideData
            Where a step of the grid is not in the file: nothing stands for a missing hour.
        GridMismatch
            Where the steps begin at other minutes.
        """
        fine = min(self.times.step, grid.step)
        first = self.times.index[0].to_pydatetime()
        if (grid.start - first) % fine:
            raise GridMismatch(self._where(), name=self.file.name, got=f"steps from {first:%H:%M}", expected=str(grid))
        per_step = grid.step // fine
        rows = ((grid.start - first) // fine + np.arange(grid.n * per_step)) // (self.times.step // fine)
        if rows[0] < 0 or rows[-1] >= len(self.ug_per_wh):
            raise self._outside(grid)
        picked = self.ug_per_wh[rows].reshape(grid.n, per_step).sum(axis=1)
        return np.asarray((2 * picked + per_step) // (2 * per_step), dtype=np.int64)

    def _where(self) -> Where:
        return Where(file=str(self.file))

    def _outside(self, grid: TimeGrid) -> OutsideData:
        local = self.times.index.tz_convert(grid.zone)
        first, last = (local[i].strftime("%Y-%m-%d %H:%M") for i in (0, -1))
        wanted = f"{grid.label(0)} .. {grid.label(grid.n - 1)}"
        return OutsideData(self._where(), first=first, last=last, wanted=wanted)


def series_of(file: Path | None, otherwise: Factor) -> FactorSeries:
    """Return the series of a file, or one factor for all hours where there is none."""
    return ConstantSeries(otherwise) if file is None else read_factor_series(file)


def read_factor_series(file: Path) -> HourlySeries:
    """Read a CSV file of factors by the hour.

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, TooShort, UnreadableTime, NaiveTime, ShiftingZone, TimeNotRising,
    UnevenSteps, MissingSteps, WrongStep, FactorUnit, UnreadableValue, NegativeValue, ImplausibleValue, NoProvenance
        Naming the row; several of a kind together as `Faults`.
    """
    table = read_table(file)
    column = _unit_column(table)
    times = read_times(table, ClockSpec(time="start"))
    if times.step not in [timedelta(minutes=minutes) for minutes in STEPS_MIN]:
        raise WrongStep(table.where(2, "start"), step=times.step)
    values, faults = read_numbers(table, column, allow_negative=False)
    raise_all(faults[:MAX_FAULTS])
    raise_all(_implausible(table, column, values))
    ug = np.rint(values * UG_PER_WH[column]).astype(np.int64)
    return HourlySeries(file, table.sha256, times, ug, _provenance(table))


def _unit_column(table: Table) -> str:
    present = [name for name in UG_PER_WH if name in table.cells.columns]
    if len(present) != 1:
        got = ", ".join(table.cells.columns)
        raise FactorUnit(table.where(1), wanted=", ".join(UG_PER_WH), got=got)
    return present[0]


def _implausible(table: Table, column: str, values: FloatArray) -> list[ParkoptError]:
    """Return faults for values whose magnitude is that of another unit."""
    most, peak = MOST_UG / UG_PER_WH[column], LEAST_PEAK_UG / UG_PER_WH[column]
    unit = UNITS[column]
    found = [(int(row), most) for row in np.flatnonzero(values > most)[:MAX_FAULTS]]
    top = int(np.argmax(values))
    if 0 < values[top] < peak:
        found.append((top, peak))
    return [
        ImplausibleValue(table.where(row + 1, column), column=column, value=float(values[row]), limit=limit, unit=unit)
        for row, limit in found
    ]


def _provenance(table: Table) -> dict[str, str]:
    """Return what the rows say of source and version: the same in all of them."""
    found: dict[str, str] = {}
    for name in ONE_BY_ROW:
        if name not in table.cells.columns:
            continue
        values = table.column(name)
        other = np.flatnonzero((values != values.iloc[0]) | (values == ""))
        if other.size:
            raise NoProvenance(table.where(int(other[0]) + 1, name), factor=table.path.name, missing=name)
        found[name] = str(values.iloc[0])
    return found
