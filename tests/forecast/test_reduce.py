"""Reduction against brute force and random choice; scenario sets."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import GridMismatch, OutOfRange, TooShort, UnreadableValue, WrongOption
from parkopt.forecast.reduce import distances, reduced_to, transport_cost
from parkopt.forecast.scenario_set import ScenarioSet


def case(seed, n, features=3):
    random = np.random.RandomState(seed)
    return distances(random.normal(size=(n, features))), random.dirichlet(np.ones(n))


def cheapest(d, w, k, keep=()):
    return min(transport_cost(d, w, np.array(c)) for c in combinations(range(len(w)), k) if set(keep) <= set(c))


@pytest.mark.parametrize("seed", range(6))
def test_against_brute_force(seed):
    d, w = case(seed, 10)
    for k in (1, 2, 3):
        best = cheapest(d, w, k)
        forward, medoid = (transport_cost(d, w, reduced_to(d, w, k, m)[0]) for m in ("forward", "medoids"))
        assert best - 1e-12 <= medoid <= forward + 1e-12
        assert forward <= 1.2 * best
        if k == 1:
            assert forward == pytest.approx(best, rel=1e-12)


def test_forward_selection_is_greedy_by_its_definition():
    d, w = case(3, 12)
    rows, _ = reduced_to(d, w, 4)
    for at in range(1, 4):
        costs = [transport_cost(d, w, np.array([*rows[:at], r])) for r in range(12)]
        assert costs[rows[at]] == pytest.approx(min(costs), rel=1e-12)


@pytest.mark.parametrize("method", ["forward", "medoids"])
def test_500_to_10_beats_random_by_a_tenth(method):
    z = np.random.RandomState(5).normal(size=(500, 24))
    d = distances(np.cumsum(z, axis=1))
    w = np.full(500, 1 / 500)
    random = np.random.RandomState(6)
    by_chance = np.mean([transport_cost(d, w, random.choice(500, 10, replace=False)) for _ in range(100)])
    assert transport_cost(d, w, reduced_to(d, w, 10, method)[0]) <= 0.9 * by_chance


@given(st.integers(0, 10_000), st.integers(2, 15), st.integers(1, 15), st.sampled_from(["forward", "medoids"]))
@settings(max_examples=60, deadline=None)
def test_probability_is_kept(seed, n, k, method):
    d, w = case(seed, n)
    rows, weights = reduced_to(d, w, k, method, keep=(n - 1,))
    assert len(set(rows.tolist())) == len(rows) == min(k, n)
    assert n - 1 in rows
    assert weights.min() >= 0
    assert abs(math.fsum(weights) - 1) <= 2**-52 if k < n else np.array_equal(weights, w)


def three():
    values = {"wind": np.array([[1.0, 2.0], [3.0, 4.0], [9.0, 0.0]]), "load": np.array([[5.0, 5.0], [5, 6], [5, 5]])}
    return ScenarioSet(np.array([0.5, 0.3, 0.2]), values)


def test_expected_and_net():
    found = three()
    np.testing.assert_allclose(found.expected("wind"), [3.2, 2.2])
    np.testing.assert_allclose(found.sum({"load": 1, "wind": -1}), [[4, 3], [2, 2], [-4, 5]])
    assert (len(found), found.steps, found.names) == (3, 2, ("wind", "load"))
    assert found.extreme({"load": 1, "wind": -1}) == 0


def test_frozen_and_checked():
    found = three()
    with pytest.raises(ValueError, match="read-only"):
        found.values["wind"][0, 0] = 7
    with pytest.raises(TypeError):
        found.values["pv"] = np.zeros((3, 2))
    one = {"a": np.zeros((2, 3))}
    with pytest.raises(OutOfRange):
        ScenarioSet(np.array([0.5, 0.6]), one)
    with pytest.raises(OutOfRange):
        ScenarioSet(np.array([-0.5, 1.5]), one)
    with pytest.raises(OutOfRange):
        ScenarioSet(np.array([np.nan, 1.0]), one)
    with pytest.raises(GridMismatch):
        ScenarioSet(np.array([0.5, 0.5]), {**one, "b": np.zeros((2, 4))})
    with pytest.raises(UnreadableValue):
        ScenarioSet(np.array([0.5, 0.5]), {"a": np.array([[0.0], [np.nan]])})
    with pytest.raises(TooShort):
        ScenarioSet(np.array([1.0]), {})
    with pytest.raises(WrongOption):
        found.sum({"pv": 1})
    with pytest.raises(WrongOption):
        found.reduced(2, method="nearest")
    with pytest.raises(OutOfRange):
        found.reduced(0)
    with pytest.raises(GridMismatch):
        reduced_to(np.zeros((2, 2)), np.ones(3) / 3, 1)


def test_the_hardest_day_is_kept_with_its_small_weight():
    random = np.random.RandomState(1)
    wind = random.uniform(8, 10, size=(100, 24))
    wind[17] = 0.0
    many = ScenarioSet(np.full(100, 0.01), {"wind": wind, "load": np.full((100, 24), 20.0)})
    for few in (many.reduced(5), many.reduced(5, {"load": 1, "wind": -1}, "medoids")):
        calm = np.flatnonzero(few.values["wind"].sum(axis=1) == 0)
        assert few.weights[calm] == pytest.approx([0.01])
        assert len(few) == 5
    assert (many.reduced(1, keep_extreme=False).values["wind"] > 0).all()
    assert len(many.reduced(200)) == 100


def test_distance_is_scaled_by_series():
    """A farm a thousand times larger does not decide alone; two constant series change nothing."""
    random = np.random.RandomState(2)
    a, b = random.normal(size=(2, 40, 6))
    w, none = np.full(40, 1 / 40), np.ones((40, 6))
    small = ScenarioSet(w, {"a": a, "b": b}).reduced(4, keep_extreme=False)
    large = ScenarioSet(w, {"a": 1000 * a, "b": b, "c": none}).reduced(4, keep_extreme=False)
    np.testing.assert_allclose(large.values["a"] / 1000, small.values["a"])
