"""A database of version 1 gets the new tables and keeps its rows; newer ones are refused; many may open at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, inspect, text

from parkopt.faults import StoreUnusable
from parkopt.store import engine as engines
from parkopt.store.engine import close, engine, transaction
from parkopt.store.logbook import Logbook
from parkopt.store.schedules import Schedules, Share, Stored
from parkopt.store.tables import SCHEMA_VERSION, Base

OLD = ("meta", "schedule", "share")
NEW = {"log_leaf", "log_node", "log_checkpoint"}
DAY = datetime(2026, 1, 15, tzinfo=UTC)
STORED = Stored("r1", "dafeng", "2026-01-15", DAY, {"名": "值"}, {"park": "dafeng"}, 0, 3, b"CDF\x00")
SHARE = Share("a", DAY, DAY.replace(hour=1), 1000, 500, 10**17, {"wind": 500, "grid": 500})
OPENER = "import sys; from parkopt.store.engine import engine; engine(sys.argv[1]); print('open')"


def make(url, version, rows=True):
    """Make a database as parkopt of an earlier version did: three tables, and their rows."""
    made = create_engine(url)
    with made.begin() as connection:
        Base.metadata.create_all(connection, [Base.metadata.tables[name] for name in OLD])
        connection.execute(text("INSERT INTO meta (id, version) VALUES (1, :version)"), {"version": version})
        if rows:
            insert = Base.metadata.tables["schedule"].insert()
            connection.execute(insert, vars(STORED) | {"seq": 7})
            columns = {name: value for name, value in vars(SHARE).items() if name != "run"}
            connection.execute(Base.metadata.tables["share"].insert(), columns | {"seq": 7})
    made.dispose()


def version(url):
    with engine(url).connect() as connection:
        return connection.scalar(text("SELECT version FROM meta"))


def tables(url):
    made = create_engine(url)
    found = set(inspect(made).get_table_names())
    made.dispose()
    return found


def test_a_database_of_version_1_keeps_its_rows_and_gets_the_new_tables(store_url):
    make(store_url, 1)
    assert not NEW & tables(store_url)
    assert Schedules(store_url).get("r1") == STORED
    (share,) = Schedules(store_url).shares("a", DAY, DAY.replace(hour=2))
    assert share.carbon_ug == 10**17
    assert version(store_url) == SCHEMA_VERSION == 2
    assert set(Base.metadata.tables) <= tables(store_url)
    close(store_url)
    assert Schedules(store_url).get("r1") == STORED


def test_the_tables_that_an_upgrade_makes_are_guarded_too(store_url):
    make(store_url, 1)
    head = (1, bytes(32), "note", DAY)
    with transaction(store_url) as session:
        Logbook(session, "p").add([(0, bytes(32), b"", b"", b"", "t", "", "")], [], head)
    with pytest.raises(StoreUnusable, match="append-only"), transaction(store_url) as session:
        session.execute(text("DELETE FROM log_leaf"))


def test_a_new_database_has_the_newest_version(store_url):
    assert version(store_url) == SCHEMA_VERSION
    assert set(Base.metadata.tables) <= tables(store_url)


def test_a_newer_database_is_refused_and_left_as_it_is(store_url):
    make(store_url, SCHEMA_VERSION + 1)
    before = tables(store_url)
    for _ in range(2):
        with pytest.raises(StoreUnusable, match=f"version {SCHEMA_VERSION + 1}"):
            engine(store_url)
    assert tables(store_url) == before


def test_an_upgrade_that_fails_leaves_the_old_database(store_url, monkeypatch):
    make(store_url, 1)
    monkeypatch.setattr(engines, "update", lambda _: text("UPDATE nowhere SET version = 2"))
    with pytest.raises((StoreUnusable, AttributeError)):
        engine(store_url)
    monkeypatch.undo()
    assert not NEW & tables(store_url)
    assert Schedules(store_url).get("r1") == STORED


@pytest.mark.parametrize("old", [False, True], ids=["new", "version 1"])
def test_several_processes_may_open_it_first(store_url, old):
    if old:
        make(store_url, 1)
    started = [
        subprocess.Popen([sys.executable, "-c", OPENER, store_url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    ended = [process.communicate(timeout=60) for process in started]
    assert [(out, err[-300:]) for out, err in ended] == [(b"open\n", b"")] * 4
    assert version(store_url) == SCHEMA_VERSION


def test_whoever_waits_too_long_is_told(store_url, monkeypatch):
    monkeypatch.setattr(engines, "_WAIT_S", 1)
    engine(store_url)
    begun, done = threading.Event(), threading.Event()

    def hold():
        with transaction(store_url) as session:
            Logbook(session, "p").lock()
            session.execute(text("SELECT 1"))
            begun.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(10)
    since = time.monotonic()
    with pytest.raises(StoreUnusable), transaction(store_url) as session:
        Logbook(session, "p").lock() or Logbook(session, "p").count()
    assert 0.5 < time.monotonic() - since < 8
    done.set()
    holder.join()


def test_two_that_wait_for_each_other_are_told(postgres_url):
    """A deadlock, which PostgreSQL breaks by ending one of the two."""
    engine(postgres_url)
    both, failed = threading.Barrier(2), []

    def work(*parks):
        try:
            with transaction(postgres_url) as session:
                Logbook(session, parks[0]).lock()
                both.wait(10)
                Logbook(session, parks[1]).lock()
        except StoreUnusable as fault:
            failed.append(str(fault))

    threads = [threading.Thread(target=work, args=parks) for parks in (("a", "b"), ("b", "a"))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(failed) == 1
    assert "deadlock" in failed[0]


def test_logs_of_two_parks_do_not_wait_for_each_other(postgres_url):
    with transaction(postgres_url) as one, transaction(postgres_url) as two:
        Logbook(one, "a").lock()
        Logbook(two, "b").lock()


def test_engines_used_long_ago_are_closed_and_opened_again(tmp_path):
    urls = [f"sqlite:///{tmp_path / f'{number}.sqlite'}" for number in range(12)]
    for url in [*urls, urls[0]]:
        assert version(url) == SCHEMA_VERSION
    assert len(engines._OPEN) <= 8
    for url in urls:
        close(url)
