"""Two at once: exactly one of two claims of the same certificates, or of the same consumption, goes through."""

import threading

from parkopt.faults import ClaimTooLarge, StateForbids
from parkopt.store.engine import transaction
from parkopt.store.registry_claims import claim
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_queries import totals
from tests.store.registry_cases import BY, PARK, T0, issued, opened


def _at_once(url, *attempts):
    ready = threading.Barrier(len(attempts))
    ends = []

    def run(bundle, party):
        ready.wait()
        try:
            with transaction(url) as session:
                claim(session, PARK, BY, bundle, party, T0)
            ends.append("done")
        except (StateForbids, ClaimTooLarge) as fault:
            ends.append(type(fault).__name__)

    threads = [threading.Thread(target=run, args=attempt) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ends)


def test_one_bundle_two_parties(store_url):
    for turn in range(5):
        with transaction(store_url) as session:
            if not turn:
                opened(session)
            bundle = issued(session, device=f"pv{turn}")
        assert _at_once(store_url, (bundle, "a"), (bundle, "b")) == ["StateForbids", "done"]
    with transaction(store_url) as session:
        assert totals(session, PARK) == {"claimed": 500}
        assert invariants(session, PARK) == []


def test_one_consumption_two_bundles(store_url):
    with transaction(store_url) as session:
        opened(session, 150)
        one, two = issued(session), issued(session, device="wind")
    assert _at_once(store_url, (one, "a"), (two, "a")) == ["ClaimTooLarge", "done"]
    with transaction(store_url) as session:
        assert totals(session, PARK) == {"claimed": 100, "active": 100}
        assert invariants(session, PARK) == []
