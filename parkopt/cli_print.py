"""What the verbs `day` and `share` print."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parkopt.clock import CHINA, fixed_zone
from parkopt.errors import Language
from parkopt.results.files import local_times
from parkopt.results.page import weather_words
from parkopt.results.summary import NOT_CASH, role_mw
from parkopt.results.words import say
from parkopt.services.day import Planned


def as_data(planned: Planned) -> dict[str, Any]:
    """Return what `--json` prints of a day."""
    attrs = planned.schedule.attrs
    return {
        "run": planned.run,
        "park": attrs["park"],
        "date": attrs["date"],
        "status": attrs["status"],
        "gap": attrs["gap"],
        "checks_passed": int(attrs["checks_passed"]),
        "solve_seconds": planned.result.scheduled.solved.solution.seconds,
        "synthetic": attrs.get("synthetic_en", ""),
        "weather": {key: attrs[f"weather_{key}"] for key in ("source", "basis", "notes")},
        "summary": planned.summary,
        "files": sorted(str(path) for path in planned.folder.rglob("*") if path.is_file()),
    }


def print_day(planned: Planned, lang: Language) -> None:
    """Print the schedule by hour, the bill, the carbon, the shares and where the files are."""
    console = Console()
    schedule, figures = planned.schedule, planned.summary
    park = planned.result.loaded.park
    name = escape(getattr(park.name, lang))
    console.print(f"[bold]{name}[/bold]  {schedule.attrs['date']}  ({say('tomorrow', lang)})")
    console.print(_hours(schedule, lang))
    console.print(_bill(figures, lang))
    console.print(_enterprises(figures, lang))
    console.print(
        f"{say('carbon', lang)} {figures['carbon_t']:,.1f} t CO2, {say('factor', lang)} "
        f"{figures['park_factor_kg_per_mwh']:.1f} kg/MWh, {say('green', lang)} {figures['green_share']:.1%}, "
        f"{say('self_use', lang)} {figures['self_use_of_available']:.1%}"
    )
    if year := figures["year_to_date"]:
        said = ", ".join(f"{say(f'year_{key}', lang)} {value:.1%}" for key, value in year.items())
        console.print(f"{say('year_to_date', lang)}: {said}")
    attrs = schedule.attrs
    proof = f"{say('gap', lang)} {attrs['gap']:.4%}, {attrs['checks_passed']} {say('checks', lang)}"
    console.print(f"{say('solved', lang)}: {say(attrs['status'], lang)}, {attrs['solver']}, {proof}")
    if attrs["weather_synthetic"] or attrs["weather_notes"]:
        console.print(f"[yellow]{escape(weather_words(schedule, lang))}[/yellow]")
    if park.synthetic:
        console.print(f"[yellow]{say('synthetic', lang)}: {escape(getattr(park.synthetic, lang))}[/yellow]")
    console.print(f"[dim]{say('forecast_only', lang)}[/dim]")
    console.print(f"{say('files', lang)}: {escape(str(planned.folder))}", soft_wrap=True)


HEADS = {
    "": "",
    "local": "MW",
    "import": "MW",
    "export": "MW",
    "charge_short": "MW",
    "stored": "MWh",
    "demand": "MW",
    "price_short": "yuan/MWh",
    "green_short": "%",
}
"""Columns of the printed schedule: word and unit."""


def _hours(schedule: xr.Dataset, lang: Language) -> Table:
    """Return the schedule hour by hour (finer steps are averaged)."""
    table = Table(title=say("title", lang), title_justify="left", box=SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for key, unit in HEADS.items():
        table.add_column(f"{say(key, lang) if key else ''}\n{say(unit, lang)}", justify="right")
    per_hour = 60 // int(schedule.attrs["step_min"])
    hours = float(schedule.attrs["step_min"]) / 60
    series = [
        role_mw(schedule, "local"),
        schedule["import_mw"].to_numpy(),
        schedule["export_mw"].to_numpy(),
        role_mw(schedule, "charge") - role_mw(schedule, "stored"),
        schedule["park_consumption_wh"].to_numpy() / 1e6 / hours,
        schedule["energy_price_yuan_per_mwh"].to_numpy(),
    ]
    stored = _total(schedule, "soc_mwh")
    green, consumed = schedule["green_wh"].sum("enterprise").to_numpy(), schedule["park_consumption_wh"].to_numpy()
    for hour, stamp in enumerate(local_times(schedule)[::per_hour]):
        part = slice(hour * per_hour, (hour + 1) * per_hour)
        means = [f"{np.mean(values[part]):,.1f}" for values in series]
        share = 100 * green[part].sum() / max(consumed[part].sum(), 1)
        start = stamp[11:16] if schedule.attrs["days"] == 1 else f"{stamp[5:10]} {stamp[11:16]}"
        table.add_row(start, *means[:4], f"{stored[part][-1]:,.1f}", *means[4:], f"{share:.0f}")
    return table


def _total(schedule: xr.Dataset, name: str) -> np.ndarray:
    if name not in schedule:
        return np.zeros(schedule.sizes["time"])
    return np.asarray(schedule[name].sum("asset", skipna=True).to_numpy())


def _bill(figures: dict[str, Any], lang: Language) -> Table:
    table = Table(title=say("bill", lang), title_justify="left")
    table.add_column(say("line", lang))
    table.add_column(say("yuan", lang), justify="right")
    for line, yuan in figures["bill_yuan"].items():
        note = f" ({say('not_paid', lang)})" if line in NOT_CASH else ""
        table.add_row(say(line, lang) + note, f"{yuan:,.2f}")
    table.add_section()
    table.add_row(say("total", lang), f"{figures['cost_yuan']:,.2f}")
    return table


def _enterprises(figures: dict[str, Any], lang: Language) -> Table:
    table = Table(title=say("enterprise", lang), title_justify="left")
    for head in ("enterprise", "consumption", "green", "carbon"):
        unit = {"consumption": " MWh", "carbon": " t CO2"}.get(head, "")
        table.add_column(say(head, lang) + unit, justify="left" if head == "enterprise" else "right")
    for name, own in figures["enterprises"].items():
        mwh, share, tonnes = f"{own['consumption_mwh']:,.1f}", f"{own['green_share']:.1%}", f"{own['carbon_t']:,.2f}"
        table.add_row(escape(name), mwh, share, tonnes)
    return table


def print_share(found: dict[str, Any], lang: Language) -> None:
    """Print an enterprise's share, step by step."""
    console = Console()
    title = f"{escape(found['enterprise'])}: {say('green', lang)} {found['green_share']:.1%}"
    table = Table(title=title, title_justify="left")
    for head in (say("time", lang), f"{say('consumption', lang)} MWh", say("green", lang), f"{say('carbon', lang)} kg"):
        table.add_column(head, justify="right")
    zone = fixed_zone(CHINA)
    for step in found["steps"]:
        start = datetime.fromisoformat(step["start"]).astimezone(zone)
        mwh, kg = step["consumption_wh"] / 1e6, int(step["carbon_ug"]) / 1e9
        table.add_row(f"{start:%Y-%m-%d %H:%M}", f"{mwh:,.3f}", f"{step['green_share']:.1%}", f"{kg:,.1f}")
    console.print(table)
    console.print(f"[dim]{say('forecast_only', lang)}[/dim]")
