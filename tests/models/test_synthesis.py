"""A synthesis: by hand, against other formulations, over midnight, on a hydrogen bus, and tampered with."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize as so
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible, WrongState
from parkopt.models.tech.synthesis import HYDROGEN_KG, Synthesis
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
IN, OUT = "hydrogen_in_kg_per_h", "hydrogen_out_kg_per_h"


def electrolyser(**changes):
    """20 MW at 50 kWh/kg: 20 kg a MWh, up to 400 kg/h, at any load from nothing on, with a tank of 1 t."""
    return {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "20 MW",
        "efficiency": "50 kWh/kg",
        "min_load": 0.0,
        "tank": "1 t",
        "hydrogen_bus": "pipe",
    } | changes


def plant(**changes):
    """1000 kg/h of ammonia with 0.2 kg/kg and 1 kWh/kg: with its hydrogen 11 kWh a kg."""
    return {
        "kind": "synthesis",
        "enterprise": "nh3",
        "product": "ammonia",
        "capacity": "1 t/h",
        "energy": "1 kWh/kg",
        "hydrogen": 0.2,
        "hydrogen_bus": "pipe",
        "min_load": 0.5,
        "tank": "10 t",
        "tank_initial": 0.5,
        "tank_final": 0.5,
        "demand": "18 t/day",
    } | changes


def solved(body, energy, h2=None, **more):
    assets = {"grid": grid_asset(100), "h2": electrolyser() if h2 is None else h2, "nh3": body}
    solution = solve(small_problem(assets, {"grid": prices(energy)}, **more), EXACT)
    assert_conserves(solution)
    return solution


def state(**own):
    return ParkState(assets={"nh3": AssetState(**own)})


# By hand


def test_hydrogen_of_the_reactions():
    """N2 + 3 H2 -> 2 NH3: 3.024 of 17.031; CO2 + 3 H2 -> CH3OH + H2O: 6.048 of 32.042 (12.011 + 4.032 + 15.999)."""
    assert HYDROGEN_KG["ammonia"] == pytest.approx(0.1776, abs=5e-5)
    assert HYDROGEN_KG["methanol"] == pytest.approx(0.1888, abs=5e-5)
    for product, kg in HYDROGEN_KG.items():
        solution = solved(plant(product=product, hydrogen=None), [100.0] * 2)
        assert solution.reported["nh3"][IN] == pytest.approx(kg * solution.reported["nh3"]["product_kg"])


def test_cheap_hours_make_the_product_and_the_hydrogen():
    """750 kg an hour are due: 1000 in the cheap hour and 500, the least, in the dear one; hydrogen in the first."""
    solution = solved(plant(), [100.0, 500.0])
    own = solution.reported["nh3"]
    assert own["product_kg"] == pytest.approx([1000, 500])
    assert own[IN] == pytest.approx([200, 100])
    assert own["power_mw"] == pytest.approx([1.0, 0.5])
    assert solution.reported["h2"]["power_mw"] == pytest.approx([15, 0], abs=1e-6)
    assert cost_yuan(solution) == pytest.approx(16 * 100 + 0.5 * 500)


def test_a_slow_plant_stays_near_the_middle():
    """100 kg/h an hour around 750: 800 and 700."""
    own = solved(plant(ramp="0.1/h"), [100.0, 500.0]).reported["nh3"]
    assert own["product_kg"] == pytest.approx([800, 700])


def test_it_may_stop_only_where_the_file_says_so():
    """Nothing is due for six hours: without `may_stop` it makes 500 kg in each of them."""
    idle = plant(demand="0 kg/day", tank_initial=0.0, tank_final=0.0)
    solution = solved(idle, [100.0] * 6)
    assert solution.reported["nh3"]["product_kg"] == pytest.approx([500.0] * 6)
    assert cost_yuan(solution) == pytest.approx(6 * 5.5 * 100)
    assert cost_yuan(solved(idle | {"may_stop": True}, [100.0] * 6)) == pytest.approx(0.0)


@pytest.mark.parametrize(("start_cost", "runs"), [("100 yuan", [1, 0, 1]), ("9000 yuan", [1, 1, 1])])
def test_a_start_is_worth_it_or_not(start_cost, runs):
    """1500 kg in two cheap hours of 11 kWh/kg, or over all three: 500 kg more are 5.5 MWh at 900, less 5.5 at 100."""
    body = plant(demand="12 t/day", may_stop=True, start_cost=start_cost)
    solution = solved(body, [100.0, 900.0, 100.0], h2=electrolyser(tank="0 kg"), state=state(on=True))
    assert solution.reported["nh3"]["on"].tolist() == runs
    dear = 5.5 * 800 if runs[1] else 100
    assert cost_yuan(solution) == pytest.approx(16.5 * 100 + dear)


def test_the_surplus_is_sold_where_it_pays():
    """11 kWh a kg and 0.5 yuan of CO2: 1.6 yuan at 100 yuan/MWh, 6 at 500; sold for 3: the least in the dear hour."""
    body = plant(product="methanol", demand=None, sale_price="3 yuan/kg", feed_cost="0.5 yuan/kg")
    body = {key: value for key, value in body.items() if value is not None}
    solution = solved(body, [100.0, 500.0], h2=electrolyser(tank="0 kg"))
    own = solution.reported["nh3"]
    assert own["product_kg"] == pytest.approx([1000, 500])
    assert own["product_sold_kg"].sum() == pytest.approx(1500)
    assert float(np.sum(solution.bill["product_sales"])) == pytest.approx(-4500)
    assert float(np.sum(solution.bill["synthesis_feed"])) == pytest.approx(750)
    assert cost_yuan(solution) == pytest.approx(11 * 100 + 5.5 * 500 + 750 - 4500)


def test_a_demand_by_the_day_and_what_is_unmet():
    """A day of 30 t from 24 at most: 6 t are missing and paid at 10 yuan/kg."""
    solution = solved(plant(demand="30 t/day", demand_timing="by_day", unmet_price="10 yuan/kg"), [100.0] * 24)
    own = solution.reported["nh3"]
    assert own["product_unmet_kg"][-1] == pytest.approx(6000)
    assert own["product_delivered_kg"].sum() == pytest.approx(24000)
    assert float(np.sum(solution.bill["product_unmet"])) == pytest.approx(60000)


def test_the_hydrogen_bus_balances_in_every_step():
    """Two plants and one electrolyser: what it gives is what they take."""
    assets = {
        "grid": grid_asset(100),
        "h2": electrolyser(),
        "nh3": plant(),
        "meoh": plant(product="methanol", hydrogen=0.19, capacity="500 kg/h", demand="7 t/day", enterprise="meoh"),
    }
    solution = solve(small_problem(assets, {"grid": prices(np.linspace(900, 100, 12))}), EXACT)
    assert_conserves(solution)
    given = solution.reported["h2"][OUT]
    taken = solution.reported["nh3"][IN] + solution.reported["meoh"][IN]
    assert given == pytest.approx(taken, abs=1e-5)
    tank = solution.reported["h2"]["tank_kg"]
    made = solution.reported["h2"]["hydrogen_kg"]
    assert tank[-1] - 500 == pytest.approx(made.sum() - taken.sum(), abs=1e-3)


# Against other formulations


def least_cost(problem):
    """The two units as one: power by what is made, levels as sums, running as chains of hours."""
    body, h2 = problem.park.assets["nh3"], problem.park.assets["h2"]
    before, n, h = problem.state.of("nh3"), problem.grid.n, problem.grid.hours
    price = problem.series["grid"]["energy_price_yuan_per_mwh"]
    rows = Rows()
    made = rows.columns(n, body.feed_cost * h + price * h * body.energy / 1000, high=body.capacity)
    drawn = rows.columns(n, price * h, high=h2.power)
    sold = rows.columns(n, -(body.sale_price or 0.0), high=np.inf if body.sale_price is not None else 0.0)
    on = rows.columns(n, whole=True, low=0.0 if body.may_stop else 1.0, high=1.0)
    begin = rows.columns(n, body.start_cost, high=1.0)
    stock = h2.tank_initial * h2.tank
    level = body.tank_initial * body.tank if before.tank_kg is None else before.tank_kg
    need = (body.demand or 0.0) * h / 24
    step = np.inf if body.ramp is None else body.ramp * body.capacity * h
    edge = max(step, body.min_load * body.capacity) if body.may_stop else step
    for t in range(n):
        rows.row([(made[t], 1), (on[t], -body.capacity)], high=0)
        rows.row([(made[t], 1), (on[t], -body.min_load * body.capacity)], low=0)
        was = [(on[t - 1], 1)] if t else []
        ran = float(bool(before.on) or not body.may_stop)
        rows.row([(begin[t], 1), (on[t], -1), *was], low=0 if t else -ran)
        for s in range(t + 1, min(n, t + round(body.min_up_h / h))):  # started at t: still on at s
            rows.row([(on[s], 1), (on[t], -1), *was], low=0 if t else -ran)
        for s in range(t + 1, min(n, t + round(body.min_down_h / h))):  # stopped at t: still off at s
            rows.row([(on[s], 1), (on[t], -1), *was], high=1 if t else 1 - ran)
        if np.isfinite(step) and (t or before.rate_kg_per_h is not None):
            last, const = ([(made[t - 1], -1)], 0.0) if t else ([], before.rate_kg_per_h)
            gone = [(c, (edge - step) * v) for c, v in was]
            kept = (edge - step) * ran if t == 0 else 0.0
            rows.row([(made[t], 1), *last, *gone], high=edge + const - kept)
            rows.row([(made[t], -1), *((c, 1) for c, _ in last), (on[t], edge - step)], high=edge - const)
        out = [(made[s], h) for s in range(t + 1)] + [(sold[s], -1) for s in range(t + 1)]
        low = body.tank_final * body.tank if t == n - 1 else 0.0
        rows.row(out, low - level + need * (t + 1), body.tank - level + need * (t + 1))
        gas = [(drawn[s], 1000 * h / h2.efficiency) for s in range(t + 1)]
        gas += [(made[s], -body.hydrogen * h) for s in range(t + 1)]
        low = h2.tank_final * h2.tank if t == n - 1 else 0.0
        rows.row(gas, low - stock, h2.tank - stock)
    return rows.solve()


def any_plant(rng):
    pick = lambda *values: values[rng.integers(len(values))]  # noqa: E731
    body = plant(
        min_load=pick(0.3, 0.6),
        ramp=pick(None, "0.1/h", "0.25/h"),
        may_stop=bool(pick(True, False)),
        feed_cost=pick("0 yuan/kg", "0.4 yuan/kg"),
        sale_price=pick("1 yuan/kg", "6 yuan/kg"),
        demand=pick("6 t/day", "14 t/day"),
        tank_final=0.1,
    )
    if body["may_stop"]:
        body |= {"start_cost": pick("0 yuan", "2000 yuan"), "min_up_h": pick(0, 3), "min_down_h": pick(0, 3)}
    return body


@pytest.mark.parametrize("seed", range(20))
def test_as_cheap_as_another_formulation(seed):
    rng = np.random.default_rng(seed)
    body = any_plant(rng)
    own = {"tank_kg": float(rng.uniform(3000, 8000))}
    if rng.integers(2):
        own |= {"on": True, "rate_kg_per_h": float(rng.uniform(600, 800))}
    energy = rng.uniform(-100 if seed % 3 == 0 else 50, 900, 10)
    solution = solved(body, energy, state=state(**own))
    assert cost_yuan(solution) == pytest.approx(least_cost(solution.problem), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_as_cheap_as_the_best_of_all_runs(seed):
    """Each pattern of running over six steps, those with short runs or pauses left out: a linear program for each."""
    rng = np.random.default_rng(seed)
    energy = rng.uniform(50, 900, 6)
    body = plant(may_stop=True, min_up_h=2, min_down_h=2, start_cost="1500 yuan", demand="12 t/day", tank_final=0.4)
    best = np.inf
    for pattern in itertools.product((0, 1), repeat=6):
        runs = [(on, len(list(group))) for on, group in itertools.groupby((0, 0, *pattern))]
        if any(length < 2 for _, length in runs[:-1]):
            continue
        starts, on = sum(on for on, _ in runs), np.asarray(pattern)
        made = np.tril(np.ones((6, 6)))
        least = np.where(np.arange(6) == 5, 4000.0, 0.0) - 5000 + 500.0 * np.arange(1, 7)
        most = 10000.0 - 5000 + 500.0 * np.arange(1, 7)
        found = so.linprog(
            energy * 11e-3,
            np.vstack([made, -made]),
            np.concatenate([most, -least]),
            bounds=list(zip(500.0 * on, 1000.0 * on, strict=True)),
        )
        best = min(best, found.fun + 1500 * starts) if found.status == 0 else best
    solution = solved(body, energy, h2=electrolyser(tank="0 kg"), state=state(on=False))
    assert cost_yuan(solution) == pytest.approx(best, rel=1e-6)


# Over midnight


@pytest.mark.parametrize("seed", range(6))
def test_days_in_a_row_are_one_system(seed):
    """What two halves do one after the other keeps every rule of the whole, and costs what the whole's bill says."""
    rng = np.random.default_rng(seed)
    body = any_plant(rng) | {"ramp": "0.1/h"}
    body |= {"min_up_h": 3, "min_down_h": 3} if body["may_stop"] else {}
    energy = rng.uniform(50, 900, 12)
    opening = state(on=True, rate_kg_per_h=700.0, since_h=1.0, tank_kg=5000.0)
    first = solved(body, energy[:5], state=opening)
    second = solved(body, energy[5:], state=ParkState(assets=next_state(first).assets))
    whole = solved(body, energy, state=opening)
    joined = {
        name: {key: np.concatenate([own[key], second.reported[name][key]]) for key in own}
        for name, own in first.reported.items()
    }
    bill = {line: np.concatenate([yuan, second.bill[line]]) for line, yuan in first.bill.items()}
    assert check(whole.problem, joined, bill).passed
    assert cost_yuan(whole) <= cost_yuan(first) + cost_yuan(second) + 1e-6 * abs(cost_yuan(whole))


@pytest.mark.parametrize("seed", range(4))
def test_the_state_says_all_that_the_rest_of_a_plan_needs(seed):
    """A best plan cut anywhere: its rest, planned from the state alone, costs what it did."""
    rng = np.random.default_rng(200 + seed)
    body = any_plant(rng) | {"ramp": "0.1/h"} | ({"may_stop": True, "min_up_h": 2, "min_down_h": 2} if seed % 2 else {})
    energy = rng.uniform(50, 900, 8)
    whole = solved(body, energy, state=state(on=True, rate_kg_per_h=700.0, since_h=1.0, tank_kg=5000.0))
    problem, bill = whole.problem, sum(whole.bill.values())
    for cut in range(1, 8):
        between, grid = {}, replace(problem.grid, n=cut)
        for name in ("h2", "nh3"):
            now, before = whole.reported[name], problem.state.of(name)
            part = {key: values[:cut] for key, values in now.items()}
            between[name] = problem.park.assets[name].next_state(before, part, problem.series[name], grid)
        rest = solved(body, energy[cut:], state=ParkState(assets=between))
        assert cost_yuan(rest) == pytest.approx(float(np.sum(bill[cut:])), rel=1e-6, abs=1e-3)


def test_the_ramp_and_the_tank_go_on_from_the_state():
    """From 600 kg/h it reaches 700 and 800, though the first hour is the cheap one; the tank starts at 4 t."""
    own = solved(
        plant(ramp="0.1/h", tank_final=0.4), [100.0, 500.0], state=state(rate_kg_per_h=600.0, tank_kg=4000.0)
    ).reported["nh3"]
    assert own["product_kg"] == pytest.approx([700, 800])
    assert own["product_tank_kg"] == pytest.approx([3950, 4000])


@pytest.mark.parametrize(("since", "kept"), [(1.0, 2), (2.0, 1), (4.0, 0)])
def test_a_least_run_goes_on_over_midnight(since, kept):
    body = plant(may_stop=True, min_up_h=3, demand="0 kg/day", tank_final=0.0)
    on = solved(body, [900.0] * 4, state=state(on=True, since_h=since)).reported["nh3"]["on"]
    assert on.tolist() == [1.0] * kept + [0.0] * (4 - kept)


def test_what_is_handed_over():
    body = Synthesis.model_validate(plant(may_stop=True))
    problem = small_problem(
        {"grid": grid_asset(50), "h2": electrolyser(), "nh3": plant()}, {"grid": prices([1.0] * 4)}, step_min=30
    )
    now = {
        "on": [1, 0, 0, 0],
        "product_kg": [400.0, 0, 0, 0],
        "power_mw": [0.8, 0, 0, 0],
        "product_tank_kg": [1, 2, 3, 4.0],
    }
    now = {key: np.asarray(values, dtype=float) for key, values in now.items()}
    after = body.next_state(AssetState(), now, problem.series["nh3"], problem.grid)
    assert (after.on, after.since_h, after.rate_kg_per_h, after.tank_kg) == (False, 1.5, 0.0, 4.0)
    now["on"] = np.ones(4)
    now["product_kg"][-1] = 300.0
    after = body.next_state(AssetState(on=True, since_h=10.0), now, problem.series["nh3"], problem.grid)
    assert (after.on, after.since_h, after.rate_kg_per_h) == (True, 12.0, 600.0)


@pytest.mark.parametrize(
    ("own", "changes"),
    [
        ({"on": False}, {}),
        ({"rate_kg_per_h": 400.0}, {}),
        ({"rate_kg_per_h": 1100.0}, {}),
        ({"on": False, "rate_kg_per_h": 600.0}, {"may_stop": True}),
        ({"tank_kg": 10001.0}, {}),
    ],
)
def test_a_state_that_cannot_be(own, changes):
    with pytest.raises(WrongState, match="opening state"):
        solved(plant(**changes), [100.0], state=state(**own))


# Whatever the numbers


@FEW
@given(st.integers(0, 10**6), st.lists(st.floats(-100, 900, width=32), min_size=6, max_size=6))
def test_conserves_and_freedom_never_makes_it_dearer(seed, energy):
    body = any_plant(np.random.default_rng(seed)) | {"may_stop": False}
    body = {key: value for key, value in body.items() if key not in ("start_cost", "min_up_h", "min_down_h")}
    bound = solved(body, energy, state=state(rate_kg_per_h=700.0))
    free = solved(body | {"may_stop": True}, energy, state=state(on=True, rate_kg_per_h=700.0))
    assert cost_yuan(free) <= cost_yuan(bound) + 1e-3 + 1e-8 * abs(cost_yuan(bound))
    assert bound.reported["nh3"][IN] == pytest.approx(bound.reported["h2"][OUT], abs=1e-5)


# The audit


@pytest.fixture(scope="module")
def whole():
    body = plant(may_stop=True, ramp="0.2/h", sale_price="1 yuan/kg", unmet_price="90 yuan/kg", feed_cost="0.1 yuan/kg")
    return solved(body, [300.0, 100.0, 500.0, 200.0], state=state(on=True, rate_kg_per_h=700.0, tank_kg=5000.0))


def tampered(solution, **changes):
    """Check a solution whose plant reports something else; power, hydrogen and bills follow its product."""
    reported = {name: dict(own) for name, own in solution.reported.items()}
    nh3 = reported["nh3"]
    nh3 |= {key: np.asarray(values, dtype=float) for key, values in changes.items()}
    return check(solution.problem, reported, solution.bill)


@pytest.mark.parametrize(
    ("key", "by", "words"),
    [
        ("product_kg", 5.0, "power_mw misses its product by 0.005"),
        ("product_kg", 500.0, "leaves its loads by|ramps"),
        ("product_tank_kg", 1.0, "product_tank_kg drifts from its flows by 1 kg"),
        ("product_delivered_kg", -2.0, "misses its product demand by 2 kg"),
        ("product_unmet_kg", -2.0, "less than nothing unmet"),
        ("product_sold_kg", -5.0, "sells less than nothing|drifts"),
        (IN, 1.0, "the bus pipe misses its balance by 1"),
        ("power_mw", 1.0, "the bus main misses its balance by 1"),
        ("on", -1.0, "leaves its loads"),
    ],
)
def test_the_audit_finds_what_was_changed(whole, key, by, words):
    values = np.array(whole.reported["nh3"][key])
    values[1] += by
    with pytest.raises(CheckFailed, match=words):
        tampered(whole, **{key: values})


def test_the_audit_finds_hydrogen_that_the_product_did_not_need():
    """The same extra kg is given and taken: the bus balances, and the plant's own check finds it."""
    solution = solved(plant(), [100.0, 500.0])
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["h2"][OUT] = reported["h2"][OUT] + 1.0
    reported["nh3"][IN] = reported["nh3"][IN] + 1.0
    with pytest.raises(CheckFailed, match="hydrogen_in_kg_per_h misses its product by 1 kg/h"):
        check(solution.problem, reported, solution.bill)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ramp": "0.05/h"}, "nh3 ramps"),
        ({"min_load": 0.8}, "leaves its loads"),
        ({"capacity": "900 kg/h"}, "leaves its loads"),
        ({"tank_final": 0.6}, "below tank_final"),
        ({"hydrogen": 0.21}, "misses its product"),
        ({"feed_cost": "0.5 yuan/kg"}, "line synthesis_feed"),
    ],
)
def test_the_audit_reads_the_file(changes, words):
    solution = solved(plant(ramp="0.3/h"), [100.0, 500.0, 100.0, 500.0])
    assets = {**solution.problem.park.assets, "nh3": Synthesis.model_validate(plant(ramp="0.3/h") | changes)}
    park = solution.problem.park.model_copy(update={"assets": assets})
    with pytest.raises(CheckFailed, match=words):
        check(replace(solution.problem, park=park), solution.reported, solution.bill)


@pytest.mark.parametrize("line", ["product_sales", "synthesis_feed", "starts"])
def test_a_wrong_bill_is_found(whole, line):
    bill = dict(whole.bill) | {line: whole.bill.get(line, np.zeros(4)) + 1.0}
    with pytest.raises(CheckFailed, match=f"line {line} is"):
        check(whole.problem, whole.reported, bill)


def test_short_runs_are_found():
    """2500 kg in the three cheap hours of five."""
    body = plant(may_stop=True, demand="12 t/day")
    solution = solved(body, [100.0, 900.0, 100.0, 900.0, 100.0], state=state(on=False), h2=electrolyser(tank="0 kg"))
    assert solution.reported["nh3"]["on"].tolist() == [1, 0, 1, 0, 1]
    for field, words in (("min_up_h", "nh3 runs 1 h"), ("min_down_h", "nh3 is off 1 h")):
        longer = Synthesis.model_validate(body | {field: 3})
        assets = {**solution.problem.park.assets, "nh3": longer}
        park = solution.problem.park.model_copy(update={"assets": assets})
        with pytest.raises(CheckFailed, match=words):
            check(replace(solution.problem, park=park), solution.reported, solution.bill)


# The schedule, the file


def test_the_schedule_says_what_the_numbers_mean(whole):
    schedule = to_schedule(whole, {})
    assert schedule["product_kg"].attrs == {
        "units": "kg",
        "long_name": "product made in the step",
        "long_name_zh": "时段产品产量",
    }
    assert schedule[IN].attrs["units"] == schedule[OUT].attrs["units"] == "kg/h"
    assert np.isnan(schedule["tank_kg"].sel(asset="nh3")).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"demand": None}, "one of demand, demand_by_hour, sale_price"),
        ({"start_cost": "9 yuan"}, "start_cost needs may_stop: true"),
        ({"min_up_h": 2}, "min_up_h needs may_stop: true"),
        ({"hydrogen_bus": "main"}, "no hydrogen bus"),
        ({"hydrogen": 0.01}, "greater than or equal to 0.1"),
        ({"product": "urea"}, "'ammonia' or 'methanol'"),
        ({"hydrogen_bus": None}, "Field required"),
    ],
)
def test_faults_of_the_park_file(changes, words):
    with pytest.raises(ValidationError, match=words):
        Synthesis.model_validate({key: value for key, value in (plant() | changes).items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"demand": "30 t/day"}, ("product demand of nh3", "nh3.demand")),
        ({"tank_final": 0.8, "demand": "24 t/day"}, ("final tank level of nh3", "nh3.tank_final")),
    ],
)
def test_a_day_that_cannot_be_names_the_promise(changes, words):
    with pytest.raises(Infeasible) as caught:
        solved(plant(**changes), [100.0] * 24)
    assert words[0] in caught.value.message("en")
    assert words[1] in caught.value.remedy("en")


def test_too_little_hydrogen_for_the_least_load_is_named():
    """100 kg/h are needed at least and 60 can be made."""
    body = plant(demand="0 kg/day", tank="100 t", tank_final=0.0)
    with pytest.raises(Infeasible) as caught:
        solved(body, [100.0] * 4, h2=electrolyser(power="3 MW", tank="0 kg"))
    assert "least load of nh3" in caught.value.message("en")


def test_carriers_and_buses():
    body = Synthesis.model_validate(plant())
    assert body.carriers() == {"main": "power", "pipe": "hydrogen"}
    assert {key: body.bus_of(key) for key in body.flows()} == {"power_mw": "main", IN: "pipe"}
