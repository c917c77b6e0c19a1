"""A storage whose energy keeps its origin and its carbon: the mixed pool, in whole Wh and ug.

Within a step: self-discharge first, then discharge at the opening mix, then charging at
the bus's mix. Losses carry no carbon away, so what is lost makes the discharged energy
dirtier: the sum of carbon in equals the sum out plus what is left (reference 3.2, pool
with loss to discharge).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parkopt.carbon.split import split

OPENING = "opening"
"""Origin of energy whose origin nobody declared: never green, at the grid's factor."""


@dataclass
class Reservoir:
    """The contents of one storage by origin."""

    name: str
    charge_efficiency: float
    discharge_efficiency: float
    wh: dict[str, int] = field(default_factory=dict)
    ug: dict[str, int] = field(default_factory=dict)
    lost_wh: dict[str, int] = field(default_factory=dict)
    stranded_ug: int = 0
    """Carbon of energy that self-discharge took to the last Wh: the operator's account."""

    @property
    def total_wh(self) -> int:
        """Stored energy."""
        return sum(self.wh.values())

    @property
    def total_ug(self) -> int:
        """Stored carbon."""
        return sum(self.ug.values())

    def stand(self, lost_share: float) -> None:
        """Lose a share of the content to self-discharge."""
        lost = round(self.total_wh * lost_share)
        for origin, part in zip(list(self.wh), split(lost, list(self.wh.values())), strict=True):
            self._lose(origin, part)
            self.wh[origin] -= part
            if not self.wh[origin]:
                self.stranded_ug += self.ug.pop(origin, 0)
                del self.wh[origin]

    def discharge(self, ac_wh: int) -> dict[str, tuple[int, int]]:
        """Give `ac_wh` to the bus at the opening mix.

        Returns
        -------
        dict
            (Wh at the bus, ug) by origin. Less than `ac_wh` where the store holds less.
        """
        ac_wh = min(ac_wh, self.total_wh)
        drawn = min(max(ac_wh, round(ac_wh / self.discharge_efficiency)), self.total_wh)
        origins = list(self.wh)
        taken = split(drawn, [self.wh[origin] for origin in origins])
        given = split(ac_wh, taken)
        parts = zip(origins, taken, given, strict=True)
        return {origin: (out, self._take(origin, part, out)) for origin, part, out in parts}

    def _take(self, origin: str, part: int, out: int) -> int:
        held, carbon = self.wh[origin], self.ug.get(origin, 0)
        leaving = carbon if part == held else carbon * part // held
        self._lose(origin, part - out)
        self.wh[origin] = held - part
        self.ug[origin] = carbon - leaving
        if part == held:
            del self.wh[origin], self.ug[origin]
        return leaving

    def charge(self, parts: Mapping[str, tuple[int, int]]) -> None:
        """Take (Wh at the bus, ug) by origin; the charging loss is shared in proportion."""
        energies = [wh for wh, _ in parts.values()]
        stored = min(sum(energies), round(sum(energies) * self.charge_efficiency))
        for (origin, (wh, ug)), kept in zip(parts.items(), split(stored, energies), strict=True):
            self._lose(origin, wh - kept)
            if kept:
                self.wh[origin] = self.wh.get(origin, 0) + kept
                self.ug[origin] = self.ug.get(origin, 0) + ug
            else:
                self.stranded_ug += ug

    def _lose(self, origin: str, wh: int) -> None:
        if wh:
            self.lost_wh[origin] = self.lost_wh.get(origin, 0) + wh
