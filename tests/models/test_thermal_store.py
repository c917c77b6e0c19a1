"""A thermal store, and the whole heat bus against oemof-solph."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.faults import CheckFailed, Infeasible, WrongState
from parkopt.models import build, recipe_for
from parkopt.models.tech.thermal_store import ThermalStore
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
ROOT = Path(__file__).parents[2]


def tank(**changes):
    body = {"kind": "thermal_store", "charge": "10 MW", "discharge": "10 MW", "energy": "20 MWh"}
    return body | {"soc_initial": 0.0, "soc_final": 0.0} | changes


def boiler(**changes):
    return {"kind": "boiler", "enterprise": "works", "heat": "20 MW", "efficiency": 1.0} | changes


def problem_of(store, energy, demand, *, heater=None, **more):
    network = {"kind": "heat_load", "enterprise": "works", "demand": "1 MW"}
    assets = {"grid": grid_asset(50), "network": network, "boiler": heater or boiler(), "tank": store}
    return small_problem(assets, {"grid": prices(energy), "network": {"heat_demand_mw": demand}}, **more)


def solved(*args, **more):
    solution = solve(problem_of(*args, **more), EXACT)
    assert_conserves(solution)
    return solution


# By hand


def test_heat_is_moved_by_hand():
    """20 MWh stored at 100 in two hours (10 MW) come back at 300; 8 of 28 MWh are made at 300."""
    solution = solved(tank(), [100.0] * 2 + [300.0] * 2, [0.0, 0.0, 14.0, 14.0])
    assert solution.reported["tank"]["heat_mwh"] == pytest.approx([10.0, 20.0, 10.0, 0.0])
    assert cost_yuan(solution) == pytest.approx(20 * 100 + 8 * 300, rel=1e-9)


def test_efficiencies_by_hand():
    """A MWh at the bus needs 1 / (0.9 * 0.8) stored: 7.2 MWh of 10 MWh put in."""
    store = tank(charge_efficiency=0.9, discharge_efficiency=0.8)
    solution = solved(store, [100.0, 900.0], [0.0, 10.0])
    assert cost_yuan(solution) == pytest.approx(10 * 100 + 2.8 * 900, rel=1e-9)


def test_the_loss_of_a_night_by_hand():
    """10 MWh stand 8 h at 1 %/h and 50 kW: 10 q^8 - 0.05 (1 - q^8) / (1 - q) = 8.84117 MWh with q = 0.99."""
    store = tank(soc_initial=0.5, standing_loss="0.01/h", constant_loss="50 kW")
    solution = solved(store, [100.0] * 9, [0.0] * 8 + [20.0])
    left = 10 * 0.99**8 - 0.05 * (1 - 0.99**8) / 0.01
    assert left == pytest.approx(8.84117, abs=1e-5)
    assert solution.reported["tank"]["heat_mwh"][7] == pytest.approx(left)
    # the ninth hour takes its own loss before it empties the store
    assert cost_yuan(solution) == pytest.approx(100 * (20 - (left * 0.99 - 0.05)), rel=1e-9)


def test_the_same_night_in_quarters():
    """Without the constant part the loss does not depend on the step: 10 * 0.99^8 MWh are left."""
    store = tank(soc_initial=0.5, standing_loss="0.01/h")
    solution = solved(store, [100.0] * 33, [0.0] * 32 + [20.0], step_min=15)
    assert solution.reported["tank"]["heat_mwh"][31] == pytest.approx(10 * 0.99**8)


def test_an_empty_store_still_loses_its_constant_part():
    """50 kW are made good in each hour, at the cheapest: all of it at 100."""
    solution = solved(tank(constant_loss="50 kW"), [100.0, 300.0, 300.0], [0.0] * 3)
    assert cost_yuan(solution) == pytest.approx(0.15 * 100, rel=1e-9)


def test_the_final_level_is_kept_or_named():
    solution = solved(tank(soc_final=0.4), [100.0, 50.0], [1.0, 1.0])
    assert solution.reported["tank"]["heat_mwh"][-1] == pytest.approx(8.0)
    with pytest.raises(Infeasible, match=r"lower tank\.soc_final by 4 MWh"):
        solved(tank(soc_final=0.4), [100.0, 50.0], [1.0, 1.0], heater=boiler(heat="3 MW"))


def test_a_negative_price_never_makes_it_burn_heat():
    """A full store cannot earn by taking and giving at once; the linear model would. By hand as for a battery."""
    store = tank(soc_initial=1.0, soc_final=1.0, charge_efficiency=0.8, discharge_efficiency=0.8)
    problem = problem_of(store, [-100.0] * 3, [5.0] * 3)
    assert recipe_for(problem) >= {"tank"}
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    # 5 MW for two hours take 10 / 0.8 = 12.5 MWh out, the third hour puts at most 8 back: so 6.4 MWh are given
    assert cost_yuan(solution) == pytest.approx(-100 * (15 + 10 - 6.4), rel=1e-9)


def test_free_heat_is_not_burnt_either():
    """Curtailing the sun costs 50: the recipe asks for binaries, and the answer is the best without burning."""
    store = tank(soc_initial=1.0, soc_final=1.0, charge_efficiency=0.8, discharge_efficiency=0.8)
    assets = {
        "grid": grid_asset(50),
        "sun": {"kind": "pv", "capacity": "20 MWp", "ac_limit": "20 MW", "curtail_price": "50 yuan/MWh"},
        "network": {"kind": "heat_load", "enterprise": "works", "demand": "5 MW"},
        "boiler": boiler(),
        "tank": store,
    }
    solution = solve(small_problem(assets, {"grid": prices([300.0]), "sun": {"available_mw": [9.0]}}), EXACT)
    assert_conserves(solution)
    assert cost_yuan(solution) == pytest.approx(4 * 50, rel=1e-9)


# State


def test_two_days_with_state_are_one_system():
    """The second day opens where the first ends; the levels handed over are those of its flows."""
    store = tank(soc_initial=0.5, soc_final=0.3, standing_loss="0.02/h", constant_loss="20 kW")
    rng = np.random.default_rng(4)
    energy, demand = rng.uniform(100, 900, 12), rng.uniform(0, 12, 12)
    first = solved(store, energy[:6], demand[:6])
    state = next_state(first)
    assert state.assets["tank"].soc_mwh == pytest.approx(6.0)
    second = solved(store, energy[6:], demand[6:], state=state)
    flows = [np.concatenate([day.reported["tank"][key] for day in (first, second)]) for key in FLOWS]
    level = 10.0
    for taken, given_back in zip(*flows, strict=True):
        level = level * 0.98 + taken - given_back - 0.02
    assert second.reported["tank"]["heat_mwh"][-1] == pytest.approx(level, abs=1e-6)
    whole = solved(store, energy, demand)
    assert cost_yuan(whole) <= cost_yuan(first) + cost_yuan(second) + 1e-6


FLOWS = ("heat_charge_mw", "heat_discharge_mw")


@pytest.mark.parametrize("soc_mwh", [0.5, 19.0])
def test_a_state_outside_the_levels_is_refused(soc_mwh):
    state = ParkState(assets={"tank": AssetState(soc_mwh=soc_mwh)})
    with pytest.raises(WrongState) as caught:
        build(problem_of(tank(soc_min=0.1, soc_max=0.9, soc_initial=0.5), [1.0], [1.0], state=state))
    assert caught.value.where.field == "assets.tank.soc_mwh"


# Tampering


@pytest.mark.parametrize(
    ("key", "by", "words"),
    [
        ("heat_charge_mw", 0.01, "tank.heat_mwh drifts"),
        ("heat_discharge_mw", 0.01, "tank.heat_mwh drifts"),
        ("heat_mwh", 0.01, "tank.heat_mwh drifts"),
    ],
)
def test_tampering_is_found(key, by, words):
    solution = solved(tank(), [100.0] * 2 + [300.0] * 2, [0.0, 0.0, 14.0, 14.0])
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["tank"][key] = reported["tank"][key] + np.array([0.0, by, 0.0, 0.0])
    with pytest.raises(CheckFailed, match=words):
        check(solution.problem, reported, solution.bill)


def test_both_ways_at_once_is_found():
    solution = solved(tank(), [100.0, 300.0], [5.0, 5.0])
    reported = {name: dict(own) for name, own in solution.reported.items()}
    for key in FLOWS:
        reported["tank"][key] = reported["tank"][key] + np.array([0.0, 1.0])
    with pytest.raises(CheckFailed, match="both ways at once"):
        check(solution.problem, reported, solution.bill)


def test_heat_out_of_nothing_is_found():
    """The heat bus has a balance of its own."""
    solution = solved(tank(), [100.0], [5.0])
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["boiler"] |= {key: reported["boiler"][key] - 0.5 for key in ("heat_mw", "power_mw")}
    reported["grid"] |= {"import_mw": reported["grid"]["import_mw"] - 0.5}
    with pytest.raises(CheckFailed, match=r"the bus heat misses its balance by 0\.5 MW"):
        check(solution.problem, reported, solution.bill)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (tank(soc_min=0.5), "soc_min must not exceed soc_initial"),
        (tank(soc_max=0.3, soc_initial=0.5), "soc_initial must not exceed soc_max"),
        (tank(soc_max=0.3, soc_final=0.5), "soc_final must not exceed soc_max"),
        (tank(heat_bus="main"), "no heat bus"),
    ],
)
def test_what_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        ThermalStore.model_validate(body)


def test_two_heat_buses_do_not_mix():
    """Heat of the second bus is made by its own boiler, at its own cost."""
    assets = {
        "grid": grid_asset(50),
        "a": {"kind": "heat_load", "enterprise": "works", "demand": "3 MW"},
        "b": {"kind": "heat_load", "enterprise": "works", "demand": "2 MW", "heat_bus": "steam"},
        "boiler": boiler(),
        "steam_boiler": boiler(heat_bus="steam", efficiency=0.5),
        "tank": tank(),
    }
    solution = solve(small_problem(assets, {"grid": prices([100.0])}), EXACT)
    assert_conserves(solution)
    assert cost_yuan(solution) == pytest.approx(100 * (3 + 2 / 0.5), rel=1e-9)


# Against scipy, against oemof-solph, under any numbers


@st.composite
def systems(draw):
    """A heat bus as plain numbers: a heat pump, two boilers, a store, on a grid with a load."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    return system(rng, draw(st.sampled_from([60, 30, 15])), draw(st.integers(2, 8)), switched=draw(st.booleans()))


def system(rng, step_min, n, *, switched):
    def some(low, high):
        return round(float(rng.uniform(low, high)), 4)

    on = {"min_load": some(0.1, 0.6), "start_cost": some(0, 300)} if switched else {"min_load": 0.0, "start_cost": 0.0}
    energy = some(2, 30)
    low = some(0.0, 0.2)
    store = {
        "name": "tank",
        "charge": some(1, 9),
        "discharge": some(1, 9),
        "energy": energy,
        "charge_efficiency": some(0.8, 1),
        "discharge_efficiency": some(0.8, 1),
        "standing_loss": some(0, 0.03),
        "constant_loss": some(0, 0.05),
        "soc_min": low,
        "soc_max": 0.95,
        "soc_initial": some(0.35, 0.9),
        "soc_final": some(low, 0.4),
    }
    steady = {"min_load": 0.0, "start_cost": 0.0}
    return {
        "steps": n,
        "step_h": step_min / 60,
        "import_mw": 60.0,
        "price": rng.uniform(60, 900, n).round(3).tolist(),
        "power_mw": rng.uniform(0, 9, n).round(3).tolist(),
        "heat_mw": rng.uniform(0, 14, n).round(3).tolist(),
        "pumps": [{"name": "hp", "power": 3.0, "cops": rng.uniform(1.5, 5, n).round(4).tolist(), "heat": 9.0, **on}],
        "boilers": [
            {"name": "gas", "heat": 8.0, "efficiency": 0.92, "fuel_price": some(200, 500), **on},
            {"name": "electric", "heat": 20.0, "efficiency": 0.98, "fuel_price": None, **steady},
        ],
        "stores": [store],
    }


def as_problem(given):
    """Return the same system as a park."""
    assets = {
        "grid": grid_asset(given["import_mw"]),
        "works": load_asset(),
        "network": {"kind": "heat_load", "enterprise": "works", "demand": "0 MW"},
    }
    series = {
        "grid": prices(given["price"]),
        "works": {"demand_mw": given["power_mw"]},
        "network": {"heat_demand_mw": given["heat_mw"]},
    }
    for own in given["pumps"]:
        body = {"kind": "heat_pump", "enterprise": "works", "power": f"{own['power']} MW", "heat": f"{own['heat']} MW"}
        assets[own["name"]] = body | running(own) | {"cop": 3.0}
        series[own["name"]] = {"cop": own["cops"]}
    for own in given["boilers"]:
        fuel = {} if own["fuel_price"] is None else {"fuel": {"price": f"{own['fuel_price']} yuan/MWh"}}
        assets[own["name"]] = boiler(heat=f"{own['heat']} MW", efficiency=own["efficiency"]) | running(own) | fuel
    for own in given["stores"]:
        units = {"charge": "MW", "discharge": "MW", "energy": "MWh", "standing_loss": "1/h", "constant_loss": "MW"}
        body = {key: f"{value!r} {units[key]}" if key in units else value for key, value in own.items()}
        assets[own["name"]] = {"kind": "thermal_store"} | {key: body[key] for key in body if key != "name"}
    return small_problem(assets, series, step_min=round(given["step_h"] * 60))


def running(own):
    return {"min_load": own["min_load"], "start_cost": f"{own['start_cost']} yuan"}


def by_scipy(given):
    """The least cost with levels eliminated, heat pumps and boilers by their heat, and both ways forbidden."""
    n, h = given["steps"], given["step_h"]
    rows, heat, price = Rows(), [[] for _ in range(n)], np.asarray(given["price"])
    units = [(own, price / own["cops"], own["power"] * np.asarray(own["cops"])) for own in given["pumps"]]
    for own in given["boilers"]:
        fuel = price if own["fuel_price"] is None else np.full(n, own["fuel_price"])
        units.append((own, fuel / own["efficiency"], np.full(n, own["heat"])))
    for own, cost, most in units:
        made = rows.columns(n, cost * h, high=np.minimum(most, own["heat"]))
        on, start = rows.columns(n, whole=True, high=1.0), rows.columns(n, own["start_cost"], whole=True, high=1.0)
        for t in range(n):
            rows.row([(made[t], 1), (on[t], -most[t])], high=0)
            rows.row([(made[t], 1), (on[t], -own["min_load"] * most[t])], low=0)
            rows.row([(start[t], 1), (on[t], -1), *([(on[t - 1], 1)] if t else [])], low=0)
            heat[t].append((made[t], 1))
    for own in given["stores"]:
        charge, give = rows.columns(n, high=own["charge"]), rows.columns(n, high=own["discharge"])
        way, keep = rows.columns(n, whole=True, high=1.0), (1 - own["standing_loss"]) ** h
        for t in range(n):
            heat[t] += [(give[t], 1), (charge[t], -1)]
            rows.row([(charge[t], 1), (way[t], -own["charge"])], high=0)
            rows.row([(give[t], 1), (way[t], own["discharge"])], high=own["discharge"])
            level, rest = [], own["soc_initial"] * own["energy"] * keep ** (t + 1)
            for s in range(t + 1):
                left = keep ** (t - s)
                rest -= own["constant_loss"] * h * left
                level.append((charge[s], own["charge_efficiency"] * h * left))
                level.append((give[s], -h * left / own["discharge_efficiency"]))
            low = max(own["soc_min"], own["soc_final"] if t == n - 1 else 0.0)
            rows.row(level, low * own["energy"] - rest, own["soc_max"] * own["energy"] - rest)
    for t in range(n):
        rows.row(heat[t], given["heat_mw"][t], given["heat_mw"][t])
    return rows.solve() + float(price @ np.asarray(given["power_mw"])) * h


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(systems())
def test_the_same_optimum_as_scipy_and_conserved(given_system):
    solution = solve(as_problem(given_system), EXACT)
    assert_conserves(solution)
    assert solution.objective == pytest.approx(by_scipy(given_system), rel=1e-6)
    own = {name: values for name, values in solution.reported.items() if name not in ("grid", "works")}
    made = own["hp"]["heat_mw"] + own["gas"]["heat_mw"] + own["electric"]["heat_mw"]
    net = own["tank"]["heat_charge_mw"] - own["tank"]["heat_discharge_mw"]
    assert made - net == pytest.approx(np.asarray(given_system["heat_mw"]), abs=1e-5)


@pytest.mark.parametrize(
    ("seed", "step_min", "n", "switched"),
    [(0, 60, 24, False), (1, 15, 96, False), (2, 30, 48, False), (3, 60, 24, True), (4, 60, 48, True)],
)
def test_the_same_optimum_as_oemof_solph(seed, step_min, n, switched):
    """Storage, heat pump, boilers and demand in oemof-solph, by its own components, in a process of its own."""
    made = system(np.random.default_rng(seed), step_min, n, switched=switched)
    peer = by_oemof(made)
    solution = solve(as_problem(made), EXACT)
    assert_conserves(solution)
    assert peer["status"] == "optimal"
    assert solution.objective == pytest.approx(peer["objective"], rel=1e-6)


def by_oemof(given_system):
    run = [sys.executable, "-m", "tests.models.peer_oemof_heat"]
    text = json.dumps(given_system)
    done = subprocess.run(run, input=text, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_carbon_of_a_park_with_a_heat_bus():
    """The whole way: schedule, next state, tracing; what the pump and the boiler draw is the enterprise's."""
    made = system(np.random.default_rng(7), 60, 24, switched=True)
    solution = solve(as_problem(made), EXACT)
    schedule, after = to_schedule(solution, {}), next_state(solution)
    park, grid = solution.problem.park, solution.problem.grid
    traced = account(schedule, park, grid, ParkState(), after, factor("jiangsu_2023"))
    drawn = sum(solution.reported[name]["power_mw"] for name in ("hp", "electric")) + np.asarray(made["power_mw"])
    used = traced.schedule["consumption_wh"].sel(enterprise="works").to_numpy()
    assert used / 1e6 == pytest.approx(drawn, abs=1e-5)
    assert traced.state.assets["tank"].soc_mwh == pytest.approx(solution.reported["tank"]["heat_mwh"][-1])
    again = ParkState.model_validate_json(traced.state.model_dump_json())
    assert solve(as_problem(made), EXACT).objective == pytest.approx(solution.objective)
    assert again == traced.state
