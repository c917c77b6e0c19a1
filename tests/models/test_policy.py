"""The direct-connection ratios of 650/2025 and 688/2026, worked out by hand."""

import numpy as np
import pytest

from parkopt.faults import Infeasible
from parkopt.park.state import ParkState, YearSoFar
from parkopt.solve import Limits, solve
from parkopt.solve.check import breaches_mwh, ratio_energies
from parkopt.testing import assert_conserves, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
PV = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"}
RULES = {"direct_connection": "multi_user_688"}


def problem(export_price, rules, *, demand=10.0, available=20.0, limit=30.0, state=None):
    return small_problem(
        {"grid": grid_asset(50, limit), "load": load_asset(), "pv": PV},
        {
            "grid": prices([300.0] * 4, export=export_price),
            "load": {"demand_mw": [demand] * 4},
            "pv": {"available_mw": [available] * 4},
        },
        rules=RULES | rules,
        state=state,
    )


def test_without_rules_all_surplus_is_exported():
    solution = solve(problem(200.0, {"direct_connection": "none"}), EXACT)
    assert solution.reported["grid"]["export_mw"] == pytest.approx([10.0] * 4)


def test_export_share_is_capped():
    """80 MWh available: at most 16 are exported, the rest of the surplus is curtailed."""
    rules = {"self_use_of_available": 0.0, "self_use_of_demand": 0.0}
    solution = solve(problem(200.0, rules), EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["export_mw"].sum() == pytest.approx(16.0)


def test_the_year_so_far_counts():
    """100 MWh of 1000 exported before leave room for 0.2*1080 - 100 = 116 MWh: nothing is curtailed."""
    year = YearSoFar(year=2026, available_mwh=1000, self_use_mwh=900, demand_mwh=1000, export_mwh=100)
    solution = solve(problem(200.0, {"self_use_of_available": 0.0}, state=ParkState(year=year)), EXACT)
    assert solution.reported["grid"]["export_mw"].sum() == pytest.approx(40.0)


def test_self_use_below_the_limit_is_infeasible_where_hard():
    """40 of 80 MWh can be used; 60 % are asked for."""
    with pytest.raises(Infeasible) as caught:
        solve(problem(200.0, {}), EXACT)
    assert "self-use share" in caught.value.message("en")
    assert "自用比例" in caught.value.message("zh")
    assert "lower rules.self_use_of_available by 8 MWh (from 0.6 to 0.5)" in caught.value.remedy("en")


def test_an_export_ratio_gives_way_upward():
    """An export that must happen does not exist here, so the ratio is loosened by hand: the words say `raise`."""
    from parkopt.models import build
    from parkopt.solve.offers import Change

    made = build(problem(200.0, {"self_use_of_available": 0.0}))
    promise = next(p for p in made.hub.promises if p.name == "rules.export_of_available")
    text = Change(promise, {0: 8.0}).words(made.hub.grid)
    assert text.en.startswith("raise rules.export_of_available by 8 MWh (from 0.2 to 0.3)")
    assert "提高" in text.zh


def test_a_priced_breach_is_reported():
    """The same day with a price: 48 - 40 = 8 MWh are missed and steer the schedule."""
    solution = solve(problem(100.0, {"breach_price": "150 yuan/MWh"}), EXACT)
    assert_conserves(solution)
    missed = breaches_mwh(solution.problem, solution.reported)
    assert missed["self_use_of_available"] == pytest.approx(8.0)
    assert missed["export_of_available"] == pytest.approx(0.0, abs=1e-6)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx(8 * 150)


def test_a_price_below_what_a_breach_earns_is_not_a_limit():
    """Exports earn 200: at a breach price of 150 all 40 MWh go out, 24 above the 16 that are allowed."""
    solution = solve(problem(200.0, {"breach_price": "150 yuan/MWh"}), EXACT)
    missed = breaches_mwh(solution.problem, solution.reported)
    assert missed["export_of_available"] == pytest.approx(24.0)


def test_demand_ratio_pushes_against_a_cheap_grid():
    """At a grid price of 10 against an om of 60 the sun serves just the 30 % that are asked for."""
    pv = PV | {"om": "60 yuan/MWh"}
    made = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "pv": pv},
        {
            "grid": prices([10.0] * 4),
            "load": {"demand_mw": [40.0] * 4},
            "pv": {"available_mw": [20.0] * 4},
        },
        rules=RULES | {"self_use_of_available": 0.0},
    )
    solution = solve(made, EXACT)
    assert solution.reported["pv"]["supply_mw"].sum() == pytest.approx(0.3 * 160)


def test_ratio_energies_count_storage_by_what_it_releases():
    ess = {
        "kind": "storage",
        "charge": "10 MW",
        "discharge": "10 MW",
        "energy": "20 MWh",
        "soc_initial": 0.1,
        "soc_final": 0.1,
    }
    made = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "pv": PV, "ess": ess},
        {
            "grid": prices([300.0] * 4),
            "load": {"demand_mw": [0.0, 0.0, 10.0, 10.0]},
            "pv": {"available_mw": [8.0, 8.0, 0.0, 0.0]},
        },
    )
    solution = solve(made, EXACT)
    energies = ratio_energies(made, solution.reported)
    released = solution.reported["ess"]["discharge_mw"].sum()
    assert released == pytest.approx(16 * 0.93 * 0.93)
    assert energies["self_use_mwh"] == pytest.approx(released)
    assert energies["available_mwh"] == pytest.approx(16.0)
