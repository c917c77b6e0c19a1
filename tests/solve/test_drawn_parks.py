"""Random parks over all technologies: both forms are one, a kept structure changes no answer, all pass the check."""

import pytest

from parkopt.models import build, technologies
from parkopt.solve._compiled import compiled, compiled_by_pyomo
from parkopt.solve.planner import require_same
from tests.solve.drawn_parks import NO_TIME, checked, park, prove

COMPARED = 200
PROVEN = [1, 4, 5, 6, 8, 10, 11, 12, 16, 19, 21, 23, 27, 28, 31, 33, 34, 36, 37, 38]
"""Parks that are solved within a fraction of a second."""
BY_HABIT = range(12)


@pytest.mark.parametrize("first", range(0, COMPARED, 25))
def test_both_forms_hold_the_same_numbers(first):
    for seed in range(first, first + 25):
        built = build(park(seed))
        require_same(compiled(built), compiled_by_pyomo(built))


def test_the_parks_hold_every_technology():
    drawn = {asset.kind for seed in range(COMPARED) for asset in park(seed).park.assets.values()}
    assert drawn == set(technologies())


@pytest.mark.parametrize("seed", PROVEN)
def test_all_that_holds_of_a_park(seed):
    """One optimum of both forms, the same answer by a warm planner, the check by plan, by habit and on the next day."""
    assert prove(seed) in ("re-used", "built anew", "infeasible")


def test_without_time_a_park_is_planned_by_habit():
    outcomes = {checked(park(seed), limits=NO_TIME).outcome for seed in BY_HABIT}
    assert "rule_based" in outcomes


def test_a_part_load_electrolyser_with_an_offer():
    """Park 1022: the check had refused any offer of such a unit, even of nothing."""
    assert checked(park(1022), limits=NO_TIME).outcome == "rule_based"
