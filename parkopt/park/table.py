"""CSV files as text tables, and how they tell time: the layer below `parkopt.park.series`.

Row 1 is the first data row and stands on line 2 of the file. Nothing is repaired: every
fault of a file is collected with its row and they are raised together.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from parkopt.clock import FloatArray, fixed_zone
from parkopt.errors import ParkoptError, Text, Where, raise_all
from parkopt.faults import (
    BrokenFile,
    MissingColumn,
    MissingFile,
    MissingSteps,
    NaiveTime,
    NegativeValue,
    ShiftingZone,
    TimeNotRising,
    TooShort,
    UnevenSteps,
    UnreadableTime,
    UnreadableValue,
)
from parkopt.park.base import Part

MAX_FAULTS = 20
"""No file reports more faults than this; the first ones are enough to act on."""
EMPTY = ("", "nan", "null", "none", "na", "n/a")
"""Cells that say that there is no value, in small letters."""
_OFFSET = re.compile(r"^(?P<local>.{11,}?)\s*(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)$")


class ClockSpec(Part):
    """How a file tells time."""

    time: str = "time"
    """Name of the column that holds the time."""
    format: str | None = None
    """A strptime format (a %z only at its end); without it, ISO 8601."""
    zone: str | None = None
    """Fixed offset of times that carry none, such as +08:00."""
    label: Literal["start", "end"] = "start"
    """Which end of its interval a stamp names."""
    midnight: Literal["next_day", "same_day"] = "next_day"
    """same_day: a row stamped 00:00 closes the day whose date it bears."""
    repeat: Literal["never", "calendar", "weekday"] = "never"
    """What stands for a day outside the data: nothing, the same date, the nearest same weekday."""

    @model_validator(mode="after")
    def _midnight_closes(self) -> ClockSpec:
        if self.midnight == "same_day" and self.label != "end":
            raise ValueError("midnight: same_day needs label: end")
        return self


@dataclass(frozen=True)
class Table:
    """A CSV file as text, with the hash of the file as it lies on the disk."""

    cells: pd.DataFrame
    path: Path
    sha256: str

    def where(self, row: int | None = None, field: str = "") -> Where:
        """Return the place of data row `row` (1 = first; it stands on line ``row + 1``)."""
        return Where(file=str(self.path), line=None if row is None else row + 1, field=field, row=row)

    def column(self, name: str) -> pd.Series[str]:
        """Return a column as text, or raise `MissingColumn`."""
        if name not in self.cells.columns:
            raise MissingColumn(self.where(field=name), column=name, known=", ".join(self.cells.columns))
        return self.cells[name].str.strip()


@dataclass(frozen=True)
class Times:
    """Starts of a file's intervals in UTC, on one regular step."""

    index: pd.DatetimeIndex
    step: timedelta


def read_table(path: Path) -> Table:
    """Read a CSV file (``.gz`` too) as text.

    Raises
    ------
    MissingFile, BrokenFile
        Where it is absent, empty, cut off, not UTF-8 or not a table.
    """
    where = Where(file=str(path))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MissingFile(where, path=path) from error
    try:
        cells = _cells(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (
        EOFError,
        OSError,
        zlib.error,
        UnicodeDecodeError,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
    ) as error:
        raise BrokenFile(where, format="CSV", reason=str(error).strip() or type(error).__name__) from error
    twice = cells.columns[cells.columns.duplicated()]
    if len(twice):
        raise BrokenFile(Where(str(path), 1, str(twice[0])), format="CSV", reason=f"two columns are named {twice[0]!r}")
    return Table(cells, path, hashlib.sha256(raw).hexdigest())


def _cells(plain: bytes) -> pd.DataFrame:
    """Return the cells under their header, as text.

    The header is read as a row, since pandas would rename the second of two equal columns;
    blank lines count (but for those at the end), else the row numbers of the faults were wrong.
    """
    cells = pd.read_csv(
        io.BytesIO(plain.rstrip(b"\r\n") + b"\n"), header=None, dtype=str, keep_default_na=False,
        skip_blank_lines=False, index_col=False, encoding="utf-8-sig", skipinitialspace=True,
    )  # fmt: skip
    cells = cells.fillna("")
    body = cells.iloc[1:].reset_index(drop=True)
    body.columns = pd.Index([str(name).strip() for name in cells.iloc[0]])
    return body


def cut_notes(path: Path) -> tuple[Text, ...]:
    """Return a warning where the last row does not end: digits may have been cut off, which no check can see."""
    if path.suffix == ".gz" or path.read_bytes()[-1:] in (b"\n", b"\r"):
        return ()
    en = "The last row of the file has no line break at its end: the file may be cut off there."
    return (Text(en, "文件最后一行末尾没有换行符：文件可能在此处被截断。"),)


def read_numbers(table: Table, name: str, *, allow_negative: bool) -> tuple[FloatArray, list[ParkoptError]]:
    """Return a column as floats, and the faults found in it (never a NaN without one).

    Parameters
    ----------
    table : Table
        The file.
    name : str
        The column.
    allow_negative : bool
        Whether numbers below 0 make sense there.
    """
    text = table.column(name)
    values = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    bad = ~np.isfinite(values)
    faults: list[ParkoptError] = [
        UnreadableValue(table.where(row + 1, name), column=name, value=text.iloc[row]) for row in _first(bad)
    ]
    below = (values < 0) & (not allow_negative)
    faults += [NegativeValue(table.where(row + 1, name), column=name, value=values[row]) for row in _first(below)]
    return values, faults


def read_times(table: Table, clock: ClockSpec) -> Times:
    """Return the interval starts of a file in UTC.

    Raises
    ------
    MissingColumn, UnreadableTime, NaiveTime, ZoneNotFixed, ShiftingZone, TooShort,
    TimeNotRising, UnevenSteps, MissingSteps
        Each naming the row; several of them together as `Faults`.
    """
    text = table.column(clock.time)
    if len(text) < 2:  # noqa: PLR2004 - a step needs two rows
        raise TooShort(table.where(), count=len(text), needed=2)
    local, offsets = _split(text)
    stamps = _parse(table, text, local, clock)
    zone = _zone(table, text, offsets, clock)
    if clock.midnight == "same_day":
        stamps = stamps.where(stamps != stamps.normalize(), stamps + timedelta(days=1))
    step = _step(table, text, stamps, clock.time)
    starts = stamps - step if clock.label == "end" else stamps
    return Times(starts.tz_localize(zone).tz_convert(UTC), step)


def _split(text: pd.Series[str]) -> tuple[pd.Series[str], list[str]]:
    """Return the times without their offsets, and the offsets ("" where there is none)."""
    parts = [_OFFSET.match(value) for value in text]
    local = [part["local"] if part else value for part, value in zip(parts, text, strict=True)]
    return pd.Series(local, dtype=str), [part["offset"] if part else "" for part in parts]


def _zone(table: Table, text: pd.Series[str], offsets: Sequence[str], clock: ClockSpec) -> timezone:
    found = np.array(offsets)
    if not (found != "").any():
        if clock.zone is None:
            raise NaiveTime(table.where(1, clock.time), value=text.iloc[0])
        return fixed_zone(clock.zone, table.where(field="zone"))
    naive, moved = _first(found == ""), _first(found != found[0])
    if naive:
        raise NaiveTime(table.where(naive[0] + 1, clock.time), value=text.iloc[naive[0]])
    if moved:
        raise ShiftingZone(table.where(moved[0] + 1, clock.time), before=offsets[0], after=offsets[moved[0]])
    written = offsets[0] if offsets[0] == "Z" or len(offsets[0]) > len("+08") else offsets[0] + ":00"
    return fixed_zone(written, table.where(1, clock.time))


def _parse(table: Table, text: pd.Series[str], local: pd.Series[str], clock: ClockSpec) -> pd.DatetimeIndex:
    pattern = "ISO8601" if clock.format is None else clock.format.removesuffix("%z").strip()
    try:
        parsed: Any = pd.to_datetime(local, errors="coerce", format=pattern)
    except ValueError as error:
        # pandas refuses a column in which only some stamps have an offset, such as one that is cut within it
        row = next(row for row, one in enumerate(local) if _has_offset(one, pattern))
        place = table.where(row + 1, clock.time)
        raise UnreadableTime(place, value=text.iloc[row], format="an offset only at the end") from error
    stamps = pd.DatetimeIndex(parsed)
    if stamps.tz is not None:
        # an offset that stood where `_split` does not look for it
        raise UnreadableTime(table.where(1, clock.time), value=text.iloc[0], format="an offset only at the end")
    shown = clock.format or "ISO 8601"
    raise_all(
        UnreadableTime(table.where(row + 1, clock.time), value=text.iloc[row], format=shown)
        for row in _first(np.asarray(stamps.isna()))
    )
    return stamps


def _has_offset(stamp: str, pattern: str) -> bool:
    parsed: Any = pd.to_datetime(stamp, errors="coerce", format=pattern)
    return parsed.tzinfo is not None


def _step(table: Table, text: pd.Series[str], stamps: pd.DatetimeIndex, field: str) -> timedelta:
    """Return the commonest step, having checked that every other one is a fault."""
    gaps = np.diff(stamps.to_numpy()).astype("timedelta64[s]").astype(np.int64)
    falling = _first(gaps <= 0)
    raise_all(
        TimeNotRising(table.where(row + 2, field), value=text.iloc[row + 1], before=text.iloc[row]) for row in falling
    )
    lengths, counts = np.unique(gaps, return_counts=True)
    step_s = int(lengths[np.argmax(counts)])
    raise_all(
        UnevenSteps(table.where(row + 2, field), value=text.iloc[row + 1], step_min=round(step_s / 60, 2))
        for row in _first(gaps % step_s != 0)
    )
    _no_gap(table, stamps, gaps // step_s, field)
    return timedelta(seconds=step_s)


def _no_gap(table: Table, stamps: pd.DatetimeIndex, steps: NDArray[np.int64], field: str) -> None:
    jumps = _first(steps > 1)
    if jumps:
        step = (stamps[jumps[0] + 1] - stamps[jumps[0]]) / int(steps[jumps[0]])
        first = str(stamps[jumps[0]] + step)
        raise MissingSteps(table.where(jumps[0] + 2, field), count=int((steps - 1).sum()), first=first)


def _first(bad: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(bad)[:MAX_FAULTS]]
