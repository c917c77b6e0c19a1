"""Tracing by hand, and conservation over random flows."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.reservoir import OPENING, Reservoir
from parkopt.carbon.trace import UNACCOUNTED, Flows, Trace, opening_reservoir, origin_of, trace
from parkopt.faults import ChargeAndDischarge, NotClosed

GRID = 582_700


def flows(sources, sinks, charge=None, discharge=None, standing=None, gap=0):
    """Flows over as many steps as the first source has; what is named grid bears carbon."""
    steps = len(next(iter(sources.values())))
    charge = charge or {}
    discharge = discharge or {name: [0] * steps for name in charge}
    return Flows(
        labels=[f"step {i}" for i in range(steps)],
        sources=sources,
        factor_ug_per_wh={name: GRID if name == "grid" else 0 for name in sources},
        sinks=sinks,
        charge=charge,
        discharge=discharge,
        standing=standing or {},
        gap_ug_per_wh=gap,
    )


def test_one_hour_of_wind_and_grid_to_two_loads():
    done = trace(flows({"wind": [600], "grid": [400]}, {"a": [750], "b": [250]}), {})
    assert done.wh == [{("a", "wind"): 450, ("b", "wind"): 150, ("a", "grid"): 300, ("b", "grid"): 100}]
    assert done.ug[0]["a", "grid"] == 300 * GRID
    assert done.ug[0]["b", "wind"] == 0
    assert done.source_ug == [400 * GRID]
    assert done.sink_ug() == 400 * GRID
    assert done.open_carbon_ug() == 0


def test_solar_stored_at_noon_is_solar_at_night():
    store = Reservoir("ess", 0.9, 0.9)
    done = trace(flows({"pv": [1000, 0]}, {"a": [0, 810]}, {"ess": [1000, 0]}, {"ess": [0, 810]}), {"ess": store})
    assert done.wh == [{("ess", "pv"): 1000}, {("a", "ess<pv"): 810}]
    assert origin_of("ess<pv") == "pv"
    assert done.ug[1]["a", "ess<pv"] == 0
    assert store.lost_wh == {"pv": 190}
    assert (store.wh, store.ug, store.total_wh) == ({}, {}, 0)


def test_stored_grid_energy_carries_its_carbon_and_losses_make_it_dirtier():
    store = Reservoir("ess", 0.9, 0.9)
    done = trace(flows({"grid": [1000, 0]}, {"a": [0, 810]}, {"ess": [1000, 0]}, {"ess": [0, 810]}), {"ess": store})
    assert done.ug[1]["a", "ess<grid"] == 1000 * GRID
    assert done.open_carbon_ug() == 0


def test_the_pool_splits_600_kg_evenly():
    """600 kg came in with the first of two equal charges; two equal discharges carry 300 kg each."""
    kg = 10**9
    given_ug = {"coal": 600 * kg // 10**6}
    one = Flows(
        labels=["1", "2", "3", "4"],
        sources={"coal": [10**6, 0, 0, 0], "wind": [0, 10**6, 0, 0]},
        factor_ug_per_wh={"coal": given_ug["coal"], "wind": 0},
        sinks={"a": [0, 0, 10**6, 0], "b": [0, 0, 0, 10**6]},
        charge={"ess": [10**6, 10**6, 0, 0]},
        discharge={"ess": [0, 0, 10**6, 10**6]},
    )
    done = trace(one, {"ess": Reservoir("ess", 1.0, 1.0)})
    carbon = [sum(step.values()) for step in done.ug[2:]]
    assert carbon == [300 * kg, 300 * kg]
    assert done.wh[2] == {("a", "ess<coal"): 500_000, ("a", "ess<wind"): 500_000}


def test_opening_stock_is_never_green_and_bears_the_grid_factor():
    store = opening_reservoir("ess", (0.9, 0.9), 1000, None, GRID)
    assert (store.wh, store.ug) == ({OPENING: 1000}, {OPENING: 1000 * GRID})
    done = trace(flows({"pv": [0]}, {"a": [900]}, {"ess": [0]}, {"ess": [900]}), {"ess": store})
    assert done.wh == [{("a", "ess<opening"): 900}]
    assert done.ug[0]["a", "ess<opening"] == 1000 * GRID


def test_known_origins_are_taken_over():
    known = ({"pv": 600, "grid": 400}, {"pv": 0, "grid": 9})
    store = opening_reservoir("ess", (0.9, 0.9), 1000, known, GRID)
    assert (store.wh, store.ug) == known
    assert opening_reservoir("ess", (0.9, 0.9), 0, None, GRID).wh == {}


def test_the_last_discharge_takes_all_carbon():
    store = Reservoir("ess", 1.0, 0.7, {"grid": 1001}, {"grid": 7 * GRID + 3})
    out = store.discharge(350)
    rest = store.discharge(round(store.total_wh * 0.7))
    assert store.total_wh == store.total_ug == 0
    assert out["grid"][1] + rest["grid"][1] == 7 * GRID + 3


def test_a_store_never_gives_more_than_it_holds():
    store = Reservoir("ess", 1.0, 1.0, {"pv": 10}, {"pv": 0})
    assert store.discharge(25) == {"pv": (10, 0)}


def test_self_discharge_loses_energy_and_keeps_carbon():
    store = Reservoir("ess", 1.0, 1.0, {"pv": 1000, "grid": 3000}, {"pv": 0, "grid": 3000 * GRID})
    store.stand(0.01)
    assert store.wh == {"pv": 990, "grid": 2970}
    assert store.lost_wh == {"pv": 10, "grid": 30}
    assert store.ug["grid"] == 3000 * GRID


def test_carbon_of_what_self_discharge_emptied_goes_to_the_operator():
    store = Reservoir("ess", 1.0, 1.0, {"grid": 1}, {"grid": GRID})
    done = trace(flows({"pv": [0]}, {"a": [0]}, {"ess": [0]}, standing={"ess": 0.9}), {"ess": store})
    assert (store.total_wh, store.total_ug, store.stranded_ug) == (0, 0, GRID)
    assert done.open_carbon_ug() == 0


def test_discharge_comes_before_charge_at_the_opening_mix():
    """Two storages: what one gives to the other is the mix before the step's own charge."""
    one, two = Reservoir("one", 1.0, 1.0, {"pv": 100}, {"pv": 0}), Reservoir("two", 1.0, 1.0)
    trace(
        flows({"grid": [100]}, {"a": [100]}, {"one": [0], "two": [100]}, {"one": [100], "two": [0]}),
        {"one": one, "two": two},
    )
    assert two.wh == {"grid": 50, "pv": 50}
    assert two.ug == {"grid": 50 * GRID, "pv": 0}


def test_both_ways_in_one_step_is_refused():
    both = flows({"pv": [100]}, {"a": [100]}, {"ess": [50]}, {"ess": [50]})
    with pytest.raises(ChargeAndDischarge, match=r"ess .* step 0"):
        trace(both, {"ess": Reservoir("ess", 1.0, 1.0, {"pv": 100}, {"pv": 0})})


@pytest.mark.parametrize(("gives", "takes"), [(1000, 990), (990, 1000)])
def test_sources_that_miss_the_sinks_are_refused(gives, takes):
    with pytest.raises(NotClosed, match=f"step 0 sources give {gives} Wh and sinks take {takes}"):
        trace(flows({"pv": [gives]}, {"a": [takes]}), {})


def test_a_rounding_gap_is_booked_as_a_source_at_the_given_factor():
    done = trace(flows({"pv": [997]}, {"a": [1000]}, gap=GRID), {})
    assert done.wh == [{("a", "pv"): 997, ("a", UNACCOUNTED): 3}]
    assert done.ug[0]["a", UNACCOUNTED] == 3 * GRID
    assert done.open_carbon_ug() == 0


def test_a_rounding_surplus_is_booked_as_a_sink():
    done = trace(flows({"grid": [1003]}, {"a": [1000]}), {})
    taken = Counter()
    for (sink, _), wh in done.wh[0].items():
        taken[sink] += wh
    assert taken == {"a": 1000, UNACCOUNTED: 3}
    assert done.sink_ug() == 1003 * GRID


def _random_flows(seed: int) -> tuple[Flows, dict[str, Reservoir]]:
    """Flows that could be: storages within their content, sinks that take what there is (but for a gap)."""
    rng = random.Random(seed)
    steps, big = rng.randint(1, 48), 10 ** rng.randint(1, 9)
    sources = {f"s{i}": [] for i in range(rng.randint(1, 4))}
    sinks = {f"k{i}": [] for i in range(rng.randint(1, 4))}
    names = [f"b{i}" for i in range(rng.randint(0, 2))]
    eff = {
        name: (rng.choice([1.0, 0.93, rng.uniform(0.3, 1)]), rng.choice([1.0, 0.9, rng.uniform(0.3, 1)]))
        for name in names
    }
    standing = {name: rng.choice([0.0, 0.0001, rng.random()]) for name in names}
    start = {
        name: opening_reservoir(name, eff[name], rng.choice([0, 1, rng.randint(0, big)]), None, GRID) for name in names
    }
    held = {name: store.total_wh for name, store in start.items()}
    charge, discharge = {name: [] for name in names}, {name: [] for name in names}
    limit = 2 * (len(sources) + len(sinks) + 2 * len(names))
    for _ in range(steps):
        gives = 0
        for own in sources.values():
            own.append(rng.choice([0, rng.randint(0, 3), rng.randint(0, big)]))
            gives += own[-1]
        for name in names:
            held[name] -= round(held[name] * standing[name])
            out = rng.choice([0, int(held[name] * eff[name][1] * rng.choice([1, rng.random()]))])
            drawn = min(max(out, round(out / eff[name][1])), held[name])
            discharge[name].append(min(out, held[name]))
            held[name] -= drawn if out else 0
            gives += discharge[name][-1]
        takes = max(0, gives + rng.choice([0, rng.randint(-limit, limit)]))
        for name in names:
            into = 0 if discharge[name][-1] else rng.choice([0, rng.randint(0, takes)])
            charge[name].append(into)
            takes -= into
            held[name] += min(into, round(into * eff[name][0]))
        for own in list(sinks.values())[:-1]:
            own.append(rng.choice([0, rng.randint(0, takes)]))
            takes -= own[-1]
        list(sinks.values())[-1].append(takes)
    factors = {name: rng.choice([0, 0, GRID, 832_500]) for name in sources}
    return Flows([str(i) for i in range(steps)], sources, factors, sinks, charge, discharge, standing, GRID), start


def _require_steps_close(given_flows: Flows, done: Trace) -> None:
    stores = given_flows.charge
    for step in range(len(given_flows.labels)):
        rows, columns = Counter(), Counter()
        for (sink, label), wh in done.wh[step].items():
            assert wh > 0
            columns[sink] += wh
            rows[label.partition("<")[0]] += wh
        gives = (
            sum(v[step] for v in (*given_flows.sources.values(), *given_flows.discharge.values())) + rows[UNACCOUNTED]
        )
        takes = sum(v[step] for v in (*given_flows.sinks.values(), *stores.values())) + columns[UNACCOUNTED]
        assert gives == takes == sum(done.wh[step].values())  # I1
        assert all(columns[name] == v[step] for name, v in (given_flows.sinks | stores).items())  # I2
        assert all(rows[name] == v[step] for name, v in (given_flows.sources | given_flows.discharge).items())  # I3
        assert all(ug >= 0 for ug in done.ug[step].values())


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_random_flows_are_conserved(seed):
    given_flows, stores = _random_flows(seed)
    opening_wh = {name: dict(store.wh) for name, store in stores.items()}
    done = trace(given_flows, stores)
    _require_steps_close(given_flows, done)
    assert done.open_carbon_ug() == 0  # I4
    brought = sum(wh * given_flows.factor_ug_per_wh[n] for n, own in given_flows.sources.items() for wh in own)
    assert sum(done.source_ug) - brought == GRID * sum(
        w for s in done.wh for (_, lab), w in s.items() if lab == UNACCOUNTED
    )
    for name, store in stores.items():
        came, left = Counter(), Counter()
        for step in done.wh:
            for (sink, label), wh in step.items():
                came[origin_of(label)] += wh if sink == name else 0
                left[origin_of(label)] += wh if label.startswith(f"{name}<") else 0
        origins = set(came) | set(left) | set(opening_wh[name]) | set(store.wh)
        for origin in origins:  # I8: the store's ledger closes, origin by origin
            delta = store.wh.get(origin, 0) - opening_wh[name].get(origin, 0)
            assert came[origin] - left[origin] - store.lost_wh.get(origin, 0) == delta
        assert all(wh > 0 for wh in store.wh.values())
        assert min([store.stranded_ug, *store.ug.values(), *store.lost_wh.values()]) >= 0
