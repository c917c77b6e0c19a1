"""What the steps of the flow hand to one another: each holds what came before, and the context of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from parkopt.carbon.account import Account
from parkopt.carbon.factors import Factor
from parkopt.clock import TimeGrid
from parkopt.errors import Language
from parkopt.intake import DayRequest
from parkopt.ledger import FileLog
from parkopt.models import Problem
from parkopt.models.hub import Series
from parkopt.outlook import Outlook, PlannedOn
from parkopt.park.schema import Park, ParkFile
from parkopt.park.state import ParkState
from parkopt.solve import Solution


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
    series: Mapping[str, Series]
    problem: Problem
    on: PlannedOn = field(default_factory=lambda: PlannedOn("chain"))
    """What the series are: the chain's, or a quantile of the outlook."""
    outlook: Outlook | None = None
    """What the day may bring, where more than the chain was asked for."""


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
