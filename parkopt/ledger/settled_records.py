"""The records of a settlement, as they go into the settled log: whole numbers and text only.

Each builder's docstring is the schema of its record; `settled_schema` checks it on reading.
Every record has ``type`` and ``park``, records of a day have ``day`` (local date). Lists of
24 are the hours of that local day. Energy is in Wh (whole numbers), carbon in micrograms
as decimal text (it can be beyond 2^53). Here are the results of a day; what they rest on is
in `settled_basics`, and can be imported from here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from parkopt.carbon.contractual import Lot, Take
from parkopt.carbon.network import UNACCOUNTED, Traced
from parkopt.ledger.canonical import Record
from parkopt.ledger.settled_basics import (
    HOURS,
    DeviceFacts,
    action_record,
    bundle_record,
    close_record,
    devices_record,
    entitlement_record,
    factor_record,
    method_record,
    opening_record,
    reading_record,
)
from parkopt.metering.reading import IntArray

__all__ = [
    "HOURS", "Claim", "DeviceFacts", "Range", "Status", "action_record", "bundle_record", "claims_record",
    "close_record", "devices_record", "enterprise_day_record", "entitlement_record", "factor_record", "issue_record",
    "method_record", "opening_record", "park_day_record", "park_hours", "reading_record", "storage_record",
]  # fmt: skip
Range = tuple[int, int]
"""First and last certificate of a device, both included; one certificate is one Wh."""
Status = Literal["settled", "corrected"]


@dataclass(frozen=True)
class Claim:
    """Certificates cancelled and claimed for Wh that a party consumed in an hour.

    ``consumed`` counts the party's Wh of that hour from 0; both ends are included.
    ``origin_hour`` is the charging hour (UTC) of stored energy, else empty.
    """

    hour: int
    source: str
    certificates: Range
    consumed: Range
    origin_hour: str = ""


def park_day_record(
    park: str,
    day: str,
    traced: Traced,
    at: int,
    *,
    method: int,
    factors: Mapping[str, str],
    revision: int = 0,
) -> Record:
    """Return ``park-day``: revision, method, factors {grid, residual: id}, hours (24).

    Each hour: sources {label: [Wh, ug]} (all that reached the buses), others {sink: {label:
    [Wh, ug]}}, consumers_wh {bus: {label: Wh}}, consumption_wh, carbon_ug, factor_ug_per_wh
    (carbon_ug // consumption_wh, text), unaccounted_wh (above 0 as a sink, below 0 as a source).

    Parameters
    ----------
    traced : Traced
        The physical ledger.
    at : int
        Its step at which the day starts.
    """
    return {
        "type": "park-day", "park": park, "day": day, "revision": revision, "method": method,
        "factors": dict(factors), "hours": park_hours(traced, at),
    }  # fmt: skip


def park_hours(traced: Traced, at: int) -> list[Record]:
    """Return the hours of `park_day_record`: what all consumers of a bus took together, so that anyone can redo it."""
    return [_park_hour(traced, step) for step in range(at, at + HOURS)]


def _park_hour(traced: Traced, t: int) -> Record:
    others = {
        sink: _pairs(traced.labels, traced.other_wh[i, :, t], traced.other_ug[i, :, t])
        for i, sink in enumerate(traced.others)
    }
    sums = [
        traced.wh[:, :, t].sum(axis=0) + traced.other_wh[:, :, t].sum(axis=0),
        traced.ug[:, :, t].sum(axis=0) + traced.other_ug[:, :, t].sum(axis=0),
    ]
    sources = _pairs(traced.labels, *sums)
    consumption, carbon = int(traced.wh[:, :, t].sum()), int(traced.ug[:, :, t].sum())
    gap = sum(wh for wh, _ in others.get(UNACCOUNTED, {}).values()) - sources.get(UNACCOUNTED, [0])[0]
    return {
        "sources": sources,
        "others": {sink: parts for sink, parts in others.items() if parts},
        "consumers_wh": {bus: _row(traced.labels, table[:, t]) for bus, table in traced.bus_wh.items()},
        "consumption_wh": consumption,
        "carbon_ug": str(carbon),
        "factor_ug_per_wh": str(carbon // consumption) if consumption else "0",
        "unaccounted_wh": int(gap),
    }


def enterprise_day_record(
    park: str,
    day: str,
    party: str,
    traced: Traced,
    at: int,
    *,
    green: Iterable[str],
    claims: Iterable[Claim],
    market_ug: Mapping[str, int],
    residual_ug_per_wh: Sequence[int],
    revision: int = 0,
    status: Status = "settled",
) -> Record:
    """Return ``enterprise-day``: revision, party, status, hours (24).

    Each hour: consumption_wh, by_source {label: [Wh, ug]}, carbon_ug (physical, location),
    green_wh (physical, of green origin), claims {source: Wh}, claimed_wh, market_ug (claims at
    their own factor, the rest at the residual factor).

    Parameters
    ----------
    green : iterable of str
        Devices whose energy is green.
    market_ug : mapping
        By claimed source, its own carbon in ug/Wh; 0 where it is left out.
    residual_ug_per_wh : sequence of int
        Of each of the 24 hours.
    """
    row, greens, own = traced.consumers.index(party), frozenset(green), list(claims)
    hours = []
    for hour, residual in zip(range(HOURS), residual_ug_per_wh, strict=True):
        parts = _pairs(traced.labels, traced.wh[row, :, at + hour], traced.ug[row, :, at + hour])
        claimed = _claimed(own, hour)
        rest = sum(wh for wh, _ in parts.values()) - sum(claimed.values())
        market = rest * int(residual) + sum(wh * market_ug.get(source, 0) for source, wh in claimed.items())
        hours.append(_enterprise_hour(parts, claimed, market, greens))
    head = {"type": "enterprise-day", "park": park, "day": day, "revision": revision, "party": party}
    return {**head, "status": status, "hours": hours}


def _enterprise_hour(
    parts: Mapping[str, list[Any]], claimed: Mapping[str, int], market: int, green: frozenset[str]
) -> Record:
    return {
        "consumption_wh": sum(wh for wh, _ in parts.values()),
        "by_source": dict(parts),
        "carbon_ug": str(sum(int(ug) for _, ug in parts.values())),
        "green_wh": sum(wh for label, (wh, _) in parts.items() if label.rpartition("<")[2] in green),
        "claims": dict(claimed),
        "claimed_wh": sum(claimed.values()),
        "market_ug": str(market),
    }


def _claimed(claims: Iterable[Claim], hour: int) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in claims:
        if one.hour == hour:
            total[one.source] = total.get(one.source, 0) + one.certificates[1] - one.certificates[0] + 1
    return total


def issue_record(park: str, day: str, device: str, hours: Sequence[Range | None], *, revision: int = 0) -> Record:
    """Return ``issue``: device, revision, hours (24 x [first, last] or null).

    A later revision only adds ranges, for energy that a corrected reading has more.
    """
    ranges = [None if one is None else [int(one[0]), int(one[1])] for one in hours]
    return {"type": "issue", "park": park, "day": day, "device": device, "revision": revision, "hours": ranges}


def storage_record(
    park: str,
    day: str,
    store: str,
    lots: Iterable[tuple[Lot, Sequence[Range]]],
    takes: Iterable[Take],
    *,
    revision: int = 0,
) -> Record:
    """Return ``storage``: store, revision, lots (fields of `Lot` and ranges), takes (fields of `Take`).

    ``ranges`` are the certificates of the lot's origin that were cancelled for storage: they
    sum to its ``ac_wh``; none for a grey lot. A take's ``hour`` counts from the day's start.
    """
    return {
        "type": "storage", "park": park, "day": day, "store": store, "revision": revision,
        "lots": [{**asdict(lot), "ranges": [[int(a), int(b)] for a, b in ranges]} for lot, ranges in lots],
        "takes": [asdict(take) for take in takes],
    }  # fmt: skip


def claims_record(park: str, day: str, party: str, claims: Iterable[Claim], *, revision: int = 0) -> Record:
    """Return ``claims``: party, revision, claims [hour, source, origin_hour or null, first, last, first Wh, last Wh].

    A later revision only adds claims; one that is taken back is an ``action``.
    """
    rows = [[c.hour, c.source, c.origin_hour or None, *map(int, (*c.certificates, *c.consumed))] for c in claims]
    return {"type": "claims", "park": park, "day": day, "party": party, "revision": revision, "claims": rows}


def _pairs(labels: Sequence[str], wh: IntArray, ug: IntArray) -> dict[str, list[Any]]:
    found = zip(labels, wh.tolist(), ug.tolist(), strict=True)
    return {label: [int(energy), str(int(carbon))] for label, energy, carbon in found if energy or carbon}


def _row(labels: Sequence[str], wh: IntArray) -> dict[str, int]:
    return {label: int(energy) for label, energy in zip(labels, wh.tolist(), strict=True) if energy}
