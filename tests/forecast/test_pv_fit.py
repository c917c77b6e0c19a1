"""Fitting the PV chain: known truth comes back, dirty records are cleaned, too little is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import CannotFit, GridMismatch, TooLittleHistory
from parkopt.forecast import pv
from parkopt.forecast.pv_fit import fit_pv_parameters, fit_pv_scale, shift_min
from parkopt.forecast.pv_scada import clean_scada
from tests.bench import pv_conversion

DAYS, DAY = 60, 96
INDEX = pd.date_range("2026-03-31T16:00", periods=DAYS * DAY, freq="15min", tz="UTC")
SUN = pv.sun(INDEX, 33.8, 120.5, 3.0, 7.5)
COS = np.cos(np.radians(np.minimum(SUN.zenith_deg, 90.0)))
CLOUDS = 0.55 + 0.4 * np.sin(np.arange(INDEX.size) / 41.0)
SKY = pv.Sky(900 * CLOUDS * COS + 120 * COS, 900 * CLOUDS, 120 * COS, 15.0, 3.0)
ABOUT = {"capacity_mw": 50.0, "step_min": 15, "up": SUN.up}


def model(tilt=25.0, azimuth=180.0, loss=0.1):
    plane = (pv.Array(pv.Fixed(tilt, azimuth)),)
    return pv.plant_power_mw(SUN, SKY, pv.Plant(50.0, 50.0, plane, loss=loss))


MODEL = model()


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.4, 1.05))
def test_the_scale_comes_back(scale):
    fit = fit_pv_scale(MODEL, scale * MODEL, **ABOUT)
    assert fit.scale == pytest.approx(scale, rel=1e-9)
    assert fit.nmae == pytest.approx(0.0, abs=1e-9)
    assert fit.nrmse == pytest.approx(0.0, abs=1e-9)
    assert fit.notes == ()


def test_dirty_steps_are_dropped_and_counted():
    power = (0.9 * MODEL).astype(object)
    noon = np.flatnonzero(MODEL > 15.0)
    night = np.flatnonzero(~SUN.up)
    day = noon[:: len(noon) // 40]
    power[day[0]], power[day[1]], power[day[2]], power[day[3]] = "--", -99, 6553.5, -3276.7
    power[day[4]], power[day[5]], power[day[6]] = 3276.7, 80.0, -4.0
    power[night[:10]] = -0.0357
    stuck = noon[np.flatnonzero(np.diff(noon, append=0) == 1)[400]]
    power[stuck : stuck + 5] = 12.345
    off = slice(20 * DAY, 21 * DAY)
    power[off] = 0.0
    held = np.zeros(INDEX.size, dtype=bool)
    held[30 * DAY : 31 * DAY] = True
    power[held] = 0.3 * MODEL[held]
    power[40 * DAY : 41 * DAY] = 0.4 * MODEL[40 * DAY : 41 * DAY]  # half the plant is off, and no one says so
    fit = fit_pv_scale(MODEL, power, curtailed=held, **ABOUT)
    assert fit.scale == pytest.approx(0.9, rel=1e-9)
    found = {key: fit.dropped[key] for key in ("unreadable", "sentinel", "above_capacity", "negative", "stuck")}
    assert found == {"unreadable": 1, "sentinel": 4, "above_capacity": 1, "negative": 1, "stuck": 5}
    assert fit.dropped["night_set_to_0"] == 10
    lit = MODEL > 1.0
    assert fit.dropped["outage"] == lit[off].sum()
    assert fit.dropped["curtailed"] == lit[held].sum()
    assert fit.dropped["odd_day"] == lit[40 * DAY : 41 * DAY].sum()
    left = sum(fit.dropped.values()) - fit.dropped["night_set_to_0"]
    assert fit.used_steps == lit.sum() - left


def test_clipped_steps_do_not_lower_the_scale():
    power = np.minimum(1.1 * MODEL, 25.0)
    fit = fit_pv_scale(MODEL, power, limit_mw=25.0, **ABOUT)
    assert fit.dropped["at_limit"] > 100
    assert fit.scale == pytest.approx(1.1, rel=1e-9)
    assert fit.nrmse == pytest.approx(0.0, abs=1e-9)
    assert power.sum() / MODEL.sum() < 1.05


def test_cleaning_keeps_what_is_power():
    up = np.array([False, True, True, True, True, True, False])
    clean, found = clean_scada([-0.04, 0.0, 5.0, -0.01, 6.0, "x", 0.2], 10.0, up)
    np.testing.assert_array_equal(clean, [0.0, 0.0, 5.0, 0.0, 6.0, np.nan, 0.0])
    assert (found["unreadable"], found["night_set_to_0"], found["stuck"]) == (1, 2, 0)
    full, _ = clean_scada([10.0] * 7, 10.0, np.ones(7, bool), 10.0)
    assert (full == 10.0).all(), "equal readings at the limit are right"
    with pytest.raises(GridMismatch):
        clean_scada([1.0], 10.0, up)


@pytest.mark.parametrize("steps", [-4, 0, 2, 4])
def test_a_wrong_clock_is_told_and_nothing_moved(steps):
    moved = np.roll(0.9 * MODEL, steps)
    assert shift_min(MODEL, moved, 15) == pytest.approx(15.0 * steps, abs=4.0)
    fit = fit_pv_scale(MODEL, moved, **ABOUT)
    assert fit.shift_min == pytest.approx(15.0 * steps, abs=6.0)
    assert bool(fit.notes) == (steps != 0)
    if steps:
        assert ("behind" if steps > 0 else "ahead") in fit.notes[0].en
        assert fit.nmae > 0.005, "the error of the wrong clock stays"


def test_plane_and_scale_come_back():
    truth = 0.85 * model(33.0, 165.0)
    free = {"tilt_deg": (0.0, 20.0, 60.0), "azimuth_deg": (120.0, 180.0, 240.0)}
    fit = fit_pv_parameters(lambda p: model(p["tilt_deg"], p["azimuth_deg"]), truth, free, **ABOUT)
    assert fit.parameters["tilt_deg"] == pytest.approx(33.0, abs=0.2)
    assert fit.parameters["azimuth_deg"] == pytest.approx(165.0, abs=0.3)
    assert fit.scale == pytest.approx(0.85, rel=1e-3)
    assert fit.nrmse < 1e-3
    assert fit.nrmse < fit_pv_scale(MODEL, truth, **ABOUT).nrmse


def test_too_little_is_refused():
    short = slice(0, 29 * DAY)
    few = ABOUT | {"up": SUN.up[short]}
    with pytest.raises(TooLittleHistory) as fault:
        fit_pv_scale(MODEL[short], MODEL[short], **few)
    assert fault.value.facts["days"] == 29
    with pytest.raises(TooLittleHistory):
        fit_pv_scale(MODEL, np.zeros(INDEX.size), **ABOUT)
    with pytest.raises(CannotFit):
        fit_pv_parameters(lambda _: MODEL, MODEL, {}, **ABOUT)


@pytest.mark.skipif(not pv_conversion.SITE_3.exists(), reason="needs ../shared")
def test_a_real_plant_fits_and_its_dead_sensor_is_seen():
    site = pv_conversion.site_3()
    fit_on, test_on, _ = pv_conversion.spans(site)
    month = np.asarray(site.local.strftime("%Y-%m"))
    assert set(month[fit_on]) == {"2019-08", "2019-09", "2019-10", "2019-11", "2019-12"}
    first = {"tilt_deg": 30.0, "azimuth_deg": 180.0}
    about = {"capacity_mw": 30.0, "step_min": 15, "limit_mw": 27.5}
    fit = fit_pv_scale(site.power(fit_on, **first), site.raw[fit_on], up=site.sun.up[fit_on], **about)
    got = np.minimum(fit.scale * site.power(test_on, **first), 27.5)
    error = (got - site.measured[test_on]) / 30.0
    assert np.nanmean(np.abs(error)) < 0.025
    assert abs(fit.shift_min) < 5.0
