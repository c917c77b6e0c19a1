"""Part `parks`: where a day's time goes in the four parks, and what their days come to.

For each park a winter and a summer day are planned once to warm up and then some times over; everything beside
HiGHS's own run is shown in ms and as a ratio to that run.
"""

from __future__ import annotations

import time

from parkopt.models import build
from parkopt.results.summary import summary
from parkopt.solve._compiled import compiled
from parkopt.workflow import DAY_AHEAD, DayRequest, Forecast, account_carbon, build_and_solve, run, to_schedule
from tests.bench.days import CTX, DAYS, PARKS, date, posed
from tests.bench.peers.timing import peak_mb
from tests.bench.table import Asked, Table, medians, verdict

PHASES = ("build", "compile", "hand_over", "highs", "extract", "check", "schedule", "carbon")
GOAL_MS = 60.0


def once(problem: Forecast) -> dict[str, float]:
    """Plan one posed day and return the milliseconds of each phase."""
    begin = time.perf_counter()
    solved = build_and_solve(problem, CTX)
    middle = time.perf_counter()
    scheduled = to_schedule(solved, CTX)
    late = time.perf_counter()
    account_carbon(scheduled, CTX)
    end = time.perf_counter()
    spent = {key: 1000 * value for key, value in solved.solution.seconds.items()}
    check = 1000 * (middle - begin) - sum(spent.values())
    return {**spent, "check": check, "schedule": 1000 * (late - middle), "carbon": 1000 * (end - late)}


def phases(asked: Asked) -> Table:
    """Return the milliseconds of each phase."""
    heads = ["park", "day", *PHASES, "beside", "ratio", "builds"]
    table = Table("Phases of a day, ms; 'beside' is all but HiGHS's run, 'ratio' is beside / HiGHS", heads, labels=2)
    worst = 0.0
    for park in PARKS:
        for day in DAYS:
            problem = posed(park, day)
            once(problem)
            rounds = build_and_solve(problem, CTX).solution.rounds
            spent = medians(lambda problem=problem: once(problem), asked.runs)
            beside = sum(ms for phase, ms in spent.items() if phase != "highs")
            worst = max(worst, beside)
            cells = [f"{spent[phase]:.1f}" for phase in PHASES]
            table.rows.append([park, day, *cells, f"{beside:.1f}", f"{beside / spent['highs']:.2f}", str(rounds)])
    table.notes = [
        f"most beside HiGHS, {verdict(worst, GOAL_MS, ' ms')}",
        f"peak memory of this process: {peak_mb():.0f} MiB",
    ]
    return table


def outcomes() -> Table:
    """Return what each park's days come to: the table of the README."""
    heads = ["cost yuan", "carbon t", "green", "self-use", "of demand", "export", "HiGHS ms", "gap", "checks"]
    table = Table("What the days come to", ["park", "day", *heads], labels=2)
    for park in PARKS:
        for day in DAYS:
            result = run(DAY_AHEAD, DayRequest(park, date.fromisoformat(day)), CTX)
            solved, figures = result.scheduled.solved, summary(result.schedule)
            shares = ("green_share", "self_use_of_available", "self_use_of_demand", "export_of_available")
            cells = [f"{figures['cost_yuan']:,.0f}", f"{figures['carbon_t']:,.1f}"]
            cells += [f"{figures[key]:.1%}" for key in shares]
            cells += [f"{1000 * solved.solution.seconds['highs']:.0f}", f"{solved.solution.gap:.4%}"]
            table.rows.append([park, day, *cells, str(solved.checks)])
    return table


def sizes() -> Table:
    """Return rows, columns and non-zeros of each park's day."""
    table = Table("Sizes of a day's model", ["park", "rows", "columns", "integer", "non-zeros"])
    for park in PARKS:
        form = compiled(build(posed(park, DAYS[0]).problem))
        rows, columns = form.matrix.shape
        table.rows.append([park, rows, columns, int(form.integer.sum()), form.matrix.nnz])
    return table


def tables(asked: Asked) -> list[Table]:
    """Return all tables of this part."""
    return [phases(asked), outcomes(), sizes()]
