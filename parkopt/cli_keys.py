"""The verbs for the signing key of a park's settled log: `keys show`, `rotate`, `revoke`, `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show
from parkopt.errors import Language
from parkopt.settings import settings

keys = typer.Typer(help="Signing key of a park's settled log: show, change, give up, export.", no_args_is_help=True)
Park = Annotated[str, typer.Argument(help="Id of a park.")]
_WORDS = {
    "vkey": ("verifier key", "验证公钥"),
    "size": ("records signed", "已签名记录数"),
    "retired": ("earlier keys", "已停用的密钥"),
    "tell": (
        "Tell the new verifier key to all who hold the old one, by the way they got that one (docs/keys.md).",
        "请通过原来的渠道，把新的验证公钥告知所有持有旧公钥的人（见 docs/keys.md）。",
    ),
    "up_to": ("trusted up to record", "可信至记录"),
}


@keys.command("show")
def show_(park: Park, as_json: Json = False, lang: Lang = "") -> None:
    """Show the verifier key, earlier keys and how many records are signed."""
    from parkopt.services.keys import show_keys

    _tell(show_keys(settings(), park), language(lang), as_json=as_json)


@keys.command()
def rotate(
    park: Park,
    reason: Annotated[str, typer.Option(help="Why, in one line; stands in the log.")],
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Change the key: old and new key both sign that, and the log holds it."""
    from parkopt.services import keys as service

    words = language(lang)
    _tell(service.rotate(settings(), park, reason), words, as_json=as_json, changed=True)


@keys.command()
def revoke(
    park: Park,
    reason: Annotated[str, typer.Option(help="leaked or lost.")] = "leaked",
    checkpoint: Annotated[
        Path | None, typer.Option(help="Newest signed checkpoint that someone outside held before the leak.")
    ] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Give a leaked or lost key up: a new one signs from now on."""
    from parkopt.services import keys as service

    words = language(lang)
    _tell(service.revoke(settings(), park, reason, checkpoint), words, as_json=as_json, changed=True)


@keys.command()
def export(
    park: Park,
    out: Annotated[Path | None, typer.Option(help="File for it; printed where absent. Must not exist yet.")] = None,
    lang: Lang = "",
) -> None:
    """Give out what is public: verifier key, earlier keys, changes of key, newest signed checkpoint."""
    from parkopt.services import keys as service

    language(lang)
    if out is None:
        show(service.show_keys(settings(), park))
    else:
        service.export_keys(settings(), park, out)


def _tell(found: dict[str, Any], lang: Language, *, as_json: bool, changed: bool = False) -> None:
    if as_json:
        show(found)
        return
    word = {name: words[lang == "zh"] for name, words in _WORDS.items()}
    typer.echo(f"{word['vkey']}: {found['vkey']}")
    typer.echo(f"{word['size']}: {found['size']}")
    if found["retired"]:
        typer.echo(f"{word['retired']}:")
    for old in found["retired"]:
        trusted = f", {word['up_to']} {old['trusted_size']}" if "trusted_size" in old else ""
        typer.echo(f"  {old['vkey']}  {old['retired_at']}  {old['last_size']}  {old['reason']}{trusted}")
    if changed:
        typer.echo(word["tell"])
