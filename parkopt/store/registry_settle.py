"""A settled day of a park in one go: consumption, mintings, claims, lots and SD-GC, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import AlreadyIssued, LotsTooSmall, NoCorrection, UnknownAccount
from parkopt.store import states
from parkopt.store.certificate_guards import hold
from parkopt.store.certificate_tables import ACCOUNT, BUNDLE, CONSUMPTION, LOT, READING, TAKE
from parkopt.store.registry_bulk import Batch, Row, put_lots, put_rows, write
from parkopt.store.registry_day import Assigned, DayOfCertificates, DeviceHour, Drawn, Piece, StoreHour, cut_parts
from parkopt.store.registry_issue import Minting, allot, hour_after, issuance_id, require_measured
from parkopt.store.registry_storage import GREY, KeptLot, next_lot_id, used_of_lots


def settle_day(session: Session, park: str, day: DayOfCertificates) -> list[Assigned]:
    """Write the certificates of one settled day; return the ids of every part.

    Raises
    ------
    AlreadyIssued, NoCorrection
        Where an hour of a device or party was settled before: corrections book a later reading.
    DayPartsDiffer, ClaimTooLarge, LotsTooSmall, UnknownAccount, NotMeasured
        Where the day does not add up; nothing of it is then written.
    """
    hold(session.connection())
    batch = Batch(session, park, day)
    with session.begin_nested():
        _require_accounts(batch)
        _consumption(batch)
        _generation(batch)
        _grey(batch)
        _discharge(batch)
    return batch.assigned


def _require_accounts(batch: Batch) -> None:
    day = batch.day
    named = {hour.account for hour in day.generation} | {hour.account for hour in day.discharge}
    named |= {hour.party for hour in day.consumption}
    known = set(batch.session.scalars(select(ACCOUNT.c.account).where(ACCOUNT.c.park == batch.park)))
    for account in sorted(named - known):
        raise UnknownAccount(account=account, park=batch.park)


def _consumption(batch: Batch) -> None:
    hours = batch.day.consumption
    mine = (CONSUMPTION.c.park == batch.park) & CONSUMPTION.c.t0.in_(sorted({hour.t0 for hour in hours}))
    known = {tuple(row) for row in batch.session.execute(select(CONSUMPTION.c.party, CONSUMPTION.c.t0).where(mine))}
    for hour in hours:
        if (hour.party, hour.t0) in known or (hour.party, hour.t0) in batch.free:
            raise NoCorrection(name=hour.party, t0=hour.t0, reason=Text("it is settled already", "该小时已结算"))
        batch.free[hour.party, hour.t0] = [0, hour.wh]
    put_rows(batch, CONSUMPTION, [{"park": batch.park, **vars(hour), "reason": ""} for hour in hours])


def _generation(batch: Batch) -> None:
    hours = batch.day.generation
    for hour in hours:
        require_measured(_minting(hour))
    sums: dict[str, int] = {}
    for hour in hours:
        sums[hour.device] = sums.get(hour.device, 0) + hour.wh
    at = {device: list(allot(batch.session, batch.park, device, wh)) for device, wh in sums.items()}
    _require_new(batch, hours, {device: numbers[0] for device, numbers in at.items()})
    names = ("t0", "rev", "wh")
    readings = [{"device_id": at[h.device][0], "reason": "", **{n: getattr(h, n) for n in names}} for h in hours]
    put_rows(batch, READING, readings)
    roots: list[Row] = []
    pieces: list[Piece] = []
    for hour in hours:
        pieces += cut_parts(hour.device, hour.t0, [hour.wh], hour.parts, len(roots))
        if hour.wh:
            roots.append(_root(batch, _minting(hour), at[hour.device], 0, (hour.device, hour.t0)))
    write(batch, roots, pieces)


def _minting(hour: DeviceHour) -> Minting:
    return Minting(**{key: value for key, value in vars(hour).items() if key != "parts"})


def _require_new(batch: Batch, hours: tuple[DeviceHour, ...], ids: dict[str, int]) -> None:
    mine = READING.c.device_id.in_(sorted(ids.values())) & READING.c.t0.in_(sorted({hour.t0 for hour in hours}))
    wanted = select(READING.c.device_id, READING.c.t0, READING.c.rev).where(mine)
    known = {(number, t0): rev for number, t0, rev in batch.session.execute(wanted)}
    for hour in hours:
        key = (ids[hour.device], hour.t0)
        if key in known:
            raise AlreadyIssued(device=hour.device, t0=hour.t0, rev=known[key])
        known[key] = hour.rev


def _root(batch: Batch, what: Minting, at: list[int], lot: int, origin: tuple[str, str]) -> Row:
    start, at[1] = at[1], at[1] + what.wh
    return {
        "park": batch.park, "device": what.device, "device_id": at[0],
        "issuance_id": issuance_id(what.device, what.t0, what.rev), "t0": what.t0, "t1": hour_after(what.t0),
        "range_start": start, "range_end": start + what.wh - 1, "quantity": what.wh, "status": states.ACTIVE,
        "account": what.account, "beneficiary": "", "energy_source": what.energy_source, "origin_device": origin[0],
        "origin_t0": origin[1], "is_storage": int(bool(lot)), "storage_lot": lot, "disposition": "none",
        "parent": None, "rev": what.rev, "gec_id": "", "gec_sold": 0, "expires_at": what.expires_at, "split_from": "",
    }  # fmt: skip


def _grey(batch: Batch) -> None:
    number = next_lot_id(batch.session)
    made = []
    for at, lot in enumerate(batch.day.grey):
        sizes = (lot.ac_wh, lot.internal_wh, lot.limit_wh)
        made.append(KeptLot(number + at, batch.park, lot.store, lot.charged, GREY, None, *sizes))
    put_lots(batch, made)


@dataclass
class _Open:
    """A lot with what it may still give at the bus and inside, and the energy source of its origin."""

    lot: KeptLot
    ac_wh: int
    internal_wh: int
    source: str


Lots = dict[tuple[str, str, str], list[_Open]]


def _discharge(batch: Batch) -> None:
    hours = batch.day.discharge
    lots = _open_lots(batch, hours)
    sums: dict[str, int] = {}
    for hour in hours:
        sums[hour.store] = sums.get(hour.store, 0) + sum(_green(hour))
    at = {store: [*allot(batch.session, batch.park, store, wh)] for store, wh in sums.items()}
    roots: list[Row] = []
    pieces: list[Piece] = []
    takes: list[tuple[Row, Row | None]] = []
    for hour in hours:
        pieces += cut_parts(hour.store, hour.t0, _green(hour), hour.parts, len(roots))
        rev = _next_rev(batch, at[hour.store][0], hour.t0)
        for take in hour.takes:
            drawn = _draw(lots, hour, take)
            root = None
            if take.origin != GREY and take.ac_wh:
                root = _sdgc(batch, hour, take, drawn, at[hour.store], rev)
                roots.append(root)
                rev += 1
            names = {"lot": drawn.lot.id, "t0": hour.t0, "internal_wh": take.internal_wh, "ac_wh": take.ac_wh}
            takes.append((dict(names), root))
    write(batch, roots, pieces)
    put_rows(batch, TAKE, [{**row, "bundle": root["id"] if root else None} for row, root in takes])


def _green(hour: StoreHour) -> list[int]:
    return [take.ac_wh for take in hour.takes if take.origin != GREY and take.ac_wh]


def _next_rev(batch: Batch, device_id: int, t0: str) -> int:
    last = select(func.max(BUNDLE.c.rev)).where(BUNDLE.c.device_id == device_id, BUNDLE.c.t0 == t0)
    found = batch.session.scalar(last)
    return 0 if found is None else int(found) + 1


def _sdgc(batch: Batch, hour: StoreHour, take: Drawn, drawn: _Open, at: list[int], rev: int) -> Row:
    what = Minting(hour.store, hour.t0, take.ac_wh, rev, hour.account, drawn.source, hour.expires_at)
    return _root(batch, what, at, drawn.lot.id, (drawn.lot.origin, drawn.lot.charged))


def _open_lots(batch: Batch, hours: tuple[StoreHour, ...]) -> Lots:
    """Return the lots that the takes name, today's included, in the order they were made."""
    mine = (LOT.c.park == batch.park) & LOT.c.charged.in_(sorted({take.charged for h in hours for take in h.takes}))
    joined = LOT.outerjoin(BUNDLE, BUNDLE.c.id == LOT.c.bundle)
    more = (*used_of_lots(), BUNDLE.c.energy_source)
    found: Lots = {}
    for row in batch.session.execute(select(LOT, *more).select_from(joined).where(mine).order_by(LOT.c.id)):
        lot, (ac, internal, lost, source) = KeptLot(*row[:9]), row[9:]
        most = lot.limit_wh * (lot.ac_wh - int(lost or 0)) // lot.ac_wh
        free = _Open(lot, most - int(ac or 0), lot.internal_wh - int(internal or 0), source or "")
        found.setdefault((lot.store, lot.charged, lot.origin), []).append(free)
    return found


def _draw(lots: Lots, hour: StoreHour, take: Drawn) -> _Open:
    """Take from a lot that has enough, or raise `LotsTooSmall`."""
    for free in lots.get((hour.store, take.charged, take.origin), []):
        enough = free.ac_wh >= take.ac_wh and free.internal_wh >= take.internal_wh >= take.ac_wh >= 0
        if enough and free.lot.charged < hour.t0:
            free.ac_wh -= take.ac_wh
            free.internal_wh -= take.internal_wh
            return free
    reason = Text(
        f"no earlier lot of {take.charged} from {take.origin} has {take.ac_wh} Wh left",
        f"{take.charged} 来自 {take.origin} 的批次余量不足 {take.ac_wh} Wh",
    )
    raise LotsTooSmall(store=hour.store, t0=hour.t0, reason=reason)
