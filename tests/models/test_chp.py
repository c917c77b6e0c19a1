"""Combined heat and power: by hand, against oemof-solph and another formulation, and tampered with."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible, WrongState
from parkopt.models import Objective
from parkopt.models.tech.chp import Chp
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.solve.check import independent_bill
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.models.test_generator import CONCAVE, CONVEX, peer
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
UNMET = 600.0
"""What heat from elsewhere costs, in yuan/MWh."""


def back(**fields):
    """Return 10 MW with 1.5 MW of heat per MW of power, 500 yuan of fuel per MWh of power."""
    return _unit({"form": "back_pressure", "heat_to_power": 1.5}, fields)


def extraction(**fields):
    """Return 10 MW without heat, up to 12 MW of heat at 0.2 MW of power each."""
    return _unit({"form": "extraction", "heat": "12 MW", "power_loss": 0.2}, fields)


def _unit(form, fields):
    body = {"kind": "chp", "power": "10 MW", "min_load": 0.5, "fuel_price": "200 yuan/MWh"} | form
    return body | ({} if "part_load" in fields else {"efficiency": 0.4}) | fields


def problem_of(unit, price, heat, demand=20.0, state=None, unmet=UNMET, **more):
    hours = len(price)
    series = {
        "grid": prices(price),
        "load": {"demand_mw": np.full(hours, demand)},
        "warm": {"heat_demand_mw": np.full(hours, heat)},
    }
    warm = {"kind": "heat_load", "enterprise": "works", "demand": "1 MW"}
    warm |= {} if unmet is None else {"unmet_price": f"{unmet} yuan/MWh"}
    given = None if state is None else ParkState(assets={"chp": AssetState(**state)})
    assets = {"grid": grid_asset(80), "load": load_asset(), "warm": warm, "chp": unit}
    return small_problem(assets, series, state=given, **more)


def solved(*args, **more):
    solution = solve(problem_of(*args, **more), EXACT)
    assert_conserves(solution)
    return solution


def of(solution, key):
    return solution.reported["chp"][key].tolist()


# By hand


def test_back_pressure_follows_the_heat():
    """9 MW of heat let it give 6 MW; at 100 yuan of market the 6 MWh cost 2400 more and save 9 * 600 of heat."""
    solution = solved(back(), [100] * 2, 9.0)
    assert of(solution, "supply_mw") == pytest.approx([6, 6])
    assert of(solution, "heat_mw") == pytest.approx([9, 9])
    assert cost_yuan(solution) == pytest.approx(2 * (14 * 100 + 6 * 500), rel=1e-9)


def test_heat_that_nobody_takes_forbids_power_unless_it_may_be_dumped():
    """3 MW of heat are less than the 7.5 of least load; 4.5 MW to the air let it run, at 900 yuan of market."""
    assert of(solved(back(), [900] * 2, 3.0), "on") == [0, 0]
    solution = solved(back(heat_dump="4.5 MW"), [900] * 2, 3.0)
    assert of(solution, "supply_mw") == pytest.approx([5, 5])
    assert of(solution, "dumped_heat_mw") == pytest.approx([4.5, 4.5])
    assert of(solution, "heat_mw") == pytest.approx([3, 3])


def test_extraction_gives_power_for_heat():
    """At a market of 900 it runs full: 10 MW of load are 8 MW of power and 10 MW of heat."""
    solution = solved(extraction(), [900] * 2, 10.0)
    assert of(solution, "supply_mw") == pytest.approx([8, 8])
    assert of(solution, "fuel_mwh") == pytest.approx([25, 25])
    # heat at 0.2 MW of power: 180 yuan, less than 600; power at 4000, and it goes without
    assert of(solved(extraction(), [4000], 10.0), "heat_mw") == pytest.approx([0])


def test_extraction_keeps_its_heat_and_its_back_pressure_line():
    """12 MW at most; with 2 MW of heat per MW of power, 10 = p + 0.2 * 2 p gives 7.14 MW and 14.3, above 12."""
    assert of(solved(extraction(), [900], 20.0), "heat_mw") == pytest.approx([12])
    narrow = solved(extraction(heat_to_power=1.0), [900], 20.0)
    assert of(narrow, "heat_mw") == pytest.approx([10 / 1.2])
    assert of(narrow, "supply_mw") == pytest.approx([10 / 1.2])


def test_the_load_bears_least_load_and_ramps():
    """From a load of 5 MW by 2 an hour, whatever the heat: 7, 9, 10 MW, with 10 of heat 5, 7, 8 MW of power."""
    state = {"on": True, "power_mw": 5.0}
    solution = solved(extraction(ramp_up="0.2/h"), [900] * 3, 10.0, state=state)
    assert of(solution, "supply_mw") == pytest.approx([5, 7, 8])
    assert next_state(solution).of("chp").power_mw == pytest.approx(10.0)


def test_carbon_is_shared_by_energy_or_borne_by_power():
    """25 MWh of fuel at 200 kg are 5000 kg; 8 MW of power and 10 of heat bear 4 and 5 ninths."""
    unit = extraction(fuel_carbon="200 kg/MWh")
    solution = solved(unit, [900], 10.0)
    assert of(solution, "fuel_carbon_kg") == pytest.approx([5000 * 8 / 18])
    assert of(solution, "heat_carbon_kg") == pytest.approx([5000 * 10 / 18])
    whole = solved(unit | {"carbon_allocation": "all_to_power"}, [900], 10.0)
    assert of(whole, "fuel_carbon_kg") == pytest.approx([5000])
    assert of(whole, "heat_carbon_kg") == [0]
    standing = solved(unit, [100], 0.0)
    assert (of(standing, "fuel_carbon_kg"), of(standing, "heat_carbon_kg")) == ([0], [0])


def test_the_carbon_goal_counts_the_heats_share_too():
    """5 MW at least burn 12.5 MWh, 2500 kg, without heat; from the grid they would bear 450 kg each, 2250."""
    goal = {"objective": Objective("carbon"), "grid_factor_kg_per_mwh": 450.0}
    assert of(solved(extraction(fuel_carbon="200 kg/MWh"), [900], 10.0, **goal), "on") == [0]


def test_the_schedule_has_a_meaning_for_each_variable():
    solution = solved(back(heat_dump="1 MW", fuel_carbon="200 kg/MWh"), [900], 10.0)
    facts = {"date": "2026-07-15", "days": 1, "weather_notes": "", "weather_source": "none"}
    schedule = to_schedule(solution, facts)
    for name in ("supply_mw", "heat_mw", "dumped_heat_mw", "starts", "fuel_mwh", "fuel_carbon_kg", "heat_carbon_kg"):
        assert schedule[name].attrs["units"]
        assert schedule[name].attrs["long_name_zh"]


# oemof-solph


def _peer_case(rng, form):
    hours = np.arange(36)
    unit = {
        "form": form,
        "power_mw": 20.0,
        "min_load": float(rng.choice([0.2, 0.5])),
        "efficiency": 0.42,
        "heat_to_power": float(rng.choice([1.0, 1.6])),
        "heat_mw": float(rng.choice([12.0, 24.0])),
        "power_loss": float(rng.choice([0.12, 0.2])),
        "start_yuan": float(rng.integers(0, 20) * 500),
        "stop_yuan": float(rng.integers(0, 5) * 500),
    }
    swing = 1 + 0.5 * np.sin(hours * 2 * np.pi / 24)
    return {
        "unit": unit,
        "price_yuan_per_mwh": np.round(550 * swing * rng.uniform(0.6, 1.4, 36), 2).tolist(),
        "demand_mw": np.round(rng.uniform(20, 60, 36), 2).tolist(),
        "heat_mw": np.round(15 * (2 - swing) * rng.uniform(0.7, 1.3, 36), 2).tolist(),
        "fuel_yuan_per_mwh": 250.0,
        "unmet_yuan_per_mwh": 420.0,
        "import_mw": 80.0,
    }


def _ours(case):
    unit = case["unit"]
    own = {
        "power": f"{unit['power_mw']} MW",
        "min_load": unit["min_load"],
        "efficiency": unit["efficiency"],
        "heat_to_power": unit["heat_to_power"],
        "fuel_price": f"{case['fuel_yuan_per_mwh']} yuan/MWh",
        "start_cost": f"{unit['start_yuan']} yuan",
        "stop_cost": f"{unit['stop_yuan']} yuan",
    }
    if unit["form"] == "extraction":
        asset = extraction(**own, heat=f"{unit['heat_mw']} MW", power_loss=unit["power_loss"])
    else:
        asset = back(**own)
    price, heat, demand = (np.asarray(case[key]) for key in ("price_yuan_per_mwh", "heat_mw", "demand_mw"))
    solution = solved(asset, price, heat, demand=demand, unmet=case["unmet_yuan_per_mwh"])
    return cost_yuan(solution)


def test_oemof_finds_the_same_cost():
    rng = np.random.default_rng(20261124)
    cases = [_peer_case(rng, form) for form in ("extraction", "back_pressure") for _ in range(4)]
    assert [_ours(case) for case in cases] == pytest.approx(peer("peer_oemof.py", cases), rel=1e-6)


# Another formulation


def by_milp(unit, price, heat, demand, was_on, since):
    """Return the least cost; the load is a mix of the curve's corners, on and off are runs that are laid end to end."""
    n, rows = len(price), Rows()
    points = [(p.load, p.load / p.efficiency) for p in unit.part_load]
    weights = [rows.columns(n, unit.fuel_price * unit.power * fuel) for _, fuel in points]
    pieces = [rows.columns(n, whole=True, high=1.0) for _ in points[1:]]
    warm, unmet, buy = rows.columns(n), rows.columns(n, UNMET, high=heat), rows.columns(n, price)
    runs = _runs(rows, unit, n, was_on, since)
    for t in range(n):
        on = [(column, 1.0) for first, last, runs_on, column in runs if runs_on and first <= t < last]
        off = [(column, 1.0) for first, last, runs_on, column in runs if not runs_on and first <= t < last]
        rows.row([*on, *off], 1, 1)
        rows.row([*((w[t], 1) for w in weights), *((c, -1) for c, _ in on)], 0, 0)
        rows.row([*((z[t], 1) for z in pieces), *((c, -1) for c, _ in on)], 0, 0)
        for k, w in enumerate(weights):
            rows.row([(w[t], 1), *((z[t], -1) for z in pieces[max(k - 1, 0) : k + 1])], high=0)
        load = [(w[t], x * unit.power) for w, (x, _) in zip(weights, points, strict=True)]
        rows.row([(warm[t], 1), (unmet[t], 1)], heat, heat)
        loss = unit.power_loss or 0.0
        rows.row([*load, (warm[t], -loss), (buy[t], 1)], demand, demand)  # power is load less what heat takes
        if unit.form == "back_pressure":
            dump = unit.heat_dump
            rows.row([*((c, v * unit.heat_to_power) for c, v in load), (warm[t], -1)], 0, dump)
        else:
            rows.row([(warm[t], 1), *((c, -unit.heat) for c, _ in on)], high=0)
            if unit.heat_to_power:
                rows.row(
                    [(warm[t], 1 + loss * unit.heat_to_power), *((c, -v * unit.heat_to_power) for c, v in load)], high=0
                )
    return rows.solve()


def _runs(rows, unit, n, was_on, since):
    """Return all runs on and off (first, last, on, column) of a length that may be; each follows one of the other."""
    made = []
    for first, last, on in itertools.product(range(n), range(1, n + 1), (True, False)):
        least = unit.min_up_h if on else unit.min_down_h
        goes_on = first == 0 and on == was_on
        for_h = last - first + (since if goes_on else 0)
        if (
            last <= first
            or (last < n and for_h < least)
            or (first == 0 and not goes_on and not _free(unit, was_on, since))
        ):
            continue
        switched = 0.0 if goes_on else unit.start_cost if on else unit.stop_cost
        made.append((first, last, on, rows.columns(1, switched, whole=True, high=1.0)[0]))
    for t, on in itertools.product(range(1, n), (True, False)):
        ends = [(column, 1) for _, last, runs_on, column in made if last == t and runs_on == on]
        begins = [(column, -1) for first, _, runs_on, column in made if first == t and runs_on != on]
        rows.row([*ends, *begins], 0, 0)
    return made


def _free(unit, was_on, since):
    return since >= (unit.min_up_h if was_on else unit.min_down_h)


@FEW
@given(
    st.lists(st.integers(100, 1200), min_size=7, max_size=7),
    st.sampled_from([4.0, 9.0, 14.0]),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.tuples(*[st.integers(0, 50)] * 2),
    st.booleans(),
    st.sampled_from([1, 2, 99]),
    st.sampled_from([CONVEX, CONCAVE]),
    st.sampled_from([back(), back(heat_dump="2 MW"), extraction(), extraction(heat_to_power=1.0)]),
)
def test_another_formulation_finds_the_same_cost(price, heat, times, costs, was_on, since, points, form):
    unit = {key: value for key, value in form.items() if key != "efficiency"} | {
        "part_load": points,
        "min_up_h": times[0],
        "min_down_h": times[1],
        "start_cost": f"{costs[0] * 100} yuan",
        "stop_cost": f"{costs[1] * 100} yuan",
    }
    made = Chp.model_validate(unit)
    problem = problem_of(unit, price, heat, state={"on": was_on, "since_h": since})
    must_run = was_on and since < made.min_up_h
    if made.form == "back_pressure" and must_run and heat + made.heat_dump < 7.5:
        with pytest.raises(Infeasible, match=r"chp\.min_up_h"):
            solve(problem, EXACT)
        return
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert cost_yuan(solution) == pytest.approx(by_milp(made, price, heat, 20.0, was_on, since), rel=1e-6)


# Any numbers


@FEW
@given(
    st.lists(st.integers(100, 1200), min_size=8, max_size=8),
    st.lists(st.floats(0, 20).map(lambda v: round(v, 2)), min_size=8, max_size=8),
    st.booleans(),
    st.sampled_from([back(heat_dump="3 MW"), extraction(heat_to_power=1.2, part_load=CONVEX)]),
)
def test_what_it_makes_is_used_and_never_makes_a_day_dearer(price, heat, energy, form):
    unit = form | {"fuel_carbon": "202 kg/MWh", "carbon_allocation": "energy" if energy else "all_to_power"}
    solution = solved(unit, price, np.asarray(heat))
    own, warm = solution.reported["chp"], solution.reported["warm"]
    assert own["heat_mw"] == pytest.approx(warm["heat_mw"], abs=1e-6)
    assert own["fuel_carbon_kg"] + own["heat_carbon_kg"] == pytest.approx(own["fuel_mwh"] * 202, abs=1e-6)
    useful = own["supply_mw"] + own["heat_mw"]
    assert np.all(useful <= own["fuel_mwh"] + 1e-5)
    assert cost_yuan(solution) <= float(20 * np.sum(price) + UNMET * np.sum(heat)) + 1e-3


def test_two_days_by_hand_over_are_one_system():
    from datetime import date

    rng = np.random.default_rng(11)
    unit = extraction(
        min_up_h=6,
        min_down_h=4,
        start_cost="3000 yuan",
        stop_cost="200 yuan",
        ramp_up="0.2/h",
        ramp_down="0.3/h",
        fuel_carbon="202 kg/MWh",
    )
    price, heat = np.round(rng.uniform(200, 1000, 48), 1), np.round(rng.uniform(0, 15, 48), 1)
    first = solved(unit, price[:24], heat[:24])
    state = next_state(first)
    second = solve(
        problem_of(unit, price[24:], heat[24:], state=state.of("chp").model_dump(), day=date(2026, 7, 16)), EXACT
    )
    assert_conserves(second)
    whole = problem_of(unit, price, heat)
    joined = {
        name: {key: np.concatenate([own[key], second.reported[name][key]]) for key in own}
        for name, own in first.reported.items()
    }
    bill = {line: np.asarray([float(np.sum(first.bill[line]) + np.sum(second.bill[line]))]) for line in first.bill}
    assert check(whole, joined, bill).passed
    assert sum(independent_bill(whole, joined).values()) == pytest.approx(
        cost_yuan(first) + cost_yuan(second), rel=1e-9
    )
    after, at_once = (
        next_state(second).of("chp"),
        Chp.model_validate(unit).next_state(AssetState(), joined["chp"], {}, whole.grid),
    )
    assert (after.on, after.since_h) == (at_once.on, at_once.since_h)
    assert after.power_mw == pytest.approx(at_once.power_mw)
    assert cost_yuan(solve(whole, EXACT)) <= cost_yuan(first) + cost_yuan(second) + 1e-3


# Tampered with


@pytest.mark.parametrize(
    ("unit", "changes", "words"),
    [
        (back(), {"heat_mw": -1.0}, "chp.heat_mw misses what its power allows by 1 MW"),
        (back(heat_dump="1 MW"), {"dumped_heat_mw": 1.5}, "chp.dumped_heat_mw misses its limits by"),
        (back(), {"dumped_heat_mw": 0.0}, "chp dumps heat"),
        (extraction(), {"heat_mw": 3.0, "supply_mw": -0.6}, "chp.heat_mw misses what its power allows by 1 MW"),
        (extraction(heat_to_power=1.25), {"heat_mw": 0.5, "supply_mw": -0.1}, "misses what its power allows by"),
        (extraction(), {"supply_mw": 0.5}, r"chp misses its loads by 0\.5 MW"),
        (extraction(), {"fuel_carbon_kg": 100.0}, "chp loses 100 kg of its fuel's carbon"),
        (extraction(), {"fuel_carbon_kg": 100.0, "heat_carbon_kg": -100.0}, "is not shared as promised, by 100 kg"),
        (extraction(carbon_allocation="all_to_power"), {"fuel_carbon_kg": -90.0, "heat_carbon_kg": 90.0}, "by 90 kg"),
    ],
)
def test_the_audit_finds_what_was_changed(unit, changes, words):
    solution = solved(unit | {"fuel_carbon": "200 kg/MWh"}, [900] * 2, 10.0)
    own, grid, warm = (dict(solution.reported[name]) for name in ("chp", "grid", "warm"))
    for key, by in changes.items():
        own[key] = own.get(key, np.zeros(2)) + by
    grid["import_mw"] = grid["import_mw"] - changes.get("supply_mw", 0.0)  # the buses stay balanced
    warm["heat_mw"] = warm["heat_mw"] + changes.get("heat_mw", 0.0)
    warm["heat_unmet_mw"] = warm["heat_unmet_mw"] - changes.get("heat_mw", 0.0)
    with pytest.raises(CheckFailed, match=words):
        check(solution.problem, {**solution.reported, "chp": own, "grid": grid, "warm": warm}, solution.bill)


@pytest.mark.parametrize("line", ["fuel", "starts", "unit_om"])
def test_the_bill_is_owed_line_by_line(line):
    solution = solved(back(om="20 yuan/MWh", start_cost="1000 yuan"), [900] * 2, 10.0)
    with pytest.raises(CheckFailed, match=f"line {line} is"):
        check(solution.problem, solution.reported, dict(solution.bill) | {line: solution.bill[line] * 0.99})


# Faults


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (back(heat="3 MW"), "back_pressure needs heat_to_power and not heat, power_loss"),
        (back(heat_to_power=None), "back_pressure needs heat_to_power"),
        (extraction(power_loss=None), "extraction needs heat, power_loss"),
        (extraction(heat="60 MW"), r"power_loss \* heat must not exceed power"),
        (back(heat_bus="main"), "is no heat bus"),
        (back(form="gas_turbine"), "back_pressure"),
    ],
)
def test_faults_of_the_file(unit, words):
    with pytest.raises(ValidationError, match=words):
        Chp.model_validate(unit)


def test_a_state_that_cannot_be_is_refused():
    with pytest.raises(WrongState, match="power_mw"):
        solved(back(), [100], 9.0, state={"on": True, "power_mw": 4.0})


def test_heat_that_must_be_served_names_what_to_change():
    """12 MW of heat at most against 15 MW."""
    with pytest.raises(Infeasible, match=r"raise chp.heat by 3 MW"):
        solved(extraction(), [100] * 2, 15.0, unmet=None)
    assert math.isfinite(cost_yuan(solved(extraction(), [100] * 2, 12.0, unmet=None)))
