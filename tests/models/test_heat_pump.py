"""A heat pump: COP by hand, running and standing, against scipy, tampered with, day by day."""

import itertools

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.faults import CheckFailed, Infeasible
from parkopt.models.base import Conditions
from parkopt.models.heat import carnot_cop, table_cop
from parkopt.models.tech.heat_pump import HeatPump
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import HERE, assert_conserves, cost_yuan, grid_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
TABLE = [{"outdoor": "-7 degC", "cop": 2.0}, {"outdoor": "7 degC", "cop": 4.0}, {"outdoor": "20 degC", "cop": 4.5}]


def pump(**changes):
    return {"kind": "heat_pump", "enterprise": "works", "power": "4 MW", "cop": 3.0} | changes


def network(**changes):
    return {"kind": "heat_load", "enterprise": "works", "demand": "6 MW"} | changes


def problem_of(unit, energy, *, own=None, demand=None, others=None, **more):
    series = {"grid": prices(energy)} | ({"hp": own} if own else {})
    if demand is not None:
        series["network"] = {"heat_demand_mw": demand}
    assets = {"grid": grid_asset(50), "network": network(), "hp": unit} | (others or {})
    return small_problem(assets, series, **more)


def solved(*args, **more):
    solution = solve(problem_of(*args, **more), EXACT)
    assert_conserves(solution)
    return solution


def weather(degc):
    grid = small_problem({"grid": grid_asset()}, {"grid": prices([0.0] * len(degc))}).grid
    return Conditions(grid, xr.Dataset({"temp_air_degc": ("time", np.asarray(degc, dtype=float))}), HERE, None)


# The COP


def test_carnot_by_hand():
    """Sink 65 degC = 338.15 K: half of 338.15/65 at 0 degC is 2.60115, of 338.15/45 at 20 degC 3.75722."""
    made = carnot_cop(np.array([0.0, 20.0, 64.0, 65.0, 80.0]), 65.0, 0.5, 8.0)
    assert made == pytest.approx([2.601154, 3.757222, 8.0, 8.0, 8.0], rel=1e-6)


def test_table_by_hand():
    """From -7 (2.0) to 7 (4.0) each kelvin adds 1/7: 3.0 at 0 degC; ends are held."""
    points = [(-7.0, 2.0), (7.0, 4.0)]
    assert table_cop(np.array([-20.0, -7.0, 0.0, 3.5, 7.0, 30.0]), points) == pytest.approx([2, 2, 3, 3.5, 4, 4])


def test_the_cop_follows_the_weather():
    air = weather([-7.0, 0.0, 20.0])
    by_table = HeatPump.model_validate(pump(cop=None, cop_table=TABLE)).series(air)
    assert by_table["cop"] == pytest.approx([2.0, 3.0, 4.5])
    assert by_table["outdoor_degc"] == pytest.approx([-7.0, 0.0, 20.0])
    carnot = {"sink": "65 degC", "quality": 0.5}
    assert HeatPump.model_validate(pump(cop=None, carnot=carnot)).series(air)["cop"][1] == pytest.approx(2.601154)
    river = HeatPump.model_validate(pump(cop=None, carnot=carnot | {"source": "20 degC"})).series(air)
    assert river["cop"] == pytest.approx([3.757222] * 3)
    assert "outdoor_degc" not in river
    assert HeatPump.model_validate(pump()).series(air)["cop"].tolist() == [3.0] * 3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-40, 60), min_size=2, max_size=8), st.floats(30, 120), st.floats(0.2, 0.8))
def test_a_warmer_source_never_lowers_the_cop(degc, sink, quality):
    made = carnot_cop(np.sort(degc), sink, quality, 8.0)
    assert np.all(np.diff(made) >= -1e-12)
    assert np.all((made > 0) & (made <= 8.0))


# By hand


def test_a_day_by_hand():
    """6 MW of heat at COP 2, 3 and 4 need 3, 2 and 1.5 MW."""
    cold = {"cop": [2.0, 3.0, 4.0], "outdoor_degc": [-7.0, 0.0, 7.0]}
    solution = solved(pump(cop=None, cop_table=TABLE), [100.0, 200.0, 300.0], own=cold)
    assert solution.reported["hp"]["power_mw"] == pytest.approx([3.0, 2.0, 1.5])
    assert cost_yuan(solution) == pytest.approx(300 + 400 + 450, rel=1e-9)


def boiler(**changes):
    return {"kind": "boiler", "enterprise": "works", "heat": "20 MW", "efficiency": 1.0} | changes


def test_it_stands_outside_its_temperatures():
    """Below -5 and above 30 degC the boiler gives the 6 MW; at the limits themselves the pump does."""
    own = {"cop": [3.0] * 4, "outdoor_degc": [-5.1, -5.0, 30.0, 30.1]}
    unit = pump(outdoor_min="-5 degC", outdoor_max="30 degC")
    solution = solved(unit, [100.0] * 4, own=own, others={"boiler": boiler()})
    assert solution.reported["hp"]["power_mw"] == pytest.approx([0.0, 2.0, 2.0, 0.0])
    assert cost_yuan(solution) == pytest.approx(100 * (6 + 2 + 2 + 6), rel=1e-9)


def test_idle_power_by_hand():
    """P = 4, idle 10 %: 6 MW need 0.4 + 6 * 0.9 / 3 = 2.2 MW; 12 MW need the rated 4 MW."""
    unit = pump(idle=0.1, min_load=0.2)
    solution = solved(unit, [100.0, 100.0], demand=[6.0, 12.0])
    assert solution.reported["hp"]["power_mw"] == pytest.approx([2.2, 4.0])


def test_least_load_by_hand():
    """1.5 MW is below least load (0.5 * 4 * 3 = 6 MW): the boiler gives it; 7 MW come from the pump."""
    solution = solved(pump(min_load=0.5), [100.0] * 2, demand=[1.5, 7.0], others={"boiler": boiler()})
    assert solution.reported["hp"]["on"].tolist() == [0.0, 1.0]
    assert cost_yuan(solution) == pytest.approx(100 * (1.5 + 7 / 3), rel=1e-9)


@pytest.mark.parametrize(("was_on", "paid"), [(None, 300.0), (False, 300.0), (True, 0.0)])
def test_a_start_is_paid_once(was_on, paid):
    state = ParkState(assets={"hp": AssetState(on=was_on)})
    solution = solved(pump(start_cost="300 yuan"), [100.0] * 3, state=state)
    assert float(np.sum(solution.bill["starts"])) == pytest.approx(paid)
    assert next_state(solution).assets["hp"].on is True


def test_the_limit_of_heat():
    solution = solved(pump(heat="5 MW"), [100.0], others={"boiler": boiler()})
    assert solution.reported["hp"]["heat_mw"] == pytest.approx([5.0])


def test_an_infeasible_day_names_it():
    with pytest.raises(Infeasible, match=r"raise hp.power by 1 MW \(from 4 to 5 MW\)"):
        solved(pump(), [100.0] * 2, demand=[6.0, 15.0])


def test_days_in_a_row_hand_over_whether_it_runs():
    """Day by day with states the starts are those of the whole, where the demand decides who runs."""
    unit, demand = pump(start_cost="300 yuan", min_load=0.5), np.array([0.0, 7, 8, 9, 9, 0, 0, 7])
    whole = solved(unit, [100.0] * 8, demand=demand)
    first = solved(unit, [100.0] * 4, demand=demand[:4])
    second = solved(unit, [100.0] * 4, demand=demand[4:], state=next_state(first))
    assert cost_yuan(first) + cost_yuan(second) == pytest.approx(cost_yuan(whole), rel=1e-9)
    assert float(np.sum(whole.bill["starts"])) == pytest.approx(600.0)


# Tampering


@pytest.mark.parametrize(
    ("key", "by", "words"),
    [
        ("power_mw", 0.01, "balance|hp"),
        ("heat_mw", 0.01, "hp.heat_mw misses"),
        ("heat_mw", -0.01, "hp.heat_mw misses"),
        ("on", -1.0, "hp.power_mw misses its limits"),
        ("on", 0.5, "neither 0 nor 1"),
        ("cop", 0.1, "hp.cop is not"),
    ],
)
def test_tampering_is_found(key, by, words):
    solution = solved(pump(min_load=0.3, idle=0.1, start_cost="300 yuan"), [100.0] * 3)
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["hp"][key] = reported["hp"][key] + np.array([by, 0.0, 0.0])
    with pytest.raises(CheckFailed, match=words):
        check(solution.problem, reported, solution.bill)


def test_a_start_that_is_not_billed_is_found():
    solution = solved(pump(start_cost="300 yuan"), [100.0] * 3)
    bill = dict(solution.bill) | {"starts": solution.bill["starts"] * 0.0}
    with pytest.raises(CheckFailed, match="starts"):
        check(solution.problem, solution.reported, bill)


def test_running_in_the_cold_is_found():
    own = {"cop": [3.0], "outdoor_degc": [-10.0]}
    solution = solved(pump(outdoor_min="-5 degC"), [100.0], own=own, others={"boiler": boiler()})
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["hp"] |= {"power_mw": np.array([2.0]), "heat_mw": np.array([6.0])}
    with pytest.raises(CheckFailed, match=r"hp runs at -10.0 degC"):
        check(solution.problem, reported, solution.bill)


# Another formulation: one column a mode, enumeration of who runs


def by_enumeration(energy, cop, demand, unit, boiler_cost):
    """The least cost over all patterns of running, each hour by hand: the pump's least load, then the cheaper."""
    power, low, idle, start = 4.0, unit["min_load"], unit["idle"], unit["start"]
    best = np.inf
    for pattern in itertools.product((0, 1), repeat=len(energy)):
        cost = sum(start for before, now in itertools.pairwise((0, *pattern)) if now > before)
        for on, price, c, need in zip(pattern, energy, cop, demand, strict=True):
            slope = c / (1 - idle)
            least, most = (power * (low - idle) * slope, power * (1 - idle) * slope) if on else (0.0, 0.0)
            if least > need + 1e-12:
                cost = np.inf
                break
            heat = min(most, need) if price / slope < boiler_cost else least
            cost += on * idle * power * price + heat / slope * price + (need - heat) * boiler_cost
        best = min(best, cost)
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_optimum_as_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    energy, cop, demand = rng.uniform(-50, 900, 5), rng.uniform(1.5, 5, 5), rng.uniform(0, 15, 5)
    low = round(rng.uniform(0.1, 0.7), 3)
    unit = {"min_load": low, "idle": round(min(low, 0.9) * rng.uniform(), 3), "start": round(rng.uniform(1, 800), 2)}
    gas = boiler(efficiency=0.9, fuel={"price": "270 yuan/MWh"})
    body = pump(min_load=low, idle=unit["idle"], start_cost=f"{unit['start']} yuan")
    solution = solved(body, energy, own={"cop": cop}, demand=demand, others={"boiler": gas})
    assert solution.objective == pytest.approx(by_enumeration(energy, cop, demand, unit, 300.0), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_optimum_as_scipy_with_a_peak(seed):
    """A charge on the peak ties the hours: heat columns only, the power written as heat over COP."""
    rng = np.random.default_rng(seed)
    n = 24
    energy, cop, demand = rng.uniform(100, 900, n), rng.uniform(1.5, 5, n), rng.uniform(0, 11, n)
    assets = {
        "grid": grid_asset(50, demand_yuan_per_mw=700.0),
        "network": network(),
        "hp": pump(min_load=0.4, start_cost="150 yuan"),
        "boiler": boiler(efficiency=0.9, fuel={"price": "450 yuan/MWh"}),
    }
    series = {"grid": prices(energy), "network": {"heat_demand_mw": demand}, "hp": {"cop": cop}}
    solution = solve(small_problem(assets, series), EXACT)
    assert_conserves(solution)
    rows = Rows()
    heat = rows.columns(n, energy / cop - 500.0, high=demand)
    on, start = rows.columns(n, whole=True, high=1.0), rows.columns(n, 150.0, whole=True, high=1.0)
    peak = rows.columns(1, 700.0)[0]
    for t in range(n):
        rows.row([(heat[t], 1 / cop[t]), (on[t], -4.0)], high=0)
        rows.row([(heat[t], 1 / cop[t]), (on[t], -1.6)], low=0)
        rows.row([(peak, 1), (heat[t], -1 / cop[t])], low=0)
        rows.row([(start[t], 1), (on[t], -1), *([(on[t - 1], 1)] if t else [])], low=0)
    assert solution.objective == pytest.approx(rows.solve() + 500.0 * float(demand.sum()), rel=1e-6)


# Refusals, and the rest of the way


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (pump(cop=None), "exactly one of cop, cop_table, carnot"),
        (pump(cop_table=TABLE), "exactly one of"),
        (pump(cop=0.9), "0.9"),
        (pump(cop=None, cop_table=TABLE[::-1]), "outdoor must rise"),
        (pump(cop=None, cop_table=TABLE[:1]), "at least 2"),
        (pump(cop=None, carnot={"sink": "60 degC", "quality": 0.5, "source": "61 degC"}), "source must not exceed"),
        (pump(outdoor_min="20 degC", outdoor_max="10 degC"), "outdoor_min must not exceed outdoor_max"),
        (pump(idle=0.2, min_load=0.1), "idle must not exceed min_load"),
        (pump(heat_bus="main"), "no heat bus"),
        (pump(bus="north", heat_bus="north"), "'north' is no heat bus"),
        (pump(outdoor_min="-5"), "unit"),
    ],
)
def test_what_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        HeatPump.model_validate(body)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cop": None, "cop_table": TABLE, "outdoor_min": "-5 degC"},
        {"cop": None, "carnot": {"sink": "65 degC", "quality": 0.5, "source": "12 degC"}},
    ],
)
def test_a_park_file_written_from_it_reads_the_same(changes):
    asset = HeatPump.model_validate(pump(**changes))
    assert HeatPump.model_validate(asset.model_dump(mode="json")) == asset


def test_the_power_is_traced_to_its_enterprise():
    solution = solved(pump(min_load=0.1), [100.0] * 2)
    own = factor("jiangsu_2023")
    schedule = to_schedule(solution, {})
    after = next_state(solution)
    made = account(schedule, solution.problem.park, solution.problem.grid, ParkState(), after, own)
    used = made.schedule["consumption_wh"].sel(enterprise="works").to_numpy()
    assert used.tolist() == [2_000_000, 2_000_000]
    assert made.schedule["heat_mw"].attrs["units"] == "MW"
