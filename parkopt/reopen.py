"""A day that is planned anew while it runs: its state at a moment, and what stays committed.

The state is what the earlier schedule says of the moment, step by step as it would have been
handed over at midnight, with origins and counters; measured levels replace what it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import xarray as xr

from parkopt.carbon.account import account
from parkopt.carbon.factors import Factor
from parkopt.clock import FloatArray, TimeGrid, fixed_zone
from parkopt.errors import Where
from parkopt.faults import OutOfRange, UnknownAsset
from parkopt.intake import DayRequest
from parkopt.models import Problem
from parkopt.models.base import Role, Technology
from parkopt.park.schema import Park
from parkopt.park.state import ParkState
from parkopt.schedule import BUS, state_after

COMMITTED = frozenset({Role.STORED, Role.CHARGE, Role.FUEL, Role.DEMAND, Role.WITHIN_IMPORT})
"""Flows that a commitment holds."""
Reported = dict[str, dict[str, FloatArray]]


@dataclass(frozen=True)
class ReplanRequest:
    """What an energy manager asks for within a day."""

    earlier: xr.Dataset
    """The schedule that runs."""
    day: DayRequest
    """The request as for a whole day: park, weather, loads, goal, limits; date, step and state come from `earlier`."""
    at: datetime
    """From which moment on."""
    keep: timedelta = timedelta(0)
    """How long the flows stay as they were planned."""
    levels_mwh: Mapping[str, float] = field(default_factory=dict)
    """Measured energy in storages at that moment."""


def grid_of(schedule: xr.Dataset, park: Park) -> TimeGrid:
    """Return the grid of a schedule."""
    first = datetime.fromisoformat(f"{schedule['time'].to_numpy()[0]}"[:19] + "+00:00")
    step = timedelta(minutes=int(schedule.attrs["step_min"]))
    return TimeGrid(first, step, schedule.sizes["time"], fixed_zone(park.zone))


def steps_until(grid: TimeGrid, at: datetime) -> int:
    """Return the number of steps of a grid before a moment.

    Raises
    ------
    OutOfRange
        Where the moment is no step's start within the grid.
    """
    steps = (at - grid.start) / grid.step
    if steps != int(steps) or not 0 <= steps < grid.n:
        last = grid.label(grid.n - 1)
        raise OutOfRange(Where(field="at"), value=at.astimezone(grid.zone).isoformat(), low=grid.label(0), high=last)
    return int(steps)


def reported_of(schedule: xr.Dataset, park: Park) -> Reported:
    """Return what each asset reports in a schedule, as `parkopt.schedule.to_schedule` was given it."""
    found: Reported = {}
    for place, name in enumerate(schedule["asset"].to_numpy().tolist()):
        rows = {str(key): own.to_numpy()[place] for key, own in schedule.data_vars.items() if own.dims == AXES}
        found[name] = {_plain(key): row for key, row in rows.items() if not np.isnan(row).any()}
    for name in park.of_kind("grid"):
        found[name] |= {key: schedule[key].to_numpy() for key in BUS if key not in found[name]}
    return found


AXES = ("asset", "time")


def _plain(key: str) -> str:
    return key.removeprefix("connection_")


def state_at(problem: Problem, schedule: xr.Dataset, steps: int, factor: Factor) -> ParkState:
    """Return the state of a park after some steps of a schedule, origins included.

    Parameters
    ----------
    problem : Problem
        The day as it was planned, with the state that it opened with.
    schedule : xarray.Dataset
        Its schedule.
    steps : int
        How many steps have passed.
    factor : Factor
        Carbon of imports.
    """
    if not steps:
        return problem.state
    grid = replace(problem.grid, n=steps)
    series = {name: {key: values[:steps] for key, values in own.items()} for name, own in problem.series.items()}
    passed = replace(problem, grid=grid, series=series, committed={})
    part = schedule.isel(time=slice(0, steps))
    after = state_after(passed, reported_of(part, problem.park))
    return account(part[_own(part)], problem.park, grid, problem.state, after, factor).state


def _own(schedule: xr.Dataset) -> list[str]:
    """Return the variables that a schedule has before its carbon is accounted."""
    accounted = {"enterprise", "source"}
    return [str(name) for name, own in schedule.data_vars.items() if not accounted & set(map(str, own.dims))]


def with_levels(state: ParkState, levels_mwh: Mapping[str, float], park: Park) -> ParkState:
    """Return the state with measured levels; of a measured store no origin is known any more."""
    assets = dict(state.assets)
    for name, level in levels_mwh.items():
        if name not in park.assets:
            raise UnknownAsset(park=park.id, kind="storage", asset=name, known=", ".join(park.of_kind("storage")))
        assets[name] = state.of(name).model_copy(update={"soc_mwh": level, "origin_wh": {}, "origin_ug": {}})
    return state.model_copy(update={"assets": assets})


def committed_of(schedule: xr.Dataset, park: Park, steps: int, keep: int) -> Reported:
    """Return the flows that stay as planned: those of the steps from `steps` on, `keep` of them.

    What the weather gives, what lines and converters pass on and what the grid connection
    closes are no commitments: they follow the new forecast.
    """
    part = reported_of(schedule.isel(time=slice(steps, steps + keep)), park)
    assets = {name: asset for name, asset in park.assets.items() if isinstance(asset, Technology) and name in part}
    kept = {name: [key for key, role in asset.flows().items() if role in COMMITTED] for name, asset in assets.items()}
    return {name: {key: part[name][key] for key in keys} for name, keys in kept.items() if keys and keep}


def opening_of(schedule: xr.Dataset) -> ParkState:
    """Return the state that a schedule opened with."""
    return ParkState.model_validate(json.loads(str(schedule.attrs["opening_state"])))


def commitments_text(committed: Mapping[str, Mapping[str, FloatArray]]) -> str:
    """Return commitments as text for a schedule's attributes."""
    return json.dumps({name: {key: mw.tolist() for key, mw in own.items()} for name, own in committed.items()})


def commitments_of(schedule: xr.Dataset) -> Reported:
    """Return the commitments that a schedule was made under."""
    said = json.loads(str(schedule.attrs["committed"]))
    return {name: {key: np.asarray(mw, dtype=float) for key, mw in own.items()} for name, own in said.items()}
