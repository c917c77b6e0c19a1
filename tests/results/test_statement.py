"""The data of a statement adds up or is refused, and its sums are those of its hours."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, NotClosed
from parkopt.results.statement import GROUPS, StatementData
from tests.results.example_statement import month

FEW = settings(max_examples=15, deadline=None)


def small(**changes):
    """One day, 10 kWh each hour: 6 from the roof, 4 from the grid; 5 claimed."""
    each = np.ones(24, dtype=np.int64)
    return month(
        days=1,
        **{
            "labels": ("roof_pv", "grid"),
            "consumption_wh": 10_000 * each,
            "physical_wh": np.asarray([6_000 * each, 4_000 * each]),
            "location_ug": np.asarray([0 * each, 4_000 * 582_700 * each]),
            "green_wh": 5_000 * each,
            "claims_wh": {"roof_pv": 5_000 * each},
            "market_ug": 5_000 * 609_600 * each,
            "quality": "M" * 24,
            "stored": (),
            **changes,
        },
    )


def test_sums_by_source_by_hand():
    """24 h x 6 and 4 kWh; 4 kWh at 0.5827 kg/kWh are 2.3308 kg an hour."""
    data = small()
    assert [(line.group, line.source, line.wh, line.ug) for line in data.physical()] == [
        ("on_site", "roof_pv", 144_000, 0),
        ("grid", "grid", 96_000, 24 * 2_330_800_000),
    ]
    assert [(line.source, line.wh) for line in data.claimed()] == [("roof_pv", 120_000)]
    assert data.share.tolist() == [0.5] * 24


@pytest.mark.parametrize("off", [1, -1])
@pytest.mark.parametrize("name", ["consumption_wh", "physical_wh", "green_wh"])
def test_a_watt_hour_that_does_not_add_up_is_refused(name, off):
    wrong = getattr(small(), name).copy()
    wrong[..., 7] += off
    with pytest.raises(NotClosed, match="2026-07-01 07:00"):
        small(**{name: wrong})


def test_more_green_than_consumed_is_refused():
    green = np.full(24, 10_001, dtype=np.int64)
    with pytest.raises(NotClosed, match="10001"):
        small(green_wh=green, claims_wh={"roof_pv": green})


@pytest.mark.parametrize(
    "changes",
    [
        {"quality": "M" * 23},
        {"consumption_wh": np.zeros(23, dtype=np.int64)},
        {"consumption_wh": np.zeros(0, dtype=np.int64)},
        {"labels": ("roof_pv",)},
        {"market_ug": np.zeros(48, dtype=np.int64)},
        {"location_ug": np.zeros((3, 24), dtype=np.int64)},
        {"claims_wh": {"roof_pv": np.zeros(1, dtype=np.int64)}},
        {"revisions": (0, 0)},
        {"statuses": ("settled", "settled")},
    ],
)
def test_lengths_that_do_not_fit_are_refused(changes):
    with pytest.raises(GridMismatch):
        small(**changes)


def test_an_hour_without_use_or_reading_has_no_share():
    nothing = {name: getattr(small(), name).copy() for name in ("consumption_wh", "physical_wh", "green_wh")}
    for one in nothing.values():
        one[..., 3:5] = 0
    data = small(**nothing, claims_wh={"roof_pv": nothing["green_wh"]}, quality="MMMM-" + "M" * 19)
    assert np.flatnonzero(np.isnan(data.share)).tolist() == [3, 4]
    assert np.flatnonzero(~data.told).tolist() == [4]


@FEW
@given(days=st.integers(1, 31), seed=st.integers(0, 999))
def test_tables_and_days_sum_to_the_whole(days, seed):
    data = month(days=days, seed=seed)
    used, green = int(data.consumption_wh.sum()), int(data.green_wh.sum())
    assert sum(line.wh for line in data.physical()) == used == sum(data.by_day(data.consumption_wh))
    assert sum(line.wh for line in data.claimed()) == green == sum(data.by_day(data.green_wh))
    assert sum(line.ug for line in data.physical()) == int(data.location_ug.sum())
    places = [GROUPS.index(line.group) for line in data.physical()]
    assert places == sorted(places)


def test_days_and_labels_are_local():
    data = month(first=date(2026, 2, 27), days=3)
    assert [str(day) for day in data.days] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert data.label(47) == "2026-02-28 23:00"
    assert f"{data.local('2026-02-27T16:00:00Z'):%Y-%m-%d %H:%M}" == "2026-02-28 00:00"


def test_data_is_frozen():
    with pytest.raises(AttributeError):
        small().party_id = "another"  # type: ignore[misc]
    assert isinstance(small(), StatementData)
