"""The table of states for auditors: replay of records, ranges, names of the EnergyTag API."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.ledger import certificates as gc
from parkopt.store import states
from parkopt.store.engine import transaction
from parkopt.store.registry import By, get
from parkopt.store.registry_actions import cancel, split
from parkopt.store.registry_issue import Minting, issue, open_accounts
from parkopt.store.registry_issue import issuance_id as issued_as

T0 = "2026-07-01T03:00:00Z"


def _action(bundle, name, before, after, **details):
    return {"bundle": bundle, "type": name, "from_status": before, "to_status": after, "details": details}


def test_there_is_one_table():
    assert gc.TABLE is states.TABLE
    assert gc.find is states.find
    assert set(gc.ENERGYTAG_STATUS) == set(gc.STATES)
    assert set(gc.ENERGYTAG_ACTION) <= set(gc.ACTIONS)


def test_the_documentation_shows_the_table():
    page = Path(__file__).parents[2] / "docs/certificates.md"
    assert gc.table_text() in page.read_text(encoding="utf-8")


def test_a_replay_follows_children():
    steps = [
        _action(1, "issue", "", "active"),
        _action(1, "split", "active", "bundle_split", children=[2, 3]),
        _action(2, "cancel", "active", "cancelled"),
        _action(2, "claim", "cancelled", "claimed"),
    ]
    assert gc.replay(steps) == ({1: "bundle_split", 2: "claimed", 3: "active"}, [])


@pytest.mark.parametrize(
    "steps",
    [
        [_action(1, "reserve", "claimed", "reserved")],
        [_action(1, "cancel", "active", "claimed")],
        [_action(1, "issue", "", "active"), _action(1, "claim", "cancelled", "claimed")],
        [_action(1, "issue", "", "active"), _action(1, "issue", "", "active")],
        [_action(1, "split", "cancelled", "bundle_split", children=[2]), _action(2, "cancel", "active", "cancelled")],
    ],
)
def test_a_replay_finds_forbidden_steps(steps):
    assert len(gc.replay(steps)[1]) == 1


def test_a_replay_of_what_the_registry_did(sqlite_url):
    by = By("operator", T0)
    with transaction(sqlite_url) as session:
        open_accounts(session, "park", ["a"])
        done = [issue(session, "park", by, Minting("pv", T0, 9, 0, "a", "wind", T0))]
        done.append(split(session, "park", by, done[0].bundles[0], 4))
        done.append(cancel(session, "park", by, done[1].bundles[1], "a"))
        state, faults = gc.replay([step for one in done for step in one.actions])
        assert (state, faults) == ({n: get(session, "park", n).status for n in (1, 2, 3)}, [])
        named = gc.energytag(vars(get(session, "park", 3)))
    assert (named["certificate_bundle_status"], named["bundle_quantity"]) == ("Cancelled", 5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=10), st.integers(0, 9), st.integers(1, 5))
def test_ranges_that_touch_are_fine_and_any_overlap_is_found(sizes, where, by):
    ranges, start = [], 0
    for size in sizes:
        ranges.append(gc.Range("pv", start, start + size - 1))
        start += size
    assert gc.range_faults([*reversed(ranges), gc.Range("wind", 0, 99)]) == []
    one = ranges[where % len(ranges)]
    low = max(0, one.end - by + 1)
    assert gc.range_faults([*ranges, gc.Range("pv", low, one.end)])


def test_an_empty_range_is_found():
    assert gc.range_faults([gc.Range("pv", 5, 4, "x")]) == ["x: 5-4 is no range"]


def test_issuance_ids_read_back():
    assert gc.parse_issuance_id(gc.issuance_id("pv-1", T0, 2)) == ("pv-1", T0, 2)
    assert gc.issuance_id("pv-1", T0, 2) == issued_as("pv-1", T0, 2)
    for wrong in ("pv-1", "pv|heat|" + T0 + "|0", f"pv|electricity|{T0}|x"):
        with pytest.raises(ValueError, match="issuance id"):
            gc.parse_issuance_id(wrong)
