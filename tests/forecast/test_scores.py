"""Point scores against hand-made cases and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from parkopt.faults import GridMismatch, ImplausibleValue, NothingToScore, OutOfRange, UnreadableValue
from parkopt.forecast import scores

A = np.array([10.0, 20.0, 0.0, 40.0])
F = np.array([12.0, 15.0, 0.0, 41.0])


def test_errors_by_hand():
    assert scores.mae(A, F) == pytest.approx(2.0)
    assert scores.rmse(A, F) == pytest.approx(np.sqrt(30 / 4))
    assert scores.bias(A, F) == pytest.approx(-0.5)
    assert scores.nmae(A, F, 50) == pytest.approx(0.04)
    assert scores.nrmse(A, F, 50) == pytest.approx(np.sqrt(7.5) / 50)
    assert scores.wape(A, F) == pytest.approx(8 / 70)
    assert scores.skill(A, F, A + 4) == pytest.approx(0.5)
    assert scores.correlation(A, F) == pytest.approx(np.corrcoef(A, F)[0, 1], rel=1e-12)


def test_edges():
    assert scores.wape([0.0, 0.0], [0.0, 0.0]) == 0
    assert scores.wape([0.0, 0.0], [0.0, 1.0]) == np.inf
    assert scores.skill(A, A, A) == 0
    assert scores.skill(A, F, A) == -np.inf
    assert np.isnan(scores.correlation([1.0, 1.0], [1.0, 2.0]))


def test_missing_pairs_are_dropped_and_counted():
    a, f = np.array([1.0, np.nan, 3.0, 4.0]), np.array([2.0, 2.0, np.nan, 4.0])
    (found,) = scores.score(a, f, 5)
    assert (found.steps, found.dropped, found.mae_mw) == (2, 2, 0.5)


def test_what_cannot_be_scored():
    with pytest.raises(NothingToScore):
        scores.mae([np.nan], [1.0])
    with pytest.raises(GridMismatch):
        scores.mae([1.0, 2.0], [1.0])
    with pytest.raises(UnreadableValue):
        scores.mae([np.inf], [1.0])
    with pytest.raises(OutOfRange):
        scores.nmae(A, F, 0)
    with pytest.raises(ImplausibleValue):
        scores.nmae(1000 * A, F, 50)  # kW given for MW
    with pytest.raises(GridMismatch):
        scores.score(A, F, 50, daylight=[True])


def test_daylight_beside_all_hours():
    lit = np.array([True, True, False, True])
    whole, day = scores.score(A, F, 50, scores.Reference("24 h", A + 4), lit)
    assert (whole.over, day.over) == ("all hours", "daylight")
    assert day.steps == 3
    assert day.dropped == 0
    assert day.mae_mw == pytest.approx(8 / 3)
    assert day.reference == "24 h"
    assert day.skill == pytest.approx(1 - 8 / 12)
    assert "50 MW" in whole.normalised_by
    assert whole.as_dict()["nmae"] == pytest.approx(0.04)


def test_ramps_count_by_direction_and_time():
    real = np.array([0.0, 0.0, 5.0, 5.0, 5.0, 0.0, 0.0, 0.0])
    late = np.roll(real, 1)
    assert scores.ramp_hit_rate(real, late, 10, slack=1) == 1
    assert scores.ramp_hit_rate(real, late, 10, slack=0) == 0
    assert scores.ramp_hit_rate(real, 5 - real, 10, slack=1) == 0
    assert np.isnan(scores.ramp_hit_rate(np.ones(5), np.ones(5), 10))


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=2, max_size=40))
def test_agrees_with_scikit_learn(pairs):
    a, f = np.array(pairs).T
    assert scores.mae(a, f) == pytest.approx(mean_absolute_error(a, f), abs=1e-12)
    assert scores.rmse(a, f) == pytest.approx(root_mean_squared_error(a, f), abs=1e-12)
    assert abs(scores.bias(a, f)) <= scores.mae(a, f) + 1e-12 <= scores.rmse(a, f) + 1e-9
