"""The hourly green share, counted again step by step from reported powers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import Role, Technology
from parkopt.models.build import Problem
from parkopt.park.state import GreenSoFar
from parkopt.solve.reported import Reported, total_mw

Share = tuple[float, GreenSoFar, GreenSoFar]
"""The least share, what counts so far in the year, and what the horizon adds."""


def shares(problem: Problem, reported: Reported) -> dict[str, Share]:
    """Return what counts for each hourly green share that the rules ask for: by enterprise, the park's under ""."""
    rule, year = problem.park.rules.hourly_green, problem.state.year
    if rule is None:
        return {}
    load, green = total_mw(problem, reported, [Role.DEMAND]), green_mw(problem, reported)
    found: dict[str, Share] = {}
    if rule.share is not None:
        found[""] = (rule.share, year.hourly_green, _counted(problem, np.minimum(load, green), load))
    for name, share in rule.enterprises.items():
        own = _own_load(problem, reported, name)
        if rule.split == "by_load":
            part = own * np.minimum(1.0, np.divide(green, load, out=np.zeros_like(load), where=load > 0))
        else:
            part = np.minimum(own, _entitled(problem, reported, name))
        found[name] = (share, year.hourly_green_of.get(name, GreenSoFar()), _counted(problem, part, own))
    return found


def _counted(problem: Problem, matched: FloatArray, load: FloatArray) -> GreenSoFar:
    hours = problem.grid.hours
    return GreenSoFar(matched_mwh=max(0.0, math.fsum(matched) * hours), demand_mwh=max(0.0, math.fsum(load) * hours))


def green_mw(problem: Problem, reported: Reported) -> FloatArray:
    """Return the local green energy of each step that consumption may count, never below 0, shape (n,)."""
    released, taken = np.zeros(problem.grid.n), total_mw(problem, reported, [Role.WITHIN_CHARGE])
    for name, asset in problem.park.assets.items():
        if isinstance(asset, Technology) and Role.STORED in asset.flows().values():
            released += reported[name].get("discharge_green_mw", 0.0)
    other = total_mw(problem, reported, [Role.STORED, Role.FUEL]) - released
    sold = np.maximum(0.0, total_mw(problem, reported, [Role.EXPORT]) - other)
    left: FloatArray = np.maximum(0.0, total_mw(problem, reported, [Role.LOCAL]) + released - taken - sold)
    return left


def _of(problem: Problem, reported: Reported, role: Role) -> Iterator[tuple[str, FloatArray]]:
    """Yield each asset's reported powers in a role."""
    for name, asset in problem.park.assets.items():
        assert isinstance(asset, Technology)
        yield from ((name, reported[name][key]) for key, as_role in asset.flows().items() if as_role == role)


def _own_load(problem: Problem, reported: Reported, enterprise: str) -> FloatArray:
    own, assets = np.zeros(problem.grid.n), problem.park.assets
    for name, mw in _of(problem, reported, Role.DEMAND):
        if getattr(assets[name], "enterprise", "") == enterprise:
            own += mw
    return own


def _entitled(problem: Problem, reported: Reported, enterprise: str) -> FloatArray:
    entitlements, total = problem.park.enterprises[enterprise].entitlements, np.zeros(problem.grid.n)
    for name, mw in _of(problem, reported, Role.LOCAL):
        total += entitlements.get(name, 0.0) * mw
    return total
