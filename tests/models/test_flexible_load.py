"""A flexible load: by hand, against other formulations, under any numbers, and tampered with."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.errors import ParkoptError
from parkopt.faults import CheckFailed, GridMismatch, Infeasible, WrongValue
from parkopt.models.tech.flexible_load import FlexibleLoad
from parkopt.park.state import ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.solve.check import independent_bill
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows, least_cost

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def flexible(form, *windows, **fields):
    defaults = {
        "energy": {"energy": "20 MWh", "max_power": "8 MW"},
        "block": {"power": "6 MW", "duration_h": 2},
        "curtailable": {"power": "10 MW", "curtail_share": 0.4, "curtail_price": "500 yuan/MWh"},
    }[form]
    body = {"kind": "flexible_load", "enterprise": "mill", "form": form, "windows": list(windows)}
    return body | defaults | fields


def hourly(default, days=1, **by_hour):
    """Prices by hour: ``h3=100`` is 3-4, ``h27`` is 3-4 of the second day."""
    made = np.full(24 * days, float(default))
    for hour, price in by_hour.items():
        made[int(hour[1:])] = price
    return made


def alone(flex, energy, **more):
    """Return the solution of a flexible load on a grid with nothing else."""
    solution = solve(small_problem({"grid": grid_asset(50), "flex": flex}, {"grid": prices(energy)}, **more), EXACT)
    assert_conserves(solution)
    return solution


def power_of(solution):
    return solution.reported["flex"]["power_mw"]


# By hand


def test_energy_goes_to_the_cheapest_hours_within_limits_and_windows():
    """20 MWh at most 8 MW in 8-14: 8 + 8 at 100 and 200, the last 4 at 300; the 10 of hour 3 is outside."""
    solution = alone(flexible("energy", "8-14"), hourly(900, h3=10, h9=100, h12=200, h13=300))
    assert np.flatnonzero(power_of(solution)).tolist() == [9, 12, 13]
    assert power_of(solution)[[9, 12, 13]] == pytest.approx([8, 8, 4])
    assert cost_yuan(solution) == pytest.approx(8 * 100 + 8 * 200 + 4 * 300, rel=1e-9)


def test_least_power_is_kept_while_in_the_windows():
    """2 MW in each of six hours leave 8 of 20 MWh: 6 go to the cheapest hour, 2 to the next."""
    solution = alone(flexible("energy", "8-14", min_power="2 MW"), hourly(900, h9=100, h12=200))
    assert power_of(solution)[8:14] == pytest.approx([2, 8, 2, 2, 4, 2])
    assert cost_yuan(solution) == pytest.approx(8 * 100 + 4 * 200 + 8 * 900, rel=1e-9)


def test_half_an_hour_of_a_window_takes_half_the_power():
    """19:30-21:30 holds half of hour 19: 4 of at most 8 MW on average."""
    solution = alone(flexible("energy", "19:30-21:30", energy="10 MWh"), hourly(900, h19=100, h21=200))
    assert power_of(solution)[[19, 20, 21]] == pytest.approx([4, 2, 4])


def test_two_days_have_their_own_energy():
    """The second day is cheaper throughout, and still takes its own 20 MWh only; 22-2 is 0-2 and 22-24 of each."""
    energy = np.concatenate([hourly(500, h0=400, h1=300, h23=200), hourly(50, h0=30, h22=20, h23=10)])
    solution = alone(flexible("energy", "22-2"), energy)
    first, second = power_of(solution).reshape(2, 24)
    assert first[[0, 1, 22, 23]] == pytest.approx([4, 8, 0, 8])
    assert second[[0, 1, 22, 23]] == pytest.approx([4, 0, 8, 8])


def test_block_sits_at_the_cheapest_start():
    """Two hours in a row in 6-18: 9-11 costs 300, the single cheapest hour 14 beside 900 does not help."""
    solution = alone(flexible("block", "6-18"), hourly(900, h9=150, h10=150, h14=50, h2=1, h3=1))
    assert np.flatnonzero(power_of(solution)).tolist() == [9, 10]
    assert cost_yuan(solution) == pytest.approx(6 * 300, rel=1e-9)


def test_block_in_quarter_hours():
    """Eight quarters from 9:15 on, where the price is low from 9:15 to 11:15."""
    energy = np.full(96, 400.0)
    energy[37:45] = 100.0
    solution = alone(flexible("block", "6-18"), energy, step_min=15)
    assert np.flatnonzero(power_of(solution)).tolist() == list(range(37, 45))
    assert cost_yuan(solution) == pytest.approx(6 * 2 * 100, rel=1e-9)


def test_block_stays_in_one_of_two_touching_windows():
    """11-13 would be cheapest and lies in neither 8-12 nor 12-16."""
    solution = alone(flexible("block", "8-12", "12-16"), hourly(900, h11=100, h12=100, h13=300))
    assert np.flatnonzero(power_of(solution)).tolist() == [12, 13]


def test_block_goes_on_past_midnight_only_where_the_horizon_does():
    """23-1 is cheapest on both days: the first run takes it, the second is cut by the horizon's end."""
    energy = np.concatenate([hourly(500, h23=10), hourly(500, h0=10, h22=300, h23=10)])
    solution = alone(flexible("block", "22-2"), energy)
    assert np.flatnonzero(power_of(solution)).tolist() == [23, 24, 46, 47]
    # alone, the second day may also run in 0-2, the part of the night before that lies in it
    assert np.flatnonzero(power_of(alone(flexible("block", "22-2"), energy[24:]))).tolist() == [22, 23]
    early = hourly(500, h0=10, h1=10)
    assert np.flatnonzero(power_of(alone(flexible("block", "22-2"), early))).tolist() == [0, 1]


def test_runs_of_two_days_never_overlap():
    """Both would like 23-1 and 0-2 of the second day: one of them gives way."""
    energy = np.concatenate([hourly(500, h22=200, h23=10), hourly(500, h0=10, h1=150)])
    solution = alone(flexible("block", "22-2"), energy)
    assert power_of(solution).max() == pytest.approx(6.0)
    assert np.flatnonzero(power_of(solution)).tolist() == [22, 23, 24, 25]


def test_shedding_only_above_its_price():
    """4 of 10 MW may be shed at 500: done at 600 and 700, not at 499, never outside 8-12."""
    solution = alone(flexible("curtailable", "8-12"), hourly(300, h7=900, h8=600, h9=499, h10=700))
    shed = solution.reported["flex"]["shed_mw"]
    assert shed[[7, 8, 9, 10, 11]] == pytest.approx([0, 4, 0, 4, 0])
    assert power_of(solution)[[7, 8, 9, 10, 11]] == pytest.approx([0, 6, 10, 6, 10])
    assert float(np.sum(solution.bill["shedding"])) == pytest.approx(8 * 500)
    assert cost_yuan(solution) == pytest.approx(6 * 600 + 10 * 499 + 6 * 700 + 10 * 300 + 8 * 500, rel=1e-9)


def test_shedding_within_the_energy_of_each_day():
    """5 MWh a day: 4 at the dearest hour and 1 at the next, on each of two days."""
    day = hourly(300, h8=600, h9=800, h10=700)
    solution = alone(flexible("curtailable", "8-12", curtail_energy="5 MWh"), np.concatenate([day, day + 50]))
    shed = solution.reported["flex"]["shed_mw"].reshape(2, 24)
    assert shed[:, 8:12] == pytest.approx(np.array([[0, 4, 1, 0]] * 2))


def test_shedding_in_quarter_hours():
    """8-9 at 600: 4 MW may be shed in four quarters, 3 MWh of them a day, at 500 a MWh."""
    energy = np.repeat(hourly(300, h8=600), 4)
    solution = alone(flexible("curtailable", "8-12", curtail_energy="3 MWh"), energy, step_min=15)
    assert solution.reported["flex"]["shed_mw"].sum() * 0.25 == pytest.approx(3.0)
    assert float(np.sum(solution.bill["shedding"])) == pytest.approx(3 * 500)
    assert cost_yuan(solution) == pytest.approx(7 * 600 + 3 * 10 * 300 + 3 * 500, rel=1e-9)


def test_energy_in_half_hours():
    """9 MWh at most 8 MW: three half hours take 4 + 4 + 1 MWh, from the cheapest on."""
    energy = np.full(48, 900.0)
    energy[[17, 19, 20]] = 100.0, 150.0, 200.0
    solution = alone(flexible("energy", "8-12", energy="9 MWh"), energy, step_min=30)
    assert power_of(solution)[[17, 19, 20]] == pytest.approx([8, 8, 2])
    assert cost_yuan(solution) == pytest.approx(4 * 100 + 4 * 150 + 1 * 200, rel=1e-9)


def test_shedding_cuts_a_demand_charge():
    """An hour of 10 MW more than 20: shed 4 at 500 rather than pay 1000 a MW."""
    flex = flexible("curtailable", "10-11")
    problem = small_problem(
        {"grid": grid_asset(50, demand_yuan_per_mw=1000.0), "load": load_asset(), "flex": flex},
        {"grid": prices([100.0] * 24), "load": {"demand_mw": [20.0] * 24}},
    )
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert cost_yuan(solution) == pytest.approx(100 * (480 + 6) + 1000 * 26 + 4 * 500, rel=1e-9)


# What is refused


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (flexible("energy", "8-14", power="5 MW"), "energy needs energy, max_power and not power"),
        (flexible("energy", "8-14", max_power=None), "energy needs energy, max_power and not"),
        (flexible("block", "8-14", duration_h=None), "block needs power, duration_h and not energy"),
        (flexible("block", "8-14", min_power="1 MW"), "block needs power, duration_h and not .*min_power"),
        (flexible("curtailable", "8-14", curtail_share=None), "needs power, curtail_share, curtail_price and not"),
        (flexible("curtailable", "8-14", duration_h=1), "curtailable needs power, curtail_share, curtail_price"),
        (flexible("energy", "8-14", min_power="9 MW"), "min_power must not exceed max_power"),
        (flexible("energy"), "at least 1 item"),
        (flexible("block", "8-14", duration_h=25), "less than or equal to 24"),
        (flexible("energy", "25-26"), "a window of the day"),
    ],
)
def test_the_fields_of_another_form_are_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        FlexibleLoad.model_validate(body)


def test_a_free_shedding_must_be_written():
    body = flexible("curtailable", "8-14")
    del body["curtail_price"]
    with pytest.raises(ValidationError, match="curtail_price"):
        FlexibleLoad.model_validate(body)
    assert FlexibleLoad.model_validate(body | {"curtail_price": "0 yuan/MWh"}).curtail_price == 0.0


@pytest.mark.parametrize("form", ["energy", "block", "curtailable"])
def test_a_park_file_written_from_it_reads_the_same(form):
    asset = FlexibleLoad.model_validate(flexible(form, "8-14", "22-2"))
    assert FlexibleLoad.model_validate(asset.model_dump(mode="json")) == asset


def test_a_part_of_a_day_is_refused():
    with pytest.raises(GridMismatch, match="whole local days"):
        alone(flexible("energy", "8-14"), [100.0] * 30)


@pytest.mark.parametrize(
    ("flex", "words"),
    [
        (flexible("block", "8-14", duration_h=1.5), "whole number of steps of 60 min"),
        (flexible("block", "8-10", duration_h=3), "no run of 3 h fits on some day"),
        (flexible("block", "22-2", duration_h=3), "no run of 3 h fits on some day"),
        (flexible("block", "8:30-10:15"), "no run of 2 h fits"),
    ],
)
def test_a_run_that_cannot_be_is_refused(flex, words):
    with pytest.raises(WrongValue, match=words) as caught:
        alone(flex, [100.0] * 24)
    assert "flex." in caught.value.where.field
    assert isinstance(caught.value, ParkoptError)


@pytest.mark.parametrize(
    ("flex", "import_mw", "words"),
    [
        (flexible("energy", "8-10", energy="10 MWh"), 4, "lower flex.energy by 2 MWh (from 10 to 8)"),
        (flexible("energy", "8-10", energy="20 MWh"), 50, "lower flex.energy by 4 MWh (from 20 to 16)"),
        (
            flexible("energy", "8-10", energy="2 MWh", min_power="2 MW"),
            50,
            "lower flex.min_power by 1 MW (from 2 to 1 MW)",
        ),
        (flexible("block", "8-14"), 4, "the daily run of flex"),
        (flexible("curtailable", "8-10", curtail_share=0.7, curtail_energy="8 MWh"), 5, "raise flex.curtail_energy"),
        (flexible("curtailable", "8-10"), 5, "lower flex.power by 1.67 MW (from 10 to 8.33 MW)"),
    ],
)
def test_an_infeasible_day_names_it(flex, import_mw, words):
    problem = small_problem({"grid": grid_asset(import_mw), "flex": flex}, {"grid": prices([100.0] * 24)})
    with pytest.raises(Infeasible) as caught:
        solve(problem, EXACT)
    assert words in caught.value.text()
    assert "flex" in caught.value.text("zh")


# Against other formulations, with a storage and a demand charge on the same bus

FORMS = ("energy", "block", "curtailable")
CASES = [(form, seed) for form in FORMS for seed in range(10)]


def mixed(form, seed):
    """Return a random problem of one or two days: grid with a demand charge, load, storage and a flexible load."""
    rng = np.random.default_rng([seed, FORMS.index(form)])
    days = 2 if seed % 3 == 0 else 1
    windows = [("8-14",), ("22-3",), ("6-9", "15:30-19"), ("0-24",), ("9-12", "11-16")][seed % 5]
    if form == "block" and days == 2:
        windows = ("22-3",) if seed % 2 else ("9-13",)
    fields = {
        "energy": {
            "energy": f"{rng.uniform(12, 20):.3f} MWh",
            "max_power": f"{rng.uniform(7, 12):.3f} MW",
            "min_power": f"{rng.uniform(0, 0.4):.3f} MW",
        },
        "block": {"power": f"{rng.uniform(3, 9):.3f} MW", "duration_h": int(rng.integers(1, 4)) if days == 1 else 2},
        "curtailable": {
            "power": f"{rng.uniform(5, 15):.3f} MW",
            "curtail_share": round(rng.uniform(0.1, 0.9), 3),
            "curtail_price": f"{rng.uniform(100, 700):.2f} yuan/MWh",
        }
        | ({"curtail_energy": f"{rng.uniform(1, 12):.3f} MWh"} if seed % 2 else {}),
    }[form]
    ess = {"kind": "storage", "charge": "4 MW", "discharge": "5 MW", "energy": "10 MWh", "wear": "30 yuan/MWh"}
    assets = {
        "grid": grid_asset(80, adders_yuan_per_mwh=50.0, demand_yuan_per_mw=900.0, planned_peak_mw=10.0),
        "load": load_asset(),
        "ess": ess | {"self_discharge": "0.002/h"},
        "flex": flexible(form, *windows, **fields),
    }
    demand = rng.uniform(5, 20, 24 * days)
    return small_problem(assets, {"grid": prices(rng.uniform(150, 900, 24 * days)), "load": {"demand_mw": demand}})


def marked(flex, n):
    """Return the share of each hour inside the windows, minute by minute."""
    inside = np.zeros(1440)
    for window in flex.windows:
        low, high = (60 * int(h) + int(m or 0) for h, _, m in (part.partition(":") for part in window.split("-")))
        for minute in range(low, high if high > low else high + 1440):
            inside[minute % 1440] = 1.0
    return np.tile(inside.reshape(24, 60).mean(axis=1), n // 24)


def by_columns(problem):
    """The least cost of an energy or curtailable load: levels eliminated, shedding as power not served."""
    n, flex, store = problem.grid.n, problem.park.assets["flex"], problem.park.assets["ess"]
    tariff, rows = problem.park.assets["grid"].tariff, Rows()
    fees = sum(adder.price for adder in tariff.adders.values())
    buy = rows.columns(n, problem.series["grid"]["energy_price_yuan_per_mwh"] + fees, high=80.0)
    above = rows.columns(1, tariff.demand.price)[0]
    charge, give = rows.columns(n, high=store.charge), rows.columns(n, store.wear, high=store.discharge)
    share, keep = marked(flex, n), 1 - store.self_discharge
    base = (flex.power or 0.0) * share
    if flex.form == "energy":
        moved = rows.columns(n, low=flex.min_power * share, high=flex.max_power * share)
        limits = (flex.energy, flex.energy)
    else:
        moved = rows.columns(n, -flex.curtail_price, low=(1 - flex.curtail_share) * base, high=base)
        daily = float(base[:24].sum())
        limits = (0.0 if flex.curtail_energy is None else daily - flex.curtail_energy, np.inf)
    for day in range(n // 24):
        rows.row([(moved[t], 1) for t in range(24 * day, 24 * day + 24)], *limits)
    for t in range(n):
        need = problem.series["load"]["demand_mw"][t]
        rows.row([(buy[t], 1), (give[t], 1), (charge[t], -1), (moved[t], -1)], need, need)
        rows.row([(above, 1), (buy[t], -1)], low=-tariff.demand.planned_peak)
        level, opening = [], store.soc_initial * store.energy * keep ** (t + 1)
        for s in range(t + 1):
            level += [(charge[s], store.charge_efficiency * keep ** (t - s))]
            level += [(give[s], -(keep ** (t - s)) / store.discharge_efficiency)]
        low = store.soc_final if t == n - 1 else store.soc_min
        rows.row(level, low * store.energy - opening, store.soc_max * store.energy - opening)
    return rows.solve() + (flex.curtail_price * float(base.sum()) if flex.form == "curtailable" else 0.0)


def runs_of(flex, day, n):
    """Return the hours of each run that a day may start, counted hour by hour along each window's nights."""
    k, found = round(flex.duration_h), set()
    for window in flex.windows:
        low, high = (60 * int(h) + int(m or 0) for h, _, m in (part.partition(":") for part in window.split("-")))
        high += 1440 if high <= low else 0
        for opens in range(-1, n // 24 + 1):
            hours = range(-((-low - 1440 * opens) // 60), (high + 1440 * opens) // 60)
            found |= {tuple(range(s, s + k)) for s in hours if s + k - 1 in hours and s >= 0 and s + k <= n}
    return sorted(run for run in found if run[0] // 24 == day)


def by_starts(problem):
    """The least cost over all starts of a block, each as a fixed load for the formulation of `tests.solve`."""
    n, flex = problem.grid.n, problem.park.assets["flex"]
    found = []
    for runs in itertools.product(*(runs_of(flex, day, n) for day in range(n // 24))):
        hours = [hour for run in runs for hour in run]
        if len(set(hours)) < len(hours):
            continue
        fixed = problem.series["load"]["demand_mw"].copy()
        fixed[hours] += flex.power
        found.append(least_cost(small_problem_like(problem, fixed)))
    return min(found)


def small_problem_like(problem, demand_mw):
    from dataclasses import replace

    assets = {name: asset for name, asset in problem.park.assets.items() if name != "flex"}
    series = {name: own for name, own in problem.series.items() if name != "flex"} | {"load": {"demand_mw": demand_mw}}
    return replace(problem, park=problem.park.model_copy(update={"assets": assets}), series=series)


@pytest.mark.parametrize(("form", "seed"), CASES)
def test_the_same_optimum_as_another_formulation(form, seed):
    problem = mixed(form, seed)
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    other = by_starts(problem) if form == "block" else by_columns(problem)
    assert solution.objective == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_alone_the_energy_is_a_matter_of_sorting(seed):
    rng = np.random.default_rng(seed)
    energy, need, most = rng.uniform(50, 900, 24), rng.uniform(5, 40), rng.uniform(8, 15)
    flex = flexible("energy", "6-9", "20-23:30", energy=f"{need!r} MWh", max_power=f"{most!r} MW")
    left, cost, share = need, 0.0, marked(FlexibleLoad.model_validate(flex), 24)
    for t in np.argsort(energy):
        taken = min(left, most * share[t])
        left, cost = left - taken, cost + taken * energy[t]
    assert cost_yuan(alone(flex, energy)) == pytest.approx(cost, rel=1e-6)


# Whatever the numbers


@st.composite
def any_flex(draw):
    form = draw(st.sampled_from(FORMS))
    low, length = draw(st.integers(0, 23)), draw(st.integers(4, 23))
    window = f"{low}-{(low + length) % 24}"
    if form == "energy":
        most, used = draw(st.integers(1, 20)), draw(st.integers(0, 100)) / 100
        return flexible(form, window, energy=f"{most * length * used} MWh", max_power=f"{most} MW")
    if form == "block":
        # cut at midnight the longer part of a window has at least half its hours
        return flexible(form, window, power=f"{draw(st.integers(1, 20))} MW", duration_h=draw(st.integers(1, 2)))
    limit = {"curtail_energy": f"{draw(st.integers(0, 20))} MWh"} if draw(st.booleans()) else {}
    share, price = draw(st.integers(0, 100)) / 100, draw(st.integers(0, 900))
    return flexible(form, window, curtail_share=share, curtail_price=f"{price} yuan/MWh", **limit)


@FEW
@given(any_flex(), st.lists(st.floats(-100, 900, width=32), min_size=24, max_size=24), st.integers(1, 2))
def test_conserves_and_is_never_dearer_than_where_it_cannot_choose(flex, energy, days):
    solution = alone(flex, energy * days)
    body = FlexibleLoad.model_validate(flex)
    share, power = marked(body, 24 * days), power_of(solution)
    assert np.all(power[share == 0] <= 1e-6)
    daily = power.reshape(days, 24).sum(axis=1)
    price = np.asarray(energy * days)
    if body.form == "energy":
        assert daily == pytest.approx(np.full(days, body.energy), abs=1e-4)
        spread = share * body.energy / share[:24].sum()
    elif body.form == "block":
        assert power.sum() == pytest.approx(days * body.power * body.duration_h, abs=1e-4)
        spread = np.zeros(24)
        spread[list(runs_of(body, 0, 24)[0])] = body.power
        spread = np.tile(spread, days)
    else:
        assert np.all(solution.reported["flex"]["shed_mw"] <= body.curtail_share * body.power * share + 1e-6)
        spread = body.power * share
    fixed = float(price @ spread)
    assert cost_yuan(solution) <= fixed + 1e-6 + 1e-9 * abs(fixed)


# The audit


def tampered(solution, **changes):
    """Check a solution whose flexible load reports something else; the grid and its bill follow."""
    reported = {name: dict(own) for name, own in solution.reported.items()}
    before = reported["flex"]["power_mw"]
    reported["flex"] |= {key: np.asarray(values, dtype=float) for key, values in changes.items()}
    moved = reported["grid"]["import_mw"] + reported["flex"]["power_mw"] - before
    reported["grid"]["import_mw"] = moved
    hours, grid, bill = solution.problem.grid.hours, solution.problem.series["grid"], dict(solution.bill)
    bill["market_energy"] = moved * grid["energy_price_yuan_per_mwh"] * hours
    if "shedding" in bill:
        bill["shedding"] = np.asarray(changes.get("shed_mw", reported["flex"]["shed_mw"])) * 500.0 * hours
    return check(solution.problem, reported, bill)


def moved(power, *changes):
    made = power.copy()
    for hour, mw in changes:
        made[hour] += mw
    return made


def test_the_tampering_itself_is_consistent():
    """Nothing but the flexible load's own promises is broken by `tampered`."""
    solution = alone(flexible("energy", "8-14"), hourly(100))
    power = np.zeros(24)
    power[8:13] = 4.0
    assert tampered(solution, power_mw=power).passed
    solution = alone(flexible("curtailable", "8-12"), hourly(100))
    base = np.where((np.arange(24) >= 8) & (np.arange(24) < 12), 10.0, 0.0)
    assert tampered(solution, power_mw=base * 0.7, shed_mw=base * 0.3).passed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(9, -2.0), (3, 2.0)], "flex.power_mw misses its limits by 2"),
        ([(9, -2.0)], "misses its daily energy by 2 MWh"),
        ([(9, 1.0), (12, -1.0)], "flex.power_mw misses its limits by 1"),
        ([(8, -0.5), (12, 0.5)], "flex.power_mw misses its limits by 0.5"),
        ([(9, -2.0), (33, 2.0)], "misses its daily energy by 2 MWh"),
    ],
)
def test_the_audit_finds_moved_energy(changes, words):
    energy = hourly(900, h9=100, h12=200)
    solution = alone(flexible("energy", "8-14", min_power="1 MW"), np.concatenate([energy, energy]))
    lowered = moved(power_of(solution), *changes)
    with pytest.raises(CheckFailed, match=words):
        tampered(solution, power_mw=lowered)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(10, -6.0), (13, 6.0)], "breaks its run of 2026-07-15 09:00"),
        ([(9, -6.0), (10, -6.0)], "does not start once a day"),
        ([(12, 6.0), (13, 6.0)], "does not start once a day"),
        ([(9, -6.0), (10, -6.0), (5, 6.0), (6, 6.0)], "breaks its run of 2026-07-15 05:00|misses its limits"),
        ([(11, 6.0)], "breaks its run of 2026-07-15 11:00"),
        ([(9, -1.0)], "breaks its run"),
        ([(33, -6.0), (34, -6.0), (12, 6.0), (13, 6.0)], "does not start once a day"),
    ],
)
def test_the_audit_finds_a_split_block(changes, words):
    day = hourly(900, h9=100, h10=100)
    solution = alone(flexible("block", "6-18"), np.concatenate([day, day]))
    assert np.flatnonzero(power_of(solution)).tolist() == [9, 10, 33, 34]
    with pytest.raises(CheckFailed, match=words):
        tampered(solution, power_mw=moved(power_of(solution), *changes))


def test_the_audit_finds_a_run_across_two_windows():
    solution = alone(flexible("block", "8-12", "12-16"), hourly(900, h13=100, h14=100))
    with pytest.raises(CheckFailed, match="breaks its run of 2026-07-15 11:00"):
        tampered(solution, power_mw=moved(power_of(solution), (13, -6.0), (14, -6.0), (11, 6.0), (12, 6.0)))


@pytest.mark.parametrize(
    ("power", "shed", "words"),
    [
        ([(9, -1.0)], [(9, 1.0)], "flex.shed_mw misses its limits by 1"),
        ([(10, -2.0)], [(10, 2.0)], "sheds 2 MWh more than a day allows"),
        ([(10, -2.0)], [], "misses its demand by 2 MW"),
        ([(3, 1.0)], [(3, -1.0)], "misses its limits by 1"),
    ],
)
def test_the_audit_finds_too_much_shed(power, shed, words):
    flex = flexible("curtailable", "8-12", curtail_energy="5 MWh")
    solution = alone(flex, hourly(300, h9=800, h10=700))
    changed = moved(solution.reported["flex"]["shed_mw"], *shed)
    with pytest.raises(CheckFailed, match=words):
        tampered(solution, power_mw=moved(power_of(solution), *power), shed_mw=changed)


def test_unpaid_shedding_is_found():
    solution = alone(flexible("curtailable", "8-12"), hourly(300, h9=800))
    with pytest.raises(CheckFailed, match=r"line shedding is 2000\.00 yuan, not 1800\.00"):
        check(solution.problem, solution.reported, dict(solution.bill) | {"shedding": solution.bill["shedding"] * 0.9})


# The account


@pytest.mark.parametrize("form", FORMS)
def test_the_consumption_of_the_enterprise_includes_it(form):
    assets = {
        "grid": grid_asset(50),
        "load": load_asset("mill"),
        "other": load_asset("other"),
        "flex": flexible(form, "8-12"),
    }
    own = {
        "grid": prices(hourly(300, h9=800)),
        "load": {"demand_mw": [3.0] * 24},
        "other": {"demand_mw": [2.0] * 24},
    }
    solution = solve(small_problem(assets, own), EXACT)
    assert_conserves(solution)
    problem = solution.problem
    schedule = to_schedule(solution, {"date": "2026-07-15", "days": 1, "weather_notes": "", "weather_source": "none"})
    done = account(schedule, problem.park, problem.grid, ParkState(), next_state(solution), factor("jiangsu_2023"))
    mill = done.schedule["consumption_wh"].sel(enterprise="mill").to_numpy()
    other = done.schedule["consumption_wh"].sel(enterprise="other").to_numpy()
    assert mill == pytest.approx((3.0 + power_of(solution)) * 1e6, abs=1.0)
    assert other.tolist() == [2_000_000] * 24
    assert done.schedule["park_consumption_wh"].to_numpy().tolist() == (mill + other).tolist()
    if form == "curtailable":
        assert done.schedule["shed_mw"].attrs == {"units": "MW", "long_name": "shed load", "long_name_zh": "削减负荷"}


@pytest.mark.parametrize("form", ["energy", "block", "curtailable"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_cut_anywhere_goes_on_from_its_state(form, seed):
    """From each step on, the rest planned from the state alone costs what the rest of the best plan does."""
    problem = mixed(form, seed)
    best = solve(problem, EXACT)
    ends = 24 * (problem.grid.n // 24)
    for cut in range(1, min(ends, 24), 5):
        head = replace(problem.grid, n=cut)
        tail = replace(problem.grid, start=problem.grid.start + cut * problem.grid.step, n=problem.grid.n - cut)
        states = {}
        for name, asset in problem.park.assets.items():
            now = {key: row[:cut] for key, row in best.reported[name].items()}
            states[name] = asset.next_state(problem.state.of(name), now, problem.series[name], head)
        series = {name: {key: row[cut:] for key, row in own.items()} for name, own in problem.series.items()}
        rest = solve(replace(problem, grid=tail, series=series, state=ParkState(assets=states)), EXACT)
        assert_conserves(rest)
        passed = {name: {key: row[:cut] for key, row in own.items()} for name, own in problem.series.items()}
        reported = {name: {key: row[:cut] for key, row in own.items()} for name, own in best.reported.items()}
        owed = sum(independent_bill(replace(problem, grid=head, series=passed), reported).values())
        assert owed + cost_yuan(rest) == pytest.approx(cost_yuan(best), rel=1e-6, abs=1e-3), cut
