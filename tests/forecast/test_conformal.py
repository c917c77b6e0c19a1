"""Conformal shifts: coverage in all and bin by bin, order, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from parkopt.faults import CannotFit, GridMismatch, OutOfRange, UnreadableValue
from parkopt.forecast.conformal import fit_conformal
from parkopt.forecast.quantiles import LEVELS, Quantiles
from parkopt.forecast.scores_quantile import coverage


def normal(n, seed, said=1.0, slope=1.0):
    """A forecast that says a spread of `said` where the truth is 1 + slope * level of the median."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 10, n)
    actual = centre + (1 + slope * centre / 5) * rng.normal(size=n)
    return Quantiles(LEVELS, centre[:, None] + said * norm.ppf(LEVELS)), actual


@pytest.mark.parametrize("said", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_each_interval_holds_its_share_whatever_was_said(said, share):
    shifts = fit_conformal(*normal(4000, 0, said))
    forecast, actual = normal(8000, 1, said)
    assert abs(coverage(shifts.applied(forecast), actual, share) - share) < 0.02


def test_each_bin_holds_its_share_where_one_shift_for_all_does_not():
    forecast, actual = normal(6000, 2)
    later, came = normal(12_000, 3)
    by_bin, at_once = fit_conformal(forecast, actual), fit_conformal(forecast, actual, bins=1)
    bin_of = by_bin.bin_of(later)
    assert set(bin_of) == set(range(10))

    def worst(shifts):
        said = shifts.applied(later)
        return max(abs(coverage(said[bin_of == b], came[bin_of == b]) - 0.8) for b in range(10))

    assert worst(by_bin) < 0.06
    assert worst(at_once) > 0.12


def test_the_finite_sample_promise_holds_on_average():
    """P(inside) is at least the share, and no more than 1/(n + 1) above it (Romano et al. 2019, theorem 1)."""
    levels, n, inside, draws = np.array([0.1, 0.5, 0.9]), 60, 0, 1000
    rng = np.random.default_rng(4)
    for _ in range(draws):
        y = rng.normal(size=n + 1)
        said = Quantiles(levels, np.tile([-0.2, 0.0, 0.2], (n + 1, 1)))
        low, high = fit_conformal(said[:n], y[:n], bins=1, least=20).applied(said[n:]).interval(0.8)
        inside += int(low[0] <= y[n] <= high[0])
    assert 0.8 - 0.038 < inside / draws < 0.8 + 1 / (n + 1) + 0.038  # 3 standard errors


def test_the_shift_by_hand():
    levels = np.array([0.25, 0.5, 0.75])
    said = Quantiles(levels, np.zeros((9, 3)))
    actual = np.array([1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0, 9.0])
    shifts = fit_conformal(said, actual, bins=1, least=5).shifts
    assert shifts.tolist() == [[-6.0, 0.0, 6.0]]  # |misses| 1..9 at (1 + 1/9) / 2 of their 8 gaps: 4.44, the next above


@given(st.integers(0, 10_000), st.floats(0.1, 5), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_levels_stay_in_order_and_the_median_where_it_was(seed, said, bins):
    shifts = fit_conformal(*normal(300, seed, said), bins=bins)
    forecast, _ = normal(50, seed + 1, said)
    after = shifts.applied(forecast)  # Quantiles itself refuses what falls
    assert np.array_equal(after.levels, LEVELS)
    assert shifts.shifts[:, 9] == pytest.approx(0)
    assert len(shifts.edges) <= 300 // 50 - 1


def test_many_equal_medians_make_one_bin():
    centre = np.repeat([0.0, 1.0], [400, 30])
    shifts = fit_conformal(Quantiles(np.array([0.1, 0.5, 0.9]), np.tile(centre[:, None], 3)), centre + 0.1)
    assert len(shifts.shifts) == 1  # 30 are too few for a bin of their own


def test_what_does_not_fit_is_refused():
    forecast, actual = normal(100, 0)
    with pytest.raises(CannotFit, match="40 held-out"):
        fit_conformal(forecast[:40], actual[:40])
    with pytest.raises(GridMismatch):
        fit_conformal(forecast, actual[:-1])
    with pytest.raises(OutOfRange):
        fit_conformal(forecast, actual, bins=0)
    with pytest.raises(GridMismatch, match="levels"):
        fit_conformal(forecast, actual).applied(forecast.on(np.array([0.5])))
    actual[3] = np.nan
    with pytest.raises(UnreadableValue, match="row 4"):
        fit_conformal(forecast, actual)
