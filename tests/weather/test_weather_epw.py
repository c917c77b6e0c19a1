"""EPW files: made here from the embedded year, and the fixture families of ../shared."""

from __future__ import annotations

import json
from datetime import date, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.clock import TimeGrid
from parkopt.faults import (
    BrokenFile,
    ImplausibleValue,
    MissingFile,
    MissingSteps,
    NegativeValue,
    ShiftedClock,
    TimeNotRising,
    UnreadableTime,
    UnreadableValue,
    ZoneNotFixed,
)
from parkopt.park.base import Location
from parkopt.weather import Epw, embedded
from parkopt.weather.clean import longest_gap
from parkopt.weather.epw import read_epw
from parkopt.weather.offset import solar_offset_min

WEATHER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weather"
CN = timezone(timedelta(hours=8))
SHEYANG = Location(latitude=33.8, longitude=120.5)
HEADER = [
    "LOCATION,Sheyang,JS,CHN,Test,581500,33.80,120.50,8.0,3.0", "DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1", "COMMENTS 2",
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
]  # fmt: skip
GHI, DNI, DHI, TEMP, PRESSURE, WIND = 13, 14, 15, 6, 9, 21


def rows_of(roll_h=0):
    """Rows of an EPW file with the light of the embedded year, its rows `roll_h` too early."""
    year = {name: np.roll(values, -roll_h) for name, values in embedded.load_year().items()}
    rows = []
    for i, stamp in enumerate(pd.date_range("2023-01-01", periods=8760, freq="h")):
        fields = ["0"] * 35
        # a TMY mixes years
        fields[:5] = [str(1990 + stamp.month), str(stamp.month), str(stamp.day), str(stamp.hour + 1), "60"]
        for at, short in (
            (GHI, "ghi"),
            (DNI, "dni"),
            (DHI, "dhi"),
            (TEMP, "temp"),
            (WIND, "ws10"),
            (PRESSURE, "pressure"),
        ):
            fields[at] = str(year[f"sheyang_actual_{short}"][i])
        rows.append(fields)
    return rows


@pytest.fixture(scope="module")
def good():
    return rows_of()


@pytest.fixture
def edited(good, tmp_path):
    """Return a function that writes the file with some cells changed."""

    def write(cells=(), header=HEADER, drop=(), rows=None):
        rows = [list(fields) for fields in (rows or good)]
        for row, at, value in cells:
            rows[row][at] = value
        kept = [",".join(fields) for i, fields in enumerate(rows) if i not in set(drop)]
        path = tmp_path / "site.epw"
        path.write_text("\n".join([*header, *kept]) + "\n", encoding="latin-1")
        return path

    return write


def day(path, when=date(2026, 7, 1), step_min=60):
    return Epw(path).fetch(SHEYANG, TimeGrid.day(when, CN, step_min))


def test_hours_are_starts_and_years_are_dropped(edited):
    found = day(edited())
    at = (181 * 24, 182 * 24)
    assert found["ghi_w_per_m2"].to_numpy().tolist() == embedded.load_year()["sheyang_actual_ghi"][slice(*at)].tolist()
    assert found.attrs["basis"] == "typical_year"
    assert found.attrs["synthetic"] == 0
    assert found.attrs["solar_offset_min"] == 30
    assert "found by closure" in found.attrs["notes"]
    assert "km from the park" not in found.attrs["notes"]
    assert "wind_speed_100m_m_per_s" not in found


def test_far_site_is_noted(edited):
    found = day(edited(header=[HEADER[0].replace("33.80", "32.80"), *HEADER[1:]]))
    assert "Sheyang is 111 km from the park" in found.attrs["notes"]


def test_quarter_hours(edited):
    path = edited()
    hourly, fine = day(path), day(path, step_min=15)
    mean = fine["ghi_w_per_m2"].to_numpy().reshape(24, 4).mean(axis=1)
    assert mean == pytest.approx(hourly["ghi_w_per_m2"].to_numpy())
    assert fine.attrs["solar_offset_min"] == 7.5


@pytest.mark.parametrize(("at", "code"), [(TEMP, "99.9"), (WIND, "999"), (PRESSURE, "999999"), (GHI, "9999")])
def test_short_gaps_are_filled_on_a_line(edited, good, at, code):
    name = {TEMP: "temp_air_degc", WIND: "wind_speed_10m_m_per_s", PRESSURE: "pressure_pa", GHI: "ghi_w_per_m2"}[at]
    first = 181 * 24 + 10
    found = day(edited([(first + i, at, code) for i in range(3)]))
    before, after = float(good[first - 1][at]), float(good[first + 3][at])
    assert found[name].to_numpy()[10:13] == pytest.approx(before + (after - before) * np.array([0.25, 0.5, 0.75]))
    assert f"3 missing hour(s) of {name}" in found.attrs["notes"]


def test_long_gap_is_refused(edited):
    with pytest.raises(MissingSteps) as caught:
        day(edited([(100 + i, TEMP, "99.9") for i in range(4)]))
    assert (caught.value.where.row, caught.value.where.line, caught.value.where.field) == (101, 109, "temp_air_degc")


def test_column_without_a_value_is_refused(edited):
    with pytest.raises(MissingSteps):
        day(edited([(i, WIND, "999") for i in range(8760)]))


def test_gap_over_the_years_end():
    gone = np.zeros(8760, dtype=bool)
    gone[[8758, 8759, 0, 1]] = True
    assert longest_gap(gone, around=True) == (8758, 4)


def test_missing_hour_is_named(edited):
    with pytest.raises(MissingSteps) as caught:
        day(edited(drop=[50]))
    assert caught.value.facts == {"count": 1, "first": "01-03 02:00"}


def test_truncated_file(edited):
    with pytest.raises(BrokenFile, match="ends after 5000 of 8760"):
        day(edited(drop=range(5000, 8760)))


def test_cut_within_the_last_row(edited):
    path = edited()
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(BrokenFile, match="row 8760"):
        day(path)


def test_header_only_and_empty_and_foreign(edited, tmp_path):
    for text in ("", "hello\n" * 20, "\n".join(HEADER) + "\n"):
        path = tmp_path / "bad.epw"
        path.write_text(text)
        with pytest.raises(BrokenFile):
            read_epw(path)
    with pytest.raises(MissingFile):
        read_epw(tmp_path / "none.epw")


def test_rows_out_of_order(edited, good):
    rows = [*good[:10], good[11], good[10], *good[12:]]
    with pytest.raises(TimeNotRising) as caught:
        day(edited(rows=rows))
    assert caught.value.where.row == 12


@pytest.mark.parametrize(("cell", "error", "row"), [
    ((7, TEMP, "warm"), UnreadableValue, 8), ((7, TEMP, ""), UnreadableValue, 8),
    ((7, TEMP, "nan"), UnreadableValue, 8),
    ((7, 3, "25"), UnreadableTime, 8), ((7, 3, "0"), UnreadableTime, 8), ((7, 1, "13"), UnreadableTime, 8),
    ((12, GHI, "-5"), NegativeValue, 13), ((12, GHI, "2500"), ImplausibleValue, 13),
    ((12, TEMP, "288.1"), ImplausibleValue, 13), ((12, PRESSURE, "1013"), ImplausibleValue, 13),
])  # fmt: skip
def test_bad_cells_are_named(edited, cell, error, row):
    with pytest.raises(error) as caught:
        day(edited([cell]))
    assert caught.value.where.row == row
    assert caught.value.where.line == row + 8


def test_29_february_is_left_out(edited, good):
    extra = [list(fields) for fields in good[58 * 24 : 59 * 24]]
    for fields in extra:
        fields[2] = "29"
    rows = [*good[: 59 * 24], *extra, *good[59 * 24 :]]
    assert day(edited(rows=rows)).attrs["solar_offset_min"] == 30


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "", "99"])
def test_zone_must_be_a_fixed_offset(edited, zone):
    with pytest.raises(ZoneNotFixed):
        day(edited(header=[HEADER[0].replace(",8.0,", f",{zone},"), *HEADER[1:]]))


def test_utc_rows_under_a_local_zone_are_refused(edited):
    """What PVGIS writes for China: rows in UTC, +8 in the header."""
    with pytest.raises(ShiftedClock):
        day(edited(rows=rows_of(8)))


def test_file_that_is_an_hour_early_is_moved_and_says_so(edited):
    found = day(edited(rows=rows_of(1)))
    assert found["temp_air_degc"].to_numpy() == pytest.approx(day(edited())["temp_air_degc"].to_numpy())
    early = Epw(edited(rows=rows_of(1))).fetch(SHEYANG, TimeGrid.day(date(2026, 7, 1), CN))
    assert "moved by +1 h" in early.attrs["notes"]
    assert early.attrs["solar_offset_min"] == 30


def test_file_that_is_an_hour_late_is_moved_back(edited):
    late = day(edited(rows=rows_of(-1)))
    assert "moved by -1 h" in late.attrs["notes"]
    assert late.attrs["solar_offset_min"] == 30


def test_light_without_closure_is_taken_by_the_format(edited):
    """A file with global light alone (no direct, all diffuse) leaves the format's half hour."""
    cells = [(i, DNI, "0") for i in range(8760)]
    found = day(edited(cells))
    assert found.attrs["solar_offset_min"] == 30
    assert "assumed by the format" in found.attrs["notes"]


def test_changed_file_is_read_again(edited):
    assert day(edited())["temp_air_degc"][0] != 33.3
    assert day(edited([(181 * 24, TEMP, "33.3 ")]))["temp_air_degc"][0] == 33.3


FIXTURES = {
    "NLD_Amsterdam062400_IWEC.epw": 30,
    "CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw": 0,
}
need_shared = pytest.mark.skipif(not WEATHER.exists(), reason="needs ../shared")


@need_shared
@pytest.mark.parametrize(("name", "minutes"), FIXTURES.items())
def test_offset_of_epw_families(name, minutes):
    found = read_epw(WEATHER / name)
    assert found.year.solar_offset_min == minutes
    assert "moved" not in " ".join(found.notes)


@need_shared
def test_pvgis_epw_is_moved_by_an_hour():
    found = read_epw(WEATHER / "tmy_45.000_8.000_2005_2023.epw")
    assert found.year.solar_offset_min == 10
    assert "moved by +1 h: by the file's clock the sun stands at +70 min" in " ".join(found.notes)
    # the CSV of the same place and years says when 32 W/m2 were really there: 08:00 UTC, 09:00 local
    assert found.year.hourly["ghi_w_per_m2"][9] == 32


def pvgis(name):
    path = WEATHER / name
    if path.suffix == ".json":
        table = pd.DataFrame(json.loads(path.read_text())["outputs"]["tmy_hourly"])
    else:
        table = pd.read_csv(path, skiprows=17, nrows=8760)
    return tuple(table[column].to_numpy(dtype=float) for column in ("G(h)", "Gb(n)", "Gd(h)"))


@need_shared
@pytest.mark.parametrize("name", ["tmy_45.000_8.000_2005_2023.csv", "tmy_45.000_8.000_2005_2023.json"])
def test_offset_of_pvgis_csv_and_json(name):
    starts = np.datetime64("2023-01-01", "s") + np.arange(8760) * np.timedelta64(3600, "s")
    found = solar_offset_min(starts, pvgis(name), (45.0, 8.0))
    assert found.found
    assert found.minutes == 10
    assert found.rms_w_per_m2 < 2


@need_shared
def test_shanghai_year_has_the_known_sums():
    year = read_epw(WEATHER / "CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw").year.hourly
    assert year["ghi_w_per_m2"].sum() / 1000 == pytest.approx(1471, abs=1)
    assert year["temp_air_degc"].mean() == pytest.approx(17.0, abs=0.1)
    assert year["wind_speed_10m_m_per_s"].mean() == pytest.approx(3.38, abs=0.01)
