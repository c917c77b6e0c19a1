"""The carbon of a schedule: flows in Wh, traced, put back as hourly factor and green shares.

This is the physical account: location-based, by proportional sharing, forecast as long as
it rests on a schedule. What contracts attribute is another ledger and not mixed in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from parkopt.carbon.factors import Factor
from parkopt.carbon.network import LOSS, IntArray, LossPolicy, Traced, origin_of
from parkopt.carbon.opening import green_sources, opening, storages
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.schedule_network import FUEL_CARBON, UG_PER_KG, flows_of
from parkopt.carbon.trace import Trace, trace
from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.tech.storage import SIZES
from parkopt.park.schema import Park
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import described, of_asset

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
    NotClosed, ChargeAndDischarge, LineGains
        Where the flows cannot be traced.
    """
    built = {name: asset.as_built(_sizes(schedule, name)) for name, asset in storages(park).items()}
    reservoirs = {name: opening(name, asset, before, grid_factor) for name, asset in built.items()}
    traced = trace(flows_of(schedule, park, grid, grid_factor), reservoirs, LOSSES)
    added = _described_shares(schedule, park, traced, grid)
    attrs = {f"grid_factor_{key}": value for key, value in grid_factor.as_dict().items()}
    full = schedule.assign(added).assign_attrs(attrs | METHOD)
    return Account(described(full), traced, _with_origins(after, reservoirs))


LOSSES: LossPolicy = "account"
"""What lines lose is an account of its own: a schedule's Wh shares are of what consumers draw."""
METHOD = {
    "carbon_method": "physical tracing, proportional sharing, bus by bus",
    "carbon_losses": "lines: an account of their own",
    "carbon_storage": "mixed pool, losses to discharge",
    "carbon_basis": "forecast (from a schedule, not from meters)",
}


def _sizes(schedule: xr.Dataset, asset: str) -> dict[str, FloatArray]:
    """Return the sizes that the schedule chose for a storage."""
    return {key: of_asset(schedule, key, asset) for key in SIZES if key in schedule}


def _described_shares(schedule: xr.Dataset, park: Park, done: Trace, grid: TimeGrid) -> dict[str, xr.DataArray]:
    """Return the traced arrays with their dims: time, enterprise, source."""
    traced, green = done.traced, green_sources(park)
    carbon, consumption = traced.ug.sum(axis=1), traced.wh.sum(axis=1)
    is_green = np.asarray([origin_of(label) in green for label in traced.labels], dtype=bool)
    park_wh, park_ug = consumption.sum(axis=0), carbon.sum(axis=0)
    factor = np.where(park_wh > 0, park_ug / np.maximum(park_wh, 1) / 1000.0, 0.0)
    coords = {"time": schedule["time"], "enterprise": list(traced.consumers), "source": list(traced.labels)}

    def array(dims: tuple[str, ...], values: NDArray[np.generic]) -> xr.DataArray:
        return xr.DataArray(values, dims=dims, coords={dim: coords[dim] for dim in dims})

    found = {
        "consumption_wh": array(("enterprise", "time"), consumption),
        "green_wh": array(("enterprise", "time"), traced.wh[:, is_green].sum(axis=1)),
        "share_wh": array(("enterprise", "source", "time"), traced.wh),
        "carbon_ug": array(("enterprise", "time"), carbon),
        "export_wh": array(("source", "time"), _of_sinks(traced.other_wh, traced, list(done.network.others))),
        "park_factor_kg_per_mwh": array(("time",), factor),
        "park_carbon_ug": array(("time",), park_ug),
        "park_consumption_wh": array(("time",), park_wh),
        "fuel_ug": array(("time",), _burnt_ug(schedule, grid)),
    }
    lost = [name for name in traced.others if name.endswith(LOSS)]
    if lost:
        found["line_loss_wh"] = array(("source", "time"), _of_sinks(traced.other_wh, traced, lost))
        found["line_loss_ug"] = array(("time",), _of_sinks(traced.other_ug, traced, lost).sum(axis=0))
    return found


def _of_sinks(values: IntArray, traced: Traced, names: Sequence[str]) -> IntArray:
    """Return what some sinks that are no consumers took together, shape (labels, steps)."""
    total: IntArray = values[[traced.others.index(name) for name in names]].sum(axis=0)
    return total


def _burnt_ug(schedule: xr.Dataset, grid: TimeGrid) -> IntArray:
    """Return the carbon of all fuel burnt in the park, shape (n,): heat's as well, so not a part of the power's."""
    names = [name for name in BURNT if name in schedule]
    kg = sum((np.nansum(schedule[name].to_numpy(), axis=0) for name in names), np.zeros(grid.n))
    return np.rint(kg * UG_PER_KG).astype(np.int64)


def _with_origins(after: ParkState, reservoirs: Mapping[str, Reservoir]) -> ParkState:
    assets = dict(after.assets)
    for name, reservoir in reservoirs.items():
        origins = {"origin_wh": dict(reservoir.wh), "origin_ug": {key: str(ug) for key, ug in reservoir.ug.items()}}
        assets[name] = AssetState(**{**dict(assets.get(name, AssetState())), **origins})
    return after.model_copy(update={"assets": assets})
