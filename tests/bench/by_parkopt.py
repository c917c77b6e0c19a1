"""parkopt on a neutral problem, timed as the peers of `tests.bench.peers` are, in a process of its own.

The path is that of a day: pose, build, arrays (a structure that was compared with Pyomo's compiler is not compared
again), HiGHS by way of rounding, values by asset. The independent check of a schedule, which no peer has, is timed
apart as `check_s`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from parkopt.solve import Limits, check
from parkopt.solve.planner import Planner
from tests.bench.peers.problem import Neutral
from tests.bench.peers.timing import PHASES, answer, main, unsupported
from tests.bench.translate import pose, reason_against

PLANNER = Planner()


def solve(p: Neutral) -> dict:
    """Pose, plan, and take the values by asset."""
    reason = reason_against(p)
    if reason:
        return unsupported(reason)
    begin = time.perf_counter()
    problem = pose(p)
    ready = time.perf_counter()
    solution = PLANNER.solve(problem, Limits(seconds=p.time_limit_s, gap=p.mip_gap))
    reported = solution.reported
    end = time.perf_counter()
    check(solution.problem, reported, solution.bill)
    spent = {**dict.fromkeys(("build", "compile", "hand_over", "highs"), 0.0), **solution.seconds}
    building = ready - begin + spent["build"]
    handing = spent["compile"] + spent["hand_over"]
    seconds = (building, handing, spent["highs"], end - begin - building - handing - spent["highs"])
    notes = f"{solution.rounds} rounds, gap {solution.gap:.1e}"
    whole = {**dict(zip(PHASES, seconds, strict=True)), **answer(solution.objective, solution.outcome, notes, None)}
    return {**whole, "check_s": time.perf_counter() - end}


if __name__ == "__main__":
    main(solve)
