"""Carbon cap, budget and price, worked out by hand."""

import numpy as np
import pytest

from parkopt.faults import CheckFailed, Infeasible
from parkopt.models import technologies
from parkopt.park.state import ParkState, YearSoFar
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.solve.check_rules import (
    breaches_t,
)
from parkopt.solve.check_year import carbon_kg
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.models.ruled import DEAR_SUN, EXACT, findings, problem, tampered
from tests.models.test_golden import CASES, THREE


def test_a_carbon_cap_buys_the_dearer_energy():
    """10 t allow 20 MWh of import; the other 20 come from the sun: 20 * 100 + 20 * 300."""
    free = solve(problem({}, **DEAR_SUN), EXACT)
    assert cost_yuan(free) == pytest.approx(4000)
    solution = solve(problem({"carbon_cap": "10 t"}, **DEAR_SUN), EXACT)
    assert_conserves(solution)
    assert cost_yuan(solution) == pytest.approx(20 * 100 + 20 * 300)
    assert next_state(solution).year.carbon_kg == pytest.approx(10_000)
    more = tampered(solution, "grid", "import_mw", 1.0)
    assert any("carbon_cap is missed by 2 t" in what for what in findings(solution, more))


def test_a_carbon_cap_that_cannot_hold_is_named():
    """20 MWh of the 40 have no sun: 10 t at least."""
    with pytest.raises(Infeasible) as caught:
        solve(problem({"carbon_cap": "8 t"}, pv=(10, 10, 0, 0), **DEAR_SUN), EXACT)
    assert "raise rules.carbon_cap by 2 t (from 8 to 10)" in caught.value.remedy("en")
    assert "the carbon cap" in caught.value.message("en")
    assert "碳排放上限" in caught.value.message("zh")


@pytest.mark.parametrize(("price", "tonnes"), [(399, 20.0), (401, 10.0)])
def test_a_soft_cap_is_kept_while_abating_is_cheaper(price, tonnes):
    """A tonne saved costs 2 MWh * 200 yuan = 400."""
    solution = solve(problem({"carbon_cap": "10 t", "carbon_breach_price": f"{price} yuan/t"}, **DEAR_SUN), EXACT)
    assert_conserves(solution)
    assert breaches_t(solution.problem, solution.reported)["carbon_cap"] == pytest.approx(tonnes - 10, abs=1e-6)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx((tonnes - 10) * price, abs=1e-3)
    assert to_schedule(solution, {}).attrs["breach_carbon_cap_t"] == pytest.approx(tonnes - 10, abs=1e-6)


@pytest.mark.parametrize(("price", "bought"), [(399, 40.0), (401, 0.0)])
def test_a_price_on_carbon_steers_at_the_abatement_cost_and_is_billed(price, bought):
    solution = solve(problem({"carbon_price": f"{price} yuan/t"}, **DEAR_SUN), EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["import_mw"].sum() == pytest.approx(bought, abs=1e-6)
    assert float(np.sum(solution.bill["carbon_price"])) == pytest.approx(bought * 0.5 * price, abs=1e-3)
    if bought:
        with pytest.raises(CheckFailed):
            check(solution.problem, solution.reported, dict(solution.bill) | {"carbon_price": np.zeros(4)})


def carbon_of(rules, used_t, **more):
    state = ParkState(year=YearSoFar(year=2026, carbon_kg=1000 * used_t))
    solution = solve(problem(rules, state=state, **(DEAR_SUN | more)), EXACT)
    assert_conserves(solution)
    return next_state(solution).year.carbon_kg / 1000 - used_t


def test_the_years_budget_leaves_what_is_left():
    assert carbon_of({"carbon_budget": "1000 t/yr"}, 988) == pytest.approx(12)
    assert carbon_of({"carbon_budget": "1000 t/yr"}, 100) == pytest.approx(20)


def test_the_budget_is_shared_out_by_the_hours_left():
    """On 15 July 4080 of 8760 h are left: 4 h may use 4/4080 of 10200 t, which is 10 t."""
    rules = {"carbon_budget": "11200 t/yr", "carbon_pace": "pro_rata"}
    assert carbon_of(rules, 1000) == pytest.approx(10.0)
    with pytest.raises(Infeasible) as caught:
        carbon_of(rules, 1000, pv=(0,) * 4)
    assert "raise rules.carbon_budget by 10 t (from 11200 to 21400)" in caught.value.remedy("en")


def test_the_budget_follows_a_plan():
    """Half the year's budget falls on July: 14 days of 31, then 4 h more, of 31 000 t/yr are 7000 and 83.3 t."""
    plan = {"carbon_plan": [0] * 6 + [0.5, 0.5] + [0] * 4, "carbon_pace": "plan", "carbon_budget": "31000 t/yr"}
    granted = 15500 * (14 + 4 / 24) / 31
    assert carbon_of(plan, granted - 12) == pytest.approx(12)
    with pytest.raises(Infeasible):
        carbon_of(plan, granted - 12, pv=(0,) * 4)


def test_a_soft_budget_pays_only_for_what_a_day_adds():
    """1000 t too much already: 20 t more at 300 yuan are cheaper than 400 yuan/t of abatement."""
    rules = {"carbon_budget": "500 t/yr", "carbon_breach_price": "300 yuan/t"}
    state = ParkState(year=YearSoFar(year=2026, carbon_kg=1_500_000))
    solution = solve(problem(rules, state=state, **DEAR_SUN), EXACT)
    assert_conserves(solution)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx(20 * 300)


def test_the_carbon_of_fuel_counts_too():
    """A gas boiler bears 202 kg/MWh of fuel: a cap of 1 t leaves 4.95 MWh of fuel to it."""
    if not {"boiler", "heat_load"} <= set(technologies()):
        pytest.skip("no boiler")
    gas = {"kind": "boiler", "enterprise": "works", "heat": "8 MW", "efficiency": 0.5}
    assets = {
        "grid": grid_asset(50),
        "load": load_asset(),
        "network": {"kind": "heat_load", "enterprise": "works", "demand": "5 MW"},
        "gas": gas | {"fuel": {"price": "1 yuan/MWh", "carbon": "202 kg/MWh"}},
        "electric": gas | {"efficiency": 1.0},
    }
    series = {"grid": prices([300.0] * 4), "load": {"demand_mw": [0.0] * 4}}
    made = small_problem(assets, series, rules={"carbon_cap": "1 t"}, grid_factor_kg_per_mwh=0.0)
    solution = solve(made, EXACT)
    assert_conserves(solution)
    assert solution.reported["gas"]["heat_mw"].sum() == pytest.approx(0.5 * 1000 / 202)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_the_model_and_the_check_count_the_same_carbon(kind):
    """For every technology: what the model minimises and caps is what the reported variables say."""
    assets, series = CASES[kind]
    own = {"grid": prices(THREE, export=250.0)} | series
    if "load" in assets:
        own["load"] = {"demand_mw": [20.0, 22.0, 18.0]}
    solution = solve(small_problem(assets, own), Limits(gap=1e-6))
    columns = [solution.values[made.asset][made.name] for made in solution.built.hub.columns]
    counted = carbon_kg(solution.problem, solution.reported)
    assert counted == pytest.approx(float(solution.built.carbon @ np.concatenate(columns)), rel=1e-6, abs=1e-3)
