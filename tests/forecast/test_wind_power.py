"""The wind chain: closed forms, windpowerlib's own chain, the traps at the cut-out."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, ImplausibleValue, NegativeValue, OutOfRange, TooShort, UnreadableValue
from parkopt.forecast import wind
from parkopt.forecast.turbines import power_curve, turbine_names, user_curve

RHO = wind.RHO_0_KG_PER_M3
STORM = user_curve({0: 0, 3: 0, 12: 8, 25: 8}, "ends at full power")
LEVELS = user_curve({0: 0, 3: 0, 12: 8, 25: 8, 25.5: 0, 30: 0}, "ends at 0")


def power(speed, curve=STORM, density=RHO, **changes):
    return wind.wind_power_mw(np.atleast_1d(speed), density, curve, **({"capacity_mw": 100.0, "loss": 0.0} | changes))


def test_one_height_follows_the_power_law():
    got = wind.hub_speed_m_per_s({10.0: [5.0, 8.0]}, 105.0, 0.16)
    np.testing.assert_allclose(got, np.array([5.0, 8.0]) * 10.5**0.16)


def test_two_heights_give_the_exponent_of_each_step():
    low, high = np.array([5.0, 5.0, 5.0, 0.0]), np.array([5 * 10**0.2, 4.0, 50.0, 6.0])
    got = wind.hub_speed_m_per_s({10.0: low, 100.0: high}, 150.0, 0.1)
    np.testing.assert_allclose(got, high * 1.5 ** np.array([0.2, 0.0, 0.45, 0.1]))


def test_the_two_heights_nearest_to_the_hub_count_and_the_hub_itself_is_exact():
    speeds = {10.0: [1.0], 80.0: [7.0], 120.0: [7.7]}
    alpha = np.log(7.7 / 7.0) / np.log(120 / 80)
    np.testing.assert_allclose(wind.hub_speed_m_per_s(speeds, 105.0, 0.2), 7.7 * (105 / 120) ** alpha)
    assert wind.hub_speed_m_per_s(speeds, 80.0, 0.2) == pytest.approx(7.0)


def test_density_is_the_standard_atmosphere():
    assert wind.air_density_kg_per_m3(15.0, 101_325.0, 0.0) == pytest.approx(1.2250, abs=2e-4)
    assert wind.air_density_kg_per_m3(15.0, 101_325.0, 1000.0) == pytest.approx(1.1117, abs=2e-4)  # ISO 2533
    assert wind.air_density_kg_per_m3([15.0, 0.0], 101_325.0, 100.0).shape == (2,)
    assert wind.air_density_kg_per_m3(15.0, [101_325.0, 99_000.0], 100.0).shape == (2,)


@pytest.mark.parametrize("wrong", [(15.0, 1013.25, 0.0), (288.15, 101_325.0, 0.0)])
def test_density_refuses_hectopascal_and_kelvin(wrong):
    with pytest.raises(ImplausibleValue):
        wind.air_density_kg_per_m3(*wrong)


def test_density_moves_the_speed_by_its_cube_root():
    got = power(9.0, density=1.1)
    np.testing.assert_allclose(got, 100 * (9 * (1.1 / RHO) ** (1 / 3) - 3) / 9)


@pytest.mark.parametrize("density", [1.0, RHO, 1.35])
def test_nothing_above_the_last_speed_whatever_the_density(density):
    np.testing.assert_allclose(power([24.99, 25.0, 25.01, 26.0, 40.0], density=density), [100, 100, 0, 0, 0])


def test_a_curve_that_ends_at_0_falls_as_it_says():
    np.testing.assert_allclose(power([25.0, 25.25, 25.5, 29.0, 31.0], LEVELS), [100, 50, 0, 0, 0])
    assert LEVELS.cut_out_m_per_s == 25.0


def test_an_earlier_stop_is_kept_and_a_later_one_refused():
    np.testing.assert_allclose(power([21.9, 22.0, 22.1], cut_out_m_per_s=22.0), [100, 100, 0])
    with pytest.raises(OutOfRange):
        power(10.0, cut_out_m_per_s=28.0)


def test_loss_is_the_product_that_the_docs_name():
    product = wind.WAKE * wind.AVAILABILITY * wind.ELECTRICAL * wind.PERFORMANCE
    assert 1 - product == pytest.approx(wind.LOSS, abs=0.001)
    got = wind.wind_power_mw([20.0], RHO, STORM, capacity_mw=300.0)
    np.testing.assert_allclose(got, 300 * 0.78)


def test_faults():
    with pytest.raises(UnreadableValue) as fault:
        power([5.0, np.nan])
    assert fault.value.where.row == 2
    with pytest.raises(NegativeValue):
        power([-1.0])
    with pytest.raises(GridMismatch):
        power([5.0, 6.0], density=np.full(3, RHO))
    with pytest.raises(ImplausibleValue):
        power([5.0], density=0.01)
    with pytest.raises(OutOfRange):
        power([5.0], loss=1.2)
    with pytest.raises(TooShort):
        wind.hub_speed_m_per_s({}, 100.0, 0.1)
    with pytest.raises(UnreadableValue):
        wind.hub_speed_m_per_s({10.0: [np.nan]}, 100.0, 0.1)


def test_equals_windpowerlib_model_chain():
    from windpowerlib import ModelChain, WindTurbine

    speeds = np.linspace(0, 30, 2001)
    index = pd.date_range("2026-01-01", periods=speeds.size, freq="h", tz="UTC")
    columns = pd.MultiIndex.from_tuples([("wind_speed", 100.0), ("roughness_length", 0)])
    weather = pd.DataFrame(np.column_stack([speeds, np.full(speeds.size, 0.0002)]), index=index, columns=columns)
    turbine = WindTurbine(hub_height=105, turbine_type="V164/8000")
    chain = ModelChain(turbine, wind_speed_model="hellman", hellman_exp=0.1, density_correction=False)
    theirs = chain.run_model(weather).power_output.to_numpy() / 1e6
    hub = wind.hub_speed_m_per_s({100.0: speeds}, 105.0, 0.1)
    curve = power_curve("V164/8000")
    mine = wind.wind_power_mw(hub, RHO, curve, capacity_mw=curve.power_mw.max(), loss=0.0)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
    assert theirs.max() > 8.0
    assert mine[-1] == 0


@settings(max_examples=60, deadline=None)
@given(
    speeds=st.lists(st.floats(0, 70), min_size=1, max_size=30),
    density=st.floats(0.9, 1.45),
    name=st.sampled_from([n for n in turbine_names() if n != "V90/2000"]),
    loss=st.floats(0, 1),
)
def test_power_stays_between_0_and_the_capacity(speeds, density, name, loss):
    curve = power_curve(name)
    got = power(speeds, curve, density=density, loss=loss)
    assert (got >= 0).all()
    assert (got <= 100 * (1 - loss)).all()
    assert (got[np.array(speeds) > curve.speeds_m_per_s[-1]] == 0).all()


def test_a_year_is_fast():
    rng = np.random.default_rng(1)
    low, high = 7 * rng.weibull(2.1, 8760), 9 * rng.weibull(2.1, 8760)
    curve = power_curve("IEA-15-240")
    temp, pressure = 15 + rng.normal(size=8760), 101_000 + 500 * rng.normal(size=8760)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        hub = wind.hub_speed_m_per_s({10.0: low, 100.0: high}, 105.0, 0.1)
        wind.wind_power_mw(hub, wind.air_density_kg_per_m3(temp, pressure, 105.0), curve, capacity_mw=300.0)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.01
