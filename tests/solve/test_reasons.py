"""Reasons by hand, that their numbers prove what they say, and what the model says where duals mislead."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import WrongValue
from parkopt.models import Objective
from parkopt.solve import solve
from parkopt.solve.counterfactual import counterfactual
from parkopt.solve.reason_words import Kind
from parkopt.solve.reasons import reasons
from tests.solve.days import EXACT, day, days

NEAR = 1e-2


def told(solution, asset, step, **more):
    return next(own for own in reasons(solution, **more) if (own.asset, own.step) == (asset, step))


def test_a_store_charges_at_its_limit_because_it_pays_later():
    """Given back, a MWh saves 400 less 20 of wear; stored that is 0.9 of 380, 342; of what is charged 0.9: 307.8."""
    solution = solve(day([100.0, 400.0], store={}), EXACT)
    one, two = (told(solution, "ess", step) for step in (0, 1))
    assert one.kind is Kind.CHARGE_AT_LIMIT
    assert one.numbers == pytest.approx({"mw": 4.0, "cost": 100.0, "worth": 307.8})
    assert "01:00" in one.says.en
    assert "400" in one.says.zh
    assert two.kind is Kind.DISCHARGE
    assert two.numbers == pytest.approx({"mw": 3.24, "cost": 400.0, "worth": 400.0})
    assert one.holds
    assert two.holds


def test_a_store_rests_where_the_spread_does_not_pay():
    """Between 300 and 360 lie 60; the round trip loses 68.4 of 360, and 0.81 of the wear of 20 is 16.2: 84.6."""
    buy = [300.0, 360.0, 420.0, 200.0]
    found = reasons(solve(day(buy, store={"soc_initial": 0.5, "soc_final": 0.0, "discharge": "3 MW"}), EXACT))
    rests = [own for own in found if own.kind is Kind.IDLE_SPREAD]
    assert rests
    for own in rests:
        assert own.numbers["spread"] <= own.numbers["losses"] + NEAR


def test_a_full_store_says_so():
    """8 MWh are in it: more at 100 would be worth 307.8 later, and there is no room."""
    found = told(solve(day([100.0, 400.0], store={"soc_initial": 1.0}), EXACT), "ess", 0)
    assert found.kind is Kind.IDLE_FULL
    assert found.numbers == pytest.approx({"cost": 100.0, "worth": 307.8})


def test_an_empty_store_says_so():
    """A MWh would save 400 now; given back in the last hour the same energy saves 300, wear included."""
    found = told(solve(day([400.0, 100.0, 300.0], store={}), EXACT), "ess", 0)
    assert found.kind is Kind.IDLE_EMPTY
    assert found.numbers == pytest.approx({"worth": 400.0, "cost": 300.0})


@pytest.mark.parametrize("step", [60, 30, 15])
def test_import_is_held_by_the_peak_of_the_month(step):
    """Energy is free, a MW of the month costs 1000. The store shaves the second step of 9 MW; the first fills it.

    What the two steps bear of the 1000 adds up to it, whatever the length of a step.
    """
    made = day([0.0, 0.0], [5.0, 9.0], store={"wear": "0 yuan/MWh"}, grid={"demand_yuan_per_mw": 1000.0}, step=step)
    solution = solve(made, EXACT)
    both = [told(solution, "grid", step) for step in (0, 1)]
    assert {own.kind for own in both} == {Kind.IMPORT_HELD_BY_PEAK}
    assert sum(own.numbers["peak"] for own in both) == pytest.approx(1000.0)
    assert both[0].numbers["demand"] == 1000.0


def test_exports_are_explained_by_what_they_earn_and_what_the_stores_do():
    solution = solve(day([300.0], [10.0], [25.0], export=150.0, store={}), EXACT)
    found = told(solution, "grid", 0)
    assert found.kind is Kind.EXPORT
    assert found.numbers == pytest.approx({"mw": 15.0, "worth": 150.0, "cost": 150.0})
    assert "ess resting" in found.says.en
    limited = told(solve(day([300.0], [10.0], [60.0], export=150.0), EXACT), "grid", 0)
    assert limited.kind is Kind.EXPORT_AT_LIMIT
    assert limited.numbers == pytest.approx({"mw": 30.0, "worth": 150.0, "cost": 0.0})


def test_a_ban_and_a_rule_on_export_are_named():
    rules = {"export_forbidden": [{"windows": ["0-1"]}]}
    banned = told(solve(day([300.0], [10.0], [25.0], export=150.0, rules=rules), EXACT), "grid", 0)
    assert banned.kind is Kind.EXPORT_FORBIDDEN
    share = {"direct_connection": "multi_user_688", "self_use_of_available": 0.0, "self_use_of_demand": 0.0}
    held = told(solve(day([300.0] * 2, [10.0] * 2, [25.0] * 2, export=150.0, rules=share), EXACT), "grid", 0)
    solution = solve(day([300.0] * 2, [10.0] * 2, [25.0] * 2, export=150.0, rules=share), EXACT)
    kinds = {told(solution, "grid", step).kind for step in (0, 1)}
    assert Kind.EXPORT_HELD_BY_RULE in kinds
    assert held.holds


def test_a_unit_that_is_off_hangs_on_a_whole_decision_and_the_model_is_asked():
    solution = solve(day([100.0, 50.0, 100.0, 50.0], unit={"demand": "2400 kg/day"}), EXACT)
    off = [own for own in reasons(solution) if own.kind is Kind.OFF]
    assert off
    assert all(own.hangs_on_whole and own.otherwise is None for own in off)
    asked = [own for own in reasons(solution, verify=True, most=1) if own.otherwise is not None]
    assert len(asked) == 1
    assert asked[0].otherwise.variable == "on"
    assert asked[0].otherwise.extra_yuan >= 0


def test_two_hours_of_one_price_make_no_difference():
    """Three hours at 100, one at 400: charging in this or that one costs the same, and the model says so too."""
    solution = solve(day([100.0, 100.0, 100.0, 400.0], store={"charge": "4 MW", "energy": "6 MWh"}), EXACT)
    same = [own for own in reasons(solution, verify=True) if own.makes_no_difference and own.asset == "ess"]
    assert same
    assert all(own.otherwise.same_cost for own in same)


def test_what_forbidding_costs():
    """Without the 4 MW of charging 3.24 MWh are bought at 400 (20 of wear saved) and not 4 at 100: 831.2 yuan."""
    solution = solve(day([100.0, 400.0], store={}), EXACT)
    forbidden = counterfactual(solution, "ess", 0, EXACT)
    assert (forbidden.variable, forbidden.at_most) == ("charge_mw", 0.0)
    assert forbidden.extra_yuan == pytest.approx(3.24 * 380 - 400)
    less = counterfactual(solution, "grid", 0, EXACT, variable="import_mw", at_most=12.0)
    assert less.extra_yuan == pytest.approx(2 * (0.81 * 380 - 100))
    impossible = counterfactual(solution, "grid", 0, EXACT, variable="import_mw", at_most=9.0)
    assert impossible.extra_yuan is None
    assert "no schedule" in impossible.says.en
    beyond = counterfactual(solution, "ess", 0, EXACT, variable="charge_mw", at_least=5.0)
    assert beyond.extra_yuan is None
    with pytest.raises(WrongValue):
        counterfactual(solution, "ess", 0, EXACT, variable="nothing_mw")


@settings(max_examples=30, deadline=None)
@given(st.booleans().flatmap(lambda whole: days(whole=whole)))
def test_the_numbers_prove_the_sentence(problem):
    solution = solve(problem, EXACT)
    store = solution.problem.park.assets["ess"]
    found = reasons(solution)
    assert all(own.holds for own in found)
    for own in found:
        said = own.numbers
        if own.kind in (Kind.CHARGE, Kind.CHARGE_AT_LIMIT, Kind.DISCHARGE, Kind.DISCHARGE_AT_LIMIT, Kind.IMPORT):
            assert said["cost"] <= said["worth"] + NEAR
        if own.kind is Kind.IDLE_SPREAD:
            assert said["spread"] <= said["losses"] + NEAR
        if own.kind in (Kind.IDLE_FULL, Kind.IDLE_EMPTY):
            assert said["worth"] >= said["cost"] - NEAR
        if own.kind is Kind.NO_EXCHANGE:
            assert said["earns"] - NEAR <= said["worth"] <= said["cost"] + NEAR
        if own.kind in (Kind.EXPORT, Kind.EXPORT_AT_LIMIT):
            assert said["worth"] >= said["cost"] - NEAR
        if own.kind is Kind.IMPORT_HELD_BY_PEAK:
            assert 0 < said["peak"] <= said["demand"] + NEAR
        if own.kind is Kind.CHARGE and "given back" in own.says.en and store.self_discharge == 0:
            step = int(own.says.en.split("given back at ")[1][:2])
            later = next(o for o in found if o.asset == "ess" and o.step == step).numbers["worth"]
            assert said["cost"] <= 0.9 * 0.9 * (later - store.wear) + NEAR
    json.dumps([own.as_dict() for own in found])


@settings(max_examples=10, deadline=None)
@given(days())
def test_what_makes_no_difference_by_duals_costs_what_the_model_says(problem):
    """What holds by duals is a lower bound of what doing otherwise costs: verified extra costs are never negative."""
    for own in reasons(solve(problem, EXACT), verify=True, most=3, limits=EXACT):
        if own.otherwise is not None and own.otherwise.extra_yuan is not None:
            assert own.otherwise.extra_yuan >= 0.0


def test_a_plan_that_is_not_the_cheapest_does_not_hold():
    """The store is told to rest where charging would pay: the claim about its charging fails."""
    solution = solve(day([100.0, 400.0], store={}), EXACT)
    values = {name: dict(own) for name, own in solution.values.items()}
    for key in ("charge_mw", "discharge_mw", "soc_mwh"):
        values["ess"][key] = np.zeros(2)
    assert not all(own.holds for own in reasons(replace(solution, values=values)))


def test_the_goal_carbon_and_a_schedule_of_habit():
    made = replace(day([100.0] * 3, [10.0] * 3, [20.0] * 3, om=300.0), objective=Objective(goal="carbon"))
    solution = solve(made, EXACT)
    assert all(own.holds for own in reasons(solution))
    habit = reasons(replace(solution, outcome="rule_based"))
    assert {own.kind for own in habit} == {Kind.HABIT}


def test_every_sentence_reads_in_both_languages():
    solution = solve(day([100.0, 400.0, 90.0], [10, 12, 8], [0, 5, 40], store={}, export=50.0, unit={}), EXACT)
    for own in reasons(solution, verify=True, most=2):
        assert own.says.en
        assert own.says.zh
        assert "{" not in own.says.en + own.says.zh
