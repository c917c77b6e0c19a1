"""Quantile and joint scores against scoringrules, scikit-learn and simulated forecasts."""

import numpy as np
import pytest
import scoringrules as sr
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from parkopt.faults import GridMismatch, NothingToScore
from parkopt.forecast import scores_joint as joint
from parkopt.forecast import scores_quantile as sq
from parkopt.forecast.quantiles import LEVELS, PERCENTILES, Quantiles, sure

RNG = np.random.RandomState(7)
MEAN = RNG.normal(size=3000)
ACTUAL = MEAN + RNG.normal(size=3000)


def normal(spread=1.0, levels=LEVELS, mean=MEAN):
    return Quantiles(levels, mean[:, None] + spread * norm.ppf(levels))


def test_pinball_agrees_with_scikit_learn():
    q = normal()
    expected = [mean_pinball_loss(ACTUAL, q.values[:, k], alpha=a) for k, a in enumerate(LEVELS)]
    np.testing.assert_allclose(sq.pinball_by_level(q, ACTUAL), expected, rtol=1e-9)
    assert sq.pinball(q, ACTUAL) == pytest.approx(np.mean(expected), rel=1e-9)


def test_crps_agrees_with_scoringrules():
    q = normal(levels=PERCENTILES)
    expected = sr.crps_quantile(ACTUAL, q.values, PERCENTILES, backend="numpy").mean()
    assert sq.crps_quantiles(q, ACTUAL) == pytest.approx(expected, rel=1e-9)
    exact = sr.crps_normal(ACTUAL, MEAN, np.ones_like(MEAN), backend="numpy").mean()
    assert sq.crps_quantiles(q, ACTUAL) == pytest.approx(exact, rel=0.02)
    draws = RNG.normal(size=(40, 200))
    weights = RNG.dirichlet(np.ones(40))
    for w in (None, weights):
        own = sq.crps_ensemble(draws, ACTUAL[:200], w)
        e_w = None if w is None else np.repeat(w[None], 200, axis=0)
        peer = sr.crps_ensemble(ACTUAL[:200], draws.T, ens_w=e_w, estimator="nrg", backend="numpy")
        np.testing.assert_allclose(own, peer, rtol=1e-9)


def test_interval_score_agrees_with_scoringrules():
    q = normal()
    low, high = q.interval(0.8)
    peer = sr.interval_score(ACTUAL, low, high, 0.2, backend="numpy").mean()
    assert sq.interval_score(q, ACTUAL, 0.8) == pytest.approx(peer, rel=1e-9)


def test_coverage_and_width():
    q = normal()
    assert sq.coverage(q, ACTUAL) == pytest.approx(0.8, abs=0.02)
    assert sq.width(q) == pytest.approx(2 * norm.ppf(0.9), rel=1e-9)


def test_pit_is_level_for_a_good_forecast_only():
    good, bold, shy = (sq.pit_histogram(normal(s), ACTUAL) for s in (1.0, 0.5, 2.0))
    for found in (good, bold, shy):
        assert found.sum() == pytest.approx(1)
        assert len(found) == 20
    assert np.abs(good - 0.05).max() < 0.015
    assert bold[[0, -1]].min() > 0.1
    assert shy[[0, -1]].max() < 0.02


def test_reliability_tells_good_from_bold():
    good, bold = sq.reliability(normal(), ACTUAL), sq.reliability(normal(0.5), ACTUAL)
    assert good.within > 0.8
    assert bold.within < 0.3
    assert good.steps == 3000
    assert 2500 < good.effective <= 3000
    np.testing.assert_allclose(good.observed, (ACTUAL[:, None] <= normal().values).mean(axis=0), atol=1e-9)


def test_correlated_errors_widen_the_bars():
    errors = np.repeat(RNG.normal(size=300), 10)
    forecast = normal(mean=np.zeros(3000))
    many, few = sq.reliability(forecast, errors, effective=3000), sq.reliability(forecast, errors)
    assert few.effective < 300
    assert (few.high - few.low).min() > 2 * (many.high - many.low).min()


def test_a_point_mass_stays_level():
    """For 30 % of the time nothing blows: actual and quantiles are 0 together."""
    calm = norm.ppf(0.3)
    latent = RNG.normal(size=6000)
    actual = np.maximum(latent, calm) - calm
    q = Quantiles(LEVELS, np.repeat([np.maximum(norm.ppf(LEVELS), calm) - calm], 6000, axis=0))
    found = sq.reliability(q, actual)
    np.testing.assert_allclose(found.observed, LEVELS, atol=0.02)
    np.testing.assert_allclose(sq.pit_histogram(q, actual, 10), 0.1, atol=0.02)


def test_nights_say_nothing():
    q = Quantiles(LEVELS, np.concatenate([normal().values[:10], np.zeros((5, 19))]))
    assert sq.reliability(q, np.concatenate([ACTUAL[:10], np.zeros(5)])).sure_steps == 5
    with pytest.raises(NothingToScore):
        sq.reliability(sure(np.zeros(5)), np.zeros(5))
    with pytest.raises(NothingToScore):
        sq.pinball(sure(np.zeros(2)), [np.nan, np.nan])
    with pytest.raises(GridMismatch):
        sq.pinball(sure(np.zeros(2)), [1.0])
    with pytest.raises(GridMismatch):
        sq.crps_ensemble(np.zeros((3, 2)), np.zeros(3))


def test_joint_scores_agree_with_scoringrules():
    draws, day, weights = RNG.normal(size=(60, 24)), RNG.normal(size=24), RNG.dirichlet(np.ones(60))
    for w in (None, weights):
        peer = sr.es_ensemble(day, draws, ens_w=w, backend="numpy")
        assert joint.energy_score(draws, day, w) == pytest.approx(float(peer), rel=1e-9)
        peer = sr.vs_ensemble(day, draws, ens_w=w, backend="numpy")
        assert joint.variogram_score(draws, day, w) == pytest.approx(float(peer), rel=1e-9)
    with pytest.raises(GridMismatch):
        joint.energy_score(draws, day[:3])
    with pytest.raises(GridMismatch):
        joint.variogram_score(draws, day, weights[:3])


def test_one_sure_scenario_scores_its_distance():
    assert joint.energy_score(np.zeros((1, 2)), np.array([3.0, 4.0])) == 5
    assert joint.variogram_score(np.zeros((1, 2)), np.array([0.0, 4.0])) == pytest.approx(8)
