"""The verb `forecast show`: what a day may bring, by asset and quantile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show
from parkopt.errors import Language

SHORT = ("P10", "P50", "P90")
"""Levels of the table; `--json` has more."""


def register(forecasts: typer.Typer) -> None:
    """Add the verb to the group."""
    forecasts.command("show")(show_forecast)


def show_forecast(
    park: Annotated[str, typer.Argument(help="Id of a park, or path of a park file.")],
    date: Annotated[str, typer.Option(help="Day of the forecast, 2026-07-15; tomorrow where absent.")] = "",
    days: Annotated[int, typer.Option(min=1, max=31, help="Number of days.")] = 1,
    step: Annotated[int, typer.Option(help="Length of a step in minutes: 60, 30 or 15.")] = 60,
    weather: Annotated[str, typer.Option(help="Weather source in place of the park's.")] = "",
    asset: Annotated[str, typer.Option(help="One asset alone; needed for a figure.")] = "",
    figure: Annotated[Path | None, typer.Option(help="Write the fan of that asset: .svg or .png.")] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show what wind, sun and loads may be: the chain, and quantiles with where they come from."""
    from parkopt.cli_day import tomorrow
    from parkopt.clock import parse_date
    from parkopt.intake import DayRequest
    from parkopt.results.figure_names import require_figure
    from parkopt.services import outlooks

    words = language(lang)
    require_figure("--figure", figure)
    request = DayRequest(park, parse_date(date) if date else tomorrow(), step, days, weather=weather)
    found = outlooks.outlook(request)
    data = outlooks.as_data(found, asset)
    if figure is not None:
        outlooks.draw(found, asset, figure, words)
        data["figure"] = str(figure)
    if as_json:
        show(data)
    else:
        _print(data, words)


def _print(data: dict[str, Any], lang: Language) -> None:
    heads = {"en": ("issued", "weather", "MW", "chain"), "zh": ("起报", "气象", "MW", "物理链")}[lang]
    typer.echo(f"{data['park']}  {heads[0]} {data['issued_at']}  {heads[1]} {data['weather']['source']}")
    for name, one in data["assets"].items():
        typer.echo(f"\n{name}  ({one['method']})\n{'':18}{heads[3]:>10}" + "".join(f"{level:>10}" for level in SHORT))
        for step, start in enumerate(data["start"]):
            values = [one["chain_mw"][step], *(one["mw"][level][step] for level in SHORT)]
            typer.echo(f"{start[:16].replace('T', ' '):18}" + "".join(f"{value:>10.2f}" for value in values))
    typer.echo("")
    for line in (*data["notes"], *([data["figure"]] if "figure" in data else [])):
        typer.echo(line)
