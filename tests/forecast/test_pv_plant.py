"""Trackers, several orientations, bifacial modules, dirt, age and snow: against pvlib and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, NegativeValue, OutOfRange, TooShort
from parkopt.forecast import pv
from parkopt.forecast.pv_bifacial import BACK_SHADE, back_w_per_m2
from parkopt.forecast.pv_losses import aged_share, bare_share, clean_share
from parkopt.forecast.pv_plane import diffuse_shares
from tests.forecast.pvlib_chain import by_model_chain

PLACE = (33.8, 120.5, 3.0)
INDEX = pd.date_range("2026-03-01", periods=24 * 120, freq="h", tz="UTC")
SOUTH = pv.Fixed(25.0, 180.0)
ROOFS = (pv.Array(pv.Fixed(10.0, 90.0), 0.6), pv.Array(pv.Fixed(35.0, 260.0), 0.4))
AXIS = pv.Tracker(axis_azimuth_deg=170.0, max_angle_deg=55.0, gcr=0.35)
ROWS = pv.Back(bifaciality=0.75, gcr=0.4, height_m=1.5, pitch_m=5.0)


@pytest.fixture(scope="module")
def sun():
    return pv.sun(INDEX, *PLACE, 30.0)


@pytest.fixture(scope="module")
def weather(sun):
    """Clear sky by Haurwitz under moving clouds; 12 degC, as `sun` bends the light."""
    from pvlib import clearsky, irradiance

    n = np.arange(INDEX.size)
    ghi = clearsky.haurwitz(pd.Series(sun.zenith_deg))["ghi"].to_numpy() * (0.65 + 0.35 * np.sin(n / 17.0))
    parts = irradiance.erbs_driesse(ghi, sun.zenith_deg, dni_extra=sun.dni_extra)
    columns = {"ghi": ghi, "dni": np.asarray(parts["dni"]), "dhi": np.asarray(parts["dhi"])}
    frame = pd.DataFrame(columns, index=INDEX + pd.Timedelta(minutes=30))
    return frame.assign(temp_air=12.0, wind_speed=3 + 2 * np.sin(n / 31.0))


def sky(weather, **more):
    return pv.Sky(*(weather[c].to_numpy() for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed")), **more)


def plant(*arrays, ac=70.0, **more):
    return pv.Plant(80.0, ac, arrays or (pv.Array(SOUTH),), **more)


@pytest.mark.parametrize("backtrack", [True, False])
def test_tracker_equals_pvlib_model_chain(sun, weather, backtrack):
    from pvlib import pvsystem

    mount = pvsystem.SingleAxisTrackerMount(0, 170.0, 55.0, backtrack=backtrack, gcr=0.35)
    axis = pv.Tracker(170.0, 55.0, 0.35, backtrack)
    share = pd.Series(diffuse_shares(axis.angles_deg(sun)[0])[0], weather.index)
    theirs = by_model_chain(PLACE, weather, [mount], [1.0], [share], 70.0).fillna(0.0).to_numpy()
    mine = pv.plant_power_mw(sun, sky(weather), plant(pv.Array(axis), albedo=0.0))
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)
    assert mine.max() > 50


def test_two_orientations_equal_pvlib_with_two_arrays(sun, weather):
    from pvlib import pvsystem

    mounts = [pvsystem.FixedMount(a.mount.tilt_deg, a.mount.azimuth_deg) for a in ROOFS]
    shares = [pv.diffuse_share(a.mount.tilt_deg)[0] for a in ROOFS]
    theirs = by_model_chain(PLACE, weather, mounts, [0.6, 0.4], shares, 45.0).fillna(0.0).to_numpy()
    mine = pv.plant_power_mw(sun, sky(weather), plant(*ROOFS, ac=45.0, albedo=0.0))
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)
    assert (mine == 45.0).any(), "the limit holds the sum of both"


def test_halves_of_one_orientation_are_the_whole(sun, weather):
    whole = pv.plant_power_mw(sun, sky(weather), plant())
    halves = pv.plant_power_mw(sun, sky(weather), plant(pv.Array(SOUTH, 0.5), pv.Array(SOUTH, 0.5)))
    np.testing.assert_allclose(halves, whole, rtol=1e-12)


def test_shares_from_the_table_equal_the_integrals():
    tilts = np.array([0.0, 7.0, 25.0, 48.0, 90.0, 131.0, 155.0])
    exact = np.array([pv.diffuse_share(float(t)) for t in tilts])
    np.testing.assert_allclose(np.transpose(diffuse_shares(tilts)), exact, atol=1e-3)


def test_a_tracker_gives_no_less_than_fixed_on_a_clear_day():
    from pvlib import clearsky, irradiance

    index = pd.date_range("2026-06-20T16:00", periods=96, freq="15min", tz="UTC")
    sun = pv.sun(index, *PLACE, 7.5)
    ghi = clearsky.haurwitz(pd.Series(sun.zenith_deg))["ghi"].to_numpy()
    parts = irradiance.erbs_driesse(ghi, sun.zenith_deg, dni_extra=sun.dni_extra)
    clear = pv.Sky(ghi, parts["dni"], parts["dhi"], 25.0, 2.0)
    turned, fixed = (pv.plant_power_mw(sun, clear, plant(pv.Array(m), ac=100.0)).sum() for m in (pv.Tracker(), SOUTH))
    assert 1.1 < turned / fixed < 1.5


def test_axis_points_and_limits(sun):
    tilt, azimuth = AXIS.angles_deg(sun)
    assert tilt.max() == pytest.approx(55.0)
    assert (tilt[~sun.up] == 0).all()
    off = (azimuth[sun.up & (tilt > 1)] - 170.0) % 180.0
    np.testing.assert_allclose(off, 90.0)
    straight = pv.Tracker(170.0, 55.0, 0.35, backtrack=False).angles_deg(sun)[0]
    assert (straight >= tilt - 1e-9).all(), "rows turn back towards flat"
    assert straight.sum() > 1.05 * tilt.sum()
    with pytest.raises(OutOfRange):
        pv.Tracker(gcr=0.0).angles_deg(sun)


@pytest.mark.parametrize("mount", [SOUTH, pv.Tracker()])
def test_light_on_the_back_equals_pvlib(sun, weather, mount):
    """Against `infinite_sheds.get_irradiance`, which turns the rows over itself."""
    from pvlib.bifacial import infinite_sheds

    tilt, azimuth = mount.angles_deg(sun)
    total, effective = back_w_per_m2(sun, sky(weather).light, tilt, azimuth, ROWS, 0.25)
    up = sun.up
    tilts, azimuths = (np.broadcast_to(x, up.shape)[up] for x in (tilt, azimuth))
    ghi, dni, dhi = (weather[c].to_numpy()[up] for c in ("ghi", "dni", "dhi"))
    theirs = infinite_sheds.get_irradiance(
        tilts, azimuths, sun.zenith_deg[up], sun.azimuth_deg[up], 0.4, 1.5, 5.0, ghi, dhi, dni, 0.25,
        model="haydavies", dni_extra=sun.dni_extra[up], bifaciality=0.75, shade_factor=BACK_SHADE,
    )  # fmt: skip
    np.testing.assert_allclose(total[up], theirs["poa_global"] - theirs["poa_front"], rtol=1e-6, atol=1e-6)
    assert (total[~up] == 0).all()
    assert 0.85 * total.sum() < effective.sum() < 0.97 * total.sum(), "glass keeps some"


@pytest.mark.parametrize("mount", [SOUTH, pv.Tracker()])
def test_bifacial_gain(sun, weather, mount):
    one, none, both, bright = (
        pv.plant_power_mw(sun, sky(weather), plant(pv.Array(mount), ac=100.0, back=back, albedo=albedo))
        for back, albedo in (
            (None, 0.2), (pv.Back(0.0, 0.4, 1.5, 5.0), 0.2), (ROWS, 0.2), (ROWS, 0.5)
        )
    )  # fmt: skip
    np.testing.assert_array_equal(none, one)
    assert 1.02 < both.sum() / one.sum() < 1.15
    assert (both >= one - 1e-9).all()
    assert bright.sum() > 1.03 * both.sum()
    with pytest.raises(OutOfRange):
        pv.plant_power_mw(sun, sky(weather), plant(back=pv.Back(1.4, 0.4, 1.5, 5.0)))


@settings(max_examples=30, deadline=None)
@given(
    dirt=st.floats(0, 0.5), more=st.floats(0, 0.5), age=st.floats(0, 0.03), older=st.floats(0, 0.03),
    ac=st.floats(1, 100), gcr=st.floats(0.1, 0.9), turn=st.floats(0, 90),
)  # fmt: skip
def test_dirt_and_age_never_add_and_the_limit_holds(dirt, more, age, older, ac, gcr, turn):
    index = INDEX[:48]
    sun, local = pv.sun(index, *PLACE, 30.0), index.tz_convert("+08:00")
    clear = pv.Sky(400.0, 500.0, 150.0, 20.0, 2.0)
    arrays = (pv.Array(pv.Tracker(180.0, turn, gcr), 0.5), pv.Array(SOUTH, 0.5))

    def power(soiling, loss):
        kept = clean_share(local, soiling) * aged_share(local, "2016-06", loss)
        return pv.plant_power_mw(sun, clear, plant(*arrays, ac=ac), kept)

    less, base = power(dirt + more, age + older), power(dirt, age)
    assert (less <= base + 1e-9).all()
    assert (base >= 0).all()
    assert (base <= ac).all()
    assert (base[~sun.up] == 0).all()


def test_dirt_by_month_and_age_by_date():
    local = pd.DatetimeIndex(["2026-01-31 23:00", "2026-02-01 00:00", "2031-06-01 00:00"]).tz_localize("+08:00")
    months = [0.01, 0.02, 0, 0, 0, 0.06, *[0.0] * 6]
    np.testing.assert_allclose(clean_share(local, months), [0.99, 0.98, 0.94])
    np.testing.assert_allclose(clean_share(local, 0.03), 0.97)
    assert aged_share(local, "2021-06", 0.005)[2] == pytest.approx(0.95, abs=2e-5)
    assert aged_share(local, "2027-01", 0.005)[0] == 1.0, "new before its first month"
    assert aged_share(local, "1990-01", 0.1)[2] == 0.0
    with pytest.raises(GridMismatch):
        clean_share(local, [0.1, 0.2])
    for wrong in (lambda: clean_share(local, 1.2), lambda: aged_share(local, "2021-06", -0.1)):
        with pytest.raises(OutOfRange):
            wrong()


def test_snow_covers_slides_and_melts():
    n = 48
    depth = np.r_[np.zeros(5), np.full(35, 0.10), np.zeros(8)]  # 10 cm fall at step 5, gone at step 40
    cold = bare_share(depth, np.zeros(n), -30.0, 30.0, 1.0)
    assert (cold[:5] == 1).all()
    assert (cold[5:40] == 0).all(), "too cold and dark to slide"
    assert (cold[40:] == 1).all()
    warm = bare_share(depth, np.full(n, 500.0), 1.0, 30.0, 1.0)
    # slides 0.197 sin(30) = 0.0985 of the slant height an hour: half of it is free after six hours
    assert warm[10] == 0.0
    assert warm[11] == 0.5
    assert warm[16] == 1.0
    with pytest.raises(TooShort):
        bare_share([0.0, 0.1], np.zeros(2), 0.0, 30.0, 1.0)
    with pytest.raises(NegativeValue):
        bare_share(-depth, np.zeros(n), 0.0, 30.0, 1.0)


def test_snow_takes_power_only_where_given(sun, weather):
    none = pv.plant_power_mw(sun, sky(weather), plant())
    bare = pv.plant_power_mw(sun, sky(weather, snow_depth_m=0.0), plant())
    np.testing.assert_array_equal(bare, none)
    depth = np.where(np.arange(INDEX.size) > 100, 0.2, 0.0)
    cold = weather.assign(temp_air=-20.0)
    snowed = pv.plant_power_mw(sun, sky(cold, snow_depth_m=depth), plant())
    assert snowed[101:125].sum() < 0.5 * pv.plant_power_mw(sun, sky(cold), plant())[101:125].sum()
