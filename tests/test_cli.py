"""The command line, in the process itself, and a little of it as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parkopt.cli import main

PARKS = Path(__file__).resolve().parents[1] / "parks"
DATE = "2026-07-15"
SPAN = ("--start", "2026-07-15T00:00+08:00", "--end", "2026-07-16T00:00+08:00")
NO_FONT = pytest.mark.filterwarnings("ignore:Glyph")
CLEAN = {"PARKOPT_PARKS": str(PARKS), "LANG": "C.UTF-8", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}


def command(*argv):
    """Run a command line in this process; return its exit code, what it printed, and its errors."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        for name in [*os.environ]:
            if name.startswith(("PARKOPT_", "LC_")):
                patch.delenv(name)
        for name, value in {**CLEAN, "PARKOPT_HOME": str(Path.cwd() / "parkopt-data")}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["parkopt", *map(str, argv)])
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A folder in which the day of ydz was planned, and what the command printed."""
    folder = tmp_path_factory.mktemp("planned")
    with contextlib.chdir(folder):
        code, out, err = command("day", "ydz", "--date", DATE, "--json")
    assert (code, err) == (0, "")
    return folder, json.loads(out)


def test_day_as_json(planned):
    folder, found = planned
    assert (found["park"], found["date"], found["status"]) == ("ydz", DATE, "optimal")
    assert found["checks_passed"] > 10
    assert found["gap"] <= 1e-3
    summary = found["summary"]
    assert summary["cost_yuan"] == pytest.approx(sum(summary["bill_yuan"].values()), abs=0.05)
    assert set(summary["enterprises"]) == {"yd-battery", "yd-cars", "yd-parts", "yd-data"}
    names = {Path(file).name for file in found["files"]}
    assert {"schedule.nc", "schedule.csv", "schedule.json", "report.html", "state.json", "yd-data.json"} <= names
    assert all((folder / file).is_file() for file in found["files"])
    assert all(found["run"] in file for file in found["files"])
    hidden = [path.name for path in (folder / "parkopt-data/runs").rglob(".*")]
    assert hidden == []


def test_day_as_text(here):
    code, out, err = command("day", "--park", "sheyang", "--date", DATE, "--out", "results/one")
    assert (code, err) == (0, "")
    for word in (
        "Sheyang Port",
        DATE,
        "00:00",
        "23:00",
        "Bill",
        "Total",
        "Carbon",
        "sy-steel",
        "Synthetic data",
        "results/one",
    ):
        assert word in out
    assert (here / "results/one/schedule.csv").is_file()
    assert [path.name for path in (here / "results").iterdir()] == ["one"]


@NO_FONT
def test_day_in_chinese(here):
    code, out, err = command("day", "ydz", "--date", DATE, "--lang", "zh")
    assert (code, err) == (0, "")
    for word in ("盐城经济技术开发区", "费用明细", "合计", "绿电占比", "合成数据", "文件"):
        assert word in out
    report = next(here.rglob("report.html")).read_text(encoding="utf-8")
    assert "盐城经济技术开发区" in report


@pytest.mark.parametrize("step", [30, 15])
def test_finer_steps(step):
    code, out, _ = command("day", "ydz", "--date", DATE, "--step", step, "--json")
    assert code == 0
    csv = next(Path(file) for file in json.loads(out)["files"] if file.endswith("schedule.csv"))
    assert len(csv.read_text(encoding="utf-8").splitlines()) >= 24 * 60 // step


def test_brackets_in_names_are_no_markup(here):
    """A park named `a[/b]` ended in exit code 1 after its day was recorded."""
    command("park", "new", "mine", "--like", "ydz")
    path = here / "parks/mine/park.yaml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("name: {en: Yancheng", 'name: {en: "[/b] Yancheng')
        .replace("Development Zone, zh:", 'Development Zone", zh:')
    )
    path.write_text(text.replace("  Loads, roof PV", "  [/x] Loads, roof PV"), encoding="utf-8")
    code, out, err = command("day", path, "--date", DATE)
    assert (code, err) == (0, "")
    assert "[/b] Yancheng" in out
    assert "[/x] Loads" in out


def test_two_days_in_a_row(planned, here):
    folder, first = planned
    state = folder / next(file for file in first["files"] if file.endswith("state.json"))
    handed = json.loads(state.read_text(encoding="utf-8"))
    assert (handed["park"], handed["at"]) == ("ydz", "2026-07-15T16:00:00Z")
    code, out, _ = command("day", "ydz", "--date", "2026-07-16", "--state", state, "--json")
    assert code == 0
    second = next(Path(file) for file in json.loads(out)["files"] if file.endswith("state.json"))
    after = json.loads(second.read_text(encoding="utf-8"))
    assert after["at"] == "2026-07-16T16:00:00Z"
    gained = after["year"]["demand_mwh"] - handed["year"]["demand_mwh"]
    assert gained == pytest.approx(json.loads(out)["summary"]["consumption_mwh"], abs=0.01)
    assert after["assets"]["offshore_green"]["offered_mwh"] == pytest.approx(2 * 24 * 60)


@pytest.mark.parametrize(
    ("park", "date", "words"),
    [
        ("ydz", DATE, "2026-07-15T00:00:00+08:00"),
        ("ydz", "2026-07-17", "2026-07-17T00:00"),
        ("sheyang", "2026-07-16", "ydz"),
    ],
)
def test_the_state_of_another_moment_or_park_is_refused(planned, here, park, date, words):
    folder, first = planned
    state = folder / next(file for file in first["files"] if file.endswith("state.json"))
    code, out, err = command("day", park, "--date", date, "--state", state)
    assert (code, out) == (3, "")
    assert "[PK1405]" in err
    assert words in err
    assert not list(here.rglob("schedule.*"))


def test_share(planned):
    folder, found = planned
    with contextlib.chdir(folder):
        code, out, _ = command("share", "yd-data", *SPAN, "--json")
        text = command("share", "yd-data", *SPAN, "--lang", "zh")[1]
    share = json.loads(out)
    assert code == 0
    assert (share["enterprise"], share["park"], share["basis"]) == ("yd-data", "ydz", "forecast")
    assert len(share["steps"]) == 24
    assert sum(step["consumption_wh"] for step in share["steps"]) == share["consumption_wh"]
    known = found["summary"]["enterprises"]["yd-data"]
    assert share["green_share"] == pytest.approx(known["green_share"], abs=1e-4)
    assert share["consumption_wh"] / 1e6 == pytest.approx(known["consumption_mwh"], abs=1e-3)
    assert "绿电占比" in text
    assert "2026-07-15 23:00" in text


def test_share_of_one_hour(planned):
    with contextlib.chdir(planned[0]):
        span = ("--start", "2026-07-15T11:00+08:00", "--end", "2026-07-15T12:00+08:00")
        (step,) = json.loads(command("share", "yd-data", *span, "--json")[1])["steps"]
    assert step["start"].startswith("2026-07-15T03:00")
    assert 0 < step["green_share"] < 1


def test_verify(planned):
    folder, found = planned
    evidence = [folder / file for file in found["files"] if "evidence" in file]
    assert len(evidence) == 4
    for file in evidence:
        assert command("verify", file)[0] == 0
    vkey = (folder / "parkopt-data/ledger/ydz/vkey").read_text(encoding="utf-8").strip()
    assert command("verify", evidence[0], "--key", vkey, "--json")[0] == 0
    assert command("verify", folder / "parkopt-data/ledger/ydz")[0] == 0
    checkpoint = folder / "parkopt-data/ledger/ydz/checkpoint"
    assert command("verify", folder / "parkopt-data/ledger/ydz", "--older", checkpoint)[0] == 0


@pytest.mark.parametrize("key", ["consumption_wh", "green_wh"])
def test_tampered_evidence_fails(planned, here, key):
    folder, found = planned
    whole = (folder / next(file for file in found["files"] if file.endswith("yd-data.json"))).read_text(
        encoding="utf-8"
    )
    at = whole.index(f'"{key}":', whole.index('"consumption_wh":')) + len(key) + 3
    digit = next(i for i in range(at, at + 20) if whole[i] in "12345678")
    (here / "e.json").write_text(whole[:digit] + "9" + whole[digit + 1 :], encoding="utf-8")
    code, out, err = command("verify", "e.json")
    assert code == 6
    assert out + err
    (here / "e.json").write_text(whole[: len(whole) // 2], encoding="utf-8")
    assert command("verify", "e.json")[0] == 6


WRONG = {
    "park": (("day", "nowhere"), 3, "PK1002"),
    "no park": (("day",), 3, "PK1203"),
    "date": (("day", "ydz", "--date", "15.07.2026"), 3, "PK1113"),
    "year": (("day", "ydz", "--date", "9999-12-31"), 3, "PK1103"),
    "year before": (("day", "ydz", "--date", "1900-01-01"), 3, "PK1103"),
    "goal": (("day", "ydz", "--goal", "fun"), 3, "PK1007"),
    "basis": (("day", "ydz", "--weather-basis", "hope"), 3, "PK1007"),
    "language": (("day", "ydz", "--lang", "fr"), 3, "PK1007"),
    "step": (("day", "ydz", "--date", DATE, "--step", "45"), 3, "PK1110"),
    "price without unit": (("day", "ydz", "--goal", "weighted", "--carbon-price", "97.5"), 3, "PK1102"),
    "price unit": (("day", "ydz", "--goal", "weighted", "--carbon-price", "97.5 yuan/kWh"), 3, "PK1101"),
    "load": (("day", "ydz", "--date", DATE, "--load", "steel=x.csv"), 3, "PK1005"),
    "load form": (("day", "ydz", "--date", DATE, "--load", "x.csv"), 3, "PK1007"),
    "load file": (("day", "ydz", "--date", DATE, "--load", "data_hall=x.csv"), 3, "PK1003"),
    "load map": (("day", "ydz", "--date", DATE, "--load", "data_hall=x.csv", "--load-map", "x.yaml"), 3, "PK1003"),
    "weather": (("day", "ydz", "--date", DATE, "--weather", "rainy"), 3, "PK1007"),
    "weather file": (("day", "ydz", "--date", DATE, "--weather", "x.epw"), 3, "PK1003"),
    "state": (("day", "ydz", "--date", DATE, "--state", "none.json"), 3, "PK1003"),
    "out": (("day", "ydz", "--date", DATE, "--out", "."), 3, "PK1004"),
    "verify": (("verify", "none.json"), 3, "PK1003"),
    "share time": (("share", "yd-data", "--start", "noon", "--end", "night"), 3, "PK1113"),
    "share zone": (("share", "yd-data", "--start", "2026-07-15T00:00", "--end", "2026-07-16"), 3, "PK1114"),
    "share enterprise": (("share", "nobody", *SPAN), 7, "PK1701"),
    "share nothing": (("share", "yd-data", *SPAN), 7, "PK1701"),
    "show": (("park", "show", "nowhere"), 3, "PK1002"),
    "check": (("park", "check", "nowhere"), 3, "PK1002"),
    "new id": (("park", "new", "A B"), 3, "PK1007"),
    "new like": (("park", "new", "mine", "--like", "nowhere"), 3, "PK1002"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_clear_error(here, case):
    argv, code, fault = WRONG[case]
    found, out, err = command(*argv)
    assert (found, out) == (code, "")
    assert err.count("\n") == 1
    assert f"[{fault}]" in err
    assert [path for path in here.rglob("*") if path.is_file() and ".sqlite" not in path.name] == []


@pytest.mark.parametrize("case", ["park", "date", "goal", "state"])
def test_errors_speak_chinese_and_json(case):
    argv, code, fault = WRONG[case]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in command(*argv, "--lang", "zh")[2])
    found, out, err = command(*argv, "--json", "--lang", "zh")
    assert (found, err) == (code, "")
    data = json.loads(out)
    assert data["code"] == fault
    assert data["message"]
    assert data["remedy"]


@pytest.mark.parametrize(
    "argv",
    [
        ("day", "ydz", "--stp", "3"),
        ("day", "ydz", "--step", "x"),
        ("day", "ydz", "--days", "0"),
        ("fly",),
        ("verify",),
        ("share", "x"),
        (),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(argv):
    assert command(*argv)[0] == 2


BAD_STATES = {
    "not JSON": (b"{nope", ["PK1204"]),
    "not UTF-8": (b"\xff\xfe{}", ["PK1309"]),
    "a list": (b"[]", ["PK1204"]),
    "naive time": (b'{"at": "2026-07-15T00:00"}', ["PK1204", "timezone"]),
    "unknown key": (b'{"assets": {"ess": {"socmwh": 5}}}', ["PK1202", "assets.ess.socmwh"]),
    "below 0": (b'{"assets": {"ess": {"soc_mwh": -5}}}', ["PK1204", "assets.ess.soc_mwh"]),
    "unknown asset": (b'{"assets": {"esss": {"soc_mwh": 5}}}', ["PK1005", "'esss'"]),
    "too full": (b'{"assets": {"ess": {"soc_mwh": 9999}}}', ["PK1405", "assets.ess.soc_mwh"]),
    "two faults": (b'{"at": 5.5, "x": 1, "assets": 3}', ["PK1001", "PK1202", "assets"]),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_bad_state_is_refused(here, case):
    data, words = BAD_STATES[case]
    (here / "state.json").write_bytes(data)
    code, out, err = command("day", "ydz", "--date", DATE, "--state", "state.json")
    assert (code, out) == (3, "")
    for word in words:
        assert word in err
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["state.json"]


def test_results_are_never_overwritten(here):
    (here / "out").mkdir()
    code, _, err = command("day", "ydz", "--date", DATE, "--out", "out")
    assert code == 3
    assert "[PK1004] The results cannot be written to out: it already exists" in err
    assert list((here / "out").iterdir()) == []


def test_an_older_checkpoint_that_is_not_there(planned):
    folder, _ = planned
    assert command("verify", folder / "parkopt-data/ledger/ydz", "--older", "none")[0] == 3


# ---------------------------------------------------------------- parks


def test_park_list():
    code, out, _ = command("park", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["dafeng", "huanghai", "sheyang", "ydz"]
    assert "盐城经济技术开发区" in command("park", "list", "--lang", "zh")[1]
    listed = json.loads(command("park", "list", "--json")[1])
    assert listed[3]["location"]["latitude"] == 33.36


def test_park_list_shows_a_broken_park_too(here):
    (here / "p/broken").mkdir(parents=True)
    (here / "p/broken/park.yaml").write_text("id: [", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CLEAN, "PARKOPT_PARKS", str(here / "p"))
        code, out, _ = command("park", "list")
    assert code == 0
    assert "broken" in out
    assert "cannot be read as YAML" in out


def test_park_show():
    shown = json.loads(command("park", "show", "sheyang")[1])
    assert shown["id"] == "sheyang"
    assert shown["assets"]["grid"]["import_limit"] == "150.0 MW"
    assert len(shown["sha256"]) == 64


@pytest.mark.parametrize("park", ["dafeng", "huanghai", "sheyang", "ydz"])
def test_park_check(park):
    code, out, _ = command("park", "check", park)
    assert code == 0
    assert f"{park} is sound" in out
    assert json.loads(command("park", "check", park, "--json")[1])["ok"] is True
    assert "没有发现错误" in command("park", "check", park, "--lang", "zh")[1]


def test_park_check_lists_every_fault(here):
    command("park", "new", "mine", "--like", "ydz")
    path = here / "parks/mine/park.yaml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("energy: 300 MWh", "energy: 300 MW")
        .replace("capacity: 150 MWp", "capacty: 150 MWp")
    )
    path.write_text(text, encoding="utf-8")
    code, out, err = command("park", "check", path)
    assert (code, out) == (3, "")
    assert err.splitlines()[0].startswith("[PK1001] 3 fault(s) found")
    assert all(f"{path}:" in line for line in err.splitlines()[1:])
    data = json.loads(command("park", "check", path, "--json")[1])
    assert sorted(fault["code"] for fault in data["faults"]) == ["PK1101", "PK1202", "PK1203"]


def test_park_check_reads_the_data_files(here):
    command("park", "new", "mine", "--like", "ydz")
    path = here / "parks/mine/park.yaml"
    text = path.read_text(encoding="utf-8")
    profile = "profile: {file: l.csv, column: x, unit: kW}"
    path.write_text(text.replace("archetype: data_centre, annual: 120 GWh/yr", profile), encoding="utf-8")
    (here / "parks/mine/l.csv").write_text(
        "time,x\n2026-07-15T00:00+08:00,1\n2026-07-15T01:00+08:00,-1\n", encoding="utf-8"
    )
    code, _, err = command("park", "check", path)
    assert code == 3
    assert "l.csv:3, x, row 2: [PK1303]" in err


def test_park_new(here):
    code, out, _ = command("park", "new", "mine")
    assert (code, out.strip()) == (0, "parks/mine/park.yaml")
    assert "id: mine\n" in (here / "parks/mine/park.yaml").read_text(encoding="utf-8")
    assert command("park", "check", "parks/mine/park.yaml")[0] == 0
    again, _, err = command("park", "new", "mine")
    assert (again, "[PK1006]" in err) == (3, True)
    made = json.loads(command("park", "new", "two", "--folder", "elsewhere", "--like", "dafeng", "--json")[1])
    assert Path(made["path"]).is_file()


def test_park_new_where_nothing_can_be_made(here):
    (here / "file").write_text("x", encoding="utf-8")
    code, _, err = command("park", "new", "mine", "--folder", "file")
    assert (code, "[PK1004]" in err) == (3, True)


def test_park_schema():
    schema = json.loads(command("park", "schema")[1])
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"id", "name", "location", "assets"} <= set(schema["properties"])


# ---------------------------------------------------------------- as a process of its own


def process(*argv, **env):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PARKOPT_", "LC_"))}
    return subprocess.run(
        [sys.executable, "-m", "parkopt", *argv],
        env={**kept, **CLEAN, **env},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_process_plans_a_day(here):
    done = process("day", "ydz", "--date", DATE, "--json", PARKOPT_HOME=str(here / "home"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["park"] == "ydz"
    assert list(here.glob("home/runs/ydz/2026-07-15/*/schedule.nc"))
    assert [path.name for path in here.iterdir()] == ["home"]


def test_a_process_fails_in_the_language_of_the_system():
    done = process("day", "nowhere", LANG="zh_CN.UTF-8")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode().startswith("[PK1002] 没有园区 'nowhere'")
    assert done.stderr.count(b"\n") == 1
