"""A plan met by another day: kept where it can be, left only by need, paid at what came."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import NoSolution
from parkopt.park.charges import DemandCharge
from parkopt.solve import check, solve
from parkopt.solve.follow import follow, missed_mwh, plan_of
from tests.solve.days import EXACT, day, days


def came(problem, **series):
    """The same day with other series."""
    changed = {
        name: {**problem.series[name], **{k: np.asarray(v, float) for k, v in own.items()}}
        for name, own in series.items()
    }
    return replace(problem, series={**problem.series, **changed})


def test_a_plan_that_comes_true_costs_what_it_was_to_cost():
    problem = day([100.0, 400.0], sun=[5.0, 0.0], store={})
    planned = solve(problem, EXACT)
    settled = follow(problem, plan_of(planned), EXACT)
    assert settled.objective == pytest.approx(planned.objective)
    assert missed_mwh(settled, plan_of(planned)) == pytest.approx(0.0, abs=1e-6)


def test_the_grid_takes_what_was_not_foreseen():
    """The plan charges 4 MW in the first hour; 6 MW of sun that nobody foresaw lower the import, not the charging."""
    plan = plan_of(solve(day([100.0, 400.0], sun=[0.0, 0.0], store={}), EXACT))
    settled = follow(day([100.0, 400.0], sun=[6.0, 0.0], store={}), plan, EXACT)
    assert plan["ess"]["charge_mw"][0] == pytest.approx(4.0)
    assert settled.reported["ess"]["charge_mw"] == pytest.approx(plan["ess"]["charge_mw"], abs=1e-6)
    assert settled.reported["grid"]["import_mw"][0] == pytest.approx(10.0 + 4.0 - 6.0)


def test_need_alone_departs_from_a_plan():
    """12 MW of import serve 10 MW of load and 2 MW of charging where 4 MW were planned."""
    grid = {"import_mw": 12}
    plan = {"ess": {"charge_mw": np.array([4.0, 0.0]), "discharge_mw": np.array([0.0, 0.0])}}
    settled = follow(day([100.0, 100.0], store={}, grid=grid), plan, EXACT)
    assert settled.reported["ess"]["charge_mw"][0] == pytest.approx(2.0, abs=1e-6)
    assert missed_mwh(settled, plan) == pytest.approx(2.0, abs=1e-6)
    assert settled.objective == pytest.approx(100 * (12 + 10))  # the penalty is no part of the cost


@pytest.mark.parametrize("step", [60, 15])
def test_a_plan_is_not_left_for_money(step):
    """A new peak at 50 yuan/kW costs 50,000 yuan a MW; the charging that makes it was planned and is held."""
    problem = day([100.0, 100.0], store={}, step=step)
    plan = {"ess": {"charge_mw": np.array([4.0, 0.0]), "discharge_mw": np.array([0.0, 0.0])}}
    demand = DemandCharge.model_validate({"price": "50 yuan/kW/month"})
    grid = problem.park.assets["grid"]
    grid = grid.model_copy(update={"tariff": grid.tariff.model_copy(update={"demand": demand})})
    park = problem.park.model_copy(update={"assets": {**problem.park.assets, "grid": grid}})
    assert missed_mwh(follow(replace(problem, park=park), plan, EXACT), plan) == pytest.approx(0.0, abs=1e-6)


def test_steps_beyond_the_plan_are_free():
    plan = {"ess": {"charge_mw": np.array([4.0]), "discharge_mw": np.array([0.0])}}
    settled = follow(day([100.0, 100.0, 400.0], store={}), plan, EXACT)
    best = solve(day([100.0, 100.0, 400.0], store={}), EXACT)
    assert settled.objective == pytest.approx(best.objective)


def test_a_day_that_no_plan_serves_is_refused():
    with pytest.raises(NoSolution):
        follow(day([100.0], [90.0]), {}, EXACT)


@settings(max_examples=40, deadline=None)
@given(days(), st.integers(0, 2**31))
def test_following_never_beats_foresight_and_passes_the_check(problem, seed):
    rng = np.random.RandomState(seed % 2**31)
    sun = problem.series["pv"]["available_mw"]
    other = came(problem, pv={"available_mw": sun * rng.uniform(0.0, 1.5, len(sun))})
    settled = follow(other, plan_of(solve(problem, EXACT)), EXACT)
    check(settled.problem, settled.reported, settled.bill)
    best = solve(other, EXACT)
    assert settled.objective >= best.objective - 1e-6 * max(1.0, abs(best.objective))
