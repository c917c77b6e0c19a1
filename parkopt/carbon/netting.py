"""A network before it is traced: opposite registers netted, and what cannot be refused in words.

Which part of an hour's energy passed a storage within that hour cannot be told from the
hour's sums. Netting takes the smaller of charge and discharge off both, so each bus stays
balanced to the Wh and nothing is called a loss that was none; what went in and out within
the hour is as if it had never left the bus. Import and export of one connection likewise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from parkopt.carbon.network import IntArray, Network, Store, Supply
from parkopt.faults import ChargeAndDischarge, FlowBelowZero, LineGains


def netted(network: Network) -> Network:
    """Return the network with its `netted` storages and connections netted step by step."""
    stores = {name: _net_store(one) if one.netted else one for name, one in network.stores.items()}
    supplies, others = dict(network.supplies), dict(network.others)
    for source, sink in network.netted.items():
        supply, draw = supplies[source], others[sink]
        both = np.minimum(supply.wh, draw.wh)
        supplies[source], others[sink] = _less(supply, both), replace(draw, wh=draw.wh - both)
    return replace(network, stores=stores, supplies=supplies, others=others)


def _net_store(store: Store) -> Store:
    both = np.minimum(store.charge, store.discharge)
    return replace(store, charge=store.charge - both, discharge=store.discharge - both)


def _less(supply: Supply, wh: IntArray) -> Supply:
    """Return a supply less some Wh; its carbon shrinks in proportion, rounded down."""
    kept = supply.wh - wh
    whole = np.maximum(supply.wh, 1)
    carbon = supply.ug // whole * kept + supply.ug % whole * kept // whole
    return replace(supply, wh=kept, ug=carbon)


def require_sound(network: Network) -> None:
    """Refuse flows that cannot be.

    Raises
    ------
    ValueError
        Where an array has not one number for each step.
    FlowBelowZero
        Where energy or carbon is negative.
    ChargeAndDischarge
        Where a storage runs both ways in one step.
    LineGains
        Where more arrives over a line than was sent.
    """
    for asset, bus, what, values in _arrays(network):
        if values.shape != (network.n,):
            raise ValueError(f"{what} of {asset} has shape {values.shape}, not ({network.n},)")
        for step in np.flatnonzero(values < 0)[:1]:
            raise FlowBelowZero(
                asset=asset, bus=bus, what=what, value=f"{values[step]}", time=network.labels[int(step)]
            )
    for name, store in network.stores.items():
        for step in np.flatnonzero((store.charge > 0) & (store.discharge > 0))[:1]:
            raise ChargeAndDischarge(asset=f"{name} ({store.bus})", time=network.labels[int(step)])
    for name, wire in network.wires.items():
        for step in np.flatnonzero(wire.arrived > wire.sent)[:1]:
            sent, arrived = int(wire.sent[step]), int(wire.arrived[step])
            at = network.labels[int(step)]
            raise LineGains(asset=name, bus=wire.end, time=at, sent_wh=sent, arrived_wh=arrived)


def _arrays(network: Network) -> Iterator[tuple[str, str, str, IntArray]]:
    """Yield (asset, bus, what, values) of every array."""
    for name, supply in network.supplies.items():
        yield name, supply.bus, "energy (Wh)", supply.wh
        yield name, supply.bus, "carbon (ug)", supply.ug
    draws = ((name, draw) for name, own in network.consumers.items() for draw in own)
    for name, draw in chain(draws, network.others.items()):
        yield name, draw.bus, "energy (Wh)", draw.wh
    for name, store in network.stores.items():
        yield name, store.bus, "charge (Wh)", store.charge
        yield name, store.bus, "discharge (Wh)", store.discharge
    for name, wire in network.wires.items():
        yield name, wire.start, "energy (Wh)", wire.sent
        yield name, wire.end, "energy (Wh)", wire.arrived
