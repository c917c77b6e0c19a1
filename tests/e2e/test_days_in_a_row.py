"""Five days in a row by hand-over: what is paid and counted is what the five days together owe."""

import itertools
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from parkopt.park.state import ParkState
from parkopt.results.summary import bill
from parkopt.workflow import DAY_AHEAD, Context, DayRequest, run

CTX = Context("t", "t", "t")
FIRST = date(2026, 7, 28)
DAYS = 5
"""28 July to 1 August: the month changes within."""


@cache
def days(park):
    state, done = ParkState(), []
    for number in range(DAYS):
        result = run(DAY_AHEAD, DayRequest(park, FIRST + timedelta(days=number), state=state), CTX)
        state = result.account.state
        done.append(result)
    return done


def values(park, name, asset=None):
    rows = [r.schedule[name].sel(asset=asset) if asset else r.schedule[name] for r in days(park)]
    return [row.to_numpy() for row in rows]


@pytest.mark.parametrize("park", ["sheyang", "ydz"])
def test_the_demand_charge_of_a_month_is_its_highest_rise(park):
    """Over July the rises sum to (highest import - planned peak); August starts anew."""
    grid = days(park)[0].loaded.park.assets["grid"]
    charge = grid.tariff.demand
    peaks = [float(np.max(mw)) for mw in values(park, "import_mw")]
    paid = [bill(r.schedule)["demand_charge"] for r in days(park)]
    july = charge.price * max(0.0, max(peaks[:4]) - charge.planned_peak)
    assert sum(paid[:4]) == pytest.approx(july, abs=0.05)
    assert paid[4] == pytest.approx(charge.price * max(0.0, peaks[4] - charge.planned_peak), abs=0.05)
    assert days(park)[4].account.state.of("grid").month == "2026-08"


@pytest.mark.parametrize(("park", "name"), [("sheyang", "annual_green"), ("ydz", "offshore_green")])
def test_take_or_pay_telescopes(park, name):
    """What five days paid for nothing is the shortfall of the five days together."""
    deal = days(park)[0].loaded.park.assets[name]
    offered = sum(float(mw.sum()) for mw in values(park, "offer_mw", name))
    taken = sum(float(mw.sum()) for mw in values(park, "take_mw", name))
    paid = sum(bill(r.schedule)["take_or_pay"] for r in days(park))
    assert paid == pytest.approx(deal.price * max(0.0, deal.take_or_pay * offered - taken), abs=0.05)
    last = days(park)[-1].account.state.of(name)
    assert last.offered_mwh == pytest.approx(offered)
    assert last.taken_mwh == pytest.approx(taken)


@pytest.mark.parametrize("park", ["sheyang", "ydz"])
def test_levels_origins_and_carbon_hand_over_without_a_gap(park):
    results = days(park)
    for before, after in itertools.pairwise(results):
        handed, held = before.account.state.of("ess"), after.account.trace
        assert sum(handed.origin_wh.values()) == sum(before.account.trace.reservoirs["ess"].wh.values())
        assert held.opening_ug == sum(int(ug) for ug in handed.origin_ug.values())
        assert held.open_carbon_ug() == 0
        store = before.loaded.park.assets["ess"]
        level = handed.soc_mwh * (1 - store.self_discharge)
        charge, discharge = (
            after.schedule[key].sel(asset="ess").to_numpy()[0] for key in ("charge_mw", "discharge_mw")
        )
        level += charge * store.charge_efficiency - discharge / store.discharge_efficiency
        assert after.schedule["soc_mwh"].sel(asset="ess").to_numpy()[0] == pytest.approx(level, abs=1e-4)


def test_the_years_energies_add_up():
    results = days("sheyang")
    year = results[-1].account.state.year
    assert year.year == 2026
    assert year.export_mwh == pytest.approx(sum(float(mw.sum()) for mw in values("sheyang", "export_mw")))
    assert year.demand_mwh == pytest.approx(
        sum(float(r.schedule["park_consumption_wh"].sum()) / 1e6 for r in results), rel=1e-9
    )


def test_a_new_year_begins_with_nothing():
    state = ParkState(
        year={"year": 2025, "available_mwh": 1e5, "self_use_mwh": 1e4, "demand_mwh": 1e5, "export_mwh": 9e4}
    )
    result = run(DAY_AHEAD, DayRequest("sheyang", date(2026, 1, 1), state=state), CTX)
    assert result.account.state.year.available_mwh < 1e4
