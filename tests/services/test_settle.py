"""Days of a small park settled: shares worked out by hand, refusals that leave nothing, what is told adds up."""

from datetime import timedelta

import pytest

from parkopt.errors import Faults, ParkoptError
from parkopt.faults import DayNotSettled, MissingReadings, MonthClosed
from parkopt.services.settle import close_month, settle, settled_days
from parkopt.store.engine import transaction
from tests.services import settled_small as small
from tests.services.settled_small import FIRST, PARK, again, assert_sound, enterprise_days, make, rows_of, upload

SECOND = FIRST + timedelta(days=1)
NOON = 12


@pytest.fixture
def config(tmp_path, monkeypatch, store_url):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    made = make(tmp_path, store_url, two_buses=False)
    file = tmp_path / "parks" / PARK / "park.yaml"
    file.write_text(file.read_text("utf-8").replace("{pv: ", "{wind: "), "utf-8")  # the same power day and night
    return made


def flat(**wh):
    """A day of the park on one bus: nothing but what is given, each hour the same."""
    loads = [(name, "consumption") for name in ("a1", "b1", "c1")]
    sources = [("pv", "generation"), ("wind", "generation"), ("ess", "charge"), ("ess", "discharge")]
    keys = [*sources, ("grid", "import"), ("grid", "export"), ("ppa", "delivered"), *loads]
    return {(device, register): [wh.get(f"{device}_{register}", 0)] * 24 for device, register in keys}


def balanced():
    """400 kWh of wind to a bus where a, b, c consume 100, 200, 300; 200 kWh are imported, 50 of them the contract's."""
    parts = {"wind_generation": 400_000, "grid_import": 200_000, "ppa_delivered": 50_000}
    return flat(**parts, a1_consumption=100_000, b1_consumption=200_000, c1_consumption=300_000)


def _newest(config, days=1):
    with transaction(config.store_url) as session:
        return enterprise_days(session, days)


def test_shares_of_a_flat_day_by_hand(config):
    upload(config, rows_of(FIRST, balanced()))
    (told,) = settle(PARK, FIRST, FIRST, config)
    own = {party: _newest(config)[FIRST.isoformat(), party]["hours"][NOON] for party in small.PARTIES}
    # Entitled: a may have 200 of the wind but needs 100, b gets 120. The 180 left go by consumption to those who lack
    # (b 80, c 300; weights 200 and 300): b 72, c 108. The contract's 50 are c's.
    assert own["a"]["claims"] == {"wind": 100_000}
    assert own["b"]["claims"] == {"wind": 192_000}
    assert own["c"]["claims"] == {"wind": 108_000, "ppa": 50_000}
    assert told["claimed_wh"] == 24 * 450_000
    # Physically all have the bus's mix: two thirds wind, one third grid.
    assert {party: hour["by_source"]["wind"][0] for party, hour in own.items()} == {
        "a": 66_667, "b": 133_333, "c": 200_000
    }  # fmt: skip
    assert told["consumption_wh"] == 24 * 600_000
    assert told["unaccounted_wh"] == 0
    assert_sound(config, 1)


def test_the_same_readings_settle_nothing_twice(config):
    upload(config, rows_of(FIRST, balanced()))
    (first,) = settle(PARK, FIRST, FIRST, config)
    (second,) = settle(PARK, FIRST, FIRST, config)
    assert second == {**first, "repeated": True}
    upload(config, rows_of(FIRST, balanced())[:5], revision=1, quality="corrected")  # the same figures once more
    assert again(config, 1) == []


def test_a_missing_reading_refuses_the_day_whole(config):
    upload(config, rows_of(FIRST, balanced())[1:])
    with pytest.raises((MissingReadings, Faults)):
        list(settle(PARK, FIRST, FIRST, config))
    assert settled_days(PARK, FIRST, FIRST, config) == []
    assert small.rows(config) == []


def test_an_estimate_gets_its_certificates_when_the_meter_is_read(config):
    upload(config, rows_of(FIRST, balanced()))
    gap = [("wind", "generation", SECOND, NOON, 400_000)]
    upload(config, [row for row in rows_of(SECOND, balanced()) if row != gap[0]])
    list(settle(PARK, FIRST, SECOND, config, estimate=True))
    assert small.rows(config, device="wind", start=small.utc(SECOND, NOON), end=small.utc(SECOND, 13)) == []
    assert_sound(config, 2)
    assert again(config, 2) == []  # without `estimate` too: it stays as it was settled
    upload(config, gap)
    assert [(one["day"], one["revision"]) for one in again(config, 2)] == [(SECOND.isoformat(), 1)]
    issued = small.rows(config, device="wind", start=small.utc(SECOND, NOON), end=small.utc(SECOND, 13))
    assert sum(one.quantity for one in issued) == 400_000
    assert_sound(config, 2)


def test_days_are_settled_in_order(config):
    days = [FIRST + timedelta(days=n) for n in range(3)]
    for day in (*days, FIRST - timedelta(days=1)):
        upload(config, rows_of(day, balanced()))
    list(settle(PARK, days[0], days[0], config))
    for wrong in (days[2], FIRST - timedelta(days=1)):
        with pytest.raises(DayNotSettled):
            list(settle(PARK, wrong, wrong, config))
    assert [one["day"] for one in settled_days(PARK, days[0] - timedelta(days=5), days[2], config)] == ["2026-07-01"]


def test_after_the_close_only_corrections_follow(config):
    days = [FIRST + timedelta(days=n) for n in range(31)]
    upload(config, [row for day in days for row in rows_of(day, balanced())])
    list(settle(PARK, days[0], days[-2], config))
    with pytest.raises(DayNotSettled):
        close_month(PARK, "2026-07", config)
    list(settle(PARK, days[-1], days[-1], config))
    totals = close_month(PARK, "2026-07", config)["totals"]
    assert totals["claimed_wh"] == 31 * 24 * 450_000
    with pytest.raises(MonthClosed):
        close_month(PARK, "2026-07", config)
    upload(config, [("a1", "consumption", FIRST, NOON, 90_000)], 1, "corrected")
    assert again(config, 1)[0]["revision"] == 1
    assert _newest(config)[FIRST.isoformat(), "a"]["status"] == "corrected"
    free = small.rows(config, status="active")
    with pytest.raises(ParkoptError, match="closed"):
        small.act(config, "reserve", bundle=free[0].id)
