"""What of a record a forecast uses: outages left out, old records told of, changing zones refused."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import TooLittleHistory, ZoneNotFixed
from parkopt.forecast.load_blend import forecast_load
from parkopt.forecast.load_record import read_record, until, without_outages

ZONE = "+08:00"
ISSUE = pd.Timestamp("2026-05-20T09:00", tz=ZONE)
DAY = pd.date_range("2026-05-21", periods=24, freq="1h", tz=ZONE)


def works(days: int, noise: float = 0.1) -> pd.Series:
    """Works of 10 MW in the day shift of workdays, 2 MW else."""
    index = pd.date_range(end=pd.Timestamp("2026-05-21T23:00", tz=ZONE), periods=24 * (days + 2), freq="1h")
    busy = (index.weekday < 5) & (index.hour >= 8) & (index.hour < 18)
    away = noise * np.random.default_rng(0).standard_normal(len(index))
    return pd.Series(np.where(busy, 10.0, 2.0) + away, index=index)


def test_the_record_ends_with_the_issue():
    record, steps = read_record(works(30), ISSUE, DAY)
    assert record.end == ISSUE
    assert record.notes == ()
    assert record.mw.index[-1] == ISSUE - timedelta(hours=1)
    pd.testing.assert_index_equal(steps, DAY)


def test_days_of_zeros_are_an_outage():
    series = works(40)
    series.iloc[24 * 20 + 5 : 24 * 23] = 0.0
    clean, notes = without_outages(series)
    assert clean.isna().sum() == 24 * 3 - 5
    assert "67 h of zeros" in notes[0]
    assert "2026-04-30 05:00" in notes[0]
    made = forecast_load(series, ISSUE, DAY)
    assert notes[0].split(",")[0] in " ".join(made.notes)
    gaps = series.where(series > 0)
    np.testing.assert_array_equal(made.quantiles.values, forecast_load(gaps, ISSUE, DAY).quantiles.values)


def test_short_zeros_and_works_that_often_rest_are_left():
    series = works(40)
    series.iloc[100:123] = 0.0
    assert without_outages(series) == (series, ())
    resting = series.where(series > 5, 0.0)  # nights and weekends at 0
    assert without_outages(resting)[1] == ()


def test_an_old_record_is_forecast_from_as_of_its_end():
    """A random walk's doubt grows with the lead: three weeks are less sure than 15 hours."""
    walk = np.repeat(np.cumsum(np.random.default_rng(1).normal(0, 0.4, 122)), 24)
    series = works(120, noise=0.0) + walk - walk.min()
    fresh = forecast_load(series[series.index < ISSUE], ISSUE, DAY, engine="lightgbm")
    old = forecast_load(series[series.index < ISSUE - timedelta(days=21)], ISSUE, DAY, engine="lightgbm")
    assert not any("ends" in note for note in fresh.notes)
    assert any("ends 21 days before the issue" in note for note in old.notes)
    wide, narrow = (np.subtract(*made.quantiles.interval(0.8)[::-1]).mean() for made in (old, fresh))
    assert wide > 1.3 * narrow


def test_a_record_too_old_is_refused():
    series = works(80)
    with pytest.raises(TooLittleHistory, match="4 weeks before 2026-05-21") as raised:
        forecast_load(series[series.index < ISSUE - timedelta(days=27)], ISSUE, DAY)
    assert "四周" in raised.value.message("zh")
    forecast_load(series[series.index < ISSUE - timedelta(days=26)], ISSUE, DAY, engine="lightgbm")


def test_a_zone_with_summer_time_is_refused():
    series = works(80)
    with pytest.raises(ZoneNotFixed, match="Europe/Berlin"):
        forecast_load(series, ISSUE, DAY.tz_convert("Europe/Berlin"))


def test_less_than_two_weeks_or_nothing_measured():
    with pytest.raises(TooLittleHistory, match="at least 14"):
        until(works(13), ISSUE)
    with pytest.raises(TooLittleHistory, match="0 day"):
        read_record(works(30) * np.nan, ISSUE, DAY)
