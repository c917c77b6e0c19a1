"""All rules over days in a row, for any day, and against a second formulation."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.clock import TimeGrid
from parkopt.park.state import ParkState, YearSoFar
from parkopt.schedule import next_state
from parkopt.solve import solve
from parkopt.solve.check_rules import (
    breaches_mwh,
    ratio_energies,
)
from parkopt.testing import assert_conserves, prices
from tests.models.ruled import CHINA, DEAR_SUN, ESS, EXACT, problem
from tests.solve.independent import Rows

ALL = {
    "direct_connection": "multi_user_688",
    "breach_price": "150 yuan/MWh",
    "carbon_budget": "300 t/yr",
    "carbon_breach_price": "90 yuan/t",
    "carbon_price": "10 yuan/t",
    "hourly_green": {"share": 0.7, "enterprises": {"works": 0.7}, "breach_price": "40 yuan/MWh"},
}


def test_days_in_a_row_pay_together_for_the_year():
    """Whatever each day adds or makes good again: the sum is the price of what the year has missed at the end."""
    state, paid, energies = ParkState(), 0.0, np.zeros(4)
    for index, sun in enumerate((0.0, 30.0, 12.0, 25.0, 5.0)):
        day = date(2026, 7, 15) + timedelta(days=index)
        made = problem(ALL, pv=[sun * (6 <= t < 18) for t in range(24)], load=[10.0] * 24, day=day, state=state)
        solution = solve(made, EXACT)
        assert_conserves(solution)
        paid += float(np.sum(solution.bill["rule_breach"]))
        energies += list(ratio_energies(made, solution.reported).values())
        state = next_state(solution)
    year = state.year
    used, missed = year.self_use_mwh, [0.0] * 5
    missed[0] = max(0.0, 0.6 * year.available_mwh - used)
    missed[1] = max(0.0, 0.3 * year.demand_mwh - used)
    missed[2] = max(0.0, year.export_mwh - 0.2 * year.available_mwh)
    missed[3] = max(0.0, 0.7 * year.hourly_green.demand_mwh - year.hourly_green.matched_mwh)
    missed[4] = max(0.0, 0.7 * year.hourly_green_of["works"].demand_mwh - year.hourly_green_of["works"].matched_mwh)
    over = max(0.0, year.carbon_kg / 1000 - 300)
    assert paid == pytest.approx(150 * sum(missed[:3]) + 40 * sum(missed[3:]) + 90 * over, abs=1e-3)
    assert [year.available_mwh, used, year.demand_mwh, year.export_mwh] == pytest.approx(list(energies))
    assert over > 0
    assert year.counted_h == 120


def test_the_years_share_of_what_is_left_telescopes():
    """Days that each use all that they may use the same: the budget lasts to the year's end exactly."""
    state, used = ParkState(year=YearSoFar(year=2026, carbon_kg=1e6)), []
    for index in range(3):
        day = date(2026, 12, 29) + timedelta(days=index)
        rules = {"carbon_budget": "1150 t/yr", "carbon_pace": "pro_rata"}
        made = problem(rules, pv=[20.0] * 24, load=[10.0] * 24, day=day, state=state, **DEAR_SUN)
        solution = solve(made, EXACT)
        assert_conserves(solution)
        used.append((next_state(solution).year.carbon_kg - state.year.carbon_kg) / 1000)
        state = next_state(solution)
    assert used == pytest.approx([50, 50, 50])


def test_the_planned_budget_telescopes_over_a_month():
    """A soft plan: three days pay together for what they emit above what the three days were granted."""
    plan = {"carbon_pace": "plan", "carbon_plan": [0] * 6 + [0.4, 0.6] + [0] * 4, "carbon_budget": "2000 t/yr"}
    start = datetime(2026, 7, 30, tzinfo=CHINA)
    granted = 2000 * 0.4 * 29 / 31
    state, paid = ParkState(year=YearSoFar(year=2026, carbon_kg=granted * 1000)), 0.0
    for index in range(3):
        day = (start + timedelta(days=index)).date()
        rules = plan | {"carbon_breach_price": "50 yuan/t"}
        made = problem(rules, pv=[0.0] * 24, load=[10.0] * 24, day=day, state=state, **DEAR_SUN)
        solution = solve(made, EXACT)
        assert_conserves(solution)
        paid += float(np.sum(solution.bill["rule_breach"]))
        state = next_state(solution)
    end = 2000 * (0.4 + 0.6 * 1 / 31)
    assert paid == pytest.approx(50 * (granted + 3 * 120 - end))


def independent(available, load, buy, sell, rules):
    """The same day for milp: what is not matched in place of what is, levels eliminated, the sun by what is unused."""
    n, rows = len(load), Rows()
    m = rows.columns(n, buy, high=50.0)
    x = rows.columns(n, [-sell] * n, high=30.0)
    way = rows.columns(n, whole=True, high=1.0)
    c, d = rows.columns(n, high=10.0), rows.columns(n, high=10.0)
    turn = rows.columns(n, whole=True, high=1.0)
    unused = rows.columns(n, 0.0)
    unmatched = rows.columns(n)
    sold = rows.columns(n)
    for t in range(n):
        rows.high[unused[t]] = available[t]
        rows.row([(m[t], 1), (way[t], -50)], high=0)
        rows.row([(x[t], 1), (way[t], 30)], high=30)
        rows.row([(c[t], 1), (turn[t], -10)], high=0)
        rows.row([(d[t], 1), (turn[t], 10)], high=10)
        net = load[t] - available[t]
        rows.row([(m[t], 1), (x[t], -1), (c[t], -1), (d[t], 1), (unused[t], -1)], net, net)
        level = [pair for s in range(t + 1) for pair in ((c[s], 0.9), (d[s], -1 / 0.8))]
        rows.row(level, 0.0, 16.0)
        rows.row([(sold[t], 1), (x[t], -1), (d[t], 1)], low=0)
        rows.row([(unmatched[t], 1), (unused[t], -1), (sold[t], -1)], low=net)
        rows.high[m[t]] = rows.high[x[t]] = rules["capacity"]
    rows.row([(k, 1) for k in unmatched], high=(1 - rules["share"]) * sum(load))
    rows.row([(k, 0.5) for k in m], high=rules["cap"])
    return rows.solve()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(2, 15), st.integers(50, 600)), min_size=3, max_size=6),
    st.floats(0.0, 1.0),
    st.floats(0.3, 1.0),
)
def test_a_second_formulation_agrees(steps, tightness, capped):
    """Hourly share, carbon cap and declared capacity against scipy's milp, at what each day can bear."""
    available, load, buy = ([float(step[k]) for step in steps] for k in range(3))
    most = sum(min(a, b) for a, b in zip(available, load, strict=True)) / sum(load)
    rules = {"share": tightness * most, "cap": 0.5 * sum(load) * capped + 0.5 * sum(load), "capacity": 20.0}
    made = problem(
        {
            "hourly_green": {"share": rules["share"]},
            "carbon_cap": f"{rules['cap']!r} t",
            "declared_capacity": "20 MW",
        },
        pv=available,
        load=load,
        buy=0.0,
        export=250.0,
        extra={"ess": ESS},
        series={"grid": prices(buy, export=250.0)},
        grid_factor_kg_per_mwh=500.0,
    )
    solution = solve(made, EXACT)
    assert_conserves(solution)
    assert solution.objective == pytest.approx(independent(available, load, buy, 250.0, rules), rel=1e-6, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=24, max_size=24), st.floats(0.0, 1.0), st.floats(0, 400))
def test_priced_rules_never_make_a_day_infeasible_nor_cheaper(sun, share, price):
    rules = {
        "hourly_green": {"share": share, "enterprises": {"works": share}, "breach_price": f"{price!r} yuan/MWh"},
        "carbon_cap": "5 t",
        "carbon_breach_price": f"{price!r} yuan/t",
    }
    ruled = solve(problem(rules, pv=sun, load=[10.0] * 24), EXACT)
    assert_conserves(ruled)
    free = solve(problem({}, pv=sun, load=[10.0] * 24), EXACT)
    assert ruled.objective >= free.objective - 1e-6 * abs(free.objective)


def test_a_horizon_in_utc_has_its_local_year():
    """The year of the rules is the park's own: 31 December 16:00 UTC is the new year in +08:00."""
    from parkopt.models.rule_terms import left_h, year_h

    grid = TimeGrid(datetime(2026, 12, 31, 16, tzinfo=UTC), timedelta(hours=1), 4, CHINA)
    assert left_h(grid, grid.start) == year_h(grid) == 8760


def test_expected_breaches_telescope_at_the_files_rate():
    """Days pay together for the change of what is expected to be missed at the year's end."""
    rate = {"available": "90 GWh/yr", "self_use": "50 GWh/yr", "demand": "80 GWh/yr", "export": "10 GWh/yr"}
    rules = {"direct_connection": "multi_user_688", "breach_price": "150 yuan/MWh", "hold": "year_end"}
    state, paid, missed = ParkState(), 0.0, []
    for index, sun in enumerate((20.0, 30.0, 12.0)):
        day = date(2026, 1, 1) + timedelta(days=index)
        sunny = [sun * (6 <= t < 18) for t in range(24)]
        made = problem(rules | {"year_end": rate}, pv=sunny, load=[10.0] * 24, day=day, state=state)
        solution = solve(made, EXACT)
        assert_conserves(solution)
        paid += float(np.sum(solution.bill["rule_breach"]))
        missed.append(sum(breaches_mwh(made, solution.reported).values()))
        state = next_state(solution)
    left, year = 362 / 365, state.year
    first = 0.6 * 90_000 - 50_000
    last = 0.6 * (year.available_mwh + 90_000 * left) - (year.self_use_mwh + 50_000 * left)
    assert missed[-1] == pytest.approx(last)
    assert paid == pytest.approx(150 * (last - first), abs=1e-2)
