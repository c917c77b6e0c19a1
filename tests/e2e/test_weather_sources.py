"""Weather from every kind of source through the command line; a service that fails; files that are broken."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from parkopt.cli import main
from parkopt.clock import TimeGrid
from parkopt.park.base import Location
from parkopt.weather import Embedded
from tests.e2e.test_bad_input import here  # noqa: F401 - a fixture
from tests.weather import era5_files
from tests.weather.open_meteo_stub import answer, serving
from tests.weather.test_bad_weather_files import good_csv, good_epw, good_json

CN = timezone(timedelta(hours=8))
SHEYANG = Location(latitude=33.8, longitude=120.5)
SUMMER = "2026-07-01"
PVGIS_45N = (
    Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weather" / "tmy_45.000_8.000_2005_2023.json"
)
MAP = """
time: stamp
columns:
  ghi_w_per_m2: {column: G, unit: W/m2}
  temp_air_degc: {column: T, unit: K}
  wind_speed_100m_m_per_s: {column: W, unit: km/h}
"""


@pytest.fixture
def command(here, monkeypatch, capsys):  # noqa: F811
    def run(*argv, code=0):
        monkeypatch.setattr(sys, "argv", ["parkopt", *map(str, argv)])
        ended = 0
        try:
            main()
        except SystemExit as end:
            ended = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert ended == code, out + err
        return out, err

    return run


def day(command, weather, when=SUMMER, *more):
    """Plan a day on a weather file, and return the schedule's attributes."""
    out, _ = command("day", "sheyang", "--date", when, "--weather", weather, "--json", *more)
    told = json.loads(out)
    return told, attrs_of(told)


def attrs_of(told):
    """The attributes of the schedule that a `day --json` names."""
    file = next(name for name in told["files"] if name.endswith(".nc"))
    with xr.open_dataset(file, engine="h5netcdf") as schedule:
        return dict(schedule.attrs)


def open_meteo_file(path):
    """A day of the embedded weather as Open-Meteo writes it: instants at the stamp, light before it, wind in km/h."""
    grid = TimeGrid.day(date(2026, 7, 1), CN, 60, 2)
    found = Embedded().fetch(SHEYANG, grid)
    first = datetime(2026, 6, 30, 16)  # noqa: DTZ001 - the stub writes UTC without saying so
    whole = answer(first, first + timedelta(hours=47))
    for key, name, factor in (
        ("shortwave_radiation", "ghi_w_per_m2", 1), ("direct_normal_irradiance", "dni_w_per_m2", 1),
        ("diffuse_radiation", "dhi_w_per_m2", 1), ("temperature_2m", "temp_air_degc", 1),
        ("wind_speed_120m", "wind_speed_100m_m_per_s", 3.6),
    ):  # fmt: skip
        values = found[name].to_numpy() * factor
        # the light of an hour stands at its end
        values = np.append(0.0, values[:-1]) if name.endswith("w_per_m2") else values
        whole["hourly"][key] = [round(float(value), 3) for value in values]
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_epw(here, command):  # noqa: F811
    (here / "site.epw").write_bytes(good_epw())
    told, attrs = day(command, "site.epw")
    assert (attrs["weather_source"], attrs["weather_basis"]) == ("epw/site.epw", "typical_year")
    assert "Sun at +30 min" in attrs["weather_notes"]
    assert "weather_issued_at" not in attrs
    assert told["weather"]["source"] == "epw/site.epw"


def test_pvgis(here, command):  # noqa: F811
    (here / "tmy.json").write_bytes(good_json())
    _, attrs = day(command, "tmy.json")
    assert attrs["weather_source"] == "pvgis/tmy.json"
    assert "Irradiance is from PVGIS-ERA5" in attrs["weather_notes"]


@pytest.mark.skipif(not PVGIS_45N.exists(), reason="the measured data are not beside this checkout")
def test_a_file_of_another_country_is_planned_on_and_told(command):
    _, attrs = day(command, PVGIS_45N)
    assert "45.00 N 8.00 E" in attrs["weather_notes"]
    assert "km from the park" in attrs["weather_notes"]


def test_open_meteo_file(here, command):  # noqa: F811
    _, attrs = day(command, open_meteo_file(here / "answer.json"))
    assert attrs["weather_source"] == "open_meteo/answer.json"
    assert "CC BY 4.0" in attrs["weather_notes"]
    assert attrs["weather_basis"] == "forecast"


def test_era5_zip(here, command):  # noqa: F811
    era5_files.write_zip(here / "era5.nc", era5_files.world())
    _, attrs = day(command, "era5.nc", "2024-06-02")
    assert (attrs["weather_source"], attrs["weather_basis"]) == ("era5/era5.nc", "actual")
    assert "not a measurement" in attrs["weather_notes"]


def test_grib_forecast_with_its_issue(here, command):  # noqa: F811
    pytest.importorskip("eccodes")
    known = era5_files.world(hours=44)
    lean = {name: known.data[name] for name in ("t2m", "u100", "v100", "ssrd")}
    era5_files.write_forecast(here / "a.grib2", era5_files.World(known.times, known.latitudes, known.longitudes, lean))
    _, attrs = day(command, "a.grib2", "2024-06-02")
    assert attrs["weather_issued_at"] == "2024-06-01T00:00:00Z"


def csv_of_the_park(here):  # noqa: F811
    """A CSV in foreign units in the park's folder, with its map; the park file names both."""
    folder = here / "mine/sheyang"
    lines = [line.split(",") for line in good_csv().decode().splitlines()]
    at = {name: lines[0].index(name) for name in ("ghi_w_per_m2", "temp_air_degc", "wind_speed_100m_m_per_s")}
    rows = [
        f"{row[0]},{row[at['ghi_w_per_m2']]},{float(row[at['temp_air_degc']]) + 273.15:.3f},"
        f"{float(row[at['wind_speed_100m_m_per_s']]) * 3.6:.3f}"
        for row in lines[1:]
    ]
    (folder / "own.csv").write_text("\n".join(["stamp,G,T,W", *rows, ""]), encoding="utf-8")
    (folder / "own.yaml").write_text(MAP, encoding="utf-8")
    park = folder / "park.yaml"
    text = park.read_text(encoding="utf-8")
    head, _, tail = text.partition("\nassets:")
    kept = "\n".join(line for line in head.splitlines() if not line.startswith("weather:"))
    park.write_text(f"{kept}\nweather: {{source: own.csv, map: own.yaml}}\n\nassets:{tail}", encoding="utf-8")
    return folder


def test_csv_with_a_map_in_the_park_file(here, command):  # noqa: F811
    folder = csv_of_the_park(here)
    command("park", "check", "sheyang")
    out, _ = command("day", "sheyang", "--date", SUMMER, "--json")
    told = json.loads(out)
    assert told["weather"]["source"] == "csv/own.csv"
    (folder / "own.yaml").write_text(MAP.replace("unit: K", "unit: kg"), encoding="utf-8")
    assert "PK1101" in command("park", "check", "sheyang", code=3)[1]
    (folder / "own.yaml").write_text(MAP.replace("column: W,", "column: wind,"), encoding="utf-8")
    _, err = command("park", "check", "sheyang", code=3)
    assert "PK1305" in err
    assert "'wind'" in err
    (folder / "own.yaml").unlink()
    _, err = command("park", "check", "sheyang", code=3)
    assert "weather.map: [PK1003]" in err


def test_a_file_without_light_or_with_another_clock_is_found_by_check(here, command):  # noqa: F811
    folder = csv_of_the_park(here)
    text = (folder / "own.csv").read_text(encoding="utf-8")
    (folder / "own.csv").write_text(text.replace("+08:00", "+00:00"), encoding="utf-8")
    assert "PK1317" in command("park", "check", "sheyang", code=3)[1]


def test_odd_weather_is_planned_on_and_told(here, command):  # noqa: F811
    folder = csv_of_the_park(here)
    lines = (folder / "own.csv").read_text(encoding="utf-8").splitlines()
    for row in range(1, len(lines)):
        stamp, light, air, _ = lines[row].split(",")
        lines[row] = f"{stamp},{light},{air},25.2"
    (folder / "own.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    out, _ = command("day", "sheyang", "--date", SUMMER, "--json")
    notes = attrs_of(json.loads(out))["weather_notes"]
    assert notes == json.loads(out)["weather"]["notes"]
    assert "wind_speed_100m_m_per_s is one and the same value in 24 step(s), first 2026-06-30 16:00 UTC." in notes


def test_the_service_then_the_cache_then_the_last_good_forecast(here, command, monkeypatch):  # noqa: F811
    tomorrow = (datetime.now(CN) + timedelta(days=1)).date().isoformat()
    with serving() as stub:
        monkeypatch.setenv("PARKOPT_OPEN_METEO_URL", stub.url)
        monkeypatch.setenv("PARKOPT_WEATHER_TIMEOUT_S", "2")
        _, first = day(command, "open_meteo", tomorrow)
        assert stub.count == 1
        _, second = day(command, "open_meteo", tomorrow)
        assert stub.count == 1
    assert first["weather_source"] == "open_meteo/forecast"
    assert first["weather_sha256"] == second["weather_sha256"]
    assert datetime.fromisoformat(first["weather_issued_at"]).tzinfo is not None
    monkeypatch.setenv("PARKOPT_WEATHER_CACHE_HOURS", "0")
    _, third = day(command, "open_meteo", tomorrow)
    assert "gave no new forecast" in third["weather_notes"]
    assert "h old, was used" in third["weather_notes"]
    assert third["weather_sha256"] == first["weather_sha256"]
    for path in (here / "parkopt-data/weather").rglob("*"):
        if path.is_file():
            path.unlink()
    for lang, words in (("en", "gave no forecast"), ("zh", "未给出预报")):
        out, err = command("day", "sheyang", "--date", tomorrow, "--weather", "open_meteo", "--lang", lang, code=7)
        assert out == ""
        assert err.count("\n") == 1
        assert "PK1706" in err
        assert words in err


def test_a_service_that_is_off_says_how_to_switch_it_on(command, monkeypatch):
    monkeypatch.delenv("PARKOPT_OPEN_METEO_URL", raising=False)
    _, err = command("day", "sheyang", "--date", SUMMER, "--weather", "open_meteo", code=3)
    assert "PARKOPT_OPEN_METEO_URL" in err


BROKEN = {
    "cut.epw": (lambda: good_epw()[:200_000], "PK13"),
    "cut.json": (lambda: good_json()[:200_000], "PK1309"),
    "other.json": (lambda: b'{"hello": 1}', "PK1353"),
    "empty.csv": (lambda: b"", "PK1309"),
    "page.nc": (lambda: b"<!DOCTYPE html><html>401</html>", "PK1309"),
    "half.nc": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(500), "PK1309"),
    "cut.grib": (lambda: b"GRIB" + bytes(200), "PK1309"),
    "cut.zip": (lambda: b"PK\x03\x04" + bytes(200), "PK1309"),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_message_and_leaves_nothing(here, command, name, lang):  # noqa: F811
    make, code = BROKEN[name]
    (here / name).write_bytes(make())
    before = {path for path in here.rglob("*") if path.is_file()}
    out, err = command("day", "sheyang", "--date", SUMMER, "--weather", name, "--lang", lang, code=3)
    assert out == ""
    assert err.count("\n") == 1
    assert name in err
    assert code in err
    assert {path for path in here.rglob("*") if path.is_file()} == before
    assert list(here.rglob("runs/*")) == []
