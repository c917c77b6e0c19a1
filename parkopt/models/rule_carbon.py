"""Carbon as a rule: a cap on the horizon, a budget for the year, a price.

With E the CO2 of the horizon in t, U what the year has used and B its budget::

    E <= cap
    E <= B - U                                       (carbon_pace: year)
    E <= max(0, B - U) * hours of the horizon / hours left of the year at its start     (pro_rata)
    E <= B * plan(end of the horizon) - U            (plan: cumulative share of the months, even within one)
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from parkopt.clock import TimeGrid
from parkopt.errors import Text
from parkopt.models.hub import Block, Cost, Hub
from parkopt.models.rule_terms import KG_PER_T, carbon_t, left_h, missed
from parkopt.park.hours import DAY_MIN
from parkopt.park.rules import Rules

CARBON_PRICE = "carbon_price"
"""Line of the bill that holds the price on carbon; nobody pays it."""


@dataclass(frozen=True)
class Limit:
    """One limit on the carbon of the horizon."""

    name: str
    room_t: float
    """What the horizon may emit; negative where the year has overdrawn already."""
    before_t: float
    """By how much the year has overdrawn before the horizon."""
    value: float | None
    """The field's value, where a change of the row can be said as a new one."""
    per_unit: float
    """Tonnes of room for each tonne of the field."""
    says: Text


def limits(rules: Rules, used_kg: float, grid: TimeGrid) -> Iterator[Limit]:
    """Yield the limits of the park, `used_kg` being what the year has emitted so far."""
    if rules.carbon_cap is not None:
        says = Text("the carbon cap", "碳排放上限")
        yield Limit("carbon_cap", rules.carbon_cap, 0.0, rules.carbon_cap, 1.0, says)
    budget, used = rules.carbon_budget, used_kg / KG_PER_T
    if budget is None:
        return
    says, part = Text("the year's carbon budget", "年度碳预算"), granted(rules, grid)
    if rules.carbon_pace == "pro_rata":  # what is left is shared out anew each time: nothing is overdrawn
        left = budget - used
        yield Limit("carbon_budget", max(0.0, left) * part, 0.0, budget if left >= 0 else None, part, says)
    else:
        earlier = planned(rules, grid, grid.start) if rules.carbon_pace == "plan" else 1.0
        yield Limit("carbon_budget", budget * part - used, max(0.0, used - budget * earlier), budget, part, says)


def add_carbon(block: Block, hub: Hub, rules: Rules) -> None:
    """Add cap, budget and price, as far as the park has them."""
    for limit in limits(rules, hub.state.year.carbon_kg, hub.grid):
        slack = missed(block, hub, f"{limit.name}_rise_t", limit.before_t, rules.carbon_breach_price)
        row = hub.row(block, limit.name, carbon_t(hub) - slack <= limit.room_t)
        if rules.carbon_breach_price is None:
            more = {"raised": True, "value": limit.value, "per_unit": limit.per_unit}
            hub.promise(limit.name, "t", row, limit.says, **more)
    if rules.carbon_price:
        for made, kg_per_mwh in hub.emissions:
            yuan = kg_per_mwh * (hub.grid.hours * rules.carbon_price / KG_PER_T)
            hub.costs.append(Cost(CARBON_PRICE, made.asset, made.name, yuan))


def granted(rules: Rules, grid: TimeGrid) -> float:
    """Return how much of the budget (of what is left of it, for `pro_rata`) may be used up to the horizon's end."""
    if rules.carbon_pace == "year":
        return 1.0
    if rules.carbon_pace == "plan":
        return planned(rules, grid, grid.end)
    return min(1.0, grid.n * grid.hours / left_h(grid, grid.start))


def planned(rules: Rules, grid: TimeGrid, moment: datetime) -> float:
    """Return the share of the budget that the plan grants up to a moment, evenly within each month."""
    local = moment.astimezone(grid.zone)
    if local.year > grid.local[0].year:
        return 1.0
    days = calendar.monthrange(local.year, local.month)[1]
    within = (local.day - 1 + (local.hour * 60 + local.minute) / DAY_MIN) / days
    return math.fsum(rules.carbon_plan[: local.month - 1]) + rules.carbon_plan[local.month - 1] * within
