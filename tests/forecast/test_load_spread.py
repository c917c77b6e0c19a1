"""Spread of a load: quantiles of its errors, by hand; and that it follows errors that grow."""

import numpy as np
import pytest

from parkopt.forecast.load_spread import GAMMA, Held, _told, fit_spread
from parkopt.forecast.quantiles import LEVELS

HOUR, DAY = 3600, 86_400
GAP = 15 * HOUR


def held(days: int, sigma, seed: int = 0) -> Held:
    """A load of 5 MW forecast as 5 MW, with normal errors of `sigma` by day [MW]."""
    start = np.arange(days * 24, dtype=np.int64) * HOUR
    noise = np.random.default_rng(seed).standard_normal(len(start)) * np.repeat(np.broadcast_to(sigma, days), 24)
    return Held(start, start // DAY * DAY, np.full((len(start), len(LEVELS)), 5.0), 5.0 + noise, HOUR)


def test_without_adaptation_the_shifts_are_quantiles_of_the_errors_of_eight_weeks():
    past = held(90, 1.0)
    made = fit_spread(past, 90 * DAY - GAP, GAP, gamma=0.0)
    to = 90 * 24 - 15
    errors = past.mw[to - 56 * 24 : to] - 5.0
    expected = np.quantile(errors, LEVELS)
    expected[9] = 0.0  # the median stays
    np.testing.assert_allclose(made.shifts[-1], expected, rtol=1e-12)


def test_a_level_moves_by_what_the_days_say():
    """By hand: a day wholly above the levels, then one wholly below, then one that is not over yet."""
    below = [(10, np.zeros(19)), (20, np.ones(19)), (30, np.zeros(19))]
    moved = _told(LEVELS, below, 20, 0.05)
    once = np.minimum(LEVELS + 0.05 * LEVELS, 1.0)
    np.testing.assert_allclose(moved, np.clip(once + 0.05 * (LEVELS - 1), 0.0, 1.0), rtol=1e-12)
    assert [end for end, _ in below] == [30]
    far = [(day, np.zeros(19)) for day in range(400)]
    np.testing.assert_array_equal(_told(LEVELS, far, 400, 0.05), 1.0)


def test_nothing_after_the_issue_counts():
    past = held(60, 1.0)
    at = 50 * DAY - GAP
    newer = past.start_s + HOUR > at
    poisoned = Held(past.start_s, past.day_s, past.values, np.where(newer, 1e6, past.mw), HOUR)
    np.testing.assert_array_equal(fit_spread(past, at, GAP).shifts, fit_spread(poisoned, at, GAP).shifts)


@pytest.mark.parametrize("gamma", [0.0, GAMMA])
def test_errors_that_grow_are_followed(gamma):
    """Errors double within eight weeks: as they are, quantiles of the past hold too little; adapted, they hold."""
    past = held(160, np.linspace(0.2, 3.0, 160))
    inside = []
    for day in range(100, 160, 4):
        quantiles = fit_spread(past, day * DAY - GAP, GAP, gamma).around(past.values[:24])
        low, high = quantiles.interval(0.8)
        came = past.mw[day * 24 : day * 24 + 24]
        inside.append((came >= low) & (came <= high))
    assert (np.mean(inside) > 0.75) == (gamma > 0)


def test_the_median_stays_and_nothing_falls_below_zero():
    made = fit_spread(held(60, 8.0), 60 * DAY - GAP, GAP).around(held(1, 1.0).values)
    np.testing.assert_array_equal(made.median, 5.0)
    assert made.values.min() == 0.0


def test_after_a_long_gap_the_older_errors_stand():
    past = held(30, 1.0)
    made = fit_spread(past, 200 * DAY, GAP)
    expected = np.quantile(past.mw - 5.0, [0.05, 0.95])
    np.testing.assert_allclose(made.shifts[-1][[0, 18]], expected, rtol=0.25)
