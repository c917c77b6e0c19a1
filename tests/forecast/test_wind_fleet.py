"""Fleets of several types against windpowerlib's farms and clusters; curves from files and their faults."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.errors import Faults
from parkopt.faults import MissingColumn, MissingFile, TooShort, UnreadableValue, WrongCurve, WrongUnit
from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind import RHO_0_KG_PER_M3, air_density_kg_per_m3
from parkopt.forecast.wind_fleet import Air, Control, CurveFile, Turbines, farm_mw, read_curve
from parkopt.forecast.wind_losses import SpeedShare, wake_curve

SPEEDS = np.linspace(0, 36, 1801)
TYPES = (("V164/8000", 20), ("SWT130/3600", 10))
WHOLE = (("AD116/5000", 20), ("E-126/7580", 10))
"""Types whose tables begin and end at 0. To others windpowerlib's farm adds a point (0 m/s, 0), which makes a turbine
that starts at 3 m/s give power below, and one above the last speed."""


def standard_air(hub_m, speeds=SPEEDS):
    """Weather whose air has 1.225 kg/m3 at the hub, so that no density correction shows."""
    one = float(air_density_kg_per_m3(15.0, 101_325.0, hub_m)[0])
    pressure = np.full(speeds.size, 101_325.0 * RHO_0_KG_PER_M3 / one)
    return Air({100.0: speeds}, np.full(speeds.size, 15.0), pressure, 0.1)


def fleet(hub_m, types=TYPES):
    return [Turbines(power_curve(name), count * power_curve(name).power_mw.max(), hub_m) for name, count in types]


FULL_MW = sum(one.capacity_mw for one in fleet(100.0))


def their_weather():
    index = pd.date_range("2026-01-01", periods=SPEEDS.size, freq="h", tz="UTC")
    columns = pd.MultiIndex.from_tuples([("wind_speed", 100.0), ("roughness_length", 0)])
    return pd.DataFrame(np.column_stack([SPEEDS, np.full(SPEEDS.size, 0.0002)]), index=index, columns=columns)


def their_farm():
    from windpowerlib import WindFarm, WindTurbine

    rows = [(WindTurbine(hub_height=120, turbine_type=name), count) for name, count in WHOLE]
    return WindFarm(pd.DataFrame(rows, columns=["wind_turbine", "number_of_turbines"]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wake", [None, "dena_mean"])
@pytest.mark.parametrize("clustered", [False, True])
def test_equals_windpowerlib_turbine_cluster(wake, clustered):
    from windpowerlib import TurbineClusterModelChain, WindTurbineCluster

    farm = WindTurbineCluster(wind_farms=[their_farm()]) if clustered else their_farm()
    chain = TurbineClusterModelChain(
        farm, wake_losses_model=wake, smoothing=False, wind_speed_model="hellman", hellman_exp=0.1
    )
    theirs = chain.run_model(their_weather()).power_output.to_numpy() / 1e6
    mine = farm_mw(fleet(120.0, WHOLE), standard_air(120.0), Control(wake=wake_curve(wake) if wake else None))
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)
    assert theirs.max() == pytest.approx(20 * 5 + 10 * 7.58)


@pytest.mark.parametrize("hub_m", [90.0, 140.0])
def test_each_type_has_its_own_hub_as_in_windpowerlib_model_chain(hub_m):
    from windpowerlib import ModelChain, WindTurbine

    turbine = WindTurbine(hub_height=hub_m, turbine_type="V164/8000")
    chain = ModelChain(turbine, wind_speed_model="hellman", hellman_exp=0.1, density_correction=False)
    theirs = chain.run_model(their_weather()).power_output.to_numpy() / 1e6
    mine = farm_mw(
        [Turbines(power_curve("V164/8000"), power_curve("V164/8000").power_mw.max(), hub_m)], standard_air(hub_m)
    )
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def test_types_at_two_heights_add_up():
    air = standard_air(105.0)
    low, high = fleet(90.0)[0], fleet(140.0)[1]
    np.testing.assert_allclose(farm_mw([low, high], air), farm_mw([low], air) + farm_mw([high], air))
    assert not np.allclose(farm_mw([low, high], air), farm_mw(fleet(115.0), air))


def test_a_share_of_power_lost_to_wakes():
    lost = SpeedShare("w", np.array([0.0]), np.array([0.9]))
    whole = farm_mw(fleet(100.0), standard_air(100.0))
    got = farm_mw(fleet(100.0), standard_air(100.0), Control(wake=lost, wake_on_speed=False))
    np.testing.assert_allclose(got, 0.9 * whole)


def test_after_a_storm_each_type_waits_for_the_restart():
    storm = np.array([20.0, 26.0, 24.0, 22.5, 21.9, 23.0])
    air = standard_air(100.0, storm)
    np.testing.assert_allclose(farm_mw(fleet(100.0), air), np.array([1, 0, 1, 1, 1, 1]) * FULL_MW)
    np.testing.assert_allclose(
        farm_mw(fleet(100.0), air, Control(restart_m_per_s=22.0)), np.array([1, 0, 0, 0, 1, 1]) * FULL_MW
    )


@settings(max_examples=50, deadline=None)
@given(
    speeds=st.lists(st.floats(0, 50), min_size=1, max_size=30),
    temp=st.floats(-30, 40),
    restart=st.none() | st.floats(15, 25),
    scale=st.floats(0.5, 2),
)
def test_power_stays_between_0_and_the_capacity(speeds, temp, restart, scale):
    n = len(speeds)
    air = Air({10.0: np.array(speeds)}, np.full(n, temp), np.full(n, 101_325.0), 0.1, scale)
    control = Control(wake=wake_curve("knorr_mean"), restart_m_per_s=restart)
    got = farm_mw(fleet(110.0), air, control)
    assert (got >= 0).all()
    assert (got <= FULL_MW * (1 + 1e-12)).all()


def written(tmp_path, text, **more):
    (tmp_path / "curve.csv").write_text(text, encoding="utf-8")
    spec = {"file": "curve.csv", "speed": "v", "power": "p", "power_unit": "kW"} | more
    return read_curve(CurveFile(**spec), tmp_path)


def test_a_curve_from_a_file(tmp_path):
    curve = written(tmp_path, "v,p\n3,0\n12,6450\n25,6450\n")
    np.testing.assert_allclose(curve.power_mw, [0, 6.45, 6.45])
    assert curve.rated_mw == pytest.approx(6.45)
    fast = written(tmp_path, "v,p\n36,0\n72,6\n", speed_unit="km/h", power_unit="MW", rated="7 MW")
    np.testing.assert_allclose(fast.speeds_m_per_s, [10.0, 20.0])
    assert fast.rated_mw == 7.0


def test_all_bad_cells_are_named_with_their_rows(tmp_path):
    with pytest.raises(Faults) as faults:
        written(tmp_path, "v,p\n3,0\nx,10\n6,-5\n7,\n")
    assert sorted((f.where.row, f.where.line, f.where.field) for f in faults.value.faults) == [
        (2, 3, "v"), (3, 4, "p"), (4, 5, "p"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "more", "fault", "row"),
    [
        ("v,p\n3,0\n3,1\n9,6\n", {}, WrongCurve, 2),
        ("v,p\n3,0\n9,6\n8,6\n", {}, WrongCurve, 3),
        ("v,p\n3,0\n9,6\n", {"rated": "5 kW"}, WrongCurve, None),
        ("v,p\n3,0\n9,0\n", {}, WrongCurve, None),
        ("v,p\n3,0\n", {}, TooShort, None),
        ("v,q\n3,0\n9,6\n", {}, MissingColumn, None),
        ("v,p\n3,0\n9,many\n", {}, UnreadableValue, 2),
        ("v,p\n3,0\n9,6\n", {"power_unit": "kWh"}, WrongUnit, None),
        ("v,p\n3,0\n9,6\n", {"speed_unit": "m"}, WrongUnit, None),
    ],
)
def test_wrong_curve_files(tmp_path, text, more, fault, row):
    with pytest.raises(fault) as caught:
        written(tmp_path, text, **more)
    assert caught.value.where.row == row


def test_a_curve_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFile):
        read_curve(CurveFile(file="no.csv", power_unit="kW"), tmp_path)
