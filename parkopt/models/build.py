"""From a park and its series to the columns and rows of one model: pure, and it never solves.

Exclusivity (no charging while discharging, no import while exporting) needs binaries only
where prices could reward both at once. `recipe_for` names the assets where they can; the
solver side checks every solution and asks again where the linear model was not enough, so
leaving a binary out is exact, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.algebra import Sum, Vars
from parkopt.models.base import Technology
from parkopt.models.hub import BUSES, Flow, Hub, Role, Series
from parkopt.models.one_way import hold_apart
from parkopt.models.policy import RULES, add_rules, export_banned
from parkopt.models.pyomo_form import pyomo_model
from parkopt.park.asset import MAIN
from parkopt.park.schema import Park
from parkopt.park.state import ParkState

Goal = Literal["cost", "carbon", "weighted"]
GOALS: tuple[Goal, ...] = ("cost", "carbon", "weighted")
KG_PER_T = 1000.0


@dataclass(frozen=True)
class Objective:
    """What a schedule is good at."""

    goal: Goal = "cost"
    """Least cost; least carbon (and among those least cost); or cost plus priced carbon."""
    carbon_yuan_per_t: float = 0.0
    """Price of carbon in `weighted`."""


@dataclass(frozen=True)
class Problem:
    """All that defines one model: the park, its series on the grid, its state, what is wanted."""

    park: Park
    grid: TimeGrid
    series: Mapping[str, Series]
    state: ParkState
    grid_factor_kg_per_mwh: float
    objective: Objective = Objective()
    exclusive: frozenset[str] = frozenset()
    """Assets with binaries against opposite flows in every step."""
    exclusive_at: frozenset[tuple[str, int]] = frozenset()
    """Single steps of assets with such binaries: where the linear model ran both ways."""
    committed: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)
    """Reported powers by asset that the first steps must keep; shorter than the horizon."""

    def with_exclusive(self, assets: frozenset[str]) -> Problem:
        """Return the problem with binaries for more assets."""
        return replace(self, exclusive=self.exclusive | assets)

    def holds(self, asset: str, place: int) -> bool:
        """Return whether binaries already hold an asset's opposite flows apart in a step."""
        return asset in self.exclusive or (asset, place) in self.exclusive_at

    def with_exclusive_at(self, places: frozenset[tuple[str, int]]) -> Problem:
        """Return the problem with binaries in more steps."""
        return replace(self, exclusive_at=self.exclusive_at | places)


@dataclass(frozen=True)
class Built:
    """The hub with its columns and rows, and the objective; `model` writes the same in Pyomo."""

    hub: Hub
    problem: Problem
    balance: Mapping[str, Any]
    """Rows of each bus, by its name."""

    @cached_property
    def cost(self) -> FloatArray:
        """Yuan per unit of each column, with the priced carbon where the goal is `weighted`."""
        hub, objective = self.hub, self.problem.objective
        cost = np.zeros(hub.n_columns)
        for item in hub.costs:
            made = hub.blocks[item.asset].variables[item.variable]
            cost[made.first : made.first + len(made)] += item.yuan_per_unit
        if objective.goal == "weighted":
            cost += self.carbon * (objective.carbon_yuan_per_t / KG_PER_T)
        return cost

    @cached_property
    def carbon(self) -> FloatArray:
        """Kilograms of CO2 per unit of each column."""
        carbon = np.zeros(self.hub.n_columns)
        for made, kg_per_mwh in self.hub.emissions:
            carbon[made.first : made.first + len(made)] += kg_per_mwh * self.hub.grid.hours
        return carbon

    @cached_property
    def model(self) -> Any:
        """The same in Pyomo: one block an asset (``unit``), rows ``balance``, objective ``cost``."""
        return pyomo_model(self.problem.park.id, self.hub, self.cost)


def recipe_for(problem: Problem) -> frozenset[str]:
    """Return the assets whose opposite flows could both pay in one step.

    Burning energy pays where energy has a negative price (a negative purchase price, or a
    price on curtailment); exporting while importing pays where export earns more than import
    costs. Import under a contract that is paid anyway (take-or-pay) costs its fees alone.
    """
    grids = [own for own in problem.series.values() if "energy_price_yuan_per_mwh" in own]
    buys = [own["energy_price_yuan_per_mwh"] + own["adders_yuan_per_mwh"] for own in grids]
    sells = [own["export_price_yuan_per_mwh"] for own in grids]
    worthless = any(float(np.min(buy)) < 0 for buy in buys) or any(float(np.min(sell)) < 0 for sell in sells)
    burning = worthless or any(getattr(asset, "curtail_price", 0.0) > 0 for asset in problem.park.assets.values())
    passing = any(bool(np.any(sell > buy)) for sell in sells for buy in buys)
    assets = problem.park.assets.items()
    if burning or passing:
        return frozenset(name for name, asset in assets if isinstance(asset, Technology) and asset.opposites)
    paid = any(getattr(asset, "take_or_pay", 0.0) for _, asset in assets)
    sunk = (name for name in problem.park.of_kind("grid") if paid and _resells(problem.series[name]))
    return frozenset(sunk)


def _resells(own: Series) -> bool:
    """Return whether energy that is paid anyway earns more in export than its import fees."""
    return bool(np.any(own["export_price_yuan_per_mwh"] > own["adders_yuan_per_mwh"]))


def modelled(park: Park) -> dict[str, Technology]:
    """Return the assets of a park that have a model, by name, in the file's order."""
    return {name: asset for name, asset in park.assets.items() if isinstance(asset, Technology)}


def build(problem: Problem) -> Built:
    """Build the model of a problem.

    Returns
    -------
    Built
        Columns and rows by asset, the rows of each bus, and what they cost; for the goal
        `carbon` the solver side takes the emissions from it.
    """
    park = problem.park
    assets = modelled(park)
    hub = Hub(
        grid=problem.grid,
        series=problem.series,
        state=problem.state,
        grid_factor_kg_per_mwh=problem.grid_factor_kg_per_mwh,
        export_banned=export_banned(park.rules, problem.grid),
        buses={name: asset.bus for name, asset in assets.items() if asset.bus != MAIN},
        connections=tuple(park.of_kind("grid")),
    )
    for name, asset in sorted(assets.items(), key=lambda item: item[1].order):
        asset.build(hub.block(name), hub)
    for name, asset in assets.items():
        asset.finish(hub.block(name), hub)
    hold_apart(hub, assets, problem.exclusive, problem.exclusive_at)
    balance = _balances(hub)
    add_rules(hub.block(RULES), hub, park)
    _commit(hub, assets, problem.committed)
    return Built(hub, problem, balance)


def _balances(hub: Hub) -> dict[str, Any]:
    """Add each bus: supplies equal draws, exactly, in each step."""
    block = hub.block(BUSES)
    used = dict.fromkeys([MAIN, *(flow.bus for flow in (*hub.supplies, *hub.draws))])
    return {bus: hub.rows(block, bus, _net(hub, bus) == 0.0) for bus in used}


def _net(hub: Hub, bus: str) -> Sum:
    """Return supplies less draws of a bus, fixed series as constants."""
    net = Sum(hub.grid.n, (), np.zeros(hub.grid.n))
    for sign, flows in ((1.0, hub.supplies), (-1.0, hub.draws)):
        for flow in flows:
            if flow.bus == bus:
                net = net + flow.mw * sign
    return net


def _commit(hub: Hub, assets: Mapping[str, Technology], committed: Mapping[str, Mapping[str, FloatArray]]) -> None:
    """Hold the flows at the buses to what was committed, in the first steps."""
    for name, key, made in decided(hub, assets):
        given = committed.get(name, {})
        if key in given:
            _hold(made, given[key])


def decided(hub: Hub, assets: Mapping[str, Technology]) -> Iterator[tuple[str, str, Vars]]:
    """Yield the flows at the buses that a model decides: asset, reported key, variable [MW]."""
    within = [Flow(name, Role.WITHIN_IMPORT, take) for name, _, take in hub.over_grid]
    for flow in (*hub.supplies, *hub.draws, *within):
        asset = assets[flow.asset]
        keys = [key for key, role in asset.flows().items() if role == flow.role and asset.bus_of(key) == flow.bus]
        if isinstance(flow.mw, Vars) and len(keys) == 1:
            yield flow.asset, keys[0], flow.mw


def _hold(made: Vars, mw: FloatArray) -> None:
    kept = np.clip(mw, made.lower[: len(mw)], made.upper[: len(mw)])
    made.lower[: len(mw)] = made.upper[: len(mw)] = kept
