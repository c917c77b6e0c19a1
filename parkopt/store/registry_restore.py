"""Corrected meters of a storage: certificates never rest on more charge, or more discharge, than was metered."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import NoCorrection
from parkopt.store import states
from parkopt.store.certificate_tables import BUNDLE, DEVICE, LOT, VOID
from parkopt.store.registry import COLUMNS, WITH_DEVICE, Bundle, Work, action
from parkopt.store.registry_correct import from_lots, take_back
from parkopt.store.registry_issue import Minting, mint
from parkopt.store.registry_storage import voided


def resting_on(session: Session, park: str, store: str, t0: str) -> tuple[int, int]:
    """Return the certified Wh that a storage took in an hour, and the Wh of certificates (SD-GC) that it gave."""
    kept = select(func.coalesce(func.sum(LOT.c.ac_wh), 0)).where(_charged(park, store, t0))
    lost = select(func.coalesce(func.sum(VOID.c.wh), 0)).where(VOID.c.bundle.in_(_bundles(park, store, t0)))
    given = select(func.coalesce(func.sum(BUNDLE.c.quantity), 0)).select_from(WITH_DEVICE)
    counted = BUNDLE.c.status.in_(sorted(states.COUNTED))
    mine = (BUNDLE.c.park == park, DEVICE.c.device == store, BUNDLE.c.t0 == t0)
    joined = VOID.join(WITH_DEVICE, VOID.c.bundle == BUNDLE.c.id)
    gone = select(func.coalesce(func.sum(VOID.c.wh), 0)).select_from(joined).where(*mine)
    charged = int(session.scalar(kept) or 0) - int(session.scalar(lost) or 0)
    return charged, int(session.scalar(given.where(*mine, counted)) or 0) - int(session.scalar(gone) or 0)


def _charged(park: str, store: str, t0: str) -> ColumnElement[bool]:
    green = LOT.c.bundle.is_not(None)
    return (LOT.c.park == park) & (LOT.c.store == store) & (LOT.c.charged == t0) & green


def _bundles(park: str, store: str, t0: str) -> Select[int | None]:
    return select(LOT.c.bundle).where(_charged(park, store, t0))


@action
def correct_storage(work: Work, store: str, t0: str, charged: int, discharged: int, rev: int) -> list[Bundle]:
    """Book the corrected meters of a storage's hour.

    Where less was charged than certificates were cancelled for, the rest of them are void, with
    the SD-GC that their lots no longer bear, and as many are minted anew for their plant and hour.
    Where less was discharged than SD-GC were minted, these are taken back, as by a lower generation.
    A higher meter moves nothing: what was claimed otherwise since then stays.

    Raises
    ------
    NoCorrection
        Without a reason, or for a negative quantity.
    """
    if not work.by.reason or min(charged, discharged) < 0:
        raise NoCorrection(name=store, t0=t0, reason=Text("a reason and Wh >= 0 are needed", "须有原因且 Wh >= 0"))
    before, given = resting_on(work.session, work.park, store, t0)
    made: list[Bundle] = []
    if before > charged:
        made += _never_stored(work, store, t0, before - charged, rev)
        given = resting_on(work.session, work.park, store, t0)[1]
    if given > discharged:
        mine = BUNDLE.c.device_id.in_(select(DEVICE.c.id).where(DEVICE.c.park == work.park, DEVICE.c.device == store))
        take_back(work, mine & (BUNDLE.c.t0 == t0), given - discharged, rev, made)
    return made


def _never_stored(work: Work, store: str, t0: str, excess: int, rev: int) -> list[Bundle]:
    """Void what was cancelled for a charge that was not; its plant gets as many certificates anew."""
    which = BUNDLE.c.id.in_(_bundles(work.park, store, t0))
    wanted = select(*COLUMNS).select_from(WITH_DEVICE).where(which).order_by(BUNDLE.c.id)
    found = [Bundle(*row) for row in work.session.execute(wanted)]
    before = {bundle.id: voided(work.session, bundle.id) for bundle in found}
    made: list[Bundle] = []
    from_lots(work, which, excess, rev, made)
    for one in found:
        wh = voided(work.session, one.id) - before[one.id]
        if wh:
            what = Minting(one.device, one.t0, wh, one.rev, one.account, one.energy_source, one.expires_at)
            made.append(mint(work, what, gec=one.gec_id))
    return made
