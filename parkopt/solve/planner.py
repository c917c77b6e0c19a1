"""Solve a problem: build, compile, run, and again with binaries where the linear model was not enough."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.faults import NoSolution, Unbounded
from parkopt.models.base import Technology
from parkopt.models.build import Built, Problem, build, recipe_for
from parkopt.solve._compiled import Compiled, compile_model, values_of
from parkopt.solve.explain import explain
from parkopt.solve.status import Limits, Raw, run, version

OPPOSITES = (("charge_mw", "discharge_mw"), ("import_mw", "export_mw"))
BOTH_MW = 1e-6
"""Power below which a flow counts as none, when opposite flows are looked for."""


@dataclass(frozen=True)
class Solution:
    """A solved problem: values by asset and variable, and how they came about."""

    built: Built
    values: Mapping[str, Mapping[str, FloatArray]]
    outcome: str
    objective: float
    gap: float
    rounds: int
    """How often the model was built: once, and once more for each set of binaries added."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by phase: build, compile, highs, extract."""

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
        """Yuan by line: shape (n,) for what falls on steps, shape (1,) for what falls on the day."""
        lines: dict[str, FloatArray] = {}
        for item in self.built.hub.costs:
            yuan = item.yuan_per_unit * self.values[item.asset][item.variable]
            lines[item.line] = lines[item.line] + yuan if item.line in lines else yuan
        return lines

    @property
    def solver(self) -> str:
        """Name and version of the solver."""
        return f"HiGHS {version()}"


class _Clock:
    """Adds up wall time by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now


def solve(problem: Problem, limits: Limits | None = None) -> Solution:
    """Solve a problem to the gap, or to the best schedule within the time limit.

    Raises
    ------
    Infeasible
        Where no schedule keeps all promises; it names them and the smallest change.
    Unbounded, NoSolution
        Where the solver gave nothing that can be used.
    """
    limits = limits or Limits()
    clock = _Clock()
    problem = problem.with_exclusive(recipe_for(problem))
    rounds = 0
    while True:
        rounds += 1
        solution = _once(problem, limits, clock, rounds)
        more = both_ways(solution.values) - problem.exclusive
        if not more:
            return solution
        problem = problem.with_exclusive(more)


def _once(problem: Problem, limits: Limits, clock: _Clock, rounds: int) -> Solution:
    built = build(problem)
    clock.lap("build")
    compiled = compile_model(built.model, built.hub)
    clock.lap("compile")
    raw = _run(compiled, problem, limits)
    clock.lap("highs")
    _require(raw, built)
    values = values_of(compiled, built.hub, raw.x)
    clock.lap("extract")
    return Solution(built, values, raw.outcome, raw.objective, raw.gap, rounds, clock.seconds)


def _run(compiled: Compiled, problem: Problem, limits: Limits) -> Raw:
    if problem.objective.goal != "carbon":
        return run(compiled, compiled.cost, limits)
    least = run(compiled, compiled.carbon, limits)
    if least.outcome not in ("optimal", "time_limit"):
        return least
    capped = _cap(compiled, compiled.carbon, least.objective, limits.gap)
    return run(capped, capped.cost, limits)


def _cap(compiled: Compiled, weights: FloatArray, value: float, tolerance: float) -> Compiled:
    """Return the problem with one more row: the carbon stays at its least, to the gap that was asked for."""
    room = abs(value) * tolerance + 1e-3
    return replace(
        compiled,
        matrix=sp.vstack([compiled.matrix, sp.csr_matrix(weights)]).tocsc(),
        row_lower=np.append(compiled.row_lower, -np.inf),
        row_upper=np.append(compiled.row_upper, value + room),
    )


def _require(raw: Raw, built: Built) -> None:
    """Read the status before anything else: values of a failed run look plausible."""
    if raw.outcome == "infeasible":
        raise explain(built.problem)
    if raw.outcome == "unbounded":
        unlimited = [a for a, own in built.hub.variables.items() for v in own.values() if v[0].ub is None]
        raise Unbounded(hint=", ".join(dict.fromkeys(unlimited)) or "?")
    if raw.outcome == "nothing":
        raise NoSolution(status=raw.status)


def both_ways(values: Mapping[str, Mapping[str, FloatArray]]) -> frozenset[str]:
    """Return the assets that run opposite flows in one step."""
    found = set()
    for asset, own in values.items():
        for one, other in OPPOSITES:
            if one in own and other in own and bool(np.any(np.minimum(own[one], own[other]) > BOTH_MW)):
                found.add(asset)
    return frozenset(found)
