"""The correction: what it gains, what it may not see, what it falls back to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import GridMismatch, KnownTooLate, MissingColumn, OutOfRange, TooLittleHistory, UnreadableValue
from parkopt.forecast.correct import corrected, fit_correction
from parkopt.forecast.ensemble import blocks, weights
from parkopt.forecast.past import Past, Wanted

LEVELS = np.array([0.1, 0.5, 0.9])
CAPACITY = 10.0
START = pd.Timestamp("2026-01-01", tz="UTC")
STEP = pd.Timedelta("3h")
KEEN = {"levels": LEVELS, "engine": "lightgbm"}


def site(days, seed=0):
    """A site of 3 h steps whose power is 0.8 of the physics and some noise; a day more than `days`."""
    rng = np.random.default_rng(seed)
    n = (days + 1) * 8
    index = pd.date_range(START, periods=n, freq=STEP)
    speed = np.clip(8 + 4 * np.sin(np.arange(n) / 9) + rng.normal(size=n), 0, 20)
    physical = CAPACITY * np.clip((speed - 3) / 10, 0, 1)
    actual = np.clip(0.8 * physical + 0.4 * rng.normal(size=n), 0, CAPACITY)
    table = pd.DataFrame({"speed": speed, "hour": index.hour.to_numpy(dtype=float)})
    past = Past(index, index.normalize(), index + STEP, table, actual)
    issue = (START + pd.Timedelta(days=days)).to_pydatetime()
    ahead = np.asarray(index >= pd.Timestamp(issue))
    wanted = Wanted(index[ahead], past.issued[ahead], table[ahead])
    return past, wanted, issue, physical[ahead], physical


def test_boosting_and_analogs_beat_the_physics_they_correct():
    past, wanted, issue, physical, physical_past = site(120)
    found = corrected(past, wanted, issue, physical, physical_past, CAPACITY, **KEEN)
    came = past.actual[-8:]
    assert found.method == "boosting+analogs"
    assert found.days == 120
    assert found.notes == ()
    assert np.abs(found.quantiles.median - came).mean() < 0.6 * np.abs(physical - came).mean()
    assert found.quantiles.values.min() >= 0  # noqa: PD011
    assert found.quantiles.values.max() <= CAPACITY  # noqa: PD011


@pytest.mark.parametrize(("days", "method"), [(30, "analogs"), (100, "boosting+analogs")])
def test_nothing_after_the_issue_moves_the_forecast_by_a_bit(days, method):
    past, wanted, issue, physical, physical_past = site(days)
    clean = corrected(past, wanted, issue, physical, physical_past, CAPACITY, **KEEN)
    after = np.asarray(past.known > pd.Timestamp(issue))
    assert clean.method == method
    assert after.any()
    for poison in (np.nan, 1e12, -1e12):
        features, actual, chain = past.features.copy(), past.actual.copy(), physical_past.copy()
        features.loc[after], actual[after], chain[after] = poison, poison, poison
        fouled = replace(past, features=features, actual=actual)
        again = corrected(fouled, wanted, issue, physical, chain, CAPACITY, **KEEN)
        assert again.quantiles.values.tobytes() == clean.quantiles.values.tobytes()  # noqa: PD011
        assert (again.days, again.notes) == (clean.days, clean.notes)


def test_power_that_became_known_later_is_not_used():
    past, wanted, issue, physical, physical_past = site(40)
    late = np.asarray((past.index >= START + pd.Timedelta(days=30)) & (past.index < START + pd.Timedelta(days=40)))
    moved = replace(past, known=past.known.where(~late, pd.Timestamp(issue) + STEP))
    short = corrected(moved, wanted, issue, physical, physical_past, CAPACITY, levels=LEVELS)
    lost = corrected(past.rows(~late), wanted, issue, physical, physical_past[~late], CAPACITY, levels=LEVELS)
    whole = corrected(past, wanted, issue, physical, physical_past, CAPACITY, levels=LEVELS)
    assert short.days == 30
    assert np.array_equal(short.quantiles.values, lost.quantiles.values)
    assert not np.array_equal(short.quantiles.values, whole.quantiles.values)


def test_features_newer_than_the_issue_are_refused():
    past, wanted, issue, physical, physical_past = site(30)
    newer = Wanted(wanted.index, wanted.issued + STEP, wanted.features)
    with pytest.raises(KnownTooLate, match="row 1"):
        corrected(past, newer, issue, physical, physical_past, CAPACITY)


def test_too_little_history_is_told():
    past, wanted, issue, physical, physical_past = site(13)
    with pytest.raises(TooLittleHistory, match="13 day"):
        corrected(past, wanted, issue, physical, physical_past, CAPACITY)


def test_what_was_left_out_is_told():
    past, wanted, issue, physical, physical_past = site(40)
    actual = past.actual.copy()
    actual[:16] = np.nan
    found = corrected(replace(past, actual=actual), wanted, issue, physical, physical_past, CAPACITY, levels=LEVELS)
    assert found.days == 38
    assert found.method == "analogs"
    assert found.notes[0].startswith("16 of 320 past steps left out")
    assert "boosted trees from 90 days on" in found.notes[1]


def test_dark_steps_are_0_and_not_learnt_from():
    past, wanted, issue, physical, physical_past = site(40)
    dark_past = np.asarray(past.index.hour < 6)
    dark = dark_past[-8:]
    args = (wanted, issue, physical, physical_past, CAPACITY)
    found = corrected(past, *args, levels=LEVELS, dark=dark, dark_past=dark_past).quantiles.values  # noqa: PD011
    assert (found[dark] == 0).all()
    assert (found[~dark] > 0).any()
    odd = replace(past, actual=np.where(dark_past, 9.0, past.actual))
    again = corrected(odd, *args, levels=LEVELS, dark=dark, dark_past=dark_past).quantiles.values  # noqa: PD011
    assert np.array_equal(found, again)


def test_one_fit_serves_as_a_fit_for_each_day_does():
    past, wanted, issue, physical, physical_past = site(40)
    fit = fit_correction(past, physical_past, CAPACITY, issue=issue, levels=LEVELS)
    at_once = corrected(past, wanted, issue, physical, physical_past, CAPACITY, levels=LEVELS).quantiles
    assert np.array_equal(fit.predict(wanted, physical).values, at_once.values)
    past, _, issue, _, physical_past = site(100)
    quick = fit_correction(past, physical_past, CAPACITY, issue=issue, levels=LEVELS, engine=None)
    assert quick.method == "analogs"
    assert quick.notes == ()


def test_held_out_blocks_are_the_latest_90_days_in_three():
    index = pd.date_range(START, periods=200 * 24, freq="1h")
    found = blocks(index)
    assert [int(block.sum()) for block in found] == [720, 720, 720]
    assert not np.any(np.sum(found, axis=0) > 1)
    assert found[-1][-1]
    assert not found[0][: 110 * 24].any()
    assert sum(int(block.sum()) for block in blocks(index[: 20 * 24])) == 480


def test_weights_sum_to_1():
    assert weights(2, 0.5) == (0.25, 0.25, 0.5)
    assert weights(1, 0.0) == (1.0, 0.0)
    assert weights(0, 0.5) == (1.0,)


def test_what_does_not_fit_is_refused():
    past, wanted, issue, physical, physical_past = site(30)
    with pytest.raises(GridMismatch, match="physical_past"):
        corrected(past, wanted, issue, physical, physical_past[:-1], CAPACITY)
    with pytest.raises(GridMismatch, match="dark"):
        corrected(past, wanted, issue, physical, physical_past, CAPACITY, levels=LEVELS, dark=np.zeros(3, dtype=bool))
    with pytest.raises(OutOfRange):
        corrected(past, wanted, issue, physical, physical_past, 0.0)
    fewer = replace(wanted, features=wanted.features[["speed"]])
    with pytest.raises(MissingColumn, match="hour"):
        corrected(past, fewer, issue, physical, physical_past, CAPACITY, levels=LEVELS)
    holed = replace(wanted, features=wanted.features.assign(speed=np.nan))
    with pytest.raises(UnreadableValue, match="speed"):
        corrected(past, holed, issue, physical, physical_past, CAPACITY, levels=LEVELS)
