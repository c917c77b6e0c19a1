"""Plans near the least cost that do something else.

Modelling to generate alternatives in a linear form: DeCarolis 2011, "Using modeling to generate alternatives (MGA) to
expand our thinking on energy futures", Energy Economics 33(2), 145-152. The cost may be `slack` above the least; what
differs is counted in MWh by flow and block of four hours::

    distance(x) = sum over plans p so far and groups g of |E_g(x) - E_g(p)|

This is convex, so its largest value lies at a corner and linear problems lead to one: fix the sign of each difference,
maximise, take the signs that came out, again, while the distance grows. It begins at the farthest of the plans with
the most and the least of each flow and of that by hop-skip-jump (less of what the plans so far do in a group more than
half of its range, more of the rest); of all that comes out the plan is kept that is farthest from the nearest plan so
far. On/off decisions are rounded, not searched: any plan far away will do, and its cost is exact. Signs, order and
ties follow fixed rules: the same problem has the same alternatives. The front of cost and carbon is in
`parkopt.solve.front`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.models.algebra import Vars
from parkopt.models.base import Technology
from parkopt.models.build import Built, Objective, Problem
from parkopt.solve._compiled import Compiled
from parkopt.solve.again import Changed, again, with_row
from parkopt.solve.check import check
from parkopt.solve.front import Front, FrontPoint, pareto
from parkopt.solve.planner import Solution, solve
from parkopt.solve.reason_words import flow_words
from parkopt.solve.status import Limits

__all__ = ["Alternative", "Difference", "Front", "FrontPoint", "near_optimal", "nearest", "pareto"]

FINE = Limits(seconds=60.0, gap=1e-6)
"""How exactly the least cost is known."""
ROUGH_GAP = 1e-3
"""How exactly a distance is maximised: any plan far away will do."""
ROOM_YUAN = 1e-3
SAME_MWH = 1e-3
TURNS = 5
"""How often signs are taken anew."""
CLIMBED = 2
"""Plans from which that begins, the farthest of those found first."""
BLOCK_H = 4
SHOWN = 4
"""Differences that the words name."""


@dataclass(frozen=True)
class Difference:
    """How one flow of an alternative differs from that of the cheapest plan."""

    asset: str
    flow: str
    """Variable of the model, such as ``charge_mw``."""
    mwh: float
    """More energy over the horizon (kg on a hydrogen bus)."""
    moved_mwh: float
    """Energy that comes in another block of hours though the sum is the same."""

    @property
    def size(self) -> float:
        """What counts in the order of differences."""
        return abs(self.mwh) + self.moved_mwh

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "mwh": round(self.mwh, 3), "moved_mwh": round(self.moved_mwh, 3)}


@dataclass(frozen=True)
class Alternative:
    """A plan near the least cost."""

    extra_yuan: float
    """What it costs more than the cheapest plan."""
    distance_mwh: float
    """Distance from the nearest plan before it, the cheapest included."""
    differences: tuple[Difference, ...]
    """From the cheapest plan, the largest first."""
    says: Text
    solution: Solution

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the plan."""
        own = {"extra_yuan": round(self.extra_yuan, 2), "distance_mwh": round(self.distance_mwh, 3)}
        return {**own, "differences": [one.as_dict() for one in self.differences], "says": vars(self.says)}


@dataclass(frozen=True)
class _Groups:
    """What is counted: flows at the buses by block of hours."""

    flows: tuple[tuple[str, str], ...]
    block_of: FloatArray
    hours: float

    @property
    def blocks(self) -> int:
        return int(self.block_of[-1]) + 1

    def energies(self, solution: Solution) -> FloatArray:
        """Return MWh by flow and block, shape (flows, blocks)."""
        own = [solution.values[asset][name] for asset, name in self.flows]
        by_step = np.asarray(own).reshape(len(self.flows), -1) * self.hours
        return np.stack([by_step[:, self.block_of == k].sum(axis=1) for k in range(self.blocks)], axis=1)

    def range_mwh(self, built: Built) -> FloatArray:
        """Return the most that each group can come to by its own limits, infinite where it has none."""
        upper = np.asarray([built.hub.blocks[asset].variables[name].upper for asset, name in self.flows])
        by_step = upper.reshape(len(self.flows), -1) * self.hours
        return np.stack([by_step[:, self.block_of == k].sum(axis=1) for k in range(self.blocks)], axis=1)

    def weights(self, built: Built, form: Compiled, signs: FloatArray) -> FloatArray:
        """Return the columns' weights of ``sum signs energy``."""
        weights = np.zeros(len(form.lower))
        for place, (asset, name) in enumerate(self.flows):
            made = built.hub.blocks[asset].variables[name]
            weights[made.columns] = signs[place][self.block_of.astype(np.int64)] * self.hours
        return weights


def _groups(built: Built) -> _Groups:
    """Return the flows that are decided; one of them per asset and variable, blocks counted from local midnight."""
    hub = built.hub
    decided = [flow.mw for flow in (*hub.supplies, *hub.draws) if isinstance(flow.mw, Vars)]
    decided += [take for _, _, take in hub.over_grid]
    names = dict.fromkeys((made.asset, made.name) for made in decided if len(made) == hub.grid.n)
    local = hub.grid.local
    since = np.asarray((local.normalize() - local[0].normalize()).days) * 24 + np.asarray(local.hour)
    _, block_of = np.unique(since // BLOCK_H, return_inverse=True)
    return _Groups(tuple(names), np.asarray(block_of, dtype=float), hub.grid.hours)


def near_optimal(problem: Problem, slack: float = 0.01, count: int = 3, limits: Limits = FINE) -> list[Alternative]:
    """Return plans within `slack` of the least cost that differ most from it and from one another.

    Parameters
    ----------
    problem : Problem
        Its own objective does not count.
    slack : float
        Share of the least cost that an alternative may cost more.
    count : int
        Alternatives asked for; fewer come back where nothing else is possible.
    limits : Limits
        Time of each solve, and gap of the least cost.

    Raises
    ------
    Infeasible, Unbounded, NoSolution
        As `solve` does.
    CheckFailed
        Where an alternative does not hold.
    """
    apart = frozenset(n for n, a in problem.park.assets.items() if isinstance(a, Technology) and a.opposites)
    base = solve(replace(problem, objective=Objective()).with_exclusive(apart), limits)
    groups = _groups(base.built)
    most = base.objective + max(slack, 0.0) * abs(base.objective) + ROOM_YUAN
    search = _Search(base, groups, most, replace(limits, gap=max(ROUGH_GAP, limits.gap_for(0))))
    plans: list[Solution] = [base]
    for _ in range(count if groups.flows else 0):
        found = search.farthest(plans)
        if found is None:
            break
        plans.append(found)
    return [_alternative(groups, plans[: place + 1]) for place in range(1, len(plans))]


@dataclass(frozen=True)
class _Search:
    """Looks for the plan that is farthest from those so far."""

    base: Solution
    groups: _Groups
    most_yuan: float
    limits: Limits

    @cached_property
    def pool(self) -> list[Solution]:
        """Plans with the most and the least of each flow."""
        found = []
        for place in range(len(self.groups.flows)):
            for sign in (1.0, -1.0):
                signs = np.zeros((len(self.groups.flows), self.groups.blocks))
                signs[place] = sign
                found.append(self._with(signs))
        return [one for one in found if one is not None]

    def farthest(self, plans: Sequence[Solution]) -> Solution | None:
        """Return it, or None where every plan of that cost is one of them."""
        known = [self.groups.energies(plan) for plan in plans]
        hop = self._with(self._hop(known))
        first = [*self.pool, *([hop] if hop is not None else [])]
        first = sorted(first, key=lambda one: -nearest(self.groups.energies(one), known))[:CLIMBED]
        every = [*first, *(self._climbed(one, known) for one in first)]
        best = max(every, key=lambda one: nearest(self.groups.energies(one), known), default=None)
        if best is None or nearest(self.groups.energies(best), known) <= SAME_MWH:
            return None
        return best

    def _hop(self, known: Sequence[FloatArray]) -> FloatArray:
        """Return the signs of hop-skip-jump."""
        middle, mean = self.groups.range_mwh(self.base.built) / 2, np.mean(known, axis=0)
        return np.where(mean > np.where(np.isfinite(middle), middle, mean), -1.0, 1.0)

    def _climbed(self, found: Solution, known: Sequence[FloatArray]) -> Solution:
        """Maximise with the signs of the differences, again, while the distance grows."""
        distance = self._total(found, known)
        for _ in range(TURNS):
            gap = [self.groups.energies(found) - own for own in known]
            further = self._with(np.sum(np.sign(np.round(gap, 6)), axis=0))
            if further is None or self._total(further, known) <= distance + SAME_MWH:
                break
            found, distance = further, self._total(further, known)
        return found

    def _total(self, found: Solution, known: Sequence[FloatArray]) -> float:
        energies = self.groups.energies(found)
        return float(sum(np.sum(np.abs(energies - own)) for own in known))

    def _with(self, signs: FloatArray) -> Solution | None:
        """Return the plan with the most energy by some signs, at no more than the cost allowed."""

        def change(built: Built, form: Compiled) -> Changed:
            bounded = with_row(form, form.cost, high=self.most_yuan)
            return Changed(bounded, -self.groups.weights(built, form, signs))

        return again(self.base, change, self.limits, rough=True)


def nearest(energies: FloatArray, known: Sequence[FloatArray]) -> float:
    """Return the distance in MWh to the nearest of some plans."""
    return min(float(np.sum(np.abs(energies - own))) for own in known)


def _alternative(groups: _Groups, plans: Sequence[Solution]) -> Alternative:
    """Describe the last plan beside the first; it has passed the check."""
    base, found = plans[0], plans[-1]
    check(found.problem, found.reported, found.bill)
    energies = [groups.energies(plan) for plan in plans]
    gap = energies[-1] - energies[0]
    every = [
        Difference(asset, flow, float(np.sum(own)), (float(np.sum(np.abs(own))) - abs(float(np.sum(own)))) / 2)
        for (asset, flow), own in zip(groups.flows, gap, strict=True)
    ]
    shown = tuple(sorted((one for one in every if one.size > SAME_MWH), key=lambda one: -one.size))
    extra = found.objective - base.objective
    return Alternative(extra, nearest(energies[-1], energies[:-1]), shown, _words(shown, extra), found)


def _words(differences: Sequence[Difference], extra_yuan: float) -> Text:
    parts = [_said(one) for one in differences[:SHOWN]]
    yuan = f"{extra_yuan:+,.0f}"
    return Text(
        ", ".join(part.en for part in parts) + f": {yuan} yuan", "，".join(part.zh for part in parts) + f"：{yuan} 元"
    )


def _said(one: Difference) -> Text:
    """Say the sum where it changed, else that energy moved to other hours."""
    words = flow_words(one.flow)
    if abs(one.mwh) >= one.moved_mwh / 2:
        return Text(f"{one.mwh:+.4g} MWh {one.asset} {words.en}", f"{one.asset} {words.zh} {one.mwh:+.4g} MWh")
    moved = math.floor(one.moved_mwh * 10 + 0.5) / 10
    return Text(
        f"{moved:.4g} MWh {one.asset} {words.en} at other hours", f"{one.asset} {words.zh} {moved:.4g} MWh 移至其他时段"
    )
