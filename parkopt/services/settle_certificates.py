"""From an attributed day to what the registry books, and back to claims, ranges and lots with their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from parkopt.carbon.attribute_stores import NO_LOT, PPM
from parkopt.carbon.contractual import GREY, Attributed, Lot, Take
from parkopt.carbon.metered import HOURS_UTC
from parkopt.ledger.settled_records import Claim, Range
from parkopt.models.tech.contract import Contract
from parkopt.park.schema import Park
from parkopt.services.settle_records import Booked
from parkopt.settling import AttributedDay
from parkopt.store.registry import By
from parkopt.store.registry_day import (
    Assigned,
    DayOfCertificates,
    DeviceHour,
    Drawn,
    GreyLot,
    Part,
    PartyHour,
    StoreHour,
)

LIFE = timedelta(days=366)
"""How long certificates live that nobody claims."""
SOURCES = {"wind": "wind", "pv": "solar_pv"}
"""Energy source by kind of plant, as EnergyTag names it."""
HOURS = 24


def day_of_certificates(day: AttributedDay, by: By) -> DayOfCertificates:
    """Return what the registry books for a day that is settled for the first time."""
    case = day.physical.measured.case
    used = [PartyHour(party, case.hours[t], int(wh[t])) for party, wh in case.consumption.items() for t in range(HOURS)]
    return DayOfCertificates(by, tuple(used), tuple(_device_hours(day)), tuple(_store_hours(day)), tuple(_grey(day)))


def _device_hours(day: AttributedDay) -> Iterator[DeviceHour]:
    case, park = day.physical.measured.case, day.asked.park
    measured, claims = day.asked.metered, _claims_by_source(day.attributed)
    lots = {(one.store, one.origin, one.charged): one for one in reversed(day.attributed.new_lots)}
    for device, wh in {**case.generation, **case.delivered}.items():
        register = next(key for key in measured.wh if key[0] == device)
        source = energy_source(park, device)
        for t, t0 in enumerate(case.hours):
            if measured.measured[register][t]:
                parts = (
                    *_claimed(claims[device], t),
                    *_stored(day, lots, device, t),
                    *_rest(day.attributed, device, t),
                )
                rev = int(measured.revision[register][t])
                yield DeviceHour(device, t0, int(wh[t]), rev, park.id, source, expiry(t0), parts)


def _stored(day: AttributedDay, lots: Mapping[tuple[str, str, str], Lot], source: str, t: int) -> Iterator[Part]:
    for (device, store), wh in day.attributed.stored.items():
        if device == source and wh[t]:
            lot = lots[store, device, day.physical.measured.case.hours[t]]
            yield Part("store", store, int(wh[t]), lot.internal_wh, most(day, lot))


def _claims_by_source(found: Attributed) -> dict[str, list[tuple[str, list[int]]]]:
    """Return by source each party with its Wh by the hour: a day has thousands of claims."""
    by_source: dict[str, list[tuple[str, list[int]]]] = defaultdict(list)
    for (device, party), wh in found.claims.items():
        by_source[device].append((party, wh.tolist()))
    return by_source


def _claimed(claims: Iterable[tuple[str, list[int]]], t: int) -> Iterator[Part]:
    return (Part("claim", party, wh[t]) for party, wh in claims if wh[t])


def _rest(found: Attributed, source: str, t: int) -> Iterator[Part]:
    if source in found.exported and found.exported[source][t]:
        yield Part("export", "", int(found.exported[source][t]))
    if source in found.left and found.left[source][t]:
        yield Part("left", "", int(found.left[source][t]))


def most(day: AttributedDay, lot: Lot) -> int:
    """Return the most Wh that a lot may give back at the bus: floor(eta_c eta_d ac), as the attribution has it."""
    battery = day.physical.measured.case.batteries[lot.store]
    charge, discharge = (round(eta * PPM) for eta in (battery.charge_efficiency, battery.discharge_efficiency))
    return lot.ac_wh * charge * discharge // PPM**2


def _store_hours(day: AttributedDay) -> Iterator[StoreHour]:
    found, case, park = day.attributed, day.physical.measured.case, day.asked.park
    claims = _claims_by_source(found)
    takes: dict[tuple[str, int], list[Take]] = defaultdict(list)
    for one in found.takes:
        if one.charged != NO_LOT:
            takes[one.store, one.hour].append(one)
    for (store, t), own in sorted(takes.items()):
        drawn = tuple(Drawn(one.charged, one.origin, one.internal_wh, one.ac_wh) for one in own)
        parts = (*_claimed(claims[store], t), *_rest(found, store, t))
        t0 = case.hours[t]
        yield StoreHour(store, t0, park.id, expiry(t0), drawn, parts)


def _grey(day: AttributedDay) -> Iterator[GreyLot]:
    for lot in day.attributed.new_lots:
        if lot.origin == GREY:
            yield GreyLot(lot.store, lot.charged, lot.ac_wh, lot.internal_wh, most(day, lot))


def energy_source(park: Park, device: str) -> str:
    """Return the energy source of a device's certificates."""
    asset = park.assets[device]
    if isinstance(asset, Contract):
        plant = getattr(asset, "plant", None)
        return SOURCES.get(getattr(plant, "kind", ""), "other")
    return SOURCES.get(asset.kind, "other")


def expiry(t0: str) -> str:
    """Return when certificates of an hour expire."""
    return (datetime.strptime(t0, HOURS_UTC) + LIFE).strftime(HOURS_UTC)  # noqa: DTZ007 - written back as it was


def booked_of(day: AttributedDay, assigned: Sequence[Assigned]) -> Booked:
    """Return what the registry gave ids to, by device, party and storage."""
    case, found = day.physical.measured.case, day.attributed
    index = {t0: t for t, t0 in enumerate(case.hours)}
    stores = list(case.batteries)
    return Booked(
        issued=_issued(assigned, index, [*case.generation, *case.delivered, *stores]),
        claims=claims_by_party(assigned, index, stores),
        lots=_lots(found.new_lots, assigned, stores),
        takes={store: [one for one in found.takes if one.store == store] for store in stores},
    )


def _issued(
    assigned: Iterable[Assigned], index: Mapping[str, int], devices: Iterable[str]
) -> dict[str, list[Range | None]]:
    ranges: dict[str, list[Range | None]] = {device: [None] * HOURS for device in devices}
    for one in assigned:
        hours, t = ranges[one.device], index[one.t0]
        before = hours[t] or (one.range_start, one.range_end)
        hours[t] = (min(before[0], one.range_start), max(before[1], one.range_end))
    return ranges


def claims_by_party(
    assigned: Iterable[Assigned], index: Mapping[str, int], stores: Iterable[str]
) -> dict[str, list[Claim]]:
    """Return the claims among what was booked, by party."""
    stored, found = frozenset(stores), defaultdict(list)
    for one in assigned:
        if one.kind == "claim":
            origin = one.origin_t0 if one.device in stored else ""
            consumed = (one.consumed_start, one.consumed_end)
            ids = (one.range_start, one.range_end)
            found[one.to].append(Claim(index[one.t0], one.device, ids, consumed, origin))
    return dict(found)


def _lots(
    lots: Iterable[Lot], assigned: Sequence[Assigned], stores: Iterable[str]
) -> dict[str, list[tuple[Lot, list[Range]]]]:
    ranges: dict[tuple[str, str, str], list[Range]] = defaultdict(list)
    for one in assigned:
        if one.kind == "store":
            ranges[one.to, one.t0, one.device].append((one.range_start, one.range_end))
    held: dict[str, list[tuple[Lot, list[Range]]]] = {store: [] for store in stores}
    for lot in lots:
        held[lot.store].append((lot, ranges.get((lot.store, lot.charged, lot.origin), [])))
    return held
