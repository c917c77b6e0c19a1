"""The settled log in real databases: append, prove, read back, refuse; on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from parkopt.faults import (
    BadRecord,
    BadSignature,
    LogBroken,
    MonthClosed,
    NaiveTime,
    NotCanonical,
    OutsideLog,
    StoreUnusable,
)
from parkopt.ledger import canonical, open_checkpoint, parse, sha256
from parkopt.ledger.keys import LogKey, load_or_create_key
from parkopt.ledger.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from parkopt.ledger.months import close_month, closed_months, require_open
from parkopt.ledger.settled import SettledLog
from parkopt.store.engine import close, engine, transaction
from parkopt.store.logbook import Logbook
from tests.ledger.settled_case import NAME, PARK, append, by_hand, enterprise_day, key_in, opened, reading, rows


@pytest.fixture
def key(tmp_path) -> LogKey:
    return key_in(tmp_path)


def test_a_leaf_shows_type_index_time_and_a_commitment_and_nothing_else(store_url, key):
    record = enterprise_day("2026-07-01", "a", hours=[{"carbon_ug": "123456789012345678901"}])
    with transaction(store_url) as session:
        log = SettledLog(key, Logbook(session, PARK), clock=lambda: datetime(2026, 7, 2, 1, 2, 3, 4, tzinfo=UTC))
        assert log.append([record, record]) == range(2)
    with opened(store_url, key) as log:
        first, second = log.entries()
    assert (first.record, second.record) == (record, record)
    shown = parse(first.leaf)
    assert set(shown) == {"type", "seq", "time", "commitment"}
    assert (shown["type"], shown["seq"], shown["time"]) == ("enterprise-day", 0, "2026-07-02T01:02:03Z")
    assert shown["commitment"] == sha256(first.salt + canonical(record)).hex()
    assert len(first.salt) == 16
    assert first.salt != second.salt
    assert parse(second.leaf)["commitment"] != shown["commitment"]


def test_root_and_paths_are_those_of_the_tree_in_memory(store_url, key):
    sizes = [append(store_url, key, rows(count)).stop for count in (1, 2, 5, 1, 8, 16, 4)]
    with opened(store_url, key) as log:
        entries, heads = log.entries(), log.checkpoints()
        tree = Tree(leaf_hash(entry.leaf) for entry in entries)
        assert [size for size, _ in heads] == sizes
        for size, note in heads:
            assert open_checkpoint(note, key.vkey).root == tree.root(size) == log.root(size)
            for index in range(size):
                path = log.inclusion_path(index, size)
                assert path == tree.inclusion_path(index, size)
                assert verify_inclusion(leaf_hash(entries[index].leaf), index, size, path, tree.root(size))
            for old in range(size + 1):
                path = log.consistency_path(old, size)
                assert path == tree.consistency_path(old, size)
                assert verify_consistency(old, size, tree.root(old), tree.root(size), path)
        assert log.head() == heads[-1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_any_batches_give_the_same_tree(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("log")
    url, key = f"sqlite:///{folder / 'a.sqlite'}", key_in(folder)
    for count in batches:
        append(url, key, rows(count))
    with opened(url, key) as log:
        tree = Tree(leaf_hash(entry.leaf) for entry in log.entries())
        assert open_checkpoint(log.head()[1], key.vkey).root == tree.root()
        assert tree.size == sum(batches)
    with transaction(url) as session:
        assert list(Logbook(session, PARK).nodes()) == list(tree.full_nodes(from_level=1))
    close(url)


def test_an_empty_log_has_a_head_and_proves_nothing(store_url, key):
    with opened(store_url, key) as log:
        assert log.append([]) == range(0)
        assert log.head() == (0, key.sign(0, sha256(b"")))
        assert (log.checkpoints(), log.entries(), log.consistency_path(0)) == ([], [], [])
        with pytest.raises(OutsideLog):
            log.inclusion_path(0)


def test_asking_outside_is_refused(store_url, key):
    append(store_url, key, rows(5))
    with opened(store_url, key) as log:
        for ask in (
            lambda: log.inclusion_path(5),
            lambda: log.inclusion_path(0, 6),
            lambda: log.consistency_path(4, 3),
        ):
            with pytest.raises(OutsideLog):
                ask()


def test_records_are_found_by_party_day_type_and_index(store_url, key):
    days = ("2026-07-01", "2026-07-02")
    append(store_url, key, [one for day in days for one in (reading(day), enterprise_day(day, "a"),
                                                            enterprise_day(day, "b"))])  # fmt: skip
    with opened(store_url, key) as log:
        assert [entry.idx for entry in log.entries(party="a")] == [1, 4]
        assert [entry.idx for entry in log.entries(day="2026-07-02")] == [3, 4, 5]
        assert [entry.idx for entry in log.entries(party="b", day="2026-07-02")] == [5]
        assert [entry.idx for entry in log.entries(kind="reading")] == [0, 3]
        assert [entry.idx for entry in log.entries(2, 4)] == [2, 3]
        assert log.entries(party="c") == []


def test_each_park_has_a_log_of_its_own(store_url, key, tmp_path):
    append(store_url, key, rows(3))
    other = load_or_create_key(tmp_path / "keys", "parkopt/ydz/settled")
    with opened(store_url, other, "ydz") as log:
        assert log.append([{"type": "t", "park": "ydz"}]) == range(1)
    assert append(store_url, key, rows(1)) == range(3, 4)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"park": PARK}, BadRecord),
        ({"type": "", "park": PARK}, BadRecord),
        ({"type": "t"}, BadRecord),
        ({"type": "t", "park": "ydz"}, BadRecord),
        ({"type": "t", "park": PARK, "wh": 1.5}, NotCanonical),
    ],
)
def test_a_bad_record_takes_its_batch_along(sqlite_url, key, record, fault):
    with pytest.raises(fault):
        append(sqlite_url, key, [*rows(2), record])
    with opened(sqlite_url, key) as log:
        assert (log.size, log.checkpoints()) == (0, [])


def test_what_the_caller_takes_back_was_never_there(store_url, key):
    append(store_url, key, rows(3))
    with pytest.raises(ZeroDivisionError), opened(store_url, key) as log:
        assert log.append(rows(4)).start / 0
    with opened(store_url, key) as log:
        assert (log.size, [size for size, _ in log.checkpoints()]) == (3, [3])
    assert append(store_url, key, rows(1)) == range(3, 4)


def test_two_appends_in_one_transaction(store_url, key):
    with opened(store_url, key) as log:
        assert (log.append(rows(3)), log.append(rows(2))) == (range(3), range(3, 5))
    with opened(store_url, key) as log:
        assert [size for size, _ in log.checkpoints()] == [3, 5]


def test_another_key_does_not_go_on(store_url, key, tmp_path):
    append(store_url, key, rows(3))
    with pytest.raises(BadSignature):
        append(store_url, key_in(tmp_path / "other"), rows(1))
    with opened(store_url, key) as log:
        assert log.size == 3


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM log_checkpoint", "checkpoint is gone"),
        ("DELETE FROM log_checkpoint WHERE size = 7", "5 signed, 7 there"),
        ("DELETE FROM log_leaf WHERE idx = 6", "7 signed, 6 there"),
        ("UPDATE log_checkpoint SET root = :other WHERE size = 7", "checkpoint is not the one"),
        ("UPDATE log_leaf SET leaf_hash = :other WHERE idx = 6", "hashes are not the signed ones"),
        ("UPDATE log_node SET hash = :other WHERE level = 2 AND idx = 0", "hashes are not the signed ones"),
        ("DELETE FROM log_node WHERE level = 2 AND idx = 0", "hashes are not the signed ones"),
    ],
)
def test_nothing_is_added_to_a_log_that_does_not_hold(store_url, key, statement, said):
    append(store_url, key, rows(5))
    append(store_url, key, rows(2))
    by_hand(store_url, statement, **({"other": bytes(32)} if ":other" in statement else {}))
    with pytest.raises(LogBroken, match=said):
        append(store_url, key, rows(1))


def test_a_checkpoint_under_a_forged_note_is_not_gone_on_from(store_url, key, tmp_path):
    append(store_url, key, rows(4))
    forged = key_in(tmp_path / "thief").sign(4, bytes(32))
    by_hand(store_url, "UPDATE log_checkpoint SET note = :note", note=forged)
    with pytest.raises(BadSignature):
        append(store_url, key, rows(1))


@pytest.mark.parametrize("table", ["log_leaf", "log_node", "log_checkpoint"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET park = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_a_row(store_url, key, table, verb):
    append(store_url, key, rows(4))
    from sqlalchemy import text

    with pytest.raises(DBAPIError, match="append-only"), Session(engine(store_url)) as session, session.begin():
        session.execute(text(verb.format(table)))


def test_a_second_head_of_one_size_is_refused_by_the_database(store_url, key):
    append(store_url, key, rows(4))
    with pytest.raises(StoreUnusable), transaction(store_url) as session:
        Logbook(session, PARK).add([], [], (4, bytes(32), key.sign(4, bytes(32)), datetime.now(UTC)))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE log_leaf SET body = :other WHERE idx = 1", "committed to"),
        ("UPDATE log_leaf SET salt = :salt WHERE idx = 1", "committed to"),
        ("UPDATE log_leaf SET leaf = :other WHERE idx = 1", "hashed"),
        ("UPDATE log_leaf SET party = 'b' WHERE idx = 1", "another type, day or party"),
        ("UPDATE log_leaf SET day = '2026-07-09' WHERE idx = 1", "another type, day or party"),
    ],
)
def test_a_changed_record_is_not_given_out(store_url, key, statement, said):
    append(store_url, key, [enterprise_day("2026-07-01", "a"), enterprise_day("2026-07-02", "a")])
    other = canonical(enterprise_day("2026-07-02", "a", wh=1))
    values = {name: value for name, value in (("other", other), ("salt", bytes(16))) if f":{name}" in statement}
    by_hand(store_url, statement, **values)
    with opened(store_url, key) as log, pytest.raises(LogBroken, match=said):
        log.entries()


def test_a_clock_without_zone_is_refused(sqlite_url, key):
    with pytest.raises(NaiveTime), transaction(sqlite_url) as session:
        SettledLog(key, Logbook(session, PARK), clock=lambda: datetime(2026, 7, 1)).append(rows(1))  # noqa: DTZ001


# ---------------------------------------------------------------- months


def test_after_the_close_only_corrections_follow(store_url, key):
    append(store_url, key, [reading("2026-07-31")])
    with opened(store_url, key) as log:
        assert close_month(log, "2026-07", ["s1"], {"wh": 24000}) == range(1, 2)
    with opened(store_url, key) as log:
        (closed,) = log.entries(kind="close")
        assert closed.record == {"type": "close", "park": PARK, "month": "2026-07", "size": 1, "settlements": ["s1"],
                                 "totals": {"wh": 24000}}  # fmt: skip
        assert closed_months(log) == {"2026-07"}
        action = {"type": "action", "park": PARK, "day": "2026-07-05"}
        require_open(log, [reading("2026-08-01"), reading("2026-06-30"), {"type": "factor", "park": PARK}])
        require_open(
            log, [reading("2026-07-31", revision=1), enterprise_day("2026-07-01", "a") | {"status": "corrected"}]
        )
        require_open(log, [action | {"action": "correct"}, action | {"action": "reverse"}])
        for plain in (
            reading("2026-07-31"), reading("2026-07-01", revision=0), enterprise_day("2026-07-31", "a"),
            action | {"action": "transfer"}, action | {"action": "claim"}, reading("2026-07-31", revision=True),
        ):  # fmt: skip
            with pytest.raises(MonthClosed, match="2026-07"):
                require_open(log, [reading("2026-08-01"), plain])


def test_a_month_is_closed_once_and_is_a_month(store_url, key):
    with opened(store_url, key) as log:
        close_month(log, "2026-07", [], {})
        with pytest.raises(MonthClosed, match="twice"):
            close_month(log, "2026-07", [], {})
        for name in ("2026-13", "2026-7", "2026", "2026-07-01"):
            with pytest.raises(BadRecord):
                close_month(log, name, [], {})
        assert log.size == 1


# ---------------------------------------------------------------- speed


def test_a_hundred_thousand_leaves_take_seconds(sqlite_url, key):
    """20,000 here, to be kind to the suite; `python -m tests.ledger.measure_log` does all and a million."""
    begun = time.perf_counter()
    append(sqlite_url, key, rows(20_000))
    assert time.perf_counter() - begun < 20
    with opened(sqlite_url, key) as log:
        begun = time.perf_counter()
        path = log.inclusion_path(12_345)
        assert time.perf_counter() - begun < 0.2
    assert len(path) == 15
    assert NAME in key.vkey
