"""The flows of a schedule as a network in whole Wh, bus by bus.

A schedule's MW balance within the solver's tolerance, its whole Wh to a few Wh. What is missing
at a bus goes onto the largest source that runs there; where none does, onto the largest line
that feeds it, at both ends, so that the bus at its other end takes it over. The lines' losses
stay as they are. A larger gap is no rounding: it stays, and the tracing refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from parkopt.carbon.factors import Factor
from parkopt.carbon.network import Draw, IntArray, Network, Store, Supply, Wire
from parkopt.carbon.opening import EXPORT, WH_PER_MWH, of_role, own_ug_per_wh, storages
from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Role, Technology
from parkopt.park.asset import MAIN
from parkopt.park.schema import Park
from parkopt.schedule import of_asset

ROUNDING_WH = 2
"""Largest gap of a step that rounding can explain, for each flow at the bus."""
UG_PER_KG = 1e9
FUEL_CARBON = "fuel_carbon_kg"
"""Reported carbon of the fuel that an asset burns in each step, as far as it is for power or heat alone."""


@dataclass
class _Placed:
    """Flows of one kind: Wh of each step by name, and the bus of each name."""

    wh: dict[str, IntArray] = field(default_factory=dict)
    bus: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, bus: str, wh: IntArray) -> None:
        self.wh[name] = self.wh.get(name, 0) + wh
        self.bus[name] = bus

    def at(self, bus: str) -> dict[str, IntArray]:
        return {name: wh for name, wh in self.wh.items() if self.bus[name] == bus}


@dataclass(frozen=True)
class Schedule:
    """A schedule, its park and its grid."""

    data: xr.Dataset
    park: Park
    grid: TimeGrid

    def wh(self, name: str, key: str) -> IntArray:
        """Return a reported power of an asset as whole Wh of each step, shape (n,)."""
        return _wh(of_asset(self.data, key, name), self.grid)

    def bus_of(self, name: str, key: str) -> str:
        """Return where it is given or taken."""
        asset = self.park.assets[name]
        assert isinstance(asset, Technology)
        return asset.bus_of(key)

    def placed(self, *roles: Role) -> _Placed:
        """Return all flows of some roles by asset."""
        found = _Placed()
        for role in roles:
            for name, key in of_role(self.park, role):
                found.add(name, self.bus_of(name, key), self.wh(name, key))
        return found


def flows_of(schedule: xr.Dataset, park: Park, grid: TimeGrid, grid_factor: Factor) -> Network:
    """Return the schedule's flows in whole Wh, balanced to within what rounding leaves where no source runs.

    Parameters
    ----------
    schedule : xarray.Dataset
        From `parkopt.schedule.to_schedule`.
    park, grid : Park, TimeGrid
        Its park and grid.
    grid_factor : Factor
        Carbon of imports, and of unaccounted energy.
    """
    own = Schedule(schedule, park, grid)
    sources = own.placed(Role.LOCAL, Role.FUEL, Role.GRID)
    consumers, exports = _consumers(own), _exports(own)
    charge, discharge = own.placed(Role.CHARGE), own.placed(Role.STORED)
    wires = _wires(own)
    sinks = [*consumers.values(), exports, charge]
    buses = tuple(dict.fromkeys([MAIN, *(b for one in (sources, *sinks, *wires) for b in one.bus.values())]))
    _balance(buses, (sources, discharge), sinks, wires)
    sent, arrived = wires
    flows = len(sources.wh) + sum(len(one.wh) for one in sinks) + len(charge.wh) + 2 * len(sent.wh)
    return Network(
        labels=[grid.label(step) for step in range(grid.n)],
        supplies=_supplies(own, sources, grid_factor),
        consumers={name: [Draw(bus, wh) for bus, wh in at.wh.items()] for name, at in consumers.items()},
        others={name: Draw(exports.bus[name], wh) for name, wh in exports.wh.items()},
        stores={name: _store(own, name, charge, discharge) for name in storages(park)},
        wires={name: Wire(sent.bus[name], arrived.bus[name], sent.wh[name], arrived.wh[name]) for name in sent.wh},
        gap_ug_per_wh=grid_factor.ug_per_wh,
        most_gap_wh=ROUNDING_WH * flows,
        buses=buses,
    )


def _wh(mw: FloatArray, grid: TimeGrid) -> IntArray:
    return np.rint(np.asarray(mw) * (grid.hours * WH_PER_MWH)).astype(np.int64)


def _supplies(own: Schedule, sources: _Placed, grid_factor: Factor) -> dict[str, Supply]:
    """Return the sources with their carbon: the grid's factor, the fuel's own, none of wind and sun."""
    fuelled, imports = (dict(of_role(own.park, role)) for role in (Role.FUEL, Role.GRID))
    found = {}
    for name, wh in sources.wh.items():
        ug = _fuel_ug(own, name, wh) if name in fuelled else wh * (grid_factor.ug_per_wh if name in imports else 0)
        found[name] = Supply(sources.bus[name], wh, ug)
    return found


def _fuel_ug(own: Schedule, name: str, wh: IntArray) -> IntArray:
    """Return the carbon of a fuelled source's power by step: as reported, else by its constant factor."""
    asset = own.park.assets[name]
    assert isinstance(asset, Technology)
    if FUEL_CARBON in own.data and not np.isnan(of_asset(own.data, FUEL_CARBON, name)).any():
        return np.rint(of_asset(own.data, FUEL_CARBON, name) * UG_PER_KG).astype(np.int64)
    return wh * own_ug_per_wh(asset)


def _consumers(own: Schedule) -> dict[str, _Placed]:
    """Return what each consumer takes, by bus."""
    found = {name: _Placed() for name in consumers(own.park)}
    for name, key in of_role(own.park, Role.DEMAND):
        bus = own.bus_of(name, key)
        found[_consumer(own.park, name)].add(bus, bus, own.wh(name, key))
    return found


def _consumer(park: Park, asset: str) -> str:
    """Return whose consumption an asset's is: its enterprise's, or the asset's own where it has none."""
    return str(getattr(park.assets[asset], "enterprise", asset))


def consumers(park: Park) -> list[str]:
    """Return the enterprises that consume in the order of the park file, then assets without one."""
    used = dict.fromkeys(_consumer(park, name) for name, _ in of_role(park, Role.DEMAND))
    return [*(name for name in park.enterprises if name in used), *(n for n in used if n not in park.enterprises)]


def _exports(own: Schedule) -> _Placed:
    """Return what is exported, by connection where there are several."""
    given = own.placed(Role.EXPORT)
    found = _Placed()
    for name, wh in given.wh.items():
        found.add(EXPORT if len(given.wh) == 1 else f"{EXPORT}:{name}", given.bus[name], wh)
    return found


def _store(own: Schedule, name: str, charge: _Placed, discharge: _Placed) -> Store:
    asset = storages(own.park)[name]
    standing = 1.0 - (1.0 - asset.self_discharge) ** own.grid.hours
    return Store(charge.bus[name], charge.wh[name], discharge.wh[name], standing, not asset.initial_loses)


def _wires(own: Schedule) -> tuple[_Placed, _Placed]:
    """Return what is sent into and what arrives over each direction of each line."""
    sent, arrived = _Placed(), _Placed()
    ends = of_role(own.park, Role.ARRIVED)
    for name, key in of_role(own.park, Role.SENT):
        place = next(i for i, (line, _) in enumerate(ends) if line == name)
        _, other = ends.pop(place)
        way = f"{name}:{key.removesuffix('_mw')}"
        into, out = own.wh(name, key), own.wh(name, other)
        sent.add(way, own.bus_of(name, key), into)
        arrived.add(way, own.bus_of(name, other), np.where(out - into == 1, into, out))
    return sent, arrived


def _balance(
    buses: Sequence[str], gives: tuple[_Placed, _Placed], takes: Sequence[_Placed], wires: tuple[_Placed, _Placed]
) -> None:
    """Put the rounding of each bus where it belongs; what lines pass on travels at most as far as there are buses."""
    (sources, discharge), (sent, arrived) = gives, wires
    for _ in buses:
        for bus in buses:
            given = {**discharge.at(bus), **{f"{way}>": wh for way, wh in arrived.at(bus).items()}}
            taken = [wh for one in (*takes, sent) for wh in one.at(bus).values()]
            local = sources.at(bus)
            _absorb_rounding(local, given, taken)
            sources.wh |= local
            _pass_on(bus, [*local.values(), *given.values()], taken, wires)


def _absorb_rounding(sources: dict[str, IntArray], discharge: Mapping[str, IntArray], sinks: list[IntArray]) -> None:
    """Move the few Wh by which rounded flows miss their balance onto the largest source that runs in the step."""
    if not sources:
        return
    gap = _gap([*sources.values(), *discharge.values()], sinks)
    most = ROUNDING_WH * (len(sources) + len(discharge) + len(sinks))
    largest = np.argmax(np.stack(list(sources.values())), axis=0)
    for index, name in enumerate(list(sources)):
        mine = (largest == index) & (sources[name] > 0) & (np.abs(gap) <= most)
        sources[name] = np.maximum(sources[name] + np.where(mine, gap, 0), 0)


def _pass_on(bus: str, gives: list[IntArray], takes: list[IntArray], wires: tuple[_Placed, _Placed]) -> None:
    """Move what is still missing onto the largest line that feeds the bus, at both of its ends."""
    sent, arrived = wires
    feeding = arrived.at(bus)
    if not feeding:
        return
    gap = _gap(gives, takes)
    most = ROUNDING_WH * (len(gives) + len(takes))
    largest = np.argmax(np.stack(list(feeding.values())), axis=0)
    for index, (way, wh) in enumerate(feeding.items()):
        mine = (largest == index) & (wh > 0) & (wh + gap >= 0) & (np.abs(gap) <= most)
        arrived.wh[way] = wh + np.where(mine, gap, 0)
        sent.wh[way] = sent.wh[way] + np.where(mine, gap, 0)


def _gap(gives: Sequence[IntArray], takes: Sequence[IntArray]) -> IntArray:
    """Return what is missing of what is taken, by step."""
    nothing = np.zeros(1, np.int64)
    missing: IntArray = sum(takes, nothing) - sum(gives, nothing)
    return missing
