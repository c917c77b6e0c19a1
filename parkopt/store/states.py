"""The one table of states of a certificate: every function, trigger and verifier reads it from here.

Source: section 7 of the project's reference on traceability; states and actions as in the
granular certificate registry of EnergyTag (API v2), with `claim_reversed` for meter corrections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["issuer", "owner", "reserver", "beneficiary"]

ACTIVE, RESERVED, LOCKED = "active", "reserved", "locked"
CANCELLED, CLAIMED, STORED = "cancelled", "claimed", "cancelled_for_storage"
EXPIRED, WITHDRAWN, SPLIT, REVERSED = "expired", "withdrawn", "bundle_split", "claim_reversed"
STATES = (ACTIVE, RESERVED, LOCKED, CANCELLED, CLAIMED, STORED, EXPIRED, WITHDRAWN, SPLIT, REVERSED)
NONE = ""
"""Before a certificate is issued."""


@dataclass(frozen=True)
class Move:
    """A row of the table: an action, the state before and after, and who may do it.

    The issuer (the operator of the park's registry) may do every action; `reserver` is the
    one a certificate is reserved for, or its owner.
    """

    action: str
    before: str
    after: str
    who: Who


TABLE: tuple[Move, ...] = (
    Move("issue", NONE, ACTIVE, "issuer"),
    Move("transfer", ACTIVE, ACTIVE, "owner"),
    Move("mark_export", ACTIVE, ACTIVE, "issuer"),
    Move("reserve", ACTIVE, RESERVED, "owner"),
    Move("lock", ACTIVE, LOCKED, "issuer"),
    Move("cancel", ACTIVE, CANCELLED, "owner"),
    Move("cancel_for_storage", ACTIVE, STORED, "owner"),
    Move("expire", ACTIVE, EXPIRED, "issuer"),
    Move("withdraw", ACTIVE, WITHDRAWN, "issuer"),
    Move("correct", ACTIVE, WITHDRAWN, "issuer"),
    Move("split", ACTIVE, SPLIT, "owner"),
    Move("unreserve", RESERVED, ACTIVE, "reserver"),
    Move("cancel", RESERVED, CANCELLED, "reserver"),
    Move("expire", RESERVED, EXPIRED, "issuer"),
    Move("withdraw", RESERVED, WITHDRAWN, "issuer"),
    Move("correct", RESERVED, WITHDRAWN, "issuer"),
    Move("split", RESERVED, SPLIT, "reserver"),
    Move("unlock", LOCKED, ACTIVE, "issuer"),
    Move("expire", LOCKED, EXPIRED, "issuer"),
    Move("withdraw", LOCKED, WITHDRAWN, "issuer"),
    Move("correct", LOCKED, WITHDRAWN, "issuer"),
    Move("claim", CANCELLED, CLAIMED, "beneficiary"),
    Move("withdraw", CANCELLED, WITHDRAWN, "issuer"),
    Move("correct", CANCELLED, WITHDRAWN, "issuer"),
    Move("split", CANCELLED, SPLIT, "beneficiary"),
    Move("reverse", CLAIMED, REVERSED, "issuer"),
    Move("void", STORED, STORED, "issuer"),
    Move("void", EXPIRED, EXPIRED, "issuer"),
    *(Move("link_gec", state, state, "issuer") for state in (ACTIVE, RESERVED, LOCKED, CANCELLED, CLAIMED, STORED)),
)
"""`withdraw` is an issuer's decision, `correct` the same step because a corrected reading is lower; `void` takes
Wh back from certificates at their end, which they keep."""

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(move.action for move in TABLE))
STEPS: frozenset[tuple[str, str]] = frozenset((m.before, m.after) for m in TABLE if m.before != m.after and m.before)
"""Pairs (before, after) of different states that any action may join."""
TERMINAL: frozenset[str] = frozenset(STATES) - {before for before, _ in STEPS}
COUNTED: frozenset[str] = frozenset(STATES) - {SPLIT, WITHDRAWN, REVERSED}
"""States whose Wh count as minted for a device-hour; the others were taken back or live on in their children."""
OPEN: tuple[str, ...] = (ACTIVE, RESERVED, LOCKED)
"""States that expire."""

_BY_STEP = {(move.action, move.before): move for move in TABLE}


def find(action: str, before: str) -> Move | None:
    """Return the row for an action in a state, or None where the table has none."""
    return _BY_STEP.get((action, before))


def allowed(before: str, after: str) -> bool:
    """Return whether a certificate may pass from one state to another (or stay, by an action that keeps it)."""
    return any((move.before, move.after) == (before, after) for move in TABLE)
