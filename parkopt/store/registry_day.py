"""What a settled day gives the registry, and which ids it gets back: plain data of whole Wh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parkopt.faults import DayPartsDiffer
from parkopt.store.registry import By

Kind = Literal["claim", "store", "export", "left"]
KINDS: tuple[Kind, ...] = ("claim", "store", "export", "left")


@dataclass(frozen=True)
class Part:
    """A part of an hour's energy: `to` is the claiming party or the storage, empty otherwise.

    For a storage, `internal_wh` is what of it was stored and `limit_wh` the most that may come back.
    """

    kind: Kind
    to: str
    wh: int
    internal_wh: int = 0
    limit_wh: int = 0


@dataclass(frozen=True)
class DeviceHour:
    """A device's certified energy in the hour from `t0`; the parts, in order, sum to `wh`."""

    device: str
    t0: str
    wh: int
    rev: int
    account: str
    energy_source: str
    expires_at: str
    parts: tuple[Part, ...]
    quality: str = "measured"


@dataclass(frozen=True)
class Drawn:
    """What an hour's discharging took of one lot, known by its charging hour and origin (`grey` mints nothing)."""

    charged: str
    origin: str
    internal_wh: int
    ac_wh: int


@dataclass(frozen=True)
class StoreHour:
    """A storage's discharge in the hour from `t0`: its takes, oldest lot first, and who gets the SD-GC.

    The parts (kinds claim, export, left) sum to the takes from green lots and fill them in order.
    """

    store: str
    t0: str
    account: str
    expires_at: str
    takes: tuple[Drawn, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class GreyLot:
    """Charging without certificates."""

    store: str
    charged: str
    ac_wh: int
    internal_wh: int
    limit_wh: int


@dataclass(frozen=True)
class PartyHour:
    """A party's metered consumption in the hour from `t0`."""

    party: str
    t0: str
    wh: int
    rev: int = 0


@dataclass(frozen=True)
class DayOfCertificates:
    """All that one settled day of a park does to certificates."""

    by: By
    consumption: tuple[PartyHour, ...]
    generation: tuple[DeviceHour, ...]
    discharge: tuple[StoreHour, ...] = ()
    grey: tuple[GreyLot, ...] = ()


@dataclass(frozen=True)
class Assigned:
    """Ids that a part got, and the consumed Wh that they cover (-1 where nothing is claimed).

    `origin` and `origin_t0` are the device and hour that generated the energy.
    """

    device: str
    t0: str
    kind: Kind
    to: str
    range_start: int
    range_end: int
    consumed_start: int
    consumed_end: int
    bundle: int
    origin: str
    origin_t0: str


@dataclass(frozen=True)
class Piece:
    """A part of one minting, cut to it: number of the minting, and place from its first id."""

    minting: int
    start: int
    wh: int
    part: Part


def cut_parts(name: str, t0: str, sizes: list[int], parts: tuple[Part, ...], first: int) -> list[Piece]:
    """Fill the mintings of an hour with its parts in order.

    Raises
    ------
    DayPartsDiffer
        Where they do not sum to the same, or a part is negative.
    """
    total = sum(part.wh for part in parts)
    if total != sum(sizes) or any(part.wh < 0 for part in parts):
        raise DayPartsDiffer(device=name, t0=t0, parts=total, wh=sum(sizes))
    done, at, used = [], 0, 0
    for part in parts:
        rest = part.wh
        while rest:
            if used == sizes[at]:
                at, used = at + 1, 0
                continue
            now = min(rest, sizes[at] - used)
            done.append(Piece(first + at, used, now, part))
            used, rest = used + now, rest - now
    return done
