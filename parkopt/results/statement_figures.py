"""Figures of a statement, as SVG written by hand: some hundreds of rectangles need no plotting library.

The scale runs from light to dark in one direction, so that it reads in greyscale and with any colour vision; what is
no plain measurement is told by hatching and marks, not by colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from parkopt.errors import Language
from parkopt.results.statement import GROUPS, HOURS, MISSING, THROUGH, Group, StatementData
from parkopt.results.statement_words import say

SCALE = ("#fdf6dc", "#c9e3b0", "#7cc08f", "#37898a", "#14406b")
"""Colours of 0, 25, 50, 75 and 100 %; darker and darker."""
NO_USE = "#ffffff"
INK, SOFT, RULE = "#202124", "#5f6368", "#c9ccd1"
COLOURS: dict[Group, str] = {
    "direct": "#14406b",
    "on_site": "#37898a",
    "contract": "#7cc08f",
    "storage": "#f2c14e",
    "grid": "#c9ccd1",
    "other": "#ffffff",
}
WEEKDAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "zh": tuple("一二三四五六日")}
LEFT, CELL, WIDTH = 74, 25, 740
MOST_ROWS_PX, ROW = 1000, 12
HATCHES = Markup(
    "<defs>"
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="2" height="6" fill="#ffffff"/><rect x="2" width="1.2" height="6" fill="#202124"/></pattern>'
    '<pattern id="cross" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" fill="#ffffff"/><path d="M0 0H5M0 0V5" stroke="#202124" stroke-width="1.2"/></pattern>'
    "</defs>"
)
WH_PER_KWH = 1000.0
FIRST_WIDE = 0x2E80
"""Where East Asian letters begin."""


def colour(share: float) -> str:
    """Return the colour of a share from 0 to 1."""
    place = min(max(share, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(place), len(SCALE) - 2)
    ends = [np.asarray([int(text[at : at + 2], 16) for at in (1, 3, 5)]) for text in SCALE[low : low + 2]]
    mixed = ends[0] + (ends[1] - ends[0]) * (place - low)
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def heat_map(data: StatementData, lang: Language) -> Markup:
    """Return the green share of each hour: days down, hours of the local day across."""
    row = max(min(ROW, MOST_ROWS_PX // len(data.days)), 3)
    height = 20 + row * len(data.days) + 44
    parts = [HATCHES, *_head(), *_days(data, lang, row)]
    for step, (share, letter) in enumerate(zip(data.share.tolist(), data.quality, strict=True)):
        day, hour = divmod(step, HOURS)
        parts.extend(_cell(data, step, (LEFT + hour * CELL, 20 + day * row, CELL, row), share, letter, lang))
    parts.extend(_legend(lang, 20 + row * len(data.days) + 18))
    return _svg(parts, height, say("heat_map", lang), "heat")


def _head() -> Iterable[Markup]:
    for hour in range(HOURS):
        yield _text(LEFT + (hour + 0.5) * CELL, 13, str(hour), "middle")


def _days(data: StatementData, lang: Language, row: int) -> Iterable[Markup]:
    """Name the days at the left and give their share at the right, as many as can be read."""
    apart = math.ceil(10 / row)
    used, green = data.by_day(data.consumption_wh), data.by_day(data.green_wh)
    for at, day in enumerate(data.days):
        if at % apart == 0:
            y = 20 + (at + 0.5) * row + 3.5
            name = f"{day:%m-%d} {WEEKDAYS[lang][day.weekday()]}"
            yield _text(LEFT - 6, y, name, "end")
            if used[at]:
                yield _text(WIDTH - 4, y, f"{100 * green[at] / used[at]:.0f} %", "end")


def _cell(
    data: StatementData, step: int, box: tuple[float, float, float, float], share: float, letter: str, lang: Language
) -> Iterable[Markup]:
    x, y, width, height = box
    nothing = math.isnan(share)
    fill = "url(#cross)" if letter == MISSING else NO_USE if nothing else colour(share)
    said = {MISSING: "missing", "E": "estimated", "C": "corrected_hour"}.get(letter, "")
    words = say("no_use", lang) if nothing and letter != MISSING else "" if nothing else f"{100 * share:.1f} %"
    told = ", ".join(part for part in (words, say(said, lang) if said else "") if part)
    yield Markup(
        '<rect class="hour" x="{}" y="{}" width="{}" height="{}" fill="{}"><title>{} {}</title></rect>'
    ).format(x, y, width, height, fill, data.label(step), told)
    if letter == "E":
        yield _hatched(x, y, width, height)
    elif letter == "C":
        yield _corner(x + width, y)
    if nothing and letter != MISSING:
        yield _dash(x, y, width, height)


def _hatched(x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="estimated" x="{}" y="{}" width="{}" height="{}" fill="url(#hatch)"/>').format(
        x + 1, y + 1, width - 2, height - 2
    )


def _corner(right: float, y: float) -> Markup:
    path = f"M{right} {y}h-7l7 7z"
    return Markup('<path class="corrected" d="{}" fill="#ffffff" stroke="#202124" stroke-width="0.8"/>').format(path)


def _dash(x: float, y: float, width: float, height: float) -> Markup:
    path = f"M{x + width / 2 - 3} {y + height / 2}h6"
    return Markup('<path d="{}" stroke="#5f6368"/>').format(path)


def _legend(lang: Language, y: float) -> Iterable[Markup]:
    """Draw the scale in steps of a tenth, and the marks."""
    for tenth in range(11):
        yield _rect(LEFT + tenth * 16, y, 16, 10, colour(tenth / 10))
        if tenth % 5 == 0:
            yield _text(LEFT + tenth * 16 + 8, y + 20, f"{10 * tenth} %", "middle")
    x = LEFT + 196.0
    for name in ("estimated", "corrected_hour", "missing", "no_use"):
        yield _rect(x, y, 18, 10, {"missing": "url(#cross)", "no_use": NO_USE}.get(name, SCALE[2]))
        if name == "estimated":
            yield _hatched(x, y, 18, 10)
        elif name == "corrected_hour":
            yield _corner(x + 18, y)
        elif name == "no_use":
            yield _dash(x, y, 18, 10)
        yield _text(x + 23, y + 9, say(name, lang), "start")
        x += 36 + _width(say(name, lang))


def average_day(data: StatementData, lang: Language) -> Markup:
    """Return the mean hour of the day by group of sources, stacked, in kWh."""
    groups: dict[Group, NDArray[np.float64]] = {}
    for label, wh in zip(data.labels, data.physical_wh, strict=True):
        group: Group = "storage" if THROUGH in label else data.group(label)
        mean = wh.reshape(-1, HOURS).mean(axis=0) / WH_PER_KWH
        groups[group] = groups.get(group, np.zeros(HOURS)) + mean
    shown = [group for group in GROUPS if group in groups and groups[group].any()]
    top, height, floor = _nice(max(float(np.sum(list(groups.values()), axis=0).max()), 1e-3)), 190, 150.0
    parts = list(_scale(top, floor, 130.0, lang))
    base = np.zeros(HOURS)
    for group in shown:
        for hour, kwh in enumerate(groups[group].tolist()):
            if kwh > 0:
                high = 130.0 * kwh / top
                y = floor - 130.0 * float(base[hour]) / top - high
                words = f"{hour}:00 {say(group, lang)} {kwh:,.1f} kWh"
                parts.append(_rect(LEFT + hour * CELL + 2, y, CELL - 4, high, COLOURS[group], words))
        base = base + groups[group]
    parts.extend(_swatches(shown, lang, height - 12.0))
    return _svg(parts, height, say("average_day", lang), "average")


def _scale(top: float, floor: float, high: float, lang: Language) -> Iterable[Markup]:
    for part in range(5):
        y = floor - high * part / 4
        yield Markup('<path d="M{} {}H{}" stroke="#e3e5e8"/>').format(LEFT, y, LEFT + HOURS * CELL)
        yield _text(LEFT - 6, y + 3.5, f"{top * part / 4:,.5g}", "end")
    yield _text(LEFT - 6, floor - high - 10, say("kwh", lang), "end")
    for hour in range(HOURS):
        yield _text(LEFT + (hour + 0.5) * CELL, floor + 13, str(hour), "middle")


def _swatches(groups: Sequence[Group], lang: Language, y: float) -> Iterable[Markup]:
    x = float(LEFT)
    for group in groups:
        yield _rect(x, y, 14, 10, COLOURS[group])
        words = say(group, lang)
        yield _text(x + 19, y + 9, words, "start")
        x += 40 + _width(words)


def _width(words: str) -> float:
    """Return about how wide some words are at 10 px: Chinese letters are square."""
    return sum(10.5 if ord(letter) >= FIRST_WIDE else 6.3 for letter in words)


def _nice(most: float) -> float:
    """Return the next of 1, 2, 4, 6, 8, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= most * (1 - 1e-9))


def storage_clock(data: StatementData, lang: Language) -> Markup:
    """Return two rows of bars: stored energy by the hour of day in which it was charged, and was used."""
    charged = _by_hour(data, [(one.charged, one.wh) for one in data.stored if one.charged])
    used = _by_hour(data, [(one.used, one.wh) for one in data.stored])
    top = _nice(max(float(charged.max()), float(used.max()), 1e-3))
    parts = []
    for floor, kwh, key in ((50.0, charged, "charged"), (100.0, used, "used")):
        parts.append(_text(LEFT - 6, floor - 12, say(key, lang), "end"))
        parts.append(Markup('<path d="M{} {}H{}" stroke="#c9ccd1"/>').format(LEFT, floor, LEFT + HOURS * CELL))
        for hour, one in enumerate(kwh.tolist()):
            if one > 0:
                words = f"{hour}:00 {say(key, lang)} {one:,.1f} kWh"
                box = (LEFT + hour * CELL + 2, floor - 38 * one / top, CELL - 4, 38 * one / top)
                parts.append(_rect(*box, COLOURS["storage" if key == "charged" else "on_site"], words))
        parts.extend(_measure(LEFT + HOURS * CELL + 5, floor, f"{top:,.5g}", say("kwh", lang)))
    parts.extend(_text(LEFT + (hour + 0.5) * CELL, 114, str(hour), "middle") for hour in range(HOURS))
    return _svg(parts, 120, say("clock_reads", lang), "clock")


def _measure(x: float, floor: float, words: str, unit: str) -> Iterable[Markup]:
    """Draw the height of the scale beside a row of bars."""
    yield Markup('<path d="{}" stroke="#5f6368" fill="none"/>').format(f"M{x - 3} {floor}h6m-3 0v-38m-3 0h6")
    yield _text(x + 8, floor - 22, words, "start")
    yield _text(x + 8, floor - 10, unit, "start")


def _by_hour(data: StatementData, moved: Iterable[tuple[str, int]]) -> NDArray[np.float64]:
    kwh = np.zeros(HOURS)
    for hour, wh in moved:
        kwh[data.local(hour).hour] += wh / WH_PER_KWH
    return kwh


def _rect(x: float, y: float, width: float, height: float, fill: str, title: str = "") -> Markup:
    told = Markup("<title>{}</title>").format(title) if title else ""
    shape = Markup('<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" fill="{}" stroke="#8a8f96" ')
    return shape.format(x, y, width, height, fill) + Markup('stroke-width="0.5">{}</rect>').format(told)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _svg(parts: Iterable[Markup], height: float, name: str, kind: str) -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">')
    return head.format(kind, WIDTH, height, name) + Markup("\n").join(parts) + Markup("</svg>")
