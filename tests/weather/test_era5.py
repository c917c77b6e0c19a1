"""ERA5 files: one weather in every form, the traps of the forms, and bad files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt.clock import TimeGrid
from parkopt.errors import ParkoptError
from parkopt.faults import (
    BrokenFile,
    GridMismatch,
    ImplausibleValue,
    MissingColumn,
    MissingFile,
    MissingSteps,
    NegativeValue,
    NotAGridPoint,
    OutsideData,
    ShiftedClock,
    TimeNotRising,
    UnclearSums,
    UnevenSteps,
    WrongOption,
    WrongStep,
    WrongUnit,
)
from parkopt.park.base import Location
from parkopt.weather.era5 import Era5, is_era5
from parkopt.weather.source import check_weather
from tests.weather import era5_files as forms

HERE = Location(latitude=forms.SITE[0], longitude=forms.SITE[1])
CN = timezone(timedelta(hours=8))
GRID = TimeGrid.day(date(2024, 6, 2), CN, 60, 2)
WORLD = forms.world()
GHI = "ghi_w_per_m2"


def at_site(name):
    """The values (n,) of a field at the site, by its own bilinear law."""
    y, x = (forms.SITE[0] - 33.5) / 0.25 - 1, (forms.SITE[1] - 120.25) / 0.25
    block = WORLD.data[name][:, [1, 0]][:, :, [1, 2]]
    return np.einsum("nij,i,j->n", block, [1 - y, y], [1 - x, x])


def wanted(name, shift=0):
    """The values at the instants that begin the hours of GRID, `shift` hours later."""
    first = int((pd.Timestamp(GRID.start).tz_localize(None) - WORLD.times[0]) / pd.Timedelta("1h"))
    return at_site(name)[first + shift : first + shift + GRID.n]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("era5")
    names = ("new", "zip", "classic", "expver", "number", "western", "ascending", "land", "power")
    return {name: getattr(forms, f"write_{name}")(folder / f"{name}.nc", WORLD) for name in names}


@pytest.fixture
def fetch(tmp_path):
    def get(dataset, grid=GRID, location=HERE, **options):
        return Era5(forms.write_hdf5(tmp_path / "era5.nc", dataset), **options).fetch(location, grid)

    return get


def same(found, expected, rtol=1e-4):
    assert list(found.data_vars) == list(expected.data_vars)
    for name in expected.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=rtol, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("form", ["zip", "classic", "expver", "number", "western", "ascending", "land", "power"])
def test_every_form_gives_the_same_weather(files, form):
    same(Era5(files[form]).fetch(HERE, GRID), Era5(files["new"]).fetch(HERE, GRID))


def test_joules_become_watts_and_the_label_the_start(files):
    """A sum stamped 05:00 is the hour from 04:00."""
    found = Era5(files["new"]).fetch(HERE, GRID)
    np.testing.assert_allclose(found[GHI], wanted("ssrd", 1) / 3600, rtol=1e-9)
    np.testing.assert_allclose(found["precipitation_mm_per_h"], wanted("tp", 1) * 1000, rtol=1e-9)


def test_instants_become_means(files):
    found = Era5(files["new"]).fetch(HERE, GRID)
    kelvin = (wanted("t2m") + wanted("t2m", 1)) / 2
    np.testing.assert_allclose(found["temp_air_degc"], kelvin - 273.15, rtol=1e-9)
    u, v = ((wanted(name) + wanted(name, 1)) / 2 for name in ("u100", "v100"))
    direction = np.deg2rad(found["wind_from_direction_100m_deg"].to_numpy())
    # the wind blows towards the other side of where it comes from
    np.testing.assert_allclose(-np.sin(direction) * np.hypot(u, v), u, atol=1e-9)
    np.testing.assert_allclose(-np.cos(direction) * np.hypot(u, v), v, atol=1e-9)


def test_direct_is_horizontal_and_closes(files):
    from parkopt.weather.dated import naive
    from parkopt.weather.sun import cos_zenith, later

    found = Era5(files["new"]).fetch(HERE, GRID)
    height = np.clip(cos_zenith(later(naive(GRID.index), 30), *forms.SITE), 0, None)
    ghi, beam = found[GHI].to_numpy(), found["dni_w_per_m2"].to_numpy() * height
    np.testing.assert_allclose(beam + found["dhi_w_per_m2"], ghi, atol=1e-9)
    np.testing.assert_allclose(beam[height > 0.2], 0.6 * ghi[height > 0.2], rtol=1e-9)
    assert (beam[height < 0.08] == 0).all()


def test_global_alone_is_split_and_says_so(fetch):
    found = fetch(WORLD.dataset().drop_vars(["fdir", "sp", "tp", "tcc", "d2m"]))
    assert "Erbs" in found.attrs["notes"]
    assert "standard atmosphere" in found.attrs["notes"]
    assert "not a measurement" in found.attrs["notes"]
    assert (found.attrs["basis"], found.attrs["issued_at"]) == ("actual", "")


def test_zip_under_nc_and_magic_bytes(files):
    kinds = {name: is_era5(path.read_bytes()[:8]) for name, path in files.items()}
    assert kinds["zip"] == "zip"
    assert {kinds["new"], kinds["classic"]} == {"netcdf"}
    assert is_era5(b"GRIB\0") == "grib"
    assert is_era5(b"time,ghi") is None


def test_expver_is_said(files):
    assert "expver 5" in Era5(files["expver"]).fetch(HERE, GRID).attrs["notes"]
    assert "expver" not in Era5(files["number"]).fetch(HERE, GRID).attrs["notes"]


def test_files_of_one_folder_or_list_are_joined(tmp_path):
    data = WORLD.dataset()
    parts = [data.isel(valid_time=slice(0, 50)), data.isel(valid_time=slice(50, None))]
    paths = [forms.write_hdf5(tmp_path / f"{2 - i}.nc", part) for i, part in enumerate(parts)]
    whole = Era5(tmp_path).fetch(HERE, GRID)
    np.testing.assert_allclose(whole[GHI], wanted("ssrd", 1) / 3600, rtol=1e-9)
    same(Era5(type(tmp_path)(",".join(map(str, paths)))).fetch(HERE, GRID), whole)


def test_nearest_single_point_and_sea(fetch):
    data = WORLD.dataset()
    near = fetch(data, pick="nearest")
    np.testing.assert_allclose(near[GHI], fetch(data.isel(latitude=[1], longitude=[2]))[GHI])
    single = fetch(data.isel(latitude=1, longitude=2))
    assert "single row" in single.attrs["notes"]
    land = np.ones((3, 4))
    land[0, 3] = 0.1
    with_sea = data.assign(lsm=(("latitude", "longitude"), land))
    sea = fetch(with_sea, pick="sea")
    assert "sea cell 34.00 N 120.75 E" in sea.attrs["notes"]
    np.testing.assert_allclose(sea[GHI], fetch(data.isel(latitude=[0], longitude=[3]), location=Location(
        latitude=34.0, longitude=120.75))[GHI], rtol=1e-9)  # fmt: skip
    with pytest.raises(MissingColumn, match="lsm"):
        fetch(data, pick="sea")
    with pytest.raises(NotAGridPoint, match="without a sea"):
        fetch(data.assign(lsm=(("latitude", "longitude"), np.ones((3, 4)))), pick="sea")


def test_empty_cells_drop_out(fetch):
    data = WORLD.dataset()
    found = fetch(data.where(data.longitude < 120.5))
    assert "cells around the site are empty" in found.attrs["notes"]


def test_short_gap_is_filled_and_noise_clipped(fetch):
    data = WORLD.dataset()
    row = {"valid_time": 40}
    data["t2m"][row] = np.nan
    data["ssrd"][{"valid_time": 14}] = -1800.0
    data["fdir"][{"valid_time": 14}] = 0.0
    notes = fetch(data).attrs["notes"]
    assert "1 missing" in notes
    assert "ssrd below 0" in notes


def test_other_units_are_converted(fetch):
    data = WORLD.dataset()
    data["t2m"] = (data["t2m"] - 273.15).assign_attrs(units="degC")
    data["sp"] = (data["sp"] / 100).assign_attrs(units="hPa")
    same(fetch(data), fetch(WORLD.dataset()))


def changed(**fields):
    def change(data):
        for name, (factor, attrs) in fields.items():
            data[name] = (data[name] * factor).assign_attrs(attrs)
        return data

    return change


def shifted(hours):
    return lambda data: data.assign_coords(valid_time=data.valid_time + np.timedelta64(hours, "h"))


def holed(data):
    data["u10"][{"valid_time": slice(30, 40)}] = np.nan
    return data


def negative(data):
    data["ssrd"][{"valid_time": 40}] = -9e4
    return data


BAD = {
    "missing variable": (lambda d: d.drop_vars("t2m"), MissingColumn, "t2m"),
    "no wind": (lambda d: d.drop_vars("v10"), MissingColumn, "v10"),
    "no place": (lambda d: d.rename(latitude="y"), MissingColumn, "latitude"),
    "shuffled": (lambda d: d.isel(valid_time=[*range(20), 25, *range(20, 25), *range(26, 96)]), TimeNotRising,
        "row 22"),
    "repeated": (lambda d: d.isel(valid_time=[*range(20), 19, *range(20, 96)]), TimeNotRising, "2024-06-01T19"),
    "every third hour": (lambda d: d.isel(valid_time=slice(None, None, 3)), WrongStep, "3:00:00"),
    "half an hour": (lambda d: d.assign_coords(valid_time=d.valid_time + np.where(np.arange(96) > 50, 1800, 0).astype(
        "timedelta64[s]")), UnevenSteps, "60 min"),
    "ten hours gone": (lambda d: d.isel(valid_time=[*range(30), *range(40, 96)]), MissingSteps, "10 h long"),
    "NaN": (holed, MissingSteps, "u10 at 2024-06-02T06"),
    "all NaN": (lambda d: d.where(d.latitude > 99), MissingSteps, "no value"),
    "wrong unit": (changed(t2m=(1, {"units": "Pa"})), WrongUnit, "t2m"),
    "light in W as J": (changed(ssrd=(1 / 3600, {"units": "J m**-2"}), fdir=(0, {})), ImplausibleValue, "ssrd"),
    "hPa without unit": (changed(sp=(0.01, {})), ImplausibleValue, "sp"),
    "direct beyond global": (changed(fdir=(3, {"units": "J m**-2"})), ImplausibleValue, "fdir"),
    "negative light": (negative, NegativeValue, "ssrd at 2024-06-02T16"),
    "local time as UTC": (shifted(8), ShiftedClock, "solar noon"),
    "an hour late": (shifted(1), ShiftedClock, "solar noon"),
    "other days": (shifted(240), OutsideData, "2024-06"),
    "site outside": (lambda d: d.assign_coords(longitude=d.longitude - 60), NotAGridPoint,
        "33.5 to 34 N, 60 to 60.75 E"),
    "levels": (lambda d: d.assign(t2m=d.t2m.expand_dims(level=[1, 2])), BrokenFile, "level"),
    "no dates": (lambda d: d.assign_coords(valid_time=np.arange(96.0)), BrokenFile, "dates"),
    "too short to tell": (lambda d: d.isel(valid_time=slice(24 - 4, 24 + 3)), UnclearSums, "ssrd"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_have_one_clear_fault(fetch, name):
    change, fault, words = BAD[name]
    with pytest.raises(ParkoptError) as caught:
        fetch(change(WORLD.dataset().drop_vars(["tp", "tcc", "d2m"])))
    faults = getattr(caught.value, "faults", [caught.value])
    assert all(type(one) is fault for one in faults), caught.value
    assert words in str(caught.value)
    assert "era5.nc" in str(caught.value)


def test_variables_of_different_days(tmp_path):
    data = WORLD.dataset()
    forms.write_hdf5(tmp_path / "a.nc", data[["ssrd"]])
    forms.write_hdf5(tmp_path / "b.nc", shifted(240)(data[["t2m", "u10", "v10"]]))
    with pytest.raises(GridMismatch, match="different times"):
        Era5(tmp_path).fetch(HERE, GRID)


def test_options_and_absent_files(tmp_path, files):
    with pytest.raises(WrongOption, match="pick"):
        replace(Era5(files["new"]), pick="best").fetch(HERE, GRID)
    with pytest.raises(MissingFile):
        Era5(tmp_path / "none.nc").fetch(HERE, GRID)
    with pytest.raises(BrokenFile, match="holds none"):
        Era5(tmp_path).fetch(HERE, GRID)
    (tmp_path / "page.nc").write_text("<!DOCTYPE html><html><title>401 Unauthorized</title>")
    with pytest.raises(BrokenFile, match="DOCTYPE html"):
        Era5(tmp_path / "page.nc").fetch(HERE, GRID)


@pytest.mark.parametrize("form", ["new", "zip", "classic"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.7, 0.99])
def test_cut_off_files_are_broken(files, tmp_path, form, share):
    raw = files[form].read_bytes()
    cut = tmp_path / "cut.nc"
    cut.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(ParkoptError) as caught:
        Era5(cut).fetch(HERE, GRID)
    assert isinstance(caught.value, BrokenFile)
    assert "cut.nc" in str(caught.value)


@pytest.mark.parametrize("form", ["new", "zip", "classic"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_is_found_or_harmless(files, tmp_path, form, damage):
    raw = bytearray(files[form].read_bytes())
    for share, value in damage:
        raw[int(share * len(raw))] = value
    path = tmp_path / "damaged.nc"
    path.write_bytes(bytes(raw))
    try:
        found = Era5(path).fetch(HERE, GRID)
    except ParkoptError:
        return
    check_weather(found)
