"""Contracts in full: shapes, prices, volumes by window, contracts for difference; by hand and against other forms."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.clock import TimeGrid
from parkopt.faults import CheckFailed, Infeasible, WrongValue
from parkopt.models.base import Conditions
from parkopt.models.contract_terms import spans
from parkopt.models.tech.contract import Contract
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state
from parkopt.solve import Limits, check, solve
from parkopt.solve.check import cases
from parkopt.testing import HERE, assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None)
SEQUENCE = tuple(f"{mw} MW" for mw in range(24))


def deal(**fields):
    body = {"kind": "contract", "form": "baseload", "seller": "s", "volume": "10 MW", "price": "500 yuan/MWh"} | fields
    return {name: value for name, value in body.items() if value is not None}


def shaped(**fields):
    return deal(form="shaped", volume=None, shape={"by_hour": list(SEQUENCE)}) | fields


def cfd(**fields):
    return deal(settlement="cfd") | fields


def case(contract, energy, demand=30.0, **more):
    demand = np.zeros(len(energy)) + demand
    assets = {"grid": grid_asset(100), "load": load_asset(), "green": contract} | more.pop("assets", {})
    series = {"grid": prices(energy), "load": {"demand_mw": demand}} | more.pop("series", {})
    return small_problem(assets, series, **more)


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def line(solution, name):
    return float(np.sum(solution.bill[name]))


def taken(solution):
    return solution.reported["green"]["take_mw"]


# Shapes and prices


def test_a_shape_by_hour_is_offered_at_its_hours():
    """Hour k offers k MW; at 300 all of it is taken beside a market of 400, at 24 x 23 / 2 = 276 MWh."""
    solution = solved(case(shaped(price="300 yuan/MWh"), [400.0] * 24))
    assert taken(solution) == pytest.approx(np.arange(24))
    assert cost_yuan(solution) == pytest.approx(276 * 300 + (720 - 276) * 400, rel=1e-9)


def test_weekends_have_a_shape_of_their_own():
    """17 July 2026 is a Friday: 5 MW in its last hours, 2 MW on Saturday."""
    shape = {"by_hour": ["5 MW"] * 24, "weekend_by_hour": ["2 MW"] * 24}
    solution = solved(case(shaped(shape=shape, price="100 yuan/MWh"), [400.0] * 48, day=date(2026, 7, 17)))
    assert taken(solution) == pytest.approx([5.0] * 24 + [2.0] * 24)


def test_a_price_by_hour_is_paid_at_its_hours():
    """Even hours at 100, odd ones at 600 beside a market of 300: only even ones are taken."""
    pricing = {"by_hour": ["100 yuan/MWh", "600 yuan/MWh"] * 12}
    solution = solved(case(deal(price=None, pricing=pricing), [300.0] * 24))
    assert taken(solution) == pytest.approx([10.0, 0.0] * 12)
    assert line(solution, "contract_energy") == pytest.approx(12 * 10 * 100)


def test_a_price_by_the_market():
    """0.8 of the market and 50 on top is less than the market above 250: taken at 300 for 290, left at 200."""
    solution = solved(case(deal(price=None, pricing={"of_market": 0.8, "premium": "50 yuan/MWh"}), [300.0, 200.0]))
    assert taken(solution) == pytest.approx([10.0, 0.0])
    assert cost_yuan(solution) == pytest.approx(10 * 290 + 20 * 300 + 30 * 200, rel=1e-9)


def test_prices_and_shapes_from_files(tmp_path):
    rows = [f"2026-07-15T{hour:02d}:00:00+08:00,{hour + 1},{100 * hour}" for hour in range(24)]
    (tmp_path / "s.csv").write_text("\n".join(["time,mw,price", *rows]) + "\n", encoding="utf-8")
    spec = {"file": "s.csv", "column": "mw", "unit": "MW"}
    pricing = {"series": spec | {"column": "price", "unit": "yuan/MWh"}}
    contract = shaped(shape={"series": spec}, pricing=pricing)
    del contract["price"]
    made = Contract.model_validate(contract)
    at = Conditions(case(deal(), [300.0] * 24).grid, xr.Dataset(), HERE, tmp_path)
    series = made.series(at)
    assert series["offer_mw"] == pytest.approx(np.arange(24) + 1.0)
    assert series["price_yuan_per_mwh"] == pytest.approx(100.0 * np.arange(24))
    assert {path for _, path in made.files()} == {"s.csv"}
    solution = solved(case(contract, [450.0] * 24, series={"green": series}))
    assert taken(solution) == pytest.approx([hour + 1.0 if hour < 5 else 0.0 for hour in range(24)])


def test_a_shortfall_price_of_its_own():
    """1000 beside a market of 300: nothing is taken, and 80 % of 24 x 10 MWh are paid at 50."""
    contract = deal(
        price=None, pricing={"by_hour": ["1000 yuan/MWh"] * 24}, take_or_pay=0.8, shortfall_price="50 yuan/MWh"
    )
    solution = solved(case(contract, [300.0] * 24))
    assert taken(solution).max() == pytest.approx(0.0)
    assert line(solution, "take_or_pay") == pytest.approx(0.8 * 240 * 50)


def test_a_direct_line_bears_no_market_energy():
    solution = solved(case(deal(delivered_over="direct", price="100 yuan/MWh"), [300.0] * 2))
    assert solution.reported["grid"]["import_mw"] == pytest.approx([20.0, 20.0])
    assert cost_yuan(solution) == pytest.approx(2 * (10 * 100 + 20 * 300), rel=1e-9)


# Volumes by window

MONTH_H = 31 * 24


def least(mwh, **fields):
    return [{"window": "month", "least": f"{mwh} MWh"} | fields]


def after(mwh, key="2026-07"):
    return ParkState(assets={"green": AssetState(taken_by_window_mwh={key: mwh})})


def test_a_least_energy_is_taken_at_its_pace():
    """7440 MWh in July are 10 MW throughout; 12 at most; dear as it is, exactly the pace is taken in two hours."""
    solution = solved(case(deal(volume="12 MW", volumes=least(7440)), [300.0, 100.0]))
    assert taken(solution).sum() == pytest.approx(20.0)
    assert taken(solution) == pytest.approx([12.0, 8.0])  # where the market is dearer first


def test_what_was_taken_before_counts():
    """By 15 July 336 h have passed: 3360 MWh are due; 5 MWh ahead leave 15 for the two hours, 5 behind make 25 > 24."""
    ahead = solved(case(deal(volume="12 MW", volumes=least(7440)), [300.0] * 2, state=after(3365.0)))
    assert taken(ahead).sum() == pytest.approx(15.0)
    with pytest.raises(Infeasible, match="least energy of green"):
        solve(case(deal(volume="12 MW", volumes=least(7440)), [300.0] * 2, state=after(3355.0)), EXACT)


def test_a_priced_shortfall_is_paid_as_it_grows_and_refunded():
    """300 beside 200: a fine of 80 is cheaper than 100 more a MWh; of 120 is dearer, and makes good what was missed."""
    paid = solved(case(deal(price="300 yuan/MWh", volumes=least(7440, shortfall_price="80 yuan/MWh")), [200.0] * 2))
    assert line(paid, "volume_shortfall") == pytest.approx(20 * 80)
    contract = deal(volume="12 MW", price="300 yuan/MWh", volumes=least(7440, shortfall_price="120 yuan/MWh"))
    back = solved(case(contract, [200.0] * 2, state=after(3350.0)))
    assert taken(back).sum() == pytest.approx(24.0)
    assert line(back, "volume_shortfall") == pytest.approx((6 - 10) * 120)


def test_a_least_energy_at_the_end_is_due_when_the_window_ends():
    """On 15 July nothing is due yet; in the last two hours of July the missing 15 MWh are."""
    volumes = least(7440, pace="end")
    assert taken(solved(case(deal(volumes=volumes), [300.0] * 2))).max() == pytest.approx(0.0)
    problem = case(deal(volumes=volumes), [300.0] * 24, state=after(7425.0), day=date(2026, 7, 31))
    assert taken(solved(problem)).sum() == pytest.approx(15.0)


def test_a_most_energy_is_a_limit_or_a_price():
    """100 MWh a quarter, 85 of them taken: 15 are left; or 5 more at 250 on top of 100, less than 400."""
    state = after(85.0, "2026Q3")
    limited = deal(price="100 yuan/MWh", volumes=[{"window": "quarter", "most": "100 MWh"}])
    assert taken(solved(case(limited, [400.0] * 2, state=state))).sum() == pytest.approx(15.0)
    priced = [{"window": "quarter", "most": "100 MWh", "excess_price": "250 yuan/MWh"}]
    solution = solved(case(deal(price="100 yuan/MWh", volumes=priced), [400.0] * 2, state=state))
    assert taken(solution).sum() == pytest.approx(20.0)
    assert line(solution, "volume_excess") == pytest.approx(5 * 250)


def test_a_new_month_begins_with_nothing():
    """The last two days: July's 5 MWh are left, August has its own 100."""
    limited = deal(price="100 yuan/MWh", volumes=[{"window": "month", "most": "100 MWh"}])
    problem = case(limited, [400.0] * 48, state=after(95.0), day=date(2026, 7, 31))
    solution = solved(problem)
    july, august = taken(solution).reshape(2, 24).sum(axis=1)
    assert (july, august) == pytest.approx((5.0, 100.0))
    assert next_state(solution).of("green").taken_by_window_mwh == {"2026-08": pytest.approx(100.0)}


def test_spans_know_how_far_a_window_has_come():
    grid = case(deal(), [300.0] * 48, day=date(2026, 6, 30)).grid
    (june, july), (second, third) = spans(grid, "month"), spans(grid, "quarter")
    assert (june.key, july.key, second.key, third.key) == ("2026-06", "2026-07", "2026Q2", "2026Q3")
    assert (june.begun, june.ended) == pytest.approx((29 / 30, 1.0))
    assert (third.begun, third.ended) == pytest.approx((0.0, 1 / 92))
    (year,) = spans(grid, "year")
    assert (year.begun, year.ended) == pytest.approx((180 / 365, 182 / 365))


VOLUMES = st.sampled_from(
    [
        [{"window": "month", "least": "5000 MWh", "shortfall_price": "90 yuan/MWh"}],
        [{"window": "month", "least": "5000 MWh", "shortfall_price": "40 yuan/MWh", "pace": "end"}],
        [{"window": "quarter", "most": "120 MWh", "excess_price": "60 yuan/MWh"}],
        [
            {"window": "month", "most": "60 MWh", "excess_price": "30 yuan/MWh"},
            {"window": "year", "least": "60 GWh", "most": "90 GWh", "shortfall_price": "70 yuan/MWh"},
        ],
    ]
)


@FEW
@given(
    volumes=VOLUMES,
    energy=st.lists(st.floats(50.0, 600.0), min_size=12, max_size=12),
    cut=st.integers(1, 11),
    day=st.sampled_from([date(2026, 7, 15), date(2026, 6, 30), date(2026, 12, 31)]),
    known=st.booleans(),
)
def test_two_parts_of_a_horizon_sum_to_the_whole(volumes, energy, cut, day, known):
    """Counters and lines of two plans handed over are those that the whole owes for the same takes."""
    energy = np.repeat(energy, 4)  # two days in hours; the cut is at any of them
    contract = deal(volumes=volumes, take_or_pay=0.5, window="month")
    cut = cut * 4
    state = after(20.0, "2026Q2") if known else ParkState()
    first = solved(case(contract, energy[:cut], day=day, state=state))
    whole = case(contract, energy, day=day, state=state)
    second = _later(whole, cut, next_state(first))
    lines = ("take_or_pay", "volume_shortfall", "volume_excess")
    paid = {name: sum(float(np.sum(part.bill.get(name, 0.0))) for part in (first, second)) for name in lines}
    together = np.concatenate([taken(first), taken(second)])
    # the same takes as one plan
    solution = solved(whole)
    asset = whole.park.assets["green"]
    reported = {**solution.reported, "green": {"take_mw": together, "offer_mw": whole.series["green"]["offer_mw"]}}
    ((_, own),) = [(one, its) for one, its in cases(whole, reported) if its.name == "green"]
    owed = {}
    for name, yuan in asset.owes(own):
        owed[name] = owed.get(name, 0.0) + yuan
    for name in lines:
        assert paid[name] == pytest.approx(owed.get(name, 0.0), abs=0.02)
    last = asset.next_state(state.of("green"), reported["green"], whole.series["green"], whole.grid)
    handed = next_state(second).of("green")
    assert handed.taken_by_window_mwh == pytest.approx(last.taken_by_window_mwh)
    assert handed.offered_mwh == pytest.approx(last.offered_mwh)


def _later(whole, cut, state):
    """Return the solution of the rest of a problem from step `cut` on, from a state."""
    grid = TimeGrid(whole.grid.start + cut * whole.grid.step, whole.grid.step, whole.grid.n - cut, whole.grid.zone)
    series = {name: {key: own[cut:] for key, own in made.items()} for name, made in whole.series.items()}
    return solved(replace(whole, grid=grid, series=series, state=state))


# Contracts for difference


def test_a_fixed_volume_pays_the_difference_and_steers_nothing():
    """Strike 350 for 10 MW: pays 50 at 300 and receives 50 at 400; the park buys as it would without."""
    energy = [300.0, 400.0, 400.0]
    solution = solved(case(cfd(price="350 yuan/MWh"), energy))
    assert solution.bill["cfd"] == pytest.approx([500.0, -500.0, -500.0])
    assert line(solution, "market_energy") == pytest.approx(30 * 1100)
    assert solution.reported["green"]["settled_mw"] == pytest.approx([10.0] * 3)


def test_a_reference_series_in_place_of_the_market():
    reference = {"offer_mw": [10.0, 10.0], "reference_yuan_per_mwh": [100.0, 900.0]}
    contract = cfd(price="350 yuan/MWh", reference={"file": "r.csv", "column": "p", "unit": "yuan/MWh"})
    solution = solved(case(contract, [300.0, 400.0], series={"green": reference}))
    assert solution.bill["cfd"] == pytest.approx([2500.0, -5500.0])


STORE = {"kind": "storage", "charge": "5 MW", "discharge": "5 MW", "energy": "5 MWh"} | {
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "soc_min": 0.0,
    "soc_max": 1.0,
    "soc_initial": 0.0,
    "soc_final": 0.0,
}


def test_a_share_of_the_import_flattens_what_arbitrage_earns():
    """All of the import at 350 whatever the market: 5 MWh moved from 300 to 400 earn nothing, and wear decides."""
    store = STORE | {"wear": "1 yuan/MWh"}
    without = solved(case(cfd(price="350 yuan/MWh"), [300.0, 400.0], assets={"ess": store}))
    assert without.reported["ess"]["discharge_mw"].sum() == pytest.approx(5.0)
    tied = cfd(form="share_of_import", volume=None, price="350 yuan/MWh")
    solution = solved(case(tied, [300.0, 400.0], assets={"ess": store}))
    assert solution.reported["ess"]["discharge_mw"].sum() == pytest.approx(0.0)
    assert cost_yuan(solution) == pytest.approx(60 * 350, rel=1e-9)
    assert solution.reported["green"]["settled_mw"] == pytest.approx(solution.reported["grid"]["import_mw"])


def test_a_plant_of_the_park_settles_what_it_supplies_and_is_not_counted_twice():
    """Half of 20 MW at (200 - 300): each MWh supplied earns 50; the bus has the plant's energy once."""
    plant = {"pv": {"kind": "pv", "capacity": "30 MWp", "ac_limit": "30 MW"}}
    contract = cfd(form="pay_as_produced", volume=None, of="pv", share=0.5, price="200 yuan/MWh")
    problem = case(contract, [300.0], assets=plant, series={"pv": {"available_mw": [20.0]}})
    solution = solved(problem)
    assert solution.reported["grid"]["import_mw"] == pytest.approx([10.0])
    assert cost_yuan(solution) == pytest.approx(10 * 300 - 10 * 100, rel=1e-9)


def test_a_plant_that_costs_more_than_it_gives_is_curtailed():
    """Each MWh saves 300 and costs (900 - 300) / 2 = 300 by the contract and 10 to make: 310 is more."""
    plant = {"pv": {"kind": "pv", "capacity": "30 MWp", "ac_limit": "30 MW", "om": "10 yuan/MWh"}}
    contract = cfd(form="pay_as_produced", volume=None, of="pv", share=0.5, price="900 yuan/MWh")
    problem = case(contract, [300.0], assets=plant, series={"pv": {"available_mw": [20.0]}})
    solution = solved(problem)
    assert solution.reported["pv"]["curtailed_mw"] == pytest.approx([20.0])
    assert line(solution, "cfd") == pytest.approx(0.0)


def test_what_is_no_plant_cannot_be_settled():
    contract = cfd(form="pay_as_produced", volume=None, of="load", share=0.5)
    with pytest.raises(WrongValue, match="no wind or PV plant"):
        solve(case(contract, [300.0]))


def test_a_contract_names_what_must_exist():
    made = Contract.model_validate(cfd(form="pay_as_produced", volume=None, of="pv", delivered_at="north"))
    assert set(made.references()) == {("delivered_at", "assets", "north"), ("of", "assets", "pv")}


# What is refused

SHAPE = {"by_hour": list(SEQUENCE)}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (deal(shape=SHAPE), "baseload needs volume and not shape"),
        (deal(form="shaped"), "shaped needs shape and not volume"),
        (deal(form="pay_as_produced", volume=None, of="pv"), "delivered needs - and not reference, of"),
        (deal(form="share_of_import", volume=None), "delivered needs volume"),
        (cfd(take_or_pay=0.5), "cfd needs - and not take_or_pay, volumes"),
        (cfd(volumes=least(10)), "cfd needs - and not take_or_pay, volumes"),
        (deal(price=None), "exactly one of price, pricing"),
        (deal(pricing={"of_market": 0.9}), "exactly one of price, pricing"),
        (deal(price=None, pricing={"of_market": 0.9}, take_or_pay=0.5), "take_or_pay needs shortfall_price"),
        (deal(price=None, pricing={}), "exactly one of by_hour, series, of_market"),
        (deal(price=None, pricing={"by_hour": ["1 yuan/MWh"] * 24, "premium": "1 yuan/MWh"}), "exactly one of by_hour"),
        (shaped(shape={}), "exactly one of by_hour"),
        (deal(volumes=[{"window": "month"}]), "exactly one of least, most"),
        (deal(volumes=[{"window": "month", "least": "2 MWh", "most": "1 MWh"}]), "least must not exceed most"),
        (deal(volumes=[{"window": "month", "most": "1 MWh", "shortfall_price": "1 yuan/MWh"}]), "needs least"),
        (deal(volumes=least(1) + least(2)), "exactly one of volumes per window"),
    ],
)
def test_what_does_not_go_together_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        Contract.model_validate(body)


# The check finds what was tampered with


def tampered(solution, asset, key, change):
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported[asset][key] = reported[asset][key] + change
    with pytest.raises(CheckFailed):
        check(solution.problem, reported, solution.bill)


def test_the_check_finds_tampering():
    step = np.asarray([1.0, 0.0])
    fixed = solved(case(cfd(price="350 yuan/MWh"), [300.0, 400.0]))
    tampered(fixed, "green", "settled_mw", step)
    tied = solved(case(cfd(form="share_of_import", volume=None, price="350 yuan/MWh"), [300.0, 350.0]))
    tampered(tied, "green", "settled_mw", step * 0.01)
    low = solved(case(deal(volume="12 MW", volumes=least(7440)), [300.0, 300.0]))
    tampered(low, "green", "take_mw", -step * 0.01)
    pricing = {"by_hour": ["100 yuan/MWh"] * 24}
    priced = solved(case(deal(price=None, pricing=pricing), [300.0, 300.0]))
    bill = {**priced.bill, "contract_energy": priced.bill["contract_energy"] + 0.05}
    with pytest.raises(CheckFailed, match="contract_energy"):
        check(priced.problem, priced.reported, bill)


@pytest.mark.parametrize(
    ("name", "line_of"), [("shortfall_price", "volume_shortfall"), ("excess_price", "volume_excess")]
)
def test_the_check_bills_shortfall_and_excess(name, line_of):
    limit = {"shortfall_price": {"least": "7440 MWh"}, "excess_price": {"most": "15 MWh"}}[name]
    contract = deal(price="250 yuan/MWh", volumes=[{"window": "month", name: "20 yuan/MWh", **limit}])
    solution = solved(case(contract, [200.0, 200.0] if name == "shortfall_price" else [500.0, 500.0]))
    assert line(solution, line_of) > 0
    bill = {**solution.bill, line_of: solution.bill[line_of] + 0.05}
    with pytest.raises(CheckFailed, match=line_of):
        check(solution.problem, solution.reported, bill)


# Against another formulation: purchases by source, windows as plain totals


def by_milp(problem):
    """Return the least cost: columns for energy by source, and totals above and below as their own columns."""
    n, h = problem.grid.n, problem.grid.hours
    market, demand = problem.series["grid"]["energy_price_yuan_per_mwh"], problem.series["load"]["demand_mw"]
    contract = problem.park.assets["green"]
    price = market * contract.pricing.of_market + contract.pricing.premium
    (low, high), rows = contract.volumes, Rows()
    bought = rows.columns(n, market * h)
    over_line = rows.columns(n, price * h, high=problem.series["green"]["offer_mw"])
    for t in range(n):
        rows.row([(bought[t], 1), (over_line[t], 1)], demand[t], demand[t])
    counters, constant = problem.state.of("green").taken_by_window_mwh, 0.0
    due = low.least * (14 * 24 + n * h) / MONTH_H
    before = max(0.0, low.least * 14 * 24 / MONTH_H - counters["2026-07"])
    short, over = rows.columns(1, low.shortfall_price), rows.columns(1, high.excess_price)
    constant -= low.shortfall_price * before + high.excess_price * max(0.0, counters["2026Q3"] - high.most)
    energy = [(column, h) for column in over_line]
    rows.row([*energy, (short[0], 1)], low=due - counters["2026-07"])
    rows.row([*energy, (over[0], -1)], high=high.most - counters["2026Q3"])
    return rows.solve() + constant


@FEW
@given(
    energy=st.lists(st.floats(100.0, 600.0), min_size=24, max_size=24),
    july=st.floats(3000.0, 3700.0),
    quarter=st.floats(0.0, 200.0),
    fine=st.floats(0.0, 300.0),
    excess=st.floats(0.0, 300.0),
    share=st.floats(0.5, 1.0),
)
def test_the_cost_is_that_of_another_formulation(energy, july, quarter, fine, excess, share):
    contract = shaped(price=None, delivered_over="direct") | {
        "pricing": {"of_market": share, "premium": "30 yuan/MWh"},
        "volumes": [
            {"window": "month", "least": "7440 MWh", "shortfall_price": f"{fine!r} yuan/MWh"},
            {"window": "quarter", "most": "150 MWh", "excess_price": f"{excess!r} yuan/MWh"},
        ],
    }
    state = ParkState(assets={"green": AssetState(taken_by_window_mwh={"2026-07": july, "2026Q3": quarter})})
    problem = case({k: v for k, v in contract.items() if v is not None}, energy, state=state)
    assert cost_yuan(solved(problem)) == pytest.approx(by_milp(problem), rel=1e-6, abs=0.05)
