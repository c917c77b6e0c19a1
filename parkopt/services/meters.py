"""Meter data of a park: check files, keep them, say what is there, put days on whole hours, make synthetic ones."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from parkopt.clock import TimeGrid, fixed_zone, parse_date
from parkopt.errors import Language, ParkoptError, Where, raise_all
from parkopt.faults import (
    FileKnown,
    MissingFile,
    OutOfRange,
    OverlappingIntervals,
    RevisionTooLow,
    WrongOption,
)
from parkopt.intake import DayRequest
from parkopt.metering.channels import channels
from parkopt.metering.files import MeterFile, ReadOptions, read_meters
from parkopt.metering.findings import Findings
from parkopt.metering.hours import day_span, metered
from parkopt.metering.reading import Metered, Quality, Reading, Register
from parkopt.metering.rows import FIRST_YEAR, LAST_YEAR
from parkopt.metering.sample import sample_files, sample_readings
from parkopt.models import technologies
from parkopt.park.loader import load_park
from parkopt.park.schema import Park
from parkopt.park.state import ParkState
from parkopt.services.day import ONE_AT_A_TIME, version
from parkopt.settings import Settings
from parkopt.stages import Context, Scheduled
from parkopt.store.meters import Clash, MeterRow, NewFile, Put, current, put_files, span_of
from parkopt.workflow import POSED, through, to_schedule

HOUR = timedelta(hours=1)
PLANNED = (*POSED, to_schedule)


def park_of(path: Path) -> Park:
    """Return the park of a park file."""
    return load_park(path, technologies()).park


def read_paths(park: Park, paths: Sequence[Path], options: ReadOptions) -> list[MeterFile]:
    """Read and check meter files; what is wrong stands in each.

    Raises
    ------
    MissingFile
        Where one cannot be read at all.
    """
    return [read_meters(_bytes(path), path.name, park, options) for path in paths]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingFile(path=str(path)) from error


def add(park: Park, files: Sequence[MeterFile], config: Settings) -> list[dict[str, Any]]:
    """Keep meter files, all or none, and return for each what became of it.

    Parameters
    ----------
    files : sequence of MeterFile
        As read; a later one may correct an earlier one.

    Returns
    -------
    list of dict
        file, sha256, readings, added, same, known, notices (as errors).

    Raises
    ------
    Faults, or one of them
        For anything wrong in any file, or against what is kept; nothing is kept then.
    """
    raise_all(fault for file in files for fault in file.faults)
    told = put_files(config.store_url, park.id, [_new(file) for file in files])
    raise_all(fault for file, put in zip(files, told, strict=True) for fault in _clashes(file, put))
    return [_told(file, put) for file, put in zip(files, told, strict=True)]


def _new(file: MeterFile) -> NewFile:
    rows = [
        MeterRow(r.device, str(r.register), r.start, r.end, r.wh, str(r.quality), r.revision) for r in file.readings
    ]
    return NewFile(file.name, file.sha256, rows)


def _clashes(file: MeterFile, put: Put) -> list[ParkoptError]:
    findings = Findings(file.name)
    for clash in put.clashes:
        findings.add(_fault(file, clash, findings), f"{clash.row.device}.{clash.row.register}")
    return findings.faults


def _fault(file: MeterFile, clash: Clash, findings: Findings) -> ParkoptError:
    row, kept = clash.row, clash.kept
    where = findings.at("revision", file.rows[clash.index])
    if clash.overlaps:
        return OverlappingIntervals(
            where,
            device=row.device,
            register=row.register,
            start=_utc(row.t0),
            end=_utc(row.t1),
            other_start=_utc(kept.t0),
            other_end=_utc(kept.t1),
        )
    return RevisionTooLow(
        where,
        device=row.device,
        register=row.register,
        start=_utc(row.t0),
        current=kept.wh,
        kept=kept.revision,
        wh=row.wh,
        given=row.revision,
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _told(file: MeterFile, put: Put) -> dict[str, Any]:
    notices = list(file.notices)
    if put.known_since is not None:
        findings = Findings(file.name)
        notices.insert(0, FileKnown(findings.at(), received=put.known_since.isoformat(timespec="seconds")))
    return {
        "file": file.name,
        "sha256": file.sha256,
        "readings": len(file.readings),
        "added": put.added,
        "same": put.same,
        "known": put.known_since is not None,
        "notices": notices,
    }


def in_words(told: Sequence[dict[str, Any]], lang: Language) -> list[dict[str, Any]]:
    """Return what `add` told as plain data in one language."""
    return [{**one, "notices": [notice.as_dict(lang) for notice in one["notices"]]} for one in told]


def readings_of(park: str, start: datetime, end: datetime, config: Settings) -> list[Reading]:
    """Return the current readings of a park that start in [start, end)."""
    return [
        Reading(row.device, Register(row.register), row.t0, row.t1, row.wh, Quality(row.quality), row.revision)
        for row in current(config.store_url, park, start, end)
    ]


def metered_days(park: Park, first: date, days: int, config: Settings, *, estimate: bool = False) -> Metered:
    """Return the meters of whole local days from the store; see `parkopt.metering.hours.metered` for its faults."""
    grid = TimeGrid.day(first, fixed_zone(park.zone), 60, days)
    start, end = day_span(grid) if estimate else (grid.start, grid.end)
    return metered(park, readings_of(park.id, start, end, config), grid, estimate=estimate)


def coverage(park: Park, start: datetime | None, end: datetime | None, config: Settings) -> dict[str, Any]:
    """Return by register how many hours of a span are measured, estimated and missing.

    Parameters
    ----------
    start, end : datetime, optional
        With an offset; the whole span of the park's readings where absent.

    Raises
    ------
    OutOfRange
        Where the year of a time is one of which no readings are kept.
    """
    for field, moment in (("start", start), ("end", end)):
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise OutOfRange(Where(field=field), value=moment.isoformat(), low=FIRST_YEAR, high=LAST_YEAR)
    span = span_of(config.store_url, park.id)
    first = start or (span[0] if span else None)
    last = end or (span[1] if span else None)
    if first is None or last is None or first >= last:
        return {"park": park.id, "start": _iso(start), "end": _iso(end), "devices": []}
    found: dict[tuple[str, str], dict[bool, timedelta]] = {}
    for row in current(config.store_url, park.id, first - HOUR, last):
        own = found.setdefault((row.device, row.register), {})
        inside = max(min(row.t1, last) - max(row.t0, first), timedelta(0))
        measured = row.quality != Quality.ESTIMATED
        own[measured] = own.get(measured, timedelta(0)) + inside
    devices = [
        _line(one.device, str(one.register), found.get((one.device, str(one.register)), {}), last - first)
        for one in channels(park)
    ]
    return {"park": park.id, "start": _iso(first), "end": _iso(last), "devices": devices}


def _line(device: str, register: str, own: dict[bool, timedelta], whole: timedelta) -> dict[str, Any]:
    measured, estimated = own.get(True, timedelta(0)), own.get(False, timedelta(0))
    return {
        "device": device,
        "register": register,
        "measured_h": measured / HOUR,
        "estimated_h": estimated / HOUR,
        "missing_h": (whole - measured - estimated) / HOUR,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def days_of(month: str, day: str) -> tuple[date, int]:
    """Return the first local day and the number of days of a month, or of one day.

    Raises
    ------
    WrongOption, WrongDate
        Where neither or both are given, or it is no month or day.
    """
    if bool(month) == bool(day):
        raise WrongOption(option="--month", value=month or "-", allowed="2026-07 | --day 2026-07-15")
    first = parse_date(day or f"{month}-01")
    return first, 1 if day else monthrange(first.year, first.month)[1]


def sample(park_path: Path, first: date, days: int, *, noise: int = 50) -> dict[str, str]:
    """Return synthetic meter files by name: each day planned from the state of the day before, nothing recorded.

    Parameters
    ----------
    park_path : Path
        The park file.
    first : date
        First local day.
    days : int
        How many.
    noise : int
        Largest error of a reading in Wh.
    """
    park, state = park_of(park_path), ParkState()
    made: list[Reading] = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for day in (first + timedelta(days=number) for number in range(days)):
        request = DayRequest(park=str(park_path), day=day, weather_basis="actual", state=state)
        with ONE_AT_A_TIME:
            planned = through(PLANNED, request, Context(run="sample", created_at=now, version=version(), lang="en"))
        assert isinstance(planned, Scheduled)
        state = planned.state
        made += sample_readings(planned.schedule, park, noise=noise)
    made.sort(key=lambda one: (one.device, one.register, one.start))
    return sample_files(made, park)
