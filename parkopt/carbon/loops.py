"""In which order buses are traced, and the flows that go round in a loop and reach nobody.

Energy that goes out over one line and comes back over others says nothing about who was
supplied, and a loop has no first bus. Taking the same amount off every line around it leaves
the balance of each bus as it is.
"""

from __future__ import annotations

from collections.abc import Sequence


class Lines:
    """The directions of all lines between numbered buses.

    What is found for a set of lines in use is kept: over a year few sets occur.
    """

    def __init__(self, ends: Sequence[tuple[int, int]], buses: int) -> None:
        """Take the (start, end) of each direction, and the number of buses."""
        self.ends = tuple(ends)
        self.buses = buses
        self._known: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def untangle(self, sent: list[int], arrived: list[int]) -> tuple[int, ...]:
        """Cancel loop flows in place, and return the buses in the order of the flows, suppliers first.

        A direction over which nothing arrives joins nothing; what is sent into it is lost at its start.
        Each loop has one Wh or more taken off until one of its directions carries nothing, so there are at
        most as many loops to cancel as directions.

        Parameters
        ----------
        sent, arrived : list of int
            Wh into and out of each direction.
        """
        while True:
            order, loop = self._found(sum(1 << wire for wire, wh in enumerate(arrived) if wh))
            if not loop:
                return order
            most = min(arrived[wire] for wire in loop)
            for wire in loop:
                sent[wire] -= most
                arrived[wire] -= most

    def _found(self, used: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the order of the buses, or a loop among the directions in use (bits)."""
        if used not in self._known:
            wires = [wire for wire in range(len(self.ends)) if used >> wire & 1]
            order = self._ordered(wires)
            rest = set(range(self.buses)) - set(order)
            self._known[used] = (tuple(order), tuple(self._loop(wires, rest)) if rest else ())
        return self._known[used]

    def _ordered(self, wires: Sequence[int]) -> list[int]:
        """Return the buses that no loop comes before, each after those that supply it; the lowest number first."""
        order: list[int] = []
        waiting = list(range(self.buses))
        while waiting:
            fed = {self.ends[wire][1] for wire in wires if self.ends[wire][0] not in order}
            free = next((bus for bus in waiting if bus not in fed), None)
            if free is None:
                break
            order.append(free)
            waiting.remove(free)
        return order

    def _loop(self, wires: Sequence[int], rest: set[int]) -> list[int]:
        """Return a loop: every bus left over is supplied by one of them, so going upstream from any closes one."""
        supplier: dict[int, int] = {}
        for wire in wires:
            start, end = self.ends[wire]
            if start in rest and end in rest:
                supplier.setdefault(end, wire)
        bus, seen = min(rest), list[int]()
        while bus not in seen:
            seen.append(bus)
            bus = self.ends[supplier[bus]][0]
        return [supplier[one] for one in seen[seen.index(bus) :]]
