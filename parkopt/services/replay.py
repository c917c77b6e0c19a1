"""Replay a park's days: schedules made on forecasts, settled on what came, beside one that knew it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Language, Where
from parkopt.faults import MissingKey, OutOfRange, WrongOption
from parkopt.forecast.copula import LOAD_TAU_H, PV_TAU_H, WIND_TAU_H
from parkopt.forecast.correct import Correction
from parkopt.forecast.quantiles import LEVELS
from parkopt.intake import FIRST_YEAR, LAST_YEAR, DayRequest
from parkopt.models.build import Problem, modelled
from parkopt.models.renewable import Renewable
from parkopt.models.tech.load import Load
from parkopt.outlook import Outlook, outlook_of, what_came
from parkopt.results.figures_replay import replay_svg
from parkopt.scenarios.replay import Replay, Terms, replay
from parkopt.scenarios.strategies import MEANINGS, NAMES, Knows, Name, Uncertain
from parkopt.services.day import ONE_AT_A_TIME
from parkopt.services.writing import require_free, write_files
from parkopt.solve import Limits
from parkopt.solve.stochastic import Risk
from parkopt.stages import Context, Forecast
from parkopt.weather import CsvMapping
from parkopt.workflow import fetch_weather, forecast, load_park

Learn = Literal["analogs", "sklearn", "lightgbm"]
MOST_DAYS = 366
LARGEST_SEED = 2**22
"""Times a thousand, for the noise of each load, a seed is still one of numpy's."""
TAU_H = {"wind": WIND_TAU_H, "pv": PV_TAU_H, "load": LOAD_TAU_H}
"""How long a surprise lasts, by resource [h]; as in the copula of the scenarios."""
REFIT_DAYS = 31
"""Days after which a replay learns anew from what has come since."""


@dataclass(frozen=True)
class ReplayRequest:
    """What a planner asks of a replay."""

    park: str
    """Id or path."""
    start: date
    """First day."""
    days: int
    """How many."""
    strategies: tuple[Name, ...] = NAMES
    """Which strategies, beside perfect foresight."""
    step_min: int = 60
    """60, 30 or 15."""
    weather: str = ""
    """Source of the forecasts, in place of the park file's."""
    weather_map: CsvMapping | None = None
    """Meaning of the columns of a CSV file of forecasts; it must say `basis: forecast`."""
    actual: str = ""
    """Source of the weather that came; of the embedded year where absent."""
    level: float = 0.3
    """Quantile that counts as cautious for wind and sun; loads take the opposite one."""
    draws: int = 200
    """Scenarios that are drawn."""
    keep: int = 10
    """Scenarios that are kept."""
    seed: int = 0
    """Of the draws and of the noise on loads."""
    learn: Learn = "analogs"
    """How forecasts are corrected: by analogs alone, which takes a moment, or by boosting of one of two libraries.
    Plants with a record of their own are always boosted."""
    load_noise: float = 0.04
    """Standard deviation of what synthetic loads do otherwise, as a share."""
    risk: Risk = field(default_factory=Risk)
    """How much bad futures count."""
    limits: Limits = field(default_factory=Limits)
    """Time and gap of each solve."""


def replay_park(request: ReplayRequest, tell: Callable[[str], None] | None = None) -> Replay:
    """Replay a park.

    Raises
    ------
    WrongOption
        For a span, a quantile or a strategy that cannot be.
    ParkoptError
        Of the first day that cannot be read or run.
    """
    _require(request)
    with ONE_AT_A_TIME:
        cases = _Cases(request)
        terms = Terms(request.strategies, request.limits, request.risk)
        found = replay(cases.park, request.start, request.days, cases.case, terms, tell)
    return replace(found, notes=cases.notes)


def _require(request: ReplayRequest) -> None:
    if not 1 <= request.days <= MOST_DAYS:
        raise WrongOption(Where(field="days"), option="--days", value=request.days, allowed=f"1 to {MOST_DAYS}")
    if not LEVELS[0] <= request.level <= LEVELS[-1]:
        raise WrongOption(Where(field="level"), option="--level", value=request.level, allowed="0.05 to 0.95")
    if not 0 <= request.seed < LARGEST_SEED:
        raise WrongOption(Where(field="seed"), option="--seed", value=request.seed, allowed=f"0 to {LARGEST_SEED - 1}")
    last = request.start + timedelta(days=request.days - 1)
    if request.start.year <= FIRST_YEAR or last.year > LAST_YEAR:
        raise OutOfRange(Where(field="start"), value=request.start, low=FIRST_YEAR + 1, high=LAST_YEAR)
    if not 1 <= request.keep <= request.draws:
        raise WrongOption(Where(field="keep"), option="--keep", value=request.keep, allowed=f"1 to {request.draws}")
    if request.learn not in get_args(Learn):
        raise WrongOption(option="--learn", value=request.learn, allowed=", ".join(get_args(Learn)))
    for name in request.strategies:
        if name not in MEANINGS:
            raise WrongOption(option="--strategy", value=name, allowed=", ".join(MEANINGS))


class _Cases:
    """Poses one day after another: what was forecast, and what came."""

    def __init__(self, request: ReplayRequest) -> None:
        self.request = request
        self.ctx = Context("replay", datetime.now(UTC).isoformat(timespec="seconds"), "")
        self.loaded = load_park(self._asked(request.start), self.ctx)
        self.park = self.loaded.park.id
        self.notes = self._known_beforehand()
        self.fits: dict[str, tuple[datetime, Correction]] = {}
        self.before = self._came(request.start - timedelta(days=1))

    def _known_beforehand(self) -> tuple[str, ...]:
        """Require weather that came, and say what every strategy knows since nothing else is known of it."""
        assets, source = modelled(self.loaded.park).values(), self.request.weather or self.loaded.park.weather.source
        open_ = [one for one in assets if isinstance(one, Renewable) and one.history is None]
        if open_ and not self.request.actual and source not in ("embedded", "open_meteo"):
            raise MissingKey(Where(field="--actual"), key="--actual", example="--actual measured_weather.csv")
        return tuple(
            f"{name}: its measured profile is what came and what was expected, so that no strategy errs about it."
            for name, one in self.loaded.park.of_kind("load").items()
            if isinstance(one, Load) and one.history is None and one.profile is not None
        )

    def _asked(self, day: date, *, actual: bool = False) -> DayRequest:
        weather = self.request.actual if actual and self.request.actual else self.request.weather
        basis: Any = "actual" if actual else "forecast"
        own = None if actual and self.request.actual else self.request.weather_map
        step = self.request.step_min
        return DayRequest(
            self.request.park, day, step, weather=weather, weather_map=own, weather_basis=basis, on="chain"
        )

    def _posed(self, day: date, *, actual: bool = False) -> Forecast:
        asked = self._asked(day, actual=actual)
        loaded = replace(self.loaded, request=asked, grid=asked.grid(self.loaded.grid.zone))
        made = forecast(fetch_weather(loaded, self.ctx), self.ctx)
        assert isinstance(made, Forecast)
        return made

    def _came(self, day: date) -> dict[str, dict[str, FloatArray]]:
        """Return the series of a day as they came."""
        posed = self._posed(day, actual=True)
        request, grid = self.request, posed.problem.grid
        return what_came(self.loaded.file, grid, posed.series, request.load_noise, request.seed)

    def case(self, day: date) -> tuple[Problem, Knows]:
        """Return a day's problem and what may be known about it."""
        posed = self._posed(day)
        outlook = outlook_of(
            self.loaded.file, posed.problem.grid, posed.observed.weather, posed.series,
            ahead_days=min(self.request.days, REFIT_DAYS), boost=self.request.learn != "analogs",
            engine="lightgbm" if self.request.learn == "lightgbm" else "sklearn", fits=self.fits,
        )  # fmt: skip
        came, before = self._came(day), self.before
        self.before, self.notes = came, tuple(dict.fromkeys((*self.notes, *outlook.notes)))
        drawn = outlook.scenarios(self.request.draws, self.request.keep, self.request.seed)
        knows = Knows(
            actual=came,
            physical=posed.series,
            expected=outlook.expected,
            cautious=outlook.cautious(self.request.level),
            yesterday=_as_yesterday(outlook, before),
            futures=tuple(outlook.future(drawn, number) for number in range(len(drawn))),
            weights=drawn.weights,
            uncertain={n: Uncertain(o.key, TAU_H[o.resource], o.rated_mw) for n, o in outlook.assets.items()},
        )
        return replace(posed.problem, series=came), knows


def _as_yesterday(outlook: Outlook, before: dict[str, Any]) -> dict[str, Any]:
    """Return the day's series with what is uncertain as it was the day before; prices are the day's own."""
    series = {name: dict(own) for name, own in outlook.physical.items()}
    for name, expected in outlook.assets.items():
        series[name][expected.key] = np.asarray(before[name][expected.key])
    return series


def write_replay(found: Replay, folder: Path, lang: Language) -> list[str]:
    """Write the table, the days and the figure of a replay; the folder must not exist yet.

    Raises
    ------
    CannotWrite
    """
    require_free(folder)
    table = json.dumps(as_data(found), ensure_ascii=False, indent=1)
    files = {"replay.json": table, "days.csv": _days_csv(found), "replay.svg": figure(found, lang)}
    return [str(path) for path in write_files(files, folder)]


def as_data(found: Replay) -> dict[str, Any]:
    """Return a replay as plain data."""
    head = {"park": found.park, "start": found.start.isoformat(), "days": found.days, "notes": list(found.notes)}
    return {**head, "strategies": found.rows}


def figure(found: Replay, lang: Language) -> str:
    """Return the figure of a replay as SVG text."""
    rows = [row for row in found.rows if row["strategy"] != "perfect"]
    daily = [found.regret_yuan(row["strategy"]) for row in rows]
    return replay_svg(
        [row[f"meaning_{lang}"] for row in rows], [row["regret_percent"] or 0.0 for row in rows], daily, lang
    )


def _days_csv(found: Replay) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    fields = ("cost_yuan", "carbon_kg", "curtailed_mwh", "import_mwh", "export_mwh")
    writer.writerow(["day", "strategy", *fields])
    for name, track in found.tracks.items():
        for run in track.runs:
            writer.writerow([run.day.isoformat(), name, *(round(getattr(run, one), 6) for one in fields)])
    return text.getvalue()
