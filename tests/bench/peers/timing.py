"""How a peer is timed and run from the shell.

One clock for all: a peer's whole path is cut where HiGHS itself begins and ends to run. To find these
two points inside someone else's library the clock puts a stopwatch round `highspy.Highs.run` for the
time of the call; nothing else of the library is touched.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import highspy

from tests.bench.peers.problem import Neutral, read

PHASES = ("build_s", "translate_s", "solve_s", "extract_s")


class Clock:
    """Marks when the model was built and when HiGHS ran."""

    def __init__(self) -> None:
        self.runs: list[tuple[float, float]] = []
        self.begin = self.ready = time.perf_counter()

    def built(self) -> None:
        """Say that the model stands in the peer's own form."""
        self.ready = time.perf_counter()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Put the stopwatch round HiGHS's run while the block is open."""
        plain = highspy.Highs.run

        def run(solver: highspy.Highs) -> object:
            begin = time.perf_counter()
            try:
                return plain(solver)
            finally:
                self.runs.append((begin, time.perf_counter()))

        highspy.Highs.run = run
        try:
            yield
        finally:
            highspy.Highs.run = plain

    def report(self, objective: float, status: str, notes: str = "") -> dict:
        """Return the phases' seconds; call it when the schedule is in hand."""
        end = time.perf_counter()
        first, last = (self.runs[0][0], self.runs[-1][1]) if self.runs else (end, end)
        inside = sum(stop - start for start, stop in self.runs)
        seconds = (self.ready - self.begin, last - self.ready - inside, inside, end - last)
        if not first >= self.ready:
            notes += " HiGHS ran before the model was said to be built."
        return {**dict(zip(PHASES, seconds, strict=True)), **answer(float(objective), status, notes.strip(), None)}


def unsupported(reason: str) -> dict:
    """Return what a peer answers to a problem that it cannot express."""
    return {**dict.fromkeys(PHASES), **answer(None, "unsupported", "", reason)}


def answer(objective: float | None, status: str, notes: str, reason: str | None) -> dict:
    """Return all that is said of a solve beside its seconds."""
    return {
        "objective_yuan": objective,
        "status": status,
        "peak_mb": peak_mb(),
        "notes": notes,
        "unsupported": reason,
    }


def peak_mb() -> float:
    """Return the highest resident memory of this process in MiB.

    Linux hands `ru_maxrss` of the process that started this one on to it; the kernel's own `VmHWM` is ours alone.
    """
    status = Path("/proc/self/status")
    if status.exists():
        said = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), None)
        if said:
            return int(said.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(solve: Callable[[Neutral], dict], *packages: str) -> None:
    """Time a peer on the file named on the command line and print one line of JSON."""
    parser = argparse.ArgumentParser(description="Time one peer on a neutral problem, or on a list of them.")
    parser.add_argument("problem")
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    problems, many = read(asked.problem)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with _only_ours() as out:
        warm = solve(problems[0])
        once = (lambda: _together(solve, problems)) if many else (lambda: solve(problems[0]))
        repeats = [] if warm["unsupported"] else [once() for _ in range(asked.repeat)]
        used = {name: version(name) for name in ("highspy", *packages)}
        head = {
            "peer": Path(sys.argv[0]).stem,
            "versions": used,
            "problem": problems[0].name,
            "problems": len(problems),
        }
        out.write(json.dumps({**head, "unsupported": warm["unsupported"], "warm_up": warm, "repeats": repeats}) + "\n")


def _together(solve: Callable[[Neutral], dict], problems: list[Neutral]) -> dict:
    begin = time.perf_counter()
    each = [solve(problem) for problem in problems]
    total = time.perf_counter() - begin
    seconds = {key: sum(one[key] for one in each) for key in each[0] if key.endswith("_s")}
    states = ", ".join(sorted({one["status"] for one in each}))
    objective = sum(one["objective_yuan"] for one in each)
    return {"total_s": total, **seconds, **answer(objective, states, each[-1]["notes"], None)}


@contextmanager
def _only_ours() -> Iterator[object]:
    """Send what libraries print to standard error, and keep standard output for the one line."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(kept, "w") as out:
        yield out
