"""Hours to finer steps, sun formulas, the displacement of the sun."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.weather.offset import closure_rms, noon_shift_min, solar_offset_min
from parkopt.weather.resample import between, refine, shaped, step_offset_min
from parkopt.weather.sun import clear_sky, cos_zenith, diffuse_fraction, extraterrestrial_w_per_m2, later, split_global

PLACE = (33.8, 120.5)


def hours(n=24, start="2026-06-30T16:00"):
    return later(np.full(n, np.datetime64(start, "s")), np.arange(n) * 60.0)


@given(
    st.lists(st.floats(0, 1400), min_size=24, max_size=24),
    st.sampled_from([2, 4]),
    st.integers(0, 364),
    st.sampled_from([0.0, 10.0, 30.0]),
)
def test_irradiance_keeps_the_mean_of_each_hour(values, steps, day, offset):
    hourly = dict.fromkeys(("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2"), np.array(values))
    start = hours() + np.timedelta64(day, "D")
    for fine in refine(hourly, start, steps, PLACE, offset).values():
        assert (fine >= 0).all()
        assert fine.reshape(24, steps).mean(axis=1) == pytest.approx(values, abs=1e-9)


def test_light_follows_the_sun_within_an_hour():
    ghi = np.clip(cos_zenith(later(hours(), 30), *PLACE), 0, None) * 1000
    fine = refine({"ghi_w_per_m2": ghi}, hours(), 4, PLACE)["ghi_w_per_m2"]
    true = np.clip(cos_zenith(later(np.repeat(hours(), 4), np.tile([7.5, 22.5, 37.5, 52.5], 24)), *PLACE), 0, None)
    # 20 W/m2 where the sun rises within the hour, else 5
    assert np.abs(fine - true * 1000).max() < 20
    assert np.abs(np.repeat(ghi, 4) - true * 1000).max() > 60


def test_flat_where_there_is_no_sun():
    assert shaped(np.array([8.0]), np.zeros((1, 4))).tolist() == [8, 8, 8, 8]


def test_the_rest_is_straight_and_ends_are_held():
    assert between(np.array([0.0, 8.0]), 4).tolist() == [0, 0, 1, 3, 5, 7, 8, 8]


def test_offset_of_finer_steps():
    assert step_offset_min(30, 4) == 7.5
    assert step_offset_min(30, 2) == 15
    assert step_offset_min(0, 4) == -22.5


@pytest.mark.parametrize("instant", ["2026-06-21T04:00", "2026-12-21T04:00", "2026-03-20T01:00", "2026-09-01T08:00"])
def test_sun_agrees_with_pvlib(instant):
    from pvlib.solarposition import spa_python

    expected = float(spa_python(pd.DatetimeIndex([pd.Timestamp(instant, tz="UTC")]), *PLACE)["zenith"].iloc[0])
    found = np.rad2deg(np.arccos(cos_zenith(np.array([np.datetime64(instant, "s")]), *PLACE)))[0]
    assert found == pytest.approx(expected, abs=0.35)


def test_clear_sky_is_plausible():
    year = hours(8760, "2022-12-31T16:00")
    middle = later(year, 30)
    height, extra = cos_zenith(middle, *PLACE), extraterrestrial_w_per_m2(middle)
    ghi, dni = clear_sky(height, extra, np.full(8760, 3.4))
    # pvlib Ineichen at 33.8 N: 2129 kWh/m2 (reference, weather 2.2)
    assert ghi.sum() / 1000 == pytest.approx(2129, rel=0.03)
    assert ghi[height <= 0].max() == 0
    assert (ghi <= extra * np.clip(height, 0, None)).all()
    assert 700 < dni.max() < 1050


def test_erbs_is_continuous_at_its_joints():
    for joint in (0.22, 0.8):
        below, above = diffuse_fraction(np.array([joint - 1e-6, joint + 1e-6]))
        assert below == pytest.approx(above, abs=0.01)


@given(st.floats(0, 1300), st.floats(-1, 1))
def test_split_closes(ghi, height):
    one = np.array([ghi]), np.array([height])
    dni, dhi = split_global(*one, np.array([1361.0]))
    assert 0 <= dni[0] <= 1361
    assert dhi[0] + dni[0] * max(height, 0) == pytest.approx(ghi, abs=1e-9)


@pytest.mark.parametrize("true_min", [-60, -30, 0, 10, 30, 75])
def test_closure_finds_the_sun(true_min):
    starts = hours(24 * 200)
    height = np.clip(cos_zenith(later(starts, true_min), *PLACE), 0, None)
    dni = np.where(height > 0, 500.0 + 200 * np.sin(np.arange(len(starts))), 0)
    dhi = np.where(height > 0, 120.0, 0)
    light = (dhi + dni * height, dni, dhi)
    found = solar_offset_min(starts, light, PLACE)
    assert found.found
    assert found.minutes == true_min
    assert closure_rms(starts, light, PLACE, true_min) < 1e-6


def test_closure_without_direct_light_says_nothing():
    starts = hours(24 * 30)
    ghi = np.clip(cos_zenith(later(starts, 30), *PLACE), 0, None) * 300
    found = solar_offset_min(starts, (ghi, np.zeros_like(ghi), ghi), PLACE, 30)
    assert (found.minutes, found.found) == (30, False)
    dark = np.zeros_like(ghi)
    assert not solar_offset_min(starts, (dark, dark, dark), PLACE).found


@pytest.mark.parametrize("wrong_h", [-8, -1, 0, 1, 8])
def test_noon_shift_sees_a_wrong_zone(wrong_h):
    starts = hours(24 * 365)
    ghi = np.clip(cos_zenith(later(starts, 30), *PLACE), 0, None)
    found = noon_shift_min(later(starts, wrong_h * 60), ghi, PLACE[1])
    assert found == pytest.approx(wrong_h * 60 - 30, abs=5)
