"""The rows of a log: what goes in comes out, by page, by place, by name, for one park."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from parkopt.faults import StoreUnusable
from parkopt.store import logbook
from parkopt.store.engine import engine, transaction
from parkopt.store.logbook import Leaf, Logbook, lock_key

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)


def leaf(idx, day="", party="", kind="t"):
    return Leaf(idx, bytes([idx % 256]) * 32, b"leaf", b"salt", b"body", kind, day, party)


def fill(url, count, park="p", start=0):
    with transaction(url) as session:
        nodes = [(1, idx // 2, bytes([idx % 256]) * 32) for idx in range(start + 1, start + count, 2)]
        leaves = [leaf(idx, f"2026-07-{idx % 28 + 1:02}", f"e{idx % 3}") for idx in range(start, start + count)]
        Logbook(session, park).add(leaves, nodes, (start + count, bytes(32), "note", NOW))


@pytest.mark.parametrize("page", [1, 3, 10, 1000])
def test_pages_leave_nothing_out(store_url, monkeypatch, page):
    monkeypatch.setattr(logbook, "_ROWS_AT_ONCE", page)
    fill(store_url, 10)
    with transaction(store_url) as session:
        book = Logbook(session, "p")
        assert [row.idx for row in book.leaves()] == list(range(10))
        assert [row.idx for row in book.leaves(2, 7)] == list(range(2, 7))
        assert [row.idx for row in book.leaves(party="e1")] == [1, 4, 7]
        assert [row.idx for row in book.leaves(3, party="e1", day="2026-07-05", kind="t")] == [4]
        assert [place[:2] for place in book.nodes()] == [(1, idx) for idx in range(5)]
        assert next(book.leaves(4)) == leaf(4, "2026-07-05", "e1")


def test_hashes_by_place_leave_out_what_is_not_there(store_url):
    fill(store_url, 10)
    with transaction(store_url) as session:
        found = Logbook(session, "p").hashes([(0, 3), (0, 99), (1, 2), (1, 99), (7, 0)])
        assert found == {(0, 3): bytes([3]) * 32, (1, 2): bytes([5]) * 32}
        assert Logbook(session, "p").hashes([]) == {}
        assert len(Logbook(session, "p").hashes([(0, idx) for idx in range(1000)])) == 10
        assert len(Logbook(session, "p").hashes([(1, idx) for idx in range(1000)])) == 5


def test_heads_and_count(store_url):
    with transaction(store_url) as session:
        assert (Logbook(session, "p").count(), Logbook(session, "p").last()) == (0, None)
    fill(store_url, 4)
    fill(store_url, 2, start=4)
    fill(store_url, 9, park="q")
    with transaction(store_url) as session:
        book = Logbook(session, "p")
        assert (book.count(), book.last()) == (6, (6, bytes(32), "note", NOW))
        assert [head.size for head in book.heads()] == [4, 6]


@pytest.mark.parametrize("again", [[leaf(3)], [leaf(11), leaf(11)]])
def test_an_index_stands_once(store_url, again):
    fill(store_url, 10)
    with pytest.raises(StoreUnusable), transaction(store_url) as session:
        Logbook(session, "p").add(again, [], (99, bytes(32), "note", NOW))
    with transaction(store_url) as session:
        assert [head.size for head in Logbook(session, "p").heads()] == [10]


def test_a_place_is_one_look_up_each(sqlite_url):
    """The plan of the query that a proof makes: by primary key, no scan."""
    fill(sqlite_url, 10)
    from sqlalchemy import event

    said = []
    event.listen(engine(sqlite_url), "before_cursor_execute", lambda *args: said.append((args[2], args[3])))
    with transaction(sqlite_url) as session:
        Logbook(session, "p").hashes([(0, 1), (0, 2), (1, 1), (1, 3)])
        queries = [one for one in said if one[0].startswith("SELECT")]
        assert len(queries) == 2
        for statement, values in queries:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert all("SCAN" not in row[3] for row in plan), plan


def test_lock_keys_fit_postgres_and_differ():
    keys = {lock_key(f"park{number}") for number in range(100)}
    assert len(keys) == 100
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_leaves_of_some_days_are_found_with_those_of_no_day(store_url):
    fill(store_url, 60)
    with transaction(store_url) as session:
        book = Logbook(session, "p")
        book.add([leaf(60), leaf(61, "2026-07-03")], [], (62, bytes(32), "note", NOW))
        assert book.places_of("2026-07-02", "2026-07-03") == [1, 2, 29, 30, 57, 58, 60, 61]
        assert book.leaf_hashes() == [bytes([idx % 256]) * 32 for idx in range(62)]
