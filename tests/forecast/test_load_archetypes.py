"""Load shapes: energy, load factors, holidays, steps."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.faults import GridMismatch, NaiveTime, OutOfRange, TooShort, UnknownArchetype, WrongStep
from parkopt.forecast.load import ARCHETYPES, archetype_mw, load_factor

CHINA = fixed_zone("+08:00")
DOCS = Path(__file__).parents[2] / "docs/forecast.md"
NAMES = sorted(ARCHETYPES)


def shape(name, day, days, step_min=60, mwh=8760.0):
    return archetype_mw(name, TimeGrid.day(day, CHINA, step_min, days).local, mwh)


def daily(name, day, days):
    return shape(name, day, days).reshape(days, 24).mean(axis=1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("year", "days"), [(2026, 365), (2028, 366)])
@pytest.mark.parametrize("step_min", [60, 30, 15])
def test_a_year_sums_up_to_its_energy(name, year, days, step_min):
    got = shape(name, date(year, 1, 1), days, step_min, 420_000.0)
    assert got.sum() * step_min / 60 == pytest.approx(420_000.0, rel=1e-12)
    assert (got > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_load_factor_is_the_one_of_its_kind_and_of_the_docs(name):
    got = load_factor(name, 2026)
    assert got == pytest.approx(ARCHETYPES[name].load_factor, abs=0.06)
    written = re.search(rf"\| {name} \|[^|]*\| ([\d.]+) \|", DOCS.read_text(encoding="utf-8"))
    assert written
    assert float(written[1]) == pytest.approx(got, abs=0.0006)


@pytest.mark.parametrize("name", NAMES)
def test_an_hour_is_the_mean_of_its_quarters_and_no_quarter_jumps(name):
    quarters = shape(name, date(2026, 2, 1), 60, 15)
    np.testing.assert_allclose(shape(name, date(2026, 2, 1), 60, 60), quarters.reshape(-1, 4).mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(shape(name, date(2026, 2, 1), 60, 30), quarters.reshape(-1, 2).mean(axis=1), rtol=1e-12)
    assert np.abs(np.diff(quarters)).max() < 0.15 * quarters.max()


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("three_shift", 0.4, 0.7), ("two_shift", 0.4, 0.7), ("one_shift", 0.4, 0.7), ("continuous", 0.05, 0.15)],
)
def test_spring_festival_dip(name, least, most):
    usual = daily(name, date(2026, 3, 2), 28).mean()
    dip = 1 - daily(name, date(2026, 2, 16), 7) / usual
    assert least < dip.mean() < most
    assert dip.max() < most + 0.05


def test_weekend_holiday_and_moved_workday():
    weeks = daily("three_shift", date(2026, 9, 14), 28)  # Monday 14 September to 11 October
    workday, saturday, worked_sunday, national = weeks[0], weeks[5], weeks[6], weeks[17]
    assert saturday < 0.8 * workday
    assert worked_sunday == pytest.approx(workday, rel=0.02)
    assert national < saturday
    assert weeks[26] == pytest.approx(weeks[25], rel=0.02)  # Saturday 10 October is worked


def test_cold_store_peaks_in_summer():
    assert daily("cold_store", date(2026, 7, 13), 5).mean() > 1.8 * daily("cold_store", date(2026, 1, 12), 5).mean()


def test_a_window_over_new_year_takes_each_year_by_itself():
    both = shape("one_shift", date(2026, 12, 31), 2)
    np.testing.assert_array_equal(both[:24], shape("one_shift", date(2026, 12, 31), 1))
    np.testing.assert_array_equal(both[24:], shape("one_shift", date(2027, 1, 1), 1))


def test_one_step_with_a_frequency_is_enough():
    whole = shape("two_shift", date(2026, 7, 15), 1)
    one = TimeGrid.day(date(2026, 7, 15), CHINA).local[9:10]
    np.testing.assert_array_equal(archetype_mw("two_shift", one, 8760.0), whole[9:10])


def test_faults():
    grid = TimeGrid.day(date(2026, 7, 15), CHINA).local
    with pytest.raises(UnknownArchetype, match="data_centre"):
        archetype_mw("bakery", grid, 1.0)
    with pytest.raises(NaiveTime):
        archetype_mw("continuous", grid.tz_localize(None), 1.0)
    with pytest.raises(OutOfRange):
        archetype_mw("continuous", grid, -1.0)
    with pytest.raises(WrongStep):
        archetype_mw("continuous", pd.date_range("2026-07-15", periods=4, freq="2h", tz=CHINA), 1.0)
    with pytest.raises(GridMismatch):
        archetype_mw("continuous", grid[[0, 1, 3]], 1.0)
    with pytest.raises(GridMismatch):
        archetype_mw("continuous", grid + pd.Timedelta(minutes=5), 1.0)
    with pytest.raises(TooShort):
        archetype_mw("continuous", grid[:0], 1.0)


def test_a_year_is_fast_once_known():
    index = TimeGrid.day(date(2026, 1, 1), CHINA, 60, 365).local
    archetype_mw("three_shift", index, 1.0)
    start = time.perf_counter()
    archetype_mw("three_shift", index, 1.0)
    assert time.perf_counter() - start < 0.02
