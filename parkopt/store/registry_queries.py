"""Questions to the registry: bundles page by page, claims of a party, what a device-hour's Wh became."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from parkopt.store import states
from parkopt.store.certificate_tables import ACTION, BUNDLE, CLAIM, DEVICE, READING, VOID
from parkopt.store.registry import COLUMNS, WITH_DEVICE, Bundle, Record

PAGE = 100


@dataclass(frozen=True)
class Claimed:
    """A live claim: certificates of `device`, the consumed Wh that they cover, and where the energy came from."""

    bundle: int
    party: str
    t0: str
    device: str
    range_start: int
    range_end: int
    consumed_start: int
    consumed_end: int
    quantity: int
    energy_source: str
    origin_device: str
    origin_t0: str
    is_storage: int
    issuance_id: str
    gec_id: str


@dataclass(frozen=True)
class Balance:
    """What became of a device-hour's Wh.

    `by_status` holds the bundles that are not split; `void_wh` what corrections took back from
    bundles in a terminal state; `minted_wh` = counted states - void.
    """

    device: str
    t0: str
    reading_wh: int | None
    reading_rev: int | None
    by_status: dict[str, int]
    void_wh: int
    minted_wh: int


def bundles(
    session: Session,
    park: str,
    *,
    device: str = "",
    party: str = "",
    status: str = "",
    start: str = "",
    end: str = "",
    after: int = 0,
    limit: int = PAGE,
) -> list[Bundle]:
    """Return a page of bundles in order of id, those with an id above `after`.

    `party` is an account or a beneficiary; `start` and `end` bound the hour (UTC, end excluded).
    Split bundles appear only where asked for by status.
    """
    wanted = select(*COLUMNS).select_from(WITH_DEVICE).where(BUNDLE.c.park == park, BUNDLE.c.id > after)
    wanted = wanted.where(BUNDLE.c.status == status if status else BUNDLE.c.status != states.SPLIT)
    if device:
        wanted = wanted.where(DEVICE.c.device == device)
    if party:
        wanted = wanted.where((BUNDLE.c.account == party) | (BUNDLE.c.beneficiary == party))
    wanted = _between(wanted, start, end)
    return [Bundle(*row) for row in session.execute(wanted.order_by(BUNDLE.c.id).limit(limit))]


def _between(wanted: Select[Any], start: str, end: str) -> Select[Any]:
    if start:
        wanted = wanted.where(BUNDLE.c.t0 >= start)
    return wanted.where(BUNDLE.c.t0 < end) if end else wanted


def claims_of(session: Session, park: str, party: str, start: str, end: str) -> list[Claimed]:
    """Return the live claims of a party in the hours from `start` to `end` (excluded), in order."""
    named = (
        CLAIM.c.bundle, CLAIM.c.party, CLAIM.c.t0, DEVICE.c.device, BUNDLE.c.range_start, BUNDLE.c.range_end,
        CLAIM.c.consumed_start, CLAIM.c.consumed_end, CLAIM.c.quantity, BUNDLE.c.energy_source,
        BUNDLE.c.origin_device, BUNDLE.c.origin_t0, BUNDLE.c.is_storage, BUNDLE.c.issuance_id, BUNDLE.c.gec_id,
    )  # fmt: skip
    mine = (CLAIM.c.park == park) & (CLAIM.c.party == party) & (CLAIM.c.t0 >= start) & (CLAIM.c.t0 < end)
    live = mine & (BUNDLE.c.status == states.CLAIMED)
    wanted: Select[Any] = select(*named).select_from(CLAIM.join(WITH_DEVICE, CLAIM.c.bundle == BUNDLE.c.id)).where(live)
    return [Claimed(*row) for row in session.execute(wanted.order_by(CLAIM.c.t0, CLAIM.c.consumed_start))]


def balance(session: Session, park: str, device: str, t0: str) -> Balance:
    """Return what became of the Wh of a device and hour; invariant I5 compares it with the reading."""
    mine = (DEVICE.c.park == park) & (DEVICE.c.device == device)
    read = select(READING.c.wh, READING.c.rev).select_from(READING.join(DEVICE, READING.c.device_id == DEVICE.c.id))
    last = session.execute(read.where(mine, READING.c.t0 == t0).order_by(READING.c.rev.desc()).limit(1)).one_or_none()
    total = select(BUNDLE.c.status, func.sum(BUNDLE.c.quantity)).select_from(WITH_DEVICE).group_by(BUNDLE.c.status)
    hour = mine & (BUNDLE.c.t0 == t0)
    rows = session.execute(total.where(hour, BUNDLE.c.status != states.SPLIT))
    by_status = {str(status): int(wh) for status, wh in rows}
    void = select(func.coalesce(func.sum(VOID.c.wh), 0)).select_from(
        VOID.join(WITH_DEVICE, VOID.c.bundle == BUNDLE.c.id)
    )
    lost = int(session.scalar(void.where(hour)) or 0)
    counted = sum(wh for status, wh in by_status.items() if status in states.COUNTED) - lost
    wh, rev = (None, None) if last is None else (int(last.wh), int(last.rev))
    return Balance(device, t0, wh, rev, by_status, lost, counted)


def totals(session: Session, park: str, start: str = "", end: str = "") -> dict[str, int]:
    """Return the Wh of a park's certificates by state in some hours, split bundles left out."""
    wanted: Select[Any] = select(BUNDLE.c.status, func.sum(BUNDLE.c.quantity)).where(BUNDLE.c.park == park)
    wanted = _between(wanted.where(BUNDLE.c.status != states.SPLIT), start, end).group_by(BUNDLE.c.status)
    return {str(row[0]): int(row[1]) for row in session.execute(wanted)}


def history(session: Session, park: str, bundle: int) -> list[Record]:
    """Return the steps of a bundle in order, each a row of `gc_action`."""
    wanted = select(ACTION).where(ACTION.c.park == park, ACTION.c.bundle == bundle).order_by(ACTION.c.id)
    rows = session.execute(wanted).mappings()
    return [{**row, "details": json.loads(str(row["details"]))} for row in rows]
