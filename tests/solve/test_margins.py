"""What one more unit would have saved: by hand, and beside the duals."""

import pytest
from hypothesis import given, settings

from parkopt.models import Objective
from parkopt.solve import Limits, solve
from parkopt.solve.margins import margins
from tests.solve.days import EXACT, day, days

FINE = Limits(gap=1e-9)


def found(problem, asset, field):
    return next(own for own in margins(solve(problem, EXACT), FINE) if (own.asset, own.field) == (asset, field))


def test_a_megawatt_of_charging_saves_what_the_energy_is_worth_later():
    """Each MWh charged costs 100 and is worth 0.81 * (400 - 20) = 307.8: a MW more for one hour saves 207.8."""
    one = found(day([100.0, 400.0], store={}), "ess", "charge")
    assert one.saved_yuan == pytest.approx(207.8)
    assert one.estimate_yuan == pytest.approx(207.8)
    assert (one.unit, one.rating, one.by) == ("MW", 4.0, 1.0)


def test_a_rating_that_does_not_bind_saves_nothing():
    one = found(day([100.0, 400.0], store={}), "ess", "energy")
    assert one.saved_yuan == 0.0
    assert one.estimate_yuan == pytest.approx(0.0, abs=1e-6)


def test_more_sun_is_scaled_with_its_capacity():
    """6 MW of 60: a MW more gives 0.1 MW in each hour, at 100 and 300 yuan."""
    one = found(day([100.0, 300.0], [10.0, 10.0], [6.0, 6.0]), "pv", "capacity")
    assert one.saved_yuan == pytest.approx(40.0)
    assert one.estimate_yuan == pytest.approx(40.0)


def test_the_limits_of_the_connection():
    """10 MW of sun at 50 yuan are curtailed in the first hour for want of a larger export limit at 80."""
    made = day([100.0, 100.0], [10.0, 10.0], [50.0, 0.0], om=50.0, export=80.0)
    assert found(made, "grid", "export_limit").saved_yuan == pytest.approx(30.0)
    assert found(made, "grid", "import_limit").saved_yuan == 0.0


def test_a_dual_sees_no_further_than_the_next_corner():
    """The store holds 8 MWh and the hour takes 7.2: room for 0.5 MW more of discharge, not for 1; the dual says 1."""
    made = day([300.0, 10.0], [60.0, 10.0], store={"soc_initial": 1.0, "discharge": "6.7 MW"})
    one = found(made, "ess", "discharge")
    assert one.estimate_yuan > one.saved_yuan > 0
    assert one.saved_yuan / one.estimate_yuan == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("buy", [[100.0, 40.0, 100.0, 40.0], [40.0, 300.0, 60.0, 80.0]])
def test_a_unit_with_starts_is_decided_anew(buy):
    """As two solves say; its least load rises with its power, so that a larger unit may cost more."""
    one = found(day(buy, unit={}), "h2", "power")
    small, large = (solve(day(buy, unit={"power": power}), EXACT).objective for power in ("10 MW", "11 MW"))
    assert one.saved_yuan == pytest.approx(small - large, abs=1e-3)
    tank = found(day(buy, unit={}), "h2", "tank")
    assert (tank.unit, tank.by) == ("kg", 1000.0)


def test_least_carbon_has_no_duals_of_cost():
    made = day([100.0] * 2, [10.0] * 2, [5.0] * 2, objective=Objective(goal="carbon"))
    assert all(own.estimate_yuan is None for own in margins(solve(made, EXACT), FINE))


@settings(max_examples=15, deadline=None)
@given(days())
def test_without_whole_numbers_the_dual_never_says_less(problem):
    """A saving is concave in a limit. More sun or a larger store are no pure limits: coefficients move as well."""
    solution = solve(problem, EXACT)
    again = margins(solution, FINE)
    assert again == margins(solution, FINE)
    for own in again:
        if own.field in ("charge", "discharge", "import_limit", "export_limit") and own.estimate_yuan is not None:
            assert -1e-6 <= own.saved_yuan <= own.estimate_yuan + 1e-3
        assert set(own.as_dict()) >= {"asset", "field", "unit", "saved_yuan", "estimate_yuan"}
