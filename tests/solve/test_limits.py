"""Short of time: the best schedule found with its gap, else the schedule of habit; both pass the check."""

import math
from datetime import date

import numpy as np
import pytest

from parkopt.models import build
from parkopt.models.tech.generator import Generator
from parkopt.models.tech.storage import Storage
from parkopt.park.state import AssetState
from parkopt.solve import Limits, check, fallback, status
from parkopt.solve._compiled import compiled
from parkopt.solve.fallback import by_rule
from parkopt.solve.planner import Planner
from parkopt.testing import cost_yuan, grid_asset, load_asset, prices, small_problem
from parkopt.workflow import Context, DayRequest, fetch_weather, forecast, load_park, through

STEPS = 672
"""A week of quarters of an hour."""
CTX = Context("t", "t", "t")
UNIT = {
    "kind": "generator",
    "power": "12 MW",
    "min_load": 0.5,
    "efficiency": 0.4,
    "fuel_price": "170 yuan/MWh",
    "fuel_carbon": "202 kg/MWh",
    "min_up_h": 6,
    "min_down_h": 4,
    "start_cost": "3000 yuan",
    "ramp_up": "0.5/h",
}
HYDROGEN = {
    "kind": "electrolyser",
    "enterprise": "hydrogen",
    "power": "8 MW",
    "efficiency": "52 kWh/kg",
    "min_load": 0.3,
    "start_cost": "1500 yuan",
    "tank": "3 t",
    "demand": "1.2 t/day",
}
BATTERY = {"kind": "storage", "charge": "6 MW", "discharge": "6 MW", "energy": "12 MWh", "wear": "20 yuan/MWh"}


def hard_week():
    """Return a week whose running decisions hang together through a demand charge; nothing in it is random."""
    hour = np.arange(STEPS) / 4.0
    price = 420 + 160 * np.sin(hour / 24 * 2 * np.pi - 2) + 60 * np.sin(hour / 3.7) + 25 * np.cos(hour * 1.9)
    demand = 22 + 6 * np.sin(hour / 24 * 2 * np.pi) + 2 * np.sin(hour / 5.3)
    connection = grid_asset(45, 10, demand_yuan_per_mw=9000, planned_peak_mw=15)
    assets = {"grid": connection, "load": load_asset(), "gas": UNIT, "h2": HYDROGEN, "ess": BATTERY}
    return small_problem(assets, {"grid": prices(price, 0.5 * price), "load": {"demand_mw": demand}}, step_min=15)


def planned(problem, seconds):
    """Solve by a planner that knows nothing, check the schedule, and return it."""
    solution = Planner().solve(problem, Limits(seconds=seconds))
    assert check(solution.problem, solution.reported, solution.bill).passed
    return solution


def test_a_second_gives_the_best_that_was_found_and_its_gap():
    solution = planned(hard_week(), 1.0)
    assert solution.outcome in ("optimal", "time_limit", "rule_based")
    assert solution.gap >= 0.0
    if solution.outcome == "optimal":
        assert solution.gap <= status.WIDE_GAP


def test_the_gap_after_a_second_is_finite():
    assert math.isfinite(planned(hard_week(), 1.0).gap)


def test_a_millisecond_gives_the_schedule_of_habit():
    solution = planned(hard_week(), 0.001)
    assert solution.outcome == "rule_based"
    assert 0.0 <= solution.gap < 1.0
    assert solution.objective == pytest.approx(cost_yuan(solution), rel=1e-9)


def test_the_gap_of_habit_holds_against_a_longer_search():
    """No schedule is cheaper than cost * (1 - gap): a search of some seconds finds none."""
    habit, better = planned(hard_week(), 0.001), planned(hard_week(), 5.0)
    assert better.objective <= habit.objective
    assert better.objective >= habit.objective - habit.gap * abs(habit.objective) - 1.0


@pytest.mark.parametrize("park", ["dafeng", "sheyang", "huanghai", "ydz"])
def test_a_week_of_a_park_without_time_is_planned_by_habit(park):
    asked = DayRequest(park, date(2026, 4, 13), days=7)
    solution = planned(through((load_park, fetch_weather, forecast), asked, CTX).problem, 1e-3)
    assert solution.outcome in ("rule_based", "optimal")
    assert math.isfinite(solution.gap)


def test_the_last_stage_pays_what_is_owed(monkeypatch):
    """What is found at no cost may say too high a peak; with its whole numbers kept, the bill is that of the powers."""
    built = build(hard_week())
    form, rise = compiled(built), built.hub.blocks["grid"].variables["peak_rise_mw"]
    real = fallback.run

    def slack(held, cost, limits):
        raw = real(held, cost, limits)
        if not cost.any():
            raw.x[rise.first] += 5.0
        return raw

    nothing = fallback.Start("optimal", -np.inf, np.empty(0), np.inf)
    monkeypatch.setattr(fallback, "relax_and_fix", lambda *_: nothing)
    monkeypatch.setattr(fallback, "run", slack)
    start = fallback._closed(form, form)
    bought = built.hub.blocks["grid"].variables["import_mw"]
    highest = float(np.max(start.x[bought.first : bought.first + len(bought)]))
    assert start.x[rise.first] == pytest.approx(max(0.0, highest - 15.0), abs=1e-6)


NOTHING = status.Raw("nothing", "Time limit reached", np.empty(0), math.nan, math.nan, 0.0)


def test_where_no_stage_finds_anything_there_is_no_schedule_of_habit(monkeypatch):
    monkeypatch.setattr("parkopt.solve.fallback._closed", lambda *_: None)
    built = build(hard_week())
    assert by_rule(built, compiled(built)) is None


def small_form():
    series = {"grid": prices([300.0, 900.0] * 6), "load": {"demand_mw": [10.0] * 12}}
    return compiled(build(small_problem({"grid": grid_asset(), "load": load_asset(), "gas": UNIT}, series)))


def test_values_that_are_not_those_of_the_objective_are_solved_again(monkeypatch):
    """HiGHS may end with the cost of one schedule and the columns of the start: then it runs without the start."""
    form = small_form()
    limits = Limits(seconds=20.0, gap=1e-9)
    best = status.run(form, form.cost, limits)
    real, calls = status._read, []

    def start_handed_back(solver, problem, cost, seconds):
        raw = real(solver, problem, cost, seconds)
        calls.append(raw)
        if len(calls) > 1:
            return raw
        x = raw.x + 1.0
        return status.replace(raw, x=x, objective=float(cost @ x))

    monkeypatch.setattr(status, "_read", start_handed_back)
    raw = status.run(form, form.cost, limits, best.x)
    assert len(calls) == 2
    assert raw.objective == pytest.approx(best.objective, rel=1e-9)
    assert raw.objective == pytest.approx(float(form.cost @ raw.x), rel=1e-12)


def test_a_start_that_is_not_stale_is_solved_once(monkeypatch):
    form, calls, real = small_form(), [], status._read
    best = status.run(form, form.cost, Limits(gap=1e-9))
    monkeypatch.setattr(status, "_read", lambda *given: calls.append(1) or real(*given))
    assert status.run(form, form.cost, Limits(gap=1e-9), best.x).outcome == "optimal"
    assert len(calls) == 1


def test_habits():
    """A battery does not discharge; a unit whose state is known keeps it."""
    assert Storage.model_validate(BATTERY).habit({}, AssetState(), None) == {"discharge_mw": 0.0}
    gas = Generator.model_validate(UNIT)
    assert [gas.habit({}, AssetState(on=on), None) for on in (True, False)] == [{"on": 1.0}, {"on": 0.0}]
