"""A storage whose energy keeps its origin and its carbon: the mixed pool, in whole Wh and ug.

Within a step: self-discharge first, then discharge at the opening mix, then charging at
the bus's mix. In the pool losses carry no carbon away, so what is lost makes the discharged
energy dirtier: the sum of carbon in equals the sum out plus what is left (reference 3.2,
pool with loss to discharge). In the operator's pool what is lost takes its carbon to the
operator's own account. Lots by age are in `parkopt.carbon.reservoir_lots`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from parkopt.carbon.network import StorageMethod
from parkopt.carbon.split import split

OPENING = "opening"
"""Origin of energy whose origin nobody declared: never green, at the grid's factor."""
Parts = Mapping[str, tuple[int, int]]
"""(Wh, ug) by origin or by label."""


@dataclass
class Reservoir:
    """The contents of one storage by origin."""

    method: ClassVar[StorageMethod] = "pool"
    name: str
    charge_efficiency: float
    discharge_efficiency: float
    wh: dict[str, int] = field(default_factory=dict)
    ug: dict[str, int] = field(default_factory=dict)
    lost_wh: dict[str, int] = field(default_factory=dict)
    stranded_ug: int = 0
    """Carbon that reaches nobody, the operator's own account: in a pool that of energy lost to its last Wh."""

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
        if not lost:
            return
        for origin, part in zip(list(self.wh), split(lost, list(self.wh.values())), strict=True):
            held, carbon = self.wh[origin], self.ug.get(origin, 0)
            self._hold(origin, held - part, carbon - self._lose(origin, part, held, carbon))

    def discharge(self, ac_wh: int) -> dict[str, tuple[int, int]]:
        """Give `ac_wh` to the bus at the opening mix.

        Returns
        -------
        dict
            (Wh at the bus, ug) by origin. Less than `ac_wh` where the store holds less.
        """
        ac_wh, drawn = self._drawn(ac_wh)
        origins = list(self.wh)
        taken = split(drawn, [self.wh[origin] for origin in origins])
        given = split(ac_wh, taken)
        parts = zip(origins, taken, given, strict=True)
        return {origin: (out, self._take(origin, part, out)) for origin, part, out in parts if part}

    def _drawn(self, ac_wh: int) -> tuple[int, int]:
        """Return what reaches the bus of the Wh asked for, and what leaves the store for it."""
        ac_wh = min(ac_wh, self.total_wh)
        return ac_wh, min(max(ac_wh, round(ac_wh / self.discharge_efficiency)), self.total_wh)

    def _take(self, origin: str, part: int, out: int) -> int:
        """Take `part` Wh of an origin, of which `out` reach the bus; return the carbon that goes with these."""
        held, carbon = self.wh[origin], self.ug.get(origin, 0)
        leaving = carbon if part == held else carbon * part // held
        self._hold(origin, held - part, carbon - leaving)
        return leaving - self._lose(origin, part - out, part, leaving)

    def charge(self, parts: Parts, at: str = "") -> None:
        """Take (Wh at the bus, ug) by origin; the charging loss is shared in proportion.

        Parameters
        ----------
        parts : mapping
            Wh and ug by origin.
        at : str
            Start of the step; a pool does not care.
        """
        del at
        for origin, (kept, carbon) in self._kept(parts).items():
            self.wh[origin] = self.wh.get(origin, 0) + kept
            self.ug[origin] = self.ug.get(origin, 0) + carbon

    def _kept(self, parts: Parts) -> dict[str, tuple[int, int]]:
        """Return what is stored of a charge, by origin."""
        energies = [wh for wh, _ in parts.values()]
        stored = min(sum(energies), round(sum(energies) * self.charge_efficiency))
        kept = {}
        for (origin, (wh, ug)), own in zip(parts.items(), split(stored, energies), strict=True):
            carbon = ug - self._lose(origin, wh - own, wh, ug)
            if own:
                kept[origin] = (own, carbon)
        return kept

    def _hold(self, origin: str, wh: int, ug: int) -> None:
        """Set the content of an origin; one that is used up is forgotten."""
        if wh:
            self.wh[origin], self.ug[origin] = wh, ug
        else:
            self.wh.pop(origin, None)
            self.ug.pop(origin, None)

    def _lose(self, origin: str, wh: int, whole_wh: int, ug: int) -> int:
        """Book a loss of `wh` out of `whole_wh` that bear `ug`; return the carbon that the operator bears for it."""
        if wh:
            self.lost_wh[origin] = self.lost_wh.get(origin, 0) + wh
        borne = self._operators(wh, whole_wh, ug)
        self.stranded_ug += borne
        return borne

    def _operators(self, wh: int, whole_wh: int, ug: int) -> int:
        """Nothing, as long as something is left to bear the carbon."""
        return ug if wh == whole_wh else 0


@dataclass
class OperatorPool(Reservoir):
    """A pool whose losses take their carbon with them, onto the operator's own account."""

    method: ClassVar[StorageMethod] = "pool_operator"

    def _operators(self, wh: int, whole_wh: int, ug: int) -> int:
        return ug * wh // whole_wh if whole_wh else ug
