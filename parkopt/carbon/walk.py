"""First stage of the tracing: step by step and bus by bus, from the sources down the flows, in whole numbers.

At a bus everything that reaches it is shared out in proportion over everything that leaves
it (Bialek 1996); the consumers of a bus are one sink here, so whoever knows only the totals
can recompute all of it. Steps follow one another because storages carry their mix on.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from parkopt.carbon.loops import Lines
from parkopt.carbon.network import LOSS, UNACCOUNTED, IntArray, LossPolicy, Network, Wire, origin_of
from parkopt.carbon.reservoir import Parts, Reservoir
from parkopt.carbon.split import split
from parkopt.faults import NotClosed

OwnParts = dict[str, tuple[int, int]]
WAYS = (":forward", ":back")


def loss_of(wire: str) -> str:
    """Return the sink of what a line loses; both directions (``cable:forward``, ``cable:back``) share one."""
    for way in WAYS:
        wire = wire.removesuffix(way)
    return wire + LOSS


@dataclass
class Cells:
    """What one sink took: step, number of the label, Wh, ug, one after another."""

    step: array[int] = field(default_factory=lambda: array("q"))
    label: array[int] = field(default_factory=lambda: array("q"))
    wh: array[int] = field(default_factory=lambda: array("q"))
    ug: array[int] = field(default_factory=lambda: array("q"))


@dataclass
class Walked:
    """What the first stage found.

    Attributes
    ----------
    numbers : dict
        Labels and their numbers, as they first appeared.
    consumed : dict
        By bus, what all its consumers took together.
    others : dict
        By any other sink, what it took.
    source_ug : list of int
        Carbon that sources brought in each step.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    consumed: dict[str, Cells] = field(default_factory=lambda: defaultdict(Cells))
    others: dict[str, Cells] = field(default_factory=lambda: defaultdict(Cells))
    source_ug: list[int] = field(default_factory=list)

    def book(self, cells: Cells, step: int, parts: Parts) -> None:
        """Write down what a sink takes in a step."""
        for label, (wh, ug) in parts.items():
            cells.step.append(step)
            cells.label.append(self.numbers.setdefault(label, len(self.numbers)))
            cells.wh.append(wh)
            cells.ug.append(ug)


@dataclass
class _Bus:
    """What stands at a bus, as plain lists."""

    name: str
    supplies: list[tuple[str, list[int], list[int]]]
    stores: list[tuple[str, list[int], list[int], float, bool]]
    consumed: list[int]
    others: list[tuple[str, list[int]]]
    wires: list[int]


def buses_of(network: Network) -> list[str]:
    """Return the buses of a network: those it lists, then any that only flows name."""
    ends = [end for wire in network.wires.values() for end in (wire.start, wire.end)]
    draws = [draw for own in (*network.consumers.values(), network.others.values()) for draw in own]
    stand = [one.bus for own in (network.supplies.values(), network.stores.values()) for one in own]
    return list(dict.fromkeys([*network.buses, *stand, *(draw.bus for draw in draws), *ends]))


class Walk:
    """The first stage over one network. Storages change as it goes."""

    def __init__(self, network: Network, reservoirs: Mapping[str, Reservoir], losses: LossPolicy) -> None:
        """Take a network that is netted and sound."""
        self.network, self.reservoirs, self.losses = network, reservoirs, losses
        names = buses_of(network)
        number = {name: place for place, name in enumerate(names)}
        wires = list(network.wires.values())
        self.buses = [_bus(network, name) for name in names]
        self.lines = Lines([(number[one.start], number[one.end]) for one in wires], len(names))
        self.loss_names = [loss_of(name) for name in network.wires]
        self.sent, self.arrived = _steps(wires, network.n, "sent"), _steps(wires, network.n, "arrived")
        self.found = Walked()

    def run(self) -> Walked:
        """Trace all steps."""
        for step in range(self.network.n):
            self._step(step)
        return self.found

    def _step(self, step: int) -> None:
        sent, arrived = list(self.sent[step]), list(self.arrived[step])
        coming: list[OwnParts] = [{} for _ in self.buses]
        self.found.source_ug.append(0)
        for place in self.lines.untangle(sent, arrived):
            self._at(place, step, coming, (sent, arrived))

    def _at(self, place: int, step: int, coming: list[OwnParts], flows: tuple[list[int], list[int]]) -> None:
        """Share out at one bus, and pass on what its lines take."""
        bus, found, (sent, arrived) = self.buses[place], self.found, flows
        columns = self._given(bus, step)
        _add(columns, coming[place])
        sinks, needs = _needs(bus, step, sent)
        self._close(bus, step, columns, sinks, needs)
        for sink, parts in zip(sinks, shared(columns, needs), strict=True):
            if isinstance(sink, int):
                here, lost = self._sent(parts, arrived[sink])
                _add(coming[self.lines.ends[sink][1]], here)
                found.book(found.others[self.loss_names[sink]], step, lost)
                continue
            found.book(found.others[sink] if sink else found.consumed[bus.name], step, parts)
            if sink in self.network.stores:
                self.reservoirs[sink].charge(by_origin(parts), self.network.labels[step])

    def _given(self, bus: _Bus, step: int) -> OwnParts:
        """Return (Wh, ug) by label of what sources and storages give to a bus; storages lose standing first."""
        columns = {}
        for name, wh, ug in bus.supplies:
            if wh[step]:
                columns[name] = (wh[step], ug[step])
                self.found.source_ug[-1] += ug[step]
        for name, _, discharge, standing, whole_at_first in bus.stores:
            reservoir = self.reservoirs[name]
            if standing and (step or not whole_at_first):
                reservoir.stand(standing)
            if discharge[step]:
                given = reservoir.discharge(discharge[step])
                columns |= {f"{name}<{origin}": both for origin, both in given.items() if both[0]}
        return columns

    def _close(self, bus: _Bus, step: int, columns: OwnParts, sinks: list[str | int], needs: list[int]) -> None:
        """Book what sources and sinks differ by: as a source at the given factor, or as a sink."""
        gives, takes = sum(wh for wh, _ in columns.values()), sum(needs)
        gap, most = takes - gives, self.network.most_gap_wh
        if most is not None and abs(gap) > most:
            at = f"{self.network.labels[step]} ({bus.name})"
            raise NotClosed(time=at, sources_wh=gives, sinks_wh=takes)
        if gap > 0:
            carbon = gap * self.network.gap_ug_per_wh
            _add(columns, {UNACCOUNTED: (gap, carbon)})
            self.found.source_ug[-1] += carbon
        elif gap < 0:
            sinks.append(UNACCOUNTED)
            needs.append(-gap)

    def _sent(self, parts: Parts, arrived: int) -> tuple[OwnParts, OwnParts]:
        """Return (what arrives, what is lost) of what a line takes, by label.

        Where the loss is an account of its own it takes its part of the carbon. Where it weighs on
        who is supplied, a label's carbon arrives with its Wh; a label of which nothing arrives leaves it with the loss.
        """
        here, lost = {}, {}
        got = split(arrived, [wh for wh, _ in parts.values()])
        for (label, (wh, ug)), own in zip(parts.items(), got, strict=True):
            carbon = split(ug, [own, wh - own])[0] if self.losses == "account" else ug if own else 0
            if own:
                here[label] = (own, carbon)
            if wh > own:
                lost[label] = (wh - own, ug - carbon)
        return here, lost


def _needs(bus: _Bus, step: int, sent: Sequence[int]) -> tuple[list[str | int], list[int]]:
    """Return the sinks of a bus that take something, and what: consumers as one (no name), lines by number."""
    found: list[tuple[str | int, int]] = [("", bus.consumed[step])]
    found += [(name, wh[step]) for name, wh in bus.others]
    found += [(name, charge[step]) for name, charge, *_ in bus.stores]
    found += [(wire, sent[wire]) for wire in bus.wires]
    used = [both for both in found if both[1]]
    return [sink for sink, _ in used], [wh for _, wh in used]


def shared(columns: Parts, needs: Sequence[int]) -> list[OwnParts]:
    """Return what each sink of a bus gets of each label, as `parkopt.carbon.split.fill` splits it.

    Parameters
    ----------
    columns : mapping
        (Wh, ug) by label of all that reaches the bus; in this order the labels are split.
    needs : sequence of int
        What each sink takes; the sums are equal.
    """
    if len(needs) == 1:
        return [dict(columns)]
    shares: list[OwnParts] = [{} for _ in needs]
    left = list(needs)
    for label, (wh, ug) in columns.items():
        row = split(wh, left)
        for sink, (part, carbon) in enumerate(zip(row, split(ug, row), strict=True)):
            if part:
                shares[sink][label] = (part, carbon)
                left[sink] -= part
    return shares


def by_origin(parts: Parts) -> OwnParts:
    """Return (Wh, ug) by the source behind each label."""
    found: OwnParts = {}
    for label, both in parts.items():
        _add(found, {origin_of(label): both})
    return found


def _add(into: OwnParts, parts: Parts) -> None:
    """Add (Wh, ug) label by label."""
    for label, (wh, ug) in parts.items():
        before = into.get(label)
        into[label] = (wh, ug) if before is None else (before[0] + wh, before[1] + ug)


def _bus(network: Network, name: str) -> _Bus:
    """Collect what stands at a bus."""
    draws = [draw.wh for own in network.consumers.values() for draw in own if draw.bus == name]
    consumed: IntArray = sum(draws, np.zeros(network.n, np.int64))
    return _Bus(
        name,
        [(key, s.wh.tolist(), s.ug.tolist()) for key, s in network.supplies.items() if s.bus == name],
        [
            (key, s.charge.tolist(), s.discharge.tolist(), s.standing, s.whole_at_first)
            for key, s in network.stores.items()
            if s.bus == name
        ],
        consumed.tolist(),
        [(key, draw.wh.tolist()) for key, draw in network.others.items() if draw.bus == name],
        [place for place, wire in enumerate(network.wires.values()) if wire.start == name],
    )


def _steps(wires: Sequence[Wire], n: int, what: str) -> list[list[int]]:
    """Return Wh by step, by direction."""
    rows: list[IntArray] = [getattr(wire, what) for wire in wires]
    found: list[list[int]] = np.stack(rows, axis=1).tolist() if rows else [[] for _ in range(n)]
    return found
