"""The EV fleet: cases by hand, tampering, explanations, and a second formulation with one variable a vehicle."""

import math
from datetime import date

import numpy as np
import pytest
import scipy.optimize as so
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.faults import CheckFailed, Infeasible
from parkopt.models import Objective
from parkopt.models.base import Case
from parkopt.models.tech.ev_fleet import EvFleet
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def session(arrive="08:00", leave="12:00", vehicles=10, energy="100 kWh", power="100 kW"):
    return {"arrive": arrive, "leave": leave, "vehicles": vehicles, "energy": energy, "power": power}


def fleet(*sessions, **more):
    return {"kind": "ev_fleet", "enterprise": "works", "sessions": list(sessions)} | more


def posed(cars, price, grid=None, **more):
    return small_problem({"grid": grid or grid_asset(50), "cars": cars}, {"grid": prices(price)}, **more)


def solved(problem):
    solution = solve(problem, EXACT)
    assert_conserves(solution)
    return solution


def power(solution):
    return solution.reported["cars"]["power_mw"]


def day(cheap, n=24, dear=500.0):
    """Prices of a day: `cheap` gives some hours another price."""
    return [cheap.get(t, dear) for t in range(n)]


# ------------------------------------------------------------------ by hand


def test_charging_goes_to_the_cheapest_hours_of_the_stay():
    """1 MWh at up to 1 MW: all in the hour from 10:00, though 05:00 (before) and 12:00 (after) are cheaper still."""
    solution = solved(posed(fleet(session()), day({5: 10.0, 10: 100.0, 12: 10.0})))
    assert power(solution) == pytest.approx([1.0 if t == 10 else 0.0 for t in range(24)], abs=1e-7)
    assert cost_yuan(solution) == pytest.approx(100.0)


def test_the_charger_limits_the_cheapest_hour():
    """1 MWh at up to 0.4 MW: 0.4 at 100, 0.4 at 200, 0.2 at 300."""
    solution = solved(posed(fleet(session(power="40 kW")), day({8: 300.0, 9: 100.0, 10: 200.0})))
    assert power(solution)[8:12] == pytest.approx([0.2, 0.4, 0.4, 0.0], abs=1e-7)
    assert cost_yuan(solution) == pytest.approx(0.4 * 100 + 0.4 * 200 + 0.2 * 300)


def test_the_site_limit_couples_the_groups():
    """Both groups would take 1 MWh in the hour at 100; 1.2 MW pass, 0.8 MWh wait for the hour at 200."""
    cars = fleet(session(), session("09:00", "13:00"), site_limit="1.2 MW")
    solution = solved(posed(cars, day({10: 100.0, 11: 200.0})))
    assert power(solution)[10:12] == pytest.approx([1.2, 0.8])
    assert cost_yuan(solution) == pytest.approx(1.2 * 100 + 0.8 * 200)
    free = fleet(session(), session("09:00", "13:00"))
    assert cost_yuan(solved(posed(free, day({10: 100.0, 11: 200.0})))) == pytest.approx(200.0)


def test_unmet_energy_is_priced_where_the_stay_is_too_short():
    """Two hours at 0.25 MW give the first group half of its 1 MWh; the second gets all of its own."""
    cars = fleet(session(leave="10:00", power="25 kW"), session("09:00", "13:00"), unmet_price="2000 yuan/MWh")
    solution = solved(posed(cars, day({10: 100.0})))
    unmet = solution.reported["cars"]["unmet_mwh"]
    assert unmet == pytest.approx([0.5 if t == 9 else 0.0 for t in range(24)], abs=1e-7)
    assert float(np.sum(solution.bill["unmet_charging"])) == pytest.approx(1000.0)
    assert cost_yuan(solution) == pytest.approx(1000 + 0.5 * 500 + 100)


@pytest.mark.parametrize(("price", "charged"), [(499.0, 0.0), (501.0, 1.0)])
def test_unmet_energy_is_chosen_only_below_the_price_of_energy(price, charged):
    solution = solved(posed(fleet(session(), unmet_price=f"{price} yuan/MWh"), [500.0] * 24))
    assert power(solution).sum() == pytest.approx(charged, abs=1e-7)
    assert cost_yuan(solution) == pytest.approx(min(price, 500.0))


def test_the_charger_loses_some():
    """1 MWh at the batteries needs 1.25 MWh at the bus."""
    solution = solved(posed(fleet(session(), charge_efficiency=0.8), day({9: 100.0, 10: 200.0})))
    assert power(solution)[9:11] == pytest.approx([1.0, 0.25])
    assert cost_yuan(solution) == pytest.approx(100 + 0.25 * 200)


def test_a_negative_price_gives_no_more_than_is_due():
    solution = solved(posed(fleet(session()), [-100.0] * 24))
    assert power(solution).sum() == pytest.approx(1.0)
    assert cost_yuan(solution) == pytest.approx(-100.0)


def test_an_overnight_stay_within_two_days_is_whole():
    """22:00 to 06:00: the middle night takes its 1 MWh at 02:00; the cut nights owe 6/8 and 2/8 of it."""
    cheap = day({1: 50.0, 22: 80.0, 23: 70.0, 26: 10.0, 46: 60.0, 47: 90.0}, 48)
    solution = solved(posed(fleet(session("22:00", "06:00")), cheap))
    by_hand = {1: 0.75, 26: 1.0, 46: 0.25}
    assert power(solution) == pytest.approx([by_hand.get(t, 0.0) for t in range(48)], abs=1e-7)


def test_a_day_owes_the_part_of_a_night_that_falls_inside():
    """20:00 to 06:00, cut at both ends of the day: 6/10 in the morning and 4/10 in the evening, in all one night."""
    cars = fleet(session("20:00", "06:00"))
    solution = solved(posed(cars, day({3: 100.0, 21: 200.0})))
    assert power(solution)[[3, 21]] == pytest.approx([0.6, 0.4])
    assert power(solution).sum() == pytest.approx(1.0)


def test_two_days_repeat_the_session():
    solution = solved(posed(fleet(session()), day({9: 100.0, 34: 50.0}, 48)))
    assert power(solution)[[9, 34]] == pytest.approx([1.0, 1.0])
    assert cost_yuan(solution) == pytest.approx(150.0)


def test_quarter_hours_begin_at_the_minute():
    """08:15 to 09:00 at 1 MW: 0.6 MWh fill the quarters from 08:30 (cheap) and leave 0.1 MWh to the one from 08:15."""
    price = [500.0] * 96
    price[32], price[34], price[35], price[36] = 1.0, 100.0, 100.0, 1.0
    solution = solved(posed(fleet(session("08:15", "09:00", energy="60 kWh")), price, step_min=15))
    assert power(solution)[32:37] == pytest.approx([0.0, 0.4, 1.0, 1.0, 0.0], abs=1e-7)
    assert cost_yuan(solution) == pytest.approx(0.1 * 500 + 0.5 * 100)


def test_a_step_covered_in_part_counts_by_its_minutes():
    """08:15 to 10:30 in hours: at most 0.75, 1 and 0.5 MW on average."""
    solution = solved(posed(fleet(session("08:15", "10:30", energy="225 kWh")), [500.0] * 24))
    assert power(solution)[8:11] == pytest.approx([0.75, 1.0, 0.5])


def test_the_site_limit_holds_in_the_minutes_of_presence():
    """Half an hour at 0.6 MW gives 0.3 MW on average, whatever the chargers could."""
    cars = fleet(session("08:30", "10:00"), site_limit="0.6 MW", unmet_price="9000 yuan/MWh")
    solution = solved(posed(cars, [500.0] * 24))
    assert power(solution)[8:10] == pytest.approx([0.3, 0.6])
    assert solution.reported["cars"]["unmet_mwh"][9] == pytest.approx(0.1)


def test_two_days_of_a_stay_may_share_a_step():
    """23:45 to 23:30: the hour from 23:00 sees the end of one stay and the start of the next."""
    solution = solved(posed(fleet(session("23:45", "23:30")), [500.0] * 48))
    assert power(solution).sum() == pytest.approx(2.0)


def test_a_demand_charge_spreads_the_charging():
    """1 MWh over four hours beside nothing else: a peak of 0.25 MW."""
    solution = solved(posed(fleet(session()), [100.0] * 24, grid_asset(50, demand_yuan_per_mw=1000.0)))
    assert power(solution)[8:12] == pytest.approx([0.25] * 4)
    assert cost_yuan(solution) == pytest.approx(100 + 250)


def test_a_fleet_that_is_not_there_takes_nothing():
    solution = solved(posed(fleet(session()), [100.0] * 3))
    assert power(solution) == pytest.approx([0.0] * 3)


def test_the_carbon_goal_keeps_the_energy_due():
    solution = solved(posed(fleet(session()), [100.0] * 24, objective=Objective("carbon")))
    assert power(solution).sum() == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"leave": "08:00"},
        {"arrive": "8:00"},
        {"leave": "24:00"},
        {"arrive": "08:60"},
        {"vehicles": 0},
        {"energy": 45},
        {"power": "7 kWh"},
    ],
)
def test_what_is_ambiguous_or_wrong_is_refused(wrong):
    with pytest.raises(ValidationError):
        EvFleet.model_validate(fleet(session() | wrong))


@pytest.mark.parametrize("wrong", [{"sessions": []}, {"unmet_price": "-1 yuan/MWh"}, {"charge_efficiency": 0}])
def test_fields_of_the_fleet_are_checked(wrong):
    with pytest.raises(ValidationError):
        EvFleet.model_validate(fleet(session()) | wrong)


# ------------------------------------------------------------------ the check, explanations, the account


TWO = fleet(session("08:00", "10:00", power="60 kW"), session("09:00", "12:00"), unmet_price="2000 yuan/MWh")


def moved(cars, changes, key="power_mw", price=(500.0,) * 24):
    """Return a solution with some of the fleet's figures changed, import with them so that the bus still balances."""
    solution = solved(posed(cars, list(price)))
    reported = {name: {k: v.copy() for k, v in own.items()} for name, own in solution.reported.items()}
    for step, change in changes.items():
        reported["cars"][key][step] += change
        if key == "power_mw":
            reported["grid"]["import_mw"][step] += change
    return solution.problem, reported, solution.bill


CHEAP = day({8: 100.0, 9: 200.0, 10: 100.0})
"""At these, TWO takes 0.6 MW from 08:00, 0.4 from 09:00 (first group), 1.0 from 10:00 (second)."""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({8: -0.1, 7: 0.1}, "limits"),  # before anyone is there
        ({10: -0.1, 12: 0.1}, "limits"),  # after all left
        ({10: -0.1}, "more than is due"),  # missing: -0.1
        ({10: -0.1, 11: 0.2}, "more than is due"),
        ({8: -0.3, 11: 0.3}, "before the vehicles left"),  # the first group gets 0.3 too little by 10:00
        ({8: -0.3, 9: 0.7, 10: -0.4}, "before the vehicles left"),  # of 1.1 MW from 09:00 the first group takes 0.6
    ],
)
def test_the_check_finds_tampering(changes, says):
    problem, reported, bill = moved(TWO, changes, price=CHEAP)
    with pytest.raises(CheckFailed) as caught:
        check(problem, reported, bill)
    assert says in str(caught.value)


def test_the_check_finds_a_missed_site_limit():
    cars = fleet(session(), session("09:00", "13:00"), site_limit="1.2 MW")
    problem, reported, bill = moved(cars, {10: 0.1, 11: -0.1}, price=day({10: 100.0, 11: 200.0}))
    with pytest.raises(CheckFailed) as caught:
        check(problem, reported, bill)
    assert "cars.power_mw misses its limits by 0.1" in str(caught.value)


def test_the_check_accepts_another_true_schedule():
    """The second group may take 0.4 MWh an hour earlier: all is delivered in time, only the import costs more."""
    problem, reported, bill = moved(TWO, {10: -0.4, 9: 0.4}, price=CHEAP)
    with pytest.raises(CheckFailed) as caught:
        check(problem, reported, bill)
    assert "market_energy" in str(caught.value)
    assert "cars" not in str(caught.value)


@pytest.mark.parametrize(
    ("cars", "changes", "says"),
    [
        (TWO, {9: 0.1}, "more than is due"),
        (TWO, {10: 0.1}, "unmet_mwh misses its limits"),  # nobody leaves then
        (fleet(session()), {11: 0.1}, "unmet_mwh misses its limits"),  # without a price nothing may be missing
    ],
)
def test_the_check_finds_missing_energy_that_was_not_owed(cars, changes, says):
    with pytest.raises(CheckFailed) as caught:
        check(*moved(cars, changes, key="unmet_mwh"))
    assert says in str(caught.value)


def test_the_check_finds_missing_energy_put_on_another_departure():
    short = fleet(session(leave="10:00", power="25 kW"), session("09:00", "13:00"), unmet_price="2000 yuan/MWh")
    problem, reported, bill = moved(short, {9: -0.5, 12: 0.5}, key="unmet_mwh")
    with pytest.raises(CheckFailed) as caught:
        check(problem, reported, bill)
    assert "before the vehicles left" in str(caught.value)


def test_the_check_finds_a_bill_without_the_unmet_energy():
    short = fleet(session(leave="10:00", power="25 kW"), unmet_price="2000 yuan/MWh")
    problem, reported, bill = moved(short, {})
    with pytest.raises(CheckFailed) as caught:
        check(problem, reported, bill | {"unmet_charging": bill["unmet_charging"] * 0.9})
    assert "unmet_charging" in str(caught.value)


def test_an_infeasible_day_names_the_fleet():
    """Two groups of two short by 0.2 and 0.5 MWh."""
    cars = fleet(session(power="20 kW"), session("13:00", "15:00", power="25 kW"))
    with pytest.raises(Infeasible) as caught:
        solve(posed(cars, [500.0] * 24), EXACT)
    assert "the energy due of cars" in caught.value.message("en")
    assert "cars 的应充电量" in caught.value.message("zh")
    assert "lower cars.sessions.energy by 0.7 MWh, most at 14:00" in caught.value.remedy("en")


def test_a_site_limit_in_conflict_is_named_and_the_change_works():
    """Two groups are due 2 MWh in 3.5 hours: they need 0.5714 MW."""
    groups = (session("08:30", "12:00"), session("09:00", "12:00"))
    with pytest.raises(Infeasible) as caught:
        solve(posed(fleet(*groups, site_limit="0.5 MW"), [500.0] * 24), EXACT)
    assert "raise cars.site_limit by 0.0714 MW (from 0.5 to 0.58 MW)" in caught.value.remedy("en")
    solved(posed(fleet(*groups, site_limit="0.572 MW"), [500.0] * 24))
    with pytest.raises(Infeasible):
        solve(posed(fleet(*groups, site_limit="0.571 MW"), [500.0] * 24), EXACT)


def test_the_account_counts_the_fleet_to_its_enterprise():
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset("works"), "cars": fleet(session(power="40 kW"))},
        {"grid": prices(day({8: 300.0, 9: 100.0, 10: 200.0})), "load": {"demand_mw": [10.0] * 24}},
    )
    solution = solved(problem)
    facts = {"date": "2026-07-15", "days": 1, "weather_notes": "", "weather_source": "none"}
    schedule = to_schedule(solution, facts)
    done = account(schedule, problem.park, problem.grid, ParkState(), next_state(solution), factor("jiangsu_2023"))
    used = done.schedule["consumption_wh"].sel(enterprise="works").to_numpy()
    assert used[7:13].tolist() == [10_000_000, 10_200_000, 10_400_000, 10_400_000, 10_000_000, 10_000_000]
    assert done.schedule["unmet_mwh"].attrs["units"] == "MWh"


# ------------------------------------------------------------------ whatever the numbers

times = st.integers(0, 95).map(lambda q: f"{q // 4:02d}:{q % 4 * 15:02d}")
sessions = st.builds(
    session,
    times,
    times,
    st.integers(1, 30),
    st.integers(0, 120).map(lambda v: f"{v} kWh"),
    st.integers(3, 120).map(lambda v: f"{v} kW"),
).filter(lambda s: s["arrive"] != s["leave"])


@FEW
@given(
    st.lists(sessions, min_size=1, max_size=4),
    st.lists(st.floats(-100, 900, width=32), min_size=48, max_size=48),
    st.sampled_from([None, "0.2 MW", "1 MW"]),
    st.sampled_from([15, 30, 60]),
    st.floats(0.7, 1.0),
)
def test_energy_is_kept_and_a_looser_fleet_is_never_dearer(groups, price, site, step_min, efficiency):
    more = {"charge_efficiency": efficiency, "unmet_price": "5000 yuan/MWh"}
    cars = fleet(*groups, **more, **({"site_limit": site} if site else {}))
    solution = solved(posed(cars, price, step_min=step_min))
    asset = solution.problem.park.assets["cars"]
    stays = asset.stays(solution.problem.grid)
    own, hours = solution.reported["cars"], solution.problem.grid.hours
    due = math.fsum(stay.due_mwh for stay in stays)
    assert math.fsum(own["power_mw"]) * hours * efficiency + math.fsum(own["unmet_mwh"]) == pytest.approx(due, abs=1e-5)
    assert np.all(own["power_mw"][asset.present(solution.problem.grid) == 0] <= 1e-9)
    if site:
        assert cost_yuan(solved(posed(fleet(*groups, **more), price, step_min=step_min))) <= cost_yuan(solution) + 1e-4


@FEW
@given(sessions, st.sampled_from([15, 30, 60]), st.integers(1, 3))
def test_days_planned_one_by_one_owe_what_one_long_horizon_owes(group, step_min, days):
    cars = EvFleet.model_validate(fleet(group))
    n = 24 * 60 // step_min
    grids = [
        small_problem({"grid": grid_asset()}, {"grid": prices([1.0] * k)}, step_min=step_min).grid
        for k in (n, n * days)
    ]
    one, long = (math.fsum(stay.due_mwh for stay in cars.stays(grid)) for grid in grids)
    assert one * days == pytest.approx(long)
    assert one == pytest.approx(cars.sessions[0].vehicles * cars.sessions[0].energy)


# ------------------------------------------------------------------ another formulation


class Columns:
    """Columns and rows of `scipy.optimize.linprog`."""

    def __init__(self):
        self.cost, self.bounds, self.above, self.equal = [], [], [], []

    def add(self, cost=0.0, high=None):
        self.cost.append(cost)
        self.bounds.append((0.0, high))
        return len(self.cost) - 1

    def solve(self):
        def matrix(rows):
            dense = np.zeros((len(rows), len(self.cost)))
            for i, (pairs, _) in enumerate(rows):
                for column, value in pairs:
                    dense[i, column] += value
            return dense, [right for _, right in rows]

        (a_ub, b_ub), (a_eq, b_eq) = matrix(self.above), matrix(self.equal)
        found = so.linprog(self.cost, a_ub, b_ub, a_eq, b_eq, self.bounds, method="highs")
        assert found.status == 0, found.message
        return float(found.fun)


PEAK_YUAN_PER_MW = 2000.0


def least_cost(groups, price, demand, ess, site, unmet_price, efficiency, step_min):
    """One variable in MWh a vehicle and step, minutes counted one by one, the store by prefix sums, no totals."""
    n, h = len(price), step_min / 60
    lp = Columns()
    peak = lp.add(PEAK_YUAN_PER_MW)
    flows = [[] for _ in range(n)]  # MWh by step: what is taken from the bus beside the load
    ceiling = [set() for _ in range(n)]
    cars = [[] for _ in range(n)]
    constant = 0.0
    for group in groups:
        start, end = (int(group[key][:2]) * 60 + int(group[key][3:]) for key in ("arrive", "leave"))
        end += 1440 if end < start else 0
        for shift in range(-1440, n * step_min + 1440, 1440):
            minutes = [m for m in range(start + shift, end + shift) if 0 <= m < n * step_min]
            if not minutes:
                continue
            need = float(group["energy"].split()[0]) / 1000 * len(minutes) / (end - start)
            by_step = {}
            for m in minutes:
                by_step[m // step_min] = by_step.get(m // step_min, 0) + 1
                ceiling[m // step_min].add(m)
            for _ in range(group["vehicles"]):
                row = []
                for t, count in by_step.items():
                    column = lp.add(-unmet_price * efficiency, float(group["power"].split()[0]) / 1000 * count / 60)
                    flows[t].append((column, 1.0))
                    cars[t].append((column, 1.0))
                    row.append((column, efficiency))
                constant += unmet_price * need
                lp.above.append((row, need))
    prefix = []
    for t in range(n):
        into, out = lp.add(high=ess["p"] * h), lp.add(high=ess["p"] * h)
        flows[t] += [(into, 1.0), (out, -1.0)]
        prefix = [*prefix, (into, ess["eta"]), (out, -1 / ess["eta"])]
        floor = 0.5 * ess["e"] if t == n - 1 else 0.0
        lp.above += [(prefix, 0.5 * ess["e"]), ([(c, -v) for c, v in prefix], 0.5 * ess["e"] - floor)]
        if site is not None:
            lp.above.append((cars[t], site * len(ceiling[t]) / 60))
        bought = lp.add(price[t], 30 * h)
        lp.equal.append(([(bought, 1.0), *((c, -v) for c, v in flows[t])], demand[t] * h))
        lp.above.append(([(bought, 1 / h), (peak, -1.0)], 0.0))
    return lp.solve() + constant


@pytest.mark.parametrize("seed", range(24))
def test_a_second_formulation_gives_the_same_optimum(seed):
    """One variable a vehicle, together with a storage and a demand charge on the same bus."""
    rng = np.random.default_rng(seed)
    step_min = int(rng.choice([15, 30, 60]))
    n = int(rng.choice([24, 48])) if step_min == 60 else 24 * 60 // step_min
    groups = []
    for _ in range(rng.integers(1, 4)):
        start, stay = int(rng.integers(0, 96)), int(rng.integers(2, 90))
        begin, end = (f"{q % 96 // 4:02d}:{q % 4 * 15:02d}" for q in (start, start + stay))
        energy, kw = f"{rng.integers(10, 120)} kWh", f"{rng.integers(5, 90)} kW"
        groups.append(session(begin, end, int(rng.integers(1, 6)), energy, kw))
    price, demand = rng.uniform(50, 900, n), rng.uniform(0.0, 0.4, n)
    site = float(np.round(rng.uniform(0.05, 0.3), 3)) if seed % 2 else None
    efficiency, unmet = float(np.round(rng.uniform(0.8, 1.0), 3)), 3000.0 if seed % 3 else 400.0
    ess = {"p": 0.2, "e": 0.4, "eta": 0.9}
    store = {"kind": "storage", "charge": "0.2 MW", "discharge": "0.2 MW", "energy": "0.4 MWh", "soc_min": 0.0}
    store |= {"soc_max": 1.0, "charge_efficiency": 0.9, "discharge_efficiency": 0.9}
    more = {"charge_efficiency": efficiency, "unmet_price": f"{unmet} yuan/MWh"}
    cars = fleet(*groups, **more, **({"site_limit": f"{site} MW"} if site else {}))
    problem = small_problem(
        {"grid": grid_asset(30, demand_yuan_per_mw=PEAK_YUAN_PER_MW), "load": load_asset(), "ess": store, "cars": cars},
        {"grid": prices(price), "load": {"demand_mw": demand}},
        step_min=step_min,
        day=date(2026, 7, 14),
    )
    solution = solved(problem)
    expected = least_cost(groups, price, demand, ess, site, unmet, efficiency, step_min)
    assert cost_yuan(solution) == pytest.approx(expected, rel=1e-6)


def late_by_linprog(asset, grid, taken_mw, unmet_mwh):
    """Return the energy due that no split of a power delivers, as a linear program over (stay, step)."""
    stays, gain = asset.stays(grid), grid.hours * asset.charge_efficiency
    lp = Columns()
    steps, departures = [[] for _ in range(grid.n)], {}
    for stay in stays:
        own = []
        for t in stay.steps:
            own.append((lp.add(-1.0, stay.limit_mw[t] * gain), 1.0))
            steps[t].append(own[-1])
        own.append((lp.add(-1.0), 1.0))
        departures.setdefault(stay.leaves, []).append(own[-1])
        lp.above.append((own, stay.due_mwh))
    lp.above += [(pairs, taken_mw[t] * gain) for t, pairs in enumerate(steps)]
    lp.above += [(pairs, unmet_mwh[t]) for t, pairs in departures.items()]
    lp.equal.append(([], 0.0))
    return math.fsum(stay.due_mwh for stay in stays) + lp.solve()


@FEW
@given(st.lists(sessions, min_size=1, max_size=4), st.sampled_from([30, 60]), st.integers(0, 2**32 - 1))
def test_the_check_of_departures_is_exact(groups, step_min, seed):
    """The audit's flow in whole numbers finds as much missing as a linear program does, for any powers."""
    rng = np.random.default_rng(seed)
    price = [1.0] * (24 * 60 // step_min)
    problem = posed(fleet(*groups, unmet_price="1 yuan/MWh"), price, step_min=step_min)
    asset, grid = problem.park.assets["cars"], problem.grid
    most = np.sum([stay.limit_mw for stay in asset.stays(grid)], axis=0)
    taken, unmet = rng.uniform(0, 1, grid.n) * most, rng.uniform(0, 0.2, grid.n)
    case = Case("cars", {"power_mw": taken, "unmet_mwh": unmet}, {}, AssetState(), grid, taken * 0, taken * 0)
    late = asset._late_mwh(case, asset.stays(grid))
    assert late == pytest.approx(late_by_linprog(asset, grid, taken, unmet), abs=1e-6)
