"""A file of forecasts beside what was measured: columns, units, times, what is missing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd

from parkopt.clock import STEPS_MIN, FloatArray, fixed_zone
from parkopt.errors import ParkoptError, Text, UnitFault, Where, raise_all
from parkopt.faults import (
    BrokenFile,
    ImplausibleValue,
    KnownTooLate,
    MissingColumn,
    NaiveTime,
    UnreadableTime,
    UnreadableValue,
    WrongQuantiles,
    WrongStep,
    WrongUnit,
)
from parkopt.park.series import convert
from parkopt.park.table import EMPTY, MAX_FAULTS, ClockSpec, Table, Times, cut_notes, read_table, read_times

SHARES = {"pu": 1.0, "%": 0.01}
"""Units that are shares of the capacity."""
MOST_MEASURED = 1.05
"""Measured power above this share of the capacity is a wrong capacity or unit: meters and inverters reach a few
per cent over the nameplate, not more [-]."""
FAR_OVER = 1.25
"""A forecast may overshoot more than a meter; above this share its unit is wrong [-]."""
_LEVEL = re.compile(r"^[qp](\d{1,3}(?:\.\d+)?)$", re.IGNORECASE)
_MEMBER = re.compile(r"^member_?\d+$", re.IGNORECASE)
_OFFSET = re.compile(r"(Z|[+-]\d{2}(?::?\d{2})?)$")


class ForecastColumns(ClockSpec):
    """What the columns of a file of forecasts mean."""

    measured: str = "measured"
    """Column of the measured power."""
    forecasts: dict[str, str] = {}
    """Columns of point forecasts by name; where absent, `forecast` and all that begin with `forecast_`."""
    physical: str = "physical"
    """Column of the physical chain's power, a forecast to be better than; may be missing."""
    issued: str = "issued"
    """Column of the times when the forecasts were issued; may be missing."""
    unit: str = "MW"
    """Unit of all powers; `pu` and `%` are shares of the capacity, an energy (kWh) counts a step."""


@dataclass(frozen=True)
class ForecastFile:
    """Forecasts and measurements on regular steps; powers in MW, NaN where a cell is empty."""

    table: Table
    index: pd.DatetimeIndex
    """Starts of the steps in UTC, shape (n,)."""
    step: timedelta
    zone: timezone
    """Of the days and months."""
    measured: FloatArray
    points: dict[str, FloatArray]
    physical: FloatArray | None
    levels: FloatArray
    """Shape (k,); empty without quantiles."""
    quantiles: FloatArray
    """Shape (n, k)."""
    members: FloatArray
    """Shape (m, n)."""
    issued: pd.DatetimeIndex | None
    notes: tuple[Text, ...]

    @property
    def local(self) -> pd.DatetimeIndex:
        """Starts of the steps in the zone of the days."""
        return self.index.tz_convert(self.zone)


def read_forecasts(path: Path, columns: ForecastColumns, capacity_mw: float | None = None) -> ForecastFile:
    """Read a file of forecasts.

    Parameters
    ----------
    path : Path
        CSV (``.gz`` too) with `time`, `measured`, and forecasts: points, quantiles (``q05``, ``p95``) or
        scenarios (``member01``).
    columns : ForecastColumns
        What its columns mean.
    capacity_mw : float, optional
        Installed power, which powers must fit, and of which `pu` and `%` are shares [MW].

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, UnreadableValue, WrongUnit, WrongStep, WrongQuantiles, KnownTooLate
        And the faults of `parkopt.park.table.read_times`; those of cells together, with their rows.
    ImplausibleValue
        Where a power is above the capacity.
    """
    table = read_table(path)
    reading = _Reading(table, columns, read_times(table, columns), capacity_mw)
    return reading.file()


class _Reading:
    """One reading of one file; it gathers the faults of the cells."""

    def __init__(self, table: Table, columns: ForecastColumns, times: Times, capacity_mw: float | None) -> None:
        self.table, self.columns, self.times, self.capacity_mw = table, columns, times, capacity_mw
        self.faults: list[ParkoptError] = []
        step = times.step / timedelta(minutes=1)
        if step not in STEPS_MIN:
            raise WrongStep(table.where(field=columns.time), step=f"{step:g} min")

    def file(self) -> ForecastFile:
        measured = self._power(self.columns.measured, MOST_MEASURED)
        points = {name: self._power(column) for name, column in self._points().items()}
        has_chain = self.columns.physical in self.table.cells.columns
        physical = self._power(self.columns.physical) if has_chain else None
        levels, names = self._levels()
        spread = [self._power(name) for name in names]
        members = [self._power(name) for name in self._named(_MEMBER)]
        raise_all(self.faults[:MAX_FAULTS])
        if not (points or spread or members):
            known = ", ".join(self.table.cells.columns)
            raise MissingColumn(self.table.where(field="forecast"), column="forecast", known=known)
        n = len(self.times.index)
        quantiles = np.stack(spread, axis=1) if spread else np.empty((n, 0))
        self._rising(quantiles, names)
        return ForecastFile(
            self.table, self.times.index, self.times.step, days_zone(self.table, self.columns), measured, points,
            physical, levels, quantiles, np.stack(members) if members else np.empty((0, n)), self._issued(),
            self._notes([*points.values(), *spread, *members]),
        )  # fmt: skip

    def _named(self, pattern: re.Pattern[str]) -> list[str]:
        return [str(name) for name in self.table.cells.columns if pattern.match(str(name))]

    def _points(self) -> dict[str, str]:
        if self.columns.forecasts:
            return self.columns.forecasts
        names = [str(name) for name in self.table.cells.columns]
        return {name: name for name in names if name == "forecast" or name.startswith("forecast_")}

    def _levels(self) -> tuple[FloatArray, list[str]]:
        """Return the levels of the quantile columns in rising order, and the columns."""
        found = {name: _level(name) for name in self._named(_LEVEL)}
        names = sorted(found, key=lambda name: found[name])
        levels = np.array([found[name] for name in names])
        for one, other in itertools.pairwise(names):
            if found[one] == found[other]:
                same = Text(f"{one!r} and {other!r} are the same level", f"{one!r} 与 {other!r} 为同一分位")
                raise BrokenFile(self.table.where(field=other), format="CSV", reason=same)
        if levels.size and not (levels[0] > 0 and levels[-1] < 1):
            reason = Text("levels must lie between 0 and 100 %", "分位水平须在 0 与 100% 之间")
            raise WrongQuantiles(self.table.where(field=names[0 if levels[0] <= 0 else -1]), reason=reason)
        if levels.size and not levels[0] <= 0.5 <= levels[-1]:  # noqa: PLR2004 - the median
            span = f"{levels[0]:.4g} - {levels[-1]:.4g}"
            reason = Text(
                f"levels from {span} do not reach from below the median to above it",
                f"分位水平 {span} 未跨越中位数（0.5）",
            )
            raise WrongQuantiles(self.table.where(field=names[0 if levels[0] > 0.5 else -1]), reason=reason)  # noqa: PLR2004
        return levels, names

    def _power(self, column: str, most: float = FAR_OVER) -> FloatArray:
        """Return a column in MW with NaN for empty cells; keep the faults of the others."""
        values, faults = cells(self.table, column)
        self.faults += faults
        power = self._in_mw(values, column)
        if self.capacity_mw is not None and (high := np.abs(power) > most * self.capacity_mw).any():
            row = int(np.argmax(high))
            self.faults.append(
                ImplausibleValue(
                    self.table.where(row + 1, column), column=column, value=f"{power[row]:g} MW",
                    limit=Text(f"the capacity of {self.capacity_mw:g} MW", f"装机容量 {self.capacity_mw:g} MW"),
                    unit=self.columns.unit,
                )
            )  # fmt: skip
        return power

    def _in_mw(self, values: FloatArray, column: str) -> FloatArray:
        unit, where = self.columns.unit, self.table.where(field=column)
        if unit not in SHARES:
            return in_unit(values, unit, "MW", self.times, where)
        if self.capacity_mw is None:
            raise WrongUnit(where, value=unit, unit="MW without a capacity", example="--capacity '300 MW'")
        return values * SHARES[unit] * self.capacity_mw

    def _rising(self, quantiles: FloatArray, names: Sequence[str]) -> None:
        """Raise where a row's quantiles fall from one level to the next."""
        fall = np.diff(quantiles, axis=1) < 0  # NaN falls nowhere
        rows = fall.any(axis=1)
        if not rows.any():
            return
        row = int(np.argmax(rows))
        at = int(np.argmax(fall[row]))
        en, zh = f"{names[at + 1]} is below {names[at]}", f"{names[at + 1]} 低于 {names[at]}"
        if rows.mean() > 0.5:  # noqa: PLR2004 - most rows
            en += " in most rows: levels are the share at or below, so a P90 that is exceeded in 90 % of cases is p10"
            zh += "，且多数行如此：分位水平指不超过的概率，以超越概率计的 P90 应写作 p10"
        raise WrongQuantiles(self.table.where(row + 1, names[at + 1]), reason=Text(en, zh))

    def _issued(self) -> pd.DatetimeIndex | None:
        name = self.columns.issued
        if name not in self.table.cells.columns:
            return None
        issued = moments(self.table, name, self.columns.zone)
        late = np.asarray(issued > self.times.index)
        if late.any():
            row = int(np.argmax(late))
            start = self.times.index[row]
            raise KnownTooLate(
                self.table.where(row + 1, name),
                what=Text("the forecast", "预测"),
                at=start,
                known=issued[row],
                issued=start,
            )
        return issued

    def _notes(self, forecasts: list[FloatArray]) -> tuple[Text, ...]:
        used = {self.columns.time, self.columns.measured, self.columns.physical, self.columns.issued}
        used |= {*self._points().values(), *self._named(_LEVEL), *self._named(_MEMBER)}
        idle = [str(name) for name in self.table.cells.columns if name not in used]
        notes = (
            [Text(f"Columns that were not read: {', '.join(idle)}.", f"未读取的列：{'、'.join(idle)}。")]
            if idle
            else []
        )
        if len(forecasts) > 1 and len({np.isnan(one).tobytes() for one in forecasts}) > 1:
            notes.append(
                Text(
                    "Only steps that every forecast has are scored, so that they can be compared.",
                    "仅对各预测均有值的时刻评分，以便相互比较。",
                )
            )
        return (*notes, *cut_notes(self.table.path))


def _level(name: str) -> float:
    """Return the level of a column such as q05 (5 %), p95 or q0.05."""
    match = _LEVEL.match(name)
    assert match is not None
    return float(match[1]) if match[1].startswith("0.") else round(float(match[1]) / 100, 9)


def cells(table: Table, column: str) -> tuple[FloatArray, list[ParkoptError]]:
    """Return a column as floats, NaN for empty cells, and the faults of cells that are neither empty nor a number."""
    text = table.column(column)
    empty = np.asarray(text.str.lower().isin(EMPTY))
    values = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    bad = ~np.isfinite(values) & ~empty
    values[empty | bad] = np.nan
    rows = np.flatnonzero(bad)[:MAX_FAULTS].tolist()
    return values, [UnreadableValue(table.where(r + 1, column), column=column, value=text.iloc[r]) for r in rows]


def in_unit(values: FloatArray, written: str, unit: str, times: Times, where: Where) -> FloatArray:
    """Return values in an inside unit; a plain number for a unit is no unit."""
    try:
        return convert(values, written, unit, times, where)
    except UnitFault as fault:
        raise WrongUnit(where, value=written, unit=unit, example=unit) from fault


def moments(table: Table, column: str, zone: str | None) -> pd.DatetimeIndex:
    """Return a column of times in UTC, rising or not.

    Raises
    ------
    NaiveTime, UnreadableTime
        Naming the row.
    """
    text = table.column(column)
    bare = np.array([_OFFSET.search(one[11:]) is None for one in text])
    if bare.any() and zone is None:
        row = int(np.argmax(bare))
        raise NaiveTime(table.where(row + 1, column), value=text.iloc[row])
    dated = text.where(text.str.len() > len("2026-07-15"), text + "T00:00")
    written = text.where(~bare, dated + (zone or "").replace("UTC", "+00:00"))
    found = pd.to_datetime(written, errors="coerce", format="ISO8601", utc=True)
    raise_all(
        UnreadableTime(table.where(row + 1, column), value=text.iloc[row], format="ISO 8601")
        for row in np.flatnonzero(found.isna())[:MAX_FAULTS].tolist()
    )
    return pd.DatetimeIndex(found)


def days_zone(table: Table, clock: ClockSpec) -> timezone:
    """Return the zone whose days and months count: the one that is stated, else that of the file's own times."""
    if clock.zone is not None:
        return fixed_zone(clock.zone, table.where(field="zone"))
    match = _OFFSET.search(table.column(clock.time).iloc[0])
    assert match is not None  # `read_times` refuses a file without offsets and zone
    written = match[1] if match[1] == "Z" or len(match[1]) > len("+08") else f"{match[1]}:00"
    return fixed_zone(written, table.where(1, clock.time))
