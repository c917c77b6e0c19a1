"""Random parks for the contractual ledger, and what must hold of whatever is attributed to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from parkopt.carbon.contractual import GREY, Battery, Contractual

FIRST = datetime(2026, 6, 30, 16, tzinfo=UTC)


def hours(n, first=0):
    return tuple((FIRST + timedelta(hours=first + t)).strftime("%Y-%m-%dT%H:%M:%SZ") for t in range(n))


def wh(*values):
    return np.array(values, dtype=np.int64)


def park(generation, consumption, **more):
    """Return a case; lists become arrays, imports and exports are 0 unless given."""
    n = len(next(iter({**generation, **consumption}.values())))
    made = {key: wh(*more.pop(key, [0] * n)) for key in ("imports", "exports")}
    arrays = {name: wh(*values) for name, values in generation.items()}
    needs = {name: wh(*values) for name, values in consumption.items()}
    given = {name: wh(*values) for name, values in more.pop("delivered", {}).items()}
    return Contractual(hours(n), arrays, needs, **made, delivered=given, **more)


@st.composite
def parks(draw, most_hours=12, most=400):
    n = draw(st.integers(1, most_hours))

    def flow():
        return wh(*draw(st.lists(st.one_of(st.just(0), st.integers(0, most)), min_size=n, max_size=n)))

    def some(word, low, high):
        return [f"{word}{i}" for i in range(draw(st.integers(low, high)))]

    devices, parties = some("plant", 0, 3), some("firm", 1, 4)
    contracts, stores = some("contract", 0, 2), some("store", 0, 2)
    entitled = [name for name in [*devices, *contracts] if draw(st.booleans())]
    entitlements = {name: _ppm(draw, parties) for name in entitled}
    batteries = {}
    for name in stores:
        charge, share = flow(), st.sampled_from([1.0, 0.95, 0.9486832980505138, 0.8])
        discharge = np.where(charge > 0, 0, flow())
        batteries[name] = Battery(
            charge,
            discharge,
            draw(share),
            draw(share),
            draw(st.sampled_from([0.0, 0.001, 0.3])),
            draw(st.sampled_from([None, 200])),
        )
    return Contractual(
        hours(n),
        {name: flow() for name in devices},
        {name: flow() for name in parties},
        flow(),
        flow(),
        {name: flow() for name in contracts},
        entitlements,
        frozenset(name for name in devices if name not in entitled and draw(st.booleans())),
        batteries,
        draw(st.sampled_from(["entitlement_688", "contract_first", "pro_rata"])),
    )


def _ppm(draw, parties):
    left, found = 1_000_000, {}
    for party in parties:
        found[party] = draw(st.one_of(st.integers(0, left), st.just(left // 2)))
        left -= found[party]
    return found


def assert_holds(case, done):
    """Check invariants I7, I8, I9, I11 and that every part is whole, not negative and complete."""
    n, zero = len(case.hours), np.zeros(len(case.hours), dtype=np.int64)
    arrays = [*done.claims.values(), *done.stored.values(), *done.exported.values(), *done.left.values()]
    assert all(one.dtype == np.int64 and one.shape == (n,) and (one >= 0).all() for one in arrays)
    claimed = {s: sum((done.claims[s, p] for p in case.consumption), zero) for s in {s for s, _ in done.claims}}
    for device, generation in case.generation.items():
        kept = sum((done.stored[device, store] for store in case.batteries), zero)
        assert (claimed[device] + kept + done.exported[device] + done.left[device] == generation).all()
    for name, delivered in case.delivered.items():
        assert (claimed[name] + done.left[name] == delivered).all()
    for store in case.batteries:
        assert (claimed[store] + done.exported[store] + done.left[store] == done.minted[store]).all()
        assert (sum((done.stored[d, store] for d in case.generation), zero) <= case.batteries[store].charge).all()
    for party, consumption in case.consumption.items():
        assert (sum((w for (_, p), w in done.claims.items() if p == party), zero) <= consumption).all()
    assert (sum((claimed[name] for name in case.delivered), zero) <= case.imports).all()
    exported = sum(done.exported.values(), zero)
    assert (exported <= case.exports).all()
    supplied = sum((wh for wh in (*case.generation.values(), *(b.discharge for b in case.batteries.values()))), zero)
    own = sum((claimed[name] for name in (*case.generation, *case.batteries)), zero) + sum(done.stored.values(), zero)
    assert (own + case.exports <= np.maximum(supplied, case.exports)).all()
    assert_lots(case, done)


def assert_lots(case, done):
    made = {(lot.store, lot.charged, lot.origin): lot for lot in (*done.opening, *done.new_lots)}
    for (store, charged, origin), lot in made.items():
        mine = [t for t in done.takes if (t.store, t.charged, t.origin) == (store, charged, origin)]
        one = case.batteries[store]
        most = lot.ac_wh * round(one.charge_efficiency * 1e6) * round(one.discharge_efficiency * 1e6) // 10**12
        assert sum(t.ac_wh for t in mine) <= most
        closing = [c.left_wh for c in done.closing if (c.store, c.charged, c.origin) == (store, charged, origin)]
        assert sum(t.internal_wh for t in mine) + sum(closing) <= lot.left_wh
        assert all(case.hours[t.hour] > charged for t in mine)
    for store, one in case.batteries.items():
        given, green = np.zeros(len(case.hours), np.int64), np.zeros(len(case.hours), np.int64)
        for take in done.takes:
            if take.store == store:
                given[take.hour] += take.ac_wh
                green[take.hour] += take.ac_wh * (take.origin != GREY)
        assert (given == one.discharge).all()
        assert (green == done.minted[store]).all()
        for t, hour in enumerate(case.hours):
            mine = [lot for lot in done.new_lots if (lot.store, lot.charged) == (store, hour)]
            assert sum(lot.ac_wh for lot in mine) == one.charge[t]
            assert sum(lot.internal_wh for lot in mine) == one.charge[t] * round(one.charge_efficiency * 1e6) // 10**6
            assert {lot.origin: lot.ac_wh for lot in mine if lot.origin != GREY} == {
                d: done.stored[d, store][t] for d in case.generation if done.stored[d, store][t]
            }
