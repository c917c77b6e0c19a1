"""The store: a schedule whole or not at all, the latest of a step, UTC, and faults that say what is wrong."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from parkopt.faults import NotFound, StoreUnusable
from parkopt.store.engine import engine, hidden
from parkopt.store.schedules import Schedules, Share, Stored

CHINA = timezone(timedelta(hours=8))
DAY = datetime(2026, 1, 15, tzinfo=CHINA)


@pytest.fixture
def url(tmp_path):
    address = f"sqlite:///{tmp_path / 'sub' / 'a.sqlite'}"
    yield address
    engine(address).dispose()


def schedule(run="r1", park="dafeng"):
    return Stored(run, park, "2026-01-15", DAY, {"cost_yuan": 1.5, "名": "值"}, {"park": park}, 0, 3, b"CDF\x00")


def share(start=0, minutes=60, wh=1000, enterprise="a"):
    begin = DAY + timedelta(minutes=start)
    return Share(
        enterprise,
        begin,
        begin + timedelta(minutes=minutes),
        wh,
        wh // 2,
        10**17,
        {"wind": wh // 2, "grid": wh - wh // 2},
    )


def shares_of(url, start=0, hours=24, enterprise="a"):
    begin = DAY + timedelta(minutes=start)
    return Schedules(url).shares(enterprise, begin, begin + timedelta(hours=hours))


def test_what_was_put_comes_back(url):
    Schedules(url).put(schedule(), [share()])
    back = Schedules(url).get("r1")
    assert back == schedule()
    assert shares_of(url) == [replace(share(), run="r1")]


def test_times_come_back_in_utc(url):
    Schedules(url).put(schedule(), [share()])
    found = [Schedules(url).get("r1").created_at, shares_of(url)[0].start]
    assert all(moment.tzinfo is UTC for moment in found)
    assert found == [datetime(2026, 1, 14, 16, tzinfo=UTC)] * 2


def test_unknown_run_is_not_found(url):
    with pytest.raises(NotFound, match="r9"):
        Schedules(url).get("r9")


def test_a_run_id_twice_leaves_nothing_of_the_second(url):
    Schedules(url).put(schedule(), [share(wh=1000)])
    with pytest.raises(StoreUnusable, match="UNIQUE"):
        Schedules(url).put(replace(schedule(), park="ydz"), [share(wh=7), share(60, wh=7)])
    assert [found.consumption_wh for found in shares_of(url)] == [1000]
    assert Schedules(url).get("r1").park == "dafeng"


def test_a_share_that_cannot_be_kept_takes_its_schedule_along(url):
    with pytest.raises(StoreUnusable):
        Schedules(url).put(schedule(), [share(), replace(share(60), consumption_wh=None)])
    with pytest.raises(NotFound):
        Schedules(url).get("r1")
    assert shares_of(url) == []


def test_the_latest_schedule_of_a_step_counts(url):
    Schedules(url).put(schedule("r1"), [share(0, wh=1), share(60, wh=2), share(120, wh=3)])
    Schedules(url).put(schedule("r2"), [share(60, wh=20), share(60, wh=99, enterprise="b")])
    assert [(s.consumption_wh, s.run) for s in shares_of(url)] == [(1, "r1"), (20, "r2"), (3, "r1")]
    assert [s.run for s in Schedules(url).latest("dafeng")] == ["r2", "r1"]
    assert [s.run for s in Schedules(url).latest("dafeng", 1)] == ["r2"]
    assert Schedules(url).latest("ydz") == []


def test_longer_steps_replace_the_shorter_ones_that_they_cover(url):
    quarters = [share(start, 15, 250) for start in range(0, 120, 15)]
    Schedules(url).put(schedule("r1"), quarters)
    Schedules(url).put(schedule("r2"), [share(0, 60, 900)])
    assert [(s.consumption_wh, s.run) for s in shares_of(url)] == [(900, "r2"), *[(250, "r1")] * 4]


def test_shorter_steps_replace_the_longer_one(url):
    Schedules(url).put(schedule("r1"), [share(0, 60, 900), share(60, 60, 901)])
    Schedules(url).put(schedule("r2"), [share(start, 15, 250) for start in range(0, 60, 15)])
    assert [(s.consumption_wh, s.run) for s in shares_of(url)] == [*[(250, "r2")] * 4, (901, "r1")]


def test_a_span_that_begins_within_a_replaced_hour_counts_nothing_of_it_twice(url):
    Schedules(url).put(schedule("r1"), [share(start, 15, 250) for start in range(0, 120, 15)])
    Schedules(url).put(schedule("r2"), [share(0, 60, 900)])
    assert [(s.start, s.run) for s in shares_of(url, start=30, hours=1)] == [
        (DAY + timedelta(minutes=60), "r1"),
        (DAY + timedelta(minutes=75), "r1"),
    ]


def test_start_is_inside_and_end_is_not(url):
    Schedules(url).put(schedule(), [share(0), share(60), share(120)])
    assert [s.start for s in shares_of(url, start=60, hours=1)] == [DAY + timedelta(hours=1)]


def test_tables_of_another_version_are_refused(tmp_path):
    path = tmp_path / "b.sqlite"
    Schedules(f"sqlite:///{path}").put(schedule(), [])
    engine(f"sqlite:///{path}").dispose()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE meta SET version = 99")
    raw.close()
    other = f"sqlite:///{tmp_path}/./b.sqlite"
    with pytest.raises(StoreUnusable, match="version 99"):
        Schedules(other).get("r1")


@pytest.mark.parametrize(
    "address", ["sqlite:////proc/nowhere/a.db", "sqlite:////etc/passwd", "not an address", "foo://x/y"]
)
def test_what_cannot_be_used_says_so(address):
    with pytest.raises(StoreUnusable, match="PK1702"):
        Schedules(address).latest("dafeng")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://me:geheim@127.0.0.1:1/x",
        "foo://me:geheim@h/x",
        "postgresql://me:geheim@h:port/x",
        "://me:geheim@h",
    ],
)
def test_passwords_are_hidden(address):
    with pytest.raises(StoreUnusable) as caught:
        Schedules(address).latest("dafeng")
    assert "geheim" not in caught.value.text("en") + caught.value.text("zh") + str(caught.value.as_dict())
    assert "geheim" not in hidden(address)


def test_two_threads_write_at_once(url):
    failed = []

    def write(name):
        try:
            for number in range(25):
                Schedules(url).put(schedule(f"{name}{number}"), [share(60 * hour) for hour in range(5)])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "xy"]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    assert len(Schedules(url).latest("dafeng", 100)) == 50
    assert len({s.run for s in Schedules(url).latest("dafeng", 100)}) == 50


def test_many_threads_can_open_a_new_store_at_once(tmp_path):
    for round_ in range(10):
        address, failed = f"sqlite:///{tmp_path / f'{round_}.sqlite'}", []

        def ask(address=address, failed=failed):
            try:
                Schedules(address).latest("dafeng")
            except StoreUnusable as error:
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        engine(address).dispose()
        assert failed == []
