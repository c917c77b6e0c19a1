"""Bundles from the settled log in a database, and days that a corrected reading settled anew."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from parkopt.ledger import bundle, settled_records
from parkopt.ledger.verify import verify_bundle
from tests.ledger.settled_case import append, key_in, opened
from tests.ledger.settled_park import PARK, batches, bundle_of, key_of, log_of, scope

VKEY = key_of(1).vkey


def test_a_bundle_of_the_log_in_a_database(store_url: str, tmp_path: Path) -> None:
    key = key_in(tmp_path)
    for batch in batches(2):
        append(store_url, key, batch)
    with opened(store_url, key) as log:
        held = log.checkpoints()[0][1]
        for party in ("a", "auditor"):
            report = verify_bundle(bundle.make_bundle(log, key, scope(party)), key.vkey, held)
            assert report.ok, report.text()
            assert report.step("consistency").en == "2 earlier checkpoint(s) kept"


def revised(rows: list[list[dict[str, Any]]], kind: str, **names: str) -> dict[str, Any]:
    """Return revision 1 of a record of the first day, appended as a batch of its own would be."""
    own = copy.deepcopy(next(one for one in rows[1] if one["type"] == kind and names.items() <= one.items()))
    own["revision"] = 1
    rows[-1].append(own)
    return own


def corrected() -> list[list[dict[str, Any]]]:
    """Settle the first day anew after a claim of a was reversed: its last certificate of pv is dead."""
    rows = batches(2)
    rows.append([])
    claims = next(one for one in rows[1] if one["type"] == "claims" and one["party"] == "a")
    hour, last = next((one[0], one[4]) for one in claims["claims"] if one[1] == "pv")
    fields = {
        "id": 1, "type": "reverse", "device": "pv", "range_start": last, "range_end": last, "from_status": "claimed",
        "to_status": "claim_reversed", "beneficiary": "a", "reason": "correction",
    }  # fmt: skip
    rows[-1].append(settled_records.action_record(PARK, "2026-07-01", fields))
    revised(rows, "issue", device="pv")["hours"] = [
        [10**8, 10**8] if place == hour else None for place in range(24)
    ]  # the same Wh, minted again
    own = revised(rows, "enterprise-day", party="a")
    own["status"] = "corrected"
    stated = own["hours"][hour]
    stated["claims"]["pv"] -= 1
    if not stated["claims"]["pv"]:
        del stated["claims"]["pv"]
    stated["claimed_wh"] -= 1
    factor = next(one["ug_per_wh"] for one in rows[0] if one["type"] == "factor" and "residual" in one["id"])
    stated["market_ug"] = str(int(stated["market_ug"]) + factor)
    return rows


def bundle_with_correction(rows: list[list[dict[str, Any]]], party: str) -> bytes:
    key = key_of(1)
    return bundle.make_bundle(log_of(rows, key), key, scope(party, 2))


@pytest.mark.parametrize("party", ["a", "b", "auditor"])
def test_a_day_that_was_settled_anew_passes_with_its_history(party: str) -> None:
    report = verify_bundle(bundle_with_correction(corrected(), party), VKEY)
    assert report.ok, report.text()
    assert "settled again since" in report.step("storage").en


def test_a_reversed_claim_that_is_still_counted_is_found() -> None:
    rows = corrected()
    del rows[-1][-1]
    report = verify_bundle(bundle_with_correction(rows, "a"), VKEY)
    assert report.step("ranges").status == "FAIL"


def test_a_reversed_certificate_is_dead() -> None:
    rows = corrected()
    last = rows[-1][0]["range_end"]
    again = {"type": "claims", "park": PARK, "day": "2026-07-01", "party": "b", "revision": 1}
    rows[-1].append({**again, "claims": [[12, "pv", None, last, last, 0, 0]]})
    report = verify_bundle(bundle_with_correction(rows, "auditor"), VKEY)
    assert report.step("lifecycle").status == "FAIL"


def test_a_top_up_without_a_reading_is_found() -> None:
    rows = corrected()
    revised(rows, "issue", device="wind")["hours"] = [[10**8, 10**8 + 9]] + [None] * 23
    report = verify_bundle(bundle_with_correction(rows, "auditor"), VKEY)
    assert report.step("ranges").status == "FAIL"


def test_one_revision_stands_once() -> None:
    rows = batches(1)
    rows[1].append(copy.deepcopy(rows[1][0]))
    report = verify_bundle(bundle_of(rows), VKEY)
    assert "stands twice" in report.step("completeness").en
