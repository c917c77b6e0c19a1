"""What all verbs of the command line share: options, the language to speak, printing JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parkopt.errors import Language
from parkopt.settings import settings

if TYPE_CHECKING:
    from parkopt.weather import CsvMapping

Json = Annotated[bool, typer.Option("--json", help="Print JSON in place of text.")]
Lang = Annotated[str, typer.Option("--lang", help="en or zh; PARKOPT_LANG or LANG decide where absent.")]


def language(lang: str = "") -> Language:
    """Return the language to speak: the option, else the settings."""
    from parkopt.faults import WrongOption

    if lang in ("en", "zh"):
        return "en" if lang == "en" else "zh"
    if lang:
        raise WrongOption(option="--lang", value=lang, allowed="en, zh")
    return settings().language


def weather_mapping(path: Path | None) -> CsvMapping | None:
    """Return what a YAML file says of the columns of a CSV weather file; None without one."""
    from parkopt.park.loader import load_part
    from parkopt.weather import CsvMapping

    if path is None:
        return None
    mapping: CsvMapping = load_part(path, CsvMapping)
    return mapping


def clean(text: object) -> str:
    """Return text that moves no cursor and is no markup, whatever a file calls its columns."""
    from rich.markup import escape

    return escape("".join(one if one.isprintable() else "?" for one in str(text)))


def show(data: Any) -> None:
    """Print data as JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
