"""Bad weather files, one table of cases: each is one clear error with its place, or a repair that is told."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta, timezone
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt import faults
from parkopt.clock import TimeGrid
from parkopt.errors import Faults, ParkoptError
from parkopt.park.base import Location
from parkopt.weather import CsvMapping, CsvWeather, Embedded, Epw, embedded
from parkopt.weather.pvgis import Pvgis

CN = timezone(timedelta(hours=8))
SHEYANG = Location(latitude=33.8, longitude=120.5)
DAY = TimeGrid.day(date(2026, 7, 1), CN)
SHORT = {
    "ghi": ("G(h)", 13), "dni": ("Gb(n)", 14), "dhi": ("Gd(h)", 15), "temp": ("T2m", 6), "pressure": ("SP", 9),
    "ws10": ("WS10m", 21),
}  # fmt: skip
"""Column of the embedded year to PVGIS's name and to the place in an EPW row."""


# ---- good files, all of the same year -------------------------------------------------------
@cache
def good_epw() -> bytes:
    head = [
        "LOCATION,Sheyang,JS,CHN,Test,581500,33.80,120.50,8.0,3.0", "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1",
        "COMMENTS 2", "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]  # fmt: skip
    year, rows = embedded.load_year(), []
    for i, stamp in enumerate(pd.date_range("2023-01-01", periods=8760, freq="h")):
        fields = ["0"] * 35
        fields[:5] = ["2001", str(stamp.month), str(stamp.day), str(stamp.hour + 1), "60"]
        for short, (_, at) in SHORT.items():
            fields[at] = str(year[f"sheyang_actual_{short}"][i])
        rows.append(",".join(fields))
    return ("\n".join([*head, *rows]) + "\n").encode()


@cache
def pvgis_table() -> pd.DataFrame:
    year = embedded.load_year()
    # the embedded year begins at midnight in China: its first UTC midnight is 8 h later
    columns = {name: np.roll(year[f"sheyang_actual_{short}"], -8) for short, (name, _) in SHORT.items()}
    stamps = pd.date_range("2023-01-01", periods=8760, freq="h").strftime("%Y%m%d:%H%M")
    return pd.DataFrame({"time(UTC)": stamps, **columns})


@cache
def good_pvgis() -> bytes:
    head = "Latitude (decimal degrees): 33.800\nLongitude (decimal degrees): 120.500\nElevation (m): 3.0\n"
    legend = "T2m: 2-m air temperature (degree Celsius)\nWS10m: 10-m total wind speed (m/s)\nSP: Pressure (Pa)\n"
    body = pvgis_table().to_csv(index=False, lineterminator="\n")
    return f"{head}{body}\n{legend}\nPVGIS (c) European Union, 2001-2025\n".encode()


@cache
def good_json() -> bytes:
    rows = pvgis_table().to_json(orient="records")
    inputs = '{"location": {"latitude": 33.8, "longitude": 120.5}, "meteo_data": {"radiation_db": "PVGIS-ERA5"}}'
    return f'{{"inputs": {inputs}, "outputs": {{"tmy_hourly": {rows}}}, "meta": {{}}}}'.encode()


@cache
def good_csv() -> bytes:
    found = Embedded("actual").fetch(SHEYANG, TimeGrid.day(date(2026, 6, 16), CN, 60, 31)).to_dataframe()
    local = pd.DatetimeIndex(found.index).tz_localize("UTC").tz_convert(CN)
    table = found.set_axis([stamp.isoformat() for stamp in local], axis=0).rename_axis("time")
    return table.to_csv(lineterminator="\n").encode()


@dataclass(frozen=True)
class Form:
    """A file format: its name, a good file, its reader, and where its rows and columns are."""

    file: str
    good: Callable[[], bytes]
    source: Callable[[Path], Epw | CsvWeather | Pvgis]
    header: int
    columns: dict[str, int]


def plain(path):
    return CsvWeather(path)


def filling(path):
    return CsvWeather(path, CsvMapping(gaps="fill"))


CSV_COLUMNS = {"ghi": 1, "temp": 4, "pressure": 5, "ws10": 6}
EPW = Form("a.epw", good_epw, Epw, 8, {short: at for short, (_, at) in SHORT.items()})
CSV = Form("a.csv", good_csv, plain, 1, CSV_COLUMNS)
FILLED = Form("a.csv", good_csv, filling, 1, CSV_COLUMNS)
PVGIS = Form("p.csv", good_pvgis, Pvgis, 4, {"ghi": 1, "temp": 4, "pressure": 5, "ws10": 6})
JSON = Form("p.json", good_json, Pvgis, 0, {})
FORMS = [EPW, CSV, PVGIS, JSON]
IDS = ["epw", "csv", "pvgis csv", "pvgis json"]


def fetch(form, raw, folder):
    path = folder / form.file
    path.write_bytes(raw)
    return form.source(path).fetch(SHEYANG, DAY)


# ---- ways to break one ----------------------------------------------------------------------
def cells(form, short, rows, change):
    """Return the file with a column changed in some data rows (from 0)."""
    lines = form.good().decode().split("\n")
    for row in rows:
        fields = lines[form.header + row].split(",")
        fields[form.columns[short]] = change(fields[form.columns[short]])
        lines[form.header + row] = ",".join(fields)
    return "\n".join(lines).encode()


def swapped(form, a, b):
    lines = form.good().decode().split("\n")
    lines[form.header + a], lines[form.header + b] = lines[form.header + b], lines[form.header + a]
    return "\n".join(lines).encode()


def rolled(form, hours):
    """Return the file with the stamps of other hours: what a wrong zone looks like."""
    lines = form.good().decode().split("\n")
    n = 31 * 24 if form.good is good_csv else 8760
    rows = [line.split(",") for line in lines[form.header : form.header + n]]
    stamp = 5 if form is EPW else 1
    moved = [[*rows[i][:stamp], *rows[(i - hours) % n][stamp:]] for i in range(n)]
    lines[form.header : form.header + n] = [",".join(row) for row in moved]
    return "\n".join(lines).encode()


def all_rows(form):
    return range(31 * 24 if form.good is good_csv else 8760)


def scaled(factor, add=0.0):
    return lambda text: str(float(text) * factor + add)


# form, raw, fault, line, field: a line of None is not looked at
CASES = {
    "epw shuffled": (EPW, lambda: swapped(EPW, 100, 200), faults.TimeNotRising, 110),
    "csv shuffled": (CSV, lambda: swapped(CSV, 100, 200), Faults, None),
    "pvgis shuffled": (PVGIS, lambda: swapped(PVGIS, 100, 200), faults.TimeNotRising, 106),
    "epw long gap": (EPW, lambda: cells(EPW, "temp", range(50, 54), lambda _: "99.9"), faults.MissingSteps, 59),
    "epw nan": (EPW, lambda: cells(EPW, "temp", [50], lambda _: "nan"), faults.UnreadableValue, 59),
    "csv gap": (CSV, lambda: cells(CSV, "temp", [50], lambda _: ""), faults.UnreadableValue, 52),
    "csv long gap": (FILLED, lambda: cells(FILLED, "temp", range(50, 54), lambda _: ""), faults.MissingSteps, 52),
    "csv word among gaps": (
        FILLED,
        lambda: cells(FILLED, "temp", range(0, 60, 2), lambda _: "")[:-1].replace(
            b"\n2026-06-19T00:00:00+08:00,", b"\n2026-06-19T00:00:00+08:00,x"
        ),
        faults.UnreadableValue,
        74,
    ),
    "pvgis long gap": (PVGIS, lambda: cells(PVGIS, "temp", range(50, 54), lambda _: "nan"), faults.MissingSteps, 55),
    "pvgis word": (PVGIS, lambda: cells(PVGIS, "ws10", [50], lambda _: "calm"), faults.UnreadableValue, 55),
    "epw kelvin": (EPW, lambda: cells(EPW, "temp", all_rows(EPW), scaled(1, 273.15)), faults.ImplausibleValue, 9),
    "csv kelvin": (CSV, lambda: cells(CSV, "temp", all_rows(CSV), scaled(1, 273.15)), faults.ImplausibleValue, 2),
    "pvgis kelvin": (
        PVGIS,
        lambda: cells(PVGIS, "temp", all_rows(PVGIS), scaled(1, 273.15)),
        faults.ImplausibleValue,
        5,
    ),
    "epw hPa": (EPW, lambda: cells(EPW, "pressure", all_rows(EPW), scaled(0.01)), faults.ImplausibleValue, 9),
    "csv hPa": (CSV, lambda: cells(CSV, "pressure", all_rows(CSV), scaled(0.01)), faults.ImplausibleValue, 2),
    "pvgis hPa": (PVGIS, lambda: cells(PVGIS, "pressure", all_rows(PVGIS), scaled(0.01)), faults.ImplausibleValue, 5),
    "epw J/m2": (EPW, lambda: cells(EPW, "ghi", all_rows(EPW), scaled(3600)), faults.ImplausibleValue, None),
    "csv J/m2": (CSV, lambda: cells(CSV, "ghi", all_rows(CSV), scaled(3600)), faults.ImplausibleValue, None),
    "pvgis J/m2": (PVGIS, lambda: cells(PVGIS, "ghi", all_rows(PVGIS), scaled(3600)), faults.ImplausibleValue, None),
    "pvgis km/h stated": (PVGIS, lambda: good_pvgis().replace(b"(m/s)", b"(km/h)"), faults.WrongUnit, None),
    "epw header 8 h off": (EPW, lambda: good_epw().replace(b",8.0,3.0", b",0.0,3.0"), faults.ShiftedClock, None),
    "epw rows in UTC": (EPW, lambda: rolled(EPW, -8), faults.ShiftedClock, None),
    "csv UTC for local": (CSV, lambda: rolled(CSV, -8), faults.ShiftedClock, None),
    "pvgis rows in local time": (PVGIS, lambda: rolled(PVGIS, 8), faults.ShiftedClock, None),
    "epw data periods cut": (EPW, lambda: good_epw().replace(b"PERIODS,1,1,", b"PERIODS,1"), faults.BrokenFile, 8),
    "epw off the earth": (EPW, lambda: good_epw().replace(b"33.80", b"3380", 1), faults.BrokenFile, 1),
    "epw place nan": (EPW, lambda: good_epw().replace(b"33.80", b"nan", 1), faults.BrokenFile, 1),
    "pvgis off the earth": (PVGIS, lambda: good_pvgis().replace(b"33.800", b"338.0", 1), faults.BrokenFile, 1),
    "pvgis a field too many": (PVGIS, lambda: cells(PVGIS, "ghi", [50], lambda _: "1,2"), faults.BrokenFile, 55),
    "pvgis only the head": (PVGIS, lambda: good_pvgis()[:90], faults.BrokenFile, None),
}


@pytest.mark.parametrize("case", CASES)
def test_one_clear_error_with_its_place(case, tmp_path):
    form, raw, fault, line = CASES[case]
    with pytest.raises(fault) as caught:
        fetch(form, raw(), tmp_path)
    found = caught.value.faults if isinstance(caught.value, Faults) else [caught.value]
    for one in found:
        assert one.where.file == str(tmp_path / form.file)
        assert form.file in one.text("en")
        assert form.file in one.text("zh")
    if line is not None:
        assert found[0].where.line == line


@pytest.mark.parametrize(("form", "rows", "cell"), [
    (EPW, range(4350, 4353), "99.9"), (FILLED, range(365, 368), ""), (PVGIS, range(4350, 4353), "NaN"),
])  # fmt: skip
def test_short_gaps_are_repaired_and_told(form, rows, cell, tmp_path):
    found = fetch(form, cells(form, "temp", rows, lambda _: cell), tmp_path)
    whole = fetch(form, form.good(), tmp_path)
    assert "3 missing hour(s) of temp_air_degc were interpolated." in found.attrs["notes"]
    assert np.abs(found["temp_air_degc"] - whole["temp_air_degc"]).max() < 4
    assert found.drop_vars("temp_air_degc").equals(whole.drop_vars("temp_air_degc"))


def test_null_in_json_is_a_gap_and_told(tmp_path):
    raw = good_json().replace(b'"T2m":', b'"T2m":null,"was":', 1)
    assert "1 missing hour(s) of temp_air_degc" in fetch(JSON, raw, tmp_path).attrs["notes"]


@pytest.mark.parametrize("form", [EPW, CSV, PVGIS], ids=["epw", "csv", "pvgis"])
def test_km_per_h_under_the_name_of_m_per_s_shows_only_by_its_range(form, tmp_path):
    """No file says its unit falsely in a way that can be seen below 60; above, the row is named."""
    raw = cells(form, "ws10", all_rows(form), scaled(3.6))
    values = pd.read_csv(io.BytesIO(raw), skiprows=form.header, header=None, nrows=len(all_rows(form)))
    beyond = values[form.columns["ws10"]] > 60
    if beyond.any():
        with pytest.raises(faults.ImplausibleValue) as caught:
            fetch(form, raw, tmp_path)
        assert caught.value.where.row == int(np.argmax(beyond)) + 1
    else:
        assert fetch(form, raw, tmp_path)["wind_speed_10m_m_per_s"].max() <= 60


@pytest.mark.parametrize("form", FORMS, ids=IDS)
@pytest.mark.parametrize("share", [0.0, 0.00005, 0.001, 0.1, 0.33333, 0.49])
def test_truncated_files_are_refused(form, share, tmp_path):
    raw = form.good()
    with pytest.raises(ParkoptError) as caught:
        fetch(form, raw[: int(len(raw) * share)], tmp_path)
    assert form.file in str(caught.value)


@pytest.mark.parametrize("form", FORMS, ids=IDS)
@pytest.mark.parametrize("cut", [3, 12, 30, 55, 150, 400])
def test_what_is_cut_from_the_end_is_refused_or_was_not_needed(form, cut, tmp_path):
    """A dated file without its last days still holds the day; the explanations after PVGIS's rows are not rows."""
    whole, where = fetch(form, form.good(), tmp_path), tmp_path / form.file
    try:
        found = fetch(form, form.good()[:-cut], tmp_path)
    except ParkoptError as error:
        assert str(where) in str(error)  # noqa: PT017 - whether it is raised is up to the cut
        return
    assert form in (CSV, PVGIS)
    assert found.equals(whole)


@pytest.mark.parametrize("form", [EPW, CSV, PVGIS], ids=["epw", "csv", "pvgis"])
def test_cut_within_the_last_number_of_the_rows(form, tmp_path):
    lines = form.good().split(b"\n")
    end = form.header + len(all_rows(form))
    raw = b"\n".join(lines[:end])[:-1]
    if form is CSV:
        assert "may be cut off there" in fetch(form, raw, tmp_path).attrs["notes"]
    elif form is PVGIS:
        with pytest.raises(faults.BrokenFile, match="cut off"):
            fetch(form, raw, tmp_path)
    else:
        # the last field of an EPW row is not read
        assert fetch(form, raw + b"0", tmp_path).equals(fetch(form, form.good(), tmp_path))


@pytest.mark.parametrize("kept", [0, 1, 9, 15, 500, -9, -1])
def test_cut_gzip(kept, tmp_path):
    form = Form("a.csv.gz", good_csv, plain, 1, CSV_COLUMNS)
    raw = gzip.compress(good_csv(), mtime=0)
    assert fetch(form, raw, tmp_path).attrs["notes"] == ""
    with pytest.raises(faults.BrokenFile) as caught:
        fetch(form, raw[:kept], tmp_path)
    assert caught.value.where.file.endswith("a.csv.gz")


@pytest.mark.parametrize("form", FORMS, ids=IDS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_random_damage_gives_an_error_or_plausible_weather(form, tmp_path, damage):
    raw = bytearray(form.good())
    # half of the damage falls on the head, which is a small part of the file
    for at, (share, byte) in enumerate(damage):
        raw[int(share * (len(raw) if at % 2 else 600))] = byte
    try:
        found = fetch(form, bytes(raw), tmp_path)
    except ParkoptError as error:
        assert form.file in str(error)  # noqa: PT017 - whether it is raised is up to the damage
        return
    whole = fetch(form, form.good(), tmp_path)
    assert set(found.data_vars) == set(whole.data_vars) or found.attrs["notes"] != whole.attrs["notes"]
    assert all(np.isfinite(found[name]).all() for name in found.data_vars)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_damaged_gzip_is_broken_or_whole(share, byte, tmp_path):
    """Only bytes that carry no data, such as the time in the head, may differ without being seen."""
    raw = bytearray(gzip.compress(good_csv(), mtime=0))
    at = int(share * len(raw))
    raw[at] = byte
    form = Form("a.csv.gz", good_csv, plain, 1, CSV_COLUMNS)
    if at >= 10 and raw != gzip.compress(good_csv(), mtime=0):
        with pytest.raises(faults.BrokenFile):
            fetch(form, bytes(raw), tmp_path)
        return
    try:
        found = fetch(form, bytes(raw), tmp_path)
    except faults.BrokenFile as error:
        assert at < 10
        assert "a.csv.gz" in str(error)  # noqa: PT017 - whether it is raised is up to the damage
    else:
        assert found.equals(fetch(CSV, good_csv(), tmp_path))


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_cut_within_the_offset_of_the_last_stamp(cut, tmp_path):
    raw = good_csv()
    whole = raw[: raw.rindex(b"+08:00") + cut]
    with pytest.raises(ParkoptError) as caught:
        fetch(CSV, whole, tmp_path)
    found = caught.value.faults if isinstance(caught.value, Faults) else [caught.value]
    assert {one.where.row for one in found} == {31 * 24}


def test_grid_of_the_cases_is_within_the_files(tmp_path):
    for form in FORMS:
        found = fetch(form, form.good(), tmp_path)
        assert found["ghi_w_per_m2"].to_numpy() == pytest.approx(
            Embedded("actual").fetch(SHEYANG, DAY)["ghi_w_per_m2"].to_numpy(), abs=1e-6
        )
        assert found.attrs["solar_offset_min"] == 30
    assert DAY.start.astimezone(UTC).hour == 16
