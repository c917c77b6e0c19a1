"""PVGIS files: typical years and hourly series, against pvlib's readers; files made here for the traps."""

from __future__ import annotations

import json
from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.clock import TimeGrid
from parkopt.faults import (
    BrokenFile,
    MissingColumn,
    MissingFile,
    MissingSteps,
    NegativeValue,
    OutsideData,
    ShiftedClock,
    TiltedPlane,
    TimeNotRising,
    TooShort,
    UnevenSteps,
    UnknownFormat,
    UnreadableTime,
    WrongUnit,
)
from parkopt.park.base import Location
from parkopt.park.table import ClockSpec
from parkopt.weather.pvgis import Pvgis, is_pvgis, read_pvgis
from parkopt.weather.sun import cos_zenith, later

WEATHER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weather"
TMY_CSV, TMY_JSON = WEATHER / "tmy_45.000_8.000_2005_2023.csv", WEATHER / "tmy_45.000_8.000_2005_2023.json"
TILTED = WEATHER / "pvgis_hourly_Timeseries_45.000_8.000_SA_30deg_0deg_2016_2016.csv"
TRACKING = WEATHER / "pvgis_hourly_Timeseries_45.000_8.000_SA2_10kWp_CIS_5_2a_2013_2014.json"
need_shared = pytest.mark.skipif(not WEATHER.exists(), reason="needs ../shared")
CN = timezone(timedelta(hours=8))
PIEDMONT = Location(latitude=45.0, longitude=8.0)
SHEYANG = Location(latitude=33.8, longitude=120.5)
YEAR = TimeGrid.day(date(2023, 1, 1), UTC, 60, 365)
COLUMNS = {
    "ghi_w_per_m2": "ghi", "dni_w_per_m2": "dni", "dhi_w_per_m2": "dhi", "temp_air_degc": "temp_air",
    "pressure_pa": "pressure", "wind_speed_10m_m_per_s": "wind_speed",
    "wind_from_direction_10m_deg": "wind_direction", "relative_humidity_percent": "relative_humidity",
}  # fmt: skip


@need_shared
@pytest.mark.parametrize("path", [TMY_CSV, TMY_JSON], ids=["csv", "json"])
def test_typical_year_agrees_with_pvlib(path):
    from pvlib.iotools import read_pvgis_tmy

    expected, _ = read_pvgis_tmy(path)
    found = Pvgis(path).fetch(PIEDMONT, YEAR)
    for name, theirs in COLUMNS.items():
        assert found[name].to_numpy() == pytest.approx(expected[theirs].to_numpy(dtype=float), rel=1e-12, abs=1e-12)
    assert found.attrs["solar_offset_min"] == 10
    assert found.attrs["basis"] == "typical_year"
    assert "found by closure" in found.attrs["notes"]
    assert "km from the park" not in found.attrs["notes"]


@need_shared
def test_csv_json_and_moved_epw_tell_the_same_hour():
    from parkopt.weather import Epw

    grid = TimeGrid.day(date(2023, 6, 3), UTC)
    csv, js = (Pvgis(path).fetch(PIEDMONT, grid) for path in (TMY_CSV, TMY_JSON))
    epw = Epw(TMY_CSV.with_suffix(".epw")).fetch(PIEDMONT, grid)
    for name in ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2"):
        assert csv[name].to_numpy() == pytest.approx(js[name].to_numpy())
        assert csv[name].to_numpy() == pytest.approx(epw[name].to_numpy(), abs=0.01)
    assert csv.attrs["solar_offset_min"] == epw.attrs["solar_offset_min"] == 10


@need_shared
def test_far_park_and_database_are_told():
    notes = Pvgis(TMY_JSON).fetch(SHEYANG, TimeGrid.day(date(2026, 7, 1), CN)).attrs["notes"]
    assert "45.00 N 8.00 E is 8" in notes
    assert "km from the park" in notes
    assert "PVGIS-SARAH3" in notes


@need_shared
@pytest.mark.parametrize(("path", "slope"), [(TILTED, "30 deg"), (TRACKING, "tracking")])
def test_tilted_planes_are_refused_with_what_to_ask_for(path, slope):
    with pytest.raises(TiltedPlane, match="angle=0&components=1") as caught:
        read_pvgis(path)
    assert slope in str(caught.value)


@need_shared
def test_families_are_told_by_content():
    kinds = {
        TMY_CSV: "tmy csv", TMY_JSON: "tmy json", TILTED: "hourly csv", TRACKING: "hourly json",
        TMY_CSV.with_suffix(".epw"): None,
    }  # fmt: skip
    for path, kind in kinds.items():
        assert is_pvgis(path.read_text(encoding="utf-8")[:2000]) == kind


@pytest.mark.parametrize(
    "head", ["", "time,ghi\n", '{"hourly": {"time": []}, "latitude": 3}', "LOCATION,x", "PK\x03\x04"]
)
def test_other_files_are_not_pvgis(head):
    assert is_pvgis(head) is None


# ---- files made here ------------------------------------------------------------------------
LEGEND = {
    "T2m": "2-m air temperature (degree Celsius)", "RH": "relative humidity (%)",
    "G(h)": "Global irradiance on the horizontal plane (W/m2)",
    "Gb(n)": "Beam/direct irradiance on a plane always normal to sun rays (W/m2)",
    "Gd(h)": "Diffuse irradiance on the horizontal plane (W/m2)", "WS10m": "10-m total wind speed (m/s)",
    "WD10m": "10-m wind direction (0 = N, 90 = E) (degree)", "SP": "Surface (air) pressure (Pa)",
    "Gb(i)": "Beam (direct) irradiance on the inclined plane (plane of the array) (W/m2)",
    "Gd(i)": "Diffuse irradiance on the inclined plane (plane of the array) (W/m2)",
    "Gr(i)": "Reflected irradiance on the inclined plane (plane of the array) (W/m2)",
    "G(i)": "Global irradiance on the inclined plane (plane of the array) (W/m2)",
    "H_sun": "Sun height (degree)", "Int": "1 means solar radiation values are reconstructed",
}  # fmt: skip


def hourly(start="2020-02-27", hours=96, minute=10, place=(33.8, 120.5)):
    """Columns of an hourly file over a horizontal plane, its sun at `minute`."""
    times = pd.date_range(start, periods=hours, freq="h")
    stamps = later(times.to_numpy(), minute)
    height = np.clip(cos_zenith(stamps, *place), 0, None)
    n = np.arange(hours)
    return pd.DataFrame({
        "time": pd.DatetimeIndex(stamps).strftime("%Y%m%d:%H%M"), "Gb(i)": (600 * height).round(2),
        "Gd(i)": (150 * height).round(2), "Gr(i)": 0.0, "H_sun": np.rad2deg(np.arcsin(height)).round(2),
        "T2m": (5 + n % 24 / 4).round(2), "WS10m": (4 + n % 7 / 10).round(2), "Int": 0.0,
    })  # fmt: skip


def as_csv(table, slope="0", legend=None, head=()):
    about = {**LEGEND, **(legend or {})}
    lines = [
        "Latitude (decimal degrees):\t33.800", "Longitude (decimal degrees):\t120.500", "Elevation (m):\t3",
        "Radiation database:\tPVGIS-ERA5", "", "", f"Slope: {slope} deg. ", "Azimuth: 0 deg. ", *head,
        ",".join(table.columns), *(",".join(str(cell) for cell in row) for row in table.itertuples(index=False)), "",
        *(f"{name}: {about[name]}" for name in table.columns[1:]), "", "", "PVGIS (c) European Union, 2001-2024",
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


def as_json(table, slope=0):
    variables = {name: {"units": LEGEND[name].rpartition("(")[2].rstrip(")")} for name in table.columns[1:-1]}
    return json.dumps({
        "inputs": {
            "location": {"latitude": 33.8, "longitude": 120.5, "elevation": 3.0},
            "meteo_data": {"radiation_db": "PVGIS-ERA5"},
            "mounting_system": {"fixed": {"slope": {"value": slope, "optimal": False}}},
        },
        "outputs": {"hourly": table.to_dict("records")},
        "meta": {"inputs": {}, "outputs": {"hourly": {"variables": variables}}},
    })  # fmt: skip


@pytest.fixture
def source(tmp_path):
    def write(text, suffix="csv", **options):
        path = tmp_path / f"pvgis.{suffix}"
        path.write_bytes(text.encode())
        return Pvgis(path, **options)

    return write


GRID = TimeGrid.day(date(2020, 2, 29), UTC)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_hourly_series_of_a_horizontal_plane_agrees_with_pvlib(source, suffix):
    from pvlib.iotools import read_pvgis_hourly

    table = hourly()
    made = source(as_csv(table) if suffix == "csv" else as_json(table), suffix)
    expected = read_pvgis_hourly(made.path)[0].iloc[48:72]
    found = made.fetch(SHEYANG, GRID)
    beam = expected["poa_direct"].to_numpy()
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(beam + expected["poa_sky_diffuse"].to_numpy())
    assert found["dhi_w_per_m2"].to_numpy() == pytest.approx(expected["poa_sky_diffuse"].to_numpy(), abs=1e-9)
    assert found["wind_speed_10m_m_per_s"].to_numpy() == pytest.approx(expected["wind_speed"].to_numpy())
    assert found["temp_air_degc"].to_numpy() == pytest.approx(expected["temp_air"].to_numpy())
    high = np.deg2rad(expected["solar_elevation"].to_numpy())
    up = high > np.deg2rad(10)
    assert found["dni_w_per_m2"].to_numpy()[up] == pytest.approx(beam[up] / np.sin(high[up]), rel=2e-3)
    assert found.attrs["basis"] == "actual"
    assert found.attrs["solar_offset_min"] == 10
    assert "standard atmosphere" in found.attrs["notes"]
    assert "PVGIS-ERA5" in found.attrs["notes"]


def test_horizontal_series_without_components_is_split(source):
    table = hourly()
    table.insert(1, "G(i)", table["Gb(i)"] + table["Gd(i)"])
    found = source(as_csv(table.drop(columns=["Gb(i)", "Gd(i)", "Gr(i)"]))).fetch(SHEYANG, GRID)
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(table["G(i)"].to_numpy()[48:72])
    assert "Erbs" in found.attrs["notes"]


def test_quarter_hours_of_an_hourly_series(source):
    made = source(as_csv(hourly()))
    fine = made.fetch(SHEYANG, TimeGrid.day(date(2020, 2, 29), UTC, 15))
    whole = made.fetch(SHEYANG, GRID)
    mean = fine["ghi_w_per_m2"].to_numpy().reshape(24, 4).mean(axis=1)
    assert mean == pytest.approx(whole["ghi_w_per_m2"].to_numpy())
    assert fine.attrs["solar_offset_min"] == 7.5 - 20


def test_dates_outside_need_leave_to_repeat(source):
    later_day = TimeGrid.day(date(2026, 2, 28), UTC)
    text = as_csv(hourly())
    with pytest.raises(OutsideData):
        source(text).fetch(SHEYANG, later_day)
    found = source(text, clock=ClockSpec(repeat="calendar")).fetch(SHEYANG, later_day)
    assert found["temp_air_degc"].to_numpy() == pytest.approx(hourly()["T2m"].to_numpy()[24:48])


def test_reconstructed_hours_are_told(source):
    table = hourly()
    table.loc[10:14, "Int"] = 1.0
    assert "reconstructed the irradiance of 5 hour(s)" in source(as_csv(table)).fetch(SHEYANG, GRID).attrs["notes"]


def with_row(row, **cells):
    table = hourly().astype(object)
    for name, value in cells.items():
        table.loc[row, name] = value
    return table


@pytest.mark.parametrize(("text", "fault", "line"), [
    (as_csv(hourly().drop(index=50)), MissingSteps, 60),
    (as_csv(hourly().iloc[[0, 1, 3, 2, *range(4, 96)]]), MissingSteps, 12),
    (as_csv(hourly().iloc[[1, 0, *range(2, 96)]]), TimeNotRising, 11),
    (as_csv(with_row(50, time="20200301:0240")), UnevenSteps, 60),
    (as_csv(with_row(50, time="2020-03-01 02:10")), UnreadableTime, 60),
    (as_csv(with_row(50, **{"Gb(i)": -5.0})), NegativeValue, 60),
    (as_csv(hourly(hours=1)), TooShort, None),
    (as_csv(hourly().drop(columns="WS10m")), MissingColumn, None),
    (as_csv(hourly().drop(columns="Gb(i)")), MissingColumn, None),
    (as_csv(hourly().drop(columns="Gd(i)")), MissingColumn, None),
    (as_json(hourly().drop(columns="Gd(i)")), MissingColumn, None),
    (as_csv(hourly(), legend={"T2m": "2-m air temperature (K)"}), WrongUnit, None),
    (as_csv(hourly(), legend={"WS10m": "10-m total wind speed (km/h)"}), WrongUnit, None),
    (as_csv(hourly(), legend={"Gb(i)": "Beam irradiation (J/m2)"}), WrongUnit, None),
    (as_csv(hourly(), slope="35"), TiltedPlane, None),
    (as_json(hourly(), slope=35), TiltedPlane, None),
    ("", UnknownFormat, 1), ("hello\n" * 9, UnknownFormat, 1), ("{}", UnknownFormat, None), ("{", BrokenFile, 1),
    ('{"inputs": {"location": {"latitude": "x"}}, "outputs": {"hourly": []}}', BrokenFile, 1),
    ('{"inputs": {"location": {"latitude": 3, "longitude": 4}}, "outputs": {"hourly": [1]}}', BrokenFile, None),
    ('{"inputs": {"location": {"latitude": 3, "longitude": 4}}, "outputs": {"hourly": []}}', BrokenFile, None),
    (as_csv(hourly()).replace("\t33.800", "\tnan"), BrokenFile, 1),
    (as_csv(hourly()).split("\r\nGb(i)")[0][:-2], BrokenFile, None),
])  # fmt: skip
def test_faults_name_file_and_line(source, text, fault, line):
    made = source(text)
    with pytest.raises(fault) as caught:
        made.fetch(SHEYANG, GRID)
    assert caught.value.where.file == str(made.path)
    if line is not None:
        assert caught.value.where.line == line


def test_stamps_in_local_time_are_noticed_by_the_files_own_sun(source):
    table = hourly()
    table["time"] = (pd.to_datetime(table["time"], format="%Y%m%d:%H%M") + timedelta(hours=8)).dt.strftime(
        "%Y%m%d:%H%M"
    )
    with pytest.raises(ShiftedClock) as caught:
        source(as_csv(table)).fetch(SHEYANG, GRID)
    assert caught.value.facts["minutes"] == 480


def test_missing_file(tmp_path):
    with pytest.raises(MissingFile):
        read_pvgis(tmp_path / "none.csv")


def test_not_utf8(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"Latitude (decimal degrees): \xff\xfe")
    with pytest.raises(BrokenFile, match="utf-8"):
        read_pvgis(path)
