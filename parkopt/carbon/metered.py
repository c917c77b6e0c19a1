"""From meters on whole hours to what the two ledgers are given: a network to trace, a case to attribute.

Import and export of one connection within an hour are netted, as are the charge and the
discharge of one storage (reference 3.1): which part of an hour's energy passed through
cannot be told from its sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.contractual import AttributionMethod, Battery, Contractual
from parkopt.carbon.network import Draw, Network, Store, Supply, Wire
from parkopt.carbon.opening import EXPORT, WH_PER_MWH, own_ug_per_wh, storages
from parkopt.metering.reading import Channel, IntArray, Metered, Register
from parkopt.models.base import Role, Technology
from parkopt.models.tech.storage import Storage
from parkopt.park.invest import most
from parkopt.park.schema import Park

PPM = 1_000_000
WIRES = {
    "forward": (Register.FORWARD_SENT, Register.FORWARD_ARRIVED),
    "back": (Register.BACK_SENT, Register.BACK_ARRIVED),
}
GREEN = frozenset({Role.LOCAL, Role.WITHIN_IMPORT})
HOURS_UTC = "%Y-%m-%dT%H:%M:%SZ"


def network_of(
    park: Park, metered: Metered, channels: Sequence[Channel], grid_ug: IntArray, residual_ug_per_wh: int
) -> Network:
    """Return the metered flows as a network for the physical tracing.

    Parameters
    ----------
    park : Park
        The park.
    metered : Metered
        Its meters on whole hours.
    channels : sequence of Channel
        Where each register stands.
    grid_ug : ndarray of int64
        Carbon of the import in each hour in ug/Wh, shape (n,).
    residual_ug_per_wh : int
        Carbon of energy that no meter accounts for.
    """
    net = _Netted(metered)
    return Network(
        labels=[metered.grid.label(step) for step in range(metered.grid.n)],
        supplies=_supplies(park, net, channels, grid_ug),
        consumers=_consumers(park, metered, channels),
        others=_exports(net, channels),
        stores=_stores(park, net, channels),
        wires=_wires(metered, channels),
        gap_ug_per_wh=residual_ug_per_wh,
        most_gap_wh=None,
        buses=tuple(dict.fromkeys(channel.bus for channel in channels)),
    )


class _Netted:
    """Meters with opposite registers of one device netted hour by hour."""

    PAIRS = {
        Register.IMPORT: Register.EXPORT,
        Register.EXPORT: Register.IMPORT,
        Register.CHARGE: Register.DISCHARGE,
        Register.DISCHARGE: Register.CHARGE,
    }

    def __init__(self, metered: Metered) -> None:
        self.metered = metered

    def of(self, device: str, register: Register) -> IntArray:
        own = self.metered.wh[device, register]
        other = self.metered.wh.get((device, self.PAIRS[register])) if register in self.PAIRS else None
        return own if other is None else own - np.minimum(own, other)


def _supplies(park: Park, net: _Netted, channels: Iterable[Channel], grid_ug: IntArray) -> dict[str, Supply]:
    found = {}
    for one in channels:
        if one.register == Register.GENERATION:
            asset = park.assets[one.device]
            assert isinstance(asset, Technology)
            wh = net.of(one.device, one.register)
            found[one.device] = Supply(one.bus, wh, wh * own_ug_per_wh(asset))
        elif one.register == Register.IMPORT:
            wh = net.of(one.device, one.register)
            found[one.device] = Supply(one.bus, wh, wh * grid_ug)
    return found


def _consumers(park: Park, metered: Metered, channels: Iterable[Channel]) -> dict[str, list[Draw]]:
    by_party: dict[str, dict[str, IntArray]] = {name: {} for name in parties(park, channels)}
    for one in channels:
        if one.register == Register.CONSUMPTION:
            at = by_party[one.party]
            at[one.bus] = at.get(one.bus, 0) + metered.wh[one.device, one.register]
    return {party: [Draw(bus, wh) for bus, wh in at.items()] for party, at in by_party.items()}


def parties(park: Park, channels: Iterable[Channel]) -> list[str]:
    """Return who consumes: the enterprises in the order of the park file, then assets without one."""
    used = dict.fromkeys(one.party for one in channels if one.register == Register.CONSUMPTION)
    return [*(name for name in park.enterprises if name in used), *(n for n in used if n not in park.enterprises)]


def _exports(net: _Netted, channels: Iterable[Channel]) -> dict[str, Draw]:
    found = [one for one in channels if one.register == Register.EXPORT]
    names = [EXPORT] if len(found) == 1 else [f"{EXPORT}:{one.device}" for one in found]
    return {name: Draw(one.bus, net.of(one.device, one.register)) for name, one in zip(names, found, strict=True)}


def _stores(park: Park, net: _Netted, channels: Iterable[Channel]) -> dict[str, Store]:
    own = storages(park)
    return {
        one.device: Store(
            one.bus,
            net.of(one.device, Register.CHARGE),
            net.of(one.device, Register.DISCHARGE),
            own[one.device].self_discharge,
        )
        for one in channels
        if one.register == Register.CHARGE and one.device in own
    }


def _wires(metered: Metered, channels: Iterable[Channel]) -> dict[str, Wire]:
    ends: dict[str, dict[Register, str]] = defaultdict(dict)
    for one in channels:
        ends[one.device][one.register] = one.bus
    return {
        f"{device}:{way}": Wire(at[sent], at[arrived], metered.wh[device, sent], metered.wh[device, arrived])
        for device, at in ends.items()
        for way, (sent, arrived) in WIRES.items()
        if sent in at
    }


def contractual_of(park: Park, metered: Metered, channels: Sequence[Channel], method: AttributionMethod) -> Contractual:
    """Return the metered energies as a case for the attribution; only measured hours of a plant count as green.

    Certificates rest on measured readings; an estimated hour waits for its reading.
    """
    net = _Netted(metered)
    green = [one.device for one in channels if one.register == Register.GENERATION and is_green(park, one.device)]
    given = [one.device for one in channels if one.register == Register.DELIVERED]
    entitled = entitlements(park, [*green, *given])
    return Contractual(
        hours=tuple(metered.grid.index.strftime(HOURS_UTC)),
        generation={name: certified(metered, name, Register.GENERATION) for name in green},
        delivered={name: certified(metered, name, Register.DELIVERED) for name in given},
        consumption=consumption(park, metered, channels),
        imports=_total(net, channels, Register.IMPORT),
        exports=_total(net, channels, Register.EXPORT),
        entitlements=entitled,
        shared=frozenset(name for name in green if name not in entitled),
        batteries=_batteries(park, net, channels),
        method=method,
    )


def is_green(park: Park, device: str) -> bool:
    """Return whether a device's energy is renewable: local without fuel, or a contract with a plant over the grid."""
    asset = park.assets[device]
    return isinstance(asset, Technology) and bool(GREEN & frozenset(asset.flows().values()))


def certified(metered: Metered, device: str, register: Register) -> IntArray:
    """Return the Wh of each hour for which certificates may be issued: measured ones."""
    return np.where(metered.measured[device, register], metered.wh[device, register], 0)


def consumption(park: Park, metered: Metered, channels: Sequence[Channel]) -> dict[str, IntArray]:
    """Return each party's Wh of each hour over all its devices."""
    total: dict[str, IntArray] = {p: np.zeros(metered.grid.n, np.int64) for p in parties(park, channels)}
    for one in channels:
        if one.register == Register.CONSUMPTION:
            total[one.party] = total[one.party] + metered.wh[one.device, one.register]
    return total


def measured_share(metered: Metered, channels: Iterable[Channel], party: str) -> NDArray[np.bool_]:
    """Return for each hour whether all of a party's consumption was measured."""
    own = [metered.measured[c.device, c.register] for c in channels if c.party == party]
    return np.logical_and.reduce(own) if own else np.ones(metered.grid.n, bool)


def entitlements(park: Park, devices: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return by device, by party, the parts per million of its energy; devices without any are left out."""
    found = {
        device: {
            name: round(one.entitlements[device] * PPM)
            for name, one in park.enterprises.items()
            if one.entitlements.get(device)
        }
        for device in devices
    }
    return {device: shares for device, shares in found.items() if shares}


def capacity_wh(store: Storage) -> int:
    """Return the most Wh that a storage can hold."""
    return int(most(store.energy) * WH_PER_MWH)


def _total(net: _Netted, channels: Iterable[Channel], register: Register) -> IntArray:
    parts = [net.of(one.device, register) for one in channels if one.register == register]
    return np.sum(parts, axis=0, dtype=np.int64) if parts else np.zeros(net.metered.grid.n, np.int64)


def _batteries(park: Park, net: _Netted, channels: Iterable[Channel]) -> dict[str, Battery]:
    own = storages(park)
    return {
        one.device: Battery(
            net.of(one.device, Register.CHARGE),
            net.of(one.device, Register.DISCHARGE),
            own[one.device].charge_efficiency,
            own[one.device].discharge_efficiency,
            own[one.device].self_discharge,
            capacity_wh(own[one.device]),
        )
        for one in channels
        if one.register == Register.CHARGE and one.device in own
    }
