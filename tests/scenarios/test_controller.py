"""The rule-based controller, rule by rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.park.charges import DemandCharge
from parkopt.park.state import AssetState, ParkState
from parkopt.scenarios.controller import Store, even_mw, paid_peak_mw, rule_based, store_mw
from parkopt.solve import solve
from parkopt.solve.follow import follow, missed_mwh
from tests.solve.days import EXACT, day

STORE = Store(4.0, 8.0, 0.0, 8.0, 4.0, 4.0, 0.9, 0.9)
FLAT = np.full(6, 100.0)


def levels(charge, discharge, store=STORE, hours=1.0):
    return store.opening_mwh + np.cumsum(charge * store.into - discharge / store.out) * hours


def test_surplus_goes_in_and_comes_out_when_it_is_dear():
    price = np.array([100.0, 100.0, 100.0, 100.0, 400.0, 400.0])
    need = np.array([5.0, -3.0, 5.0, 5.0, 5.0, 5.0])
    charge, discharge = store_mw(need, price, STORE, 1.0, paid_peak_mw=5.0)
    assert charge[1] == pytest.approx(3.0)
    assert discharge[4] > 0
    assert levels(charge, discharge)[-1] == pytest.approx(4.0)


def test_the_peak_that_was_paid_for_is_kept():
    """10 MW are paid for: 12 MW are brought down by 2, and cheap hours fill the store within 10."""
    price = np.array([100.0, 100.0, 300.0, 300.0, 300.0, 300.0])
    need = np.array([7.0, 8.0, 12.0, 9.0, 9.0, 9.0])
    charge, discharge = store_mw(need, price, STORE, 1.0, paid_peak_mw=10.0)
    assert charge[:2] == pytest.approx([3.0, 1.3 / 0.9])
    assert discharge[2] == pytest.approx(2.0)
    assert (need + charge - discharge <= 10.0 + 1e-9).all()


def test_nothing_happens_at_one_price():
    charge, discharge = store_mw(np.full(6, 5.0), FLAT, STORE, 1.0)
    assert not charge.any()
    assert not discharge.any()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-20, 40), st.integers(10, 900)), min_size=1, max_size=30),
    st.floats(0, 8), st.floats(0, 8), st.floats(0, 60), st.sampled_from([0.25, 1.0]),
)  # fmt: skip
def test_levels_and_powers_keep_their_limits(steps, opening, final, paid, hours):
    need, price = (np.array(column, dtype=float) for column in zip(*steps, strict=True))
    store = Store(4.0, 8.0, 0.0, 8.0, opening, final, 0.9, 0.9)
    charge, discharge = store_mw(need, price, store, hours, paid)
    level = levels(charge, discharge, store, hours)
    assert level.min() >= -1e-9
    assert level.max() <= 8 + 1e-9
    assert charge.max() <= 4 + 1e-9
    assert discharge.max() <= 8 + 1e-9
    assert not np.minimum(charge, discharge).any()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20, 40), min_size=6, max_size=12), st.floats(0, 8))
def test_the_final_level_is_met_where_it_can_be(need, opening):
    store = Store(4.0, 8.0, 0.0, 8.0, opening, 4.0, 0.9, 0.9)
    price = np.linspace(100, 400, len(need))
    charge, discharge = store_mw(np.array(need), price, store, 1.0)
    assert levels(charge, discharge, store)[-1] >= 4.0 - 1e-9


def test_an_electrolyser_runs_evenly_or_at_its_least_load():
    problem = day([100.0] * 24, unit={"min_load": 0.3})
    unit = problem.park.assets["h2"]
    assert even_mw(unit, np.full(24, 100.0), 1.0) == pytest.approx(np.full(24, 5.0))
    assert even_mw(unit, np.full(24, 30.0), 1.0) == pytest.approx([3.0] * 12 + [0.0] * 12)
    assert even_mw(unit, np.full(24, 900.0), 1.0) == pytest.approx(np.full(24, 10.0))


def test_the_whole_plan_is_one_that_can_be_followed():
    problem = day([100.0] * 12 + [400.0] * 12, sun=[0.0] * 8 + [20.0] * 8 + [0.0] * 8, store={}, unit={"min_load": 0.3})
    plan = rule_based(problem)
    assert set(plan) == {"ess", "h2"}
    settled = follow(problem, plan, EXACT)
    assert missed_mwh(settled, plan) == pytest.approx(0.0, abs=1e-5)
    assert settled.objective >= solve(problem, EXACT).objective


def test_the_paid_peak_is_that_of_the_month_or_the_plan():
    """A peak of the month before was paid for then; the planned one counts in every month."""
    problem = day([100.0], state=ParkState(assets={"grid": AssetState(month="2026-07", peak_mw=40.0)}))
    assert paid_peak_mw(problem) == 40.0
    june = ParkState(assets={"grid": AssetState(month="2026-06", peak_mw=40.0)})
    assert paid_peak_mw(day([100.0], state=june)) == 0.0
    tariff = {"demand": {"price": "40 yuan/kW/month", "planned_peak": "15 MW"}}
    assert paid_peak_mw(with_tariff(day([100.0], state=june), tariff)) == 15.0


def with_tariff(problem, changes):
    """The same day with a demand charge."""
    grid = problem.park.assets["grid"]
    demand = DemandCharge.model_validate(changes["demand"])
    tariff = grid.tariff.model_copy(update={"demand": demand})
    assets = {**problem.park.assets, "grid": grid.model_copy(update={"tariff": tariff})}
    return replace(problem, park=problem.park.model_copy(update={"assets": assets}))
