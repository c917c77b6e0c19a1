"""Settled records: what the builders write, in closed form, and what is refused on reading."""

from __future__ import annotations

import copy
from datetime import date, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.contractual import Lot, Take
from parkopt.carbon.factors import factor
from parkopt.carbon.network import Traced
from parkopt.carbon.reservoir import Reservoir
from parkopt.clock import TimeGrid
from parkopt.ledger import settled_records as records
from parkopt.ledger.canonical import canonical, parse
from parkopt.ledger.report import StepError
from parkopt.ledger.settled_records import Claim, DeviceFacts
from parkopt.ledger.settled_schema import SHAPES, check_record
from parkopt.metering.reading import Metered, Register
from tests.ledger.settled_park import batches

ROWS = [record for batch in batches(1, storage="fifo", hourly=True) for record in batch]


def traced() -> Traced:
    """One bus: 100 Wh of wind at 0 ug, 60 of grid at 5 ug; a took 90 Wh, b 50, 19 were exported."""
    wh, ug = np.zeros((2, 2, 24), np.int64), np.zeros((2, 2, 24), np.int64)
    other_wh, other_ug = np.zeros((2, 2, 24), np.int64), np.zeros((2, 2, 24), np.int64)
    wh[0, :, 0], wh[1, :, 0] = (56, 34), (31, 19)
    ug[0, 1, 0], ug[1, 1, 0] = 170, 95
    other_wh[0, :, 0], other_wh[1, :, 0] = (12, 7), (1, 0)
    other_ug[0, 1, 0] = 35
    names = ("wind", "ess<grid"), ("a", "b"), ("export", "unaccounted")
    return Traced(*names, wh, ug, other_wh, other_ug, {"main": wh.sum(axis=0)}, ug.sum(axis=(0, 1)))


def test_a_park_hour_is_what_all_consumers_took_together() -> None:
    record = records.park_day_record("p", "2026-07-01", traced(), 0, method=3, factors={"grid": "g", "residual": "r"})
    assert record["hours"][0] == {
        "sources": {"wind": [100, "0"], "ess<grid": [60, "300"]},
        "others": {"export": {"wind": [12, "0"], "ess<grid": [7, "35"]}, "unaccounted": {"wind": [1, "0"]}},
        "consumers_wh": {"main": {"wind": 87, "ess<grid": 53}},
        "consumption_wh": 140,
        "carbon_ug": "265",
        "factor_ug_per_wh": "1",  # 265 ug / 140 Wh, rounded down
        "unaccounted_wh": 1,
    }
    assert record["hours"][1]["consumption_wh"] == 0
    assert record["hours"][1]["factor_ug_per_wh"] == "0"
    check_record(0, record)


def test_an_enterprise_hour_has_both_views() -> None:
    claims = [Claim(0, "wind", (10, 39), (0, 29)), Claim(0, "ess", (0, 9), (30, 39), "2026-06-30T16:00:00Z")]
    record = records.enterprise_day_record(
        "p", "2026-07-01", "a", traced(), 0, green=["wind"], claims=claims, market_ug={"ess": 1},
        residual_ug_per_wh=[6] * 24, status="corrected", revision=1,
    )  # fmt: skip
    assert record["hours"][0] == {
        "consumption_wh": 90,
        "by_source": {"wind": [56, "0"], "ess<grid": [34, "170"]},
        "carbon_ug": "170",
        "green_wh": 56,
        "claims": {"wind": 30, "ess": 10},
        "claimed_wh": 40,
        "market_ug": "310",  # 50 Wh unclaimed at 6, and 10 Wh at 1
    }
    check_record(0, record)


def metered() -> Metered:
    grid = TimeGrid.day(date(2026, 7, 1), timezone(timedelta(hours=8)), days=2)
    key = "pv", Register.GENERATION
    good, revision = np.ones(48, bool), np.zeros(48, np.int64)
    good[25], revision[26], revision[25] = False, 2, 1
    return Metered("p", grid, {key: np.arange(48)}, {key: good}, {key: revision})


def test_a_reading_says_which_hours_were_measured() -> None:
    record = records.reading_record(metered(), ("pv", Register.GENERATION), 1, files=["b" * 64, "a" * 64], revision=1)
    assert record["day"] == "2026-07-02"
    assert record["wh"] == list(range(24, 48))
    assert record["quality"] == "MEC" + "M" * 21
    assert record["file_sha256"] == ["a" * 64, "b" * 64]
    check_record(0, record)


@given(st.floats(0.0, 1.0, allow_nan=False))
@settings(max_examples=50, deadline=None)
def test_an_efficiency_comes_back_as_the_same_number(share: float) -> None:
    facts = DeviceFacts("ess", "storage", "main", charge_efficiency=share, discharge_efficiency=1.0, standing=0.0)
    record = parse(canonical(records.devices_record("p", [facts], [], [])))
    assert float(record["devices"][0]["charge_efficiency"]) == share
    check_record(0, record)
    assert (
        "charge_efficiency" not in records.devices_record("p", [DeviceFacts("x", "load", "main")], [], [])["devices"][0]
    )


def test_an_opening_keeps_the_order_of_origins_and_the_lots() -> None:
    store = Reservoir("ess", 0.9, 0.9, {"wind": 5, "grid": 7}, {"wind": 0, "grid": 10**17})
    lots = [Lot("ess", "2026-07-01T03:00:00Z", "wind", 6, 5, 5), Lot("other", "2026-07-01T03:00:00Z", "wind", 6, 5, 5)]
    record = parse(canonical(records.opening_record("p", "2026-07-02", {"ess": store}, lots)))
    held = record["stores"]["ess"]
    assert held["order"] == ["wind", "grid"]
    assert held["origin_ug"] == {"wind": "0", "grid": "1" + "0" * 17}  # beyond 2^53: text
    assert [lot["store"] for lot in held["lots"]] == ["ess"]
    check_record(0, record)


def test_the_other_records_in_closed_form() -> None:
    issue = records.issue_record("p", "2026-07-01", "pv", [None] * 23 + [(0, 9)], revision=2)
    assert issue["hours"][23] == [0, 9]
    lot, take = Lot("ess", "2026-07-01T03:00:00Z", "pv", 10, 9, 9), Take("ess", "", "grey", 4, 0, 1)
    storage = records.storage_record("p", "2026-07-01", "ess", [(lot, [(0, 9)])], [take])
    assert storage["lots"][0]["ranges"] == [[0, 9]]
    assert storage["takes"][0]["charged"] == ""
    claims = records.claims_record("p", "2026-07-01", "a", [Claim(23, "pv", (0, 4), (7, 11))])
    assert claims["claims"] == [[23, "pv", None, 0, 4, 7, 11]]
    action = records.action_record(
        "p", "2026-07-01",
        {"id": 4, "type": "expire", "device": "pv", "range_start": 5, "range_end": 9, "from_status": "active",
         "to_status": "expired", "actor": "clock"},
    )  # fmt: skip
    assert (action["type"], action["action"], action["actor"]) == ("action", "expire", "clock")
    close = records.close_record("p", "2026-07", [{"day": "2026-07-01"}], {"wh": 5})
    sealed = records.bundle_record("p", "a" * 64, "a", "2026-07-01", "2026-07-02")
    hourly = records.factor_record("p", factor("jiangsu_2023"), day="2026-07-01", hours=np.arange(24).tolist())
    assert hourly["hours"] == list(range(24))
    assert "day" not in records.factor_record("p", factor("jiangsu_2023"))
    for record in (issue, storage, claims, action, close, sealed, hourly):
        canonical(record)
        check_record(0, record)


def test_every_type_of_a_settled_park_is_read_back() -> None:
    for index, record in enumerate(ROWS):
        check_record(index, parse(canonical(record)))
    unused = set(SHAPES) - {record["type"] for record in ROWS}
    assert unused == {"action", "close", "bundle", "key"}


@pytest.mark.parametrize("kind", sorted({record["type"] for record in ROWS}))
def test_a_record_without_one_of_its_fields_or_with_nonsense_in_it_is_refused(kind: str) -> None:
    good = next(record for record in ROWS if record["type"] == kind)
    for name in ("park", *SHAPES[kind]):
        for bad in (None, -1, "", [], 0.5):
            wrong = copy.deepcopy(good)
            wrong[name] = bad
            if (
                bad == []
                and good[name] != []
                and name in ("lots", "takes", "claims", "file_sha256", "devices", "channels", "parties")
            ):
                continue  # an empty list can be right
            if bad == good[name] or (bad == [] and good[name] == []):
                continue
            with pytest.raises(StepError, match=name):
                check_record(3, wrong)
        gone = {key: value for key, value in good.items() if key != name}
        with pytest.raises(StepError, match=name) as failed:
            check_record(3, gone)
        assert failed.value.record == 3


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("reading", {"wh": [1] * 23}),
        ("reading", {"quality": "M" * 23 + "X"}),
        ("issue", {"hours": [[5, 4]] + [None] * 23}),
        ("claims", {"claims": [[24, "pv", None, 0, 1, 0, 1]]}),
        ("claims", {"claims": [[0, "pv", "noon", 0, 1, 0, 1]]}),
        ("park-day", {"factors": {"grid": "x"}}),
        ("factor", {"day": "2026-07-01", "hours": [1] * 23}),
        ("method", {"loss_policy": "mine"}),
    ],
)
def test_what_is_of_the_right_kind_but_wrong_is_refused(kind: str, change: dict[str, object]) -> None:
    good = next(record for record in ROWS if record["type"] == kind)
    with pytest.raises(StepError):
        check_record(0, {**good, **change})


def test_a_type_that_nobody_knows_is_refused() -> None:
    for kind in ("unknown", None, 5, ["reading"]):
        with pytest.raises(StepError, match="no record type"):
            check_record(0, {"type": kind, "park": "p"})
