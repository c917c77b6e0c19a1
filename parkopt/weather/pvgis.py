"""PVGIS files: typical years (TMY) and hourly series, as CSV and as JSON.

Stamps are UTC. Irradiance belongs to a moment some minutes after the hour, which the file
states and which is checked against the sun; temperature and wind are those of the hour
itself. A typical year in EPW is read by `epw`, which finds that its rows are an hour early.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where, raise_all
from parkopt.faults import BrokenFile, MissingFile, NegativeValue
from parkopt.park.base import Location
from parkopt.park.table import ClockSpec
from parkopt.weather.dated import DHI, GHI, HOUR, complete, dated_series, lay_dated
from parkopt.weather.offset import EXACT_MIN, set_clock, sun_of_year
from parkopt.weather.plausible import far_notes
from parkopt.weather.pvgis_check import cleaned_of, first_hour, numbers_of, require_horizontal, require_sun, times_of
from parkopt.weather.pvgis_text import PvgisTable, is_pvgis, parse_pvgis
from parkopt.weather.source import Origin, WeatherBasis, canonical
from parkopt.weather.typical import Stamps, TypicalYear, hour_starts, lay_year, whole_year

__all__ = ["Pvgis", "PvgisFile", "is_pvgis", "read_pvgis"]
COMMON = {
    "temp_air_degc": "T2m",
    "wind_speed_10m_m_per_s": "WS10m",
    "wind_from_direction_10m_deg": "WD10m",
    "relative_humidity_percent": "RH",
    "pressure_pa": "SP",
}
TMY = {"ghi_w_per_m2": "G(h)", "dni_w_per_m2": "Gb(n)", "dhi_w_per_m2": "Gd(h)", **COMMON}
"""Canonical variable to column of a typical year."""
NEEDED = ("T2m", "WS10m")
BEAM, DIFFUSE, REFLECTED, GLOBAL = "Gb(i)", "Gd(i)", "Gr(i)", "G(i)"
"""Columns of an hourly series, on the plane that was asked for."""
DEFAULT_OFFSET_MIN = 30.0


@dataclass(frozen=True)
class PvgisFile:
    """A checked PVGIS file: a typical year, or a dated series from `start` on; and what was found or done."""

    hourly: dict[str, FloatArray]
    """Canonical name to hours (n,), in UTC."""
    start: pd.Timestamp | None
    """Of the first hour, in UTC; None for a typical year, which begins on 1 January 00:00."""
    place: tuple[float, float]
    offset_min: float
    database: str
    sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Pvgis:
    """Weather from a file of PVGIS.

    Parameters
    ----------
    path : Path
        The file: TMY or hourly (``seriescalc``), CSV or JSON; told by its content.
    clock : ClockSpec
        Its `repeat` says what stands for days outside a dated series; the rest is PVGIS's own.
    """

    path: Path
    clock: ClockSpec = field(default_factory=ClockSpec)
    name: str = "pvgis"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the file's weather on `grid`: a typical year for any date, a series for its own.

        Raises
        ------
        MissingFile, BrokenFile, UnknownFormat, MissingColumn, WrongUnit, UnreadableTime,
        UnreadableValue, NegativeValue, ImplausibleValue, MissingSteps, TimeNotRising,
        UnevenSteps, TooShort, ShiftedClock, OutsideData, GridMismatch
        """
        found, where = read_pvgis(self.path), Where(file=str(self.path))
        site = location.model_copy(update={"latitude": found.place[0], "longitude": found.place[1]})
        values, offset_min = self._laid(found, grid, site, where)
        values, added = complete(values, grid, site, offset_min)
        spoken = f"{found.place[0]:.2f} N {found.place[1]:.2f} E"
        far = far_notes(spoken, found.place, (location.latitude, location.longitude))
        basis: WeatherBasis = "typical_year" if found.start is None else "actual"
        origin = Origin(
            source=f"pvgis/{self.path.name}", basis=basis, latitude=found.place[0], longitude=found.place[1],
            sha256=found.sha256, solar_offset_min=offset_min, notes=found.notes + added + far,
        )  # fmt: skip
        return canonical(values, grid, origin, where)

    def _laid(
        self, found: PvgisFile, grid: TimeGrid, site: Location, where: Where
    ) -> tuple[dict[str, FloatArray], float]:
        if found.start is None:
            return lay_year(
                TypicalYear(found.hourly, UTC, *found.place, solar_offset_min=found.offset_min), grid, where
            )
        starts = pd.date_range(found.start, periods=len(found.hourly[GHI]), freq="h")
        series = dated_series(starts, HOUR, found.hourly, self.path, found.sha256)
        return lay_dated(series, ClockSpec(repeat=self.clock.repeat), grid, site, found.offset_min)


def read_pvgis(path: Path) -> PvgisFile:
    """Read and check a PVGIS file; unchanged files are read once."""
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise MissingFile(Where(file=str(path)), path=path) from error


@lru_cache(maxsize=8)
def _read(path: Path, _mtime_ns: int, _size: int) -> PvgisFile:
    where, raw = Where(file=str(path)), path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenFile(where, format="PVGIS", reason=str(error)) from error
    table, sha256 = parse_pvgis(text, where), hashlib.sha256(raw).hexdigest()
    return _typical(table, sha256, where) if table.kind.startswith("tmy") else _dated(table, sha256, where)


def _typical(table: PvgisTable, sha256: str, where: Where) -> PvgisFile:
    numbers = numbers_of(table, TMY, ("G(h)", *NEEDED), where)
    times = times_of(table, where)
    stamps = Stamps(
        np.asarray(times.month, dtype=float), np.asarray(times.day, dtype=float), np.asarray(times.hour, dtype=float),
        text=lambda row: table.stamps[row], pattern="yyyymmdd:hhmm", format="PVGIS", header_lines=table.header_lines,
    )  # fmt: skip
    kept, place = whole_year(stamps, where), (table.latitude, table.longitude)
    clean, notes = cleaned_of(table, numbers, where, around=True)
    hourly = {name: values[kept] for name, values in clean.items()}
    stated = DEFAULT_OFFSET_MIN if table.offset_min is None else table.offset_min
    fit = sun_of_year(hour_starts(UTC), hourly, place, stated, where)
    moved, offset_min, said = set_clock(hourly, fit)
    if abs(fit.minutes - stated) > EXACT_MIN:
        said += (f"The file states {stated:+.0f} min.",)
    about = (*_from_where(table), "Temperature and wind are those of the start of each hour.")
    return PvgisFile(moved, None, place, offset_min, table.database, sha256, about + notes + said)


def _dated(table: PvgisTable, sha256: str, where: Where) -> PvgisFile:
    require_horizontal(table, where)
    # beam without diffuse is not the whole light
    reflected = [REFLECTED] if REFLECTED in table.cells else []
    light = [BEAM, DIFFUSE, *reflected] if BEAM in table.cells else [GLOBAL]
    numbers = numbers_of(table, {**{name: name for name in light}, **COMMON}, (*light, *NEEDED), where)
    start, minute = first_hour(table, times_of(table, where), where)
    whole = _horizontal(table, {name: numbers.pop(name) for name in light}, where) | numbers
    clean, notes = cleaned_of(table, whole, where, around=False)
    require_sun(table, start, minute, where)
    about = (*_from_where(table), f"Sun at {minute:+.0f} min, by the stamps.", *_reconstructed(table))
    place = (table.latitude, table.longitude)
    return PvgisFile(clean, start, place, float(minute), table.database, sha256, about + notes)


def _horizontal(table: PvgisTable, light: dict[str, FloatArray], where: Where) -> dict[str, FloatArray]:
    """Return global and, where the beam is given, diffuse irradiance of a horizontal plane from its parts.

    Such a plane sees no ground: what is not beam is diffuse.
    """
    below = ((name, int(np.argmax(v < 0))) for name, v in light.items() if (v < 0).any())
    raise_all(
        NegativeValue(table.where(where, row, name), column=name, value=float(light[name][row])) for name, row in below
    )
    ghi = np.sum(list(light.values()), axis=0)
    return {GHI: ghi} if BEAM not in light else {GHI: ghi, DHI: ghi - light[BEAM]}


def _from_where(table: PvgisTable) -> tuple[str, ...]:
    return (f"Irradiance is from {table.database}.",) if table.database else ()


def _reconstructed(table: PvgisTable) -> tuple[str, ...]:
    count = sum(cell in ("1", "1.0") for cell in table.cells.get("Int", []))
    return (f"PVGIS reconstructed the irradiance of {count} hour(s).",) if count else ()
