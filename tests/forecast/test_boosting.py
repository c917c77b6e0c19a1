"""Boosted quantiles: what they find, that they repeat bit by bit, what they refuse."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from parkopt.faults import CannotFit, GridMismatch, MissingColumn, NeedsExtra, UnreadableValue
from parkopt.forecast.boosting import Growth, fit_boosting
from parkopt.forecast.quantiles import Quantiles
from parkopt.forecast.scores_quantile import pinball

LEVELS = np.array([0.1, 0.5, 0.9])
QUICK = Growth(rounds=40, rate=0.1, leaves=8, columns=1.0)
ENGINES = ["sklearn", "lightgbm"]


def sample(n=1000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    return pd.DataFrame({"x": x, "noise": rng.normal(size=n)}), 2 * x + (1 + 0.3 * x) * rng.normal(size=n)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_quantiles_of_a_known_law_are_found(engine):
    found = fit_boosting(*sample(3000), LEVELS, engine, growth=QUICK)
    features, target = sample(6000, seed=1)
    said = found.predict(features)
    x = features["x"].to_numpy()[:, None]
    law = Quantiles(LEVELS, 2 * x + (1 + 0.3 * x) * norm.ppf(LEVELS))
    assert (target[:, None] < said.values).mean(axis=0) == pytest.approx(LEVELS, abs=0.04)  # noqa: PD011
    assert pinball(law, target) < pinball(said, target) < 1.06 * pinball(law, target)  # none beats the law itself


@pytest.mark.parametrize("engine", ENGINES)
def test_one_seed_gives_the_same_bits_and_another_seed_others(engine):
    features, target = sample()
    growth = Growth(rounds=10, columns=0.5)
    said = [fit_boosting(features, target, LEVELS, engine, seed, growth).predict(features) for seed in (1, 1, 2)]
    first, again, other = (one.values for one in said)  # noqa: PD011
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    from threadpoolctl import threadpool_limits

    features, target = sample()
    bits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            bits.append(fit_boosting(features, target, LEVELS, growth=QUICK).predict(features).values.tobytes())  # noqa: PD011
    assert bits[0] == bits[1]


def test_columns_are_taken_by_name():
    features, target = sample()
    found = fit_boosting(features, target, LEVELS, growth=QUICK)
    swapped = features[["noise", "x"]]
    assert np.array_equal(found.predict(features).values, found.predict(swapped).values)
    with pytest.raises(MissingColumn, match="noise"):
        found.predict(features[["x"]])


def test_short_records_get_smaller_leaves():
    assert [Growth().least(rows) for rows in (300, 3000, 30_000)] == [20, 50, 120]


def test_too_few_rows_and_bad_targets_are_refused():
    features, target = sample(150)
    with pytest.raises(CannotFit, match="150 rows"):
        fit_boosting(features, target)
    features, target = sample(300)
    with pytest.raises(GridMismatch):
        fit_boosting(features, target[:-1])
    target[7] = np.nan
    with pytest.raises(UnreadableValue, match="row 8"):
        fit_boosting(features, target)


def test_lightgbm_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    features, target = sample(300)
    with pytest.raises(NeedsExtra, match="lightgbm"):
        fit_boosting(features, target, LEVELS, "lightgbm")
