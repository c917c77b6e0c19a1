"""Storm stops over time: storms by hand, a loop that goes step by step, and the ends of the curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import NegativeValue, OutOfRange, WrongCurve
from parkopt.forecast.turbines import power_curve, user_curve
from parkopt.forecast.wind import RHO_0_KG_PER_M3, power_share, wind_power_mw
from parkopt.forecast.wind_storm import turning, with_soft_stop

STORM = [20.0, 24.0, 25.0, 26.0, 24.0, 22.5, 22.0, 21.9, 23.0, 25.1, 24.0]


def by_steps(speeds, stop, restart, stopped):
    """The turbine as a state machine."""
    out = []
    for v in speeds:
        if v > stop:
            stopped = True
        elif v < restart:
            stopped = False
        out.append(not stopped)
    return out


def test_a_storm_by_hand():
    want = [1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]
    assert turning(STORM, 25.0, 22.0).tolist() == [bool(x) for x in want]


def test_the_state_before_the_first_step_counts_until_a_step_decides():
    assert turning([23.0, 24.0, 21.0, 23.0], 25.0, 22.0, stopped=True).tolist() == [False, False, True, True]
    assert turning([23.0, 24.0], 25.0, 22.0, stopped=False).all()
    assert turning([], 25.0, 22.0).size == 0


def test_without_a_gap_it_is_the_plain_stop():
    speeds = np.linspace(0, 40, 401)
    np.testing.assert_array_equal(turning(speeds, 25.0, 25.0)[speeds != 25.0], (speeds <= 25.0)[speeds != 25.0])


@settings(max_examples=200, deadline=None)
@given(
    speeds=st.lists(st.sampled_from([5.0, 21.9, 22.0, 22.1, 24.0, 25.0, 25.1, 30.0]) | st.floats(0, 40), max_size=60),
    restart=st.floats(15, 25),
    stopped=st.booleans(),
)
def test_equals_the_state_machine(speeds, restart, stopped):
    assert turning(speeds, 25.0, restart, stopped=stopped).tolist() == by_steps(speeds, 25.0, restart, stopped)


@settings(max_examples=50, deadline=None)
@given(speeds=st.lists(st.floats(15, 35), min_size=2, max_size=40), cut=st.integers(1, 39))
def test_a_horizon_in_two_parts_is_the_whole_where_the_state_is_handed_over(speeds, cut):
    cut = min(cut, len(speeds) - 1)
    whole = turning(speeds, 25.0, 22.0)
    rest = turning(speeds[cut:], 25.0, 22.0, stopped=not whole[cut - 1])
    np.testing.assert_array_equal(whole[cut:], rest)


def test_faults():
    with pytest.raises(OutOfRange):
        turning([5.0], 25.0, 26.0)
    with pytest.raises(NegativeValue):
        turning([-1.0], 25.0, 22.0)


def test_a_soft_stop_falls_on_a_straight_line():
    soft = with_soft_stop(power_curve("V164/8000"), 24.0, 32.0)
    got = power_share([24.0, 26.0, 28.0, 32.0, 33.0], RHO_0_KG_PER_M3, soft)
    np.testing.assert_allclose(got, [1.0, 0.75, 0.5, 0.0, 0.0])
    below = np.linspace(0, 24, 97)
    hard = power_share(below, RHO_0_KG_PER_M3, power_curve("V164/8000"))
    np.testing.assert_array_equal(power_share(below, RHO_0_KG_PER_M3, soft), hard)


@pytest.mark.parametrize(("begins", "stops"), [(26.0, 30.0), (5.0, 30.0), (25.0, 25.0), (25.0, 24.0)])
def test_a_soft_stop_that_cannot_be(begins, stops):
    with pytest.raises(WrongCurve, match="soft stop"):
        with_soft_stop(power_curve("V164/8000"), begins, stops)


def test_the_last_value_is_not_held_beyond_the_table():
    """atlite held it (its issue 314): np.interp does so where it is not told otherwise."""
    curve = user_curve({0: 0, 3: 0, 12: 8, 25: 8})
    assert np.interp(26.0, curve.speeds_m_per_s, curve.power_mw) == 8.0
    assert wind_power_mw([25.001, 26.0, 60.0], RHO_0_KG_PER_M3, curve, 100.0, 0.0).tolist() == [0, 0, 0]
