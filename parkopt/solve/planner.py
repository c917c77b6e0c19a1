"""Solve a problem: build, compile, run, and again with binaries where the linear model was not enough."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.faults import FormsDiffer, NoSolution, Unbounded
from parkopt.models.base import Technology
from parkopt.models.build import Built, Problem, build, recipe_for
from parkopt.models.hub import Hub
from parkopt.solve._compiled import Compiled, compiled, compiled_by_pyomo, values_of
from parkopt.solve.explain import explain
from parkopt.solve.fallback import by_rule
from parkopt.solve.relaxed import search
from parkopt.solve.status import Limits, Raw, version

BOTH_MW = 1e-6
"""Power below which a flow counts as none, when opposite flows are looked for."""
COMPARED_ROWS = 20_000
"""Up to here each new structure is compiled by Pyomo as well and compared; beyond, that takes longer than HiGHS."""
WHOLE_ASSET_FROM = 3
"""Round from which binaries are added for all steps of an asset at once."""
KEPT = 16
"""Structures that a planner keeps."""


@dataclass(frozen=True)
class Solution:
    """A solved problem: values by asset and variable, and how they came about."""

    built: Built
    form: Compiled
    values: Mapping[str, Mapping[str, FloatArray]]
    outcome: str
    objective: float
    gap: float
    rounds: int
    """How often the model was built: once, and once more for each set of binaries added."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by phase: build, compile, hand_over, highs (its own runs alone), extract."""
    hedged: bool = False
    """Whether its plan serves several futures, and is not the cheapest for this one."""
    reasons: tuple[str, ...] = ()
    """Why a compiled form could not be re-used, round by round; empty where it was."""

    @property
    def problem(self) -> Problem:
        """The problem that was solved at last, with its binaries."""
        return self.built.problem

    @cached_property
    def reported(self) -> dict[str, dict[str, FloatArray]]:
        """What each asset reports: power by direction, levels, prices."""
        problem = self.problem
        return {
            name: asset.report(name, self.values.get(name, {}), problem.series[name], problem.grid)
            for name, asset in problem.park.assets.items()
            if isinstance(asset, Technology)
        }

    @cached_property
    def bill(self) -> dict[str, FloatArray]:
        """Yuan by line: shape (n,) for what falls on steps, another (a month, a block, one in all) for the rest."""
        lines: dict[str, FloatArray] = {}
        for item in self.built.hub.costs:
            yuan = item.yuan_per_unit * self.values[item.asset][item.variable]
            lines[item.line] = _with(lines[item.line], yuan) if item.line in lines else yuan
        return lines

    @property
    def solver(self) -> str:
        """Name and version of the solver."""
        return f"HiGHS {version()}"


def _with(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the sum of two parts of a line; parts of two shapes (the blocks of two connections) come to one figure."""
    return one + other if len(one) == len(other) else np.asarray([one.sum() + other.sum()])


class _Clock:
    """Adds up wall time by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.add(phase, now - self._last)
        self._last = now

    def add(self, phase: str, seconds: float) -> None:
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds

    @property
    def solving(self) -> float:
        """Seconds of all solving so far."""
        return self.seconds.get("hand_over", 0.0) + self.seconds.get("highs", 0.0)


@dataclass(frozen=True)
class _Kept:
    """A structure that was compared with Pyomo's own compiler: later only its numbers are replaced."""

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]


class Planner:
    """Solves one problem after another and keeps what their structures have in common.

    A structure is the list of variables and rows. The first problem of a structure is also
    written in Pyomo, compiled by it and compared number by number; a later one that differs
    only in numbers goes straight to HiGHS. The answer does not depend on what was solved before.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Structure, _Kept] = OrderedDict()

    def solve(self, problem: Problem, limits: Limits | None = None) -> Solution:
        """Solve a problem to the gap, or to the best schedule within the time limit.

        Raises
        ------
        Infeasible
            Where no schedule keeps all promises; it names them and the smallest change.
        Unbounded, NoSolution
            Where the solver gave nothing that can be used.
        FormsDiffer
            Where the arrays are not those of Pyomo's compiler (a fault of the code).
        """
        clock, limits = _Clock(), (limits or Limits()).for_steps(problem.grid.n)
        reasons: list[str] = []
        problem = problem.with_exclusive(recipe_for(problem))
        for rounds in count(1):
            solution = self._once(problem, limits, clock, reasons)
            more = {place for place in both_ways(solution) if not problem.holds(*place)}
            clock.lap("extract")
            if not more:
                return replace(solution, rounds=rounds, reasons=tuple(reasons))
            problem = _apart(problem, frozenset(more), rounds)
        raise AssertionError

    def _once(self, problem: Problem, limits: Limits, clock: _Clock, reasons: list[str]) -> Solution:
        built = build(problem)
        clock.lap("build")
        form = self._form(built, reasons)
        clock.lap("compile")
        raw = _run(form, problem, replace(limits, seconds=limits.seconds - clock.solving))
        clock.add("highs", raw.running)
        clock.add("hand_over", -raw.running)
        if raw.outcome == "nothing":
            raw = by_rule(built, form) or raw
        clock.lap("hand_over")
        _require(raw, built)
        values = values_of(form, built.hub, raw.x)
        clock.lap("extract")
        return Solution(built, form, values, raw.outcome, raw.objective, raw.gap, 1, clock.seconds)

    def _form(self, built: Built, reasons: list[str]) -> Compiled:
        """Return the arrays; those of a new structure are compared with Pyomo's."""
        form, key = compiled(built), structure(built.hub)
        kept = self._kept.get(key)
        if kept is not None and _same_pattern(kept, form):
            self._kept.move_to_end(key)
            return form
        reasons.append(self._reason(key, built))
        if built.hub.n_rows <= COMPARED_ROWS:
            require_same(form, compiled_by_pyomo(built))
        self._kept[key] = _Kept(form.matrix.indptr, form.matrix.indices)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return form

    def _reason(self, key: Structure, built: Built) -> str:
        """Say why a form cannot be re-used."""
        if not self._kept:
            return "first"
        if key in self._kept:
            return "a coefficient became zero or ceased to be"
        if built.hub.grid.n not in {other[0] for other in self._kept}:
            return "another number of steps"
        if built.problem.exclusive or built.problem.exclusive_at:
            return "other assets, rules or binaries"
        return "other assets or rules"


Structure = tuple[int, tuple[tuple[str, str, int, object], ...]]
"""Number of steps, then owner, name, length and kind of each variable and row."""


def structure(hub: Hub) -> Structure:
    """Return what a model has in common with others that differ only in numbers."""
    columns = tuple((made.asset, made.name, len(made), made.integer) for made in hub.columns)
    rows = tuple((rows.asset, rows.name, len(rows), rows.relation.sense) for rows in hub.all_rows)
    return hub.grid.n, columns + rows


def _same_pattern(kept: _Kept, form: Compiled) -> bool:
    return np.array_equal(kept.indptr, form.matrix.indptr) and np.array_equal(kept.indices, form.matrix.indices)


def require_same(form: Compiled, other: Compiled) -> None:
    """Compare two forms of one model, number by number.

    Raises
    ------
    FormsDiffer
        With the names of the arrays that differ.
    """
    wrong = [name for name in ("cost", "lower", "upper", "integer") if not _near(form, other, name)]
    filled = np.diff(form.matrix.tocsr().indptr) > 0  # a row without a variable says nothing to Pyomo
    for name in ("row_lower", "row_upper"):
        mine, theirs = getattr(form, name)[filled], getattr(other, name)[filled]
        wrong += [] if np.allclose(mine, theirs, rtol=1e-12, atol=1e-12) else [name]
    if form.matrix.nnz != other.matrix.nnz or abs(form.matrix - other.matrix).max() > SAME:
        wrong.append("matrix")
    if wrong:
        raise FormsDiffer(names=", ".join(wrong))


SAME = 1e-12


def _near(form: Compiled, other: Compiled, name: str) -> bool:
    return np.allclose(getattr(form, name), getattr(other, name), rtol=SAME, atol=SAME)


_SHARED = Planner()
"""What all day-ahead requests of a process have in common."""


def solve(problem: Problem, limits: Limits | None = None) -> Solution:
    """Solve a problem by the planner that this process shares; see `Planner.solve`."""
    return _SHARED.solve(problem, limits)


def _run(form: Compiled, problem: Problem, limits: Limits) -> Raw:
    if problem.objective.goal != "carbon":
        return search(form, form.cost, limits)
    least = search(form, form.carbon, limits)
    if least.outcome not in ("optimal", "time_limit"):
        return least
    capped = _cap(form, form.carbon, least.objective, limits.gap_for(problem.grid.n))
    second = search(capped, capped.cost, replace(limits, seconds=limits.seconds - least.seconds))
    found = replace(least, outcome="time_limit") if second.outcome == "nothing" else second
    return replace(found, running=least.running + second.running)


def _cap(form: Compiled, weights: FloatArray, value: float, tolerance: float) -> Compiled:
    """Return the problem with one more row: the carbon stays at its least, to the gap that was asked for."""
    room = abs(value) * tolerance + 1e-3
    return replace(
        form,
        matrix=sp.vstack([form.matrix, sp.csr_matrix(weights)]).tocsc(),
        row_lower=np.append(form.row_lower, -np.inf),
        row_upper=np.append(form.row_upper, value + room),
    )


def _require(raw: Raw, built: Built) -> None:
    """Read the status before anything else: values of a failed run look plausible."""
    if raw.outcome == "infeasible":
        raise explain(built.problem)
    if raw.outcome == "unbounded":
        unlimited = [made.asset for made in built.hub.columns if not np.isfinite(made.upper).all()]
        raise Unbounded(hint=", ".join(dict.fromkeys(unlimited)) or "?")
    if raw.outcome == "nothing":
        raise NoSolution(status=raw.status)


def _apart(problem: Problem, places: frozenset[tuple[str, int]], rounds: int) -> Problem:
    """Return the problem with binaries where flows met; from the third round on, in all steps of those assets."""
    if rounds < WHOLE_ASSET_FROM:
        return problem.with_exclusive_at(places)
    return problem.with_exclusive(frozenset(name for name, _ in places))


def both_ways(solution: Solution) -> frozenset[tuple[str, int]]:
    """Return the assets and steps in which opposite flows run together."""
    found = set()
    for name, asset in solution.problem.park.assets.items():
        own = solution.values.get(name, {})
        for one, other in asset.opposites if isinstance(asset, Technology) else ():
            meet = np.flatnonzero(np.minimum(own[one], own[other]) > BOTH_MW)
            found |= {(name, step) for step in meet.tolist()}
    return frozenset(found)
