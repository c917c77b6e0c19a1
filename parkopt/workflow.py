"""The flow of a park's day, as one list of steps; each takes the last one's result.

A newcomer reads `DAY_AHEAD` from top to bottom. Every step is a pure function of what it is
given, except the last two, which write the results and append to the park's log.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time
from hashlib import sha256
from typing import Any

import xarray as xr

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor, with_own
from parkopt.carbon.opening import name_faults
from parkopt.carbon.records import records_of
from parkopt.clock import fixed_zone
from parkopt.errors import Where, raise_all
from parkopt.faults import WrongOption
from parkopt.intake import DayRequest, asked_sha256, opening_state, require_days, with_loads
from parkopt.ledger import FileLog, evidence, write_evidence
from parkopt.models import Problem, technologies
from parkopt.models.base import Conditions, Series, Technology
from parkopt.outlook import Outlook, outlook_of, planned_on
from parkopt.park.discover import find_park
from parkopt.park.loader import load_park as read_park
from parkopt.reopen import (
    ReplanRequest,
    commitments_of,
    commitments_text,
    committed_of,
    grid_of,
    opening_of,
    state_at,
    steps_until,
    with_levels,
)
from parkopt.results.all import write_all
from parkopt.schedule import next_state
from parkopt.schedule import to_schedule as schedule_of
from parkopt.settling import attribute_day, measure, trace_day
from parkopt.solve import Limits, Solution, check, solve
from parkopt.solve.bill import bill_table
from parkopt.solve.follow import follow
from parkopt.solve.reasons import reasons
from parkopt.solve.stochastic import hedge
from parkopt.stages import Accounted, Context, Forecast, Loaded, Observed, Scheduled, Solved
from parkopt.weather.chosen import fetch_weather as weather_of
from parkopt.weather.chosen import park_weather


def reopen(request: ReplanRequest, ctx: Context) -> DayRequest:
    """Take over the running day: its state at the moment asked for, and what stays committed."""
    earlier = request.earlier
    whole = as_asked(earlier, request.day)
    posed = forecast(fetch_weather(load_park(whole, ctx), ctx), ctx)
    park, grid = posed.problem.park, posed.problem.grid
    grid.require("schedule", grid_of(earlier, park))
    passed = steps_until(grid, request.at)
    state = state_at(posed.problem, earlier, passed, posed.observed.loaded.factor)
    local = request.at.astimezone(grid.zone)
    return replace(
        whole,
        day=local.date(),
        days=(grid.end.astimezone(grid.zone).date() - local.date()).days,
        begins=local.time(),
        state=with_levels(state, request.levels_mwh, park),
        committed=committed_of(earlier, park, passed, math.ceil(request.keep / grid.step)),
    )


def as_asked(earlier: xr.Dataset, day: DayRequest) -> DayRequest:
    """Return the request that made a schedule: its dates, step, opening state and commitments, the rest as in `day`."""
    attrs = earlier.attrs
    return replace(
        day,
        day=date.fromisoformat(str(attrs["date"])),
        days=int(attrs["days"]),
        step_min=int(attrs["step_min"]),
        begins=time.fromisoformat(str(attrs["begins"])),
        on=str(attrs.get("planned_on", "chain")),
        state=opening_of(earlier),
        committed=commitments_of(earlier),
    )


def load_park(request: DayRequest, ctx: Context) -> Loaded:
    """Read and check the park file; lay the grid; check the opening state against both."""
    del ctx
    require_days(request)
    file = read_park(find_park(request.park), technologies())
    raise_all(name_faults(file.park))
    park = with_loads(file.park, request)
    file = file.model_copy(update={"park": park})
    grid = request.grid(fixed_zone(park.zone))
    own, where = park.accounting.factors, Where(str(file.path), field="carbon.grid_factor")
    bears = factor(park.carbon.grid_factor, where, with_own(file.folder / own if own else None))
    return Loaded(request, file, grid, opening_state(request.state, park, grid), bears)


def fetch_weather(loaded: Loaded, ctx: Context) -> Observed:
    """Get the weather of the horizon from the source that was asked for, or the park file's."""
    del ctx
    request, park = loaded.request, loaded.park
    source = park_weather(loaded.file, request.weather, basis=request.weather_basis, mapping=request.weather_map)
    return Observed(loaded, weather_of(source, park.location, loaded.grid))


def forecast(observed: Observed, ctx: Context) -> Forecast:
    """Turn weather, profiles and tariffs into the series of each asset, and pose the problem."""
    del ctx
    loaded = observed.loaded
    at = Conditions(loaded.grid, observed.weather, loaded.park.location, loaded.file.folder)
    series: Mapping[str, Series] = {n: a.series(at) for n, a in loaded.park.assets.items() if isinstance(a, Technology)}
    on, outlook = planned_on(loaded.request.on, loaded.park, str(observed.weather.attrs["basis"])), None
    if on.kind != "chain":
        outlook = outlook_of(loaded.file, loaded.grid, observed.weather, series)
        series = outlook.cautious(on.level)
    problem = Problem(
        loaded.park,
        loaded.grid,
        series,
        loaded.state,
        loaded.factor.kg_per_mwh,
        loaded.request.objective,
        committed=loaded.request.committed,
    )
    return Forecast(observed, series, problem, on, outlook)


def build_and_solve(forecasted: Forecast, ctx: Context) -> Solved:
    """Build the model, solve it, and check the solution by independent code."""
    del ctx
    limits = forecasted.observed.loaded.request.limits
    if forecasted.on.kind == "scenarios" and forecasted.outlook is not None:
        solution = solve_hedged(forecasted.problem, forecasted.outlook, limits)
    else:
        solution = solve(forecasted.problem, limits)
    report = check(solution.problem, solution.reported, solution.bill)
    return Solved(forecasted, solution, report.looked_at)


def solve_hedged(problem: Problem, outlook: Outlook, limits: Limits) -> Solution:
    """Return the schedule of the median day whose plan is the cheapest over the scenarios of an outlook."""
    if problem.objective.goal == "carbon":
        raise WrongOption(Where(field="on"), option="on", value="scenarios", allowed="with the goals cost and weighted")
    drawn = outlook.scenarios()
    futures = [replace(problem, series=outlook.future(drawn, number)) for number in range(len(drawn))]
    hedged = hedge(futures, drawn.weights, limits)
    found = follow(problem, hedged.plan, limits)
    outcome = "time_limit" if hedged.outcome == "time_limit" else found.outcome
    return replace(found, hedged=True, outcome=outcome, gap=max(hedged.gap, found.gap))


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
        "request_sha256": asked_sha256(loaded.request),
        "state_sha256": sha256(loaded.state.model_dump_json().encode()).hexdigest(),
        "opening_state": loaded.state.model_dump_json(exclude_defaults=True),
        "begins": loaded.request.begins.isoformat("minutes"),
        "committed": commitments_text(loaded.request.committed),
        "synthetic_assets": ", ".join(n for n, a in loaded.park.assets.items() if a.basis == "synthetic"),
        "checks_passed": solved.checks,
        "random_seed": "none" if solved.forecast.outlook is None else 0,
        "planned_on": solved.forecast.on.text,
    }
    if weather.attrs.get("issued_at"):
        provenance["weather_issued_at"] = str(weather.attrs["issued_at"])
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
    if loaded.park.weather.map and not loaded.request.weather:
        read["weather.map"] = sha256((folder / loaded.park.weather.map).read_bytes()).hexdigest()
    for field in ("history", "history_map"):
        name = getattr(loaded.park.weather, field)
        if name and (folder / name).is_file():
            read[f"weather.{field}"] = sha256((folder / name).read_bytes()).hexdigest()
    return json.dumps(read, sort_keys=True)


def account_carbon(scheduled: Scheduled, ctx: Context) -> Accounted:
    """Trace every Wh, add factor and shares, and make the records."""
    loaded = scheduled.solved.forecast.observed.loaded
    park, grid = loaded.park, loaded.grid
    accounted = account(scheduled.schedule, park, grid, loaded.state, scheduled.state, loaded.factor)
    hashes = {key: str(scheduled.schedule.attrs[key]) for key in HASHED}
    return Accounted(scheduled, accounted, records_of(accounted, accounted.trace.network, grid, ctx.run, hashes))


def write_results(accounted: Accounted, ctx: Context) -> Accounted:
    """Write all files: schedule, report, state, reasons, bill by hour; bind the records to the NetCDF by its hash."""
    if ctx.folder is None:
        return accounted
    write_all(accounted.schedule, ctx.folder, ctx.lang)
    state = json.dumps(accounted.account.state.json_ready(), ensure_ascii=False, indent=1)
    (ctx.folder / "state.json").write_text(state, encoding="utf-8")
    solution = accounted.scheduled.solved.solution
    answers = {"why": [one.as_dict() for one in reasons(solution)], "bill": bill_table(solution).as_dict()}
    for name, data in answers.items():
        (ctx.folder / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    if (outlook := accounted.scheduled.solved.forecast.outlook) is not None:
        (ctx.folder / "forecast.json").write_text(json.dumps(outlook.as_dict(), ensure_ascii=False), encoding="utf-8")
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


POSED: tuple[Step, ...] = (load_park, fetch_weather, forecast, build_and_solve)
"""Up to the checked solution, for questions about it: nothing is written or recorded."""
SETTLE: tuple[Step, ...] = (measure, trace_day, attribute_day)
"""A metered day in both ledgers; what it books and records is written in one transaction afterwards."""
INTRADAY: tuple[Step, ...] = (reopen, *DAY_AHEAD)
"""The rest of a day that runs, planned anew from its present state with committed hours kept."""


def run(steps: tuple[Step, ...], request: DayRequest | ReplanRequest, ctx: Context) -> Accounted:
    """Run the steps one after another; the first fault ends the run and nothing is recorded."""
    result = through(steps, request, ctx)
    assert isinstance(result, Accounted)
    return result


def through(steps: tuple[Step, ...], first: Any, ctx: Context) -> Any:
    """Return what the last step gives, each taking the last one's result."""
    result = first
    for step in steps:
        result = step(result, ctx)
    return result
