"""Figures of a schedule as SVG text: dispatch stack, storage and price, green share and factor.

Text stays text in the SVG, so the reader's own fonts draw it, Chinese too.
"""

from __future__ import annotations

import io
import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from parkopt.clock import FloatArray, fixed_zone
from parkopt.errors import Language
from parkopt.results.words import say
from parkopt.schedule import of_asset

COLOURS = {
    "wind": "#3b8ea5",
    "pv": "#f2b134",
    "contract": "#5aa469",
    "storage": "#8c6bb1",
    "grid": "#9aa0a6",
}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "parkopt",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}
ONE_AT_A_TIME = threading.RLock()
"""Matplotlib's settings and Python's warning filters belong to the whole process."""
SIZE_IN = (9.6, 3.2)


def figures(schedule: xr.Dataset, lang: Language) -> dict[str, str]:
    """Return the figures by name as SVG text.

    Parameters
    ----------
    schedule : xarray.Dataset
        A schedule with its carbon.
    lang : {"en", "zh"}
        Language of the labels.
    """
    with styled():
        return {
            "sources": svg_of(_dispatch(schedule, lang)),
            "storage": svg_of(_storage(schedule, lang)),
            "green_by_hour": svg_of(_green(schedule, lang)),
        }


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of all figures, one at a time."""
    import matplotlib as mpl

    with ONE_AT_A_TIME, mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts have them
        yield


def _axes(edges: FloatArray, lang: Language) -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(say("time", lang))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xticks(np.arange(edges[0], edges[-1] + 1, 3 * max(round((edges[-1] - edges[0]) / 24), 1)))
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG text, the same bytes for the same figure."""
    text = io.StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    whole = text.getvalue()
    return whole[whole.index("<svg") :]


def _edges(schedule: xr.Dataset) -> FloatArray:
    """Return the starts of the steps and the end of the last, in hours since the first midnight."""
    stamps = pd.DatetimeIndex(schedule["time"].to_numpy()).tz_localize("UTC")
    first = stamps[0].tz_convert(fixed_zone(str(schedule.attrs["zone"])))
    hours = (first.hour + first.minute / 60) + np.arange(len(stamps) + 1) * float(schedule.attrs["step_min"]) / 60
    edges: FloatArray = np.asarray(hours, dtype=float)
    return edges


def _row(schedule: xr.Dataset, variable: str, asset: str) -> FloatArray:
    row: FloatArray = np.nan_to_num(schedule[variable].sel(asset=asset).to_numpy())
    return row


SHOWN_MW = 0.05
"""Less curtailment than this is not drawn."""
GIVES = ("local", "fuel", "stored", "grid")
"""Roles of what is stacked, from below."""


def kinds_of(schedule: xr.Dataset) -> dict[str, str]:
    """Return the kind of each asset."""
    return dict(zip(schedule["asset"].to_numpy().tolist(), schedule["kind"].to_numpy().tolist(), strict=True))


def _supplies(schedule: xr.Dataset) -> list[tuple[str, str, FloatArray]]:
    """Return name, kind and power of all that reaches the bus."""
    flows, kinds = json.loads(schedule.attrs["flows"]), kinds_of(schedule)
    placed = [(role, name, key) for name, own in flows.items() for key, role in own.items() if role in GIVES]
    ordered = sorted(placed, key=lambda item: GIVES.index(item[0]))
    return [(name, kinds[name], np.nan_to_num(of_asset(schedule, key, name))) for role, name, key in ordered]


def _dispatch(schedule: xr.Dataset, lang: Language) -> Figure:
    edges = _edges(schedule)
    figure, axes = _axes(edges, lang)
    base = np.zeros(schedule.sizes["time"])
    seen: dict[str, int] = {}
    for name, kind, mw in _supplies(schedule):
        seen[kind] = seen.get(kind, 0) + 1
        label = say("import", lang) if kind == "grid" and seen[kind] == 1 else name
        axes.stairs(
            base + mw,
            edges,
            baseline=base,
            fill=True,
            color=COLOURS.get(kind, "#b07d62"),
            alpha=max(1 - 0.22 * (seen[kind] - 1), 0.2),
            label=label,
        )
        base = base + mw
    demand = schedule["park_consumption_wh"].to_numpy() / 1e6 / (float(schedule.attrs["step_min"]) / 60)
    axes.stairs(demand, edges, baseline=None, color="#202124", linewidth=1.8, label=say("demand", lang))
    more = " + ".join(say(word, lang) for word in ("demand", "charge", "export"))
    axes.stairs(base, edges, baseline=None, color="#202124", linewidth=1, linestyle=":", label=more)
    _curtailed(schedule, axes, edges, base, lang)
    axes.set_ylabel("MW")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def _curtailed(schedule: xr.Dataset, axes: Any, edges: FloatArray, base: FloatArray, lang: Language) -> None:
    """Draw what could have been used and was not, on top of the stack."""
    lost = schedule["curtailed_mw"].sum("asset").to_numpy() if "curtailed_mw" in schedule else np.zeros(len(base))
    if lost.max() > SHOWN_MW:
        style = {"fill": True, "facecolor": "none", "edgecolor": "#b0b4b8", "hatch": "////", "linewidth": 0}
        axes.stairs(base + lost, edges, baseline=base, label=say("curtailed", lang), **style)


def _storage(schedule: xr.Dataset, lang: Language) -> Figure:
    edges = _edges(schedule)
    figure, axes = _axes(edges, lang)
    for name in [n for n, kind in kinds_of(schedule).items() if kind == "storage"]:
        axes.plot(
            edges[1:], _row(schedule, "soc_mwh", name), color=COLOURS["storage"], label=f"{name}: {say('soc', lang)}"
        )
    axes.set_ylabel("MWh")
    axes.set_ylim(0, 1.08 * max(axes.get_ylim()[1], 1.0))
    prices = axes.twinx()
    prices.stairs(
        schedule["energy_price_yuan_per_mwh"].to_numpy(),
        edges,
        baseline=None,
        color="#c5221f",
        label=say("price", lang),
    )
    prices.set_ylabel(f"{say('yuan', lang)}/MWh")
    prices.spines["right"].set_visible(True)
    handles = [*axes.get_legend_handles_labels()[0], *prices.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.08, 1.0), frameon=False)
    return figure


def _green(schedule: xr.Dataset, lang: Language) -> Figure:
    edges = _edges(schedule)
    figure, axes = _axes(edges, lang)
    green = schedule["green_wh"].sum("enterprise").to_numpy()
    share = 100 * green / np.maximum(schedule["park_consumption_wh"].to_numpy(), 1)
    axes.stairs(share, edges, fill=True, color="#5aa469", label=say("green", lang))
    axes.set_ylabel("%")
    axes.set_ylim(0, 100)
    factor = axes.twinx()
    factor.stairs(
        schedule["park_factor_kg_per_mwh"].to_numpy(), edges, baseline=None, color="#202124", label=say("factor", lang)
    )
    factor.set_ylabel("kg/MWh")
    factor.set_ylim(bottom=0)
    factor.spines["right"].set_visible(True)
    handles = [*axes.get_legend_handles_labels()[0], *factor.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.08, 1.0), frameon=False)
    return figure
