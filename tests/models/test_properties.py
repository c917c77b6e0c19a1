"""Whatever the numbers: each technology conserves, keeps its limits and its bill, and never makes a day dearer."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt.models import Objective
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
STEPS = 6
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def series(low, high):
    return st.lists(st.floats(low, high, allow_nan=False, width=32), min_size=STEPS, max_size=STEPS)


def ratio(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda v: round(v, 4))


def solved(assets, given, **more):
    solution = solve(small_problem(assets, given, **more), EXACT)
    assert_conserves(solution)
    return solution


BASE = {"grid": grid_asset(100, 20), "load": load_asset()}


@FEW
@given(series(-100, 900), series(0, 40), series(0, 60), st.booleans())
def test_renewables(price, demand, available, priced):
    pv = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW", "om": "20 yuan/MWh"}
    pv |= {"curtail_price": "35 yuan/MWh"} if priced else {}
    own = {"grid": prices(price, export=30.0), "load": {"demand_mw": demand}, "pv": {"available_mw": available}}
    solution = solved(BASE | {"pv": pv}, own)
    own_report = solution.reported["pv"]
    assert np.all(own_report["curtailed_mw"] >= -1e-6)
    assert own_report["supply_mw"] + own_report["curtailed_mw"] == pytest.approx(own_report["available_mw"])


@FEW
@given(
    series(-200, 900),
    series(0, 40),
    ratio(0.6, 1.0),
    ratio(0.6, 1.0),
    ratio(0.0, 0.05),
    ratio(0.1, 0.9),
    st.floats(0, 80).map(lambda v: round(v, 2)),
)
def test_storage_never_makes_a_day_dearer(price, demand, charging, discharging, loss, start, wear):
    ess = {
        "kind": "storage",
        "charge": "8 MW",
        "discharge": "9 MW",
        "energy": "20 MWh",
        "charge_efficiency": charging,
        "discharge_efficiency": discharging,
        "self_discharge": f"{loss}/h",
        "soc_min": 0.05,
        "soc_max": 0.95,
        "soc_initial": start,
        "soc_final": 0.05,
        "wear": f"{wear} yuan/MWh",
    }
    own = {"grid": prices(price, export=10.0), "load": {"demand_mw": demand}}
    without = solved(BASE, own)
    with_it = solved(BASE | {"ess": ess}, own)
    assert cost_yuan(with_it) <= cost_yuan(without) + 1e-3 + 1e-9 * abs(cost_yuan(without))
    report = with_it.reported["ess"]
    assert np.minimum(report["charge_mw"], report["discharge_mw"]).max() <= 1e-5
    assert np.minimum(with_it.reported["grid"]["import_mw"], with_it.reported["grid"]["export_mw"]).max() <= 1e-5


@FEW
@given(series(50, 900), series(0, 40), ratio(0.0, 1.0), st.floats(0, 300), ratio(0.0, 1.0))
def test_contract(price, demand, share, offered, taken):
    green = {
        "kind": "contract",
        "form": "baseload",
        "seller": "s",
        "volume": "15 MW",
        "price": "400 yuan/MWh",
        "take_or_pay": share,
    }
    state = ParkState(assets={"green": AssetState(offered_mwh=offered, taken_mwh=taken * offered)})
    own = {"grid": prices(price), "load": {"demand_mw": demand}}
    solution = solved(BASE | {"green": green}, own, state=state)
    assert np.all(solution.reported["green"]["take_mw"] <= solution.reported["grid"]["import_mw"] + 1e-5)


@FEW
@given(series(50, 900), ratio(0.1, 0.9), st.integers(0, 20), st.booleans(), st.sampled_from([None, 0.2, 0.6]))
def test_electrolyser(price, least, start, was_on, ramp):
    unit = {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "10 MW",
        "efficiency": "50 kWh/kg",
        "min_load": least,
        "start_cost": f"{start * 100} yuan",
        "tank": "600 kg",
        "demand": "1200 kg/day",
    }
    unit |= {"ramp": f"{ramp}/h"} if ramp else {}
    state = ParkState(assets={"h2": AssetState(on=was_on, tank_kg=300.0)})
    solution = solved({"grid": grid_asset(50), "h2": unit}, {"grid": prices(price)}, state=state)
    report = solution.reported["h2"]
    assert report["hydrogen_kg"].sum() == pytest.approx(300 + report["tank_kg"][-1] - 300, abs=0.1)
    running = report["power_mw"][report["on"] > 0]
    assert np.all(running >= least * 10 - 1e-5)


@FEW
@given(series(50, 900), series(5, 40), st.floats(0, 40), st.floats(0, 30))
def test_demand_charge(price, demand, so_far, planned):
    """What is paid is the rise above the month's or the planned peak, whatever came before."""
    assets = BASE | {"grid": grid_asset(100, demand_yuan_per_mw=2000.0, planned_peak_mw=round(planned, 3))}
    state = ParkState(assets={"grid": AssetState(month="2026-07", peak_mw=so_far)})
    solution = solved(assets, {"grid": prices(price), "load": {"demand_mw": demand}}, state=state)
    rise = max(0.0, max(demand) - max(so_far, round(planned, 3)))
    assert float(np.sum(solution.bill["demand_charge"])) == pytest.approx(2000 * rise, abs=0.02)


@FEW
@given(series(50, 900), series(10, 40), series(0, 60))
def test_goals_are_ordered(price, demand, available):
    """No schedule costs less than the one for cost, none emits less than the one for carbon."""
    ess = {"kind": "storage", "charge": "8 MW", "discharge": "8 MW", "energy": "16 MWh", "wear": "10 yuan/MWh"}
    pv = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"}
    own = {"grid": prices(price, export=30.0), "load": {"demand_mw": demand}, "pv": {"available_mw": available}}
    assets = BASE | {"ess": ess, "pv": pv}
    goals = [Objective("cost"), Objective("weighted", 300.0), Objective("carbon")]
    solutions = [solved(assets, own, objective=goal) for goal in goals]
    costs = [cost_yuan(solution) for solution in solutions]
    carbon = [float(solution.reported["grid"]["import_mw"].sum()) for solution in solutions]
    assert costs[0] <= costs[1] + 0.05
    assert costs[1] <= costs[2] + 0.05  # the carbon goal leaves 1e-6 of carbon open to the cost
    assert carbon[2] <= carbon[1] + 1e-3
    assert carbon[1] <= carbon[0] + 1e-3
