"""From written rows to readings: times to UTC, energy to exact whole Wh; each fault with its row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeVar

from parkopt.errors import ParkoptError
from parkopt.faults import (
    NaiveTime,
    NegativeReading,
    NotEnergy,
    RoundedDown,
    ShiftingZone,
    TooMuchToKeep,
    UnknownDevice,
    UnknownRegister,
    UnreadableTime,
    WrongEnergyUnit,
    WrongMeterWord,
)
from parkopt.metering.findings import Findings
from parkopt.metering.reading import Key, Quality, Register
from parkopt.metering.source import RawRow, Table, known_unit
from parkopt.metering.words import KINDS, QUALITIES, REGISTERS, WH, Column

T = TypeVar("T")
LARGEST_WH = 2**53 - 1
"""What a JSON number may be without loss."""
FIRST_YEAR, LAST_YEAR = 1950, 2099
LONGEST_NUMBER, LAST_REVISION = 40, 9999
MINUTES = {"15": 15, "30": 30, "60": 60}
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?|[+-]?\.[0-9]+")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_EXACT = Context(prec=160, traps=[Inexact])


@dataclass(slots=True)
class Entry:
    """One row as read; seconds are of Unix time."""

    key: Key
    start: int
    end: int | None
    wh: int
    quality: Quality
    revision: int
    row: int
    line: int | None
    counter: bool = False


def to_wh(text: str, unit: str) -> tuple[int, bool]:
    """Return the whole Wh of a decimal text, rounded down, and whether nothing was cut off.

    Parameters
    ----------
    text : str
        Digits with a decimal point.
    unit : str
        kWh, MWh or Wh.

    Raises
    ------
    ValueError
        Where it is no such number.
    """
    if len(text) > LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    scaled = _EXACT.multiply(Decimal(text), WH[unit])
    whole = int(scaled) if scaled >= 0 else -1
    return whole, scaled < 0 or scaled == whole


class RowReader:
    """Reads the rows of one table; gathers faults.

    Parameters
    ----------
    known : dict
        Registers by device of the park.
    zone : timezone, optional
        Zone of times that state none; None to refuse them.
    """

    def __init__(
        self, table: Table, known: dict[str, list[Register]], zone: timezone | None, findings: Findings
    ) -> None:
        self.table, self.known, self.zone, self.findings = table, known, zone, findings
        self.places = table.columns
        self.offsets: dict[Key, tuple[timedelta, str]] = {}
        self.cut = 0
        self._time = lru_cache(maxsize=200_000)(self._parse_time)
        self._name = lru_cache(maxsize=10_000)(self._parse_name)

    def entries(self) -> list[Entry]:
        """Return all rows that can be read."""
        made = [entry for raw in self.table.rows if (entry := self._entry(raw)) is not None]
        if self.cut:
            self.findings.add(RoundedDown(self.findings.at("value"), count=self.cut))
        return made

    def _cell(self, raw: RawRow, column: Column) -> str:
        place = self.places.get(column)
        return "" if place is None else raw.cells[place].strip()

    def _entry(self, raw: RawRow) -> Entry | None:
        """Return a row as an entry; all its faults are gathered, not the first alone."""
        key = self._key(raw)
        start = self._moment(raw, "start", key)
        end_given = self._cell(raw, "end") or self._cell(raw, "minutes")
        end = self._end(raw, start, key) if end_given else None
        wh = self._wh(raw, key)
        revision = self._revision(raw)
        quality = self._word(raw, "quality", QUALITIES, Quality.CORRECTED if revision else Quality.MEASURED)
        kind = self._word(raw, "kind", KINDS, "interval")
        if key is None or start is None or wh is None or revision is None or quality is None or kind is None:
            return None
        if end_given and end is None:
            return None
        return Entry(key, start, end, wh, quality, revision, raw.row, raw.line, kind == "counter")

    def _key(self, raw: RawRow) -> Key | None:
        found = self._name(self._cell(raw, "device"), self._cell(raw, "register"))
        if isinstance(found, tuple):
            return found
        field = "device" if found is UnknownDevice else "register"
        self._blame_name(found, field, raw)
        return None

    def _parse_name(self, device: str, register: str) -> Key | type[ParkoptError]:
        if device not in self.known:
            return UnknownDevice
        own = REGISTERS.get(register) or REGISTERS.get(register.lower())
        return (device, own) if own in self.known[device] else UnknownRegister

    def _blame_name(self, cls: type[ParkoptError], field: str, raw: RawRow) -> None:
        device, register = self._cell(raw, "device"), self._cell(raw, "register")
        where = self.findings.at(field, raw.row, raw.line)
        if cls is UnknownDevice:
            near = ", ".join(get_close_matches(device, self.known, n=3)) or "-"
            self.findings.add(UnknownDevice(where, device=device, near=near, known=", ".join(self.known)), device)
            return
        words = [str(one) for one in self.known[device]]
        near = ", ".join(get_close_matches(register, words, n=2)) or "-"
        fault = UnknownRegister(where, device=device, register=register, near=near, known=", ".join(words))
        self.findings.add(fault, f"{device}.{register}")

    def _moment(self, raw: RawRow, column: Column, key: Key | None) -> int | None:
        text = self._cell(raw, column)
        found = self._time(text)
        if isinstance(found, tuple):
            if column == "start":
                self._same_offset(raw, column, key, text, found[1])
            return found[0]
        where = self.findings.at(column, raw.row, raw.line)
        fault = NaiveTime(where, value=text) if found is NaiveTime else None
        self.findings.add(fault or UnreadableTime(where, value=text, format="2026-07-15T00:00+08:00"), column)
        return None

    def _parse_time(self, text: str) -> tuple[int, timedelta] | type[ParkoptError]:
        if _TIME.fullmatch(text) is None:
            return UnreadableTime
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                if self.zone is None:
                    return NaiveTime
                moment = moment.replace(tzinfo=self.zone)
            seconds = int(moment.astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            return UnreadableTime
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            return UnreadableTime
        return seconds, moment.utcoffset() or timedelta(0)

    def _same_offset(self, raw: RawRow, column: Column, key: Key | None, text: str, offset: timedelta) -> None:
        if key is None:
            return
        before = self.offsets.setdefault(key, (offset, text))
        if before[0] != offset:
            where = self.findings.at(column, raw.row, raw.line)
            self.findings.add(ShiftingZone(where, before=before[1], after=text), f"{key[0]}.{key[1]}")

    def _end(self, raw: RawRow, start: int | None, key: Key | None) -> int | None:
        if self._cell(raw, "end"):
            return self._moment(raw, "end", key)
        minutes = self._word(raw, "minutes", MINUTES, 0)
        return None if start is None or minutes is None else start + 60 * minutes

    def _wh(self, raw: RawRow, key: Key | None) -> int | None:
        written, text = self._cell(raw, "unit") or self.table.unit, self._cell(raw, "value")
        unit, name = known_unit(written), "-" if key is None else f"{key[0]}.{key[1]}"
        if unit is None:
            self.findings.add(WrongEnergyUnit(self.findings.at("unit", raw.row, raw.line), unit=written), written)
        try:
            wh, whole = to_wh(text, unit or "Wh")
        except ValueError:
            self.findings.add(NotEnergy(self.findings.at("value", raw.row, raw.line), value=text), name)
            return None
        if not 0 <= wh <= LARGEST_WH and key is not None:
            where, told = self.findings.at("value", raw.row, raw.line), f"{text} {written}"
            if wh < 0:
                self.findings.add(NegativeReading(where, device=key[0], register=key[1], value=told), name)
            else:
                self.findings.add(TooMuchToKeep(where, device=key[0], register=key[1], value=told), name)
            return None
        self.cut += not whole
        return None if unit is None else wh

    def _revision(self, raw: RawRow) -> int | None:
        text = self._cell(raw, "revision") or "0"
        if text.isascii() and text.isdigit() and int(text) <= LAST_REVISION:
            return int(text)
        self._blame_word(raw, "revision", text, f"0 ... {LAST_REVISION}")
        return None

    def _word(self, raw: RawRow, column: Column, allowed: dict[str, T], default: T) -> T | None:
        text = self._cell(raw, column).lower()
        if not text:
            return default
        if text not in allowed:
            self._blame_word(raw, column, text, ", ".join(allowed))
        return allowed.get(text)

    def _blame_word(self, raw: RawRow, column: Column, text: str, allowed: str) -> None:
        where = self.findings.at(column, raw.row, raw.line)
        self.findings.add(WrongMeterWord(where, value=text, allowed=allowed), f"{column}={text}")
