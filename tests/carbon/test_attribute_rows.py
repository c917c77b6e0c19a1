"""Splits of many hours at once are those of each hour alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.attribute_rows import by_share, share_rows, within
from parkopt.carbon.split import split

ROWS = st.lists(
    st.tuples(st.integers(0, 10**12), st.lists(st.sampled_from([0, 1, 2, 999, 10**12]), min_size=3, max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_each_row_is_a_split_by_largest_remainder(rows):
    kept = [(total if any(weights) else 0, weights) for total, weights in rows]
    got = share_rows(np.array([t for t, _ in kept]), np.array([w for _, w in kept]))
    assert got.tolist() == [split(total, weights) for total, weights in kept]


def test_nothing_to_split_over():
    with pytest.raises(ValueError, match="over nothing"):
        share_rows(np.array([1]), np.array([[0, 0]]))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 500), st.lists(st.tuples(st.integers(1, 200), st.integers(0, 100)), min_size=1, max_size=5))
def test_filling_by_share_is_level(total, parties):
    """Nobody who still lacks something got less per Wh of consumption than another, but for the rounding of a Wh."""
    weights = np.array([[w for w, _ in parties]])
    unmet = np.array([[min(w, u) for w, u in parties]])
    given = by_share(np.array([total]), weights, unmet)
    assert given.sum() == min(total, unmet.sum())
    assert (given <= unmet).all()
    level = given[0] / weights[0]
    rounds = len(parties)
    for i, _ in enumerate(parties):
        if given[0, i] < unmet[0, i]:
            assert all(
                given[0, j] <= level[i] * weights[0, j] + rounds * (1 + weights[0, j] / weights[0, i])
                for j in range(rounds)
            )


def test_a_cut_is_in_proportion():
    assert within(np.array([[30, 60], [1, 2]]), np.array([45, 3])).tolist() == [[15, 30], [1, 2]]
