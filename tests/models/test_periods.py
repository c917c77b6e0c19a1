"""Months and years within a horizon, and what is counted by them."""

from datetime import date

import numpy as np
import pytest

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.models.periods import periods
from parkopt.models.tech.contract import Contract
from parkopt.models.tech.electrolyser import Electrolyser
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
CHINA = fixed_zone("+08:00")


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def test_months_and_years_are_local():
    """31 December 23:00 in China is 15:00 in UTC: the year turns at local midnight."""
    grid = TimeGrid.day(date(2026, 12, 31), CHINA, days=2)
    assert [(p.key, len(p.steps)) for p in periods(grid, "month")] == [("2026-12", 24), ("2027-01", 24)]
    assert [(p.key, len(p.steps)) for p in periods(grid, "year")] == [("2026", 24), ("2027", 24)]


def test_each_month_of_a_horizon_pays_its_own_peak():
    """31 July at 20 MW and 1 August at 30 MW: 20 + 30 MW are paid, and the state is August's."""
    problem = small_problem(
        {"grid": grid_asset(50, demand_yuan_per_mw=1000.0), "load": load_asset()},
        {"grid": prices([100.0] * 48), "load": {"demand_mw": [20.0] * 24 + [30.0] * 24}},
        day=date(2026, 7, 31),
    )
    solution = solved(problem)
    assert float(np.sum(solution.bill["demand_charge"])) == pytest.approx(50_000)
    grid = problem.park.assets["grid"]
    after = grid.next_state(AssetState(), solution.reported["grid"], problem.series["grid"], problem.grid)
    assert (after.month, after.peak_mw) == ("2026-08", pytest.approx(30.0))


def contract(**changes):
    body = {"kind": "contract", "form": "baseload", "seller": "s", "volume": "10 MW", "price": "500 yuan/MWh"}
    return body | {"take_or_pay": 0.9} | changes


def test_a_contract_window_ends():
    """A shortfall of June is not made good in July where the window is the month."""
    state = ParkState(assets={"green": AssetState(window="2026-06", offered_mwh=100.0, taken_mwh=0.0)})
    series = {"grid": prices([300.0] * 10), "load": {"demand_mw": [30.0] * 10}}
    assets = {"grid": grid_asset(50), "load": load_asset(), "green": contract(window="month")}
    solution = solved(small_problem(assets, series, state=state))
    assert solution.reported["green"]["take_mw"].sum() == pytest.approx(90.0)
    assert float(np.sum(solution.bill["take_or_pay"])) == pytest.approx(0.0)


def test_a_contract_of_the_year_goes_on():
    state = ParkState(assets={"green": AssetState(window="2026", offered_mwh=100.0, taken_mwh=0.0)})
    series = {"grid": prices([300.0] * 10), "load": {"demand_mw": [30.0] * 10}}
    solution = solved(
        small_problem({"grid": grid_asset(50), "load": load_asset(), "green": contract()}, series, state=state)
    )
    assert solution.reported["green"]["take_mw"].sum() == pytest.approx(100.0)
    assert float(np.sum(solution.bill["take_or_pay"])) == pytest.approx(-10 * 500)


def test_two_windows_in_one_horizon():
    """31 July and 1 August by the month: each day owes 90 % of its own 240 MWh, though August could take more."""
    demand = [4.0] * 24 + [30.0] * 24
    assets = {"grid": grid_asset(50), "load": load_asset(), "green": contract(window="month")}
    series = {"grid": prices([300.0] * 48), "load": {"demand_mw": demand}}
    solution = solved(small_problem(assets, series, day=date(2026, 7, 31)))
    assert float(np.sum(solution.bill["take_or_pay"])) == pytest.approx((216 - 96) * 500)
    made = Contract.model_validate(contract(window="month"))
    problem = solution.problem
    after = made.next_state(AssetState(), solution.reported["green"], problem.series["green"], problem.grid)
    assert (after.window, after.offered_mwh, after.taken_mwh) == ("2026-08", pytest.approx(240), pytest.approx(216))


UNIT = {
    "kind": "electrolyser",
    "enterprise": "h2",
    "power": "20 MW",
    "efficiency": "50 kWh/kg",
    "min_load": 0.3,
    "ramp": "0.1/h",
    "tank": "4000 kg",
    "demand": "2400 kg/day",
}


@pytest.mark.parametrize(("was_mw", "first"), [(20.0, 18.0), (8.0, 6.0)])
def test_the_ramp_holds_across_midnight(was_mw, first):
    """From 20 MW the dear first hour can be at 18 MW, from 8 MW at 6 MW: 2 MW an hour, and no stop from above 6 MW."""
    state = ParkState(assets={"h2": AssetState(on=True, power_mw=was_mw, tank_kg=2000.0)})
    series = {"grid": prices([900.0, 100.0, 100.0, 100.0])}
    solution = solved(small_problem({"grid": grid_asset(50), "h2": UNIT}, series, state=state))
    assert solution.reported["h2"]["power_mw"][0] == pytest.approx(first)


def test_a_unit_at_full_power_ramps_down_before_it_stops():
    """18, 16, ... 6 MW in seven hours; only then may it stand still."""
    state = ParkState(assets={"h2": AssetState(on=True, power_mw=20.0, tank_kg=2000.0)})
    series = {"grid": prices([900.0] * 8)}
    solution = solved(small_problem({"grid": grid_asset(50), "h2": UNIT}, series, state=state))
    assert solution.reported["h2"]["power_mw"] == pytest.approx([18, 16, 14, 12, 10, 8, 6, 0], abs=1e-6)


def test_the_audit_sees_a_jump_at_midnight():
    from parkopt.faults import CheckFailed
    from parkopt.solve import check

    state = ParkState(assets={"h2": AssetState(on=True, power_mw=8.0, tank_kg=2000.0)})
    problem = small_problem({"grid": grid_asset(50), "h2": UNIT}, {"grid": prices([100.0] * 3)}, state=state)
    solution = solved(problem)
    other = ParkState(assets={"h2": AssetState(on=True, power_mw=19.0, tank_kg=2000.0)})
    from dataclasses import replace

    with pytest.raises(CheckFailed, match="ramps"):
        check(replace(problem, state=other), solution.reported, solution.bill)


def test_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Electrolyser.model_validate(UNIT).ramp = 1.0
