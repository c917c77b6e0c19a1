"""`python3 run.py bench`: how fast parkopt is, beside HiGHS's own run and beside other tools.

Each part prints tables of medians and of ratios within one run; nothing is asserted of times. The exit code is 1
where parkopt's objective is not that of bare HiGHS, or a part fails. `docs/benchmarks.md` says how to read the tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import contenders, explain, parks, phases, throughput, week, year
from tests.bench.table import Asked, Table, machine, machine_line

PARTS: dict[str, Callable[[Asked], list[Table]]] = {
    "parks": parks.tables,
    "phases": phases.tables,
    "week": week.tables,
    "year": year.tables,
    "throughput": throughput.tables,
    "peers": contenders.tables,
    "explain": explain.tables,
}
RUNS, QUICK_RUNS = 5, 1


def read() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure parkopt, HiGHS and other tools.")
    parser.add_argument("--part", nargs="*", choices=PARTS, default=list(PARTS), help="parts to run; all by default")
    parser.add_argument("--quick", action="store_true", help="one repeat and fewer cases: does it all work?")
    parser.add_argument("--runs", type=int, help=f"repeats of each measurement ({RUNS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all tables to this file as well")
    return parser.parse_args()


def measured(name: str, asked: Asked) -> list[Table]:
    """Return the tables of one part; a part that fails is a table that says so."""
    try:
        return PARTS[name](asked)
    except Exception as error:  # the other parts shall run
        traceback.print_exc()
        return [Table(f"{name}: FAILED", [], notes=[f"{type(error).__name__}: {error}"], failed=True)]


def main() -> int:
    """Run the parts and print their tables as they come."""
    options = read()
    asked = Asked(options.runs or (QUICK_RUNS if options.quick else RUNS), options.quick)
    where = machine()
    print(machine_line(where), flush=True)
    made: dict[str, list[Table]] = {}
    for name in options.part:
        begin = time.perf_counter()
        made[name] = measured(name, asked)
        for table in made[name]:
            print(f"\n{table.text()}", flush=True)
        print(f"[{name}: {time.perf_counter() - begin:.0f} s]", flush=True)
    if options.json:
        parts = {name: [table.plain() for table in tables] for name, tables in made.items()}
        whole = {"machine": where, "runs": asked.runs, "quick": asked.quick, "parts": parts}
        options.json.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    failed = [name for name, tables in made.items() if any(table.failed for table in tables)]
    if failed:
        print(f"\nFAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
