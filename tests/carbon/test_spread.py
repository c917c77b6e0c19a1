"""The vectorised split is the plain one, row for row, for small and for very large numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.split import fill, split
from parkopt.carbon.spread import WHOLE, split_rows, spread

SMALL = st.lists(st.integers(0, WHOLE // 5 - 1), min_size=1, max_size=5)
LARGE = st.lists(st.integers(WHOLE // 2, 10**15), min_size=2, max_size=5)


@settings(deadline=None)
@given(weights=st.one_of(SMALL, LARGE, st.lists(st.integers(0, 3), min_size=1, max_size=5)), data=st.data())
def test_rows_are_split_as_one_by_one(weights, data):
    totals = data.draw(st.lists(st.integers(0, 10**18), min_size=1, max_size=4)) if sum(weights) else [0]
    rows = np.asarray([weights] * len(totals), np.int64)
    found = split_rows(np.asarray(totals, np.int64), rows)
    assert found.tolist() == [split(total, weights) for total in totals]


def test_the_largest_row_that_64_bits_hold_and_the_first_beyond():
    for whole in (WHOLE - 1, WHOLE, WHOLE + 1):
        weights = [whole - whole // 3, whole // 3]
        total = 9 * 10**18
        assert split_rows(np.asarray([total]), np.asarray([weights])).tolist() == [split(total, weights)]


def test_something_over_nothing_is_refused():
    with pytest.raises(ValueError, match="over nothing"):
        split_rows(np.asarray([0, 1]), np.asarray([[0, 0], [0, 0]]))


@settings(deadline=None, max_examples=50)
@given(gives=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), data=st.data())
def test_spreading_is_filling(gives, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, sum(gives)), min_size=2, max_size=2)))
    needs = [high - low for low, high in zip([0, *cuts], [*cuts, sum(gives)], strict=True)]
    wh, ug = (np.zeros((3, len(gives), 1), np.int64) for _ in range(2))
    bus = np.asarray(gives, np.int64)[:, np.newaxis]
    spread(bus, bus * 7, np.asarray(needs, np.int64)[:, np.newaxis], (wh, ug))
    rows = fill(gives, needs)
    assert wh[:, :, 0].T.tolist() == rows
    assert ug[:, :, 0].T.tolist() == [split(7 * give, row) for give, row in zip(gives, rows, strict=True)]
