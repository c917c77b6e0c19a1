"""Limits that vary, several connections, and what the check finds in reports that were tampered with."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.faults import CheckFailed, Infeasible
from parkopt.models.base import Conditions
from parkopt.models.charge_books import holds
from parkopt.models.prices import marks
from parkopt.models.tech.grid import Grid
from parkopt.park.charges import When
from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, check, solve
from parkopt.testing import HERE, assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
CHINA = fixed_zone("+08:00")
FACTOR = {"value": 0.6, "basis": "assumed", "source": "for this test"}
FEE = {"network_price": "80 yuan/MWh", "basis": "assumed", "load_factor": FACTOR}


def solved(assets, series, **more):
    solution = solve(small_problem(assets, series, **more), EXACT)
    assert_conserves(solution)
    return solution


def one(grid, demand, *, available=None, energy=300.0, export=200.0, **more):
    series = {"grid": prices([energy] * len(demand), export), "load": {"demand_mw": demand}}
    assets = {"grid": grid, "load": load_asset()}
    if available is not None:
        assets["pv"] = {"kind": "pv", "capacity": "99 MWp", "ac_limit": "99 MW"}
        series["pv"] = {"available_mw": available}
    return solved(assets, series, **more)


def test_export_is_banned_in_windows_of_some_months():
    """10 MW spill over all day; 10:30-12:00 takes the hours of 10 and 11 away, 13-14 the limit of 4 MW holds."""
    limits = [
        {"months": [7], "windows": ["10:30-12"], "limit": "0 MW"},
        {"windows": ["13-14"], "limit": "4 MW"},
        {"months": [1], "limit": "0 MW"},
    ]
    solution = one(grid_asset(50, 20, export_limits=limits), [5.0] * 24, available=[15.0] * 24)
    export = solution.reported["grid"]["export_mw"]
    expected = np.full(24, 10.0)
    expected[[10, 11]], expected[13] = 0.0, 4.0
    assert export == pytest.approx(expected)


def test_an_import_limit_by_windows_is_named_where_it_makes_a_day_infeasible():
    limits = [{"windows": ["18-20"], "limit": "8 MW"}]
    with pytest.raises(Infeasible, match=r"raise grid\.import_limit by 2 MW"):
        one(grid_asset(50, import_limits=limits), [10.0] * 24)


def test_limits_from_a_series(tmp_path):
    hours = [f"2026-07-15T{hour:02d}:00+08:00,{8 if hour == 9 else 30}" for hour in range(24)]
    (tmp_path / "limit.csv").write_text("\n".join(["time,mw", *hours]), encoding="utf-8")
    spec = {"file": "limit.csv", "column": "mw", "unit": "MW", "label": "start"}
    grid = Grid.model_validate(grid_asset(50, 20, export_limit_series=spec))
    import xarray as xr

    at = Conditions(TimeGrid.day(date(2026, 7, 15), CHINA), xr.Dataset(), HERE, tmp_path)
    made = grid.series(at)
    assert made["export_limit_mw"][[8, 9, 10]].tolist() == [30.0, 8.0, 30.0]
    assert list(grid.files()) == [("export_limit_series.file", "limit.csv")]
    given = prices([300.0] * 24, 200.0) | {"export_limit_mw": made["export_limit_mw"]}
    assets = {
        "grid": grid_asset(50, 20, export_limit_series=spec),
        "load": load_asset(),
        "pv": {"kind": "pv", "capacity": "99 MWp", "ac_limit": "99 MW"},
    }
    series = {"grid": given, "load": {"demand_mw": [5.0] * 24}, "pv": {"available_mw": [40.0] * 24}}
    export = solved(assets, series).reported["grid"]["export_mw"]
    assert export[[8, 9]].tolist() == pytest.approx([20.0, 8.0])


def test_two_connections_keep_their_own_charges_and_contracts():
    """The cheap one carries 15 MW, the dear one the rest; a contract over the dear one stays within its import."""
    green = {"kind": "contract", "form": "baseload", "seller": "s", "volume": "9 MW", "price": "100 yuan/MWh"}
    tariff = {"fixed": {"meter": {"per_day": "300 yuan/day", "basis": "assumed"}}}
    blocks = {"tiers": [{"above": "50 MWh", "adds": "10 yuan/MWh"}, {"above": "60 MWh", "adds": "20 yuan/MWh"}]}
    assets = {
        "cheap": grid_asset(15, demand_yuan_per_mw=1000.0, tariff=tariff),
        "dear": grid_asset(50, demand_yuan_per_mw=10.0, tariff={**tariff, **blocks}),
        "third": grid_asset(0.0, tariff={"tiers": [{"above": "0 MWh", "adds": "1 yuan/MWh"}]}),
        "load": load_asset(),
        "green": green | {"delivered_at": "dear"},
    }
    n = 4
    series = {
        "cheap": prices([200.0] * n),
        "dear": prices([900.0] * n),
        "third": prices([1.0] * n),
        "load": {"demand_mw": [20.0] * n},
    }
    solution = solved(assets, series)
    imported = {name: solution.reported[name]["import_mw"].sum() for name in ("cheap", "dear", "third")}
    taken = solution.reported["green"]["take_mw"]
    assert np.all(taken <= solution.reported["dear"]["import_mw"] + 1e-6)
    assert imported["cheap"] + imported["dear"] == pytest.approx(80.0)
    assert imported["third"] == pytest.approx(0.0)
    # 9 MW by the contract at 100, 11 MW at 200: the block price of the dear one is never reached
    assert taken.sum() == pytest.approx(36.0)
    peaks = {name: solution.reported[name]["import_mw"].max() for name in ("cheap", "dear")}
    hand = 36 * 100 + 44 * 200 + 1000 * peaks["cheap"] + 10 * peaks["dear"] + 2 * 300 * n / 24
    assert cost_yuan(solution) == pytest.approx(hand)


def test_two_connections_never_pass_power_through():
    """Export at one earns more than import at the other costs: the pass is a real trade, each one-way."""
    assets = {"a": grid_asset(10, 10), "b": grid_asset(10, 10), "load": load_asset()}
    series = {"a": prices([100.0] * 3, 50.0), "b": prices([400.0] * 3, 300.0), "load": {"demand_mw": [5.0] * 3}}
    solution = solved(assets, series)
    assert solution.reported["b"]["export_mw"].tolist() == pytest.approx([5.0] * 3)
    for name in ("a", "b"):
        own = solution.reported[name]
        assert np.minimum(own["import_mw"], own["export_mw"]).max() <= 1e-6


CHOICES = {
    "demand": {"price": "40 yuan/kW/month"},
    "capacity": {"price": "25 yuan/kVA/month"},
    "choice": "demand_or_capacity",
    "single_part": FEE | {"option": "cheaper"},
    "tiers": [{"above": "40 MWh", "adds": "30 yuan/MWh"}],
    "fixed": {"meter": {"per_month": "9000 yuan/month", "basis": "assumed"}},
}
DECIDED = grid_asset(50, tariff=CHOICES, connected={"min": "1 MVA", "max": "60 MVA"})


def decided():
    return one(DECIDED, [10.0, 12.0, 8.0, 20.0])


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("connected_mva", lambda mva: mva * 0.5, "carries"),
        ("connected_mva", lambda mva: mva + 50, "outside 1 to 60"),
        ("connected_mva", lambda mva: mva + np.arange(4), "not what was declared"),
        ("connected_mva", lambda mva: mva + 1.0, "the bill's line"),
        ("by_capacity", lambda flag: 1 - flag, "the bill's line demand_or_capacity"),
        ("by_single_part", lambda flag: 1 - flag, "the bill's line network_fee"),
        ("by_capacity", lambda flag: flag * 0 + 0.4, "neither 0 nor 1"),
        ("by_single_part", lambda flag: flag * 0 + np.asarray([0.0, 1.0, 0.0, 0.0]), "changes within a month"),
        ("import_mw", lambda mw: mw + np.asarray([0.0, 0.0, 0.0, 1.0]), "the bill's line import_blocks"),
    ],
)
def test_a_tampered_report_is_found(key, change, words):
    solution = decided()
    own = {**solution.reported["grid"], key: change(solution.reported["grid"][key])}
    with pytest.raises(CheckFailed, match=words):
        check(solution.problem, {**solution.reported, "grid": own}, solution.bill)


@pytest.mark.parametrize("line", ["demand_or_capacity", "network_fee", "import_blocks", "fixed_fees"])
def test_a_bill_that_is_a_fen_and_more_off_is_found(line):
    solution = decided()
    assert check(solution.problem, solution.reported, solution.bill).passed
    bill = {**solution.bill, line: solution.bill[line] + 0.02}
    with pytest.raises(CheckFailed, match=f"the bill's line {line}"):
        check(solution.problem, solution.reported, bill)


def test_the_audit_holds_a_month_to_its_choice_and_a_park_to_what_it_declared():
    solution = decided()
    chosen = bool(solution.reported["grid"]["by_single_part"][0])
    for state in (AssetState(month="2026-07", single_part=not chosen), AssetState(connected_mva=33.0)):
        changed = replace(solution.problem, state=ParkState(assets={"grid": state}))
        with pytest.raises(CheckFailed, match=r"chose before|declared"):
            check(changed, solution.reported, solution.bill)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"tariff": {**CHOICES, "demand": None}}, "needs"),
        ({"tariff": {**CHOICES, "choice": None}}, "needs"),
        ({"tariff": {"demands": {"demand": {"price": "1 yuan/kW/month"}}}}, "name_taken"),
        ({"tariff": {**CHOICES, "demand": {"price": "1 yuan/kW/month", "months": [7]}}}, "not_with"),
        ({"tariff": {"tiers": [{"above": "9 MWh", "adds": "1 yuan/MWh"}] * 2}}, "rising"),
        ({"tariff": {"fixed": {"x": {"basis": "assumed"}}}}, "one_of"),
        ({"tariff": {"single_part": {"network_price": "80 yuan/MWh", "basis": "assumed"}}}, "missing"),
        ({"connected": {"capacity": "20 MW"}}, "parkopt"),
        ({"connected": {"min": "20 MVA", "max": "10 MVA"}}, "order"),
        ({"connected": {"capacity": "20 MVA", "max": "30 MVA"}}, "one_of"),
        ({"connected": {"min": "1 MVA", "capacity": "30 MVA"}}, "needs"),
        (
            {
                "tariff": {**CHOICES, "demand": {"price": "1 yuan/kW/month", "planned_peak": "9 MW"}},
                "connected": {"max": "9 MVA"},
            },
            "not_with",
        ),
    ],
)
def test_what_a_connection_cannot_be(changes, kind):
    with pytest.raises(ValidationError) as caught:
        Grid.model_validate(grid_asset(50, **changes))
    assert [error["type"] for error in caught.value.errors()] == [kind]


@pytest.mark.parametrize("step_min", [60, 15])
@pytest.mark.parametrize(
    "when",
    [
        {},
        {"months": [10]},
        {"windows": ["19:30-21:30", "23-1"]},
        {"days": ["holiday"]},
        {"days": ["workday", "weekend"], "windows": ["0-24"], "months": [9, 10]},
    ],
)
def test_the_two_counts_of_times_agree(when, step_min):
    """The model marks by minutes of the day, the bill stamp by stamp: over the National Day holiday they agree."""
    grid = TimeGrid.day(date(2026, 9, 29), CHINA, step_min, 12)
    made = When.model_validate(when)
    assert (marks(made, grid) > 0).tolist() == holds(made, grid)
