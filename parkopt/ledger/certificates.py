"""Granular certificates as an auditor reads them: the table of states, replay of actions, checks of ranges.

Nothing here reads a database. The table itself is `parkopt.store.states.TABLE`, the only one there
is; this module gives it to the verifier together with checks of records from the log, and the
names that EnergyTag's registry API (version 2) uses for the same things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from parkopt.store.states import ACTIONS, COUNTED, SPLIT, STATES, STEPS, TABLE, TERMINAL, Move, allowed, find

__all__ = [
    "ACTIONS", "COUNTED", "ENERGYTAG_ACTION", "ENERGYTAG_FIELD", "ENERGYTAG_STATUS", "SOURCES", "STATES", "STEPS",
    "TABLE", "TERMINAL", "Move", "Range", "allowed", "energytag", "find", "issuance_id", "parse_issuance_id",
    "range_faults", "replay", "table_text",
]  # fmt: skip

CARRIER = "electricity"
SOURCES: tuple[str, ...] = (
    "solar_pv", "wind", "hydro", "biomass", "nuclear", "electrolysis", "geothermal", "battery_storage", "chp", "other",
)  # fmt: skip
"""Energy sources of EnergyTag's API; `energy_source` of a device is one of them."""
ENERGYTAG_STATUS: Mapping[str, str] = {
    "active": "Active",
    "reserved": "Reserved",
    "locked": "Locked",
    "cancelled": "Cancelled",
    "claimed": "Claimed",
    "cancelled_for_storage": "Cancelled for Storage",
    "expired": "Expired",
    "withdrawn": "Withdrawn",
    "bundle_split": "Bundle Split",
    "claim_reversed": "Withdrawn",
}
"""State by state; a reversed claim has no word there and reads as withdrawn, which it is for all others."""
ENERGYTAG_ACTION: Mapping[str, str] = {
    "transfer": "transfer",
    "reserve": "reserve",
    "lock": "lock",
    "cancel": "cancel",
    "cancel_for_storage": "cancel_for_storage",
    "claim": "claim",
    "withdraw": "withdraw",
    "correct": "withdraw",
    "reverse": "withdraw",
}
"""Actions that the API has; issue, split, expire and the rest are the registry's own."""
ENERGYTAG_FIELD: Mapping[str, str] = {
    "issuance_id": "issuance_id",
    "status": "certificate_bundle_status",
    "account": "account_id",
    "range_start": "certificate_bundle_id_range_start",
    "range_end": "certificate_bundle_id_range_end",
    "quantity": "bundle_quantity",
    "beneficiary": "beneficiary",
    "energy_source": "energy_source",
    "device": "device_id",
    "t0": "production_starting_interval",
    "t1": "production_ending_interval",
    "expires_at": "expiry_datestamp",
    "is_storage": "is_storage",
    "storage_lot": "allocated_storage_record_id",
}


@dataclass(frozen=True)
class Range:
    """Certificate ids of a device, inclusive at both ends, 1 Wh each; `label` names the record in faults."""

    device: str
    start: int
    end: int
    label: str = ""

    @property
    def wh(self) -> int:
        """Return the quantity."""
        return self.end - self.start + 1


def energytag(bundle: Mapping[str, object]) -> dict[str, object]:
    """Return a bundle in the words of EnergyTag's API; a certificate has a face value of 1 Wh."""
    named = {name: bundle[own] for own, name in ENERGYTAG_FIELD.items()}
    status = ENERGYTAG_STATUS[str(bundle["status"])]
    fixed = {"energy_carrier": CARRIER, "face_value": 1, "is_storage": bool(bundle["is_storage"])}
    return {**named, **fixed, "certificate_bundle_status": status}


def issuance_id(device: str, t0: str, rev: int) -> str:
    """Return ``device|electricity|2026-07-01T03:00:00Z|rev``; `|` is in no date and no device's name."""
    return f"{device}|{CARRIER}|{t0}|{rev}"


def parse_issuance_id(text: str) -> tuple[str, str, int]:
    """Return device, start of the hour (UTC) and revision, or raise `ValueError`."""
    parts = text.split("|")
    if len(parts) != 4 or parts[1] != CARRIER or not parts[3].isdecimal():  # noqa: PLR2004 - device|carrier|t0|rev
        raise ValueError(f"{text!r} is no issuance id")
    return parts[0], parts[2], int(parts[3])


def replay(actions: Iterable[Mapping[str, object]]) -> tuple[dict[int, str], list[str]]:
    """Follow action records, in their order, through the table of states (step 6 of the verification).

    Parameters
    ----------
    actions : iterable of mapping
        Records of type "action": bundle, type, from_status, to_status, and in `details` of a
        split the children's ids, which are born in the state that their parent had. A bundle
        that the log first shows in the middle of its life (the automatic claims of a day are
        records of their own) is taken up in the state that its first action names.

    Returns
    -------
    tuple of dict and list of str
        State of each bundle at the end, and a line for each step that the table does not allow.
    """
    now: dict[int, str] = {}
    faults: list[str] = []
    for number, record in enumerate(actions):
        bundle = int(str(record["bundle"]))
        name, before, after = (str(record[key]) for key in ("type", "from_status", "to_status"))
        row = find(name, before)
        if row is None or row.after != after:
            faults.append(f"action {number}: {name} {before or 'none'} -> {after} is not in the table")
        if now.setdefault(bundle, before) != before:
            faults.append(f"action {number}: bundle {bundle} is {now[bundle] or 'none'}, not {before or 'none'}")
        now[bundle] = after
        if after == SPLIT:
            now.update(dict.fromkeys(_children(record), before))
    return now, faults


def _children(record: Mapping[str, object]) -> list[int]:
    details = record.get("details")
    children = details.get("children", []) if isinstance(details, Mapping) else []
    return [int(child) for child in children]


def range_faults(ranges: Iterable[Range]) -> list[str]:
    """Return a line for each empty range and for each two of one device that overlap (I6)."""
    faults = []
    ends: dict[str, Range] = {}
    for one in sorted(ranges, key=lambda r: (r.device, r.start, r.end)):
        last = ends.get(one.device)
        if one.start < 0 or one.wh <= 0:
            faults.append(f"{one.label or one.device}: {one.start}-{one.end} is no range")
            continue
        if last is not None and last.end >= one.start:
            faults.append(f"{one.label or one.device}: {one.start}-{one.end} overlaps {last.start}-{last.end}")
        if last is None or one.end > last.end:
            ends[one.device] = one
    return faults


def table_text() -> str:
    """Return the table of states in Markdown, as docs/certificates.md shows it."""
    rows = [f"| {m.before or '(none)'} | {m.action} | {m.after} | {m.who} |" for m in TABLE]
    return "\n".join(["| from | action | to | who (and the issuer) |", "|---|---|---|---|", *rows])
