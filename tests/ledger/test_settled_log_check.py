"""The check of the whole log in the database names the first record that fails; a pinned key is followed."""

from __future__ import annotations

import pytest

from parkopt.faults import BadVerifierKey, NotFound
from parkopt.ledger import canonical
from parkopt.ledger.check_settled import verify_settled
from parkopt.ledger.key_change import key_record
from parkopt.ledger.settled import SettledLog
from parkopt.services.database import verify_database
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook
from tests.ledger.settled_case import PARK, append, by_hand, key_in, opened, rows


def verify_log(url, park, pinned, own="", older_checkpoint=None):
    """Check the log alone: what is in it here is no settlement of any table."""
    with transaction(url) as session:
        return verify_settled(Logbook(session, park), pinned, own, older_checkpoint)


@pytest.fixture
def key(tmp_path):
    return key_in(tmp_path)


@pytest.fixture
def filled(store_url, key):
    for count in (3, 1, 9):
        append(store_url, key, rows(count))
    return store_url


def test_a_whole_log_passes(filled, key):
    report = verify_log(filled, PARK, key.vkey)
    assert report.ok, report.text()
    assert [(step.name, step.status) for step in report.steps] == [
        (name, "PASS") for name in ("format", "canonical", "inclusion", "vkey", "checkpoint", "consistency")
    ]
    assert "13 record(s)" in report.text()


def test_without_a_pinned_key_it_warns(filled, key):
    report = verify_log(filled, PARK, None, key.vkey)
    assert report.ok
    assert report.step("vkey").status == "WARN"


def test_another_key_fails(filled, tmp_path):
    report = verify_log(filled, PARK, key_in(tmp_path / "other").vkey)
    assert report.step("checkpoint").status == "FAIL"
    assert not report.ok


def test_no_log_and_no_key_are_said(store_url, key):
    with pytest.raises(NotFound, match="dafeng"):
        verify_database(store_url, PARK, key.vkey)
    append(store_url, key, rows(1))
    with pytest.raises(BadVerifierKey):
        verify_database(store_url, PARK, "x")


OTHER = canonical({"type": "reading", "park": PARK, "n": 99})
CASES = [
    ("UPDATE log_leaf SET body = :other WHERE idx = 7", "canonical", 7),
    ("UPDATE log_leaf SET body = :text WHERE idx = 7", "canonical", 7),
    ("UPDATE log_leaf SET salt = :text WHERE idx = 7", "canonical", 7),
    ("UPDATE log_leaf SET leaf = :other WHERE idx = 7", "canonical", 7),
    ("UPDATE log_leaf SET kind = 'x' WHERE idx = 7", "canonical", 7),
    ("UPDATE log_leaf SET leaf_hash = :hash WHERE idx = 7", "canonical", 7),
    ("DELETE FROM log_leaf WHERE idx = 7", "format", 7),
    ("DELETE FROM log_leaf WHERE idx = 12", "inclusion", 12),
    ("DELETE FROM log_leaf WHERE idx = 0", "format", 0),
    ("UPDATE log_node SET hash = :hash WHERE level = 1 AND idx = 2", "inclusion", 4),
    ("DELETE FROM log_node WHERE level = 3", "inclusion", 0),
    ("UPDATE log_node SET idx = -9 WHERE level = 1 AND idx = 5", "inclusion", 0),
    ("UPDATE log_node SET idx = 9 WHERE level = 1 AND idx = 5", "inclusion", 10),
    ("DELETE FROM log_checkpoint WHERE size = 13", "inclusion", 4),
    ("UPDATE log_checkpoint SET root = :hash WHERE size = 13", "checkpoint", 13),
    ("UPDATE log_checkpoint SET root = :hash WHERE size = 4", "consistency", 4),
    ("UPDATE log_checkpoint SET note = 'x' WHERE size = 4", "consistency", None),
    ("UPDATE log_checkpoint SET size = 5 WHERE size = 4", "consistency", 5),
]


@pytest.mark.parametrize(("statement", "step", "record"), CASES, ids=[case[0][:60] for case in CASES])
def test_whatever_is_changed_by_hand_is_named(filled, key, statement, step, record):
    values = {"other": OTHER, "text": b"{ }", "hash": bytes(32)}
    by_hand(filled, statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    report = verify_log(filled, PARK, key.vkey)
    first = next(one for one in report.steps if one.status == "FAIL")
    assert (first.name, first.record) == (step, record), report.text()


def test_a_log_that_was_written_anew_fails_against_a_checkpoint_held_outside(store_url, key):
    append(store_url, key, rows(3))
    with opened(store_url, key) as log:
        held = log.head()[1]
    append(store_url, key, rows(3, 3))
    assert verify_log(store_url, PARK, key.vkey, older_checkpoint=held).ok
    for table in ("log_leaf", "log_node", "log_checkpoint"):
        by_hand(store_url, f"DELETE FROM {table}")
    append(store_url, key, rows(6, 100))
    assert verify_log(store_url, PARK, key.vkey).ok
    report = verify_log(store_url, PARK, key.vkey, older_checkpoint=held)
    assert [step.name for step in report.steps if step.status == "FAIL"] == ["older"]
    assert "before record 3" in report.step("older").en


# ---------------------------------------------------------------- with a change of key


@pytest.fixture
def changed(filled, key, tmp_path):
    new = key_in(tmp_path / "new")
    with transaction(filled) as session:
        log = SettledLog(new, Logbook(session, PARK))
        log.append([key_record(PARK, key, new, reason="yearly", size=13)], signed_by=key.vkey)
    append(filled, new, rows(2))
    return new


def test_old_and_new_key_both_check_the_log(filled, key, changed):
    for pinned in (key.vkey, changed.vkey):
        report = verify_log(filled, PARK, pinned)
        assert report.ok, report.text()
        assert "1 change(s) of key" in report.step("vkey").en


def test_a_checkpoint_from_before_the_change_still_counts(filled, key, changed):
    with opened(filled, changed) as log:
        notes = dict(log.checkpoints())
    for size in (4, 13, 14):
        assert verify_log(filled, PARK, key.vkey, older_checkpoint=notes[size]).ok
    assert not verify_log(filled, PARK, key.vkey, older_checkpoint=notes[4].replace("\n4\n", "\n5\n")).ok


def test_a_head_of_the_old_key_after_the_change_fails(filled, key, changed):
    with opened(filled, changed) as log:
        root = log.root(16)
    by_hand(filled, "UPDATE log_checkpoint SET note = :note WHERE size = 16", note=key.sign(16, root))
    assert verify_log(filled, PARK, changed.vkey).step("checkpoint").status == "FAIL"


def test_a_change_that_states_another_place_fails(filled, key, tmp_path):
    new = key_in(tmp_path / "new")
    with transaction(filled) as session:
        log = SettledLog(new, Logbook(session, PARK))
        log.append([key_record(PARK, key, new, reason="yearly", size=12)], signed_by=key.vkey)
    step = verify_log(filled, PARK, key.vkey).step("vkey")
    assert (step.status, step.record) == ("FAIL", 13)
