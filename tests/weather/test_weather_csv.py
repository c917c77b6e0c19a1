"""Weather from CSV files: mapping, units, traps."""

from __future__ import annotations

from datetime import date, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import (
    EnergyNotPower,
    GridMismatch,
    ImplausibleValue,
    MissingColumn,
    MissingSteps,
    NaiveTime,
    NegativeValue,
    OutsideData,
    ShiftedClock,
    ShiftingZone,
    TimeNotRising,
    UnreadableValue,
    WrongStep,
    WrongUnit,
)
from parkopt.park.base import Location
from parkopt.weather import CsvMapping, CsvWeather, Embedded, check_weather, grid_of
from parkopt.weather.sites import SHORT
from parkopt.weather.source import VARIABLES, Origin, canonical

CN = timezone(timedelta(hours=8))
EMBEDDED = {name: VARIABLES[name] for name in SHORT.values()}
SHEYANG = Location(latitude=33.8, longitude=120.5)
DAY = date(2026, 7, 1)


def grid(days=1, step_min=60, day=DAY):
    return TimeGrid.day(day, CN, step_min, days)


def frame(days=2, step_min=60, drop=()):
    """The embedded weather as a table with canonical names and local times."""
    found = Embedded("actual").fetch(SHEYANG, grid(days, step_min)).to_dataframe().drop(columns=list(drop))
    local = pd.DatetimeIndex(found.index).tz_localize("UTC").tz_convert(CN)
    return found.set_axis([stamp.isoformat() for stamp in local], axis=0).rename_axis("time")


@pytest.fixture
def source(tmp_path):
    def make(table, **mapping):
        path = tmp_path / "weather.csv"
        table.to_csv(path)
        return CsvWeather(path, CsvMapping(**mapping))

    return make


def columns(**units):
    """A mapping of every canonical variable, some of them in other units."""
    return {name: {"column": name, "unit": units.get(name, about.unit)} for name, about in EMBEDDED.items()}


def test_canonical_names_need_no_mapping(source):
    found = source(frame()).fetch(SHEYANG, grid())
    expected = Embedded("actual").fetch(SHEYANG, grid())
    for name in EMBEDDED:
        assert found[name].to_numpy() == pytest.approx(expected[name].to_numpy())
        assert found[name].attrs == expected[name].attrs
    assert found.attrs["basis"] == "actual"
    assert found.attrs["synthetic"] == 0
    assert found.attrs["solar_offset_min"] == 30
    assert found.attrs["notes"] == ""


def test_basis_and_synthetic_are_stated(source):
    found = source(frame(), basis="forecast", synthetic=True).fetch(SHEYANG, grid())
    assert (found.attrs["basis"], found.attrs["synthetic"]) == ("forecast", 1)


@pytest.mark.parametrize(("name", "unit", "change"), [
    ("temp_air_degc", "K", lambda v: v + 273.15), ("temp_air_degc", "degF", lambda v: v * 1.8 + 32),
    ("wind_speed_100m_m_per_s", "km/h", lambda v: v * 3.6), ("pressure_pa", "hPa", lambda v: v / 100),
    ("ghi_w_per_m2", "kW/m2", lambda v: v / 1000), ("ghi_w_per_m2", "W/m²", lambda v: v),
])  # fmt: skip
def test_units_are_converted(source, name, unit, change):
    table = frame()
    expected = table[name].to_numpy()[:24].copy()
    table[name] = change(table[name])
    found = source(table, columns=columns(**{name: unit})).fetch(SHEYANG, grid())
    assert found[name].to_numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("unit", ["J/m2", "MJ/m2", "kJ/m^2", "Wh/m2", "kWh/m2"])
def test_energy_is_not_irradiance(source, unit):
    with pytest.raises(EnergyNotPower, match=unit.replace("^", r"\^")):
        source(frame(), columns=columns(ghi_w_per_m2=unit)).fetch(SHEYANG, grid())


def test_wrong_dimension(source):
    with pytest.raises(WrongUnit):
        source(frame(), columns=columns(pressure_pa="m/s")).fetch(SHEYANG, grid())


def test_unknown_variable_is_refused():
    with pytest.raises(ValidationError, match="none of ghi_w_per_m2"):
        CsvMapping(columns={"ghi": {"column": "a", "unit": "W/m2"}})


@pytest.mark.parametrize(
    ("name", "factor"), [("ghi_w_per_m2", 3600), ("wind_speed_100m_m_per_s", 12), ("pressure_pa", 0.01)]
)
def test_unit_not_stated_shows_as_implausible(source, name, factor):
    table = frame()
    table[name] *= factor
    with pytest.raises(ImplausibleValue) as caught:
        source(table).fetch(SHEYANG, grid())
    assert caught.value.facts["column"] == name
    row = caught.value.where.row
    assert caught.value.where.line == row + 1
    beyond = (table[name] > VARIABLES[name].high) | (table[name] < VARIABLES[name].low)
    assert row == int(np.argmax(beyond)) + 1


def test_kelvin_not_stated_is_implausible(source):
    table = frame()
    table["temp_air_degc"] += 273.15
    with pytest.raises(ImplausibleValue, match="temp_air_degc"):
        source(table).fetch(SHEYANG, grid())


@pytest.mark.parametrize(("drop", "note"), [
    (("dni_w_per_m2", "dhi_w_per_m2"), "Erbs"), (("dhi_w_per_m2",), "Diffuse irradiance was derived by closure"),
    (("dni_w_per_m2",), "Direct irradiance was derived by closure"), (("pressure_pa",), "standard atmosphere"),
])  # fmt: skip
def test_missing_variables_are_derived_and_noted(source, drop, note):
    table = frame()
    found = source(table.drop(columns=list(drop))).fetch(SHEYANG, grid())
    assert note in found.attrs["notes"]
    for name in drop:
        limit = 150 if "Erbs" in note else 80
        scale = 2000 if name == "pressure_pa" else limit
        assert np.abs(found[name].to_numpy() - table[name].to_numpy()[:24]).mean() < scale


@pytest.mark.parametrize("name", ["ghi_w_per_m2", "temp_air_degc"])
def test_what_cannot_be_derived_is_missed(source, name):
    with pytest.raises(MissingColumn) as caught:
        source(frame(drop=[name])).fetch(SHEYANG, grid())
    assert caught.value.facts["column"] == name


def test_wind_is_needed_at_one_height(source):
    both = ["wind_speed_10m_m_per_s", "wind_speed_100m_m_per_s"]
    assert both[1] not in source(frame(drop=both[1:])).fetch(SHEYANG, grid())
    with pytest.raises(MissingColumn):
        source(frame(drop=both)).fetch(SHEYANG, grid())


def test_all_missing_columns_at_once(source):
    mapped = columns()
    mapped["ghi_w_per_m2"]["column"], mapped["pressure_pa"]["column"] = "GHI", "QFE"
    with pytest.raises(Faults) as caught:
        source(frame(), columns=mapped).fetch(SHEYANG, grid())
    assert [fault.facts["column"] for fault in caught.value.faults] == ["GHI", "QFE"]


@pytest.mark.parametrize(("row", "name", "value", "error"), [
    (5, "ghi_w_per_m2", -3, NegativeValue), (5, "dni_w_per_m2", np.nan, UnreadableValue),
    (5, "temp_air_degc", "mild", UnreadableValue),
])  # fmt: skip
def test_bad_cells_are_named(source, row, name, value, error):
    table = frame().astype(object)
    table.iloc[row, table.columns.get_loc(name)] = value
    with pytest.raises(error) as caught:
        source(table).fetch(SHEYANG, grid())
    assert (caught.value.where.row, caught.value.where.field) == (row + 1, name)


def test_time_faults(source):
    table = frame()
    with pytest.raises(MissingSteps):
        source(table.drop(index=table.index[7])).fetch(SHEYANG, grid())
    with pytest.raises(TimeNotRising):
        source(table.iloc[[0, 1, 3, 2, *range(4, 48)]]).fetch(SHEYANG, grid())
    with pytest.raises(NaiveTime):
        source(table.rename(index=lambda t: t.replace("+08:00", ""))).fetch(SHEYANG, grid())
    half = [t.replace("+08:00", "+09:00") if i > 30 else t for i, t in enumerate(table.index)]
    with pytest.raises(ShiftingZone):
        source(table.set_axis(half, axis=0).rename_axis("time")).fetch(SHEYANG, grid())


def test_day_outside_unless_repeated(source):
    later = grid(day=date(2027, 7, 2))
    with pytest.raises(OutsideData):
        source(frame()).fetch(SHEYANG, later)
    found = source(frame(), repeat="calendar").fetch(SHEYANG, later)
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(frame()["ghi_w_per_m2"].to_numpy()[24:])


def test_utc_taken_for_local_time_is_noticed(source):
    table = frame(days=30)
    naive = [t[:19] for t in table.index]
    wrong = table.set_axis(naive, axis=0).rename_axis("time")
    assert source(wrong, zone="+08:00").fetch(SHEYANG, grid()).attrs["notes"] == ""
    with pytest.raises(ShiftedClock):
        source(wrong, zone="UTC").fetch(SHEYANG, grid(day=date(2026, 7, 2)))


def test_wrong_label_is_noticed(source):
    ends = frame(days=10).rename(index=lambda t: (pd.Timestamp(t) + pd.Timedelta(hours=1)).isoformat())
    with pytest.raises(ShiftedClock):
        source(ends, label="start").fetch(SHEYANG, grid(day=date(2026, 7, 3)))


def test_instants_on_the_hour_are_found_by_closure(source):
    """A file of TMYx kind: its sun stands at the stamp, not half an hour later."""
    table = frame(days=60)
    moved = pd.DatetimeIndex(table.index) + pd.Timedelta(minutes=30)
    table = table.set_axis([t.isoformat() for t in moved], axis=0).rename_axis("time")
    half_past = TimeGrid(moved[0].to_pydatetime(), timedelta(hours=1), 24)
    found = source(table).fetch(SHEYANG, half_past)
    assert found.attrs["solar_offset_min"] == 0
    assert "found by closure" in found.attrs["notes"]


def test_quarter_hours_from_hours_keep_the_light(source):
    made = source(frame())
    hourly, fine = made.fetch(SHEYANG, grid()), made.fetch(SHEYANG, grid(step_min=15))
    for name in ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2"):
        assert fine[name].to_numpy().reshape(24, 4).mean(axis=1) == pytest.approx(hourly[name].to_numpy())
    assert len(np.unique(fine["ghi_w_per_m2"])) > 40
    assert fine.attrs["solar_offset_min"] == 7.5


def test_hours_from_quarter_hours_are_means(source):
    table = frame(step_min=15)
    found = source(table).fetch(SHEYANG, grid())
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(
        table["ghi_w_per_m2"].to_numpy()[:96].reshape(24, 4).mean(axis=1)
    )
    assert found.attrs["solar_offset_min"] == 30


def test_three_hourly_weather_is_refused(source):
    with pytest.raises(WrongStep):
        source(frame(days=5).iloc[::3]).fetch(SHEYANG, grid())


def test_label_end(source):
    ends = frame().rename(index=lambda t: (pd.Timestamp(t) + pd.Timedelta(hours=1)).isoformat())
    found = source(ends, label="end").fetch(SHEYANG, grid())
    assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(frame()["ghi_w_per_m2"].to_numpy()[:24])


def test_dataset_survives_netcdf(source, tmp_path):
    import xarray as xr

    found = source(frame()).fetch(SHEYANG, grid())
    found.to_netcdf(tmp_path / "w.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "w.nc", engine="h5netcdf") as again:
        check_weather(again)
        assert grid_of(again) == grid()


def test_canonical_refuses_wrong_length_and_gaps():
    values = {name: np.full(24, max(about.low, 0.0)) for name, about in EMBEDDED.items()}
    origin = Origin("test", "actual", 33.8, 120.5, "", 30.0)
    good = canonical(values, grid(), origin)
    with pytest.raises(GridMismatch):
        canonical({**values, "dni_w_per_m2": np.zeros(23)}, grid(), origin)
    with pytest.raises(UnreadableValue):
        canonical({**values, "dni_w_per_m2": np.r_[np.nan, np.zeros(23)]}, grid(), origin)
    with pytest.raises(GridMismatch, match="gaps"):
        grid_of(good.isel(time=[0, 1, 3]))
    assert grid_of(good.isel(time=slice(4, 9))).n == 5
