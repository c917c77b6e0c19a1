"""The one idea of time: regular grids in UTC, shown in a fixed zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.clock import STEPS_MIN, TimeGrid, fixed_zone, parse_date
from parkopt.errors import Where
from parkopt.faults import GridMismatch, NaiveTime, WrongDate, WrongStep, ZoneNotFixed

CN = timezone(timedelta(hours=8))
DAY = date(2026, 7, 15)
DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))
STEPS = st.sampled_from(STEPS_MIN)


@pytest.mark.parametrize(("step_min", "n"), [(60, 24), (30, 48), (15, 96)])
def test_a_day_has_24_hours_on_every_step(step_min, n):
    grid = TimeGrid.day(DAY, CN, step_min)
    assert (grid.n, grid.hours) == (n, step_min / 60)
    assert len(grid.index) == len(grid.local) == n
    assert grid.n * grid.hours == 24


def test_a_day_at_plus_8_begins_at_16_utc_the_day_before():
    grid = TimeGrid.day(DAY, CN)
    assert grid.start == datetime(2026, 7, 14, 16, tzinfo=UTC)
    assert grid.start.tzinfo is UTC
    assert grid.end == datetime(2026, 7, 15, 16, tzinfo=UTC)
    assert grid.local[0].isoformat() == "2026-07-15T00:00:00+08:00"
    assert grid.local[-1].isoformat() == "2026-07-15T23:00:00+08:00"
    assert {stamp.date() for stamp in grid.local} == {DAY}
    assert (grid.label(0), grid.label(18)) == ("2026-07-15 00:00", "2026-07-15 18:00")


def test_no_day_is_cut_where_china_once_had_summer_time():
    """Asia/Shanghai lost an hour on 4 May 1986."""
    grid = TimeGrid.day(date(1986, 5, 4), CN)
    assert grid.n == 24
    assert [stamp.hour for stamp in grid.local] == list(range(24))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("+08:00", 8),
        ("+0800", 8),
        ("UTC+08:00", 8),
        ("-03:30", -3.5),
        ("UTC", 0),
        ("Z", 0),
        ("+00:00", 0),
        ("+14:00", 14),
    ],
)
def test_fixed_zones(text, hours):
    assert fixed_zone(text).utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "Asia/Shanghai",
        "Europe/Berlin",
        "CET",
        "CST",
        "local",
        "",
        "+8",
        "08:00",
        "+08:60",
        "+07:99",
        "+15:00",
        "+14:01",
    ],
)
def test_what_is_no_fixed_zone_is_refused(text):
    with pytest.raises(ZoneNotFixed) as caught:
        fixed_zone(text, Where("park.yaml", 5, "zone"))
    assert caught.value.text().startswith("park.yaml:5, zone: [PK1112]")
    assert "+08:00" in caught.value.text("zh")


@pytest.mark.parametrize("text", ["15.07.2026", "2026-02-29", "2026-13-01", "tomorrow", "", "2026-07-15T00:00"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(WrongDate, match="2026-07-15"):
        parse_date(text)


def test_dates():
    assert parse_date("2026-07-15") == DAY
    assert parse_date("2024-02-29") == date(2024, 2, 29)


def test_a_naive_start_is_refused():
    with pytest.raises(NaiveTime, match="2026-07-15T00:00:00"):
        TimeGrid(datetime(2026, 7, 15), timedelta(hours=1), 24)  # noqa: DTZ001


@pytest.mark.parametrize("step_min", [0, -60, 1, 5, 20, 45, 59, 120])
def test_other_steps_are_refused(step_min):
    with pytest.raises(WrongStep, match="60, 30 or 15"):
        TimeGrid.day(DAY, CN, step_min)
    with pytest.raises(WrongStep):
        TimeGrid(datetime(2026, 7, 15, tzinfo=CN), timedelta(minutes=step_min), 24)


@pytest.mark.parametrize("n", [0, -1])
def test_a_grid_without_steps_is_refused(n):
    with pytest.raises(GridMismatch):
        TimeGrid(datetime(2026, 7, 15, tzinfo=CN), timedelta(hours=1), n)


@pytest.mark.parametrize(
    "other",
    [
        TimeGrid.day(DAY, CN, 30),
        TimeGrid.day(DAY, CN, days=2),
        TimeGrid.day(date(2026, 7, 16), CN),
        TimeGrid.day(DAY, UTC),
    ],
    ids=["step", "length", "day", "zone of the day"],
)
def test_two_grids_never_mix(other):
    grid = TimeGrid.day(DAY, CN)
    with pytest.raises(GridMismatch) as caught:
        grid.require("load", other)
    assert str(grid) in str(caught.value)
    assert str(other) in str(caught.value)
    grid.require("load", TimeGrid(grid.start, grid.step, grid.n))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_with_its_step(bad):
    values = [1.0] * 24
    values[5] = bad
    with pytest.raises(GridMismatch, match="step 5"):
        TimeGrid.day(DAY, CN).array("load", values)
    with pytest.raises(GridMismatch):
        TimeGrid.day(DAY, CN).array("load", bad)


@pytest.mark.parametrize("values", [[1.0] * 23, [1.0] * 25, [], [[1.0] * 24]])
def test_another_length_is_refused(values):
    with pytest.raises(GridMismatch, match="24 values"):
        TimeGrid.day(DAY, CN).array("load", values)


def test_one_number_is_spread():
    assert TimeGrid.day(DAY, CN).array("load", 3).tolist() == [3.0] * 24


@given(DAYS, STEPS, st.integers(1, 5), st.integers(-14 * 4, 14 * 4))
def test_grids_are_regular_and_whole(day, step_min, days, quarters):
    zone = timezone(timedelta(minutes=15 * quarters))
    grid = TimeGrid.day(day, zone, step_min, days)
    assert grid.end - grid.start == timedelta(days=days)
    steps = np.diff(grid.index.to_numpy())
    assert (steps == np.timedelta64(step_min, "m")).all()
    assert grid.local[0].date() == day
    assert (grid.local[0].hour, grid.local[0].minute) == (0, 0)
    assert grid.local[-1].date() == day + timedelta(days=days - 1)
    assert grid.index[-1] + grid.step == grid.end
    assert grid.label(0).startswith(day.isoformat())


@given(DAYS, STEPS)
def test_two_days_meet_without_gap(day, step_min):
    if day == date(2099, 12, 31):
        return
    one, two = (TimeGrid.day(day + timedelta(days=i), CN, step_min) for i in range(2))
    assert one.end == two.start
    both = TimeGrid.day(day, CN, step_min, 2)
    assert (*one.index, *two.index) == tuple(both.index)


@given(st.datetimes(datetime(1950, 1, 2), datetime(2099, 12, 30), timezones=st.just(CN)), STEPS, st.integers(1, 200))  # noqa: DTZ001
def test_the_same_instant_is_the_same_grid_in_any_zone(start, step_min, n):
    here = TimeGrid(start, timedelta(minutes=step_min), n)
    there = TimeGrid(start.astimezone(timezone(-timedelta(hours=5))), timedelta(minutes=step_min), n)
    here.require("grid", there)
    assert here == there
