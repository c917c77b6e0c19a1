"""The JSON of Open-Meteo: what stands in an answer, its units and its clock.

Format: open-meteo.com/en/docs, read 2026-11. Solar radiation and precipitation belong to the step
*before* their stamp; everything else, and what ends in ``_instant``, is read at the stamp. Wind is
in km/h unless the answer says otherwise. Local times keep one offset, ``utc_offset_seconds``, for
the whole answer, over a change of daylight-saving time too (open-meteo issues 488 and 1764); unix
times are UTC always.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Where, raise_all
from parkopt.faults import (
    EnergyNotPower,
    MissingUnit,
    TooShort,
    UnreadableValue,
    WrongUnit,
)
from parkopt.park.table import MAX_FAULTS
from parkopt.weather.open_meteo_clock import broken, is_number, read_stamps, regular_step

ENVELOPE = "parkopt-open-meteo-1"
"""Mark of an answer that parkopt kept, with the time it was fetched."""
UNITS: dict[str, tuple[str, float, float]] = {
    "W/m²": ("W/m2", 1.0, 0.0),
    "W/m2": ("W/m2", 1.0, 0.0),
    "°C": ("degC", 1.0, 0.0),
    "°F": ("degC", 5 / 9, -160 / 9),
    "°K": ("degC", 1.0, -273.15),
    "K": ("degC", 1.0, -273.15),
    "hPa": ("Pa", 100.0, 0.0),
    "Pa": ("Pa", 1.0, 0.0),
    "m/s": ("m/s", 1.0, 0.0),
    "km/h": ("m/s", 1 / 3.6, 0.0),
    "mp/h": ("m/s", 0.44704, 0.0),
    "mph": ("m/s", 0.44704, 0.0),
    "kn": ("m/s", 1852 / 3600, 0.0),
    "%": ("percent", 1.0, 0.0),
    "°": ("deg", 1.0, 0.0),
    "mm": ("mm", 1.0, 0.0),
    "inch": ("mm", 25.4, 0.0),
    "m": ("m", 1.0, 0.0),
    "ft": ("m", 0.3048, 0.0),
}
"""Unit as Open-Meteo writes it (``mp/h`` for miles): unit inside, slope and offset; exact by definition."""
_ENERGY = re.compile(r"^[kMG]?(J|Wh)/m")
BlockName = Literal["hourly", "minutely_15"]


@dataclass(frozen=True)
class Answers:
    """The places of an answer, and what parkopt's own envelope adds to it."""

    places: tuple[dict[str, Any], ...]
    issued_at: str = ""
    url: str = ""


@dataclass(frozen=True)
class Block:
    """A table of an answer: regular stamps in UTC and a column a variable."""

    times: pd.DatetimeIndex
    step: timedelta
    columns: dict[str, list[Any]]
    units: dict[str, Any]
    name: BlockName
    where: Where
    notes: tuple[str, ...]

    def at(self, key: str, row: int | None = None) -> Where:
        """Return the place of a key, and of its row (1 = first)."""
        return Where(self.where.file, None, f"{self.name}.{key}", row)


def parse_answers(raw: bytes, where: Where) -> Answers:
    """Return the answer that `raw` holds, out of parkopt's envelope where it lies in one.

    Raises
    ------
    BrokenFile
        Where it is cut off, no JSON, no answer of Open-Meteo, or an answer that tells an error.
    """
    try:
        found = json.loads(raw)
        envelope = found if isinstance(found, dict) and found.get("format") == ENVELOPE else {}
        if envelope:
            found = json.loads(envelope["answer"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise broken(where, f"{type(error).__name__}: {error}") from error
    places = found if isinstance(found, list) else [found]
    if not places or not all(isinstance(place, dict) for place in places):
        raise broken(where, "it holds no object")
    for place in places:
        if place.get("error"):
            raise broken(where, f"the service answered with an error: {place.get('reason', 'no reason given')}")
    field = "fetched_at" if envelope.get("fetched_at") else "issued_at"
    issued_at = str(envelope.get("fetched_at") or places[0].get("issued_at") or "")
    if issued_at and not _is_time(issued_at):
        raise broken(Where(where.file, field=field), f"{field} is {issued_at[:40]!r}, not a time with its offset")
    return Answers(tuple(places), issued_at, str(envelope.get("url", "")))


def read_block(place: dict[str, Any], name: BlockName, where: Where) -> Block:
    """Return a table of an answer with its clock checked.

    Raises
    ------
    BrokenFile
        Where the table or its units are missing, or its columns differ in length.
    TooShort, UnreadableTime, NaiveTime, TimeNotRising, ShiftingZone, UnevenSteps, MissingSteps, WrongStep
    """
    table, units = place.get(name), place.get(f"{name}_units")
    if not isinstance(table, dict) or not isinstance(table.get("time"), list):
        raise broken(Where(where.file, field=name), f"{name!r} holds no times; ask for hourly variables")
    if not isinstance(units, dict):
        raise broken(Where(where.file, field=f"{name}_units"), f"'{name}_units' is missing")
    count = len(table["time"])
    raise_all(
        broken(Where(where.file, field=f"{name}.{key}"), f"{key} has {_length(column)} values for {count} times")
        for key, column in list(table.items())[:MAX_FAULTS]
        if _length(column) != count
    )
    if count < 2:  # noqa: PLR2004 - a step needs two stamps
        raise TooShort(Where(where.file, field=f"{name}.time"), count=count, needed=2)
    times, notes = read_stamps(place, table["time"], str(units.get("time", "iso8601")), f"{name}.time", where)
    step = regular_step(place, times, f"{name}.time", where)
    columns = {str(key): column for key, column in table.items() if key != "time"}
    return Block(times, step, columns, units, name, where, notes)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _length(column: object) -> int:
    return len(column) if isinstance(column, list) else -1


def read_column(block: Block, key: str, unit: str) -> FloatArray:
    """Return a column (n,) in `unit`, NaN where it is null.

    Raises
    ------
    MissingUnit, WrongUnit, EnergyNotPower, UnreadableValue
        The units of the answer decide, never a default.
    """
    where, written = block.at(key), block.units.get(key)
    if not written:
        raise MissingUnit(where, value=key, example=f'"{key}": "{_example(unit)}" in {block.name}_units')
    if unit == "W/m2" and _ENERGY.match(str(written)):
        raise EnergyNotPower(where, column=key, unit=written, expected="W/m2")
    inside, slope, offset = UNITS.get(str(written), ("", 1.0, 0.0))
    if inside != unit:
        raise WrongUnit(where, value=str(written), unit=unit, example=_example(unit))
    column = block.columns[key]
    bad = [row for row, value in enumerate(column) if not _is_value(value)]
    raise_all(UnreadableValue(block.at(key, row + 1), column=key, value=column[row]) for row in bad[:MAX_FAULTS])
    return np.array([np.nan if value is None else value for value in column], dtype=float) * slope + offset


def _is_value(value: object) -> bool:
    return value is None or is_number(value)


def _example(unit: str) -> str:
    return next(written for written, (inside, _, _) in UNITS.items() if inside == unit)
