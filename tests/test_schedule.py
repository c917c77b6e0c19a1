"""The schedule as a Dataset and as files: units, time, provenance, round trips, figures by hand."""

from __future__ import annotations

import io
import json
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from parkopt.results.files import columns, read_netcdf, to_csv, to_json, write_netcdf
from parkopt.results.summary import NOT_CASH, bill, cost_yuan, summary
from parkopt.schedule import VARIABLES
from parkopt.workflow import DAY_AHEAD, Context, DayRequest, run

CTX = Context(run="r1", created_at="2026-01-01T00:00:00+00:00", version="1.2.3")


@cache
def planned(step_min):
    return run(DAY_AHEAD, DayRequest(park="sheyang", day=date(2026, 7, 15), step_min=step_min), CTX)


@pytest.fixture(scope="module", params=[60, 15])
def done(request):
    return planned(request.param)


def test_every_variable_has_unit_and_meaning_in_both_languages(done):
    for name, variable in done.schedule.data_vars.items():
        assert variable.attrs["units"] == VARIABLES[name].units
        assert variable.attrs["long_name"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in variable.attrs["long_name_zh"])
    assert set(done.schedule.dims) == {"time", "asset", "line", "enterprise", "source"}


def test_time_is_utc_and_on_the_grid(done):
    stamps = pd.DatetimeIndex(done.schedule["time"].to_numpy())
    step = pd.Timedelta(minutes=done.loaded.request.step_min)
    assert stamps[0] == pd.Timestamp("2026-07-14T16:00:00")
    assert (np.diff(stamps) == step).all()
    assert len(stamps) * step == pd.Timedelta(days=1)


def test_attributes_say_where_it_comes_from(done):
    attrs = done.schedule.attrs
    for key in ("park_sha256", "weather_sha256", "state_sha256"):
        assert len(bytes.fromhex(attrs[key])) == 32
    assert attrs["parkopt_version"] == "1.2.3"
    assert attrs["solver"].startswith("HiGHS 1.")
    assert (attrs["run"], attrs["park"], attrs["date"], attrs["zone"]) == ("r1", "sheyang", "2026-07-15", "+08:00")
    assert attrs["status"] == "optimal"
    assert attrs["checks_passed"] > 20
    assert "synthetic" in attrs["synthetic_en"]
    assert "合成" in attrs["synthetic_zh"]


def test_nothing_is_missing_where_a_variable_applies(done):
    for name, variable in done.schedule.data_vars.items():
        rows = variable.to_numpy().reshape(-1, variable.shape[-1]) if "time" in variable.dims else variable.to_numpy()
        missing = np.isnan(rows)
        assert (missing.all(axis=-1) == missing.any(axis=-1)).all(), name


def test_netcdf_gives_everything_back(done, tmp_path):
    write_netcdf(done.schedule, tmp_path / "s.nc")
    back = read_netcdf(tmp_path / "s.nc")
    xr.testing.assert_identical(back, done.schedule)
    for name in ("consumption_wh", "share_wh", "carbon_ug"):
        assert back[name].dtype == np.int64


def test_csv_holds_the_same_values(done):
    frame = pd.read_csv(io.StringIO(to_csv(done.schedule)), float_precision="round_trip")
    assert list(frame.columns) == ["time", *columns(done.schedule)]
    assert frame["time"].iloc[0] == "2026-07-15T00:00:00+08:00"
    for name, values in columns(done.schedule).items():
        assert np.array_equal(frame[name].to_numpy(), values), name
    assert "offshore.supply_mw" in frame
    assert "offshore.demand_mw" not in frame


def test_json_holds_the_same_values_and_no_nan(done):
    def refuse(word):
        raise AssertionError(word)

    data = json.loads(to_json(done.schedule), parse_constant=refuse)
    assert list(data["series"]) == list(columns(done.schedule))
    for name, values in columns(done.schedule).items():
        assert data["series"][name] == values.tolist()
    assert data["attributes"]["park_sha256"] == done.loaded.file.sha256
    assert data["units"]["supply_mw"] == "MW"
    assert len(data["time"]) == done.loaded.grid.n


def test_the_lines_of_the_bill_sum(done):
    schedule = done.schedule
    np.testing.assert_allclose(schedule["cost_yuan"].sum("time"), schedule["bill_yuan"], atol=1e-6)
    paid = sum(yuan for line, yuan in bill(schedule).items() if line not in NOT_CASH)
    assert cost_yuan(schedule) == pytest.approx(paid)
    figures = summary(schedule)
    assert figures["cost_yuan"] == pytest.approx(
        sum(figures["bill_yuan"].values()) - figures["bill_yuan"].get("rule_breach", 0), abs=0.1
    )
    assert schedule.attrs["objective"] == pytest.approx(sum(bill(schedule).values()), rel=1e-6)


def test_both_steps_plan_the_same_energy():
    hour, quarter = (summary(planned(step).schedule) for step in (60, 15))
    assert quarter["consumption_mwh"] == pytest.approx(hour["consumption_mwh"], rel=0.02)
    assert quarter["available_mwh"] == pytest.approx(hour["available_mwh"], rel=0.05)


FLOWS = '{"pv": {"supply_mw": "local"}, "line": {"take_mw": "local"}, "grid": {"import_mw": "grid"}}'


def _small():
    """Two half hours: PV with 10 MWh available, 2 curtailed, 1 exported, 7 used; 3 MWh from the grid; two works."""
    steps = ("time", [0, 1])

    def of(asset_rows):
        return (("asset", "time"), np.asarray(asset_rows, dtype=float))

    nan = [np.nan, np.nan]
    return xr.Dataset(
        {
            "supply_mw": of([[8, 8], nan, nan]),
            "available_mw": of([[12, 8], nan, [6, 4]]),
            "curtailed_mw": of([[4, 0], nan, nan]),
            "take_mw": of([nan, nan, [6, 0]]),
            "offer_mw": of([nan, nan, [6, 4]]),
            "import_mw": ("time", [0.0, 6.0]),
            "export_mw": ("time", [2.0, 0.0]),
            "bill_yuan": ("line", [100.0, -20.0, 5.0]),
            "consumption_wh": (("enterprise", "time"), [[4_000_000, 4_000_000], [0, 5_000_000]]),
            "green_wh": (("enterprise", "time"), [[4_000_000, 1_000_000], [0, 5_000_000]]),
            "carbon_ug": (("enterprise", "time"), [[0, 3_000_000_000_000], [0, 0]]),
            "park_carbon_ug": ("time", [0, 3_000_000_000_000]),
            "park_consumption_wh": ("time", [4_000_000, 9_000_000]),
        },
        coords={
            "time": steps[1],
            "asset": ["pv", "grid", "line"],
            "line": ["market_energy", "export_revenue", "rule_breach"],
            "enterprise": ["a", "b"],
        },
        attrs={"step_min": 30, "flows": FLOWS},
    )


def test_the_summary_by_hand():
    found = summary(_small())
    expected = {
        "cost_yuan": 80.0, "carbon_t": 3.0, "consumption_mwh": 13.0, "available_mwh": 15.0, "curtailed_mwh": 2.0,
        "import_mwh": 3.0, "export_mwh": 1.0, "peak_import_mw": 6.0, "contracted_mwh": 3.0, "hydrogen_kg": 0.0,
        "park_factor_kg_per_mwh": round(3000 / 13, 2), "green_share": round(10 / 13, 4),
        "self_use_of_available": round(10 / 15, 4), "self_use_of_demand": round(10 / 13, 4),
        "export_of_available": round(1 / 15, 4),
        "bill_yuan": {"market_energy": 100.0, "export_revenue": -20.0, "rule_breach": 5.0},
        "enterprises": {
            "a": {"consumption_mwh": 8.0, "green_share": 0.625, "carbon_t": 3.0},
            "b": {"consumption_mwh": 5.0, "green_share": 1.0, "carbon_t": 0.0},
        },
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected


def test_gross_self_use_leaves_out_what_a_direct_line_offered_and_nobody_took():
    """Used: 8 MWh of PV and 3 of the line; 1 exported."""
    assert summary(_small())["self_use_gross"] == round((8 + 3 - 1) / 15, 4)


def test_ratios_of_nothing_are_zero():
    nothing = _small() * 0
    nothing.attrs = {"step_min": 30, "flows": FLOWS}
    found = summary(nothing)
    assert found["green_share"] == found["self_use_of_available"] == found["park_factor_kg_per_mwh"] == 0.0
