"""Settled days of a park or a party as arrays over their hours, read from the records of the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.accounts import Claim, Physical
from parkopt.carbon.accounts.inputs import ClaimKind
from parkopt.carbon.contractual import GREY
from parkopt.carbon.factors import factor
from parkopt.carbon.metered import HOURS_UTC
from parkopt.clock import fixed_zone
from parkopt.errors import Text
from parkopt.faults import NotFound
from parkopt.models import technologies
from parkopt.models.base import Role, Technology
from parkopt.park.loader import load_park
from parkopt.park.schema import Park
from parkopt.services.parks import known_park
from parkopt.settings import Settings
from parkopt.store.engine import reading
from parkopt.store.settled import bodies

IntArray = NDArray[np.int64]
Record = dict[str, Any]
HOURS = 24
CLAIMED = "non_fossil_direct"
"""Factor of what is claimed: plants without fuel emit nothing themselves."""


@dataclass(frozen=True)
class Span:
    """Settled local days, complete.

    Attributes
    ----------
    park : Park
        The park as its file is now.
    party : str
        Id of a party; empty for the park.
    days : list of str
        Local dates, in order.
    own : dict
        By day, by party, the newest enterprise-day.
    whole : dict
        By day, the newest park-day.
    readings : dict
        By day, by (device, register), the newest reading.
    stored : dict
        By day, the storages' lots and takes of certificates.
    revisions : list of tuple
        Index, day, revision of each enterprise-day after the first, for the party.
    """

    park: Park
    party: str
    days: list[str]
    own: dict[str, dict[str, Record]]
    whole: dict[str, Record]
    readings: dict[str, dict[tuple[str, str], Record]]
    stored: dict[str, list[Record]]
    revisions: list[tuple[int, str, int]] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Number of hours."""
        return len(self.days) * HOURS

    @cached_property
    def parties(self) -> list[str]:
        """Who is in the span: the party, or all of them."""
        return [self.party] if self.party else list(dict.fromkeys(p for day in self.days for p in self.own[day]))

    @cached_property
    def hours(self) -> list[list[Record]]:
        """By hour, the hour of each party."""
        by_day = [
            [self.own[day][party]["hours"] for party in self.parties if party in self.own[day]] for day in self.days
        ]
        return [[own[hour] for own in parties] for parties in by_day for hour in range(HOURS)]

    def sum_of(self, name: str) -> IntArray:
        """Return a column of the hours, summed over the parties, shape (n,)."""
        return np.asarray([sum(int(one[name]) for one in hour) for hour in self.hours], np.int64)

    def table(self, pick: Callable[[Record], Mapping[str, int]]) -> dict[str, IntArray]:
        """Return what is named in the hours by name, summed over the parties, shape (n,) each."""
        found: dict[str, IntArray] = {}
        for t, hour in enumerate(self.hours):
            for one in hour:
                for name, value in pick(one).items():
                    if name not in found:
                        found[name] = np.zeros(self.n, np.int64)
                    found[name][t] += value
        return found

    @cached_property
    def physical(self) -> dict[str, Physical]:
        """By label, traced energy and carbon."""
        wh = self.table(lambda hour: {label: both[0] for label, both in hour["by_source"].items()})
        ug = self.table(lambda hour: {label: int(both[1]) for label, both in hour["by_source"].items()})
        return {label: Physical(wh[label], ug[label]) for label in sorted(wh)}

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims by source."""
        found = self.table(lambda hour: hour["claims"])
        own = factor(CLAIMED)
        return tuple(Claim(source, kind_of(self.park, source), wh, own) for source, wh in sorted(found.items()))

    def metered(self, *registers: str) -> IntArray:
        """Return the Wh of all registers of some kinds in the park, shape (n,)."""
        total = np.zeros(self.n, np.int64)
        for at, day in enumerate(self.days):
            for (_, register), record in self.readings[day].items():
                if register in registers:
                    total[at * HOURS : (at + 1) * HOURS] += np.asarray(record["wh"], np.int64)
        return total

    def netted(self, register: str, other: str) -> IntArray:
        """Return a register of each device less what its opposite had in the same hour, summed, shape (n,)."""
        total = np.zeros(self.n, np.int64)
        for at, day in enumerate(self.days):
            for (device, name), record in self.readings[day].items():
                if name == register:
                    against = self.readings[day].get((device, other))
                    wh = np.asarray(record["wh"], np.int64)
                    taken = 0 if against is None else np.minimum(wh, np.asarray(against["wh"], np.int64))
                    total[at * HOURS : (at + 1) * HOURS] += wh - taken
        return total

    def stored_green(self, what: Literal["lots", "takes"]) -> IntArray:
        """Return the green Wh that storages took (`lots`) or gave back (`takes`), shape (n,)."""
        total = np.zeros(self.n, np.int64)
        for at, day in enumerate(self.days):
            for record in self.stored[day]:
                for one in record[what]:
                    if one["origin"] != GREY:
                        hour = one["hour"] if what == "takes" else self._hour(one["charged"])
                        total[at * HOURS + hour] += one["ac_wh"]
        return total

    def _hour(self, charged: str) -> int:
        moment = datetime.strptime(charged, HOURS_UTC).replace(tzinfo=UTC)
        return moment.astimezone(fixed_zone(self.park.zone)).hour

    def quality(self) -> str:
        """Return a letter for each hour of the party's meters: the worst of them."""
        letters = []
        for day in self.days:
            own = [
                record["quality"]
                for (_, register), record in self.readings[day].items()
                if register == "consumption" and record["party"] in self.parties
            ]
            letters.append("".join(_worst(hour) for hour in zip(*own, strict=True)) or "M" * HOURS)
        return "".join(letters)


def _worst(letters: Sequence[str]) -> str:
    return "E" if "E" in letters else "C" if "C" in letters else "M"


def kind_of(park: Park, source: str) -> ClaimKind:
    """Return what kind of supply a source is: contract over the grid, storage, direct line or on-site."""
    asset = park.assets.get(source)
    roles = frozenset(asset.flows().values()) if isinstance(asset, Technology) else frozenset()
    if Role.WITHIN_IMPORT in roles:
        return "contract"
    if Role.STORED in roles:
        return "storage"
    return "direct" if getattr(asset, "connection", "direct") == "direct" else "onsite"


def span(park: str, party: str, first: date, last: date, config: Settings) -> Span:
    """Return settled days as they are recorded now.

    Raises
    ------
    UnknownPark
        Where there is no such park.
    NotFound
        Where a day is not settled, or the party has no record.
    """
    file = load_park(known_park(park), technologies())
    bounds = (first.isoformat(), last.isoformat())
    with reading(config.store_url) as session:
        own = bodies(session, park, "enterprise-day", *bounds, party=party)
        whole = bodies(session, park, "park-day", *bounds)
        read = bodies(session, park, "reading", *bounds)
        stored = bodies(session, park, "storage", *bounds)
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    found = Span(file.park, party, days, {}, {}, {day: {} for day in days}, {day: [] for day in days})
    _fill(found, own, whole, read)
    for _, body in stored:
        record = json.loads(body)
        found.stored[record["day"]].append(record)
    missing = [day for day in days if day not in found.own or day not in found.whole]
    if missing:
        raise NotFound(what=Text("settled day", "已结算日"), key=f"{party or park} {missing[0]}")
    return found


Rows = Sequence[tuple[int, bytes]]


def _fill(found: Span, own: Rows, whole: Rows, read: Rows) -> None:
    """Take the newest of each record: they come in the order of the log."""
    for index, body in own:
        record = json.loads(body)
        found.own.setdefault(record["day"], {})[record["party"]] = record
        if record["revision"] and found.party:
            found.revisions.append((index, record["day"], record["revision"]))
    for _, body in whole:
        record = json.loads(body)
        found.whole[record["day"]] = record
    for _, body in read:
        record = json.loads(body)
        found.readings[record["day"]][record["device"], record["register"]] = record
