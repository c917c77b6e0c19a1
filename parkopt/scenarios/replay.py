"""What a way of running a park would have cost: days in a row, decided on forecasts, settled on what came.

Each strategy hands its own state from day to day. The yardstick is the schedule that knows
each day beforehand (not the days after it); what another strategy costs more is its regret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.intake import opening_state
from parkopt.models.base import Role
from parkopt.models.build import Problem
from parkopt.park.state import ParkState
from parkopt.scenarios.strategies import MEANINGS, Knows, Name, run_day
from parkopt.schedule import next_state
from parkopt.solve import Limits, Solution, check
from parkopt.solve.reported import total_mw
from parkopt.solve.stochastic import Risk

KG_PER_T = 1000.0
Case = Callable[[date], tuple[Problem, Knows]]
"""Gives a day's problem, of which the state is replaced, and what may be known about it."""


@dataclass(frozen=True)
class DayRun:
    """A day under a strategy."""

    day: date
    cost_yuan: float
    carbon_kg: float
    curtailed_mwh: float
    import_mwh: float
    export_mwh: float
    seconds: float


@dataclass(frozen=True)
class Track:
    """All days of a strategy."""

    name: Name
    runs: tuple[DayRun, ...]
    state: ParkState
    """What it hands over at the end."""

    def total(self, what: str) -> float:
        """Return the sum of a field of `DayRun` over the days."""
        return float(sum(getattr(run, what) for run in self.runs))

    def daily(self, what: str) -> FloatArray:
        """Return a field of `DayRun` day by day, shape (days,)."""
        return np.array([getattr(run, what) for run in self.runs])


@dataclass(frozen=True)
class Replay:
    """What a replay came to."""

    park: str
    start: date
    days: int
    tracks: Mapping[Name, Track]
    notes: tuple[str, ...] = ()

    def regret_yuan(self, name: Name) -> FloatArray:
        """Return what each day cost more than with perfect foresight, shape (days,)."""
        return self.tracks[name].daily("cost_yuan") - self.tracks["perfect"].daily("cost_yuan")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The table: one row a strategy, perfect foresight first."""
        best = self.tracks["perfect"].total("cost_yuan")
        return [
            {
                "strategy": name,
                "meaning_en": MEANINGS[name][0],
                "meaning_zh": MEANINGS[name][1],
                "cost_yuan": track.total("cost_yuan"),
                "regret_yuan": track.total("cost_yuan") - best,
                "regret_percent": (track.total("cost_yuan") - best) / abs(best) * 100 if best else None,
                "carbon_t": track.total("carbon_kg") / KG_PER_T,
                "curtailed_mwh": track.total("curtailed_mwh"),
                "import_mwh": track.total("import_mwh"),
                "export_mwh": track.total("export_mwh"),
                "seconds": track.total("seconds"),
            }
            for name, track in self.tracks.items()
        ]


@dataclass(frozen=True)
class Terms:
    """How a replay is run."""

    strategies: tuple[Name, ...]
    limits: Limits = field(default_factory=Limits)
    risk: Risk = field(default_factory=Risk)


def replay(
    park: str, start: date, days: int, case: Case, terms: Terms, tell: Callable[[str], None] | None = None
) -> Replay:
    """Run days in a row under several strategies.

    Parameters
    ----------
    park : str
        Its id.
    start : date
        First day.
    days : int
        How many.
    case : callable
        Gives each day; called once a day, in order.
    terms : Terms
        Strategies (perfect foresight is always among them), limits and risk.
    tell : callable, optional
        Told a line a day.

    Raises
    ------
    ParkoptError
        Of the first day that cannot be run at all.
    """
    names: tuple[Name, ...] = ("perfect", *(name for name in terms.strategies if name != "perfect"))
    states: dict[Name, ParkState] = {}
    runs: dict[Name, list[DayRun]] = {name: [] for name in names}
    for day in _days(start, days):
        problem, knows = case(day)
        for name in names:
            state = states.get(name)
            opened = problem if state is None else replace(problem, state=_opening(state, problem))
            run, states[name] = _run(name, day, opened, knows, terms)
            runs[name].append(run)
        if tell is not None:
            tell(f"{day} " + " ".join(f"{name} {runs[name][-1].cost_yuan:,.0f}" for name in names))
    return Replay(park, start, days, {name: Track(name, tuple(runs[name]), states[name]) for name in names})


def _opening(state: ParkState, problem: Problem) -> ParkState:
    return opening_state(state, problem.park, problem.grid)


def _days(start: date, days: int) -> Iterator[date]:
    return (start + timedelta(days=number) for number in range(days))


def _run(name: Name, day: date, problem: Problem, knows: Knows, terms: Terms) -> tuple[DayRun, ParkState]:
    begin = time.perf_counter()
    solution = run_day(name, problem, knows, terms.limits, terms.risk)
    seconds = time.perf_counter() - begin
    check(solution.problem, solution.reported, solution.bill)
    hours = problem.grid.hours

    def energy(role: Role) -> float:
        return float(total_mw(solution.problem, solution.reported, [role]).sum()) * hours

    curtailed = sum(float(own["curtailed_mw"].sum()) for own in solution.reported.values() if "curtailed_mw" in own)
    run = DayRun(
        day=day,
        cost_yuan=float(sum(yuan.sum() for yuan in solution.bill.values())),
        carbon_kg=carbon_kg(solution),
        curtailed_mwh=curtailed * hours,
        import_mwh=energy(Role.GRID),
        export_mwh=energy(Role.EXPORT),
        seconds=seconds,
    )
    return run, next_state(solution)


def carbon_kg(solution: Solution) -> float:
    """Return the carbon of a schedule's imports and fuels [kg CO2]."""
    hub = solution.built.hub
    emitted = (solution.values[made.asset][made.name] @ kg_per_mwh for made, kg_per_mwh in hub.emissions)
    return float(sum(emitted)) * hub.grid.hours
