"""Shadow prices, worked out by hand, against differences of two solves, and where duals mislead."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import NoSolution
from parkopt.models import Objective
from parkopt.solve import Limits, solve
from parkopt.solve._compiled import compiled
from parkopt.solve.shadow import shadow_prices
from parkopt.solve.status import priced
from parkopt.testing import grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)


def day(rules, *, buy=(100.0,) * 4, load=(10.0,) * 4, sun=(20.0,) * 4, om=300.0, export=0.0, step=60, **more):
    pv = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"} | ({"om": f"{om} yuan/MWh"} if om else {})
    assets = {"grid": grid_asset(50, 30), "load": load_asset(), "pv": pv} | more.pop("extra", {})
    series = {
        "grid": prices(list(buy), export=export),
        "load": {"demand_mw": list(load)},
        "pv": {"available_mw": list(sun)},
    } | more.pop("series", {})
    return small_problem(assets, series, rules=rules, step_min=step, grid_factor_kg_per_mwh=500.0, **more)


def test_a_carbon_caps_price_is_the_abatement_cost():
    """A tonne more is 2 MWh of import at 100 in place of the sun at 300: 400 yuan. The next MWh is the sun's, 300."""
    found = shadow_prices(solve(day({"carbon_cap": "10 t"}), EXACT), by_resolve=True)
    cap = found.rules["carbon_cap"]
    assert cap.yuan_per_unit == pytest.approx(400)
    assert cap.resolved_yuan == pytest.approx(400)
    assert cap.unit == "t"
    assert found.energy["main"] == pytest.approx([300.0] * 4)
    assert found.cost_yuan == pytest.approx(20 * 100 + 20 * 300)


def test_a_cap_that_does_not_bind_costs_nothing():
    found = shadow_prices(solve(day({"carbon_cap": "30 t"}), EXACT))
    assert found.rules["carbon_cap"].yuan_per_unit == 0.0
    assert found.rules["carbon_cap"].resolved_yuan is None
    assert found.energy["main"] == pytest.approx([100.0] * 4)


def test_a_priced_rule_that_is_missed_shows_its_price():
    rules = {"carbon_cap": "10 t", "carbon_breach_price": "90 yuan/t"}
    assert shadow_prices(solve(day(rules), EXACT)).rules["carbon_cap"].yuan_per_unit == pytest.approx(90)


def test_energy_is_priced_per_mwh_whatever_the_step():
    """At half-hour steps a MW more is half a MWh: the price of energy is the tariff all the same."""
    found = shadow_prices(solve(day({}, buy=(100.0, 250.0), load=(10, 10), sun=(0, 0), step=30), EXACT))
    assert found.energy["main"] == pytest.approx([100.0, 250.0])


def test_each_ratio_has_its_price_in_mwh():
    """Exports earn 200, and 16 of 80 MWh may go out: one MWh more of room is worth 200. The sun in the park is free."""
    rules = {"direct_connection": "multi_user_688", "self_use_of_available": 0.0}
    found = shadow_prices(solve(day(rules, om=0.0, export=200.0), EXACT), by_resolve=True)
    assert found.rules["export_of_available"].yuan_per_unit == pytest.approx(200)
    assert found.rules["export_of_available"].resolved_yuan == pytest.approx(200)
    assert found.rules["self_use_of_available"].yuan_per_unit == 0.0
    assert found.energy["main"] == pytest.approx([0.0] * 4, abs=1e-9)


def test_a_green_share_and_a_declared_capacity_have_theirs():
    """A MWh less to match saves 300 - 100. A MW more of import saves 300 - 100 in each of 4 hours."""
    green = shadow_prices(solve(day({"hourly_green": {"share": 0.6}}), EXACT), by_resolve=True)
    assert green.rules["hourly_green"].yuan_per_unit == pytest.approx(200)
    assert green.rules["hourly_green"].resolved_yuan == pytest.approx(200)
    within = shadow_prices(solve(day({"declared_capacity": "6 MW"}), EXACT), by_resolve=True)
    assert within.rules["declared_capacity"].yuan_per_unit == pytest.approx(800)
    assert within.rules["declared_capacity"].resolved_yuan == pytest.approx(800)
    assert within.rules["declared_capacity"].unit == "MW"


def test_a_ban_on_export_is_worth_what_export_would_earn():
    """10 MW of free sun are curtailed under the ban of the second hour, at 200 yuan/MWh."""
    rules = {"export_forbidden": [{"windows": ["1-2"]}]}
    found = shadow_prices(solve(day(rules, om=0.0, export=200.0), EXACT))
    assert found.export_ban == pytest.approx([0.0, 200.0, 0.0, 0.0])
    half = shadow_prices(solve(day({"export_forbidden": [{"windows": ["1-2"]}]}, om=0.0, export=200.0, step=30), EXACT))
    assert half.export_ban == pytest.approx([0.0, 0.0, 200.0, 200.0])


def test_negative_prices_of_energy_keep_their_sign():
    """Of 60 MW of sun 10 are used, 30 go out and 20 are curtailed at 40: an MWh more of demand saves that."""
    pv = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW", "curtail_price": "40 yuan/MWh"}
    found = shadow_prices(solve(day({}, extra={"pv": pv}, sun=(60.0,) * 4), EXACT))
    assert found.energy["main"] == pytest.approx([-40.0] * 4)


UNIT = {
    "kind": "electrolyser",
    "enterprise": "h2",
    "power": "10 MW",
    "efficiency": "50 kWh/kg",
    "min_load": 0.5,
    "start_cost": "1000 yuan",
    "tank": "400 kg",
    "tank_initial": 0.5,
    "tank_final": 0.5,
    "demand": "2400 kg/day",
}


def test_on_off_decisions_are_held():
    """The electrolyser runs on as it was decided; a tonne more of the cap is 2 MWh of import for sun, as ever: 400."""
    made = day({"carbon_cap": "28 t"}, extra={"h2": UNIT}, load=(10.0,) * 8, sun=(20.0,) * 8, buy=(100.0,) * 8)
    found = shadow_prices(solve(made, EXACT), by_resolve=True).rules["carbon_cap"]
    assert found.yuan_per_unit == pytest.approx(400)
    assert found.resolved_yuan == pytest.approx(400)


def test_a_dual_misleads_where_a_unit_of_room_changes_a_decision():
    """The mill runs 2 h at 6 MW beside a load of 4; 9 MW are declared, so it runs in the two sunny hours.

    There it needs 1 MW of sun at 300 beside 9 MW of import at 100: by the dual, a MW more saves 2 h * (300 - 100).
    But with 10 MW it moves into the night at 50: 2 * (900 + 300) + 4400 become 800 + 4400 + 600, which saves 1000.
    """
    mill = {"kind": "flexible_load", "enterprise": "mill", "form": "block", "windows": ["0-24"], "power": "6 MW"}
    made = day(
        {"declared_capacity": "9 MW"},
        extra={"mill": mill | {"duration_h": 2}},
        load=(4.0,) * 24,
        sun=(4.0, 4.0) + (0.0,) * 22,
        buy=(100.0,) * 2 + (50.0,) * 22,
    )
    found = shadow_prices(solve(made, EXACT), by_resolve=True).rules["declared_capacity"]
    assert found.yuan_per_unit == pytest.approx(400)
    assert found.resolved_yuan == pytest.approx(1000)


def test_for_the_goal_carbon_the_prices_are_of_cost_at_its_carbon():
    made = replace(day({"hourly_green": {"share": 0.5}}), objective=Objective(goal="carbon"))
    found = shadow_prices(solve(made, EXACT))
    assert found.cost_yuan == pytest.approx(40 * 300, rel=1e-3)
    assert found.rules["hourly_green"].yuan_per_unit == pytest.approx(0.0, abs=1e-6)


def test_decisions_that_cannot_stand_are_not_priced():
    solution = solve(day({"carbon_cap": "10 t"}), EXACT)
    form = replace(solution.form, row_upper=solution.form.row_upper.copy())
    form.row_upper[solution.built.hub.blocks["rules"].rows["carbon_cap"].first] = -1.0
    with pytest.raises(NoSolution):
        shadow_prices(replace(solution, form=form))


def test_whole_numbers_have_no_duals():
    solution = solve(day({}, extra={"h2": UNIT}), EXACT)
    with pytest.raises(ValueError, match="whole numbers"):
        priced(compiled(solution.built), solution.form.cost, EXACT)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 25), st.integers(20, 600)), min_size=2, max_size=5),
    st.floats(0.05, 0.95),
    st.integers(0, 4),
)
def test_the_next_mwh_costs_what_a_second_solve_says(steps, tight, place):
    """The price of energy lies between the savings of 0.01 MW less and the cost of 0.01 MW more (a convex cost)."""
    load, sun, buy = ([float(step[k]) for step in steps] for k in range(3))
    t, nudge = place % len(load), 0.01
    low = sum(max(0.0, a - b) for a, b in zip(load, sun, strict=True)) * 0.5
    cap = low + tight * (0.5 * sum(load) - low) + 0.02

    def cost(extra):
        moved = [mw + extra * (i == t) for i, mw in enumerate(load)]
        return solve(day({"carbon_cap": f"{cap!r} t"}, buy=buy, load=moved, sun=sun), EXACT).objective

    price = shadow_prices(solve(day({"carbon_cap": f"{cap!r} t"}, buy=buy, load=load, sun=sun), EXACT)).energy["main"][
        t
    ]
    below, at, above = cost(-nudge), cost(0.0), cost(nudge)
    assert (at - below) / nudge - 1e-4 <= price <= (above - at) / nudge + 1e-4
    assert np.isfinite(price)
