"""Figures of a forecast and of how far it can be trusted: fan chart, reliability diagram, PIT histogram.

SVG text like that of `parkopt.results.figures`, or files. Bands of the fan differ in lightness,
not in hue, so that they read in greyscale and with any colour vision.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from parkopt.clock import FloatArray
from parkopt.errors import Language
from parkopt.faults import CannotWrite, GridMismatch
from parkopt.forecast.quantiles import Quantiles
from parkopt.forecast.scores_quantile import Reliability, pit_histogram
from parkopt.results.figure_names import require_figure
from parkopt.results.figures import styled, svg_of

BANDS = ((0.9, "#d6e4ee"), (0.6, "#9dbfd6"), (0.3, "#5b90b5"))
"""Central shares and their colours, darker towards the middle."""
INK, MEDIAN, RULE, BAR = "#202124", "#123f61", "#e5e5e5", "#9aa0a6"
FONTS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei", "DejaVu Sans"]
DPI = 150
ROUNDED = 1e-9
"""Rounding of levels [-]."""
T = TypeVar("T")
WORDS: dict[str, dict[Language, str]] = {
    "power": {"en": "Power [MW]", "zh": "功率 [MW]"},
    "time": {"en": "Local time", "zh": "当地时间"},
    "band": {"en": "Central {:.0f} %", "zh": "{:.0f}% 区间"},
    "median": {"en": "Median forecast", "zh": "预测中位数"},
    "point": {"en": "Forecast", "zh": "预测"},
    "actual": {"en": "Measured", "zh": "实测"},
    "nominal": {"en": "Level of the forecast [%]", "zh": "预测分位水平 [%]"},
    "observed": {"en": "Measured at or below it [%]", "zh": "实测不高于该分位的比例 [%]"},
    "perfect": {"en": "Perfectly reliable", "zh": "完全可靠"},
    "bars": {"en": "Where chance leaves 90 %", "zh": "随机波动的 90% 范围"},
    "this": {"en": "This forecast", "zh": "本预测"},
    "stand": {"en": "Where the measurement stands in the forecast [%]", "zh": "实测在预测分布中的位置 [%]"},
    "share": {"en": "Share of steps [%]", "zh": "时刻占比 [%]"},
    "level": {"en": "Perfectly reliable", "zh": "完全可靠"},
}


def say(key: str, lang: Language) -> str:
    """Return a word of the figures."""
    return WORDS[key][lang]


def fan_chart(
    forecast_mw: Quantiles, index: pd.DatetimeIndex, actual_mw: FloatArray | None = None, lang: Language = "en"
) -> Figure:
    """Return bands of 90, 60 and 30 % of outcomes, the median and, where known, the measurement.

    Parameters
    ----------
    forecast_mw : Quantiles
        Of the days to be shown [MW]; bands beyond its outer levels are left out.
    index : pandas.DatetimeIndex
        Starts of the steps in the park's zone, shape ``(n,)``.
    actual_mw : FloatArray, optional
        Shape ``(n,)`` [MW]; NaN leaves a gap.

    Raises
    ------
    GridMismatch
        Where the lengths differ.
    """
    for name, count in (
        ("times", len(index)),
        ("measurement", len(forecast_mw) if actual_mw is None else len(actual_mw)),
    ):
        if count != len(forecast_mw):
            raise GridMismatch(name=name, got=f"{count} steps", expected=f"{len(forecast_mw)} steps")
    return _styled(lambda: _fan(forecast_mw, index, actual_mw, lang))


def _fan(forecast: Quantiles, index: pd.DatetimeIndex, actual: FloatArray | None, lang: Language) -> Figure:
    figure, axes = _axes((9.6, 3.6))
    step_h = (index[1] - index[0]) / pd.Timedelta(hours=1) if len(index) > 1 else 1.0
    first = index[0].hour + index[0].minute / 60
    edges = np.asarray(first + np.arange(len(index) + 1) * step_h, dtype=np.float64)
    for share, colour in BANDS:
        if forecast.levels[0] <= (1 - share) / 2 + ROUNDED and forecast.levels[-1] >= (1 + share) / 2 - ROUNDED:
            low, high = forecast.interval(share)
            label = say("band", lang).format(100 * share)
            axes.stairs(high, edges, baseline=low, fill=True, color=colour, linewidth=0, label=label)
    line = "median" if len(forecast.levels) > 1 else "point"
    axes.stairs(forecast.median, edges, baseline=None, color=MEDIAN, linewidth=1.6, label=say(line, lang))
    if actual is not None:
        middle = (edges[:-1] + edges[1:]) / 2
        dot = "o" if len(index) <= MOST_DOTS else ""
        axes.plot(
            middle,
            actual,
            color=INK,
            linewidth=1.1,
            linestyle="--",
            marker=dot,
            markersize=3.2,
            label=say("actual", lang),
        )
    axes.set(xlim=(edges[0], edges[-1]), ylabel=say("power", lang), xlabel=say("time", lang))
    axes.set_ylim(bottom=min(0.0, float(forecast.at(float(forecast.levels[0])).min())))
    _clock(axes, index, edges)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


MOST_DOTS = 100
"""More measurements than this are drawn as a line without dots."""


def _clock(axes: Any, index: pd.DatetimeIndex, edges: FloatArray) -> None:
    """Name the hours, and the date under each midnight."""
    every = 3 * max(round((edges[-1] - edges[0]) / 24), 1)
    every = next((h for h in (3, 6, 12, 24) if h >= every), 24 * round(every / 24 + 0.5))
    ticks = np.arange(np.ceil(edges[0] / every) * every, edges[-1] + 1e-9, every)
    first = index[0].normalize()
    axes.set_xticks(ticks, [_tick(first, float(t)) for t in ticks])
    for midnight in np.arange(24 * np.ceil(edges[0] / 24 + 1e-9), edges[-1], 24):
        axes.axvline(midnight, color=BAR, linewidth=0.8, zorder=0.5)


def _tick(first: pd.Timestamp, hours: float) -> str:
    whole = round(hours)
    day = (first + pd.Timedelta(days=whole // 24)).strftime("%Y-%m-%d")
    return f"{whole % 24:02d}:00" + (f"\n{day}" if whole % 24 == 0 else "")


def reliability_diagram(found: Reliability, lang: Language = "en") -> Figure:
    """Return observed against nominal shares, with the consistency bars of chance."""
    return _styled(lambda: _reliability(found, lang))


def _reliability(found: Reliability, lang: Language) -> Figure:
    figure, axes = _axes((5.2, 4.8))
    nominal, observed = 100 * found.nominal, 100 * found.observed
    axes.plot([0, 100], [0, 100], color=INK, linewidth=1, linestyle=":", label=say("perfect", lang), zorder=3)
    axes.vlines(nominal, 100 * found.low, 100 * found.high, color=BAR, linewidth=4, alpha=0.65, label=say("bars", lang))
    axes.plot(nominal, observed, color=MEDIAN, linewidth=1.4, marker="o", markersize=4.5, label=say("this", lang))
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel=say("nominal", lang), ylabel=say("observed", lang))
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_title(_counted(found, lang), fontsize=9, color="#5f6368", loc="left")
    axes.legend(loc="upper left", frameon=False)
    return figure


def _counted(found: Reliability, lang: Language) -> str:
    if lang == "zh":
        return f"{found.steps} 个时刻，相当于 {found.effective:.0f} 个独立时刻"
    return f"{found.steps} steps, worth {found.effective:.0f} independent ones"


def pit_figure(forecast: Quantiles, actual: FloatArray, lang: Language = "en", bins: int = 10) -> Figure:
    """Return the PIT histogram: level where the forecast is reliable, U-shaped where it is too sure of itself."""
    return _styled(lambda: _pit(100 * pit_histogram(forecast, actual, bins), lang))


def _pit(share: FloatArray, lang: Language) -> Figure:
    figure, axes = _axes((5.2, 3.4))
    edges = np.linspace(0, 100, len(share) + 1)
    axes.stairs(share, edges, fill=True, facecolor="#9dbfd6", edgecolor=MEDIAN, linewidth=1, label=say("this", lang))
    axes.axhline(100 / len(share), color=INK, linewidth=1.2, linestyle=":", label=say("level", lang))
    axes.set(xlim=(0, 100), xlabel=say("stand", lang), ylabel=say("share", lang))
    axes.set_ylim(0, 1.35 * max(float(share.max()), 100 / len(share)))
    axes.legend(loc="upper right", frameon=False, ncols=2)
    return figure


def _axes(size_in: tuple[float, float]) -> tuple[Figure, Any]:
    figure = Figure(figsize=size_in, layout="constrained")
    axes = figure.subplots()
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _styled(make: Callable[[], T]) -> T:
    """Make or write a figure in the style of all, one at a time."""
    import matplotlib as mpl

    with styled():
        mpl.rcParams["font.sans-serif"] = _installed()
        return make()


def _installed() -> list[str]:
    """Return the fonts of `FONTS` that are here: a missing one would be warned of at each letter."""
    from matplotlib import font_manager

    here = set(font_manager.get_font_names())
    return [name for name in FONTS if name in here] or ["sans-serif"]


def readable(lang: Language, path: Path) -> Language:
    """Return the language that a file can be labelled in: a PNG needs a font with Chinese letters on this machine."""
    if lang == "zh" and path.suffix == ".png" and set(_installed()) <= {"DejaVu Sans", "sans-serif"}:
        return "en"
    return lang


def svg(figure: Figure) -> str:
    """Return a figure as SVG text, letters kept as text; the same bytes each time."""
    return _styled(lambda: svg_of(figure))


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as .svg or .png, by the suffix.

    Raises
    ------
    WrongOption
        For another suffix.
    CannotWrite
        Where the file cannot be written.
    """
    require_figure("figure", path)
    data = svg(figure).encode() if path.suffix == ".svg" else _png(figure)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CannotWrite(path=str(path), reason=error.strerror or str(error)) from error
    return path


def _png(figure: Figure) -> bytes:
    def write() -> bytes:
        data = io.BytesIO()
        figure.set_dpi(DPI)
        FigureCanvasAgg(figure).print_png(data, metadata={"Software": None})
        return data.getvalue()

    return _styled(write)
