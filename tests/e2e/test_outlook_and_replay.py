"""Outlook, planning on it, and replay, as their users meet them: verbs, route, files, refusals."""

import csv
import json
from datetime import date

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from parkopt.api.app import create_app
from parkopt.cli import app
from parkopt.settings import Settings
from tests.outlook.recorded import recorded_park


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def ask(home, monkeypatch):
    monkeypatch.setenv("PARKOPT_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words, code=0):
        done = CliRunner().invoke(app, [*map(str, words)])
        assert done.exit_code == code or (code and done.exception), done.output or done.exception
        return done.stdout if not code else str(done.exception)

    return invoke


def test_the_outlook_by_verb_and_by_route_is_one(ask, home, tmp_path):
    by_verb = json.loads(ask("forecast", "show", "sheyang", "--date", "2026-06-02", "--json"))
    assert by_verb["issued_at"] == "2026-06-01T09:00:00+08:00"
    client = TestClient(create_app(Settings(home=home)))
    by_route = client.get("/v1/parks/sheyang/forecast", params={"date": "2026-06-02"})
    assert by_route.status_code == 200
    assert by_route.json() == by_verb
    wind = by_verb["assets"]["offshore"]
    assert wind["synthetic"] is True
    spread = np.array([wind["mw"][f"P{level}"] for level in (5, 10, 25, 50, 75, 90, 95)])
    assert (np.diff(spread, axis=0) >= 0).all()
    figure = tmp_path / "fan.svg"
    text = ask(
        "forecast", "show", "sheyang", "--date", "2026-06-02", "--asset", "offshore", "--figure", figure, "--lang", "zh"
    )
    assert "物理链" in text
    assert "steel" not in text.split("\n\n")[1]
    assert figure.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--asset", "moon"], 3, "PK1005"),
        (["--asset", "offshore", "--figure", "fan.txt"], 3, "PK1007"),
        (["--figure", "fan.png"], 3, "PK1007"),
        (["--weather", "nowhere.epw"], 3, "PK1003"),
    ],
)
def test_what_cannot_be_shown_is_said(ask, words, code, says):
    assert says in ask("forecast", "show", "sheyang", "--date", "2026-06-02", *words, code=code)


def test_a_day_planned_on_scenarios_is_kept_answered_and_planned_on(ask):
    planned = json.loads(ask("day", "sheyang", "--date", "2026-06-02", "--on", "scenarios", "--json"))
    assert planned["status"] == "optimal"
    [kept] = [path for path in planned["files"] if path.endswith("forecast.json")]
    with open(kept, encoding="utf-8") as file:
        stored = json.load(file)
    assert stored["assets"]["offshore"]["levels"][9] == 0.5
    [reasons] = [path for path in planned["files"] if path.endswith("why.json")]
    with open(reasons, encoding="utf-8") as file:
        told = json.load(file)
    assert {one["kind"] for one in told if one["asset"] == "ess"} == {"hedged"}
    bill = json.loads(ask("bill", planned["run"], "--json"))  # made again: the same scenarios, the same plan
    assert sum(row["yuan"] for row in bill["rows"]) == pytest.approx(planned["summary"]["cost_yuan"], abs=0.05)
    again = json.loads(ask("intraday", planned["run"], "--at", "12:00", "--json"))
    assert again["status"] == "optimal"
    chain = json.loads(ask("day", "sheyang", "--date", "2026-06-02", "--json"))
    assert chain["summary"]["cost_yuan"] != planned["summary"]["cost_yuan"]
    assert not [path for path in chain["files"] if path.endswith("forecast.json")]


def test_least_carbon_is_not_planned_on_scenarios(ask):
    words = ["day", "sheyang", "--date", "2026-06-02", "--on", "scenarios", "--goal", "carbon"]
    assert "PK1007" in ask(*words, code=3)


def test_a_service_request_says_what_to_plan_on(home):
    client = TestClient(create_app(Settings(home=home)))
    made = client.post("/v1/parks/sheyang/schedules", json={"date": "2026-06-02", "on": "P40"})
    assert made.status_code == 201
    wrong = client.post("/v1/parks/sheyang/schedules", json={"date": "2026-06-02", "on": "P0"})
    assert wrong.status_code == 422
    assert client.get("/v1/parks/sheyang/forecast", params={"date": "2026-06-02", "asset": "moon"}).status_code >= 400
    assert client.get("/v1/parks/sheyang/forecast", params={"date": "yesterday"}).status_code == 422
    fine = client.get(
        "/v1/parks/sheyang/forecast", params={"date": "2026-06-02", "step_min": "30", "asset": "offshore"}
    )
    assert len(fine.json()["start"]) == 48
    assert client.get("/v1/parks/sheyang/forecast", params={"date": "2026-06-02", "step_min": 7}).status_code == 422


def test_a_replay_as_a_table_as_files_and_as_a_figure(ask, tmp_path):
    words = [
        "replay",
        "sheyang",
        "--start",
        "2026-06-02",
        "--days",
        "2",
        "--strategy",
        "expected",
        "--strategy",
        "rule",
    ]
    out = tmp_path / "replayed"
    text = ask(*words, "--out", out, "--lang", "zh")
    assert "规则控制" in text
    table = json.loads((out / "replay.json").read_text(encoding="utf-8"))
    rows = {row["strategy"]: row for row in table["strategies"]}
    assert list(rows) == ["perfect", "expected", "rule"]
    with (out / "days.csv").open(encoding="utf-8") as file:
        days = list(csv.DictReader(file))
    assert len(days) == 6
    for name, row in rows.items():
        assert row["cost_yuan"] == pytest.approx(sum(float(d["cost_yuan"]) for d in days if d["strategy"] == name))
        assert row["regret_yuan"] >= -1.0
    assert "<svg" in (out / "replay.svg").read_text(encoding="utf-8")
    again = json.loads(ask(*words, "--json"))
    assert [row["cost_yuan"] for row in again["strategies"]] == [row["cost_yuan"] for row in table["strategies"]]
    assert "PK1004" in ask(*words, "--out", out, code=3)


@pytest.mark.parametrize(
    "words",
    [
        ["--level", "1.5"],
        ["--strategy", "luck"],
        ["--keep", "20", "--draws", "10"],
        ["--learn", "hope"],
        ["--start", "x"],
    ],
)
def test_a_replay_that_cannot_be_is_refused(ask, words):
    assert "PK1" in ask("replay", "sheyang", "--start", "2026-06-02", "--days", "1", *words, code=3)


def test_a_park_with_a_record_is_planned_on_it_and_replayed_on_it(ask, tmp_path):
    file = recorded_park(tmp_path, date(2026, 1, 1), 40)
    planned = json.loads(ask("day", file, "--date", "2026-02-05", "--json"))
    assert [path for path in planned["files"] if path.endswith("forecast.json")]
    words = ["replay", file, "--start", "2026-02-05", "--days", "2", "--strategy", "physical", "--strategy", "expected"]
    rows = {row["strategy"]: row for row in json.loads(ask(*words, "--json"))["strategies"]}
    # the record is 0.8 of the chain: whoever knows that plans better than the chain alone
    assert rows["expected"]["regret_yuan"] < rows["physical"]["regret_yuan"]
