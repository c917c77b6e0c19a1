"""The one-page report of a schedule: HTML with its figures inside, nothing fetched from outside."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import xarray as xr

from parkopt.errors import Language
from parkopt.park.schema import Park
from parkopt.results.figures import ONE_AT_A_TIME, figures
from parkopt.results.summary import NOT_CASH, summary
from parkopt.results.words import say


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    text = Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(text)


def page(schedule: xr.Dataset, park: Park, lang: Language) -> str:
    """Return the report as HTML text in one language."""
    kinds = {name: asset.kind for name, asset in park.assets.items()}
    with ONE_AT_A_TIME:  # others' warning filters too: xarray sets some
        figured, drawn = summary(schedule), figures(schedule, kinds, lang)
    html: str = _template().render(
        lang=lang,
        name=getattr(park.name, lang),
        attrs=schedule.attrs,
        figures=figured,
        drawings=drawn,
        names={key: getattr(enterprise.name, lang) for key, enterprise in park.enterprises.items()},
        not_cash=NOT_CASH,
        say=lambda key: say(key, lang),
    )
    return html
