"""The PV chain: closed-form cases, pvlib's own ModelChain, a real year of weather."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, NaiveTime, NegativeValue, OutOfRange, UnreadableValue
from parkopt.forecast import pv
from tests.forecast.pvlib_chain import by_model_chain

YANCHENG = (33.8, 120.5, 3.0)
EPW = Path(__file__).parents[3] / "shared/data/weather/CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw"
PLANT = {"dc_mw": 80.0, "ac_limit_mw": 70.0, "tilt_deg": 25.0, "azimuth_deg": 180.0}


@pytest.fixture(scope="module")
def year():
    """A year of made-up weather: clear-sky irradiance under moving clouds."""
    from pvlib import irradiance, location

    index = pd.date_range("2026-01-01", periods=8760, freq="h", tz="UTC")
    middle = index + pd.Timedelta(minutes=30)
    site = location.Location(YANCHENG[0], YANCHENG[1], "UTC", YANCHENG[2])
    clear = site.get_clearsky(middle, model="haurwitz")["ghi"].to_numpy()
    hours = np.arange(8760)
    ghi = clear * (0.65 + 0.35 * np.sin(hours / 17.0))
    zenith = site.get_solarposition(middle)["apparent_zenith"].to_numpy()
    ghi = np.where(zenith < 89, ghi, 0.0)
    parts = irradiance.erbs_driesse(ghi, zenith, middle)
    weather = pd.DataFrame({"ghi": ghi, "dni": np.asarray(parts["dni"]), "dhi": np.asarray(parts["dhi"])}, index=middle)
    weather["temp_air"] = 15 + 12 * np.sin((hours - 2900) / 8760 * 2 * np.pi)
    weather["wind_speed"] = 3 + 2 * np.sin(hours / 31.0)
    return index, weather


def power(index, weather, **changes):
    sun = pv.sun(index, *YANCHENG, 30.0)
    columns = (weather[c].to_numpy() for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed"))
    return pv.pv_power_mw(sun, *columns, **(PLANT | changes))


@pytest.mark.parametrize(("tilt", "azimuth", "ac"), [(25.0, 180.0, 70.0), (10.0, 90.0, 50.0), (60.0, 260.0, 90.0)])
def test_equals_pvlib_model_chain(year, tilt, azimuth, ac):
    """Albedo 0: pvlib's chain has one share for all diffuse light, so none may come from the ground.

    12 degC: the chain bends the light by the air of each hour, `sun` by that of 12 degC.
    """
    from pvlib import pvsystem

    index, weather = year
    weather = weather.assign(temp_air=12.0)
    fixed = pvsystem.FixedMount(surface_tilt=tilt, surface_azimuth=azimuth)
    theirs = by_model_chain(YANCHENG, weather, [fixed], [1.0], [pv.diffuse_share(tilt)[0]], ac).to_numpy()
    mine = power(index, weather, tilt_deg=tilt, azimuth_deg=azimuth, ac_limit_mw=ac, albedo=0.0)
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)
    assert mine.max() > 0.5 * ac


def test_flat_plane_under_the_zenith_sun():
    """Sun straight above a flat plane: nothing but the formulas of cells, DC and inverter is left."""
    one = np.array([0.0])
    overhead = pv.Sun(one, np.array([180.0]), np.array([1361.0]))
    plane = pv.plane_of_array(overhead, 1000.0, 1000.0, 0.0, 0.0, 180.0)
    assert plane.total == pytest.approx(1000.0)
    assert plane.effective == pytest.approx(1000.0)
    got = pv.pv_power_mw(
        overhead, 1000.0, 1000.0, 0.0, 20.0, 2.0, dc_mw=10, ac_limit_mw=9.8, tilt_deg=0, azimuth_deg=180
    )
    cell = 20 + 1000 / (25 + 6.84 * 2)
    dc = 10 * (1 - 0.0034 * (cell - 25)) * 0.9
    zeta = dc / 10
    eta = 0.98 / 0.9637 * (-0.0162 * zeta - 0.0059 / zeta + 0.9858)  # PVWatts 5, Dobos 2014
    assert got == pytest.approx(dc * eta, rel=1e-9)


def test_ground_light_counts_on_a_steep_plane(year):
    index, weather = year
    steep = {"tilt_deg": 80.0}
    assert power(index, weather, albedo=0.6, **steep).sum() > 1.1 * power(index, weather, albedo=0.0, **steep).sum()


def test_night_gives_nothing_even_with_false_light(year):
    index, weather = year
    lit = weather.assign(ghi=300.0, dni=300.0, dhi=200.0)
    sun = pv.sun(index, *YANCHENG, 30.0)
    got = power(index, lit)
    assert (got[~sun.up] == 0).all()
    assert (~sun.up).sum() > 4000


def test_offset_is_in_the_sun(year):
    index, _ = year
    shifted = pv.sun(index + pd.Timedelta(minutes=30), *YANCHENG, 0.0)
    assert pv.sun(index, *YANCHENG, 30.0) is shifted, "the same instants at the same site are computed once"
    local = pv.sun(index.tz_convert("Asia/Shanghai"), *YANCHENG, 30.0)
    np.testing.assert_array_equal(local.zenith_deg, shifted.zenith_deg)
    with pytest.raises(ValueError, match="read-only"):
        shifted.zenith_deg[0] = 0.0


@settings(max_examples=40, deadline=None)
@given(
    ghi=st.floats(0, 1500), dni=st.floats(0, 1200), dhi=st.floats(0, 900), temp=st.floats(-40, 50),
    wind=st.floats(0, 40), tilt=st.floats(0, 90), azimuth=st.floats(0, 360), ac=st.floats(0.5, 100),
)  # fmt: skip
def test_power_stays_between_0_and_the_limit(ghi, dni, dhi, temp, wind, tilt, azimuth, ac):
    sun = pv.sun(pd.date_range("2026-06-20", periods=24, freq="h", tz="UTC"), *YANCHENG, 30.0)
    got = pv.pv_power_mw(sun, ghi, dni, dhi, temp, wind, dc_mw=80, ac_limit_mw=ac, tilt_deg=tilt, azimuth_deg=azimuth)
    assert got.shape == (24,)
    assert (got >= 0).all()
    assert (got <= ac).all()


def test_faults(year):
    index, weather = year
    broken = weather.copy()
    broken.loc[broken.index[4], "dni"] = np.nan
    with pytest.raises(UnreadableValue) as fault:
        power(index, broken)
    assert fault.value.where.row == 5
    with pytest.raises(NegativeValue):
        power(index, weather.assign(ghi=-1.0))
    with pytest.raises(GridMismatch):
        power(index[:100], weather)
    with pytest.raises(NaiveTime):
        pv.sun(index.tz_localize(None), *YANCHENG, 30.0)
    for wrong in ({"ac_limit_mw": 0.0}, {"tilt_deg": 120.0}, {"loss": 1.4}, {"dc_mw": float("nan")}):
        with pytest.raises(OutOfRange):
            power(index, weather, **wrong)


def test_a_year_is_fast_with_the_sun_known(year):
    index, weather = year
    power(index, weather)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        power(index, weather)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.06


@pytest.mark.skipif(not EPW.exists(), reason="the weather files are not part of the project")
def test_shanghai_yield_is_plausible():
    from pvlib import iotools

    data, meta = iotools.read_epw(EPW, coerce_year=2025)
    sun = pv.sun(data.index, meta["latitude"], meta["longitude"], meta["altitude"], 0.0)  # TMYx: offset 0
    got = pv.pv_power_mw(
        sun, data["ghi"], data["dni"], data["dhi"], data["temp_air"], data["wind_speed"],
        dc_mw=1.0, ac_limit_mw=1.0, tilt_deg=25.0, azimuth_deg=180.0,
    )  # fmt: skip
    poa = pv.plane_of_array(sun, data["ghi"], data["dni"], data["dhi"], 25.0, 180.0)
    yield_h = got.sum()
    ratio = yield_h / (poa.total.sum() / 1000)
    assert 1050 < yield_h < 1400
    assert 0.78 < ratio < 0.88
