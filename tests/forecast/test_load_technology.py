"""A load of a park file and its outlook: from history and plan, from a profile, from an archetype."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from parkopt.clock import TimeGrid
from parkopt.faults import GridMismatch, MissingSteps, TooLittleHistory
from parkopt.forecast.load_blend import archetype_quantiles, forecast_load
from parkopt.forecast.quantiles import LEVELS
from parkopt.models.base import Conditions
from parkopt.models.tech.load import Load, load_outlook
from parkopt.park.series import SeriesSpec

ZONE = "+08:00"
ISSUE = pd.Timestamp("2026-05-20T09:00", tz=ZONE)
DAY = pd.date_range("2026-05-21", periods=24, freq="1h", tz=ZONE)
SHIFT = (DAY.hour >= 8) & (DAY.hour < 18)


def works(days: int, noise: float = 0.1) -> pd.Series:
    """Works of 10 MW in the day shift of workdays, 2 MW else, to the end of the day ahead."""
    index = pd.date_range(end=DAY[-1], periods=24 * (days + 2), freq="1h")
    busy = (index.weekday < 5) & (index.hour >= 8) & (index.hour < 18)
    away = noise * np.random.default_rng(0).standard_normal(len(index))
    return pd.Series(np.where(busy, 10.0, 2.0) + away, index=index)


def written(folder: Path, name: str, series: pd.Series, unit: str, **more: str) -> SeriesSpec:
    """Write a series as a park's file."""
    rows = pd.DataFrame({"time": [t.isoformat() for t in series.index], "value": series.to_numpy()})
    rows.to_csv(folder / name, index=False)
    return SeriesSpec(file=name, column="value", unit=unit, **more)


def asked(folder: Path, minutes: int = 60) -> Conditions:
    grid = TimeGrid(DAY[0].to_pydatetime(), timedelta(minutes=minutes), 24 * 60 // minutes)
    return Conditions(grid, None, None, folder)


def shaped(**more: object) -> Load:
    return Load(enterprise="works", archetype="two_shift", annual="35000 MWh/a", **more)


def test_an_outlook_from_history_is_its_forecast(tmp_path):
    series = works(30)
    load = shaped(history=written(tmp_path, "past.csv", series, "MW"))
    made = load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime())
    direct = forecast_load(series, ISSUE, DAY)
    np.testing.assert_allclose(made.quantiles.values, direct.quantiles.values, rtol=1e-9)
    assert list(load.files()) == [("history.file", "past.csv")]


def test_a_planned_half_shift_halves_the_outlook(tmp_path):
    """A plan of tonnes a quarter-hour, hourly power: 2 MW and 8 MW more at 100 t; one day in three has half of it."""
    base = works(120, noise=0.02)
    days = np.arange(len(base)) // 24
    tonnes = np.where(np.random.default_rng(5).random(days[-1] + 1) < 1 / 3, 50.0, 100.0)
    tonnes[-1] = 50.0
    mw = base.where(base < 5, 2 + 0.08 * tonnes[days])
    plan = pd.Series(np.repeat(tonnes, 96), index=pd.date_range(base.index[0], periods=4 * len(base), freq="15min"))
    load = shaped(history=written(tmp_path, "past.csv", mw, "MW"), plan=written(tmp_path, "plan.csv", plan, "t"))
    assert [file for _, file in load.files()] == ["past.csv", "plan.csv"]
    made = load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime()).quantiles
    np.testing.assert_allclose(made.median[SHIFT], 6.0, rtol=0.1)
    np.testing.assert_allclose(made.median[~SHIFT], 2.0, atol=0.3)


def test_a_plan_that_ends_before_the_day_is_refused(tmp_path):
    series = works(30)
    plan = pd.Series(1.0, index=series.index[:-24])
    load = shaped(history=written(tmp_path, "a.csv", series, "MW"), plan=written(tmp_path, "b.csv", plan, "t"))
    with pytest.raises(GridMismatch, match="2026-05-21 00:00"):
        load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime())


def test_faults_of_the_history_file(tmp_path):
    series = works(30)
    gap = shaped(history=written(tmp_path, "gap.csv", series.drop(series.index[40:50]), "MW"))
    with pytest.raises(MissingSteps, match="10 time step"):
        load_outlook(gap, asked(tmp_path), ISSUE.to_pydatetime())
    short = shaped(history=written(tmp_path, "short.csv", works(10), "MW"))
    with pytest.raises(TooLittleHistory):
        load_outlook(short, asked(tmp_path), ISSUE.to_pydatetime())


def test_annual_scales_the_shape_alone_and_a_difference_is_told(tmp_path):
    series = works(30)
    spec = written(tmp_path, "past.csv", series, "MW")
    near, far = (
        Load(enterprise="works", archetype="two_shift", annual=f"{float(series.mean()) * 8760 * k} MWh/a", history=spec)
        for k in (1.1, 2.0)
    )
    one, other = (load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime()) for load in (near, far))
    np.testing.assert_array_equal(one.quantiles.values, other.quantiles.values)
    assert not any("annual" in note for note in one.notes)
    assert any("the forecast follows the history" in note for note in other.notes)


def test_a_profile_has_the_spread_of_its_own_days(tmp_path):
    """Works with normal noise of 0.5 MW: around a 4-week mean of some 20 days that is the spread."""
    series = works(84, noise=0.5)
    load = Load(enterprise="works", profile=written(tmp_path, "p.csv", series, "MW"), calendar="none")
    made = load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime())
    np.testing.assert_allclose(made.quantiles.median, series[DAY], rtol=1e-9)
    low, high = made.quantiles.interval(0.8)
    assert np.mean(high - low) == pytest.approx(2 * 1.2816 * 0.5, rel=0.15)
    assert "4-week means" in made.notes[0]
    doubled = load.model_copy(update={"annual": float(series.mean()) * 8760 * 2})
    wide = load_outlook(doubled, asked(tmp_path), ISSUE.to_pydatetime())
    np.testing.assert_allclose(wide.quantiles.values, made.quantiles.scaled(2.0).values, rtol=1e-6)


def test_a_short_profile_stands_without_doubt(tmp_path):
    series = works(38)
    load = Load(enterprise="works", profile=written(tmp_path, "p.csv", series, "MW"))
    made = load_outlook(load, asked(tmp_path), ISSUE.to_pydatetime())
    np.testing.assert_allclose(made.quantiles.values, np.repeat(series[DAY].to_numpy()[:, None], len(LEVELS), axis=1))
    assert "less than six weeks" in made.notes[0]


def test_an_archetype_has_a_conventional_spread(tmp_path):
    at = asked(tmp_path, 15)
    made = load_outlook(shaped(), at, ISSUE.to_pydatetime())
    expected = archetype_quantiles(shaped().series(at)["demand_mw"])
    np.testing.assert_array_equal(made.quantiles.values, expected.values)
    assert "convention" in made.notes[0]


def test_a_plan_needs_a_history():
    with pytest.raises(ValidationError, match="history"):
        shaped(plan=SeriesSpec(file="plan.csv", column="t", unit="t"))
