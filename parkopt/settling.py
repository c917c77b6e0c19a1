"""A metered day in both ledgers: what the steps of SETTLE hand to one another, and the steps.

Each step is a pure function of what it is given; `parkopt.services.settle` reads the meters
before them and, after them, writes certificates, records and the signed head in one
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from parkopt.carbon.attribute import attribute
from parkopt.carbon.contractual import Attributed, Contractual, Lot
from parkopt.carbon.factors import Factor
from parkopt.carbon.metered import contractual_of, network_of
from parkopt.carbon.methods import Method
from parkopt.carbon.network import IntArray, Network, StorageMethod, Traced
from parkopt.carbon.opening import storages
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.reservoir_lots import FifoLots, store_of
from parkopt.carbon.trace_network import trace_network
from parkopt.metering.channels import channels
from parkopt.metering.reading import Channel, Metered
from parkopt.park.schema import Park, ParkFile
from parkopt.stages import Context


@dataclass(frozen=True)
class Content:
    """What a storage holds: Wh and ug by origin, and by age where the method asks for it (fifo, lifo)."""

    wh: Mapping[str, int]
    ug: Mapping[str, int]
    lots: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, reservoir: Reservoir) -> Content:
        """Return the content of a storage."""
        lots = reservoir.lots_as_dicts() if isinstance(reservoir, FifoLots) else []
        return cls(dict(reservoir.wh), dict(reservoir.ug), tuple(lots))


@dataclass(frozen=True)
class DayToSettle:
    """A local day with its meters, and what the day before handed over.

    Attributes
    ----------
    grid_factor, residual : Factor
        Of imports; of energy that nobody claims or accounts for.
    grid_ug : ndarray of int64
        Carbon of the import in each hour in ug/Wh: the factor, or an hourly series in its place.
    contents : mapping
        By storage, what it holds by origin (physical ledger).
    lots : tuple of Lot
        What storages hold in the contractual ledger.
    revision : int
        0, or one more than the newest settlement of the day.
    """

    file: ParkFile
    day: date
    metered: Metered
    method: Method
    grid_factor: Factor
    grid_ug: IntArray
    residual: Factor
    contents: Mapping[str, Content]
    lots: tuple[Lot, ...] = ()
    revision: int = 0

    @property
    def park(self) -> Park:
        """The park."""
        return self.file.park


@dataclass(frozen=True)
class Measured:
    """With the flows as a network, and as a case for the attribution."""

    asked: DayToSettle
    channels: list[Channel]
    network: Network
    case: Contractual


@dataclass(frozen=True)
class TracedDay:
    """With the physical ledger: who got which energy, and what the storages hold at the end."""

    measured: Measured
    traced: Traced
    contents: dict[str, Content]


@dataclass(frozen=True)
class AttributedDay:
    """With the contractual ledger: who may claim what."""

    physical: TracedDay
    attributed: Attributed

    @property
    def asked(self) -> DayToSettle:
        """The day and what it rests on."""
        return self.physical.measured.asked


def measure(asked: DayToSettle, ctx: Context) -> Measured:
    """Put the meters into the shape that each ledger takes."""
    del ctx
    park, own = asked.park, channels(asked.park)
    network = network_of(park, asked.metered, own, asked.grid_ug, asked.residual.ug_per_wh)
    return Measured(asked, own, network, contractual_of(park, asked.metered, own, asked.method.attribution))


def trace_day(measured: Measured, ctx: Context) -> TracedDay:
    """Trace every Wh from source to consumer, through lines and storages."""
    del ctx
    asked = measured.asked
    reservoirs = reservoirs_of(asked.park, asked.contents, asked.method.storage_carbon)
    traced = trace_network(
        measured.network, reservoirs, losses=asked.method.loss_policy, storage=asked.method.storage_carbon
    )
    return TracedDay(measured, traced, {name: Content.of(one) for name, one in reservoirs.items()})


def reservoirs_of(park: Park, contents: Mapping[str, Content], method: StorageMethod) -> dict[str, Reservoir]:
    """Return the storages with their contents, by the method that keeps origins."""
    found = {}
    for name, asset in storages(park).items():
        held = contents[name]
        efficiencies = (asset.charge_efficiency, asset.discharge_efficiency)
        found[name] = store_of(method, name, efficiencies, (held.wh, held.ug), held.lots)
    return found


def attribute_day(physical: TracedDay, ctx: Context) -> AttributedDay:
    """Say by entitlement, contract and share of consumption who may claim what."""
    del ctx
    measured = physical.measured
    return AttributedDay(physical, attribute(measured.case, measured.asked.lots))
