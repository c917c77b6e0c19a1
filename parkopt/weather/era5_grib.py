"""Messages of a GRIB file as fields at a site, through ECMWF's ecCodes in one pass.

cfgrib, which gives the same numbers, reads the whole file anew for every variable: minutes for a month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import BrokenFile, NeedsExtra
from parkopt.weather.era5_cells import Cells, Pick, choose
from parkopt.weather.era5_dataset import ALIASES, CONTROL, PRELIMINARY, Found, Land, at_site, version
from parkopt.weather.era5_fields import UNITS, Field
from parkopt.weather.sun import TimeArray

GAP = 1e30
"""Stands for a missing value while a message is read."""


@dataclass
class _Messages:
    """What is kept of the messages of one variable: issues, valid times, and values at the cells."""

    unit: str
    cells: Cells
    level: tuple[str, str]
    issues: list[np.datetime64] = field(default_factory=list)
    times: list[np.datetime64] = field(default_factory=list)
    rows: list[FloatArray] = field(default_factory=list)


def take_grib(path: Path, found: Found, place: tuple[float, float], where: Where, pick: Pick) -> None:
    """Add the known fields of a GRIB file to `found`, each ordered by issue, then by time.

    Raises
    ------
    NeedsExtra
        Without ecCodes.
    NotAGridPoint, BrokenFile
        Where the place is not on the grid, the grid has no axes, or a variable has several levels.
    """
    kept: dict[str, _Messages] = {}
    grids: dict[str, Cells] = {}
    for codes, message in _messages(path, where):
        name = _name(codes, message)
        if name not in UNITS or not _is_control(codes, message, found):
            continue
        key = str(codes.codes_get(message, "md5GridSection"))
        if key not in grids:
            grids[key] = choose(*_axes(codes, message, where), place, where, pick)
            found.note(grids[key].note)
        _keep(codes, message, kept, name, grids[key], where)
        if version(_optional(codes, message, "experimentVersionNumber") or "") == "5":
            found.note(PRELIMINARY)
    found.fields += [_field(name, one, found, where) for name, one in kept.items()]


def grib_land(path: Path, where: Where) -> Land | None:
    """Return the shares of land of a GRIB file; None where it has none."""
    for codes, message in _messages(path, where):
        if _name(codes, message) == "lsm":
            latitude, longitude = _axes(codes, message, where)
            return latitude, longitude, _values(codes, message).reshape(len(latitude), len(longitude))
    return None


def _messages(path: Path, where: Where) -> Iterator[tuple[Any, int]]:
    """Give ecCodes and each message in turn."""
    try:
        import eccodes
    except (ImportError, RuntimeError) as error:  # RuntimeError: without the library itself
        raise NeedsExtra(where, what="Reading GRIB", package="eccodes", extra="grib") from error
    with path.open("rb") as stream:
        while (message := eccodes.codes_grib_new_from_file(stream)) is not None:
            try:
                yield eccodes, message
            finally:
                eccodes.codes_release(message)


def _name(codes: Any, message: int) -> str:
    name = str(codes.codes_get(message, "cfVarName"))
    return ALIASES.get(name, name)


def _optional(codes: Any, message: int, key: str) -> object:
    return codes.codes_get(message, key) if codes.codes_is_defined(message, key) else None


def _is_control(codes: Any, message: int, found: Found) -> bool:
    """Return whether a message is of the control run; where it is not, a note is kept."""
    if _optional(codes, message, "perturbationNumber") in (None, 0):
        return True
    found.note(CONTROL)
    return False


def _axes(codes: Any, message: int, where: Where) -> tuple[FloatArray, FloatArray]:
    """Return latitudes (m,) and longitudes (n,) of a regular grid, in the order of its values."""
    kind = str(codes.codes_get(message, "gridType"))
    if kind != "regular_ll" or codes.codes_get(message, "jPointsAreConsecutive"):
        raise BrokenFile(where, format="GRIB", reason=f"its grid {kind!r} is not regular in latitude and longitude")
    shape = (int(codes.codes_get(message, "Nj")), int(codes.codes_get(message, "Ni")))
    latitude = np.asarray(codes.codes_get_array(message, "latitudes"), dtype=float).reshape(shape)
    longitude = np.asarray(codes.codes_get_array(message, "longitudes"), dtype=float).reshape(shape)
    return latitude[:, 0], longitude[0]


def _values(codes: Any, message: int) -> FloatArray:
    codes.codes_set(message, "missingValue", GAP)
    values = np.asarray(codes.codes_get_values(message), dtype=float)
    return np.where(values == GAP, np.nan, values)


def _keep(codes: Any, message: int, kept: dict[str, _Messages], name: str, cells: Cells, where: Where) -> None:
    level = (str(codes.codes_get(message, "typeOfLevel")), str(codes.codes_get(message, "level")))
    if name not in kept:
        kept[name] = _Messages(str(codes.codes_get(message, "units")), cells, level)
    one = kept[name]
    if level != one.level or cells.weight.shape != one.cells.weight.shape:
        raise BrokenFile(Where(where.file, field=name), format="GRIB", reason=f"{name} has several levels or grids")
    rows = int(codes.codes_get(message, "Nj"))
    block = _values(codes, message).reshape(rows, -1)[np.ix_(cells.latitude.index, cells.longitude.index)]
    one.rows.append(block.ravel())
    one.issues.append(_moment(codes, message, "dataDate", "dataTime"))
    one.times.append(_moment(codes, message, "validityDate", "validityTime"))


def _moment(codes: Any, message: int, day: str, clock: str) -> np.datetime64:
    """Return the time that a date such as 20240601 and a clock such as 1830 state."""
    date, time = f"{codes.codes_get(message, day, int):08d}", f"{codes.codes_get(message, clock, int):04d}"
    return np.datetime64(f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:]}:00", "s")


def _field(name: str, kept: _Messages, found: Found, where: Where) -> Field:
    issues, times = np.array(kept.issues), np.array(kept.times)
    order = np.lexsort((times, issues))
    values = at_site(np.array(kept.rows)[order], kept.cells, found)
    ahead: TimeArray | None = issues[order] if (times > issues).any() else None
    return Field(name, times[order], values, kept.unit, ahead, Where(where.file, field=name))
