"""Certificates through a storage: a cancelled range makes one lot, a discharge mints SD-GC from the oldest lots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, func, insert, select
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import LotsTooSmall, WrongQuantity
from parkopt.store import states
from parkopt.store.certificate_tables import BUNDLE, LOT, TAKE, VOID
from parkopt.store.registry import Bundle, Work, action, get, move
from parkopt.store.registry_actions import part
from parkopt.store.registry_claims import require_usable
from parkopt.store.registry_issue import Minting, mint

GREY = "grey"


@dataclass(frozen=True)
class KeptLot:
    """What one hour's charging left in a storage, of one origin.

    `ac_wh` was charged at the bus, `internal_wh` of it was stored, `limit_wh` is the most that may
    come back at the bus: floor(discharge efficiency x internal). A grey lot rests on no certificates.
    """

    id: int
    park: str
    store: str
    charged: str
    origin: str
    bundle: int | None
    ac_wh: int
    internal_wh: int
    limit_wh: int


def next_lot_id(session: Session) -> int:
    """Return the id of the next lot; `hold` must be in force."""
    return int(session.scalar(select(func.coalesce(func.max(LOT.c.id), 0))) or 0) + 1


def put_lot(work: Work, lot: KeptLot) -> KeptLot:
    """Insert a lot, or raise `WrongQuantity` where it gives more than was charged."""
    if not (0 <= lot.limit_wh <= lot.internal_wh <= lot.ac_wh and lot.ac_wh > 0):
        reason = Text("out <= stored <= charged must hold", "须满足 放出 <= 存入 <= 充电")
        raise WrongQuantity(wh=lot.internal_wh, reason=reason)
    work.session.execute(insert(LOT), [vars(lot)])
    return lot


@action
def cancel_for_storage(
    work: Work, bundle: int, store: str, internal_wh: int, limit_wh: int, wh: int | None = None
) -> list[Bundle]:
    """Cancel certificates because their energy charged a storage; one lot comes of them."""
    require_usable(get(work.session, work.park, bundle))
    piece = part(work, bundle, wh, "cancel_for_storage")
    number = next_lot_id(work.session)
    details: dict[str, object] = {"store": store, "lot": number, "internal_wh": internal_wh, "limit_wh": limit_wh}
    after = move(work, piece, "cancel_for_storage", details, disposition="local")
    origin, wh_in = after.origin_device, after.quantity
    put_lot(work, KeptLot(number, work.park, store, after.t0, origin, after.id, wh_in, internal_wh, limit_wh))
    return [after]


@action
def add_grey_lot(work: Work, store: str, charged: str, ac_wh: int, internal_wh: int, limit_wh: int) -> list[Bundle]:
    """Record charging without certificates: it takes its turn in the storage and mints nothing."""
    number = next_lot_id(work.session)
    put_lot(work, KeptLot(number, work.park, store, charged, GREY, None, ac_wh, internal_wh, limit_wh))
    return []


def limit_now(session: Session, lot: KeptLot) -> int:
    """Return the most that a lot may give after corrected readings took back a part of its charging."""
    void = voided(session, lot.bundle)
    return lot.limit_wh * (lot.ac_wh - void) // lot.ac_wh


def voided(session: Session, bundle: int | None) -> int:
    """Return the Wh of a terminal bundle that corrected readings took back."""
    return int(session.scalar(select(func.coalesce(func.sum(VOID.c.wh), 0)).where(VOID.c.bundle == bundle)) or 0)


def lot_minted(session: Session, lot: int) -> int:
    """Return the Wh of a lot's certificates (SD-GC) that count."""
    mine = (BUNDLE.c.storage_lot == lot) & BUNDLE.c.status.in_(sorted(states.COUNTED))
    live = session.scalar(select(func.coalesce(func.sum(BUNDLE.c.quantity), 0)).where(mine))
    joined = VOID.join(BUNDLE, VOID.c.bundle == BUNDLE.c.id)
    void = select(func.coalesce(func.sum(VOID.c.wh), 0)).select_from(joined).where(BUNDLE.c.storage_lot == lot)
    return int(live or 0) - int(session.scalar(void) or 0)


def lots(session: Session, park: str, store: str, before: str = "9999") -> list[KeptLot]:
    """Return a storage's lots charged before a time, oldest first."""
    mine = (LOT.c.park == park) & (LOT.c.store == store) & (LOT.c.charged < before)
    return [KeptLot(*row) for row in session.execute(select(LOT).where(mine).order_by(LOT.c.charged, LOT.c.id))]


def newest_left(session: Session, park: str, store: str, since: str) -> dict[tuple[str, str], tuple[KeptLot, int, int]]:
    """Return by charging hour and origin each lot charged from `since` on, with what `left` says of it.

    One question for all of them: a storage with many open lots is asked for them every day.
    """
    own = (LOT.c.park == park) & (LOT.c.store == store) & (LOT.c.charged >= since)
    found = {}
    for row in session.execute(select(LOT, *used_of_lots()).where(own).order_by(LOT.c.charged, LOT.c.id)):
        lot, (given, used, void) = KeptLot(*row[:9]), (int(one or 0) for one in row[9:])
        inside, limit = lot.internal_wh - used, lot.limit_wh * (lot.ac_wh - void) // lot.ac_wh
        found[lot.charged, lot.origin] = (lot, max(0, min(limit - given, inside)), inside)
    return found


def used_of_lots() -> list[ScalarSelect[Any]]:
    """Return, for a query on lots: Wh taken at the bus, stored Wh taken, Wh of charging that corrections took back."""
    took = [select(func.sum(one)).where(TAKE.c.lot == LOT.c.id) for one in (TAKE.c.ac_wh, TAKE.c.internal_wh)]
    void = select(func.sum(VOID.c.wh)).where(VOID.c.bundle == LOT.c.bundle)
    return [one.correlate(LOT).scalar_subquery() for one in (*took, void)]


def left(session: Session, lot: KeptLot) -> tuple[int, int]:
    """Return the Wh at the bus and the stored Wh that a lot may still give."""
    sums = select(func.coalesce(func.sum(TAKE.c.ac_wh), 0), func.coalesce(func.sum(TAKE.c.internal_wh), 0))
    given, used = session.execute(sums.where(TAKE.c.lot == lot.id)).one()
    inside = lot.internal_wh - int(used)
    return max(0, min(limit_now(session, lot) - int(given), inside)), inside


@action
def issue_storage(work: Work, store: str, t0: str, wh: int, account: str, expires_at: str) -> list[Bundle]:
    """Mint the certificates (SD-GC) of a discharge in the hour `t0`, from the oldest lots first.

    Raises
    ------
    LotsTooSmall
        Where the lots charged before that hour hold less than `wh` after losses.
    """
    if wh <= 0:
        raise WrongQuantity(wh=wh, reason=Text("a discharge is above 0", "放电量须大于 0"))
    done: list[Bundle] = []
    need = wh
    for lot in lots(work.session, work.park, store, t0):
        most, inside = left(work.session, lot)
        now = min(most, need)
        if now > 0:
            internal = inside if now == most else max(now, inside * now // most)
            done += take(work, lot, t0, now, internal, account, expires_at)
            need -= now
    if need:
        reason = Text(f"{need} of {wh} Wh are in no lot", f"{wh} Wh 中有 {need} Wh 不在任何批次内")
        raise LotsTooSmall(store=store, t0=t0, reason=reason)
    return done


def take(work: Work, lot: KeptLot, t0: str, ac_wh: int, internal: int, account: str, expires_at: str) -> list[Bundle]:
    """Take from one lot; a green one mints, with device, hour and GEC of its origin."""
    made = []
    if lot.bundle is not None:
        origin = get(work.session, work.park, lot.bundle)
        what = Minting(lot.store, t0, ac_wh, 0, account, origin.energy_source, expires_at)
        made = [mint(work, what, lot.id, (origin.origin_device, origin.origin_t0), origin.gec_id)]
    number = made[0].id if made else None
    row = {"lot": lot.id, "t0": t0, "internal_wh": internal, "ac_wh": ac_wh, "bundle": number}
    work.session.execute(insert(TAKE), [row])
    return made
