"""The registry's core: bundles as plain data, one guarded step from state to state, splits, requests.

Every action runs inside the caller's transaction as the only writer (SQLite: BEGIN IMMEDIATE;
PostgreSQL: an advisory lock until commit), looks its step up in `parkopt.store.states.TABLE`,
changes the row only if its state is still the one it saw, and adds a row to `gc_action`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import NotFound, NotYourCertificate, OtherRequest, StateForbids, WrongQuantity
from parkopt.store import states
from parkopt.store.certificate_guards import hold
from parkopt.store.certificate_tables import ACTION, BUNDLE, DEVICE, REQUEST

Record = dict[str, object]
P = ParamSpec("P")


@dataclass(frozen=True)
class Bundle:
    """Certificates of one device and hour with consecutive ids, 1 Wh each; ranges are inclusive.

    `split_from` is the state that a split bundle had; `storage_lot` the lot an SD-GC rests on (0: none).
    """

    id: int
    park: str
    device: str
    device_id: int
    issuance_id: str
    t0: str
    t1: str
    range_start: int
    range_end: int
    quantity: int
    status: str
    account: str
    beneficiary: str
    energy_source: str
    origin_device: str
    origin_t0: str
    is_storage: int
    storage_lot: int
    disposition: str
    parent: int | None
    rev: int
    gec_id: str
    gec_sold: int
    expires_at: str
    split_from: str


COLUMNS = [DEVICE.c.device if f.name == "device" else BUNDLE.c[f.name] for f in fields(Bundle)]
WITH_DEVICE = BUNDLE.join(DEVICE, BUNDLE.c.device_id == DEVICE.c.id)


@dataclass(frozen=True)
class By:
    """Who asks for an action, and when.

    `account` is the account acted for; an empty one is the issuer, who operates the registry.
    `at` is UTC, ``2026-07-02T01:00:00Z``. The same `key` with the same request gives the same answer again.
    """

    actor: str
    at: str
    account: str = ""
    reason: str = ""
    key: str = ""


@dataclass(frozen=True)
class Done:
    """What a request did: its steps in order, to be logged as records of type "action"; bundles it ended with."""

    actions: tuple[Record, ...]
    bundles: tuple[int, ...]


@dataclass
class Work:
    """A request under way inside a transaction."""

    session: Session
    park: str
    by: By
    actions: list[Record] = field(default_factory=list)


def action(
    inner: Callable[Concatenate[Work, P], list[Bundle]],
) -> Callable[Concatenate[Session, str, By, P], Done]:
    """Make a function over `Work` a public action: locked, and answered once per request key."""

    @wraps(inner)
    def run(session: Session, park: str, by: By, /, *args: P.args, **kwargs: P.kwargs) -> Done:
        hold(session.connection())
        digest = _digest([inner.__name__, by.account, list(args), kwargs]) if by.key else ""
        known = _answer(session, park, by.key, digest) if by.key else None
        if known is not None:
            return known
        work = Work(session, park, by)
        with session.begin_nested():  # a refused request leaves nothing behind, whatever the caller does next
            bundles = inner(work, *args, **kwargs)
        done = Done(tuple(work.actions), tuple(bundle.id for bundle in bundles))
        if by.key:
            row = {"park": park, "key": by.key, "digest": digest, "answer": json.dumps(asdict(done))}
            session.execute(insert(REQUEST), [row])
        return done

    return run


def _digest(request: list[object]) -> str:
    text = json.dumps(request, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _answer(session: Session, park: str, key: str, digest: str) -> Done | None:
    wanted = select(REQUEST).where(REQUEST.c.park == park, REQUEST.c.key == key)
    row = session.execute(wanted).mappings().one_or_none()
    if row is None:
        return None
    if row["digest"] != digest:
        raise OtherRequest(key=key)
    answer = json.loads(row["answer"])
    return Done(tuple(answer["actions"]), tuple(answer["bundles"]))


def answered(session: Session, park: str, key: str) -> bool:
    """Return whether a request with this key was answered before."""
    wanted = select(REQUEST.c.key).where(REQUEST.c.park == park, REQUEST.c.key == key)
    return session.scalar(wanted) is not None


def get(session: Session, park: str, bundle: int) -> Bundle:
    """Return a bundle of a park, or raise `NotFound`."""
    wanted = select(*COLUMNS).select_from(WITH_DEVICE).where(BUNDLE.c.id == bundle, BUNDLE.c.park == park)
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(what=Text("certificate bundle", "证书批"), key=str(bundle))
    return Bundle(*row)


def move(work: Work, bundle: Bundle, name: str, details: Record | None = None, **changes: str | int) -> Bundle:
    """Take one step of the table of states; the only place where a bundle changes.

    Raises
    ------
    StateForbids
        Where the table has no such step, or another transaction changed the bundle.
    NotYourCertificate
        Where the table gives the step to somebody else.
    """
    row = states.find(name, bundle.status)
    if row is None:
        raise StateForbids(bundle=bundle.id, status=bundle.status, action=name)
    _require_right(work.by.account, bundle, row)
    if name == "split":
        changes["split_from"] = bundle.status
    seen = (BUNDLE.c.id == bundle.id) & (BUNDLE.c.status == bundle.status)
    found = work.session.execute(update(BUNDLE).where(seen).values(status=row.after, **changes))
    if found.rowcount != 1:  # type: ignore[attr-defined]
        raise StateForbids(bundle=bundle.id, status=bundle.status, action=name)
    after = Bundle(**{**vars(bundle), "status": row.after, **changes})
    note(work, name, bundle, after, details or {})
    return after


def _require_right(account: str, bundle: Bundle, row: states.Move) -> None:
    holders = {
        "issuer": "",
        "owner": bundle.account,
        "reserver": bundle.beneficiary or bundle.account,
        "beneficiary": bundle.beneficiary,
    }
    if account and account != holders[row.who]:
        raise NotYourCertificate(account=account, action=row.action, bundle=bundle.id, who=row.who)


def note(work: Work, name: str, before: Bundle | None, after: Bundle, details: Record) -> None:
    """Add the row of a step to `gc_action` and keep it for the log."""
    row: Record = {
        "park": work.park,
        "bundle": after.id,
        "type": name,
        "from_status": before.status if before else states.NONE,
        "to_status": after.status,
        "quantity": after.quantity,
        "from_account": before.account if before else "",
        "to_account": after.account,
        "beneficiary": after.beneficiary,
        "actor": work.by.actor,
        "reason": work.by.reason,
        "request_key": work.by.key,
        "requested_at": work.by.at,
        "completed_at": work.by.at,
    }
    work.session.execute(insert(ACTION), [{**row, "details": json.dumps(details, sort_keys=True)}])
    names = ("device", "issuance_id", "range_start", "range_end")
    where = {name: getattr(after, name) for name in names}
    work.actions.append({**row, **where, "details": details})


def next_bundle_id(session: Session) -> int:
    """Return the id of the next bundle; `hold` must be in force."""
    return int(session.scalar(select(func.coalesce(func.max(BUNDLE.c.id), 0))) or 0) + 1


def put(session: Session, bundle: Bundle) -> Bundle:
    """Insert a bundle."""
    session.execute(insert(BUNDLE), [{key: value for key, value in vars(bundle).items() if key != "device"}])
    return bundle


def cut(work: Work, bundle: Bundle, wh: int) -> tuple[Bundle, Bundle | None]:
    """Split the first `wh` certificates off; return them and the rest (None where there is none).

    Raises
    ------
    WrongQuantity
        For less than 1 Wh or more than the bundle has.
    """
    if not 0 < wh <= bundle.quantity:
        raise WrongQuantity(wh=wh, reason=Text(f"the bundle has {bundle.quantity} Wh", f"该批为 {bundle.quantity} Wh"))
    if wh == bundle.quantity:
        return bundle, None
    middle = bundle.range_start + wh
    ranges = [[bundle.range_start, middle - 1], [middle, bundle.range_end]]
    first = next_bundle_id(work.session)
    parent = move(work, bundle, "split", {"ranges": ranges, "children": [first, first + 1]})
    born = {**vars(parent), "status": bundle.status, "parent": bundle.id, "split_from": ""}
    parts = []
    for number, (start, end) in enumerate(ranges):
        size = {"id": first + number, "range_start": start, "range_end": end, "quantity": end - start + 1}
        parts.append(put(work.session, Bundle(**{**born, **size})))
    return parts[0], parts[1]
