"""Part `phases`: the day of the largest park, warm and as the first of its structure."""

from __future__ import annotations

import time
from collections.abc import Callable

from parkopt.models import Problem
from parkopt.solve import check
from parkopt.solve.planner import Planner
from tests.bench.days import largest, posed
from tests.bench.table import Asked, Table, medians, verdict

PHASES = ("build", "compile", "hand_over", "highs", "extract", "report", "check")
WARM_MS, COLD_MS = 5.0, 25.0
LEAST, MORE = 15, 3
"""Least runs, and how many times those asked for: a day is short, and its median steadier so."""


def once(problem: Problem, planner: Planner) -> dict[str, float]:
    """Plan a day and return the milliseconds of each phase."""
    solution = planner.solve(problem)
    begin = time.perf_counter()
    reported = solution.reported
    middle = time.perf_counter()
    check(solution.problem, reported, solution.bill)
    end = time.perf_counter()
    seconds = {**solution.seconds, "report": middle - begin, "check": end - middle}
    spent = {phase: 1000 * seconds[phase] for phase in PHASES}
    return {**spent, "beside": sum(spent.values()) - spent["highs"]}


def tables(asked: Asked) -> list[Table]:
    """Return the table of this part."""
    park, day = largest()
    problem, planner = posed(park, day).problem, Planner()
    solution = planner.solve(problem)
    once(problem, Planner())  # imports of Pyomo and HiGHS are no part of either
    ways: dict[str, Callable[[], dict[str, float]]] = {
        "warm": lambda: once(problem, planner),
        "cold structure": lambda: once(problem, Planner()),
    }
    hub, runs = solution.built.hub, max(LEAST, MORE * asked.runs)
    title = f"The day of the largest park ({park} {day}: {hub.n_rows} rows, {hub.n_columns} columns), ms"
    table = Table(title, ["", *PHASES, "beside HiGHS", "beside / HiGHS"])
    found = {name: medians(way, runs) for name, way in ways.items()}
    for name, spent in found.items():
        cells = [f"{spent[phase]:.2f}" for phase in PHASES]
        table.rows.append([name, *cells, f"{spent['beside']:.2f}", f"{spent['beside'] / spent['highs']:.2f}"])
    warm, cold = (spent["beside"] for spent in found.values())
    table.notes = [
        f"warm, {verdict(warm, WARM_MS, ' ms')}; first of its structure, {verdict(cold, COLD_MS, ' ms')}",
        f"medians of {runs}, of the sum as of its parts; times that the model is built: {solution.rounds}",
        "a cold structure is written in Pyomo as well, compiled there, and every number compared, within its 'compile'",
    ]
    return [table]
