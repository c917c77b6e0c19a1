"""Figures of a replay: what each strategy cost more than perfect foresight, in all and as the days went by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from parkopt.clock import FloatArray
from parkopt.errors import Language
from parkopt.results.figures import styled, svg_of

COLOURS = ("#3b8ea5", "#f2b134", "#5aa469", "#8c6bb1", "#b07d62", "#d1495b", "#202124")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
"""Lines are told apart by their dashes too, for print in grey."""
WORDS = {
    "regret": ("Cost above perfect foresight, % of its cost", "高于完全预知的成本（占其成本 %）"),
    "day": ("Day of the replay", "回放第几天"),
    "so_far": ("Cost above perfect foresight so far, 1,000 yuan", "累计高于完全预知的成本（千元）"),
}


def replay_svg(names: Sequence[str], percent: Sequence[float], daily_yuan: Sequence[FloatArray], lang: Language) -> str:
    """Return the figure of a replay as SVG text.

    Parameters
    ----------
    names : sequence of str
        Strategies, in words, without perfect foresight.
    percent : sequence of float
        Regret of each over the whole span [%].
    daily_yuan : sequence of FloatArray
        Regret of each day by day, shape (days,) [yuan].
    lang : {"en", "zh"}
        Language of the labels.
    """
    with styled():
        return svg_of(_figure(names, percent, daily_yuan, lang))


def _figure(names: Sequence[str], percent: Sequence[float], daily_yuan: Sequence[FloatArray], lang: Language) -> Figure:
    figure = Figure(figsize=(9.6, 3.0 + 0.6 * len(names) + 3.0), layout="constrained")
    bars, lines = figure.subplots(2, 1, height_ratios=[0.6 + 0.45 * len(names), 3.0])
    place, word = np.arange(len(names))[::-1], 0 if lang == "en" else 1
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    drawn = bars.barh(place, percent, color=colours, height=0.62)
    bars.bar_label(drawn, labels=[f"{value:.2f} %" for value in percent], padding=3)
    bars.set_yticks(place, names)
    bars.margins(x=0.12)
    bars.axvline(0.0, color="#202124", linewidth=0.8)
    bars.set_xlabel(WORDS["regret"][word])
    for i, (name, yuan) in enumerate(zip(names, daily_yuan, strict=True)):
        so_far = np.concatenate([[0.0], np.cumsum(yuan)]) / 1000
        lines.plot(so_far, color=colours[i], linestyle=DASHES[i % len(DASHES)], linewidth=1.6, label=name)
    lines.set_xlabel(WORDS["day"][word])
    lines.set_ylabel(WORDS["so_far"][word])
    lines.set_xlim(0, max(len(yuan) for yuan in daily_yuan))
    lines.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    lines.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.02, 1.01), ncols=2, fontsize=9)
    return figure
