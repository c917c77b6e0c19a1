"""A heat load: by hand, by the weather, infeasible, and tampered with."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible
from parkopt.models.base import Conditions
from parkopt.models.heat import degree_heat_mw
from parkopt.models.tech.heat_load import HeatLoad
from parkopt.solve import Limits, check, solve
from parkopt.testing import HERE, assert_conserves, cost_yuan, grid_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
BOILER = {"kind": "boiler", "enterprise": "works", "heat": "5 MW", "efficiency": 0.8}


def network(**changes):
    return {"kind": "heat_load", "enterprise": "works", "demand": "3 MW"} | changes


def solved(load, energy, *, boiler=BOILER, import_mw=50, demand=None, **more):
    series = {"grid": prices(energy)} | ({"network": {"heat_demand_mw": demand}} if demand is not None else {})
    assets = {"grid": grid_asset(import_mw), "boiler": boiler, "network": load}
    solution = solve(small_problem(assets, series, **more), EXACT)
    assert_conserves(solution)
    return solution


def conditions(degc, folder=Path()):
    grid = small_problem({"grid": grid_asset()}, {"grid": prices([0.0] * len(degc))}).grid
    return Conditions(grid, xr.Dataset({"temp_air_degc": ("time", np.asarray(degc, dtype=float))}), HERE, folder)


def test_a_flat_demand_by_hand():
    """3 MW of heat need 3 / 0.8 = 3.75 MW of power at 100 and at 200 yuan."""
    solution = solved(network(), [100.0, 200.0])
    assert cost_yuan(solution) == pytest.approx(3.75 * 300, rel=1e-9)
    assert solution.reported["network"]["heat_mw"] == pytest.approx([3.0, 3.0])


def test_degrees_below_the_base_by_hand():
    """Base 18, 0.5 MW/K, 1 MW always: at -2, 18 and 30 degC these are 1 + 0.5*20 = 11, 1 and 1 MW."""
    load = HeatLoad.model_validate(
        network(demand=None, by_temperature={"base": "18 degC", "slope": "500 kW/K", "constant": "1 MW"})
    )
    assert load.series(conditions([-2.0, 18.0, 30.0]))["heat_demand_mw"] == pytest.approx([11.0, 1.0, 1.0])
    assert degree_heat_mw(np.array([17.0]), 18.0, 0.5, 0.0) == pytest.approx([0.5])


def test_a_measured_profile_is_read(tmp_path):
    hours = "\n".join(f"2026-07-15 {hour:02d}:00,{1000 * (hour + 1)}" for hour in range(24))
    (tmp_path / "heat.csv").write_text(f"time,kw\n{hours}\n")
    spec = {"file": "heat.csv", "column": "kw", "unit": "kW", "time": "time", "zone": "+08:00"}
    load = HeatLoad.model_validate(network(demand=None, profile=spec))
    assert load.series(conditions([0.0] * 24, tmp_path))["heat_demand_mw"] == pytest.approx(np.arange(1.0, 25.0))
    assert list(load.files()) == [("profile.file", "heat.csv")]


def test_unmet_above_its_price_by_hand():
    """A MWh of heat costs 100/0.8 = 125 or 200/0.8 = 250: at 240 the second hour goes without."""
    solution = solved(network(unmet_price="240 yuan/MWh"), [100.0, 200.0])
    assert solution.reported["network"]["heat_mw"] == pytest.approx([3.0, 0.0])
    assert solution.reported["network"]["heat_unmet_mw"] == pytest.approx([0.0, 3.0])
    assert cost_yuan(solution) == pytest.approx(3 * 125 + 3 * 240, rel=1e-9)


def test_quarters_count_as_quarters():
    solution = solved(network(unmet_price="100 yuan/MWh"), [200.0] * 4, step_min=15)
    assert cost_yuan(solution) == pytest.approx(3 * 100, rel=1e-9)


def test_an_infeasible_day_names_demand_and_boiler():
    """7 MW asked, 5 MW possible: 2 MW too much in one of two hours."""
    with pytest.raises(Infeasible) as caught:
        solved(network(), [100.0, 100.0], demand=[7.0, 4.0])
    assert "lower network.demand by 2 MWh" in caught.value.text()
    assert "raise boiler.heat by 2 MW (from 5 to 7 MW)" in caught.value.text()
    assert "热" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("key", "by"), [("heat_mw", 0.01), ("heat_mw", -0.01), ("heat_unmet_mw", 0.01), ("heat_unmet_mw", -0.01)]
)
def test_tampering_is_found(key, by):
    solution = solved(network(unmet_price="240 yuan/MWh"), [100.0, 200.0])
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["network"][key] = reported["network"][key] + np.array([by, 0.0])
    with pytest.raises(CheckFailed, match="network"):
        check(solution.problem, reported, solution.bill)


def test_a_wrong_bill_is_found():
    solution = solved(network(unmet_price="240 yuan/MWh"), [100.0, 200.0])
    bill = dict(solution.bill) | {"heat_unmet": solution.bill["heat_unmet"] * 0.99}
    with pytest.raises(CheckFailed, match="heat_unmet"):
        check(solution.problem, solution.reported, bill)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (network(demand=None), "exactly one of profile, demand, by_temperature"),
        (network(by_temperature={"base": "18 degC", "slope": "1 MW/K"}), "exactly one of"),
        (network(heat_bus="main"), "'main' is no heat bus"),
        (network(heat_bus=""), "is no heat bus"),
        (network(demand=None, by_temperature={"base": "18 deg", "slope": "1 MW/K"}), "degC"),
    ],
)
def test_what_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        HeatLoad.model_validate(body)


def test_a_park_file_written_from_it_reads_the_same():
    shape = {"base": "18 degC", "slope": "0.5 MW/K", "constant": "1 MW"}
    asset = HeatLoad.model_validate(network(demand=None, by_temperature=shape, unmet_price="900 yuan/MWh"))
    assert HeatLoad.model_validate(asset.model_dump(mode="json")) == asset


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-50, 900), st.floats(0, 8)), min_size=1, max_size=6),
    st.floats(0, 1200),
)
def test_each_step_is_served_or_not_by_its_own_price(steps, unmet):
    """Without a store each hour is alone: the cheaper of boiler and unmet, the boiler up to 5 MW."""
    unmet = round(unmet, 2)
    energy, demand = (np.round(column, 3) for column in np.array(steps).T)
    solution = solved(network(unmet_price=f"{unmet} yuan/MWh"), energy, demand=demand)
    served = np.where(energy / 0.8 < unmet, np.minimum(demand, 5.0), 0.0)
    by_hand = float(np.sum(served * energy / 0.8 + (demand - served) * unmet))
    assert solution.objective == pytest.approx(by_hand, rel=1e-6, abs=1e-4)
