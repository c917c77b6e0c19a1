"""The bill by line, asset and step: by hand where it falls, and that it always adds up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.solve import solve
from parkopt.solve.bill import Falls, bill_table, in_fen
from parkopt.solve.check import independent_bill
from tests.solve.days import EXACT, day, days


def row(solution, line):
    return next(own for own in bill_table(solution).rows if own.line == line)


def test_a_demand_charge_falls_on_the_hours_that_set_the_peak():
    """9 MW in two of four hours at 100 yuan/MW: 450 yuan on each of them, nothing on the others."""
    found = row(solve(day([0.0] * 4, [5, 9, 9, 3], grid={"demand_yuan_per_mw": 100.0}), EXACT), "demand_charge")
    assert found.falls is Falls.PEAK
    assert found.by_step == pytest.approx([0, 450, 450, 0])
    assert found.whole_yuan == 0


def test_a_demand_that_no_hour_reached_falls_on_the_horizon():
    """40 % of 20 MW agreed are billed although no more than 5 MW flow: 800 yuan, on no hour."""
    demand = {"price": "100 yuan/MW/month", "contracted": "20 MW", "contracted_share": 0.4}
    solution = solve(day([0.0] * 2, [5, 3], grid={"tariff": {"demand": demand}}), EXACT)
    rows = [own for own in bill_table(solution).rows if own.line == "demand_charge"]
    assert sum(own.whole_yuan for own in rows) == pytest.approx(800)
    assert sum(own.by_step.sum() for own in rows) == 0


def test_blocks_fill_as_time_goes():
    """8 MWh an hour; above 10 MWh a month each costs 50 more: 6 of the second hour, 8 of the third."""
    tiers = [{"above": "0 MWh", "adds": "0 yuan/MWh"}, {"above": "10 MWh", "adds": "50 yuan/MWh"}]
    found = row(solve(day([0.0] * 3, [8, 8, 8], grid={"tariff": {"tiers": tiers}}), EXACT), "import_blocks")
    assert found.falls is Falls.IN_ORDER
    assert found.by_step == pytest.approx([0, 300, 400])


def test_fees_on_consumption_follow_what_is_consumed():
    adders = {"funds": {"price": "30 yuan/MWh", "on": "consumption", "basis": "synthetic"}}
    found = row(solve(day([0.0] * 2, [4, 6], grid={"tariff": {"adders": adders}}), EXACT), "consumption_fees")
    assert found.falls is Falls.CONSUMPTION
    assert found.by_step == pytest.approx([120, 180])


def test_what_falls_on_no_step_stays_apart():
    solution = solve(day([100.0, 300.0], store={"final_value": "200 yuan/MWh", "final": "free"}), EXACT)
    found = row(solution, "stored_value")
    assert (found.falls, found.asset) == (Falls.HORIZON, "ess")
    assert found.whole_yuan == pytest.approx(float(solution.bill["stored_value"].sum()))
    assert row(solution, "market_energy").by_step == pytest.approx(solution.bill["market_energy"])


@settings(max_examples=25, deadline=None)
@given(st.booleans().flatmap(lambda whole: days(whole=whole)))
def test_it_adds_up_to_the_bill_and_to_the_independent_bill(problem):
    solution = solve(problem, EXACT)
    table, due = bill_table(solution), independent_bill(solution.problem, solution.reported)
    assert set(table.by_line) == set(solution.bill)
    for line, yuan in table.by_line.items():
        assert yuan == pytest.approx(math.fsum(solution.bill[line]), abs=0.005)
        assert yuan == pytest.approx(due.get(line, 0.0), abs=0.01)
    assert table.yuan == pytest.approx(float(np.sum(table.by_step)) + table.whole_yuan)
    assert sum(table.by_asset.values()) == pytest.approx(table.yuan)


@settings(max_examples=25, deadline=None)
@given(days())
def test_plain_data_add_up_to_the_fen(problem):
    plain = bill_table(solve(problem, EXACT)).as_dict()
    for own in plain["rows"]:
        assert round(100 * (sum(own["by_step"]) + own["whole_yuan"])) == round(100 * own["yuan"])
    for line, yuan in plain["lines"].items():
        assert round(100 * sum(own["yuan"] for own in plain["rows"] if own["line"] == line)) == round(100 * yuan)
    assert set(plain["rules"]) == {own["falls"] for own in plain["rows"]}


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_rounding_to_the_fen_keeps_the_sum_and_moves_none_by_a_fen(yuan):
    fen = in_fen(yuan)
    assert sum(fen) == round(math.fsum(100 * one for one in yuan))
    assert all(abs(a - 100 * b) < 1 + 1e-6 for a, b in zip(fen, yuan, strict=True))
