"""Series that park files name: reading, checking, laying on a grid."""
# ruff: noqa: PD011, ARG005

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import (
    BrokenFile,
    GridMismatch,
    MissingColumn,
    MissingFile,
    MissingSteps,
    NaiveTime,
    NegativeValue,
    OutsideData,
    ShiftingZone,
    TimeNotRising,
    TooShort,
    UnevenSteps,
    UnreadableTime,
    UnreadableValue,
    WrongUnit,
    ZoneNotFixed,
)
from parkopt.park.series import Series, SeriesSpec, on_grid, read_series
from parkopt.park.table import MAX_FAULTS

CN = timezone(timedelta(hours=8))
SHARED = Path(__file__).resolve().parents[2].parent / "shared"
STEEL = SHARED / "data/real/uci_steel_industry_15min_2018.csv"


def spec(**changes):
    return SeriesSpec(**{"file": "load.csv", "column": "load", "unit": "MW", **changes})


def write(folder, rows, head="time,load", name="load.csv"):
    (folder / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder


def hours(n, start="2026-07-01T00:00+08:00", step_min=60, value=lambda i: i + 1.0):
    times = pd.date_range(start, periods=n, freq=f"{step_min}min")
    return [f"{t.isoformat()},{value(i)}" for i, t in enumerate(times)]


def series_of(values, start="2026-07-01T00:00+08:00", step_min=60):
    index = pd.date_range(start, periods=len(values), freq=f"{step_min}min").tz_convert("UTC")
    return Series(index, timedelta(minutes=step_min), np.array(values, dtype=float), "MW", Path("x.csv"), "")


def grid(day="2026-07-01", step_min=60, days=1):
    return TimeGrid.day(date.fromisoformat(day), CN, step_min, days)


def fault_of(folder, error, match=None, **changes):
    with pytest.raises(error, match=match) as caught:
        read_series(spec(**changes), folder, "MW")
    return caught.value


def test_reads_iso_times_with_offset(tmp_path):
    found = read_series(spec(), write(tmp_path, hours(24)), "MW")
    assert found.index[0] == pd.Timestamp("2026-06-30T16:00Z")
    assert found.step == timedelta(hours=1)
    assert found.values.tolist() == list(range(1, 25))
    assert len(found.sha256) == 64


@pytest.mark.parametrize("offset", ["+08:00", "+0800", "+08"])
def test_reads_every_way_to_write_an_offset(tmp_path, offset):
    write(tmp_path, [f"2026-07-01 00:00{offset},1", f"2026-07-01 01:00{offset},2"])
    assert read_series(spec(), tmp_path, "MW").index[0] == pd.Timestamp("2026-06-30T16:00Z")


def test_label_end_moves_to_the_start(tmp_path):
    found = read_series(spec(label="end"), write(tmp_path, hours(24, "2026-07-01T01:00+08:00")), "MW")
    assert found.index[0] == pd.Timestamp("2026-07-01T00:00+08:00")


def test_energy_a_step_becomes_power(tmp_path):
    found = read_series(spec(unit="kWh"), write(tmp_path, hours(8, step_min=15, value=lambda i: 250)), "MW")
    assert found.values == pytest.approx(1.0)


def test_prices_are_converted(tmp_path):
    found = read_series(spec(unit="yuan/kWh"), write(tmp_path, hours(3, value=lambda i: 0.4)), "yuan/MWh")
    assert found.values == pytest.approx(400.0)


def test_gz_is_read_too(tmp_path):
    (tmp_path / "load.csv.gz").write_bytes(gzip.compress(("time,load\n" + "\n".join(hours(4))).encode()))
    assert len(read_series(spec(file="load.csv.gz"), tmp_path, "MW").values) == 4


def test_cut_gz_is_broken(tmp_path):
    raw = gzip.compress(("time,load\n" + "\n".join(hours(400, value=lambda i: i**3 % 97))).encode())
    (tmp_path / "load.csv.gz").write_bytes(raw[: len(raw) // 2])
    fault_of(tmp_path, BrokenFile, file="load.csv.gz")


def test_missing_hour_is_counted_and_named(tmp_path):
    rows = hours(24)
    del rows[5:7]
    fault = fault_of(write(tmp_path, rows), MissingSteps, "2 time step")
    assert fault.facts["first"] == "2026-07-01 05:00:00"
    assert (fault.where.row, fault.where.line) == (6, 7)


def test_time_must_rise(tmp_path):
    rows = hours(6)
    rows[3] = rows[1]
    faults = fault_of(write(tmp_path, rows), TimeNotRising)
    assert faults.where.row == 4


def test_repeated_time_is_refused(tmp_path):
    rows = hours(6)
    rows.insert(2, rows[2])
    assert fault_of(write(tmp_path, rows), TimeNotRising).where.row == 4


def test_crooked_step_is_refused(tmp_path):
    rows = hours(6)
    rows[3] = "2026-07-01T03:07+08:00,1"
    with pytest.raises((UnevenSteps, Faults)) as caught:
        read_series(spec(), write(tmp_path, rows), "MW")
    faults = getattr(caught.value, "faults", [caught.value])
    assert {type(f) for f in faults} == {UnevenSteps}
    assert faults[0].where.row == 4


@pytest.mark.parametrize("text", ["", "NaN", "n/a", "1,5e", "inf", "12 MW"])
def test_no_number_is_refused_with_its_row(tmp_path, text):
    rows = hours(5)
    rows[2] = rows[2].split(",")[0] + f',"{text}"'
    fault = fault_of(write(tmp_path, rows), UnreadableValue)
    assert (fault.where.row, fault.where.line, fault.where.field) == (3, 4, "load")


def test_negative_is_refused_unless_meant(tmp_path):
    write(tmp_path, hours(5, value=lambda i: 1 - i))
    with pytest.raises(Faults) as caught:
        read_series(spec(), tmp_path, "MW")
    assert [(type(f), f.where.row) for f in caught.value.faults] == [(NegativeValue, n) for n in (3, 4, 5)]
    assert read_series(spec(allow_negative=True), tmp_path, "MW").values[-1] == -3


def test_faults_are_capped(tmp_path):
    write(tmp_path, hours(90, value=lambda i: "x"))
    with pytest.raises(Faults) as caught:
        read_series(spec(), tmp_path, "MW")
    assert len(caught.value.faults) == MAX_FAULTS


def test_unreadable_time_names_the_row(tmp_path):
    rows = hours(5)
    rows[4] = "tomorrow,3"
    assert fault_of(write(tmp_path, rows), UnreadableTime).where.row == 5


def test_offset_in_the_middle_of_a_format_is_refused(tmp_path):
    write(tmp_path, ["+0800 2026-07-01 00:00,1", "+0800 2026-07-01 01:00,1"])
    fault_of(tmp_path, UnreadableTime, format="%z %Y-%m-%d %H:%M")


def test_format_with_an_offset_at_its_end(tmp_path):
    write(tmp_path, ["01.07.2026 00:00+0800,1", "01.07.2026 01:00+0800,1"])
    found = read_series(spec(format="%d.%m.%Y %H:%M%z"), tmp_path, "MW")
    assert found.index[0] == pd.Timestamp("2026-07-01T00:00+08:00")


def test_naive_times_need_a_zone(tmp_path):
    write(tmp_path, [r.replace("+08:00", "") for r in hours(5)])
    assert fault_of(tmp_path, NaiveTime).where.row == 1
    assert read_series(spec(zone="+08:00"), tmp_path, "MW").index[0] == pd.Timestamp("2026-07-01T00:00+08:00")


def test_one_naive_row_among_others_is_named(tmp_path):
    rows = hours(5)
    rows[3] = rows[3].replace("+08:00", "")
    assert fault_of(write(tmp_path, rows), NaiveTime).where.row == 4


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Shanghai", "CET"])
def test_named_zone_is_refused(tmp_path, zone):
    write(tmp_path, [r.replace("+08:00", "") for r in hours(5)])
    fault_of(tmp_path, ZoneNotFixed, zone=zone)


def test_daylight_saving_file_is_refused(tmp_path):
    times = pd.date_range("2026-03-28T12:00", periods=48, freq="h", tz="Europe/Berlin")
    write(tmp_path, [f"{t.isoformat()},1" for t in times])
    fault = fault_of(tmp_path, ShiftingZone)
    assert (fault.facts["before"], fault.facts["after"], fault.where.row) == ("+01:00", "+02:00", 15)


def test_naive_daylight_saving_file_shows_as_a_gap(tmp_path):
    times = pd.date_range("2026-03-28T12:00", periods=48, freq="h", tz="Europe/Berlin")
    write(tmp_path, [f"{t:%Y-%m-%dT%H:%M},1" for t in times])
    assert fault_of(tmp_path, MissingSteps, zone="+01:00").facts["first"] == "2026-03-29 02:00:00"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", BrokenFile),
        ("time,load\n", TooShort),
        ("time,load\n2026-07-01T00:00Z,1\n", TooShort),
        ("\x00\xff", BrokenFile),
    ],
)
def test_empty_files_are_refused(tmp_path, text, error):
    (tmp_path / "load.csv").write_bytes(text.encode("latin-1"))
    fault_of(tmp_path, (error, MissingColumn))


def test_row_with_too_many_cells_is_broken(tmp_path):
    rows = hours(5)
    rows[3] += ",5,6"
    fault_of(write(tmp_path, rows), BrokenFile)


def test_blank_lines_at_the_end_are_no_rows(tmp_path):
    assert len(read_series(spec(), write(tmp_path, [*hours(5), "", ""]), "MW").values) == 5


def test_blank_line_inside_is_a_row(tmp_path):
    rows = hours(5)
    rows.insert(2, "")
    assert fault_of(write(tmp_path, rows), UnreadableTime).where.line == 4


def test_two_columns_of_one_name_are_refused(tmp_path):
    fault_of(write(tmp_path, [row + ",5" for row in hours(5)], "time,load,load"), BrokenFile, "two columns")


def test_byte_order_mark_of_spreadsheets(tmp_path):
    (tmp_path / "load.csv").write_text("time,load\n" + "\n".join(hours(4)), encoding="utf-8-sig")
    assert len(read_series(spec(), tmp_path, "MW").values) == 4


def test_absent_file_and_column(tmp_path):
    fault_of(tmp_path, MissingFile)
    fault = fault_of(write(tmp_path, hours(3)), MissingColumn, column="power")
    assert fault.facts["known"] == "time, load"


def test_wrong_dimension_is_refused(tmp_path):
    fault_of(write(tmp_path, hours(3)), WrongUnit, unit="degC")


def test_same_day_midnight_needs_label_end():
    with pytest.raises(ValidationError, match="label: end"):
        spec(midnight="same_day")


def test_grid_inside_is_taken_as_it_is():
    values = on_grid(series_of(range(48)), spec(), grid("2026-07-02"))
    assert values.tolist() == list(range(24, 48))


def test_outside_is_refused_by_default():
    with pytest.raises(OutsideData) as caught:
        on_grid(series_of(range(24)), spec(), grid("2026-07-02"))
    assert caught.value.facts["last"] == "2026-07-01 23:00"


def test_day_half_outside_is_refused():
    with pytest.raises(OutsideData):
        on_grid(series_of(range(36)), spec(), grid("2026-07-02"))


def test_phase_must_fit():
    with pytest.raises(GridMismatch):
        on_grid(series_of(range(48), "2026-07-01T00:10+08:00"), spec(), grid())


def test_step_must_divide():
    with pytest.raises(GridMismatch):
        on_grid(series_of(range(48), step_min=40), spec(), grid())


def year(n_days, start="2023-01-01T00:00+08:00"):
    return series_of(np.repeat(np.arange(n_days), 24), start)


def test_calendar_takes_the_same_date():
    values = on_grid(year(365), spec(repeat="calendar"), grid("2026-12-30", days=3))
    assert values[::24].tolist() == [363, 364, 0]


def test_calendar_29_february_is_the_28th():
    values = on_grid(year(365), spec(repeat="calendar"), grid("2028-02-28", days=3))
    assert values[::24].tolist() == [58, 58, 59]


def test_calendar_uses_29_february_where_the_data_have_it():
    values = on_grid(year(366, "2024-01-01T00:00+08:00"), spec(repeat="calendar"), grid("2028-02-29"))
    assert values[0] == 59


def test_calendar_without_the_date_is_refused():
    with pytest.raises(OutsideData):
        on_grid(year(100), spec(repeat="calendar"), grid("2026-12-01"))


@given(st.dates(date(2024, 1, 1), date(2033, 12, 31)))
def test_weekday_stands_for_the_same_weekday_nearby(day):
    index = on_grid(year(365), spec(repeat="weekday"), TimeGrid.day(day, CN))[0]
    other = date(2023, 1, 1) + timedelta(days=int(index))
    assert other.weekday() == day.weekday()
    same = date(2023, day.month, min(day.day, 28) if day.month == 2 else day.day)
    # three days at most, but for the week that the ends of the year may need
    near_end = not 4 <= same.timetuple().tm_yday <= 362
    assert abs((other - same).days) <= (7 if near_end else 3)


def test_repeat_leaves_days_inside_alone():
    values = on_grid(year(365), spec(repeat="weekday"), grid("2023-05-01"))
    assert values[0] == 120


@given(st.lists(st.floats(0, 1000), min_size=96, max_size=96), st.sampled_from([15, 30, 60]))
def test_mean_conserves_energy(values, step_min):
    on = on_grid(series_of(values, step_min=15), spec(), grid(step_min=step_min))
    assert on.sum() * step_min == pytest.approx(sum(values) * 15, abs=1e-6)


@given(st.lists(st.floats(0, 1000), min_size=24, max_size=24), st.sampled_from([15, 30]))
def test_hold_conserves_energy(values, step_min):
    on = on_grid(series_of(values), spec(), grid(step_min=step_min))
    assert on.reshape(24, -1).mean(axis=1) == pytest.approx(values)


@pytest.mark.skipif(not STEEL.exists(), reason="needs ../shared")
def test_uci_steel_file_whose_midnight_closes_the_same_day():
    steel = spec(
        file=STEEL.name, time="date", format="%d/%m/%Y %H:%M", zone="+09:00", label="end", midnight="same_day",
        column="Usage_kWh", unit="kWh", repeat="weekday",
    )  # fmt: skip
    found = read_series(steel, STEEL.parent, "MW")
    assert len(found.values) == 35040
    assert found.index[0] == pd.Timestamp("2018-01-01T00:00+09:00")
    raw = pd.read_csv(STEEL)
    assert found.values.sum() * 0.25 * 1000 == pytest.approx(raw["Usage_kWh"].sum())
    # the row "01/01/2018 00:00" is the last quarter of that day
    assert found.values[95] * 250 == pytest.approx(3.42)
    day = TimeGrid(datetime(2018, 3, 6, tzinfo=timezone(timedelta(hours=9))), timedelta(hours=1), 24)
    assert on_grid(found, steel, day).sum() == pytest.approx(found.values[64 * 96 : 65 * 96].mean() * 24)


@pytest.mark.skipif(not STEEL.exists(), reason="needs ../shared")
def test_uci_steel_file_is_refused_without_the_midnight_rule():
    steel = spec(
        file=STEEL.name, time="date", format="%d/%m/%Y %H:%M", zone="+09:00", label="end", column="Usage_kWh",
        unit="kWh",
    )  # fmt: skip
    with pytest.raises(Faults) as caught:
        read_series(steel, STEEL.parent, "MW")
    assert type(caught.value.faults[0]) is TimeNotRising
