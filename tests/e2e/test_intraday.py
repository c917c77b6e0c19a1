"""A running day planned anew: no news changes nothing, commitments hold, meters count, and the bills add up."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from parkopt.api.app import create_app
from parkopt.cli import app
from parkopt.faults import Infeasible, NotFound, OutOfRange, UnknownAsset, WrongState
from parkopt.reopen import ReplanRequest, reported_of, state_at
from parkopt.results.summary import bill
from parkopt.settings import Settings
from parkopt.solve import Limits
from parkopt.solve.check import independent_bill
from parkopt.workflow import DAY_AHEAD, INTRADAY, Context, DayRequest, run

CTX = Context("t", "t", "t")
CHINA = timezone(timedelta(hours=8))
DAY = date(2026, 1, 15)
EXACT = Limits(gap=1e-9)


def at(hour, minute=0, day=DAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA)


@cache
def planned(park, step=60):
    return run(DAY_AHEAD, DayRequest(park, DAY, step, limits=EXACT), CTX)


def again(park, moment, *, keep=0.0, step=60, levels=None, **more):
    day = DayRequest(park, DAY, limits=EXACT, **more)
    asked = ReplanRequest(planned(park, step).schedule, day, moment, timedelta(hours=keep), levels or {})
    return run(INTRADAY, asked, CTX)


@pytest.mark.parametrize("park", ["dafeng", "sheyang", "huanghai", "ydz"])
def test_without_news_the_rest_of_the_day_costs_what_it_did(park):
    """The passed hours' bill and the new plan's together are the day's bill, line by line."""
    whole, rest = planned(park), again(park, at(14))
    problem = whole.scheduled.solved.forecast.problem
    passed = replace(
        problem,
        grid=replace(problem.grid, n=14),
        series={name: {key: row[:14] for key, row in own.items()} for name, own in problem.series.items()},
    )
    owed = independent_bill(passed, reported_of(whole.schedule.isel(time=slice(0, 14)), problem.park))
    day, after = bill(whole.schedule), bill(rest.schedule)
    steering = {"rule_breach"}
    together = {line: owed.get(line, 0.0) + after.get(line, 0.0) for line in {*owed, *after} - steering}
    cash = sum(yuan for line, yuan in day.items() if line not in steering)
    assert sum(together.values()) == pytest.approx(cash, rel=2e-6, abs=0.1)
    assert rest.schedule.sizes["time"] == 10
    assert rest.schedule.attrs["begins"] == "14:00"


def test_the_state_at_midnight_is_what_the_day_hands_over():
    """Going through the day to its last step and planning that one step gives the same closing state."""
    whole, last = planned("sheyang"), again("sheyang", at(23), keep=1.0)
    one, other = whole.account.state.model_dump(), last.account.state.model_dump()
    assert one["at"] == other["at"]
    for name, own in one["assets"].items():
        for key, value in own.items():
            near = pytest.approx(value, rel=1e-6, abs=1e-6) if isinstance(value, float) else value
            if not key.startswith("origin"):
                assert other["assets"][name][key] == near, (name, key)
    energy = {name: sum(own["origin_wh"].values()) for name, own in one["assets"].items() if own["origin_wh"]}
    assert energy
    for name, wh in energy.items():
        assert sum(other["assets"][name]["origin_wh"].values()) == pytest.approx(wh, abs=50)


def test_committed_hours_stay_while_the_weather_moves():
    whole, rest = planned("sheyang").schedule, again("sheyang", at(9), keep=3.0, weather_basis="actual").schedule
    assert not np.allclose(
        whole["available_mw"].to_numpy()[:, 9:12], rest["available_mw"].to_numpy()[:, :3], 1e-3, 1e-3, equal_nan=True
    )
    for key, name in (("charge_mw", "ess"), ("discharge_mw", "ess"), ("power_mw", "h2"), ("take_mw", "annual_green")):
        before, after = (part[key].sel(asset=name).to_numpy() for part in (whole, rest))
        assert after[:3] == pytest.approx(before[9:12], abs=1e-6)
    assert rest["import_mw"].to_numpy()[:3] != pytest.approx(whole["import_mw"].to_numpy()[9:12], abs=1e-3)


def test_a_metered_level_replaces_the_planned_one():
    schedule = again("sheyang", at(10), levels={"ess": 30.0}).schedule
    ess = planned("sheyang").loaded.park.assets["ess"]
    opening = json.loads(schedule.attrs["opening_state"])["assets"]["ess"]
    assert opening["soc_mwh"] == 30.0
    assert "origin_wh" not in opening
    flows = (schedule[key].sel(asset="ess").to_numpy()[0] for key in ("charge_mw", "discharge_mw"))
    charge, discharge = flows
    level = 30.0 * (1 - ess.self_discharge) + charge * 0.93 - discharge / 0.93
    assert schedule["soc_mwh"].sel(asset="ess").to_numpy()[0] == pytest.approx(level, abs=1e-6)


def test_twice_within_a_day():
    """A plan of the rest of the day is planned anew once more, at a quarter past, in quarter-hours."""
    first = again("dafeng", at(8, 15), step=15)
    asked = ReplanRequest(first.schedule, DayRequest("dafeng", DAY, limits=EXACT), at(12, 30))
    second = run(INTRADAY, asked, CTX)
    assert (first.schedule.sizes["time"], second.schedule.sizes["time"]) == (63, 46)
    parts = [bill(part.schedule) for part in (first, second)]
    assert all(np.isfinite(list(part.values())).all() for part in parts)


def test_the_start_of_the_day_is_its_opening_state():
    whole = planned("ydz")
    problem = whole.scheduled.solved.forecast.problem
    assert state_at(problem, whole.schedule, 0, whole.loaded.factor) == problem.state


@pytest.mark.parametrize(
    ("moment", "more", "fault"),
    [
        (at(14, 30), {}, OutOfRange),
        (at(14, day=date(2026, 1, 16)), {}, OutOfRange),
        (at(14), {"levels": {"nothing": 3.0}}, UnknownAsset),
        (at(14), {"levels": {"ess": 500.0}}, WrongState),
    ],
)
def test_what_cannot_be(moment, more, fault):
    with pytest.raises(fault):
        again("sheyang", moment, **more)


def test_a_commitment_that_the_meters_contradict_is_explained():
    """At 20:00 the store is empty though the plan discharges it on: no plan keeps that."""
    whole = planned("sheyang").schedule
    discharge = whole["discharge_mw"].sel(asset="ess").to_numpy()
    hour = int(np.argmax(discharge[:23]))
    assert discharge[hour] > 5
    with pytest.raises(Infeasible):
        again("sheyang", at(hour), keep=1.0, levels={"ess": 12.0})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_by_the_command_line_and_by_the_service(home, monkeypatch):
    monkeypatch.setenv("PARKOPT_HOME", str(home))
    runner = CliRunner()
    made = runner.invoke(app, ["day", "dafeng", "--date", str(DAY), "--json"])
    name = json.loads(made.stdout)["run"]
    done = runner.invoke(app, ["intraday", name, "--at", "15:00", "--keep", "1", "--level", "ess=40 MWh", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["date"] == str(DAY)
    newest = runner.invoke(app, ["intraday", "dafeng", "--at", f"{DAY}T16:00+08:00", "--json"])
    assert newest.exit_code == 0, newest.output
    none = runner.invoke(app, ["intraday", "dafeng", "--at", "2026-03-01T16:00+08:00"])
    assert isinstance(none.exception, NotFound)
    with TestClient(create_app(Settings(home=home))) as client:
        body = {"at": f"{DAY}T18:00:00+08:00", "levels": {"ess": "60 MWh"}}
        answer = client.post(f"/v1/schedules/{name}/replans", json=body)
        assert answer.status_code == 201, answer.text
        share = client.get(
            "/v1/enterprises/df-pv-cells/green-share",
            params={"start": f"{DAY}T00:00:00+08:00", "end": "2026-01-16T00:00:00+08:00"},
        ).json()
        runs = [step["run"] for step in share["steps"]] if "run" in share["steps"][0] else None
        assert len(share["steps"]) == 24
        assert runs is None or (runs[0] == name and runs[-1] == answer.json()["id"])
        wrong = client.post(f"/v1/schedules/{name}/replans", json={"at": "2026-01-15T18:10:00+08:00"})
        assert wrong.status_code == 422
