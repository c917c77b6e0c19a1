"""Which registers a park's settlement needs, and how much each can count by its asset's rating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parkopt.metering.reading import Channel, Register
from parkopt.models.base import Role, Technology
from parkopt.park.invest import most
from parkopt.park.schema import Park

BY_ROLE = {
    Role.LOCAL: Register.GENERATION,
    Role.FUEL: Register.GENERATION,
    Role.DEMAND: Register.CONSUMPTION,
    Role.GRID: Register.IMPORT,
    Role.EXPORT: Register.EXPORT,
    Role.CHARGE: Register.CHARGE,
    Role.STORED: Register.DISCHARGE,
    Role.WITHIN_IMPORT: Register.DELIVERED,
}
OF_LINE = {
    "forward_mw": Register.FORWARD_SENT,
    "forward_arrived_mw": Register.FORWARD_ARRIVED,
    "back_mw": Register.BACK_SENT,
    "back_arrived_mw": Register.BACK_ARRIVED,
}
RATINGS: Mapping[Register, tuple[str, ...]] = {
    Register.GENERATION: ("ac_limit", "capacity", "power", "volume"),
    Register.CONSUMPTION: ("power", "max_power", "site_limit"),
    Register.IMPORT: ("import_limit", "export_limit"),
    Register.EXPORT: ("import_limit", "export_limit"),
    Register.CHARGE: ("charge", "discharge"),
    Register.DISCHARGE: ("charge", "discharge"),
    Register.FORWARD_SENT: ("limit", "back_limit"),
    Register.FORWARD_ARRIVED: ("limit", "back_limit"),
    Register.BACK_SENT: ("limit", "back_limit"),
    Register.BACK_ARRIVED: ("limit", "back_limit"),
    Register.DELIVERED: ("volume", "ac_limit", "capacity"),
}
"""Fields of an asset that say its power in MW."""
BOTH_WAYS = frozenset(RATINGS) - {Register.GENERATION, Register.CONSUMPTION, Register.DELIVERED}
"""Registers whose meter is rated for the larger of two directions: a limit of 0 is a promise, no rating."""
YEAR_H = 8760.0
PEAK_TO_MEAN = 10.0
"""No load of known annual energy is taken to draw more than this many times its mean."""


def channels(park: Park) -> list[Channel]:
    """Return the registers that a park's settlement needs, in the order of the park file.

    Heat and hydrogen are left out, as is what is a part of another flow; a contract over the
    public grid has the energy that is settled to the park.
    """
    return [channel for channel, _ in keyed_channels(park)]


def keyed_channels(park: Park) -> list[tuple[Channel, str]]:
    """Return each channel with the variable of a schedule (MW) that plans it."""
    found = []
    for name, asset in park.assets.items():
        if not isinstance(asset, Technology):
            continue
        for key, role in asset.flows().items():
            register = OF_LINE.get(key) if role in (Role.SENT, Role.ARRIVED) else BY_ROLE.get(role)
            if register is not None:
                party = str(getattr(asset, "enterprise", name)) if register == Register.CONSUMPTION else ""
                found.append((Channel(name, register, asset.bus_of(key), party), key))
    return found


def ratings_mw(park: Park, wanted: Iterable[Channel]) -> dict[tuple[str, Register], float | None]:
    """Return the most MW that each register can count by the park file; None where the file does not say.

    A consumer is held to what all sources of the park could give, at most.
    """
    own = {(one.device, one.register): _own_rating(park, one) for one in wanted}
    sources = [mw for (_, register), mw in own.items() if register in (Register.GENERATION, Register.IMPORT)]
    if any(mw is None for mw in sources):
        return own
    total = sum(mw for mw in sources if mw is not None)
    total += sum(mw or 0.0 for (_, register), mw in own.items() if register == Register.DISCHARGE)
    return {
        key: min(total, total if mw is None else mw) if key[1] == Register.CONSUMPTION and total else mw
        for key, mw in own.items()
    }


def _own_rating(park: Park, channel: Channel) -> float | None:
    asset = park.assets[channel.device]
    holder = asset if getattr(asset, "plant", None) is None else asset.plant  # type: ignore[attr-defined]
    known = [getattr(holder, name, None) for name in RATINGS[channel.register]]
    sizes = [most(value) for value in known if value is not None]
    if not sizes:
        annual = getattr(asset, "annual", None)
        return None if annual is None else PEAK_TO_MEAN * annual / YEAR_H
    return max(sizes) if channel.register in BOTH_WAYS else sizes[0]
