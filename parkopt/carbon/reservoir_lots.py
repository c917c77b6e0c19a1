"""A storage whose energy is used up by age: lots by time of charging and origin, first in first out or last in.

The energies of a charge and of a discharge, and their losses, are those of the pool (see
`parkopt.carbon.reservoir`); only the order of use differs. Lots of one time are used in
proportion. A lot's carbon leaves by differences of floors of its running total, so its last
Wh takes the exact rest (reference 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ClassVar

from parkopt.carbon.network import StorageMethod
from parkopt.carbon.reservoir import OperatorPool, Parts, Reservoir
from parkopt.carbon.split import split


@dataclass
class StoredLot:
    """What is left of one origin's energy of one charge.

    `whole_wh` and `whole_ug` are what it was when it was charged or last lost to self-discharge;
    `charged` is the start of that step, empty for what nobody knows the age of.
    """

    charged: str
    origin: str
    whole_wh: int
    whole_ug: int
    left_wh: int

    @property
    def left_ug(self) -> int:
        """Carbon of what is left."""
        return self.whole_ug - self.whole_ug * (self.whole_wh - self.left_wh) // self.whole_wh

    def take(self, wh: int) -> int:
        """Use Wh up; return the carbon that they carry."""
        before = self.left_ug
        self.left_wh -= wh
        return before - self.left_ug

    def shrink(self, wh: int) -> int:
        """Lose Wh, and keep the carbon as long as something is left; return the carbon of a lot that is lost whole."""
        carbon = self.left_ug
        self.left_wh -= wh
        if not self.left_wh:
            return carbon
        self.whole_wh, self.whole_ug = self.left_wh, carbon
        return 0

    def as_dict(self) -> dict[str, Any]:
        """Return the lot as plain data; carbon as decimal text."""
        return {**vars(self), "whole_ug": str(self.whole_ug)}


@dataclass
class FifoLots(Reservoir):
    """A storage that gives its oldest energy first."""

    method: ClassVar[StorageMethod] = "fifo"
    lots: list[StoredLot] = field(default_factory=list)
    """The oldest first."""

    def __post_init__(self) -> None:
        """Take contents without lots as one lot each, of unknown age; take totals from lots where there are lots."""
        if not self.lots:
            held = [(origin, wh, self.ug.get(origin, 0)) for origin, wh in self.wh.items() if wh]
            self.lots = [StoredLot("", origin, wh, ug, wh) for origin, wh, ug in held]
        self.wh, self.ug = {}, {}
        for lot in self.lots:
            self._book(lot.origin, lot.left_wh, lot.left_ug)

    def stand(self, lost_share: float) -> None:
        """Lose a share of each lot to self-discharge."""
        lost = round(self.total_wh * lost_share)
        if not lost:
            return
        gone: dict[str, tuple[int, int]] = {}
        for lot, part in zip(self.lots, split(lost, [lot.left_wh for lot in self.lots]), strict=True):
            if part:
                wh, ug = gone.get(lot.origin, (0, 0))
                gone[lot.origin] = (wh + part, ug + lot.shrink(part))
        for origin, (wh, ug) in gone.items():
            self._lose(origin, wh, 0, 0)
            self.stranded_ug += ug
            self._book(origin, -wh, -ug)
        self._forget()

    def discharge(self, ac_wh: int) -> dict[str, tuple[int, int]]:
        """Give `ac_wh` to the bus from the lots in their order; see `Reservoir.discharge`."""
        ac_wh, drawn = self._drawn(ac_wh)
        takes = list(self._takes(drawn))
        given: dict[str, tuple[int, int]] = {}
        for (lot, part), out in zip(takes, split(ac_wh, [part for _, part in takes]), strict=True):
            carbon = lot.take(part)
            self._book(lot.origin, -part, -carbon)
            carbon -= self._lose(lot.origin, part - out, part, carbon)
            before = given.get(lot.origin, (0, 0))
            given[lot.origin] = (before[0] + out, before[1] + carbon)
        self._forget()
        return given

    def _takes(self, drawn: int) -> Iterator[tuple[StoredLot, int]]:
        """Yield lots and what is taken of each, in the order of use."""
        for _, together in groupby(self._in_order(), key=lambda lot: lot.charged):
            if not drawn:
                return
            group = list(together)
            held = [lot.left_wh for lot in group]
            now = min(drawn, sum(held))
            drawn -= now
            yield from ((lot, part) for lot, part in zip(group, split(now, held), strict=True) if part)

    def _in_order(self) -> Iterable[StoredLot]:
        return self.lots

    def charge(self, parts: Parts, at: str = "") -> None:
        """Make a lot of each origin of a charge; `at` is the start of the step."""
        for origin, (wh, ug) in self._kept(parts).items():
            self.lots.append(StoredLot(at, origin, wh, ug, wh))
            self._book(origin, wh, ug)

    def _book(self, origin: str, wh: int, ug: int) -> None:
        """Change the totals of an origin."""
        self._hold(origin, self.wh.get(origin, 0) + wh, self.ug.get(origin, 0) + ug)

    def _forget(self) -> None:
        """Forget lots that are used up."""
        self.lots = [lot for lot in self.lots if lot.left_wh]

    def lots_as_dicts(self) -> list[dict[str, Any]]:
        """Return the lots as plain data, for a state that goes on exactly; see `store_of`."""
        return [lot.as_dict() for lot in self.lots]


@dataclass
class LifoLots(FifoLots):
    """A storage that gives its youngest energy first."""

    method: ClassVar[StorageMethod] = "lifo"

    def _in_order(self) -> Iterable[StoredLot]:
        return reversed(self.lots)


STORES: Mapping[StorageMethod, type[Reservoir]] = {
    one.method: one for one in (Reservoir, OperatorPool, FifoLots, LifoLots)
}


def store_of(
    method: StorageMethod,
    name: str,
    efficiencies: tuple[float, float],
    content: tuple[Mapping[str, int], Mapping[str, int]] = ({}, {}),
    lots: Iterable[Mapping[str, Any]] = (),
) -> Reservoir:
    """Return a storage that keeps origins by the given method.

    Parameters
    ----------
    method : str
        One of `StorageMethod`.
    name : str
        The storage's.
    efficiencies : tuple of float
        Of charging and of discharging.
    content : tuple of mapping
        Wh and ug by origin.
    lots : iterable of mapping
        For ``fifo`` and ``lifo``, what `FifoLots.lots_as_dicts` returned; without, the content is of one unknown age.

    Raises
    ------
    ValueError
        Where lots are given that are not the content.
    """
    cls, (wh, ug) = STORES[method], content
    if not issubclass(cls, FifoLots):
        return cls(name, *efficiencies, dict(wh), dict(ug))
    kept = [StoredLot(**{**lot, "whole_ug": int(lot["whole_ug"])}) for lot in lots]
    made = cls(name, *efficiencies, dict(wh), dict(ug), lots=kept)
    if wh and (made.wh, made.ug) != ({k: v for k, v in wh.items() if v}, {k: v for k, v in ug.items() if wh.get(k)}):
        raise ValueError(f"the lots of {name} are not its content")
    return made
