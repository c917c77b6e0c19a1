"""Tracing by hand on one bus and on several; what is refused, what is netted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parkopt.carbon.network import UNACCOUNTED, Draw, Network, Store, Supply, Wire
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.reservoir_lots import store_of
from parkopt.carbon.trace import trace
from parkopt.carbon.trace_network import open_carbon_ug, operator_ug, trace_network
from parkopt.carbon.walk import loss_of
from parkopt.faults import ChargeAndDischarge, FlowBelowZero, LineGains, NotClosed
from tests.carbon.networks import GRID, ints, network, supply


def use(*wh, bus="main"):
    return [Draw(bus, ints(*wh))]


def cells(traced, step):
    """Return Wh by (sink, label) of a step."""
    found = {}
    for names, values in ((traced.consumers, traced.wh), (traced.others, traced.other_wh)):
        for i, sink in enumerate(names):
            for j, label in enumerate(traced.labels):
                if values[i, j, step]:
                    found[sink, label] = int(values[i, j, step])
    return found


def ug(traced, sink, label, step=0):
    """Return the carbon of one share."""
    row = traced.labels.index(label)
    if sink in traced.consumers:
        return int(traced.ug[traced.consumers.index(sink), row, step])
    return int(traced.other_ug[traced.others.index(sink), row, step])


def test_one_hour_of_wind_and_grid_to_two_loads():
    own = network({"wind": supply([600]), "grid": supply([400], GRID)}, {"a": use(750), "b": use(250)}, most=0)
    traced = trace_network(own, {}, losses="account", storage="pool")
    assert cells(traced, 0) == {("a", "wind"): 450, ("b", "wind"): 150, ("a", "grid"): 300, ("b", "grid"): 100}
    assert ug(traced, "a", "grid") == 300 * GRID
    assert traced.source_ug.tolist() == [400 * GRID]
    assert traced.bus_wh["main"].tolist() == [[400], [600]]
    assert traced.bus_ug["main"].tolist() == [[400 * GRID], [0]]
    assert traced.wh.dtype == traced.other_ug.dtype == np.int64


def ess(charge, discharge, bus="main", **more):
    return {"ess": Store(bus, ints(*charge), ints(*discharge), **more)}


@pytest.mark.parametrize(("source", "factor"), [("pv", 0), ("grid", GRID)])
def test_what_is_stored_at_noon_keeps_its_origin_and_losses_make_it_dirtier(source, factor):
    store = Reservoir("ess", 0.9, 0.9)
    own = network({source: supply([1000, 0], factor)}, {"a": use(0, 810)}, ess([1000, 0], [0, 810]), most=0)
    traced = trace_network(own, {"ess": store}, losses="account", storage="pool")
    assert cells(traced, 0) == {("ess", source): 1000}
    assert cells(traced, 1) == {("a", f"ess<{source}"): 810}
    assert ug(traced, "a", f"ess<{source}", 1) == 1000 * factor
    assert (store.wh, store.ug, store.lost_wh) == ({}, {}, {source: 190})


@pytest.mark.parametrize(
    ("method", "kg"), [("pool", [300, 300]), ("pool_operator", [300, 300]), ("fifo", [600, 0]), ("lifo", [0, 600])]
)
def test_600_kg_by_each_method(method, kg):
    """600 kg come in with the first of two equal charges; which of two equal discharges bears them is the method."""
    mwh, g = 10**6, 10**9
    own = network(
        {"coal": supply([mwh, 0, 0, 0], 600 * g // mwh), "wind": supply([0, mwh, 0, 0])},
        {"a": use(0, 0, mwh, 0), "b": use(0, 0, 0, mwh)},
        ess([mwh, mwh, 0, 0], [0, 0, mwh, mwh]),
        most=0,
    )
    traced = trace_network(own, {"ess": store_of(method, "ess", (1.0, 1.0))}, losses="account", storage=method)
    assert [int(traced.ug[i].sum()) for i in range(2)] == [one * g for one in kg]


def test_600_kg_of_the_reference_come_out_in_the_order_of_the_next_discharge():
    """Reference 3.2: clean energy first, then 600 kg; the next discharge bears 300 (pool), 0 (FIFO), 600 (LIFO)."""
    kg, borne = 10**9, {}
    for method in ("pool", "fifo", "lifo"):
        store = store_of(method, "ess", (1.0, 1.0))
        store.charge({"wind": (10**6, 0)}, "1")
        store.charge({"coal": (10**6, 600 * kg)}, "2")
        borne[method] = sum(carbon for _, carbon in store.discharge(10**6).values()) // kg
    assert borne == {"pool": 300, "fifo": 0, "lifo": 600}


def test_discharge_comes_before_charge_at_the_opening_mix():
    """What one storage gives to the other is its mix before the step's own charge."""
    one, two = Reservoir("one", 1.0, 1.0, {"pv": 100}, {"pv": 0}), Reservoir("two", 1.0, 1.0)
    stores = {"one": Store("main", ints(0), ints(100)), "two": Store("main", ints(100), ints(0))}
    own = network({"grid": supply([100], GRID)}, {"a": use(100)}, stores, most=0)
    trace_network(own, {"one": one, "two": two}, losses="account", storage="pool")
    assert (two.wh, two.ug) == ({"grid": 50, "pv": 50}, {"grid": 50 * GRID, "pv": 0})


def test_carbon_of_what_self_discharge_emptied_goes_to_the_operator():
    store = Reservoir("ess", 1.0, 1.0, {"grid": 1}, {"grid": GRID})
    own = network({"pv": supply([0])}, {"a": use(0)}, ess([0], [0], standing=0.9))
    done = trace(own, {"ess": store}, "account")
    assert (store.total_wh, store.total_ug, operator_ug({"ess": store})) == (0, 0, GRID)
    assert done.open_carbon_ug() == 0


def two_buses(sent=1000, arrived=900):
    """Wind and grid at one bus, a load at each, and a line that loses a tenth."""
    return network(
        {"wind": supply([1200], 0, "b1"), "grid": supply([800], GRID, "b1")},
        {"here": use(1000, bus="b1"), "there": use(900, bus="b2")},
        wires={"cable:forward": Wire("b1", "b2", ints(sent), ints(arrived))},
        most=0,
    )


def test_who_is_behind_a_line_has_its_mix_and_the_loss_its_own():
    traced = trace_network(two_buses(), {}, losses="account", storage="pool")
    assert cells(traced, 0) == {
        ("here", "wind"): 600, ("here", "grid"): 400, ("there", "wind"): 540, ("there", "grid"): 360,
        ("cable:loss", "wind"): 60, ("cable:loss", "grid"): 40,
    }  # fmt: skip
    assert [ug(traced, sink, "grid") for sink in ("there", "cable:loss")] == [360 * GRID, 40 * GRID]


def test_downstream_who_is_supplied_bears_the_carbon_of_the_loss():
    traced = trace_network(two_buses(), {}, losses="downstream", storage="pool")
    assert cells(traced, 0)["cable:loss", "grid"] == 40
    assert [ug(traced, sink, "grid") for sink in ("there", "cable:loss")] == [400 * GRID, 0]


def test_downstream_a_line_over_which_nothing_arrives_keeps_its_carbon():
    own = network(
        {"grid": supply([100], GRID, "b1")}, {"a": use(90, bus="b1")},
        wires={"cable:back": Wire("b1", "b2", ints(10), ints(0))}, most=0,
    )  # fmt: skip
    traced = trace_network(own, {}, losses="downstream", storage="pool")
    assert ug(traced, "cable:loss", "grid") == 10 * GRID


def test_a_loop_supplies_nobody_and_its_losses_stay():
    """What goes from b1 to b2 and back leaves both loads as if it had not flowed, but for 2 Wh lost on the way."""
    own = network(
        {"pv": supply([102], 0, "b1"), "grid": supply([50], GRID, "b2")},
        {"a": use(70, bus="b1"), "b": use(80, bus="b2")},
        wires={
            "x:forward": Wire("b1", "b2", ints(231), ints(230)), "x:back": Wire("b2", "b1", ints(200), ints(199)),
        }, most=0,
    )  # fmt: skip
    traced = trace_network(own, {}, losses="account", storage="pool")
    taken = cells(traced, 0)
    assert {key: wh for key, wh in taken.items() if key[0] == "a"} == {("a", "pv"): 70}
    assert sum(wh for (sink, _), wh in taken.items() if sink == "x:loss") == 2
    assert taken["b", "grid"] in (49, 50)


@pytest.mark.parametrize(("gives", "takes"), [(1000, 990), (990, 1000)])
def test_a_bus_that_does_not_close_within_the_limit_is_refused(gives, takes):
    own = network(
        {"pv": supply([gives], 0, "b2"), "grid": supply([takes], 0, "b1")},
        {"a": use(takes, bus="b2"), "b": use(takes, bus="b1")}, most=9,
    )  # fmt: skip
    with pytest.raises(NotClosed, match=rf"step 0 \(b2\) sources give {gives} Wh and sinks take {takes}"):
        trace_network(own, {}, losses="account", storage="pool")


def test_a_gap_within_the_limit_is_a_source_at_the_given_factor_or_a_sink():
    own = network({"pv": supply([997, 1003], 5)}, {"a": use(1000, 1000)}, gap=GRID, most=3)
    traced = trace_network(own, {}, losses="account", storage="pool")
    assert cells(traced, 0) == {("a", "pv"): 997, ("a", UNACCOUNTED): 3}
    assert cells(traced, 1) == {("a", "pv"): 1000, (UNACCOUNTED, "pv"): 3}
    assert traced.source_ug.tolist() == [997 * 5 + 3 * GRID, 1003 * 5]
    assert open_carbon_ug(traced, 0, {}) == 0


def test_both_ways_in_one_step_is_refused_or_netted():
    both = ([10, 50], [0, 20])
    own = network({"pv": supply([110, 130])}, {"a": use(100, 100)}, ess(*both), most=0)
    with pytest.raises(ChargeAndDischarge, match=r"ess \(main\) .* step 1"):
        trace_network(own, {"ess": Reservoir("ess", 1.0, 1.0)}, losses="account", storage="pool")
    store = Reservoir("ess", 1.0, 1.0)
    own = network({"pv": supply([110, 130])}, {"a": use(100, 100)}, ess(*both, netted=True), most=0)
    traced = trace_network(own, {"ess": store}, losses="account", storage="pool")
    assert store.wh == {"pv": 40}
    assert cells(traced, 1) == {("a", "pv"): 100, ("ess", "pv"): 30}


def test_import_and_export_of_one_connection_are_netted_with_their_carbon():
    own = network(
        {"grid": supply([100, 30], GRID), "pv": supply([50, 50])}, {"a": use(90, 60)},
        others={"export": Draw("main", ints(60, 20))}, netted={"grid": "export"}, most=0,
    )  # fmt: skip
    traced = trace_network(own, {}, losses="account", storage="pool")
    assert cells(traced, 0) == {("a", "grid"): 40, ("a", "pv"): 50}
    assert traced.source_ug.tolist() == [40 * GRID, 10 * GRID]


def test_a_line_that_gains_is_refused():
    with pytest.raises(LineGains, match="step 0, 901 Wh arrive at bus b2 over cable:forward, and only 900"):
        trace_network(two_buses(900, 901), {}, losses="account", storage="pool")


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"supplies": {"pv": supply([5, -1])}}, r"step 1, pv at bus main .* energy \(Wh\): -1"),
        ({"supplies": {"pv": Supply("main", ints(5, 5), ints(0, -3))}}, r"pv .* carbon \(ug\): -3"),
        ({"consumers": {"a": use(-5, 5)}}, "step 0, a at bus main"),
        ({"others": {"export": Draw("main", ints(-1, 0))}}, "export"),
        ({"stores": ess([0, 0], [0, -7])}, r"ess .* discharge \(Wh\): -7"),
        ({"wires": {"w": Wire("main", "x", ints(0, -1), ints(0, -1))}}, "w at bus main"),
    ],
)
def test_energy_below_zero_is_refused(part, what):
    own = Network(labels=["step 0", "step 1"], **{"supplies": {}, "consumers": {}, **part})
    with pytest.raises(FlowBelowZero, match=what):
        trace_network(own, {"ess": Reservoir("ess", 1.0, 1.0)}, losses="account", storage="pool")


def test_storages_of_another_method_or_none_are_refused():
    own = network({"pv": supply([5])}, {"a": use(5)}, ess([0], [0]))
    for held in ({}, {"ess": Reservoir("ess", 1.0, 1.0)}):
        with pytest.raises(ValueError, match="'ess' needs a reservoir by method 'fifo'"):
            trace_network(own, held, losses="account", storage="fifo")


def test_arrays_of_another_length_are_refused():
    own = Network(["step 0"], {"pv": supply([5, 5])}, {})
    with pytest.raises(ValueError, match="energy"):
        trace_network(own, {}, losses="account", storage="pool")


def test_both_directions_of_a_line_share_the_name_of_their_loss():
    assert {loss_of(name) for name in ("cable:forward", "cable:back", "cable")} == {"cable:loss"}


def test_hours_of_more_than_3_gwh_are_exact_too():
    big = 4 * 10**9 + 1
    own = network({"pv": supply([big]), "grid": supply([big], GRID)}, {"a": use(big + 1), "b": use(big - 1)}, most=0)
    traced = trace_network(own, {}, losses="account", storage="pool")
    assert traced.wh.sum(axis=1).ravel().tolist() == [big + 1, big - 1]
    assert open_carbon_ug(traced, 0, {}) == 0


def test_netted_carbon_is_in_proportion_rounded_down():
    own = network({"grid": Supply("main", ints(3), ints(8))}, {"a": use(1)}, others={"export": Draw("main", ints(2))})
    traced = trace_network(replace(own, netted={"grid": "export"}), {}, losses="account", storage="pool")
    assert traced.source_ug.tolist() == [2]


@pytest.mark.parametrize(("whole", "left"), [(True, 81), (False, 73)])
def test_the_first_step_may_lose_nothing(whole, left):
    store = Reservoir("ess", 1.0, 1.0, {"pv": 100}, {"pv": 0})
    own = network({"pv": supply([0, 0, 0])}, {}, ess([0] * 3, [0] * 3, standing=0.1, whole_at_first=whole))
    trace_network(own, {"ess": store}, losses="account", storage="pool")
    assert store.wh == {"pv": left}
