"""A park that favours a friend: books that close to the last Wh, but not what entitlements and consumption give."""

import copy

from parkopt.ledger.verify import verify_bundle
from tests.ledger.settled_park import batches, bundle_of, key_of
from tests.ledger.test_bundle_operator import of

VKEY = key_of(1).vkey
GOOD = batches(2)
MOVED = 1000


def moved(rows):
    """Move certificates of an hour from a party that claims them to one that lacks some, and book all of it rightly."""
    ug = next(one for one in rows[0] if one["type"] == "factor" and one["kind"] == "residual")["ug_per_wh"]
    days = {one["party"]: one for one in rows[1] if one["type"] == "enterprise-day"}
    for record in (one for one in rows[1] if one["type"] == "claims"):
        for claim in record["claims"]:
            hour, source, origin, first, last, _, stop = claim
            for party, own in days.items():
                mine, theirs = days[record["party"]]["hours"][hour], own["hours"][hour]
                room = theirs["consumption_wh"] - theirs["claimed_wh"]
                if party == record["party"] or origin is not None or last - first < MOVED or room < MOVED:
                    continue
                claim[4], claim[6] = last - MOVED, stop - MOVED
                used = theirs["claimed_wh"]
                of(rows, "claims", party=party)["claims"].append(
                    [hour, source, None, last - MOVED + 1, last, used, used + MOVED - 1]
                )
                for one, sign in ((mine, -1), (theirs, 1)):
                    one["claims"][source] = one["claims"].get(source, 0) + sign * MOVED
                    one["claimed_wh"] += sign * MOVED
                    one["market_ug"] = str(int(one["market_ug"]) - sign * MOVED * ug)
                return
    raise AssertionError("no certificates could be moved")


def test_an_honest_park_passes():
    assert verify_bundle(bundle_of(copy.deepcopy(GOOD)), VKEY).step("attribution").status == "PASS"


def test_favouring_a_party_is_found_by_the_auditor_and_by_nothing_else():
    rows = copy.deepcopy(GOOD)
    moved(rows)
    report = verify_bundle(bundle_of(rows), VKEY)
    assert [one.name for one in report.steps if one.status == "FAIL"] == ["attribution"]
    assert "due are" in report.step("attribution").en


def test_an_enterprise_cannot_see_what_others_are_due():
    said = verify_bundle(bundle_of(copy.deepcopy(GOOD), "a"), VKEY).step("attribution")
    assert said.status == "PASS"
    assert "auditor" in said.en
