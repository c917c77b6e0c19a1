"""The records of one settled day, in the order of the log: what is new of the park, then meters, ledgers, claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parkopt.carbon.contractual import Lot, Take
from parkopt.carbon.factors import Factor
from parkopt.carbon.metered import PPM, capacity_wh, is_green, parties
from parkopt.carbon.opening import own_ug_per_wh, storages
from parkopt.ledger.canonical import Record
from parkopt.ledger.settled_records import (
    Claim,
    DeviceFacts,
    Range,
    Status,
    claims_record,
    devices_record,
    enterprise_day_record,
    entitlement_record,
    factor_record,
    issue_record,
    method_record,
    opening_record,
    park_day_record,
    reading_record,
    storage_record,
)
from parkopt.metering.reading import Channel, Register
from parkopt.models.base import Technology
from parkopt.park.schema import Park
from parkopt.settling import DayToSettle, TracedDay, reservoirs_of

MINTING = (Register.GENERATION, Register.DELIVERED)
"""Registers whose energy gets certificates, where it is green."""


@dataclass(frozen=True)
class Booked:
    """What the registry booked for a day, for its records.

    Attributes
    ----------
    issued : mapping
        By device or storage, the ranges of the 24 hours.
    claims : mapping
        By party.
    lots : mapping
        By storage, the new lots with the ranges that were cancelled for them.
    takes : mapping
        By storage.
    """

    issued: Mapping[str, Sequence[Range | None]]
    claims: Mapping[str, Sequence[Claim]]
    lots: Mapping[str, Sequence[tuple[Lot, Sequence[Range]]]]
    takes: Mapping[str, Sequence[Take]]


def park_facts(park: Park, channels: Iterable[Channel]) -> list[DeviceFacts]:
    """Return what the checks need to know of each metered device."""
    own = storages(park)
    found: dict[str, DeviceFacts] = {}
    for one in channels:
        asset = park.assets[one.device]
        assert isinstance(asset, Technology)
        store = own.get(one.device)
        found.setdefault(
            one.device,
            DeviceFacts(
                device=one.device,
                kind=asset.kind,
                bus=one.bus,
                party=one.party,
                green=one.register in MINTING and is_green(park, one.device),
                ug_per_wh=own_ug_per_wh(asset),
                charge_efficiency=store.charge_efficiency if store else None,
                discharge_efficiency=store.discharge_efficiency if store else None,
                standing=store.self_discharge if store else None,
                capacity_wh=capacity_wh(store) if store else None,
            ),
        )
    return list(found.values())


def standing_records(asked: DayToSettle, channels: Sequence[Channel], version: str) -> list[Record]:
    """Return the records that hold until they change: method, factors, devices, entitlements."""
    park, method = asked.park, asked.method
    used: list[Factor] = [asked.grid_factor, asked.residual]
    facts = devices_record(park.id, park_facts(park, channels), channels, parties(park, channels))
    entitled = [
        entitlement_record(park.id, name, {device: round(share * PPM) for device, share in one.entitlements.items()})
        for name, one in park.enterprises.items()
    ]
    how = method_record(
        park.id,
        method.version,
        losses=method.loss_policy,
        storage=method.storage_carbon,
        attribution=method.attribution,
        year=method.year,
        parkopt_version=version,
    )
    return [how, *(factor_record(park.id, one) for one in dict.fromkeys(used)), facts, *entitled]


def physical_records(day: TracedDay, files: Mapping[str, Sequence[str]], *, varying: bool) -> list[Record]:
    """Return the day's hourly factor (where it varies), readings, opening and park-day."""
    asked, park = day.measured.asked, day.measured.asked.park
    name, revision = asked.day.isoformat(), asked.revision
    hourly = [factor_record(park.id, asked.grid_factor, day=name, hours=asked.grid_ug.tolist())] if varying else []
    readings = [
        reading_record(
            asked.metered,
            (one.device, one.register),
            0,
            party=one.party,
            revision=revision,
            files=files.get(one.device, ()),
        )
        for one in day.measured.channels
    ]
    opening = opening_record(
        park.id, name, reservoirs_of(park, asked.contents, asked.method.storage_carbon), asked.lots, revision=revision
    )
    whole = park_day_record(
        park.id,
        name,
        day.traced,
        0,
        method=asked.method.version,
        factors={"grid": asked.grid_factor.id, "residual": asked.residual.id},
        revision=revision,
    )
    return [*hourly, *readings, opening, whole]


def party_records(day: TracedDay, claims: Mapping[str, Sequence[Claim]]) -> list[Record]:
    """Return each party's day, with the claims that hold for it now."""
    asked, park = day.measured.asked, day.measured.asked.park
    green = [one.device for one in day.measured.channels if is_green(park, one.device)]
    status: Status = "corrected" if asked.revision else "settled"
    return [
        enterprise_day_record(
            park.id,
            asked.day.isoformat(),
            party,
            day.traced,
            0,
            green=green,
            claims=claims.get(party, ()),
            market_ug={},
            residual_ug_per_wh=[asked.residual.ug_per_wh] * 24,
            revision=asked.revision,
            status=status,
        )
        for party in day.traced.consumers
    ]


def certificate_records(asked: DayToSettle, booked: Booked) -> list[Record]:
    """Return what was issued, stored and claimed on a day."""
    park, day, revision = asked.park.id, asked.day.isoformat(), asked.revision
    issued = [issue_record(park, day, name, hours, revision=revision) for name, hours in booked.issued.items()]
    stored = [
        storage_record(park, day, store, booked.lots.get(store, ()), booked.takes.get(store, ()), revision=revision)
        for store in dict.fromkeys([*booked.lots, *booked.takes])
    ]
    claimed = [claims_record(park, day, party, own, revision=revision) for party, own in booked.claims.items()]
    return [*issued, *stored, *claimed]
