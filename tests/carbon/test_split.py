"""Splitting of whole numbers: exact sums, nothing overdrawn, near the real-valued share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.carbon.split import fill, split

WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=8)
ENERGIES = st.lists(st.integers(0, 10**10), min_size=1, max_size=6)


@given(total=st.integers(0, 10**20), weights=WEIGHTS)
def test_shares_sum_to_the_total_and_are_near_the_real_share(total, weights):
    if not sum(weights):
        total = 0
    shares = split(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 0
    whole = sum(weights)
    if whole:
        assert all(abs(Fraction(total * w, whole) - s) < 1 for w, s in zip(weights, shares, strict=True))
        assert all(s == 0 for w, s in zip(weights, shares, strict=True) if w == 0)


@given(weights=WEIGHTS, data=st.data())
def test_no_share_exceeds_its_weight_where_the_total_does_not(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    assert all(share <= weight for share, weight in zip(split(total, weights), weights, strict=True))


@given(gives=ENERGIES, sinks=st.integers(1, 6), data=st.data())
def test_rows_sum_to_sources_and_columns_to_sinks(gives, sinks, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, sum(gives)), min_size=sinks - 1, max_size=sinks - 1)))
    needs = [high - low for low, high in zip([0, *cuts], [*cuts, sum(gives)], strict=True)]
    rows = fill(gives, needs)
    assert [sum(row) for row in rows] == gives
    assert [sum(column) for column in zip(*rows, strict=True)] == needs
    assert min(min(row) for row in rows) >= 0
    if sum(gives):
        drift = [
            abs(Fraction(g * n, sum(gives)) - p)
            for g, r in zip(gives, rows, strict=True)
            for n, p in zip(needs, r, strict=True)
        ]
        assert max(drift) < 2 * len(gives)


def test_ties_go_to_the_earlier_weight():
    assert split(1, [5, 5]) == [1, 0]
    assert split(2, [1, 1, 1]) == [1, 1, 0]


def test_nothing_is_not_split():
    assert split(0, [0, 0]) == [0, 0]
    assert split(0, []) == []
    with pytest.raises(ValueError, match="over nothing"):
        split(1, [0, 0])


def test_unequal_sums_are_refused():
    with pytest.raises(ValueError, match="sources give 3, sinks take 4"):
        fill([1, 2], [4])
