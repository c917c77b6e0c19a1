"""Past and wanted rows: what was known when."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import GridMismatch, KnownTooLate, NaiveTime, TimeNotRising
from parkopt.forecast.past import Past, Wanted, require_known

HOUR = pd.Timedelta("1h")


def past(n=48, **changes):
    index = pd.date_range("2026-01-01", periods=n, freq="1h", tz="UTC")
    whole = {
        "index": index,
        "issued": index.normalize(),
        "known": index + HOUR,
        "features": pd.DataFrame({"wind": np.arange(n, dtype=float)}),
        "actual": np.arange(n, dtype=float),
    }
    return Past(**{**whole, **changes})


def test_only_rows_known_by_then_are_kept():
    seen = past().known_at(datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert len(seen) == 12
    assert seen.index[-1].hour == 11
    assert np.array_equal(seen.actual, seen.features["wind"])


def test_features_issued_later_are_not_kept_though_the_power_is_known():
    one = past()
    late = past(issued=one.index.where(one.index.hour != 3, one.index + 72 * HOUR))
    assert 3 not in late.known_at(datetime(2026, 1, 1, 12, tzinfo=UTC)).index.hour


def test_a_value_without_a_time_is_not_known_yet():
    known = (past().index + HOUR).where(past().index.hour != 2)
    assert 2 not in past(known=known).known_at(datetime(2026, 2, 1, tzinfo=UTC)).index.hour


def test_the_zone_of_the_issue_counts():
    at = pd.Timestamp("2026-01-01T20:00+08:00").to_pydatetime()
    assert len(past().known_at(at)) == 12
    with pytest.raises(NaiveTime):
        past().known_at(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_days_count_what_is_usable():
    assert past().days == 2
    assert past(actual=np.where(np.arange(48) < 12, np.nan, 1.0)).days == 1.5
    gap = pd.DataFrame({"wind": np.where(np.arange(48) % 2, np.nan, 1.0)})
    assert past(features=gap).days == 2  # every other hour is a record of two-hour steps
    assert past(1).days == 0
    twice = past(index=past().index.repeat(2)[:48])
    assert twice.days == 1


@pytest.mark.parametrize("name", ["issued", "known", "features", "actual"])
def test_lengths_must_fit(name):
    with pytest.raises(GridMismatch, match=name):
        past(**{name: getattr(past(), name)[:-1]})


def test_columns_must_have_one_dimension():
    with pytest.raises(GridMismatch, match="actual"):
        past(actual=np.zeros((48, 2)))


def test_order_and_zones_are_asked_for():
    with pytest.raises(TimeNotRising, match="row 2"):
        past(index=past().index[::-1])
    with pytest.raises(NaiveTime):
        past(known=past().known.tz_localize(None))
    with pytest.raises(NaiveTime):
        past(index=past().index.tz_localize(None))


def test_the_first_feature_newer_than_the_issue_is_named():
    rows = past()
    wanted = Wanted(rows.index, rows.issued, rows.features)
    require_known(wanted, datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(KnownTooLate, match=r"row 25.*weather forecast at 2026-01-02T00:00:00"):
        require_known(wanted, datetime(2026, 1, 1, 23, tzinfo=UTC))
    unknown = Wanted(rows.index, rows.issued.where(rows.index.hour != 5), rows.features)
    with pytest.raises(KnownTooLate, match="row 6"):
        require_known(unknown, datetime(2026, 1, 9, tzinfo=UTC))
