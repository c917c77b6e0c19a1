"""Who may claim what: worked cases of each step, invariants over random parks, faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from parkopt.carbon.attribute import ORDERS, attribute
from parkopt.carbon.contractual import Battery, Contractual, Lot
from parkopt.carbon.split import split
from parkopt.errors import Faults
from parkopt.faults import (
    AttributionShape,
    ContradictoryCase,
    EnergyBelowZero,
    LotNotEarlier,
    OverEntitled,
    UnknownInLedger,
)
from tests.carbon.cases import assert_holds, hours, park, parks, wh


def claims(done, t=0):
    return {key: int(values[t]) for key, values in done.claims.items() if values[t]}


def test_entitlements_come_first_and_what_is_left_goes_round_by_share_of_consumption():
    # wind 100: A is entitled to 50 but lacks 20; 80 are left, B and C lack 300 and 100: 60 and 20
    case = park({"wind": [100]}, {"a": [20], "b": [300], "c": [100]}, entitlements={"wind": {"a": 500_000}})
    done = attribute(case)
    assert claims(done) == {("wind", "a"): 20, ("wind", "b"): 60, ("wind", "c"): 20}
    assert_holds(case, done)


def test_the_second_round_serves_those_who_still_lack():
    # 90 by 100:100:100 is 30 each; A lacks 10 after its entitlement, so 20 go round again: 10 each
    case = park(
        {"own": [90], "sun": [90]},
        {"a": [100], "b": [100], "c": [100]},
        entitlements={"own": {"a": 1_000_000}},
        shared={"sun"},
    )
    assert claims(attribute(case)) == {("own", "a"): 90, ("sun", "a"): 10, ("sun", "b"): 40, ("sun", "c"): 40}


def test_weights_are_the_consumption_and_not_what_is_lacking():
    # after its entitlement A lacks 60 of 120, B 60 of 60: 30 by 120:60 is 20 and 10, not 15 and 15
    case = park(
        {"own": [60], "sun": [30]}, {"a": [120], "b": [60]}, entitlements={"own": {"a": 1_000_000}}, shared={"sun"}
    )
    done = attribute(case)
    assert (done.claims["sun", "a"][0], done.claims["sun", "b"][0]) == (20, 10)


def test_a_single_wh_goes_to_the_largest_remainder_and_ties_to_the_earlier():
    done = attribute(park({"sun": [10, 1]}, {"a": [20, 5], "b": [20, 5], "c": [20, 5]}, shared={"sun"}))
    assert [int(done.claims["sun", p][0]) for p in "abc"] == [4, 3, 3]
    assert [int(done.claims["sun", p][1]) for p in "abc"] == [1, 0, 0]


def test_leftovers_charge_the_storage_then_leave_then_stay_active():
    # 100 made, 30 used, 40 charged, 20 exported: 10 stay
    case = park(
        {"sun": [100, 0]}, {"a": [30, 50]}, exports=[20, 0], batteries={"s": Battery(wh(40, 0), wh(0, 36), 0.95, 0.95)}
    )
    done = attribute(case)
    assert [int(x[0]) for x in (done.stored["sun", "s"], done.exported["sun"], done.left["sun"])] == [40, 20, 10]
    # 38 stored; 36 / 0.95 = 37.9 taken; floor(0.9025 * 40) = 36 certificates
    assert claims(done, 1) == {("s", "a"): 36}
    assert done.minted["s"].tolist() == [0, 36]
    assert_holds(case, done)


def test_a_contract_over_the_grid_is_bound_by_the_import_and_by_what_is_lacking():
    case = park(
        {"sun": [50]}, {"a": [100], "b": [60]}, imports=[70], delivered={"ppa": [90]},
        entitlements={"ppa": {"b": 500_000}}, shared={"sun"},
    )  # fmt: skip
    done = attribute(case)
    # sun 31 and 19; of the 70 that can be delivered B is entitled to 35, the other 35 by 100:60 with 69 and 6 lacking
    assert claims(done) == {("sun", "a"): 31, ("sun", "b"): 19, ("ppa", "a"): 29, ("ppa", "b"): 41}
    assert done.left["ppa"].tolist() == [20]


def test_contract_first_leaves_own_energy_for_export_where_688_does_not():
    case = park(
        {"sun": [50]}, {"a": [60]}, imports=[20], exports=[10], delivered={"ppa": [20]},
        entitlements={"ppa": {"a": 1_000_000}}, shared={"sun"},
    )  # fmt: skip
    first = attribute(replace(case, method="contract_first"))
    assert claims(first) == {("ppa", "a"): 20, ("sun", "a"): 40}
    assert claims(attribute(case)) == {("sun", "a"): 40, ("ppa", "a"): 20}
    more = replace(case, consumption={"a": wh(50)}, exports=wh(0))
    assert claims(attribute(replace(more, method="contract_first"))) == {("ppa", "a"): 20, ("sun", "a"): 30}
    assert claims(attribute(more)) == {("sun", "a"): 50}


def test_pro_rata_ignores_entitlements():
    case = park({"wind": [90]}, {"a": [100], "b": [200]}, entitlements={"wind": {"a": 1_000_000}}, method="pro_rata")
    assert claims(attribute(case)) == {("wind", "a"): 30, ("wind", "b"): 60}
    assert claims(attribute(replace(case, method="entitlement_688"))) == {("wind", "a"): 90}


def test_what_was_exported_is_in_no_claim_even_where_the_hour_imported_too():
    # 100 made and 100 used, but 50 left the park and 50 came in: self-use is generation less export (688)
    case = park({"sun": [100]}, {"a": [100]}, imports=[50], exports=[50])
    done = attribute(case)
    assert claims(done) == {("sun", "a"): 50}
    assert done.exported["sun"].tolist() == [50]


def test_sd_gc_that_nobody_lacks_leave_the_park_with_the_export():
    case = park(
        {"sun": [40, 0]}, {"a": [0, 10]}, exports=[0, 26], batteries={"s": Battery(wh(40, 0), wh(0, 36), 0.95, 0.95)}
    )
    done = attribute(case)
    assert [int(x[1]) for x in (done.claims["s", "a"], done.exported["s"], done.left["s"])] == [10, 26, 0]


def test_the_order_of_the_record_is_the_order_that_runs(monkeypatch):
    seen = []
    from parkopt.carbon import attribute as module

    for step in module.STEPS:
        monkeypatch.setitem(module.STEPS, step, lambda _, step=step: seen.append(step))
    monkeypatch.setattr(module._Work, "done", lambda _: None)
    for method, order in ORDERS.items():
        seen.clear()
        module.attribute(park({"sun": [1]}, {"a": [1]}, method=method))
        assert tuple(seen) == order


@settings(max_examples=150, deadline=None)
@given(parks())
def test_every_wh_is_accounted_for_once(case):
    assert_holds(case, attribute(case))


@settings(max_examples=100, deadline=None)
@given(parks(most_hours=3))
def test_the_same_party_by_party_and_hour_by_hour(case):
    """The steps written once more for one hour at a time, in plain whole numbers, without storages and export."""
    bare = replace(case, batteries={}, exports=np.zeros_like(case.exports))
    done = attribute(bare)
    for t in range(len(case.hours)):
        want = one_hour(bare, t)
        assert {key: int(values[t]) for key, values in done.claims.items() if values[t]} == want


def one_hour(case, t):
    need = {party: int(values[t]) for party, values in case.consumption.items()}
    weight, claimed = dict(need), {}
    delivered = [int(values[t]) for values in case.delivered.values()]
    if sum(delivered) > case.imports[t]:
        delivered = split(int(case.imports[t]), delivered)
    left = {name: int(values[t]) for name, values in case.generation.items()} | dict(
        zip(case.delivered, delivered, strict=True)
    )

    def give(source, party, energy):
        need[party], left[source] = need[party] - energy, left[source] - energy
        claimed[source, party] = claimed.get((source, party), 0) + energy

    def entitled(sources):
        for source in sources:
            ppm = [case.entitlements.get(source, {}).get(party, 0) for party in need]
            parts = split(left[source], [*ppm, 1_000_000 - sum(ppm)])
            for party, part in zip(need, parts[:-1], strict=True):
                give(source, party, min(part, need[party]))

    def shared(sources):
        for source in sources:
            while left[source] and any(need.values()):
                lacking = [party for party in need if need[party]]
                if left[source] >= sum(need.values()):
                    parts = [need[party] for party in lacking]
                else:
                    parts = split(left[source], [weight[party] for party in lacking])
                for party, part in zip(lacking, parts, strict=True):
                    give(source, party, min(part, need[party]))

    plants = [name for name in case.generation if name not in case.shared]
    steps = {
        "entitlement_688": [
            (entitled, plants),
            (shared, plants),
            (shared, sorted(case.shared, key=list(case.generation).index)),
        ],
        "pro_rata": [(shared, list(case.generation)), (shared, list(case.delivered))],
    }
    contract = [(entitled, list(case.delivered)), (shared, list(case.delivered))]
    first, *rest = steps["entitlement_688"]
    steps["contract_first"] = [first, *contract, *rest]
    steps["entitlement_688"] += contract
    for step, sources in steps[case.method]:
        step(sources)
    return {key: energy for key, energy in claimed.items() if energy}


@settings(max_examples=15, deadline=None)
@given(parks(most_hours=4, most=5_000_000_000))
def test_so_is_that_of_gigawatts(case):
    assert_holds(case, attribute(case))


@settings(max_examples=60, deadline=None)
@given(parks())
def test_hour_by_hour_is_the_same_as_all_at_once(case):
    whole = attribute(case)
    lots, takes, made, got = (), [], [], []
    for t in range(len(case.hours)):
        part = attribute(hour_of(case, t), lots)
        takes += [replace(take, hour=t) for take in part.takes]
        made += part.new_lots
        lots = part.closing
        got.append(part)
    for key, values in whole.claims.items():
        assert values.tolist() == [int(part.claims[key][0]) for part in got]
    assert sorted(takes, key=repr) == sorted(whole.takes, key=repr)
    assert sorted(made, key=repr) == sorted(whole.new_lots, key=repr)
    assert lots == whole.closing


def hour_of(case, t):
    cut = {
        key: {name: values[t : t + 1] for name, values in getattr(case, key).items()}
        for key in ("generation", "delivered", "consumption")
    }
    batteries = {
        name: replace(one, charge=one.charge[t : t + 1], discharge=one.discharge[t : t + 1])
        for name, one in case.batteries.items()
    }
    return replace(
        case, hours=case.hours[t : t + 1], imports=case.imports[t : t + 1], exports=case.exports[t : t + 1],
        batteries=batteries, **cut,
    )  # fmt: skip


def test_a_park_without_consumers_or_plants_is_no_fault():
    done = attribute(Contractual(hours(2), {}, {}, wh(0, 0), wh(5, 5)))
    assert done.claims == done.left == {}
    done = attribute(Contractual(hours(1), {"sun": wh(9)}, {}, wh(0), wh(5)))
    assert (done.exported["sun"][0], done.left["sun"][0]) == (5, 4)


LOT = Lot("s", "2026-06-30T15:00:00Z", "sun", 100, 95, 95)
SOUND = park({"sun": [5]}, {"a": [5]}, batteries={"s": Battery(wh(0), wh(0), 0.9, 0.9)}, delivered={"ppa": [0]})


@pytest.mark.parametrize(
    ("change", "lots", "fault", "words"),
    [
        ({"imports": wh(1, 2)}, (), AttributionShape, "import has 2"),
        ({"generation": {"sun": wh(-3)}}, (), EnergyBelowZero, "sun is -3 Wh at 2026-06-30T16:00:00Z"),
        ({"entitlements": {"sun": {"a": 1_000_001}}}, (), OverEntitled, "1000001"),
        ({"entitlements": {"moon": {"a": 1}}}, (), UnknownInLedger, "moon"),
        ({"entitlements": {"sun": {"z": 1}}}, (), UnknownInLedger, "'z'"),
        ({"shared": frozenset({"ppa"})}, (), UnknownInLedger, "ppa"),
        ({"shared": frozenset({"sun"}), "entitlements": {"sun": {"a": 1}}}, (), ContradictoryCase, "shared"),
        ({"delivered": {"sun": wh(0)}}, (), ContradictoryCase, "more than one"),
        ({"batteries": {"s": Battery(wh(0), wh(0), 0.0, 0.9)}}, (), ContradictoryCase, "efficiency"),
        ({}, [replace(LOT, store="t")], UnknownInLedger, "'t'"),
        ({}, [replace(LOT, charged="2026-06-30T16:00:00Z")], LotNotEarlier, "not before"),
        ({}, [replace(LOT, left_wh=96)], ContradictoryCase, "more left"),
    ],
)
def test_a_case_that_cannot_be_attributed_is_refused(change, lots, fault, words):
    attribute(SOUND, [LOT])
    with pytest.raises(fault, match=words):
        attribute(replace(SOUND, **change), lots)


def test_all_faults_come_together():
    with pytest.raises(Faults) as found:
        attribute(replace(SOUND, imports=wh(-1), entitlements={"moon": {"z": 2_000_000}}))
    assert {type(fault) for fault in found.value.faults} == {EnergyBelowZero, UnknownInLedger, OverEntitled}
    assert len(found.value.faults) == 4


def test_claims_of_a_source_are_its_own_arrays():
    done = attribute(park({"sun": [5]}, {"a": [5]}))
    done.claims["sun", "a"][0] = 1
    assert np.array_equal(attribute(park({"sun": [5]}, {"a": [5]})).claims["sun", "a"], [5])
