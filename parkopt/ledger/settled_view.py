"""The proven records of a bundle, put in order for the checks: the newest of each, and what holds when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import StepError
from parkopt.metering.reading import Register

AUDITOR = "auditor"
SEAL = "seal"
"""Hashes of rows of the park's own database: no evidence holds them."""
KEYS: dict[str, tuple[str, ...]] = {
    "reading": ("day", "device", "register"),
    "opening": ("day",),
    "park-day": ("day",),
    "enterprise-day": ("day", "party"),
    "storage": ("day", "store"),
    "issue": ("day", "device"),
    "claims": ("day", "party"),
}
"""What a record of a day is about; of each there may be one of each revision."""
HOURS = 24
Numbered = tuple[int, Record]
"""Index in the log, and the record."""


@dataclass(frozen=True)
class Scope:
    """Of which park, for whom (an enterprise, or the auditor), and for which local days (both included)."""

    park: str
    party: str
    start: str
    end: str

    @property
    def all(self) -> bool:
        """Whether it is the auditor's: all records of the park."""
        return self.party == AUDITOR

    def days(self) -> list[str]:
        """Return the local dates in order."""
        first, last = date.fromisoformat(self.start), date.fromisoformat(self.end)
        return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


@dataclass
class View:
    """Records by what they are about.

    Attributes
    ----------
    rows : list
        Index and record, in the order of the log.
    newest : dict
        By type and `KEYS`, the record of the highest revision and its index.
    """

    scope: Scope
    rows: list[Numbered]
    newest: dict[tuple[str, ...], Numbered] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[tuple[Any, ...]] = set()
        for index, record in self.rows:
            names = KEYS.get(record["type"])
            if names is None:
                continue
            key = (record["type"], *(record[name] for name in names))
            if (*key, record["revision"]) in seen:
                raise StepError("a record stands twice", "记录重复", index)
            seen.add((*key, record["revision"]))
            if key not in self.newest or self.newest[key][1]["revision"] < record["revision"]:
                self.newest[key] = (index, record)

    def of(self, kind: str) -> Iterator[Numbered]:
        """Yield all records of a type, in the order of the log."""
        return ((index, record) for index, record in self.rows if record["type"] == kind)

    def get(self, kind: str, *key: str) -> Numbered | None:
        """Return the newest revision of a record of a day, or None."""
        return self.newest.get((kind, *key))

    def need(self, kind: str, *key: str) -> Numbered:
        """Return the newest revision of a record of a day; StepError where it is missing."""
        found = self.get(kind, *key)
        if found is None:
            name = " ".join(key)
            raise StepError(f"{kind} of {name} is missing", f"缺少 {name} 的 {kind}")
        return found

    def latest(self, kind: str) -> list[Numbered]:
        """Return the newest revisions of a type, in the order of days and names."""
        return [self.newest[key] for key in sorted(self.newest) if key[0] == kind]

    def devices(self, before: int) -> Record:
        """Return the devices as they were when a record of this index was written."""
        found = [record for index, record in self.of("devices") if index < before]
        if not found:
            raise StepError("no devices record stands before it", "其前没有 devices 记录", before)
        return found[-1]

    def method(self, index: int, version: int) -> Record:
        """Return a method that stands before a record."""
        found = [one for at, one in self.of("method") if at < index and one["version"] == version]
        if not found:
            raise StepError(f"no record of method {version}", f"没有方法 {version} 的记录", index)
        return found[-1]

    def factor(self, index: int, name: str, day: str) -> list[int]:
        """Return the 24 values (ug/Wh) of a factor on a day, as it was known when a record was written."""
        found = [one for at, one in self.of("factor") if at < index and one["id"] == name]
        varying = [one for one in found if one.get("day") == day]
        constant = [one for one in found if "day" not in one]
        if varying:
            return [int(value) for value in varying[-1]["hours"]]
        if not constant:
            raise StepError(f"no record of factor {name}", f"没有因子 {name} 的记录", index)
        return [int(constant[-1]["ug_per_wh"])] * HOURS

    def revised(self, day: str) -> bool:
        """Say whether a day was settled more than once."""
        return any(record["revision"] for key, (_, record) in self.newest.items() if key[1] == day)


def netted(view: View, day: str, device: str, register: str, before: int | None = None) -> list[int] | None:
    """Return the day's readings of a register less what its opposite had in the same hour; None without a record.

    They are the newest, or the newest of those that stand before an index.
    """
    own = _reading(view, day, device, register, before)
    if own is None:
        return None
    opposite = _reading(view, day, device, OPPOSITE.get(register, ""), before)
    return own if opposite is None else [a - min(a, b) for a, b in zip(own, opposite, strict=True)]


def _reading(view: View, day: str, device: str, register: str, before: int | None) -> list[int] | None:
    found = view.get("reading", day, device, register)
    if found is not None and before is not None and found[0] >= before:
        key = (day, device, register)
        earlier = [row for row in view.of("reading") if row[0] < before and _of(row[1]) == key]
        found = max(earlier, key=lambda row: int(row[1]["revision"]), default=None)
    wh: list[int] | None = None if found is None else found[1]["wh"]
    return wh


def _of(reading: Record) -> tuple[str, ...]:
    return tuple(str(reading[name]) for name in KEYS["reading"])


OPPOSITE = {
    Register.IMPORT.value: Register.EXPORT.value,
    Register.EXPORT.value: Register.IMPORT.value,
    Register.CHARGE.value: Register.DISCHARGE.value,
    Register.DISCHARGE.value: Register.CHARGE.value,
}


def belongs(record: Record, party: str | None) -> bool:
    """Say whether a record is in the bundle of an enterprise; with party None, in the auditor's, which holds all.

    What is the park's is in each bundle. Readings of loads, enterprise-days, entitlements and
    claims name their ``party``, actions name whom they concern: only these see them.
    """
    if party is None or record["type"] in _PUBLIC:
        return True
    if record["type"] == "action":
        return party in [record.get(name) for name in _CONCERNED]
    if record["type"] == "reading" and record["register"] != Register.CONSUMPTION.value:
        return True
    return bool(record.get("party") == party)


_PUBLIC = frozenset({"method", "factor", "devices", "opening", "park-day", "issue", "storage", "close", "key"})
_CONCERNED = ("party", "beneficiary", "from_account", "to_account")


def within(record: Record, scope: Scope) -> bool:
    """Say whether a record is of the days of a scope, or holds for all days."""
    if "day" in record:
        return scope.start <= str(record["day"]) <= scope.end
    if record["type"] == "close":
        return scope.start[:7] <= str(record["month"]) <= scope.end[:7]
    if record["type"] == "bundle":
        return scope.start <= str(record["start"]) and str(record["end"]) <= scope.end
    return str(record["type"]) != SEAL


def selected(record: Record, scope: Scope) -> bool:
    """Say whether a bundle of a scope holds a record."""
    return within(record, scope) and belongs(record, None if scope.all else scope.party)
