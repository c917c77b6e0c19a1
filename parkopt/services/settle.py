"""Settle metered days: one transaction a day writes certificates, claims, records and the signed head, or nothing."""

from __future__ import annotations

import calendar
import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from parkopt.carbon.factor_series import FactorSeries, series_of
from parkopt.carbon.factors import Factor, factor, with_own
from parkopt.carbon.metered import measured_share
from parkopt.carbon.methods import Method, method_of, require_same_year
from parkopt.carbon.opening import opening, storages
from parkopt.clock import TimeGrid, fixed_zone, parse_date
from parkopt.errors import Where
from parkopt.faults import DayNotSettled, WrongOption
from parkopt.ledger.canonical import Record, canonical
from parkopt.ledger.months import close_month as log_close
from parkopt.ledger.months import require_open
from parkopt.metering.hours import day_span, metered
from parkopt.metering.reading import Metered, Quality, Reading, Register
from parkopt.metering.rows import FIRST_YEAR, LAST_YEAR
from parkopt.models import technologies
from parkopt.park.loader import load_park
from parkopt.park.schema import Park, ParkFile
from parkopt.park.state import ParkState
from parkopt.services.day import version
from parkopt.services.keys import settled_log
from parkopt.services.parks import known_park
from parkopt.services.party_hours import packed
from parkopt.services.seal import seal
from parkopt.services.settle_again import keep_again
from parkopt.services.settle_booking import Book, booking
from parkopt.services.settle_records import (
    certificate_records,
    party_records,
    physical_records,
    standing_records,
)
from parkopt.services.settle_state import Handed, handed_of, handed_over
from parkopt.services.settle_told import told_of, totals_of
from parkopt.settings import Settings
from parkopt.settling import AttributedDay, Content, DayToSettle
from parkopt.stages import Context
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook
from parkopt.store.meters import LONGEST, MeterRow, current_in
from parkopt.store.party_days import PartyDay, put_party_days
from parkopt.store.session import Session
from parkopt.store.settled import (
    SettledDay,
    day_of,
    days_between,
    last_before,
    last_day,
    put_close,
    put_day,
)
from parkopt.workflow import SETTLE, through

_MONTH = re.compile(r"(\d{4})-(\d{2})")
HOURS = 24


def span_of(month: str, day: str) -> tuple[date, date]:
    """Return first and last local day of a month or of one day.

    Raises
    ------
    WrongOption, WrongDate
        Where neither or both are given, or it is no month or day.
    """
    if bool(month) == bool(day):
        raise WrongOption(option="--month", value=month or "-", allowed="2026-07 | --day 2026-07-15")
    if day:
        return _settleable(parse_date(day), "--day", day)
    match = _MONTH.fullmatch(month)
    if match is None or not 1 <= int(match[2]) <= 12:  # noqa: PLR2004 - months of a year
        raise WrongOption(option="--month", value=month, allowed="2026-07")
    year, number = int(match[1]), int(match[2])
    first, _ = _settleable(date(max(year, 1), number, 1), "--month", month)
    return first, date(year, number, calendar.monthrange(year, number)[1])


def _settleable(day: date, option: str, value: str) -> tuple[date, date]:
    """Return a day twice, or raise where no readings are kept of its year."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise WrongOption(option=option, value=value, allowed=f"{FIRST_YEAR} ... {LAST_YEAR}")
    return day, day


def settle(park: str, first: date, last: date, config: Settings, *, estimate: bool = False) -> Iterator[dict[str, Any]]:
    """Settle days in order, each in one transaction; yield what each came to.

    Days that were settled before from the same readings are left alone. Where readings were
    corrected since, the day and each later settled day that this changes get a new revision.

    Parameters
    ----------
    park : str
        Id of a park.
    first, last : date
        Local days, both included.
    config : Settings
        Home folder and database.
    estimate : bool
        Whether gaps of up to 4 hours are filled; the hours are marked estimated.

    Raises
    ------
    MissingReadings, Faults
        Where a day's meter data are not complete: nothing of that day is settled.
    DayNotSettled
        Where the day before is not settled, though an earlier one is, or a later one is.
    MethodChanged
        Where the methods changed within a year.
    """
    file = load_park(known_park(park), technologies())
    with transaction(config.store_url) as session:
        latest = last_day(session, park) or ""
    day = first
    while day <= last or day.isoformat() <= latest:
        told = _one_day(file, day, config, estimate=estimate, again=day > last)
        if told is not None:
            yield told
        day += timedelta(days=1)


def _one_day(file: ParkFile, day: date, config: Settings, *, estimate: bool, again: bool) -> dict[str, Any] | None:
    """Settle a day in one transaction; a day that is only looked at again is told where it changed."""
    with transaction(config.store_url) as session, _without_cycles():
        logbook = Logbook(session, file.park.id)
        logbook.lock()
        known = day_of(session, file.park.id, day.isoformat())
        if again and known is None:
            return None
        asked, files = _asked(session, file, day, known, estimate=estimate)
        digest = _digest(asked)
        if known is not None and known.digest == digest:
            return None if again else {**known.told, "repeated": True}
        result: AttributedDay = through(SETTLE, asked, Context("settle", _now().isoformat(), version()))
        book = booking(session, result, known, now=_now())
        return _write(session, _Day(result, book, files, digest, known), config)


@contextmanager
def _without_cycles() -> Iterator[None]:
    """Keep Python from looking for cycles: a day makes 100,000 rows at once and none; it took a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _asked(
    session: Session, file: ParkFile, day: date, known: SettledDay | None, *, estimate: bool
) -> tuple[DayToSettle, dict[str, list[str]]]:
    """Return the day with its meters and what the day before handed over, and the files of the readings."""
    park = file.park
    estimate = estimate or bool(known and known.state.get("estimated"))  # as it was settled before
    grid = TimeGrid.day(day, fixed_zone(park.zone))
    begin, end = day_span(grid) if estimate else (grid.start - LONGEST, grid.end)  # the days beside only to estimate
    rows = current_in(session, park.id, begin, end)
    before = last_before(session, park.id, day.isoformat())
    _require_next(before, day, "" if known else last_day(session, park.id) or "")
    grid_factor, residual, series = _factors(file)
    handed = handed_of(session, park.id, before) if before else _first(park, grid_factor)
    method = method_of(park.accounting, day.year)
    require_same_year(Method(**before.method) if before else None, method)
    asked = DayToSettle(
        file,
        day,
        metered(park, map(_reading, rows), grid, estimate=estimate),
        method,
        grid_factor,
        series.on(grid),
        residual,
        handed.contents,
        handed.lots,
        0 if known is None else known.revision + 1,
    )
    return asked, _files(rows, grid)


def _factors(file: ParkFile) -> tuple[Factor, Factor, FactorSeries]:
    """Return the grid's factor, the residual one, and the import's by the hour, as the park file names them."""
    how, own = file.park.accounting, file.folder
    known = with_own(own / how.factors if how.factors else None)
    grid_factor = factor(file.park.carbon.grid_factor, Where(str(file.path), field="carbon.grid_factor"), known)
    residual = factor(how.residual_factor, Where(str(file.path), field="accounting.residual_factor"), known)
    return grid_factor, residual, series_of(own / how.factor_series if how.factor_series else None, grid_factor)


def _require_next(before: SettledDay | None, day: date, latest: str) -> None:
    """Raise `DayNotSettled` unless a new day follows the last one that is settled, if any is."""
    if latest > day.isoformat():
        raise DayNotSettled(day=day.isoformat(), last=latest)
    if before is not None and date.fromisoformat(before.day) != day - timedelta(days=1):
        raise DayNotSettled(day=(day - timedelta(days=1)).isoformat(), last=before.day)


def _reading(row: MeterRow) -> Reading:
    return Reading(row.device, Register(row.register), row.t0, row.t1, row.wh, Quality(row.quality), row.revision)


def _files(rows: Sequence[MeterRow], grid: TimeGrid) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        if grid.start <= row.t0 < grid.end:
            found.setdefault(row.device, set()).add(row.file_sha256)
    return {device: sorted(hashes) for device, hashes in found.items()}


def _first(park: Park, grid_factor: Factor) -> Handed:
    """Return what the first settled day opens with: what the park file says is stored, as undeclared grid energy."""
    held = {name: opening(name, one, ParkState(), grid_factor) for name, one in storages(park).items()}
    return Handed({name: Content.of(one) for name, one in held.items()}, ())


def _digest(asked: DayToSettle) -> str:
    """Return the hash of all that a day's figures rest on, but for the park file's own text."""
    meters: Metered = asked.metered
    data = {
        "wh": {f"{device}.{register}": wh.tolist() for (device, register), wh in meters.wh.items()},
        "measured": {f"{device}.{register}": ok.tolist() for (device, register), ok in meters.measured.items()},
        "contents": {
            name: [dict(one.wh), {key: str(ug) for key, ug in one.ug.items()}] for name, one in asked.contents.items()
        },
        "grid": asked.grid_ug.tolist(),
    }
    return sha256(canonical(data)).hexdigest()


@dataclass(frozen=True)
class _Day:
    result: AttributedDay
    book: Book
    files: dict[str, list[str]]
    digest: str
    known: SettledDay | None


def _write(session: Session, day: _Day, config: Settings) -> dict[str, Any]:
    """Append the records and keep the day: the end of its transaction."""
    asked, physical = day.result.asked, day.result.physical
    park, name = asked.park.id, asked.day.isoformat()
    log = settled_log(config, Logbook(session, park))
    standing = standing_records(asked, physical.measured.channels, version())
    shape = sha256(canonical(standing)).hexdigest()
    before = day.known or last_before(session, park, name)
    new = [] if before is not None and before.state.get("standing") == shape else standing
    parties = party_records(physical, day.book.claims)
    records: list[Record] = [
        *new,
        *physical_records(physical, day.files, varying=bool(asked.park.accounting.factor_series)),
        *certificate_records(asked, day.book.booked),
        *day.book.actions,
        *day.book.again,
        *parties,
    ]
    require_open(log, records)
    logged = log.append(records)
    told = told_of(day.result, parties, len(logged))
    put_day(
        session,
        SettledDay(
            park,
            name,
            asked.revision,
            _now(),
            day.digest,
            {**handed_over(day.result, day.known), "standing": shape, "estimated": _estimated(asked.metered)},
            asdict(asked.method),
            told,
            logged.start,
            logged.stop,
        ),
    )
    _put_hours(session, day.result, parties, logged.stop)
    keep_again(session, park, day.book.again, logged.stop - len(parties) - len(day.book.again), _now())
    seal(session, log, (asked.metered.grid.start, asked.metered.grid.end))
    return told


def _estimated(meters: Metered) -> bool:
    return not all(bool(ok.all()) for ok in meters.measured.values())


def _put_hours(session: Session, result: AttributedDay, parties: Sequence[Record], stop: int) -> None:
    asked, measured = result.asked, result.physical.measured
    days = []
    for place, record in enumerate(parties):
        whole = measured_share(asked.metered, measured.channels, record["party"]).tolist()
        index = stop - len(parties) + place
        days.append(
            PartyDay(
                asked.park.id, record["party"], record["day"], asked.revision, asked.metered.grid.start,
                packed(record, whole), index,
            )
        )  # fmt: skip
    put_party_days(session, days)


def close_month(park: str, month: str, config: Settings) -> dict[str, Any]:
    """Close a month: log its totals; from then on only corrections may follow.

    Raises
    ------
    DayNotSettled
        Where a day of it is not settled.
    MonthClosed
        Where it is closed already.
    """
    first, last = span_of(month, "")
    known_park(park)
    with transaction(config.store_url) as session:
        log = settled_log(config, Logbook(session, park))
        days = days_between(session, park, first.isoformat(), last.isoformat())
        settled = {one.day for one in days}
        wanted = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
        missing = [day for day in wanted if day not in settled]
        if missing:
            raise DayNotSettled(day=missing[0], last=max(settled, default="-"))
        totals = totals_of(days)
        logged = log_close(log, month, [f"{one.day}/{one.revision}" for one in days], totals)
        put_close(session, park, month, _now(), totals, logged.start)
        seal(session, log)
    return {"park": park, "month": month, "totals": totals, "log_index": logged.start}


def settled_days(park: str, first: date, last: date, config: Settings) -> list[dict[str, Any]]:
    """Return what the settled days from `first` to `last` came to, in order."""
    with transaction(config.store_url) as session:
        return [one.told for one in days_between(session, park, first.isoformat(), last.isoformat())]
