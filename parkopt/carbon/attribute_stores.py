"""Storages in the contractual ledger: lots, first in, first out, in whole Wh.

Each hour in this order: standing loss, discharge, charge. So a lot serves later hours only
(an SDR starts no earlier than its SCR ends). Efficiencies are taken as whole parts per million
and the standing loss as whole parts per billion, which is what records hold:

    stored of an hour's charge   floor(eta_c ac), split over its origins by largest remainder
    taken for a discharge d      ceil(d / eta_d), from the oldest lot first
    given by a lot so far        min(floor(eta_d taken), floor(eta_c eta_d ac))
    lost in an hour              ceil(standing content), from the oldest lot first; and what exceeds the capacity

Loss falls on the oldest lot, as discharge does: no fraction of a Wh in each of many lots has
to be rounded, and what the oldest lot lost can no longer make a certificate. A storage that
loses more than its efficiencies say would heap up lots that it does not hold: the capacity
bounds them. What the lots do not cover of a discharge (unknown opening content, a Wh of rounding) is grey.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from parkopt.carbon.contractual import GREY, Battery, IntArray, Lot, Take
from parkopt.carbon.split import split

PPM = 1_000_000
PPB = 1_000_000_000
NO_LOT = ""
"""`Take.charged` of what no lot covers."""


@dataclass(frozen=True)
class Stored:
    """What some hours did to one storage; `minted` are Wh of SD-GC in each hour, shape (n,)."""

    minted: IntArray
    takes: list[Take]
    new_lots: list[Lot]
    closing: list[Lot]


@dataclass
class _Shelf:
    """The lots of a storage, oldest first, and what is left of each."""

    store: str
    charge_ppm: int
    discharge_ppm: int
    lots: deque[Lot] = field(default_factory=deque)
    left: deque[int] = field(default_factory=deque)
    content: int = 0
    capacity: int | None = None

    def put(self, lot: Lot) -> None:
        self.lots.append(lot)
        self.left.append(lot.left_wh)
        self.content += lot.left_wh

    def take(self, internal_wh: int) -> Iterator[tuple[Lot, int, int]]:
        """Yield (lot, left before, left after) from the oldest on, until so much was taken or nothing is left."""
        while internal_wh and self.lots:
            lot, before = self.lots[0], self.left[0]
            after = max(0, before - internal_wh)
            internal_wh -= before - after
            self.content -= before - after
            if after:
                self.left[0] = after
            else:
                self.lots.popleft()
                self.left.popleft()
            yield lot, before, after

    def given(self, lot: Lot, left: int) -> int:
        """Return the most Wh at the bus that a lot can have given once `left` is left of it."""
        most = lot.ac_wh * self.charge_ppm * self.discharge_ppm // PPM**2
        return min((lot.internal_wh - left) * self.discharge_ppm // PPM, most)

    def stand(self, ppb: int) -> None:
        self._lose(-(-self.content * ppb // PPB))

    def _lose(self, internal_wh: int) -> None:
        for _ in self.take(internal_wh):
            pass

    def discharge(self, hour: int, ac_wh: int) -> Iterator[Take]:
        rest = ac_wh
        for lot, before, after in self.take(-(-ac_wh * PPM // self.discharge_ppm)):
            out = min(rest, self.given(lot, after) - self.given(lot, before))
            rest -= out
            yield Take(self.store, lot.charged, lot.origin, hour, before - after, out)
        if rest:
            yield Take(self.store, NO_LOT, GREY, hour, 0, rest)

    def charge(self, hour: str, ac_wh: int, green: Mapping[str, int]) -> list[Lot]:
        origins = {**green, GREY: ac_wh - sum(green.values())}
        stored = split(ac_wh * self.charge_ppm // PPM, list(origins.values()))
        parts = zip(origins.items(), stored, strict=True)
        made = [Lot(self.store, hour, origin, ac, kept, kept) for (origin, ac), kept in parts if ac]
        for lot in made:
            if lot.left_wh:
                self.put(lot)
        if self.capacity is not None:
            self._lose(max(0, self.content - self.capacity))
        return made

    def closing(self) -> list[Lot]:
        return [replace(lot, left_wh=left) for lot, left in zip(self.lots, self.left, strict=True)]


def run_store(
    store: str, battery: Battery, hours: Sequence[str], green: Mapping[str, IntArray], lots: Iterable[Lot]
) -> Stored:
    """Run one storage through some hours.

    Parameters
    ----------
    store : str
        Its name.
    battery : Battery
        Its flows, shape (n,), and efficiencies.
    hours : sequence of str
        Start of each hour.
    green : mapping
        By device, Wh of each hour's charge whose certificates are cancelled for storage; together at most the charge.
    lots : iterable of Lot
        With what it opens.
    """
    charge_ppm, discharge_ppm = (round(eta * PPM) for eta in (battery.charge_efficiency, battery.discharge_efficiency))
    shelf = _Shelf(store, charge_ppm, discharge_ppm, capacity=battery.capacity_wh)
    for lot in sorted(lots, key=lambda one: one.charged):
        if lot.left_wh:
            shelf.put(lot)
    takes: list[Take] = []
    made: list[Lot] = []
    ppb = round(battery.standing * PPB)
    charge, discharge = battery.charge.tolist(), battery.discharge.tolist()
    parts = {device: wh.tolist() for device, wh in green.items() if wh.any()}
    for t, hour in enumerate(hours):
        shelf.stand(ppb)
        if discharge[t]:
            takes.extend(shelf.discharge(t, discharge[t]))
        if charge[t]:
            made += shelf.charge(hour, charge[t], {device: wh[t] for device, wh in parts.items() if wh[t]})
    return Stored(_minted(takes, len(hours)), takes, made, shelf.closing())


def _minted(takes: Iterable[Take], n: int) -> IntArray:
    minted = np.zeros(n, dtype=np.int64)
    for take in takes:
        if take.origin != GREY:
            minted[take.hour] += take.ac_wh
    return minted
