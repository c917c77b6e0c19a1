"""The verbs of the settled ledgers: `settle`, `close`, `evidence`, `statement`, `accounts`, `gc` for certificates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show
from parkopt.errors import Language
from parkopt.settings import settings

if TYPE_CHECKING:
    from parkopt.ledger import Report

Park = Annotated[str, typer.Argument(help="Id of a park.")]
Month = Annotated[str, typer.Option(help="Month, 2026-07.")]
Day = Annotated[str, typer.Option(help="One local day, 2026-07-15, in place of a month.")]
certificates = typer.Typer(help="Granular certificates: list them, and every step of their life.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (settle, close, evidence, statement, accounts, footprint):
        app.command()(verb)
    app.add_typer(certificates, name="gc")


def settle(
    park: Park,
    month: Month = "",
    day: Day = "",
    estimate: Annotated[bool, typer.Option("--estimate", help="Fill gaps of up to 4 hours; marked estimated.")] = False,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Turn the meter data of a month into certificates, claims and signed records; days done before are left alone."""
    from parkopt.services import settle as service

    words = language(lang)
    first, last = service.span_of(month, day)
    told: list[dict[str, Any]] = []
    try:
        with typer.progressbar(length=(last - first).days + 1, hidden=as_json or not sys.stderr.isatty()) as bar:
            for one in service.settle(park, first, last, settings(), estimate=estimate):
                told.append(one)
                bar.update(1)
    finally:  # a fault of one day leaves the days before it settled
        if told and not as_json:
            _print_days(told, words)
    if as_json:
        show(told)


def _print_days(told: list[dict[str, Any]], lang: Language) -> None:
    head = ("day", "rev", "MWh", "green %", "kg/MWh", "unaccounted %", "records")
    heads = {"en": head, "zh": ("日期", "修订", "MWh", "绿电 %", "kg/MWh", "未计量 %", "记录")}[lang]
    typer.echo("{:<12}{:>5}{:>12}{:>9}{:>9}{:>15}{:>9}".format(*heads))
    for one in told:
        mwh, green = one["consumption_wh"] / 1e6, one["claimed_wh"] / max(one["consumption_wh"], 1)
        factor = one["factor_kg_per_mwh"]
        gap = one["unaccounted_wh"] / max(one["consumption_wh"], 1)
        line = f"{one['day']:<12}{one['revision']:>5}{mwh:>12,.1f}{green:>9.1%}{factor:>9.1f}{gap:>15.2%}"
        kept = {"en": "kept", "zh": "未变"}[lang]
        typer.echo(line + f"{kept if one['repeated'] else one['records']:>9}")
        for alarm in one["alarms"]:
            typer.echo(f"  ! {alarm[lang]}")


def close(park: Park, month: Month, as_json: Json = False, lang: Lang = "") -> None:
    """Close a month: its totals are logged, and only corrections may follow."""
    from parkopt.services import settle as service

    words = language(lang)
    told = service.close_month(park, month, settings())
    if as_json:
        show(told)
        return
    said = {"en": "closed at record", "zh": "已关账，记录号"}[words]
    typer.echo(f"{park} {month}: {said} {told['log_index']}")


def evidence(
    park: Park,
    enterprise: Annotated[str, typer.Argument(help="Id of the enterprise, or `auditor` for all records.")],
    month: Month = "",
    day: Day = "",
    out: Annotated[Path | None, typer.Option(help="File to write; must not exist yet.")] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Write the evidence of settled days as one file; `parkopt verify` checks it offline."""
    from parkopt.services import bundles
    from parkopt.services import settle as service

    words = language(lang)
    first, last = service.span_of(month, day)
    told = bundles.write_bundle(park, enterprise, first, last, settings(), out)
    if as_json:
        show(told)
        return
    typer.echo(f"{told['path']}\n  sha256 {told['sha256']}\n  vkey   {told['vkey']}")
    said = {"en": "Check it anywhere with", "zh": "可在任何机器上核验"}[words]
    typer.echo(f"{said}: parkopt verify {told['path']} --key '{told['vkey']}'")


def statement(
    park: Park,
    enterprise: Annotated[str, typer.Argument(help="Id of the enterprise.")],
    month: Month = "",
    day: Day = "",
    out: Annotated[Path | None, typer.Option(help="HTML file to write; must not exist yet.")] = None,
    lang: Lang = "",
) -> None:
    """Write an enterprise's statement of a month as one printable page."""
    from parkopt.services import settle as service
    from parkopt.services import statements

    words = language(lang)
    first, last = service.span_of(month, day)
    typer.echo(str(statements.write_statement(park, enterprise, first, last, settings(), words, out)))


def accounts(
    park: Park,
    enterprise: Annotated[str, typer.Argument(help="Id of the enterprise; the whole park where absent.")] = "",
    month: Month = "",
    day: Day = "",
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Show all accounts of settled days side by side, each with its factor, year, region and source."""
    from parkopt.services import accounts as service
    from parkopt.services import settle as settling

    words = language(lang)
    first, last = settling.span_of(month, day)
    told = service.accounts_of(park, enterprise, first, last, settings())
    if as_json:
        show(told)
        return
    for one in told["accounts"]:
        typer.echo(f"{one['title'][words]}: {one['shown'][words]}")
        typer.echo(f"    {one['basis'][words]}")


def footprint(
    park: Park,
    enterprise: Annotated[str, typer.Argument(help="Id of the enterprise.")],
    use: Annotated[Path, typer.Argument(help="CSV: column start, then one for each process, kWh by hour.")],
    product: Annotated[str, typer.Option(help="Name of the product.")],
    quantity: Annotated[str, typer.Option(help="How much was made.")],
    unit: Annotated[str, typer.Option(help="What the quantity counts, such as 'kWh of cells'.")],
    month: Month = "",
    day: Day = "",
    installation: Annotated[str, typer.Option(help="Where it was made.")] = "",
    form: Annotated[str, typer.Option(help="battery or cbam.")] = "battery",
    lang: Lang = "",
) -> None:
    """Write a product's electricity footprint by process and source as JSON, for a battery passport or CBAM."""
    from parkopt.faults import WrongOption
    from parkopt.services import footprints
    from parkopt.services import settle as service

    words = language(lang)
    if form not in footprints.FORMS:
        raise WrongOption(option="--form", value=form, allowed=", ".join(footprints.FORMS))
    first, last = service.span_of(month, day)
    made = footprints.Made(product, footprints.quantity_of(quantity), unit, installation or f"{park}/{enterprise}")
    chosen: footprints.Form = "cbam" if form == "cbam" else "battery"
    show(footprints.footprint_of((park, enterprise), (first, last), made, use, settings(), chosen, words))


def report_of(path: Path | None, park: str, key: str, older: Path | None) -> Report:
    """Return the check of a file or folder, or of a park's settled log in the database."""
    from parkopt.cli_day import read_text
    from parkopt.ledger import verify_path
    from parkopt.services.database import verify_database
    from parkopt.services.keys import settled_vkey

    if (path is None) == (not park):
        raise typer.BadParameter("give a file or folder, or --park")
    note = read_text(older) if older else None
    if path is not None:
        return verify_path(path, key or None, note)
    config = settings()
    return verify_database(config.store_url, park, key or None, settled_vkey(config, park), note)


Bundle = Annotated[int, typer.Argument(help="Id of a bundle, as `gc list` shows it.")]


@certificates.command("list")
def gc_list(
    park: Park,
    device: Annotated[str, typer.Option(help="Of this device or storage.")] = "",
    party: Annotated[str, typer.Option(help="Of this account or beneficiary.")] = "",
    status: Annotated[str, typer.Option(help="In this state, such as active or claimed.")] = "",
    start: Annotated[str, typer.Option(help="From this hour on, UTC, 2026-07-01T03:00:00Z.")] = "",
    end: Annotated[str, typer.Option(help="Up to this hour.")] = "",
    after: Annotated[int, typer.Option(help="Bundles with a higher id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """List certificate bundles, page by page."""
    from parkopt.services import certificates as service

    language(lang)
    wanted = {"device": device, "party": party, "status": status, "start": start, "end": end}
    found = service.listed(park, settings(), **wanted, after=after, limit=limit)
    if as_json:
        show(found)
        return
    for one in found:
        typer.echo(
            f"{one['id']:>8} {one['device_id']:<14} {one['production_starting_interval']} "
            f"{one['bundle_quantity']:>12,} Wh {one['status']:<22} {one['beneficiary'] or one['account_id']}"
        )


@certificates.command("show")
def gc_show(park: Park, bundle: Bundle) -> None:
    """Show a bundle and its history as JSON."""
    from parkopt.services import certificates as service

    show(service.told_of(park, bundle, settings()))


@certificates.command("summary")
def gc_summary(park: Park) -> None:
    """Show the Wh by state, and invariants that do not hold (none)."""
    from parkopt.services import certificates as service

    show(service.summed(park, settings()))


@certificates.command("do")
def gc_do(
    park: Park,
    action: Annotated[str, typer.Argument(help="split, transfer, reserve, lock, cancel, claim, withdraw, expire, ...")],
    bundle: Annotated[int | None, typer.Option(help="Id of the bundle.")] = None,
    wh: Annotated[int | None, typer.Option(min=1, help="How many certificates of it; all where absent.")] = None,
    to: Annotated[str, typer.Option(help="Account, beneficiary or party that it is for.")] = "",
    gec: Annotated[str, typer.Option(help="Number of a GEC, with --device, --start, --end.")] = "",
    device: Annotated[str, typer.Option(help="Device of a range that is linked to a GEC.")] = "",
    start: Annotated[int | None, typer.Option(help="First certificate of that range.")] = None,
    end: Annotated[int | None, typer.Option(help="Last certificate of that range.")] = None,
    sold: Annotated[bool, typer.Option("--sold", help="That GEC was sold: its energy is never claimed.")] = False,
    reason: Annotated[str, typer.Option(help="Why, in words.")] = "",
    key: Annotated[str, typer.Option(help="Request key: the same request again does nothing twice.")] = "",
) -> None:
    """Take one step of certificates' life; it is logged, and answered as JSON."""
    from parkopt.services import certificates as service

    told = {
        "bundle": bundle, "wh": wh, "account": to, "beneficiary": to, "party": to, "gec": gec, "device": device,
        "start": start, "end": end, "sold": sold, "reason": reason,
    }  # fmt: skip
    show(service.act(park, action, told, settings(), actor="cli", key=key))
