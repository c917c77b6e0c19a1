"""Somebody with the database's password changes rows: the check of the database finds it, and names the table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from parkopt.ledger.check_settled import verify_settled
from parkopt.ledger.keys import load_or_create_key
from parkopt.ledger.settled import SettledLog
from parkopt.services.database import verify_database, verify_tables
from parkopt.services.keys import settled_name, settled_vkey
from parkopt.services.seal import seal
from parkopt.store.engine import close
from parkopt.store.logbook import Logbook
from tests.store import tamper_bytes, tamper_database
from tests.store.tamper_case import PARK, build, disarm, raw_engine


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A settled database without triggers, and where its key is."""
    folder = tmp_path_factory.mktemp("settled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARKOPT_PARKS", str(folder / "parks"))
        config, older = build(folder)
        disarm(config.store_url)
        yield config, older
        close(config.store_url)


@pytest.fixture
def settled(built):
    return built[0]


@pytest.fixture
def older(built):
    """All rows as they were after the first day."""
    return built[1]


@pytest.fixture
def session(settled):
    """A transaction on it that is undone."""
    engine = raw_engine(settled.store_url)
    with Session(engine) as session, session.begin() as whole:
        yield session
        whole.rollback()
    engine.dispose()


def steps_failed(session) -> list[str]:
    return [step.name for step in verify_tables(session, PARK).steps if step.status == "FAIL"]


def test_a_settled_corrected_and_closed_park_passes(settled):
    report = verify_database(settled.store_url, PARK, settled_vkey(settled, PARK))
    assert [step.status for step in report.steps] == ["PASS"] * len(report.steps), report.text()
    assert len(report.steps) == 18
    assert "园区" in report.text("zh") or "一致" in report.text("zh")


CHANGES = [
    ("UPDATE party_day SET hours = zeroblob(1152) WHERE party = 'a' AND revision = 0", {"sealed", "same_shares"}),
    ("UPDATE party_day SET log_index = log_index + 1 WHERE party = 'a'", {"sealed", "same_shares"}),
    ("DELETE FROM party_day WHERE day = '2026-07-02' AND party = 'b'", {"sealed", "same_shares"}),
    ("UPDATE settled_day SET told = replace(told, 'claimed_wh', 'claimed')", {"sealed", "same_days"}),
    ("DELETE FROM settled_day WHERE day = '2026-07-02'", {"sealed", "same_days"}),
    ("UPDATE month_close SET totals = '{}'", {"sealed", "same_days"}),
    ("UPDATE meter_reading SET wh = wh + 1 WHERE id = 100", {"meters", "same_readings"}),
    ("UPDATE meter_reading SET file_sha256 = 'x' WHERE id = 100", {"meters", "same_readings"}),
    ("UPDATE meter_file SET name = 'other'", {"meters"}),
    ("UPDATE consumption_record SET wh = wh + 1 WHERE id = 9", {"sealed", "same_claimed"}),
    ("UPDATE consumption_claim SET live = 0 WHERE id = 5", {"states", "same_claimed"}),
    ("UPDATE consumption_claim SET party = 'b' WHERE party = 'a'", {"sealed", "states", "same_claimed"}),
    ("UPDATE gc_bundle SET beneficiary = 'c' WHERE beneficiary = 'a'", {"states"}),
    ("UPDATE gc_bundle SET status = 'active' WHERE status = 'locked'", {"states"}),
    ("UPDATE gc_bundle SET expires_at = '2099-01-01T00:00:00Z' WHERE id = 3", {"sealed"}),
    ("UPDATE gc_bundle SET gec_sold = 1, gec_id = 'g' WHERE status = 'active'", {"states"}),
    ("UPDATE gc_bundle SET disposition = 'none' WHERE disposition = 'export'", {"states"}),
    ("UPDATE gc_device SET next_id = next_id - 1 WHERE id = 1", {"states"}),
    ("UPDATE gc_action SET actor = 'nobody' WHERE actor = 'me'", {"sealed", "same_issued"}),
    ("UPDATE gc_request SET answer = '{}'", {"sealed"}),
    ("UPDATE gc_reading SET wh = wh + 1 WHERE id = 12", {"sealed", "states"}),
    ("UPDATE storage_lot SET limit_wh = limit_wh - 1 WHERE id = 1", {"sealed"}),
    ("UPDATE storage_take SET t0 = '2026-07-02T15:00:00Z' WHERE id = 2", {"sealed", "same_stored"}),
    ("INSERT INTO gc_account (park, account) VALUES ('small', 'ghost')", {"sealed"}),
    ("INSERT INTO gc_account (park, account) VALUES ('nowhere', 'ghost')", set()),
    ("UPDATE party_day SET park = 'nowhere' WHERE party = 'c'", {"sealed", "strays", "same_shares"}),
    ("UPDATE log_checkpoint SET created_at = '2030-01-01 00:00:00.000000' WHERE size > 60", {"times"}),
    ("DELETE FROM log_checkpoint WHERE size = (SELECT MIN(size) FROM log_checkpoint)", {"sealed"}),
    (
        "INSERT INTO log_leaf SELECT park, -1, leaf_hash, leaf, salt, body, kind, day, party FROM log_leaf LIMIT 1",
        {"times"},
    ),
    ("UPDATE settled_day SET state = 'no json'", {"sealed", "same_days"}),
]


@pytest.mark.parametrize(("statement", "failing"), CHANGES, ids=[one[0][:60] for one in CHANGES])
def test_a_change_fails_where_it_was_made(session, statement, failing):
    assert session.execute(text(statement)).rowcount
    assert set(steps_failed(session)) >= failing
    assert not failing or not verify_tables(session, PARK).ok


def test_a_row_of_an_unknown_park_is_said(session):
    session.execute(text("INSERT INTO gc_account (park, account) VALUES ('nowhere', 'ghost')"))
    assert verify_tables(session, PARK).step("strays").status == "WARN"


FIGURES = [
    ("UPDATE party_day SET hours = zeroblob(1152) WHERE party = 'a'", "same_shares"),
    ("UPDATE party_day SET start = '2026-07-05 16:00:00.000000' WHERE party = 'a'", "same_shares"),
    ("UPDATE settled_day SET told = replace(told, '\"claimed_wh\": ', '\"claimed_wh\": 1')", "same_days"),
    ('UPDATE settled_day SET state = replace(state, \'"wh": {\', \'"wh": {"ghost": 5, \')', "same_days"),
    ("UPDATE meter_reading SET wh = wh + 1 WHERE id = 100", "same_readings"),
    ("UPDATE consumption_record SET wh = wh + 1 WHERE id = 9", "same_claimed"),
    ("UPDATE storage_take SET ac_wh = ac_wh - 1 WHERE ac_wh > 0", "same_stored"),
    ("UPDATE storage_lot SET store = 'other'", "same_stored"),
    ("UPDATE gc_action SET reason = 'other' WHERE actor = 'me'", "same_issued"),
    ("UPDATE gc_bundle SET t0 = '2026-07-01T20:00:00Z' WHERE parent IS NULL AND id = 1", "same_issued"),
]


@pytest.mark.parametrize(("statement", "step"), FIGURES, ids=[one[0][:60] for one in FIGURES])
def test_rows_that_were_sealed_wrong_still_differ_from_the_records(session, settled, tmp_path, statement, step):
    """As a fault of parkopt itself would write them: with seals over what it wrote."""
    entries = [json.loads(row.body) for row in Logbook(session, PARK).leaves()]
    session.execute(text(statement))
    for name in tamper_database.LOG:
        session.execute(text(f"DELETE FROM {name}"))
    log = SettledLog(load_or_create_key(tmp_path, settled_name(PARK)), Logbook(session, PARK))
    for is_seal, some in groupby(entries, key=lambda entry: entry["type"] == "seal"):
        for entry in some if is_seal else ():
            size = log.size
            seal(session, log, _span(entry))
            if log.size == size:  # a seal of nothing new is none: something else takes its place
                log.append([{**entry, "type": "filler"}])
        log.append([] if is_seal else list(some))
    failed = steps_failed(session)
    assert step in failed
    assert not {"sealed", "meters", "times"} & set(failed)


def _span(entry):
    told = entry.get("meters")
    return told and tuple(datetime.fromtimestamp(told[name], UTC) for name in ("start", "end"))


def test_a_campaign_misses_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    counts, missed = tamper_database.run(tmp_path, 250, seed=5)
    assert missed == []
    assert sum(count for key, count in counts.items() if key[2] == "found") > 150


def test_a_campaign_on_postgresql_misses_nothing(tmp_path, monkeypatch, postgres_url):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    counts, missed = tamper_database.run(tmp_path, 60, seed=6, url=postgres_url)
    assert missed == []
    assert sum(count for key, count in counts.items() if key[2] == "found") > 30


def test_flipped_bytes_of_the_file_change_nothing_unseen(tmp_path, monkeypatch):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    counts, missed = tamper_bytes.run(tmp_path, 12, seed=3)
    assert missed == []
    assert counts["found"] + counts["refused"] > 3


def test_the_whole_database_of_the_day_before_needs_a_head_kept_outside(session, settled, older):
    """A rollback of everything is sound in itself; a newer head that somebody holds shows it."""
    book, vkey = Logbook(session, PARK), settled_vkey(settled, PARK)
    held = book.last()
    for name, (columns, rows) in older.items():
        session.execute(text(f"DELETE FROM {name}"))
        for row in rows:
            values = ", ".join(f":{column}" for column in columns)
            session.execute(text(f"INSERT INTO {name} VALUES ({values})"), dict(zip(columns, row, strict=True)))
    assert verify_settled(book, vkey, "").ok
    assert verify_tables(session, PARK).ok
    assert [one.name for one in verify_settled(book, vkey, "", held.note).steps if one.status == "FAIL"] == ["older"]
