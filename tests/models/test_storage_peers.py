"""A storage against other formulations: scipy's milp and linprog, oemof-solph, a cycle count of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize as so
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt.park.state import AssetState, ParkState
from parkopt.solve import Limits, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STEPS = 6
SUN = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"}
BASE = {"grid": grid_asset(100, 20), "load": load_asset(), "sun": SUN}


def series_of(low, high):
    return st.lists(st.floats(low, high, allow_nan=False, width=32), min_size=STEPS, max_size=STEPS)


def rounded(low, high, digits=4):
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, digits))


def solved(assets, series, **more):
    solution = solve(small_problem(assets, series, **more), EXACT)
    assert_conserves(solution)
    return solution


def by_hand(problem):
    """The park with one storage again: levels eliminated, every segment and the green part as sums of flows."""
    n, h, ess = problem.grid.n, problem.grid.hours, problem.park.assets["ess"]
    state, price = problem.state.of("ess"), problem.series["grid"]
    demand, sun = problem.series["load"]["demand_mw"], problem.series["sun"]["available_mw"]
    rows = Rows()
    buy = rows.columns(n, price["energy_price_yuan_per_mwh"] * h, high=100)
    sell = rows.columns(n, -price["export_price_yuan_per_mwh"] * h, high=20)
    unused = rows.columns(n, high=sun)
    trade, way = rows.columns(n, whole=True, high=1), rows.columns(n, whole=True, high=1)
    depths = ess.wear_by_depth or [None]
    into = [rows.columns(n) for _ in depths]
    out = [rows.columns(n, (part.cost if part else ess.wear) * h) for part in depths]
    green_in, green_out = rows.columns(n), rows.columns(n, -ess.green_value * h)
    keep = (1 - ess.self_discharge) ** h
    left = [keep ** (t + 1 if ess.initial_loses else t) for t in range(n)]
    usable0 = ess.energy * (1 - ess.fade_per_year * ess.age) - ess.fade_per_cycle * state.throughput_mwh
    opening = ess.soc_initial * usable0 if state.soc_mwh is None else state.soc_mwh

    def level(t, charge, discharge):
        pairs = []
        for s in range(t + 1):
            pairs += [(c[s], ess.charge_efficiency * h * keep ** (t - s)) for c in charge]
            pairs += [(d[s], -h * keep ** (t - s) / ess.discharge_efficiency) for d in discharge]
        return pairs

    for t in range(n):
        rows.row([(buy[t], 1), (trade[t], -100)], high=0)
        rows.row([(sell[t], 1), (trade[t], 20)], high=20)
        all_in, all_out = [(c[t], 1) for c in into], [(d[t], 1) for d in out]
        minus = [(column, -value) for column, value in all_in]
        rows.row(
            [(buy[t], 1), (sell[t], -1), (unused[t], -1), *minus, *all_out], demand[t] - sun[t], demand[t] - sun[t]
        )
        rows.row([*all_in, (way[t], -ess.charge)], high=0)
        rows.row([*all_out, (way[t], ess.discharge)], high=ess.discharge)
        end = t == n - 1
        cycled = [(d[s], h * ess.fade_per_cycle) for s in range(n) for d in out] if end else []
        usable = usable0 - (ess.fade_per_year * ess.energy * n * h / 8760 if end else 0.0)
        now, start = level(t, into, out), opening * left[t]

        def held(share, pairs=now, start=start, lost=cycled, usable=usable):
            return [*pairs, *((column, share * value) for column, value in lost)], share * usable - start

        pairs, bound = held(ess.soc_max)
        rows.row(pairs, high=bound)
        pairs, bound = held(ess.soc_min)
        rows.row(pairs, low=bound)
        clock = f"{(problem.grid.local[t].hour + 1) % 24:02}:00"
        wanted = [(target.level, target.kind) for target in ess.targets if target.at == clock]
        wanted += [(ess.soc_final, ess.final)] if end and ess.final != "free" else []
        for share, kind in wanted:
            pairs, bound = held(share)
            rows.row(pairs, -np.inf if kind == "at_most" else bound, np.inf if kind == "at_least" else bound)
        for limit in ess.charge_limits:
            spans = [[int(edge) for edge in window.split("-")] for window in limit.windows]
            if any(low <= problem.grid.local[t].hour < high for low, high in spans):
                rows.row(all_in, high=limit.limit)
        top, rest = 0.0, opening
        for index, part in enumerate(ess.wear_by_depth):
            room = (part.depth - top) * ess.energy
            first, top = min(room, rest), part.depth
            rest -= first
            rows.row(level(t, [into[index]], [out[index]]), -first * left[t], room - first * left[t])
        if ess.tagged:
            greens = level(t, [green_in], [green_out])
            rows.row(greens, low=-(state.green_mwh or 0.0) * left[t])
            rows.row(
                [*greens, *((column, -value) for column, value in now)], high=start - (state.green_mwh or 0.0) * left[t]
            )
            rows.row([(green_in[t], 1), *minus], high=0)
            rows.row([(green_out[t], 1), *((column, -value) for column, value in all_out)], high=0)
        else:
            rows.row([(green_out[t], 1)], high=0)
        if ess.tagged or ess.charge_from == "green":
            taken = [(green_in[t], 1)] if ess.tagged and ess.charge_from == "any" else all_in
            rows.row([*taken, (sell[t], 1), (unused[t], 1)], high=sun[t])
    if ess.cycles_per_day is not None:
        rows.row([(d[t], h) for t in range(n) for d in out], high=ess.cycles_per_day * ess.energy - state.cycled_mwh)
    if ess.final_value:  # the rise is the last level less the opening one
        for column, value in level(n - 1, into, out):
            rows.cost[column] -= ess.final_value * value
    constant = -ess.final_value * opening * (left[-1] - 1.0)
    return rows.solve() + constant


@st.composite
def stores(draw):
    """A storage with some of everything, feasible by doing nothing or nearly so."""
    start = draw(rounded(0.3, 0.7))
    own = {
        "kind": "storage",
        "charge": "8 MW",
        "discharge": "9 MW",
        "energy": "20 MWh",
        "charge_efficiency": draw(rounded(0.7, 1.0)),
        "discharge_efficiency": draw(rounded(0.7, 1.0)),
        "self_discharge": f"{draw(rounded(0.0, 0.02))}/h",
        "initial_loses": draw(st.booleans()),
        "soc_min": 0.05,
        "soc_max": 0.95,
        "soc_initial": start,
        "soc_final": draw(rounded(0.1, 0.25)),
        "final": draw(st.sampled_from(["at_least", "exactly", "free"])),
        "final_value": f"{draw(st.sampled_from([0.0, 150.0]))} yuan/MWh",
        "tagged": draw(st.booleans()),
        "charge_from": draw(st.sampled_from(["any", "any", "green"])),
    }
    if draw(st.booleans()):
        own["wear_by_depth"] = [
            {"depth": 0.3, "cost": "10 yuan/MWh"},
            {"depth": 0.6, "cost": f"{draw(rounded(10, 100, 1))} yuan/MWh"},
            {"depth": 1.0, "cost": "120 yuan/MWh"},
        ]
    else:
        own["wear"] = f"{draw(rounded(0, 80, 2))} yuan/MWh"
    if own["tagged"]:
        own["green_value"] = f"{draw(rounded(0, 60, 1))} yuan/MWh"
    if draw(st.booleans()):
        own["cycles_per_day"] = draw(rounded(0.8, 2.0))
    if draw(st.booleans()):
        own |= {"fade_per_cycle": draw(rounded(0.0, 0.01)), "fade_per_year": "3 %/yr", "age": "2 yr"}
    if draw(st.booleans()):
        own["charge_limits"] = [{"windows": ["2-4"], "limit": "3 MW"}]
    if draw(st.booleans()):
        own["targets"] = [
            {"at": "03:00", "level": draw(rounded(0.1, 0.3)), "kind": draw(st.sampled_from(["at_least", "exactly"]))}
        ]
    return own


@settings(FEW, max_examples=60)
@given(stores(), series_of(-100, 900), series_of(0, 40), series_of(0, 60))
def test_any_storage_against_another_formulation(ess, price, demand, sun):
    sun = [value if value > 1.0 else 0.0 for value in sun]
    own = {"grid": prices(price, export=30.0), "load": {"demand_mw": demand}, "sun": {"available_mw": sun}}
    solution = solved(BASE | {"ess": ess}, own)
    assert cost_yuan(solution) == pytest.approx(by_hand(solution.problem), rel=1e-6, abs=0.01)
    report = solution.reported["ess"]
    assert np.minimum(report["charge_mw"], report["discharge_mw"]).max() <= 1e-5


def shallowest_first(ess, report, hours, opening):
    """What discharge costs where the shallowest part that holds anything gives, and the shallowest with room takes."""
    tops = [part.depth * ess.energy for part in ess.wear_by_depth]
    room = np.diff([0.0, *tops])
    level, yuan = np.clip(opening - (np.cumsum(room) - room), 0.0, room), 0.0
    for charge, discharge in zip(report["charge_mw"], report["discharge_mw"], strict=True):
        rest = charge * ess.charge_efficiency * hours
        for k in range(len(room)):
            moved = min(rest, room[k] - level[k])
            level[k], rest = level[k] + moved, rest - moved
        rest = discharge * hours / ess.discharge_efficiency
        for k in range(len(room)):
            moved = min(rest, level[k])
            level[k], rest = level[k] - moved, rest - moved
            yuan += moved * ess.discharge_efficiency * ess.wear_by_depth[k].cost
    return yuan


@FEW
@given(series_of(0, 900), series_of(5, 40), rounded(0.0, 1.0), rounded(0.6, 1.0), rounded(0, 200, 1))
def test_wear_is_that_of_the_shallowest_first(price, demand, start, efficiency, rise):
    costs = [20.0, 20.0 + rise, 40.0 + 2 * rise]
    ess = {
        "kind": "storage",
        "charge": "8 MW",
        "discharge": "9 MW",
        "energy": "20 MWh",
        "round_trip_efficiency": efficiency,
        "soc_min": 0.0,
        "soc_max": 1.0,
        "soc_initial": start,
        "soc_final": 0.0,
        "wear_by_depth": [{"depth": d, "cost": f"{c} yuan/MWh"} for d, c in zip((0.2, 0.5, 1.0), costs, strict=True)],
    }
    own = {"grid": prices(price), "load": {"demand_mw": demand}, "sun": {"available_mw": [0.0] * STEPS}}
    solution = solved(BASE | {"ess": ess}, own)
    asset = solution.problem.park.assets["ess"]
    expected = shallowest_first(asset, solution.reported["ess"], 1.0, start * 20)
    assert float(np.sum(solution.bill["storage_wear"])) == pytest.approx(expected, rel=1e-6, abs=0.01)


@FEW
@given(series_of(0, 900), series_of(0, 40), series_of(0, 60), rounded(0.05, 0.95), rounded(0.0, 1.0))
def test_parts_never_exceed_the_whole(price, demand, sun, start, green):
    """Whatever the numbers: the green part is a part, comes from local supply, and lives on in the next day."""
    ess = {
        "kind": "storage",
        "charge": "8 MW",
        "discharge": "9 MW",
        "energy": "20 MWh",
        "soc_min": 0.0,
        "soc_max": 1.0,
        "soc_final": 0.0,
        "tagged": True,
        "green_value": "25 yuan/MWh",
    }
    own = {"grid": prices(price, export=20.0), "load": {"demand_mw": demand}, "sun": {"available_mw": sun}}
    state = ParkState(assets={"ess": AssetState(soc_mwh=start * 20, green_mwh=round(green * start * 20, 6))})
    solution = solved(BASE | {"ess": ess}, own, state=state)
    report = solution.reported["ess"]
    gained = float(report["charge_green_mw"].sum()) * 0.93 - float(report["discharge_green_mw"].sum()) / 0.93
    assert state.of("ess").green_mwh + gained == pytest.approx(report["soc_green_mwh"][-1], abs=1e-4)
    sold = solution.reported["grid"]["export_mw"]
    assert np.all(report["charge_green_mw"] <= solution.reported["sun"]["supply_mw"] - sold + 1e-5)


def test_storage_against_oemof_solph():
    rng, cases, own = np.random.default_rng(11), [], []
    for _ in range(3):
        price, demand = rng.uniform(50, 900, 24), rng.uniform(12, 40, 24)
        limit, level = round(float(rng.uniform(1, 8)), 2), round(float(rng.uniform(0.4, 0.8)), 3)
        loss, wear, start = (round(float(rng.uniform(*span)), 4) for span in ((0, 0.01), (0, 60), (0.2, 0.9)))
        ess = {
            "kind": "storage",
            "charge": "8 MW",
            "discharge": "9 MW",
            "energy": "20 MWh",
            "round_trip_efficiency": 0.85,
            "self_discharge": f"{loss}/h",
            "soc_initial": start,
            "soc_final": 0.5,
            "wear": f"{wear} yuan/MWh",
            "targets": [{"at": "18:00", "level": level}, {"at": "21:00", "level": 0.3, "kind": "at_most"}],
            "charge_limits": [{"windows": ["11-14"], "limit": f"{limit} MW"}],
        }
        dark = {"sun": {"available_mw": [0.0] * 24}}
        own.append(
            cost_yuan(solved(BASE | {"ess": ess}, {"grid": prices(price), "load": {"demand_mw": demand}} | dark))
        )
        least, most, into = np.full(24, 0.1), np.full(24, 0.9), np.full(24, 8.0)
        least[17], least[23], most[20], into[11:14] = level, 0.5, 0.3, limit
        case = {"import_mw": 100, "discharge_mw": 9, "energy": 20, "eta_in": 0.85**0.5, "eta_out": 0.85**0.5}
        case |= {"wear": wear, "loss": loss, "opening": start, "charge_mw": into.tolist(), "least": least.tolist()}
        case |= {"most": most.tolist(), "price_yuan_per_mwh": price.tolist(), "demand_mw": demand.tolist()}
        cases.append(case)
    assert own == pytest.approx([_by_solph(case) for case in cases], rel=1e-6)


def _by_solph(case):
    """Return solph's cost of one case; it hangs on a second model in one process."""
    peer = Path(__file__).with_name("peer_storage.py")
    asked = {"input": json.dumps([case]), "capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run([sys.executable, peer], check=False, **asked)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])[0]


def test_sizes_over_two_weeks_against_linprog():
    """Energy and inverter of a battery beside wind and hourly prices over 336 hours, written as matrices."""
    n, rng = 336, np.random.default_rng(3)
    hour = np.arange(n) % 24
    price = 450 + 250 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.uniform(-120, 120, n)
    demand, sun = (
        25 + rng.uniform(0, 10, n),
        np.maximum(0, 50 * np.sin((hour - 6) / 12 * np.pi)) * rng.uniform(0.2, 1, n),
    )
    ess = {
        "kind": "storage",
        "energy": {"max": "400 MWh", "capex": "0.6 yuan/Wh", "life": "15 yr", "om": "1.5 %/yr", "discount": 0.07},
        "charge": {"max": "100 MW", "capex": "0 yuan/kW", "life": "15 yr"},
        "discharge": {"max": "100 MW", "capex": "250 yuan/kW", "life": "20 yr", "om": "1 %/yr", "discount": 0.07},
        "symmetric": True,
        "self_discharge": "0.0002/h",
        "wear": "20 yuan/MWh",
    }
    base = {"grid": grid_asset(100), "load": load_asset(), "sun": SUN}
    solution = solved(
        base | {"ess": ess}, {"grid": prices(price), "load": {"demand_mw": demand}, "sun": {"available_mw": sun}}
    )
    report = solution.reported["ess"]
    assert 1.0 < report["built_mwh"][0] < 399.0  # neither bound decides

    def a_year(life, om):  # the payment whose present values sum to the capital
        return 1.0 / np.sum(1.07 ** -np.arange(1.0, life + 1)) + om

    # columns: buy, use, charge, discharge, level (n each), energy, power
    eye, zero = sp.identity(n), sp.csr_matrix((n, n))
    shifted = sp.diags([np.full(n - 1, 0.9998)], [-1])
    one = np.ones((n, 1))
    balance = sp.hstack([eye, eye, -eye, eye, zero, np.zeros((n, 2))])
    first = np.zeros((n, 2))
    first[0, 0] = -0.9998 * 0.5
    levels = sp.hstack([zero, zero, -0.93 * eye, eye / 0.93, eye - shifted, first])
    limits = [
        sp.hstack([zero, zero, eye, zero, zero, 0 * one, -one]),
        sp.hstack([zero, zero, zero, eye, zero, 0 * one, -one]),
        sp.hstack([zero, zero, zero, zero, eye, -0.9 * one, 0 * one]),
        sp.hstack([zero, zero, zero, zero, -eye, 0.1 * one, 0 * one]),
    ]
    last = np.zeros((1, 5 * n + 2))
    last[0, [5 * n - 1, 5 * n]] = -1.0, 0.5
    share = n / 8760
    cost = np.concatenate([price, np.zeros(2 * n), np.full(n, 20.0), np.zeros(n)])
    cost = np.append(cost, [600_000 * a_year(15, 0.015) * share, 250_000 * a_year(20, 0.01) * share])
    bounds = [(0, 100)] * n + [(0, value) for value in sun] + [(0, None)] * (3 * n) + [(0, 400), (0, 100)]
    done = so.linprog(
        cost,
        A_ub=sp.vstack([*limits, sp.csr_matrix(last)]),
        b_ub=np.zeros(4 * n + 1),
        A_eq=sp.vstack([balance, levels]),
        b_eq=np.concatenate([demand, np.zeros(n)]),
        bounds=bounds,
    )
    assert done.status == 0
    assert cost_yuan(solution) == pytest.approx(done.fun, rel=1e-6)
    assert report["built_mwh"][0] == pytest.approx(done.x[-2], rel=1e-4)
    assert report["built_discharge_mw"][0] == pytest.approx(done.x[-1], rel=1e-4)
