"""The command line: one short function a verb; the work is in `parkopt.services`.

Exit codes: 0 done; 1 a fault of parkopt itself; 2 a wrong command line; 3 wrong input;
4 infeasible; 5 no usable solution; 6 a proof that does not hold; 7 store or service.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from parkopt import cli_answers, cli_forecast, cli_keys, cli_meters, cli_outlook, cli_score, cli_settle
from parkopt.cli_common import Json, Lang, language, show
from parkopt.errors import ParkoptError
from parkopt.settings import settings

app = typer.Typer(
    help="Schedules, carbon factors and green-power evidence for zero-carbon parks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
parks = typer.Typer(help="Park files: list, show, check, start a new one.", no_args_is_help=True)
app.add_typer(parks, name="park")
cli_answers.register(app)
cli_forecast.register(app)
cli_outlook.register(cli_forecast.forecasts)
cli_score.register(cli_forecast.forecasts)
cli_settle.register(app)
app.add_typer(cli_meters.meters, name="meters")
app.add_typer(cli_keys.keys, name="keys")


@app.command()
def day(
    park: Annotated[str, typer.Argument(help="Id of a park, or path of a park file.")] = "",
    park_option: Annotated[str, typer.Option("--park", help="The same as the argument.")] = "",
    date: Annotated[str, typer.Option(help="Day of the schedule, 2026-07-15; tomorrow where absent.")] = "",
    step: Annotated[int, typer.Option(help="Length of a step in minutes: 60, 30 or 15.")] = 60,
    days: Annotated[int, typer.Option(min=1, max=31, help="Number of days in one schedule.")] = 1,
    goal: Annotated[str, typer.Option(help="cost, carbon or weighted.")] = "cost",
    carbon_price: Annotated[str, typer.Option(help="Price of carbon for `weighted`, such as '97.5 yuan/t'.")] = "",
    weather: Annotated[str, typer.Option(help="embedded, open_meteo, or a weather file, in place of the park's.")] = "",
    weather_map: Annotated[Path | None, typer.Option(help="YAML that says what the columns of a CSV mean.")] = None,
    weather_basis: Annotated[str, typer.Option(help="Of embedded and open_meteo: forecast or actual.")] = "forecast",
    on: Annotated[
        str, typer.Option(help="Plan on: chain, median, P40 (any quantile) or scenarios; median with a history.")
    ] = "",
    load: Annotated[list[str] | None, typer.Option(help="LOAD=FILE: a measured series for a load.")] = None,
    load_map: Annotated[Path | None, typer.Option(help="YAML that says what the columns of that file mean.")] = None,
    load_annual: Annotated[
        list[str] | None, typer.Option(help="LOAD=ENERGY: scale the measured series to '420 GWh/yr'.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="state.json of the day before.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; must not exist yet.")] = None,
    time_limit: Annotated[float, typer.Option(min=0.001, help="Seconds for the solver.")] = 60.0,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Plan a day: schedule, bill, carbon, green shares, records."""
    from parkopt import cli_day, cli_print

    words = language(lang)
    request = cli_day.request_of(
        park=cli_day.one_park(park, park_option),
        date=date,
        step=step,
        days=days,
        goal=goal,
        carbon_price=carbon_price,
        weather=weather,
        weather_map=weather_map,
        weather_basis=weather_basis,
        loads=load or [],
        load_map=load_map,
        load_annual=load_annual or [],
        state=state,
        time_limit=time_limit,
        on=on,
    )
    planned = cli_day.plan(request, settings(), words, out, quiet=as_json)
    if as_json:
        show(cli_print.as_data(planned))
    else:
        cli_print.print_day(planned, words)


@app.command()
def intraday(
    running: Annotated[str, typer.Argument(help="Id of the schedule that runs, or of a park: its newest one.")],
    at: Annotated[str, typer.Option(help="From this time on: 14:00 of its first day, or 2026-07-15T14:00+08:00.")],
    keep: Annotated[float, typer.Option(min=0, help="Hours in which flows stay as they were planned.")] = 0.0,
    level: Annotated[list[str] | None, typer.Option(help="STORAGE=ENERGY: what its meter says, ess='55 MWh'.")] = None,
    park_file: Annotated[str, typer.Option(help="Path of the park file, where the park is not found by id.")] = "",
    goal: Annotated[str, typer.Option(help="cost, carbon or weighted.")] = "cost",
    carbon_price: Annotated[str, typer.Option(help="Price of carbon for `weighted`, such as '97.5 yuan/t'.")] = "",
    weather: Annotated[str, typer.Option(help="embedded, open_meteo, or a weather file, in place of the park's.")] = "",
    weather_map: Annotated[Path | None, typer.Option(help="YAML that says what the columns of a CSV mean.")] = None,
    weather_basis: Annotated[str, typer.Option(help="Of embedded and open_meteo: forecast or actual.")] = "forecast",
    load: Annotated[list[str] | None, typer.Option(help="LOAD=FILE: a measured series for a load.")] = None,
    load_map: Annotated[Path | None, typer.Option(help="YAML that says what the columns of that file mean.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; must not exist yet.")] = None,
    time_limit: Annotated[float, typer.Option(min=0.001, help="Seconds for the solver.")] = 60.0,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Plan the rest of a running day anew, from its present state, with committed hours kept."""
    from parkopt import cli_day, cli_print

    words = language(lang)
    asked = cli_day.request_of(
        park=park_file or running,
        date="",
        step=60,
        days=1,
        goal=goal,
        carbon_price=carbon_price,
        weather=weather,
        weather_map=weather_map,
        weather_basis=weather_basis,
        loads=load or [],
        load_map=load_map,
        load_annual=[],
        state=None,
        time_limit=time_limit,
    )
    planned = cli_day.plan_again(running, at, keep, level or [], asked, settings(), words, out, park_file=park_file)
    if as_json:
        show(cli_print.as_data(planned))
    else:
        cli_print.print_day(planned, words)


@app.command()
def share(
    enterprise: Annotated[str, typer.Argument(help="Id of the enterprise.")],
    start: Annotated[str, typer.Option(help="From this time on, 2026-07-15T00:00+08:00.")],
    end: Annotated[str, typer.Option(help="Up to this time.")],
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show an enterprise's green share, step by step, from the schedules that were made."""
    from parkopt import cli_day, cli_print

    words = language(lang)
    found = cli_day.share_of(enterprise, start, end, settings())
    if as_json:
        show(found)
    else:
        cli_print.print_share(found, words)


@app.command()
def verify(
    path: Annotated[Path | None, typer.Argument(help="Evidence (zip or JSON), or the folder of a log.")] = None,
    park: Annotated[str, typer.Option(help="Check a park's settled log in the database in place of a file.")] = "",
    key: Annotated[str, typer.Option(help="The park's verifier key, got by another way.")] = "",
    older: Annotated[Path | None, typer.Option(help="An older checkpoint of the same log.")] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Check evidence offline: signature, proofs, completeness, sums. Exit code 6 where it fails."""
    from parkopt.cli_settle import report_of

    words = language(lang)
    report = report_of(path, park, key, older)
    if as_json:
        show(report.as_dict())
    else:
        typer.echo(report.text(words))
    if not report.ok:
        raise typer.Exit(6)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Run the HTTP service; its pages are at /docs."""
    import uvicorn

    from parkopt.api.app import create_app, require_safe

    config = settings()
    require_safe(host, config)
    uvicorn.run(create_app(config), host=host, port=port, log_level="info")


@parks.command("list")
def park_list(as_json: Json = False, lang: Lang = "") -> None:
    """List the parks that are found."""
    from parkopt.services.parks import list_parks

    words = language(lang)
    found = list_parks(words)
    if as_json:
        show(found)
        return
    for item in found:
        typer.echo(f"{item['id']:<12} {item['name'][words] if 'name' in item else item['error']['message']}")


@parks.command("show")
def park_show(park: Annotated[str, typer.Argument(help="Id or path.")]) -> None:
    """Print the whole park as JSON, quantities with units."""
    from parkopt.park.discover import find_park
    from parkopt.services.parks import describe_park

    show(describe_park(find_park(park)))


@parks.command("check")
def park_check(
    park: Annotated[str, typer.Argument(help="Id or path of the park file.")],
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Check a park file and its data files; every fault is shown with its line and remedy."""
    from parkopt.services.parks import check_park

    words = language(lang)
    file = check_park(park)
    if as_json:
        show({"ok": True, "park": file.park.id, "sha256": file.sha256})
    else:
        good = "is sound" if words == "en" else "没有发现错误"
        typer.echo(f"{file.path}: {file.park.id} {good} ({len(file.park.assets)} assets, sha256 {file.sha256[:16]})")


@parks.command("new")
def park_new(
    name: Annotated[str, typer.Argument(help="Id of the new park.")],
    folder: Annotated[Path, typer.Option(help="Folder in which the park's folder is made.")] = Path("parks"),
    like: Annotated[str, typer.Option(help="Park to start from.")] = "sheyang",
    as_json: Json = False,
) -> None:
    """Write a new park folder to start from; nothing is overwritten."""
    from parkopt.services.parks import new_park

    file = new_park(name, folder, like)
    if as_json:
        show({"path": str(file)})
    else:
        typer.echo(str(file))


@parks.command("schema")
def park_schema() -> None:
    """Print the JSON Schema of a park file, for an editor."""
    from parkopt.services.parks import schema

    show(schema())


def main() -> None:
    """Run the command line; a fault is one clear message and an exit code, never a traceback."""
    try:
        app()
    except ParkoptError as fault:
        _fail(fault)
    except Exception as error:
        if os.environ.get("PARKOPT_DEBUG"):
            raise
        _fail(ParkoptError(), f"{type(error).__name__}: {error}")


def _fail(fault: ParkoptError, detail: str = "") -> None:
    try:
        lang = settings().language
    except ParkoptError:
        lang = "en"
    for option, value in zip(sys.argv, sys.argv[1:], strict=False):
        if option == "--lang" and value in ("en", "zh"):
            lang = "en" if value == "en" else "zh"
    if "--json" in sys.argv:
        typer.echo(json.dumps(fault.as_dict(lang) | ({"detail": detail} if detail else {}), ensure_ascii=False))
    else:
        typer.echo(" ".join(part for part in (fault.text(lang), detail) if part), err=True)
    sys.exit(fault.exit_code)
