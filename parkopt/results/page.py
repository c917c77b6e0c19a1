"""The one-page report of a schedule: HTML with its figures inside, nothing fetched from outside."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import xarray as xr

from parkopt.errors import Language
from parkopt.results.figures import ONE_AT_A_TIME, figures
from parkopt.results.summary import NOT_CASH, summary
from parkopt.results.words import say


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    text = Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(text)


def page(schedule: xr.Dataset, lang: Language) -> str:
    """Return the report as HTML text in one language, from what the schedule itself holds."""
    names = json.loads(schedule.attrs["enterprise_names"])
    with ONE_AT_A_TIME:  # others' warning filters too: xarray sets some
        figured, drawn = summary(schedule), figures(schedule, lang)
    html: str = _template().render(
        lang=lang,
        name=schedule.attrs[f"name_{lang}"],
        attrs=schedule.attrs,
        synthetic=schedule.attrs.get(f"synthetic_{lang}", ""),
        notes=weather_words(schedule, lang),
        figures=figured,
        drawings=drawn,
        names={key: names[key][lang] if key in names else key for key in figured["enterprises"]},
        not_cash=NOT_CASH,
        say=lambda key: say(key, lang),
    )
    return html


def weather_words(schedule: xr.Dataset, lang: Language) -> str:
    """Return what is to be said of the weather: our own words for the embedded year, else the source's notes."""
    if str(schedule.attrs["weather_source"]).startswith("embedded"):
        return say("weather_embedded", lang)
    return str(schedule.attrs["weather_notes"])
