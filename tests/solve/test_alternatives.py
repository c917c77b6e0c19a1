"""The front of cost and carbon, and plans near the least cost, by hand and on random days."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings

from parkopt.solve import solve
from parkopt.solve.alternatives import near_optimal, pareto
from parkopt.testing import assert_conserves
from tests.solve.days import EXACT, day, days


def sunny(**more):
    """Return 4 hours of 10 MW: import at 100 yuan and 0.5 t/MWh, or sun at 300."""
    return day([100.0] * 4, [10.0] * 4, [20.0] * 4, om=300.0, **more)


def test_a_tonne_costs_400_along_the_whole_front():
    """All import: 4000 yuan and 20 t. All sun: 12000 and none. Between them two MWh change places for each tonne."""
    points = pareto(sunny(), 5, EXACT).points
    assert [point.carbon_t for point in points] == pytest.approx([20, 15, 10, 5, 0], abs=1e-5)
    assert [point.cost_yuan for point in points] == pytest.approx([4000, 6000, 8000, 10000, 12000], abs=0.01)
    assert [point.yuan_per_t for point in points[1:]] == pytest.approx([400] * 4, rel=1e-5)
    assert points[0].cap_t is points[-1].cap_t is None
    json.dumps(pareto(sunny(), 3, EXACT).as_dict())


def test_where_nothing_conflicts_the_front_is_one_point():
    """Free sun is the cheapest and has no carbon."""
    assert len(pareto(day([100.0] * 2, [10.0] * 2, [20.0] * 2), 5, EXACT).points) == 1
    assert len(pareto(day([300.0, 400.0, 350.0], [20.0, 22.0, 18.0])).points) == 1  # nothing is decided at all


def test_the_cheap_end_takes_the_least_carbon_of_its_cost():
    """Sun at 100 costs what import does: the only point is all sun."""
    points = pareto(day([100.0] * 2, [10.0] * 2, [20.0] * 2, om=100.0), 4, EXACT).points
    assert [(round(p.cost_yuan), round(p.carbon_t, 4)) for p in points] == [(2000, 0.0)]


@settings(max_examples=15, deadline=None)
@given(days())
def test_a_front_is_monotone_convex_and_checked(problem):
    points = pareto(problem, 5, EXACT).points
    for one, two in pairwise(points):
        assert two.cost_yuan > one.cost_yuan - 1e-2
        assert two.carbon_t < one.carbon_t
    slopes = [point.yuan_per_t for point in points[1:]]
    far = [two.carbon_t <= one.carbon_t - 1e-3 for one, two in pairwise(points)]
    if all(far):  # neighbours nearer than a kg differ by the room of the caps alone
        assert all(b >= a - 1e-2 * max(1.0, abs(a)) for a, b in pairwise(slopes))
    for point in points:
        assert_conserves(point.solution)


def test_least_cost_is_the_first_point_also_with_whole_numbers():
    made = sunny(unit={"demand": "1200 kg/day"})
    points = pareto(made, 4, EXACT).points
    assert points[0].cost_yuan == pytest.approx(solve(made, EXACT).objective, abs=0.1)
    assert all(two.carbon_t < one.carbon_t for one, two in pairwise(points))


def test_what_only_counts_a_cost_is_brought_down_where_carbon_is_minimised():
    """A generator that never runs owes no start, although the room of the cost would let one be counted."""
    gas = {"kind": "generator", "power": "10 MW", "efficiency": 0.4, "fuel_price": "300 yuan/MWh"}
    made = day([100.0] * 3, extra={"gas": gas | {"fuel_carbon": "202 kg/MWh", "start_cost": "500 yuan"}})
    for point in pareto(made, 3).points:
        assert_conserves(point.solution)
    for one in near_optimal(made, 0.5, 1):
        assert one.extra_yuan <= 0.5 * 3000 + 0.1


def test_a_tenth_more_buys_two_mwh_of_sun():
    """400 yuan more change 2 MWh of import for sun; beyond that no corner is new, so there is one alternative."""
    found = near_optimal(sunny(), 0.1, 3, EXACT)
    assert len(found) == 1
    assert found[0].extra_yuan == pytest.approx(400, abs=0.1)
    assert found[0].distance_mwh == pytest.approx(4.0, abs=1e-3)
    assert {(one.asset, round(one.mwh, 2)) for one in found[0].differences} == {("grid", -2.0), ("pv", 2.0)}
    assert "-2 MWh grid import" in found[0].says.en
    assert "元" in found[0].says.zh


def test_nothing_else_is_possible():
    assert near_optimal(day([100.0] * 2), 0.01, 3, EXACT) == []


@settings(max_examples=4, deadline=None)
@given(days(whole=True))
def test_alternatives_are_cheap_enough_differ_hold_and_come_again(problem):
    least = solve(problem, EXACT).objective
    found = near_optimal(problem, 0.05, 2, EXACT)
    for one in found:
        assert one.extra_yuan <= 0.05 * abs(least) + 0.1
        assert one.solution.objective == pytest.approx(least + one.extra_yuan, abs=0.1)
        assert one.distance_mwh > 0
        assert_conserves(one.solution)
    assert [one.as_dict() for one in near_optimal(problem, 0.05, 2, EXACT)] == [one.as_dict() for one in found]
