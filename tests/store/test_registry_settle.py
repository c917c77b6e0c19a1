"""A settled day in bulk: the same certificates as single actions would make, few statements, all or nothing."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from parkopt.faults import (
    AlreadyIssued,
    ClaimTooLarge,
    DayPartsDiffer,
    LotsTooSmall,
    NoCorrection,
    NotMeasured,
    UnknownAccount,
    WrongQuantity,
)
from parkopt.store.engine import transaction
from parkopt.store.registry import get
from parkopt.store.registry_correct import correct_generation
from parkopt.store.registry_day import (
    DayOfCertificates,
    DeviceHour,
    Drawn,
    GreyLot,
    Part,
    PartyHour,
    StoreHour,
)
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_issue import open_accounts
from parkopt.store.registry_queries import balance, claims_of, history, totals
from parkopt.store.registry_settle import settle_day
from tests.store.registry_cases import BY, LATER, PARK, T0, T1, at, minting


def _generated(t0, *parts, device="pv", **more):
    wh = sum(part.wh for part in parts)
    return DeviceHour(device, t0, more.pop("wh", wh), 0, "owner", "solar_pv", LATER, parts, **more)


def _discharged(t0, takes, *parts):
    return StoreHour("ess", t0, "owner", LATER, takes, parts)


STORED = Part("store", "ess", 30, 28, 25)
DAY = DayOfCertificates(
    BY,
    (PartyHour("a", T0, 80), PartyHour("b", T0, 50), PartyHour("a", T1, 80), PartyHour("b", T1, 50)),
    (
        _generated(
            T0, Part("claim", "a", 50), Part("claim", "b", 20), STORED, Part("export", "", 7), Part("left", "", 3)
        ),
        _generated(T0, Part("claim", "a", 30), device="wind"),
        _generated(T1, device="pv"),
    ),
    (
        _discharged(
            T1, (Drawn(T0, "grey", 5, 4), Drawn(T0, "pv", 20, 18)), Part("claim", "a", 10), Part("claim", "b", 8)
        ),
    ),
    (GreyLot("ess", T0, 10, 9, 8),),
)


@pytest.fixture
def session(store_url):
    with transaction(store_url) as session:
        open_accounts(session, PARK, ["owner", "a", "b"])
        yield session
        assert invariants(session, PARK) == []


def test_every_part_gets_its_ids(session):
    found = settle_day(session, PARK, DAY)
    rows = {(p.device, p.kind, p.to): (p.range_start, p.range_end, p.consumed_start, p.consumed_end) for p in found}
    assert rows == {
        ("pv", "claim", "a"): (0, 49, 30, 79),
        ("pv", "claim", "b"): (50, 69, 0, 19),
        ("pv", "store", "ess"): (70, 99, -1, -1),
        ("pv", "export", ""): (100, 106, -1, -1),
        ("pv", "left", ""): (107, 109, -1, -1),
        ("wind", "claim", "a"): (0, 29, 0, 29),
        ("ess", "claim", "a"): (0, 9, 0, 9),
        ("ess", "claim", "b"): (10, 17, 0, 7),
    }
    assert totals(session, PARK) == {"claimed": 118, "cancelled_for_storage": 30, "active": 10}
    assert balance(session, PARK, "pv", T1).reading_wh == 0
    sdgc = claims_of(session, PARK, "a", T1, at(5))
    assert [(c.origin_device, c.origin_t0, c.is_storage, c.energy_source) for c in sdgc] == [("pv", T0, 1, "solar_pv")]


def test_the_steps_are_those_of_the_table(session):
    found = settle_day(session, PARK, DAY)
    names = {(p.device, p.kind): [row["type"] for row in history(session, PARK, p.bundle)] for p in found}
    assert names["pv", "claim"] == ["cancel", "claim"]
    assert names["wind", "claim"] == ["issue", "cancel", "claim"]
    assert (names["pv", "store"], names["pv", "export"], names["pv", "left"]) == (
        ["cancel_for_storage"],
        ["mark_export"],
        [],
    )
    parent = get(session, PARK, next(p.bundle for p in found if p.kind == "left")).parent
    assert [row["type"] for row in history(session, PARK, parent)] == ["issue", "split"]


def test_a_second_day_draws_on_lots_of_the_first(session):
    settle_day(session, PARK, DAY)
    cons = (PartyHour("a", "2026-07-02T03:00:00Z", 50),)
    more = _discharged("2026-07-02T03:00:00Z", (Drawn(T0, "pv", 8, 7),), Part("claim", "a", 7))
    assert [p.range_start for p in settle_day(session, PARK, DayOfCertificates(BY, cons, (), (more,)))] == [18]
    with pytest.raises(LotsTooSmall):
        settle_day(session, PARK, DayOfCertificates(BY, (), (), (replace(more, t0="2026-07-03T03:00:00Z"),)))
    correct_generation(session, PARK, BY, minting(wh=80, rev=1))
    assert balance(session, PARK, "pv", T0).minted_wh == 80


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        (AlreadyIssued, {"consumption": ()}),
        (NoCorrection, {"generation": (), "discharge": ()}),
    ],
)
def test_a_day_is_settled_once(session, fault, change):
    settle_day(session, PARK, DAY)
    with pytest.raises(fault):
        settle_day(session, PARK, replace(DAY, **change))


BROKEN = {
    "parts": (DayPartsDiffer, {"generation": (_generated(T0, Part("claim", "a", 50), wh=51),)}),
    "negative": (DayPartsDiffer, {"generation": (_generated(T0, Part("left", "", 50), Part("claim", "a", -1)),)}),
    "consumption": (ClaimTooLarge, {"generation": (_generated(T0, Part("claim", "b", 51)),)}),
    "estimated": (NotMeasured, {"generation": (_generated(T0, quality="estimated"),)}),
    "twice": (AlreadyIssued, {"generation": (_generated(T0), _generated(T0))}),
    "party twice": (NoCorrection, {"consumption": DAY.consumption[:1] * 2}),
    "account": (UnknownAccount, {"consumption": (PartyHour("stranger", T0, 5),)}),
    "lot": (WrongQuantity, {"generation": (_generated(T0, Part("store", "ess", 30, 31, 25)),)}),
    "no lot": (LotsTooSmall, {"grey": ()}),
    "same hour": (LotsTooSmall, {"discharge": (_discharged(T0, (Drawn(T0, "pv", 5, 4),), Part("claim", "a", 4)),)}),
    "sdgc": (DayPartsDiffer, {"discharge": (_discharged(T1, (Drawn(T0, "pv", 5, 4),), Part("claim", "a", 5)),)}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_day_that_does_not_add_up_leaves_nothing(session, name):
    fault, change = BROKEN[name]
    with pytest.raises(fault):
        settle_day(session, PARK, replace(DAY, **change))
    for table in ("gc_bundle", "gc_action", "gc_reading", "consumption_record", "storage_lot"):
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    settle_day(session, PARK, DAY)


def test_thousands_of_rows_a_day(sqlite_url):
    """10 devices, 4 parties, 24 hours: some 5,000 rows; about 0.1 s on an idle machine, here with ample room."""
    hours = [at(hour) for hour in range(24)]
    parties = ["a", "b", "c", "d"]
    parts = tuple(Part("claim", party, 1000) for party in parties)
    day = DayOfCertificates(
        BY,
        tuple(PartyHour(party, t0, 20_000) for party in parties for t0 in hours),
        tuple(_generated(t0, *parts, device=f"pv{n}") for n in range(10) for t0 in hours),
    )
    with transaction(sqlite_url) as session:
        open_accounts(session, PARK, ["owner", *parties])
        begun = time.perf_counter()
        found = settle_day(session, PARK, day)
        taken = time.perf_counter() - begun
        assert len(found) == 960
        assert invariants(session, PARK) == []
    assert taken < 2.0
