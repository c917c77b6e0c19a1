"""A boiler, electric or with fuel: by hand, its carbon, and tampered with."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed
from parkopt.models import Objective
from parkopt.models.tech.boiler import Boiler
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FUEL = {"price": "360 yuan/MWh", "carbon": "202 kg/MWh"}
NETWORK = {"kind": "heat_load", "enterprise": "works", "demand": "6 MW"}


def boiler(**changes):
    return {"kind": "boiler", "enterprise": "works", "heat": "10 MW", "efficiency": 0.9} | changes


def solved(energy, *, demand=None, boilers=None, **more):
    assets = {"grid": grid_asset(50), "network": NETWORK} | (boilers or {"electric": boiler()})
    series = {"grid": prices(energy)} | ({"network": {"heat_demand_mw": demand}} if demand is not None else {})
    solution = solve(small_problem(assets, series, **more), EXACT)
    assert_conserves(solution)
    return solution


BOTH = {"electric": boiler(), "gas": boiler(fuel=FUEL)}


def test_electric_by_hand():
    """6 MW of heat are 6 / 0.9 = 6.667 MW of power at 100 yuan."""
    solution = solved([100.0, 100.0])
    assert solution.reported["electric"]["power_mw"] == pytest.approx([6 / 0.9] * 2)
    assert cost_yuan(solution) == pytest.approx(2 * 100 * 6 / 0.9, rel=1e-9)


def test_fuel_by_hand():
    """In half an hour 6 MW of heat burn 6 / 0.9 / 2 = 3.333 MWh: 1200 yuan and 673.3 kg; no power is drawn."""
    solution = solved([100.0], boilers={"gas": boiler(fuel=FUEL)}, step_min=30)
    gas = solution.reported["gas"]
    assert gas["fuel_mwh"] == pytest.approx([10 / 3])
    assert gas["fuel_carbon_kg"] == pytest.approx([10 / 3 * 202])
    assert float(np.sum(solution.bill["fuel"])) == pytest.approx(1200.0)
    assert solution.reported["grid"]["import_mw"] == pytest.approx([0.0])


def test_the_cheaper_of_two_heats():
    """Power at 300 is cheaper than fuel at 360 of the same efficiency, at 400 it is not."""
    solution = solved([300.0, 400.0], boilers=BOTH)
    assert solution.reported["electric"]["heat_mw"] == pytest.approx([6.0, 0.0])
    assert solution.reported["gas"]["heat_mw"] == pytest.approx([0.0, 6.0])


def test_the_goal_carbon_counts_the_fuel():
    """Fuel bears 202 kg/MWh, the grid 582.7 or, in another place, 100: least carbon burns, or does not."""
    dirty = solved([10.0], boilers=BOTH, objective=Objective("carbon"))
    clean = solved([900.0], boilers=BOTH, objective=Objective("carbon"), grid_factor_kg_per_mwh=100.0)
    assert dirty.reported["gas"]["heat_mw"] == pytest.approx([6.0], abs=1e-3)
    assert clean.reported["gas"]["heat_mw"] == pytest.approx([0.0], abs=1e-3)
    # priced at 100 yuan/t: 360 + 20.2 against 322 + 58.27 a MWh put in
    weighted = solved([322.0], boilers=BOTH, objective=Objective("weighted", 100.0))
    assert weighted.reported["gas"]["heat_mw"] == pytest.approx([6.0])
    assert weighted.objective == pytest.approx(6 / 0.9 * 380.2, rel=1e-9)


def test_a_negative_price_cannot_burn_heat():
    """Paid 50 for each MWh: the heat bus takes 6 MW and no more."""
    assert cost_yuan(solved([-50.0], boilers=BOTH)) == pytest.approx(-50 * 6 / 0.9, rel=1e-9)


@pytest.mark.parametrize(("was_on", "paid"), [(False, 500.0), (True, 0.0)])
def test_least_load_and_start(was_on, paid):
    """Least load 5 of 10 MW: 4 MW come from the other, 6 MW from this one."""
    state = ParkState(assets={"gas": AssetState(on=was_on)})
    gas = boiler(fuel={"price": "90 yuan/MWh"}, min_load=0.5, start_cost="500 yuan")
    solution = solved([900.0] * 2, boilers={"electric": boiler(), "gas": gas}, demand=[6.0, 4.0], state=state)
    assert solution.reported["gas"]["on"].tolist() == [1.0, 0.0]
    assert float(np.sum(solution.bill["starts"])) == pytest.approx(paid)
    assert next_state(solution).assets["gas"].on is False


@pytest.mark.parametrize("seed", range(8))
def test_the_same_optimum_as_scipy(seed):
    """Two boilers under a charge on the peak, the fuelled one with least load and starts."""
    rng = np.random.default_rng(seed)
    n, h = 24, 0.5
    energy, demand = rng.uniform(100, 700, n), rng.uniform(0, 16, n)
    gas = boiler(fuel=FUEL, min_load=0.35, start_cost="220 yuan")
    assets = {"grid": grid_asset(50, demand_yuan_per_mw=300.0), "network": NETWORK, "electric": boiler(), "gas": gas}
    series = {"grid": prices(energy), "network": {"heat_demand_mw": demand}}
    solution = solve(small_problem(assets, series, step_min=30), EXACT)
    assert_conserves(solution)
    rows = Rows()
    burn = rows.columns(n, 360 * h, high=10 / 0.9)
    draw = rows.columns(n, energy * h, high=10 / 0.9)
    on, start = rows.columns(n, whole=True, high=1.0), rows.columns(n, 220.0, whole=True, high=1.0)
    peak = rows.columns(1, 300.0)[0]
    for t in range(n):
        rows.row([(burn[t], 0.9), (draw[t], 0.9)], demand[t], demand[t])
        rows.row([(burn[t], 0.9), (on[t], -10.0)], high=0)
        rows.row([(burn[t], 0.9), (on[t], -3.5)], low=0)
        rows.row([(start[t], 1), (on[t], -1), *([(on[t - 1], 1)] if t else [])], low=0)
        rows.row([(peak, 1), (draw[t], -1)], low=0)
    assert solution.objective == pytest.approx(rows.solve(), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 900), st.floats(0, 20)), min_size=1, max_size=6), st.floats(0.5, 1.0))
def test_each_step_takes_the_cheaper(steps, efficiency):
    efficiency = round(efficiency, 3)
    energy, demand = (np.round(column, 3) for column in np.array(steps).T)
    boilers = {"electric": boiler(efficiency=efficiency), "gas": boiler(fuel=FUEL)}
    solution = solved(energy, boilers=boilers, demand=demand)
    cheap, dear = np.sort(np.stack([energy / efficiency, np.full(len(energy), 400.0)]), axis=0)
    by_hand = float(np.sum(np.minimum(demand, 10) * cheap + np.maximum(demand - 10, 0) * dear))
    assert solution.objective == pytest.approx(by_hand, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "key", "by", "words"),
    [
        ("electric", "power_mw", 0.01, "balance|electric"),
        ("electric", "heat_mw", 0.01, "electric.heat_mw misses what its power"),
        ("gas", "heat_mw", 0.01, "gas.heat_mw misses what its fuel"),
        ("gas", "fuel_mwh", -0.01, "gas.heat_mw misses what its fuel"),
        ("gas", "fuel_carbon_kg", -1.0, "gas.fuel_carbon_kg misses"),
        ("gas", "on", -1.0, "gas.heat_mw misses its limits"),
    ],
)
def test_tampering_is_found(name, key, by, words):
    gas = boiler(fuel=FUEL, min_load=0.1, heat="4 MW")
    solution = solved([400.0, 400.0], boilers={"electric": boiler(), "gas": gas})
    reported = {asset: dict(own) for asset, own in solution.reported.items()}
    reported[name][key] = reported[name][key] + np.array([by, 0.0])
    with pytest.raises(CheckFailed, match=words):
        check(solution.problem, reported, solution.bill)


def test_a_wrong_bill_is_found():
    solution = solved([400.0], boilers={"gas": boiler(fuel=FUEL)})
    bill = dict(solution.bill) | {"fuel": solution.bill["fuel"] - 0.02}
    with pytest.raises(CheckFailed, match="line fuel"):
        check(solution.problem, solution.reported, bill)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (boiler(efficiency=1.05), "1.05"),
        (boiler(efficiency=1.2, fuel=FUEL), "1.2"),
        (boiler(heat_bus="main"), "no heat bus"),
        (boiler(fuel={"price": "-5 yuan/MWh"}), "-5"),
        (boiler(fuel={"carbon": "202 kg/MWh"}), "price"),
    ],
)
def test_what_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        Boiler.model_validate(body)


def test_what_it_stands_between():
    electric, gas = Boiler.model_validate(boiler()), Boiler.model_validate(boiler(fuel=FUEL, efficiency=1.05))
    assert electric.carriers() == {"main": "power", "heat": "heat"}
    assert gas.carriers() == {"heat": "heat"}
    assert Boiler.model_validate(gas.model_dump(mode="json")) == gas


def test_the_schedule_knows_its_words():
    schedule = to_schedule(solved([400.0], boilers=BOTH), {})
    assert schedule["fuel_carbon_kg"].attrs["long_name_zh"] == "时段燃料碳排放"
    assert schedule["fuel_mwh"].attrs["units"] == "MWh"
