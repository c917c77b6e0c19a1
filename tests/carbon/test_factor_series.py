"""Factors by the hour: units, steps, what is refused and where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from parkopt.carbon.factor_series import ConstantSeries, FactorSeries, read_factor_series, series_of
from parkopt.carbon.factors import factor
from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import (
    FactorUnit,
    GridMismatch,
    ImplausibleValue,
    MissingColumn,
    MissingSteps,
    NaiveTime,
    NegativeValue,
    NoProvenance,
    OutsideData,
    TimeNotRising,
    UnevenSteps,
    UnreadableValue,
    WrongStep,
)

START = datetime(2026, 6, 30, 16, tzinfo=UTC)
VALUES = [0.55, 0.5, 0.4, 0.3]


def stamps(count, minutes=60, offset="+08:00"):
    local = [START + timedelta(hours=8, minutes=minutes * i) for i in range(count)]
    return [f"{time:%Y-%m-%dT%H:%M}{offset}" for time in local]


def file_of(tmp_path, column="kg_per_kwh", values=VALUES, times=None, more=""):
    times = stamps(len(values)) if times is None else times
    lines = [f"{time},{value}{more and ',' + more}" for time, value in zip(times, values, strict=True)]
    path = tmp_path / "grid.csv"
    path.write_text("\n".join([f"start,{column}{',source,version' if more else ''}", *lines]) + "\n", encoding="utf-8")
    return path


def grid(n=4, minutes=60, first=0):
    return TimeGrid(START + timedelta(minutes=first), timedelta(minutes=minutes), n)


@pytest.mark.parametrize(("column", "scale"), [("kg_per_kwh", 1), ("g_per_kwh", 1000), ("kg_per_mwh", 1000)])
def test_each_unit_gives_whole_micrograms(tmp_path, column, scale):
    series: FactorSeries = read_factor_series(file_of(tmp_path, column, [value * scale for value in VALUES]))
    got = series.on(grid())
    assert got.dtype == np.int64
    assert got.tolist() == [550_000, 500_000, 400_000, 300_000]
    assert series.on(grid(2, first=60)).tolist() == [500_000, 400_000]


def test_a_finer_grid_holds_and_a_coarser_takes_the_mean(tmp_path):
    hourly = read_factor_series(file_of(tmp_path))
    assert hourly.on(grid(4, 15, first=45)).tolist() == [550_000, 500_000, 500_000, 500_000]
    quarters = read_factor_series(file_of(tmp_path, "kg_per_mwh", [500, 501, 502, 503.002], stamps(4, 15)))
    # 2006.002 / 4 = 501.5005 kg/MWh: the half of a microgram rounds up
    assert quarters.on(grid(1)).tolist() == [501_501]


def test_a_constant_factor_is_the_trivial_series():
    series: FactorSeries = ConstantSeries(factor("jiangsu_2023"))
    assert series_of(None, factor("jiangsu_2023")) == series
    assert series.on(grid(3)).tolist() == [582_700] * 3
    assert (series.id, series.as_dict()["year"]) == ("jiangsu_2023", 2023)


def test_the_id_tells_files_apart_and_the_rows_tell_the_source(tmp_path):
    first = read_factor_series(file_of(tmp_path, more="grid company,2"))
    assert series_of(first.file, factor("jiangsu_2023")).id == first.id
    assert first.id == f"grid@{first.sha256[:16]}"
    assert {"source": "grid company", "version": "2", "file_sha256": first.sha256}.items() <= first.as_dict().items()
    assert read_factor_series(file_of(tmp_path, values=VALUES[::-1])).id != first.id


@pytest.mark.parametrize(
    ("times", "fault", "row"),
    [
        ([*stamps(5)[:2], *stamps(5)[3:]], MissingSteps, 3),
        ([*stamps(3), stamps(3)[2]], TimeNotRising, 4),
        ([*stamps(3), stamps(13, 15)[11]], UnevenSteps, 4),
        (stamps(4, offset=""), NaiveTime, 1),
        (stamps(4, 1440), WrongStep, 2),
    ],
)
def test_times_that_cannot_be_used_are_named_by_row(tmp_path, times, fault, row):
    with pytest.raises(fault) as found:
        read_factor_series(file_of(tmp_path, times=times))
    assert found.value.where.row == row


@pytest.mark.parametrize(
    ("column", "values", "fault", "row"),
    [
        ("kg_per_kwh", [0.5, 0.5, 550, 0.5], ImplausibleValue, 3),
        ("g_per_kwh", [0.3, 0.5, 0.4, 0.3], ImplausibleValue, 2),
        ("kg_per_mwh", [0.55, 0.5, 0.4, 0.3], ImplausibleValue, 1),
        ("kg_per_kwh", [0.5, -0.1, 0.5, 0.5], NegativeValue, 2),
        ("kg_per_kwh", [0.5, "", 0.5, 0.5], UnreadableValue, 2),
    ],
)
def test_values_that_cannot_be_true_are_named_by_row(tmp_path, column, values, fault, row):
    with pytest.raises(fault) as found:
        read_factor_series(file_of(tmp_path, column, values))
    assert found.value.where.row == row


def test_several_faults_come_together(tmp_path):
    with pytest.raises(Faults) as found:
        read_factor_series(file_of(tmp_path, values=[0.5, 500, 600, 0.5]))
    assert [fault.where.row for fault in found.value.faults] == [2, 3]


def test_an_hour_of_no_carbon_is_no_fault(tmp_path):
    assert read_factor_series(file_of(tmp_path, values=[0, 0, 0, 0])).on(grid()).tolist() == [0] * 4


def test_columns(tmp_path):
    with pytest.raises(FactorUnit, match="exactly one column"):
        read_factor_series(file_of(tmp_path, "factor"))
    path = file_of(tmp_path)
    path.write_text(path.read_text().replace("start", "when"))
    with pytest.raises(MissingColumn, match="start"):
        read_factor_series(path)
    both = tmp_path / "both.csv"
    both.write_text("start,kg_per_kwh,g_per_kwh\n")
    with pytest.raises(FactorUnit):
        read_factor_series(both)


def test_rows_of_two_versions_are_two_series(tmp_path):
    path = file_of(tmp_path, more="grid company,2")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].replace(",2", ",3")]) + "\n")
    with pytest.raises(NoProvenance) as found:
        read_factor_series(path)
    assert found.value.where.row == 4


def test_hours_outside_the_file_are_not_made_up(tmp_path):
    series = read_factor_series(file_of(tmp_path))
    for wanted in (grid(5), grid(2, first=-60)):
        with pytest.raises(OutsideData, match="2026-07-01 00:00"):
            series.on(wanted)
    with pytest.raises(GridMismatch):
        series.on(grid(2, first=30))
