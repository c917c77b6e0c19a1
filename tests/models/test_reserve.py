"""Reserve and demand response: by hand, called in earnest, refused, tampered with, and against another formulation."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.faults import CheckFailed, Infeasible, WrongValue
from parkopt.models.build import build
from parkopt.models.headroom import free_of, storage_headroom
from parkopt.models.tech.reserve import Reserve
from parkopt.schedule import to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem
from tests.solve.independent import Rows

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=25, deadline=None)


def store(**fields):
    return {
        "kind": "storage",
        "charge": "10 MW",
        "discharge": "10 MW",
        "energy": "20 MWh",
        "charge_efficiency": 0.8,
        "discharge_efficiency": 0.8,
        "soc_min": 0.0,
        "soc_max": 1.0,
        "soc_initial": 0.5,
        "soc_final": 0.0,
    } | fields


def offer(*providers, **fields):
    body = {"kind": "reserve", "direction": "up", "providers": list(providers) or ["ess"], "price": "100 yuan/MW/h"}
    return body | ({} if "capacity" in fields else {"max_capacity": "50 MW"}) | fields


def case(energy, offers, demand=40.0, grid=None, **assets):
    n = len(energy)
    made = {"grid": grid or grid_asset(100, 50), "load": load_asset()} | assets | offers
    return small_problem(made, {"grid": prices(energy), "load": {"demand_mw": np.zeros(n) + demand}})


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def offered(solution, name="up"):
    return solution.reported[name]["offered_mw"]


def line(solution, name="reserve"):
    return float(np.sum(solution.bill[name]))


def shedding(**fields):
    body = {"kind": "flexible_load", "enterprise": "mill", "form": "curtailable", "windows": ["0-24"]}
    return body | {"power": "10 MW", "curtail_share": 0.4, "curtail_price": "700 yuan/MWh"} | fields


def moving(**fields):
    body = {"kind": "flexible_load", "enterprise": "mill", "form": "energy", "windows": ["0-24"]}
    return body | {"energy": "120 MWh", "max_power": "10 MW"} | fields


# By hand


def test_a_store_offers_what_it_has_for_the_whole_call():
    """10 of 20 MWh at a loss of a fifth are 8 MWh at the bus: 8 MW for an hour, 4 for two, all 10 for a half."""
    for hours, mw in ((1, 8.0), (2, 4.0), (0.5, 10.0)):
        solution = solved(case([50.0] * 3, {"up": offer(duration_h=hours)}, ess=store(charge="0 MW")))
        assert offered(solution) == pytest.approx([mw] * 3)
        assert line(solution) == pytest.approx(-3 * mw * 100)


def test_room_for_taking_more():
    """10 MWh of room keep 8 MWh that are not given (10 at a loss of a fifth): 8 MW for an hour, 4 for two."""
    for hours, mw in ((1, 8.0), (2, 4.0), (0.5, 10.0)):
        problem = case([50.0] * 3, {"down": offer(direction="down", duration_h=hours)}, ess=store(discharge="0 MW"))
        assert offered(solved(problem), "down")[0] == pytest.approx(mw)


def test_keeping_free_is_weighed_against_discharging():
    """8 MWh at 500 in the second hour are worth more than 8 MW x 100, and less than 8 MW x 600."""
    cheap = solved(case([300.0, 500.0], {"up": offer(windows=["1-2"])}, ess=store(charge="0 MW")))
    assert cheap.reported["ess"]["discharge_mw"].sum() == pytest.approx(8.0)
    assert offered(cheap).max() == pytest.approx(0.0)
    dear = solved(case([300.0, 500.0], {"up": offer(windows=["1-2"], price="600 yuan/MW/h")}, ess=store(charge="0 MW")))
    assert offered(dear) == pytest.approx([0.0, 8.0])
    assert line(dear) == pytest.approx(-4800.0)


def test_charging_can_be_stopped():
    """Charging 10 MW in a call's hour can be stopped, and 10 more given: 20 MW up, where the energy is there."""
    problem = case([-100.0, 900.0], {"up": offer(windows=["0-1"], duration_h=0.25)}, ess=store(soc_initial=0.5))
    solution = solved(problem)
    assert solution.reported["ess"]["charge_mw"][0] == pytest.approx(10.0)
    assert offered(solution)[0] == pytest.approx(20.0)


def test_two_offers_share_one_store():
    """8 MWh behind both: the dearer one for an hour takes all; a promised 2 MW for two hours leaves 4."""
    both = {"up": offer(), "more": offer(price="90 yuan/MW/h")}
    solution = solved(case([50.0] * 2, both, ess=store(charge="0 MW")))
    assert offered(solution) + offered(solution, "more") == pytest.approx([8.0, 8.0])
    assert offered(solution, "more").max() == pytest.approx(0.0)
    firm = {"up": offer(), "firm": offer(capacity="2 MW", duration_h=2, price="1 yuan/MW/h")}
    assert offered(solved(case([50.0] * 2, firm, ess=store(charge="0 MW")))) == pytest.approx([4.0, 4.0])


def test_up_and_down_do_not_share():
    both = {"up": offer(), "down": offer(direction="down")}
    alone = [solved(case([90.0] * 2, {name: one}, ess=store())) for name, one in both.items()]
    together = solved(case([90.0] * 2, both, ess=store()))
    assert line(together) <= min(line(one) for one in alone)
    assert offered(together)[0] > 5.0
    assert offered(together, "down")[0] > 5.0


def test_several_providers_of_one_offer():
    """8 from the store and 4 of 10 MW that a mill may shed, at no cost as long as nobody calls."""
    offers = {"up": offer("ess", "mill")}
    problem = case([50.0] * 24, offers, ess=store(charge="0 MW"), mill=shedding())
    solution = solved(problem)
    assert offered(solution) == pytest.approx([12.0] * 24)
    assert solution.reported["up"]["held_2_mw"] == pytest.approx([4.0] * 24)
    assert line(solution, "shedding") == pytest.approx(0.0)


def test_shedding_within_the_energy_of_a_day():
    """3 MWh a day: 3 MW for an hour and 1.5 for two, though 4 MW could be shed."""
    for hours, mw in ((1, 3.0), (2, 1.5), (0.5, 4.0)):
        problem = case([50.0] * 24, {"up": offer("mill", duration_h=hours)}, mill=shedding(curtail_energy="3 MWh"))
        assert offered(solved(problem)) == pytest.approx([mw] * 24)


def test_a_moved_load_offers_what_it_can_make_up_later():
    """12 hours at 10 MW from midnight: what is not taken can be made up until the last hour of the day, not in it."""
    energy = np.concatenate([np.full(12, 100.0), np.full(12, 900.0)])
    problem = case(energy, {"up": offer("mill", price="1 yuan/MW/h")}, mill=moving())
    solution = solved(problem)
    assert solution.reported["mill"]["power_mw"][:12] == pytest.approx([10.0] * 12)
    assert offered(solution)[:12] == pytest.approx([10.0] * 12)
    late = case(energy[::-1], {"up": offer("mill", price="1 yuan/MW/h")}, mill=moving())
    assert offered(solved(late)).max() == pytest.approx(0.0)  # nothing is left after the hours in which it runs


def test_a_running_generator_offers_what_its_ramp_allows():
    """Cheap fuel runs it at 8 of 10 MW where 2 are offered dearly; a ramp of 0.1/h allows 1 MW."""
    unit = {"kind": "generator", "power": "10 MW", "min_load": 0.2, "efficiency": 0.5, "fuel_price": "100 yuan/MWh"}
    offers = {"up": offer("gas", capacity="2 MW")}
    solution = solved(case([300.0] * 3, offers, gas=unit))
    assert solution.reported["gas"]["supply_mw"] == pytest.approx([8.0] * 3)
    slow = unit | {"ramp_up": "0.1/h", "initially_on": True}
    best = solved(case([300.0] * 4, {"up": offer("gas", price="10 yuan/MW/h", windows=["2-4"])}, gas=slow))
    assert offered(best).max() <= 1.0 + 1e-6


def test_an_electrolyser_offers_between_least_and_rated_load():
    """100 kg/h at 50 kWh/kg are 5 MW; from 5 down to a least load of 4 there is 1 MW, up to 10 there are 5."""
    unit = {"kind": "electrolyser", "enterprise": "h2", "power": "10 MW", "efficiency": "50 kWh/kg"}
    unit |= {"min_load": 0.4, "tank": "400 kg", "demand": "2400 kg/day"}
    offers = {"up": offer("h2", price="1 yuan/MW/h"), "down": offer("h2", direction="down", price="1 yuan/MW/h")}
    solution = solved(case([300.0] * 2, offers, h2=unit))
    power = solution.reported["h2"]["power_mw"]
    assert offered(solution) == pytest.approx(power - 4.0)
    assert offered(solution, "down") == pytest.approx(np.minimum(10.0 - power, 10.0))


@pytest.mark.parametrize(
    ("points", "demand", "most_mw"),
    [([(0.5, 50), (1.0, 60)], 2400, 3.75), ([(0.5, 60), (0.75, 50), (1.0, 52)], 2000, 1.875)],
)
def test_a_part_load_electrolyser_offers_by_the_steepest_of_its_curve(points, demand, most_mw):
    """It makes its demand at least load, 5 MW, and 50 kg more fit into the tank.

    From 100 kg/h at 5 MW to 166.7 at 10 MW a kg takes 75 kWh: 3.75 MW. From 83.3 at 5 MW to 150 at 7.5 MW it takes
    37.5 kWh, and more beyond: 1.875 MW.
    """
    curve = [{"load": load, "efficiency": f"{kwh} kWh/kg"} for load, kwh in points]
    unit = {"kind": "electrolyser", "enterprise": "h2", "power": "10 MW", "part_load": curve, "min_load": 0.5}
    unit |= {"tank": "250 kg", "tank_initial": 0.8, "tank_final": 0.8, "demand": f"{demand} kg/day"}
    solution = solved(case([300.0], {"down": offer("h2", direction="down", price="1 yuan/MW/h")}, h2=unit))
    assert solution.reported["h2"]["power_mw"] == pytest.approx([5.0])
    assert offered(solution, "down") == pytest.approx([most_mw])


def test_the_connection_must_carry_the_call():
    """A park that takes 3 MW and may not export can give 3 MW more, whatever its store holds."""
    problem = case([50.0] * 2, {"up": offer()}, demand=3.0, grid=grid_asset(5), ess=store(charge="0 MW"))
    assert offered(solved(problem)) == pytest.approx([3.0, 3.0])
    down = {"down": offer(direction="down")}
    problem = case([50.0] * 2, down, demand=3.0, grid=grid_asset(5), ess=store(discharge="0 MW"))
    assert offered(solved(problem), "down") == pytest.approx([2.0, 2.0])


def test_windows_are_paid_by_their_minutes():
    """0:30-2 pays half of the first hour; the expected calls pay a tenth of each MWh at 500."""
    fields = {"windows": ["0:30-2"], "activation_price": "500 yuan/MWh", "activation_share": 0.1}
    solution = solved(case([50.0] * 3, {"up": offer(**fields)}, ess=store(charge="0 MW")))
    assert offered(solution) == pytest.approx([8.0, 8.0, 0.0])
    assert line(solution) == pytest.approx(-8 * 1.5 * 100)
    assert line(solution, "reserve_activation") == pytest.approx(-8 * 1.5 * 0.1 * 500)


def test_the_same_capacity_throughout_a_window():
    """Without the mill, which sheds in 0-1 only, 8 MW are there: 12 in its hour alone, 8 throughout where it is one."""
    mill = shedding(windows=["0-1"])
    free = solved(case([50.0] * 24, {"up": offer("ess", "mill", windows=["0-2"])}, ess=store(charge="0 MW"), mill=mill))
    assert offered(free)[:2] == pytest.approx([12.0, 8.0])
    same = offer("ess", "mill", windows=["0-2"], same_in_window=True)
    solution = solved(case([50.0] * 24, {"up": same}, ess=store(charge="0 MW"), mill=mill))
    assert offered(solution)[:2] == pytest.approx([8.0, 8.0])


def test_a_window_outside_the_horizon_offers_nothing():
    for fields in ({"windows": ["20-22"]}, {"windows": ["20-22"], "capacity": "5 MW", "max_capacity": None}):
        body = {key: value for key, value in offer(**fields).items() if value is not None}
        assert offered(solved(case([50.0] * 3, {"up": body}, ess=store()))).max() == pytest.approx(0.0)


def test_a_promise_that_cannot_be_kept_is_named():
    problem = case([50.0] * 2, {"up": offer(capacity="9 MW")}, ess=store(charge="0 MW"))
    with pytest.raises(Infeasible, match="the capacity of up"):
        solve(problem, EXACT)


def test_meanings_are_known():
    schedule = to_schedule(solved(case([50.0] * 2, {"up": offer()}, ess=store())), {})
    assert {schedule[key].attrs["units"] for key in ("offered_mw", "held_1_mw")} == {"MW"}


# What is refused


def test_what_nobody_can_say_is_free_is_refused():
    run = moving(form="block", power="5 MW", duration_h=2)
    del run["energy"], run["max_power"]
    for name, assets, n in (("load", {}, 2), ("mill", {"mill": run}, 24)):
        with pytest.raises(WrongValue, match="nothing says what it keeps free"):
            solve(case([50.0] * n, {"up": offer(name)}, **assets))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (offer(capacity="1 MW", max_capacity="2 MW"), "exactly one of capacity, max_capacity"),
        (offer("ess", "ess"), "each of providers"),
        (offer(windows=["25-26"]), "a window of the day"),
        (offer(providers=[]), "at least 1 item"),
    ],
)
def test_what_does_not_go_together_is_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        Reserve.model_validate(body)


def test_an_offer_names_its_providers():
    assert list(Reserve.model_validate(offer("a", "b")).references()) == [
        ("providers.0", "assets", "a"),
        ("providers.1", "assets", "b"),
    ]


def test_a_declared_headroom_is_the_derived_one():
    """What `storage_headroom` says is what the rows say."""
    hub = build(case([50.0] * 3, {}, ess=store())).hub
    hub.block("ess")
    columns = [hub.blocks["ess"].variables[name] for name in ("charge_mw", "discharge_mw", "soc_mwh")]
    declared = storage_headroom(hub, *columns, discharge_efficiency=0.8)
    hub.headroom.clear()
    x = np.arange(float(hub.n_columns)) / 7
    for direction, mw, mwh in (("up", declared.up_mw, declared.up_mwh), ("down", declared.down_mw, declared.down_mwh)):
        derived = free_of(hub, "ess", direction, "f")
        assert _value(derived.mw[0][1], x) == pytest.approx(_value(mw, x))
        assert _value(derived.levels[0][1], x) == pytest.approx(_value(mwh, x))


def _value(sums, x):
    total = sums.constant.copy()
    for rows, columns, values in sums.entries:
        np.add.at(total, rows, values * x[columns])
    return total


# The check finds what was tampered with


def altered(solution, asset, key, change, bill=None):
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported[asset][key] = reported[asset][key] + np.asarray(change)
    with pytest.raises(CheckFailed):
        check(solution.problem, reported, bill or solution.bill)
    return reported


def test_the_check_finds_more_than_is_free():
    """Half a megawatt more, in both the offer and its part, is found behind each kind of provider."""
    gas = {"kind": "generator", "power": "10 MW", "min_load": 0.2, "efficiency": 0.5, "fuel_price": "100 yuan/MWh"}
    for provider, asset, n in (
        ("ess", store(charge="0 MW"), 3),
        ("mill", shedding(), 24),
        ("mill", shedding(curtail_energy="3 MWh"), 24),
        ("mill", moving(), 24),
        ("gas", gas, 3),
    ):
        price = 300.0 if provider == "gas" else 50.0
        fields = {"price": "300 yuan/MW/h"} if provider == "gas" else {}
        solution = solved(case([price] * n, {"up": offer(provider, **fields)}, **{provider: asset}))
        most = np.eye(n)[int(np.argmax(offered(solution)))]
        assert offered(solution).max() > 0.5
        reported = {name: dict(own) for name, own in solution.reported.items()}
        for key in ("offered_mw", "held_1_mw"):
            reported["up"][key] = reported["up"][key] + most * 0.5
        bill = {**solution.bill, "reserve": solution.bill["reserve"] - most * price / 2}
        with pytest.raises(CheckFailed, match=r"keeps free|stands behind"):
            check(solution.problem, reported, bill)


def test_the_check_finds_two_offers_that_sell_the_same():
    """Each of two offers alone would hold; together they sell 8 MWh twice."""
    both = {"up": offer(), "more": offer(price="90 yuan/MW/h")}
    solution = solved(case([50.0] * 2, both, ess=store(charge="0 MW")))
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported["more"] = {key: reported["up"][key].copy() for key in reported["more"]}
    bill = {**solution.bill, "reserve": solution.bill["reserve"] - 720.0}
    with pytest.raises(CheckFailed, match="stands behind ess"):
        check(solution.problem, reported, bill)


def test_the_check_finds_parts_windows_connections_and_bills():
    solution = solved(case([50.0] * 3, {"up": offer(windows=["0-2"], capacity="3 MW")}, ess=store()))
    altered(solution, "up", "offered_mw", [0.5, 0.0, 0.0])
    altered(solution, "up", "offered_mw", [0.0, 0.0, 0.5])
    altered(solution, "up", "held_1_mw", [-0.5, 0.0, 0.0])
    altered(solution, "up", "offered_mw", [-0.5, 0.0, 0.0])
    with pytest.raises(CheckFailed, match="reserve"):
        check(solution.problem, solution.reported, {**solution.bill, "reserve": solution.bill["reserve"] - 0.02})
    tight = solved(case([50.0] * 2, {"up": offer()}, demand=3.0, grid=grid_asset(5), ess=store(charge="0 MW")))
    reported = {name: dict(own) for name, own in tight.reported.items()}
    for key in ("offered_mw", "held_1_mw"):
        reported["up"][key] = reported["up"][key] + 1.0
    with pytest.raises(CheckFailed, match="the connection can carry"):
        check(tight.problem, reported, tight.bill)


# A call in earnest

HOUR_PRICES = st.lists(st.floats(50.0, 600.0), min_size=8, max_size=8)


@FEW
@given(
    energy=HOUR_PRICES,
    first=st.floats(0.0, 400.0),
    second=st.floats(0.0, 400.0),
    durations=st.tuples(st.sampled_from([0.5, 1, 2, 3]), st.sampled_from([1, 2])),
    direction=st.sampled_from(["up", "down"]),
    loss=st.sampled_from([0.0, 0.02]),
)
def test_every_call_can_be_delivered(energy, first, second, durations, direction, loss):
    """Both offers called at once, from any step on, for as long as they last: the store stays within its limits."""
    fields = {"direction": direction, "windows": ["1-6"]}
    offers = {
        "up": offer(price=f"{first!r} yuan/MW/h", duration_h=durations[0], **fields),
        "more": offer(price=f"{second!r} yuan/MW/h", duration_h=durations[1], max_capacity="3 MW", **fields),
    }
    solution = solved(case(energy, offers, ess=store(self_discharge=f"{loss}/h")))
    for start in range(1, 6):
        called = np.zeros(8)
        for name, hours in zip(offers, durations, strict=True):
            lasting = np.clip(hours - (np.arange(8) - start), 0.0, 1.0) * (np.arange(8) >= start)
            called += offered(solution, name) * lasting
        _delivers(solution.reported["ess"], called if direction == "up" else -called, start, max(durations))


def _delivers(own, extra, start, hours):
    """Assert that a store can change what it gives by `extra` MWh in each hour of a call."""
    gives = own["discharge_mw"] - own["charge_mw"] + extra
    assert np.max(np.abs(gives)) <= 10.0 + 1e-5
    level = own["soc_mwh"].copy()
    planned = own["charge_mw"] * 0.8 - own["discharge_mw"] / 0.8
    changed = np.clip(-gives, 0, None) * 0.8 - np.clip(gives, 0, None) / 0.8
    level += np.cumsum(changed - planned)
    during = slice(start, min(start + int(np.ceil(hours)), 8))
    assert level[during].min() >= -1e-5
    assert level[during].max() <= 20.0 + 1e-5


# Against another formulation


def by_milp(problem, price, duration):
    """Return the least cost: levels eliminated, what is kept free written step by step, no energy variable."""
    n, rows = problem.grid.n, Rows()
    market, demand = problem.series["grid"]["energy_price_yuan_per_mwh"], problem.series["load"]["demand_mw"]
    buy = rows.columns(n, market, high=100.0)
    charge, give = rows.columns(n, high=10.0), rows.columns(n, high=10.0)
    kept, way = rows.columns(n, -price, high=50.0), rows.columns(n, high=1.0, whole=True)
    for t in range(n):
        rows.row([(buy[t], 1), (charge[t], -1), (give[t], 1)], demand[t], demand[t])
        rows.row([(charge[t], 1), (way[t], -10)], high=0.0)
        rows.row([(give[t], 1), (way[t], 10)], high=10.0)
        level = [*((c, 0.8) for c in charge[: t + 1]), *((g, -1.25) for g in give[: t + 1])]
        rows.row(level, -10.0, 10.0)
        rows.row([(kept[t], 1), (give[t], 1), (charge[t], -1)], high=10.0)
        rows.row([(kept[t], 1), (buy[t], -1)], high=50.0)
        for after in (t, t + 1):  # a call of the step, and of the next one, finds its energy at this step's end
            if after < n:
                rows.row([*((c, v * 0.8) for c, v in level), (kept[after], -duration)], low=-8.0)
        calls = [(kept[s], -min(1.0, duration - (t - s))) for s in range(t + 1) if duration > t - s]
        rows.row([*((c, v * 0.8) for c, v in level), *calls], low=-8.0)
        first = t - int(np.ceil(duration)) + 1  # a call from the start of that step on
        calls = [(kept[s], -min(1.0, duration - (s - first))) for s in range(max(first, 0), t + 1)]
        rows.row([*((c, v * 0.8) for c, v in level), *calls], low=-8.0)
    rows.row([(kept[0], duration)], high=8.0)
    return rows.solve()


@FEW
@given(energy=HOUR_PRICES, price=st.floats(0.0, 500.0), duration=st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]))
def test_the_cost_is_that_of_another_formulation(energy, price, duration):
    problem = case(energy, {"up": offer(price=f"{price!r} yuan/MW/h", duration_h=duration)}, ess=store())
    assert cost_yuan(solved(problem)) == pytest.approx(by_milp(problem, price, duration), rel=1e-6, abs=0.02)


@pytest.mark.parametrize("order", list(itertools.permutations(["a", "b", "c"])))
def test_the_order_of_offers_does_not_matter(order):
    offers = {
        "a": offer("ess", "mill", price="120 yuan/MW/h", duration_h=2),
        "b": offer("mill", price="80 yuan/MW/h", duration_h=1),
        "c": offer("ess", capacity="1 MW", windows=["5-9"], duration_h=3),
    }
    problem = case(np.linspace(100, 600, 24), {name: offers[name] for name in order}, ess=store(), mill=moving())
    costs = cost_yuan(solved(problem))
    base = case(np.linspace(100, 600, 24), offers, ess=store(), mill=moving())
    assert costs == pytest.approx(cost_yuan(solved(base)), rel=1e-6)


def test_binaries_do_not_change_what_is_offered():
    problem = case([100.0, 500.0, 300.0, 200.0], {"up": offer()}, ess=store())
    both = replace(problem, exclusive=frozenset({"ess", "grid"}))
    assert cost_yuan(solved(both)) == pytest.approx(cost_yuan(solved(problem)), rel=1e-6)
