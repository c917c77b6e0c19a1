"""The storages of a park as a schedule opens them: with known origins, or as undeclared grid energy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parkopt.carbon.factors import Factor
from parkopt.carbon.network import LOSS, UNACCOUNTED, StorageMethod
from parkopt.carbon.reservoir import OPENING, Reservoir
from parkopt.carbon.reservoir_lots import store_of
from parkopt.errors import ParkoptError, Text, Where
from parkopt.faults import UnknownAsset, WrongState, WrongValue
from parkopt.models.base import Role, Technology
from parkopt.models.policy import RULES
from parkopt.models.tech.storage import Storage
from parkopt.park.schema import Park
from parkopt.park.state import AssetState, ParkState

WH_PER_MWH = 1e6
EXPORT, CONSUMERS = "export", "consumers"
"""Sinks that are no enterprise; of several connections each has its own, ``export:<connection>``."""
ROUNDING_WH = 1000
"""Largest difference between the stored energy and the sum of its origins: rounding of many steps."""
_UG = re.compile(r"[0-9]{1,17}")
"""At most 100 kt: the sums stay within 64 bits."""


def storages(park: Park) -> dict[str, Storage]:
    """Return the storages of a park by name."""
    return {name: asset for name, asset in park.assets.items() if isinstance(asset, Storage)}


def own_ug_per_wh(asset: Technology) -> int:
    """Return the carbon of what an asset itself generates, ug/Wh."""
    return round(asset.carbon_kg_per_mwh() * 1000)


def green_sources(park: Park) -> frozenset[str]:
    """Return the assets that bring local green energy to the bus."""
    return frozenset(name for name, _ in of_role(park, Role.LOCAL))


def of_role(park: Park, role: Role) -> list[tuple[str, str]]:
    """Return (asset, reported power) of each flow with a role, in the order of the park file."""
    assets = [(name, asset) for name, asset in park.assets.items() if isinstance(asset, Technology)]
    return [(name, key) for name, asset in assets for key, own in asset.flows().items() if own == role]


def opening(
    name: str, asset: Storage, before: ParkState, grid_factor: Factor, method: StorageMethod = "pool"
) -> Reservoir:
    """Return a storage with its contents at the start; by age, they are of one unknown age."""
    state = before.of(name)
    known = (state.origin_wh, {key: int(ug) for key, ug in state.origin_ug.items()}) if state.origin_wh else None
    efficiencies = (asset.charge_efficiency, asset.discharge_efficiency)
    stored = _stored_wh(name, asset, state)
    return opening_reservoir(name, efficiencies, stored, known, grid_factor.ug_per_wh, method)


def opening_reservoir(
    name: str,
    efficiencies: tuple[float, float],
    stored_wh: int,
    known: tuple[dict[str, int], dict[str, int]] | None,
    grid_ug_per_wh: int,
    method: StorageMethod = "pool",
) -> Reservoir:
    """Return a storage as it opens: with the origins that are known, else as undeclared grid energy.

    Parameters
    ----------
    efficiencies : tuple of float
        Of charging and of discharging.
    stored_wh : int
        Stored energy.
    known : tuple of dict, or None
        Wh and ug by origin, from the state that the last schedule returned.
    grid_ug_per_wh : int
        Factor of undeclared energy.
    method : str
        By which it keeps origins.
    """
    if known is not None and any(known[0].values()):
        return store_of(method, name, efficiencies, known)
    if not stored_wh:
        return store_of(method, name, efficiencies)
    return store_of(method, name, efficiencies, ({OPENING: stored_wh}, {OPENING: stored_wh * grid_ug_per_wh}))


def _stored_wh(name: str, asset: Storage, state: AssetState) -> int:
    return round(asset.opening_mwh(name, state) * WH_PER_MWH)


def name_faults(park: Park) -> Iterator[WrongValue]:
    """Yield a fault for each name that the account could not tell from another or from a word of its own."""
    own = {OPENING, UNACCOUNTED, EXPORT, CONSUMERS, RULES}
    reason = Text("the model or the carbon account uses this name or sign itself", "模型或碳核算已使用该名称或符号")
    for name in park.assets:
        if name in own or "<" in name or name.startswith(f"{EXPORT}:") or name.endswith(LOSS):
            yield WrongValue(Where(field=f"assets.{name}"), value=name, reason=reason)
    reason = Text("an asset or the carbon account has this name", "资产或碳核算已使用该名称")
    for name in park.enterprises:
        if name in own or name in park.assets:
            yield WrongValue(Where(field=f"enterprises.{name}"), value=name, reason=reason)


def origin_faults(park: Park, before: ParkState) -> Iterator[ParkoptError]:
    """Yield what is wrong with the declared origins: unknown sources, sums that miss the stored energy, no carbon."""
    for name, asset in storages(park).items():
        state = before.of(name)
        if state.origin_wh or state.origin_ug:
            yield from _faults_of(park, name, state, _stored_wh(name, asset, state))


def _faults_of(park: Park, name: str, state: AssetState, stored: int) -> Iterator[ParkoptError]:
    place = f"assets.{name}.origin"
    fuelled = {name for name, _ in of_role(park, Role.FUEL)}
    known = sorted(green_sources(park) | fuelled | set(park.of_kind("grid")) | {OPENING, UNACCOUNTED})
    for origin in state.origin_wh:
        if origin not in known:
            yield UnknownAsset(
                Where(field=f"{place}_wh"), park=park.id, kind="source", asset=origin, known=", ".join(known)
            )
    total = sum(state.origin_wh.values())
    if abs(total - stored) > ROUNDING_WH or min(state.origin_wh.values(), default=0) < 0:
        allowed = {"low": f"{stored - ROUNDING_WH} Wh", "high": f"{stored + ROUNDING_WH} Wh"}
        yield WrongState(Where(field=f"{place}_wh"), name="origin_wh", value=f"{total} Wh", **allowed)
    if set(state.origin_ug) != set(state.origin_wh) or not all(map(_UG.fullmatch, state.origin_ug.values())):
        yield WrongState(Where(field=f"{place}_ug"), name="origin_ug", value="?", low="0 ug", high=f"{10**17 - 1} ug")
