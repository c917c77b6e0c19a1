"""HiGHS itself: hand over arrays, run, and read the status before anything else."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import highspy
import numpy as np

from parkopt.clock import FloatArray
from parkopt.solve._compiled import Compiled

Outcome = Literal["optimal", "time_limit", "rule_based", "infeasible", "unbounded", "nothing"]
"""`optimal` is within the gap; `time_limit` is the best schedule found; `rule_based` is no plan but a habit."""
FINE_GAP, WIDE_GAP = 1e-4, 1e-3
MANY_STEPS = 200
"""Steps beyond which `WIDE_GAP` is enough: the last per mille of a week costs more time than it is worth."""


STALE = 1e-7
"""How far, relatively, the cost of the values may be from the objective that HiGHS reports."""


@dataclass(frozen=True)
class Limits:
    """How long and how exactly to solve."""

    seconds: float = 60.0
    """Time limit of one solve; at least a microsecond is given."""
    gap: float | None = None
    """Relative MIP gap at which a schedule is good enough; by the horizon's length where None."""

    def gap_for(self, steps: int) -> float:
        """Return the gap for a horizon of so many steps."""
        if self.gap is not None:
            return self.gap
        return FINE_GAP if steps <= MANY_STEPS else WIDE_GAP

    def for_steps(self, steps: int) -> Limits:
        """Return the limits with the gap of a horizon of so many steps."""
        return replace(self, gap=self.gap_for(steps))


@dataclass(frozen=True)
class Raw:
    """What HiGHS said: outcome first; x is empty unless there is a solution."""

    outcome: Outcome
    status: str
    x: FloatArray
    objective: float
    gap: float
    seconds: float
    running: float = 0.0
    """Of the seconds, those that HiGHS itself ran; the rest is hand-over and reading."""


class _Quiet(highspy.Highs):  # type: ignore[misc]
    """HiGHS without callbacks: parkopt uses none, and switching them on prints a banner."""

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name
        """Leave the callbacks off."""


def run(problem: Compiled, cost: FloatArray, limits: Limits, start: FloatArray | None = None) -> Raw:
    """Solve the arrays with the given cost, from a known schedule where there is one, and return what came out."""
    solver = new_solver(limits)
    pass_lp(solver, problem, cost)
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        solver.setSolution(known)
    raw = _read(solver, problem, cost, timed_run(solver))
    if start is not None and _stale(solver, raw):
        again = run(problem, cost, replace(limits, seconds=limits.seconds - raw.seconds))
        return replace(again, seconds=again.seconds + raw.seconds, running=again.running + raw.running)
    return raw


def _stale(solver: Any, raw: Raw) -> bool:
    """Return whether the values are not those of the objective that HiGHS reports.

    HiGHS 1.16 may map a start into its presolved problem, find that it costs less there, end with
    that objective, and still hand back the start's own columns.
    """
    said = float(solver.getInfo().objective_function_value)
    return bool(len(raw.x)) and abs(raw.objective - said) > STALE * max(1.0, abs(said))


@dataclass(frozen=True)
class Duals:
    """What HiGHS said of a linear problem, with its duals; they are empty unless it is optimal."""

    raw: Raw
    rows: FloatArray
    """Change of the least cost for each unit by which a row's limit rises."""
    columns: FloatArray
    """The same for the bound at which a column stands (its reduced cost)."""


def priced(problem: Compiled, cost: FloatArray, limits: Limits) -> Duals:
    """Solve a problem without whole numbers and return its duals, the status read first."""
    if problem.integer.any():
        raise ValueError("a problem with whole numbers has no duals")
    solver = new_solver(limits)
    pass_lp(solver, problem, cost)
    raw = _read(solver, problem, cost, timed_run(solver))
    if raw.outcome != "optimal":
        return Duals(raw, np.empty(0), np.empty(0))
    found = solver.getSolution()
    return Duals(raw, np.asarray(found.row_dual), np.asarray(found.col_dual))


def new_solver(limits: Limits) -> Any:
    """Return a silent HiGHS with the limits."""
    solver = _Quiet()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", max(limits.seconds, 1e-6))
    solver.setOptionValue("mip_rel_gap", limits.gap_for(0))
    return solver


def timed_run(solver: Any) -> float:
    """Run HiGHS and return the seconds that it took."""
    begin = time.perf_counter()
    solver.run()
    return time.perf_counter() - begin


def pass_lp(solver: Any, problem: Compiled, cost: FloatArray, *, relaxed: bool = False) -> None:
    """Hand the arrays to HiGHS, without whole numbers where `relaxed`."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(problem.lower), len(problem.row_lower)
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = problem.lower, problem.upper
    lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = problem.matrix.indptr
    lp.a_matrix_.index_ = problem.matrix.indices
    lp.a_matrix_.value_ = problem.matrix.data
    if problem.integer.any() and not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[flag] for flag in problem.integer.tolist()]
    solver.passModel(lp)


def _read(solver: Any, problem: Compiled, cost: FloatArray, seconds: float) -> Raw:
    text = str(solver.modelStatusToString(solver.getModelStatus()))
    outcome = outcome_of(solver)
    if outcome not in ("optimal", "time_limit"):
        return Raw(outcome, text, np.empty(0), float("nan"), float("nan"), seconds, seconds)
    x = np.asarray(solver.getSolution().col_value)
    gap = float(solver.getInfo().mip_gap) if problem.integer.any() else 0.0
    return Raw(outcome, text, x, float(cost @ x), gap, seconds, seconds)


def outcome_of(solver: Any) -> Outcome:
    """Return what a run came to, in one word."""
    kinds, status = highspy.HighsModelStatus, solver.getModelStatus()
    if status == kinds.kOptimal:
        return "optimal"
    if status == kinds.kInfeasible:
        return "infeasible"
    if status == kinds.kUnbounded:
        return "unbounded"
    if status == kinds.kUnboundedOrInfeasible:
        return _tell_apart(solver)
    feasible = solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return "time_limit" if feasible else "nothing"


def _tell_apart(solver: Any) -> Outcome:
    """HiGHS may stop at 'unbounded or infeasible': where a point exists at no cost at all, it is the former."""
    columns = solver.getNumCol()
    solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), np.zeros(columns))
    solver.run()
    return "unbounded" if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else "infeasible"


@cache
def version() -> str:
    """Return the version of HiGHS."""
    return str(_Quiet().version())
