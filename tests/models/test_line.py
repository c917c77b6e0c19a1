"""Lines between buses: by hand, against another formulation and against PyPSA, and tampered with."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed
from parkopt.models.tech.line import Line
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STEPS = 6


def line(**changes):
    return {"kind": "line", "bus": "main", "to_bus": "far", "limit": "6 MW"} | changes


def pv(**changes):
    return {"kind": "pv", "capacity": "40 MWp", "ac_limit": "40 MW"} | changes


def ess(**changes):
    return {
        "kind": "storage",
        "charge": "10 MW",
        "discharge": "10 MW",
        "energy": "20 MWh",
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.9,
        "soc_min": 0.0,
        "soc_max": 1.0,
        "soc_initial": 0.0,
        "soc_final": 0.0,
    } | changes


def solved(assets, series):
    solution = solve(small_problem(assets, series), EXACT)
    assert_conserves(solution)
    return solution


def test_loss_by_hand():
    """A far load of 4.8 MW behind a loss of 4 % takes 5 MW from the grid, and 2 yuan/MWh for the line."""
    assets = {
        "grid": grid_asset(50),
        "load": load_asset() | {"bus": "far"},
        "cable": line(loss=0.04, cost="2 yuan/MWh"),
    }
    solution = solved(assets, {"grid": prices([300.0]), "load": {"demand_mw": [4.8]}})
    assert solution.reported["cable"]["forward_mw"] == pytest.approx([5.0])
    assert solution.reported["cable"]["forward_arrived_mw"] == pytest.approx([4.8])
    assert cost_yuan(solution) == pytest.approx(5 * 302)


def test_one_way_lines_send_nothing_back():
    """Far PV cannot reach the main bus over a line of one way; over 4 MW back it can, less 10 %."""
    series = {"grid": prices([300.0]), "load": {"demand_mw": [8.0]}, "sun": {"available_mw": [9.0]}}
    assets = {"grid": grid_asset(50), "load": load_asset(), "sun": pv(bus="far"), "cable": line(loss=0.1)}
    assert cost_yuan(solved(assets, series)) == pytest.approx(8 * 300)
    both = solved(assets | {"cable": line(loss=0.1, back_limit="4 MW")}, series)
    assert both.reported["cable"]["back_arrived_mw"] == pytest.approx([3.6])
    assert cost_yuan(both) == pytest.approx(4.4 * 300)


def test_shared_inverter_by_hand():
    """PV of 10, 10, 0 MW and a perfect battery behind an inverter of 6 MW with 5 % loss, no import through it.

    At noon 6 of 10 MW pass, 4 MW go into the battery in each hour; of the 8 MWh then 6 pass in the dear
    hour, and 5.7 arrive. The load of 20 MW takes the rest from the grid.
    """
    perfect = ess(bus="dc", charge_efficiency=1.0, discharge_efficiency=1.0)
    assets = {
        "grid": grid_asset(50),
        "load": load_asset(),
        "sun": pv(bus="dc"),
        "ess": perfect,
        "inverter": line(bus="dc", to_bus="main", loss=0.05),
    }
    series = {
        "grid": prices([300.0, 300.0, 900.0]),
        "load": {"demand_mw": [20.0] * 3},
        "sun": {"available_mw": [10.0, 10.0, 0.0]},
    }
    solution = solved(assets, series)
    assert solution.reported["inverter"]["forward_mw"] == pytest.approx([6.0, 6.0, 6.0])
    assert cost_yuan(solution) == pytest.approx(14.3 * (300 + 300 + 900))
    on_ac = solved({**assets, "sun": pv(), "ess": ess(charge_efficiency=1.0, discharge_efficiency=1.0)}, series)
    assert cost_yuan(on_ac) < cost_yuan(solution)  # nothing is lost or held back where there is no inverter between


def test_a_negative_price_never_runs_a_line_in_a_circle():
    """Losses would earn 100 for each MWh that is burnt; the line still runs one way."""
    both = line(loss=0.2, back_limit="6 MW")
    assets = {
        "grid": grid_asset(50),
        "load": load_asset(),
        "there": load_asset("other") | {"bus": "far"},
        "cable": both,
    }
    series = {"grid": prices([-100.0] * 2), "load": {"demand_mw": [1.0] * 2}, "there": {"demand_mw": [2.0] * 2}}
    solution = solved(assets, series)
    assert solution.reported["cable"]["back_mw"].max() == pytest.approx(0.0, abs=1e-6)
    assert cost_yuan(solution) == pytest.approx(-100 * 2 * (1 + 2.5))


def two_bus(price, near, far, sun, loss, limits):
    """Loads at two buses, the grid at one, PV at the other."""
    cable = line(loss=loss, limit=f"{limits[0]} MW", back_limit=f"{limits[1]} MW", cost="3 yuan/MWh")
    spare = {
        "kind": "storage",
        "charge": "5 MW",
        "discharge": "5 MW",
        "energy": "10 MWh",
        "wear": "1 yuan/MWh",
        "bus": "far",
    }
    assets = {
        "grid": grid_asset(200),
        "load": load_asset(),
        "there": load_asset("other") | {"bus": "far"},
        "sun": pv(bus="far", om="1 yuan/MWh"),
        "ess": spare,
        "cable": cable,
    }
    series = {
        "grid": prices(price),
        "load": {"demand_mw": near},
        "there": {"demand_mw": far},
        "sun": {"available_mw": sun},
    }
    return assets, series


def by_hand(assets, series, loss, limits):
    """The same written again: signed flow in two pieces, levels eliminated, a direction a step."""
    rows, n = Rows(), len(series["load"]["demand_mw"])
    buy = rows.columns(n, series["grid"]["energy_price_yuan_per_mwh"], high=200)
    use = rows.columns(n, 1.0, high=np.asarray(series["sun"]["available_mw"]))
    ahead, back = rows.columns(n, 3.0, high=limits[0]), rows.columns(n, 3.0, high=limits[1])
    into, out, way = rows.columns(n, high=5.0), rows.columns(n, 1.0, high=5.0), rows.columns(n, whole=True, high=1.0)
    for t in range(n):
        near, far = series["load"]["demand_mw"][t], series["there"]["demand_mw"][t]
        rows.row([(buy[t], 1), (ahead[t], -1), (back[t], 1 - loss)], near, near)
        rows.row([(use[t], 1), (ahead[t], 1 - loss), (back[t], -1), (into[t], -1), (out[t], 1)], far, far)
        rows.row([(ahead[t], 1), (way[t], -limits[0])], high=0)
        rows.row([(back[t], 1), (way[t], limits[1])], high=limits[1])
        rise = [pair for s in range(t + 1) for pair in ((into[s], 0.93), (out[s], -1 / 0.93))]
        rows.row(rise, 0.0 if t == n - 1 else -4.0, 4.0)
    return rows.solve()


def series_of(low, high):
    return st.lists(st.floats(low, high, allow_nan=False, width=32), min_size=STEPS, max_size=STEPS)


@FEW
@given(
    series_of(20, 900),
    series_of(0, 40),
    series_of(0, 4),
    series_of(0, 40),
    st.floats(0.0, 0.3).map(lambda v: round(v, 3)),
    st.tuples(st.floats(8, 20), st.floats(0, 20)).map(lambda v: (round(v[0], 2), round(v[1], 2))),
)
def test_two_buses_against_another_formulation(price, near, far, sun, loss, limits):
    assets, series = two_bus(price, near, far, sun, loss, limits)
    assert cost_yuan(solved(assets, series)) == pytest.approx(by_hand(assets, series, loss, limits), rel=1e-6, abs=1e-3)


def test_two_buses_against_pypsa():
    rng, cases, own = np.random.default_rng(7), [], []
    for _ in range(4):
        price, near, far, sun = (rng.uniform(low, high, 24) for low, high in ((50, 900), (0, 40), (0, 6), (0, 40)))
        loss, limits = round(float(rng.uniform(0, 0.2)), 3), (10.0, round(float(rng.uniform(0, 12)), 1))
        assets, series = two_bus(price, near, far, sun, loss, limits)
        own.append(cost_yuan(solved(assets, series)))
        numbers = {"price": price, "near": near, "far": far, "sun": sun}
        cases.append({"loss": loss, "limits": limits} | {key: values.tolist() for key, values in numbers.items()})
    peer = Path(__file__).with_name("peer_line.py")
    done = subprocess.run([sys.executable, peer], input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert own == pytest.approx(json.loads(done.stdout.splitlines()[-1]), rel=1e-6)


@pytest.mark.parametrize(
    ("asset", "key", "by", "says"),
    [
        ("cable", "forward_arrived_mw", 0.1, "loss forward"),
        ("cable", "forward_mw", 0.1, "balance"),
        ("cable", "forward_mw", 3.0, "limits"),
        ("cable", "back_mw", 0.1, "back_mw misses its limits"),
    ],
)
def test_a_tampered_line_is_refused(asset, key, by, says):
    assets = {
        "grid": grid_asset(50),
        "load": load_asset() | {"bus": "far"},
        "cable": line(loss=0.04, cost="2 yuan/MWh"),
    }
    solution = solved(assets, {"grid": prices([300.0]), "load": {"demand_mw": [4.8]}})
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported[asset][key] = reported[asset][key] + by
    with pytest.raises(CheckFailed, match=says):
        check(solution.problem, reported, solution.bill)
    with pytest.raises(CheckFailed, match="line_use"):
        check(solution.problem, solution.reported, solution.bill | {"line_use": np.zeros(1)})


def test_committed_flows_of_a_line_are_kept():
    assets = {
        "grid": grid_asset(50),
        "load": load_asset() | {"bus": "far"},
        "sun": pv(bus="far"),
        "cable": line(loss=0.04),
    }
    series = {"grid": prices([300.0] * 2), "load": {"demand_mw": [4.8] * 2}, "sun": {"available_mw": [10.0] * 2}}
    from dataclasses import replace

    problem = small_problem(assets, series)
    assert solve(problem, EXACT).reported["cable"]["forward_mw"] == pytest.approx([0.0, 0.0])
    kept = solve(replace(problem, committed={"cable": {"forward_mw": np.asarray([2.0])}}), EXACT)
    assert kept.reported["cable"]["forward_mw"] == pytest.approx([2.0, 0.0])


def test_a_line_needs_two_buses():
    with pytest.raises(ValidationError, match="to_bus must differ"):
        Line.model_validate(line(to_bus="main"))
