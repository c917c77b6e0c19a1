"""The text of a PVGIS file to cells: typical years and hourly series, as CSV and as JSON.

Format: JRC, PVGIS 5.2 and 5.3, non-interactive service, tools ``tmy`` and ``seriescalc``.
Nothing is repaired or converted here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from parkopt.errors import Where, raise_all
from parkopt.faults import BrokenFile, UnknownFormat, WrongUnit
from parkopt.park.table import MAX_FAULTS
from parkopt.weather.epw_text import place_of

Kind = Literal["tmy csv", "tmy json", "hourly csv", "hourly json"]
HEADS = {"time(UTC)": "tmy csv", "time": "hourly csv"}
"""First cell of the line above the rows of a CSV file."""
OUTPUTS = {"tmy_hourly": "tmy json", "hourly": "hourly json"}
MAX_HEADER_LINES = 60
UNITS: dict[str, tuple[str, ...]] = {
    "W/m2": ("W/m2", "W/m^2", "W/m²"),
    "degC": ("degree Celsius", "degrees Celsius", "degC", "°C"),
    "m/s": ("m/s",),
    "Pa": ("Pa",),
    "percent": ("%", "percent"),
    "deg": ("degree", "degrees", "°"),
}
"""How PVGIS writes the units that parkopt has."""
_LAST_BRACKET = re.compile(r"\(([^()]*)\)\s*$")


@dataclass(frozen=True)
class PvgisTable:
    """A PVGIS file as text: where it is for, where its light comes from, and its cells."""

    kind: Kind
    latitude: float
    longitude: float
    database: str
    offset_min: float | None
    """Minutes from a stamp to its irradiance, where the file says it."""
    slope: str
    """Of the plane, as the file has it; empty in a typical year, which is of horizontal planes."""
    cells: dict[str, list[str]]
    """Column to text (n,); empty where there is none."""
    units: dict[str, str]
    """Column to unit, as far as the file explains its columns."""
    header_lines: int | None
    """Lines before the first row; None for JSON, whose rows are not lines."""

    @property
    def stamps(self) -> list[str]:
        """Return the times of the rows, as written."""
        return self.cells["time(UTC)" if self.kind.startswith("tmy") else "time"]

    def where(self, file: Where, row: int | None = None, field: str = "") -> Where:
        """Return the place of a row (from 0)."""
        if row is None:
            return Where(file.file, field=field)
        line = None if self.header_lines is None else self.header_lines + row + 1
        return Where(file.file, line, field, row + 1)


def is_pvgis(text_head: str) -> Kind | None:
    """Return which PVGIS file begins with this text, or None for another file.

    Parameters
    ----------
    text_head : str
        The first 2000 characters or more (a JSON file names its table after about 1000).
    """
    text = text_head.lstrip("\ufeff \t\r\n")
    if text.startswith("Latitude (decimal degrees)"):
        first_cells = (line.split(",")[0].strip() for line in text.splitlines()[:MAX_HEADER_LINES] if "," in line)
        return next((_kind(HEADS[cell]) for cell in first_cells if cell in HEADS), None)
    if not text.startswith("{") or '"radiation_db"' not in text:
        return None
    if '"tmy_hourly"' in text or '"months_selected"' in text:
        return "tmy json"
    return "hourly json" if '"hourly"' in text or '"mounting_system"' in text else None


def _kind(text: str) -> Kind:
    return next(kind for kind in ("tmy csv", "tmy json", "hourly csv", "hourly json") if kind == text)


def parse_pvgis(text: str, where: Where) -> PvgisTable:
    """Return the cells of a PVGIS file.

    Raises
    ------
    BrokenFile
        Where it is cut off, or has no place.
    UnknownFormat
        Where it is no file of PVGIS.
    """
    text = text.removeprefix("\ufeff")
    table = _from_json(text, where) if text.lstrip().startswith("{") else _from_csv(text, where)
    if not table.stamps:
        raise _broken(where, "it has no rows")
    return table


def check_units(table: PvgisTable, units: Mapping[str, str], where: Where) -> None:
    """Raise unless the file explains its columns in the units that PVGIS writes.

    Parameters
    ----------
    table : PvgisTable
        The file.
    units : mapping
        Column to the unit that it must have, a key of `UNITS`.
    where : Where
        The file.

    Raises
    ------
    WrongUnit
        For each column that is explained in another unit.
    """
    raise_all(
        WrongUnit(table.where(where, field=column), value=f"{column} ({table.units[column]})", unit=unit, example=unit)
        for column, unit in units.items()
        if column in table.cells and table.units.get(column, UNITS[unit][0]) not in UNITS[unit]
    )


def _broken(where: Where, reason: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(Where(where.file, line), format="PVGIS", reason=reason)


def _from_csv(text: str, where: Where) -> PvgisTable:
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[0].startswith("Latitude (decimal degrees)"):
        raise UnknownFormat(Where(where.file, 1), reason="a PVGIS file begins with 'Latitude (decimal degrees)' or '{'")
    at = next((i for i, line in enumerate(lines) if line.split(",")[0].strip() in HEADS and "," in line), None)
    if at is None:
        raise _broken(where, "it has no line of column names that begins with 'time'", len(lines))
    names = [name.strip() for name in lines[at].split(",")]
    head = dict(_pairs(lines[:at]))
    place = _place(head.get("Latitude (decimal degrees)"), head.get("Longitude (decimal degrees)"), where)
    rows, end = _csv_rows(lines, at + 1, len(names), where)
    hours = head.get("Irradiance Time Offset (h)")
    return PvgisTable(
        kind=_kind(HEADS[names[0]]), latitude=place[0], longitude=place[1],
        database=head.get("Radiation database", ""), offset_min=_minutes(hours), slope=head.get("Slope", _mount(head)),
        cells={name: [row[column] for row in rows] for column, name in enumerate(names)},
        units={name: _in_brackets(about) for name, about in _pairs(lines[end:])}, header_lines=at + 1,
    )  # fmt: skip


def _csv_rows(lines: list[str], start: int, columns: int, where: Where) -> tuple[list[list[str]], int]:
    """Return the cells of the rows and the index of the blank line that ends them."""
    end = next((i for i in range(start, len(lines)) if not lines[i].strip()), len(lines))
    # a blank last "line" is only the end of the row before: PVGIS puts an explanation after the rows
    if end >= len(lines) - 1:
        raise _broken(where, "it is cut off: no explanation of the columns follows the rows", end)
    rows = [[cell.strip() for cell in line.split(",")] for line in lines[start:end]]
    raise_all(
        _broken(where, f"row {row + 1} has {len(cells)} instead of {columns} fields", start + row + 1)
        for row, cells in _first((row, cells) for row, cells in enumerate(rows) if len(cells) != columns)
    )
    return rows, end


def _first(found: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    return [pair for _, pair in zip(range(MAX_FAULTS), found, strict=False)]


def _pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Return what stands before and after the first colon of lines that have one."""
    parts = (line.partition(":") for line in lines)
    return [(name.strip(), rest.strip()) for name, colon, rest in parts if colon]


def _in_brackets(about: str) -> str:
    found = _LAST_BRACKET.search(about)
    return found[1].strip() if found else ""


def _mount(head: Mapping[str, str]) -> str:
    """Return what stands for the slope of a plane that follows the sun."""
    return "tracking" if any("axis" in f"{name} {value}".lower() for name, value in head.items()) else ""


def _place(latitude: object, longitude: object, where: Where) -> tuple[float, float]:
    place = place_of(latitude, longitude)
    if place is None:
        raise _broken(where, "its header has no latitude and longitude", 1)
    return place


def _minutes(hours: object) -> float | None:
    try:
        minutes = float(str(hours)) * 60
    except ValueError:
        return None
    return minutes if abs(minutes) <= 60 else None  # noqa: PLR2004 - of an hour


def _from_json(text: str, where: Where) -> PvgisTable:
    try:
        tree: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = Where(where.file, getattr(error, "lineno", None))
        reason = f"its JSON breaks off or is damaged ({error})"
        raise BrokenFile(at, format="PVGIS", reason=reason) from error
    outputs = _branch(tree, "outputs")
    name = next((name for name in OUTPUTS if isinstance(outputs.get(name), list)), None)
    location = _branch(tree, "inputs", "location")
    if name is None or not location:
        raise UnknownFormat(where, reason="a PVGIS file has inputs.location and outputs.tmy_hourly or outputs.hourly")
    here = _place(location.get("latitude"), location.get("longitude"), where)
    about = _branch(tree, "meta", "outputs", name, "variables")
    return PvgisTable(
        kind=_kind(OUTPUTS[name]), latitude=here[0], longitude=here[1],
        database=str(_branch(tree, "inputs", "meteo_data").get("radiation_db", "")),
        offset_min=_minutes(location.get("irradiance_time_offset")), slope=_json_slope(tree),
        cells=_json_cells(outputs[name], "time(UTC)" if name == "tmy_hourly" else "time", where),
        units={key: str(_branch(about, key).get("units", "")) for key in about}, header_lines=None,
    )  # fmt: skip


def _branch(tree: Any, *keys: str) -> dict[str, Any]:
    """Return the object under the keys; an empty one where there is none."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _json_slope(tree: Any) -> str:
    mounts = _branch(tree, "inputs", "mounting_system")
    return str(_branch(mounts, "fixed", "slope").get("value", "tracking" if mounts else ""))


def _json_cells(rows: list[Any], time: str, where: Where) -> dict[str, list[str]]:
    odd = [row for row, cells in enumerate(rows) if not isinstance(cells, dict) or time not in cells]
    raise_all(
        BrokenFile(Where(where.file, row=row + 1), format="PVGIS", reason=f"row {row + 1} has no {time!r}")
        for row in odd[:MAX_FAULTS]
    )
    names = dict.fromkeys([time, *(name for cells in rows for name in cells)])
    empty = (None, "")
    return {n: ["" if cells.get(n) in empty else str(cells[n]).strip() for cells in rows] for n in names}
