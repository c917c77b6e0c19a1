"""EPW files: a typical year in the EnergyPlus weather format.

Format: EnergyPlus 24, Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary".
Hours 1 to 24 close their interval; they become starts. The years of a TMY are mixed and
are dropped. What the file says about its sun is checked against the sun (`offset`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where, raise_all
from parkopt.faults import MissingFile, MissingSteps, ShiftedClock
from parkopt.park.base import Location
from parkopt.weather.epw_text import HEADER_LINES, MISSING, EpwTable, parse_epw
from parkopt.weather.offset import CANDIDATES_MIN, SolarOffset, noon_shift_min, solar_offset_min
from parkopt.weather.sites import distance_km
from parkopt.weather.source import Origin, canonical, check_range
from parkopt.weather.sun import TimeArray, later
from parkopt.weather.typical import HOURS, TypicalYear, lay_year

MAX_GAP_H = 3
"""Longer gaps are not filled (parkopt reference, weather 3.2)."""
FAR_KM = 100.0
DEFAULT_OFFSET_MIN = 30.0
"""EPW irradiance is summed over the hour before the stamp: the sun stands at its middle."""
HALF_HOUR_MIN, HOUR_MIN = 30, 60
LIGHT = ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2")


@dataclass(frozen=True)
class EpwYear:
    """A checked EPW file: its year, its hash, and what was found or done."""

    year: TypicalYear
    site: str
    sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Epw:
    """A typical year from an EPW file.

    Parameters
    ----------
    path : Path
        The file.
    """

    path: Path
    name: str = "epw"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the same month, day and hour (in the file's own zone) of the file's year.

        Raises
        ------
        MissingFile, BrokenFile, MissingSteps, TimeNotRising, UnreadableValue, ZoneNotFixed,
        ImplausibleValue, NegativeValue, ShiftedClock, GridMismatch
        """
        found = read_epw(self.path)
        where = Where(file=str(self.path))
        values, offset_min = lay_year(found.year, grid, where)
        here = (found.year.latitude, found.year.longitude)
        away = distance_km(here, (location.latitude, location.longitude))
        far = (f"The file's site {found.site} is {away:.0f} km from the park.",) if away > FAR_KM else ()
        origin = Origin(
            source=f"epw/{self.path.name}", basis="typical_year", latitude=here[0], longitude=here[1],
            sha256=found.sha256, solar_offset_min=offset_min, notes=found.notes + far,
        )  # fmt: skip
        return canonical(values, grid, origin, where)


def read_epw(path: Path) -> EpwYear:
    """Read and check an EPW file; unchanged files are read once."""
    try:
        stat = path.stat()
    except OSError as error:
        raise MissingFile(Where(file=str(path)), path=path) from error
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _mtime_ns: int, _size: int) -> EpwYear:
    where = Where(file=str(path))
    raw = path.read_bytes()
    # latin-1 reads any byte; names of places are the only text beyond ASCII
    table = parse_epw(raw.decode("latin-1"), where)
    hourly, notes = repair(table, where)
    raise_all(
        fault
        for name, values in hourly.items()
        if (fault := check_range(name, values, where, HEADER_LINES)) is not None
    )
    return _on_the_clock(table, hourly, hashlib.sha256(raw).hexdigest(), notes, where)


def repair(table: EpwTable, where: Where) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the variables with gaps of up to 3 h on straight lines, over the year's end too.

    Raises
    ------
    MissingSteps
        For a longer gap, naming the column and its first row.
    """
    hourly: dict[str, FloatArray] = {}
    notes: list[str] = []
    for name, values in table.columns.items():
        gone = np.isin(values, MISSING[name])
        start, length = longest_gap(gone)
        if length > MAX_GAP_H:
            place = Where(where.file, start + 1 + HEADER_LINES, name, start + 1)
            raise MissingSteps(place, count=int(gone.sum()), first=f"row {start + 1}, {length} h long")
        if gone.any():
            at = np.arange(HOURS)
            values = np.interp(at, at[~gone], values[~gone], period=HOURS)  # noqa: PLW2901
            notes.append(f"{int(gone.sum())} missing hour(s) of {name} were interpolated.")
        hourly[name] = values
    return hourly, tuple(notes)


def longest_gap(gone: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[int, int]:
    """Return first row and length of the longest run of True, where the year's end meets its start."""
    if gone.all():
        return 0, len(gone)
    if not gone.any():
        return 0, 0
    turn = int(np.argmin(gone))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.roll(gone, -turn).astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int((starts[longest] + turn) % len(gone)), int(ends[longest] - starts[longest])


def hour_starts(table: EpwTable) -> TimeArray:
    """Return the hours of the file in UTC, in a year without 29 February."""
    first = np.datetime64("2023-01-01T00:00", "s")
    zone_min = (table.zone.utcoffset(None)).total_seconds() / 60
    return later(np.full(HOURS, first), np.arange(HOURS) * 60.0 - zone_min)


def _on_the_clock(
    table: EpwTable, hourly: dict[str, FloatArray], sha256: str, notes: tuple[str, ...], where: Where
) -> EpwYear:
    """Find the file's sun; move a file that is whole hours off, refuse one that is in another zone."""
    fit = _sun(table, hourly, where)
    late_h, offset_min = whole_hours(fit.minutes)
    if late_h:
        hourly = {name: np.roll(values, late_h) for name, values in hourly.items()}
        notes += (
            f"All rows were moved by {late_h:+d} h: by the file's clock the sun stands at {fit.minutes:+.0f} min.",
        )
    how = "found by closure" if fit.found else "assumed by the format, closure says nothing"
    notes += (f"Sun at {offset_min:+.0f} min, {how} (RMS {fit.rms_w_per_m2:.1f} W/m2).",)
    place = (table.latitude, table.longitude)
    year = TypicalYear(hourly, table.zone, *place, solar_offset_min=offset_min)
    return EpwYear(year, table.site, sha256, notes)


def _sun(table: EpwTable, hourly: dict[str, FloatArray], where: Where) -> SolarOffset:
    """Return the displacement of the file's sun, or raise `ShiftedClock`."""
    starts, place = hour_starts(table), (table.latitude, table.longitude)
    ghi, dni, dhi = (hourly[name] for name in LIGHT)
    fit = solar_offset_min(starts, (ghi, dni, dhi), place, DEFAULT_OFFSET_MIN)
    shift_min = noon_shift_min(starts, ghi, table.longitude)
    # at an edge of the search nothing was found, and hours away from noon it searched in vain
    at_edge = fit.found and fit.minutes in (CANDIDATES_MIN[0], CANDIDATES_MIN[-1])
    if at_edge or not -CANDIDATES_MIN[-1] <= shift_min <= -CANDIDATES_MIN[0]:
        raise ShiftedClock(where, minutes=shift_min)
    return fit


def whole_hours(minutes: float) -> tuple[int, float]:
    """Return by how many hours the rows must move later, and the displacement that is left, in minutes.

    A displacement between -30 and 60 min is the format's own and moves nothing.
    """
    late_h = 0 if -HALF_HOUR_MIN < minutes < HOUR_MIN else int(minutes // HOUR_MIN)
    return late_h, minutes - late_h * HOUR_MIN
