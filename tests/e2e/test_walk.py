"""A month's settlement as its users do it: real processes, a file handed to who has nothing else, a service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64decode
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from parkopt.ledger.checkpoint import open_checkpoint
from parkopt.ledger.merkle import leaf_hash, verify_inclusion
from tests.e2e.test_service import Service
from tests.results.test_page import ARGS, CHROMIUM

ROOT = Path(__file__).parents[2]
MADE = "2026-02-10"
DAYS = [f"2026-02-{day:02d}" for day in range(1, 29)]
PARK, PARTY = "sheyang", "sy-steel"


def parkopt(home, *arguments, code=0):
    """Run `python -m parkopt`, require its exit code, and return what it printed (or said, where it failed)."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PARKOPT_")}
    env |= {"PARKOPT_HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "parkopt", *map(str, arguments)],
        env=env, cwd=home.parent, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the rows of a synthetic day, made by `meters sample`, and their header."""
    home = tmp_path_factory.mktemp("made") / "home"
    told = parkopt(home, "meters", "sample", PARK, "--day", MADE, "--out", home.parent / "one")
    assert told.startswith("Synthetic meter data")
    texts = [path.read_text(encoding="utf-8") for path in sorted((home.parent / "one").glob("*.csv"))]
    return texts[0].splitlines()[0], [row for text in texts for row in text.splitlines()[1:]]


def meter_csv(made, days):
    """Return a meter file in which each day is the day that was made."""
    head, rows = made
    return "\n".join([head, *(row.replace(MADE, day) for day in days for row in rows)]) + "\n"


def corrected(made, device, start, kwh):
    """Return a file that corrects one hour by some kWh."""
    (row,) = [one for one in made[1] if one.startswith(f"{device},") and f",{MADE}T{start[11:]}" in one]
    name, register, _, minutes, value, unit, *_ = row.split(",")
    fields = (name, register, start, minutes, f"{float(value) + kwh:.3f}", unit, "corrected", "1", "read again")
    return f"{made[0]}\n{','.join(fields)}\n"


@pytest.fixture(scope="module")
def home(made, tmp_path_factory):
    """Return a home folder in which two days are settled."""
    home = tmp_path_factory.mktemp("walk") / "home"
    file = home.parent / "readings.csv"
    file.write_text(meter_csv(made, DAYS[:2]), encoding="utf-8")
    assert "readings.csv: 528 readings\n" in parkopt(home, "meters", "check", PARK, file)
    assert "528 added" in parkopt(home, "meters", "add", PARK, file)
    for day in DAYS[:2]:
        (line,) = parkopt(home, "settle", PARK, "--day", day).splitlines()[1:]
        assert line.split()[:2] == [day, "0"]
    return home


@pytest.fixture(scope="module")
def handed(home, tmp_path_factory):
    """Return the evidence alone in a folder of its own, and the verifier key, got by another way."""
    told = json.loads(parkopt(home, "evidence", PARK, PARTY, "--day", DAYS[1], "--json"))
    vkey = json.loads(parkopt(home, "keys", "show", PARK, "--json"))["vkey"]
    assert told["vkey"] == vkey
    return Path(shutil.copy(told["path"], tmp_path_factory.mktemp("customer"))), vkey


def elsewhere(folder, file, vkey, code=0):
    """Run `verify` where there is nothing but the file; it must leave nothing behind."""
    empty = folder / "empty" / "home"
    empty.parent.mkdir(parents=True, exist_ok=True)
    env = {name: text for name, text in os.environ.items() if not name.startswith("PARKOPT_")}
    url = f"sqlite:///{empty}/none.sqlite"
    env |= {"PARKOPT_HOME": str(empty), "PARKOPT_DATABASE_URL": url, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "parkopt", "verify", str(file), "--key", vkey]
    done = subprocess.run(command, env=env, cwd=empty.parent, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert list(empty.parent.iterdir()) == []
    return done.stdout


def test_evidence_alone_is_checked_where_nothing_else_is(handed, tmp_path):
    said = elsewhere(tmp_path, *handed)
    assert {line.split()[0] for line in said.splitlines()} == {"PASS"}
    assert "1 day(s) traced anew" in said


def test_one_changed_byte_is_found(handed, tmp_path):
    file, vkey = handed
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / file.name).write_bytes(data)
    said = elsewhere(tmp_path, tmp_path / file.name, vkey, code=6)
    assert any(line.startswith("FAIL") for line in said.splitlines())


def test_another_key_is_not_the_park_s(handed, home, tmp_path):
    file, vkey = handed
    name, number, _ = vkey.split("+", 2)
    other = f"{name}+{int(number, 16) ^ 1:08x}+{vkey.split('+', 2)[2]}"
    assert "[PK1608]" in parkopt(home, "verify", file, "--key", other, code=6)


def test_certificates_and_the_log_hold(home):
    summary = json.loads(parkopt(home, "gc", "summary", PARK))
    assert summary["broken_invariants"] == []
    assert summary["wh_by_state"]["claimed"] > 0
    said = parkopt(home, "verify", "--park", PARK)
    assert {line.split()[0] for line in said.splitlines()} == {"PASS", "WARN"}


def test_accounts_stand_side_by_side(home):
    told = json.loads(parkopt(home, "accounts", PARK, PARTY, "--day", DAYS[1], "--json"))
    assert {"location", "market", "matching"} <= {one["id"] for one in told["accounts"]}
    assert "基于位置" in parkopt(home, "accounts", PARK, PARTY, "--day", DAYS[1], "--lang", "zh")


FAULTS = {
    "a month that is none": (("settle", PARK, "--month", "2026-13"), 3, "PK1007"),
    "no such park": (("settle", "nowhere", "--day", DAYS[0]), 3, "PK1002"),
    "no such enterprise": (("evidence", PARK, "nobody", "--day", DAYS[0]), 7, "PK1701"),
    "a statement of a day not settled": (("statement", PARK, PARTY, "--month", "2026-02"), 7, "PK1701"),
    "days out of order": (("settle", PARK, "--day", DAYS[3]), 5, "PK1540"),
    "a month closed too early": (("close", PARK, "--month", "2026-02"), 5, "PK1540"),
    "no readings": (("settle", PARK, "--day", DAYS[2]), 3, "PK1001"),
}


IN_CHINESE = ("a month that is none", "no such enterprise", "days out of order", "no readings")
EACH = [(case, "en") for case in FAULTS] + [(case, "zh") for case in IN_CHINESE]


@pytest.mark.parametrize(("case", "lang"), EACH)
def test_what_cannot_be_done_is_said_once(case, lang, home, made):
    if case == "days out of order":
        file = home.parent / "later.csv"
        file.write_text(meter_csv(made, [DAYS[3]]), encoding="utf-8")
        parkopt(home, "meters", "add", PARK, file)
    arguments, code, fault = FAULTS[case]
    said = parkopt(home, *arguments, "--lang", lang, code=code)
    first, *rest = said.strip().splitlines()
    assert first.startswith(f"[{fault}]")
    assert ("。" in first) == (lang == "zh")
    assert all("[PK1815]" in line for line in rest), "one line, or one for each meter that is missing"
    assert len(rest) == (11 if case == "no readings" else 0)


def test_a_fault_of_a_later_day_does_not_hide_the_days_before(home):
    env = {**os.environ, "PARKOPT_HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "parkopt", "settle", PARK, "--month", "2026-02"]
    done = subprocess.run(command, env=env, cwd=home.parent, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 3
    lines = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [(line[0], line[-1]) for line in lines] == [(day, "kept") for day in DAYS[:2]]
    assert "PK1815" in done.stderr
    assert DAYS[2] in done.stderr


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")
def test_a_browser_opens_the_statement(home, tmp_path):
    from playwright.sync_api import sync_playwright

    page = tmp_path / "statement.html"
    told = parkopt(home, "statement", PARK, PARTY, "--day", DAYS[1], "--out", page, "--lang", "zh")
    assert told.strip() == str(page)
    assert [path.suffix for path in sorted(tmp_path.iterdir())] == [".zip", ".html"], "its evidence lies beside it"
    said, asked = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        try:
            tab = browser.new_page()
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(page.as_uri())
            heading, hours = tab.locator("h1").inner_text(), tab.locator("rect.hour").count()
        finally:
            browser.close()
    assert heading == "钢铁厂（虚构）"
    assert hours == 24
    assert said == []
    assert asked == [page.as_uri()]


# ---------------------------------------------------------------- the same through the service


class Caller:
    """Asks a service, and gives status and answer."""

    def __init__(self, base):
        self.base = base

    def __call__(self, path, data=None, kind="application/json", key="", raw=False, **query):
        headers = {"Content-Type": kind, **({"Idempotency-Key": key} if key else {})}
        address = f"{self.base}/v1{path}?{urlencode(query)}"
        try:
            with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=300) as answer:
                body = answer.read()
                return answer.status, body if raw else json.loads(body)
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())
            return error.code if told["code"].startswith("PK") else 0, told

    def post(self, path, body, **more):
        return self(path, json.dumps(body).encode(), **more)


@pytest.fixture(scope="module")
def service(made, tmp_path_factory):
    """Return a caller of a service that has settled a month."""
    home = tmp_path_factory.mktemp("service") / "home"
    home.mkdir()
    running = Service(home)
    try:
        ask = Caller(running.base)
        csv = meter_csv(made, DAYS).encode()
        status, told = ask(f"/parks/{PARK}/meters", csv, "text/csv", name="february.csv")
        assert (status, told["added"]) == (201, 28 * 264)
        assert ask(f"/parks/{PARK}/meters", csv, "text/csv", name="february.csv")[0] == 200, "known"
        status, days = ask.post(f"/parks/{PARK}/settlements", {"month": "2026-02"})
        assert status == 201
        assert [day["day"] for day in days] == DAYS
        yield ask
    finally:
        running.kill()


SPAN = {"start": "2026-02-10T00:00:00+08:00", "end": "2026-02-11T00:00:00+08:00"}


def test_repeating_a_settlement_changes_nothing(service):
    head = service(f"/parks/{PARK}/settled-checkpoint")[1]
    status, days = service.post(f"/parks/{PARK}/settlements", {"day": "2026-02-10"})
    assert (status, [day["repeated"] for day in days]) == (201, [True])
    assert service(f"/parks/{PARK}/settled-checkpoint")[1] == head
    listed = service(f"/parks/{PARK}/settlements", start=DAYS[0], end=DAYS[-1])[1]
    assert [day["day"] for day in listed] == DAYS


def test_shares_say_on_what_they_rest(service):
    path = f"/enterprises/{PARTY}/green-share"
    for basis in ("settled", "best"):
        status, told = service(path, basis=basis, **SPAN)
        assert (status, told["basis"], len(told["steps"])) == (200, "settled", 24)
        assert {step["status"] for step in told["steps"]} <= {"settled", "corrected"}
        assert told["green_wh"] == sum(step["green_wh"] for step in told["steps"])
    assert service(path, basis="forecast", **SPAN)[0] == 404, "nothing was planned"
    assert service(path, basis="guess", **SPAN)[0] == 422


def test_the_factor_is_carbon_over_consumption(service):
    told = service(f"/parks/{PARK}/factor", start="2026-02-10", end="2026-02-10")[1]
    assert len(told["hours"]) == 24
    for hour in told["hours"]:
        for view in ("location", "market"):
            one = hour[view]
            assert one["denominator_wh"] == hour["consumption_wh"]
            expected = int(one["numerator_ug"]) / one["denominator_wh"] / 1000
            assert one["kg_per_mwh"] == pytest.approx(expected, abs=1e-3)


def test_a_leaf_is_under_the_signed_head(service):
    head = service(f"/parks/{PARK}/settled-checkpoint")[1]
    for index in (0, head["size"] - 1):
        proof = service(f"/parks/{PARK}/proofs/{index}")[1]
        root = open_checkpoint(proof["checkpoint"], head["vkey"]).root
        path, leaf = [b64decode(step) for step in proof["proof"]], leaf_hash(proof["leaf"].encode())
        assert verify_inclusion(leaf, index, proof["size"], path, root)
        assert not verify_inclusion(leaf_hash(proof["leaf"].encode() + b" "), index, proof["size"], path, root)
        assert set(json.loads(proof["leaf"])) == {"type", "seq", "time", "commitment"}, "nothing else is told"
    assert service(f"/parks/{PARK}/proofs/{head['size']}")[0] == 404


def test_evidence_statement_and_accounts(service, tmp_path):
    vkey = service(f"/parks/{PARK}/settled-checkpoint")[1]["vkey"]
    status, data = service(f"/enterprises/{PARTY}/evidence", raw=True, day="2026-02-10")
    assert status == 200
    (tmp_path / "evidence.zip").write_bytes(data)
    assert "FAIL" not in elsewhere(tmp_path / "other", tmp_path / "evidence.zip", vkey)
    page = service(f"/enterprises/{PARTY}/statement", raw=True, day="2026-02-10")[1].decode()
    assert page.lstrip().startswith("<!doctype html>")
    assert "Steel works (synthetic)" in page
    accounts = service(f"/parks/{PARK}/accounts", enterprise=PARTY, month="2026-02")[1]["accounts"]
    assert {"location", "market"} <= {one["id"] for one in accounts}
    assert service(f"/enterprises/{PARTY}/evidence", day="2026-03-01")[0] == 404
    assert service("/enterprises/nobody/evidence", day="2026-02-10")[0] == 404


HOUR = {"start": "2026-02-09T16:00:00Z", "end": "2026-02-09T17:00:00Z"}


@pytest.fixture(scope="module")
def left(service, made):
    """Return a certificate bundle that nobody claims: what a corrected reading of a plant added."""
    fix = corrected(made, "offshore", "2026-02-10T00:00+08:00", 1000.0).encode()
    assert service(f"/parks/{PARK}/meters", fix, "text/csv", name="fix.csv")[0] == 201
    (day,) = service.post(f"/parks/{PARK}/settlements", {"day": "2026-02-10"})[1]
    assert (day["revision"], day["repeated"]) == (1, False)
    (bundle,) = service(f"/parks/{PARK}/certificates", status="active", device="offshore", **HOUR)[1]
    assert (bundle["bundle_quantity"], bundle["rev"]) == (1_000_000, 1)
    return bundle["id"]


def test_certificates_go_their_way_once(service, left):
    do = partial(service.post, body={"bundle": left, "account": PARTY, "wh": 600_000})
    path = f"/parks/{PARK}/certificates"
    before = service(f"/enterprises/{PARTY}/green-share", **SPAN)[1]
    first, again = (do(f"{path}/transfer", key="walk-1") for _ in range(2))
    assert first[0] == again[0] == 201
    assert first[1]["bundles"] == again[1]["bundles"]
    assert first[1]["logged"], "each action is a record"
    assert not again[1]["logged"], "and only once"
    assert service.post(f"{path}/transfer", {"bundle": left, "account": "sy-data"}, key="walk-1")[0] == 409
    moved = first[1]["bundles"][0]["id"]
    status, claimed = service.post(f"{path}/claim", {"bundle": moved, "party": PARTY}, key="walk-2")
    assert (status, claimed["bundles"][0]["status"]) == (201, "claimed")
    assert service.post(f"{path}/transfer", {"bundle": moved, "account": "sy-data"})[1]["code"] == "PK1720"
    after = service(f"/enterprises/{PARTY}/green-share", **SPAN)[1]
    assert after["green_wh"] - before["green_wh"] == 600_000
    assert after["steps"][0]["status"] == "corrected"
    summary = service(f"{path}/summary")[1]
    assert summary["broken_invariants"] == []
    assert service(f"{path}/{moved}")[1]["history"][-1]["type"] == "claim"


def test_a_month_is_closed_once_and_stays_open_for_corrections(service, left, made, tmp_path):
    status, told = service.post(f"/parks/{PARK}/months/2026-02/close", {})
    assert (status, told["month"]) == (201, "2026-02")
    assert service.post(f"/parks/{PARK}/months/2026-02/close", {})[0] == 409
    assert service.post(f"/parks/{PARK}/months/2026-03/close", {})[0] == 409, "not settled"
    lower = corrected(made, "steel", "2026-02-12T12:00+08:00", -1000.0).encode()
    assert service(f"/parks/{PARK}/meters", lower, "text/csv", name="lower.csv")[0] == 201
    before = {day["day"]: day for day in service(f"/parks/{PARK}/settlements", start=DAYS[0], end=DAYS[-1])[1]}
    first, *later = service.post(f"/parks/{PARK}/settlements", {"day": "2026-02-12"})[1]
    assert (first["day"], first["revision"]) == ("2026-02-12", 1)
    assert before["2026-02-12"]["consumption_wh"] - first["consumption_wh"] == 1_000_000
    assert [day["day"] for day in later] == DAYS[12 : 12 + len(later)], "until the storages hold what they held"
    assert all(day["claimed_wh"] == before[day["day"]]["claimed_wh"] for day in later), "no claim of theirs moves"
    vkey = service(f"/parks/{PARK}/settled-checkpoint")[1]["vkey"]
    data = service(f"/enterprises/{PARTY}/evidence", raw=True, month="2026-02")[1]
    (tmp_path / "month.zip").write_bytes(data)
    said = elsewhere(tmp_path / "other", tmp_path / "month.zip", vkey)
    assert "FAIL" not in said
    assert "28 day(s) traced anew" in said
