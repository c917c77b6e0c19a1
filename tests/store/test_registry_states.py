"""The table of states: every action from every state, by function and by plain SQL, on both databases."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from parkopt.faults import StateForbids
from parkopt.store import registry_actions as act
from parkopt.store import states
from parkopt.store.engine import transaction
from parkopt.store.registry import get
from parkopt.store.registry_claims import claim
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_storage import cancel_for_storage
from tests.store.registry_cases import BY, PARK, T0, in_state, opened

TRIES = {
    "transfer": lambda s, b: act.transfer(s, PARK, BY, b, "b"),
    "mark_export": lambda s, b: act.mark_export(s, PARK, BY, b),
    "reserve": lambda s, b: act.reserve(s, PARK, BY, b),
    "unreserve": lambda s, b: act.unreserve(s, PARK, BY, b),
    "lock": lambda s, b: act.lock(s, PARK, BY, b),
    "unlock": lambda s, b: act.unlock(s, PARK, BY, b),
    "cancel": lambda s, b: act.cancel(s, PARK, BY, b, "a"),
    "withdraw": lambda s, b: act.withdraw(s, PARK, BY, b),
    "split": lambda s, b: act.split(s, PARK, BY, b, 40),
    "cancel_for_storage": lambda s, b: cancel_for_storage(s, PARK, BY, b, "ess", 90, 80),
}


@pytest.fixture
def session(store_url):
    with transaction(store_url) as session:
        opened(session)
        yield session


def _refused(session, statement, **values):
    savepoint = session.begin_nested()
    try:
        session.execute(text(statement), values)
    except DBAPIError:
        savepoint.rollback()
        return True
    savepoint.rollback()
    return False


def test_every_action_from_every_state(session):
    for state in states.STATES:
        for name, attempt in TRIES.items():
            bundle = in_state(session, state, f"{state}-{name}")
            row = states.find(name, state)
            if row is None:
                with pytest.raises(StateForbids):
                    attempt(session, bundle)
                assert get(session, PARK, bundle).status == state
            else:
                attempt(session, bundle)
                assert get(session, PARK, bundle).status == row.after
    assert invariants(session, PARK) == []


def test_claims_start_from_three_states_only(session):
    for state in states.STATES:
        bundle = in_state(session, state, f"claim-{state}")
        if state in ("active", "reserved", "cancelled"):
            claim(session, PARK, BY, bundle, "a", T0)
            assert get(session, PARK, bundle).status == "claimed"
        else:
            with pytest.raises(StateForbids):
                claim(session, PARK, BY, bundle, "a", T0)
    assert invariants(session, PARK) == []


def test_only_open_states_expire(session):
    order = sorted(states.STATES, key="expired".__ne__)  # making an expired one lets all others expire
    made = {state: in_state(session, state, f"x-{state}") for state in order}
    act.expire(session, PARK, BY, "2028-06-30T23:59:59Z")  # a second before the time is up
    assert get(session, PARK, made["active"]).status == "active"
    act.expire(session, PARK, BY, "2028-07-01T00:00:00Z")
    for state, bundle in made.items():
        assert get(session, PARK, bundle).status == ("expired" if state in states.OPEN else state)
    assert invariants(session, PARK) == []


def test_plain_sql_keeps_to_the_table(session):
    for before in states.STATES:
        bundle = in_state(session, before, f"sql-{before}")
        for after in states.STATES:
            born = before if after == "bundle_split" and before != after else get(session, PARK, bundle).split_from
            statement = "UPDATE gc_bundle SET status = :after, split_from = :born WHERE id = :id"
            refused = _refused(session, statement, after=after, id=bundle, born=born)
            allowed = before == after or (before, after) in states.STEPS
            if (before, after) == ("cancelled", "claimed"):
                allowed = False  # without a claim of consumption
            assert refused is not allowed, (before, after)


def test_the_table_is_the_reference():
    """Written out by hand from section 7, so that a change of the table is seen."""
    assert {
        ("active", "reserved"), ("active", "locked"), ("active", "cancelled"), ("active", "cancelled_for_storage"),
        ("active", "expired"), ("active", "withdrawn"), ("active", "bundle_split"), ("reserved", "active"),
        ("reserved", "cancelled"), ("reserved", "expired"), ("reserved", "withdrawn"), ("reserved", "bundle_split"),
        ("locked", "active"), ("locked", "withdrawn"), ("locked", "expired"), ("cancelled", "claimed"),
        ("cancelled", "withdrawn"), ("cancelled", "bundle_split"), ("claimed", "claim_reversed"),
    } == states.STEPS  # fmt: skip
    assert {"cancelled_for_storage", "expired", "withdrawn", "bundle_split", "claim_reversed"} == states.TERMINAL


def test_plain_sql_cannot_forge(session):
    bundle = in_state(session, "active", "pv")
    claimed = in_state(session, "claimed", "pv2")
    cancelled = in_state(session, "cancelled", "pv3")
    copy = ", ".join(name for name in vars(get(session, PARK, bundle)) if name not in ("device", "id"))
    attempts = [
        "DELETE FROM gc_bundle WHERE id = {b}",
        "UPDATE gc_bundle SET quantity = 1000, range_end = range_end + 900 WHERE id = {b}",
        "UPDATE gc_bundle SET t0 = '2026-07-01T04:00:00Z' WHERE id = {c}",
        "UPDATE gc_bundle SET beneficiary = 'b' WHERE id = {x}",
        "UPDATE gc_bundle SET account = 'b' WHERE id = {c}",
        "UPDATE gc_bundle SET gec_sold = 1 WHERE id = {c}",
        "UPDATE gc_bundle SET disposition = 'export' WHERE id = {c}",
        "UPDATE gc_device SET next_id = 0",
        "UPDATE gc_device SET device = 'other'",
        "DELETE FROM gc_device",
        "UPDATE gc_action SET actor = 'nobody'",
        "DELETE FROM gc_action",
        "DELETE FROM consumption_claim",
        "UPDATE consumption_claim SET live = 0",
        "UPDATE consumption_claim SET party = 'b'",
        "UPDATE consumption_record SET wh = 999999",
        "DELETE FROM consumption_record",
        "INSERT INTO consumption_record (park, party, t0, rev, wh, reason) VALUES ('binhai', 'a', '"
        + T0
        + "', 1, 5, '')",
        "INSERT INTO consumption_record (park, party, t0, rev, wh, reason) VALUES ('binhai', 'a', '"
        + T0
        + "', 0, 999, '')",
        f"INSERT INTO gc_bundle (id, {copy}) SELECT 900, {copy} FROM gc_bundle WHERE id = {{b}}",
        f"INSERT INTO gc_bundle (id, {copy}) SELECT 900, {copy} FROM gc_bundle WHERE id = {{x}}",
        "INSERT INTO consumption_claim (bundle, park, party, t0, consumed_start, consumed_end, quantity) "
        "VALUES ({b}, 'binhai', 'a', '" + T0 + "', 100, 199, 100)",
        "INSERT INTO consumption_claim (bundle, park, party, t0, consumed_start, consumed_end, quantity) "
        "VALUES ({x}, 'binhai', 'a', '" + T0 + "', 50, 149, 100)",
        "INSERT INTO consumption_claim (bundle, park, party, t0, consumed_start, consumed_end, quantity) "
        "VALUES ({x}, 'binhai', 'a', '" + T0 + "', 99950, 100049, 100)",
        "INSERT INTO consumption_claim (bundle, park, party, t0, consumed_start, consumed_end, quantity) "
        "VALUES ({x}, 'binhai', 'b', '" + T0 + "', 0, 99, 100)",
    ]
    for statement in attempts:
        assert _refused(session, statement.format(b=bundle, c=claimed, x=cancelled)), statement
    fair = "INSERT INTO consumption_claim (bundle, park, party, t0, consumed_start, consumed_end, quantity) "
    assert not _refused(session, fair + f"VALUES ({cancelled}, 'binhai', 'a', '{T0}', 100, 199, 100)")


def test_plain_sql_cannot_mint(session):
    """New ids without a reading, or more than the reading, are refused even with the counter raised."""
    bundle = in_state(session, "active", "pv")
    session.execute(text("UPDATE gc_device SET next_id = 1000"))
    names = [name for name in vars(get(session, PARK, bundle)) if name != "device"]
    new = {"id": "900", "range_start": "range_start + 100", "range_end": "range_end + 100", "rev": "7"}
    for extra in ({}, {"t0": "'2026-07-01T04:00:00Z'"}, {"is_storage": "1", "storage_lot": "5"}):
        values = ", ".join({**new, **extra}.get(name, name) for name in names)
        statement = f"INSERT INTO gc_bundle ({', '.join(names)}) SELECT {values} FROM gc_bundle WHERE id = :id"
        assert _refused(session, statement, id=bundle), extra


def test_sqlite_cannot_replace(sqlite_url):
    with transaction(sqlite_url) as session:
        opened(session)
        bundle = in_state(session, "active", "pv")
        names = [name for name in vars(get(session, PARK, bundle)) if name != "device"]
        columns = ", ".join(names)
        statement = f"INSERT OR REPLACE INTO gc_bundle ({columns}) SELECT {columns} FROM gc_bundle"
        assert _refused(session, statement)


def test_a_split_cannot_undo_a_cancel(session):
    """Splitting a cancelled bundle by hand and giving birth to an active child would free it again."""
    bundle = in_state(session, "cancelled", "pv")
    session.execute(
        text("UPDATE gc_bundle SET status = 'bundle_split', split_from = 'cancelled' WHERE id = :id"), {"id": bundle}
    )
    names = [name for name in vars(get(session, PARK, bundle)) if name != "device"]
    for state, refused in (("active", True), ("claimed", True), ("cancelled", False)):
        new = {"id": "900", "status": f"'{state}'", "parent": str(bundle), "split_from": "''"}
        values = ", ".join(new.get(name, name) for name in names)
        statement = f"INSERT INTO gc_bundle ({', '.join(names)}) SELECT {values} FROM gc_bundle WHERE id = :id"
        assert _refused(session, statement, id=bundle) is refused
