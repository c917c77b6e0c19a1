"""The same optimum as a formulation that was written a second time, at rtol 1e-6."""

from datetime import date
from functools import cache

import pytest

from parkopt.models import Problem
from parkopt.park.schema import Rules
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves
from parkopt.workflow import Context, DayRequest, fetch_weather, forecast, load_park
from tests.solve.independent import least_cost

EXACT = Limits(seconds=120, gap=1e-9)


@cache
def problem_of(park, day, days=1, step_min=60):
    """The real park on a real day; the ratios are another recipe and are tested by themselves."""
    ctx = Context("t", "t", "t")
    request = DayRequest(park, date.fromisoformat(day), step_min=step_min, days=days)
    problem = forecast(fetch_weather(load_park(request, ctx), ctx), ctx).problem
    plain = problem.park.model_copy(update={"rules": Rules()})
    return Problem(plain, problem.grid, problem.series, problem.state, problem.grid_factor_kg_per_mwh)


@pytest.mark.parametrize("park", ["dafeng", "sheyang", "huanghai", "ydz"])
@pytest.mark.parametrize("day", ["2026-01-15", "2026-07-15"])
def test_a_day(park, day):
    problem = problem_of(park, day)
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert solution.objective == pytest.approx(least_cost(problem), rel=1e-6)


@pytest.mark.parametrize("park", ["huanghai", "ydz"])
def test_a_week(park):
    """Storage, tariff, export and demand charge over 168 hours."""
    problem = problem_of(park, "2026-03-02", days=7)
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert solution.objective == pytest.approx(least_cost(problem), rel=1e-6)


def test_a_day_in_quarter_hours():
    problem = problem_of("ydz", "2026-07-15", step_min=15)
    assert solve(problem, EXACT).objective == pytest.approx(least_cost(problem), rel=1e-6)


def test_a_day_that_inherits_a_state():
    base = problem_of("sheyang", "2026-01-15")
    state = ParkState(
        assets={
            "ess": AssetState(soc_mwh=97.0),
            "grid": AssetState(month="2026-01", peak_mw=95.0),
            "h2": AssetState(on=True, tank_kg=700.0, power_mw=12.0),
            "annual_green": AssetState(offered_mwh=6000.0, taken_mwh=5000.0),
        }
    )
    problem = Problem(base.park, base.grid, base.series, state, base.grid_factor_kg_per_mwh)
    assert solve(problem, EXACT).objective == pytest.approx(least_cost(problem), rel=1e-6)
    assert solve(problem, EXACT).objective != pytest.approx(solve(base, EXACT).objective, rel=1e-4)
