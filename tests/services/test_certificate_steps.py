"""Every step of certificates by hand, through the service: logged, answered once, refused whole, and verified."""

import pytest

from parkopt.errors import ParkoptError
from parkopt.services.settle import settled_days
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook
from tests.services import settled_small as small
from tests.services.settled_small import FIRST, PARK, act, assert_sound, make, start


@pytest.fixture
def config(tmp_path, monkeypatch, store_url):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    made = make(tmp_path, store_url)
    start(made, 1)
    return made


def free(config, least=100):
    return next(one for one in small.rows(config, status="active") if one.quantity >= least)


def status(config, number):
    return next(one.status for one in small.rows(config) if one.id == number)


def size(config):
    with transaction(config.store_url) as session:
        return Logbook(session, PARK).count()


def test_the_steps_of_a_life(config, monkeypatch):
    one = free(config).id
    taken = act(config, "transfer", bundle=one, account="a", wh=60)["bundles"][0]["id"]
    act(config, "lock", bundle=taken, reason="meter in doubt")
    act(config, "unlock", bundle=taken)
    act(config, "reserve", bundle=taken, beneficiary="b")
    cancelled = act(config, "cancel", bundle=taken, beneficiary="b", wh=20)["bundles"][0]["id"]
    act(config, "withdraw", bundle=cancelled, reason="test")
    other = free(config)
    ids = {"start": other.range_start, "end": other.range_start + 9}
    act(config, "link_gec", device=other.device, **ids, gec="G1", sold=True)
    act(config, "export", bundle=free(config).id, wh=5)
    monkeypatch.setattr("parkopt.services.certificates._now", lambda: "2028-01-01T00:00:00Z")
    act(config, "expire")
    assert small.rows(config, status="active") == []
    assert status(config, cancelled) == "withdrawn"
    assert_sound(config, 1)


def test_a_claim_gives_its_party_s_day_a_new_revision_and_new_totals(config):
    before = settled_days(PARK, FIRST, FIRST, config)[0]
    bundle = act_claim(config)
    after = settled_days(PARK, FIRST, FIRST, config)[0]
    assert after["revision"] == before["revision"] + 1
    assert after["claimed_wh"] == before["claimed_wh"] + bundle["bundle_quantity"]
    assert int(after["market_ug"]) < int(before["market_ug"])
    assert_sound(config, 1)


def act_claim(config, key=""):
    for one in small.rows(config, status="active"):
        for party in small.PARTIES:
            try:
                return act(config, "claim", key, bundle=one.id, party=party, wh=10)["bundles"][0]
            except ParkoptError:
                continue
    pytest.fail("nobody has room for a claim")


def make_room(config):
    """Correct a consumption upward, so that somebody lacks certificates where some are left."""
    one = free(config)
    hour = next(h for h in range(24) if small.utc(FIRST, h) == one.t0)
    small.upload(config, [("b1", "consumption", FIRST, hour, 5_000_000)], 1, "corrected")
    small.again(config, 1)


@pytest.fixture(autouse=True)
def room(config):
    make_room(config)


def test_the_same_request_key_does_nothing_twice(config):
    one = free(config).id
    first = act(config, "reserve", "k1", bundle=one, beneficiary="a", wh=30)
    logged = size(config)
    second = act(config, "reserve", "k1", bundle=one, beneficiary="a", wh=30)
    assert [x["id"] for x in second["bundles"]] == [x["id"] for x in first["bundles"]]
    assert second["logged"] == []
    assert size(config) == logged
    claimed = act_claim(config, "k2")
    assert small.again(config, 1) == []
    assert status(config, claimed["id"]) == "claimed"
    with pytest.raises(ParkoptError):
        act(config, "reserve", "k1", bundle=one, beneficiary="b", wh=30)


def test_what_is_refused_leaves_nothing(config):
    one, logged, rows = free(config).id, size(config), small.rows(config)
    wrong = (
        ("transfer", {"bundle": one, "account": "nobody"}), ("unlock", {"bundle": one}), ("claim", {"bundle": one}),
        ("cancel", {"bundle": one, "beneficiary": "a", "wh": 10**12}), ("reverse", {"bundle": one}),
        ("withdraw", {"bundle": 10**9}),
    )  # fmt: skip
    for action, told in wrong:
        with pytest.raises(ParkoptError):
            act(config, action, **told)
    assert size(config) == logged
    assert small.rows(config) == rows
    assert_sound(config, 1)
