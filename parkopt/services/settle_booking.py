"""What a settled day does to certificates: all of a new day, or the corrections of one that was settled before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from parkopt.carbon.metered import HOURS_UTC
from parkopt.ledger.canonical import Record
from parkopt.ledger.settled_records import Claim, action_record, claims_record, issue_record
from parkopt.services.settle_again import claimed_again, local_hour, settled
from parkopt.services.settle_certificates import (
    HOURS,
    booked_of,
    day_of_certificates,
    energy_source,
    expiry,
)
from parkopt.services.settle_records import Booked
from parkopt.settling import AttributedDay
from parkopt.store.registry import By, Done, get
from parkopt.store.registry_claims import consumption
from parkopt.store.registry_correct import correct_consumption, correct_generation
from parkopt.store.registry_issue import Minting, allot, issue, open_accounts, reading_rev
from parkopt.store.registry_queries import balance, claims_of
from parkopt.store.registry_restore import correct_storage, resting_on
from parkopt.store.registry_settle import settle_day
from parkopt.store.session import Session
from parkopt.store.settled import SettledDay

ACTOR = "settle"
CORRECTION = "correction"
"""Reason of all that a corrected reading does."""
APART = 10_000
"""Records of one correction, of the same device or party and day, have revisions that far apart."""


@dataclass(frozen=True)
class Book:
    """What was booked: of a new day by kind, of a corrected one action by action; the claims that hold now.

    `again` are the enterprise-days of other days whose claims rested on what was corrected.
    """

    booked: Booked
    actions: list[Record]
    claims: Mapping[str, Sequence[Claim]]
    again: Sequence[Record] = ()


def booking(session: Session, day: AttributedDay, known: SettledDay | None, now: datetime) -> Book:
    """Book a day's certificates within the caller's transaction."""
    by = By(ACTOR, now.strftime(HOURS_UTC), reason="" if known is None else CORRECTION)
    park = day.asked.park
    open_accounts(session, park.id, [park.id, *day.physical.measured.case.consumption])
    if known is None:
        assigned = settle_day(session, park.id, day_of_certificates(day, by))
        booked = booked_of(day, assigned)
        return Book(booked, [], booked.claims)
    done = [*_consumption(session, day, by), *_generation(session, day, by), *_storages(session, day, by)]
    records = list(_records(session, day, done))
    again = claimed_again(session, park, _elsewhere(day, done))
    return Book(Booked({}, {}, {}, {}), records, _now_claimed(session, day), again)


def _consumption(session: Session, day: AttributedDay, by: By) -> Iterator[Done]:
    park, case = day.asked.park.id, day.physical.measured.case
    for party, wh in case.consumption.items():
        for t, t0 in enumerate(case.hours):
            before = consumption(session, park, party, t0)
            if before is not None and before[0] != wh[t]:
                yield correct_consumption(session, park, by, party, t0, int(wh[t]), before[1] + 1)


def _generation(session: Session, day: AttributedDay, by: By) -> Iterator[Done]:
    asked, case = day.asked, day.physical.measured.case
    for device, wh in {**case.generation, **case.delivered}.items():
        register = next(key for key in asked.metered.wh if key[0] == device)
        device_id, _ = allot(session, asked.park.id, device, 0)
        for t, t0 in enumerate(case.hours):
            if not asked.metered.measured[register][t]:
                continue
            rev, metered = reading_rev(session, device_id, t0), int(asked.metered.revision[register][t])
            what = Minting(
                device, t0, int(wh[t]), metered if rev is None else max(metered, rev + 1),
                asked.park.id, energy_source(asked.park, device), expiry(t0),
            )  # fmt: skip
            if rev is None:
                yield issue(session, asked.park.id, by, what)
            elif balance(session, asked.park.id, device, t0).reading_wh != wh[t]:
                yield correct_generation(session, asked.park.id, by, what)


def _storages(session: Session, day: AttributedDay, by: By) -> Iterator[Done]:
    park, case = day.asked.park.id, day.physical.measured.case
    for store, battery in case.batteries.items():
        for t, t0 in enumerate(case.hours):
            metered = int(battery.charge[t]), int(battery.discharge[t])
            charged, given = resting_on(session, park, store, t0)
            if charged > metered[0] or given > metered[1]:
                yield correct_storage(session, park, by, store, t0, *metered, day.asked.revision)


def _records(session: Session, day: AttributedDay, done: Iterable[Done]) -> Iterator[Record]:
    """Yield the record of each action in order; what was issued or claimed anew has the form of a settlement's.

    Energy that was stored may have been claimed on a later day: its records are of that day.
    """
    park, revisions = day.asked.park, {day.asked.day.isoformat(): day.asked.revision}
    actions = [one for part in done for one in part.actions]
    claimed = {one["bundle"] for one in actions if one["type"] == "claim"}
    for number, one in enumerate(actions):
        name, hour = local_hour(park, str(one["issuance_id"]).split("|")[2])
        if name not in revisions:
            revisions[name] = settled(session, park.id, name).revision + 1
        revision = revisions[name] + number * APART
        first, last = int(str(one["range_start"])), int(str(one["range_end"]))
        if one["type"] == "issue":
            hours = [(first, last) if t == hour else None for t in range(HOURS)]
            yield issue_record(park.id, name, str(one["device"]), hours, revision=revision)
        elif one["type"] == "claim":
            bundle = get(session, park.id, int(str(one["bundle"])))
            consumed = one["details"]["consumed"]  # type: ignore[index]
            origin = bundle.origin_t0 if bundle.is_storage else ""
            claim = Claim(hour, bundle.device, (first, last), (consumed[0], consumed[1]), origin)
            yield claims_record(park.id, name, str(one["beneficiary"]), [claim], revision=revision)
        elif not (one["type"] == "cancel" and one["bundle"] in claimed):
            yield action_record(park.id, name, {"id": f"{name}/{revision}", **one, "revision": revision})


def _elsewhere(day: AttributedDay, done: Iterable[Done]) -> dict[str, list[str]]:
    """Return the parties whose claims of other days changed, by day."""
    found: dict[str, list[str]] = {}
    for one in (one for part in done for one in part.actions):
        name, _ = local_hour(day.asked.park, str(one["issuance_id"]).split("|")[2])
        if one["type"] in ("claim", "reverse") and name != day.asked.day.isoformat():
            found.setdefault(name, []).append(str(one["beneficiary"]))
    return found


def _now_claimed(session: Session, day: AttributedDay) -> dict[str, list[Claim]]:
    """Return the claims of the day that hold after the corrections."""
    case, park = day.physical.measured.case, day.asked.park.id
    index, end = {t0: t for t, t0 in enumerate(case.hours)}, day.asked.metered.grid.end.strftime(HOURS_UTC)
    found: dict[str, list[Claim]] = {}
    for party in case.consumption:
        for one in claims_of(session, park, party, case.hours[0], end):
            origin = one.origin_t0 if one.is_storage else ""
            ids, consumed = (one.range_start, one.range_end), (one.consumed_start, one.consumed_end)
            found.setdefault(party, []).append(Claim(index[one.t0], one.device, ids, consumed, origin))
    return found
