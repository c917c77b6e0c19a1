"""A piecewise linear curve: its values, and that a model stays on it, against the enumeration of all segments."""

import itertools

import numpy as np
import pytest
import scipy.optimize as so
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.models import build
from parkopt.models.piecewise import FILL, Curve
from parkopt.models.tech.electrolyser import Electrolyser
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
POWER_MW = 10.0
CONCAVE = [(0.2, 50.0), (0.5, 51.0), (1.0, 56.0)]
CONVEX = [(0.2, 70.0), (0.6, 60.0), (1.0, 50.0)]
MIXED = [(0.2, 75.0), (0.5, 50.0), (0.7, 62.0), (1.0, 53.0)]


def unit(points, **changes):
    return {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": f"{POWER_MW} MW",
        "part_load": [{"load": load, "efficiency": f"{kwh} kWh/kg"} for load, kwh in points],
        "min_load": points[0][0],
        "tank": "300 kg",
        "tank_initial": 0.5,
        "tank_final": 0.5,
        "demand": "2400 kg/day",
    } | changes


def solved(assets, series, **more):
    solution = solve(small_problem(assets, series, **more), EXACT)
    assert_conserves(solution)
    return solution


def corners(points):
    return [(load * POWER_MW, load * POWER_MW * 1000 / kwh) for load, kwh in points]


def enumerated(points, price, demand=100.0, tank=300.0, opening=150.0):
    """Least cost over every choice of off or one segment in each step: a linear program for each."""
    at, n, best = corners(points), len(price), np.inf
    pieces = [None, *itertools.pairwise(at)]
    for choice in itertools.product(pieces, repeat=n):
        low, high, slope, base = [], [], [], []
        for piece in choice:
            (x0, y0), (x1, y1) = piece or ((0.0, 0.0), (0.0, 0.0))
            s = (y1 - y0) / (x1 - x0) if piece else 0.0
            low, high, slope, base = [*low, x0], [*high, x1], [*slope, s], [*base, y0 - s * x0]
        # level[t] = opening + sum(slope x + base) - demand (t+1) in [0, tank], at the end at least the opening
        made = np.tril(np.tile(slope, (n, 1)))
        fixed = opening + np.cumsum(base) - demand * np.arange(1, n + 1)
        least = np.where(np.arange(n) == n - 1, opening, 0.0)
        found = so.linprog(
            price,
            np.vstack([made, -made]),
            np.concatenate([tank - fixed, fixed - least]),
            bounds=list(zip(low, high, strict=True)),
        )
        best = min(best, found.fun) if found.status == 0 else best
    return best


# The curve alone


def test_values_between_and_beyond_the_corners():
    """Slopes 2 and 1: at 1.5 it is 1, at 3 it is 3.5, past the end it goes on."""
    curve = Curve((1.0, 2.5, 4.0), (0.0, 3.0, 4.5))
    assert curve.at(np.array([1.0, 1.5, 2.5, 3.0, 4.0, 5.0])) == pytest.approx([0, 1, 3, 3.5, 4.5, 5.5])
    assert curve.slopes == pytest.approx([2, 1])
    assert curve.ordered("more")
    assert not curve.ordered("less")
    assert Curve(curve.x, (0.0, 1.5, 4.5)).ordered("less")


def test_cut_and_straight_corners():
    curve = Curve((0.0, 1.0, 2.0, 3.0), (0.0, 2.0, 4.0, 5.0))
    assert curve.cut(0.5) == Curve((0.5, 1.0, 2.0, 3.0), (1.0, 2.0, 4.0, 5.0))
    assert curve.cut(1.0) == Curve((1.0, 2.0, 3.0), (2.0, 4.0, 5.0))
    assert curve.bent() == Curve((0.0, 2.0, 3.0), (0.0, 4.0, 5.0))


@pytest.mark.parametrize("x", [(0.0,), (0.0, 0.0), (1.0, 0.5)])
def test_corners_must_rise(x):
    with pytest.raises(ValueError, match="rise strictly"):
        Curve(x, x)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_values_are_those_of_numpy(widths, steps):
    x = np.cumsum([0.5, *widths])
    y = np.cumsum([1.0, *steps[: len(widths)]])
    curve, at = Curve(tuple(x), tuple(y)), np.linspace(x[0], x[-1], 37)
    assert curve.at(at) == pytest.approx(np.interp(at, x, y), abs=1e-9)
    assert curve.bent().at(at) == pytest.approx(np.interp(at, x, y), abs=1e-6)


# The curve in a model


@pytest.mark.parametrize("points", [CONCAVE, CONVEX, MIXED], ids=["concave", "convex", "mixed"])
@pytest.mark.parametrize("seed", range(4))
def test_as_cheap_as_the_best_of_all_segments(points, seed):
    """Four steps with every segment tried, with negative prices too: then burning power would pay."""
    rng = np.random.default_rng(seed)
    price = rng.uniform(-150 if seed % 2 else 50, 800, 4)
    solution = solved({"grid": grid_asset(50), "h2": unit(points)}, {"grid": prices(price)})
    assert cost_yuan(solution) == pytest.approx(enumerated(points, price), rel=1e-6)
    own, (x, y) = solution.reported["h2"], zip(*corners(points), strict=True)
    on = own["on"] > 0
    assert own["hydrogen_kg"][on] == pytest.approx(np.interp(own["power_mw"][on], x, y), abs=1e-3)
    assert own["tank_kg"][-1] == pytest.approx(150 + own["hydrogen_kg"].sum() - 400, abs=1e-3)


def test_a_concave_curve_needs_no_binaries_of_its_own():
    assets = {"grid": grid_asset(50), "h2": unit(CONCAVE)}
    solution = solved(assets, {"grid": prices([100.0, 700.0, 300.0, 500.0])})
    assert [made.name for made in solution.built.hub.columns if made.integer] == ["on"]
    assert solution.rounds == 1
    assets["h2"] = unit(CONVEX)
    whole = [made.name for made in build(small_problem(assets, {"grid": prices([100.0])})).hub.columns if made.integer]
    assert whole == ["on", "past_corner"]


def test_a_straight_curve_needs_nothing():
    made = build(small_problem({"grid": grid_asset(50), "h2": unit([(0.2, 50.0), (0.6, 50.0), (1.0, 50.0)])}, GIVEN))
    assert FILL not in made.hub.variables["h2"]
    single = build(small_problem({"grid": grid_asset(50), "h2": SINGLE}, GIVEN))
    assert single.hub.n_rows == made.hub.n_rows


GIVEN = {"grid": prices([300.0] * 4)}
SINGLE = unit(CONCAVE) | {"part_load": [], "efficiency": "50 kWh/kg"}


def test_a_rule_that_rewards_burning_brings_the_binaries_in_a_second_round():
    """90 % of 10 MW of sun are to be used, no tank: more power than 120 kg/h need would pay, were hydrogen let go.

    2 to 5 MW make 20 kg/h each and from there on 13.33: 120 kg/h are made by 6.5 MW, and by no other power.
    """
    pv = {"kind": "pv", "capacity": "10 MWp", "ac_limit": "10 MW"}
    h2 = unit([(0.2, 50.0), (0.5, 50.0), (1.0, 60.0)], demand=f"{24 * 120.0} kg/day", tank="0 kg")
    rules = {"direct_connection": "multi_user_688", "self_use_of_available": 0.9, "self_use_of_demand": 0.0}
    problem = small_problem(
        {"grid": grid_asset(50), "sun": pv, "h2": h2},
        {"grid": prices([300.0] * 2), "sun": {"available_mw": [10.0] * 2}},
        rules=rules | {"breach_price": "100 yuan/MWh"},
    )
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert solution.rounds == 2
    assert "h2" in {name for name, _ in solution.problem.exclusive_at} | solution.problem.exclusive
    # 2.5 MWh an hour are missing to 9, and paid for
    assert solution.reported["h2"]["power_mw"] == pytest.approx([6.5, 6.5], abs=1e-6)
    assert cost_yuan(solution) == pytest.approx(2 * 2.5 * 100, rel=1e-6)


def test_the_config_gives_the_curve_from_the_least_load():
    """From 30 % on: 3 MW lie on the line from 2 MW (40 kg/h) to 5 MW (98.04 kg/h)."""
    body = Electrolyser.model_validate(unit(CONCAVE, min_load=0.3))
    assert body.curve.x == pytest.approx((3.0, 5.0, 10.0))
    assert body.curve.y[0] == pytest.approx(40 + (5000 / 51 - 40) / 3)
