"""A park's power network over some steps, as energies in whole Wh: what the tracing is given, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.park.asset import MAIN

IntArray = NDArray[np.int64]
LossPolicy = Literal["account", "downstream"]
"""Who bears the carbon of what lines lose: an account of its own, or who is supplied over the line."""
StorageMethod = Literal["pool", "pool_operator", "fifo", "lifo"]
"""How stored energy keeps its origin; `pool` lets losses weigh on what is discharged, `pool_operator` on the
operator's own account."""
UNACCOUNTED = "unaccounted"
"""A gap between meters, booked as a source (at the residual factor) or as a sink of its own."""

LOSS = ":loss"
"""After a line's name: the sink of what it loses."""


@dataclass(frozen=True)
class Supply:
    """A source at a bus (not a storage): Wh and carbon of each step, both shape (n,), int64."""

    bus: str
    wh: IntArray
    ug: IntArray


@dataclass(frozen=True)
class Draw:
    """A sink at a bus (a consumer, or what is exported): Wh of each step, shape (n,), int64."""

    bus: str
    wh: IntArray


@dataclass(frozen=True)
class Store:
    """A storage at a bus: Wh of each step at the bus, shape (n,), int64."""

    bus: str
    charge: IntArray
    discharge: IntArray
    standing: float = 0.0
    """Share of the content lost in a step."""
    whole_at_first: bool = False
    """Whether the first step loses nothing."""
    netted: bool = False
    """Whether a step may hold charge and discharge (sums of a meter): only their difference is traced then."""


@dataclass(frozen=True)
class Wire:
    """One direction of a line: Wh into it at `start` and out of it at `end` in each step, shape (n,), int64."""

    start: str
    end: str
    sent: IntArray
    arrived: IntArray


@dataclass(frozen=True)
class Network:
    """All flows of a park. Per step and bus sources and sinks must agree to within `gap` rules.

    Attributes
    ----------
    labels : sequence of str
        Local start of each step, for messages.
    supplies, stores, wires : mapping
        By name of the source, the storage, the line's direction.
    consumers : mapping
        By name of the consumer, its draws, one for each bus at which it consumes.
    others : mapping
        Sinks that are no consumers: export.
    gap_ug_per_wh : int
        Carbon of unaccounted energy that is booked as a source.
    most_gap_wh : int or None
        Largest gap of a step and bus that is booked as unaccounted without a fault; None for any (meters).
    buses : tuple of str
        In the order in which they are traced where flows leave it open; buses that only flows name come after these.
    netted : mapping
        By source, the sink of the same connection with which it is netted step by step: an import by its export.
    """

    labels: Sequence[str]
    supplies: Mapping[str, Supply]
    consumers: Mapping[str, Sequence[Draw]]
    others: Mapping[str, Draw] = field(default_factory=dict)
    stores: Mapping[str, Store] = field(default_factory=dict)
    wires: Mapping[str, Wire] = field(default_factory=dict)
    gap_ug_per_wh: int = 0
    most_gap_wh: int | None = None
    buses: tuple[str, ...] = (MAIN,)
    netted: Mapping[str, str] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of steps."""
        return len(self.labels)


@dataclass(frozen=True)
class Traced:
    """Where each source's energy and carbon went, exactly.

    A label is a source's name, or ``storage<source`` for energy that came through a storage
    (``unaccounted`` and ``opening`` are origins too).

    Attributes
    ----------
    labels : tuple of str
        The labels.
    consumers, others : tuple of str
        The consumers; all other sinks: export, ``unaccounted``, ``<line>:loss``, and each storage (its charging).
    wh, ug : ndarray of int64
        Shape (consumers, labels, steps).
    other_wh, other_ug : ndarray of int64
        Shape (others, labels, steps).
    bus_wh : mapping
        By bus, Wh of each label that all consumers there took together, shape (labels, steps): what an auditor can
        recompute without knowing who consumed what.
    source_ug : ndarray of int64
        Carbon that sources brought in each step (not what storages gave back), shape (steps,). Carbon of a step in
        which its source gives no Wh reaches nobody and is left out.
    bus_ug : mapping
        The carbon that goes with `bus_wh`.
    """

    labels: tuple[str, ...]
    consumers: tuple[str, ...]
    others: tuple[str, ...]
    wh: IntArray
    ug: IntArray
    other_wh: IntArray
    other_ug: IntArray
    bus_wh: Mapping[str, IntArray]
    source_ug: IntArray
    bus_ug: Mapping[str, IntArray] = field(default_factory=dict)


def origin_of(label: str) -> str:
    """Return the source behind a label: ``ess<roof_pv`` came from ``roof_pv``."""
    return label.rpartition("<")[2]
