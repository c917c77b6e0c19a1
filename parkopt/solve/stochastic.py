"""One plan for several futures: a two-stage problem over scenarios, with the assets' own plans in common.

First stage: every column of the assets that keep a plan (storage, units, movable load). Second
stage, once for each scenario: wind, sun, grid, contracts, rules. The whole is one problem in
its extensive form (Birge & Louveaux 2011, Introduction to Stochastic Programming, 2.4), made
of the compiled arrays of the scenarios, whose structure is the same. Risk is counted by
conditional value at risk (Rockafellar & Uryasev 2000, J. Risk 2(3), 21).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, NoSolution, OutOfRange
from parkopt.models.build import Built, Problem, build, modelled, recipe_for
from parkopt.solve._compiled import Compiled, compiled, values_of
from parkopt.solve.follow import plan_of
from parkopt.solve.planner import Solution
from parkopt.solve.relaxed import search
from parkopt.solve.status import Limits

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Risk:
    """How much bad futures count beyond their probability: ``(1 - weight) mean + weight CVaR``."""

    weight: float = 0.0
    """Share of the conditional value at risk, 0 to 1."""
    level: float = 0.9
    """The mean of the dearest ``1 - level`` of futures."""

    def __post_init__(self) -> None:
        for name, high in (("weight", 1.0), ("level", 0.999)):
            value = getattr(self, name)
            if not 0.0 <= value <= high:
                raise OutOfRange(Where(field=f"risk.{name}"), value=value, low=0.0, high=high)


@dataclass(frozen=True)
class Hedged:
    """A plan for several futures."""

    plan: dict[str, dict[str, FloatArray]]
    """Powers of the assets that keep a plan, by asset and reported key."""
    costs_yuan: FloatArray
    """Cost in each future, shape (k,)."""
    expected_yuan: float
    """Their mean by weight."""
    at_risk_yuan: float
    """Mean of the dearest futures, by the level of the risk."""
    outcome: str
    gap: float


def hedge(
    problems: Sequence[Problem], weights: FloatArray, limits: Limits | None = None, risk: Risk | None = None
) -> Hedged:
    """Return the plan that is cheapest over several futures.

    Parameters
    ----------
    problems : sequence of Problem
        The same park, grid and state; series differ.
    weights : FloatArray
        Shape (k,), 0 or more, summing to 1.
    limits : Limits, optional
        Time and gap of the whole.
    risk : Risk, optional
        None counts the mean alone.

    Raises
    ------
    GridMismatch
        Where weights and problems do not fit, or the futures differ in more than numbers.
    NoSolution
        Where no plan serves every future.
    """
    if len(problems) != len(weights) or not np.isclose(weights.sum(), 1.0) or (weights < 0).any():
        raise GridMismatch(name="weights", got=f"{len(weights)} with sum {weights.sum():g}", expected="sum 1")
    risk, limits = risk or Risk(), (limits or Limits()).for_steps(problems[0].grid.n * len(problems))
    exclusive = frozenset().union(*(recipe_for(one) for one in problems))
    builts = [build(one.with_exclusive(exclusive)) for one in problems]
    forms = [compiled(one) for one in builts]
    parts = _parts(builts, forms)
    whole, minimise = _extensive(forms, parts, weights, risk)
    raw = search(whole, minimise, limits)
    if raw.outcome not in ("optimal", "time_limit"):
        raise NoSolution(status=raw.status)
    values = [part.x_of(raw.x) for part in parts]
    costs = np.array([float(form.cost @ x) for form, x in zip(forms, values, strict=True)])
    first = Solution(
        builts[0], forms[0], values_of(forms[0], builts[0].hub, values[0]), raw.outcome, costs[0], raw.gap, 1
    )
    expected = float(weights @ costs)
    return Hedged(plan_of(first), costs, expected, _tail_mean(costs, weights, risk.level), raw.outcome, raw.gap)


@dataclass(frozen=True)
class _Part:
    """Where the columns of one future stand: which are shared, which its own, and where these begin in the whole."""

    shared: IntArray
    own: IntArray
    first: int

    @property
    def end(self) -> int:
        """Column of the whole after its own ones."""
        return self.first + len(self.own)

    def x_of(self, x: FloatArray) -> FloatArray:
        """Return the columns of this future from those of the whole."""
        found = np.empty(len(self.shared) + len(self.own))
        found[self.shared] = x[: len(self.shared)]
        found[self.own] = x[self.first : self.end]
        return found

    def row_of(self, values: FloatArray, columns: int) -> FloatArray:
        """Return coefficients of this future's columns as coefficients of all columns of the whole."""
        row = np.zeros(columns)
        row[: len(self.shared)] = values[self.shared]
        row[self.first : self.end] = values[self.own]
        return row


def _parts(builts: Sequence[Built], forms: Sequence[Compiled]) -> list[_Part]:
    """Tell shared columns from own ones; binaries that hold flows apart differ from future to future and are own."""
    parts: list[_Part] = []
    names: set[tuple[tuple[str, str, int], ...]] = set()
    for built, form in zip(builts, forms, strict=True):
        keeps = {name for name, asset in modelled(built.problem.park).items() if not asset.follows}
        flags = {id(direction.flag) for direction in built.hub.directions}
        kept = [made for made in built.hub.columns if made.asset in keeps and id(made) not in flags]
        names.add(tuple((made.asset, made.name, len(made)) for made in kept))
        mask = np.zeros(len(form.lower), dtype=bool)
        for made in kept:
            mask[made.first : made.first + len(made)] = True
        first = parts[-1].end if parts else int(mask.sum())
        parts.append(_Part(np.flatnonzero(mask), np.flatnonzero(~mask), first))
    if len(names) > 1:
        raise GridMismatch(name="scenarios", got="models of several structures", expected="one structure")
    return parts


def _extensive(
    forms: Sequence[Compiled], parts: Sequence[_Part], weights: FloatArray, risk: Risk
) -> tuple[Compiled, FloatArray]:
    """Return the extensive form and what it minimises."""
    widths = [len(part.own) for part in parts]
    blocks, lows, highs = [], [], []
    for place, (form, part) in enumerate(zip(forms, parts, strict=True)):
        matrix = form.matrix.tocsr()
        rows = _rows(forms, parts, place)
        own = [sp.csr_array((len(rows), width)) for width in widths]
        own[place] = matrix[rows][:, part.own]
        blocks.append(sp.hstack([matrix[rows][:, part.shared], *own]))
        lows.append(form.row_lower[rows])
        highs.append(form.row_upper[rows])
    empty = np.zeros(parts[-1].end)
    whole = Compiled(
        cost=empty, carbon=empty,
        matrix=sp.vstack(blocks).tocsc(), row_lower=np.concatenate(lows), row_upper=np.concatenate(highs),
        lower=_joined([form.lower for form in forms], parts), upper=_joined([form.upper for form in forms], parts),
        integer=_joined([form.integer for form in forms], parts),
    )  # fmt: skip
    costs = np.stack([part.row_of(form.cost, len(empty)) for form, part in zip(forms, parts, strict=True)])
    return _with_risk(whole, costs, weights, risk)


def _rows(forms: Sequence[Compiled], parts: Sequence[_Part], place: int) -> IntArray:
    """Return the rows of a future that the whole needs: those of shared columns alone stand once, if they are equal."""
    inner, others = _inner(forms[place], parts[place])
    every = np.arange(forms[place].matrix.shape[0])
    if place == 0:
        return every
    first, _ = _inner(forms[0], parts[0])
    same = first[0].shape == inner[0].shape and (first[0] != inner[0]).nnz == 0
    same = same and all(np.array_equal(a, b) for a, b in zip(first[1:], inner[1:], strict=True))
    return others if same else every


def _inner(form: Compiled, part: _Part) -> tuple[tuple[Any, FloatArray, FloatArray], IntArray]:
    """Return the rows of shared columns alone with their limits, and the numbers of all other rows."""
    matrix = form.matrix.tocsr()
    alone = np.diff(matrix[:, part.own].indptr) == 0
    return (matrix[alone][:, part.shared], form.row_lower[alone], form.row_upper[alone]), np.flatnonzero(~alone)


def _joined(columns: Sequence[Any], parts: Sequence[_Part]) -> Any:
    own = [values[part.own] for values, part in zip(columns, parts, strict=True)]
    return np.concatenate([columns[0][parts[0].shared], *own])


def _with_risk(whole: Compiled, costs: FloatArray, weights: FloatArray, risk: Risk) -> tuple[Compiled, FloatArray]:
    """Add ``eta`` and the excess of each future, ``excess_s >= cost_s - eta``, where risk counts."""
    mean = weights @ costs
    if risk.weight == 0.0:
        return replace(whole, cost=mean), mean
    k, columns = costs.shape
    rows = sp.hstack([sp.csr_array(costs), -np.ones((k, 1)), -sp.identity(k)])
    tail = weights / (1 - risk.level)
    minimise = np.concatenate([(1 - risk.weight) * mean, [risk.weight], risk.weight * tail])
    wider = replace(
        whole,
        cost=np.append(mean, np.zeros(k + 1)), carbon=np.zeros(columns + k + 1),
        matrix=sp.vstack([sp.hstack([whole.matrix, sp.coo_array((whole.matrix.shape[0], k + 1))]), rows]).tocsc(),
        row_lower=np.append(whole.row_lower, np.full(k, -np.inf)), row_upper=np.append(whole.row_upper, np.zeros(k)),
        lower=np.concatenate([whole.lower, [-np.inf], np.zeros(k)]),
        upper=np.append(whole.upper, np.full(k + 1, np.inf)),
        integer=np.append(whole.integer, np.zeros(k + 1, dtype=bool)),
    )  # fmt: skip
    return wider, minimise


def _tail_mean(costs: FloatArray, weights: FloatArray, level: float) -> float:
    """Return the mean cost of the dearest ``1 - level`` of futures, one of them in part where it must be."""
    order = np.argsort(-costs)
    taken = np.diff(np.minimum(np.concatenate([[0.0], np.cumsum(weights[order])]), 1 - level))
    return float(taken @ costs[order] / (1 - level))
