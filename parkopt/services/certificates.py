"""Certificates: look at them, and every step of their life, each with its record in the log in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from parkopt.carbon.metered import HOURS_UTC
from parkopt.errors import Text, Where
from parkopt.faults import BadRequest, WrongOption
from parkopt.ledger.canonical import Record
from parkopt.ledger.certificates import energytag
from parkopt.ledger.months import require_open
from parkopt.ledger.settled_records import Claim, action_record, claims_record
from parkopt.models import technologies
from parkopt.park.loader import load_park
from parkopt.park.schema import Park
from parkopt.services.keys import settled_log
from parkopt.services.parks import known_park
from parkopt.services.seal import seal
from parkopt.services.settle_again import claimed_again, keep_again, local_hour, settled
from parkopt.settings import Settings
from parkopt.store import registry_actions as steps
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook
from parkopt.store.registry import Bundle, By, Done, answered, get
from parkopt.store.registry_claims import claim
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_queries import bundles, history, totals
from parkopt.store.session import Session

Step = Callable[..., Done]
ACTIONS: Mapping[str, tuple[Step, tuple[str, ...]]] = {
    "split": (steps.split, ("bundle", "wh")),
    "transfer": (steps.transfer, ("bundle", "account", "wh")),
    "reserve": (steps.reserve, ("bundle", "beneficiary", "wh")),
    "unreserve": (steps.unreserve, ("bundle", "wh")),
    "lock": (steps.lock, ("bundle", "wh")),
    "unlock": (steps.unlock, ("bundle",)),
    "cancel": (steps.cancel, ("bundle", "beneficiary", "wh")),
    "claim": (claim, ("bundle", "party", "t0", "wh")),
    "withdraw": (steps.withdraw, ("bundle", "wh")),
    "export": (steps.mark_export, ("bundle", "wh")),
    "link_gec": (steps.link_gec, ("device", "start", "end", "gec", "sold")),
    "expire": (steps.expire, ("now",)),
}
"""What can be done by hand, and what each step is told; a claim is reversed by a correction of meters alone."""
OWN = ("status", "disposition", "origin_device", "origin_t0", "parent", "rev", "gec_id", "gec_sold")
"""What is shown of a bundle beside the fields of EnergyTag."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
NEEDED = {"bundle", "account", "party", "device", "start", "end", "gec"}
OF_ITS_OWN = {"cancel": {"beneficiary"}, "split": {"wh"}}
"""What one step must be told that others may leave out."""


def act(
    park: str, action: str, told: Mapping[str, Any], config: Settings, *, actor: str, key: str = ""
) -> dict[str, Any]:
    """Take one step of certificates' life, and log it; the same request key answers the same again.

    Parameters
    ----------
    park : str
        Id of a park.
    action : str
        One of `ACTIONS`.
    told : mapping
        What the step is told, and `reason` and `account_acting` (empty: the issuer).
    actor : str
        Who asks.
    key : str
        Request key, so that a repeated request does nothing twice.

    Raises
    ------
    WrongOption, BadRequest
        For an unknown action, or where something that it needs is missing.
    CertificateFault
        Where the table of states, a right or a quantity forbids it; nothing is changed then.
    MonthClosed
        Where the month of the certificates is closed.
    """
    if action not in ACTIONS:
        raise WrongOption(option="action", value=action, allowed=", ".join(ACTIONS))
    step, names = ACTIONS[action]
    file = load_park(known_park(park), technologies())
    by = By(actor, _now(), str(told.get("account_acting", "")), str(told.get("reason", "")), key)
    with transaction(config.store_url) as session:
        log = settled_log(config, Logbook(session, park))
        log.lock()
        repeated = bool(key) and answered(session, park, key)
        done = step(session, park, by, **_arguments(session, park, names, told, action=action))
        records = [] if repeated else _records(file.park, done, session)
        require_open(log, [{**one, "type": "action", "action": action, "revision": 0, "status": ""} for one in records])
        logged = log.append(records)
        again = [one for one in records if one["type"] == "enterprise-day"]
        keep_again(session, park, again, logged.stop - len(again), datetime.now(UTC).replace(microsecond=0))
        seal(session, log)
        return _answer(session, park, done, logged)


def _now() -> str:
    return datetime.now(UTC).strftime(HOURS_UTC)


def _arguments(
    session: Session, park: str, names: tuple[str, ...], told: Mapping[str, Any], *, action: str
) -> dict[str, Any]:
    given = {name: told[name] for name in names if told.get(name) not in (None, "")}
    if "now" in names:
        _require_past(given.setdefault("now", _now()))
    if "party" in given and "bundle" in given:
        given.setdefault("t0", get(session, park, int(given["bundle"])).t0)
    needed = NEEDED | OF_ITS_OWN.get(action, set())
    missing = [name for name in names if name in needed and name not in given]
    if missing:
        reason = Text(f"{', '.join(missing)} is missing", f"缺少 {'、'.join(missing)}")
        raise BadRequest(Where(field=missing[0]), reason=reason)
    if "sold" in names:
        given.setdefault("sold", False)
    return given


def _require_past(now: str) -> None:
    """Raise unless it is an hour that has come: any other text would let certificates expire whose time is not up."""
    if _TIME.fullmatch(now) is None or now > _now():
        reason = Text("now must be a UTC time that has come, 2026-07-01T03:00:00Z", "now 须为已到的 UTC 时间")
        raise BadRequest(Where(field="now"), reason=reason)


def _records(park: Park, done: Done, session: Session) -> list[Record]:
    """Return the records of a step; a claim also gives its party's day a new revision."""
    found: list[Record] = []
    claimed = {one["bundle"] for one in done.actions if one["type"] == "claim"}
    days: dict[tuple[str, str], list[Claim]] = {}
    for one in done.actions:
        day, hour = local_hour(park, str(one["issuance_id"]).split("|")[2])
        if one["type"] == "claim":
            kept = get(session, park.id, int(str(one["bundle"])))
            days.setdefault((day, kept.beneficiary), []).append(_claim(kept, hour, one["details"]))
        elif not (one["type"] == "cancel" and one["bundle"] in claimed):
            found.append(action_record(park.id, day, {"id": token_hex(8), **one}))
    for (day, party), claims in days.items():
        revision = settled(session, park.id, day).revision + 1
        found.append(claims_record(park.id, day, party, claims, revision=revision))
    again: dict[str, list[str]] = {}
    for day, party in days:
        again.setdefault(day, []).append(party)
    return [*found, *claimed_again(session, park, again)]


def _claim(kept: Bundle, hour: int, details: Any) -> Claim:
    origin = kept.origin_t0 if kept.is_storage else ""
    return Claim(hour, kept.device, (kept.range_start, kept.range_end), tuple(details["consumed"]), origin)


def _answer(session: Session, park: str, done: Done, logged: range) -> dict[str, Any]:
    return {
        "bundles": [_shown(get(session, park, number)) for number in done.bundles],
        "actions": [dict(one) for one in done.actions],
        "logged": list(logged),
    }


def _shown(one: Bundle) -> dict[str, Any]:
    """Return a bundle under the field names of the granular certificate API of EnergyTag (v2)."""
    return {"id": one.id, **energytag(vars(one)), **{name: getattr(one, name) for name in OWN}}


def listed(park: str, config: Settings, **wanted: Any) -> list[dict[str, Any]]:
    """Return a page of a park's certificate bundles; see `parkopt.store.registry_queries.bundles`."""
    known_park(park)
    with transaction(config.store_url) as session:
        return [_shown(one) for one in bundles(session, park, **wanted)]


def told_of(park: str, number: int, config: Settings) -> dict[str, Any]:
    """Return a bundle with its history.

    Raises
    ------
    NotFound
        Where the park has no such bundle.
    """
    known_park(park)
    with transaction(config.store_url) as session:
        return {**_shown(get(session, park, number)), "history": history(session, park, number)}


def summed(park: str, config: Settings) -> dict[str, Any]:
    """Return the Wh of a park's certificates by state, and what of its invariants does not hold (nothing, always)."""
    known_park(park)
    with transaction(config.store_url) as session:
        return {"park": park, "wh_by_state": totals(session, park), "broken_invariants": invariants(session, park)}
