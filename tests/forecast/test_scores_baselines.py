"""Baselines know only what was measured when they were issued."""

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import GridMismatch, KnownTooLate, NaiveTime, TooLittleHistory, TooShort, UnevenSteps
from parkopt.forecast import scores_baselines as base

INDEX = pd.date_range("2025-01-01", periods=24 * 60, freq="h", tz="Etc/GMT-8")
POWER = np.arange(len(INDEX), dtype=float)
HISTORY = base.History(POWER, INDEX)
DAY = pd.date_range("2025-02-10", periods=24, freq="h", tz="Etc/GMT-8")
ISSUED = pd.DatetimeIndex([pd.Timestamp("2025-02-09 09:00", tz="Etc/GMT-8")] * 24)
FUTURE = ISSUED[0] <= INDEX


def test_persistence_by_hand():
    found = base.persistence(HISTORY, DAY, ISSUED)
    first = INDEX.get_loc(DAY[0])
    assert found[8] == first + 8 - 24  # the hour that ends at 09:00 is known
    assert found[9] == first + 9 - 48  # that from 09:00 is not


def test_persistence_looks_further_back_for_a_value():
    power = POWER.copy()
    power[INDEX.get_loc(DAY[0]) + 8 - 24] = np.nan
    assert base.persistence(base.History(power, INDEX), DAY, ISSUED)[8] == INDEX.get_loc(DAY[0]) + 8 - 48


@pytest.mark.parametrize("name", ["persistence", "climatology", "nielsen", "smart"])
def test_nothing_after_the_issue_matters(name):
    rng = np.random.RandomState(1)
    power = rng.uniform(0, 10, len(INDEX))
    changed = np.where(FUTURE, 1e6, power)

    def of(values):
        history = base.History(values, INDEX)
        if name == "smart":
            return base.smart_persistence(history, np.ones(len(INDEX)), DAY, np.ones(24), ISSUED)
        return getattr(base, name)(history, DAY, ISSUED)

    found = of(power)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, of(changed))
    assert not np.array_equal(found, of(np.where(FUTURE, power, power + 1)))


def test_climatology_is_the_mean_of_month_and_hour():
    found = base.climatology(HISTORY, DAY, ISSUED)
    known = INDEX + pd.Timedelta(hours=1) <= ISSUED[0]
    expected = POWER[known & (INDEX.month == 2) & (INDEX.hour == 5)].mean()
    assert found[5] == pytest.approx(expected, rel=1e-12)


def test_climatology_of_a_month_never_seen_is_that_of_the_hour():
    target = pd.DatetimeIndex([pd.Timestamp("2025-07-01 05:00", tz="Etc/GMT-8")])
    issued = pd.DatetimeIndex([INDEX[-1] + pd.Timedelta(hours=1)])
    assert base.climatology(HISTORY, target, issued)[0] == pytest.approx(POWER[INDEX.hour == 5].mean())


def test_nielsen_goes_from_the_last_value_to_the_mean():
    noise = np.random.RandomState(2).standard_normal(len(INDEX))
    power = np.zeros(len(INDEX))
    for i in range(1, len(power)):
        power[i] = 0.9 * power[i - 1] + noise[i]
    targets = INDEX[1000:][:200]
    issued = pd.DatetimeIndex([INDEX[1000]] * 200)
    found = base.nielsen(base.History(power, INDEX), targets, issued)
    mean = power[:1000].mean()
    share = (found - mean) / (power[999] - mean)
    assert share[0] == pytest.approx(0.9, abs=0.05)
    assert share[5] == pytest.approx(0.9**6, abs=0.15)
    assert np.abs(share[60:]).max() < 0.25


@pytest.mark.parametrize(("minutes", "lag"), [(0, 1), (30, 2)])
def test_the_lead_of_nielsen_counts_from_what_is_known(minutes, lag):
    """Issued at 23:30, the last hour known began at 22:00: two before the midnight that is forecast."""
    noise = np.random.RandomState(2).standard_normal(len(INDEX))
    power = np.zeros(len(INDEX))
    for i in range(1, len(power)):
        power[i] = 0.9 * power[i - 1] + noise[i]
    issued = pd.DatetimeIndex([INDEX[1000] - pd.Timedelta(minutes=minutes)]).tz_convert("UTC")
    found = base.nielsen(base.History(power, INDEX), INDEX[1000:1001].tz_convert("UTC"), issued)
    known = power[: 1001 - lag]
    weight = np.corrcoef(known[lag:], known[:-lag])[0, 1]
    assert found[0] == pytest.approx(weight * known[-1] + (1 - weight) * known.mean())


def test_smart_persistence_scales_the_clear_sky():
    clear = np.maximum(0, np.sin((INDEX.hour - 6) * np.pi / 12))
    found = base.smart_persistence(base.History(0.6 * clear, INDEX), clear, DAY, 2 * clear[:24], ISSUED)
    np.testing.assert_allclose(found, 1.2 * clear[:24], atol=1e-12)


def test_what_is_refused():
    with pytest.raises(NaiveTime):
        base.History(POWER, INDEX.tz_localize(None))
    with pytest.raises(TooShort):
        base.History(POWER[:1], INDEX[:1])
    with pytest.raises(UnevenSteps):
        base.History(POWER[:3], INDEX[[0, 1, 3]])
    with pytest.raises(GridMismatch):
        base.History(POWER[:5], INDEX)
    with pytest.raises(GridMismatch):
        base.persistence(HISTORY, DAY, ISSUED[:3])
    with pytest.raises(KnownTooLate):
        base.persistence(HISTORY, DAY, DAY + pd.Timedelta(hours=1))
    with pytest.raises(TooLittleHistory):
        base.nielsen(HISTORY, INDEX[100:124], pd.DatetimeIndex([INDEX[100]] * 24))
