"""What is asked of a day, and whether it can be: dates, measured loads, the state that it opens with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Literal

from parkopt.carbon.opening import origin_faults
from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where, raise_all
from parkopt.faults import OutOfRange, UnknownAsset, WrongOption, WrongState
from parkopt.models import Objective
from parkopt.park.base import Basis
from parkopt.park.schema import Park
from parkopt.park.series import SeriesSpec
from parkopt.park.state import ParkState, YearSoFar
from parkopt.solve import Limits
from parkopt.weather import CsvMapping


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
    begins: time = time(0)
    """When the first day begins: later than midnight where a day is planned anew while it runs."""
    committed: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)
    """Flows by asset that the first steps must keep."""
    objective: Objective = field(default_factory=Objective)
    """What to be good at."""
    weather: str = ""
    """Weather source in place of the park file's."""
    weather_map: CsvMapping | None = None
    """Meaning of the columns of a CSV weather file."""
    weather_basis: Literal["forecast", "actual"] = "forecast"
    """Of the embedded year: what was known the day before, or what came."""
    on: str = ""
    """What to plan on: `chain`, `median`, `P40`, `scenarios`; see `parkopt.outlook.basis`."""
    loads: Mapping[str, MeasuredLoad] = field(default_factory=dict)
    """Measured series in place of the park file's, by load."""
    state: ParkState = field(default_factory=ParkState)
    """What the last schedule handed over."""
    limits: Limits = field(default_factory=Limits)
    """Time limit and gap."""

    def grid(self, zone: timezone) -> TimeGrid:
        """Return the steps of the request in a park's zone."""
        whole = TimeGrid.day(self.day, zone, self.step_min, self.days)
        start = datetime.combine(self.day, self.begins, zone)
        passed = int((start - whole.start) / whole.step)
        return TimeGrid(start, whole.step, whole.n - passed, zone)


FIRST_YEAR, LAST_YEAR = 1950, 2099
"""Years whose days can be planned: the calendar of holidays covers them."""
LARGEST = 1e9
"""Largest figure of a state: more MWh, MW or kg than any park has."""
MONTH = re.compile(r"([0-9]{4}-[0-9]{2})?")


def require_days(request: DayRequest) -> None:
    """Raise unless the days lie in years that can be planned, and in one of them."""
    if not FIRST_YEAR <= request.day.year <= LAST_YEAR:
        raise OutOfRange(Where(field="date"), value=request.day, low=FIRST_YEAR, high=LAST_YEAR)
    last = request.day + timedelta(days=request.days - 1)
    if last.year != request.day.year:
        raise WrongOption(
            option="days", value=request.days, allowed=f"up to {request.day.year}-12-31, then on by state"
        )


def with_loads(park: Park, request: DayRequest) -> Park:
    """Return the park with the measured series in place of its own loads."""
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


def opening_state(state: ParkState, park: Park, grid: TimeGrid) -> ParkState:
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


def asked_sha256(request: DayRequest) -> str:
    """Return the hash of what was asked for, files by their meaning and not by their place."""
    loads = {name: (own.spec.model_dump(exclude={"file"}), own.annual_mwh) for name, own in request.loads.items()}
    mapped = request.weather_map.model_dump() if request.weather_map else None
    asked: list[object] = [
        request.day.isoformat(),
        request.step_min,
        request.days,
        vars(request.objective),
        request.weather_basis,
    ]
    if request.begins != time(0) or request.committed:
        kept = {name: {key: list(mw) for key, mw in own.items()} for name, own in request.committed.items()}
        asked += [request.begins.isoformat(), kept]
    if request.on:
        asked.append(request.on)
    text = json.dumps([*asked, mapped, loads, vars(request.limits)], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()
