"""The group of verbs `forecast` (filled by `cli_outlook` and `cli_score`), and the verb `replay`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show, weather_mapping
from parkopt.errors import Language

forecasts = typer.Typer(help="Forecasts with quantiles: show them, score them, fit a plant.", no_args_is_help=True)
Park = Annotated[str, typer.Argument(help="Id of a park, or path of a park file.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(forecasts, name="forecast")
    app.command()(replay)


def replay(
    park: Park,
    start: Annotated[str, typer.Option(help="First day, 2026-06-01.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days.")] = 30,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="physical, expected, quantile, scenarios, hourly, guarded, persistence, rule; may be repeated."
        ),
    ] = None,
    step: Annotated[int, typer.Option(help="Length of a step in minutes: 60, 30 or 15.")] = 60,
    weather: Annotated[str, typer.Option(help="Source of the forecasts, in place of the park's.")] = "",
    weather_map: Annotated[Path | None, typer.Option(help="YAML that says what the columns of that CSV mean.")] = None,
    actual: Annotated[str, typer.Option(help="Source of the weather that came, where the park's is a file.")] = "",
    level: Annotated[float, typer.Option(help="Quantile that counts as cautious for wind and sun.")] = 0.3,
    draws: Annotated[int, typer.Option(min=1, help="Scenarios that are drawn.")] = 200,
    keep: Annotated[int, typer.Option(min=1, max=50, help="Scenarios that are kept.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    learn: Annotated[
        str, typer.Option(help="Correct forecasts by analogs, sklearn or lightgbm (boosting).")
    ] = "analogs",
    risk: Annotated[float, typer.Option(min=0, max=1, help="Weight of the dearest tenth of futures.")] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Folder for table, days and figure; must not exist yet.")] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Run past days as they would have gone: cost and carbon of each strategy against perfect foresight."""
    from parkopt.clock import parse_date
    from parkopt.scenarios.strategies import NAMES
    from parkopt.services import replay as service
    from parkopt.services.writing import require_free
    from parkopt.solve.stochastic import Risk

    words = language(lang)
    names: Any = tuple(strategy) if strategy else NAMES
    learning: Any = learn
    asked = service.ReplayRequest(
        park=park, start=parse_date(start), days=days, strategies=names, step_min=step, weather=weather,
        weather_map=weather_mapping(weather_map), actual=actual, level=level, draws=draws, keep=keep, seed=seed,
        learn=learning, risk=Risk(weight=risk),
    )  # fmt: skip
    if out is not None:
        require_free(out)
    found = service.replay_park(asked, None if as_json else lambda line: typer.echo(line, err=True))
    files = service.write_replay(found, out, words) if out is not None else []
    if as_json:
        show({**service.as_data(found), "files": files})
        return
    _print_replay(found.rows, words)
    for note in (*found.notes, *files):
        typer.echo(note)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _print_replay(rows: list[dict[str, Any]], lang: Language) -> None:
    heads = {
        "en": ("strategy", "cost, yuan", "regret, yuan", "%", "carbon, t", "curtailed, MWh", "seconds"),
        "zh": ("策略", "成本，元", "遗憾值，元", "%", "碳排放，吨", "弃电，MWh", "秒"),
    }[lang]
    typer.echo("{:<13}{:>16}{:>14}{:>8}{:>12}{:>16}{:>9}".format(*heads))
    for row in rows:
        typer.echo(
            f"{row['strategy']:<13}{row['cost_yuan']:>16,.0f}{row['regret_yuan']:>14,.0f}{_percent(row['regret_percent']):>8}"
            f"{row['carbon_t']:>12,.1f}{row['curtailed_mwh']:>16,.1f}{row['seconds']:>9.1f}"
        )
    for row in rows:
        typer.echo(f"  {row['strategy']}: {row[f'meaning_{lang}']}")
    sys.stdout.flush()
