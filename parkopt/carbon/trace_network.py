"""Physical tracing over a park's network: which source served which consumer, through lines and storages, exactly.

Two stages. The first (`parkopt.carbon.walk`) follows the flows step by step and bus by bus
with the consumers of a bus as one sink; the second (`parkopt.carbon.spread`) splits what they
took over them. Energy is whole Wh, carbon whole micrograms; nothing is lost in rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parkopt.carbon.netting import netted, require_sound
from parkopt.carbon.network import UNACCOUNTED, IntArray, LossPolicy, Network, StorageMethod, Traced
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.spread import spread
from parkopt.carbon.walk import Cells, Walk, Walked, buses_of, loss_of

__all__ = ["open_carbon_ug", "operator_ug", "trace_network"]


def trace_network(
    network: Network, reservoirs: Mapping[str, Reservoir], *, losses: LossPolicy = "account", storage: StorageMethod
) -> Traced:
    """Trace the flows of all steps.

    Parameters
    ----------
    network : Network
        The flows.
    reservoirs : mapping
        By storage its opening content, from `parkopt.carbon.reservoir_lots.store_of`; changed in place.
    losses : str
        ``account``: what a line loses takes its part of the carbon (sink ``<line>:loss``); ``downstream``: the
        lost Wh are shown there, and the carbon rides with what arrives.
    storage : str
        The method that the reservoirs must keep their origins by.

    Raises
    ------
    NotClosed
        Where sources and sinks of a step and bus differ by more than `Network.most_gap_wh`.
    ChargeAndDischarge, LineGains, FlowBelowZero
        Where flows cannot be.
    ValueError
        Where a storage has no reservoir, or one of another method.
    """
    for name in network.stores:
        if name not in reservoirs or reservoirs[name].method != storage:
            raise ValueError(f"storage {name!r} needs a reservoir by method {storage!r}")
    net = netted(network)
    require_sound(net)
    return _traced(net, Walk(net, reservoirs, losses).run())


def _traced(network: Network, walked: Walked) -> Traced:
    """Spread the first stage over the consumers, and lay everything out in arrays."""
    labels = sorted(walked.numbers, key=lambda label: ("<" in label, label))
    place = np.zeros(len(labels), np.int64)
    place[[walked.numbers[label] for label in labels]] = np.arange(len(labels))
    shape = (len(labels), network.n)
    others = _others(network)
    other_wh, other_ug = (np.zeros((len(others), *shape), np.int64) for _ in range(2))
    for row, name in enumerate(others):
        _lay(walked.others.pop(name, Cells()), place, other_wh[row], other_ug[row])
    buses = [bus for bus in buses_of(network) if any(d.bus == bus for own in network.consumers.values() for d in own)]
    bus_wh, bus_ug = ({bus: np.zeros(shape, np.int64) for bus in buses} for _ in range(2))
    wh, ug = (np.zeros((len(network.consumers), *shape), np.int64) for _ in range(2))
    for bus in buses:
        _lay(walked.consumed.pop(bus, Cells()), place, bus_wh[bus], bus_ug[bus])
        spread(bus_wh[bus], bus_ug[bus], _draws(network, bus), (wh, ug))
    source_ug = np.asarray(walked.source_ug, np.int64)
    return Traced(
        tuple(labels), tuple(network.consumers), tuple(others), wh, ug, other_wh, other_ug, bus_wh, source_ug, bus_ug
    )


def _others(network: Network) -> list[str]:
    """Return all sinks that are no consumers."""
    lines = dict.fromkeys(loss_of(name) for name in network.wires)
    return [*network.others, UNACCOUNTED, *lines, *network.stores]


def _lay(cells: Cells, place: IntArray, wh: IntArray, ug: IntArray) -> None:
    """Add what a sink took to arrays of shape (labels, steps)."""
    if not cells.step:
        return
    at = place[np.frombuffer(cells.label, np.int64)], np.frombuffer(cells.step, np.int64)
    np.add.at(wh, at, np.frombuffer(cells.wh, np.int64))
    np.add.at(ug, at, np.frombuffer(cells.ug, np.int64))


def _draws(network: Network, bus: str) -> IntArray:
    """Return what each consumer takes at a bus, shape (consumers, steps)."""
    found = np.zeros((len(network.consumers), network.n), np.int64)
    for row, own in enumerate(network.consumers.values()):
        for draw in own:
            if draw.bus == bus:
                found[row] += draw.wh
    return found


def operator_ug(reservoirs: Mapping[str, Reservoir]) -> int:
    """Return the carbon on the operator's own account: what storages lost and nobody was charged for."""
    return sum(one.stranded_ug for one in reservoirs.values())


def open_carbon_ug(traced: Traced, opening_ug: int, reservoirs: Mapping[str, Reservoir]) -> int:
    """Return carbon in minus carbon out minus what is held: 0, always.

    Parameters
    ----------
    traced : Traced
        What was traced.
    opening_ug : int
        Carbon in the storages, and on the operator's account, before.
    reservoirs : mapping
        The storages after it.
    """
    held = sum(one.total_ug for one in reservoirs.values()) + operator_ug(reservoirs)
    sinks = [row for row, name in enumerate(traced.others) if name not in reservoirs]
    taken = _sum(traced.ug) + _sum(traced.other_ug[sinks])
    return opening_ug + _sum(traced.source_ug) - taken - held


def _sum(values: IntArray) -> int:
    """Return a sum over all, added up beyond the steps in whole numbers of any size."""
    return sum(values.sum(axis=-1).ravel().tolist())
