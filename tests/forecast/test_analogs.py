"""Analogs: nearest past rows by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import CannotFit, GridMismatch, MissingColumn, NegativeValue, UnreadableValue
from parkopt.forecast.analogs import fit_analogs

MEDIAN = np.array([0.5])


def test_the_nearest_rows_give_the_quantiles():
    past = pd.DataFrame({"x": np.arange(10.0)})
    found = fit_analogs(past, 100 * np.arange(10.0), 3, np.array([0.2, 0.5, 0.8]))
    said = found.predict(pd.DataFrame({"x": [5.1]})).values  # rows 4, 5, 6; hazen: at 1/6, 1/2, 5/6  # noqa: PD011
    assert said == pytest.approx(np.array([[410.0, 500.0, 590.0]]))


def test_one_analog_of_a_past_row_is_itself():
    rng = np.random.default_rng(0)
    past, came = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc")), rng.normal(size=80)
    assert np.array_equal(fit_analogs(past, came, 1, MEDIAN).predict(past).median, came)


def test_agrees_with_brute_force_in_any_unit():
    rng = np.random.default_rng(1)
    rows, came, asked = rng.normal(size=(200, 3)), rng.normal(size=200), rng.normal(size=(20, 3))
    weight = np.array([1.0, 0.5, 2.0])
    scale = np.array([1.0, 1000.0, 0.01])  # units do not matter
    found = fit_analogs(pd.DataFrame(rows * scale, columns=list("abc")), came, 15, MEDIAN, weight)
    said = found.predict(pd.DataFrame(asked * scale, columns=list("abc"))).median
    apart = (((asked[:, None] - rows[None]) / rows.std(axis=0) * weight) ** 2).sum(axis=2)
    assert said == pytest.approx(np.median(came[np.argsort(apart, axis=1)[:, :15]], axis=1), rel=1e-9)


def test_a_column_of_weight_0_or_without_spread_counts_nothing():
    past = pd.DataFrame({"x": np.arange(20.0), "flat": 7.0, "other": np.arange(20.0)[::-1]})
    found = fit_analogs(past, np.arange(20.0), 1, MEDIAN, np.array([1.0, 1.0, 0.0]))
    asked = pd.DataFrame({"x": [3.0], "flat": [900.0], "other": [900.0]})
    assert found.predict(asked).median == pytest.approx([3.0])


def test_what_cannot_be_searched_is_refused():
    past = pd.DataFrame({"x": np.arange(20.0)})
    with pytest.raises(CannotFit, match="20 rows for 21"):
        fit_analogs(past, np.arange(20.0), 21)
    with pytest.raises(GridMismatch):
        fit_analogs(past, np.arange(19.0), 5)
    with pytest.raises(NegativeValue):
        fit_analogs(past, np.arange(20.0), 5, weights=np.array([-1.0]))
    found = fit_analogs(past, np.arange(20.0), 5)
    with pytest.raises(MissingColumn):
        found.predict(pd.DataFrame({"y": [1.0]}))
    with pytest.raises(UnreadableValue, match="row 1"):
        found.predict(pd.DataFrame({"x": [np.nan]}))
