"""HiGHS itself: hand over arrays, run, and read the status before anything else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import highspy
import numpy as np

from parkopt.clock import FloatArray
from parkopt.solve._compiled import Compiled

Outcome = Literal["optimal", "time_limit", "infeasible", "unbounded", "nothing"]


@dataclass(frozen=True)
class Limits:
    """How long and how exactly to solve."""

    seconds: float = 60.0
    """Time limit of one HiGHS run."""
    gap: float = 1e-4
    """Relative MIP gap at which a schedule is good enough."""


@dataclass(frozen=True)
class Raw:
    """What HiGHS said: outcome first; x is empty unless there is a solution."""

    outcome: Outcome
    status: str
    x: FloatArray
    objective: float
    gap: float
    seconds: float


class _Quiet(highspy.Highs):  # type: ignore[misc]
    """HiGHS without callbacks: parkopt uses none, and switching them on prints a banner."""

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name
        """Leave the callbacks off."""


def run(problem: Compiled, cost: FloatArray, limits: Limits) -> Raw:
    """Solve the arrays with the given cost and return what came out."""
    solver = _solver(limits)
    solver.passModel(_lp(problem, cost))
    begin = time.perf_counter()
    solver.run()
    seconds = time.perf_counter() - begin
    return _read(solver, problem, cost, seconds)


def _solver(limits: Limits) -> Any:
    solver = _Quiet()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", limits.seconds)
    solver.setOptionValue("mip_rel_gap", limits.gap)
    return solver


def _lp(problem: Compiled, cost: FloatArray) -> Any:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(problem.lower), len(problem.row_lower)
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = problem.lower, problem.upper
    lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = problem.matrix.indptr
    lp.a_matrix_.index_ = problem.matrix.indices
    lp.a_matrix_.value_ = problem.matrix.data
    if problem.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in problem.integer]
    return lp


def _read(solver: Any, problem: Compiled, cost: FloatArray, seconds: float) -> Raw:
    status = solver.getModelStatus()
    text = str(solver.modelStatusToString(status))
    outcome = _outcome(solver, status)
    if outcome not in ("optimal", "time_limit"):
        return Raw(outcome, text, np.empty(0), float("nan"), float("nan"), seconds)
    x = np.asarray(solver.getSolution().col_value)
    gap = float(solver.getInfo().mip_gap) if problem.integer.any() else 0.0
    return Raw(outcome, text, x, float(cost @ x), gap, seconds)


def _outcome(solver: Any, status: Any) -> Outcome:
    kinds = highspy.HighsModelStatus
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
