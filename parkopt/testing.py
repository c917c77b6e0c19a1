"""For tests, parkopt's own and yours: small problems from plain data, and assertions.

A technology of your own can be tried on a bus with a grid and a load::

    problem = small_problem(
        {"grid": grid_asset(import_mw=50), "load": load_asset(), "mine": {"kind": "my_kind", ...}},
        {"grid": prices([300] * 24), "load": {"demand_mw": [10] * 24}},
    )
    assert_conserves(solve(problem))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models import Objective, Problem, technologies
from parkopt.models.base import Conditions
from parkopt.models.prices import adders_yuan_per_mwh
from parkopt.models.tech.grid import Grid
from parkopt.park.asset import Asset
from parkopt.park.base import Location
from parkopt.park.schema import Enterprise, Name, Park, Rules
from parkopt.park.state import ParkState
from parkopt.solve import Solution, check

Plain = Mapping[str, Any]
SeriesOf = Mapping[str, Mapping[str, Sequence[float] | FloatArray]]
HERE = Location(latitude=33.8, longitude=120.5)


def grid_asset(
    import_mw: float = 100.0,
    export_mw: float = 0.0,
    *,
    adders_yuan_per_mwh: float = 0.0,
    demand_yuan_per_mw: float | None = None,
    planned_peak_mw: float = 0.0,
    tariff: Plain | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a grid connection as plain data; its prices come from `prices`.

    `tariff` adds keys to its tariff (`{"fixed": ...}`), and any other keyword adds a field of the connection.
    """
    whole: dict[str, Any] = {"id": "t", "mode": "fixed", "basis": "synthetic", "energy": {"flat": "0 yuan/MWh"}}
    if adders_yuan_per_mwh:
        whole["adders"] = {"fees": {"price": f"{adders_yuan_per_mwh!r} yuan/MWh", "basis": "synthetic"}}
    if demand_yuan_per_mw is not None:
        peak = f"{planned_peak_mw!r} MW"
        whole["demand"] = {"price": f"{demand_yuan_per_mw!r} yuan/MW/month", "planned_peak": peak}
    limits = {"import_limit": f"{import_mw!r} MW", "export_limit": f"{export_mw!r} MW"}
    return {"kind": "grid", **limits, "tariff": {**whole, **(tariff or {})}, **more}


def load_asset(enterprise: str = "works") -> dict[str, Any]:
    """Return a load as plain data; its demand comes from the series."""
    return {"kind": "load", "enterprise": enterprise, "archetype": "continuous", "annual": "1 MWh/yr"}


def prices(
    energy: Sequence[float] | FloatArray, export: Sequence[float] | FloatArray | float = 0.0
) -> dict[str, FloatArray]:
    """Return the series of a grid connection in yuan/MWh; one number is spread over the steps."""
    bought = np.asarray(energy, dtype=float)
    sold: FloatArray = np.zeros(len(bought)) + np.asarray(export, dtype=float)
    return {"energy_price_yuan_per_mwh": bought, "export_price_yuan_per_mwh": sold}


def small_problem(
    assets: Mapping[str, Plain],
    series: SeriesOf,
    *,
    step_min: int = 60,
    day: date = date(2026, 7, 15),
    rules: Plain | None = None,
    state: ParkState | None = None,
    objective: Objective | None = None,
    grid_factor_kg_per_mwh: float = 582.7,
) -> Problem:
    """Return a problem from plain data, without weather, files or calendars.

    Parameters
    ----------
    assets : mapping
        As in a park file: kind and fields, quantities as text.
    series : mapping
        Series by asset; all of one length, which is the number of steps. An asset that is
        absent makes its own (which must not need weather).
    step_min : int
        60, 30 or 15.
    day : date
        Day of the first step, in UTC+8.
    """
    kinds = technologies()
    made = {name: kinds[str(body["kind"])].model_validate(body) for name, body in assets.items()}
    steps = len(next(iter(next(iter(series.values())).values())))
    grid = _grid(day, step_min, steps)
    given = {name: {key: grid.array(key, values) for key, values in own.items()} for name, own in series.items()}
    for name, asset in made.items():
        if isinstance(asset, Grid):
            energy = given[name]["energy_price_yuan_per_mwh"]
            given[name]["adders_yuan_per_mwh"] = adders_yuan_per_mwh(asset.tariff, grid, energy)
    at = Conditions(grid, xr.Dataset(), HERE, Path())
    whole = {name: given[name] if name in given else asset.series(at) for name, asset in made.items()}
    park = _park(made, Rules.model_validate(rules or {}))
    return Problem(park, grid, whole, state or ParkState(), grid_factor_kg_per_mwh, objective or Objective())


def _grid(day: date, step_min: int, steps: int) -> TimeGrid:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
    return TimeGrid(start, timedelta(minutes=step_min), steps, timezone(timedelta(hours=8)))


def _park(assets: Mapping[str, Asset], rules: Rules) -> Park:
    names = dict.fromkeys(str(asset.enterprise) for asset in assets.values() if hasattr(asset, "enterprise"))
    enterprises = {name: Enterprise(name=Name(en=name, zh=name)) for name in names}
    return Park.model_construct(
        id="test",
        name=Name(en="Test", zh="测试"),
        location=HERE,
        assets=dict(assets),
        enterprises=enterprises,
        rules=rules,
    )


def assert_conserves(solution: Solution) -> None:
    """Assert that a solution passes the independent check: balance, limits, levels, bill."""
    assert check(solution.problem, solution.reported, solution.bill).passed


def cost_yuan(solution: Solution) -> float:
    """Return the bill of a solution in yuan, with what steers it."""
    return float(sum(np.sum(yuan) for yuan in solution.bill.values()))
