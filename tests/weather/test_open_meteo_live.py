"""The live source against a server on this machine: cache, failures, the last good forecast, the key."""

from __future__ import annotations

import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import numpy as np
import pytest

from parkopt.clock import TimeGrid
from parkopt.errors import ParkoptError
from parkopt.faults import NoWeather, WrongOption
from parkopt.park.base import Location
from parkopt.settings import Settings, settings
from parkopt.weather import cache
from parkopt.weather.open_meteo import OpenMeteoFile
from parkopt.weather.open_meteo_live import ASKED, LiveConfig, OpenMeteo, live_config
from tests.weather.open_meteo_cases import CN, DAY, PARK, stub

NOW = stub.utc("2026-07-14T06:00")
KEY = "s3cret/key"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with stub.serving() as serving:
        yield serving


@pytest.fixture
def source(server, tmp_path):
    config = LiveConfig(server.url, server.url.replace("forecast", "archive"), "", tmp_path, 3.0, 5.0)
    return OpenMeteo(config, now=lambda: NOW)


def later(source, hours, **changes):
    return replace(source, now=lambda: NOW + timedelta(hours=hours), **changes)


def impatient(source, timeout_s=0.3):
    return replace(source, config=replace(source.config, timeout_s=timeout_s))


def kept_files(source):
    return sorted((source.config.home / "weather").glob("*.json"))


def test_the_answer_is_kept_as_it_came(source, server):
    found = source.fetch(PARK, DAY)
    assert found.attrs["issued_at"] == "2026-07-14T06:00:00+00:00"
    assert (found.attrs["basis"], found.attrs["source"]) == ("forecast", "open_meteo/forecast")
    assert "Open-Meteo.com (CC BY 4.0)" in found.attrs["notes"]
    (query,) = server.queries
    assert query["hourly"] == [",".join(ASKED["forecast"])]
    assert (query["wind_speed_unit"], query["timezone"], query["timeformat"]) == (["ms"], ["GMT"], ["unixtime"])
    assert (query["start_date"], query["end_date"]) == (["2026-07-14"], ["2026-07-21"])
    (path,) = kept_files(source)
    (kept,) = cache.kept_forecasts(source.config.home, PARK)
    assert (kept.fetched_at, kept.path) == (NOW, path)
    assert json.loads(kept.answer) == json.loads(json.dumps(stub.reply(query)))
    again = OpenMeteoFile(path).fetch(PARK, DAY)
    assert again.to_dataframe().equals(found.to_dataframe())
    assert again.attrs["issued_at"] == found.attrs["issued_at"]


def test_a_young_answer_is_not_asked_for_again(source, server):
    first = source.fetch(PARK, DAY)
    assert later(source, 2.9).fetch(PARK, DAY).identical(first)
    later(source, 2.9).fetch(PARK, TimeGrid.day(date(2026, 7, 17), CN, 15))
    assert server.count == 1
    later(source, 3.1).fetch(PARK, DAY)
    assert server.count == 2
    source.fetch(Location(latitude=33.7, longitude=120.5), DAY)
    assert server.count == 3
    later(source, 3.2).fetch(PARK, TimeGrid.day(date(2026, 7, 27), CN))  # not in what was kept
    assert server.count == 4


@pytest.mark.parametrize("trick", ["429/0", "500/0", "503"])
def test_a_busy_service_is_asked_twice(source, server, trick):
    server.plan = [trick]
    source.fetch(PARK, DAY)
    assert server.count == 2
    server.plan = [trick, trick]
    with pytest.raises(NoWeather, match=f"{trick[:3]}: busy"):
        later(source, 50).fetch(PARK, TimeGrid.day(date(2026, 7, 25), CN))
    assert server.count == 4


def test_a_long_wait_is_no_wait(source, server):
    server.plan = ["429/60"]
    with pytest.raises(NoWeather, match="429"):
        source.fetch(PARK, DAY)
    assert server.count == 1


@pytest.mark.parametrize(("trick", "reason"), [
    ("slow", "did not answer within 0.3 s"), ("cut", "JSONDecodeError"), ("short", "cut off|IncompleteRead"),
    ("html", "JSONDecodeError"), ("error", "Daily API request limit"), ("400", "400: The key"),
    ("units", "'furlong' is not a quantity in degC"), ("missing", "'shortwave_radiation' is missing"),
])  # fmt: skip
def test_the_last_good_forecast_stands_in(source, server, trick, reason):
    good = source.fetch(PARK, DAY)
    before = [path.read_bytes() for path in kept_files(source)]
    server.plan = [trick]
    late = later(impatient(source), 7.5)
    found = late.fetch(PARK, DAY)
    assert server.count == 2
    assert found.to_dataframe().equals(good.to_dataframe())
    assert found.attrs["issued_at"] == good.attrs["issued_at"]
    assert "that of 2026-07-14T06:00Z, 7.5 h old, was used" in found.attrs["notes"]
    assert [path.read_bytes() for path in kept_files(source)] == before
    server.plan = [trick]
    with pytest.raises(NoWeather, match=reason) as caught:
        late.fetch(PARK, TimeGrid.day(date(2026, 8, 15), CN))
    assert server.url in caught.value.message("zh")


def test_nobody_listens(source):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/forecast"
    with pytest.raises(NoWeather, match="connection failed"):
        replace(source, config=replace(source.config, url=url)).fetch(PARK, DAY)


def test_packed_answers(source, server):
    server.plan = ["gzip"]
    source.fetch(PARK, DAY)
    assert server.count == 1


def test_off_says_how_to_switch_on(source):
    off = replace(source.config, url="", archive_url="")
    with pytest.raises(WrongOption, match=r"PARKOPT_OPEN_METEO_URL .*https://api.open-meteo.com/v1/forecast"):
        OpenMeteo(off).fetch(PARK, DAY)
    with pytest.raises(WrongOption, match=r"PARKOPT_OPEN_METEO_ARCHIVE_URL .*archive-api"):
        OpenMeteo(off, "actual").fetch(PARK, DAY)


def test_the_archive_is_what_happened(source, server):
    past = TimeGrid.day(date(2025, 7, 15), CN)
    archive = replace(source, basis="actual")
    found = archive.fetch(PARK, past)
    assert server.paths == ["/v1/archive"]
    assert (server.queries[0]["start_date"], server.queries[0]["end_date"]) == (["2025-07-14"], ["2025-07-15"])
    assert (found.attrs["basis"], found.attrs["issued_at"]) == ("actual", "")
    assert "wind_speed_100m_m_per_s" in found
    assert later(archive, 500).fetch(PARK, past).identical(found)
    assert server.count == 1
    assert cache.kept_forecasts(source.config.home, PARK) == ()


def test_the_key_is_told_to_the_service_alone(source, server):
    secret = replace(source, config=replace(source.config, key=KEY))
    secret.fetch(PARK, DAY)
    assert server.queries[0]["apikey"] == [KEY]
    server.plan = ["400"]
    with pytest.raises(NoWeather, match=r"The key \*\*\* is not known") as caught:
        secret.fetch(PARK, TimeGrid.day(date(2026, 8, 15), CN))
    chain, error = "", caught.value
    while error is not None:
        chain, error = chain + repr(error) + str(error), error.__cause__
    spoken = chain + repr(secret) + caught.value.text("zh") + "".join(path.read_text() for path in kept_files(secret))
    assert KEY not in spoken
    assert "s3cret" not in spoken


@pytest.mark.parametrize("key", ["ab/cd ef+g", "s3 cr%2Fet", 'q"u\\o'])
def test_no_spelling_of_the_key_is_told_or_kept(source, server, key):
    secret = replace(source, config=replace(source.config, key=key))
    escaped = json.dumps(key)[1:-1].replace("/", "\\/")
    spelt = [
        key,
        quote(key),
        quote(key, safe=""),
        quote_plus(key),
        urlencode({"apikey": key}).partition("=")[2],
        escaped,
    ]
    shown = secret._without_key("; ".join(spelt))
    assert shown == "; ".join(["***"] * len(spelt))
    secret.fetch(PARK, DAY)
    assert server.queries[0]["apikey"] == [key]
    kept = "".join(path.read_text() for path in kept_files(secret))
    assert not [one for one in spelt if one in kept]
    server.plan = ["400"]
    with pytest.raises(NoWeather, match=r"The key \*\*\* is not known"):
        secret.fetch(PARK, TimeGrid.day(date(2026, 8, 15), CN))


def test_two_fetch_at_once(source, server):
    start = threading.Barrier(4)

    def fetch(_):
        start.wait()
        return source.fetch(PARK, DAY)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fetch, range(4)))
    assert all(one.identical(found[0]) for one in found)
    assert 1 <= server.count <= 4
    assert len(cache.kept_forecasts(source.config.home, PARK)) == len(kept_files(source)) == 1
    assert not list((source.config.home / "weather").glob(".*"))


def test_what_a_killed_process_left_does_no_harm(source, server):
    source.fetch(PARK, DAY)
    (path,) = kept_files(source)
    whole = path.read_bytes()
    left = path.with_name(f".{path.name}.abc.tmp")
    left.write_bytes(whole[:500])
    cut = path.with_name(path.name.replace("T060000Z", "T070000Z"))
    cut.write_bytes(whole[:500])
    altered = path.with_name(path.name.replace("T060000Z", "T080000Z"))
    altered.write_bytes(whole.replace(b'\\"elevation\\": 3.0', b'\\"elevation\\": 4.0'))
    assert altered.read_bytes() != whole
    assert [kept.path for kept in cache.kept_forecasts(source.config.home, PARK)] == [path]
    os.utime(left, (0, 0))
    server.plan = ["500/9", "well"]
    assert "7.0 h old" in later(source, 7).fetch(PARK, DAY).attrs["notes"]
    later(source, 7).fetch(PARK, DAY)
    assert not left.exists()


def test_a_write_that_fails_leaves_nothing_and_is_told(source, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "could not be kept" in source.fetch(PARK, DAY).attrs["notes"]
    assert not list((source.config.home / "weather").iterdir())


def test_old_answers_are_pruned_a_place_at_a_time(source, monkeypatch):
    monkeypatch.setattr(cache, "KEEP", 3)
    for place in (PARK, Location(latitude=33.7, longitude=120.5)):
        for hour in range(6):
            later(source, 4 * hour).fetch(place, DAY)
        stamps = [kept.fetched_at for kept in cache.kept_forecasts(source.config.home, place)]
        assert stamps == [NOW + timedelta(hours=4 * hour) for hour in (3, 4, 5)]
    # a clock that was set back: what it fetches is the last good one and stays
    later(source, -48).fetch(PARK, DAY)
    assert NOW - timedelta(hours=48) in [kept.fetched_at for kept in cache.kept_forecasts(source.config.home, PARK)]


def test_settings_give_the_config(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert live_config(Settings(_env_file=None)).url == ""
    monkeypatch.setenv("PARKOPT_OPEN_METEO_URL", "https://customer-api.open-meteo.com/v1/forecast")
    monkeypatch.setenv("PARKOPT_OPEN_METEO_KEY", KEY)
    monkeypatch.setenv("PARKOPT_WEATHER_CACHE_HOURS", "1.5")
    config = live_config(settings())
    assert (config.url.split("/")[2], config.key, config.cache_hours) == ("customer-api.open-meteo.com", KEY, 1.5)
    assert (config.timeout_s, config.home) == (10.0, Path("parkopt-data"))
    assert KEY not in repr(config) + repr(settings())
    monkeypatch.setenv("PARKOPT_WEATHER_TIMEOUT_S", "0")
    with pytest.raises(WrongOption, match="PARKOPT_WEATHER_TIMEOUT_S"):
        settings()


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "ftp://host/x", "https://host/v1?apikey=s3cret", "https://me:s3cret@host/v1", "host",
])  # fmt: skip
def test_addresses_that_are_refused(url):
    with pytest.raises(WrongOption, match="PARKOPT_OPEN_METEO_URL") as caught:
        live_config(Settings(_env_file=None, open_meteo_url=url))
    assert "s3cret" not in str(caught.value)


def test_hours_that_have_passed_are_no_forecast(source):
    told = "not forecast a day ahead"
    assert told not in source.fetch(PARK, DAY).attrs["notes"]
    assert told in source.fetch(PARK, TimeGrid(stub.utc("2026-07-14T04:00"), DAY.step, 12, CN)).attrs["notes"]


def test_faults_are_parkopts_own(source, server):
    server.plan = ["html"]
    with pytest.raises(ParkoptError) as caught:
        source.fetch(PARK, DAY)
    assert caught.value.exit_code == 7
    assert np.all([part in caught.value.text("zh") for part in ("PK1706", server.url)])
