"""Part `year`: 8760 hours with a storage to be sized, and what parkopt adds to HiGHS's own run."""

from __future__ import annotations

import time

from parkopt.models import Problem
from parkopt.solve import Limits, check
from parkopt.solve.planner import COMPARED_ROWS, Planner
from tests.bench.days import YEAR_OF, year
from tests.bench.peers.timing import peak_mb
from tests.bench.table import Asked, Table, medians, verdict

PHASES = ("build", "compile", "hand_over", "highs", "extract", "report", "check")
BESIDE = ("build", "compile", "hand_over", "extract")
GOAL = 0.10


def once(problem: Problem) -> dict[str, float]:
    """Plan the year by a planner that knows nothing yet; return seconds by phase."""
    solution = Planner().solve(problem, Limits(seconds=600.0))
    begin = time.perf_counter()
    reported = solution.reported
    middle = time.perf_counter()
    check(solution.problem, reported, solution.bill)
    spent = {**solution.seconds, "report": middle - begin, "check": time.perf_counter() - middle}
    overhead = sum(spent[phase] for phase in BESIDE) / spent["highs"]
    store = next(own for own in reported.values() if "built_mwh" in own)
    built = solution.built.hub
    size = {"rows": built.n_rows, "columns": built.n_columns, "mwh": float(store["built_mwh"][0])}
    return {**spent, "overhead": overhead, **size, "rounds": solution.rounds}


def tables(asked: Asked) -> list[Table]:
    """Return the table of this part."""
    begin = time.perf_counter()
    problem = year()
    posing = time.perf_counter() - begin
    spent = medians(lambda: once(problem), asked.runs)
    title = f"A year of {YEAR_OF}, 8760 h, storage energy to be chosen, no whole numbers; ms"
    table = Table(title, ["rows", "columns", *PHASES, "overhead", "chosen MWh", "peak MiB"], labels=0)
    cells = [f"{1000 * spent[phase]:.1f}" for phase in PHASES]
    size = [f"{spent['rows']:.0f}", f"{spent['columns']:.0f}"]
    table.rows.append([*size, *cells, f"{spent['overhead']:.1%}", f"{spent['mwh']:.1f}", f"{peak_mb():.0f}"])
    reached = verdict(100 * spent["overhead"], 100 * GOAL, " %")
    table.notes = [f"overhead is (build + compile + hand_over + extract) / HiGHS's run, {reached}"]
    table.notes.append(
        f"weather, loads and prices of the year took {1000 * posing:.0f} ms before; beyond {COMPARED_ROWS:,} rows no "
        "comparison with Pyomo's compiler is made"
    )
    if spent["rounds"] > 1:
        table.notes.append(f"the model was built {spent['rounds']:.0f} times: flows met and binaries were added")
    return [table]
