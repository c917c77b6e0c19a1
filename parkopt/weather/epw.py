"""EPW files: a typical year in the EnergyPlus weather format.

Format: EnergyPlus 24, Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary".
Hours 1 to 24 close their interval; they become starts. The years of a TMY are mixed and
are dropped. What the file says about its sun is checked against the sun (`offset`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where, raise_all
from parkopt.faults import MissingFile
from parkopt.park.base import Location
from parkopt.weather.clean import fill_gaps
from parkopt.weather.epw_text import HEADER_LINES, MISSING, EpwTable, parse_epw
from parkopt.weather.offset import set_clock, sun_of_year
from parkopt.weather.plausible import far_notes
from parkopt.weather.source import Origin, canonical, check_range
from parkopt.weather.typical import TypicalYear, hour_starts, lay_year

DEFAULT_OFFSET_MIN = 30.0
"""EPW irradiance is summed over the hour before the stamp: the sun stands at its middle."""


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
        far = far_notes(found.site, here, (location.latitude, location.longitude))
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
    whole, notes = repair(table, where)
    raise_all(
        fault for name, values in whole.items() if (fault := check_range(name, values, where, HEADER_LINES)) is not None
    )
    hourly = {name: values[table.kept] for name, values in whole.items()}
    return _on_the_clock(table, hourly, hashlib.sha256(raw).hexdigest(), notes, where)


def repair(table: EpwTable, where: Where) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the variables with gaps of up to 3 h filled, over the year's end too, and what was filled.

    Raises
    ------
    MissingSteps
        For a longer gap, naming the column and its first row.
    """
    hourly = {name: np.where(np.isin(values, MISSING[name]), np.nan, values) for name, values in table.columns.items()}
    return fill_gaps(hourly, timedelta(hours=1), where, header_lines=HEADER_LINES, around=True)


def _on_the_clock(
    table: EpwTable, hourly: dict[str, FloatArray], sha256: str, notes: tuple[str, ...], where: Where
) -> EpwYear:
    """Find the file's sun; move a file that is whole hours off, refuse one that is in another zone."""
    place = (table.latitude, table.longitude)
    fit = sun_of_year(hour_starts(table.zone), hourly, place, DEFAULT_OFFSET_MIN, where)
    moved, offset_min, said = set_clock(hourly, fit)
    year = TypicalYear(moved, table.zone, *place, solar_offset_min=offset_min)
    return EpwYear(year, table.site, sha256, notes + said)
