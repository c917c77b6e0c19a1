"""A park with every kind of asset through the whole flow: planned, checked, traced, handed over, planned anew."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from parkopt.ledger import FileLog, load_or_create_key, verify_path
from parkopt.models import technologies
from parkopt.park.loader import load_park
from parkopt.reopen import ReplanRequest
from parkopt.results.files import read_netcdf
from parkopt.results.summary import bill
from parkopt.solve import Limits
from parkopt.workflow import DAY_AHEAD, INTRADAY, Context, DayRequest, run

PARK = Path(__file__).parents[2] / "docs" / "examples" / "everything" / "park.yaml"
QUICK = Limits(seconds=30, gap=5e-3)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("everything")


@pytest.fixture(scope="module")
def winter(place):
    log = FileLog(place / "log", load_or_create_key(place / "keys", "parkopt/everything"))
    ctx = Context("r", "2026-01-14T00:00:00+00:00", "t", folder=place / "out", log_of=lambda _: log)
    (place / "out").mkdir()
    return run(DAY_AHEAD, DayRequest(str(PARK), date(2026, 1, 15), limits=QUICK), ctx)


def test_the_example_holds_every_kind():
    park = load_park(PARK, technologies()).park
    assert {asset.kind for asset in park.assets.values()} == set(technologies())


def test_it_is_planned_checked_and_traced(winter):
    schedule = winter.schedule
    assert schedule.attrs["status"] == "optimal"
    assert winter.scheduled.solved.checks > 200
    assert int(schedule["share_wh"].sum()) == int(schedule["consumption_wh"].sum())
    assert winter.account.trace.open_carbon_ug() == 0
    assert (schedule["carbon_ug"].sum("enterprise") == schedule["park_carbon_ug"]).all()
    assert "bus by bus" in schedule.attrs["carbon_method"]


def test_a_line_s_loss_is_no_consumption_and_takes_its_part_of_the_carbon(winter):
    schedule = winter.schedule
    sent, arrived = (schedule[key].sel(asset="inverter").to_numpy() for key in ("forward_mw", "forward_arrived_mw"))
    assert arrived == pytest.approx(0.98 * sent, abs=1e-6)
    assert "inverter" not in schedule["enterprise"].to_numpy().tolist()
    lost_mwh = float(schedule["line_loss_wh"].sum()) / 1e6
    back = schedule["back_mw"].sel(asset="inverter").to_numpy()
    assert lost_mwh > 0
    assert lost_mwh == pytest.approx(0.02 * float(sent.sum() + back.sum()), rel=1e-3)
    hours = [one for one in winter.records if one["type"] == "park-hour"]
    assert sum(one["sinks_wh"].get("inverter:loss", 0) for one in hours) == int(schedule["line_loss_wh"].sum())
    assert all(sum(one["sources_wh"].values()) == sum(one["sinks_wh"].values()) for one in hours)
    assert not any("unaccounted" in one["sources_wh"] for one in hours), "rounding goes upstream to a source that runs"
    traced = winter.account.trace.traced
    assert int(schedule["line_loss_ug"].sum()) == int(traced.other_ug[traced.others.index("inverter:loss")].sum())


def test_the_carbon_of_fuel_reaches_those_who_use_it(winter):
    """The gas engines' power bears its own carbon; the boiler's heat is in the park's fuel and in no power."""
    schedule = winter.schedule
    burnt = schedule["fuel_carbon_kg"].sum(skipna=True) + schedule["heat_carbon_kg"].sum(skipna=True)
    assert float(schedule["fuel_ug"].sum()) == pytest.approx(1e9 * float(burnt), rel=1e-9)
    for name in ("gas", "cogeneration"):
        power = schedule["supply_mw"].sel(asset=name).to_numpy()
        own = schedule["fuel_carbon_kg"].sel(asset=name).to_numpy()
        assert ((power > 1e-6) == (own > 1e-3)).all()


def test_two_connections_stand_apart_and_together(winter):
    schedule = winter.schedule
    own = schedule["connection_import_mw"].sum("asset", skipna=True).to_numpy()
    assert own == pytest.approx(schedule["import_mw"].to_numpy())
    lines = bill(schedule)
    assert {"cfd", "certificates", "fuel", "reserve", "fixed_fees"} <= set(lines)


def test_its_files_and_evidence_stand(winter, place):
    again = read_netcdf(place / "out" / "schedule.nc")
    assert np.array_equal(again["share_wh"], winter.schedule["share_wh"])
    assert (place / "out" / "report.html").stat().st_size > 10_000
    for name in ("maker", "town", "fuels"):
        assert verify_path(place / "out" / "evidence" / f"{name}.json", None, None).ok


def test_the_next_day_and_the_rest_of_it(winter):
    ctx = Context("r", "t", "t")
    summer = run(DAY_AHEAD, DayRequest(str(PARK), date(2026, 1, 16), state=winter.account.state, limits=QUICK), ctx)
    assert summer.scheduled.solved.checks > 200
    at = datetime(2026, 1, 16, 10, tzinfo=timezone(timedelta(hours=8)))
    asked = ReplanRequest(
        summer.schedule, DayRequest(str(PARK), date(2026, 1, 16), limits=QUICK), at, timedelta(hours=1)
    )
    rest = run(INTRADAY, asked, ctx)
    assert rest.schedule.sizes["time"] == 14
    assert rest.scheduled.solved.checks > 200
