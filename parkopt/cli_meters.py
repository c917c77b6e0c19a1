"""The verbs of `parkopt meters`: check files, keep them, an empty file, synthetic ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show
from parkopt.errors import Language
from parkopt.settings import settings

if TYPE_CHECKING:
    from parkopt.metering.files import ReadOptions

meters = typer.Typer(help="Meter data: check files, keep them, an empty file, synthetic ones.", no_args_is_help=True)

Park = Annotated[str, typer.Argument(help="Id of a park, or path of a park file.")]
Files = Annotated[list[Path], typer.Argument(help="Meter files, CSV or JSON.")]
Zone = Annotated[str, typer.Option(help="Zone of times that state none, such as +08:00; else they are refused.")]
Digits = Annotated[
    int | None, typer.Option(min=1, max=12, help="Digits of counters before the point, where they roll.")
]
DigitsUnit = Annotated[str, typer.Option(help="Unit of those digits: kWh, MWh or Wh.")]
FAULTY = 3


def options_of(zone: str, digits: int | None, unit: str) -> ReadOptions:
    """Return what the command line says about the files."""
    from parkopt.clock import fixed_zone
    from parkopt.faults import WrongOption
    from parkopt.metering.files import ReadOptions
    from parkopt.metering.words import WH

    if unit not in WH:
        raise WrongOption(option="--counter-unit", value=unit, allowed=", ".join(WH))
    return ReadOptions(fixed_zone(zone) if zone else None, digits, unit)


@meters.command("check")
def check(
    park: Park,
    files: Files,
    zone: Zone = "",
    counter_digits: Digits = None,
    counter_unit: DigitsUnit = "kWh",
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Say all that is wrong with meter files; nothing is kept. Exit code 3 where one has a fault."""
    from parkopt.park.discover import find_park
    from parkopt.services.meters import park_of, read_paths

    words = language(lang)
    found = read_paths(park_of(find_park(park)), files, options_of(zone, counter_digits, counter_unit))
    if as_json:
        show([one.as_dict(words) for one in found])
    else:
        for one in found:
            _print_file(one.as_dict(words), words)
    if any(one.faults for one in found):
        raise typer.Exit(FAULTY)


@meters.command("add")
def add(
    park: Park,
    files: Files,
    zone: Zone = "",
    counter_digits: Digits = None,
    counter_unit: DigitsUnit = "kWh",
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Keep meter files, all of them or none; a correction has a higher revision."""
    from parkopt.park.discover import find_park
    from parkopt.services import meters as service

    words = language(lang)
    own = service.park_of(find_park(park))
    read = service.read_paths(own, files, options_of(zone, counter_digits, counter_unit))
    told = service.in_words(service.add(own, read, settings()), words)
    if as_json:
        show(told)
        return
    for one in told:
        _print_file(one, words)


@meters.command("template")
def template(park: Park, as_json: Json = False, lang: Lang = "") -> None:
    """Print an empty meter file: one row for each register that the park's settlement needs."""
    from parkopt.metering.channels import channels
    from parkopt.metering.sample import template as empty
    from parkopt.park.discover import find_park
    from parkopt.services.meters import park_of

    words = language(lang)
    own = park_of(find_park(park))
    if as_json:
        show([vars(channel) for channel in channels(own)])
    else:
        typer.echo(empty(own, words), nl=False)


@meters.command("sample")
def sample(
    park: Park,
    month: Annotated[str, typer.Option(help="Month to make, 2026-07.")] = "",
    day: Annotated[str, typer.Option(help="One day in place of a month.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the files; nothing in it is overwritten.")] = Path("meters"),
    noise: Annotated[int, typer.Option(min=0, max=10_000, help="Largest error of a reading in Wh.")] = 50,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Make synthetic meter files from planned days, by the weather that came; each row says that it is synthetic."""
    from parkopt.park.discover import find_park
    from parkopt.services import meters as service
    from parkopt.services.writing import write_files

    words = language(lang)
    first, days = service.days_of(month, day)
    paths = write_files(service.sample(find_park(park), first, days, noise=noise), out)
    if as_json:
        show({"synthetic": True, "files": [str(path) for path in paths]})
        return
    typer.echo("Synthetic meter data, no measurement:" if words == "en" else "合成计量数据，非实测：")
    for path in paths:
        typer.echo(str(path))


def _print_file(told: dict[str, Any], lang: Language) -> None:
    """Print what was found in a file or became of it."""
    counts = f"{told['readings']} readings" if lang == "en" else f"{told['readings']} 条读数"
    if "added" in told:
        counts += f", {told['added']} added" if lang == "en" else f"，新增 {told['added']} 条"
    typer.echo(f"{told['file']}: {counts}")
    for name, en, zh in (("faults", "fault", "错误"), ("notices", "notice", "提示")):
        for one in told.get(name, ()):
            typer.echo(
                f"  {en if lang == 'en' else zh} {_place(one, lang)}[{one['code']}] {one['message']} {one['remedy']}"
            )


def _place(one: dict[str, Any], lang: Language) -> str:
    row = one.get("row")
    parts = [one.get("field", ""), "" if row is None else (f"row {row}" if lang == "en" else f"第 {row} 行")]
    text = (", " if lang == "en" else "，").join(part for part in parts if part)
    return f"{text}: " if text else ""
