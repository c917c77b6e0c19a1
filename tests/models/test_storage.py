"""A storage in full: by hand, handed over, tampered with. Against other formulations: test_storage_peers."""

import sys

import numpy as np
import pytest
from pydantic import ValidationError

from parkopt.faults import CheckFailed, GridMismatch, Infeasible, WrongState
from parkopt.models.tech.storage import Storage
from parkopt.park.state import AssetState, ParkState
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import assert_conserves, cost_yuan, grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
BASE = {"grid": grid_asset(100), "load": load_asset()}
TWO_DEPTHS = [{"depth": 0.5, "cost": "10 yuan/MWh"}, {"depth": 1.0, "cost": "100 yuan/MWh"}]
FREE = {"life": "10 yr", "discount": 0}


def battery(**changes):
    """20 MWh and 10 MW without loss, empty at first."""
    return {
        "kind": "storage",
        "charge": "10 MW",
        "discharge": "10 MW",
        "energy": "20 MWh",
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
        "soc_min": 0.0,
        "soc_max": 1.0,
        "soc_initial": 0.0,
        "soc_final": 0.0,
    } | changes


def solved(ess, energy, demand=None, extra=None, more_series=None, base=BASE, **more):
    series = {"grid": prices(energy), "load": {"demand_mw": [20.0] * len(energy) if demand is None else demand}}
    assets = base | {"ess": ess} | (extra or {})
    solution = solve(small_problem(assets, series | (more_series or {}), **more), EXACT)
    assert_conserves(solution)
    return solution


def soc(solution):
    return solution.reported["ess"]["soc_mwh"]


def paid(solution, line):
    return float(np.sum(solution.bill[line]))


def hourly(default, **by_hour):
    made = np.full(24, float(default))
    for hour, price in by_hour.items():
        made[int(hour[1:])] = price
    return made.tolist()


# ---------------------------------------------------------------- efficiency and standing loss


def test_a_round_trip_reads_as_two_directions():
    """81 % there and back are 90 % each way."""
    plain = {key: value for key, value in battery().items() if not key.endswith("efficiency")}
    ess = Storage.model_validate(plain | {"round_trip_efficiency": 0.81})
    assert (ess.charge_efficiency, ess.discharge_efficiency) == pytest.approx((0.9, 0.9))
    assert Storage.model_validate(ess.model_dump(mode="json")) == ess
    one, two = (plain | {"round_trip_efficiency": 0.81}, battery(charge_efficiency=0.9, discharge_efficiency=0.9))
    energy = [100.0] * 4 + [300.0] * 4
    assert cost_yuan(solved(one, energy)) == pytest.approx(cost_yuan(solved(two, energy)), rel=1e-12)
    assert cost_yuan(solved(one, energy)) == pytest.approx(80 * 400 - (18 * 300 - 20 / 0.9 * 100))


@pytest.mark.parametrize(("loses", "left"), [(True, 20 * 0.9**3), (False, 20 * 0.9**2)])
def test_the_first_step_may_spare_the_opening_level(loses, left):
    """A full store of 20 MWh loses 10 % an hour: over three hours, or over two where the first spares it."""
    ess = battery(self_discharge="0.1/h", initial_loses=loses, soc_initial=1.0, charge="0 MW", discharge="20 MW")
    solution = solved(ess, [1.0, 1.0, 500.0])
    assert solution.reported["ess"]["discharge_mw"] == pytest.approx([0.0, 0.0, left])


@pytest.mark.parametrize("loses", [True, False])
def test_the_account_loses_what_the_level_loses(loses):
    from parkopt.carbon.account import account
    from parkopt.carbon.factors import factor

    ess = battery(self_discharge="0.05/h", initial_loses=loses, soc_initial=0.8, soc_final=0.5)
    solution = solved(ess, [100.0, 300.0, 200.0])
    facts = {"date": "2026-07-15", "days": 1, "weather_notes": "", "weather_source": "none"}
    problem, made = solution.problem, to_schedule(solution, facts)
    after = next_state(solution)
    done = account(made, problem.park, problem.grid, ParkState(), after, factor("jiangsu_2023"))
    assert sum(done.state.of("ess").origin_wh.values()) == pytest.approx(after.of("ess").soc_mwh * 1e6, abs=10)


# ---------------------------------------------------------------- limits that vary


def test_windows_limit_the_steps_they_touch():
    """1 MW in 1:30-3 holds the whole of hours 1 and 2; 16 of 20 MWh come in the other two cheap hours at most."""
    ess = battery(charge_limits=[{"windows": ["1:30-3"], "limit": "1 MW"}], charge="8 MW")
    solution = solved(ess, [100.0] * 4 + [900.0] * 2)
    assert solution.reported["ess"]["charge_mw"] == pytest.approx([8.0, 1.0, 1.0, 8.0, 0.0, 0.0])
    quarter = solved(ess, [100.0] * 16 + [900.0] * 8, step_min=15)
    most = np.repeat([8.0, 8.0, 8.0, 1.0, 1.0, 1.0, 8.0, 8.0], 2)
    assert np.all(quarter.reported["ess"]["charge_mw"][:16] <= most + 1e-9)


def test_a_series_limits_discharge():
    ess = battery(soc_initial=1.0)
    limits = {"ess": {"discharge_limit_mw": [2.0, 3.0, 30.0]}}
    solution = solved(ess, [900.0, 800.0, 100.0], more_series=limits)
    assert solution.reported["ess"]["discharge_mw"] == pytest.approx([2.0, 3.0, 10.0])


def test_a_series_of_limits_is_read_from_its_file(tmp_path):
    rows = "\n".join(f"2026-07-15 {hour:02}:00,{2 + hour / 4}" for hour in range(24))
    (tmp_path / "limit.csv").write_text("time,mw\n" + rows + "\n", encoding="utf-8")
    spec = {"file": "limit.csv", "time": "time", "column": "mw", "unit": "MW", "zone": "+08:00"}
    ess = Storage.model_validate(battery(charge_limit_series=spec))
    assert list(ess.files()) == [("charge_limit_series.file", "limit.csv")]
    grid = small_problem(BASE, {"grid": prices([1.0] * 24), "load": {"demand_mw": [1.0] * 24}}).grid
    import xarray as xr

    from parkopt.models.base import Conditions
    from parkopt.testing import HERE

    made = ess.series(Conditions(grid, xr.Dataset(), HERE, tmp_path))
    assert made["charge_limit_mw"] == pytest.approx(2 + np.arange(24) / 4)


# ---------------------------------------------------------------- targets and the end


def test_targets_by_hand():
    """Full at 18:00 though only the dear hour before is left, half at most at 20:00, all of it by price."""
    energy = hourly(400, h3=100, h17=900, h18=60, h19=50)
    targets = [{"at": "18:00", "level": 1.0}, {"at": "20:00", "level": 0.5, "kind": "at_most"}]
    solution = solved(battery(targets=targets, soc_initial=0.5), energy)
    assert soc(solution)[17] == pytest.approx(20.0)
    assert soc(solution)[19] <= 10.0 + 1e-6
    free = solved(battery(soc_initial=0.5), energy)
    assert soc(free)[19] > 10.0
    assert cost_yuan(free) < cost_yuan(solution)


@pytest.mark.parametrize("at", ["00:00", "24:00"])
def test_midnight_is_the_days_end(at):
    """Each of two days ends with exactly a quarter: 5 of 20 MWh."""
    ess = battery(targets=[{"at": at, "level": 0.25, "kind": "exactly"}], soc_initial=1.0)
    solution = solved(ess, hourly(400, h3=100, h20=900) * 2)
    assert soc(solution)[[23, 47]] == pytest.approx([5.0, 5.0])


def test_a_target_between_steps_is_refused():
    ess = battery(targets=[{"at": "17:30", "level": 0.5}])
    with pytest.raises(GridMismatch, match="17:30"):
        solved(ess, hourly(400))
    solved(ess, [400.0] * 48, step_min=30)


@pytest.mark.parametrize(
    ("kind", "level", "opening", "remedy"),
    [
        ("at_least", 0.9, 0.0, "lower ess.targets[02:00].level by 8 MWh (from 0.9 to 0.5)"),
        ("exactly", 0.9, 0.0, "lower ess.targets[02:00].level by 8 MWh (from 0.9 to 0.5)"),
        ("exactly", 0.1, 1.0, "raise ess.targets[02:00].level by 8 MWh (from 0.1 to 0.5)"),
        ("at_most", 0.1, 1.0, "raise ess.targets[02:00].level by 8 MWh (from 0.1 to 0.5)"),
    ],
)
def test_a_target_out_of_reach_is_named(kind, level, opening, remedy):
    """5 MW move 10 of 20 MWh in two hours, whichever way."""
    ess = battery(
        charge="5 MW", discharge="5 MW", soc_initial=opening, targets=[{"at": "02:00", "level": level, "kind": kind}]
    )
    with pytest.raises(Infeasible) as caught:
        solved(ess, [100.0] * 3)
    assert remedy in caught.value.remedy("en")


def test_the_end_by_hand():
    """At 300 after 100 a full store gives all: unless it must keep half, exactly half, or each MWh is worth 350."""
    energy, full = [100.0, 300.0, 300.0], battery(soc_initial=1.0, soc_final=0.5)
    assert soc(solved(full, energy))[-1] == pytest.approx(10.0)
    assert soc(solved(full | {"final": "free"}, energy))[-1] == pytest.approx(0.0)
    worth = solved(full | {"final": "free", "final_value": "350 yuan/MWh"}, energy)
    assert soc(worth)[-1] == pytest.approx(20.0)
    assert paid(worth, "stored_value") == pytest.approx(0.0)
    low = solved(battery(final="free", final_value="350 yuan/MWh"), energy)
    assert paid(low, "stored_value") == pytest.approx(-350 * 20)
    # 100 for the first 10 MWh, 300 for the next, each worth 350
    assert cost_yuan(low) == pytest.approx(30 * 100 + 30 * 300 + 20 * 300 - 350 * 20)


def test_an_exact_end_spares_no_energy():
    """A store that may not give to a load of 1 MW ends above; exactly half is what it must end with."""
    ess = battery(soc_initial=0.55, soc_final=0.5)
    costs = [-50.0, -50.0, 10.0]
    least = solved(ess, costs, demand=[1.0] * 3)
    exact = solved(ess | {"final": "exactly"}, costs, demand=[1.0] * 3)
    assert soc(least)[-1] == pytest.approx(19.0)  # 9 MWh more at -50, the last hour gives 1 MW at 10
    assert soc(exact)[-1] == pytest.approx(10.0)


# ---------------------------------------------------------------- wear, cycles, fading


def test_wear_by_depth_by_hand():
    """A full store of 20 MWh gives 10 at 10 yuan each and the deeper 10 only where 100 more is worth it."""
    ess = battery(soc_initial=1.0, wear_by_depth=TWO_DEPTHS)
    shallow = solved(ess, [99.0, 99.0, 99.0])
    assert soc(shallow)[-1] == pytest.approx(10.0)
    assert paid(shallow, "storage_wear") == pytest.approx(10 * 10)
    deep = solved(ess, [101.0, 101.0, 101.0])
    assert paid(deep, "storage_wear") == pytest.approx(10 * 10 + 10 * 100)


def test_two_shallow_cycles_wear_less_than_a_deep_one():
    """200, 900, 200, 900 twice at half depth cost 20 times 10; one deep cycle of the same 20 MWh costs 1100."""
    ess = battery(soc_initial=1.0, soc_final=1.0, wear_by_depth=TWO_DEPTHS)
    twice = solved(ess, [900.0, 200.0, 900.0, 200.0])
    assert paid(twice, "storage_wear") == pytest.approx(20 * 10)
    once = solved(ess, [900.0, 900.0, 200.0, 200.0])
    assert paid(once, "storage_wear") == pytest.approx(10 * 10 + 10 * 100)


def test_depths_are_handed_over():
    """Half of the depth was used the day before: what is left is the deep half, and the day gives none at 99."""
    state = ParkState(assets={"ess": AssetState(soc_mwh=10.0, depths_mwh=(0.0, 10.0))})
    ess = battery(soc_initial=1.0, wear_by_depth=TWO_DEPTHS)
    assert soc(solved(ess, [99.0] * 2, state=state))[-1] == pytest.approx(10.0)
    fresh = ParkState(assets={"ess": AssetState(soc_mwh=10.0)})
    solution = solved(ess, [99.0] * 2, state=fresh)
    assert soc(solution)[-1] == pytest.approx(0.0)
    assert next_state(solution).of("ess").depths_mwh == pytest.approx((0.0, 0.0), abs=1e-9)


@pytest.mark.parametrize("depths", [(1.0, 2.0, 7.0), (1.0, 2.0), (15.0, -5.0)])
def test_depths_that_miss_the_level_are_refused(depths):
    state = ParkState(assets={"ess": AssetState(soc_mwh=10.0, depths_mwh=depths)})
    with pytest.raises(WrongState, match="depths_mwh"):
        solved(battery(wear_by_depth=TWO_DEPTHS), [99.0] * 2, state=state)


def test_cycles_of_a_day_by_hand():
    """Four chances to gain 800 with 10 MWh each; 1.25 cycles of 20 MWh allow 25 MWh a day."""
    energy = [100.0, 900.0] * 4
    solution = solved(battery(cycles_per_day=1.25), energy)
    assert solution.reported["ess"]["discharge_mw"].sum() == pytest.approx(25.0)
    after = next_state(solution).of("ess")
    assert (after.cycled_on, after.cycled_mwh) == ("2026-07-15", pytest.approx(25.0))
    half = ParkState(assets={"ess": AssetState(cycled_on="2026-07-15", cycled_mwh=15.0)})
    assert solved(battery(cycles_per_day=1.25), energy, state=half).reported["ess"][
        "discharge_mw"
    ].sum() == pytest.approx(10)
    before = ParkState(assets={"ess": AssetState(cycled_on="2026-07-14", cycled_mwh=15.0)})
    again = solved(battery(cycles_per_day=1.25), energy, state=before)
    assert again.reported["ess"]["discharge_mw"].sum() == pytest.approx(25.0)
    over = ParkState(assets={"ess": AssetState(cycled_on="2026-07-15", cycled_mwh=30.0)})
    with pytest.raises(Infeasible) as caught:
        solved(battery(cycles_per_day=1.25), energy, state=over)
    assert "raise ess.cycles_per_day by 5 MWh (from 1.25 to 1.5)" in caught.value.remedy("en")


def test_fading_by_hand():
    """1 % a cycle and 2 % a year on 20 MWh: after 100 MWh and half a year 18.8 MWh are left."""
    ess = battery(fade_per_cycle=0.01, fade_per_year="2 %/yr", soc_final=0.0)
    state = ParkState(assets={"ess": AssetState(soc_mwh=0.0, throughput_mwh=100.0, in_service_h=4380.0)})
    solution = solved(ess, [100.0] * 3 + [900.0] * 3, state=state)
    assert soc(solution).max() == pytest.approx(20 - 1.0 - 0.2)
    after = next_state(solution).of("ess")
    assert after.throughput_mwh == pytest.approx(100 + solution.reported["ess"]["discharge_mw"].sum())
    assert after.in_service_h == pytest.approx(4386.0)
    old = solved(ess | {"age": "10 yr", "fade_per_cycle": 0.0}, [100.0] * 3 + [900.0] * 3)
    assert soc(old).max() == pytest.approx(16.0)


def test_the_last_level_fits_what_is_usable_tomorrow():
    """A fading store that is worth keeping full ends at what its cycles of the day leave, so tomorrow can open it."""
    ess = battery(fade_per_cycle=0.05, final="free", final_value="2000 yuan/MWh", charge="20 MW", discharge="20 MW")
    state = ParkState()
    for day in range(3):
        solution = solved(ess, [100.0, 900.0, 100.0, 3000.0, 100.0, 100.0], state=state)
        report = solution.reported["ess"]
        given = report["discharge_mw"].sum() + state.of("ess").throughput_mwh
        assert soc(solution)[-1] == pytest.approx(20 - 0.05 * given), day
        state = next_state(solution)
    assert state.of("ess").throughput_mwh > 100


def test_days_one_by_one_are_one_system():
    """Two days with a fixed level at midnight: planned together or handed over, they cost and leave the same."""
    ess = battery(
        fade_per_cycle=0.004,
        fade_per_year="3 %/yr",
        age="2 yr",
        self_discharge="0.002/h",
        charge_efficiency=0.95,
        wear_by_depth=TWO_DEPTHS,
        cycles_per_day=1.1,
        soc_initial=0.4,
        soc_final=0.3,
        final="exactly",
        targets=[{"at": "24:00", "level": 0.3, "kind": "exactly"}],
        tagged=True,
        green_value="40 yuan/MWh",
    )
    rng = np.random.default_rng(5)
    price, sun = rng.uniform(50, 900, 48), rng.uniform(0, 15, 48)
    pv = {"sun": {"kind": "pv", "capacity": "20 MWp", "ac_limit": "20 MW"}}

    def plan(part, state):
        series = {"sun": {"available_mw": sun[part]}}
        return solved(ess, price[part], extra=pv, more_series=series, state=state)

    # the greens and depths of midnight are chosen with a view of one day only: they can but cost more
    together, first = plan(slice(0, 48), ParkState()), plan(slice(0, 24), ParkState())
    second = plan(slice(24, 48), next_state(first))
    assert cost_yuan(together) <= cost_yuan(first) + cost_yuan(second) + 0.01
    one, two = next_state(together).of("ess"), next_state(second).of("ess")
    assert two.in_service_h == one.in_service_h == pytest.approx(2 * 8760 + 48)
    assert first.reported["ess"]["soc_mwh"][-1] == pytest.approx(
        0.3 * (20 * (1 - 0.03 * (2 + 24 / 8760)) - 0.004 * next_state(first).of("ess").throughput_mwh)
    )
    assert ParkState.model_validate(next_state(second).json_ready()) == next_state(second)


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ({"soc_mwh": 19.5, "throughput_mwh": 100.0}, "soc_mwh"),
        ({"soc_mwh": 1.0, "throughput_mwh": 3000.0}, "throughput_mwh"),
        ({"soc_mwh": 5.0, "green_mwh": 6.0}, "green_mwh"),
    ],
)
def test_an_opening_that_no_longer_fits_is_refused(state, names):
    ess = battery(fade_per_cycle=0.01, tagged=True)
    with pytest.raises(WrongState, match=names):
        solved(ess, [100.0] * 2, state=ParkState(assets={"ess": AssetState(**state)}))


# ---------------------------------------------------------------- sizes that are chosen


def test_a_size_by_hand():
    """Perfect store, 100 yuan/MWh saved 800 a day on up to 5 MWh: 5 MWh are built where a MWh costs less than that.

    The load of 5 MW lasts one dear hour. 8.76 million yuan/MWh over 10 years are 2400 a day: over 24 h too dear;
    2.19 million are 600 a day.
    """
    energy, demand = hourly(900, h3=100, h4=900), [0.0] * 24
    demand[10] = 5.0
    price = {"max": "50 MWh", "capex": "2.19 yuan/Wh", **FREE}
    built = solved(battery(energy=price), energy, demand=demand)
    assert built.reported["ess"]["built_mwh"] == pytest.approx(np.full(24, 5.0))
    assert paid(built, "investment") == pytest.approx(5 * 600)
    assert cost_yuan(built) == pytest.approx(5 * 600 + 5 * 100)
    dear = solved(battery(energy=price | {"capex": "8.76 yuan/Wh"}), energy, demand=demand)
    assert dear.reported["ess"]["built_mwh"].max() == pytest.approx(0.0)
    units = solved(battery(energy=price | {"unit": "4 MWh"}), energy, demand=demand)
    assert units.reported["ess"]["built_mwh"][0] == pytest.approx(4.0)  # the fifth MWh would bear a unit of 4
    least = solved(battery(energy=price | {"min": "7 MWh"}), energy, demand=demand)
    assert paid(least, "investment") == pytest.approx(7 * 600)


def test_an_opening_share_grows_with_the_size():
    """Half of what is built stands ready and must be there again at the end."""
    ess = battery(energy={"max": "50 MWh", "capex": "2.19 yuan/Wh", **FREE}, soc_initial=0.5, soc_final=0.5)
    demand = [0.0] * 24
    demand[0] = 5.0
    solution = solved(ess, hourly(100, h0=2000), demand=demand)
    built = solution.reported["ess"]["built_mwh"][0]
    assert built == pytest.approx(10.0)
    assert cost_yuan(solution) == pytest.approx(10 * 600 + 5 * 100)
    asset = solution.problem.park.assets["ess"].as_built(solution.reported["ess"])
    assert asset.opening_mwh("ess", AssetState()) == pytest.approx(5.0)


def test_one_inverter_is_paid_once():
    """300 yuan/kW over 10 years on 5 MW: 1.5 million, of which the day bears 1/3650."""
    ess = battery(
        charge={"max": "50 MW", "capex": "0 yuan/kW", **FREE},
        discharge={"max": "50 MW", "capex": "300 yuan/kW", **FREE},
        symmetric=True,
    )
    demand = [0.0] * 24
    demand[10] = 5.0
    solution = solved(ess, hourly(900, h3=100), demand=demand)
    report = solution.reported["ess"]
    assert report["built_charge_mw"] == pytest.approx(report["built_discharge_mw"])
    assert paid(solution, "investment") == pytest.approx(5 * 300_000 / 3650)


# ---------------------------------------------------------------- green energy only

GREEN_BASE = {
    "grid": grid_asset(100, 10),
    "load": load_asset(),
    "sun": {"kind": "pv", "capacity": "20 MWp", "ac_limit": "20 MW"},
}


def test_green_charging_keeps_to_local_supply_less_export():
    """8 MW of sun, 3 MW sold at 950 before: only 5 MWh of the first hour may be stored, though 100 is cheap."""
    ess = battery(charge_from="green")
    series = {"sun": {"available_mw": [8.0, 0.0, 0.0]}, "grid": prices([100.0, 100.0, 900.0], export=[60.0, 0.0, 0.0])}
    solution = solved(ess, [100.0, 100.0, 900.0], base=GREEN_BASE, more_series=series)
    report = solution.reported["ess"]
    assert report["charge_mw"] == pytest.approx([8.0, 0.0, 0.0])
    assert report["charge_from_green_mw"] == pytest.approx(report["charge_mw"])
    anything = solved(battery(), [100.0, 100.0, 900.0], base=GREEN_BASE, more_series=series)
    assert anything.reported["ess"]["charge_mw"].sum() == pytest.approx(10.0)
    sold = {"load": {"demand_mw": [0.0, 0.0, 20.0]}, "grid": prices([1e3, 1e3, 1e3], export=[960.0, 0.0, 0.0])}
    solution = solved(ess, [1.0] * 3, base=GREEN_BASE | {"grid": grid_asset(100, 3)}, more_series=series | sold)
    assert solution.reported["grid"]["export_mw"][0] == pytest.approx(0.0)  # stored it saves 1000
    limited = solved(
        ess | {"charge": "5 MW"}, [1.0] * 3, base=GREEN_BASE | {"grid": grid_asset(100, 3)}, more_series=series | sold
    )
    assert limited.reported["grid"]["export_mw"][0] == pytest.approx(3.0)
    assert limited.reported["ess"]["charge_mw"] == pytest.approx([5.0, 0.0, 0.0])


def test_two_green_stores_share_the_local_supply():
    series = {"sun": {"available_mw": [8.0, 0.0]}}
    extra = {"other": battery(charge_from="green", energy="30 MWh")}
    solution = solved(battery(charge_from="green"), [100.0, 900.0], base=GREEN_BASE, extra=extra, more_series=series)
    both = sum(solution.reported[name]["charge_mw"] for name in ("ess", "other"))
    assert both == pytest.approx([8.0, 0.0])


def test_a_tagged_store_keeps_green_and_other_apart():
    """4 MW of sun and 6 MW from the grid fill 10 MWh; of the 4 green ones each earns 40 when it is given."""
    ess = battery(tagged=True, green_value="40 yuan/MWh")
    series = {"sun": {"available_mw": [4.0, 0.0, 0.0]}}
    solution = solved(ess, [100.0, 500.0, 900.0], base=GREEN_BASE, more_series=series)
    report = solution.reported["ess"]
    assert report["charge_mw"] == pytest.approx([10.0, 0.0, 0.0])
    assert report["charge_green_mw"] == pytest.approx([4.0, 0.0, 0.0])
    assert report["soc_green_mwh"][0] == pytest.approx(4.0)
    assert report["discharge_green_mw"].sum() == pytest.approx(4.0)
    assert paid(solution, "green_value") == pytest.approx(-160.0)


def test_the_green_part_is_handed_over():
    ess, series = battery(tagged=True, green_value="40 yuan/MWh", soc_final=0.5), {"sun": {"available_mw": [4.0, 0.0]}}
    first = solved(ess, [100.0, 100.0], base=GREEN_BASE, more_series=series)
    state = next_state(first)
    assert state.of("ess").soc_mwh == pytest.approx(10.0)
    held = state.of("ess").green_mwh
    dark = {"sun": {"available_mw": [0.0, 0.0]}}
    second = solved(ess | {"soc_final": 0.0}, [900.0, 900.0], base=GREEN_BASE, more_series=dark, state=state)
    assert second.reported["ess"]["discharge_green_mw"].sum() == pytest.approx(held)


# ---------------------------------------------------------------- the second look


def whole():
    """A store with everything, on a day where all of it matters."""
    ess = battery(
        energy={"max": "40 MWh", "unit": "2 MWh", "capex": "0.2 yuan/Wh", **FREE},
        wear_by_depth=TWO_DEPTHS,
        cycles_per_day=1.5,
        fade_per_cycle=0.001,
        targets=[{"at": "02:00", "level": 0.5, "kind": "exactly"}, {"at": "03:00", "level": 0.9, "kind": "at_most"}],
        charge_limits=[{"windows": ["0-1"], "limit": "6 MW"}],
        tagged=True,
        green_value="40 yuan/MWh",
        final="exactly",
        final_value="10 yuan/MWh",
        soc_final=0.1,
    )
    series = {"sun": {"available_mw": [4.0, 9.0, 2.0, 0.0, 0.0, 0.0]}}
    return solved(ess, [100.0, 100.0, 120.0, 900.0, 150.0, 900.0], base=GREEN_BASE, more_series=series)


@pytest.mark.parametrize(
    ("key", "step", "by", "says"),
    [
        ("charge_mw", 0, 6.0, "charge_mw misses its limits"),
        ("charge_mw", 2, 0.5, "drifts from its flows"),
        ("discharge_mw", 3, 0.5, "drifts from its flows"),
        ("soc_mwh", 1, 0.5, "misses its level at 02:00"),
        ("soc_mwh", 2, 30.0, "misses its level at 03:00"),
        ("soc_mwh", -1, 0.5, "above soc_final"),
        ("soc_mwh", -1, -0.5, "below soc_final"),
        ("discharge_mw", 3, 40.0, "cycles a day"),
        ("discharge_depth_1_mw", 3, -0.5, "depths discharge"),
        ("soc_depth_2_mwh", 1, 2.0, "depths charge"),
        ("soc_depth_1_mwh", 1, 30.0, "soc_depth_1_mwh misses its limits"),
        ("soc_depth_2_mwh", 3, -50.0, "gains"),
        ("charge_green_mw", 0, 3.0, "exceeds local supply"),
        ("charge_green_mw", 3, 3.0, "charge_green_mw misses its limits"),
        ("discharge_green_mw", 0, 1.0, "discharge_green_mw misses its limits"),
        ("soc_green_mwh", 1, 0.5, "soc_green_mwh drifts"),
        ("soc_green_mwh", 1, 50.0, "soc_green_mwh misses its limits"),
        ("built_mwh", 0, 1.0, "changes within the horizon"),
        ("built_mwh", slice(None), 1.0, "no whole number of units"),
        ("built_mwh", slice(None), 100.0, "outside 0 to 40"),
        ("built_mwh", slice(None), 2.0, "investment"),
        ("discharge_depth_2_mw", slice(None), 0.5, "storage_wear"),
        ("discharge_green_mw", slice(None), 0.5, "green_value"),
        ("soc_mwh", -1, 0.5, "stored_value"),
    ],
)
def test_what_does_not_hold_is_found(key, step, by, says, monkeypatch):
    solution = whole()
    monkeypatch.setattr(sys.modules["parkopt.solve.check"], "SHOWN", 50)
    own = {name: values.copy() for name, values in solution.reported["ess"].items()}
    own[key][step] += by
    with pytest.raises(CheckFailed, match=says):
        check(solution.problem, {**solution.reported, "ess": own}, solution.bill)


@pytest.mark.parametrize("line", ["investment", "storage_wear", "stored_value", "green_value"])
def test_a_bill_that_is_not_owed_is_refused(line):
    solution = whole()
    with pytest.raises(CheckFailed, match=line):
        check(solution.problem, solution.reported, solution.bill | {line: solution.bill[line] + 0.5})


def test_every_reported_variable_has_a_meaning():
    schedule = to_schedule(whole(), {})
    assert {"built_mwh", "soc_green_mwh", "soc_depth_2_mwh"} <= set(schedule.data_vars)
    assert all(schedule[key].attrs["units"] for key in schedule.data_vars)


def test_headroom_by_hand():
    """At 10 of 20 MWh, giving 4 of 10 MW: 6 MW more, 14 MW less, 9 MWh behind it at 90 %, room for 12.5 MWh at 80 %."""
    from parkopt.models import build

    ess = battery(soc_initial=0.5, discharge_efficiency=0.9, charge_efficiency=0.8)
    problem = small_problem(BASE | {"ess": ess}, {"grid": prices([1.0]), "load": {"demand_mw": [20.0]}})
    hub = build(problem).hub
    (room,) = [room for room in hub.headroom if room.asset == "ess"]
    point = np.zeros(hub.n_columns)
    for key, value in (("charge_mw", 0.0), ("discharge_mw", 4.0), ("soc_mwh", 10.0)):
        point[hub.blocks["ess"].variables[key].first] = value

    def at(side):
        return side.constant[0] + sum(float(values @ point[columns]) for _, columns, values in side.entries)

    assert [at(x) for x in (room.up_mw, room.down_mw, room.up_mwh, room.down_mwh)] == pytest.approx([6, 14, 9, 12.5])


# ---------------------------------------------------------------- faults of the file


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"round_trip_efficiency": 0.5}, "round_trip"),
        ({"targets": [{"at": "25:00", "level": 0.5}]}, "string_pattern_mismatch"),
        ({"targets": [{"at": "12:00", "level": 0.95}], "soc_max": 0.9}, "order"),
        ({"targets": [{"at": "12:00", "level": 0.05, "kind": "at_most"}], "soc_min": 0.1, "soc_initial": 0.5}, "order"),
        ({"wear_by_depth": TWO_DEPTHS[::-1]}, "depths"),
        ({"wear_by_depth": TWO_DEPTHS[:1]}, "depths"),
        ({"wear_by_depth": [TWO_DEPTHS[0]] * 6}, "too_long"),
        ({"symmetric": True}, "needs"),
        ({"green_value": "1 yuan/MWh"}, "needs"),
        ({"energy": {"max": "3 MWh"}}, "missing"),
        ({"charge_limits": [{"windows": [], "limit": "1 MW"}]}, "too_short"),
    ],
)
def test_faults_of_the_file(changes, kind):
    with pytest.raises(ValidationError) as caught:
        Storage.model_validate(battery(**changes))
    assert kind in {error["type"] for error in caught.value.errors()}
