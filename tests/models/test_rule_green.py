"""The hourly green share of the park and of enterprises, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from parkopt.errors import InputFault
from parkopt.faults import Infeasible
from parkopt.park.schema import Enterprise, Name
from parkopt.park.state import GreenSoFar, ParkState, YearSoFar
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import solve
from parkopt.solve.check_rules import (
    breaches_mwh,
)
from parkopt.testing import assert_conserves, grid_asset, load_asset, prices, small_problem
from tests.models.ruled import DEAR_SUN, ESS, EXACT, PV, findings, problem, tampered


def green(share=None, **more):
    return {"hourly_green": ({} if share is None else {"share": share}) | more}


def test_energy_of_another_hour_does_not_count():
    """Sun of 20 in two of four hours over 10 of load: yearly 100 % green, hourly 50 %."""
    day = {"pv": (20, 20, 0, 0), "export": 100.0}
    assert_conserves(solve(problem(green(0.5), **day), EXACT))
    with pytest.raises(Infeasible) as caught:
        solve(problem(green(0.6), **day), EXACT)
    assert "lower rules.hourly_green.share by 4 MWh (from 0.6 to 0.5)" in caught.value.remedy("en")
    assert "分时绿电匹配率" in caught.value.message("zh")


def test_a_share_pushes_against_a_cheap_grid_and_a_good_export():
    """At 300 for the sun against 100 for the grid, 60 % of 40 MWh are matched and no more."""
    solution = solve(problem(green(0.6), **DEAR_SUN), EXACT)
    assert_conserves(solution)
    assert solution.reported["pv"]["supply_mw"].sum() == pytest.approx(24)
    assert next_state(solution).year.hourly_green == GreenSoFar(matched_mwh=24.0, demand_mwh=40.0)
    assert to_schedule(solution, {}).attrs["year_hourly_green"] == pytest.approx(0.6)
    less = tampered(solution, "pv", "supply_mw", -1.0)
    assert any("hourly_green is missed by" in what for what in findings(solution, less))


def test_a_missed_share_is_priced():
    """20 of 40 can be matched, 24 are asked for: 4 MWh at 50 yuan."""
    solution = solve(problem(green(0.6, breach_price="50 yuan/MWh"), pv=(20, 20, 0, 0)), EXACT)
    assert_conserves(solution)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx(200)
    assert breaches_mwh(solution.problem, solution.reported)["hourly_green"] == pytest.approx(4)


def test_the_year_so_far_carries_a_dark_day():
    """60 of 60 so far: with 20 of 40 the year is at 80 of 100."""
    year = YearSoFar(year=2026, hourly_green=GreenSoFar(matched_mwh=60, demand_mwh=60))
    assert_conserves(solve(problem(green(0.8), pv=(20, 20, 0, 0), state=ParkState(year=year)), EXACT))
    with pytest.raises(Infeasible):
        solve(problem(green(0.81), pv=(20, 20, 0, 0), state=ParkState(year=year)), EXACT)


def test_storage_that_mixes_is_never_green():
    """The storage moves the sun to the evening, and might have moved the grid's energy: still 50 %."""
    with pytest.raises(Infeasible):
        solve(problem(green(0.55), pv=(20, 20, 0, 0), extra={"ess": ESS}), EXACT)


def test_charging_by_import_takes_nothing_from_the_green():
    """Cheap import fills the storage in the sunny hour: the load is matched all the same, by import of another use."""
    made = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "pv": PV, "ess": ESS},
        {
            "grid": prices([10.0, 900.0]),
            "load": {"demand_mw": [10.0, 10.0]},
            "pv": {"available_mw": [10.0, 0.0]},
        },
        rules=green(0.5),
    )
    solution = solve(made, EXACT)
    assert_conserves(solution)
    assert solution.reported["ess"]["charge_mw"][0] == pytest.approx(10)
    assert next_state(solution).year.hourly_green.matched_mwh == pytest.approx(10)


def test_export_out_of_mixed_storage_is_not_taken_from_the_green():
    """Export in the sunny hour that the storage serves leaves the sun to the load; more export would take it."""
    full = ESS | {"soc_initial": 0.9}
    made = small_problem(
        {"grid": grid_asset(50, 30), "load": load_asset(), "pv": PV, "ess": full},
        {
            "grid": prices([300.0, 300.0], export=[250.0, 0.0]),
            "load": {"demand_mw": [10.0, 0.0]},
            "pv": {"available_mw": [10.0, 0.0]},
        },
        rules=green(1.0),
    )
    solution = solve(made, EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["export_mw"][0] == pytest.approx(10)


def test_a_storage_that_keeps_its_green_part_apart_counts():
    """20 MWh of spare sun give 20 * 0.9 * 0.8 = 14.4 of 20 in the evening: 34.4 of 40 are matched."""
    clean = ESS | {"charge_from": "green", "tagged": True, "energy": "40 MWh", "soc_initial": 0.1, "soc_final": 0.1}
    solution = solve(problem(green(34.3 / 40), pv=(20, 20, 0, 0), export=0.0, extra={"ess": clean}), EXACT)
    assert_conserves(solution)
    matched = next_state(solution).year.hourly_green.matched_mwh
    assert 34.3 - 1e-6 <= matched <= 34.4 + 1e-6
    with pytest.raises(Infeasible):
        solve(problem(green(34.5 / 40), pv=(20, 20, 0, 0), export=0.0, extra={"ess": clean}), EXACT)


TWO = {"night": load_asset("night")}


def two(rules, **more):
    """Works take 10 by day and night 0/20: in the two sunny hours there are 8 MW of sun."""
    series = {"night": {"demand_mw": [0.0, 10.0, 20.0, 20.0]}}
    return problem(rules, pv=(8, 8, 0, 0), extra=TWO, series=series, **more)


def test_an_enterprise_has_its_part_of_the_load_in_what_is_matched():
    """8 of 10 in the first hour, and half of 8 in the second where the load is shared: 12 of the works' 40."""
    solution = solve(two(green(enterprises={"works": 0.3})), EXACT)
    assert_conserves(solution)
    year = next_state(solution).year
    assert year.hourly_green_of == {"works": GreenSoFar(matched_mwh=12.0, demand_mwh=40.0)}
    with pytest.raises(Infeasible) as caught:
        solve(two(green(enterprises={"works": 0.31})), EXACT)
    assert "rules.hourly_green.enterprises.works" in caught.value.remedy("en")


def test_an_enterprise_may_count_by_entitlement():
    """Half of the sun is the night works': 4 MW in the second hour, of 50 MWh in all: 8 %."""
    made = two(green(enterprises={"night": 0.08}, split="entitlement"))
    owner = Enterprise(name=Name(en="n", zh="n"), entitlements={"pv": 0.5})
    park = made.park.model_copy(update={"enterprises": made.park.enterprises | {"night": owner}})
    solution = solve(replace(made, park=park), EXACT)
    assert_conserves(solution)
    assert next_state(solution).year.hourly_green_of["night"] == GreenSoFar(matched_mwh=4.0, demand_mwh=50.0)


FLEX = {
    "kind": "flexible_load",
    "enterprise": "mill",
    "form": "energy",
    "windows": ["0-24"],
    "energy": "24 MWh",
    "max_power": "2 MW",
}


def flexible(rules):
    return problem(rules, pv=(12,) * 24, load=(10.0,) * 24, extra={"mill": FLEX}, buy=100.0, om=300, export=0.0)


def test_others_loads_that_are_decided_only_make_the_bound_safe():
    """The works count 10/12 of what is matched while the mill may take 2 MW: never more than their true part."""
    solution = solve(flexible(green(enterprises={"works": 0.5})), EXACT)
    assert_conserves(solution)
    counted = next_state(solution).year.hourly_green_of["works"]
    assert counted.matched_mwh >= 0.5 * 240 - 1e-6
    model = solution.values["rules"]["matched_mw"] * 10 / 12
    assert model.sum() == pytest.approx(120)


def test_the_parks_share_is_exact_where_loads_are_decided():
    solution = solve(flexible(green(0.5)), EXACT)
    assert_conserves(solution)
    assert next_state(solution).year.hourly_green.matched_mwh == pytest.approx(0.5 * 264)


def test_an_enterprises_own_load_that_is_decided_is_refused():
    with pytest.raises(InputFault) as caught:
        solve(flexible(green(enterprises={"mill": 0.5})), EXACT)
    assert "rules.hourly_green.enterprises.mill" in caught.value.text()
    assert "split: entitlement" in caught.value.text("zh")
