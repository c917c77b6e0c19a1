"""Which source a name or a file stands for: told by its content, whatever its name."""

import gzip
import json
import shutil

import pytest

from parkopt.faults import UnknownFormat, WrongOption
from parkopt.weather import CsvWeather, Embedded, Epw, weather_source
from tests.weather.test_weather_epw import WEATHER


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("NLD_Amsterdam062400_IWEC.epw", "epw"),
        ("tmy_45.000_8.000_2005_2023.csv", "pvgis"),
        ("tmy_45.000_8.000_2005_2023.json", "pvgis"),
        ("tmy_45.000_8.000_2005_2023.epw", "epw"),
        ("pvgis_hourly_Timeseries_45.000_8.000_SA_30deg_0deg_2016_2016.csv", "pvgis"),
    ],
)
def test_real_files_are_known_by_content(tmp_path, file, kind):
    path = WEATHER / file
    if not path.exists():
        pytest.skip("no ../shared data")
    assert weather_source(str(path)).name == kind
    shutil.copy(path, tmp_path / "weather.csv")
    assert weather_source("weather.csv", tmp_path).name == kind


def test_an_answer_of_open_meteo(tmp_path):
    answer = {"latitude": 33.8, "longitude": 120.5, "utc_offset_seconds": 0, "hourly_units": {}, "hourly": {}}
    (tmp_path / "w.json").write_text(json.dumps(answer))
    assert weather_source("w.json", tmp_path).name == "open_meteo"
    assert weather_source("w.json", tmp_path, basis="actual").basis == "actual"


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\x89HDF\r\n\x1a\n", "a.nc", "era5"),
        (b"PK\x03\x04", "era5.nc", "era5"),
        (b"CDF\x01", "a.dat", "era5"),
        (b"GRIB\x00", "a.nc", "grib"),
        (b"<html>", "a.nc", "era5"),
        (b"", "a.grib2", "grib"),
    ],
)
def test_gridded_files_are_known_by_their_first_bytes(tmp_path, head, name, kind):
    (tmp_path / name).write_bytes(head)
    assert weather_source(name, tmp_path).name == kind


def test_tables_and_names(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"time,ghi_w_per_m2\n"))
    assert isinstance(weather_source("a.csv.gz", tmp_path), CsvWeather)
    assert isinstance(weather_source("none.csv", tmp_path), CsvWeather)
    assert isinstance(weather_source("none.epw", tmp_path), Epw)
    assert isinstance(weather_source("embedded", tmp_path), Embedded)


def test_what_is_none_of_them_is_said(tmp_path):
    (tmp_path / "a.json").write_text('{"hello": 1}')
    with pytest.raises(UnknownFormat, match=r"a\.json"):
        weather_source("a.json", tmp_path)
    for name in ("", "a.xlsx", "sun"):
        with pytest.raises(WrongOption, match="embedded, open_meteo"):
            weather_source(name, tmp_path)
