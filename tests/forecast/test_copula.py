"""The copula: its covariance, its marginals, its frozen stream."""

import numpy as np
import pytest
from scipy.stats import kstest

from parkopt.faults import GridMismatch, MissingKey, OutOfRange, TooShort
from parkopt.forecast.copula import Block, covariance, draw_scenarios, latent_draws, ranks, with_tails
from parkopt.forecast.quantiles import LEVELS, Quantiles

BLOCKS = (
    Block("w1", "wind", 33.5, 120.5),
    Block("w2", "wind", 34.3, 119.8),
    Block("s1", "pv", 33.5, 120.5),
    Block("s2", "pv", 33.5, 120.5),
    Block("l1", "load", 33.5, 120.5),
    Block("l2", "load", 33.5, 120.5),
)


def at(name, hour, n=24):
    return [b.name for b in BLOCKS].index(name) * n + hour


def test_covariance_by_its_formulae():
    c = covariance(BLOCKS, 30)
    n = 30
    np.testing.assert_allclose(np.diag(c), 1, rtol=1e-12)
    assert c[at("w1", 0, n), at("w1", 7, n)] == pytest.approx(np.exp(-1))
    half = (1 - 0.15**2) / 2
    lag = 0.15**2 * np.exp(-3 / 7) + half * (np.exp(-1) + 1)
    assert c[at("s1", 0, n), at("s1", 3, n)] == pytest.approx(lag)
    next_day = 0.15**2 * np.exp(-24 / 7) + half * (np.exp(-24 / 3) + 0.55)
    assert c[at("s1", 0, n), at("s1", 24, n)] == pytest.approx(next_day)
    assert c[at("w1", 5, n), at("s1", 5, n)] == pytest.approx(-0.15)
    assert c[at("l1", 0, n), at("l1", 6, n)] == pytest.approx(np.exp(-1))
    assert c[at("l1", 0, n), at("l2", 0, n)] == c[at("l1", 0, n), at("w1", 0, n)] == 0
    assert c[at("s1", 4, n), at("s2", 4, n)] == pytest.approx(1)
    apart = -250 * np.log(c[at("w1", 0, n), at("w2", 0, n)])
    assert apart == pytest.approx(110, rel=0.03)  # 89 km north, 65 km west


def test_covariance_is_positive_semi_definite():
    assert np.linalg.eigvalsh(covariance(BLOCKS, 24)).min() > -1e-10
    random = np.random.RandomState(0)
    many = [Block(str(i), kind, *random.uniform((30, 115), (36, 122))) for i, kind in enumerate(["wind", "pv"] * 6)]
    assert np.linalg.eigvalsh(covariance(many, 8)).min() > -1e-10


def test_draws_have_that_covariance():
    z = latent_draws(6000, BLOCKS, 12, seed=3)
    whole = np.concatenate([z[b.name] for b in BLOCKS], axis=1)
    np.testing.assert_allclose(whole.T @ whole / 6000, covariance(BLOCKS, 12), atol=0.07)


def test_ranks_are_uniform():
    found = ranks(4000, BLOCKS, 3, seed=1)
    for name in ("w1", "s1", "l2"):
        assert found[name].shape == (4000, 3)
        assert kstest(found[name][:, 1], "uniform").pvalue > 1e-3


def test_the_stream_is_frozen():
    one, other = ranks(3, BLOCKS, 2, seed=5), ranks(3, BLOCKS, 2, seed=5)
    for name, own in one.items():
        np.testing.assert_array_equal(own, other[name])
    assert not np.array_equal(one["w1"], ranks(3, BLOCKS, 2, seed=6)["w1"])
    alone = ranks(1, BLOCKS[:1], 1, seed=0)["w1"]
    assert alone[0, 0] == pytest.approx(0.9611376, abs=1e-6)  # Phi(1.76405235), RandomState(0)'s first number


def test_antithetic_draws_mirror():
    found = ranks(10, BLOCKS, 4, seed=2, antithetic=True)["s1"]
    np.testing.assert_allclose(found[:5] + found[5:], 1, atol=1e-12)
    assert ranks(7, BLOCKS, 4, antithetic=True)["w1"].shape == (7, 4)


def forecast(n=24, top=50.0):
    return Quantiles(LEVELS, np.outer(np.linspace(0.5, 1, n), top * LEVELS))


def test_scenarios_keep_the_quantiles():
    q = {b.name: forecast() for b in BLOCKS}
    found = draw_scenarios(q, BLOCKS, 4000, seed=4, limits={"w1": (0, 50)})
    assert len(found) == 4000
    for name in q:
        below = (found.values[name][:, None, :] <= q[name].values.T[None]).mean(axis=0)
        np.testing.assert_allclose(below, np.repeat(LEVELS[:, None], 24, axis=1), atol=0.035)


def test_tails_go_on_straight_and_stop_at_the_limits():
    q = Quantiles(np.array([0.1, 0.2, 0.9]), np.array([[10.0, 20.0, 90.0], [1.0, 9.0, 20.0]]))
    tails = with_tails(q, 0, 95)
    np.testing.assert_allclose(tails.values[0], [0, 10, 20, 90, 95])
    np.testing.assert_allclose(tails.values[1], [0, 1, 9, 20, 20 + 11 / 7 * 1])
    np.testing.assert_allclose(tails.drawn([[0.05, 0.05]]), [[5.0, 0.5]], atol=1e-3)
    one = Quantiles(np.array([0.5]), np.array([[3.0]]))
    assert with_tails(one, 0, 2).values.tolist() == [[2.0]]


def test_what_is_refused():
    with pytest.raises(OutOfRange):
        ranks(0, BLOCKS, 3)
    with pytest.raises(TooShort):
        ranks(3, [], 3)
    with pytest.raises(TooShort):
        ranks(3, [BLOCKS[0], BLOCKS[0]], 3)
    with pytest.raises(MissingKey):
        draw_scenarios({}, BLOCKS[:1], 3)
    with pytest.raises(GridMismatch):
        draw_scenarios({"w1": forecast(24), "w2": forecast(12)}, BLOCKS[:2], 3)
