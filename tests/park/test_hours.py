"""Windows of the local day."""

from __future__ import annotations

import re
from datetime import date, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from parkopt.clock import STEPS_MIN, TimeGrid
from parkopt.park.hours import DAY_MIN, Window, minutes, minutes_inside, share_inside

CN = timezone(timedelta(hours=8))
MINUTE = st.integers(0, DAY_MIN)


def clock(minute):
    return f"{minute // 60}:{minute % 60:02d}"


def grid(step_min=60, days=1):
    return TimeGrid.day(date(2026, 7, 15), CN, step_min, days)


@pytest.mark.parametrize(
    ("window", "intervals"),
    [
        ("14-22", [(840, 1320)]),
        ("19:30-21:30", [(1170, 1290)]),
        ("0-6", [(0, 360)]),
        ("00:00-24:00", [(0, 1440)]),
        ("22-2", [(1320, 1440), (0, 120)]),
        ("23:30-0:15", [(1410, 1440), (0, 15)]),
        (" 8 - 9 ", [(480, 540)]),
    ],
)
def test_windows_are_read(window, intervals):
    assert minutes(window) == intervals


@pytest.mark.parametrize(
    "window",
    ["", "14", "14-", "-22", "14-14", "25-26", "14-24:01", "8:60-9", "14:75-16", "8.30-9", "8:3-9", "a-b", "8-9-10"],
)
def test_what_is_no_window_is_refused(window):
    with pytest.raises(ValueError, match=f"^{re.escape(window)}$"):
        minutes(window)
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Window).validate_python(window)
    assert caught.value.errors()[0]["type"] == "window"


@pytest.mark.parametrize(
    ("windows", "step_min", "inside"),
    [
        (["19:30-21:30"], 60, {19: 0.5, 20: 1.0, 21: 0.5}),
        (["19:30-21:30"], 30, {39: 1.0, 40: 1.0, 41: 1.0, 42: 1.0}),
        (["22-2"], 60, {22: 1.0, 23: 1.0, 0: 1.0, 1: 1.0}),
        (["23:45-0:15"], 60, {23: 0.25, 0: 0.25}),
        (["8-9", "8:30-10"], 60, {8: 1.0, 9: 1.0}),
        (["8:00-8:15", "8:00-8:15"], 60, {8: 0.25}),
        ([], 60, {}),
    ],
)
def test_share_of_each_step(windows, step_min, inside):
    expected = [inside.get(step, 0.0) for step in range(24 * 60 // step_min)]
    assert share_inside(grid(step_min), windows).tolist() == expected


@given(st.lists(st.tuples(MINUTE, MINUTE), max_size=4), st.sampled_from(STEPS_MIN))
def test_shares_count_minutes(pairs, step_min):
    """Against a count of minutes, one by one."""
    windows = [f"{clock(a)}-{clock(b)}" for a, b in pairs if a != b]
    marked = [any(a <= m < b if a < b else m >= a or m < b for a, b in pairs if a != b) for m in range(DAY_MIN)]
    assert minutes_inside(windows).tolist() == marked
    share = share_inside(grid(step_min, days=2), windows)
    expected = np.array(marked, dtype=float).reshape(-1, step_min).mean(axis=1)
    assert share == pytest.approx(np.tile(expected, 2))


def test_a_step_across_midnight_sees_both_days():
    late = TimeGrid(grid().start + timedelta(hours=23, minutes=30), timedelta(hours=1), 1)
    assert share_inside(late, ["0-1"]).tolist() == [0.5]
