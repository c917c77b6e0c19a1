"""`python3 run.py bench`: where a day's time goes, phase by phase, beside HiGHS's own run.

For each park a winter and a summer day are planned once to warm up and then RUNS times;
printed are medians in ms, and everything beside HiGHS as a ratio to HiGHS in the same run.
The last lines give the peak memory of the process and the compiled model's size.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import date
from statistics import median

from parkopt.models import build
from parkopt.results.summary import summary
from parkopt.solve._compiled import compile_model
from parkopt.workflow import (
    DAY_AHEAD,
    Context,
    DayRequest,
    account_carbon,
    build_and_solve,
    fetch_weather,
    forecast,
    load_park,
    run,
    to_schedule,
)

RUNS = 15
DAYS = ("2026-01-15", "2026-07-15")
PHASES = ("build", "compile", "highs", "extract", "check", "schedule", "carbon")


def once(posed: object, ctx: Context) -> dict[str, float]:
    """Plan one posed day and return the milliseconds of each phase."""
    begin = time.perf_counter()
    solved = build_and_solve(posed, ctx)
    middle = time.perf_counter()
    scheduled = to_schedule(solved, ctx)
    late = time.perf_counter()
    account_carbon(scheduled, ctx)
    end = time.perf_counter()
    spent = {key: 1000 * value for key, value in solved.solution.seconds.items()}
    inside = sum(spent.values())
    return {
        **spent,
        "check": 1000 * (middle - begin) - inside,
        "schedule": 1000 * (late - middle),
        "carbon": 1000 * (end - late),
    }


def bench(park: str, day: str, runs: int) -> tuple[dict[str, float], int]:
    """Return the median of each phase, and how often the model had to be built."""
    ctx = Context("bench", "bench", "bench")
    posed = forecast(fetch_weather(load_park(DayRequest(park, date.fromisoformat(day)), ctx), ctx), ctx)
    once(posed, ctx)
    rounds = build_and_solve(posed, ctx).solution.rounds
    timed = [once(posed, ctx) for _ in range(runs)]
    return {phase: median(spent[phase] for spent in timed) for phase in PHASES}, rounds


def main(runs: int) -> None:
    """Print the table."""
    print(f"medians of {runs} warm runs, ms; 'beside' is everything but HiGHS, 'ratio' is beside / HiGHS")
    heads = [*PHASES, "beside", "ratio", "builds"]
    print(f"{'park':<10}{'day':<12}" + "".join(f"{head:>10}" for head in heads))
    worst = 0.0
    for park in ("dafeng", "sheyang", "huanghai", "ydz"):
        for day in DAYS:
            spent, rounds = bench(park, day, runs)
            beside = sum(ms for phase, ms in spent.items() if phase != "highs")
            worst = max(worst, beside)
            cells = [*(f"{spent[phase]:.1f}" for phase in PHASES), f"{beside:.1f}", f"{beside / spent['highs']:.2f}"]
            print(f"{park:<10}{day:<12}" + "".join(f"{cell:>10}" for cell in [*cells, str(rounds)]))
    print(f"most beside HiGHS: {worst:.1f} ms (goal of the day-ahead path: 60 ms)")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    sizes()
    days()


def days() -> None:
    """Print what each park's days come to: the table of the README."""
    heads = ["cost yuan", "carbon t", "green", "self-use", "of demand", "export", "HiGHS ms", "gap", "checks"]
    print(f"{'park':<10}{'day':<12}" + "".join(f"{head:>11}" for head in heads))
    ctx = Context("bench", "bench", "bench")
    for park in ("dafeng", "sheyang", "huanghai", "ydz"):
        for day in DAYS:
            result = run(DAY_AHEAD, DayRequest(park, date.fromisoformat(day)), ctx)
            solved, figures = result.scheduled.solved, summary(result.schedule)
            shares = ("green_share", "self_use_of_available", "self_use_of_demand", "export_of_available")
            cells = [f"{figures['cost_yuan']:,.0f}", f"{figures['carbon_t']:,.1f}"]
            cells += [f"{figures[key]:.1%}" for key in shares]
            cells += [
                f"{1000 * solved.solution.seconds['highs']:.0f}",
                f"{solved.solution.gap:.4%}",
                str(solved.checks),
            ]
            print(f"{park:<10}{day:<12}" + "".join(f"{cell:>11}" for cell in cells))


def sizes() -> None:
    """Print rows, columns and non-zeros of each park's day."""
    ctx = Context("bench", "bench", "bench")
    for park in ("dafeng", "sheyang", "huanghai", "ydz"):
        request = DayRequest(park, date.fromisoformat(DAYS[0]))
        built = build(forecast(fetch_weather(load_park(request, ctx), ctx), ctx).problem)
        compiled = compile_model(built.model, built.hub)
        rows, columns = compiled.matrix.shape
        whole = int(compiled.integer.sum())
        print(f"{park:<10}{rows} rows, {columns} columns ({whole} integer), {compiled.matrix.nnz} non-zeros")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
