"""The text of an EPW file to numbers: header, 8760 rows, missing codes. Nothing is repaired here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError, Where, raise_all
from parkopt.faults import BrokenFile, UnreadableValue, ZoneNotFixed
from parkopt.park.table import MAX_FAULTS
from parkopt.weather.typical import RowArray, Stamps, whole_year

HEADER_LINES = 8
HEADER_FIELDS = 10
FIELDS = {
    "ghi_w_per_m2": 13,
    "dni_w_per_m2": 14,
    "dhi_w_per_m2": 15,
    "temp_air_degc": 6,
    "pressure_pa": 9,
    "wind_speed_10m_m_per_s": 21,
}
"""Position of each variable in a row, from 0."""
MISSING: dict[str, tuple[float, ...]] = {
    "ghi_w_per_m2": (9999.0, 99999.0),
    "dni_w_per_m2": (9999.0, 99999.0),
    "dhi_w_per_m2": (9999.0, 99999.0),
    "temp_air_degc": (99.0, 99.9, 999.0, 9999.0),
    "pressure_pa": (9999.0, 999999.0),
    "wind_speed_10m_m_per_s": (99.0, 99.9, 999.0, 9999.0),
}
"""Codes of the format, and those that files use instead; none of them is a plausible value there."""


@dataclass(frozen=True)
class EpwTable:
    """An EPW file as numbers (n,), with its missing codes still in, and the rows of its 8760 h."""

    site: str
    latitude: float
    longitude: float
    zone: timezone
    columns: dict[str, FloatArray]
    kept: RowArray
    """Rows (8760,) in order: all but those of 29 February."""


def parse_epw(text: str, where: Where) -> EpwTable:
    """Return the numbers of an EPW file.

    Raises
    ------
    BrokenFile
        Where header or rows are cut off.
    ZoneNotFixed, UnreadableValue, UnreadableTime, TimeNotRising, MissingSteps
        Naming the row.
    """
    # not splitlines: that also breaks lines at bytes that a place's name may hold
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    site, latitude, longitude, zone = _location(lines, where)
    rows = [line.split(",") for line in lines[HEADER_LINES:]]
    _whole_rows(rows, where)
    kept = _hours(rows, where)
    columns = {name: _numbers(rows, at, name, where) for name, at in FIELDS.items()}
    return EpwTable(site, latitude, longitude, zone, columns, kept)


def _broken(where: Where, reason: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(Where(where.file, line), format="EPW", reason=reason)


def _location(lines: list[str], where: Where) -> tuple[str, float, float, timezone]:
    if len(lines) < HEADER_LINES or not lines[HEADER_LINES - 1].startswith("DATA PERIODS"):
        raise _broken(where, f"the first {HEADER_LINES} lines are not an EPW header", 1)
    head = [part.strip() for part in lines[0].split(",")]
    if head[0] != "LOCATION" or len(head) < HEADER_FIELDS:
        raise _broken(where, "line 1 is not LOCATION with 10 fields", 1)
    if [part.strip() for part in lines[HEADER_LINES - 1].split(",")][2:3] != ["1"]:
        raise _broken(where, "only one record an hour is read", HEADER_LINES)
    place = place_of(head[6], head[7])
    if place is None:
        raise _broken(where, "line 1 has no latitude and longitude", 1)
    return head[1], *place, _zone(head[8], where)


def place_of(latitude: object, longitude: object) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None where that is no place on Earth."""
    try:
        place = float(str(latitude)), float(str(longitude))
    except ValueError:
        return None
    return place if abs(place[0]) <= 90 and abs(place[1]) <= 180 else None  # noqa: PLR2004


def _zone(text: str, where: Where) -> timezone:
    try:
        return timezone(timedelta(hours=float(text)))
    except (ValueError, OverflowError) as error:
        raise ZoneNotFixed(Where(where.file, 1, "time zone"), zone=text) from error


def _whole_rows(rows: list[list[str]], where: Where) -> None:
    # as many as the first row: a file cut inside its last row would else lose digits unseen
    needed = max(max(FIELDS.values()) + 1, len(rows[0]) if rows else 0)
    short = [row for row, fields in enumerate(rows) if len(fields) < needed]
    if not rows or short:
        row = short[0] if short else 0
        raise _broken(where, f"row {row + 1} has fewer than {needed} fields", row + 1 + HEADER_LINES)


def _hours(rows: list[list[str]], where: Where) -> RowArray:
    """Return the rows to keep, in order; 29 February is left out."""
    month, day, hour = (_numbers(rows, at, name, where) for at, name in ((1, "month"), (2, "day"), (3, "hour")))
    stamps = Stamps(
        month, day, hour - 1, text=lambda row: "/".join(rows[row][1:4]), pattern="month/day/hour 1-24",
        format="EPW", header_lines=HEADER_LINES,
    )  # fmt: skip
    return whole_year(stamps, where)


def _numbers(rows: list[list[str]], at: int, name: str, where: Where) -> FloatArray:
    text = pd.Series([fields[at] for fields in rows], dtype=str)
    values = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    faults: list[ParkoptError] = [
        UnreadableValue(
            Where(where.file, int(row) + 1 + HEADER_LINES, name, int(row) + 1), column=name, value=text.iloc[int(row)]
        )
        for row in np.flatnonzero(~np.isfinite(values))[:MAX_FAULTS]
    ]
    raise_all(faults)
    return values
