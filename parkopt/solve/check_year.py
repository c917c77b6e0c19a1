"""The year beside the horizon, for the independent check: carbon used, budget granted, what is expected to come."""

from __future__ import annotations

import calendar
import math
from datetime import UTC, datetime

from parkopt.models.base import Role, Technology
from parkopt.models.build import Problem
from parkopt.solve.reported import Reported, total_mw

HOUR_S = 3600.0
CARBON = ("fuel_carbon_kg", "heat_carbon_kg")
"""Reported CO2 of each step of an asset that burns fuel, of its power and its heat; such an asset audits it."""


def carbon_kg(problem: Problem, reported: Reported) -> float:
    """Return the CO2 of the horizon: imports at the grid's factor, fuel as reported or at each asset's own factor."""
    hours = problem.grid.hours
    total = problem.grid_factor_kg_per_mwh * math.fsum(total_mw(problem, reported, [Role.GRID])) * hours
    for name, asset in problem.park.assets.items():
        assert isinstance(asset, Technology)
        own = [reported[name][key] for key in CARBON if key in reported[name]]
        if own:
            total += math.fsum(math.fsum(kg) for kg in own)
            continue
        burnt = [reported[name][key] for key, role in asset.flows().items() if role == Role.FUEL]
        total += asset.carbon_kg_per_mwh() * math.fsum(math.fsum(mw) for mw in burnt) * hours
    return total


def _year_end(problem: Problem) -> datetime:
    return datetime(problem.grid.local[0].year + 1, 1, 1, tzinfo=problem.grid.zone)


def _left_h(problem: Problem, moment: datetime) -> float:
    return max(0.0, (_year_end(problem) - moment).total_seconds() / HOUR_S)


def rest_of_year(problem: Problem, moment: datetime) -> dict[str, float]:
    """Return the four energies in MWh that are expected from a moment to the year's end."""
    year, plan, left = problem.state.year, problem.park.rules.year_end, _left_h(problem, moment)
    days = 366 if calendar.isleap(problem.grid.local[0].year) else 365
    past = year.counted_h or days * 24 - _left_h(problem, problem.grid.start)
    rest = {}
    for name in ("available", "self_use", "demand", "export"):
        given, rate = getattr(year.rest, f"{name}_mwh"), getattr(plan, name, None)
        if given is None and rate is not None:
            given = rate / (days * 24) * left
        elif given is None:
            given = getattr(year, f"{name}_mwh") / past * left if past else 0.0
        rest[f"{name}_mwh"] = given
    return rest


def budget_missed_t(problem: Problem, now_t: float) -> tuple[float, float]:
    """Return by how many t the year's budget is overdrawn before the horizon and after its `now_t`."""
    rules, grid, used = problem.park.rules, problem.grid, problem.state.year.carbon_kg / 1000.0
    budget = rules.carbon_budget or 0.0
    if rules.carbon_pace == "pro_rata":
        part = min(1.0, (grid.end - grid.start).total_seconds() / HOUR_S / _left_h(problem, grid.start))
        return 0.0, max(0.0, now_t - part * max(0.0, budget - used))
    first, last = (1.0, 1.0) if rules.carbon_pace == "year" else (_plan(problem, m) for m in (grid.start, grid.end))
    return max(0.0, used - budget * first), max(0.0, used + now_t - budget * last)


def _plan(problem: Problem, moment: datetime) -> float:
    """Return the planned share up to a moment: each month's share by the hours of it that have passed."""
    year, zone, share = int(problem.grid.local[0].year), problem.grid.zone, 0.0
    for month, part in enumerate(problem.park.rules.carbon_plan, start=1):
        begin = datetime(year, month, 1, tzinfo=zone)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
        passed = (moment.astimezone(UTC) - begin).total_seconds() / (end - begin).total_seconds()
        share += part * min(1.0, max(0.0, passed))
    return share
