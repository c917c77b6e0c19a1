"""The service as a process of its own: what it answered survives kill -9, and what it did not leaves no halves."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from parkopt.ledger import verify_path
from parkopt.results.files import read_netcdf
from parkopt.store.engine import engine
from parkopt.store.schedules import Schedules

ROOT = Path(__file__).parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A `parkopt serve` process on a free port, with its home in a folder."""

    def __init__(self, home):
        self.home, self.port = home, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        env = {**os.environ, "PARKOPT_HOME": str(home), "PYTHONPATH": str(ROOT)}
        env.pop("PARKOPT_API_KEY", None)
        with (home.parent / "serve.log").open("ab") as log:
            command = [sys.executable, "-m", "parkopt", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=env, cwd=home.parent, stdout=log, stderr=log)
        self._wait()

    def _wait(self):
        until = time.monotonic() + 40
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.home.parent / "serve.log").read_text()
            try:
                if self.get("/healthz") == {"status": "ok", "version": self.get("/healthz")["version"]}:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the service did not start")

    def get(self, path):
        return json.loads(self.raw(path))

    def raw(self, path):
        with urllib.request.urlopen(self.base + path, timeout=20) as answer:
            return answer.read()

    def post(self, park, **body):
        data = json.dumps({"date": "2026-01-15", **body}).encode()
        request = urllib.request.Request(
            f"{self.base}/v1/parks/{park}/schedules", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 201
            return json.loads(answer.read())

    def kill(self):
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def start(home):
    begun = []

    def begin():
        begun.append(Service(home))
        return begun[-1]

    yield begin
    for service in begun:
        if service.process.poll() is None:
            service.kill()


def test_what_was_answered_survives_a_kill(start, home, tmp_path):
    service = start()
    made = service.post("dafeng")
    path = f"/v1/schedules/{made['id']}"
    before = service.get(path)
    vkey = service.get("/v1/parks/dafeng/checkpoint")["vkey"]
    service.kill()
    again = start()
    assert again.get(path) == before
    assert again.get(f"{path}/state") == made["state"]
    assert [line["id"] for line in again.get("/v1/parks/dafeng/schedules")] == [made["id"]]
    (tmp_path / "evidence.json").write_bytes(again.raw(f"{path}/evidence/df-hydrogen"))
    report = verify_path(tmp_path / "evidence.json", vkey)
    assert report.ok, report.text("en")
    assert verify_path(home / "ledger" / "dafeng", vkey).ok
    folder = home / "runs" / "dafeng" / "2026-01-15" / made["id"]
    assert read_netcdf(folder / "schedule.nc").attrs["run"] == made["id"]
    tampered = (tmp_path / "evidence.json").read_text().replace('"green_wh":', '"green_wh":1', 1)
    (tmp_path / "evidence.json").write_text(tampered)
    assert not verify_path(tmp_path / "evidence.json", vkey).ok


def _working(home, name):
    return list((home / "runs").glob(f".*/{name}")) if (home / "runs").is_dir() else []


REACHED = {
    "the working folder is there": lambda home, before: len(_working(home, "")) > before["folders"],
    "records are written": lambda home, before: before["log"] < (home / "ledger/dafeng/records.jsonl").stat().st_size,
    "evidence is written": lambda home, before: len(_working(home, "evidence/df-hydrogen.json")) > before["last"],
}


def _now(home):
    return {
        "folders": len(_working(home, "")),
        "log": (home / "ledger/dafeng/records.jsonl").stat().st_size,
        "last": len(_working(home, "evidence/df-hydrogen.json")),
    }


def _kill_when(service, home, reached, answered):
    """Post, and kill the service as soon as the request has come to a point."""

    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            answered.append(service.post("dafeng")["id"])

    before, asking = _now(home), threading.Thread(target=ask)
    asking.start()
    while asking.is_alive() and not reached(home, before):
        time.sleep(0.002)
    service.kill()
    asking.join(30)


def test_a_kill_in_the_middle_of_a_request_leaves_no_halves(start, home):
    answered = []
    service = start()
    answered.append(service.post("dafeng")["id"])
    vkey = service.get("/v1/parks/dafeng/checkpoint")["vkey"]
    for reached in REACHED.values():
        _kill_when(service, home, reached, answered)
        service = start()
        listed = service.get("/v1/parks/dafeng/schedules")
        assert set(answered) <= {line["id"] for line in listed}
        for line in listed:
            assert service.get(f"/v1/schedules/{line['id']}")["attributes"]["run"] == line["id"]
            (home / "evidence.json").write_bytes(service.raw(f"/v1/schedules/{line['id']}/evidence/df-hydrogen"))
            assert verify_path(home / "evidence.json", vkey).ok
        report = verify_path(home / "ledger" / "dafeng", vkey)
        assert report.ok, report.text("en")
    assert len(answered) < 1 + len(REACHED), "no request was cut off"
    _require_whole_folders(home)
    assert service.post("dafeng")["status"] == "optimal"
    assert verify_path(home / "ledger" / "dafeng", vkey).ok


def _require_whole_folders(home):
    store = f"sqlite:///{home / 'parkopt.sqlite'}"
    kept = {stored.run for stored in Schedules(store).latest("dafeng", 100)}
    engine(store).dispose()
    folders = list((home / "runs" / "dafeng").glob("*/*"))
    assert folders
    for folder in folders:
        assert folder.name in kept, "a run's folder is there only after its row"
        names = {path.name for path in folder.iterdir()}
        assert {"schedule.nc", "schedule.csv", "schedule.json", "report.html", "state.json", "evidence"} <= names
        read_netcdf(folder / "schedule.nc")
    assert not [path for path in (home / "runs").iterdir() if path.name != "dafeng" and not path.name.startswith(".")]
