"""Scores by hand: weighted by load, excess never counted, self-use net and gross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.scores import (
    DirectUse,
    Scores,
    Thresholds,
    direct_ratios,
    park_scores,
    scores,
    to_date,
)


def test_the_score_is_weighted_by_load_and_not_a_mean_of_hourly_percentages():
    # hour 1: 589 all clean; hour 2: 1911, of which 376 per mille clean: (589 + 718.536) / 2500 = 0.523, mean 0.688
    load, clean = np.array([589_000, 1_911_000]), np.array([589_000, 718_536])
    assert scores(load, clean).hourly_matching == pytest.approx(0.523, abs=5e-4)
    assert np.mean(clean / load) == pytest.approx(0.688, abs=5e-4)


def test_excess_counts_only_in_the_volumetric_share():
    load, clean = np.array([100, 100]), np.array([200, 0])
    assert scores(load, clean, 0.4) == Scores(hourly_matching=0.5, cfe=0.7, volumetric=1.0)


def test_the_grid_share_serves_what_is_not_matched():
    # matched 50 + 0; the rest 50 at 0.2 and 100 at 0.6: 50 + 10 + 60 of 200
    assert scores(np.array([100, 100]), np.array([50, 0]), np.array([0.2, 0.6])).cfe == pytest.approx(0.6)


def test_nobodys_excess_counts_for_another():
    own, park = park_scores({"a": np.array([100]), "b": np.array([100])}, {"a": np.array([200])}, gamma=np.array([0.5]))
    assert (own["a"].hourly_matching, own["b"].hourly_matching) == (1.0, 0.0)
    assert park == Scores(hourly_matching=0.5, cfe=0.75, volumetric=1.0)


def test_no_load_has_no_score():
    assert scores(np.array([0]), np.array([5])) == Scores(None, None, None)
    assert park_scores({}, {}) == ({}, Scores(None, None, None))


def test_to_date():
    got = to_date(np.array([0, 10, 0]), np.array([0, 20, 20]))
    assert np.isnan(got[0])
    assert got[1:].tolist() == [0.5, 0.25]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.floats(0, 1)), min_size=1, max_size=9))
def test_scores_are_shares_and_in_order(hours):
    load, clean, gamma = (np.array(values) for values in zip(*hours, strict=True))
    got = scores(load, clean, gamma)
    if load.sum():
        assert 0 <= got.hourly_matching <= got.cfe + 1e-12 <= 1 + 2e-12
        assert got.hourly_matching <= got.volumetric
        assert to_date(np.minimum(load, clean), load)[-1] == pytest.approx(got.hourly_matching)


USE = DirectUse(available=100, generation=95, export=15, demand=200, charged=20, released=16)


def test_self_use_net_and_gross_of_storage():
    # net 95 - 20 + 16 - 15 = 76; gross 95 - 15 = 80
    assert (USE.self_use(), USE.self_use("gross")) == (76, 80)
    net, gross = direct_ratios(USE), direct_ratios(USE, counting="gross")
    assert [one.ratio for one in net.values()] == [0.76, 0.38, 0.15]
    assert [one.ratio for one in gross.values()] == [0.80, 0.40, 0.15]
    assert {one.status for one in net.values()} == {"met"}


def test_missed_thresholds_and_the_parts_of_what_was_available():
    limits = Thresholds(self_use_of_available=0.77, self_use_of_demand=0.38, export_of_available=0.14)
    assert [one.status for one in direct_ratios(USE, limits).values()] == ["missed", "met", "missed"]
    # self-use, export, curtailment and storage loss are all of it
    curtailed, lost = 5 / 100, 4 / 100
    got = direct_ratios(USE)
    parts = got["self_use_of_available"].ratio + got["export_of_available"].ratio + curtailed + lost
    assert parts == pytest.approx(1)


def test_a_year_that_has_not_begun():
    assert {one.status for one in direct_ratios(DirectUse(0, 0, 0, 0)).values()} == {"nothing yet"}
