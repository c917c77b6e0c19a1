"""Losses one by one, wakes by speed, and the loss that yields known full-load hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.errors import Where
from parkopt.faults import CannotFit, ImplausibleValue, OutOfRange, TooShort, WrongCurve
from parkopt.forecast import wind
from parkopt.forecast.wind_losses import (
    WAKE_NAMES,
    SpeedShare,
    calibrated_loss,
    combined_loss,
    full_load_hours,
    share_in_service,
    wake_curve,
)

YEAR = np.abs(np.sin(np.arange(8760) / 50)) * 80


def test_causes_multiply():
    got = combined_loss(1 - wind.WAKE, wind.AVAILABILITY, 1 - wind.ELECTRICAL, 1 - wind.PERFORMANCE)
    assert got == pytest.approx(1 - 0.92 * 0.955 * 0.975 * 0.91)
    assert combined_loss() == 0.0
    with pytest.raises(OutOfRange):
        combined_loss(wake=1.1)


@given(a=st.floats(0, 1), b=st.floats(0, 1), c=st.floats(0, 1))
def test_more_of_one_cause_is_never_less_lost(a, b, c):
    low, high = sorted((a, b))
    assert combined_loss(wake=low, electrical=c) <= combined_loss(wake=high, electrical=c)
    assert combined_loss(availability=high, other=c) <= combined_loss(availability=low, other=c)


@pytest.mark.parametrize("name", WAKE_NAMES)
def test_wakes_by_speed_are_those_of_windpowerlib(name):
    from windpowerlib.wake_losses import reduce_wind_speed

    speeds = np.linspace(0, 30, 301)
    np.testing.assert_allclose(speeds * wake_curve(name).at(speeds), reduce_wind_speed(speeds, name), rtol=1e-12)


def test_dena_loses_most_between_cut_in_and_rated():
    curve = wake_curve("dena_mean")
    assert curve.at(np.array([6.5]))[0] == pytest.approx(0.940, abs=0.003)  # parkopt reference 3.3
    assert curve.at(np.array([20.0]))[0] > 0.98


def test_a_share_by_speed_must_make_sense():
    held = SpeedShare("w", np.array([5.0, 10.0]), np.array([0.9, 1.0]))
    np.testing.assert_allclose(held.at(np.array([0.0, 7.5, 40.0])), [0.9, 0.95, 1.0])
    for speeds, share in (([5.0, 5.0], [0.9, 0.9]), ([5.0], [1.2]), ([], []), ([5.0], [np.nan])):
        with pytest.raises(WrongCurve):
            SpeedShare("w", np.array(speeds), np.array(share))


def test_out_of_service():
    np.testing.assert_allclose(share_in_service([0.0, 25.0, 100.0], 100.0, Where()), [1.0, 0.75, 0.0])
    with pytest.raises(ImplausibleValue, match="101"):
        share_in_service([0.0, 101.0], 100.0, Where(file="outage.csv", field="mw"))


def test_the_calibrated_loss_gives_the_hours_back():
    loss = calibrated_loss(YEAR, 100.0, 2551.0)
    assert full_load_hours(YEAR * (1 - loss), 100.0) == pytest.approx(2551.0, rel=1e-12)
    quarters = np.repeat(YEAR, 4)
    assert calibrated_loss(quarters, 100.0, 2551.0, 0.25) == pytest.approx(loss)
    leap = np.append(YEAR, np.full(24, YEAR.mean()))
    assert calibrated_loss(leap, 100.0, 2551.0) == pytest.approx(loss)  # 8784 h are scaled to 8760


def test_what_cannot_be_calibrated():
    with pytest.raises(CannotFit, match="before losses"):
        calibrated_loss(YEAR, 100.0, 6000.0)
    with pytest.raises(TooShort):
        calibrated_loss(YEAR[:4380], 100.0, 2551.0)
    with pytest.raises(OutOfRange):
        calibrated_loss(YEAR, 100.0, 9000.0)
