"""The verbs that ask about a schedule: `why`, `bill`, `margins`, `front`, `alternatives`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parkopt.cli_common import Json, Lang, language, show
from parkopt.settings import settings

if TYPE_CHECKING:
    from parkopt.solve import Solution

Run = Annotated[str, typer.Argument(help="Id of a schedule, as `parkopt day` prints it.")]
ParkFile = Annotated[str, typer.Option(help="Path of the park file, where the park is not found by id.")]
Weather = Annotated[str, typer.Option(help="The EPW or CSV file that the schedule was made with, if any.")]
WeatherMap = Annotated[Path | None, typer.Option(help="YAML that says what the columns of a CSV mean.")]
Load = Annotated[list[str] | None, typer.Option(help="LOAD=FILE: as the schedule was made with.")]
LoadMap = Annotated[Path | None, typer.Option(help="YAML that says what the columns of that file mean.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (why, bill, margins, front, alternatives):
        app.command()(verb)


def _again(
    run: str, park_file: str, weather: str, weather_map: Path | None, loads: list[str] | None, load_map: Path | None
) -> Solution:
    from parkopt.cli_day import again_of

    return again_of(run, park_file, weather, weather_map, loads or [], load_map, settings())


def why(
    run: Run,
    hour: Annotated[str, typer.Option(help="Only this hour, 18:00 or 18.")] = "",
    asset: Annotated[str, typer.Option(help="Only this asset.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Solve again where prices cannot say.")] = False,
    park_file: ParkFile = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    load: Load = None,
    load_map: LoadMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Say why each storage, connection and unit does what it does, hour by hour."""
    from parkopt import cli_tell
    from parkopt.services import answers

    words = language(lang)
    told = answers.why(_again(run, park_file, weather, weather_map, load, load_map), verify=verify)
    wanted = [one for one in told if cli_tell.is_of(one, hour, asset)]
    if as_json:
        show(wanted)
    else:
        cli_tell.print_reasons(wanted, words)


def bill(
    run: Run,
    park_file: ParkFile = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    load: Load = None,
    load_map: LoadMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show the bill by line and asset, and on which steps each part falls."""
    from parkopt import cli_tell
    from parkopt.services import answers

    words = language(lang)
    table = answers.bill_by_hour(_again(run, park_file, weather, weather_map, load, load_map))
    if as_json:
        show(table)
    else:
        cli_tell.print_bill_rows(table, words)


def margins(
    run: Run,
    park_file: ParkFile = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    load: Load = None,
    load_map: LoadMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Say what one more MW or MWh of each rating would have saved on this horizon."""
    from parkopt import cli_tell
    from parkopt.services import answers

    words = language(lang)
    found = answers.more(_again(run, park_file, weather, weather_map, load, load_map))
    if as_json:
        show(found)
    else:
        cli_tell.print_margins(found, words)


def front(
    run: Run,
    points: Annotated[int, typer.Option(min=2, max=15, help="Plans, the cheapest and the cleanest included.")] = 7,
    park_file: ParkFile = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    load: Load = None,
    load_map: LoadMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show what less carbon costs on this horizon: plans that no other beats in both."""
    from parkopt import cli_tell
    from parkopt.services import answers

    words = language(lang)
    found = answers.front(_again(run, park_file, weather, weather_map, load, load_map), points)
    if as_json:
        show(found)
    else:
        cli_tell.print_front(found, words)


def alternatives(
    run: Run,
    slack: Annotated[float, typer.Option(min=0, max=0.2, help="Share by which a plan may cost more.")] = 0.01,
    count: Annotated[int, typer.Option(min=1, max=6, help="Plans asked for.")] = 3,
    park_file: ParkFile = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    load: Load = None,
    load_map: LoadMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show plans that cost little more and differ most."""
    from parkopt import cli_tell
    from parkopt.services import answers

    words = language(lang)
    found = answers.others(_again(run, park_file, weather, weather_map, load, load_map), slack, count)
    if as_json:
        show(found)
    else:
        cli_tell.print_alternatives(found, words)
