"""A generator: by hand, by trying every on/off pattern, against PyPSA and another formulation, and tampered with."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible, WrongState
from parkopt.models import Objective
from parkopt.models.tech.generator import Generator
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state
from parkopt.solve import Limits, check, solve
from parkopt.solve.check import independent_bill
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def gas(**fields):
    """Return 10 MW at 500 yuan/MWh: 200 for fuel at 40 %."""
    body = {"kind": "generator", "power": "10 MW", "min_load": 0.5, "fuel_price": "200 yuan/MWh"}
    return body | ({} if "part_load" in fields else {"efficiency": 0.4}) | fields


def problem_of(unit, price, demand=10.0, state=None, import_mw=50, **more):
    series = {"grid": prices(price), "load": {"demand_mw": np.full(len(price), demand)}}
    given = None if state is None else ParkState(assets={"gas": AssetState(**state)})
    assets = {"grid": grid_asset(import_mw), "load": load_asset(), "gas": unit}
    return small_problem(assets, series, state=given, **more)


def solved(*args, **more):
    solution = solve(problem_of(*args, **more), EXACT)
    assert_conserves(solution)
    return solution


def of(solution, key):
    return solution.reported["gas"][key].tolist()


# By hand


@pytest.mark.parametrize(("start", "on"), [("7000 yuan", [0, 1, 1, 0]), ("9000 yuan", [0, 0, 0, 0])])
def test_it_starts_where_the_saving_pays_for_it(start, on):
    """Two hours at 900 against 500 save 2 * 10 * 400 = 8000 yuan."""
    solution = solved(gas(start_cost=start), [300, 900, 900, 300])
    assert of(solution, "on") == on
    assert of(solution, "starts") == [0, int(any(on)), 0, 0]
    saved = 8000 - 7000 if any(on) else 0
    assert cost_yuan(solution) == pytest.approx(10 * (300 + 900 + 900 + 300) - saved, rel=1e-9)


def test_a_unit_that_ran_for_an_hour_goes_on_for_three():
    """Least 4 h, 1 h done: 3 h more at 5 MW, each 5 * (500 - 100) dearer than the market."""
    state = {"on": True, "since_h": 1.0, "power_mw": 5.0}
    solution = solved(gas(min_up_h=4), [100] * 6, state=state)
    assert of(solution, "supply_mw") == [5, 5, 5, 0, 0, 0]
    assert cost_yuan(solution) == pytest.approx(6 * 1000 + 3 * 5 * 400, rel=1e-9)


def test_in_quarter_hours_it_goes_on_for_as_long():
    solution = solved(gas(min_up_h=1), [100] * 6, state={"on": True, "since_h": 0.5}, step_min=15)
    assert of(solution, "on") == [1, 1, 0, 0, 0, 0]


def test_a_unit_that_stood_for_an_hour_stands_on_for_two():
    solution = solved(gas(min_down_h=3), [900] * 5, state={"on": False, "since_h": 1.0})
    assert of(solution, "on") == [0, 0, 1, 1, 1]


def test_a_unit_of_unknown_past_is_free():
    assert of(solved(gas(min_up_h=9), [100] * 2, state={"on": True}), "on") == [0, 0]
    assert of(solved(gas(min_down_h=9), [900] * 2, state={"on": False}), "on") == [1, 1]


def test_without_a_state_it_is_as_the_file_says():
    unit = gas(min_up_h=3, initially_on=True, initially_since_h=1)
    assert of(solved(unit, [100] * 4), "on") == [1, 1, 0, 0]
    assert of(solved(unit, [100] * 4, state={"on": False}), "on") == [0, 0, 0, 0]


@pytest.mark.parametrize(("rested", "starts"), [(1.0, 1000), (2.0, 1000), (2.5, 6000), (None, 6000)])
def test_hours_of_standing_before_the_day_count_for_a_cold_start(rested, starts):
    """Up to 3 h of standing a start is hot: an hour of the day, too cheap to run in, and what was before."""
    unit = gas(start_cost="1000 yuan", cold_start_cost="6000 yuan", cold_after_h=3)
    solution = solved(unit, [-2000, 1500, 1500], state={"on": False, "since_h": rested})
    assert of(solution, "on") == [0, 1, 1]
    assert float(np.sum(solution.bill["starts"])) == pytest.approx(starts)


def test_a_unit_stays_warm_rather_than_start_cold():
    """Two hours at 100 cost 2 * 5 * 400 = 4000 to run through, 5000 to start cold, 1000 to start hot."""
    cold = gas(start_cost="1000 yuan", cold_start_cost="5000 yuan", cold_after_h=1, min_down_h=2)
    hot = gas(start_cost="1000 yuan", cold_start_cost="5000 yuan", cold_after_h=2, min_down_h=2)
    price = [1500, 1500, 100, 100, 1500, 1500]
    assert of(solved(cold, price, state={"on": True}), "on") == [1] * 6
    solution = solved(hot, price, state={"on": True})
    assert of(solution, "on") == [1, 1, 0, 0, 1, 1]
    assert float(np.sum(solution.bill["starts"])) == pytest.approx(1000)


def test_stops_and_hours_of_running_are_paid():
    """One stop for 700, two hours at 300, 20 MWh at 30."""
    unit = gas(stop_cost="700 yuan", running_cost="300 yuan/h", om="30 yuan/MWh")
    solution = solved(unit, [100, 900, 900, 100])
    paid = {line: float(np.sum(yuan)) for line, yuan in solution.bill.items()}
    assert paid["stops"] == pytest.approx(700)
    assert paid["unit_running"] == pytest.approx(600)
    assert paid["unit_om"] == pytest.approx(600)
    assert paid["fuel"] == pytest.approx(10_000)


def test_ramps_by_hand():
    """A start reaches 5 MW, then 2 MW an hour; a stop leaves from 6 MW or less, after falls of 3 MW."""
    unit = gas(ramp_up="0.2/h", ramp_down="0.3/h", start_ramp="0.5/h", stop_ramp="0.6/h")
    solution = solved(unit, [900] * 6 + [100])
    assert of(solution, "supply_mw") == pytest.approx([5, 7, 9, 10, 9, 6, 0])


def test_a_ramp_goes_on_from_the_load_of_before():
    """From 6 MW by 1 MW a quarter of an hour: 4 MW an hour of 10."""
    solution = solved(gas(ramp_up="0.4/h"), [900] * 3, state={"on": True, "power_mw": 6.0}, step_min=15)
    assert of(solution, "supply_mw") == pytest.approx([7, 8, 9])


def test_a_load_of_before_that_is_too_high_to_stop_from_forbids_a_stop():
    solution = solved(gas(stop_ramp="0.5/h"), [100] * 3, state={"on": True, "power_mw": 9.0})
    assert of(solution, "supply_mw") == [5, 0, 0]


def test_ramps_of_a_load_that_nobody_knows_are_free():
    unit = gas(ramp_up="0.1/h", ramp_down="0.1/h")
    assert of(solved(unit, [900] * 2, state={"on": True}), "supply_mw") == [10, 10]
    assert of(solved(unit, [100] * 2, state={"on": True}), "supply_mw") == [0, 0]


CONVEX = [{"load": 0.5, "efficiency": 0.5}, {"load": 0.8, "efficiency": 0.5}, {"load": 1.0, "efficiency": 0.4}]
"""Fuel 10, 16, 25 MW at 5, 8, 10 MW: slopes 2 and 4.5."""
CONCAVE = [{"load": 0.5, "efficiency": 0.25}, {"load": 0.8, "efficiency": 0.32}, {"load": 1.0, "efficiency": 0.4}]
"""Fuel 20, 25, 25 MW at 5, 8, 10 MW: slopes 5/3 and 0."""


@pytest.mark.parametrize(
    ("points", "price", "load", "fuel"),
    [(CONVEX, 500, 8, 16), (CONVEX, 950, 10, 25), (CONCAVE, 501, 10, 25), (CONCAVE, 499, 0, 0)],
)
def test_part_load_by_hand(points, price, load, fuel):
    """Fuel at 200: convex, the last 2 MW cost 900 each; concave, all of it or nothing."""
    solution = solved(gas(part_load=points), [price] * 2)
    assert of(solution, "supply_mw") == pytest.approx([load] * 2)
    assert of(solution, "fuel_mwh") == pytest.approx([fuel] * 2)


def test_between_corners_that_are_not_convex_the_fuel_is_the_curves():
    """6.5 MW by no import burn 22.5 MW, half way between 20 and 25; a mix of 5 and 10 MW would burn 21.5."""
    solution = solved(gas(part_load=CONCAVE), [900], demand=6.5, import_mw=0)
    assert of(solution, "fuel_mwh") == pytest.approx([22.5])


def test_binaries_stand_only_in_curves_that_are_not_convex():
    convex, concave = (solved(gas(part_load=points), [600] * 3) for points in (CONVEX, CONCAVE))
    assert "past_corner" not in convex.built.hub.blocks["gas"].variables
    assert "past_corner" in concave.built.hub.blocks["gas"].variables
    assert [made.name for made in convex.built.hub.columns if made.integer] == ["on"]


def test_fuel_that_costs_nothing_is_still_the_curves():
    solution = solved(gas(part_load=CONVEX, fuel_price="0 yuan/MWh"), [600], demand=9)
    assert of(solution, "fuel_mwh") == pytest.approx([20.5])


def test_a_unit_that_runs_at_full_load_only():
    solution = solved(gas(min_load=1.0), [600, 400])
    assert of(solution, "supply_mw") == [10, 0]
    assert of(solution, "fuel_mwh") == pytest.approx([25, 0])


def test_a_daily_fuel_limit_goes_to_the_dearest_hours():
    """50 MWh of fuel give 20 MWh a day: two hours at 10 MW, the dearest of each day."""
    price = np.tile([600.0] * 22 + [800.0, 900.0], 2)
    solution = solved(gas(fuel_limit="50 MWh"), price)
    assert np.flatnonzero(of(solution, "on")).tolist() == [22, 23, 46, 47]


def test_fuel_of_the_same_day_before_counts():
    state = {"on": True, "fuel_day": "2026-07-15", "fuel_mwh": 30.0}
    solution = solved(gas(fuel_limit="50 MWh"), [900] * 3, state=state)
    assert sum(of(solution, "fuel_mwh")) == pytest.approx(20)
    other = solved(gas(fuel_limit="50 MWh"), [900] * 3, state=state | {"fuel_day": "2026-07-14"})
    assert sum(of(other, "fuel_mwh")) == pytest.approx(50)
    assert next_state(other).of("gas").fuel_mwh == pytest.approx(50)
    assert next_state(other).of("gas").fuel_day == "2026-07-15"
    assert next_state(solution).of("gas").fuel_mwh == pytest.approx(50)


def test_carbon_is_that_of_the_fuel():
    """25 MWh of fuel at 202 kg an hour; where carbon is to be least, 505 kg/MWh lose to a grid of 400."""
    unit = gas(fuel_carbon="202 kg/MWh")
    assert of(solved(unit, [900] * 2), "fuel_carbon_kg") == pytest.approx([5050, 5050])
    for factor, on in ((400.0, [0, 0]), (600.0, [1, 1])):
        goal = {"objective": Objective("carbon"), "grid_factor_kg_per_mwh": factor}
        assert of(solved(unit, [900] * 2, **goal), "on") == on
    assert of(solved(unit, [510] * 2, objective=Objective("weighted", 100.0), grid_factor_kg_per_mwh=0.0), "on") == [
        0,
        0,
    ]
    half = solved(unit, [900] * 2, step_min=30)
    assert of(half, "fuel_carbon_kg") == pytest.approx([2525, 2525])
    assert float(half.built.carbon @ _x(half)) == pytest.approx(5050)


def _x(solution):
    x = np.zeros(solution.built.hub.n_columns)
    for made in solution.built.hub.columns:
        x[made.columns] = solution.values[made.asset][made.name]
    return x


# Every on/off pattern


def _fuel(unit, load):
    """Return the fuel of one load by straight lines between the points."""
    if unit.efficiency is not None:
        return load / unit.efficiency
    share = load / unit.power
    for a, b in itertools.pairwise(unit.part_load):
        if a.load - 1e-12 <= share <= b.load + 1e-12:
            part = (share - a.load) / (b.load - a.load)
            return unit.power * ((1 - part) * a.load / a.efficiency + part * b.load / b.efficiency)
    raise AssertionError


def _hour(unit, price, demand):
    """Return the least cost of an hour on: the best load is a corner, an end, or the demand."""
    ends = [unit.min_load * unit.power, unit.power, demand]
    corners = [point.load * unit.power for point in unit.part_load or ()]
    able = [load for load in (*ends, *corners) if ends[0] - 1e-12 <= load <= min(unit.power, demand) + 1e-12]
    return min(unit.fuel_price * _fuel(unit, x) + price * (demand - x) + unit.om * x for x in able) + unit.running_cost


def by_enumeration(unit, price, demand, was_on, since):
    """Return the least cost over all patterns, ramps left out."""
    hours = [(_hour(unit, p, demand), p * demand) for p in price]
    best = math.inf
    for pattern in itertools.product((True, False), repeat=len(price)):
        on, for_h, cost = was_on, since, 0.0
        for runs, (running, standing) in zip(pattern, hours, strict=True):
            if runs != on:
                if for_h < (unit.min_up_h if on else unit.min_down_h):
                    break
                cold = unit.cold_start_cost is not None and for_h > unit.cold_after_h
                cost += (unit.cold_start_cost if cold else unit.start_cost) if runs else unit.stop_cost
                on, for_h = runs, 0.0
            for_h += 1.0
            cost += running if runs else standing
        else:
            best = min(best, cost)
    return best


@FEW
@given(
    st.lists(st.integers(100, 1200), min_size=8, max_size=8),
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 5)),
    st.tuples(*[st.integers(0, 80)] * 3),
    st.booleans(),
    st.sampled_from([0.0, 1.0, 3.0, None]),
    st.sampled_from([None, CONVEX, CONCAVE]),
    st.sampled_from([6.0, 9.0, 15.0]),
)
def test_every_pattern_tried(price, times, costs, was_on, since, points, demand):
    start, more, stop = (value * 100 for value in costs)
    fields = {
        "min_up_h": times[0],
        "min_down_h": times[1],
        "cold_after_h": times[2],
        "start_cost": f"{start} yuan",
        "cold_start_cost": f"{start + more} yuan",
        "stop_cost": f"{stop} yuan",
        "running_cost": "400 yuan/h",
        "om": "10 yuan/MWh",
    }
    unit = gas(**fields) if points is None else gas(part_load=points, **fields)
    solution = solved(unit, price, demand=demand, state={"on": was_on, "since_h": since})
    made = Generator.model_validate(unit)
    expected = by_enumeration(made, price, demand, was_on, math.inf if since is None else since)
    assert cost_yuan(solution) == pytest.approx(expected, rel=1e-6)


# Another formulation


def by_milp(unit, price, demand, was_on, since, was_mw):
    """Return the least cost by pairwise least times, big-M ramps and weights of the curve's corners."""
    n, rows, big = len(price), Rows(), 10 * unit.power
    on = rows.columns(n, unit.running_cost, whole=True, high=1.0)
    begins = rows.columns(n, unit.start_cost, whole=True, high=1.0)
    ends = rows.columns(n, unit.stop_cost, whole=True, high=1.0)
    load, buy = rows.columns(n, unit.om), rows.columns(n, price)
    points = [(p.load, p.load / p.efficiency) for p in unit.part_load or ()]
    points = points or [(unit.min_load, unit.min_load / unit.efficiency), (1.0, 1 / unit.efficiency)]
    weights = [rows.columns(n, unit.fuel_price * unit.power * fuel) for _, fuel in points]
    pieces = [rows.columns(n, whole=True, high=1.0) for _ in points[1:]]
    for t in range(n):
        rows.row([(load[t], 1), (buy[t], 1)], demand, demand)
        rows.row([*((w[t], 1) for w in weights), (on[t], -1)], 0, 0)
        rows.row([*((z[t], 1) for z in pieces), (on[t], -1)], 0, 0)
        rows.row([*((w[t], x * unit.power) for w, (x, _) in zip(weights, points, strict=True)), (load[t], -1)], 0, 0)
        for k, w in enumerate(weights):
            rows.row([(w[t], 1), *((z[t], -1) for z in pieces[max(k - 1, 0) : k + 1])], high=0)
        rows.row([(load[t], 1), (on[t], -unit.min_load * unit.power)], low=0)
        last, known = ([(on[t - 1], 1)], 0.0) if t else ([], float(was_on))
        rows.row([(begins[t], 1), (on[t], -1), *last], low=-known)
        rows.row([(ends[t], 1), (on[t], 1), *((c, -v) for c, v in last)], low=known)
        for needed, sign in ((unit.min_up_h, 1), (unit.min_down_h, -1)):
            for k in range(t + 1, min(n, t + math.ceil(needed))):  # on[t] - on[t-1] <= on[k], mirrored for standing
                pairs = [(on[t], sign), *((c, -sign * v) for c, v in last), (on[k], -sign)]
                rows.row(pairs, high=sign * known + (0.0 if sign > 0 else 1.0))
            if was_on == (sign > 0) and t + since < needed:
                rows.row([(on[t], 1)], float(was_on), float(was_on))
        _ramps(rows, unit, (on, load), t, (was_on, was_mw), big)
    return rows.solve()


def _ramps(rows, unit, columns, t, before, big):
    """Limit each change, with a big number that lets go where the case is another."""
    on, load = columns
    low = unit.min_load * unit.power
    up, down = (big if r is None else r * unit.power for r in (unit.ramp_up, unit.ramp_down))
    first = max(low, up if unit.start_ramp is None else unit.start_ramp * unit.power)
    final = max(low, down if unit.stop_ramp is None else unit.stop_ramp * unit.power)
    was, mw, on_was, mw_was = ([(on[t - 1], 1)], [(load[t - 1], 1)], 0.0, 0.0) if t else ([], [], *map(float, before))

    def row(limit, parts, constant):
        """parts <= limit, constant from the state brought over."""
        rows.row(parts, high=limit - constant)

    minus = [(c, -v) for c, v in mw]
    row(up + big, [(load[t], 1), *minus, *((c, big * v) for c, v in was)], -mw_was + big * on_was)
    row(down + big, [*mw, (load[t], -1), (on[t], big)], mw_was)
    row(first, [(load[t], 1), *((c, -big * v) for c, v in was)], -big * on_was)
    row(final, [*mw, (on[t], -big)], mw_was)


@FEW
@given(
    st.lists(st.integers(100, 1200), min_size=10, max_size=10),
    st.tuples(st.integers(0, 5), st.integers(0, 4)),
    st.tuples(*[st.integers(0, 80)] * 2),
    st.tuples(*[st.sampled_from([None, 0.1, 0.25, 0.6])] * 4),
    st.booleans(),
    st.sampled_from([1.0, 3.0, 99.0]),
    st.sampled_from([CONVEX, CONCAVE]),
)
def test_another_formulation_finds_the_same_cost(price, times, costs, ramps, was_on, since, points):
    names = ("ramp_up", "ramp_down", "start_ramp", "stop_ramp")
    unit = gas(
        part_load=points,
        min_up_h=times[0],
        min_down_h=times[1],
        start_cost=f"{costs[0] * 100} yuan",
        stop_cost=f"{costs[1] * 100} yuan",
        **{name: f"{ramp}/h" for name, ramp in zip(names, ramps, strict=True) if ramp},
    )
    was_mw = 7.0 if was_on else 0.0
    solution = solved(unit, price, state={"on": was_on, "since_h": since, "power_mw": was_mw})
    expected = by_milp(Generator.model_validate(unit), price, 10.0, was_on, since, was_mw)
    assert cost_yuan(solution) == pytest.approx(expected, rel=1e-6)


# PyPSA


def _peer_case(rng, hours):
    shape = 1 + 0.4 * np.sin(np.arange(hours) * 2 * np.pi / 24 - 2)
    case = {
        "price_yuan_per_mwh": np.round(450 * shape * rng.uniform(0.6, 1.4, hours), 3).tolist(),
        "demand_mw": np.round(25 * shape * rng.uniform(0.8, 1.2, hours), 3).tolist(),
        "import_mw": 80.0,
    }
    unit = {
        "power_mw": 20.0,
        "min_load": float(rng.choice([0.3, 0.5])),
        "yuan_per_mwh": 500.0,
        "start_yuan": float(rng.integers(0, 40) * 500),
        "stop_yuan": float(rng.integers(0, 5) * 500),
        "running_yuan_per_h": float(rng.integers(0, 4) * 100),
        "min_up_h": int(rng.integers(1, 9)),
        "min_down_h": int(rng.integers(1, 7)),
        "was_on": bool(rng.integers(0, 2)),
        "since_h": int(rng.integers(1, 10)),
    }
    ramp = None if unit["was_on"] else rng.choice([None, 0.2, 0.4])
    return case | {"unit": unit | {"ramp": ramp}}


def _ours(case):
    unit = case["unit"]
    asset = gas(
        power=f"{unit['power_mw']} MW",
        min_load=unit["min_load"],
        start_cost=f"{unit['start_yuan']} yuan",
        stop_cost=f"{unit['stop_yuan']} yuan",
        running_cost=f"{unit['running_yuan_per_h']} yuan/h",
        min_up_h=unit["min_up_h"],
        min_down_h=unit["min_down_h"],
        **({"ramp_up": f"{unit['ramp']}/h", "ramp_down": f"{unit['ramp']}/h"} if unit["ramp"] else {}),
    )
    state = {"on": unit["was_on"], "since_h": unit["since_h"]}
    price, demand = case["price_yuan_per_mwh"], np.asarray(case["demand_mw"])
    return cost_yuan(solved(asset, price, demand=demand, state=state, import_mw=case["import_mw"]))


def peer(script, cases):
    """Return what a peer finds for the cases, in a process of its own."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name(script)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])  # HiGHS has its say before


def test_pypsa_finds_the_same_cost_over_days_and_weeks():
    """Five random days and two random weeks, with what was before, and ramps where it stood before."""
    rng = np.random.default_rng(20261124)
    cases = [_peer_case(rng, hours) for hours in [24] * 5 + [168] * 2]
    costs = [_ours(case) for case in cases]
    assert costs == pytest.approx(peer("peer_pypsa.py", cases), rel=1e-6)


# Any history


@FEW
@given(
    st.lists(st.integers(-200, 1200), min_size=12, max_size=12),
    st.tuples(st.sampled_from([0, 1, 2.5, 6]), st.sampled_from([0, 1, 3.5, 5])),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 8).map(lambda v: round(v, 2))),
    st.sampled_from([60, 30, 15]),
)
def test_least_times_are_kept_whatever_was_before(price, times, was_on, since, step_min):
    unit = gas(
        min_up_h=times[0], min_down_h=times[1], start_cost="1000 yuan", cold_start_cost="2000 yuan", cold_after_h=2
    )
    solution = solved(unit, price, state={"on": was_on, "since_h": since}, step_min=step_min)
    on, for_h = was_on, math.inf if since is None else since
    for runs in of(solution, "on"):
        if bool(runs) != on:
            assert for_h >= (times[0] if on else times[1]) - 1e-6
            on, for_h = bool(runs), 0.0
        for_h += step_min / 60
    after = next_state(solution).of("gas")
    assert (after.on, after.since_h) == (on, None if math.isinf(for_h) else pytest.approx(for_h))


@FEW
@given(st.lists(st.integers(100, 1200), min_size=12, max_size=12), st.integers(0, 60))
def test_a_unit_never_makes_a_day_dearer(price, start):
    with_it = cost_yuan(solved(gas(start_cost=f"{start * 100} yuan", min_up_h=3), price))
    assert with_it <= 10.0 * sum(price) + 1e-3


# Two days


def test_two_days_by_hand_over_are_one_system():
    """A 48 h system that reports what the two days did passes the check, owes the same and ends in the same state."""
    rng = np.random.default_rng(7)
    unit = gas(
        min_up_h=6,
        min_down_h=5,
        start_cost="3000 yuan",
        cold_start_cost="8000 yuan",
        cold_after_h=7,
        stop_cost="400 yuan",
        ramp_up="0.2/h",
        ramp_down="0.3/h",
        fuel_limit="400 MWh",
        part_load=CONVEX,
    )
    for _ in range(4):
        price = np.round(rng.uniform(200, 1200, 48), 1)
        first = solved(unit, price[:24])
        handed = next_state(first).of("gas").model_dump()
        second = solve(_second(unit, price[24:], handed), EXACT)
        assert_conserves(second)
        whole = problem_of(unit, price)
        joined = {
            name: {key: np.concatenate([own[key], second.reported[name][key]]) for key in own}
            for name, own in first.reported.items()
        }
        bills = [first.bill, second.bill]
        bill = {line: np.asarray([sum(float(np.sum(b[line])) for b in bills)]) for line in first.bill}
        assert check(whole, joined, bill).passed
        owed = independent_bill(whole, joined)
        assert sum(owed.values()) == pytest.approx(cost_yuan(first) + cost_yuan(second), rel=1e-9)
        assert cost_yuan(solve(whole, EXACT)) <= sum(owed.values()) + 1e-3
        made = Generator.model_validate(unit)
        at_once = made.next_state(AssetState(), joined["gas"], {}, whole.grid)
        after = next_state(second).of("gas")
        assert (after.on, after.fuel_day) == (at_once.on, at_once.fuel_day)
        assert after.since_h == pytest.approx(at_once.since_h) or after.since_h is at_once.since_h is None
        assert after.power_mw == pytest.approx(at_once.power_mw)
        assert after.fuel_mwh == pytest.approx(at_once.fuel_mwh)


def _second(unit, price, handed):
    from datetime import date

    return problem_of(unit, price, state=handed, day=date(2026, 7, 16))


# Tampered with


FULL = {
    "min_up_h": 3,
    "min_down_h": 2,
    "start_cost": "1000 yuan",
    "ramp_up": "0.3/h",
    "fuel_carbon": "202 kg/MWh",
    "fuel_limit": "300 MWh",
    "om": "10 yuan/MWh",
}


def tampered(solution, **changes):
    own = dict(solution.reported["gas"])
    grid = dict(solution.reported["grid"])
    for key, (step, by) in changes.items():
        own[key] = own[key].copy()
        own[key][step] += by
        if key == "supply_mw":  # the balance is kept, so that the unit's own audit must speak
            grid["import_mw"] = grid["import_mw"].copy()
            grid["import_mw"][step] -= by
    return check(solution.problem, solution.reported | {"gas": own, "grid": grid}, solution.bill)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"on": (1, 0.4)}, "gas.on is neither 0 nor 1"),
        ({"supply_mw": (3, 4.0)}, "gas misses its loads by 2 MW"),
        ({"supply_mw": (0, 1.0)}, "gas misses its loads by 1 MW"),
        ({"supply_mw": (2, 1.0)}, "gas ramps 1 MW too far"),
        ({"starts": (3, 1.0)}, "gas.starts are not those of its running"),
        ({"fuel_mwh": (3, 0.01)}, r"gas.fuel_mwh misses its load's by 0\.01 MWh"),
        ({"fuel_carbon_kg": (3, -1.0)}, "gas.fuel_carbon_kg misses its fuel by 1 kg"),
        ({"fuel_mwh": (3, 235.0)}, "MWh more than a day allows"),
    ],
)
def test_the_audit_finds_what_was_changed(changes, words):
    """It stands at 0 and 1, starts with 5 MW at 2 and has 8, 10 and 10 MW after."""
    solution = solved(gas(**FULL), [100, 100, 900, 900, 900, 900], demand=20)
    assert of(solution, "supply_mw") == pytest.approx([0, 0, 5, 8, 10, 10])
    with pytest.raises(CheckFailed, match=words):
        tampered(solution, **changes)


@pytest.mark.parametrize(
    ("pattern", "hours"), [([1, 0, 1, 1, 1, 1], 1), ([0, 1, 1, 0, 1, 1], 1), ([0, 1, 0, 0, 1, 1], 2)]
)
def test_the_audit_finds_times_that_are_too_short(pattern, hours):
    """Least 3 h on and 2 h off: one hour on, one hour off, two hours on too few."""
    solution = solved(gas(min_up_h=3, min_down_h=2), [100] * 6, demand=20, state={"on": True, "since_h": 2.0})
    on = np.asarray(pattern, float)
    own = {"supply_mw": 5.0 * on, "on": on, "fuel_mwh": 12.5 * on, "starts": (np.diff([1.0, *on]) > 0).astype(float)}
    own |= {"fuel_carbon_kg": 0.0 * on}
    grid = dict(solution.reported["grid"]) | {"import_mw": 20 - 5.0 * on}
    with pytest.raises(CheckFailed, match=f"gas runs or stands {hours} h too short"):
        check(solution.problem, solution.reported | {"gas": own, "grid": grid}, solution.bill)


@pytest.mark.parametrize("line", ["fuel", "starts", "stops", "unit_om", "unit_running"])
def test_the_bill_is_owed_line_by_line(line):
    fields = FULL | {"stop_cost": "300 yuan", "running_cost": "100 yuan/h"}
    solution = solved(gas(**fields), [100, 900, 900, 900, 100])
    with pytest.raises(CheckFailed, match=f"line {line} is"):
        check(solution.problem, solution.reported, dict(solution.bill) | {line: solution.bill[line] * 0.99})


# Faults


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"part_load": CONVEX, "efficiency": 0.4}, "exactly one of efficiency, part_load"),
        ({"efficiency": None}, "exactly one of efficiency, part_load"),
        ({"part_load": CONVEX[:2]}, "part_load needs load: 1"),
        ({"part_load": []}, "part_load needs load: 1"),
        ({"part_load": [CONVEX[1], *CONVEX]}, "part_load.load must rise"),
        ({"part_load": CONVEX[1:]}, r"part_load\[0\].load must not exceed min_load"),
        ({"cold_after_h": 3}, "cold_after_h needs cold_start_cost"),
        ({"cold_start_cost": "9 yuan"}, "cold_start_cost needs cold_after_h"),
        ({"cold_start_cost": "9 yuan", "cold_after_h": 3, "start_cost": "10 yuan"}, "start_cost must not exceed"),
        ({"min_up_h": -1}, "greater than or equal to 0"),
        ({"power": "0 MW"}, "0.001 MW"),
        ({"fuel_price": "-1 yuan/MWh"}, "0 yuan/MWh"),
    ],
)
def test_faults_of_the_file(changes, words):
    with pytest.raises(ValidationError, match=words):
        Generator.model_validate(gas() | changes if "part_load" not in changes else gas(**changes))


def test_states_that_cannot_be_are_refused():
    for state, words in (
        ({"on": True, "power_mw": 11.0}, r"power_mw = 11\.0 MW, outside 5\.0 MW to 10\.0 MW"),
        ({"on": False, "power_mw": 2.0}, r"power_mw = 2\.0 MW, outside 0\.0 MW to 0\.0 MW"),
        ({"fuel_day": "2026-07-15", "fuel_mwh": 60.0}, r"fuel_mwh = 60\.0 MWh, outside 0 MWh to 50\.0 MWh"),
    ):
        with pytest.raises(WrongState, match=words):
            solved(gas(fuel_limit="50 MWh"), [100] * 2, state=state)


@pytest.mark.parametrize(
    ("fields", "state", "demand", "words"),
    [
        ({"min_up_h": 4}, {"on": True, "since_h": 1.0}, 3.0, r"lower gas.min_up_h by 3 h \(from 4 to 1\)"),
        ({"min_down_h": 4}, {"on": False, "since_h": 2.0}, 58.0, r"lower gas.min_down_h by 2 h \(from 4 to 2\)"),
        ({"fuel_limit": "50 MWh"}, None, 58.0, r"raise gas.fuel_limit by 50 MWh \(from 50 to 100\)"),
        ({"ramp_up": "0.1/h"}, {"on": True, "power_mw": 5.0}, 58.0, "raise gas.ramp_up by 2 MW"),
    ],
)
def test_an_infeasible_day_names_what_to_change(fields, state, demand, words):
    """No export, and an import of 50 MW."""
    with pytest.raises(Infeasible, match=words):
        solved(gas(**fields), [100] * 5, demand=demand, state=state)
