"""Wrong input through the command line: one clear error with its place, an exit code, nothing half-written."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from parkopt.cli import main

PARKS = Path(__file__).resolve().parents[2] / "parks"
DATE = "2026-07-15"
PARK = "mine/sheyang/park.yaml"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with a copy of the park sheyang; nothing else is set."""
    shutil.copytree(PARKS / "sheyang", tmp_path / "mine/sheyang")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKOPT_HOME", str(tmp_path / "parkopt-data"))
    for name in ("PARKOPT_LANG", "PARKOPT_DATABASE_URL", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "mine"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    return tmp_path


@pytest.fixture
def command(here, monkeypatch, capsys):
    def run(*argv):
        monkeypatch.setattr(sys, "argv", ["parkopt", *map(str, argv)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return end.value.code or 0, out, err

    return run


@pytest.fixture
def refused(here, command):
    """Plan a day that must fail, and see that nothing is left of it."""

    def run(*argv, code=3, lang="en"):
        before = {path for path in here.rglob("*") if path.is_file()}
        found, out, err = command("day", "sheyang", "--date", DATE, "--lang", lang, *argv)
        assert (found, out) == (code, "")
        assert {path for path in here.rglob("*") if path.is_file()} == before
        assert list(here.rglob(".*")) == []
        assert list(here.rglob("runs/*")) == []
        return err

    return run


def edit(here, *changes):
    path = here / PARK
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path, text):
    return next(i for i, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def one_line(err, code, place):
    """One error, one line: place, id, what and what to do."""
    assert err.count("\n") == 1
    assert f"[{code}]" in err
    assert place in err.split(f"[{code}]")[0]
    assert len(re.split("[.?] ", err.split(f"[{code}]")[1])) >= 2


# ---------------------------------------------------------------- the park file

PARK_FAULTS = {
    "wrong unit": ("energy: 120 MWh", "energy: 120 MW", "PK1101", "assets.ess.energy"),
    "demand charge for energy": ("wear: 60 yuan/MWh", "wear: 60 yuan/kW/month", "PK1101", "assets.ess.wear"),
    "decimal comma": ("energy: 120 MWh", 'energy: "1,5 MWh"', "PK1101", "assets.ess.energy"),
    "no unit": ("energy: 120 MWh", "energy: 120", "PK1102", "assets.ess.energy"),
    "unknown key": ("soc_final: 0.5", "soc_fnal: 0.5", "PK1202", "assets.ess.soc_fnal"),
    "below 0": ("export_limit: 60 MW", "export_limit: -60 MW", "PK1103", "assets.grid.export_limit"),
    "zone with summer time": ('zone: "+08:00"', "zone: Europe/Berlin", "PK1112", "zone"),
    "unknown kind": ("kind: electrolyser", "kind: electroliser", "PK1205", "assets.h2.kind"),
    "not YAML": ("rules:\n", "rules: {\n", "PK1201", ""),
    "key twice": ("    tank: 4 t\n", "    tank: 4 t\n    power: 1 MW\n", "PK1207", ""),
}


@pytest.mark.parametrize("case", PARK_FAULTS)
def test_a_fault_in_the_park_file(here, refused, case):
    old, new, code, field = PARK_FAULTS[case]
    path = edit(here, (old, new))
    err = refused()
    one_line(err, code, f"{path}:")
    assert field in err
    at = new.strip().splitlines()[-1]
    if field:
        assert f"{path}:{line_of(path, at)}, {field}: " in err
    assert re.search("[\u4e00-\u9fff]", refused(lang="zh"))


def test_all_faults_of_the_park_file_together(here, refused):
    path = edit(here, *[PARK_FAULTS[case][:2] for case in ("wrong unit", "unknown key", "below 0", "unknown kind")])
    lines = refused().splitlines()
    assert lines[0].startswith("[PK1001] 4 fault(s) found")
    assert [re.search(r"\[(PK\d+)\]", line)[1] for line in lines[1:]] == ["PK1101", "PK1202", "PK1103", "PK1205"]
    assert all(line.startswith(f"  - {path}:") for line in lines[1:])


def test_a_turbine_that_is_not_known(here, refused):
    edit(here, ("V164/8000", "V999/1"))
    assert "[PK1311]" in refused()


# ---------------------------------------------------------------- the infeasible import limit


def test_an_import_limit_that_is_too_low(here, refused, command):
    edit(here, ("import_limit: 150 MW", "import_limit: 60 MW"))
    english, chinese = refused(code=4), refused(code=4, lang="zh")
    assert english.startswith("[PK1401] ")
    assert english.count("\n") == chinese.count("\n") == 1
    said = re.search(r"raise grid\.import_limit by [\d.]+ MW \(from 60 to ([\d.]+) MW\)\D*(\d\d:\d\d)", english)
    told = re.search(r"把 grid\.import_limit 提高 [\d.]+ MW（由 60 到 ([\d.]+) MW）\D*(\d\d:\d\d)", chinese)
    assert said
    assert told
    assert said.groups() == told.groups()
    assert "the import limit" in english
    assert "购电功率上限" in chinese
    enough = float(said[1])
    third = 60 + (enough - 60) / 3
    edit(here, ("import_limit: 60 MW", f"import_limit: {third} MW"))
    refused(code=4)
    edit(here, (f"import_limit: {third} MW", f"import_limit: {enough} MW"))
    code, out, _ = command("day", "sheyang", "--date", DATE, "--json")
    assert code == 0
    assert '"status": "optimal"' in out


# ---------------------------------------------------------------- a load from a CSV file


def rows(step="60min", n=24, start=f"{DATE}T00:00+08:00"):
    return [f"{stamp.isoformat()},{10 + i % 5}" for i, stamp in enumerate(pd.date_range(start, periods=n, freq=step))]


def drop(row):
    return lambda lines: [*lines[: row - 1], *lines[row:]]


def put(row, text):
    return lambda lines: [*lines[: row - 1], text(lines[row - 1]), *lines[row:]]


def value(text):
    return lambda line: f"{line.split(',')[0]},{text}"


def naive(lines):
    return [line.replace("+08:00", "") for line in lines]


def summer_time(lines):
    return [line.replace("+08:00", "+02:00" if i < 12 else "+01:00") for i, line in enumerate(lines)]


MAP = "column: demand_mw\nunit: MW\n"
CSV_FAULTS = {
    "missing hour": (drop(6), "", "PK1301", ":7, time, row 6"),
    "gap of many": (lambda lines: [*lines[:5], *lines[12:]], "", "PK1301", "row 6"),
    "row twice": (lambda lines: [*lines[:6], *lines[5:]], "", "PK1302", ":8, time, row 7"),
    "shuffled": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "", "PK1302", ":6, time, row 5"),
    "odd step": (put(24, lambda line: line.replace("23:00:00", "23:10:00")), "", "PK1314", ":25, time, row 24"),
    "below 0": (put(4, value("-0.5")), "", "PK1303", ":5, demand_mw, row 4"),
    "NaN": (put(4, value("nan")), "", "PK1304", ":5, demand_mw, row 4"),
    "infinite": (put(4, value("inf")), "", "PK1304", ":5, demand_mw, row 4"),
    "empty cell": (put(24, value("")), "", "PK1304", ":25, demand_mw, row 24"),
    "decimal comma": (put(4, value('"3,5"')), "", "PK1304", ":5, demand_mw, row 4"),
    "no time": (put(4, lambda _: "soon,3"), "", "PK1306", ":5, time, row 4"),
    "summer time": (summer_time, "", "PK1307", ":14, time, row 13"),
    "no offset": (naive, "", "PK1114", ":2, time, row 1"),
    "zone with summer time": (naive, MAP + "zone: Europe/Berlin\n", "PK1112", "zone"),
    "another day": (lambda lines: [line.replace("07-15", "07-16") for line in lines], "", "PK1310", "load.csv"),
    "half a day": (lambda lines: lines[:12], "", "PK1310", "load.csv"),
    "one row": (lambda lines: lines[:1], "", "PK1312", "load.csv"),
    "no rows": (lambda _: [], "", "PK1312", "load.csv"),
    "other column": (list, "column: load\nunit: MW\n", "PK1305", "load.csv, load"),
    "wrong unit": (list, "column: demand_mw\nunit: yuan/kWh\n", "PK1101", "load.csv, demand_mw"),
    "unknown unit": (list, "column: demand_mw\nunit: horses\n", "PK1101", "load.csv, demand_mw"),
    "map: unknown key": (list, MAP + "colour: red\n", "PK1202", "map.yaml:3, colour"),
    "map: missing key": (list, "column: demand_mw\n", "PK1203", "map.yaml:1"),
    "map: not YAML": (list, "column: [\n", "PK1201", "map.yaml:"),
}


@pytest.mark.parametrize("case", CSV_FAULTS)
def test_a_fault_in_a_load_file(here, refused, case):
    change, mapping, code, place = CSV_FAULTS[case]
    (here / "load.csv").write_text("\n".join(["time,demand_mw", *change(rows())]) + "\n", encoding="utf-8")
    argv = ["--load", "data_hall=load.csv"]
    if mapping:
        (here / "map.yaml").write_text(mapping, encoding="utf-8")
        argv += ["--load-map", "map.yaml"]
    err = refused(*argv)
    one_line(err, code, place)
    assert f"[{code}]" in refused(*argv, lang="zh")


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"time,demand_mw,demand_mw\n1,2,3\n2,3,4\n", "time,负荷\n".encode("gb18030")]
)
def test_what_is_no_table(here, refused, data):
    (here / "load.csv").write_bytes(data)
    one_line(refused("--load", "data_hall=load.csv"), "PK1309", "load.csv")


def test_all_faults_of_a_load_file_together(here, refused):
    lines = rows()
    for row, text in ((3, "nan"), (5, "-1"), (9, "x")):
        lines = put(row, value(text))(lines)
    (here / "load.csv").write_text("\n".join(["time,demand_mw", *lines]), encoding="utf-8")
    found = refused("--load", "data_hall=load.csv").splitlines()
    assert found[0].startswith("[PK1001] 3 fault(s) found")
    assert [re.search(r"row (\d+)", line)[1] for line in found[1:]] == ["3", "9", "5"]


def test_a_sound_load_file_is_used(here, command):
    """So that the cases above fail for their own fault alone."""
    (here / "load.csv").write_text("\n".join(["time,demand_mw", *rows()]), encoding="utf-8")
    (here / "map.yaml").write_text(MAP, encoding="utf-8")
    args = ("day", "sheyang", "--date", DATE, "--json", "--load", "data_hall=load.csv", "--load-map", "map.yaml")
    code, out, _ = command(*args)
    assert code == 0
    found = json.loads(out)
    measured = sum(10 + i % 5 for i in range(24))
    assert found["summary"]["enterprises"]["sy-data"]["consumption_mwh"] == pytest.approx(measured, abs=1e-3)
    schedule = xr.load_dataset(next(file for file in found["files"] if file.endswith("schedule.nc")))
    hourly = schedule["demand_mw"].sel(asset="data_hall").to_numpy()
    assert hourly == pytest.approx([10 + i % 5 for i in range(24)])


# ---------------------------------------------------------------- weather files

HEADER = """LOCATION,Sheyang,JS,CHN,SRC,0,33.8,120.5,8.0,3.0
DESIGN CONDITIONS,0
TYPICAL/EXTREME PERIODS,0
GROUND TEMPERATURES,0
HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0
COMMENTS 1,x
COMMENTS 2,x
DATA PERIODS,1,1,Data,Sunday,1/1,12/31
"""
EPW_ROW = (
    "2020,{month},{day},{hour},0,?9,20.0,15.0,70,101300,0,0,300,0,0,0,0,0,0,0,180,5.0,5,5,20,77777,9,"
    "999999999,20,0.1,0,88,0,0,0\n"
)


@pytest.mark.parametrize("hours", [0, 1, 100])
def test_a_truncated_epw(here, refused, hours):
    body = [EPW_ROW.format(month=1, day=1 + hour // 24, hour=1 + hour % 24) for hour in range(hours)]
    (here / "w.epw").write_text(HEADER + "".join(body), encoding="utf-8")
    one_line(refused("--weather", "w.epw"), "PK1309", "w.epw")


def test_an_epw_cut_within_a_row(here, refused):
    (here / "w.epw").write_text(HEADER + EPW_ROW.format(month=1, day=1, hour=1)[:40], encoding="utf-8")
    one_line(refused("--weather", "w.epw"), "PK1309", "w.epw")


@pytest.mark.parametrize("data", [b"", b"\x00" * 3000, b"<html></html>", HEADER.encode()[:100]])
def test_what_is_no_epw(here, refused, data):
    (here / "w.epw").write_bytes(data)
    one_line(refused("--weather", "w.epw"), "PK1309", "w.epw")


def weather_rows(n=24):
    stamps = pd.date_range(f"{DATE}T00:00+08:00", periods=n, freq="h")
    light = [0.0] * 6 + [100.0, 250, 400, 550, 650, 700, 700, 650, 550, 400, 250, 100] + [0.0] * 6
    return [f"{t.isoformat()},{light[t.hour]},25.0,6.0" for t in stamps]


WEATHER_HEAD = "time,ghi_w_per_m2,temp_air_degc,wind_speed_10m_m_per_s"
WEATHER_FAULTS = {
    "missing hour": (drop(6), "PK1301", "row 6"),
    "row twice": (lambda lines: [*lines[:6], *lines[5:]], "PK1302", "row 7"),
    "summer time": (summer_time, "PK1307", "row 13"),
    "below 0": (put(4, lambda line: line.replace(",0.0,", ",-5,")), "PK1303", "row 4"),
    "NaN": (put(4, lambda line: line.replace(",25.0,", ",,")), "PK1304", "row 4"),
    "kelvin": (lambda lines: [line.replace(",25.0,", ",298.0,") for line in lines], "PK1308", "temp_air_degc"),
}


@pytest.mark.parametrize("case", WEATHER_FAULTS)
def test_a_fault_in_a_weather_file(here, refused, case):
    change, code, place = WEATHER_FAULTS[case]
    (here / "w.csv").write_text("\n".join([WEATHER_HEAD, *change(weather_rows())]), encoding="utf-8")
    one_line(refused("--weather", "w.csv"), code, place)


# ---------------------------------------------------------------- places that cannot be written


@pytest.mark.parametrize("out", ["file/out", "file", "file/a/b/c"])
def test_an_out_folder_that_cannot_be_made(here, refused, out):
    (here / "file").write_text("x", encoding="utf-8")
    err = refused("--out", out)
    one_line(err, "PK1004", "")
    assert "file" in err
    assert (here / "file").read_text(encoding="utf-8") == "x"


def test_a_home_folder_that_cannot_be_made(here, refused, monkeypatch):
    (here / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("PARKOPT_HOME", str(here / "file/home"))
    one_line(refused(), "PK1004", "")


def test_a_database_that_is_none(here, command, monkeypatch):
    """The records were signed before; the run folder and its rows are not left."""
    (here / "junk.sqlite").write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("PARKOPT_DATABASE_URL", f"sqlite:///{here / 'junk.sqlite'}")
    code, out, err = command("day", "sheyang", "--date", DATE)
    assert (code, out) == (7, "")
    one_line(err, "PK1702", "")
    assert list(here.rglob("schedule.*")) == []
    assert [path for path in here.rglob(".*") if path.is_dir()] == []


def test_a_failed_run_leaves_an_earlier_one_as_it_was(here, command):
    assert command("day", "sheyang", "--date", DATE, "--json")[0] == 0
    before = {path: path.read_bytes() for path in (here / "parkopt-data").rglob("*") if path.is_file()}
    edit(here, ("import_limit: 150 MW", "import_limit: 60 MW"))
    assert command("day", "sheyang", "--date", DATE)[0] == 4
    edit(here, ("id: sheyang", "id: Sheyang"))
    assert command("day", "sheyang", "--date", DATE)[0] == 3
    after = {path: path.read_bytes() for path in (here / "parkopt-data").rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert {path.name for path in after if after[path] != before[path]} <= {"parkopt.sqlite-shm", "lock"}
