"""Corrected readings: what is taken back, issued anew and told, on later days too; each history verifies."""

from datetime import timedelta

import pytest

from parkopt.ledger.verify import verify_bundle
from parkopt.services import bundles
from parkopt.store.engine import transaction
from parkopt.store.registry_queries import totals
from parkopt.store.settled import bodies
from tests.services import settled_small as small
from tests.services.settled_small import FIRST, PARK, again, assert_sound, make, start, upload

SECOND = FIRST + timedelta(days=1)
NOON = 12
METERS = small.meters_of(2)
HOURS = range(24)


@pytest.fixture
def config(tmp_path, monkeypatch, sqlite_url):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    made = make(tmp_path, sqlite_url)
    start(made, 2)
    return made


def rows_at(device, register, factor, day=0, hours=HOURS):
    own = METERS[day][device, register]
    return [(device, register, FIRST + timedelta(days=day), hour, int(own[hour] * factor)) for hour in hours]


def correct(config, *rows, revision=1):
    upload(config, list(rows), revision, "corrected")
    return {one["day"]: one["revision"] for one in again(config, 2)}


def states(config):
    with transaction(config.store_url) as session:
        return totals(session, PARK)


CASES = {
    "generation up": rows_at("pv", "generation", 1.1, hours=[NOON]),
    "generation down, unclaimed or stored": rows_at("pv", "generation", 0.9, hours=[NOON]),
    "generation down, claimed": rows_at("wind", "generation", 0.0, hours=[2, 3]),
    "a plant that made nothing": rows_at("pv", "generation", 0.0),
    "no plant made anything": [*rows_at("pv", "generation", 0.0), *rows_at("wind", "generation", 0.0)],
    "consumption up": rows_at("a1", "consumption", 1.2, hours=[3]),
    "consumption down": rows_at("a1", "consumption", 0.4, hours=[NOON]),
    "no consumption": rows_at("b1", "consumption", 0.0),
    "charged more": rows_at("ess", "charge", 1.1),
    "charged less": rows_at("ess", "charge", 0.5),
    "discharged less": rows_at("ess", "discharge", 0.5),
    "nothing through the storage": [*rows_at("ess", "charge", 0.0), *rows_at("ess", "discharge", 0.0)],
    "delivered less": rows_at("ppa", "delivered", 0.2),
    "several at once": [
        *rows_at("pv", "generation", 0.5, hours=[NOON]), *rows_at("a1", "consumption", 0.3, hours=[NOON]),
        *rows_at("ess", "charge", 0.7), *rows_at("ppa", "delivered", 0.0, hours=[1, 2]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_each_correction_leaves_a_history_that_verifies(config, rows):
    before = states(config)
    assert correct(config, *rows)[FIRST.isoformat()] == 1
    assert states(config) != before or rows[0][1] in ("charge", "consumption")
    assert_sound(config, 2)


def test_stored_energy_that_was_never_made_is_taken_from_claims_of_the_next_day(config):
    claimed = sum(one.quantity for one in small.rows(config, device="ess", status="claimed"))
    told = correct(config, *rows_at("pv", "generation", 0.0), *rows_at("wind", "generation", 0.0))
    assert told[SECOND.isoformat()] == 2  # once for its claims, once for what the storage handed over
    left = sum(one.quantity for one in small.rows(config, device="ess", status="claimed") if one.t0 < "2026-07-02T04")
    assert left < claimed
    assert_sound(config, 2)


def test_certificates_never_stand_for_more_than_the_storage_took_or_gave(config):
    green = sum(one.quantity for one in small.rows(config, status="cancelled_for_storage"))
    assert green
    correct(config, *rows_at("ess", "discharge", 0.0), *rows_at("ess", "discharge", 0.0, day=1))
    assert [one for one in small.rows(config, device="ess") if one.status in ("active", "claimed")] == []
    assert_sound(config, 2)


def test_a_correction_of_a_correction(config):
    for revision, factor in enumerate((0.5, 1.2, 0.0, 1.0), 1):
        told = correct(config, *rows_at("pv", "generation", factor, hours=[11, NOON]), revision=revision)
        assert told[FIRST.isoformat()] == revision
    assert_sound(config, 2)
    with transaction(config.store_url) as session:
        found = bodies(session, PARK, "park-day", FIRST.isoformat(), FIRST.isoformat())
    assert len(found) == 5  # the earlier ones are in the log still


def test_an_estimate_that_comes_later_moves_no_certificate(config):
    before = states(config)
    upload(config, rows_at("pv", "generation", 0.5, hours=[NOON]), 1, "estimated")
    assert next(one["day"] for one in again(config, 2)) == FIRST.isoformat()
    assert states(config) == before
    assert_sound(config, 2)


def test_a_reading_below_what_was_withdrawn_by_hand_can_be_settled(config):
    one = next(x for x in small.rows(config, status="active") if x.device in {"ppa", "pv"})
    small.act(config, "withdraw", bundle=one.id, reason="test")
    hour = next(h for h in HOURS if small.utc(FIRST, h) == one.t0 or small.utc(SECOND, h) == one.t0)
    day = 0 if small.utc(FIRST, hour) == one.t0 else 1
    register = "delivered" if one.device == "ppa" else "generation"
    correct(config, *rows_at(one.device, register, 0.0, day=day, hours=[hour]))
    assert_sound(config, 2)


def test_the_verifier_still_refuses_a_storage_that_gave_more_than_its_corrected_meter(config, monkeypatch):
    monkeypatch.setattr("parkopt.services.settle_booking._storages", lambda *_: iter(()))
    correct(config, *rows_at("ess", "discharge", 0.0))
    _, data, vkey = bundles.bundle(PARK, "auditor", FIRST, SECOND, config)
    assert any("discharged" in line for line in small.failed(verify_bundle(data, vkey)))


def test_the_verifier_still_refuses_a_storage_whose_charge_was_less(config, monkeypatch):
    monkeypatch.setattr("parkopt.services.settle_booking._storages", lambda *_: iter(()))
    correct(config, *rows_at("ess", "charge", 0.0))
    _, data, vkey = bundles.bundle(PARK, "auditor", FIRST, SECOND, config)
    assert any("charged" in line for line in small.failed(verify_bundle(data, vkey)))
