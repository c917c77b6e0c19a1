"""Claims: certificates meet the metered consumption of the same hour, each Wh of both sides once."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import ClaimTooLarge, NoCorrection, NotClaimable, WrongQuantity
from parkopt.store import states
from parkopt.store.certificate_tables import CLAIM, CONSUMPTION
from parkopt.store.registry import Bundle, Work, action, cut, get, move
from parkopt.store.registry_actions import cancel_part, part
from parkopt.store.registry_issue import require_account


@action
def record_consumption(work: Work, party: str, t0: str, wh: int, rev: int = 0) -> list[Bundle]:
    """Record the metered Wh of a party in the hour that starts at `t0`, once; later ones are corrections."""
    require_account(work.session, work.park, party)
    if wh < 0:
        raise WrongQuantity(wh=wh, reason=Text("a consumption is not negative", "用电量不为负"))
    if consumption(work.session, work.park, party, t0) is not None:
        raise NoCorrection(name=party, t0=t0, reason=Text("the hour has a consumption already", "该小时已有用电量"))
    keep_consumption(work, party, t0, wh, rev)
    return []


def keep_consumption(work: Work, party: str, t0: str, wh: int, rev: int) -> None:
    """Add a row of consumption; the database refuses one below what is claimed."""
    row = {"park": work.park, "party": party, "t0": t0, "rev": rev, "wh": wh, "reason": work.by.reason}
    work.session.execute(insert(CONSUMPTION), [row])


def consumption(session: Session, park: str, party: str, t0: str) -> tuple[int, int] | None:
    """Return the current Wh of a party's hour and its revision, None where nothing is recorded."""
    mine = (CONSUMPTION.c.park == park) & (CONSUMPTION.c.party == party) & (CONSUMPTION.c.t0 == t0)
    wanted = select(CONSUMPTION.c.wh, CONSUMPTION.c.rev).where(mine).order_by(CONSUMPTION.c.rev.desc()).limit(1)
    row = session.execute(wanted).one_or_none()
    return None if row is None else (int(row.wh), int(row.rev))


def gaps(session: Session, park: str, party: str, t0: str) -> list[tuple[int, int]]:
    """Return the ranges of consumed Wh, counted from 0, that no live claim covers yet."""
    now = consumption(session, park, party, t0)
    mine = (CLAIM.c.park == park) & (CLAIM.c.party == party) & (CLAIM.c.t0 == t0) & (CLAIM.c.live == 1)
    wanted = select(CLAIM.c.consumed_start, CLAIM.c.consumed_end).where(mine).order_by(CLAIM.c.consumed_start)
    free, at = [], 0
    for start, end in session.execute(wanted):
        if start > at:
            free.append((at, start - 1))
        at = end + 1
    if now is not None and at < now[0]:
        free.append((at, now[0] - 1))
    return free


@action
def claim(work: Work, bundle: int, party: str, t0: str, wh: int | None = None) -> list[Bundle]:
    """Claim certificates for a party's consumption of the hour `t0`; active and reserved ones are cancelled first.

    Raises
    ------
    NotClaimable
        For another hour, another beneficiary, exported energy, or a GEC that was sold.
    ClaimTooLarge
        For more than the party's unclaimed consumption of that hour.
    """
    require_account(work.session, work.park, party)
    whole = get(work.session, work.park, bundle)
    require_claimable(whole, party, t0)
    name = "claim" if whole.status == states.CANCELLED else "cancel"
    return claim_part(work, part(work, bundle, wh, name), party)


def require_claimable(bundle: Bundle, party: str, t0: str) -> None:
    """Raise `NotClaimable` where these certificates are of no use to this party in this hour."""
    if t0 != bundle.t0:
        raise NotClaimable(bundle=bundle.id, reason=Text(f"it is of hour {bundle.t0}", f"属于 {bundle.t0} 时段"))
    if bundle.status == states.CANCELLED and bundle.beneficiary != party:
        reason = Text(f"its beneficiary is {bundle.beneficiary}", f"受益方为 {bundle.beneficiary}")
        raise NotClaimable(bundle=bundle.id, reason=reason)
    require_usable(bundle)


def require_usable(bundle: Bundle) -> None:
    """Raise `NotClaimable` for energy that was exported or whose GEC was sold."""
    if bundle.disposition == "export":
        raise NotClaimable(bundle=bundle.id, reason=Text("its energy was exported", "其电量已上网"))
    if bundle.gec_sold:
        reason = Text(f"its GEC {bundle.gec_id} was sold", f"其绿证 {bundle.gec_id} 已出售")
        raise NotClaimable(bundle=bundle.id, reason=reason)


def claim_part(work: Work, bundle: Bundle, party: str) -> list[Bundle]:
    """Claim a whole bundle, in as many pieces as the party's free consumption has."""
    free = gaps(work.session, work.park, party, bundle.t0)
    room = sum(end - start + 1 for start, end in free)
    if bundle.quantity > room:
        raise ClaimTooLarge(party=party, free=room, t0=bundle.t0, wh=bundle.quantity)
    done, rest = [], bundle
    for start, end in free:
        piece, after = cut(work, rest, min(rest.quantity, end - start + 1))
        done.append(_claim(work, piece, party, start))
        if after is None:
            break
        rest = after
    return done


def _claim(work: Work, bundle: Bundle, party: str, start: int) -> Bundle:
    if bundle.status != states.CANCELLED:
        bundle = cancel_part(work, bundle, party)
    end = start + bundle.quantity - 1
    row = {"bundle": bundle.id, "park": work.park, "party": party, "t0": bundle.t0, "consumed_start": start}
    work.session.execute(insert(CLAIM), [{**row, "consumed_end": end, "quantity": bundle.quantity}])
    return move(work, bundle, "claim", {"t0": bundle.t0, "consumed": [start, end]})
