"""The planner: statuses, binaries by need, time limits, the check that nothing escapes, explanations."""

import numpy as np
import pytest

from parkopt.faults import CheckFailed, Infeasible, NoSolution, Unbounded, WrongState
from parkopt.models import Objective, build, recipe_for, technologies
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, check, solve
from parkopt.solve._compiled import compiled
from parkopt.solve.planner import both_ways
from parkopt.solve.status import run
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
ESS = {"kind": "storage", "charge": "10 MW", "discharge": "10 MW", "energy": "20 MWh", "soc_min": 0.0, "soc_max": 1.0}
PV = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"}


def day(price, demand, *, grid=None, extra=None, **more):
    return small_problem(
        {"grid": grid or grid_asset(50, 10), "load": load_asset()} | (extra or {}),
        {"grid": prices(price, export=more.pop("export", 0.0)), "load": {"demand_mw": demand}} | more.pop("series", {}),
        **more,
    )


def test_ordinary_prices_need_no_binaries():
    problem = day([300.0] * 3, [10.0] * 3, extra={"ess": ESS})
    assert recipe_for(problem) == frozenset()
    assert solve(problem).problem.exclusive == frozenset()


def test_a_negative_price_brings_binaries():
    assert recipe_for(day([-1.0] * 3, [10.0] * 3, extra={"ess": ESS})) == {"ess", "grid"}


def test_binaries_are_added_where_the_linear_model_circles():
    """Hard self-use by demand with free export: a tie that runs both ways is found and solved again, at equal cost."""
    problem = day([0.0] * 3, [10.0] * 3, extra={"ess": ESS}, export=0.0)
    solution = solve(problem)
    assert_conserves(solution)
    assert both_ways(solution) == frozenset()


def test_binaries_do_not_change_a_sound_optimum():
    problem = day([300.0, 100.0, 500.0, 200.0], [10.0] * 4, extra={"ess": ESS})
    plain, forced = solve(problem, EXACT), solve(problem.with_exclusive(frozenset({"ess", "grid"})), EXACT)
    assert cost_yuan(plain) == pytest.approx(cost_yuan(forced), rel=1e-9)


def test_both_ways_finds_opposites():
    from types import SimpleNamespace

    values = {"ess": {"charge_mw": np.array([0.0, 2.0]), "discharge_mw": np.array([0.0, 1.0])}}
    assets = {"ess": technologies()["storage"].model_validate(ESS)}
    both = SimpleNamespace(values=values, problem=SimpleNamespace(park=SimpleNamespace(assets=assets)))
    assert both_ways(both) == {("ess", 1)}


def test_unlimited_export_is_unbounded():
    problem = day([300.0], [10.0], extra={"pv": PV}, series={"pv": {"available_mw": [20.0]}})
    built = build(problem)
    exports = built.hub.variables["grid"]["export_mw"]
    exports.upper[:] = built.hub.variables["grid"]["import_mw"].upper[:] = np.inf
    form = compiled(built)
    costs = form.cost.copy()
    costs[exports[0]] = -1000.0
    assert run(form, costs, EXACT).outcome == "unbounded"
    assert Unbounded(hint="grid").exit_code == 5


def test_infeasible_names_the_limit_the_hour_and_the_amount():
    problem = day([300.0] * 3, [10.0, 62.4, 20.0], grid=grid_asset(50))
    with pytest.raises(Infeasible) as caught:
        solve(problem)
    text = caught.value.text("en")
    assert "raise grid.import_limit by 12.4 MW (from 50 to 62.4 MW)" in text
    assert "把 grid.import_limit 提高 12.4 MW" in caught.value.text("zh")
    assert caught.value.exit_code == 4


def test_the_proposed_change_works_and_half_of_it_does_not():
    for limit, feasible in ((62.4, True), (56.0, False)):
        problem = day([300.0] * 3, [10.0, 62.4, 20.0], grid=grid_asset(limit))
        if feasible:
            assert_conserves(solve(problem))
        else:
            with pytest.raises(Infeasible):
                solve(problem)


def test_a_limit_is_raised_by_its_worst_hour_and_no_more():
    """Storage spreads the shortage over hours: 53.34 MW suffice, 53.3 MW do not."""
    ess = ESS | {
        "energy": "10 MWh",
        "soc_initial": 0.5,
        "soc_final": 0.0,
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
    }
    demand = [50.0, 60.0, 55.0, 52.0]
    with pytest.raises(Infeasible) as caught:
        solve(day([300.0] * 4, demand, grid=grid_asset(50), extra={"ess": ess}))
    # 5 MWh are stored: up to the third hour (50 + 60 + 55 - 5) / 3 = 53.33 MW are needed
    assert "raise grid.import_limit by 3.33 MW (from 50 to 53.34 MW)" in caught.value.remedy("en")
    for limit, feasible in ((53.34, True), (53.3, False)):
        problem = day([300.0] * 4, demand, grid=grid_asset(limit), extra={"ess": ess})
        if feasible:
            assert_conserves(solve(problem))
        else:
            with pytest.raises(Infeasible):
                solve(problem)


def test_infeasible_offers_a_choice():
    """A full battery at the end cannot be had beside this load: more import, or a lower final level."""
    ess = ESS | {"soc_initial": 0.0, "soc_final": 0.9, "charge_efficiency": 1.0, "discharge_efficiency": 1.0}
    with pytest.raises(Infeasible) as caught:
        solve(day([300.0] * 3, [45.0] * 3, grid=grid_asset(50), extra={"ess": ess}))
    remedy = caught.value.remedy("en")
    assert "grid.import_limit by" in remedy
    assert "lower ess.soc_final by 3 MWh (from 0.9 to 0.75)" in remedy
    assert "期末电量" in caught.value.message("zh") or "购电功率上限" in caught.value.message("zh")


def test_hydrogen_demand_in_conflict_is_named():
    unit = {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "5 MW",
        "efficiency": "50 kWh/kg",
        "tank": "100 kg",
        "demand": "4800 kg/day",
    }
    with pytest.raises(Infeasible) as caught:
        solve(small_problem({"grid": grid_asset(50), "h2": unit}, {"grid": prices([300.0] * 4)}))
    assert "hydrogen demand of h2" in caught.value.message("en")
    assert "h2.demand" in caught.value.remedy("en")


def many_units():
    unit = {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "5 MW",
        "efficiency": "50 kWh/kg",
        "demand": "2000 kg/day",
        "tank": "900 kg",
    }
    extra = {f"h{i}": unit | {"enterprise": f"h{i}"} for i in range(12)}
    return small_problem({"grid": grid_asset(500)} | extra, {"grid": prices(np.linspace(100, 900, 48))})


def test_no_time_gives_the_schedule_of_habit_marked():
    """A microsecond is no time for a plan: what comes out keeps all promises, marked, with its distance to the best."""
    solution = solve(many_units(), Limits(seconds=0.0))
    assert solution.outcome == "rule_based"
    assert_conserves(solution)
    best = solve(many_units(), Limits(gap=1e-4))
    assert best.objective <= solution.objective * (1 + 1e-9)
    assert solution.gap >= 1 - best.objective / solution.objective - 1e-6


def test_no_schedule_at_all_is_said(monkeypatch):
    monkeypatch.setattr("parkopt.solve.planner.by_rule", lambda *_: None)
    with pytest.raises(NoSolution) as caught:
        solve(many_units(), Limits(seconds=0.0))
    assert "time" in caught.value.message("en").lower()


@pytest.mark.parametrize("wrong", [-1.0, 25.0])
def test_a_state_outside_the_levels_is_refused(wrong):
    ess = ESS | {"soc_min": 0.1}
    if wrong < 0:
        state = ParkState(assets={"ess": AssetState(soc_mwh=0.5)})
    else:
        state = ParkState(assets={"ess": AssetState(soc_mwh=wrong)})
    with pytest.raises(WrongState):
        solve(day([300.0], [10.0], extra={"ess": ess}, state=state))


def tampered(asset, key, step, change):
    problem = day([300.0, 100.0, 500.0], [10.0] * 3, extra={"ess": ESS})
    solution = solve(problem, EXACT)
    reported = {name: {k: v.copy() for k, v in own.items()} for name, own in solution.reported.items()}
    reported[asset][key][step] += change
    return problem, reported, solution.bill


@pytest.mark.parametrize(
    ("asset", "key", "change", "says"),
    [
        ("grid", "import_mw", 0.01, "balance"),
        ("grid", "import_mw", 100.0, "limits"),
        ("grid", "export_mw", 0.5, "both ways"),
        ("ess", "soc_mwh", 0.01, "drifts"),
        ("ess", "charge_mw", 0.5, "balance"),
        ("load", "demand_mw", 1.0, "balance"),
        ("grid", "energy_price_yuan_per_mwh", 1.0, "market_energy"),
    ],
)
def test_the_check_finds_what_is_wrong(asset, key, change, says):
    with pytest.raises(CheckFailed) as caught:
        check(*tampered(asset, key, 0, change))
    assert says in str(caught.value)


def test_the_check_finds_a_fen():
    problem, reported, bill = tampered("grid", "import_mw", 0, 0.0)
    wrong = {**bill, "market_energy": bill["market_energy"] + np.array([0.02, 0, 0])}
    with pytest.raises(CheckFailed):
        check(problem, reported, wrong)


def test_the_check_refuses_nan():
    problem, reported, bill = tampered("grid", "import_mw", 0, float("nan"))
    with pytest.raises(CheckFailed):
        check(problem, reported, bill)


def test_carbon_goal_takes_the_cheapest_of_the_cleanest():
    """Two hours of equal carbon: among them the purchase falls into the cheap one."""
    ess = ESS | {"soc_initial": 0.0, "soc_final": 0.5, "charge_efficiency": 1.0, "discharge_efficiency": 1.0}
    problem = day([500.0, 100.0], [0.0, 0.0], extra={"ess": ess}, objective=Objective("carbon"))
    solution = solve(problem, EXACT)
    assert solution.reported["ess"]["charge_mw"] == pytest.approx([0.0, 10.0], abs=1e-4)


def test_weighted_goal_prices_carbon():
    problem = day([300.0], [10.0], objective=Objective("weighted", 100.0))
    assert solve(problem, EXACT).objective == pytest.approx(10 * 300 + 10 * 0.5827 * 100)


def test_assets_may_bear_any_name():
    """Names such as `load` and `name` are Pyomo's own words."""
    problem = small_problem(
        {"name": grid_asset(50), "load": load_asset(), "clear": ESS, "component": PV},
        {"name": prices([300.0] * 2), "load": {"demand_mw": [10.0] * 2}, "component": {"available_mw": [5.0] * 2}},
    )
    assert_conserves(solve(problem))


def test_same_input_same_schedule():
    problem = day([300.0, 100.0, 500.0, 100.0], [10.0] * 4, extra={"ess": ESS})
    one, two = solve(problem), solve(problem)
    for name, own in one.reported.items():
        for key, values in own.items():
            assert np.array_equal(values, two.reported[name][key])


def test_a_load_gives_way_by_energy_and_not_below_nothing():
    """Half hours: 12.4 MW too much for one of them are 6.2 MWh."""
    problem = day([300.0] * 3, [10.0, 62.4, 20.0], grid=grid_asset(50), step_min=30)
    with pytest.raises(Infeasible) as caught:
        solve(problem)
    assert "lower load.demand by 6.2 MWh" in caught.value.remedy("en")


def test_the_limit_is_offered_also_where_binaries_hold_it():
    """A negative price brings binaries whose rows hold the limit too."""
    problem = day([-10.0] * 3, [10.0, 62.4, 20.0], grid=grid_asset(50, 5))
    with pytest.raises(Infeasible) as caught:
        solve(problem)
    assert "raise grid.import_limit by 12.4 MW (from 50 to 62.4 MW)" in caught.value.remedy("en")


def test_unbounded_is_not_called_infeasible_beside_integers():
    from parkopt.solve.status import _tell_apart  # noqa: F401 - what is under test

    unit = {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "5 MW",
        "efficiency": "50 kWh/kg",
        "demand": "1 t/day",
        "tank": "1 t",
    }
    built = build(small_problem({"grid": grid_asset(50), "h2": unit}, {"grid": prices([300.0] * 4)}))
    form = compiled(built)
    from dataclasses import replace

    import scipy.sparse as sp

    wide = replace(
        form,
        matrix=sp.hstack([form.matrix, sp.csc_matrix((form.matrix.shape[0], 1))]).tocsc(),
        lower=np.append(form.lower, 0.0),
        upper=np.append(form.upper, np.inf),
        integer=np.append(form.integer, False),
    )
    assert run(wide, np.append(form.cost, -1.0), EXACT).outcome == "unbounded"


def test_breaches_are_paid_as_they_come():
    """A year that misses its ratio already pays only for what the day adds."""
    from parkopt.park.state import YearSoFar

    rules = {"direct_connection": "multi_user_688", "breach_price": "150 yuan/MWh", "self_use_of_demand": 0.0}
    year = YearSoFar(year=2026, available_mwh=1000.0, self_use_mwh=100.0, demand_mwh=1000.0)
    problem = day(
        [300.0] * 4,
        [10.0] * 4,
        extra={"pv": PV},
        series={"pv": {"available_mw": [20.0] * 4}},
        rules=rules,
        state=ParkState(year=year),
    )
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx((0.6 * 80 - 40) * 150)
