"""A connection's bill whatever the numbers: by hand-over, and against formulations of our own."""

import calendar
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt.models.tech.grid import Grid
from parkopt.park.state import AssetState
from parkopt.testing import cost_yuan, grid_asset
from tests.models.test_charges import CHOICE, FIXED, PERFECT, after, demand_charge, line, single_part, solved, tier
from tests.solve.independent import Rows

WHOLE = {
    "fixed": FIXED,
    "tiers": [tier(1000, -20), tier(1100, 35)],
    "export": {"price": "200 yuan/MWh", "tiers": [tier(500, 30), tier(560, -60)]},
    "demands": {
        "peak": demand_charge(700, windows=["14-22"], contracted="20 MW", contracted_share=0.5),
        "days": demand_charge(300, days=["workday"], ratchet={"share": 0.9, "months": 2}),
    },
    "single_part": single_part(),
}
VARIANTS = {
    "choice": {**WHOLE, **CHOICE},
    "demand": {**WHOLE, "demand": demand_charge(900, ratchet={"share": 0.7, "months": 1}, planned_peak="4 MW")},
    "capacity": {**WHOLE, "capacity": {"price": "25 yuan/kVA/month"}},
    "consumption": {**WHOLE, "single_part": single_part("two_part")},
}
HOURS = st.lists(st.integers(0, 400).map(lambda v: v / 10), min_size=8, max_size=8)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("variant", VARIANTS)
@FEW
@given(st.data())
def test_two_days_in_a_row_owe_what_two_days_together_owe(variant, data):
    """Over a month's end or within a month, from any state: what each day adds sums to the bill of both."""
    first = data.draw(st.sampled_from([date(2026, 7, 30), date(2026, 7, 31), date(2026, 9, 30)]))
    demand = np.repeat(data.draw(HOURS), 6)
    available = np.repeat(data.draw(HOURS), 6)
    state = AssetState(
        month=f"{first:%Y-%m}",
        peak_mw=data.draw(st.integers(0, 30)),
        peaks_mw={"peak": 7.0, "days": 9.0},
        past_peaks_mw={"days": {"2026-06": 33.0, "2026-08": 12.0}, "demand": {"2026-06": 44.0}},
        imported_mwh=data.draw(st.sampled_from([0.0, 700.0, 1050.0])),
        exported_mwh=data.draw(st.sampled_from([0.0, 450.0])),
    )
    if data.draw(st.booleans()):
        state = AssetState()
    more = {"tariff": VARIANTS[variant], "export_mw": 40.0, "connected": {"capacity": "45 MVA"}}
    series = {"energy": 300.0, "export": 200.0}
    whole = solved(demand, available=available, state=state, day=first, **more, **series)
    one = solved(demand[:24], available=available[:24], state=state, day=first, **more, **series)
    two = solved(
        demand[24:], available=available[24:], state=after(one), day=first + timedelta(days=1), **more, **series
    )
    same_state(after(two), after(whole))
    for name in whole.bill:
        assert line(one, name) + line(two, name) == pytest.approx(line(whole, name), abs=0.02), name


def same_state(one, other):
    for name in ("month", "peak_mw", "peaks_mw", "imported_mwh", "exported_mwh", "charged_yuan", "connected_mva"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-3), name
    assert one.past_peaks_mw.keys() == other.past_peaks_mw.keys()
    for name, peaks in one.past_peaks_mw.items():
        assert peaks == pytest.approx(other.past_peaks_mw[name])


@FEW
@given(
    st.lists(st.integers(0, 30), min_size=6, max_size=6),
    st.lists(st.integers(50, 800), min_size=6, max_size=6),
    st.sampled_from([(20, 60), (60, 20), (-30, 40), (40, -30)]),
    st.sampled_from([0.0, 950.0, 1010.0]),
)
def test_a_store_is_planned_as_an_own_formulation_plans_it(demand, energy, adds, imported):
    """Blocks by one-hot ranges, two demand charges by epigraph, against scipy.optimize.milp."""
    tiers = [tier(1000, adds[0]), tier(1030, adds[1])]
    tariff = {"tiers": tiers, "demand": demand_charge(90), "demands": {"early": demand_charge(60, windows=["0-3"])}}
    state = AssetState(month="2026-07", imported_mwh=imported, peak_mw=11.0, peaks_mw={"early": 8.0})
    solution = solved(demand, tariff=tariff, energy=np.asarray(energy), state=state, ess=PERFECT, import_mw=40.0)
    assert cost_yuan(solution) == pytest.approx(independent(demand, energy, adds, imported), rel=1e-6, abs=1e-3)


def independent(demand, energy, adds, imported):
    n, rows, constant = len(demand), Rows(), -90 * 11.0 - 60 * 8.0
    buy = rows.columns(n, energy, high=40.0)
    charge, give = rows.columns(n, high=6.0), rows.columns(n, high=6.0)
    way = rows.columns(n, whole=True, high=1.0)
    peak, early = rows.columns(1, 90.0, low=11.0)[0], rows.columns(1, 60.0, low=8.0)[0]
    for t in range(n):
        rows.row([(buy[t], 1), (give[t], 1), (charge[t], -1)], demand[t], demand[t])
        rows.row([(charge[t], 1), (way[t], -6.0)], high=0)
        rows.row([(give[t], 1), (way[t], 6.0)], high=6.0)
        level = [pair for s in range(t + 1) for pair in ((charge[s], 0.95), (give[s], -1 / 0.9))]
        rows.row(level, 0.0, 10.0)
        rows.row([(peak, 1), (buy[t], -1)], low=0)
        if t < 3:
            rows.row([(early, 1), (buy[t], -1)], low=0)
    edges, slopes = [0.0, 1000.0, 1030.0, 1e4], [0.0, *adds]
    base = [0.0]
    for k in range(3):
        base.append(base[k] + slopes[k] * (edges[k + 1] - edges[k]))
    paid = float(np.interp(imported, edges, base))
    total = rows.columns(3, slopes)
    inside = rows.columns(3, [base[k] - slopes[k] * edges[k] for k in range(3)], whole=True, high=1.0)
    rows.row([(c, 1) for c in inside], 1, 1)
    for k in range(3):
        rows.row([(total[k], 1), (inside[k], -edges[k])], low=0)
        rows.row([(total[k], 1), (inside[k], -edges[k + 1])], high=0)
    rows.row([*((c, 1) for c in total), *((c, -1) for c in buy)], imported, imported)
    return rows.solve() + constant - paid


@FEW
@given(st.lists(st.integers(2, 30), min_size=6, max_size=6), st.floats(0.05, 0.9), st.integers(1, 6))
def test_both_choices_are_the_best_of_all_four(demand, load_factor, scale):
    """Demand or capacity, single or two parts, and the capacity to declare, against every fixed answer."""
    energy = np.asarray([100.0, 120.0, 500.0, 480.0, 90.0, 300.0])
    connected = {"min": "1 MVA", "max": "60 MVA", "power_factor": 0.9}
    fee = single_part("cheaper", round(load_factor, 4))
    price = {"demand": demand_charge(50 * scale), "capacity": {"price": "90 yuan/MVA/month"}}
    free = solved(
        demand,
        tariff={**price, "choice": "demand_or_capacity", "single_part": fee},
        energy=energy,
        connected=connected,
        ess=PERFECT,
    )
    best = min(
        enumerated(demand, energy, 50 * scale, round(load_factor, 4), by_capacity=c, single=s)
        for c in (0, 1)
        for s in (0, 1)
    )
    assert cost_yuan(free) == pytest.approx(best, rel=1e-6, abs=1e-3)


def enumerated(demand, energy, price, load_factor, *, by_capacity, single):
    n, rows = len(demand), Rows()
    share = n / (24 * calendar.monthrange(2026, 7)[1])
    buy = rows.columns(n, energy, high=100.0)
    charge, give = rows.columns(n, high=6.0), rows.columns(n, high=6.0)
    way = rows.columns(n, whole=True, high=1.0)
    per_mva = (90.0 if by_capacity else 0.0) + (80 * load_factor * 730 * share if single else 0.0)
    capacity = rows.columns(1, per_mva, low=1.0, high=60.0)[0]
    peak = rows.columns(1, 0.0 if by_capacity else price)[0]
    for t in range(n):
        rows.row([(buy[t], 1), (give[t], 1), (charge[t], -1)], demand[t], demand[t])
        rows.row([(charge[t], 1), (way[t], -6.0)], high=0)
        rows.row([(give[t], 1), (way[t], 6.0)], high=6.0)
        rows.row([pair for s in range(t + 1) for pair in ((charge[s], 0.95), (give[s], -1 / 0.9))], 0.0, 10.0)
        rows.row([(peak, 1), (buy[t], -1)], low=0)
        rows.row([(capacity, 0.9), (buy[t], -1)], low=0)
    return rows.solve() + (0.0 if single else 80.0 * sum(demand))


def test_a_grid_is_read_again_from_its_dump():
    body = grid_asset(50, 20, tariff=VARIANTS["choice"], connected={"capacity": "45 MVA"})
    grid = Grid.model_validate(body)
    assert Grid.model_validate(grid.model_dump(mode="json", exclude_defaults=True)) == grid
