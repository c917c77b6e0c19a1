"""Weather from files of ERA5, ERA5-Land and ECMWF forecasts, as the Climate Data Store gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where, raise_all
from parkopt.faults import BrokenFile, MissingFile, WrongOption
from parkopt.park.base import Location
from parkopt.park.series import Series
from parkopt.park.table import ClockSpec
from parkopt.weather.dated import DHI, DNI, GHI, complete, lay_dated, naive
from parkopt.weather.era5_cells import Pick
from parkopt.weather.era5_dataset import Found
from parkopt.weather.era5_fields import SUMMED, Field, Sums, from_direction_deg, in_unit
from parkopt.weather.era5_file import is_era5, read_file
from parkopt.weather.era5_hours import WINDS, Hours, check_clock, hourly
from parkopt.weather.source import VARIABLES, Origin, WeatherBasis, canonical
from parkopt.weather.sun import cos_zenith, later

__all__ = ["Era5", "is_era5"]
MIDDLE_MIN = 30.0
"""The sun of a mean over an hour stands in its middle."""
REANALYSIS = "A reanalysis is a model's account of what happened, not a measurement."


@dataclass(frozen=True)
class Era5:
    """Weather from files of the Climate Data Store.

    Parameters
    ----------
    path : Path
        NetCDF (new form, legacy, HDF5 or classic), the ZIP of both step types, or GRIB; a folder
        of such files, or several joined by commas.
    pick : {"bilinear", "nearest", "sea"}
        Values at the site by bilinear interpolation, of the nearest grid point, or of the nearest
        cell that is sea by the file's `lsm`.
    sums : {"auto", "hour", "day", "issue"}
        Over what sums run: the hour before, the UTC day so far (ERA5-Land), the time since the
        issue; found from the data by default.
    repeat : {"never", "calendar", "weekday"}
        What stands for days outside the data, as in `ClockSpec`.
    """

    path: Path
    pick: Pick = "bilinear"
    sums: Sums = "auto"
    repeat: Literal["never", "calendar", "weekday"] = "never"
    name: str = "era5"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the files' weather at `location` on `grid`.

        Raises
        ------
        MissingFile, BrokenFile, NeedsExtra
            Where a file is absent, damaged, none of these formats, or GRIB without ecCodes.
        NotAGridPoint, MissingColumn, WrongUnit
            Where the site, a variable or its unit does not fit.
        TimeNotRising, UnevenSteps, WrongStep, MissingSteps, OutsideData, GridMismatch
            Where the times do not.
        NegativeValue, ImplausibleValue, ShiftedClock, Faults
            Where the numbers are not weather of that place and time.
        """
        _check_options(self)
        where, place = Where(file=str(self.path)), (location.latitude, location.longitude)
        found = gather(self.path, place, self.pick)
        issue = issued_at(found.fields, where)
        hours, notes = hourly(found.fields, place, self.sums, where)
        check_clock(hours, place, where)
        series = as_series(hours, self.path, found.sha256)
        clock = ClockSpec(repeat=self.repeat)
        laid, offset_min = lay_dated(series, clock, grid, location, MIDDLE_MIN)
        values, added = closed(directions(laid), grid, location, offset_min)
        basis: WeatherBasis = "forecast" if issue else "actual"
        kind = "" if issue else REANALYSIS
        origin = Origin(
            source=f"{self.name}/{self.path.name}", basis=basis, latitude=location.latitude,
            longitude=location.longitude, sha256=found.sha256, solar_offset_min=offset_min, issued_at=issue,
            notes=tuple(note for note in (kind, *found.notes, *notes, *added) if note),
        )  # fmt: skip
        return canonical(values, grid, origin, where)


def _check_options(source: Era5) -> None:
    allowed = {
        "pick": ("bilinear", "nearest", "sea"),
        "sums": ("auto", "hour", "day", "issue"),
        "repeat": ("never", "calendar", "weekday"),
    }
    wrong = [name for name, values in allowed.items() if getattr(source, name) not in values]
    raise_all(WrongOption(option=name, value=getattr(source, name), allowed=", ".join(allowed[name])) for name in wrong)


def files_of(path: Path) -> list[Path]:
    """Return the files that a path means: itself, those of a folder that are weather, or a comma list.

    Raises
    ------
    MissingFile, BrokenFile
    """
    if not path.is_dir():
        parts = str(path).split(",")
        return [path] if path.exists() or len(parts) == 1 else [Path(part.strip()) for part in parts if part.strip()]
    found = []
    try:
        for one in sorted(one for one in path.iterdir() if one.is_file()):
            with one.open("rb") as stream:
                if is_era5(stream.read(4)):
                    found.append(one)
    except OSError as error:
        raise MissingFile(Where(file=str(path)), path=path) from error
    if not found:
        raise BrokenFile(Where(file=str(path)), format="NetCDF, ZIP or GRIB", reason="the folder holds none")
    return found


def gather(path: Path, place: tuple[float, float], pick: Pick) -> Found:
    """Return the fields of all files of a path, parts of one variable joined in order of time."""
    read = [read_file(one, place, pick) for one in files_of(path)]
    whole = Found(sha256=read[0].sha256 if len(read) == 1 else _joint_hash(read))
    parts: dict[str, list[Field]] = {}
    for one in read:
        for note in one.notes:
            whole.note(note)
        for field in one.fields:
            parts.setdefault(field.name, []).append(field)
    whole.fields = [joined(fields) for fields in parts.values()]
    return whole


def _joint_hash(read: list[Found]) -> str:
    return sha256("".join(one.sha256 for one in read).encode("ascii")).hexdigest()


def joined(fields: list[Field]) -> Field:
    """Return parts of a variable as one, each part in its own order; units are brought to one."""
    if len(fields) == 1:
        return in_unit(fields[0])
    ready = sorted((in_unit(one) for one in fields), key=lambda one: one.times[0])
    kinds = {(one.unit, one.issued is None) for one in ready}
    if len(kinds) > 1:
        raise BrokenFile(ready[-1].where, format="ERA5", reason=f"{ready[0].name} differs in kind between the files")
    issued = [one.issued for one in ready if one.issued is not None]
    return replace(
        ready[0], times=np.concatenate([one.times for one in ready]),
        values=np.concatenate([one.values for one in ready]),  # noqa: PD011 - no frame
        issued=np.concatenate(issued) if issued else None,
    )  # fmt: skip


def issued_at(fields: Iterable[Field], where: Where) -> str:
    """Return when a forecast was issued, ISO 8601 in UTC; empty for a reanalysis.

    A reanalysis has its instants at step 0; only its sums are from short forecasts.

    Raises
    ------
    BrokenFile
        Where forecasts of several issues overlap.
    """
    ahead = [one for one in fields if one.name not in SUMMED and one.issued is not None]
    if not ahead:
        return ""
    issues = np.unique(np.concatenate([one.issued for one in ahead if one.issued is not None]))
    if len(issues) > 1:
        reason = f"it holds {len(issues)} forecasts, issued {issues[0]} to {issues[-1]} UTC; keep one"
        raise BrokenFile(where, format="forecast", reason=reason)
    return f"{issues[0]}Z"


def as_series(hours: Hours, path: Path, sha256_of: str) -> dict[str, Series]:
    """Return hourly values as series of UTC; components of the wind keep their own names."""
    starts = pd.DatetimeIndex(hours.starts).tz_localize("UTC")
    step = timedelta(hours=1)
    return {
        name: Series(starts, step, values, VARIABLES[name].unit if name in VARIABLES else "m/s", path, sha256_of)
        for name, values in hours.values.items()  # noqa: PD011 - no frame
    }


def directions(laid: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the variables with directions in place of the components of the wind."""
    found = {name: values for name, values in laid.items() if name in VARIABLES}
    for (u, v), height in zip(WINDS, (10, 100), strict=True):
        if u in laid:
            found[f"wind_from_direction_{height}m_deg"] = from_direction_deg(laid[u], laid[v])
    return found


def closed(
    values: dict[str, FloatArray], grid: TimeGrid, location: Location, offset_min: float
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return `values` completed, so that direct and diffuse make up the global light.

    Where the sun is too low to divide by, or direct light would exceed the sun's, the rest is diffuse.
    """
    whole, notes = complete(values, grid, location, offset_min)
    height = np.clip(cos_zenith(later(naive(grid.index), offset_min), location.latitude, location.longitude), 0, None)
    whole[DHI] = np.clip(whole[GHI] - whole[DNI] * height, 0, None)
    return whole, notes
