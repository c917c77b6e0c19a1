"""`parkopt forecast` as a user runs it: real processes, files that exist, faults with exit code 3."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.cli import main

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "real"
WIND = SHARED / "gefcom2014_wind_zone1_hourly_2012_2013.csv.gz"
PNG = b"\x89PNG\r\n\x1a\n"
ENV = {"PARKOPT_PARKS": str(ROOT / "parks"), "LANG": "C.UTF-8", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}


def parkopt(folder, *words):
    """Run a command line as a process of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PARKOPT_", "LC_"))}
    done = subprocess.run(
        [sys.executable, "-m", "parkopt", *words],
        cwd=folder, env={**env, **ENV, "PARKOPT_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run a command line in this process; return exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith(("PARKOPT_", "LC_")):
            monkeypatch.delenv(name)
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["parkopt", "forecast", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


def days_of_wind(n=2400):
    rng = np.random.default_rng(5)
    time = [f"{one:%Y-%m-%dT%H:%M}+08:00" for one in pd.date_range("2026-01-01", periods=n, freq="h")]
    middle = 50 + 30 * np.sin(np.arange(n) / 17)
    spread = {f"q{q:02d}": (middle + 20 * (q / 100 - 0.5)).round(4) for q in range(5, 100, 5)}
    measured = (middle + 20 * (rng.uniform(size=n) - 0.5)).round(4)
    return pd.DataFrame({"time": time, "measured": measured, "forecast": middle.round(4), **spread})


def test_a_file_is_scored_and_drawn(tmp_path, said):
    days_of_wind().to_csv(tmp_path / "wind.csv", index=False)
    figures = ("--figure", "fan.svg", "--reliability", "rel.png", "--pit", "pit.svg", "--out", "all")
    words = ("forecast", "score", "wind.csv", "--capacity", "100 MW", "--kind", "wind", *figures)
    done = parkopt(tmp_path, *words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["forecasts"]] == ["forecast", "median"]
    assert found["forecasts"][1]["scores"][0]["coverage"]["80%"] == pytest.approx(0.8, abs=0.03)
    assert len(found["files"]) == 10
    for name in found["files"]:
        path = tmp_path / name
        if path.suffix == ".svg":
            assert ET.parse(path).getroot().tag.endswith("svg")
        if path.suffix == ".png":
            assert path.read_bytes().startswith(PNG)
    code, _, err = said(*words[1:])
    assert (code, "[PK1004]" in err) == (3, True)


def test_text_in_both_languages(said, tmp_path):
    days_of_wind().to_csv(tmp_path / "wind.csv", index=False)
    words = ("score", "wind.csv", "--capacity", "100 MW", "--kind", "wind")
    code, out, err = said(*words)
    assert (code, err) == (0, "")
    for word in (
        "nMAE, %",
        "installed capacity, 100 MW",
        "24-h persistence",
        "Nielsen",
        "zhejiang",
        "unknown",
        "2026-01",
    ):
        assert word in out
    assert "GB/T 19963.1-2021" in out
    assert "recalled, not verified" in out
    code, out, err = said(*words, "--lang", "zh")
    assert (code, err) == (0, "")
    for word in ("归一化 MAE，%", "装机容量 100 MW", "24 小时持续法", "未知", "考核电量"):
        assert word in out


def test_rules_are_listed(said):
    code, out, err = said("rules", "--json")
    assert (code, err) == (0, "")
    assert {one["confidence"] for one in json.loads(out)} == {"S", "R"}
    for lang, word in (("en", "Jiangsu's own figures were not found"), ("zh", "未找到江苏")):
        code, out, err = said("rules", "--lang", lang)
        assert (code, err) == (0, "")
        assert word in out


def test_wrong_command_lines_and_files(said, tmp_path):
    days_of_wind(48).to_csv(tmp_path / "wind.csv", index=False)
    score = ("score", "wind.csv", "--capacity", "100 MW")
    for words, code in (
        (("score", "none.csv", "--capacity", "100 MW"), "PK1003"),
        (("score", "wind.csv"), "PK1203"),
        (("score", "wind.csv", "--capacity", "100"), "PK1102"),
        (("score", "wind.csv", "--capacity", "0 MW"), "PK1103"),
        (("score", "wind.csv", "--capacity", "60 MW"), "PK1308"),
        ((*score, "--kind", "tide"), "PK1007"),
        ((*score, "--rules", "jiangsu"), "PK1007"),
        ((*score, "--figure", "fan.pdf"), "PK1007"),
        ((*score, "--days", "2026-01-01"), "PK1007"),
        ((*score, "--figure", "fan.svg", "--days", "soon"), "PK1113"),
        ((*score, "--figure", "fan.svg", "--days", "2027-01-01"), "PK1310"),
        ((*score, "--unit", "m/s"), "PK1101"),
        ((*score, "--zone", "Asia/Shanghai"), "PK1112"),
        ((*score, "--latitude", "33"), "PK1203"),
        ((*score, "--map", "none.yaml"), "PK1003"),
    ):
        left, out, err = said(*words)
        assert (left, out) == (3, ""), words
        assert f"[{code}]" in err, (words, err)
    left, out, _ = said(*score, "--kind", "tide", "--json")
    assert left == 3
    assert json.loads(out)["code"] == "PK1007"


def test_a_mapping_names_the_columns(said, tmp_path):
    frame = days_of_wind(48).rename(columns={"measured": "P", "forecast": "NWP a"})
    frame["time"] = frame["time"].str[:-6].str.replace("T", " ")
    frame.to_csv(tmp_path / "f.csv", index=False)
    text = 'measured: P\nforecasts: {ours: "NWP a"}\nzone: "+08:00"\nunit: MW\nformat: "%Y-%m-%d %H:%M"\n'
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    code, out, err = said("score", "f.csv", "--capacity", "100 MW", "--map", "map.yaml", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["forecasts"][0]["name"] == "ours"
    (tmp_path / "map.yaml").write_text(text + "colour: red\n", encoding="utf-8")
    assert said("score", "f.csv", "--capacity", "100 MW", "--map", "map.yaml")[0] == 3


def test_names_that_would_move_the_cursor_are_tamed(said, tmp_path):
    frame = days_of_wind(48)[["time", "measured", "forecast"]]
    frame["forecast_\x1b[2J[red]x[/]"] = frame["forecast"]
    frame["<script>\x07"] = 1
    frame.to_csv(tmp_path / "f.csv", index=False)
    code, out, err = said("score", "f.csv", "--capacity", "100 MW", "--rules", "southern")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "[red]x[/]" in out.replace("\n", "")


def test_files_that_are_broken(said, tmp_path):
    score = ("score", "f.csv", "--capacity", "100 MW")
    for raw, codes in (
        (b"", "PK1309"),
        (b"\xff\xfe\x00", "PK1309"),
        (b"time,measured,forecast\n", "PK1312"),
        (b"time,measured,measured\n1,2,3\n", "PK1309"),
        (b"time,measured,forecast\n2026-01-01T00:00,1,1\n2026-01-01T01:00,1,1\n", "PK1114"),
        (b"time,measured,forecast\n2026-01-01T00:00Z,1,1\n2026-01-01T00:00Z,1,1\n", "PK1302"),
        (b"time,measured,forecast\n2026-01-01T00:00Z,,1\n2026-01-01T01:00Z,1,\n", "PK1364"),
        (b"time,measured,forecast\n2026-03-29T01:00+01:00,1,1\n2026-03-29T03:00+02:00,1,1\n", "PK1307"),
    ):
        (tmp_path / "f.csv").write_bytes(raw)
        code, out, err = said(*score)
        assert (code, out) == (3, ""), raw
        assert f"[{codes}]" in err, (raw, err)


@pytest.mark.skipif(not WIND.exists(), reason="the measured data are not beside this checkout")
def test_a_real_farm_gets_a_curve_that_its_park_can_name(said, tmp_path):
    real = pd.read_csv(WIND)
    speed = np.hypot(real["U100"], real["V100"]).round(4)
    pd.DataFrame({"time": real["TARGETdtm"], "v": speed, "p": real["TARGETVAR"]}).to_csv(
        tmp_path / "r.csv", index=False
    )
    words = ("fit-curve", "r.csv", "--speed", "v", "--power", "p", "--capacity", "1 MW", "--zone", "UTC")
    code, out, err = said(*words)
    assert (code, err) == (0, "")
    assert "curve: {file: curve.csv, power_unit: MW, rated: 1 MW}" in out
    assert (tmp_path / "curve.csv").read_text().startswith("speed_m_per_s,power_mw\n")
    code, out, err = said(*words)
    assert (code, "[PK1006]" in err) == (3, True)
    code, out, err = said(*words, "--curve", "b.csv", "--json", "--lang", "zh")
    found = json.loads(out)
    assert 0.10 < found["nmae"] < 0.16
    (tmp_path / "short.csv").write_text("".join((tmp_path / "r.csv").read_text().splitlines(keepends=True)[:500]))
    code, out, err = said("fit-curve", "short.csv", *words[2:], "--curve", "c.csv")
    assert (code, "[PK1360]" in err) == (3, True)


def test_calibrate_says_what_to_write(tmp_path, said):
    done = parkopt(
        tmp_path, "forecast", "calibrate", "sheyang", "offshore", "--full-load-hours", "2551", "--lang", "zh"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2551" in done.stdout
    assert "合成数据" in done.stdout
    code, out, err = said("calibrate", "sheyang", "offshore", "--full-load-hours", "2551", "--json")
    found = json.loads(out)
    assert found["park_file"] == [f"loss: {found['value']:.4f}"]
    assert found["full_load_h"] == pytest.approx(2551)
    code, out, err = said("calibrate", "sheyang", "offshore", "--full-load-hours", "8000")
    assert (code, out, "[PK1363]" in err) == (3, "", True)
    assert said("calibrate", "nowhere", "offshore", "--full-load-hours", "2551")[0] == 3


def test_a_roof_is_fitted_to_its_readings(said, tmp_path):
    from parkopt.clock import TimeGrid, fixed_zone, parse_date
    from parkopt.models import technologies
    from parkopt.models.base import Conditions
    from parkopt.park.loader import load_park
    from parkopt.weather import Embedded

    file = load_park(ROOT / "parks/sheyang/park.yaml", technologies())
    grid = TimeGrid.day(parse_date("2025-05-01"), fixed_zone("+08:00"), 60, 45)
    at = Conditions(grid, Embedded("actual").fetch(file.park.location, grid), file.park.location, file.folder)
    power = 0.9 * file.park.assets["roof_pv"].series(at)["available_mw"]
    frame = pd.DataFrame({"Zeit": [f"{one:%Y-%m-%d %H:%M}" for one in grid.local], "kW": 1000 * power})
    frame.to_csv(tmp_path / "pv.csv", index=False)
    words = ("fit-pv", "sheyang", "roof_pv", "pv.csv", "--power", "kW", "--unit", "kW", "--time", "Zeit")
    assert "[PK1114]" in said(*words)[2]
    for lang, word in (("en", "measured is 0.9"), ("zh", "实测为模型的 0.9")):
        code, out, err = said(*words, "--zone", "+08:00", "--lang", lang)
        assert (code, err) == (0, "")
        assert word in out
    found = json.loads(said(*words, "--zone", "+08:00", "--json")[1])
    assert found["loss"] == pytest.approx(1 - 0.9 * 0.9, abs=0.01)
    assert found["nmae_after"] < 0.01


def test_the_figures_of_the_page_are_those_printed(said, tmp_path):
    page = (ROOT / "docs/forecast_scores.md").read_text(encoding="utf-8")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    code, out, err = said(
        "score", "docs/examples/wind_forecast.csv", "--capacity", "300 MW", "--kind", "wind", "--ahead", "15 h"
    )
    assert (code, err) == (0, "")
    printed = [" ".join(line.split()) for line in out.splitlines()]
    shown = [" ".join(line.split()) for line in page.split("```text\n")[1].split("```")[0].splitlines()]
    assert len(shown) == 7
    assert [line for line in shown if line not in printed] == []
    for rule, accuracy in (("gbt19963_wind", "87.67"), ("zhejiang", "41.36")):
        assert f"{accuracy} % by `{rule}`" in page
        assert any(line.startswith(f"{rule} forecast {accuracy}") for line in printed)
    code, out, err = said("calibrate", "sheyang", "offshore", "--full-load-hours", "2551")
    for line in out.splitlines():
        if line.startswith("offshore:") or line.strip().startswith("loss:"):
            assert f"`{line.strip()}`" in page
