"""`parkopt meters` and the routes of meters, in both languages."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from parkopt.api.errors import install
from parkopt.api.routes import meters as routes
from parkopt.cli_meters import meters
from parkopt.errors import Faults
from parkopt.faults import MissingFile, RevisionTooLow, WrongOption
from parkopt.settings import Settings
from tests.metering.parks import csv_of, hour

PARKS = Path(__file__).parents[2] / "parks"
GOOD = csv_of(*(f"roof_pv,generation,{hour(h)},{h},kWh" for h in range(10, 14)))
BAD = csv_of(f"roof_pw,generation,{hour(9)},1,kWh", f"roof_pv,generation,{hour(9)},-1,kWh")
OTHER = GOOD.replace(b",12,kWh", b",13,kWh")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("PARKOPT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PARKOPT_PARKS", str(PARKS))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name, data in (("good.csv", GOOD), ("bad.csv", BAD), ("other.csv", OTHER)):
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv):
    return CliRunner().invoke(meters, list(argv), catch_exceptions=False)


def failing(*argv):
    return CliRunner().invoke(meters, list(argv)).exception


@pytest.mark.parametrize(("lang", "word"), [("en", "fault"), ("zh", "错误")])
def test_check_tells_all_and_keeps_nothing(lang, word, here):
    told = run("check", "sheyang", "good.csv", "bad.csv", "--lang", lang)
    assert told.exit_code == 3
    assert "PK1805" in told.stdout
    assert "PK1809" in told.stdout
    assert word in told.stdout
    plain = json.loads(run("check", "sheyang", "good.csv", "bad.csv", "--json", "--lang", lang).stdout)
    assert [one["ok"] for one in plain] == [True, False]
    assert run("check", "sheyang", "good.csv").exit_code == 0
    assert not (here / "home").exists()


def test_add_keeps_all_files_or_none():
    assert isinstance(failing("add", "sheyang", "good.csv", "bad.csv"), Faults)
    assert json.loads(run("add", "sheyang", "good.csv", "--json").stdout)[0]["added"] == 4
    again = run("add", "sheyang", "good.csv", "--lang", "zh")
    assert again.exit_code == 0
    assert "PK1823" in again.stdout
    wrong = failing("add", "sheyang", "other.csv")
    assert isinstance(wrong, RevisionTooLow)
    assert (wrong.where.row, wrong.facts["kept"], wrong.facts["current"]) == (3, 0, 12_000)


def test_options_and_files_that_are_not_there():
    assert isinstance(failing("check", "sheyang", "none.csv"), MissingFile)
    assert isinstance(failing("check", "sheyang", "good.csv", "--counter-unit", "J"), WrongOption)
    assert isinstance(failing("sample", "sheyang"), WrongOption)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_template(lang):
    lines = run("template", "sheyang", "--lang", lang).stdout.splitlines()
    assert len(lines) == 1 + len(json.loads(run("template", "sheyang", "--json").stdout))


def test_sample_can_be_added():
    told = run("sample", "sheyang", "--day", "2026-07-01", "--out", "made", "--json")
    files = json.loads(told.stdout)["files"]
    assert run("add", "sheyang", *files).exit_code == 0


@pytest.fixture
def client(here):
    app = FastAPI()
    app.state.config = Settings(home=here / "home")
    install(app)
    app.include_router(routes.router, prefix="/v1")
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


PLACE = "/v1/parks/sheyang/meters"
CSV = {"content-type": "text/csv; charset=utf-8"}


def test_post_and_ask(client):
    first = client.post(PLACE, content=GOOD, headers=CSV, params={"name": "july.csv"})
    assert (first.status_code, first.json()["added"], first.json()["file"]) == (201, 4, "july.csv")
    assert client.post(PLACE, content=GOOD, headers=CSV).status_code == 200
    body = {"readings": [{"device": "grid", "register": "import", "start": hour(12), "value": "1.5", "unit": "MWh"}]}
    assert client.post(PLACE, json=body).status_code == 201
    span = {"start": hour(12), "end": hour(16)}
    lines = {(one["device"], one["register"]): one for one in client.get(PLACE, params=span).json()["devices"]}
    assert lines["roof_pv", "generation"]["measured_h"] == 2
    assert lines["roof_pv", "generation"]["missing_h"] == 2
    assert lines["ess", "charge"]["missing_h"] == 4


def test_nothing_kept_is_told_as_such(client):
    assert client.get(PLACE).json()["devices"] == []


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (BAD, CSV, 422, "PK1001"),
        (b"", CSV, 422, "PK1801"),
        (GOOD, {"content-type": "application/xml"}, 422, "PK1705"),
        (b"x" * 50_000_001, CSV, 422, "PK1825"),
    ],
)
def test_what_is_refused(client, data, headers, status, code):
    answer = client.post(PLACE, content=data, headers=headers | {"accept-language": "zh"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-language"] == "zh"
    assert client.get(PLACE).json()["devices"] == []


def test_unknown_park_and_zone(client):
    assert client.post("/v1/parks/none/meters", content=GOOD, headers=CSV).status_code == 404
    assert client.post(PLACE, content=GOOD, headers=CSV, params={"zone": "Asia/Shanghai"}).status_code == 422


def test_template_over_http(client):
    answer = client.get(f"{PLACE}/template", headers={"accept-language": "zh"})
    assert answer.content.startswith("\ufeff设备".encode())
    assert answer.headers["content-type"].startswith("text/csv")
