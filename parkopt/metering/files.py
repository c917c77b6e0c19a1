"""A meter file, read and checked as a whole: its readings, or all that is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

from parkopt.clock import fixed_zone
from parkopt.errors import Language, ParkoptError, raise_all
from parkopt.faults import NoReadings, TooLargeFile
from parkopt.metering.channels import channels, ratings_mw
from parkopt.metering.checks import checked, differences, spacing_s
from parkopt.metering.findings import Findings
from parkopt.metering.reading import Key, Reading, Register
from parkopt.metering.rows import Entry, RowReader
from parkopt.metering.source import read_table
from parkopt.metering.sunclock import check_clock
from parkopt.metering.words import WH
from parkopt.park.schema import Park

MOST_MB = 50
BYTES_PER_MB = 1_000_000


@dataclass(frozen=True)
class ReadOptions:
    """What a file does not say itself.

    Attributes
    ----------
    zone : timezone, optional
        Zone of times without an offset; None to refuse them.
    counter_digits : int, optional
        Digits of counters before the decimal point, in `counter_unit`: a fall is then a roll-over.
    counter_unit : str
        kWh, MWh or Wh.
    """

    zone: timezone | None = None
    counter_digits: int | None = None
    counter_unit: str = "kWh"

    @property
    def rolls_at_wh(self) -> int | None:
        """Count at which a counter begins again at 0."""
        return None if self.counter_digits is None else 10**self.counter_digits * WH[self.counter_unit]


@dataclass(frozen=True)
class MeterFile:
    """A file that was read.

    Attributes
    ----------
    name : str
        Its name, for messages.
    sha256 : str
        Hash of its bytes.
    readings : tuple of Reading
        In the order of device, register, time and revision; what could be read where there are faults.
    rows : tuple of int
        Data row of each reading.
    faults, notices : tuple
        What forbids keeping it, and what is only told.
    """

    name: str
    sha256: str
    readings: tuple[Reading, ...]
    rows: tuple[int, ...]
    faults: tuple[ParkoptError, ...]
    notices: tuple[ParkoptError, ...]

    def require(self) -> MeterFile:
        """Return the file, or raise all its faults together."""
        raise_all(self.faults)
        return self

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the report as plain data."""
        return {
            "file": self.name,
            "sha256": self.sha256,
            "readings": len(self.readings),
            "ok": not self.faults,
            "faults": [one.as_dict(lang) for one in self.faults],
            "notices": [one.as_dict(lang) for one in self.notices],
        }


def read_meters(data: bytes, name: str, park: Park, options: ReadOptions | None = None) -> MeterFile:
    """Read a meter file of a park and check it; nothing is raised for what is wrong in it.

    Parameters
    ----------
    data : bytes
        CSV (long or wide) or JSON, in UTF-8.
    name : str
        Name of the file.
    park : Park
        Whose devices it must name.
    options : ReadOptions, optional
        What the file does not say itself.
    """
    options = options or ReadOptions()
    findings = Findings(name)
    kept = [] if _too_large(data, findings) else _kept(data, park, options, findings)
    readings = tuple(_reading(entry) for entry in kept)
    rows = tuple(entry.row for entry in kept)
    return MeterFile(name, sha256(data).hexdigest(), readings, rows, tuple(findings.faults), tuple(findings.notices))


def _too_large(data: bytes, findings: Findings) -> bool:
    over = len(data) > MOST_MB * BYTES_PER_MB
    if over:
        findings.add(TooLargeFile(findings.at(), size=f"{len(data) / BYTES_PER_MB:.1f}", limit=MOST_MB))
    return over


def _kept(data: bytes, park: Park, options: ReadOptions, findings: Findings) -> list[Entry]:
    table = read_table(data, findings)
    if table is None:
        return []
    wanted = channels(park)
    known: dict[str, list[Register]] = defaultdict(list)
    for one in wanted:
        known[one.device].append(one.register)
    entries = RowReader(table, dict(known), options.zone, findings).entries()
    if not entries and not findings.faults:
        findings.add(NoReadings(findings.at()))
    ratings = ratings_mw(park, wanted)
    zone_s = int((fixed_zone(park.zone).utcoffset(None) or timedelta(0)).total_seconds())
    kept = []
    for key, own in sorted(_by_key(entries).items()):
        made = checked(key, _intervals(key, own, options, findings), ratings[key], zone_s, findings)
        if key[1] == Register.GENERATION:
            check_clock(park.assets[key[0]], list({one.start: one for one in made}.values()), park.location, findings)
        kept += made
    return kept


def _by_key(entries: Iterable[Entry]) -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.key].append(entry)
    return found


def _intervals(key: Key, entries: list[Entry], options: ReadOptions, findings: Findings) -> list[Entry]:
    """Return a register's rows with an end each; counts of a counter as the energies between them."""
    counts = [entry for entry in entries if entry.counter]
    plain = [entry for entry in entries if not entry.counter]
    spacing = spacing_s(plain)
    for entry in plain:
        entry.end = entry.start + spacing if entry.end is None else entry.end
    return plain + (differences(key, counts, options.rolls_at_wh, findings) if counts else [])


def _reading(entry: Entry) -> Reading:
    start, end = datetime.fromtimestamp(entry.start, UTC), datetime.fromtimestamp(entry.end or entry.start, UTC)
    return Reading(entry.key[0], entry.key[1], start, end, entry.wh, entry.quality, entry.revision)
