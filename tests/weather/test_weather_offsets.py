"""Time in weather files: where the sun stands in each family, daylight saving, leap days, mixed years."""

from __future__ import annotations

from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.faults import MissingSteps, ShiftedClock, ShiftingZone, TimeNotRising, ZoneNotFixed
from parkopt.park.base import Location
from parkopt.weather import CsvMapping, CsvWeather, Embedded, Epw
from parkopt.weather.epw import read_epw
from parkopt.weather.offset import SolarOffset, set_clock, sun_of_year, whole_hours
from parkopt.weather.pvgis import Pvgis, read_pvgis
from parkopt.weather.sun import cos_zenith, later
from parkopt.weather.typical import hour_starts

WEATHER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weather"
need_shared = pytest.mark.skipif(not WEATHER.exists(), reason="needs ../shared")
CN = timezone(timedelta(hours=8))
SHEYANG = Location(latitude=33.8, longitude=120.5)
PIEDMONT = Location(latitude=45.0, longitude=8.0)
TMY = WEATHER / "tmy_45.000_8.000_2005_2023.csv"


# ---- the families ---------------------------------------------------------------------------
def epw_offset(path):
    return read_epw(path).year.solar_offset_min, read_epw(path).notes


def pvgis_offset(path):
    return read_pvgis(path).offset_min, read_pvgis(path).notes


FAMILIES = [
    ("NLD_Amsterdam062400_IWEC.epw", epw_offset, 30, 0),
    ("CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw", epw_offset, 0, 0),
    ("tmy_45.000_8.000_2005_2023.csv", pvgis_offset, 10, 0),
    ("tmy_45.000_8.000_2005_2023.json", pvgis_offset, 10, 0),
    ("tmy_45.000_8.000_2005_2023.epw", epw_offset, 10, 1),
]
"""File, reader, offset that is left, hours that the rows are moved (+70 min as the EPW stands)."""


@need_shared
@pytest.mark.parametrize(("name", "read", "minutes", "moved_h"), FAMILIES, ids=[family[0] for family in FAMILIES])
def test_offset_of_each_family(name, read, minutes, moved_h):
    found, notes = read(WEATHER / name)
    assert found == minutes
    assert (f"moved by {moved_h:+d} h" in " ".join(notes)) == (moved_h != 0)


@pytest.mark.parametrize(("minutes", "expected"), [
    (30, (0, 30)), (0, (0, 0)), (10, (0, 10)), (70, (1, 10)), (-30, (-1, 30)), (90, (1, 30)), (-60, (-1, 0)),
])  # fmt: skip
def test_whole_hours_move_rows_and_the_rest_stays(minutes, expected):
    assert whole_hours(minutes) == expected


def test_rows_move_around_the_year():
    moved, offset_min, notes = set_clock({"temp_air_degc": np.arange(8760.0)}, SolarOffset(70, 1.0, found=True))
    assert moved["temp_air_degc"][:3].tolist() == [8759, 0, 1]
    assert (offset_min, len(notes)) == (10, 2)


@pytest.mark.parametrize("late_h", [-8, -4, 4, 8])
def test_a_year_in_another_zone_is_refused_without_closure_too(late_h):
    starts = hour_starts(UTC)
    ghi = np.clip(cos_zenith(later(starts, 30 + 60 * late_h), 33.8, 120.5), 0, None) * 800
    with pytest.raises(ShiftedClock):
        sun_of_year(starts, {"ghi_w_per_m2": ghi}, (33.8, 120.5))


# ---- daylight saving: China, 1986 to 1991 ---------------------------------------------------
def test_named_zones_are_refused():
    with pytest.raises(ZoneNotFixed):
        fixed_zone("Asia/Shanghai")


def china_1988(path, start, *, offsets):
    """A file of five days in 1988 whose stamps keep the daylight saving of Asia/Shanghai."""
    times = pd.date_range(start, periods=120, freq="h", tz="UTC").tz_convert("Asia/Shanghai")
    grid = TimeGrid(times[0].tz_convert("UTC").to_pydatetime(), timedelta(hours=1), 120, CN)
    table = Embedded("actual").fetch(SHEYANG, grid).to_dataframe()
    stamps = [stamp.isoformat() if offsets else stamp.strftime("%Y-%m-%dT%H:%M") for stamp in times]
    table.set_axis(stamps, axis=0).rename_axis("time").to_csv(path)
    return CsvWeather(path, CsvMapping(zone=None if offsets else "+08:00"))


@pytest.mark.parametrize(("start", "offsets", "fault"), [
    ("1988-04-15T16:00", True, ShiftingZone), ("1988-09-09T16:00", True, ShiftingZone),
    ("1988-04-15T16:00", False, MissingSteps), ("1988-09-09T16:00", False, TimeNotRising),
])  # fmt: skip
def test_stamps_that_keep_daylight_saving_are_refused(tmp_path, start, offsets, fault):
    made = china_1988(tmp_path / "dst.csv", start, offsets=offsets)
    with pytest.raises(fault) as caught:
        made.fetch(SHEYANG, TimeGrid.day(date(1988, 4, 17), CN))
    assert caught.value.where.row


def test_stamps_wholly_within_daylight_saving_are_right_in_their_own_offset(tmp_path):
    made = china_1988(tmp_path / "dst.csv", "1988-07-01T16:00", offsets=True)
    grid = TimeGrid.day(date(1988, 7, 3), CN)
    expected = Embedded("actual").fetch(SHEYANG, grid)
    assert made.fetch(SHEYANG, grid)["ghi_w_per_m2"].to_numpy() == pytest.approx(expected["ghi_w_per_m2"].to_numpy())


@need_shared
def test_a_typical_year_of_1990_has_8760_hours_in_china():
    """pvlib's coerce_year=1990 with tz_localize('Asia/Shanghai') falls into the gap of 15 April 1990."""
    stamps = pd.date_range("1990-01-01", periods=8760, freq="h")
    with pytest.raises(ValueError, match="1990-04-15"):
        stamps.tz_localize("Asia/Shanghai")
    in_1990, in_2023 = (
        Pvgis(TMY).fetch(PIEDMONT, TimeGrid.day(date(year, 1, 1), CN, 60, 365)) for year in (1990, 2023)
    )
    for name in ("ghi_w_per_m2", "temp_air_degc"):
        assert in_1990[name].to_numpy().tolist() == in_2023[name].to_numpy().tolist()


# ---- leap days and mixed years --------------------------------------------------------------
@need_shared
def test_29_february_of_a_grid_is_the_28th_of_the_file():
    leap = Pvgis(TMY).fetch(PIEDMONT, TimeGrid.day(date(2028, 2, 28), UTC, 60, 3))
    values = leap["temp_air_degc"].to_numpy().reshape(3, 24)
    assert values[1].tolist() == values[0].tolist()
    march = Pvgis(TMY).fetch(PIEDMONT, TimeGrid.day(date(2027, 3, 1), UTC))
    assert values[2].tolist() == march["temp_air_degc"].to_numpy().tolist()


def with_29_february(text):
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line[4:13] == "0301:0000")
    leap = [f"20080229{line[8:]}" for line in lines[at - 24 : at]]
    return "\n".join([*lines[:at], *leap, *lines[at:]])


@need_shared
def test_29_february_of_a_file_of_8784_hours_is_left_out(tmp_path):
    path = tmp_path / "leap.csv"
    path.write_text(with_29_february(TMY.read_text()))
    grid = TimeGrid.day(date(2023, 1, 1), UTC, 60, 365)
    leap, plain = Pvgis(path).fetch(PIEDMONT, grid), Pvgis(TMY).fetch(PIEDMONT, grid)
    assert leap["ghi_w_per_m2"].to_numpy().tolist() == plain["ghi_w_per_m2"].to_numpy().tolist()


@need_shared
def test_line_of_a_fault_counts_the_29_february(tmp_path):
    from parkopt.faults import UnreadableValue

    lines = with_29_february(TMY.read_text()).split("\n")
    lines[8000] = lines[8000].replace(",", ",x", 1)
    path = tmp_path / "leap.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(UnreadableValue) as caught:
        read_pvgis(path)
    assert caught.value.where.line == 8001


@need_shared
def test_mixed_years_play_no_part(tmp_path):
    lines = TMY.read_text().split("\n")
    years = {f"{month:02d}": 1957 + 5 * ((month * 7) % 12) for month in range(1, 13)}
    mixed = [f"{years[line[4:6]]}{line[4:]}" if line[8:9] == ":" else line for line in lines]
    assert mixed != lines
    path = tmp_path / "mixed.csv"
    path.write_text("\n".join(mixed))
    assert read_pvgis(path).hourly["temp_air_degc"].tolist() == read_pvgis(TMY).hourly["temp_air_degc"].tolist()


@need_shared
def test_the_years_end_in_utc_opens_the_year_in_china():
    found = Pvgis(TMY).fetch(PIEDMONT, TimeGrid.day(date(2026, 1, 1), CN))
    year = read_pvgis(TMY).hourly["temp_air_degc"]
    assert found["temp_air_degc"].to_numpy().tolist() == [*year[-8:].tolist(), *year[:16].tolist()]


@need_shared
def test_epw_29_february_counts_in_lines(tmp_path):
    from parkopt.faults import ImplausibleValue

    lines = (WEATHER / "NLD_Amsterdam062400_IWEC.epw").read_text(encoding="latin-1").splitlines()
    at = 8 + 59 * 24
    leap = [",".join([*line.split(",")[:2], "29", *line.split(",")[3:]]) for line in lines[at - 24 : at]]
    lines[at:at] = leap
    fields = lines[8000].split(",")
    lines[8000] = ",".join([*fields[:6], "280.1", *fields[7:]])
    path = tmp_path / "leap.epw"
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    with pytest.raises(ImplausibleValue) as caught:
        Epw(path).fetch(PIEDMONT, TimeGrid.day(date(2026, 1, 1), CN))
    assert caught.value.where.line == 8001
