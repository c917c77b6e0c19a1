"""The flow of a park's day, as one list of steps; each takes the last one's result.

A newcomer reads `DAY_AHEAD` from top to bottom. Every step is a pure function of what it is
given, except the last two, which write the results and append to the park's log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from parkopt.carbon.account import Account, account, flows_of
from parkopt.carbon.factors import Factor, factor
from parkopt.carbon.opening import name_faults, origin_faults
from parkopt.carbon.records import records_of
from parkopt.clock import FloatArray, TimeGrid, fixed_zone
from parkopt.errors import Language, Where, raise_all
from parkopt.faults import OutOfRange, UnknownAsset, WrongOption, WrongState
from parkopt.ledger import FileLog, evidence, write_evidence
from parkopt.models import Objective, Problem, technologies
from parkopt.models.base import Conditions, Technology
from parkopt.park.base import Basis
from parkopt.park.discover import find_park
from parkopt.park.loader import load_park as read_park
from parkopt.park.schema import Park, ParkFile
from parkopt.park.series import SeriesSpec
from parkopt.park.state import ParkState, YearSoFar
from parkopt.results.all import write_all
from parkopt.schedule import next_state
from parkopt.schedule import to_schedule as schedule_of
from parkopt.solve import Limits, Solution, check, solve
from parkopt.weather import CsvMapping, weather_source


@dataclass(frozen=True)
class MeasuredLoad:
    """A measured series in place of a load of the park file."""

    spec: SeriesSpec
    """File, column and meaning."""
    folder: Path
    """Folder of the file."""
    annual_mwh: float | None = None
    """Energy a year to scale it to; as measured where absent."""


@dataclass(frozen=True)
class DayRequest:
    """What an energy manager asks for."""

    park: str
    """Id of a park, or the path of a park file."""
    day: date
    """First day of the schedule, in the park's zone."""
    step_min: int = 60
    """60, 30 or 15."""
    days: int = 1
    """Number of days in one model."""
    objective: Objective = field(default_factory=Objective)
    """What to be good at."""
    weather: str = ""
    """Weather source in place of the park file's."""
    weather_map: CsvMapping | None = None
    """Meaning of the columns of a CSV weather file."""
    weather_basis: Literal["forecast", "actual"] = "forecast"
    """Of the embedded year: what was known the day before, or what came."""
    loads: Mapping[str, MeasuredLoad] = field(default_factory=dict)
    """Measured series in place of the park file's, by load."""
    state: ParkState = field(default_factory=ParkState)
    """What the last schedule handed over."""
    limits: Limits = field(default_factory=Limits)
    """Time limit and gap."""


@dataclass(frozen=True)
class Loaded:
    """The park as asked for, on its grid, with its opening state."""

    request: DayRequest
    file: ParkFile
    grid: TimeGrid
    state: ParkState
    factor: Factor

    @property
    def park(self) -> Park:
        """The park."""
        return self.file.park


@dataclass(frozen=True)
class Observed:
    """With the weather of the horizon."""

    loaded: Loaded
    weather: xr.Dataset


@dataclass(frozen=True)
class Forecast:
    """With the series that the model needs, asset by asset."""

    observed: Observed
    series: dict[str, dict[str, FloatArray]]
    problem: Problem


@dataclass(frozen=True)
class Solved:
    """With a solution that passed the independent check."""

    forecast: Forecast
    solution: Solution
    checks: int


@dataclass(frozen=True)
class Scheduled:
    """With the schedule as a Dataset, and the state that the next day inherits."""

    solved: Solved
    schedule: xr.Dataset
    state: ParkState


@dataclass(frozen=True)
class Accounted:
    """With carbon factor, green shares and origins."""

    scheduled: Scheduled
    account: Account
    records: list[dict[str, Any]]
    logged: range = range(0)
    """Indices of the records in the log."""

    @property
    def loaded(self) -> Loaded:
        """The park and what was asked."""
        return self.scheduled.solved.forecast.observed.loaded

    @property
    def schedule(self) -> xr.Dataset:
        """The schedule with its carbon."""
        return self.account.schedule


@dataclass(frozen=True)
class Context:
    """What the flow may use of the world: the run's id, its time, where results and records go."""

    run: str
    created_at: str
    version: str
    lang: Language = "en"
    folder: Path | None = None
    """Folder for the results; none are written without it."""
    log_of: Callable[[str], FileLog] | None = None
    """Gives the log of a park; nothing is recorded without it."""


FIRST_YEAR, LAST_YEAR = 1950, 2099
"""Years whose days can be planned: the calendar of holidays covers them."""
LARGEST = 1e9
"""Largest figure of a state: more MWh, MW or kg than any park has."""
MONTH = re.compile(r"([0-9]{4}-[0-9]{2})?")


def load_park(request: DayRequest, ctx: Context) -> Loaded:
    """Read and check the park file; lay the grid; check the opening state against both."""
    del ctx
    if not FIRST_YEAR <= request.day.year <= LAST_YEAR:
        raise OutOfRange(Where(field="date"), value=request.day, low=FIRST_YEAR, high=LAST_YEAR)
    last = request.day + timedelta(days=request.days - 1)
    if last.year != request.day.year:
        raise WrongOption(
            option="days", value=request.days, allowed=f"up to {request.day.year}-12-31, then on by state"
        )
    file = read_park(find_park(request.park), technologies())
    raise_all(name_faults(file.park))
    park = _with_loads(file.park, request)
    file = file.model_copy(update={"park": park})
    grid = TimeGrid.day(request.day, fixed_zone(park.zone), request.step_min, request.days)
    where = Where(str(file.path), field="carbon.grid_factor")
    return Loaded(request, file, grid, _opening(request.state, park, grid), factor(park.carbon.grid_factor, where))


def _with_loads(park: Park, request: DayRequest) -> Park:
    assets = dict(park.assets)
    loads = park.of_kind("load")
    raise_all(
        UnknownAsset(park=park.id, kind="load", asset=name, known=", ".join(loads))
        for name in request.loads
        if name not in loads
    )
    for name, measured in request.loads.items():
        spec = measured.spec.model_copy(update={"file": str((measured.folder / measured.spec.file).resolve())})
        basis = Basis.MEASURED if measured.annual_mwh is None else Basis.DERIVED
        changes = {"profile": spec, "archetype": None, "annual": measured.annual_mwh, "basis": basis}
        assets[name] = assets[name].model_copy(update=changes)
    return park.model_copy(update={"assets": assets})


def _opening(state: ParkState, park: Park, grid: TimeGrid) -> ParkState:
    """Return the opening state: it must be this park's, at this moment; counters of a past year end."""
    if state.park and state.park != park.id:
        raise WrongState(Where(field="park"), name="park", value=state.park, low=park.id, high=park.id)
    if state.at is not None and state.at != grid.start:
        start = grid.start.astimezone(grid.zone).isoformat()
        raise WrongState(Where(field="at"), name="at", value=state.at.isoformat(), low=start, high=start)
    if unknown := sorted(set(state.assets) - set(park.assets)):
        raise UnknownAsset(park=park.id, kind="asset", asset=unknown[0], known=", ".join(park.assets))
    raise_all([*_wrong_figures(state), *origin_faults(park, state)])
    if state.year.year not in (None, grid.local[0].year):
        return state.model_copy(update={"year": YearSoFar()})
    return state


def _wrong_figures(state: ParkState) -> Iterator[WrongState]:
    """Yield a fault for each number that is not finite, or larger than any park, and each odd month."""
    parts = {**{f"assets.{name}": dict(own) for name, own in state.assets.items()}, "year": dict(state.year)}
    for place, part in parts.items():
        for key, value in part.items():
            if isinstance(value, float) and not abs(value) <= LARGEST:
                yield WrongState(Where(field=f"{place}.{key}"), name=key, value=value, low=-LARGEST, high=LARGEST)
        if not MONTH.fullmatch(part.get("month", "")):
            yield WrongState(Where(field=f"{place}.month"), name="month", value="?", low="0001-01", high="9999-12")


def fetch_weather(loaded: Loaded, ctx: Context) -> Observed:
    """Get the weather of the horizon from the source that was asked for, or the park file's."""
    del ctx
    request, park = loaded.request, loaded.park
    own = Path() if request.weather else loaded.file.folder
    source = weather_source(
        request.weather or park.weather.source, own, basis=request.weather_basis, mapping=request.weather_map
    )
    return Observed(loaded, source.fetch(park.location, loaded.grid))


def forecast(observed: Observed, ctx: Context) -> Forecast:
    """Turn weather, profiles and tariffs into the series of each asset, and pose the problem."""
    del ctx
    loaded = observed.loaded
    at = Conditions(loaded.grid, observed.weather, loaded.park.location, loaded.file.folder)
    series = {n: a.series(at) for n, a in loaded.park.assets.items() if isinstance(a, Technology)}
    problem = Problem(
        loaded.park, loaded.grid, series, loaded.state, loaded.factor.kg_per_mwh, loaded.request.objective
    )
    return Forecast(observed, series, problem)


def build_and_solve(forecasted: Forecast, ctx: Context) -> Solved:
    """Build the model, solve it, and check the solution by independent code."""
    del ctx
    solution = solve(forecasted.problem, forecasted.observed.loaded.request.limits)
    report = check(solution.problem, solution.reported, solution.bill)
    return Solved(forecasted, solution, report.looked_at)


def to_schedule(solved: Solved, ctx: Context) -> Scheduled:
    """Make the Dataset with units and provenance, and the state for the next day."""
    loaded, weather = solved.forecast.observed.loaded, solved.forecast.observed.weather
    provenance: dict[str, str | int | float] = {
        "date": loaded.request.day.isoformat(),
        "days": loaded.request.days,
        "run": ctx.run,
        "created_at": ctx.created_at,
        "parkopt_version": ctx.version,
        "park_sha256": loaded.file.sha256,
        "weather_sha256": str(weather.attrs["sha256"]),
        "weather_source": str(weather.attrs["source"]),
        "weather_basis": str(weather.attrs["basis"]),
        "weather_synthetic": int(weather.attrs["synthetic"]),
        "weather_notes": str(weather.attrs.get("notes", "")),
        "inputs_sha256": _inputs(loaded),
        "request_sha256": _asked(loaded.request),
        "state_sha256": sha256(loaded.state.model_dump_json().encode()).hexdigest(),
        "synthetic_assets": ", ".join(n for n, a in loaded.park.assets.items() if a.basis == "synthetic"),
        "checks_passed": solved.checks,
        "random_seed": "none",
    }
    return Scheduled(solved, schedule_of(solved.solution, provenance), next_state(solved.solution))


HASHED = ("park_sha256", "weather_sha256", "state_sha256", "inputs_sha256", "request_sha256")
"""Hashes that bind a schedule to what it was made from."""


def _inputs(loaded: Loaded) -> str:
    """Return the hash of each data file that the park's assets read, as canonical text."""
    folder = loaded.file.folder
    read = {
        f"{name}.{field}": sha256((folder / file).read_bytes()).hexdigest()
        for name, asset in loaded.park.assets.items()
        for field, file in asset.files()
    }
    return json.dumps(read, sort_keys=True)


def _asked(request: DayRequest) -> str:
    """Return the hash of what was asked for, files by their meaning and not by their place."""
    loads = {name: (own.spec.model_dump(exclude={"file"}), own.annual_mwh) for name, own in request.loads.items()}
    mapped = request.weather_map.model_dump() if request.weather_map else None
    asked = [request.day.isoformat(), request.step_min, request.days, vars(request.objective), request.weather_basis]
    text = json.dumps([*asked, mapped, loads, vars(request.limits)], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()


def account_carbon(scheduled: Scheduled, ctx: Context) -> Accounted:
    """Trace every Wh, add factor and shares, and make the records."""
    loaded = scheduled.solved.forecast.observed.loaded
    park, grid = loaded.park, loaded.grid
    accounted = account(scheduled.schedule, park, grid, loaded.state, scheduled.state, loaded.factor)
    hashes = {key: str(scheduled.schedule.attrs[key]) for key in HASHED}
    flows = flows_of(scheduled.schedule, park, grid, loaded.factor)
    return Accounted(scheduled, accounted, records_of(accounted, flows, grid, ctx.run, hashes))


def write_results(accounted: Accounted, ctx: Context) -> Accounted:
    """Write NetCDF, CSV, JSON, the one-page report and the state; bind the records to the NetCDF by its hash."""
    if ctx.folder is None:
        return accounted
    write_all(accounted.schedule, ctx.folder, ctx.lang)
    state = json.dumps(accounted.account.state.json_ready(), ensure_ascii=False, indent=1)
    (ctx.folder / "state.json").write_text(state, encoding="utf-8")
    head, *hours = accounted.records
    results = {"schedule_nc_sha256": sha256((ctx.folder / "schedule.nc").read_bytes()).hexdigest()}
    return replace(accounted, records=[{**head, "hashes": {**head["hashes"], **results}}, *hours])


def record(accounted: Accounted, ctx: Context) -> Accounted:
    """Append the records to the park's log, and write each enterprise's evidence."""
    if ctx.log_of is None:
        return accounted
    log = ctx.log_of(accounted.loaded.park.id)
    logged = log.append(accounted.records)
    if ctx.folder is not None:
        (ctx.folder / "evidence").mkdir()
        for enterprise in accounted.schedule["enterprise"].to_numpy().tolist():
            write_evidence(
                ctx.folder / "evidence" / f"{enterprise}.json", evidence_of(log, ctx.run, enterprise, logged)
            )
    return replace(accounted, logged=logged)


def evidence_of(log: FileLog, run_id: str, enterprise: str, logged: range) -> dict[str, Any]:
    """Return an enterprise's records of a run with the park's, and their proofs; nobody else's."""

    def its_own(entry: Mapping[str, Any]) -> bool:
        return bool(entry["run"] == run_id and entry.get("enterprise", enterprise) == enterprise)

    return evidence(log, its_own, logged)


Step = Callable[[Any, Context], Any]
DAY_AHEAD: tuple[Step, ...] = (
    load_park,
    fetch_weather,
    forecast,
    build_and_solve,
    to_schedule,
    account_carbon,
    write_results,
    record,
)
"""A park's day, from the request to the traceable schedule."""


def run(steps: tuple[Step, ...], request: DayRequest, ctx: Context) -> Accounted:
    """Run the steps one after another; the first fault ends the run and nothing is recorded."""
    result: Any = request
    for step in steps:
        result = step(result, ctx)
    assert isinstance(result, Accounted)
    return result
