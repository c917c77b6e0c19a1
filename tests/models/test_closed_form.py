"""Cases small enough to be worked out by hand."""

import numpy as np
import pytest

from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)


def battery(**changes):
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


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def test_storage_arbitrage_by_hand():
    """Charge 20/0.9 MWh at 100, give 18 MWh back at 300: the load's cost falls by 18*300 - 22.22*100."""
    energy = [100.0] * 4 + [300.0] * 4
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": battery()},
        {"grid": prices(energy), "load": {"demand_mw": [20.0] * 8}},
    )
    by_hand = 4 * 20 * 100 + 4 * 20 * 300 - (18 * 300 - 20 / 0.9 * 100)
    assert cost_yuan(solved(problem)) == pytest.approx(by_hand, rel=1e-9)


def test_arbitrage_that_losses_eat_is_left_alone():
    """0.81 of 120 is less than 100: nothing is stored."""
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": battery()},
        {"grid": prices([100.0] * 4 + [120.0] * 4), "load": {"demand_mw": [20.0] * 8}},
    )
    solution = solved(problem)
    assert solution.reported["ess"]["charge_mw"].max() == pytest.approx(0.0, abs=1e-9)


def test_wear_is_paid_per_mwh_discharged():
    energy = [100.0] * 4 + [300.0] * 4
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": battery(wear="50 yuan/MWh")},
        {"grid": prices(energy), "load": {"demand_mw": [20.0] * 8}},
    )
    assert float(np.sum(solved(problem).bill["storage_wear"])) == pytest.approx(18 * 50)


def test_standing_loss_by_hand():
    """10 MWh lose 10 % an hour; after 3 h 7.29 MWh are left and all of it is given at the end."""
    ess = battery(self_discharge="0.1/h", soc_initial=0.5, discharge_efficiency=1.0)
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": ess},
        {"grid": prices([0.0, 0.0, 500.0]), "load": {"demand_mw": [0.0, 0.0, 20.0]}},
    )
    solution = solved(problem)
    kept = 10 * 0.9**3
    charged = solution.reported["ess"]["charge_mw"]
    left = kept + 0.9 * (charged[0] * 0.9**2 + charged[1] * 0.9)
    assert solution.reported["ess"]["discharge_mw"][2] == pytest.approx(min(left, 10.0))


def perfect(energy_mwh, power_mw=10):
    return battery(
        energy=f"{energy_mwh} MWh",
        charge=f"{power_mw} MW",
        discharge=f"{power_mw} MW",
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
    )


def test_demand_charge_by_hand():
    """10 MW with one hour of 20 MW; 5 MWh of storage cut the peak to 15 MW."""
    demand = [10.0, 10.0, 20.0, 10.0]
    problem = small_problem(
        {"grid": grid_asset(50, demand_yuan_per_mw=1000.0), "load": load_asset(), "ess": perfect(5)},
        {"grid": prices([100.0] * 4), "load": {"demand_mw": demand}},
    )
    solution = solved(problem)
    assert float(np.sum(solution.bill["demand_charge"])) == pytest.approx(15 * 1000)
    assert solution.reported["grid"]["import_mw"].max() == pytest.approx(15.0)
    assert cost_yuan(solution) == pytest.approx(50 * 100 + 15 * 1000)


@pytest.mark.parametrize(("so_far", "paid"), [(12.0, 3.0), (15.0, 0.0), (18.0, 0.0)])
def test_demand_charge_counts_only_what_the_day_adds(so_far, paid):
    """With 12 MW seen this month 15 MW add 3; with 18 MW seen nothing is left to pay."""
    state = ParkState(assets={"grid": AssetState(month="2026-07", peak_mw=so_far)})
    problem = small_problem(
        {"grid": grid_asset(50, demand_yuan_per_mw=1000.0), "load": load_asset(), "ess": perfect(5)},
        {"grid": prices([100.0] * 4), "load": {"demand_mw": [10.0, 10.0, 20.0, 10.0]}},
        state=state,
    )
    assert float(np.sum(solved(problem).bill["demand_charge"])) == pytest.approx(paid * 1000)


def test_last_months_peak_does_not_count():
    state = ParkState(assets={"grid": AssetState(month="2026-06", peak_mw=40.0)})
    problem = small_problem(
        {"grid": grid_asset(50, demand_yuan_per_mw=1000.0), "load": load_asset()},
        {"grid": prices([100.0] * 2), "load": {"demand_mw": [10.0, 20.0]}},
        state=state,
    )
    assert float(np.sum(solved(problem).bill["demand_charge"])) == pytest.approx(20_000)


def contract(**changes):
    return {
        "kind": "contract",
        "form": "baseload",
        "seller": "s",
        "volume": "10 MW",
        "price": "500 yuan/MWh",
        "take_or_pay": 0.9,
    } | changes


def test_baseload_take_or_pay_by_hand():
    """500 beside a market of 300: 90 % are taken as they are paid anyway, the rest is bought at 300."""
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "green": contract()},
        {"grid": prices([300.0] * 10), "load": {"demand_mw": [30.0] * 10}},
    )
    solution = solved(problem)
    assert solution.reported["green"]["take_mw"].sum() == pytest.approx(90.0)
    assert cost_yuan(solution) == pytest.approx(90 * 500 + 210 * 300)


def test_take_or_pay_shortfall_is_paid_by_hand():
    """A load of 4 MW cannot take 90 MWh: 50 MWh are paid without being taken."""
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "green": contract()},
        {"grid": prices([300.0] * 10), "load": {"demand_mw": [4.0] * 10}},
    )
    solution = solved(problem)
    assert float(np.sum(solution.bill["take_or_pay"])) == pytest.approx(50 * 500)
    assert cost_yuan(solution) == pytest.approx(40 * 500 + 50 * 500)


def test_take_or_pay_counts_what_was_taken_before():
    """100 of 100 MWh taken before leave 10 MWh of room: only 80 of the day's 100 are due."""
    state = ParkState(assets={"green": AssetState(offered_mwh=100.0, taken_mwh=100.0)})
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "green": contract()},
        {"grid": prices([300.0] * 10), "load": {"demand_mw": [30.0] * 10}},
        state=state,
    )
    assert solved(problem).reported["green"]["take_mw"].sum() == pytest.approx(80.0)


def test_a_shortfall_of_before_can_be_made_good():
    """50 of 100 MWh taken before (40 MWh were paid for nothing): each MWh above the due 90 now earns 500."""
    state = ParkState(assets={"green": AssetState(offered_mwh=100.0, taken_mwh=50.0)})
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "green": contract()},
        {"grid": prices([300.0] * 10), "load": {"demand_mw": [30.0] * 10}},
        state=state,
    )
    solution = solved(problem)
    assert solution.reported["green"]["take_mw"].sum() == pytest.approx(100.0)
    assert float(np.sum(solution.bill["take_or_pay"])) == pytest.approx(-10 * 500)


def test_direct_contract_pays_no_market_price():
    problem = small_problem(
        {
            "grid": grid_asset(50, adders_yuan_per_mwh=100.0),
            "load": load_asset(),
            "green": contract(price="200 yuan/MWh", delivered_over="direct"),
        },
        {"grid": prices([300.0] * 4), "load": {"demand_mw": [30.0] * 4}},
    )
    assert cost_yuan(solved(problem)) == pytest.approx(4 * (10 * 200 + 20 * 400))


def pv(**changes):
    return {"kind": "pv", "capacity": "10 MWp", "ac_limit": "10 MW"} | changes


def test_curtailment_at_a_negative_price():
    """Paid 50 for each MWh drawn: the sun is curtailed and all 5 MW come from the grid."""
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "sun": pv()},
        {"grid": prices([-50.0, 300.0]), "load": {"demand_mw": [5.0, 5.0]}, "sun": {"available_mw": [8.0, 8.0]}},
    )
    solution = solved(problem)
    assert solution.reported["sun"]["curtailed_mw"] == pytest.approx([8.0, 3.0])
    assert solution.reported["grid"]["import_mw"] == pytest.approx([5.0, 0.0])
    assert cost_yuan(solution) == pytest.approx(-250.0)


def test_priced_curtailment_beats_a_small_negative_price():
    """Each curtailed MWh costs 80 and each imported one earns 50: the sun serves the load."""
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "sun": pv(curtail_price="80 yuan/MWh")},
        {"grid": prices([-50.0]), "load": {"demand_mw": [5.0]}, "sun": {"available_mw": [8.0]}},
    )
    solution = solved(problem)
    assert solution.reported["sun"]["supply_mw"] == pytest.approx([5.0])
    assert cost_yuan(solution) == pytest.approx(3 * 80)


def test_a_negative_price_never_makes_storage_burn_energy():
    """A full battery cannot earn by charging and discharging at once; the linear model would."""
    ess = battery(soc_initial=1.0, soc_final=1.0, charge_efficiency=0.8, discharge_efficiency=0.8)
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": ess},
        {"grid": prices([-100.0] * 3), "load": {"demand_mw": [5.0] * 3}},
    )
    solution = solved(problem)
    both = np.minimum(solution.reported["ess"]["charge_mw"], solution.reported["ess"]["discharge_mw"])
    assert both.max() == pytest.approx(0.0, abs=1e-6)
    # give 6.4 MWh in two hours, draw 10 MWh in the third (0.8*10 = 6.4/0.8): 3.6 MWh more are drawn at 100
    assert cost_yuan(solution) == pytest.approx(-100 * (15 + 10 - 6.4), rel=1e-9)


def electrolyser(**changes):
    return {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "10 MW",
        "efficiency": "50 kWh/kg",
        "min_load": 0.4,
        "tank": "1000 kg",
        "tank_initial": 0.5,
        "tank_final": 0.5,
        "demand": "2400 kg/day",
    } | changes


def test_electrolyser_runs_in_the_cheap_hours():
    """200 kg over two hours need 10 MWh: 10 MW in the cheap hour, off in the dear one."""
    problem = small_problem(
        {"grid": grid_asset(50), "h2": electrolyser()},
        {"grid": prices([100.0, 400.0])},
    )
    solution = solved(problem)
    assert solution.reported["h2"]["on"].tolist() == [1.0, 0.0]
    assert cost_yuan(solution) == pytest.approx(10 * 100)


def test_min_load_forces_a_choice():
    """0.5 MW on average is below 4 MW: it runs an eighth of the time, never between."""
    problem = small_problem(
        {"grid": grid_asset(50), "h2": electrolyser(demand="240 kg/day")},
        {"grid": prices([100.0] * 8)},
    )
    power = solved(problem).reported["h2"]["power_mw"]
    assert power.sum() == pytest.approx(4.0)
    assert sorted(np.round(power, 6).tolist()) == [0.0] * 7 + [4.0]


@pytest.mark.parametrize(("start_cost", "starts"), [("0 yuan", 2), ("4000 yuan", 1)])
def test_start_cost_keeps_it_running(start_cost, starts):
    """300 kg need 15 MWh: 10 + 0 + 5 in the cheap hours, or with one start less 7 + 4 + 4 (400 yuan dearer)."""
    unit = electrolyser(demand="2400 kg/day", start_cost=start_cost, tank_initial=0.0, tank_final=0.0)
    problem = small_problem({"grid": grid_asset(50), "h2": unit}, {"grid": prices([100.0, 200.0, 100.0])})
    solution = solved(problem)
    on = solution.reported["h2"]["on"]
    assert np.sum(np.diff(np.concatenate([[0.0], on])) > 0) == starts
    assert float(np.sum(solution.bill["market_energy"])) == pytest.approx(1500 if starts == 2 else 1900)


def test_a_unit_that_runs_already_starts_for_nothing():
    state = ParkState(assets={"h2": AssetState(on=True, tank_kg=500.0)})
    series = {"grid": prices([100.0] * 2)}
    problem = small_problem({"grid": grid_asset(50), "h2": electrolyser(start_cost="4000 yuan")}, series, state=state)
    assert float(np.sum(solved(problem).bill["starts"])) == pytest.approx(0.0)


def test_export_while_it_pays_and_never_in_banned_hours():
    rules = {"export_forbidden": [{"windows": ["1-2"]}]}
    problem = small_problem(
        {"grid": grid_asset(50, 6), "load": load_asset(), "sun": pv()},
        {
            "grid": prices([300.0] * 3, export=250.0),
            "load": {"demand_mw": [2.0] * 3},
            "sun": {"available_mw": [10.0] * 3},
        },
        rules=rules,
    )
    solution = solved(problem)
    assert solution.reported["grid"]["export_mw"] == pytest.approx([6.0, 0.0, 6.0])
    assert cost_yuan(solution) == pytest.approx(-12 * 250)


def test_import_and_export_never_together_even_where_it_would_pay():
    """Export at 400 over an import at 300 would run in a circle; it does not."""
    problem = small_problem(
        {"grid": grid_asset(50, 20), "load": load_asset(), "sun": pv()},
        {"grid": prices([300.0], export=400.0), "load": {"demand_mw": [2.0]}, "sun": {"available_mw": [10.0]}},
    )
    solution = solved(problem)
    assert solution.reported["grid"]["export_mw"] == pytest.approx([8.0])
    assert solution.reported["grid"]["import_mw"] == pytest.approx([0.0])
