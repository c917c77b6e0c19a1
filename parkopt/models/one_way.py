"""Opposite flows of one asset are held apart by a binary a step: ``one <= U1 flag``, ``other <= U2 (1 - flag)``.

The limits U are as tight as the bus allows: while an asset gives, it gives at most what all
others take, and the other way round; steps in which one of the two is impossible need no
binary. What contracts bring over a connection flows only while it imports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.algebra import IntArray, Vars
from parkopt.models.base import Technology
from parkopt.models.hub import Block, Direction, Flow, Hub


def hold_apart(
    hub: Hub, assets: Mapping[str, Technology], everywhere: frozenset[str], places: frozenset[tuple[str, int]]
) -> None:
    """Add the binaries of the assets named, in all steps or in single ones.

    Parameters
    ----------
    hub : Hub
        With all assets built.
    assets : mapping
        The assets by name; `Technology.opposites` names the flows.
    everywhere : frozenset of str
        Assets with binaries in every step.
    places : frozenset of (str, int)
        Single steps of others.
    """
    for name, asset in assets.items():
        steps = range(hub.grid.n) if name in everywhere else sorted(step for owner, step in places if owner == name)
        for one, other in asset.opposites if len(steps) else ():
            _hold(hub, hub.block(name), one, other, np.asarray(steps, dtype=np.int64))


def _hold(hub: Hub, block: Block, one: str, other: str, steps: IntArray) -> None:
    first, second = block.variables[one], block.variables[other]
    most, least = _most_mw(hub, first), _most_mw(hub, second)
    first.upper[steps[most[steps] <= 0]] = 0.0  # it could run only beside its opposite
    second.upper[steps[least[steps] <= 0]] = 0.0
    steps = steps[(most[steps] > 0) & (least[steps] > 0)]
    if not len(steps):
        return
    labels = steps.tolist()
    flag = hub.cols(block, f"{one}_runs", labels, 0.0, 1.0, integer=True)
    hub.rows(block, f"{one}_only", first.at(steps) - most[steps] * flag <= 0.0, labels)
    hub.rows(block, f"{other}_only", second.at(steps) + least[steps] * flag <= least[steps], labels)
    for contract, connection, take in hub.over_grid if one == "import_mw" else ():
        if connection == block.name:
            hub.rows(block, f"{contract}_only", take.at(steps) - take.upper[steps] * flag <= 0.0, labels)
    hub.directions.append(Direction(flag, first.columns[steps], second.columns[steps]))


def _most_mw(hub: Hub, flow: Vars) -> FloatArray:
    """Return the most that a flow can be in each step while the asset's opposite flow rests, shape (n,)."""
    for mine, others in ((hub.supplies, hub.draws), (hub.draws, hub.supplies)):
        for own in mine:
            if own.mw is flow:
                takers = [other for other in others if other.bus == own.bus and other.asset != own.asset]
                rest = [same for same in mine if same.bus == own.bus and same.asset != own.asset]
                room = _total(takers, "upper", hub.grid.n) - _total(rest, "lower", hub.grid.n)
                return np.clip(room, 0.0, flow.upper)
    return flow.upper


def _total(flows: Sequence[Flow], bound: str, n: int) -> FloatArray:
    total = np.zeros(n)
    for flow in flows:
        total = total + (getattr(flow.mw, bound) if isinstance(flow.mw, Vars) else flow.mw)
    return total
