"""Green certificates: by hand, handed over, refused, tampered with, and against another formulation."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.clock import TimeGrid
from parkopt.faults import CheckFailed, WrongValue
from parkopt.models.tech.certificates import Certificates
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None)
STORE = {
    "kind": "storage",
    "charge": "10 MW",
    "discharge": "10 MW",
    "energy": "10 MWh",
    "charge_efficiency": 0.8,
    "discharge_efficiency": 1.0,
    "soc_min": 0.0,
    "soc_max": 1.0,
    "soc_initial": 0.0,
    "soc_final": 0.0,
}


def gec(**fields):
    body = {"kind": "certificates", "share": 0.5, "price": "5 yuan/MWh"} | fields
    return {name: value for name, value in body.items() if value is not None}


def case(certificates, demand, energy=300.0, **more):
    demand = np.asarray(demand, dtype=float)
    assets = {"grid": grid_asset(100), "load": load_asset(), "gec": certificates} | more.pop("assets", {})
    series = {"grid": prices(np.zeros(len(demand)) + energy), "load": {"demand_mw": demand}} | more.pop("series", {})
    return small_problem(assets, series, **more)


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def bought(solution):
    return solution.reported["gec"]["gec_mwh"]


def held(**mwh):
    named = {name[1:].replace("_", "-"): amount for name, amount in mwh.items()}
    return ParkState(assets={"gec": AssetState(certificates_mwh=named)})


def test_half_of_the_import_is_covered_in_the_last_step():
    """20 + 24 MWh imported, half of it due: 22 certificates at 5."""
    solution = solved(case(gec(), [20.0, 24.0]))
    assert bought(solution) == pytest.approx([0.0, 22.0])
    assert float(np.sum(solution.bill["certificates"])) == pytest.approx(110.0)
    assert cost_yuan(solution) == pytest.approx(44 * 300 + 110, rel=1e-9)
    assert solution.reported["grid"]["import_mw"] == pytest.approx([20.0, 24.0])


def test_quarter_hours_count_their_energy():
    solution = solved(case(gec(), [20.0, 24.0], step_min=15))
    assert bought(solution).sum() == pytest.approx(44 / 4 / 2)


def test_what_is_carried_over_comes_first():
    """22 due, 30 held: nothing is bought, 8 of the newer ones are left; 12 held: 10 are bought and none is left."""
    rich = solved(case(gec(), [20.0, 24.0], state=held(m2026_05=15.0, m2026_06=15.0)))
    assert bought(rich).sum() == pytest.approx(0.0)
    assert next_state(rich).of("gec").certificates_mwh == {"2026-06": pytest.approx(8.0)}
    poor = solved(case(gec(), [20.0, 24.0], state=held(m2026_06=12.0)))
    assert bought(poor).sum() == pytest.approx(10.0)
    assert next_state(poor).of("gec").certificates_mwh == {}


def test_certificates_end_two_years_after_their_vintage():
    """In July 2026 those of July 2024 have ended and those of August 2024 hold to the end of the month."""
    problem = case(gec(), [20.0, 24.0], state=held(m2024_07=50.0, m2024_08=5.0))
    solution = solved(problem)
    assert bought(solution).sum() == pytest.approx(17.0)
    over = case(gec(), [20.0] * 48, day=date(2026, 7, 31), state=held(m2024_08=500.0))
    solution = solved(over)
    assert bought(solution).sum() == pytest.approx(240.0)  # what is left of July is of no use in August


def test_whole_numbers_carry_the_rest_over():
    """21.5 due: 22 are bought, and half a certificate of July is handed over."""
    solution = solved(case(gec(whole=True), [20.0, 23.0]))
    assert bought(solution).sum() == 22.0
    assert next_state(solution).of("gec").certificates_mwh == {"2026-07": pytest.approx(0.5)}


def test_an_amount_a_month_is_due_evenly():
    """744 a month are one an hour; the vintage that is bought is handed over as such."""
    solution = solved(case(gec(share=None, amount="744 MWh", vintage="2025-12", whole=True), [20.0, 24.0]))
    assert bought(solution).sum() == 2.0
    longer = solved(case(gec(share=None, amount="100 MWh", vintage="2025-12", whole=True), [20.0] * 24))
    assert bought(longer).sum() == 4.0  # 24 / 744 of 100 is 3.23
    assert next_state(longer).of("gec").certificates_mwh == {"2025-12": pytest.approx(4 - 2400 / 744)}


def test_each_month_of_a_horizon_buys_for_itself():
    solution = solved(case(gec(), [10.0] * 24 + [20.0] * 24, day=date(2026, 7, 31)))
    assert bought(solution).sum() == pytest.approx(360.0)
    assert bought(solution)[[23, 47]].sum() == pytest.approx(360.0)
    assert bought(solution)[23] >= 120.0 - 1e-6  # July at least


def test_a_certificate_makes_import_dearer():
    """Losses of a fifth: 100 to 130 earns 130 - 125 = 5 a MWh; a certificate of 40 on each MWh makes it -5."""
    energy = [100.0, 130.0]
    cheap = solved(case(gec(share=1.0, price="1 yuan/MWh"), [20.0, 20.0], energy, assets={"ess": STORE}))
    assert cheap.reported["ess"]["discharge_mw"].sum() == pytest.approx(8.0)
    dear = solved(case(gec(share=1.0, price="40 yuan/MWh"), [20.0, 20.0], energy, assets={"ess": STORE}))
    assert dear.reported["ess"]["discharge_mw"].sum() == pytest.approx(0.0)


def test_contracts_over_the_grid_may_be_left_out():
    """15 of 30 MW come by contract: half of the other 15, or of all 30."""
    contract = {"kind": "contract", "form": "baseload", "seller": "s", "volume": "15 MW", "price": "100 yuan/MWh"}
    for beside, due in ((True, 15.0), (False, 30.0)):
        solution = solved(case(gec(beside_contracts=beside), [30.0, 30.0], assets={"green": contract}))
        assert bought(solution).sum() == pytest.approx(due)


def test_they_pass_no_bus_and_have_their_meaning():
    solution = solved(case(gec(), [20.0, 24.0]))
    assert Certificates.model_validate(gec()).flows() == {}
    schedule = to_schedule(solution, {})
    assert schedule["gec_mwh"].attrs["units"] == "MWh"
    assert float(schedule["gec_mwh"].sel(asset="gec").sum()) == pytest.approx(22.0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gec(amount="10 MWh"), "exactly one of share, amount"),
        (gec(share=None), "exactly one of share, amount"),
        (gec(vintage="2025-13"), "pattern"),
        (gec(price="-1 yuan/MWh"), "price"),
    ],
)
def test_what_does_not_go_together_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        Certificates.model_validate(body)


@pytest.mark.parametrize("vintage", ["2024-07", "2026-08"])
def test_a_vintage_that_is_not_valid_is_refused(vintage):
    with pytest.raises(WrongValue, match="not valid in 2026-07"):
        solve(case(gec(vintage=vintage), [20.0, 24.0]))


@pytest.mark.parametrize(
    ("key", "change", "fields"),
    [
        ("gec_mwh", -0.01, {}),
        ("gec_mwh", 0.25, {"whole": True}),
        ("gec_due_mwh", -0.01, {}),
        ("gec_due_mwh", -0.01, {"share": None, "amount": "744 MWh"}),
    ],
)
def test_the_check_finds_tampering(key, change, fields):
    solution = solved(case(gec(**fields), [20.0, 24.0]))
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["gec"][key] = reported["gec"][key] + np.asarray([0.0, change])
    price = solution.problem.park.assets["gec"].price
    bill = {**solution.bill, "certificates": np.asarray([price * reported["gec"]["gec_mwh"].sum()])}
    with pytest.raises(CheckFailed, match="gec"):
        check(solution.problem, reported, bill)


def test_the_check_finds_a_wrong_bill():
    solution = solved(case(gec(), [20.0, 24.0]))
    with pytest.raises(CheckFailed, match="certificates"):
        check(solution.problem, solution.reported, {**solution.bill, "certificates": np.asarray([109.0])})


def later(whole, cut, state):
    grid = TimeGrid(whole.grid.start + cut * whole.grid.step, whole.grid.step, whole.grid.n - cut, whole.grid.zone)
    series = {name: {key: own[cut:] for key, own in made.items()} for name, made in whole.series.items()}
    return solved(replace(whole, grid=grid, series=series, state=state))


@FEW
@given(
    demand=st.lists(st.floats(0.0, 50.0), min_size=48, max_size=48),
    cut=st.integers(1, 47),
    old=st.floats(0.0, 400.0),
    fields=st.sampled_from([{}, {"whole": True}, {"share": None, "amount": "3000 MWh", "whole": True}]),
    day=st.sampled_from([date(2026, 7, 15), date(2026, 7, 31)]),
)
def test_two_parts_of_a_horizon_buy_what_the_whole_buys(demand, cut, old, fields, day):
    whole = case(gec(**fields), demand, day=day, state=held(m2024_08=old, m2026_06=20.25))
    first, one = solved(replace_end(whole, cut)), solved(whole)
    second = later(whole, cut, next_state(first))
    paid = [float(np.sum(part.bill["certificates"])) for part in (first, second, one)]
    assert paid[0] + paid[1] == pytest.approx(paid[2], abs=0.02)
    left = [sum(next_state(part).of("gec").certificates_mwh.values()) for part in (second, one)]
    assert left[0] == pytest.approx(left[1], abs=1e-3)


def replace_end(whole, cut):
    """Return a problem's first steps."""
    grid = TimeGrid(whole.grid.start, whole.grid.step, cut, whole.grid.zone)
    series = {name: {key: own[:cut] for key, own in made.items()} for name, made in whole.series.items()}
    return replace(whole, grid=grid, series=series)


def by_milp(problem):
    """Return the least cost: import and storage flows with levels eliminated, certificates as one whole number."""
    n, rows = problem.grid.n, Rows()
    price, demand = problem.series["grid"]["energy_price_yuan_per_mwh"], problem.series["load"]["demand_mw"]
    certificates, state = problem.park.assets["gec"], problem.state.of("gec").certificates_mwh
    buy = rows.columns(n, price, high=100.0)
    charge, give = rows.columns(n, high=10.0), rows.columns(n, high=10.0)
    number = rows.columns(1, certificates.price, whole=certificates.whole)
    for t in range(n):
        rows.row([(buy[t], 1), (charge[t], -1), (give[t], 1)], demand[t], demand[t])
        rows.row([*((c, 0.8) for c in charge[: t + 1]), *((g, -1.0) for g in give[: t + 1])], 0.0, 10.0)
    due = [(column, certificates.share) for column in buy]
    rows.row([(number[0], -1), *due], high=sum(state.values()))
    return rows.solve()


@FEW
@given(
    energy=st.lists(st.floats(50.0, 400.0), min_size=12, max_size=12),
    demand=st.lists(st.floats(10.0, 50.0), min_size=12, max_size=12),
    share=st.floats(0.0, 1.0),
    price=st.floats(0.5, 80.0),
    carried=st.floats(0.0, 200.0),
    whole=st.booleans(),
)
def test_the_cost_is_that_of_another_formulation(energy, demand, share, price, carried, whole):
    body = gec(share=share, price=f"{price!r} yuan/MWh", whole=whole)
    problem = case(body, demand, energy, assets={"ess": STORE}, state=held(m2026_03=carried))
    assert cost_yuan(solved(problem)) == pytest.approx(by_milp(problem), rel=1e-6, abs=0.02)
