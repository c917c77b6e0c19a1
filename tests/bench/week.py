"""Part `week`: a week by parkopt's way, against the same problem with all its binaries handed to HiGHS at once."""

from __future__ import annotations

import time
from statistics import median

from parkopt.models import Problem, build
from parkopt.solve import Limits
from parkopt.solve._compiled import compiled
from parkopt.solve.planner import Planner
from parkopt.solve.status import run
from tests.bench.days import PARKS, opposed, posed
from tests.bench.table import Asked, Table, verdict

WEEKS = ("2026-01-12", "2026-04-13", "2026-07-13", "2026-10-12")
LIMITS = Limits(seconds=120.0, gap=1e-3)
GOAL = 0.5


def ours(problem: Problem) -> dict[str, float]:
    """Plan by a planner that knows nothing yet."""
    begin = time.perf_counter()
    solution = Planner().solve(problem, LIMITS)
    total = time.perf_counter() - begin
    own = {"total": total, "highs": solution.seconds["highs"], "compile": solution.seconds["compile"]}
    return {**own, "cost": solution.objective, "gap": solution.gap}


def naive(problem: Problem) -> dict[str, float]:
    """Build with binaries against all opposite flows in all steps, and let HiGHS run from nothing."""
    begin = time.perf_counter()
    form = compiled(build(problem.with_exclusive(opposed(problem))))
    raw = run(form, form.cost, LIMITS)
    total = time.perf_counter() - begin
    return {"total": total, "highs": raw.running, "cost": raw.objective, "gap": raw.gap, "binaries": form.integer.sum()}


def row(park: str, week: str, runs: int) -> tuple[list[object], float, float]:
    """Return a line, the ratio of the totals, and what HiGHS's own run is of parkopt's total."""
    problem = posed(park, week, 7).problem
    pairs = [(ours(problem), naive(problem)) for _ in range(runs)]
    mine, theirs = pairs[-1]
    ratio = median(one["total"] / other["total"] for one, other in pairs)
    total, other = (median(pair[side]["total"] for pair in pairs) for side in (0, 1))
    share = median(one["highs"] / one["total"] for one, _ in pairs)
    pyomo = median(one["compile"] / one["total"] for one, _ in pairs)
    figures = [f"{total:.3f}", f"{share:.0%}", f"{pyomo:.0%}", f"{other:.3f}", f"{ratio:.2f}"]
    found = [f"{mine['cost']:,.0f}", f"{mine['gap']:.3%}", f"{theirs['cost']:,.0f}", f"{theirs['gap']:.3%}"]
    return [park, week, int(theirs["binaries"]), *figures, *found], ratio, share


def tables(asked: Asked) -> list[Table]:
    """Return the table of this part."""
    weeks = WEEKS[:1] if asked.quick else WEEKS
    heads = ["binaries", "total s", "HiGHS", "compile", "naive s", "ratio", "cost", "gap", "naive cost", "naive gap"]
    table = Table(
        "A week at a gap of 0.1 %: parkopt (nothing compiled before) against all binaries at once, no start",
        ["park", "week", *heads],
        labels=2,
    )
    found = [row(park, week, asked.runs) for park in PARKS for week in weeks]
    table.rows = [line for line, _, _ in found]
    late = [(f"{line[0]} {line[1]}", share) for line, ratio, share in found if ratio > GOAL]
    ratios = [ratio for _, ratio, _ in found]
    table.notes = [f"median of the ratios, {verdict(median(ratios), GOAL)}; worst {max(ratios):.2f}"]
    table.notes.append(
        "'HiGHS' is its own run's share of parkopt's total; 'compile' that of arrays and the comparison with Pyomo, "
        "which the first problem of a structure pays"
    )
    if late:
        table.notes.append(
            "above the goal, with HiGHS's share of the total: "
            + ", ".join(f"{name} {share:.0%}" for name, share in late)
        )
    return [table]
