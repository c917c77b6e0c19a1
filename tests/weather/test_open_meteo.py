"""Saved Open-Meteo answers: units, the preceding hour, clocks, gaps, ensembles, and what is refused."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.faults import (
    MissingColumn,
    MissingSteps,
    OutsideData,
)
from parkopt.park.base import Location
from parkopt.weather.open_meteo import ATTRIBUTION
from parkopt.weather.source import check_weather
from tests.weather.open_meteo_cases import CN, DAY, PARK, saved_in, stub, usual


@pytest.fixture
def source(tmp_path):
    return saved_in(tmp_path)


def test_steps_are_the_truth_of_their_own_hour(source):
    found = source(usual()).fetch(PARK, DAY)
    stamps = np.append(found["time"].to_numpy(), found["time"].to_numpy()[-1] + np.timedelta64(1, "h"))
    truth = stub.columns(stamps)
    # radiation of the stamp that closes the step, instants as the mean of both ends, km/h to m/s
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(truth["shortwave_radiation"][1:], abs=1e-3)
    assert found["dni_w_per_m2"].to_numpy() == pytest.approx(truth["direct_normal_irradiance"][1:], abs=1e-3)
    temperature = truth["temperature_2m"]
    assert found["temp_air_degc"].to_numpy() == pytest.approx((temperature[1:] + temperature[:-1]) / 2, abs=1e-3)
    wind = truth["wind_speed_120m"] / 3.6
    assert found["wind_speed_120m_m_per_s"].to_numpy() == pytest.approx((wind[1:] + wind[:-1]) / 2, abs=1e-3)
    assert found["pressure_pa"].to_numpy() == pytest.approx(101000, abs=101)
    assert found.attrs["solar_offset_min"] == 30
    assert ATTRIBUTION in found.attrs["notes"]
    assert (found.attrs["basis"], found.attrs["issued_at"]) == ("forecast", "")
    check_weather(found)


def test_directions_are_averaged_over_north(source):
    answer = usual()
    answer["hourly"]["wind_direction_10m"] = [350, 10] * 60
    found = source(answer).fetch(PARK, DAY)["wind_from_direction_10m_deg"].to_numpy()
    assert np.minimum(found, 360 - found) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("key", "unit", "change"),
    [
        ("wind_speed_10m", "m/s", lambda v: v / 3.6), ("wind_speed_10m", "mp/h", lambda v: v / 1.609344),
        ("wind_speed_10m", "kn", lambda v: v / 1.852), ("temperature_2m", "°F", lambda v: v * 1.8 + 32),
        ("precipitation", "inch", lambda v: v / 25.4), ("surface_pressure", "Pa", lambda v: v * 100),
        ("snow_depth", "ft", lambda v: v / 0.3048),
    ],
)  # fmt: skip
def test_the_answers_units_decide(source, key, unit, change):
    expected = source(usual()).fetch(PARK, DAY)
    answer = usual()
    answer["hourly"][key] = [change(value) for value in answer["hourly"][key]]
    answer["hourly_units"][key] = unit
    found = source(answer).fetch(PARK, DAY)
    for name in expected:
        assert found[name].to_numpy() == pytest.approx(expected[name].to_numpy(), abs=1e-9), name


@pytest.mark.parametrize(
    "options",
    [
        {"unixtime": True}, {"unixtime": True, "offset_s": 28800, "zone": "Asia/Shanghai"},
        {"offset_s": 28800, "zone": "Asia/Shanghai"}, {"offset_s": -18000, "zone": "GMT-5"},
    ],
)  # fmt: skip
def test_clocks_agree(source, options):
    expected, found = source(usual()).fetch(PARK, DAY), source(usual(**options)).fetch(PARK, DAY)
    assert found.identical(expected.assign_attrs(sha256=found.attrs["sha256"]))


def test_old_names_mean_the_same(source):
    expected, answer = source(usual()).fetch(PARK, DAY), usual()
    for block in ("hourly", "hourly_units"):
        for key in list(answer[block]):
            old = key.replace("wind_speed", "windspeed").replace("wind_direction", "winddirection")
            old = old.replace("relative_humidity", "relativehumidity").replace("cloud_cover", "cloudcover")
            answer[block][old] = answer[block].pop(key)
    found = source(answer).fetch(PARK, DAY)
    assert found.identical(expected.assign_attrs(sha256=found.attrs["sha256"]))


def test_instants_of_radiation_are_not_shifted(source):
    answer = usual()
    for block in ("hourly", "hourly_units"):
        for key in ("shortwave_radiation", "direct_normal_irradiance", "diffuse_radiation"):
            answer[block][key + "_instant"] = answer[block].pop(key)
    light = np.array(answer["hourly"]["shortwave_radiation_instant"])
    for key in ("direct_normal_irradiance_instant", "diffuse_radiation_instant"):
        answer["hourly"][key] = [None] * 120
    found = source(answer).fetch(PARK, DAY)
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx((light[40:64] + light[41:65]) / 2)
    assert "derived from global" in found.attrs["notes"]


INSTANT = ("shortwave_radiation", "direct_radiation", "diffuse_radiation", "direct_normal_irradiance")


def as_instants(answer):
    """Rename the light of an answer to that of its stamps, its members too."""
    for block in ("hourly", "hourly_units"):
        for key in [key for key in answer[block] if key.startswith(INSTANT)]:
            name, _, member = key.partition("_member")
            answer[block][f"{name}_instant{member and '_member' + member}"] = answer[block].pop(key)
    return answer


def test_instants_of_members_are_not_shifted(source):
    answer = as_instants(usual(members=2))
    answer["hourly"]["shortwave_radiation_instant_member02"] = [None] * 120
    light = np.array(answer["hourly"]["shortwave_radiation_instant"])
    control, first = source(answer).members(PARK, DAY)
    for found, share in ((control, 1), (first, 0.98)):
        assert found["ghi_w_per_m2"].to_numpy() == pytest.approx((light[40:64] + light[41:65]) / 2 * share, abs=1e-3)


@pytest.mark.parametrize("kept", ["diffuse_radiation", "shortwave_radiation"])
def test_light_made_of_instants_is_not_shifted(source, kept):
    answer = as_instants(usual(keys=("direct_radiation", kept, "temperature_2m", "wind_speed_100m")))
    direct, other = (np.array(answer["hourly"][key + "_instant"]) for key in ("direct_radiation", kept))
    ghi, dhi = (direct + other, other) if kept == "diffuse_radiation" else (other, other - direct)
    found = source(answer).fetch(PARK, DAY)
    for name, light in (("ghi_w_per_m2", ghi), ("dhi_w_per_m2", dhi)):
        assert found[name].to_numpy() == pytest.approx((light[40:64] + light[41:65]) / 2, abs=1e-3), name
    for block in ("hourly", "hourly_units"):
        answer[block]["direct_radiation"] = answer[block].pop("direct_radiation_instant")
    with pytest.raises(MissingColumn, match=f"'{kept}' is missing"):
        source(answer).fetch(PARK, DAY)


def test_direct_and_sea_level_stand_in(source):
    keys = ("direct_radiation", "diffuse_radiation", "temperature_2m", "pressure_msl", "wind_speed_100m")
    hill = Location(latitude=33.8, longitude=120.5, altitude="500 m")
    found, full = source(usual(keys=keys)).fetch(hill, DAY), source(usual()).fetch(PARK, DAY)
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(full["ghi_w_per_m2"].to_numpy(), abs=1e-3)
    assert float(found["pressure_pa"].mean()) == pytest.approx(101200 * 0.94216, rel=1e-3)  # ISO 2533 at 500 m
    assert "reduced from sea level to 500 m" in found.attrs["notes"]
    assert "direct plus diffuse" in found.attrs["notes"]


def test_one_local_day_is_enough(source):
    answer = stub.answer("2026-07-14T16:00", "2026-07-15T15:00", offset_s=28800, zone="Asia/Shanghai")
    found, full = source(answer).fetch(PARK, DAY), source(usual()).fetch(PARK, DAY)
    assert "after dark" in found.attrs["notes"]
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(full["ghi_w_per_m2"].to_numpy())
    noon = stub.answer("2026-07-13", "2026-07-15T04:00")
    with pytest.raises(OutsideData):
        source(noon).fetch(PARK, TimeGrid(DAY.start, DAY.step, 13, CN))


def test_quarter_hours(source):
    fine = TimeGrid.day(date(2026, 7, 15), CN, 15)
    answer = usual() | stub.answer("2026-07-14", "2026-07-16", step_min=15)
    found = source(answer).fetch(PARK, fine)
    truth = stub.columns(found["time"].to_numpy() + np.timedelta64(15, "m"), 15)
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(truth["shortwave_radiation"], abs=1e-3)
    assert found["precipitation_mm_per_h"].to_numpy() == pytest.approx(1.0)
    shaped = source(usual()).fetch(PARK, fine)["ghi_w_per_m2"].to_numpy().reshape(24, 4).mean(1)
    assert shaped == pytest.approx(source(usual()).fetch(PARK, DAY)["ghi_w_per_m2"].to_numpy())


@pytest.mark.parametrize("step_min", [15, 30])
def test_a_day_is_the_same_alone_and_among_others(source, step_min):
    made = source(usual())
    alone = made.fetch(PARK, TimeGrid.day(date(2026, 7, 15), CN, step_min))
    three = made.fetch(PARK, TimeGrid.day(date(2026, 7, 14), CN, step_min, 3))
    xr.testing.assert_allclose(alone, three.isel(time=slice(alone.sizes["time"], 2 * alone.sizes["time"])), rtol=1e-12)
    # at the edge of the file the end is held, as it was
    edge = TimeGrid(stub.utc("2026-07-13"), timedelta(minutes=step_min), 24 * 60 // step_min, CN)
    first = made.fetch(PARK, edge)["temp_air_degc"].to_numpy()
    hourly = made.fetch(PARK, TimeGrid(edge.start, timedelta(hours=1), 24, CN))["temp_air_degc"].to_numpy()
    assert first[0] == pytest.approx(hourly[0])
    assert first[-1] != pytest.approx(hourly[-1], abs=1e-3)


def test_members_come_control_first(source):
    answer = usual(members=3)
    for key in [key for key in answer["hourly"] if key.endswith("member03")]:
        answer["hourly"][key] = [None] * 120
    del answer["hourly"]["surface_pressure_member01"]
    made = source(answer)
    control, first, second = made.members(PARK, DAY)
    assert control.identical(made.fetch(PARK, DAY).assign_attrs(notes=control.attrs["notes"]))
    wind = "wind_speed_120m_m_per_s"
    assert first[wind].to_numpy() == pytest.approx(control[wind].to_numpy() * 0.98, abs=1e-4)
    assert second[wind].to_numpy() == pytest.approx(control[wind].to_numpy() * 0.96, abs=1e-4)
    assert first["pressure_pa"].to_numpy() == pytest.approx(control["pressure_pa"].to_numpy())
    assert "1 member(s) without values" in control.attrs["notes"]
    assert len(source(usual()).members(PARK, DAY)) == 1


def test_archive_is_what_happened(source):
    found = source(usual(), basis="actual").fetch(PARK, DAY)
    assert found.attrs["basis"] == "actual"
    assert "taken for what came, as asked" in found.attrs["notes"]
    assert "ERA5" not in found.attrs["notes"]


@pytest.mark.parametrize("asked", [None, "forecast", "actual"])
@pytest.mark.parametrize(
    ("service", "basis"), [("forecast", "forecast"), ("ensemble", "forecast"), ("archive", "actual")]
)
def test_the_address_decides_where_it_is_known(source, asked, service, basis):
    known = {"format": "parkopt-open-meteo-1", "fetched_at": "2026-07-14T06:00:00+00:00", "answer": json.dumps(usual())}
    attrs = source(known | {"url": f"https://a.b/v1/{service}?x=1"}, basis=asked).fetch(PARK, DAY).attrs
    assert attrs["basis"] == basis
    assert ("ERA5" in attrs["notes"]) is (basis == "actual")
    assert ("not taken for what came" in attrs["notes"]) is (asked == "actual" != basis)


def test_nearest_place_and_far_place(source):
    far = usual(place=(31.0, 121.0))
    found = source([far, usual()]).fetch(PARK, DAY)
    assert found.attrs["latitude"] == 33.75
    assert "Place 2 of the 2" in found.attrs["notes"]
    assert "315 km from the park" in source(far).fetch(PARK, DAY).attrs["notes"]


def test_nulls_are_filled_cut_or_refused(source):
    expected, answer = source(usual()).fetch(PARK, DAY), usual()
    hourly = answer["hourly"]
    hourly["temperature_2m"][50:53] = [None] * 3
    hourly["wind_speed_180m"] = [None] * 120
    hourly["snow_depth"][30:] = [None] * 90
    for key in ("shortwave_radiation", "wind_speed_10m"):
        hourly[key][:2], hourly[key][-10:] = [None] * 2, [None] * 10
    found = source(answer).fetch(PARK, DAY)
    notes = found.attrs["notes"]
    assert "3 missing hour(s) of temp_air_degc" in notes
    assert "wind_speed_180m_m_per_s holds no value" in notes
    assert "snow_depth does not reach" in notes
    assert "wind_speed_180m_m_per_s" not in found
    same = ["ghi_w_per_m2", "wind_speed_120m_m_per_s", "pressure_pa"]
    assert found[same].to_dataframe().equals(expected[same].to_dataframe())
    hourly["temperature_2m"][50:54] = [None] * 4
    with pytest.raises(MissingSteps, match=r"hourly.temperature_2m, row 51.*4 h long"):
        source(answer).fetch(PARK, DAY)
