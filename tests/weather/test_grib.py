"""GRIB: ERA5 as analyses and short forecasts, and a forecast with its issue."""

from __future__ import annotations

import sys
from datetime import date, timedelta, timezone

import numpy as np
import pytest

from parkopt.clock import TimeGrid
from parkopt.errors import ParkoptError
from parkopt.faults import BrokenFile, MissingFile, NeedsExtra
from parkopt.park.base import Location
from parkopt.weather.era5 import Era5
from parkopt.weather.grib import Grib
from tests.weather import era5_files as forms

HERE = Location(latitude=forms.SITE[0], longitude=forms.SITE[1])
GRID = TimeGrid.day(date(2024, 6, 2), timezone(timedelta(hours=8)), 60)
WORLD = forms.world(hours=44)
LEAN = forms.World(WORLD.times, WORLD.latitudes, WORLD.longitudes,
                   {n: WORLD.data[n] for n in ("t2m", "u100", "v100", "ssrd")})  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("eccodes")
    return tmp_path_factory.mktemp("grib")


@pytest.fixture(scope="module")
def expected(folder):
    return Era5(forms.write_new(folder / "new.nc", LEAN)).fetch(HERE, GRID)


@pytest.mark.parametrize("form", ["grib", "forecast"])
def test_grib_gives_the_weather_of_netcdf(folder, expected, form):
    found = Grib(getattr(forms, f"write_{form}")(folder / f"{form}.grib", LEAN)).fetch(HERE, GRID)
    for name in expected.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=0.02, err_msg=name)
    issue = {"grib": ("actual", ""), "forecast": ("forecast", "2024-06-01T00:00:00Z")}[form]
    assert (found.attrs["basis"], found.attrs["issued_at"]) == issue
    assert ("not a measurement" in found.attrs["notes"]) == (form == "grib")


@pytest.mark.parametrize("share", [0.0004, 0.5])
def test_cut_off_grib(folder, share):
    raw = forms.write_grib(folder / "whole.grib", LEAN).read_bytes()
    cut = folder / "cut.grib"
    cut.write_bytes(raw[: int(len(raw) * share) + 7])
    with pytest.raises(ParkoptError, match=r"cut\.grib"):
        Grib(cut).fetch(HERE, GRID)


def test_no_grib_and_no_file(tmp_path):
    path = forms.write_new(tmp_path / "x.grib", LEAN)
    with pytest.raises(BrokenFile, match="HDF"):
        Grib(path).fetch(HERE, GRID)
    with pytest.raises(MissingFile):
        Grib(tmp_path / "none.grib").fetch(HERE, GRID)


def test_without_eccodes_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "x.grib"
    path.write_bytes(b"GRIB" + bytes(100))
    monkeypatch.setitem(sys.modules, "eccodes", None)
    with pytest.raises(NeedsExtra, match=r"parkopt\[grib\]"):
        Grib(path).fetch(HERE, GRID)
