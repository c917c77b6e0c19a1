"""An electrolyser with standby, warm-up, least times, part load, a hydrogen bus and demands: by hand, by another
formulation (modes as a walk through a graph), over midnight, and tampered with."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible, WrongState
from parkopt.models.base import Case, Conditions
from parkopt.models.tech.electrolyser import Electrolyser
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OUT = "hydrogen_out_kg_per_h"


def unit(**changes):
    """10 MW at 50 kWh/kg: 20 kg for each MWh; 100 kg an hour are due."""
    return {
        "kind": "electrolyser",
        "enterprise": "h2",
        "power": "10 MW",
        "efficiency": "50 kWh/kg",
        "min_load": 0.4,
        "tank": "1000 kg",
        "tank_initial": 0.5,
        "tank_final": 0.5,
        "demand": "2400 kg/day",
    } | changes


def taker(**changes):
    """An ammonia plant that takes exactly 50 kg/h of hydrogen and no power."""
    return {
        "kind": "synthesis",
        "enterprise": "nh3",
        "product": "ammonia",
        "capacity": "250 kg/h",
        "energy": "0 kWh/kg",
        "hydrogen": 0.2,
        "hydrogen_bus": "pipe",
        "min_load": 1.0,
        "tank": "100 t",
        "tank_initial": 0.0,
        "tank_final": 0.0,
        "demand": "0 kg/day",
    } | changes


def solved(h2, energy, others=None, **more):
    assets = {"grid": grid_asset(50), "h2": h2} | (others or {})
    solution = solve(small_problem(assets, {"grid": prices(energy)}, **more), EXACT)
    assert_conserves(solution)
    return solution


def state(**own):
    return ParkState(assets={"h2": AssetState(**own)})


# By hand


def test_standby_costs_its_power_and_saves_the_cold_start():
    """300 kg, 15 MWh, in two cheap hours; between them 0.2 MW at 900 cost 180, a cold start 1000, running 3600."""
    h2 = unit(standby_power=0.02, cold_start_cost="1000 yuan", tank_initial=0.0, tank_final=0.0)
    solution = solved(h2, [100.0, 900.0, 100.0], state=state(on=True, tank_kg=0.0))
    own = solution.reported["h2"]
    assert own["on"].tolist() == [1, 0, 1]
    assert own["standby"].tolist() == [0, 1, 0]
    assert own["power_mw"] == pytest.approx([10, 0.2, 5])
    assert cost_yuan(solution) == pytest.approx(1500 + 180)
    assert float(np.sum(solution.bill["starts"])) == pytest.approx(0.0)


def test_off_where_a_cold_start_is_cheaper_than_standing_by():
    h2 = unit(standby_power=0.02, cold_start_cost="100 yuan", tank_initial=0.0, tank_final=0.0)
    solution = solved(h2, [100.0, 900.0, 100.0], state=state(on=True, tank_kg=0.0))
    assert solution.reported["h2"]["standby"].tolist() == [0, 0, 0]
    assert cost_yuan(solution) == pytest.approx(1500 + 100)


def test_a_hot_start_pays_no_cold_cost():
    """From standby 30 yuan only; from off 30 + 1000 (and the tank has enough for nothing else)."""
    h2 = unit(standby_power=0.02, start_cost="30 yuan", cold_start_cost="1000 yuan")
    for own, due in (({"standby": True}, 30), ({}, 1030)):
        solution = solved(h2, [100.0], state=state(on=False, tank_kg=500.0, **own))
        assert float(np.sum(solution.bill["starts"])) == pytest.approx(due)


def test_warm_up_makes_no_hydrogen_and_takes_its_power():
    """Two hours at 1 MW before the first kg; 500 kg less 400 delivered must end at 400: 300 kg in the last two."""
    h2 = unit(start_h=2, start_power=0.1, tank_initial=0.5, tank_final=0.4)
    solution = solved(h2, [300.0, 300.0, 100.0, 100.0])
    own = solution.reported["h2"]
    assert own["warming"].tolist() == [1, 1, 0, 0]
    assert own["on"].tolist() == [0, 0, 1, 1]
    assert own["hydrogen_kg"].sum() == pytest.approx(300)
    assert cost_yuan(solution) == pytest.approx(2 * 1 * 300 + 15 * 100)


def test_half_an_hour_of_warm_up_counts_as_a_whole_step():
    own = solved(unit(start_h=0.5), [100.0] * 3).reported["h2"]
    assert own["warming"].tolist() == [1, 0, 0]
    own = solved(unit(start_h=0.5), [100.0] * 6, step_min=15).reported["h2"]
    assert own["warming"].sum() == 2


def test_a_least_run_takes_in_dearer_hours():
    """15 MWh for 300 kg: 10 at 100 and 5 at 500, over three hours in a row though two would do."""
    energy = [500.0, 100.0, 500.0, 600.0, 600.0, 600.0]
    solution = solved(unit(min_up_h=3, demand="1200 kg/day", min_load=0.1), energy)
    assert solution.reported["h2"]["on"].tolist() == [1, 1, 1, 0, 0, 0]
    assert cost_yuan(solution) == pytest.approx(10 * 100 + 5 * 500)


@pytest.mark.parametrize(("least", "cost"), [(0, 20 * 100), (3, 4 * 900 + 16 * 100)])
def test_a_least_time_off_keeps_it_running(least, cost):
    """It cannot be off for three hours with an empty tank, and so not for the dear one."""
    h2 = unit(min_down_h=least, tank_initial=0.0, tank_final=0.0)
    solution = solved(h2, [100.0, 900.0, 100.0, 100.0], state=state(on=True, tank_kg=0.0))
    assert cost_yuan(solution) == pytest.approx(cost)


@pytest.mark.parametrize(("since", "forced"), [(1.0, 2), (2.0, 1), (3.0, 0), (None, 0)])
def test_least_times_hold_over_midnight(since, forced):
    """Started `since` h before midnight with 3 h at least, with a full tank and dear power."""
    solution = solved(
        unit(min_up_h=3, demand="0 kg/day", tank_final=0.0), [900.0] * 4, state=state(on=True, since_h=since)
    )
    assert solution.reported["h2"]["on"].sum() == forced
    off = solved(unit(min_down_h=3), [-90.0, -80.0, -70.0, -60.0], state=state(on=False, since_h=since, tank_kg=900.0))
    assert np.all(off.reported["h2"]["on"][:forced] == 0)
    assert off.reported["h2"]["on"][forced] == 1


def test_part_load_is_used_where_it_is_best():
    """50 kWh/kg at half load, 60 at full: 200 kg in two hours of one price are made at half load, 10 MWh."""
    points = [{"load": 0.5, "efficiency": "50 kWh/kg"}, {"load": 1.0, "efficiency": "60 kWh/kg"}]
    h2 = unit(part_load=points, min_load=0.5)
    del h2["efficiency"]
    solution = solved(h2, [100.0, 100.0])
    assert solution.reported["h2"]["power_mw"] == pytest.approx([5, 5])
    # 9 times dearer: full load makes 166.7 kg, and it cannot be less than 100 in the other hour: 5 + 5 again; or once
    solution = solved(h2 | {"tank_final": 0.4666666667}, [100.0, 900.0])
    assert solution.reported["h2"]["power_mw"] == pytest.approx([10, 0], abs=1e-4)


def test_a_demand_by_the_day_waits_for_the_cheap_hours():
    """Without a tank: even deliveries need 5 MW in each hour, those of a day at any time 10 MW in the cheap half."""
    energy = np.tile([100.0, 300.0], 12)
    even = solved(unit(tank="0 kg"), energy)
    assert cost_yuan(even) == pytest.approx(5 * 12 * 400)
    free = solved(unit(tank="0 kg", demand_timing="by_day"), energy)
    assert cost_yuan(free) == pytest.approx(10 * 12 * 100)
    assert free.reported["h2"]["hydrogen_delivered_kg"] == pytest.approx(np.tile([200.0, 0.0], 12))


def test_each_day_delivers_its_own():
    """The second day is dear throughout, and still makes its 2400 kg: no tank to bring them over."""
    solution = solved(unit(tank="0 kg", demand_timing="by_day"), [100.0] * 24 + [900.0] * 24)
    assert solution.reported["h2"]["hydrogen_kg"].reshape(2, 24).sum(axis=1) == pytest.approx([2400, 2400])


@pytest.mark.parametrize("timing", ["even", "by_day"])
def test_unmet_demand_is_paid(timing):
    """20 kg a MWh: at 700 yuan/MWh a kg costs 35, at 900 it costs 45; above 40 it stays unmet."""
    h2 = unit(tank="0 kg", demand_timing=timing, unmet_price="40 yuan/kg")
    solution = solved(h2, [700.0] * 12 + [900.0] * 12)
    unmet = solution.reported["h2"]["hydrogen_unmet_kg"]
    if timing == "even":
        assert unmet == pytest.approx([0.0] * 12 + [100.0] * 12)
        assert float(np.sum(solution.bill["hydrogen_unmet"])) == pytest.approx(40 * 1200)
        assert cost_yuan(solution) == pytest.approx(60 * 700 + 48000)
    else:  # all 2400 kg fit into the first half at 10 MW
        assert unmet == pytest.approx([0.0] * 24, abs=1e-6)
        assert cost_yuan(solution) == pytest.approx(120 * 700)


def test_demand_from_a_file(tmp_path):
    rows = [f"2026-07-15T{hour:02d}:00+08:00,{0.0 if hour < 12 else 150.0}" for hour in range(24)]
    (tmp_path / "h2.csv").write_text("time,out\n" + "\n".join(rows) + "\n", encoding="utf-8")
    spec = {"file": "h2.csv", "column": "out", "unit": "kg/h"}
    body = unit(demand_by_hour=spec, tank="0 kg")
    del body["demand"]
    made = Electrolyser.model_validate(body)
    assert list(made.files()) == [("demand_by_hour.file", "h2.csv")]
    problem = small_problem(
        {"grid": grid_asset(50), "h2": unit(tank="0 kg")}, {"grid": prices([100.0] * 48)}, step_min=30
    )
    at = Conditions(problem.grid, None, None, tmp_path)
    assert made.series(at)["hydrogen_demand_kg"] == pytest.approx([0.0] * 24 + [75.0] * 24)
    problem = replace(
        problem,
        park=problem.park.model_copy(update={"assets": {**problem.park.assets, "h2": made}}),
        series={**problem.series, "h2": made.series(at)},
    )
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    assert solution.reported["h2"]["power_mw"] == pytest.approx([0.0] * 24 + [7.5] * 24, abs=1e-6)


def test_hydrogen_leaves_to_its_bus_beside_the_demand():
    """100 kg/h of its own and 50 for the bus: 7.5 MW on average, all in the cheap hour as far as 10 MW go."""
    solution = solved(unit(hydrogen_bus="pipe"), [100.0, 400.0], {"nh3": taker()})
    own = solution.reported["h2"]
    assert own[OUT] == pytest.approx([50, 50])
    assert own["hydrogen_kg"].sum() == pytest.approx(300)
    assert own["power_mw"] == pytest.approx([10, 5])
    assert own["tank_kg"] == pytest.approx([550, 500])


def test_the_bus_in_place_of_a_demand():
    body = unit(hydrogen_bus="pipe", tank="0 kg")
    del body["demand"]
    solution = solved(body, [100.0, 400.0], {"nh3": taker(capacity="500 kg/h")})
    assert solution.reported["h2"]["power_mw"] == pytest.approx([5, 5])
    assert "hydrogen_unmet_kg" not in solution.reported["h2"]


def test_two_units_share_a_bus_and_the_better_one_works():
    """48 kWh/kg before 52: the second stands still where the first can do it all."""
    body = {
        key: value for key, value in unit(hydrogen_bus="pipe", tank="0 kg", min_load=0.1).items() if key != "demand"
    }
    first, second = body | {"efficiency": "48 kWh/kg", "power": "3 MW"}, body | {"efficiency": "52 kWh/kg"}
    solution = solved(first, [100.0], {"h3": second, "nh3": taker(capacity="500 kg/h")})
    out = [solution.reported[name][OUT][0] for name in ("h2", "h3")]
    assert out == pytest.approx([62.5, 37.5])
    assert sum(out) == pytest.approx(solution.reported["nh3"]["hydrogen_in_kg_per_h"][0])


# Against another formulation: a walk through a graph of modes, and convex combinations of corners


def graph_of(body, hours):
    """Return modes, edges, and which modes run, stand by, warm up: least times and warm-up are chains of modes."""
    up, down = (max(1, int(np.ceil(x / hours - 1e-9))) for x in (body.min_up_h, body.min_down_h))
    warm = int(np.ceil(body.start_h / hours - 1e-9))
    ons, offs = [("on", k) for k in range(up)], [("off", k) for k in range(down)]
    warms = [("warm", k) for k in range(warm)]
    edges = list(itertools.pairwise(ons)) + list(itertools.pairwise(offs)) + list(itertools.pairwise(warms))
    edges += [(ons[-1], ons[-1]), (offs[-1], offs[-1]), (ons[-1], offs[0])]
    ready = [ons[0]]
    if body.standby_power is not None:
        ready += [("standby", 0)]
        edges += [(("standby", 0),) * 2, (("standby", 0), ons[0]), (("standby", 0), offs[0]), (ons[-1], ("standby", 0))]
    if warm:
        edges += [(offs[-1], warms[0]), (warms[-1], offs[0]), *((warms[-1], mode) for mode in ready)]
    else:
        edges += [(offs[-1], mode) for mode in ready]
    return edges, ons, offs, warms


def opening_node(body, before, hours, ons, offs, warms):
    lasted = 99 if before.since_h is None else round(before.since_h / hours)
    if before.on:
        return ons[min(lasted, len(ons)) - 1]
    if before.standby:
        return ("standby", 0)
    if before.warming_h is not None:
        return warms[min(round(before.warming_h / hours), len(warms)) - 1]
    return offs[min(lasted, len(offs)) - 1]


def by_graph(problem, name="h2"):
    """Least cost of one electrolyser on a grid, by the flow of one unit through the modes."""
    body, before = problem.park.assets[name], problem.state.of(name)
    n, h, price = problem.grid.n, problem.grid.hours, problem.series["grid"]["energy_price_yuan_per_mwh"]
    edges, ons, offs, warms = graph_of(body, h)
    start = opening_node(body, before, h, ons, offs, warms)
    rows = Rows()
    walk = []
    for _ in range(n):
        cost = []
        for a, b in edges:
            begins = b[0] == "on" and a[0] != "on"
            cost.append(body.start_cost * begins + body.cold_start_cost * (a[0] == "off" and b[0] != "off"))
        walk.append(dict(zip(edges, rows.columns(len(edges), cost, 0.0, 1.0, whole=True), strict=True)))
    nodes = {mode for edge in edges for mode in edge}
    for node in nodes:
        out = [(walk[0][edge], 1) for edge in edges if edge[0] == node]
        rows.row(out, float(node == start), float(node == start))
        for t in range(1, n):
            flow = [(walk[t - 1][e], 1) for e in edges if e[1] == node] + [
                (walk[t][e], -1) for e in edges if e[0] == node
            ]
            rows.row(flow, 0, 0)

    def inside(t, what):
        return [(walk[t][edge], 1) for edge in edges if edge[1][0] == what]

    points = [(p.load, p.efficiency) for p in body.part_load] or [
        (body.min_load or 1e-6, body.efficiency),
        (1.0, body.efficiency),
    ]
    x, y = [load * body.power for load, _ in points], [load * body.power * 1000 / e for load, e in points]
    made, load = [], []
    for t in range(n):
        share = rows.columns(len(x), 0.0, 0.0, 1.0)
        piece = rows.columns(len(x) - 1, 0.0, 0.0, 1.0, whole=True)
        rows.row([(c, 1) for c in share] + [(c, -v) for c, v in inside(t, "on")], 0, 0)
        rows.row([(c, 1) for c in piece] + [(c, -v) for c, v in inside(t, "on")], 0, 0)
        for k in range(len(x)):
            near = [piece[j] for j in (k - 1, k) if 0 <= j < len(piece)]
            rows.row([(share[k], 1)] + [(c, -1) for c in near], high=0)
        for c, value in zip(share, x, strict=True):
            rows.cost[c] += price[t] * h * value
        for what, part in (("standby", body.standby_power or 0.0), ("warm", body.start_power)):
            for c, _ in inside(t, what):
                rows.cost[c] += price[t] * h * part * body.power
        made.append(list(zip(share, np.asarray(y) * h, strict=True)))
        load.append(list(zip(share, x, strict=True)))
        rows.row(load[t] + [(c, -body.min_load * body.power) for c, _ in inside(t, "on")], low=0)
    if body.ramp is not None:
        step = body.ramp * body.power * h
        first = max(step, body.min_load * body.power)
        for t in range(n):
            if t == 0 and (before.on is None or before.power_mw is None):
                continue
            was = [(c, -v) for c, v in load[t - 1]] if t else []
            const = 0.0 if t else (before.power_mw if before.on else 0.0)
            stays = [(walk[t][e], first - step) for e in edges if e[0][0] == "on" and e[1][0] == "on"]
            rows.row(load[t] + was + stays, high=first + const)
            rows.row([(c, -v) for c, v in load[t] + was] + stays, high=first - const)
    need = body.demand * h / 24
    level = body.tank_initial * body.tank if before.tank_kg is None else before.tank_kg
    unmet = None
    if body.unmet_price is not None:
        unmet = rows.columns(n, body.unmet_price, 0.0, need if body.demand_timing == "even" else np.inf)
    given = rows.columns(n, 0.0, 0.0, np.inf if body.demand_timing == "by_day" else 0.0)
    for t in range(n):
        total = [pair for s in range(t + 1) for pair in made[s]]
        low, high = (body.tank_final if t == n - 1 else 0.0) * body.tank, body.tank
        if body.demand_timing == "by_day":
            total += [(given[s], -1) for s in range(t + 1)]
            rows.row(total, low - level, high - level)
        else:
            total += [(unmet[s], 1) for s in range(t + 1)] if unmet is not None else []
            rows.row(total, low - level + need * (t + 1), high - level + need * (t + 1))
    if body.demand_timing == "by_day":
        for day in range(0, n, int(24 / h)):
            steps = range(day, min(n, day + int(24 / h)))
            whole = [(given[s], 1) for s in steps] + ([(unmet[s], 1) for s in steps] if unmet is not None else [])
            rows.row(whole, need * len(steps), need * len(steps))
    return rows.solve()


POINTS = {
    "concave": [
        {"load": 0.3, "efficiency": "50 kWh/kg"},
        {"load": 0.6, "efficiency": "51 kWh/kg"},
        {"load": 1, "efficiency": "55 kWh/kg"},
    ],
    "mixed": [
        {"load": 0.3, "efficiency": "68 kWh/kg"},
        {"load": 0.6, "efficiency": "50 kWh/kg"},
        {"load": 1, "efficiency": "58 kWh/kg"},
    ],
}


def any_unit(rng):
    """A unit with any of its features, always able to serve its demand by not serving it."""
    pick = lambda *values: values[rng.integers(len(values))]  # noqa: E731
    body = unit(
        min_load=0.3,
        standby_power=pick(None, 0.03),
        start_cost=pick("0 yuan", "300 yuan"),
        cold_start_cost=pick("0 yuan", "900 yuan"),
        start_h=pick(0, 0, 1, 2),
        start_power=0.1,
        min_up_h=pick(0, 2, 3),
        min_down_h=pick(0, 2, 3),
        ramp=pick(None, "0.2/h", "0.5/h"),
        demand_timing=pick("even", "by_day"),
        unmet_price=pick("25 yuan/kg", "60 yuan/kg"),
        tank="400 kg",
        tank_final=0.25,
    )
    if (points := pick(None, "concave", "mixed")) is not None:
        body["part_load"] = POINTS[points]
        del body["efficiency"]
    return body


def any_state(rng, body):
    pick = lambda *values: values[rng.integers(len(values))]  # noqa: E731
    modes = ["on", "off", "none"] + ["standby"] * (body["standby_power"] is not None) + ["warm"] * (body["start_h"] > 0)
    mode, own = pick(*modes), {"tank_kg": float(rng.uniform(100, 300))}
    if mode == "none":
        return state(**own)
    own |= {"since_h": float(rng.integers(1, 4)), "on": mode == "on", "power_mw": 0.0}
    if mode == "on":
        own["power_mw"] = float(rng.uniform(3, 5))
    elif mode == "standby":
        own |= {"standby": True, "power_mw": 0.3}
    elif mode == "warm":
        own |= {"warming_h": float(rng.integers(1, body["start_h"] + 1)), "power_mw": 1.0}
    return state(**own)


@pytest.mark.parametrize("seed", range(30))
def test_as_cheap_as_a_walk_through_its_modes(seed):
    rng = np.random.default_rng(seed)
    body = any_unit(rng)
    energy = rng.uniform(-100 if seed % 3 == 0 else 50, 1500, 8)
    solution = solved(body, energy, state=any_state(rng, body))
    assert cost_yuan(solution) == pytest.approx(by_graph(solution.problem), rel=1e-6, abs=1e-3)


# Over midnight


@pytest.mark.parametrize("seed", range(8))
def test_days_in_a_row_are_one_system(seed):
    """Two halves planned one after the other keep every rule of the whole, and its bill is the sum of theirs."""
    rng = np.random.default_rng(seed)
    body = any_unit(rng) | {"start_h": 2, "standby_power": 0.03, "min_up_h": 3, "min_down_h": 3, "ramp": "0.3/h"}
    body |= {"demand_timing": "even", "tank_final": 0.2}
    energy = rng.uniform(50, 1500, 12)
    first = solved(body, energy[:5], state=state(on=True, power_mw=4.0, since_h=1.0, tank_kg=150.0))
    between = next_state(first)
    # the hours of the second half, on one grid with the first
    second = solved(body, energy[5:], state=ParkState(assets=between.assets))
    whole = solved(body, energy, state=state(on=True, power_mw=4.0, since_h=1.0, tank_kg=150.0))
    joined = {
        name: {key: np.concatenate([own[key], second.reported[name][key]]) for key in own}
        for name, own in first.reported.items()
    }
    bill = {line: np.concatenate([yuan, second.bill[line]]) for line, yuan in first.bill.items()}
    assert check(whole.problem, joined, bill).passed
    assert cost_yuan(whole) <= cost_yuan(first) + cost_yuan(second) + 1e-6 * abs(cost_yuan(whole))
    # and the first half held in the whole leaves the second half as it is: state says all there is to know
    held = replace(whole.problem, committed={name: dict(first.reported[name]) for name in ("h2",)})
    again = solve(held, EXACT)
    assert_conserves(again)
    assert cost_yuan(again) <= cost_yuan(first) + cost_yuan(second) + 1e-6 * abs(cost_yuan(whole))


@pytest.mark.parametrize("seed", range(6))
def test_the_state_says_all_that_the_rest_of_a_plan_needs(seed):
    """A best plan cut anywhere, in a warm-up too: its rest, planned from the state alone, costs what it did."""
    rng = np.random.default_rng(100 + seed)
    body = any_unit(rng) | {"start_h": 3, "min_up_h": 2, "min_down_h": 2, "ramp": "0.3/h", "demand_timing": "even"}
    energy = rng.uniform(50, 1500, 9)
    whole = solved(body, energy, state=state(on=False, power_mw=0.0, since_h=1.0, tank_kg=200.0))
    asset, problem = whole.problem.park.assets["h2"], whole.problem
    bill = sum(whole.bill.values())
    for cut in range(1, 9):
        now = {key: values[:cut] for key, values in whole.reported["h2"].items()}
        between = asset.next_state(problem.state.of("h2"), now, problem.series["h2"], replace(problem.grid, n=cut))
        rest = solved(body, energy[cut:], state=ParkState(assets={"h2": between}))
        assert cost_yuan(rest) == pytest.approx(float(np.sum(bill[cut:])), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(("warmed", "left"), [(1.0, 2), (2.0, 1), (3.0, 0)])
def test_a_warm_up_is_finished_after_midnight(warmed, left):
    """Three hours at 1 MW in all; 100 kg are wanted in the end and the first hour is the cheapest."""
    h2 = unit(start_h=3, start_power=0.1, demand="0 kg/day", tank_final=0.6)
    own = solved(h2, [100.0, 200.0, 300.0, 400.0], state=state(on=False, warming_h=warmed, since_h=warmed))
    own = own.reported["h2"]
    assert own["warming"].tolist() == [1.0] * left + [0.0] * (4 - left)
    assert np.flatnonzero(own["on"]).tolist() == [left]
    assert own["power_mw"] == pytest.approx([1.0] * left + [5.0] + [0.0] * (3 - left))


@pytest.mark.parametrize("mode", ["on", "standby", "warm", "off"])
def test_what_is_handed_over(mode):
    flags = {"on": [0.0] * 4, "standby": [0.0] * 4, "warming": [0.0] * 4}
    if mode != "off":
        flags[{"warm": "warming"}.get(mode, mode)] = [0.0, 0.0, 1.0, 1.0]
    now = {key: np.asarray(values) for key, values in flags.items()} | {
        "power_mw": np.asarray([0.0, 0.0, 5.0, 6.0]),
        "tank_kg": np.asarray([1.0, 2.0, 3.0, 4.0]),
    }
    problem = small_problem({"grid": grid_asset(50), "h2": unit()}, {"grid": prices([1.0] * 4)})
    body = Electrolyser.model_validate(unit(standby_power=0.1, start_h=3))
    before = AssetState(on=False, since_h=5.0)
    after = body.next_state(before, now, problem.series["h2"], problem.grid)
    assert (after.on, after.standby) == (mode == "on", mode == "standby")
    assert after.since_h == (9.0 if mode == "off" else 2.0)
    assert after.warming_h == (2.0 if mode == "warm" else None)
    assert (after.tank_kg, after.power_mw) == (4.0, 6.0)


@pytest.mark.parametrize(
    "own",
    [
        {"standby": True},
        {"standby": True, "on": True},
        {"on": True, "power_mw": 11.0},
        {"tank_kg": 1001.0},
    ],
)
def test_a_state_that_cannot_be(own):
    with pytest.raises(WrongState, match="opening state"):
        solved(unit(), [100.0], state=state(**own))


# Whatever the numbers


@FEW
@given(st.integers(0, 10**6), st.lists(st.floats(-100, 1500, width=32), min_size=6, max_size=6))
def test_conserves_and_standby_never_makes_it_dearer(seed, energy):
    rng = np.random.default_rng(seed)
    body = any_unit(rng) | {"standby_power": None}
    own = any_state(rng, body)
    without = solved(body, energy, state=own)
    with_it = solved(body | {"standby_power": 0.03}, energy, state=own)
    assert cost_yuan(with_it) <= cost_yuan(without) + 1e-3 + 1e-8 * abs(cost_yuan(without))
    report = with_it.reported["h2"]
    assert report["on"] + report["standby"] == pytest.approx(np.minimum(1, report["on"] + report["standby"]))


# The audit


def tampered(solution, **changes):
    """Check a solution whose electrolyser reports something else; grid and bill follow the power."""
    reported = {name: dict(own) for name, own in solution.reported.items()}
    before = reported["h2"]["power_mw"]
    reported["h2"] |= {key: np.asarray(values, dtype=float) for key, values in changes.items()}
    reported["grid"]["import_mw"] = reported["grid"]["import_mw"] + reported["h2"]["power_mw"] - before
    bill = dict(solution.bill)
    bill["market_energy"] = reported["grid"]["import_mw"] * solution.problem.series["grid"]["energy_price_yuan_per_mwh"]
    return check(solution.problem, reported, bill)


@pytest.fixture(scope="module")
def whole():
    """Warm-up, two runs with standby between, a hydrogen bus: every kind of report."""
    body = unit(
        standby_power=0.02, start_h=1, start_power=0.1, cold_start_cost="5000 yuan", min_up_h=2, ramp="0.5/h",
        demand_timing="by_day", unmet_price="300 yuan/kg", hydrogen_bus="pipe", tank="2000 kg",
        demand="1200 kg/day",
    )  # fmt: skip
    energy = [300.0, 100.0, 100.0, 2000.0, 100.0, 100.0, 100.0, 100.0]
    return solved(body, energy, {"nh3": taker()}, state=state(on=False, since_h=9.0, power_mw=0.0, tank_kg=1000.0))


def test_the_tampering_itself_is_consistent(whole):
    own = whole.reported["h2"]
    assert own["warming"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert own["standby"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert tampered(whole).passed


def moved(values, *changes):
    made = np.array(values)
    for step, by in changes:
        made[step] += by
    return made


@pytest.mark.parametrize(
    ("key", "changes", "words"),
    [
        ("power_mw", [(5, 1.0)], "misses its limits|drifts|misses its power"),
        ("power_mw", [(3, 0.5)], "power_mw misses its limits by 0.5"),
        ("hydrogen_kg", [(1, 5.0)], "hydrogen_kg misses its power by 5"),
        ("tank_kg", [(4, 1.0)], "tank_kg drifts from its flows by 1 kg"),
        ("hydrogen_delivered_kg", [(4, -2.0)], "misses its hydrogen demand by 2 kg"),
        ("hydrogen_delivered_kg", [(1, 9.0), (2, -9.0)], "drifts|less than nothing"),
        ("hydrogen_unmet_kg", [(7, 1.0)], "misses its hydrogen demand by 1 kg|line hydrogen_unmet"),
        (OUT, [(2, 1.0)], "the bus pipe misses its balance by 1"),
        ("on", [(3, 1.0)], "two modes at once"),
        ("warming", [(0, -1.0)], "misses its limits|breaks its warm-up"),
        ("standby", [(3, -1.0)], "misses its limits|breaks its warm-up"),
        ("on", [(2, -0.5)], "neither 0 nor 1"),
    ],
)
def test_the_audit_finds_what_was_changed(whole, key, changes, words):
    with pytest.raises(CheckFailed, match=words):
        tampered(whole, **{key: moved(whole.reported["h2"][key], *changes)})


def test_the_audit_finds_a_start_that_was_not_warmed_up(whole):
    own = whole.reported["h2"]
    with pytest.raises(CheckFailed, match="breaks its warm-up 1 times"):
        tampered(whole, standby=np.zeros(8), power_mw=moved(own["power_mw"], (3, -0.2)))
    with pytest.raises(CheckFailed, match="breaks its warm-up"):
        tampered(whole, warming=np.zeros(8), power_mw=moved(own["power_mw"], (0, -1.0)))


def test_the_audit_finds_runs_that_are_too_short():
    """Two hours at least, up and down; reported one hour each: a config with longer times refuses the same report."""
    solution = solved(unit(tank_final=0.3, min_load=0.1), [900.0, 100.0, 900.0, 100.0, 900.0])
    on = solution.reported["h2"]["on"]
    assert on.tolist() == [0, 1, 0, 1, 0]
    for field, words in (("min_up_h", "h2 runs 1 h, less than 2 h"), ("min_down_h", "h2 is off 1 h, less than 2 h")):
        longer = Electrolyser.model_validate(unit(tank_final=0.3, min_load=0.1, **{field: 2}))
        assets = {**solution.problem.park.assets, "h2": longer}
        park = solution.problem.park.model_copy(update={"assets": assets})
        with pytest.raises(CheckFailed, match=words):
            check(replace(solution.problem, park=park), solution.reported, solution.bill)


def test_unpaid_starts_are_found(whole):
    assert float(np.sum(whole.bill["starts"])) == pytest.approx(5000)
    with pytest.raises(CheckFailed, match=r"line starts is 5000\.00 yuan, not 0\.00"):
        check(whole.problem, whole.reported, dict(whole.bill) | {"starts": np.zeros(8)})


def test_owes_reads_the_report_alone():
    """Off, warm-up, on, standby, on, off, on: three starts of 10, two of them cold for 100 more."""
    body = Electrolyser.model_validate(unit(standby_power=0.1, start_cost="10 yuan", cold_start_cost="100 yuan"))
    own = {"on": np.array([0, 0, 1, 0, 1, 0, 1.0]), "standby": np.array([0, 0, 0, 1, 0, 0, 0.0])}
    own |= {"warming": np.array([0, 1, 0, 0, 0, 0, 0.0])}
    problem = small_problem({"grid": grid_asset(50), "h2": unit()}, {"grid": prices([1.0] * 7)})
    case = Case("h2", own, {}, AssetState(), problem.grid, np.zeros(7), np.zeros(7))
    assert dict(body.owes(case))["starts"] == pytest.approx(3 * 10 + 2 * 100)


# Faults


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"part_load": POINTS["mixed"]}, "exactly one of efficiency, part_load"),
        ({"efficiency": None}, "exactly one of efficiency, part_load"),
        ({"efficiency": None, "part_load": POINTS["mixed"][:2]}, "part_load needs load: 1"),
        ({"efficiency": None, "part_load": POINTS["mixed"][::-1]}, "part_load.load must rise"),
        ({"efficiency": None, "part_load": POINTS["mixed"], "min_load": 0.2}, "must not exceed min_load"),
        (
            {
                "efficiency": None,
                "part_load": [{"load": 0.3, "efficiency": "34 kWh/kg"}, {"load": 1, "efficiency": "150 kWh/kg"}],
            },
            "part_load.efficiency must rise",
        ),
        ({"demand": None}, "one of demand, demand_by_hour, hydrogen_bus"),
        ({"demand_by_hour": {"file": "a.csv", "column": "a", "unit": "kg/h"}}, "at most one of demand"),
        ({"demand": None, "hydrogen_bus": "pipe", "demand_timing": "by_day"}, "by_day needs demand"),
        ({"hydrogen_bus": "main"}, "no hydrogen bus"),
        ({"bus": "east", "hydrogen_bus": "east"}, "no hydrogen bus"),
    ],
)
def test_faults_of_the_park_file(changes, words):
    with pytest.raises(ValidationError, match=words):
        Electrolyser.model_validate({key: value for key, value in (unit() | changes).items() if value is not None})


def test_a_demand_by_the_day_that_cannot_be_met_is_named():
    with pytest.raises(Infeasible) as caught:
        solved(unit(power="4 MW", demand_timing="by_day", tank="0 kg"), [100.0] * 24)
    assert "hydrogen demand of h2" in caught.value.message("en")
    assert "lower h2.demand by 480 kg" in caught.value.remedy("en")


def test_carriers_and_buses():
    body = Electrolyser.model_validate(unit(hydrogen_bus="pipe"))
    assert body.carriers() == {"main": "power", "pipe": "hydrogen"}
    assert [body.bus_of(key) for key in body.flows()] == ["main", "pipe"]
    assert Electrolyser.model_validate(unit()).carriers() == {"main": "power"}
