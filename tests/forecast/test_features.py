"""Features of wind and PV: closed-form values, neighbours within a run, columns in order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from parkopt.faults import GridMismatch, MissingColumn, NaiveTime, UnreadableValue
from parkopt.forecast.features import finite, in_order, pv_features, wind_features

N = 48
INDEX = pd.date_range("2026-03-01", periods=N, freq="1h", tz="UTC")
ISSUED = INDEX.normalize() - pd.Timedelta("15h")
RAMP = np.arange(N) / 4 + 2.0


def weather(**fields):
    known = {"wind_speed_100m_m_per_s": RAMP, **fields}
    return xr.Dataset({k: ("time", v) for k, v in known.items()}, coords={"time": INDEX.tz_localize(None)})


def test_neighbours_stay_within_their_run():
    found = wind_features(weather(), None, 10.0, ISSUED)
    ahead, back = found["wind_speed_100m+1"].to_numpy(), found["wind_speed_100m-2"].to_numpy()
    assert ahead[0] == RAMP[1]
    assert ahead[22] == RAMP[23]
    assert ahead[23] == RAMP[23]
    assert ahead[24] == RAMP[25]
    assert back[24] == RAMP[24]
    assert back[25] == RAMP[24]
    assert back[26] == RAMP[24]
    assert back[27] == RAMP[25]
    one_run = wind_features(weather(), None, 10.0)
    assert one_run["wind_speed_100m+1"][23] == RAMP[24]
    assert "lead" not in one_run


def test_no_row_of_one_run_is_touched_by_another():
    changed = RAMP.copy()
    changed[24:] = 40.0
    before = wind_features(weather(), None, 10.0, ISSUED)[:24]
    assert before.equals(wind_features(weather(wind_speed_100m_m_per_s=changed), None, 10.0, ISSUED)[:24])


def test_wind_by_hand():
    angle = np.full(N, 90.0)  # from the east: air moves west
    found = wind_features(
        weather(
            wind_speed_10m_m_per_s=RAMP / 2,
            wind_from_direction_10m_deg=angle,
            wind_from_direction_100m_deg=angle + 30,
            temp_air_degc=np.full(N, 15.0),
            pressure_pa=np.full(N, 101325.0),
        ),
        np.full(N, 5.0), 10.0, ISSUED,
    )  # fmt: skip
    assert found["wind_u_10m"].to_numpy() == pytest.approx(-RAMP / 2)
    assert found["wind_v_10m"].to_numpy() == pytest.approx(np.zeros(N), abs=1e-12)
    assert found["shear"].to_numpy() == pytest.approx(np.full(N, np.log10(2)))
    assert found["veer"].to_numpy() == pytest.approx(np.full(N, 0.5))
    assert found["density"].to_numpy() == pytest.approx(np.full(N, 1.225), abs=1e-3)
    assert found["physical"].to_numpy() == pytest.approx(np.full(N, 0.5))
    assert found["lead"][0] == 15.0
    assert found["hour"][5] == 5.0
    assert found["wind_speed_100m_mean3"][10] == pytest.approx(RAMP[10])
    assert found["wind_speed_100m_std7"][10] == pytest.approx(0.5)
    assert np.isfinite(found.to_numpy()).all()


def test_only_what_the_weather_has_becomes_a_column():
    few = set(wind_features(weather(), None, 10.0))
    assert not few & {"shear", "density", "veer", "physical", "lead", "year_sin"}
    assert {"year_sin", "year_cos"} <= set(wind_features(weather(), None, 10.0, season=True))


def test_pv_by_hand():
    zenith = np.full(N, 60.0)
    zenith[:6] = 100.0
    ghi = np.where(zenith > 90, 0.0, 300.0)
    sun = (zenith, np.full(N, 180.0), np.full(N, 1200.0))
    cloud = np.linspace(0, 100, N)
    found = pv_features(weather(ghi_w_per_m2=ghi, cloud_cover_percent=cloud), ghi / 100, 10.0, sun, ISSUED)
    assert found["clearness"][:6].eq(0).all()
    assert found["clearness"][6:].to_numpy() == pytest.approx(np.full(42, 0.5))
    assert found["ghi+1"][5] == 300.0
    assert found["cloud-1"][1] == 0.0
    assert found["physical+1"][5] == pytest.approx(0.3)
    assert np.isfinite(found.to_numpy()).all()
    assert "clearness" not in pv_features(weather(ghi_w_per_m2=ghi), None, 10.0)


def test_what_is_missing_or_does_not_fit_is_refused():
    with pytest.raises(MissingColumn, match="wind_speed"):
        wind_features(weather().drop_vars("wind_speed_100m_m_per_s"), None, 1.0)
    with pytest.raises(MissingColumn, match="ghi"):
        pv_features(weather(), None, 1.0)
    with pytest.raises(GridMismatch, match="issued"):
        wind_features(weather(), None, 1.0, ISSUED[:-1])
    with pytest.raises(NaiveTime):
        wind_features(weather(), None, 1.0, ISSUED.tz_localize(None))
    with pytest.raises(GridMismatch, match="physical"):
        wind_features(weather(), np.zeros(3), 1.0)


def test_columns_come_in_the_order_of_the_fit():
    table = pd.DataFrame({"b": [1.0], "a": [2.0]})
    assert in_order(table, ["a", "b"]).tolist() == [[2.0, 1.0]]
    with pytest.raises(MissingColumn, match="'c' is missing"):
        in_order(table, ["a", "c"])
    with pytest.raises(UnreadableValue, match="row 2"):
        finite(np.array([[1.0, 2.0], [1.0, np.nan]]), ["a", "b"])
