"""Corrections by later readings: more is minted, less is taken back, unclaimed certificates first."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, insert, select

from parkopt.errors import Text
from parkopt.faults import NoCorrection
from parkopt.store import states
from parkopt.store.certificate_tables import BUNDLE, CLAIM, LOT, VOID
from parkopt.store.registry import COLUMNS, WITH_DEVICE, Bundle, Work, action, cut, move, note
from parkopt.store.registry_claims import claim_part, consumption, gaps, keep_consumption
from parkopt.store.registry_issue import Minting, keep_reading, mint, minted, raise_to, require_later
from parkopt.store.registry_storage import KeptLot, limit_now, lot_minted, voided

Which = ColumnElement[bool]


@action
def correct_generation(work: Work, what: Minting) -> list[Bundle]:
    """Book a corrected reading of a device-hour.

    Upward the difference is minted. Downward certificates are taken back: active, reserved, locked
    and expired ones, cancelled ones, then claims (newest first), then what went into storages.
    A claim reversed for more than was needed is minted again and claimed again for the rest.

    Raises
    ------
    NoCorrection
        Without a reason, or for an old revision.

    Notes
    -----
    What an issuer withdrew by hand is not minted again, and is the last to count as taken back.
    """
    device_id = require_later(work, what)
    excess = minted(work.session, device_id, what.t0) - what.wh
    if excess <= 0:
        return raise_to(work, what)
    hour = (BUNDLE.c.device_id == device_id) & (BUNDLE.c.t0 == what.t0)
    made: list[Bundle] = []
    excess = take_back(work, hour, excess, what.rev, made)
    from_lots(work, hour, excess, what.rev, made)
    keep_reading(work, device_id, what)
    return made


def take_back(work: Work, which: Which, excess: int, rev: int, made: list[Bundle]) -> int:
    """Take certificates back until `excess` is covered; return what is left of it."""
    for status in states.OPEN:
        excess = _correct(work, which, status, excess)
    for bundle in _found(work, which, states.EXPIRED):
        excess -= _void(work, bundle, excess, rev)
    excess = _correct(work, which, states.CANCELLED, excess)
    for bundle in _found(work, which, states.CLAIMED):
        if excess > 0:
            move(work, bundle, "reverse", {"rev": rev})
            excess -= bundle.quantity
            if excess < 0:
                made += again(work, bundle, -excess)
                excess = 0
    return excess


def _found(work: Work, which: Which, status: str) -> list[Bundle]:
    """Return the bundles in a state, newest first (newest claim, where claimed)."""
    joined = WITH_DEVICE.outerjoin(CLAIM, CLAIM.c.bundle == BUNDLE.c.id)
    wanted = select(*COLUMNS).select_from(joined).where(which, BUNDLE.c.status == status)
    order = (CLAIM.c.id.desc(), BUNDLE.c.id.desc()) if status == states.CLAIMED else (BUNDLE.c.id.desc(),)
    return [Bundle(*row) for row in work.session.execute(wanted.order_by(*order))]


def _correct(work: Work, which: Which, status: str, excess: int) -> int:
    for bundle in _found(work, which, status):
        now = min(excess, bundle.quantity)
        if now > 0:
            locked = bundle.status == states.LOCKED and now < bundle.quantity
            whole = move(work, bundle, "unlock") if locked else bundle  # a locked bundle is not split
            piece, rest = cut(work, whole, now)
            move(work, piece, "correct")
            if locked and rest is not None:
                move(work, rest, "lock")
            excess -= now
    return excess


def _void(work: Work, bundle: Bundle, excess: int, rev: int) -> int:
    """Take back from a bundle in a terminal state, which it keeps; return the Wh."""
    before = voided(work.session, bundle.id)
    now = min(excess, bundle.quantity - before)
    if now <= 0:
        return 0
    work.session.execute(insert(VOID), [{"bundle": bundle.id, "wh": now, "rev": rev, "reason": work.by.reason}])
    last = bundle.range_end - before  # the last of the range go first
    gone = replace(bundle, range_start=last - now + 1, range_end=last, quantity=now)
    note(work, "void", gone, gone, {"wh": now})
    return now


def from_lots(work: Work, hour: Which, excess: int, rev: int, made: list[Bundle]) -> int:
    """Take back stored energy: what no SD-GC rests on first, then SD-GC."""
    for unused in (True, False):
        for bundle in _found(work, hour, states.STORED):
            lot = KeptLot(*work.session.execute(select(LOT).where(LOT.c.bundle == bundle.id)).one())
            most = min(excess, _unused(work, lot)) if unused else excess
            excess -= _void(work, bundle, most, rev) if most > 0 else 0
            over = lot_minted(work.session, lot.id) - limit_now(work.session, lot)
            if over > 0:
                take_back(work, BUNDLE.c.storage_lot == lot.id, over, rev, made)
    return excess


def _unused(work: Work, lot: KeptLot) -> int:
    """Return the charged Wh of a lot that its SD-GC do not need."""
    used = lot_minted(work.session, lot.id)
    need = -(-used * lot.ac_wh // lot.limit_wh) if used else 0
    return lot.ac_wh - voided(work.session, lot.bundle) - need


def again(work: Work, old: Bundle, wh: int) -> list[Bundle]:
    """Mint `wh` of a reversed claim anew, under new ids, and claim for the same party what it has room for."""
    what = Minting(old.device, old.t0, wh, old.rev, old.account, old.energy_source, old.expires_at)
    new = mint(work, what, old.storage_lot, (old.origin_device, old.origin_t0), old.gec_id)
    free = gaps(work.session, work.park, old.beneficiary, old.t0)
    room = min(wh, sum(end - start + 1 for start, end in free))
    if not room:
        return [new]
    piece, rest = cut(work, new, room)
    return claim_part(work, piece, old.beneficiary) + ([rest] if rest else [])


@action
def correct_consumption(work: Work, party: str, t0: str, wh: int, rev: int) -> list[Bundle]:
    """Book a corrected consumption; claims above it are reversed, newest first, and their energy minted anew.

    Raises
    ------
    NoCorrection
        Without a reason or an earlier record, for an old revision or a negative quantity.
    """
    now = consumption(work.session, work.park, party, t0)
    if now is None or rev <= now[1] or not work.by.reason or wh < 0:
        reason = Text(
            "a reason, a record, a later revision and Wh >= 0 are needed", "须有原因、原记录、更高修订号且 Wh >= 0"
        )
        raise NoCorrection(name=party, t0=t0, reason=reason)
    victims = _above(work, party, t0, wh)
    for bundle in victims:
        move(work, bundle, "reverse", {"rev": rev})
    keep_consumption(work, party, t0, wh, rev)
    made: list[Bundle] = []
    for bundle in reversed(victims):
        made += again(work, bundle, bundle.quantity)
    return made


def _above(work: Work, party: str, t0: str, wh: int) -> list[Bundle]:
    """Return the claims to reverse, newest first: until the rest fits, and any that lies past the new end."""
    mine = (CLAIM.c.park == work.park) & (CLAIM.c.party == party) & (CLAIM.c.t0 == t0) & (CLAIM.c.live == 1)
    rows = list(work.session.execute(select(CLAIM.c.bundle, CLAIM.c.consumed_end).where(mine)))
    ends = {row.bundle: row.consumed_end for row in rows}
    found = _found(work, BUNDLE.c.id.in_(list(ends)), states.CLAIMED)
    total = sum(bundle.quantity for bundle in found)
    victims = []
    for bundle in found:
        if total > wh or ends[bundle.id] >= wh:
            victims.append(bundle)
            total -= bundle.quantity
    return victims
