"""Scores of a file of forecasts: by hand, with gaps, with faults, as figures."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from parkopt.errors import Faults
from parkopt.faults import (
    BrokenFile,
    CannotWrite,
    ImplausibleValue,
    KnownTooLate,
    MissingColumn,
    MissingKey,
    NaiveTime,
    NothingToScore,
    OutOfRange,
    OutsideData,
    ShiftingZone,
    UnreadableTime,
    UnreadableValue,
    WrongOption,
    WrongQuantiles,
    WrongStep,
    WrongUnit,
)
from parkopt.services import forecast_figures as figures
from parkopt.services.forecast_file import ForecastColumns, read_forecasts
from parkopt.services.forecast_scores import ScoreRequest, rule_list, score_file
from parkopt.weather.sun import clear_sky, cos_zenith, extraterrestrial_w_per_m2

PNG = b"\x89PNG\r\n\x1a\n"


def times(n, step_min=60, start="2026-06-01", zone="+08:00"):
    index = pd.date_range(start, periods=n, freq=f"{step_min}min")
    return [f"{one:%Y-%m-%dT%H:%M}{zone}" for one in index]


def write(folder, columns, step_min=60, **more):
    n = len(next(iter(columns.values())))
    path = folder / "f.csv"
    pd.DataFrame({"time": times(n, step_min, **more), **columns}).to_csv(path, index=False)
    return path


def score_of(path, capacity=100.0, **more):
    return score_file(ScoreRequest(path, capacity, **more))


def rows(report):
    return {one.name: one.rows[0] for one in report.scored}


@pytest.fixture
def drawn():
    """Forty days of hours: measured power, and quantiles of the very law that it comes from."""
    rng = np.random.default_rng(3)
    middle = 50 + 30 * np.sin(np.arange(960) / 11)
    levels = np.arange(5, 100, 5)
    spread = {f"q{q:02d}": middle + 15 * (q / 100 - 0.5) for q in levels}
    measured = middle + 15 * (rng.uniform(size=960) - 0.5)
    return {"measured": measured, "forecast": middle, **spread}


@pytest.mark.parametrize("step_min", [15, 30, 60])
def test_errors_by_hand(tmp_path, step_min):
    """Errors 10, -10, 0, -40: MAE 15, RMSE root of 450, bias -10, of 200 MW."""
    path = write(tmp_path, {"measured": [0, 20, 30, 50], "forecast": [10, 10, 30, 10]}, step_min)
    row = rows(score_of(path, 200.0))["forecast"]
    assert (row["mae_mw"], row["bias_mw"], row["steps"], row["dropped"]) == (15, -10, 4, 0)
    assert row["rmse_mw"] == pytest.approx(450**0.5)
    assert (row["nmae"], row["nbias"]) == (15 / 200, -10 / 200)
    assert row["wape"] == pytest.approx(60 / 100)


def test_units_of_a_step_and_of_the_capacity(tmp_path):
    path = write(tmp_path, {"measured": [10, 20], "forecast": [20, 20]}, 15)
    in_mw = rows(score_of(path))["forecast"]["mae_mw"]
    assert in_mw == 5
    assert rows(score_of(path, columns=ForecastColumns(unit="%")))["forecast"]["mae_mw"] == pytest.approx(5)
    assert rows(score_of(path, columns=ForecastColumns(unit="kWh")))["forecast"]["mae_mw"] == pytest.approx(5 * 4e-3)
    with pytest.raises(WrongUnit):
        score_of(path, columns=ForecastColumns(unit="yuan"))
    with pytest.raises(WrongUnit):
        read_forecasts(path, ForecastColumns(unit="pu"))


def test_gaps_are_dropped_and_counted_for_all_forecasts_alike(tmp_path):
    columns = {
        "measured": [10, None, 10, 10, 10],
        "forecast": [20, 20, None, 20, 20],
        "forecast_b": [10, 10, 10, "NaN", 30],
        "note": ["", "", "x", "", ""],
    }
    report = score_of(write(tmp_path, columns))
    assert report.used.tolist() == [True, False, False, False, True]
    assert {name: row["mae_mw"] for name, row in rows(report).items()} == {"forecast": 10, "forecast_b": 10}
    assert report.as_dict()["dropped"] == 3
    assert any("note" in note.en for note in report.notes)
    assert any("every forecast" in note.en for note in report.notes)


def test_skill_against_persistence_and_the_physical_chain(tmp_path):
    """Every day 10 MW more than the one before: persistence is 10 off, the forecast 5, the chain 20."""
    measured = np.repeat(np.arange(4) * 10.0, 24)
    path = write(tmp_path, {"measured": measured, "forecast": measured + 5, "physical": measured - 20})
    found = rows(score_of(path))["forecast"]["skill"]
    assert found["persistence_24h"] == {"skill": 0.5, "mae_mw": 10, "steps": 72}
    assert found["physical"] == {"skill": 0.75, "mae_mw": 20, "steps": 96}
    # climatology is the mean of the days before: 10, 15, 20 off
    assert found["climatology"]["mae_mw"] == pytest.approx(15)
    # issued 15 h earlier, the hours after 09:00 of the day before are not known yet: 20 off there
    early = rows(score_of(path, ahead_h=15))["forecast"]["skill"]["persistence_24h"]
    assert early["mae_mw"] == pytest.approx((9 * 3 * 10 + 15 * 2 * 20) / (9 * 3 + 15 * 2))
    assert early["steps"] == 57


def test_issue_times_of_the_file(tmp_path):
    measured = np.repeat(np.arange(4) * 10.0, 24)
    issued = np.repeat(times(4, 24 * 60, start="2026-05-31T09:00"), 24)
    path = write(tmp_path, {"measured": measured, "forecast": measured, "issued": issued})
    assert rows(score_of(path))["forecast"]["skill"]["persistence_24h"]["steps"] == 57
    late = write(tmp_path, {"measured": [1, 2], "forecast": [1, 2], "issued": [times(1)[0], times(3)[2]]})
    with pytest.raises(KnownTooLate) as found:
        score_of(late)
    assert found.value.where.row == 2
    naive = write(tmp_path, {"measured": [1, 2], "forecast": [1, 2], "issued": ["2026-05-31", "2026-05-31"]})
    with pytest.raises(NaiveTime):
        score_of(naive)
    assert score_of(naive, columns=ForecastColumns(zone="+08:00")).file.issued is not None
    with pytest.raises(Faults):
        score_of(write(tmp_path, {"measured": [1, 2], "forecast": [1, 2], "issued": ["2026-13-45T00:00+08:00"] * 2}))


def test_nielsen_waits_for_thirty_days(tmp_path, drawn):
    short = {key: values[:600] for key, values in drawn.items()}
    assert "nielsen" not in rows(score_of(write(tmp_path, short), kind="wind"))["forecast"]["skill"]
    found = score_of(write(tmp_path, drawn), kind="wind")
    assert rows(found)["forecast"]["skill"]["nielsen"]["steps"] == 240


def test_quantiles_against_the_library(tmp_path, drawn):
    from scoringrules import quantile_score

    row = rows(score_of(write(tmp_path, drawn)))["median"]
    names = [name for name in drawn if name.startswith("q")]
    expected = np.mean([quantile_score(drawn["measured"], drawn[name], int(name[1:]) / 100) for name in names])
    assert row["pinball_mw"] == pytest.approx(float(expected))
    assert row["crps_mw"] == pytest.approx(2 * float(expected))
    assert row["width_mw"] == {k: pytest.approx(v) for k, v in (("50%", 7.5), ("80%", 12), ("90%", 13.5))}
    assert row["coverage"]["80%"] == pytest.approx(0.8, abs=0.04)


def test_few_levels_make_no_crps_and_no_interval_beyond_them(tmp_path):
    columns = {"measured": [1, 2, 3], "P10": [0, 1, 2], "q0.5": [1, 2, 3], "p90": [2, 3, 4]}
    report = score_of(write(tmp_path, columns))
    row = rows(report)["median"]
    assert row["crps_mw"] is None
    assert list(row["coverage"]) == ["50%", "80%"]
    assert row["mae_mw"] == 0
    assert any("No CRPS" in note.en for note in report.notes)


def test_quantiles_that_fall_or_are_none(tmp_path):
    exceeded = {"measured": [1, 2], "p10": [3, 3], "p90": [1, 1]}
    with pytest.raises(WrongQuantiles, match="exceeded") as found:
        score_of(write(tmp_path, exceeded))
    assert found.value.where.row == 1
    with pytest.raises(WrongQuantiles, match="below q10"):
        score_of(write(tmp_path, {"measured": [1] * 3, "q10": [1, 1, 2], "q90": [1, 1, 1]}))
    with pytest.raises(WrongQuantiles, match="between 0 and 100"):
        score_of(write(tmp_path, {"measured": [1] * 3, "q00": [1] * 3, "q90": [1] * 3}))
    with pytest.raises(BrokenFile, match="same level"):
        score_of(write(tmp_path, {"measured": [1] * 3, "q5": [1] * 3, "p05": [1] * 3}))


@pytest.mark.parametrize("levels", [range(5, 50, 5), range(55, 100, 5)])
def test_one_side_of_a_distribution_is_refused(tmp_path, levels):
    columns = {"measured": [1.0] * 3} | {f"q{q:02d}": [q / 10] * 3 for q in levels}
    with pytest.raises(WrongQuantiles, match="median"):
        score_of(write(tmp_path, columns))


def test_levels_that_end_early_make_no_crps(tmp_path):
    columns = {"measured": [1.0] * 3} | {f"q{q:02d}": [q / 10] * 3 for q in range(5, 65, 5)}
    report = score_of(write(tmp_path, columns))
    assert rows(report)["median"]["crps_mw"] is None
    assert rows(report)["median"]["coverage"] == {}


def test_interval_score_by_hand(tmp_path):
    """Width 2; of two steps one lies 3 MW outside: 2 + 10 x 3 / 2."""
    report = score_of(write(tmp_path, {"measured": [5.0, 9.0], "q10": [4, 4], "q50": [5, 5], "q90": [6, 6]}))
    assert rows(report)["median"]["interval_score_mw"]["80%"] == pytest.approx(17)


def test_forecasts_below_0_are_counted(tmp_path):
    path = write(tmp_path, {"measured": [10.0] * 24, "forecast": [-5.0] * 6 + [10.0] * 18})
    report = score_of(path, kind="wind", rules=("harmonic",))
    assert any(note.en.startswith("6 step(s) are forecast below 0") and "6" in note.zh for note in report.notes)
    assert report.as_dict()["forecasts"][0]["rules"][0]["accuracy"] == pytest.approx(0)
    assert not any("below 0" in note.en for note in score_of(path, kind="load").notes)


def test_days_of_another_zone_are_told_where_rules_count_them(tmp_path):
    path = write(tmp_path, {"measured": [1.0] * 24, "forecast": [1.0] * 24}, zone="+00:00")
    told = score_of(path, kind="wind")
    assert any("those of +00:00; --zone +08:00" in note.en for note in told.notes)
    assert told.as_dict()["zone"] == "+00:00"
    for other in (score_of(path, kind="wind", columns=ForecastColumns(zone="+08:00")), score_of(path, rules=())):
        assert not any("--zone" in note.en for note in other.notes)


def test_a_file_that_may_be_cut_off_is_told(tmp_path):
    path = write(tmp_path, {"measured": [10.0, 20.0], "forecast": [10.0, 20.0]})
    assert not any("cut off" in note.en for note in score_of(path).notes)
    path.write_bytes(path.read_bytes().rstrip()[:-2])
    assert any("cut off" in note.en and "截断" in note.zh for note in score_of(path).notes)


def test_scenarios_by_hand(tmp_path):
    """Two members 3 and 4 off in every hour of one day: energy score (3 + 4) root 24 / 2 - root 24 / 4."""
    measured = np.full(30, 50.0)
    report = score_of(write(tmp_path, {"measured": measured, "member01": measured + 3, "member02": measured + 4}))
    row = rows(report)["scenario mean"]
    assert row["mae_mw"] == pytest.approx(3.5)
    assert row["crps_mw"] == pytest.approx(3.5 - 0.25)
    assert (row["days"], row["members"]) == (1, 2)
    assert row["energy_score_mw"] == pytest.approx((3.5 - 0.25) * 24**0.5)
    assert row["variogram_score"] == 0


def test_daylight_of_pv(tmp_path):
    """Errors at noon alone weigh more over daylight; without a place there is no daylight."""
    middle = np.arange("2026-05-31T16:30", "2026-06-05T16:30", 60, dtype="datetime64[m]").astype("datetime64[s]")
    cos_z = cos_zenith(middle, 33.8, 120.5)
    sun = 0.08 * clear_sky(cos_z, extraterrestrial_w_per_m2(middle), np.full(120, 4.0))[0]
    path = write(tmp_path, {"measured": sun, "forecast": sun * 0.8})
    whole, lit = score_of(path, kind="pv", place=(33.8, 120.5)).scored[0].rows
    assert (whole["over"], lit["over"]) == ("all hours", "daylight")
    assert lit["steps"] < whole["steps"] == 120
    assert lit["mae_mw"] > 1.5 * whole["mae_mw"]
    # the same share of the clear sky each day, so smart persistence is right
    assert lit["skill"]["smart_persistence"]["mae_mw"] == pytest.approx(0, abs=1e-9)
    blind = score_of(path, kind="pv")
    assert len(blind.scored[0].rows) == 1
    assert any("--latitude" in note.en for note in blind.notes)


def test_rules_by_hand(tmp_path):
    """A day 20 MW off of 100: 80 % by the capacity online; a penalty of 0.1 x 100 MW x 0.1 h; unknown stays so."""
    rule = tmp_path / "mine.yaml"
    rule.write_text("name: jiangsu\ndenominator: online\nthreshold: 0.9\npenalty_h: 0.1\n", encoding="utf-8")
    path = write(tmp_path, {"measured": np.full(24, 50.0), "forecast": np.full(24, 70.0)})
    report = score_of(path, kind="wind", rules=(str(rule), "zhejiang", "gbt19963_wind"))
    mine, zhejiang, gbt = report.as_dict()["forecasts"][0]["rules"]
    assert mine["by_month"] == {"2026-06": pytest.approx(0.8)}
    assert (mine["met"], mine["confidence"]) == (False, "user")
    assert mine["penalty_mwh"] == pytest.approx(0.1 * 100 * 0.1)
    assert zhejiang["accuracy"] == pytest.approx(0.6)
    assert (zhejiang["met"], zhejiang["threshold"], zhejiang["penalty_mwh"]) == (None, None, None)
    assert gbt["confidence"] == "R"
    assert gbt["pass_rate"] == 1
    calm = score_of(write(tmp_path, {"measured": [1.0] * 24, "forecast": [2.0] * 24}), rules=("anhui_wind",))
    assert calm.as_dict()["forecasts"][0]["rules"][0]["points"] == 0
    assert "剔除" in calm.as_dict("zh")["forecasts"][0]["rules"][0]["why"]
    assert {one["name"] for one in rule_list()} >= {"zhejiang", "southern"}
    assert not any("jiangsu" in one["name"] for one in rule_list())


def test_a_load_is_divided_by_its_peak(tmp_path):
    path = write(tmp_path, {"measured": [20, 40], "forecast": [22, 38]})
    report = score_of(path, None, kind="load")
    assert rows(report)["forecast"]["nmae"] == pytest.approx(2 / 40)
    assert "highest measured load" in report.as_dict()["normalised_by"]
    with pytest.raises(MissingKey):
        score_of(path, None)


def test_what_was_asked_wrongly(tmp_path):
    path = write(tmp_path, {"measured": [20, 40], "forecast": [22, 38]})
    with pytest.raises(WrongOption):
        score_of(path, kind="tide")
    with pytest.raises(WrongOption, match="accuracy rule"):
        score_of(path, rules=("jiangsu",))
    with pytest.raises(OutOfRange):
        score_of(path, -1.0)
    with pytest.raises(OutOfRange):
        score_of(path, ahead_h=-1)
    with pytest.raises(OutOfRange):
        score_of(path, place=(91, 0))


def test_a_capacity_below_the_measured_power(tmp_path):
    path = write(tmp_path, {"measured": [20, 104, 300], "forecast": [22, 38, 40]})
    with pytest.raises(ImplausibleValue) as found:
        score_of(path)
    assert (found.value.where.row, found.value.where.field) == (3, "measured")
    assert "装机容量 100 MW" in found.value.message("zh")
    told = score_of(write(tmp_path, {"measured": [20, 104], "forecast": [22, 38]}))
    assert any("above the capacity" in note.en for note in told.notes)


def test_nothing_to_score(tmp_path):
    with pytest.raises(NothingToScore):
        score_of(write(tmp_path, {"measured": [None, 1], "forecast": [1, None]}))
    with pytest.raises(NothingToScore):
        score_of(write(tmp_path, {"measured": [0, 0], "forecast": [1, 1]}), None, kind="load")
    with pytest.raises(MissingColumn):
        score_of(write(tmp_path, {"measured": [0, 0], "guess": [1, 1]}))


def test_all_bad_cells_come_together(tmp_path):
    path = write(tmp_path, {"measured": ["1,5", 2, "inf"], "forecast": ["#REF!", 1, 1]})
    with pytest.raises(Faults) as found:
        score_of(path)
    assert [(type(one), one.where.row, one.where.field) for one in found.value.faults] == [
        (UnreadableValue, 1, "measured"),
        (UnreadableValue, 3, "measured"),
        (UnreadableValue, 1, "forecast"),
    ]


def test_times_that_do_not_tell(tmp_path):
    columns = {"measured": [1, 2, 3], "forecast": [1, 2, 3]}
    naive = write(tmp_path, columns, zone="")
    with pytest.raises(NaiveTime):
        score_of(naive)
    assert score_of(naive, columns=ForecastColumns(zone="+08:00")).file.local[0].hour == 0
    summer = tmp_path / "s.csv"
    summer.write_text("time,measured,forecast\n2026-03-29T01:00+01:00,1,1\n2026-03-29T03:00+02:00,2,2\n")
    with pytest.raises(ShiftingZone):
        score_of(summer)
    with pytest.raises(WrongStep):
        score_of(write(tmp_path, columns, 5))
    broken = tmp_path / "b.csv"
    broken.write_text("time,measured,forecast\nsoon+08:00,1,1\nlater+08:00,1,1\n")
    with pytest.raises((UnreadableTime, Faults, NaiveTime)):
        score_of(broken)


def test_days_are_those_of_the_zone_that_is_stated(tmp_path):
    path = write(tmp_path, {"measured": [1.0] * 24, "forecast": [1.0] * 24}, start="2026-06-01T16:00", zone="+00:00")
    assert len(score_of(path).scored[0].days) == 0
    assert len(score_of(path, columns=ForecastColumns(zone="+08:00")).scored[0].days) == 1


def test_figures(tmp_path, drawn):
    shifted = {**drawn, "measured": drawn["measured"].copy()}
    shifted["measured"][48:72] += 15
    report = score_of(write(tmp_path, shifted), kind="wind")
    picked = figures.worst_and_median(report)
    assert picked[0][0] == pd.Timestamp("2026-06-03")
    files = figures.write_all(report, tmp_path / "out", picked, "zh")
    assert len(files) == 6
    for name in files:
        if name.endswith(".svg"):
            assert ET.parse(name).getroot().tag.endswith("svg")
    assert json.loads((tmp_path / "out/scores.json").read_text(encoding="utf-8"))["steps"] == 960
    lines = (tmp_path / "out/rules.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * 5 * 2  # forecasts, rules, months
    with pytest.raises(CannotWrite):
        figures.write_all(report, tmp_path / "out", picked, "en")
    for made in figures.write_fans(
        report, tmp_path / "fan.png", figures.spans(report, ["2026-06-01..2026-06-03"]), "zh"
    ):
        assert made.endswith("fan-2026-06-01_2026-06-03.png")
        assert (tmp_path / made).read_bytes().startswith(PNG)


def test_days_that_cannot_be_drawn(tmp_path, drawn):
    report = score_of(write(tmp_path, drawn))
    assert figures.spans(report, ["2026-06-02.."]) == [(pd.Timestamp("2026-06-02"), pd.Timestamp("2026-06-08"))]
    for wrong in ("2026-07-11", "2026-05-31", "2026-07-11.."):
        with pytest.raises(OutsideData):
            figures.spans(report, [wrong])
    for wrong in ("2026-06-01..2026-07-10", "2026-06-05..2026-06-01"):
        with pytest.raises(WrongOption):
            figures.spans(report, [wrong])
    points = {"measured": drawn["measured"][:48], "forecast": np.where(np.arange(48) == 30, np.nan, 50.0)}
    gapped = score_of(write(tmp_path, points))
    with pytest.raises(NothingToScore):
        figures.write_fans(gapped, tmp_path / "x.svg", figures.spans(gapped, ["2026-06-02"]), "en")
    with pytest.raises(WrongOption):
        figures.write_reliability(gapped, tmp_path / "r.svg", "en")
    with pytest.raises(NothingToScore):
        figures.worst_and_median(score_of(write(tmp_path, {"measured": [1, 2], "forecast": [1, 2]})))
