"""Features of a load: day types by either calendar, levels before the issue, what was planned."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, NaiveTime
from parkopt.forecast.holidays import official_kind
from parkopt.forecast.load_features import (
    SATURDAY,
    SUNDAY,
    WORKDAY,
    LoadPast,
    day_types,
    known_ahead,
    load_features,
    regular_step,
)

ZONE = "+08:00"
INDEX = pd.date_range("2026-04-01", "2026-05-20T23:00", freq="1h", tz=ZONE)
RAMP = pd.Series(np.arange(len(INDEX), dtype=float), index=INDEX)
DAY = pd.date_range("2026-05-20", periods=24, freq="1h", tz=ZONE)
ISSUE = pd.Timestamp("2026-05-19T09:00", tz=ZONE)


@given(st.dates(date(2020, 1, 1), date(2026, 12, 1)))
@settings(deadline=None, max_examples=40)
def test_day_types_follow_the_calendars(day):
    index = pd.DatetimeIndex([pd.Timestamp(day, tz=ZONE) + timedelta(hours=23)])
    plain = {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), WORKDAY)
    assert day_types(index, "none")[0] == plain
    kind = official_kind(day)
    expected = {"workday": WORKDAY, "weekend": plain}.get(kind, SUNDAY)
    assert day_types(index, "cn")[0] == expected


def test_levels_before_the_issue_by_hand():
    x = load_features(DAY, RAMP, ISSUE)
    last = RAMP[ISSUE - timedelta(hours=1)]
    assert (x["last"] == last).all()
    assert x["mean_day"].iloc[0] == pytest.approx(last - 11.5)
    assert x["mean_week"].iloc[0] == pytest.approx(last - 83.5)
    assert x["lead_h"].iloc[[0, 23]].tolist() == [15, 38]
    np.testing.assert_array_equal(x["lag_168h"], RAMP[DAY - timedelta(days=7)])


def test_training_rows_are_the_forecast_rows_of_their_day():
    """One issue a step and one for all give the same, whatever stands beside the day."""
    span = INDEX[INDEX >= "2026-05-15"]
    many = load_features(span, RAMP, span.normalize() - timedelta(hours=15), calendar="cn")
    one = load_features(DAY, RAMP, ISSUE, calendar="cn")
    pd.testing.assert_frame_equal(many.loc[DAY], one)


def test_a_missing_value_is_no_value():
    holes = RAMP.copy()
    holes[DAY - timedelta(days=7)] = np.nan
    x, whole = (load_features(DAY, series, ISSUE) for series in (holes, RAMP))
    assert x["lag_168h"].isna().all()
    assert (x["mean_weekday_4w"] < whole["mean_weekday_4w"]).all()


def test_what_is_planned_must_cover_all_steps():
    np.testing.assert_array_equal(known_ahead("plan", RAMP, DAY.tz_convert("UTC")), RAMP[DAY])
    with pytest.raises(GridMismatch, match="no value at 2026-05-20 23:00"):
        known_ahead("plan", RAMP[:-1], DAY)
    with pytest.raises(GridMismatch, match="plan"):
        known_ahead("plan", RAMP[:0], DAY)


def test_steps_must_be_regular_and_times_have_a_zone():
    assert regular_step("load", INDEX) == timedelta(hours=1)
    for uneven in (
        INDEX[[0, 1, 3]],
        INDEX[:1],
        INDEX[::-1],
        pd.date_range("2026-01-01", periods=5, freq="7h", tz="UTC"),
    ):
        with pytest.raises(GridMismatch):
            regular_step("load", uneven)
    with pytest.raises(NaiveTime):
        LoadPast(RAMP.tz_localize(None))
