"""What must hold of one register's rows: one value an interval, whole intervals, no more than the rating."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import attrgetter

from parkopt.clock import STEPS_MIN
from parkopt.errors import Text
from parkopt.faults import (
    BeyondRating,
    ConflictingReadings,
    CounterFellBack,
    GapInFile,
    OffItsGrid,
    OverlappingIntervals,
    RepeatedReading,
    StuckMeter,
    TooShort,
)
from parkopt.metering.findings import Findings
from parkopt.metering.reading import Key, Quality, Register
from parkopt.metering.rows import Entry

MARGIN = 1.1
"""How far above its rating a meter may count."""
THOUSAND = 1000
STUCK_H = 24
HOUR_S = 3600
WORST = (Quality.MEASURED, Quality.CORRECTED, Quality.ESTIMATED)
"""A difference of two counts is as good as the worse of them."""
LENGTHS_S = tuple(60 * minutes for minutes in STEPS_MIN)


def utc(seconds: int) -> str:
    """Return a Unix time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def hours(seconds: int) -> str:
    """Return a length in hours."""
    return f"{seconds / HOUR_S:g}"


def spacing_s(entries: Iterable[Entry]) -> int:
    """Return the length of intervals that state none: the smallest spacing of the register's rows; else an hour."""
    starts = sorted({entry.start for entry in entries})
    apart = [later - earlier for earlier, later in pairwise(starts)]
    return min(apart) if apart and min(apart) in LENGTHS_S else HOUR_S


def differences(key: Key, entries: list[Entry], digits_wh: int | None, findings: Findings) -> list[Entry]:
    """Return the energies between the counts of a cumulative register.

    Parameters
    ----------
    digits_wh : int, optional
        Count at which the counter begins again at 0, in Wh; None where a fall is a fault.

    Notes
    -----
    Each count is in whole Wh, so that the differences add up to the last count less the first.
    """
    name = f"{key[0]}.{key[1]}"
    counts = _once(key, sorted(entries, key=attrgetter("start", "revision", "row")), findings)
    if len(counts) == 1:
        findings.add(TooShort(findings.at("value", counts[0].row, counts[0].line), count=1, needed=2), name)
    made = []
    for before, after in pairwise(counts):
        wh = after.wh - before.wh
        if wh < 0 and digits_wh is not None and after.wh < digits_wh and before.wh < digits_wh:
            wh += digits_wh
        if wh < 0:
            where = findings.at("value", after.row, after.line)
            facts = {"before": before.wh, "after": after.wh, "time": utc(after.start)}
            findings.add(CounterFellBack(where, device=key[0], register=key[1], **facts), name)
        elif after.start - before.start > HOUR_S:
            _tell_gap(key, before.start, after.start, findings)
        else:
            quality, revision = (
                max(before.quality, after.quality, key=WORST.index),
                max(before.revision, after.revision),
            )
            made.append(Entry(key, before.start, after.start, wh, quality, revision, after.row, after.line))
    return made


def _once(key: Key, ordered: list[Entry], findings: Findings) -> list[Entry]:
    """Return one entry a start, that of the highest revision; conflicts are told."""
    kept = []
    for _, group in groupby(ordered, key=attrgetter("start")):
        same = list(group)
        _tell_doubles(key, same, findings)
        kept.append(same[-1])
    return kept


def checked(key: Key, entries: list[Entry], rating_mw: float | None, zone_s: int, findings: Findings) -> list[Entry]:
    """Return a register's rows in order of time and revision, each interval and revision once; tell what is wrong.

    Parameters
    ----------
    rating_mw : float, optional
        What it can count at most; unknown where None.
    zone_s : int
        Offset of the park's zone in seconds: intervals are whole by its clock.
    """
    if not entries:
        return []
    ordered = sorted(entries, key=attrgetter("start", "revision", "row"))
    kept, current = [], []
    for _, group in groupby(ordered, key=attrgetter("start")):
        same = list(group)
        kept += _tell_doubles(key, same, findings)
        current.append(same[-1])
    for entry in kept:
        _tell_off_grid(entry, zone_s, findings)
        if rating_mw is not None:
            _tell_beyond(entry, rating_mw, findings)
    _tell_order(key, current, findings)
    if key[1] != Register.DELIVERED:
        _tell_stuck(key, current, findings)
    return kept


def _tell_doubles(key: Key, same: list[Entry], findings: Findings) -> list[Entry]:
    """Return the rows of one start, each revision once."""
    if len(same) == 1:
        return same
    kept: dict[int, Entry] = {}
    for entry in same:
        first = kept.setdefault(entry.revision, entry)
        if first is entry:
            continue
        where, facts = findings.at("value", entry.row, entry.line), {"start": utc(entry.start), "row": first.row}
        device, register = key
        if (first.wh, first.end) == (entry.wh, entry.end):
            findings.add(RepeatedReading(where, device=device, register=register, **facts), f"{device}.{register}")
        else:
            double = ConflictingReadings(
                where, device=device, register=register, first=first.wh, second=entry.wh, **facts
            )
            findings.add(double, f"{device}.{register}")
    for entry in kept.values():
        if entry.end != same[-1].end:
            _tell_overlap(key, same[-1], entry, findings)
    return list(kept.values())


def _tell_off_grid(entry: Entry, zone_s: int, findings: Findings) -> None:
    assert entry.end is not None
    length = entry.end - entry.start
    if length in LENGTHS_S and (entry.start + zone_s) % length == 0:
        return
    where = findings.at("start", entry.row, entry.line)
    findings.add(
        OffItsGrid(where, start=utc(entry.start), minutes=f"{length / 60:g}"), f"{entry.key[0]}.{entry.key[1]}"
    )


def _tell_beyond(entry: Entry, rating_mw: float, findings: Findings) -> None:
    assert entry.end is not None
    minutes = (entry.end - entry.start) // 60
    limit_wh = rating_mw * MARGIN * 1e6 * minutes / 60
    if entry.wh <= limit_wh:
        return
    thousand = entry.wh <= limit_wh * THOUSAND
    hint = Text(": it looks like Wh read as kWh", "：像是把 Wh 当作 kWh") if thousand else ""
    where = findings.at("value", entry.row, entry.line)
    device, register = entry.key
    facts = {"kwh": f"{entry.wh / 1000:g}", "minutes": minutes, "limit": f"{limit_wh / 1000:g}", "hint": hint}
    findings.add(BeyondRating(where, device=device, register=register, **facts), f"{device}.{register}")


def _tell_order(key: Key, current: list[Entry], findings: Findings) -> None:
    """Tell overlaps and gaps between the current intervals of a register."""
    last = current[0]
    for entry in current[1:]:
        assert last.end is not None
        assert entry.end is not None
        if entry.start < last.end:
            _tell_overlap(key, entry, last, findings)
        elif entry.start > last.end:
            _tell_gap(key, last.end, entry.start, findings)
        last = entry if entry.end >= last.end else last


def _tell_overlap(key: Key, entry: Entry, other: Entry, findings: Findings) -> None:
    assert entry.end is not None
    assert other.end is not None
    where = findings.at("start", entry.row, entry.line)
    facts = {"start": utc(entry.start), "end": utc(entry.end)}
    more = {"other_start": utc(other.start), "other_end": utc(other.end)}
    findings.add(OverlappingIntervals(where, device=key[0], register=key[1], **facts, **more), f"{key[0]}.{key[1]}")


def _tell_gap(key: Key, start: int, end: int, findings: Findings) -> None:
    facts = {"start": utc(start), "end": utc(end), "hours": hours(end - start)}
    findings.add(GapInFile(findings.at("start"), device=key[0], register=key[1], **facts), f"{key[0]}.{key[1]}")


def _tell_stuck(key: Key, current: list[Entry], findings: Findings) -> None:
    for run in _runs(current):
        first, last = run[0], run[-1]
        assert last.end is not None
        if first.wh and last.end - first.start >= STUCK_H * HOUR_S:
            where = findings.at("value", first.row, first.line)
            facts = {"wh": first.wh, "hours": hours(last.end - first.start), "start": utc(first.start)}
            findings.add(StuckMeter(where, device=key[0], register=key[1], **facts), f"{key[0]}.{key[1]}")


def _runs(current: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the longest stretches of touching intervals with one value."""
    run: list[Entry] = []
    for entry in current:
        if run and (run[-1].end != entry.start or run[-1].wh != entry.wh):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run
