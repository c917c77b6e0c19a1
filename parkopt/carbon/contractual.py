"""The contractual ledger of some hours, as whole Wh: what the attribution is given, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
AttributionMethod = Literal["entitlement_688", "contract_first", "pro_rata"]
"""`entitlement_688`: entitlements, then what is left by share of consumption (688/2026, section 11).
`contract_first`: entitlements and contracts over the grid first, then what is left by share of consumption.
`pro_rata`: all by share of consumption."""
GREY = "grey"
"""Origin of stored energy that is no certified green."""


@dataclass(frozen=True)
class Lot:
    """Energy that one hour's charging left in a storage, of one origin; lots are used up oldest first (FIFO).

    `origin` is the device whose certificates were cancelled for it, or `GREY`; `ac_wh` what was
    charged at the bus, `internal_wh` what of it was stored, `left_wh` what of that is left.
    """

    store: str
    charged: str
    """Start of the charging hour, UTC, ``2026-07-01T03:00:00Z``."""
    origin: str
    ac_wh: int
    internal_wh: int
    left_wh: int


@dataclass(frozen=True)
class Take:
    """What one hour's discharging took of one lot; `ac_wh` reached the bus."""

    store: str
    charged: str
    origin: str
    hour: int
    internal_wh: int
    ac_wh: int


@dataclass(frozen=True)
class Battery:
    """A storage in the contractual ledger: Wh at the bus, shape (n,), efficiencies, share lost in an hour."""

    charge: IntArray
    discharge: IntArray
    charge_efficiency: float
    discharge_efficiency: float
    standing: float = 0.0
    capacity_wh: int | None = None
    """Most that can be stored; lots beyond it are lost, the oldest first. None for no limit."""


@dataclass(frozen=True)
class Contractual:
    """All that the attribution of some hours rests on; arrays of int64, shape (n,).

    Attributes
    ----------
    hours : tuple of str
        Start of each hour, UTC, ``2026-07-01T03:00:00Z``.
    generation : mapping
        By green device in the park or on a direct line, certified Wh of each hour.
    delivered : mapping
        By contract over the public grid, the Wh settled to the park.
    consumption : mapping
        By party, in the order of the park file.
    entitlements : mapping
        By device or contract, by party, parts per million of its energy.
    shared : frozenset of str
        Devices without entitlements at all: the park's own, shared by consumption.
    imports, exports : ndarray
        Wh of each hour over all connections.
    batteries : mapping
        By storage.
    method : str
        One of `AttributionMethod`.
    """

    hours: tuple[str, ...]
    generation: Mapping[str, IntArray]
    consumption: Mapping[str, IntArray]
    imports: IntArray
    exports: IntArray
    delivered: Mapping[str, IntArray] = field(default_factory=dict)
    entitlements: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    batteries: Mapping[str, Battery] = field(default_factory=dict)
    method: AttributionMethod = "entitlement_688"


@dataclass(frozen=True)
class Attributed:
    """Who may claim what, in whole Wh; for each device and hour the parts sum to its energy.

    Attributes
    ----------
    claims : mapping
        By (source, party), Wh of each hour, shape (n,). A source is a device, a contract, or a
        storage (certificates of its discharge, SD-GC).
    stored : mapping
        By (device, storage), Wh whose certificates are cancelled for storage.
    exported : mapping
        By device or storage, Wh that left the park: no claim may rest on them.
    left : mapping
        By device, storage or contract, Wh that nobody could use: they stay Active until they expire.
    minted : mapping
        By storage, Wh of SD-GC in each hour (from green lots alone).
    takes : tuple of Take
        From which lots.
    opening, closing : tuple of Lot
        Lots with something left at the start and at the end.
    new_lots : tuple of Lot
        Lots that these hours' charging made, as they were made (`left_wh` = `internal_wh`).
    """

    claims: Mapping[tuple[str, str], IntArray]
    stored: Mapping[tuple[str, str], IntArray]
    exported: Mapping[str, IntArray]
    left: Mapping[str, IntArray]
    minted: Mapping[str, IntArray]
    takes: tuple[Take, ...]
    opening: tuple[Lot, ...]
    closing: tuple[Lot, ...]
    new_lots: tuple[Lot, ...]
