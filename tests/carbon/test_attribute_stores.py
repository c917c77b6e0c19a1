"""Lots of storages, first in, first out."""

from __future__ import annotations

from parkopt.carbon.attribute import attribute
from parkopt.carbon.attribute_stores import run_store
from parkopt.carbon.contractual import GREY, Battery, Lot, Take
from tests.carbon.cases import hours, park, wh


def test_the_oldest_lot_serves_first_and_the_newest_stays():
    # 100 sun then 100 wind, lossless; 150 out: all of the sun, half of the wind
    store = Battery(wh(100, 100, 0), wh(0, 0, 150), 1.0, 1.0)
    done = run_store("s", store, hours(3), {"sun": wh(100, 0, 0), "wind": wh(0, 100, 0)}, ())
    first, second, _ = hours(3)
    assert done.takes == [Take("s", first, "sun", 2, 100, 100), Take("s", second, "wind", 2, 50, 50)]
    assert done.closing == [Lot("s", second, "wind", 100, 100, 50)]
    assert done.minted.tolist() == [0, 0, 150]


def test_grid_energy_in_an_older_lot_makes_no_certificate():
    store = Battery(wh(60, 100, 0), wh(0, 0, 100), 1.0, 1.0)
    done = run_store("s", store, hours(3), {"sun": wh(0, 100, 0)}, ())
    assert [(take.origin, take.ac_wh) for take in done.takes] == [(GREY, 60), ("sun", 40)]
    assert done.minted.tolist() == [0, 0, 40]


def test_an_hour_of_mixed_charge_makes_one_lot_for_each_origin():
    # 100 at 0.95: 95 kept, 47.5 each: the tie goes to the device; it gives no more than floor(0.9025 * 50) = 45
    store = Battery(wh(100, 0), wh(0, 90), 0.95, 0.95)
    done = run_store("s", store, hours(2), {"sun": wh(50, 0)}, ())
    assert [(lot.origin, lot.ac_wh, lot.internal_wh) for lot in done.new_lots] == [("sun", 50, 48), (GREY, 50, 47)]
    assert done.minted.tolist() == [0, 45]
    assert sum(take.ac_wh for take in done.takes) == 90


def test_a_lot_serves_later_hours_only():
    store = Battery(wh(100), wh(50), 1.0, 1.0)
    done = run_store("s", store, hours(1), {"sun": wh(100)}, ())
    assert [(take.charged, take.origin, take.internal_wh, take.ac_wh) for take in done.takes] == [("", GREY, 0, 50)]
    assert done.closing[0].left_wh == 100


def test_unknown_opening_content_is_grey():
    store = Battery(wh(0), wh(50), 1.0, 0.8)
    lot = Lot("s", hours(1, -1)[0], "sun", 20, 20, 15)
    done = run_store("s", store, hours(1), {}, [lot])
    # 15 inside are 12 at the bus; the other 38 came from nowhere that is known
    assert [(take.origin, take.internal_wh, take.ac_wh) for take in done.takes] == [("sun", 15, 12), (GREY, 0, 38)]
    assert done.closing == []


def test_standing_loss_falls_on_the_oldest_lot():
    old, new = (Lot("s", hours(1, -t)[0], "sun", 100, 100, 100) for t in (2, 1))
    done = run_store("s", Battery(wh(0), wh(0), 1.0, 1.0, 0.101), hours(1), {}, [new, old])
    # 20.2 of 200 are lost, rounded up: what is doubtful makes no certificate
    assert [(lot.charged, lot.left_wh) for lot in done.closing] == [(old.charged, 79), (new.charged, 100)]


def test_a_lot_that_is_lost_cannot_be_given_again():
    lot = Lot("s", hours(1, -1)[0], "sun", 100, 100, 100)
    done = run_store("s", Battery(wh(0, 0), wh(0, 100), 1.0, 1.0, 0.25), hours(2), {}, [lot])
    # 100, 75 after an hour, 56 after two: 56 of the 100 discharged are green
    assert done.minted.tolist() == [0, 56]


def test_lots_beyond_the_capacity_are_lost_the_oldest_first():
    # 80 and 60 were charged, but the store holds 100: 40 of the older lot cannot be there any more
    store = Battery(wh(80, 60, 0), wh(0, 0, 140), 1.0, 1.0, capacity_wh=100)
    done = run_store("s", store, hours(3), {"sun": wh(80, 60, 0)}, ())
    assert [(take.origin, take.ac_wh) for take in done.takes] == [("sun", 40), ("sun", 60), (GREY, 40)]


def test_two_storages_share_a_surplus_by_what_they_charge():
    batteries = {"s": Battery(wh(30), wh(0), 1.0, 1.0), "t": Battery(wh(60), wh(0), 1.0, 1.0)}
    done = attribute(park({"sun": [20], "wind": [10]}, {"a": [0]}, batteries=batteries))
    got = {key: int(wh[0]) for key, wh in done.stored.items()}
    assert sum(got[d, "s"] for d in ("sun", "wind")) == 10
    assert sum(got["sun", s] for s in ("s", "t")) == 20
    assert sum(lot.ac_wh for lot in done.new_lots if lot.origin == GREY) == 60
