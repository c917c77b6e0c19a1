"""What the verbs `day` and `share` read from the command line and print."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from rich.console import Console

from parkopt.cli_common import weather_mapping
from parkopt.clock import CHINA, fixed_zone, parse_date
from parkopt.errors import Language, Where, raise_all
from parkopt.faults import BrokenFile, MissingFile, MissingKey, NaiveTime, WrongDate, WrongOption
from parkopt.intake import DayRequest, MeasuredLoad
from parkopt.models import GOALS, Objective
from parkopt.park.faulty import faults_of
from parkopt.park.loader import load_part
from parkopt.park.series import SeriesSpec
from parkopt.park.state import ParkState
from parkopt.services.answers import made_again
from parkopt.services.day import Planned, plan_day
from parkopt.services.replan import replan, running
from parkopt.services.schedules import dataset_of, stored_schedule
from parkopt.services.shares import green_share
from parkopt.settings import Settings
from parkopt.solve import Limits, Solution
from parkopt.units import Quantity

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
    on: str = "",
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
        weather_map=weather_mapping(weather_map),
        weather_basis=_basis(weather_basis),
        on=on,
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


def plan_again(
    named: str,
    at: str,
    keep_h: float,
    levels: list[str],
    asked: DayRequest,
    config: Settings,
    lang: Language,
    out: Path | None,
    *,
    park_file: str,
) -> Planned:
    """Plan the rest of the running day that is named, from the time that the command line says."""
    measured = {name: Quantity("MWh").number(text) for name, text in _pairs(levels, "--level", "ess='55 MWh'").items()}
    moment = _moment(at, "--at") if "T" in at else _clock(at, datetime.now(fixed_zone(CHINA)).date())
    schedule = running(named, moment, config)
    if "T" not in at and str(schedule.attrs["run"]) == named:
        moment = _clock(at, parse_date(str(schedule.attrs["date"])))
    day = replace(asked, park=park_file or str(schedule.attrs["park"]))
    return replan(schedule, day, moment, config, lang, out, keep=timedelta(hours=keep_h), levels_mwh=measured)


def again_of(
    run: str,
    park_file: str,
    weather: str,
    weather_map: Path | None,
    loads: list[str],
    load_map: Path | None,
    config: Settings,
) -> Solution:
    """Make a kept schedule again, with the files that it was made with."""
    schedule = dataset_of(stored_schedule(run, config))
    attrs = schedule.attrs
    price = f"{attrs['carbon_price_yuan_per_t']} yuan/t" if attrs["goal"] == "weighted" else ""
    asked = request_of(
        park=park_file or str(attrs["park"]),
        date=str(attrs["date"]),
        step=int(attrs["step_min"]),
        days=int(attrs["days"]),
        goal=str(attrs["goal"]),
        carbon_price=price,
        weather=weather,
        weather_map=weather_map,
        weather_basis="actual" if attrs["weather_basis"] == "actual" else "forecast",
        loads=loads,
        load_map=load_map,
        load_annual=[],
        state=None,
        time_limit=60.0,
    )
    return made_again(schedule, asked)


def share_of(enterprise: str, start: str, end: str, config: Settings) -> dict[str, Any]:
    """Return an enterprise's green share between two times of the command line."""
    return green_share(enterprise, _moment(start, "--start"), _moment(end, "--end"), config)


def _clock(text: str, day: date) -> datetime:
    """Return a time of the day in China; a day's schedule is named by run, a park's by today."""
    try:
        return datetime.combine(day, time.fromisoformat(text), fixed_zone(CHINA))
    except ValueError as error:
        raise WrongDate(Where(field="--at"), value=text) from error


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongDate(Where(field=option), value=text) from error
    if moment.tzinfo is None:
        raise NaiveTime(Where(field=option), value=text)
    return moment
