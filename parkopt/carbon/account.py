"""The carbon of a schedule: flows in Wh, traced, put back as hourly factor and green shares.

This is the physical account: location-based, by proportional sharing, forecast as long as
it rests on a schedule. What contracts attribute is another ledger and not mixed in here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from parkopt.carbon.factors import Factor
from parkopt.carbon.opening import EXPORT, WH_PER_MWH, green_sources, of_role, opening, storages
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.trace import ROUNDING_WH, Flows, Trace, origin_of, trace
from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Role, Technology
from parkopt.models.tech.storage import SIZES
from parkopt.park.schema import Park
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import described, of_asset

IntArray = NDArray[np.int64]
UG_PER_WH = 1000
"""1 kg/MWh in ug/Wh."""
UG_PER_KG = 1e9
FUEL_CARBON = "fuel_carbon_kg"
"""Reported carbon of the fuel that an asset burns in each step, as far as it is for power or heat alone."""
BURNT = (FUEL_CARBON, "heat_carbon_kg")
"""Reported carbon of fuel: all of it together is what the park emits itself."""


@dataclass(frozen=True)
class Account:
    """A schedule with its carbon, the trace behind it, and the state with origins."""

    schedule: xr.Dataset
    trace: Trace
    state: ParkState


def account(
    schedule: xr.Dataset, park: Park, grid: TimeGrid, before: ParkState, after: ParkState, grid_factor: Factor
) -> Account:
    """Trace a schedule and add factor, carbon and shares to it.

    Parameters
    ----------
    schedule : xarray.Dataset
        From `parkopt.schedule.to_schedule`.
    park : Park
        Its park.
    grid : TimeGrid
        Its grid.
    before, after : ParkState
        State at its start and its end; the latter gets the origins of the stored energy.
    grid_factor : Factor
        Carbon of imports.

    Raises
    ------
    NotClosed, ChargeAndDischarge
        Where the flows cannot be traced.
    """
    built = {name: asset.as_built(_sizes(schedule, name)) for name, asset in storages(park).items()}
    reservoirs = {name: opening(name, asset, before, grid_factor) for name, asset in built.items()}
    flows = flows_of(schedule, park, grid, grid_factor)
    traced = trace(flows, reservoirs)
    added = _described_shares(schedule, park, flows, traced, grid)
    attrs = {f"grid_factor_{key}": value for key, value in grid_factor.as_dict().items()}
    buses = ", one bus" if not of_role(park, Role.SENT) else ", all buses taken as one, line losses a consumer"
    method = METHOD | {"carbon_method": METHOD["carbon_method"] + buses}
    full = schedule.assign(added).assign_attrs(attrs | method)
    return Account(described(full), traced, _with_origins(after, reservoirs))


METHOD = {
    "carbon_method": "physical tracing, proportional sharing",
    "carbon_storage": "mixed pool, losses to discharge",
    "carbon_basis": "forecast (from a schedule, not from meters)",
}


def flows_of(schedule: xr.Dataset, park: Park, grid: TimeGrid, grid_factor: Factor) -> Flows:
    """Return the schedule's flows in whole Wh; rounding is put on the largest source of each step."""
    sources = {name: _wh(of_asset(schedule, key, name), grid) for name, key in of_role(park, Role.LOCAL)}
    imports = {name: _wh(of_asset(schedule, key, name), grid) for name, key in of_role(park, Role.GRID)}
    fuelled = {name: _wh(of_asset(schedule, key, name), grid) for name, key in of_role(park, Role.FUEL)}
    sources |= fuelled | imports
    sinks = _sinks(schedule, park, grid)
    charge = {name: _wh(of_asset(schedule, "charge_mw", name), grid) for name in storages(park)}
    discharge = {name: _wh(of_asset(schedule, "discharge_mw", name), grid) for name in storages(park)}
    _absorb_rounding(sources, discharge, [*sinks.values(), *charge.values()])
    return Flows(
        labels=[grid.label(step) for step in range(grid.n)],
        sources={name: values.tolist() for name, values in sources.items()},
        factor_ug_per_wh={name: grid_factor.ug_per_wh if name in imports else 0 for name in sources},
        carbon_ug={name: _fuel_ug(schedule, park, name, sources[name]) for name in fuelled},
        sinks={name: values.tolist() for name, values in sinks.items()},
        charge={name: values.tolist() for name, values in charge.items()},
        discharge={name: values.tolist() for name, values in discharge.items()},
        standing={n: 1.0 - (1.0 - a.self_discharge) ** grid.hours for n, a in storages(park).items()},
        whole_at_first=frozenset(n for n, a in storages(park).items() if not a.initial_loses),
        gap_ug_per_wh=grid_factor.ug_per_wh,
    )


def _sizes(schedule: xr.Dataset, asset: str) -> dict[str, FloatArray]:
    """Return the sizes that the schedule chose for a storage."""
    return {key: of_asset(schedule, key, asset) for key in SIZES if key in schedule}


def _fuel_ug(schedule: xr.Dataset, park: Park, name: str, wh: IntArray) -> list[int]:
    """Return the carbon of a fuelled source's power by step: as reported, else by its constant factor."""
    asset = park.assets[name]
    assert isinstance(asset, Technology)
    if FUEL_CARBON in schedule and not np.isnan(of_asset(schedule, FUEL_CARBON, name)).any():
        return [round(kg * UG_PER_KG) for kg in of_asset(schedule, FUEL_CARBON, name).tolist()]
    return [int(energy) * round(asset.carbon_kg_per_mwh() * UG_PER_WH) for energy in wh.tolist()]


def _wh(mw: FloatArray, grid: TimeGrid) -> IntArray:
    return np.rint(np.asarray(mw) * (grid.hours * WH_PER_MWH)).astype(np.int64)


def _sinks(schedule: xr.Dataset, park: Park, grid: TimeGrid) -> dict[str, IntArray]:
    """Return consumption by enterprise, what lines lose, and the export."""
    sinks: dict[str, IntArray] = {name: np.zeros(grid.n, dtype=np.int64) for name in consumers(park)}
    for name, key in of_role(park, Role.DEMAND):
        sinks[_consumer(park, name)] += _wh(of_asset(schedule, key, name), grid)
    for sign, role in ((1, Role.SENT), (-1, Role.ARRIVED)):
        for name, key in of_role(park, role):
            sinks[name] += sign * _wh(of_asset(schedule, key, name), grid)
    return {**sinks, EXPORT: _wh(schedule["export_mw"].to_numpy(), grid)}


def _consumer(park: Park, asset: str) -> str:
    """Return whose consumption an asset's is: its enterprise's, or the asset's own where it has none."""
    return str(getattr(park.assets[asset], "enterprise", asset))


def consumers(park: Park) -> list[str]:
    """Return the enterprises that consume in the order of the park file, then assets without one, then lines."""
    drawing = [*of_role(park, Role.DEMAND), *of_role(park, Role.SENT)]
    used = dict.fromkeys(_consumer(park, name) for name, _ in drawing)
    alone = [name for name in used if name not in park.enterprises]
    return [*(name for name in park.enterprises if name in used), *alone]


def _absorb_rounding(sources: dict[str, IntArray], discharge: dict[str, IntArray], sinks: list[IntArray]) -> None:
    """Move the few Wh by which rounded flows miss their balance onto the largest source that runs in the step.

    A larger gap is no rounding: it stays, and the tracing refuses it.
    """
    names = list(sources)
    gives = np.sum([*sources.values(), *discharge.values()], axis=0)
    gap = np.sum(sinks, axis=0) - gives
    most = ROUNDING_WH * (len(sources) + len(discharge) + len(sinks))
    largest = np.argmax(np.stack(list(sources.values())), axis=0)
    for index, name in enumerate(names):
        mine = (largest == index) & (sources[name] > 0) & (np.abs(gap) <= most)
        sources[name] = np.maximum(sources[name] + np.where(mine, gap, 0), 0)


def _described_shares(
    schedule: xr.Dataset, park: Park, flows: Flows, traced: Trace, grid: TimeGrid
) -> dict[str, xr.DataArray]:
    """Return the traced arrays with their dims: time, enterprise, source."""
    names, green = consumers(park), green_sources(park)
    labels = sorted({label for step in traced.wh for _, label in step}, key=lambda label: ("<" in label, label))
    shares = _table(traced.wh, names, labels, grid)
    carbon = _table(traced.ug, names, labels, grid).sum(axis=1)
    export = _table(traced.wh, [EXPORT], labels, grid)[0]
    is_green = np.asarray([origin_of(label) in green for label in labels], dtype=bool)
    consumption = np.asarray([flows.sinks[name] for name in names], dtype=np.int64).reshape(len(names), grid.n)
    park_wh, park_ug = consumption.sum(axis=0), carbon.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(park_wh > 0, park_ug / np.maximum(park_wh, 1) / 1000.0, 0.0)
    coords = {"time": schedule["time"], "enterprise": names, "source": labels}

    def array(dims: tuple[str, ...], values: NDArray[np.generic]) -> xr.DataArray:
        return xr.DataArray(values, dims=dims, coords={dim: coords[dim] for dim in dims})

    return {
        "consumption_wh": array(("enterprise", "time"), consumption),
        "green_wh": array(("enterprise", "time"), shares[:, is_green].sum(axis=1)),
        "share_wh": array(("enterprise", "source", "time"), shares),
        "carbon_ug": array(("enterprise", "time"), carbon),
        "export_wh": array(("source", "time"), export),
        "park_factor_kg_per_mwh": array(("time",), factor),
        "park_carbon_ug": array(("time",), park_ug),
        "park_consumption_wh": array(("time",), park_wh),
        "fuel_ug": array(("time",), _burnt_ug(schedule, grid)),
    }


def _burnt_ug(schedule: xr.Dataset, grid: TimeGrid) -> IntArray:
    """Return the carbon of all fuel burnt in the park, shape (n,): heat's as well, so not a part of the power's."""
    names = [name for name in BURNT if name in schedule]
    kg = sum((np.nansum(schedule[name].to_numpy(), axis=0) for name in names), np.zeros(grid.n))
    return np.rint(kg * UG_PER_KG).astype(np.int64)


def _table(steps: list[dict[tuple[str, str], int]], sinks: list[str], labels: list[str], grid: TimeGrid) -> IntArray:
    table = np.zeros((len(sinks), len(labels), grid.n), dtype=np.int64)
    row = {name: index for index, name in enumerate(sinks)}
    column = {label: index for index, label in enumerate(labels)}
    for t, step in enumerate(steps):
        for (sink, label), value in step.items():
            if sink in row:
                table[row[sink], column[label], t] = value
    return table


def _with_origins(after: ParkState, reservoirs: dict[str, Reservoir]) -> ParkState:
    assets = dict(after.assets)
    for name, reservoir in reservoirs.items():
        origins = {"origin_wh": dict(reservoir.wh), "origin_ug": {key: str(ug) for key, ug in reservoir.ug.items()}}
        assets[name] = AssetState(**{**dict(assets.get(name, AssetState())), **origins})
    return after.model_copy(update={"assets": assets})
