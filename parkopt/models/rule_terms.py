"""What the park's rules are made of: sums of flows by role, the carbon of the horizon, the hours of the year."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import numpy as np

from parkopt.clock import TimeGrid
from parkopt.models.algebra import Sum
from parkopt.models.hub import Block, Flow, Hub, Role

HOUR_S = 3600.0
KG_PER_T = 1000.0
BREACH = "rule_breach"
"""Line of the bill that holds the price of all missed rules."""


def nothing(n: int) -> Sum:
    """Return a sum of no terms, one row a step."""
    return Sum(n, (), np.zeros(n))


def power(hub: Hub, roles: Iterable[Role], keep: Callable[[Flow], bool] | None = None) -> Sum:
    """Return the power in MW of all flows of some roles, over all buses, as one row a step."""
    wanted, total = frozenset(roles), nothing(hub.grid.n)
    for flow in (*hub.supplies, *hub.draws):
        if flow.role in wanted and (keep is None or keep(flow)):
            total = total + flow.mw
    return total


def energy(hub: Hub, *roles: Role) -> Sum:
    """Return the energy in MWh of all flows of some roles, as one row."""
    return power(hub, roles).total() * hub.grid.hours


def carbon_t(hub: Hub) -> Sum:
    """Return the CO2 of the horizon in t, as one row: all that technologies emit (`Hub.emit`)."""
    total = nothing(1)
    for made, kg_per_mwh in hub.emissions:
        total = total + (made.sum * (kg_per_mwh * (hub.grid.hours / KG_PER_T))).total()
    return total


def available_mwh(hub: Hub) -> float:
    """Return the available energy of the assets that supply local energy."""
    local = {flow.asset for flow in hub.supplies if flow.role == Role.LOCAL}
    names = ("available_mw", "offer_mw")
    series = [hub.series[asset][name] for asset in local for name in names if name in hub.series[asset]]
    return float(sum(np.sum(values) for values in series)) * hub.grid.hours


def missed(block: Block, hub: Hub, name: str, before: float, price: float | None) -> Sum:
    """Return by how much a rule may be missed: nothing where it has no price.

    With a price the slack is what the horizon adds to the ``before`` that is missed already;
    it may be negative, down to all of it, and is paid (or paid back) in `BREACH`.
    """
    if price is None:
        return nothing(1)
    slack = hub.one(block, name, lower=-before)
    hub.cost(BREACH, name, price)
    return slack.sum + before


def is_fixed(total: Sum) -> bool:
    """Return whether a sum is a series of numbers."""
    return not total.entries


def year_start(grid: TimeGrid, years: int = 0) -> datetime:
    """Return the local start of the year of the first step, or of one `years` later."""
    return datetime(grid.local[0].year + years, 1, 1, tzinfo=grid.zone)


def left_h(grid: TimeGrid, moment: datetime) -> float:
    """Return the hours from a moment to the end of the year in which the horizon starts."""
    return max(0.0, (year_start(grid, 1) - moment).total_seconds() / HOUR_S)


def year_h(grid: TimeGrid) -> float:
    """Return the hours of the year in which the horizon starts."""
    return left_h(grid, year_start(grid))
