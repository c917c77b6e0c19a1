"""Party-days whose claims change after their settlement: by hand, or by a correction of an earlier day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from parkopt.carbon.metered import HOURS_UTC
from parkopt.clock import fixed_zone
from parkopt.faults import DayNotSettled
from parkopt.ledger.canonical import Record
from parkopt.park.schema import Park
from parkopt.services.party_hours import packed, unpacked
from parkopt.store.party_days import PartyDay, newest_of, put_party_days
from parkopt.store.registry_queries import claims_of
from parkopt.store.session import Session
from parkopt.store.settled import SettledDay, bodies, day_of, last_day, put_day


def local_hour(park: Park, t0: str) -> tuple[str, int]:
    """Return the local date and hour of a UTC hour, as the registry names it."""
    utc = datetime.strptime(t0, HOURS_UTC).replace(tzinfo=UTC)
    local = utc.astimezone(fixed_zone(park.zone))
    return local.date().isoformat(), local.hour


def settled(session: Session, park: str, day: str) -> SettledDay:
    """Return the newest revision of a day, or raise `DayNotSettled`."""
    known = day_of(session, park, day)
    if known is None:
        raise DayNotSettled(day=day, last=last_day(session, park) or "-")
    return known


def claimed_again(session: Session, park: Park, days: Mapping[str, Iterable[str]]) -> list[Record]:
    """Return the enterprise-days of parties whose claims changed, each with the next revision of its day.

    Parameters
    ----------
    days : mapping
        By local day, the parties; the day must be settled.
    """
    return [
        _party_day(session, park, day, party, settled(session, park.id, day).revision + 1)
        for day in sorted(days)
        for party in dict.fromkeys(days[day])
    ]


def keep_again(session: Session, park: str, records: Sequence[Record], first: int, now: datetime) -> None:
    """Keep the next revision of each day of `claimed_again`; its records stand in the log from index `first` on."""
    put_party_days(session, [_packed(session, park, one, first + at) for at, one in enumerate(records)])
    for day in dict.fromkeys(one["day"] for one in records):
        known, own = settled(session, park, day), [at for at, one in enumerate(records) if one["day"] == day]
        told = {**known.told, **_sums(session, park, day), "revision": known.revision + 1, "records": len(own)}
        start, stop = first + own[0], first + own[-1] + 1
        following = replace(known, revision=known.revision + 1, settled_at=now, told=told)
        put_day(session, replace(following, log_start=start, log_stop=stop))


def _party_day(session: Session, park: Park, day: str, party: str, revision: int) -> Record:
    """Return a party's day with the claims that the registry holds now; what they leave bears the residual factor."""
    record: Record = json.loads(bodies(session, park.id, "enterprise-day", day, day, party=party)[-1][1])
    residual = _residual(session, park.id, day)
    own: list[dict[str, int]] = [{} for _ in record["hours"]]
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), fixed_zone(park.zone)).astimezone(UTC)
    bounds = [moment.strftime(HOURS_UTC) for moment in (start, start + timedelta(hours=len(own)))]
    for one in claims_of(session, park.id, party, *bounds):
        claims = own[local_hour(park, one.t0)[1]]
        claims[one.device] = claims.get(one.device, 0) + one.quantity
    hours = [_hour(*both, residual) for both in zip(record["hours"], own, strict=True)]
    return {**record, "revision": revision, "status": "corrected", "hours": hours}


def _hour(hour: Record, claims: Mapping[str, int], residual: int) -> Record:
    claimed = sum(claims.values())
    market = (hour["consumption_wh"] - claimed) * residual
    return {**hour, "claims": dict(claims), "claimed_wh": claimed, "market_ug": str(market)}


def _residual(session: Session, park: str, day: str) -> int:
    """Return the residual factor (ug/Wh) by which the day was settled, from its records."""
    name = json.loads(bodies(session, park, "park-day", day, day)[-1][1])["factors"]["residual"]
    known = [json.loads(body) for _, body in bodies(session, park, "factor", "", "")]
    return int(next(one["ug_per_wh"] for one in reversed(known) if one["id"] == name))


def _packed(session: Session, park: str, record: Record, index: int) -> PartyDay:
    """Return the hours of a party's new revision; whether they were measured stays as it was."""
    before = newest_of(session, park, record["party"], record["day"])
    measured = unpacked(record["party"], [before]).columns["measured"].astype(bool).tolist()
    hours = packed(record, measured)
    return PartyDay(park, record["party"], record["day"], record["revision"], before.start, hours, index)


def _sums(session: Session, park: str, day: str) -> dict[str, Any]:
    """Return what is told of a day's claims, from the newest enterprise-day of each party."""
    newest = {
        one["party"]: one for one in (json.loads(body) for _, body in bodies(session, park, "enterprise-day", day, day))
    }
    hours = [hour for one in newest.values() for hour in one["hours"]]
    return {
        "claimed_wh": sum(hour["claimed_wh"] for hour in hours),
        "market_ug": str(sum(int(hour["market_ug"]) for hour in hours)),
    }
