"""What the verbs `day` and `share` read from the command line and print."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parkopt.clock import CHINA, fixed_zone, parse_date
from parkopt.errors import Language, Where, raise_all
from parkopt.faults import BrokenFile, MissingFile, MissingKey, NaiveTime, WrongDate, WrongOption
from parkopt.models import GOALS, Objective
from parkopt.park.faulty import faults_of
from parkopt.park.loader import load_part
from parkopt.park.series import SeriesSpec
from parkopt.park.state import ParkState
from parkopt.results.files import local_times
from parkopt.results.page import weather_words
from parkopt.results.summary import NOT_CASH, role_mw
from parkopt.results.words import say
from parkopt.services.day import Planned, plan_day
from parkopt.services.shares import green_share
from parkopt.settings import Settings
from parkopt.solve import Limits
from parkopt.units import Quantity
from parkopt.weather import CsvMapping
from parkopt.workflow import DayRequest, MeasuredLoad

DEFAULT_COLUMN = {"column": "demand_mw", "unit": "MW"}
"""A load file without a mapping: columns `time` (ISO 8601 with offset) and `demand_mw`."""


def request_of(
    *,
    park: str,
    date: str,
    step: int,
    days: int,
    goal: str,
    carbon_price: str,
    weather: str,
    weather_map: Path | None,
    weather_basis: str,
    loads: list[str],
    load_map: Path | None,
    load_annual: list[str],
    state: Path | None,
    time_limit: float,
) -> DayRequest:
    """Return the request that the command line states."""
    if not park:
        raise MissingKey(Where(field="PARK"), key="PARK", example="parkopt day dafeng")
    return DayRequest(
        park=park,
        day=parse_date(date) if date else tomorrow(),
        step_min=step,
        days=days,
        objective=_objective(goal, carbon_price),
        weather=weather,
        weather_map=load_part(weather_map, CsvMapping) if weather_map else None,
        weather_basis=_basis(weather_basis),
        loads=_loads(loads, load_map, load_annual),
        state=read_state(state) if state else ParkState(),
        limits=Limits(seconds=time_limit),
    )


def one_park(argument: str, option: str) -> str:
    """Return the park that is named by argument or option, where they do not name two."""
    if argument and option and argument != option:
        raise WrongOption(option="--park", value=option, allowed=f"{argument}, as the argument says, or leave one out")
    return argument or option


def tomorrow() -> date:
    """Return tomorrow's date in China."""
    return (datetime.now(fixed_zone(CHINA)) + timedelta(days=1)).date()


def _objective(goal: str, carbon_price: str) -> Objective:
    if (goal == "weighted") != bool(carbon_price):
        allowed = "a price such as '97.5 yuan/t' with --goal weighted, and only there"
        raise WrongOption(option="--carbon-price", value=carbon_price, allowed=allowed)
    for known in GOALS:
        if goal == known:
            return Objective(known, Quantity("yuan/t").number(carbon_price) if carbon_price else 0.0)
    raise WrongOption(option="--goal", value=goal, allowed=", ".join(GOALS))


def _basis(text: str) -> Literal["forecast", "actual"]:
    if text == "forecast":
        return "forecast"
    if text == "actual":
        return "actual"
    raise WrongOption(option="--weather-basis", value=text, allowed="forecast, actual")


def _loads(loads: list[str], mapping: Path | None, annual: list[str]) -> dict[str, MeasuredLoad]:
    """Return the measured loads that the options name: as measured, or scaled to a year's energy."""
    files, years = _pairs(loads, "--load", "steel=load.csv"), _pairs(annual, "--load-annual", "steel='420 GWh/yr'")
    if mapping is not None and not files:
        raise WrongOption(option="--load-map", value=str(mapping), allowed="only beside --load")
    if alone := sorted(set(years) - set(files)):
        raise WrongOption(option="--load-annual", value=alone[0], allowed="only for a load that --load names")
    energy = {name: Quantity("MWh/year").number(text) for name, text in years.items()}
    return {name: MeasuredLoad(_spec(file, mapping), Path(), energy.get(name)) for name, file in files.items()}


def _pairs(texts: list[str], option: str, example: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value or name in pairs:
            raise WrongOption(option=option, value=text, allowed=f"LOAD=..., once a load, such as {example}")
        pairs[name] = value
    return pairs


def _spec(file: str, mapping: Path | None) -> SeriesSpec:
    if mapping is None:
        return SeriesSpec(file=file, **DEFAULT_COLUMN)
    spec: SeriesSpec = load_part(mapping, SeriesSpec, file=file)
    return spec


def read_state(path: Path) -> ParkState:
    """Return the state that a file holds; all its faults together."""
    try:
        return ParkState.model_validate_json(read_text(path))
    except ValidationError as error:
        raise_all(faults_of(error, ParkState, lambda loc, **_: Where(str(path), None, ".".join(map(str, loc))), ()))
        raise


def read_text(path: Path) -> str:
    """Return the text of a file, or raise `MissingFile` or `BrokenFile`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingFile(path=str(path)) from error
    except UnicodeDecodeError as error:
        raise BrokenFile(Where(str(path)), format="UTF-8", reason=f"byte {error.start} is not UTF-8") from error


def plan(request: DayRequest, config: Settings, lang: Language, out: Path | None, *, quiet: bool) -> Planned:
    """Plan the day, with a sign of life on a terminal."""
    console = Console(stderr=True)
    note = f"{request.park} {request.day} ..."
    with nullcontext() if quiet or not console.is_terminal else console.status(note):
        return plan_day(request, config, lang, out)


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


def share_of(enterprise: str, start: str, end: str, config: Settings) -> dict[str, Any]:
    """Return an enterprise's green share between two times of the command line."""
    return green_share(enterprise, _moment(start, "--start"), _moment(end, "--end"), config)


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongDate(Where(field=option), value=text) from error
    if moment.tzinfo is None:
        raise NaiveTime(Where(field=option), value=text)
    return moment


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
