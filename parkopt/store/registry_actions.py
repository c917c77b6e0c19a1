"""Actions on one bundle: transfer, reserve, lock, cancel, expire, withdraw, export, GEC links."""

from __future__ import annotations

from sqlalchemy import select

from parkopt.errors import Text
from parkopt.faults import GecConflict, NotYourCertificate, StateForbids
from parkopt.store import states
from parkopt.store.certificate_tables import BUNDLE, DEVICE
from parkopt.store.registry import COLUMNS, WITH_DEVICE, Bundle, Work, action, cut, get, move
from parkopt.store.registry_issue import require_account


def part(work: Work, bundle: int, wh: int | None, name: str) -> Bundle:
    """Return the bundle, or its first `wh` certificates split off; the action must be allowed from its state."""
    whole = get(work.session, work.park, bundle)
    if states.find(name, whole.status) is None:
        raise StateForbids(bundle=whole.id, status=whole.status, action=name)
    return whole if wh is None else cut(work, whole, wh)[0]


@action
def split(work: Work, bundle: int, wh: int) -> list[Bundle]:
    """Split a bundle into its first `wh` certificates and the rest."""
    first, rest = cut(work, get(work.session, work.park, bundle), wh)
    return [first] if rest is None else [first, rest]


@action
def transfer(work: Work, bundle: int, account: str, wh: int | None = None) -> list[Bundle]:
    """Give certificates to another account of the park, or raise `UnknownAccount`."""
    require_account(work.session, work.park, account)
    return [move(work, part(work, bundle, wh, "transfer"), "transfer", account=account)]


@action
def reserve(work: Work, bundle: int, beneficiary: str = "", wh: int | None = None) -> list[Bundle]:
    """Set certificates aside, for one account or for their owner."""
    if beneficiary:
        require_account(work.session, work.park, beneficiary)
    return [move(work, part(work, bundle, wh, "reserve"), "reserve", beneficiary=beneficiary)]


@action
def unreserve(work: Work, bundle: int, wh: int | None = None) -> list[Bundle]:
    """Give reserved certificates free again."""
    return [move(work, part(work, bundle, wh, "unreserve"), "unreserve", beneficiary="")]


@action
def lock(work: Work, bundle: int, wh: int | None = None) -> list[Bundle]:
    """Hold certificates fast while a meter or an owner is in doubt."""
    return [move(work, part(work, bundle, wh, "lock"), "lock")]


@action
def unlock(work: Work, bundle: int) -> list[Bundle]:
    """Give locked certificates free again."""
    return [move(work, get(work.session, work.park, bundle), "unlock")]


@action
def cancel(work: Work, bundle: int, beneficiary: str, wh: int | None = None) -> list[Bundle]:
    """Cancel certificates for a beneficiary, who alone may claim them."""
    require_account(work.session, work.park, beneficiary)
    return [cancel_part(work, part(work, bundle, wh, "cancel"), beneficiary)]


def cancel_part(work: Work, bundle: Bundle, beneficiary: str) -> Bundle:
    """Cancel a whole bundle; a reserved one only for whom it is reserved."""
    if bundle.beneficiary and bundle.beneficiary != beneficiary:
        raise NotYourCertificate(account=beneficiary, action="cancel", bundle=bundle.id, who="reserver")
    disposition = "local" if bundle.disposition == "none" else bundle.disposition
    return move(work, bundle, "cancel", beneficiary=beneficiary, disposition=disposition)


@action
def expire(work: Work, now: str) -> list[Bundle]:
    """Let all active, reserved and locked certificates expire whose time is up at `now` (UTC)."""
    due = (BUNDLE.c.park == work.park) & BUNDLE.c.status.in_(states.OPEN) & (BUNDLE.c.expires_at <= now)
    wanted = select(*COLUMNS).select_from(WITH_DEVICE).where(due).order_by(BUNDLE.c.id)
    found = [Bundle(*row) for row in work.session.execute(wanted)]
    return [move(work, bundle, "expire") for bundle in found]


@action
def withdraw(work: Work, bundle: int, wh: int | None = None) -> list[Bundle]:
    """Take back certificates that were issued wrongly; their ids are never used again."""
    return [move(work, part(work, bundle, wh, "withdraw"), "withdraw")]


@action
def mark_export(work: Work, bundle: int, wh: int | None = None) -> list[Bundle]:
    """Mark certificates whose energy left the park: nobody inside can claim them."""
    return [move(work, part(work, bundle, wh, "mark_export"), "mark_export", disposition="export")]


@action
def link_gec(work: Work, device: str, start: int, end: int, gec: str, *, sold: bool) -> list[Bundle]:
    """Link a range of a device's certificates to a green certificate (GEC) of the state.

    Energy whose GEC was sold is never claimed; what was claimed or stored is never sold.

    Raises
    ------
    GecConflict
        Where a bundle has another GEC, was claimed or stored (for a sale), or cannot be split at the range's ends.
    """
    found = [_inside(work, bundle, start, end, gec) for bundle in _live_between(work, device, start, end)]
    if not found:
        raise GecConflict(gec=gec, bundle=f"{device} {start}-{end}", reason=Text("no such ids", "无此编号"))
    return [_link(work, bundle, gec, sold=sold) for bundle in found]


def _live_between(work: Work, device: str, start: int, end: int) -> list[Bundle]:
    mine = (BUNDLE.c.park == work.park) & (DEVICE.c.device == device)
    linkable = sorted({m.before for m in states.TABLE if m.action == "link_gec"})
    inside = (BUNDLE.c.range_start <= end) & (BUNDLE.c.range_end >= start) & BUNDLE.c.status.in_(linkable)
    wanted = select(*COLUMNS).select_from(WITH_DEVICE).where(mine, inside).order_by(BUNDLE.c.range_start)
    return [Bundle(*row) for row in work.session.execute(wanted)]


def _inside(work: Work, bundle: Bundle, start: int, end: int, gec: str) -> Bundle:
    low, high = max(start, bundle.range_start), min(end, bundle.range_end)
    if (low, high) == (bundle.range_start, bundle.range_end):
        return bundle
    if states.find("split", bundle.status) is None:
        raise GecConflict(gec=gec, bundle=bundle.id, reason=Text("it cannot be split now", "目前不能拆分"))
    if low > bundle.range_start:
        rest = cut(work, bundle, low - bundle.range_start)[1]
        assert rest is not None
        bundle = rest
    return cut(work, bundle, high - low + 1)[0]


def _link(work: Work, bundle: Bundle, gec: str, *, sold: bool) -> Bundle:
    if bundle.gec_id not in ("", gec):
        reason = Text(f"it is in {bundle.gec_id}", f"已属于 {bundle.gec_id}")
        raise GecConflict(gec=gec, bundle=bundle.id, reason=reason)
    if sold and bundle.status in (states.CLAIMED, states.STORED):
        raise GecConflict(gec=gec, bundle=bundle.id, reason=Text(f"it is {bundle.status}", f"状态为 {bundle.status}"))
    sold_now = int(sold or bundle.gec_sold)
    return move(work, bundle, "link_gec", {"gec_id": gec, "sold": bool(sold_now)}, gec_id=gec, gec_sold=sold_now)
