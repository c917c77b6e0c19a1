"""Each element of a connection's bill against arithmetic by hand, over days, months and hand-overs."""

from datetime import date, timedelta

import numpy as np
import pytest

from parkopt.faults import Infeasible, WrongState, WrongValue
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
JULY = date(2026, 7, 1)
PERFECT = {
    "kind": "storage",
    "charge": "6 MW",
    "discharge": "6 MW",
    "energy": "10 MWh",
    "charge_efficiency": 0.95,
    "discharge_efficiency": 0.9,
    "soc_min": 0.0,
    "soc_max": 1.0,
    "soc_initial": 0.0,
    "soc_final": 0.0,
}


def solved(demand, *, tariff=None, energy=0.0, export=0.0, state=None, day=JULY, available=None, ess=None, **grid):
    """Solve a load (and PV, and a store) on one connection; the solution has passed the check."""
    n = len(demand)
    limits = {"import_mw": grid.pop("import_mw", 100.0), "export_mw": grid.pop("export_mw", 0.0)}
    assets = {"grid": grid_asset(**limits, tariff=tariff, **grid), "load": load_asset()}
    series = {"grid": prices(np.zeros(n) + energy, np.zeros(n) + export), "load": {"demand_mw": demand}}
    if available is not None:
        assets["pv"] = {"kind": "pv", "capacity": "99 MWp", "ac_limit": "99 MW"}
        series["pv"] = {"available_mw": available}
    if ess is not None:
        assets["ess"] = ess
    park_state = ParkState(assets={"grid": state}) if state else None
    solution = solve(small_problem(assets, series, day=day, state=park_state), EXACT)
    assert_conserves(solution)
    return solution


def line(solution, name):
    return float(np.sum(solution.bill[name]))


def after(solution):
    problem = solution.problem
    grid = problem.park.assets["grid"]
    before = problem.state.of("grid")
    return grid.next_state(before, solution.reported["grid"], problem.series["grid"], problem.grid)


def tier(above, adds):
    return {"above": f"{above} MWh", "adds": f"{adds} yuan/MWh"}


def demand_charge(price, **more):
    return {"price": f"{price} yuan/MW/month", **more}


FIXED = {
    "meter": {"per_month": "20000 yuan/month", "basis": "synthetic"},
    "service": {"per_day": "300 yuan/day", "basis": "synthetic"},
}


def test_a_month_of_a_flat_load_against_arithmetic():
    """July, 744 h of 10 MW at 400 yuan/MWh: each line by hand, 4 634 140 yuan in all."""
    tariff = {
        "adders": {
            "network": {"price": "78.8 yuan/MWh", "basis": "reported"},
            "line_loss": {"of_energy": "2.83 %", "basis": "derived"},
        },
        "fixed": FIXED,
        "capacity": {"price": "28 yuan/kVA/month"},
        "tiers": [tier(5000, 50), tier(7000, 100)],
    }
    solution = solved([10.0] * 744, tariff=tariff, energy=400.0, connected={"capacity": "20 MVA"})
    hand = {
        "market_energy": 744 * 10 * 400,
        "grid_fees": 744 * 10 * (78.8 + 0.0283 * 400),
        "fixed_fees": 20_000 + 31 * 300,
        "capacity_charge": 20_000 * 28,
        "import_blocks": 2000 * 50 + 440 * 100,
        "export_revenue": 0.0,
    }
    assert {name: pytest.approx(yuan, abs=0.01) for name, yuan in hand.items()} == {
        name: line(solution, name) for name in solution.bill
    }
    assert cost_yuan(solution) == pytest.approx(2_976_000 + 670_492.80 + 29_300 + 560_000 + 144_000, abs=0.01)


@pytest.mark.parametrize(("day", "days"), [(JULY, 31), (date(2026, 2, 3), 28), (date(2028, 2, 3), 29)])
def test_a_day_bears_its_share_of_the_month(day, days):
    solution = solved([1.0] * 24, tariff={"fixed": FIXED, "capacity": {"price": "30 yuan/kVA/month"}}, day=day)
    assert line(solution, "fixed_fees") == pytest.approx(20_000 / days + 300)
    assert line(solution, "capacity_charge") == pytest.approx(100_000 * 30 / days)  # 100 MW of limits count as 100 MVA


def test_two_months_of_a_horizon_bear_a_share_each():
    solution = solved([1.0] * 48, tariff={"fixed": FIXED}, day=date(2026, 6, 30))
    assert line(solution, "fixed_fees") == pytest.approx(20_000 / 30 + 20_000 / 31 + 600)


def test_a_charge_on_the_peak_hours_beside_one_on_all():
    """20 MW at 03:00 count for the one on all hours alone, 12 MW at 15:00 for both."""
    demand = [10.0] * 24
    demand[3], demand[15] = 20.0, 12.0
    tariff = {"demand": demand_charge(1000), "demands": {"peak": demand_charge(500, windows=["14-22"])}}
    solution = solved(demand, tariff=tariff)
    assert line(solution, "demand_charge") == pytest.approx(20 * 1000 + 12 * 500)
    assert after(solution).peaks_mw == {"peak": pytest.approx(12.0)}
    assert after(solution).peak_mw == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("when", "paid"),
    [
        ({"months": [7]}, 10.0),
        ({"months": [6, 8]}, 0.0),
        ({"days": ["workday"]}, 10.0),
        ({"days": ["weekend", "holiday"]}, 0.0),
        ({"windows": ["9:30-9:45"]}, 10.0),
    ],
)
def test_a_demand_charge_of_some_months_days_and_hours(when, paid):
    """1 July 2026 is a Wednesday; an hour that a window cuts counts whole."""
    tariff = {"demands": {"some": demand_charge(1000, **when)}}
    solution = solved([10.0] * 24, tariff=tariff)
    assert float(np.sum(solution.bill.get("demand_charge", 0.0))) == pytest.approx(paid * 1000)


def test_a_billed_minimum_is_due_with_the_first_day_of_the_month():
    """40 % of 50 MW contracted are 20 MW: day one at 10 MW pays them, day two at 25 MW pays 5 MW more."""
    tariff = {"demand": demand_charge(1000, contracted="50 MW", contracted_share=0.4)}
    first = solved([10.0] * 24, tariff=tariff)
    assert line(first, "demand_charge") == pytest.approx(20_000)
    second = solved([25.0] * 24, tariff=tariff, state=after(first), day=date(2026, 7, 2))
    assert line(second, "demand_charge") == pytest.approx(5_000)


def test_a_ratchet_looks_back():
    """80 % of the highest of three months: May's 40 MW bill 32 MW in July and August, nothing in September."""
    tariff = {"demand": demand_charge(1000, ratchet={"share": 0.8, "months": 3})}
    state = AssetState(month="2026-06", peak_mw=20.0, past_peaks_mw={"demand": {"2026-05": 40.0, "2026-03": 90.0}})
    july = solved([10.0] * 24, tariff=tariff, state=state)
    assert line(july, "demand_charge") == pytest.approx(32_000)
    assert after(july).past_peaks_mw == {"demand": {"2026-05": 40.0, "2026-06": 20.0}}
    august = solved([10.0] * 24, tariff=tariff, state=after(july), day=date(2026, 8, 1))
    assert line(august, "demand_charge") == pytest.approx(32_000)
    september = solved([10.0] * 24, tariff=tariff, state=after(august), day=date(2026, 9, 1))
    assert line(september, "demand_charge") == pytest.approx(16_000)
    assert after(september).past_peaks_mw == {
        "demand": {"2026-06": 20.0, "2026-07": pytest.approx(10), "2026-08": pytest.approx(10)}
    }


def test_a_ratchet_within_a_horizon_is_a_decision():
    """A store cuts 31 July's peak from 20 to 15 MW, and so August's least demand from 16 to 12 MW."""
    tariff = {"demand": demand_charge(1000, ratchet={"share": 0.8, "months": 1})}
    demand = [10.0] * 48
    demand[20] = 20.0
    store = PERFECT | {"energy": "5 MWh", "charge_efficiency": 1.0, "discharge_efficiency": 1.0}
    solution = solved(demand, tariff=tariff, day=date(2026, 7, 31), ess=store)
    assert line(solution, "demand_charge") == pytest.approx(15_000 + 12_000)


CHOICE = {
    "demand": demand_charge(40_000),
    "capacity": {"price": "25 yuan/kVA/month"},
    "choice": "demand_or_capacity",
}


@pytest.mark.parametrize(("mw", "yuan", "capacity"), [(10.0, 400_000.0, 0), (20.0, 500_000.0, 1)])
def test_the_lower_of_demand_and_capacity(mw, yuan, capacity):
    """20 MVA cost 500 000 yuan a month, 12.5 MW as much by demand."""
    solution = solved([mw] * 24, tariff=CHOICE, connected={"capacity": "20 MVA"})
    assert line(solution, "demand_or_capacity") == pytest.approx(yuan)
    assert solution.reported["grid"]["by_capacity"].tolist() == [capacity] * 24
    assert after(solution).charged_yuan == pytest.approx(yuan)


def test_a_month_of_choice_adds_up_to_its_lower_charge():
    """8, then 11, then 18 MW: 320 000 + 120 000 + 60 000 = 500 000, and nothing more at 19 MW."""
    state, paid = None, []
    for number, mw in enumerate([8.0, 11.0, 18.0, 19.0]):
        day = JULY + timedelta(days=number)
        solution = solved([mw] * 24, tariff=CHOICE, connected={"capacity": "20 MVA"}, state=state, day=day)
        paid.append(line(solution, "demand_or_capacity"))
        state = after(solution)
    assert paid == pytest.approx([320_000, 120_000, 60_000, 0], abs=0.01)


def test_with_capacity_chosen_a_peak_costs_nothing():
    """Where 20 MVA are paid anyway, arbitrage may raise the import to 20 MW."""
    energy = [100.0] + [500.0] * 23
    state = AssetState(month="2026-07", peak_mw=19.0, charged_yuan=500_000.0)
    solution = solved(
        [14.0] * 24, tariff=CHOICE, energy=energy, connected={"capacity": "20 MVA"}, state=state, ess=PERFECT
    )
    assert solution.reported["grid"]["import_mw"].max() == pytest.approx(20.0)
    assert line(solution, "demand_or_capacity") == pytest.approx(0.0, abs=0.01)


def single_part(option="single_part", load_factor=0.6):
    factor = {"value": load_factor, "basis": "assumed", "source": "for this test"}
    return {"network_price": "80 yuan/MWh", "basis": "assumed", "load_factor": factor, "option": option}


def test_the_single_part_fee_by_hand():
    """1192/2025: 0.08 yuan/kWh x 0.6 x 730 h x 20 MVA = 700 800 yuan a month, and a 31st of it a day."""
    tariff = {"single_part": single_part()}
    month = solved([10.0] * 744, tariff=tariff, connected={"capacity": "20 MVA"})
    assert line(month, "connection_fee") == pytest.approx(700_800)
    day = solved([10.0] * 24, tariff=tariff, connected={"capacity": "20 MVA"})
    assert line(day, "connection_fee") == pytest.approx(700_800 / 31)


def test_the_two_part_option_bears_own_generation_too():
    """10 MW of which PV gives 4: the network price is on all 240 MWh, energy on 144."""
    tariff = {
        "single_part": single_part("two_part"),
        "adders": {"funds": {"price": "9 yuan/MWh", "on": "consumption", "basis": "assumed"}},
    }
    solution = solved([10.0] * 24, tariff=tariff, energy=300.0, available=[4.0] * 24)
    assert line(solution, "network_energy") == pytest.approx(240 * 80)
    assert line(solution, "consumption_fees") == pytest.approx(240 * 9)
    assert line(solution, "market_energy") == pytest.approx(144 * 300)


@pytest.mark.parametrize(("mw", "single"), [(11.0, 0), (12.5, 1)])
def test_the_cheaper_network_fee(mw, single):
    """Over July the fees meet at 0.6 x 730 x 20 = 8760 MWh, 11.77 MW."""
    solution = solved([mw] * 744, tariff={"single_part": single_part("cheaper")}, connected={"capacity": "20 MVA"})
    assert line(solution, "network_fee") == pytest.approx(min(700_800, 744 * mw * 80))
    assert set(solution.reported["grid"]["by_single_part"].tolist()) == {float(single)}


def test_a_month_keeps_its_network_fee():
    """Day one at 20 MW takes the single part; day two at 1 MW would not, but the month has chosen."""
    tariff = {"single_part": single_part("cheaper")}
    first = solved([20.0] * 24, tariff=tariff, connected={"capacity": "20 MVA"})
    second = solved(
        [1.0] * 24, tariff=tariff, connected={"capacity": "20 MVA"}, state=after(first), day=date(2026, 7, 2)
    )
    assert line(second, "network_fee") == pytest.approx(700_800 / 31)
    august = solved(
        [1.0] * 24, tariff=tariff, connected={"capacity": "20 MVA"}, state=after(first), day=date(2026, 8, 1)
    )
    assert line(august, "network_fee") == pytest.approx(24 * 80)


def test_the_declared_capacity_is_a_decision_and_is_then_kept():
    """16 MW at a power factor of 0.8 need 20 MVA of the 5 to 40 allowed; the next day keeps them."""
    tariff = {"single_part": single_part(), "capacity": {"price": "10 yuan/kVA/month"}}
    connected = {"min": "5 MVA", "max": "40 MVA", "power_factor": 0.8}
    first = solved([16.0] * 24, tariff=tariff, connected=connected)
    assert first.reported["grid"]["connected_mva"].tolist() == pytest.approx([20.0] * 24)
    assert line(first, "connection_fee") == pytest.approx(700_800 / 31)
    assert line(first, "capacity_charge") == pytest.approx(200_000 / 31)
    state = after(first)
    assert state.connected_mva == pytest.approx(20.0)
    second = solved([2.0] * 24, tariff=tariff, connected=connected, state=state, day=date(2026, 7, 2))
    assert line(second, "connection_fee") == pytest.approx(700_800 / 31)
    with pytest.raises(Infeasible, match=r"raise grid\.connected by 5 MVA"):
        solved([20.0] * 24, tariff=tariff, connected=connected, state=state, day=date(2026, 7, 2))
    with pytest.raises(WrongState, match="connected_mva"):
        solved([2.0] * 24, tariff=tariff, connected=connected, state=AssetState(connected_mva=41.0))


def test_a_declared_capacity_holds_the_export_too():
    """30 MW of PV behind 12 MVA and a load of 10 MW: 8 MW are curtailed."""
    solution = solved(
        [10.0] * 24, available=[30.0] * 24, export=200.0, export_mw=50.0, connected={"capacity": "12 MVA"}
    )
    assert solution.reported["grid"]["export_mw"].tolist() == pytest.approx([12.0] * 24)


def test_rising_blocks_by_hand():
    """900 of 1000 MWh are taken: 100 MWh are left at no extra, 140 of the 240 pay 50 yuan more."""
    state = AssetState(month="2026-07", imported_mwh=900.0)
    solution = solved([10.0] * 24, tariff={"tiers": [tier(1000, 50)]}, state=state)
    assert line(solution, "import_blocks") == pytest.approx(140 * 50)
    assert after(solution).imported_mwh == pytest.approx(1140.0)
    assert "import_block_full" not in solution.values["grid"]


def test_falling_blocks_by_hand():
    """A rebate of 50 above 1000 MWh: taken by price alone it would come first."""
    state = AssetState(month="2026-07", imported_mwh=900.0)
    solution = solved([10.0] * 24, tariff={"tiers": [tier(1000, -50), tier(1100, 20)]}, state=state)
    assert line(solution, "import_blocks") == pytest.approx(-100 * 50 + 40 * 20)


def test_falling_blocks_are_never_taken_early():
    solution = solved([10.0] * 24, tariff={"tiers": [tier(0, 30), tier(1000, -50)]})
    assert line(solution, "import_blocks") == pytest.approx(240 * 30)


@pytest.mark.parametrize(("adds", "yuan"), [(-150, 100 * 200 + 140 * 50), (50, 100 * 200 + 140 * 250)])
def test_export_blocks_by_hand(adds, yuan):
    """900 of 1000 MWh exported: what comes above earns less, or more."""
    state = AssetState(month="2026-07", exported_mwh=900.0)
    tariff = {"export": {"price": "200 yuan/MWh", "tiers": [tier(1000, adds)]}}
    solution = solved([5.0] * 24, tariff=tariff, available=[15.0] * 24, export=200.0, export_mw=20.0, state=state)
    assert -line(solution, "export_revenue") - line(solution, "export_blocks") == pytest.approx(yuan)
    assert after(solution).exported_mwh == pytest.approx(1140.0)


def test_a_month_starts_its_blocks_anew():
    state = AssetState(month="2026-06", imported_mwh=5000.0)
    solution = solved([10.0] * 24, tariff={"tiers": [tier(1000, 50)]}, state=state)
    assert line(solution, "import_blocks") == pytest.approx(0.0)
    assert after(solution).imported_mwh == pytest.approx(240.0)


def test_consumption_is_one_connections_alone():
    assets = {
        "grid": grid_asset(50, tariff={"single_part": single_part("two_part")}),
        "second": grid_asset(50),
        "load": load_asset(),
    }
    series = {"grid": prices([100.0] * 4), "second": prices([100.0] * 4), "load": {"demand_mw": [10.0] * 4}}
    with pytest.raises(WrongValue, match="one connection"):
        solve(small_problem(assets, series), EXACT)
