"""Quantile forecasts: their shape is checked, and every reading of them agrees with the others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, WrongQuantiles
from parkopt.forecast.quantiles import LEVELS, PERCENTILES, Quantiles, averaged, rearranged, sure

ONE = Quantiles(np.array([0.1, 0.5, 0.9]), np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]]))


@pytest.mark.parametrize(
    ("levels", "values", "says"),
    [
        ([0.0, 0.5], [[1.0, 2.0]], "between 0 and 1"),
        ([0.5, 0.5], [[1.0, 2.0]], "rise strictly"),
        ([0.1, 0.5], [[1.0, 2.0, 3.0]], "2 levels"),
        ([0.1, 0.5], [[1.0, np.nan]], "not a number"),
        ([0.1, 0.5], [[2.0, 1.0]], "fall"),
        ([], [[]], "between 0 and 1"),
    ],
)
def test_what_is_no_quantile_forecast_is_refused(levels, values, says):
    with pytest.raises(WrongQuantiles, match=says):
        Quantiles(np.array(levels), np.array(values))


def test_lines_between_levels_and_held_beyond_them():
    assert ONE.at(0.3) == pytest.approx([1.5, 0.0])
    assert ONE.at(0.7) == pytest.approx([4.0, 0.0])
    assert ONE.at(0.01) == pytest.approx([1.0, 0.0])
    assert ONE.at(0.99) == pytest.approx([6.0, 0.0])
    low, high = ONE.interval(0.8)
    assert (low[0], high[0]) == (1.0, 6.0)
    assert ONE.median[0] == 2.0


def test_ranks_of_what_came():
    """Below all levels the middle of what is left; at an atom the middle of the levels that share it."""
    assert ONE.ranks(np.array([4.0, 0.0])) == pytest.approx([0.7, 0.5])
    assert ONE.ranks(np.array([0.0, -1.0])) == pytest.approx([0.05, 0.05])
    assert ONE.ranks(np.array([9.0, 1.0])) == pytest.approx([0.95, 0.95])


def test_drawn_values_are_those_at_the_ranks():
    ranks = np.array([[0.3, 0.5], [0.9, 0.2]])
    assert ONE.drawn(ranks) == pytest.approx(np.array([[1.5, 0.0], [6.0, 0.0]]))
    with pytest.raises(GridMismatch):
        ONE.drawn(np.zeros((2, 3)))


def test_limits_scale_and_rows():
    assert ONE.within(1.5, 5.0).values[0].tolist() == [1.5, 2.0, 5.0]
    assert ONE.within(0.0, np.array([3.0, 0.0])).values[0].tolist() == [1.0, 2.0, 3.0]
    assert ONE.scaled(2.0).values[0].tolist() == [2.0, 4.0, 12.0]
    assert len(ONE[1:]) == 1
    assert sure(np.array([3.0])).at(0.07) == 3.0


def test_the_average_goes_level_by_level():
    other = Quantiles(np.array([0.1, 0.5, 0.9]), np.array([[3.0, 4.0, 8.0], [2.0, 2.0, 2.0]]))
    assert averaged([ONE, other]).values[0].tolist() == [2.0, 3.0, 7.0]
    assert averaged([ONE, other], [3.0, 1.0]).values[0].tolist() == [1.5, 2.5, 6.5]
    with pytest.raises(GridMismatch):
        averaged([ONE, other[:1]])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_reading_and_ranking_undo_each_other(seed, n):
    rng = np.random.RandomState(seed)
    made = rearranged(LEVELS, np.cumsum(rng.uniform(0.01, 1.0, (n, len(LEVELS))), axis=1))
    level = float(rng.uniform(0.06, 0.94))
    assert made.ranks(made.at(level)) == pytest.approx(np.full(n, level))
    fine = made.on(PERCENTILES)
    assert fine.at(0.5) == pytest.approx(made.median)
    assert (np.diff(fine.values, axis=1) >= 0).all()
    assert averaged([made, made]).values == pytest.approx(made.values)
