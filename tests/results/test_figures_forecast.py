"""Figures of forecasts: what they say, in both languages, and that they are files of their kind."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from parkopt.faults import CannotWrite, GridMismatch, WrongOption
from parkopt.forecast.quantiles import LEVELS, Quantiles
from parkopt.forecast.scores_quantile import reliability
from parkopt.results import figures_forecast as ff

N = 48
FORECAST = Quantiles(LEVELS, np.outer(np.linspace(10, 40, N), LEVELS))
ACTUAL = np.linspace(10, 40, N) * np.random.RandomState(1).uniform(size=N)
INDEX = pd.date_range("2026-07-15", periods=N, freq="h", tz="Etc/GMT-8")


def drawn(name, lang):
    if name == "fan":
        return ff.fan_chart(FORECAST, INDEX, ACTUAL, lang)
    if name == "reliability":
        return ff.reliability_diagram(reliability(FORECAST, ACTUAL), lang)
    return ff.pit_figure(FORECAST, ACTUAL, lang)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fan", ("power", "time", "median", "actual")),
        ("reliability", ("nominal", "observed", "perfect", "bars")),
        ("pit", ("stand", "share")),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_names_its_axes_and_units_as_text(name, words, lang):
    text = ff.svg(drawn(name, lang))
    said = " ".join("".join(node.itertext()) for node in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text"))
    for word in words:
        assert ff.say(word, lang) in said
    assert "[MW]" in said if name == "fan" else "[%]" in said


def test_the_same_figure_is_the_same_bytes():
    assert ff.svg(drawn("fan", "en")) == ff.svg(drawn("fan", "en"))


def test_bands_darken_towards_the_middle_in_grey():
    grey = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (bytes.fromhex(c[1:]) for _, c in ff.BANDS)]
    assert all(b < a - 25 for a, b in pairwise(grey))


def test_bands_beyond_the_outer_levels_are_left_out():
    narrow = FORECAST.on(LEVELS[3:-3])
    labels = ff.fan_chart(narrow, INDEX).axes[0].get_legend_handles_labels()[1]
    assert labels == ["Central 60 %", "Central 30 %", "Median forecast"]
    low = FORECAST.on(LEVELS[:12])  # up to 60 %
    labels = ff.fan_chart(low, INDEX).axes[0].get_legend_handles_labels()[1]
    assert labels == ["Median forecast"]


def test_the_measurement_is_drawn_where_it_was():
    line = ff.fan_chart(FORECAST, INDEX, ACTUAL).axes[0].get_lines()
    shown = next(one for one in line if one.get_label() == "Measured")
    np.testing.assert_array_equal(shown.get_ydata(), ACTUAL)
    np.testing.assert_array_equal(shown.get_xdata(), np.arange(N) + 0.5)


def test_ticks_name_local_hours_and_dates():
    ticks = [t.get_text() for t in ff.fan_chart(FORECAST, INDEX).axes[0].get_xticklabels()]
    assert ticks[0] == "00:00\n2026-07-15"
    assert ticks[1] == "06:00"
    assert ticks[4] == "00:00\n2026-07-16"


def test_saved_by_suffix(tmp_path):
    figure = drawn("pit", "en")
    assert ff.save(figure, tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")
    assert ff.save(figure, tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert not re.search(rb"Software", (tmp_path / "a.png").read_bytes())
    with pytest.raises(WrongOption):
        ff.save(figure, tmp_path / "a.pdf")
    with pytest.raises(CannotWrite):
        ff.save(figure, tmp_path / "none" / "a.png")


def test_chinese_is_written_without_warning(tmp_path):
    assert ff.save(drawn("fan", "zh"), tmp_path / "zh.png").stat().st_size > 1000


def test_lengths_that_differ():
    with pytest.raises(GridMismatch):
        ff.fan_chart(FORECAST, INDEX[:3])
    with pytest.raises(GridMismatch):
        ff.fan_chart(FORECAST, INDEX, ACTUAL[:3])
