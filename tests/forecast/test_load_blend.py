"""Load from its own history: nothing newer than the issue is seen, and the 4-week mean is never lost to."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from parkopt.faults import GridMismatch, KnownTooLate, NaiveTime, NeedsExtra, TooLittleHistory
from parkopt.forecast.load_blend import archetype_quantiles, fit_load, forecast_load
from parkopt.forecast.load_features import load_features
from parkopt.forecast.load_mix import Known, best_mix
from parkopt.forecast.quantiles import LEVELS

ZONE = "+08:00"
ISSUE = pd.Timestamp("2026-05-20T09:00", tz=ZONE)
DAY = pd.date_range("2026-05-21", periods=24, freq="1h", tz=ZONE)


def history(days: int, noise: float = 0.1, seed: int = 0) -> pd.Series:
    """Works of 10 MW in the day shift of workdays, 2 MW else; runs on two days past the issue."""
    index = pd.date_range(end=pd.Timestamp("2026-05-21T23:00", tz=ZONE), periods=24 * (days + 2), freq="1h")
    busy = (index.weekday < 5) & (index.hour >= 8) & (index.hour < 18)
    rng = np.random.default_rng(seed)
    return pd.Series(np.where(busy, 10.0, 2.0) + noise * rng.standard_normal(len(index)), index=index)


def poisoned(series: pd.Series) -> pd.Series:
    """All that has not ended at the issue is nonsense."""
    return series.where(series.index + timedelta(hours=1) <= ISSUE, 1e6)


def test_lags_by_hand():
    series = history(40)
    x = load_features(DAY, series, ISSUE, calendar="cn")
    # until 09:00 the day before is known: its hour 8 has just ended, its hour 9 has not
    assert x["lag_24h"].iloc[8] == series[pd.Timestamp("2026-05-20T08:00", tz=ZONE)]
    assert x["lag_24h"].iloc[9] == series[pd.Timestamp("2026-05-19T09:00", tz=ZONE)]
    assert x["lag_168h"].iloc[9] == series[pd.Timestamp("2026-05-14T09:00", tz=ZONE)]
    assert x["last"].iloc[0] == series[pd.Timestamp("2026-05-20T08:00", tz=ZONE)]
    weekday = [series[pd.Timestamp(f"2026-{d}T09:00", tz=ZONE)] for d in ("05-14", "05-07", "04-30", "04-23")]
    assert x["mean_weekday_4w"].iloc[9] == pytest.approx(np.mean(weekday))


def test_the_mean_takes_days_of_the_same_type_alone():
    """1-5 May 2026 are holidays and Saturday 9 May is worked: by the State Council's calendar."""
    series = history(40)
    from parkopt.forecast.holidays import official_kind

    days = [d for d in pd.date_range("2026-04-23", "2026-05-20", tz=ZONE) if official_kind(d.date()) == "workday"]
    at_12 = [d + timedelta(hours=12) for d in days if d + timedelta(hours=13) <= ISSUE]
    x = load_features(DAY, series, ISSUE, calendar="cn")
    assert x["mean_4w"].iloc[12] == pytest.approx(series[at_12].mean())
    assert x["q50_4w"].iloc[12] == pytest.approx(np.quantile(series[at_12], 0.5))
    assert x["q90_4w"].iloc[12] == pytest.approx(np.quantile(series[at_12], 0.9))


def test_the_calendar_of_the_spring_festival():
    feb = pd.date_range("2026-02-14", periods=96, freq="1h", tz=ZONE)
    x = load_features(feb, history(40), feb[0], calendar="cn")
    assert x["spring_days"].iloc[::24].tolist() == [-3, -2, -1, 0]
    assert x["holiday"].iloc[-1] == 1
    assert x["moved_workday"].iloc[0] == 1  # Saturday 14 February 2026 is worked
    assert "holiday" not in load_features(feb, history(40), feb[0])


def test_nothing_newer_than_the_issue_is_a_feature():
    clean = load_features(DAY, history(40), ISSUE, calendar="cn")
    pd.testing.assert_frame_equal(clean, load_features(DAY, poisoned(history(40)), ISSUE, calendar="cn"))


@pytest.mark.parametrize(("days", "engine"), [(30, "sklearn"), (80, "sklearn"), (80, "lightgbm")])
def test_nothing_newer_than_the_issue_is_learnt(days, engine):
    clean, bad = (forecast_load(s, ISSUE, DAY, engine=engine) for s in (history(days), poisoned(history(days))))
    np.testing.assert_array_equal(clean.quantiles.values, bad.quantiles.values)


def test_two_weeks_to_five_use_means():
    made = forecast_load(history(30), ISSUE, DAY)
    assert "1 mean_4w" in made.method
    assert "30 days" in made.notes[0] or "29 days" in made.notes[0]
    x = load_features(DAY, history(30), ISSUE, calendar="cn")
    np.testing.assert_allclose(made.quantiles.median, x["mean_4w"])


def test_less_than_two_weeks_is_refused():
    with pytest.raises(TooLittleHistory, match="at least 14"):
        forecast_load(history(10), ISSUE, DAY)
    sparse = history(30)
    sparse.iloc[: 24 * 20] = np.nan
    with pytest.raises(TooLittleHistory):
        forecast_load(sparse, ISSUE, DAY)


def test_a_plan_known_beforehand_is_used():
    """Works that run by an order book of coin flips: without the plan nobody can know."""
    series = history(120)
    rng = np.random.default_rng(4)
    plan = pd.Series(np.repeat(rng.integers(0, 2, len(series) // 24), 24).astype(float), index=series.index)
    by_plan = 2 + 8 * plan
    with_plan = forecast_load(by_plan, ISSUE, DAY, plan=plan, engine="lightgbm")
    without = forecast_load(by_plan, ISSUE, DAY, engine="lightgbm")
    actual = by_plan[DAY].to_numpy()
    assert np.abs(with_plan.quantiles.median - actual).mean() < 0.5
    wide, narrow = (np.subtract(*q.quantiles.interval(0.8)[::-1]).mean() for q in (without, with_plan))
    assert wide > 4
    assert narrow < wide / 2
    with pytest.raises(GridMismatch, match="plan"):
        forecast_load(by_plan, ISSUE, DAY, plan=plan[:-30])


def test_quarter_hours_hold_the_hour_of_an_hourly_history():
    quarters = pd.date_range("2026-05-21", periods=96, freq="15min", tz=ZONE)
    fine, hourly = (forecast_load(history(30), ISSUE, index).quantiles for index in (quarters, DAY))
    np.testing.assert_array_equal(fine.values, np.repeat(hourly.values, 4, axis=0))


def test_the_mix_never_loses_to_the_mean_where_it_was_chosen():
    rng = np.random.default_rng(1)
    actual = rng.normal(5, 1, 500)
    worse = np.stack([actual + rng.normal(0, s, 500) for s in (2.0, 0.5, 2.0, 2.0)], axis=1)
    assert best_mix(worse, actual)[1] >= 0.75
    better = np.stack([actual + rng.normal(0, s, 500) for s in (0.1, 1.0, 1.0, 1.0)], axis=1)
    assert best_mix(better, actual)[0] >= 0.75


def test_lightgbm_forecasts_the_same_works():
    one, other = (forecast_load(history(80), ISSUE, DAY, engine=e).quantiles.median for e in ("sklearn", "lightgbm"))
    np.testing.assert_allclose(one, other, atol=0.5)


def test_coverage_of_the_interval():
    series = history(120, noise=0.5)
    model = fit_load(series, ISSUE - timedelta(days=20), timedelta(hours=15), DAY.tz, Known(engine="lightgbm"))
    inside = []
    for ahead in range(20):
        day = DAY - timedelta(days=20 - ahead)
        low, high = model.predict(series, day[0] - timedelta(hours=15), day).interval(0.8)
        inside.append((series[day] >= low) & (series[day] <= high))
    assert 0.7 < np.mean(inside) < 0.9


@given(st.lists(st.floats(0, 500), min_size=1, max_size=30), st.floats(0, 0.3))
@settings(deadline=None)
def test_archetype_quantiles_are_normal_around_the_shape(mw, sigma):
    made = archetype_quantiles(np.array(mw), sigma)
    np.testing.assert_allclose(made.median, mw, rtol=1e-12)
    expected = norm.ppf(LEVELS, np.array(mw)[:, None], np.maximum(sigma * np.array(mw)[:, None], 1e-300))
    np.testing.assert_allclose(made.values, np.maximum(expected, 0), rtol=1e-9, atol=1e-9)


def test_what_is_over_cannot_be_forecast_and_times_need_a_zone():
    with pytest.raises(KnownTooLate):
        load_features(DAY, history(40), DAY[5])
    with pytest.raises(NaiveTime):
        load_features(DAY.tz_localize(None), history(40), ISSUE)
    with pytest.raises(GridMismatch):
        load_features(DAY, history(40).drop(history(40).index[5]), ISSUE)


@pytest.mark.parametrize(("plan_of_the_day", "height_mw"), [(1.0, 10.0), (0.5, 6.0)])
def test_a_plan_that_halves_the_shift_halves_its_load(plan_of_the_day, height_mw):
    """Works of 2 MW and 8 MW more by their plan, which one day in three is halved by chance."""
    series = history(120)
    days = np.arange(len(series)) // 24
    plan = pd.Series(
        np.where(np.random.default_rng(2).random(days[-1] + 1) < 1 / 3, 0.5, 1.0)[days], index=series.index
    )
    plan[DAY] = plan_of_the_day
    busy = series.to_numpy() > 5
    by_plan = pd.Series(np.where(busy, 2 + 8 * plan, 2.0), index=series.index)
    made = forecast_load(by_plan, ISSUE, DAY, plan=plan, engine="lightgbm").quantiles
    shift = (DAY.hour >= 8) & (DAY.hour < 18)
    np.testing.assert_allclose(made.median[shift], height_mw, rtol=0.07)
    np.testing.assert_allclose(made.median[~shift], 2.0, atol=0.2)


def test_a_plan_that_cannot_count_is_told():
    plan = pd.Series(1.0, index=history(30).index)
    made = forecast_load(history(30), ISSUE, DAY, plan=plan)
    assert any("The plan did not count" in note for note in made.notes)


def test_temperature_is_used():
    """A cold store whose compressors follow the air's temperature, which jumps from day to day."""
    index = history(120).index
    temp = pd.Series(np.repeat(np.random.default_rng(3).uniform(10, 35, len(index) // 24), 24), index=index)
    load = 1 + 0.1 * temp
    median = forecast_load(load, ISSUE, DAY, temp=temp, engine="lightgbm").quantiles.median
    actual = load[DAY].to_numpy()
    assert np.abs(median - actual).mean() < 0.25
    assert np.abs(median - actual).mean() < 0.5 * np.abs(load.mean() - actual).mean()
    with pytest.raises(GridMismatch, match="temp_air_degc"):
        forecast_load(load, ISSUE, DAY, temp=temp[:-30])


def test_a_quarter_hour_history_forecasts_quarters():
    """Within an hour the load rises by steps; they are kept, and their mean is the hour's forecast."""
    fine = history(40).resample("15min").ffill() + np.tile([0.0, 0.1, 0.2, 0.3], 24 * 42)[: 24 * 42 * 4 - 3]
    quarters = pd.date_range("2026-05-21", periods=96, freq="15min", tz=ZONE)
    made = forecast_load(fine, ISSUE, quarters).quantiles.median
    hourly = forecast_load(fine, ISSUE, DAY).quantiles.median
    np.testing.assert_allclose(np.diff(made.reshape(-1, 4), axis=1), 0.1, atol=1e-9)
    np.testing.assert_allclose(made.reshape(-1, 4).mean(axis=1), hourly, atol=1e-9)


def test_lightgbm_missing_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(NeedsExtra, match="lightgbm"):
        forecast_load(history(80), ISSUE, DAY, engine="lightgbm")


def test_the_spring_festival_is_forecast_as_the_sundays_were():
    """17 February 2026 is New Year, a Tuesday: holidays stand at rest without having been seen."""
    index = pd.date_range("2025-12-20", "2026-02-16T23:00", freq="1h", tz=ZONE)
    busy = (index.weekday < 5) & (index.hour >= 8) & (index.hour < 18)
    series = pd.Series(np.where(busy, 10.0, 2.0), index=index)
    new_year = pd.date_range("2026-02-17", periods=24, freq="1h", tz=ZONE)
    issue = pd.Timestamp("2026-02-13T09:00", tz=ZONE)
    cn, none = (forecast_load(series, issue, new_year, calendar=c).quantiles.median for c in ("cn", "none"))
    np.testing.assert_allclose(cn, 2.0)
    assert none[12] == pytest.approx(10.0)


def test_a_named_zone_without_summer_time_is_its_offset():
    named = DAY.tz_convert("Asia/Shanghai")
    one, other = (forecast_load(history(30), ISSUE, index).quantiles for index in (DAY, named))
    np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize("first", ["2026-05-20T09:00", "2026-05-20T12:00"])
def test_the_rest_of_the_day_of_the_issue(first):
    rest = pd.date_range(first, "2026-05-20T23:00", freq="1h", tz=ZONE)
    series = history(80)
    made = forecast_load(series, ISSUE, rest, engine="lightgbm").quantiles
    np.testing.assert_allclose(made.median, series[rest], atol=0.6)
    np.testing.assert_array_equal(
        made.values, forecast_load(poisoned(series), ISSUE, rest, engine="lightgbm").quantiles.values
    )
    with pytest.raises(KnownTooLate):
        forecast_load(series, ISSUE + timedelta(hours=5), rest)


def test_a_gap_of_the_meter_is_left_out():
    series = history(80)
    holes = series.copy()
    holes.iloc[24 * 60 : 24 * 63] = np.nan
    whole, made = (forecast_load(s, ISSUE, DAY, engine="lightgbm").quantiles for s in (series, holes))
    np.testing.assert_allclose(made.median, whole.median, atol=0.3)
    with pytest.raises(GridMismatch, match="load history"):
        forecast_load(series.drop(series.index[24 * 60 : 24 * 63]), ISSUE, DAY)
