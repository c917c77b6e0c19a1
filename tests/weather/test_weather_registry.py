"""Which source a name or a file stands for: told by its content, whatever its name."""

import gzip
import json
import shutil
from datetime import UTC, date

import pytest
import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.faults import BrokenFile, MissingFile, UnknownFormat, WrongOption
from parkopt.park.base import Location
from parkopt.weather import CsvWeather, Embedded, Epw, weather_source
from parkopt.weather.era5 import Era5
from tests.weather.era5_files import SITE, world, write_new
from tests.weather.test_weather_epw import WEATHER

HERE = Location(latitude=SITE[0], longitude=SITE[1])
GRID = TimeGrid.day(date(2024, 6, 2), UTC, 60, 2)


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
    for name in ("", "a.xlsx", "sun", "x" * 300, "a.b,c.d"):
        with pytest.raises(WrongOption, match="embedded, open_meteo"):
            weather_source(name, tmp_path)


@pytest.mark.parametrize("name", ["w.json", "w.csv", "w.epw", "w.csv.gz", "w"])
@pytest.mark.parametrize(("raw", "told"), [
    (b"", "it is empty"), (b" \n", "it is empty"), (gzip.compress(b""), "it is empty"),
    (b"\xef\xbb\xbf\n<!DOCTYPE html><html>Sign in</html>", "web page"), (gzip.compress(b"<html>"), "web page"),
])  # fmt: skip
def test_what_holds_no_data_is_broken_whatever_its_name(tmp_path, name, raw, told):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BrokenFile, match=told) as caught:
        weather_source(name, tmp_path)
    assert caught.value.where.file == str(tmp_path / name)


@pytest.mark.parametrize("name", ["w.csv.gz", "w.json.gz", "w.json"])
def test_damaged_gzip_is_broken(tmp_path, name):
    raw = bytearray(gzip.compress(b"time,ghi_w_per_m2\n" * 400, mtime=0))
    raw[10] = 0xFF  # a kind of block that deflate does not have
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BrokenFile, match=r"gzip|invalid"):
        weather_source(name, tmp_path)


def test_only_tables_may_be_packed(tmp_path):
    answer = {"latitude": 33.8, "longitude": 120.5, "utc_offset_seconds": 0, "hourly_units": {}, "hourly": {}}
    (tmp_path / "m.json.gz").write_bytes(gzip.compress(json.dumps(answer).encode()))
    with pytest.raises(BrokenFile, match="unpack it"):
        weather_source("m.json.gz", tmp_path)


def test_a_missing_answer_is_missing(tmp_path):
    with pytest.raises(MissingFile):
        weather_source("none.json", tmp_path).fetch(HERE, GRID)


def test_folders_and_lists_of_era5_join(tmp_path, monkeypatch):
    """Both mean the same files, from the folder that was given and not from the working folder."""
    park = tmp_path / "park"
    (park / "era").mkdir(parents=True)
    write_new(park / "era" / "a.nc", world(hours=48))
    write_new(park / "era" / "b.nc", world("2024-06-03T00:00", 48))
    monkeypatch.chdir(tmp_path)
    expected = Era5(write_new(tmp_path / "whole.nc", world())).fetch(HERE, GRID)
    for name in ("era", "era/a.nc,era/b.nc", "era/b.nc, era/a.nc"):
        source = weather_source(name, park)
        assert source.name == "era5"
        xr.testing.assert_allclose(source.fetch(HERE, GRID), expected)
    (park / "a,b.nc").write_bytes((tmp_path / "whole.nc").read_bytes())
    xr.testing.assert_allclose(weather_source("a,b.nc", park).fetch(HERE, GRID), expected)
