"""A few hundred of the changes of `tests.ledger.tamper`, and each kind of it at least once."""

from __future__ import annotations

import random

import pytest

from tests.ledger import tamper

CASES = {party: tamper.case_of(1, party) for party in ("a", "auditor")}


@pytest.mark.parametrize("party", CASES)
def test_no_change_of_a_bundle_goes_unseen(party: str) -> None:
    found = tamper.campaign(CASES[party], 150, seed=7)
    print(f"{sum(found.tried.values())} attempts, {len(found.missed)} missed: {dict(found.tried)}")
    assert found.missed == []
    assert sum(found.tried.values()) >= 140


@pytest.mark.parametrize("kind", tamper.WEIGHTS, ids=lambda kind: kind.__name__)
def test_each_kind_of_change_is_found(kind) -> None:
    case = CASES["a"]
    data = kind(case, random.Random(3))
    assert data != case.data
    assert not tamper.verify_bundle(data, case.key.vkey, case.older).ok


@pytest.mark.parametrize("change", tamper.ENTRIES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("who", ["nobody", "the park", "a forger"])
def test_each_change_of_entries_is_found_whoever_signs_the_manifest(change, who: str) -> None:
    case = CASES["a"]
    files = tamper.bundle.unpack(case.data)
    entries = tamper.entries_of(files)
    change(entries, random.Random(5))
    files = tamper.with_entries(files, entries)
    data = (
        tamper.repack(files)
        if who == "nobody"
        else tamper.reseal(case, files, tamper.key_of(9) if who[0] == "a" else None)
    )
    assert case.found(data)


def test_the_campaign_can_fail() -> None:
    """A bundle whose reader holds another key and head than the campaign thinks is not found."""
    case = CASES["a"]
    blind = type("Blind", (tamper.Case,), {"found": lambda *_: False})(case.data, case.log, case.key, case.older)
    assert tamper.campaign(blind, 3).missed
