"""Gaps and directions: straight lines for numbers, vectors for where the wind comes from."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.errors import Faults, Where
from parkopt.faults import MissingSteps
from parkopt.weather.clean import fill_gaps
from parkopt.weather.resample import between_directions, refine, to_degrees, to_vectors

HOUR = timedelta(hours=1)
NAME = "wind_from_direction_10m_deg"
NAN = np.nan


def filled(values, name=NAME, **options):
    return fill_gaps({name: np.array(values)}, HOUR, **options)


def apart(a, b):
    """Angle between directions, in degrees."""
    return np.abs((np.asarray(a) - np.asarray(b) + 180) % 360 - 180)


def test_north_lies_between_350_and_10():
    whole, notes = filled([350.0, NAN, 10.0])
    assert apart(whole[NAME][1], 0) == pytest.approx(0, abs=1e-9)
    assert notes == (f"1 missing hour(s) of {NAME} were interpolated.",)
    assert whole[NAME][[0, 2]].tolist() == [350.0, 10.0]


def test_north_over_the_years_end():
    whole, _ = filled([NAN, 10.0, 90.0, 350.0], around=True)
    assert apart(whole[NAME][0], 0) == pytest.approx(0, abs=1e-9)


def test_finer_steps_go_through_north():
    fine = refine(
        {NAME: np.array([350.0, 10.0])}, np.array(["2026-07-01T00", "2026-07-01T01"], "datetime64[s]"), 4, (33, 120)
    )
    assert apart(fine[NAME], [350, 350, 352.5, 357.5, 2.5, 7.5, 10, 10]).max() < 0.2


@given(st.lists(st.floats(0, 360), min_size=2, max_size=30), st.sampled_from([2, 4]))
def test_directions_stay_directions_and_do_not_overshoot(values, steps):
    hours = np.array(values)
    fine = between_directions(hours, steps)
    assert ((fine >= 0) & (fine <= 360)).all()
    # half an hour on either side of the middle of an hour, no farther than the neighbours are
    turns = apart(hours[1:], hours[:-1])
    widest = np.maximum(np.append(turns, 0), np.insert(turns, 0, 0))
    assert (apart(fine, np.repeat(hours, steps)) <= np.repeat(widest, steps) + 1e-6).all()


@given(st.floats(0, 360))
def test_vectors_and_back(direction):
    assert apart(to_degrees(to_vectors(np.array([direction]))), direction) == pytest.approx(0, abs=1e-6)


@given(st.lists(st.floats(-60, 60), min_size=3, max_size=40), st.data())
def test_filled_values_lie_between_their_neighbours(values, data):
    gone = data.draw(st.integers(1, len(values) - 2))
    holed = np.array(values)
    holed[gone] = NAN
    whole, _ = filled(holed, "temp_air_degc")
    low, high = sorted((values[gone - 1], values[gone + 1]))
    assert low - 1e-9 <= whole["temp_air_degc"][gone] <= high + 1e-9
    assert np.delete(whole["temp_air_degc"], gone).tolist() == np.delete(values, gone).tolist()


@pytest.mark.parametrize(("step_min", "longest"), [(60, 3), (30, 6), (15, 12)])
def test_three_hours_are_filled_and_no_more(step_min, longest):
    step = timedelta(minutes=step_min)
    for length in (longest, longest + 1):
        values = np.arange(40.0)
        values[5 : 5 + length] = NAN
        if length == longest:
            whole, _ = fill_gaps({"temp_air_degc": values}, step)
            assert whole["temp_air_degc"] == pytest.approx(np.arange(40.0))
        else:
            with pytest.raises(MissingSteps) as caught:
                fill_gaps({"temp_air_degc": values}, step, Where("a.csv"), header_lines=4)
            assert (caught.value.where.file, caught.value.where.line, caught.value.where.row) == ("a.csv", 10, 6)


def test_rows_that_are_not_lines_and_all_variables_at_once():
    gone = np.full(9, NAN)
    with pytest.raises(Faults) as caught:
        fill_gaps({"temp_air_degc": gone, NAME: gone}, HOUR, Where("a.json"), header_lines=None)
    assert [fault.where.field for fault in caught.value.faults] == ["temp_air_degc", NAME]
    assert {fault.where.line for fault in caught.value.faults} == {None}
