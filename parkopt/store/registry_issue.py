"""Minting: certificates come into being here only, one minting for a reading of a device and hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import AlreadyIssued, NoCorrection, NotMeasured, UnknownAccount, WrongQuantity
from parkopt.store import states
from parkopt.store.certificate_guards import hold
from parkopt.store.certificate_tables import ACCOUNT, ACTION, BUNDLE, DEVICE, READING, VOID
from parkopt.store.registry import Bundle, Work, action, next_bundle_id, note, put

CARRIER = "electricity"
ISSUABLE = ("measured", "corrected")
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Minting:
    """What is minted: whole Wh of a device in the hour that starts at `t0`, of a reading's revision."""

    device: str
    t0: str
    wh: int
    rev: int
    account: str
    energy_source: str
    expires_at: str
    quality: str = "measured"


def hour_after(t0: str) -> str:
    """Return the end of the hour that starts at `t0`."""
    return (datetime.fromisoformat(t0) + timedelta(hours=1)).strftime(FORMAT)


def issuance_id(device: str, t0: str, rev: int) -> str:
    """Return ``device|electricity|2026-07-01T03:00:00Z|rev``."""
    return f"{device}|{CARRIER}|{t0}|{rev}"


def open_accounts(session: Session, park: str, accounts: Iterable[str]) -> None:
    """Make accounts known that are not yet; only known ones hold certificates or benefit from them."""
    hold(session.connection())
    known = set(session.scalars(select(ACCOUNT.c.account).where(ACCOUNT.c.park == park)))
    rows = [{"park": park, "account": account} for account in dict.fromkeys(accounts) if account not in known]
    if rows:
        session.execute(insert(ACCOUNT), rows)


def require_account(session: Session, park: str, account: str) -> None:
    """Raise `UnknownAccount` for an account that was not opened."""
    wanted = select(ACCOUNT.c.id).where(ACCOUNT.c.park == park, ACCOUNT.c.account == account)
    if session.scalar(wanted) is None:
        raise UnknownAccount(account=account, park=park)


def allot(session: Session, park: str, device: str, count: int) -> tuple[int, int]:
    """Return a device's id and the first of `count` certificate ids that were never used before."""
    wanted = select(DEVICE.c.id, DEVICE.c.next_id).where(DEVICE.c.park == park, DEVICE.c.device == device)
    row = session.execute(wanted).one_or_none()
    if row is None:
        session.execute(insert(DEVICE), [{"park": park, "device": device, "next_id": 0}])
        row = session.execute(wanted).one()
    session.execute(update(DEVICE).where(DEVICE.c.id == row.id).values(next_id=row.next_id + count))
    return int(row.id), int(row.next_id)


def reading_rev(session: Session, device_id: int, t0: str) -> int | None:
    """Return the revision of the reading that a device-hour's certificates follow, None before any."""
    wanted = select(func.max(READING.c.rev)).where(READING.c.device_id == device_id, READING.c.t0 == t0)
    found = session.scalar(wanted)
    return None if found is None else int(found)


def minted(session: Session, device_id: int, t0: str) -> int:
    """Return the Wh of a device-hour that count as minted: what I5 compares with the reading."""
    hour = (BUNDLE.c.device_id == device_id) & (BUNDLE.c.t0 == t0)
    total = func.coalesce(func.sum(BUNDLE.c.quantity), 0)
    counted = session.scalar(select(total).where(hour, BUNDLE.c.status.in_(sorted(states.COUNTED))))
    withdrawn = select(ACTION.c.bundle).where(ACTION.c.type == "withdraw")
    kept_out = session.scalar(select(total).where(hour, BUNDLE.c.id.in_(withdrawn)))
    void = select(func.coalesce(func.sum(VOID.c.wh), 0)).select_from(VOID.join(BUNDLE, VOID.c.bundle == BUNDLE.c.id))
    return int(counted or 0) + int(kept_out or 0) - int(session.scalar(void.where(hour)) or 0)


def mint(work: Work, what: Minting, lot: int = 0, origin: tuple[str, str] | None = None, gec: str = "") -> Bundle:
    """Insert new certificates; the minting's number is above every earlier one of the device-hour."""
    require_account(work.session, work.park, what.account)
    device_id, start = allot(work.session, work.park, what.device, what.wh)
    last = select(func.max(BUNDLE.c.rev)).where(BUNDLE.c.device_id == device_id, BUNDLE.c.t0 == what.t0)
    earlier = work.session.scalar(last)
    rev = what.rev if earlier is None else max(what.rev, int(earlier) + 1)
    origin_device, origin_t0 = origin or (what.device, what.t0)
    bundle = Bundle(
        id=next_bundle_id(work.session), park=work.park, device=what.device, device_id=device_id,
        issuance_id=issuance_id(what.device, what.t0, rev), t0=what.t0, t1=hour_after(what.t0),
        range_start=start, range_end=start + what.wh - 1, quantity=what.wh, status=states.ACTIVE,
        account=what.account, beneficiary="", energy_source=what.energy_source, origin_device=origin_device,
        origin_t0=origin_t0, is_storage=int(bool(lot)), storage_lot=lot, disposition="none", parent=None, rev=rev,
        gec_id=gec, gec_sold=0, expires_at=what.expires_at, split_from="",
    )  # fmt: skip
    put(work.session, bundle)
    note(work, "issue", None, bundle, {name: one for name, one in (("lot", lot), ("gec_id", gec)) if one})
    return bundle


def require_measured(what: Minting) -> None:
    """Raise `NotMeasured` for an estimated reading, `WrongQuantity` for a negative one."""
    if what.quality not in ISSUABLE:
        raise NotMeasured(device=what.device, t0=what.t0, quality=what.quality)
    if what.wh < 0:
        raise WrongQuantity(wh=what.wh, reason=Text("a generation is not negative", "发电量不为负"))


@action
def issue(work: Work, what: Minting) -> list[Bundle]:
    """Issue the certificates of a reading, once; 0 Wh keeps the reading and issues nothing.

    Raises
    ------
    NotMeasured
        For an estimated reading: it waits for the measured one.
    AlreadyIssued
        Where the device-hour has a reading already; `correct_generation` books a later one.
    """
    require_measured(what)
    device_id, _ = allot(work.session, work.park, what.device, 0)
    earlier = reading_rev(work.session, device_id, what.t0)
    if earlier is not None:
        raise AlreadyIssued(device=what.device, t0=what.t0, rev=earlier)
    keep_reading(work, device_id, what)
    return [mint(work, what)] if what.wh else []


def keep_reading(work: Work, device_id: int, what: Minting) -> None:
    """Record the reading that certificates follow from now on."""
    row = {"device_id": device_id, "t0": what.t0, "rev": what.rev, "wh": what.wh, "reason": work.by.reason}
    work.session.execute(insert(READING), [row])


@action
def top_up(work: Work, what: Minting) -> list[Bundle]:
    """Book a corrected reading that is not lower: the difference is minted, the earlier certificates stay.

    Raises
    ------
    NoCorrection
        Without a reason, for an old revision, or a reading below what is minted.
    """
    return raise_to(work, what)


def raise_to(work: Work, what: Minting) -> list[Bundle]:
    """Do `top_up` as a part of a request."""
    device_id = require_later(work, what)
    more = what.wh - minted(work.session, device_id, what.t0)
    if more < 0:
        raise no_correction(what, Text("it is below what is minted", "低于已签发量"))
    keep_reading(work, device_id, what)
    return [mint(work, Minting(**{**vars(what), "wh": more}))] if more else []


def require_later(work: Work, what: Minting) -> int:
    """Return the device's id; a correction needs a reason, an earlier reading and a revision above it."""
    require_measured(what)
    device_id, _ = allot(work.session, work.park, what.device, 0)
    earlier = reading_rev(work.session, device_id, what.t0)
    if earlier is None:
        raise no_correction(what, Text("nothing was issued for this hour", "该小时尚未签发"))
    if what.rev <= earlier:
        raise no_correction(what, Text(f"revision {earlier} is booked already", f"修订 {earlier} 已入账"))
    if not work.by.reason:
        raise no_correction(what, Text("it has no reason", "未给出原因"))
    return device_id


def no_correction(what: Minting, reason: Text) -> NoCorrection:
    """Return the fault of a correction."""
    return NoCorrection(name=what.device, t0=what.t0, reason=reason)
