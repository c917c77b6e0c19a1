"""Strategies and replays on small days whose answers are known."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.clock import TimeGrid
from parkopt.scenarios.replay import Terms, carbon_kg, replay
from parkopt.scenarios.strategies import MEANINGS, NAMES, Knows, Uncertain, run_day, seen_at
from parkopt.schedule import next_state
from parkopt.solve import check, solve
from tests.solve.days import EXACT, day, days

START = date(2026, 7, 15)


def with_sun(problem, sun):
    return {**problem.series, "pv": {"available_mw": np.asarray(sun, dtype=float)}}


def knows(problem, came, forecast, futures=(), weights=()):
    """What is known where only the sun is uncertain."""
    seen = with_sun(problem, forecast)
    return Knows(
        actual=with_sun(problem, came), physical=seen, expected=seen,
        cautious=with_sun(problem, np.multiply(forecast, 0.5)),
        yesterday=with_sun(problem, forecast[::-1]),
        futures=tuple(with_sun(problem, one) for one in futures or [forecast]), weights=np.array(weights or [1.0]),
        uncertain={"pv": Uncertain("available_mw", 3.0, 60.0)},
    )  # fmt: skip


def test_every_strategy_has_words_in_both_languages():
    assert set(NAMES) <= set(MEANINGS)
    assert all(en and zh for en, zh in MEANINGS.values())


@pytest.mark.parametrize("name", list(MEANINGS))
def test_a_forecast_that_comes_true_leaves_nothing_to_regret(name):
    problem = day([100.0, 100.0, 400.0, 400.0], sun=[12.0, 4.0, 0.0, 0.0], store={})
    sun = [12.0, 4.0, 0.0, 0.0]
    known = knows(problem, sun, sun)
    if name in ("quantile", "guarded", "persistence", "rule"):  # these do not see the forecast itself
        known = replace(known, cautious=known.actual, yesterday=known.actual)
    best = solve(problem, EXACT).objective
    found = run_day(name, problem, known, EXACT)
    check(found.problem, found.reported, found.bill)
    assert found.objective >= best - 1e-6
    if name != "rule":
        assert found.objective == pytest.approx(best, abs=1e-3)


def test_planning_anew_each_hour_mends_what_the_day_before_got_wrong():
    """14 MW of sun come in hour 2 where none was foreseen; the battery takes the surplus only if it is planned anew."""
    problem = day([150.0, 150.0, 160.0], sun=[0.0, 0.0, 0.0], store={"charge": "8 MW"})
    known = knows(problem, [0.0, 14.0, 0.0], [0.0, 0.0, 0.0])
    costs = {name: run_day(name, problem, known, EXACT).objective for name in ("perfect", "expected", "hourly")}
    assert costs["perfect"] <= costs["hourly"] < costs["expected"]


def test_the_actual_day_is_known_to_no_plan_but_the_perfect_one():
    """Two days that differ only in what comes have one day-ahead plan."""
    problem = day([100.0, 100.0, 400.0], sun=[0.0, 0.0, 0.0], store={})
    forecast = [3.0, 8.0, 0.0]
    for name in ("expected", "quantile", "scenarios", "physical", "persistence"):
        plans = [
            run_day(name, problem, knows(problem, came, forecast), EXACT).reported["ess"]["charge_mw"]
            for came in ([0.0, 0.0, 0.0], [30.0, 30.0, 30.0])
        ]
        assert plans[0] == pytest.approx(plans[1], abs=1e-6)


def test_an_hour_knows_nothing_of_later_hours():
    """What is done in the first hours does not depend on what comes afterwards."""
    problem = day([100.0, 200.0, 400.0, 300.0], sun=[0.0] * 4, store={})
    forecast = [5.0, 5.0, 5.0, 5.0]
    first = [
        run_day("hourly", problem, knows(problem, [12.0, 3.0, *late], forecast), EXACT).reported["ess"]["charge_mw"][:2]
        for late in ([0.0, 0.0], [20.0, 20.0])
    ]
    assert first[0] == pytest.approx(first[1], abs=1e-6)


def test_a_surprise_fades_and_caution_grows():
    """4 MW more than expected now are 4 / e more after tau; caution takes its full share far ahead."""
    problem = day([100.0] * 30, sun=[0.0] * 30)
    known = knows(problem, [14.0] * 30, [10.0] * 30)
    plain, careful = (seen_at(known, 0, 1.0, cautious=c)["pv"]["available_mw"] for c in (False, True))
    assert plain[0] == 14.0
    assert plain[3] == pytest.approx(10 + 4 / np.e)
    assert plain[-1] == pytest.approx(10.0, abs=1e-3)
    assert careful[-1] == pytest.approx(5.0, abs=1e-3)
    assert careful[1] == pytest.approx(plain[1] - 5 * np.sqrt(1 - np.exp(-2 / 3)))
    dark = replace(known, expected=with_sun(problem, [0.0] * 30), cautious=with_sun(problem, [0.0] * 30))
    assert not seen_at(dark, 0, 1.0, cautious=False)["pv"]["available_mw"][1:].any()


def test_states_are_handed_over_and_sums_close():
    """A battery that starts half full and may end empty: its 4 MWh are sold on the first day and never again."""
    store = {"soc_final": 0.0, "final": "free", "soc_initial": 0.5}
    problem = day([400.0] * 24, sun=[0.0] * 24, store=store)

    def case(when):
        grid = TimeGrid.day(when, problem.grid.zone)
        sun = [when.day % 2 * 2.0] * 24
        return replace(problem, grid=grid), knows(problem, sun, [1.0] * 24)

    told = []
    found = replay("demo", START, 3, case, Terms(("expected", "rule"), EXACT), told.append)
    assert list(found.tracks) == ["perfect", "expected", "rule"]
    assert len(told) == 3
    rows = {row["strategy"]: row for row in found.rows}
    for name, track in found.tracks.items():
        assert rows[name]["cost_yuan"] == pytest.approx(sum(run.cost_yuan for run in track.runs))
        assert rows[name]["regret_yuan"] == pytest.approx(found.regret_yuan(name).sum())
    assert rows["perfect"]["regret_yuan"] == 0.0
    first, _, third = found.tracks["perfect"].runs
    assert third.import_mwh - first.import_mwh == pytest.approx(4 * 0.9, abs=1e-4)  # two days of the same sun
    assert found.tracks["perfect"].state.of("ess").soc_mwh == pytest.approx(0.0, abs=1e-6)


def test_the_new_year_begins_with_new_counters():
    """31 December and 1 January: what the year has seen so far is the new year's alone."""
    rules = {"direct_connection": "multi_user_688", "self_use_of_available": 0.1, "breach_price": "0.1 yuan/kWh"}
    problem = day([400.0] * 24, sun=[5.0] * 24, rules=rules, day=date(2026, 12, 31))

    def case(when):
        return replace(problem, grid=TimeGrid.day(when, problem.grid.zone)), knows(problem, [5.0] * 24, [5.0] * 24)

    state = replay("demo", date(2026, 12, 31), 2, case, Terms(("expected",), EXACT)).tracks["expected"].state
    alone = next_state(solve(replace(problem, grid=TimeGrid.day(date(2027, 1, 1), problem.grid.zone)), EXACT))
    assert state.year.year == 2027
    assert state.year == alone.year


def test_nobody_sees_later_hours_of_what_is_not_uncertain_either():
    """Heat, prices and the like differ too where the weather came otherwise: beyond the step they are as forecast."""
    problem = day([100.0] * 4, sun=[0.0] * 4)
    known = knows(problem, [1.0] * 4, [2.0] * 4)
    came = {**known.actual, "load": {"demand_mw": np.array([5.0, 5.0, 5.0, 5.0])}}
    seen = seen_at(replace(known, actual=came), 1, 1.0, cautious=False)
    assert seen["load"]["demand_mw"].tolist() == [5.0, 5.0, 10.0, 10.0]


def test_carbon_is_that_of_the_imports():
    solution = solve(day([100.0, 400.0], sun=[6.0, 0.0]), EXACT)
    assert carbon_kg(solution) == pytest.approx(500.0 * (4.0 + 10.0))


@settings(max_examples=15, deadline=None)
@given(days(), st.integers(0, 1000))
def test_foresight_is_never_beaten_on_one_day(problem, seed):
    rng = np.random.RandomState(seed)
    came = problem.series["pv"]["available_mw"]
    forecast = np.asarray(came) * rng.uniform(0.3, 1.6, len(came))
    known = knows(problem, came, forecast, [forecast, forecast * 0.6], [0.5, 0.5])
    best = solve(problem, EXACT).objective
    for name in NAMES:
        found = run_day(name, problem, known, EXACT)
        check(found.problem, found.reported, found.bill)
        assert found.objective >= best - 1e-6 * max(1.0, abs(best))
