"""Chinese accuracy rules against cases reckoned by hand."""

import numpy as np
import pandas as pd
import pytest

from parkopt.errors import Faults
from parkopt.faults import (
    GridMismatch,
    ImplausibleValue,
    MissingKey,
    NaiveTime,
    NothingToScore,
    UnknownKey,
    WrongOption,
    WrongValue,
)
from parkopt.forecast.accuracy import assess
from parkopt.forecast.accuracy_rules import Rule, preset, read_rule, rule_of, rules

HOURS = pd.date_range("2026-01-31T22:00", periods=4, freq="h", tz="Etc/GMT-8")  # two hours on each of two days
REAL = np.array([40.0, 60.0, 0.0, 50.0])
SAID = np.array([50.0, 30.0, 0.0, 50.0])


def of(rule, real=REAL, said=SAID, **more):
    return assess(real, said, 100.0, rule, HOURS, **more)


def test_gbt40607_by_hand():
    """Errors 0.1, 0.3, 0, 0 of the capacity; one of four points fails."""
    found = of("gbt40607")
    assert found.accuracy == pytest.approx(1 - np.sqrt(0.1 / 4))
    assert found.by_day.tolist() == pytest.approx([1 - np.sqrt(0.05), 1.0])
    assert found.by_month.tolist() == pytest.approx([1 - np.sqrt(0.05), 1.0])
    assert found.pass_rate == 0.75
    assert found.correlation == pytest.approx(np.corrcoef(REAL, SAID)[0, 1])
    assert (found.threshold, found.met, found.days_met) == (0.90, False, 0.5)
    assert found.penalty_mwh is None


def test_gbt40607_takes_the_capacity_online_at_each_point():
    found = of("gbt40607", online_mw=[50.0, 100.0, 100.0, 0.0])
    assert found.accuracy == pytest.approx(1 - np.sqrt((0.2**2 + 0.3**2) / 3))
    assert (found.points, found.dropped) == (3, 1)


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        ("gbt40607_hour4", 0.95), ("gbt40607_day10", 0.80), ("gbt19963_wind", 0.83),
        ("gbt19963_wind_ultra_short", 0.87),
        ("gbt19963_wind_medium", 0.70), ("gbt19964_pv", 0.85), ("gbt19964_pv_ultra_short", 0.90),
    ],
)  # fmt: skip
def test_standards_differ_by_threshold_alone(name, threshold):
    found = of(name)
    assert found.threshold == threshold
    assert found.accuracy == pytest.approx(1 - np.sqrt(0.1 / 4))
    assert found.met is bool(1 - np.sqrt(0.05) >= threshold)


@pytest.mark.parametrize(("name", "threshold"), [("north_china", 0.85), ("north_china_ultra_short", 0.90)])
def test_north_china_is_the_mean_of_days(name, threshold):
    found = of(name)
    assert found.accuracy == pytest.approx((1 - np.sqrt(0.05) + 1) / 2)
    assert found.threshold == threshold
    assert found.met is False  # January, the 31st alone, has 0.776


def test_zhejiang_by_hand():
    """Deviations 10/40, 30/60 on the first day, none on the second; 0 against 0 is no error."""
    found = of("zhejiang")
    assert found.by_day.tolist() == pytest.approx([1 - np.sqrt((0.25**2 + 0.5**2) / 2), 1.0])
    assert (found.threshold, found.met, found.penalty_mwh) == (None, None, None)
    first = of("zhejiang", real=[10.0, 20.0, 0.0, 50.0], said=[90.0, 20.0, 8.0, 50.0])
    assert first.by_day.tolist() == pytest.approx([1 - np.sqrt(0.5), 1 - np.sqrt(0.5)])  # 800 % and 8 for 0: both 100 %
    assert of("zhejiang", real=[10.0] * 4, said=[50.0] * 4).accuracy == 0


def test_anhui_wind_drops_little_power():
    found = of("anhui_wind", real=[40.0, 9.9, 0.0, 10.0], said=[50.0, 90.0, 70.0, 15.0])
    assert (found.points, found.dropped) == (2, 2)
    assert found.by_day.tolist() == pytest.approx([0.75, 0.5])
    with pytest.raises(NothingToScore):
        of("anhui_wind", real=np.full(4, 5.0))


def test_anhui_pv_penalty():
    """The first day has 1 - sqrt(.15625) = .6047: (0.8 - .6047) 100 MW 0.1 h."""
    found = of("anhui_pv")
    assert found.penalty_mwh == pytest.approx((0.8 - (1 - np.sqrt(0.15625))) * 100 * 0.1)
    assert found.penalty_mwh == pytest.approx(1.953, abs=1e-3)
    assert found.days_met == 0.5


def test_southern_floor_drop_and_penalty():
    """Denominators 20 (floor of 10) and 50; 5 against 9 is dropped, 5 against 15 is not: 10 over 20."""
    found = of("southern", real=[10.0, 50.0, 5.0, 5.0], said=[25.0, 0.0, 9.0, 15.0])
    assert (found.points, found.dropped) == (3, 1)
    first = 1 - np.sqrt((0.75**2 + 1.0**2) / 2)
    assert found.by_day.tolist() == pytest.approx([first, 0.5])
    assert found.penalty_mwh == pytest.approx(((0.6 - first) + (0.6 - 0.5)) * 100 * 0.2)


def test_harmonic_by_hand():
    """First day: |40/90 - .5| 10 + |60/90 - .5| 30 over 40."""
    found = of("harmonic")
    first = 1 - 2 * (abs(40 / 90 - 0.5) * 10 + abs(60 / 90 - 0.5) * 30) / 40
    assert found.by_day.tolist() == pytest.approx([first, 1.0])
    assert found.threshold == 0.75


def test_a_forecast_below_0_is_no_perfect_one():
    """Clipped to 0 against 40 and 60 MW: |40/40 - .5| everywhere, hence 0."""
    found = of("harmonic", said=[-10.0, -30.0, 0.0, 50.0])
    assert found.by_day.tolist() == pytest.approx([0.0, 1.0])


def test_months_are_those_of_the_zone():
    assert [str(m) for m in of("zhejiang").by_month.index] == ["2026-01", "2026-02"]


def test_missing_points_are_counted():
    found = of("gbt40607", said=[50.0, np.nan, 0.0, 50.0])
    assert (found.points, found.missing) == (3, 1)
    assert found.accuracy == pytest.approx(1 - np.sqrt(0.01 / 3))


@pytest.mark.parametrize("name", list(rules()))
def test_a_perfect_forecast_is_perfect_by_every_rule(name):
    found = of(name, said=REAL)
    assert found.accuracy == 1
    assert found.met in (True, None)
    assert not found.penalty_mwh
    assert preset(name).source
    assert preset(name).confidence in ("S", "R")


def test_an_own_rule_from_yaml(tmp_path):
    path = tmp_path / "rule.yaml"
    path.write_text("name: jiangsu\ndenominator: online\nthreshold: 0.83\npenalty_h: 0.5\n", encoding="utf-8")
    rule = read_rule(path)
    assert rule == Rule("jiangsu", "online", threshold=0.83, penalty_h=0.5)
    assert of(rule).penalty_mwh == pytest.approx((0.83 - (1 - np.sqrt(0.05))) * 50)


def test_wrong_rules_are_told_all_together():
    with pytest.raises(Faults) as found:
        rule_of({"denominator": "capacity", "threshold": 83, "treshold": 0.83})
    assert [type(f) for f in found.value.faults] == [UnknownKey, MissingKey, WrongValue, WrongValue]
    with pytest.raises(MissingKey):
        rule_of({"name": "x", "denominator": "actual_floored"})
    with pytest.raises(WrongValue):
        rule_of({"name": "x", "denominator": "actual", "clip": "yes"})


def test_what_does_not_fit():
    with pytest.raises(WrongOption):
        of("jiangsu")
    with pytest.raises(NaiveTime):
        assess(REAL, SAID, 100, "gbt40607", HOURS.tz_localize(None))
    with pytest.raises(GridMismatch):
        assess(REAL, SAID, 100, "gbt40607", HOURS[:3])
    with pytest.raises(ImplausibleValue):
        of("gbt40607", online_mw=[100.0, 101.0, 100.0, 100.0])
