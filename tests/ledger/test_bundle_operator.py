"""What the operator himself cannot do, though he signs log and manifest correctly with the park's key."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from parkopt.ledger import settled_records
from parkopt.ledger.verify import verify_bundle
from tests.ledger.settled_park import batches, bundle_of, key_of

Rows = list[list[dict[str, Any]]]
VKEY = key_of(1).vkey
GOOD = batches(2)


def of(rows: Rows, kind: str, day: int = 1, **names: str) -> dict[str, Any]:
    """Return the first record of a type and day (1 or 2) with these fields."""
    return next(one for one in rows[day] if one["type"] == kind and names.items() <= one.items())


def a_claim(rows: Rows, source: str = "pv", party: str = "a", nth: int = 0) -> tuple[dict[str, Any], list[Any]]:
    record = of(rows, "claims", party=party)
    return record, [one for one in record["claims"] if one[1] == source][nth]


def claim_twice(rows: Rows) -> None:
    record, claim = a_claim(rows)
    record["claims"].append([*claim[:3], *claim[3:5], *claim[5:]])


def claim_of_another(rows: Rows) -> None:
    """Party b claims what a has claimed."""
    _, claim = a_claim(rows)
    of(rows, "claims", party="b")["claims"].append(claim)


def claim_beyond_consumption(rows: Rows) -> None:
    _, claim = a_claim(rows)
    own = of(rows, "enterprise-day", party="a")["hours"][claim[0]]
    shift = own["consumption_wh"] - claim[6]
    claim[5], claim[6] = claim[5] + shift, claim[6] + shift


def same_consumption_twice(rows: Rows) -> None:
    record, claim = a_claim(rows)
    other = next(one for one in record["claims"] if one[0] == claim[0] and one is not claim)
    other[5:7] = [claim[5], claim[5] + other[6] - other[5]]


def claim_of_another_hour(rows: Rows) -> None:
    _, claim = a_claim(rows)
    claim[0] += 1


def more_certificates_than_wh(rows: Rows) -> None:
    _, claim = a_claim(rows)
    claim[6] -= 1


def never_issued(rows: Rows) -> None:
    _, claim = a_claim(rows)
    claim[3], claim[4] = claim[3] + 10**9, claim[4] + 10**9


def range_overlap(rows: Rows) -> None:
    hours = of(rows, "issue", device="pv")["hours"]
    place = next(i for i in range(1, 24) if hours[i] and hours[i - 1])
    hours[place][0] -= 10


def issued_more_than_metered(rows: Rows) -> None:
    hours = [one for one in of(rows, "issue", day=2, device="pv")["hours"] if one]
    hours[-1][1] += 1000


def issued_less_than_metered(rows: Rows) -> None:
    hours = [one for one in of(rows, "issue", device="wind")["hours"] if one]
    hours[-1][1] -= 1


def issued_for_an_estimated_hour(rows: Rows) -> None:
    record = of(rows, "reading", device="wind")
    record["quality"] = "E" * 24


def wrong_park_carbon(rows: Rows) -> None:
    of(rows, "park-day")["hours"][3]["carbon_ug"] = "1"


def wrong_enterprise_carbon(rows: Rows) -> None:
    own = of(rows, "enterprise-day", party="a")["hours"][3]
    label, (wh, ug) = next((k, v) for k, v in own["by_source"].items() if k == "grid")
    own["by_source"][label] = [wh, str(int(ug) // 2)]
    own["carbon_ug"] = str(int(own["carbon_ug"]) - int(ug) + int(ug) // 2)


def wrong_market_carbon(rows: Rows) -> None:
    of(rows, "enterprise-day", party="a")["hours"][3]["market_ug"] = "0"


def claims_not_summed(rows: Rows) -> None:
    own = of(rows, "enterprise-day", party="a")["hours"][12]
    own["claims"]["wind"] = own["claims"].get("wind", 0) + 1


def green_from_nowhere(rows: Rows) -> None:
    """Say that grid energy of an enterprise was wind: sums stay right."""
    own = of(rows, "enterprise-day", party="a")["hours"][2]["by_source"]
    wh, ug = own["grid"]
    moved = wh // 2
    own["grid"] = [wh - moved, ug]
    own["wind"] = [own.get("wind", [0, "0"])[0] + moved, own.get("wind", [0, "0"])[1]]
    of(rows, "enterprise-day", party="a")["hours"][2]["green_wh"] += moved


def green_generation_invented(rows: Rows) -> None:
    of(rows, "reading", device="wind")["wh"][5] += 50_000


def opening_made_green(rows: Rows) -> None:
    store = of(rows, "opening", day=2)["stores"]["ess"]
    store["origin_wh"]["pv"] = store["origin_wh"].get("pv", 0) + store["origin_wh"].pop("opening", 0) + 500
    store["order"] = list(store["origin_wh"])
    store["origin_ug"].pop("opening", None)


def consumption_hidden(rows: Rows) -> None:
    of(rows, "reading", device="a1")["wh"][4] -= 1000


def other_factor(rows: Rows) -> None:
    next(one for one in rows[0] if one["type"] == "factor")["ug_per_wh"] -= 100


def other_loss_policy(rows: Rows) -> None:
    rows[0][0]["loss_policy"] = "downstream"


def other_efficiency(rows: Rows) -> None:
    own = next(one for one in rows[0] if one["type"] == "devices")["devices"]
    next(one for one in own if one["device"] == "ess")["charge_efficiency"] = "0.99"


def lot_without_certificates(rows: Rows) -> None:
    record = of(rows, "storage")
    next(one for one in record["lots"] if one["ranges"])["ranges"] = []


def lot_of_claimed_certificates(rows: Rows) -> None:
    record = of(rows, "storage")
    lot = next(one for one in record["lots"] if one["ranges"])
    first, last = lot["ranges"][0]
    lot["ranges"] = [[first - 1, last - 1]]


def grey_lot_made_green(rows: Rows) -> None:
    takes = of(rows, "storage", day=1)["takes"]
    next(one for one in takes if one["origin"] == "grey" and one["ac_wh"])["origin"] = "pv"


def lots_carried_over_grow(rows: Rows) -> None:
    lots = of(rows, "opening", day=2)["stores"]["ess"]["lots"]
    lots[-1]["left_wh"] += 1


def younger_lot_first(rows: Rows) -> None:
    takes = [one for one in of(rows, "storage", day=1)["takes"] if one["charged"]]
    takes[0]["charged"], takes[-1]["charged"] = takes[-1]["charged"], takes[0]["charged"]


def wrong_charging_hour(rows: Rows) -> None:
    _, claim = a_claim(rows, "ess", "b")
    claim[2] = "2026-06-30T16:00:00Z"


def own_consumption_shifted(rows: Rows) -> None:
    """Move sources between two enterprises: the park stays right."""
    first, second = (of(rows, "enterprise-day", party=name)["hours"][2]["by_source"] for name in ("a", "b"))
    for own, sign in ((first, 1), (second, -1)):
        own["wind"][0] += 40_000 * sign
        own["grid"][0] -= 40_000 * sign


Change = Callable[[Rows], Any]
AUDITOR: dict[Change, str] = {
    claim_twice: "lifecycle", claim_of_another: "lifecycle", claim_beyond_consumption: "ranges",
    same_consumption_twice: "ranges", claim_of_another_hour: "lifecycle", more_certificates_than_wh: "ranges",
    never_issued: "lifecycle", range_overlap: "lifecycle", issued_more_than_metered: "ranges",
    issued_less_than_metered: "ranges", issued_for_an_estimated_hour: "ranges", wrong_park_carbon: "tracing",
    wrong_enterprise_carbon: "tracing", wrong_market_carbon: "carbon", claims_not_summed: "ranges",
    green_from_nowhere: "tracing", green_generation_invented: "tracing", opening_made_green: "tracing",
    consumption_hidden: "tracing", other_factor: "tracing", other_loss_policy: "tracing", other_efficiency: "tracing",
    lot_without_certificates: "storage", lot_of_claimed_certificates: "lifecycle", grey_lot_made_green: "storage",
    lots_carried_over_grow: "storage", younger_lot_first: "storage", wrong_charging_hour: "storage",
    own_consumption_shifted: "tracing",
}  # fmt: skip
UNSEEN = {claim_of_another, lot_of_claimed_certificates}
"""An enterprise's file does not hold the other's claims; its own are clean."""


def report_of(change: Change, party: str) -> Any:
    rows = copy.deepcopy(GOOD)
    change(rows)
    assert rows != GOOD
    return verify_bundle(bundle_of(rows, party), VKEY)


def test_the_days_without_a_change_pass() -> None:
    for party in ("auditor", "a", "b", "c"):
        report = verify_bundle(bundle_of(GOOD, party), VKEY)
        assert report.ok, report.text()


@pytest.mark.parametrize("change", AUDITOR, ids=lambda change: change.__name__)
def test_the_auditor_sees_it(change: Change) -> None:
    report = report_of(change, "auditor")
    failed = [step.name for step in report.steps if step.status == "FAIL"]
    assert AUDITOR[change] in failed, report.text()
    for name in ("vkey", "checkpoint", "manifest", "canonical", "inclusion", "extracts", "consistency"):
        assert report.step(name).status == "PASS", report.text()


@pytest.mark.parametrize("change", [one for one in AUDITOR if one not in UNSEEN], ids=lambda change: change.__name__)
def test_the_enterprise_whose_day_it_is_sees_it(change: Change) -> None:
    party = "b" if change is wrong_charging_hour else "a"
    report = report_of(change, party)
    assert not report.ok, report.text()


def _kinds() -> list[tuple[int, int]]:
    return [(batch, place) for batch, rows in enumerate(GOOD) for place in range(len(rows))]


@pytest.mark.parametrize(("batch", "place"), _kinds(), ids=str)
def test_no_record_of_the_auditors_file_can_be_left_out(batch: int, place: int) -> None:
    rows = copy.deepcopy(GOOD)
    gone = rows[batch].pop(place)
    assert not verify_bundle(bundle_of(rows), VKEY).ok, gone


def test_an_hour_more_or_less_is_no_day() -> None:
    rows = copy.deepcopy(GOOD)
    of(rows, "reading", device="pv")["wh"].pop()
    report = verify_bundle(bundle_of(rows), VKEY)
    assert report.step("canonical").status == "FAIL"
    assert "reading: wh" in report.step("canonical").en


def test_an_action_moves_what_it_says_and_nothing_else() -> None:
    index = of(GOOD, "issue", device="pv")["hours"]
    first, last = next(one for one in index if one)

    def acted(action: str, before: str, after: str, span: tuple[int, int] = (first, first)) -> Any:
        rows = copy.deepcopy(GOOD)
        fields = {
            "id": "1", "type": action, "device": "pv", "range_start": span[0], "range_end": span[1],
            "from_status": before, "to_status": after, "actor": "registry",
        }  # fmt: skip
        rows[1].append(settled_records.action_record("dafeng", "2026-07-01", fields))
        return verify_bundle(bundle_of(rows), VKEY)

    for action, before, after in (
        ("expire", "active", "expired"),  # it is claimed, not active
        ("reverse", "claimed", "active"),  # no such row
        ("claim", "claimed", "claimed"),
        ("withdraw", "cancelled_for_storage", "withdrawn"),  # terminal
    ):
        assert acted(action, before, after).step("lifecycle").status == "FAIL"
    assert (
        acted("reverse", "claimed", "claim_reversed", (last + 10**9, last + 10**9)).step("lifecycle").status == "FAIL"
    )
    good = acted("link_gec", "claimed", "claimed")
    assert good.ok, good.text()
    back = acted("reverse", "claimed", "claim_reversed")
    assert back.step("lifecycle").status == "PASS"
    assert back.step("ranges").status == "FAIL"  # the enterprise-day still counts it


def test_exported_energy_cannot_be_claimed() -> None:
    rows = copy.deepcopy(GOOD)
    place = next(i for i, one in enumerate(rows[1]) if one["type"] == "claims")
    _, claim = a_claim(rows)
    fields = {
        "id": "1", "type": "mark_export", "device": "pv", "range_start": claim[3], "range_end": claim[4],
        "from_status": "active", "to_status": "active",
    }  # fmt: skip
    rows[1].insert(place, settled_records.action_record("dafeng", "2026-07-01", fields))
    report = verify_bundle(bundle_of(rows), VKEY)
    assert "exported or sold" in report.step("lifecycle").en


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("opening", {"day": "2026-07-00"}),
        ("park-day", {"day": "2026-07-01x"}),
        ("park-day", {"method": 9}),
        ("park-day", {"factors": {"grid": "none", "residual": "none"}}),
        ("opening", {"stores": {}}),
    ],
)
def test_records_that_cannot_be_worked_with_fail_a_step_and_nothing_else(kind: str, change: dict[str, Any]) -> None:
    rows = copy.deepcopy(GOOD)
    of(rows, kind).update(change)
    assert not verify_bundle(bundle_of(rows), VKEY).ok


@pytest.mark.parametrize("value", ["0.0", "x", "2.0", "nan", None])
@pytest.mark.parametrize("name", ["charge_efficiency", "discharge_efficiency", "standing"])
def test_impossible_storages_fail_a_step_and_nothing_else(name: str, value: str | None) -> None:
    rows = copy.deepcopy(GOOD)
    own = next(one for one in rows[0] if one["type"] == "devices")["devices"]
    next(one for one in own if one["device"] == "ess")[name] = value
    assert not verify_bundle(bundle_of(rows), VKEY).ok
