"""From a park and its series to a Pyomo model: pure, and it never solves.

Exclusivity (no charging while discharging, no import while exporting) needs binaries only
where prices could reward both at once. `recipe_for` names the assets where they can; the
solver side checks every solution and asks again where the linear model was not enough, so
leaving a binary out is exact, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyomo.environ as pyo

from parkopt.clock import TimeGrid
from parkopt.models.base import Hub, Series, Technology, linear
from parkopt.models.policy import RULES, add_ratios, export_banned
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

    def with_exclusive(self, assets: frozenset[str]) -> Problem:
        """Return the problem with binaries for more assets."""
        return replace(self, exclusive=self.exclusive | assets)


@dataclass(frozen=True)
class Built:
    """The model and the hub that knows what its parts mean."""

    model: Any
    hub: Hub
    problem: Problem


def recipe_for(problem: Problem) -> frozenset[str]:
    """Return the assets whose opposite flows could both pay in one step.

    Burning energy pays where energy has a negative price (a negative purchase price, or a
    price on curtailment); exporting while importing pays where export earns more than import
    costs.
    """
    grids = [own for own in problem.series.values() if "energy_price_yuan_per_mwh" in own]
    buys = [own["energy_price_yuan_per_mwh"] + own["adders_yuan_per_mwh"] for own in grids]
    sells = [own["export_price_yuan_per_mwh"] for own in grids]
    worthless = any(float(np.min(buy)) < 0 for buy in buys) or any(float(np.min(sell)) < 0 for sell in sells)
    burning = worthless or any(getattr(asset, "curtail_price", 0.0) > 0 for asset in problem.park.assets.values())
    passing = any(bool(np.any(sell > buy)) for sell, buy in zip(sells, buys, strict=True))
    kinds = ({"storage"} if burning or passing else set()) | ({"grid"} if burning or passing else set())
    return frozenset(name for name, asset in problem.park.assets.items() if asset.kind in kinds)


def build(problem: Problem) -> Built:
    """Build the model of a problem.

    Returns
    -------
    Built
        A Pyomo model with one block an asset (``unit``), the rows ``balance`` and the
        objective ``cost`` (with the priced carbon where it is `weighted`), and the hub; for the
        goal `carbon` the solver side takes the emissions from the hub.
    """
    park, grid = problem.park, problem.grid
    hub = Hub(
        grid=grid,
        series=problem.series,
        state=problem.state,
        exclusive=problem.exclusive,
        grid_factor_kg_per_mwh=problem.grid_factor_kg_per_mwh,
        export_banned=export_banned(park.rules, grid),
    )
    model = pyo.ConcreteModel(name=park.id)
    model.unit = pyo.Block([*park.assets, RULES])
    for name, asset in sorted(park.assets.items(), key=lambda item: getattr(item[1], "order", 0)):
        assert isinstance(asset, Technology)
        hub.name = name
        asset.build(model.unit[name], hub)
    _balance(model, hub)
    add_ratios(model.unit[RULES], hub, park.rules)
    _objective(model, hub, problem.objective)
    return Built(model, hub, problem)


def _balance(model: Any, hub: Hub) -> None:
    """Add the bus: supplies equal draws, exactly, in each step."""
    fixed = np.zeros(hub.grid.n)
    for flow in hub.draws:
        if isinstance(flow.mw, np.ndarray):
            fixed += flow.mw
    gives = [flow.mw for flow in hub.supplies]
    takes = [flow.mw for flow in hub.draws if not isinstance(flow.mw, np.ndarray)]

    def rule(_: Any, t: int) -> Any:
        pairs = [*((1.0, mw[t]) for mw in gives), *((-1.0, mw[t]) for mw in takes)]
        return linear(pairs) == float(fixed[t])

    model.balance = pyo.Constraint(hub.steps, rule=rule)


def _objective(model: Any, hub: Hub, objective: Objective) -> None:
    priced = objective.carbon_yuan_per_t / KG_PER_T if objective.goal == "weighted" else 0.0
    cost = [
        (float(price), hub.variables[item.asset][item.variable][t])
        for item in hub.costs
        for t, price in enumerate(item.yuan_per_unit)
        if price
    ]
    carbon = [(kg * hub.grid.hours * priced, mw[t]) for mw, kg in hub.emissions for t in hub.steps if kg * priced]
    model.cost = pyo.Objective(expr=linear(cost + carbon))
