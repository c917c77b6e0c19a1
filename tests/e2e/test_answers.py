"""Questions about a kept schedule, by verb and by route: the plan is made again, and another's answers are refused."""

import itertools
import json

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from parkopt.api.app import create_app
from parkopt.cli import app
from parkopt.faults import NotReproduced
from parkopt.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def ask(home, monkeypatch):
    monkeypatch.setenv("PARKOPT_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words):
        done = CliRunner().invoke(app, [*words])
        assert done.exit_code == 0, done.output or done.exception
        return done.stdout

    return invoke


@pytest.fixture(scope="module")
def planned(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARKOPT_HOME", str(home))
        done = CliRunner().invoke(app, ["day", "huanghai", "--date", "2026-01-15", "--json"])
    return json.loads(done.stdout)


def test_the_bill_by_hour_is_the_bill(ask, planned):
    table = json.loads(ask("bill", planned["run"], "--json"))
    assert table["lines"] == pytest.approx(planned["summary"]["bill_yuan"], abs=0.02)
    for row in table["rows"]:
        assert round(sum(row["by_step"]) + row["whole_yuan"], 2) == row["yuan"]
    text = ask("bill", planned["run"], "--lang", "zh")
    assert f"{planned['summary']['cost_yuan']:,.0f}"[:-3] in text


def test_why_says_each_hour_in_both_languages(ask, planned):
    told = json.loads(ask("why", planned["run"], "--json"))
    assert {one["time"][-5:] for one in told} == {f"{hour:02}:00" for hour in range(24)}
    assert all(one["holds"] for one in told)
    noon = ask("why", planned["run"], "--hour", "12", "--asset", "grid")
    assert noon.startswith(("2026-01-15 12:00", "12:00"))
    assert "grid" in ask("why", planned["run"], "--hour", "12:00", "--lang", "zh")


def test_margins_front_and_alternatives(ask, planned):
    found = json.loads(ask("margins", planned["run"], "--json"))
    saved = [row["saved_yuan"] for row in found]
    assert saved == sorted(saved, reverse=True)
    points = json.loads(ask("front", planned["run"], "--points", "3", "--json"))["points"]
    assert points[0]["cost_yuan"] == pytest.approx(sum(planned["summary"]["bill_yuan"].values()), rel=2e-4)
    assert all(a["carbon_t"] >= b["carbon_t"] for a, b in itertools.pairwise(points))
    others = json.loads(ask("alternatives", planned["run"], "--count", "1", "--json"))
    assert all(0 <= one["extra_yuan"] <= 0.0101 * points[0]["cost_yuan"] for one in others)
    for verb in ("margins", "front", "alternatives"):
        assert ask(verb, planned["run"])


def test_by_the_service(home, planned):
    with TestClient(create_app(Settings(home=home))) as client:
        place = f"/v1/schedules/{planned['run']}"
        assert client.get(f"{place}/bill").json()["lines"].keys() == planned["summary"]["bill_yuan"].keys()
        assert client.get(f"{place}/reasons").json()
        assert client.get(f"{place}/margins").json()
        assert len(client.get(f"{place}/front", params={"points": 2}).json()["points"]) <= 2
        assert client.get(f"{place}/alternatives", params={"count": 1}).status_code == 200
        assert client.get(f"{place}/front", params={"points": 1}).status_code == 422
        assert client.get("/v1/schedules/none/bill").status_code == 404


def test_another_park_file_cannot_answer_for_the_schedule(planned, home, monkeypatch, tmp_path):
    monkeypatch.setenv("PARKOPT_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(app, ["park", "new", "other", "--like", "huanghai"])
    assert made.exit_code == 0, made.output
    done = CliRunner().invoke(app, ["why", planned["run"], "--park-file", "parks/other/park.yaml"])
    assert isinstance(done.exception, NotReproduced)
    assert "park" in done.exception.message("en")
