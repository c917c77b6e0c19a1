"""parkopt and bare HiGHS are given the same neutral problems: their objectives must be the same."""

import numpy as np
import pytest

from parkopt.solve import Limits, check
from parkopt.solve.planner import Planner
from tests.bench.peers import raw_highspy
from tests.bench.peers.make import problem, rough, unit
from tests.bench.peers.problem import neutral
from tests.bench.table import WIDTH, Table, verdict
from tests.bench.throughput import scenarios
from tests.bench.translate import pose, reason_against

RTOL = 1e-6
GAP = 1e-8
SIZED = {"sizing": {"yuan_per_mwh_for_the_horizon": 40.0, "max_mwh": 200.0}}


def both(sample):
    """Return parkopt's solution and the objective of bare HiGHS."""
    p = neutral({**sample, "mip_gap": GAP})
    assert reason_against(p) is None
    solution = Planner().solve(pose(p), Limits(seconds=60.0, gap=GAP))
    assert check(solution.problem, solution.reported, solution.bill).passed
    return solution, raw_highspy.solve(p)["objective_yuan"]


def rng():
    return np.random.default_rng(7)


def charged(**changed):
    return problem("day", 24, rng(), demand_charge={"yuan_per_mw": 1200.0, "free_mw": 12.0}, **changed)


def a_week():
    return rough(problem("week", 168, rng(), generator=unit(), exclusive=True), rng())


def quarters():
    engine = unit(ramp_per_h=0.6, min_up_h=2.5)
    return rough(problem("quarters", 96, rng(), 0.25, generator=engine, exclusive=True), rng())


CASES = {
    "a day": lambda: problem("day", 24, rng()),
    "a day with a charge on its peak": charged,
    "quarters of an hour, ramps, negative prices": quarters,
    "a week of a gas engine": a_week,
    "thirty days with a store to be sized": lambda: problem("month", 720, rng(), **SIZED),
}


@pytest.mark.parametrize("name", CASES)
def test_parkopt_finds_the_objective_of_bare_highs(name):
    solution, floor = both(CASES[name]())
    assert solution.objective == pytest.approx(floor, rel=RTOL)


def test_the_sized_store_is_neither_none_nor_the_largest():
    solution, _ = both(CASES["thirty days with a store to be sized"]())
    assert 1.0 < solution.reported["store"]["built_mwh"][0] < 199.0


def test_days_of_one_park_are_given_their_own_series():
    for sample in scenarios(3):
        solution, floor = both(sample)
        assert solution.objective == pytest.approx(floor, rel=RTOL)


def test_what_parkopt_would_solve_otherwise_is_not_given_to_it():
    free = rough(problem("day", 24, rng()), rng())
    assert "opposite flows" in reason_against(neutral(free))
    two_months = problem("long", 24 * 32, rng(), demand_charge={"yuan_per_mw": 1200.0, "free_mw": 12.0})
    assert "calendar month" in reason_against(neutral(two_months))


def test_tables_are_plain_and_narrow():
    table = Table("word " * 60, ["tool", "ms"], [["parkopt", "1.0"], ["other", "12.5"]], ["note " * 60])
    lines = table.text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "parkopt   1.0" in lines
    assert table.plain()["rows"][1] == {"tool": "other", "ms": "12.5"}


def test_a_verdict_names_goal_and_what_was_reached():
    assert verdict(4.2, 5.0, " ms") == "goal at most 5 ms: 4.2 ms, reached"
    assert verdict(8.0, 10.0, more=True) == "goal at least 10: 8, NOT reached"
