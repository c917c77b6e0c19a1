"""The invariants can fail: with the triggers taken away, each forgery is found."""

import pytest
from sqlalchemy import text

from parkopt.store.engine import transaction
from parkopt.store.registry_claims import claim
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_storage import cancel_for_storage, issue_storage
from tests.store.registry_cases import BY, LATER, PARK, T0, T1, issued, opened

FORGERIES = {
    "I5 more": "UPDATE gc_reading SET wh = 99",
    "I5 fewer": "UPDATE gc_reading SET wh = 101",
    "I5 certificates without": "DELETE FROM gc_reading",
    "I6 ranges overlap": "UPDATE gc_bundle SET range_start = 39, quantity = 61 WHERE range_start = 40",
    "I6 children": "UPDATE gc_bundle SET range_end = 38, quantity = 39 WHERE range_end = 39",
    "I6 ids beyond": "UPDATE gc_device SET next_id = 50",
    "I7 a claim that": "UPDATE consumption_claim SET party = 'b'",
    "I7 claims overlap": "UPDATE consumption_claim SET consumed_start = 0, consumed_end = quantity - 1",
    "I7 claims above": "UPDATE consumption_record SET wh = 5",
    "I8 SD-GC above": "UPDATE storage_lot SET limit_wh = 10",
    "I8 takes above": "UPDATE storage_take SET t0 = '2026-07-01T03:00:00Z'",
    "I8 an SD-GC": "UPDATE gc_bundle SET origin_device = 'wind' WHERE is_storage = 1",
    "I8 a certificate": "UPDATE storage_lot SET bundle = NULL",
    "I9": "UPDATE gc_bundle SET gec_sold = 1 WHERE status = 'claimed'",
    "table of states": "UPDATE gc_action SET type = 'reserve' WHERE type = 'claim'",
    "actions": "UPDATE gc_bundle SET status = 'active' WHERE status = 'cancelled_for_storage'",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_each_forgery_is_found(sqlite_url, name):
    with transaction(sqlite_url) as session:
        opened(session)
        claim(session, PARK, BY, issued(session), "a", T0, 40)
        claim(session, PARK, BY, issued(session, device="wind"), "a", T0)
        cancel_for_storage(session, PARK, BY, issued(session, device="pv2"), "ess", 90, 80)
        issue_storage(session, PARK, BY, "ess", T1, 50, "owner", LATER)
        assert invariants(session, PARK) == []
        for (trigger,) in list(session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))):
            session.execute(text(f"DROP TRIGGER {trigger}"))
        session.execute(text(FORGERIES[name]))
        assert any(line.startswith(name) for line in invariants(session, PARK)), invariants(session, PARK)
