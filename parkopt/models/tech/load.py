"""A load that must be served: an archetype's shape, or a measured series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.forecast.load import archetype_mw
from parkopt.forecast.load_blend import LoadForecast, archetype_quantiles, forecast_load
from parkopt.forecast.load_features import Calendar
from parkopt.forecast.load_profile import profile_quantiles
from parkopt.forecast.quantiles import sure
from parkopt.models.base import Block, Conditions, Hub, Role, Series, Technology, Values
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import MegawattHourPerYear

YEAR_H = 8760.0
ENERGY_APART = 0.2
"""Share by which the history may differ from the energy of a year before a note tells it [-]."""
Archetype = Literal["continuous", "three_shift", "two_shift", "one_shift", "data_centre", "cold_store"]


class Load(Technology):
    """The consumption of one enterprise, or a part of it."""

    kind: Literal["load"] = "load"
    """Load."""
    title: ClassVar[dict[str, str]] = {"en": "load", "zh": "负荷"}
    enterprise: str
    """Whose load it is."""
    archetype: Archetype | None = None
    """Shape of a synthetic load."""
    profile: SeriesSpec | None = None
    """A measured series from a file."""
    annual: MegawattHourPerYear | None = None
    """Energy a year: needed for an archetype; a measured series is scaled to it where it is given, `history` is not."""
    history: SeriesSpec | None = None
    """Measured load of the past, from which days ahead are forecast as measured; without it the shape stands."""
    plan: SeriesSpec | None = None
    """Production planned (any unit), known beforehand for all of the history and the days ahead; needs `history`."""
    calendar: Calendar = "cn"
    """Whose holidays the forecast knows: China's (cn) or nobody's (none)."""

    @model_validator(mode="after")
    def _one_shape(self) -> Load:
        if (self.archetype is None) == (self.profile is None):
            names = {"names": "archetype, profile"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        if self.archetype is not None and self.annual is None:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "annual"})
        if self.plan is not None and self.history is None:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "history"})
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the measured series and the plan."""
        named = (("profile", self.profile), ("history", self.history), ("plan", self.plan))
        for field, spec in named:
            if spec is not None:
                yield (f"{field}.file", spec.file)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``demand_mw``."""
        if self.profile is None:
            assert self.archetype is not None
            assert self.annual is not None
            return {"demand_mw": archetype_mw(self.archetype, at.grid.local, self.annual)}
        read = read_series(self.profile, at.folder, "MW")
        return {"demand_mw": on_grid(read, self.profile, at.grid) * self.scale(read.values)}

    def scale(self, measured_mw: FloatArray) -> float:
        """Return by what a measured series (n,) [MW] is scaled to the energy of a year."""
        return 1.0 if self.annual is None else self.annual / (float(np.mean(measured_mw)) * YEAR_H)

    def build(self, block: Block, hub: Hub) -> None:
        """Draw the demand from the bus; there is nothing to decide."""
        del block
        hub.draw(Role.DEMAND, hub.own["demand_mw"])
        says = Text(f"the load of {hub.name}", f"{hub.name} 的用电")
        hub.promise("demand", "MWh", None, says, weight=10.0, hours=hub.grid.hours)

    def flows(self) -> Mapping[str, Role]:
        """Consume."""
        return {"demand_mw": Role.DEMAND}

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the demand."""
        del name, values, grid
        return {"demand_mw": series["demand_mw"]}


def load_outlook(asset: Load, at: Conditions, issue: datetime) -> LoadForecast:
    """Return what a load may be on the grid of `at` [MW], as known at `issue`.

    With `history`, the forecast from it (`parkopt.forecast.load_blend.forecast_load`), in measured MW:
    `annual` scales the shape alone, and a note tells where the two differ. Without it, an archetype with
    the spread of `archetype_quantiles`; a measured profile with the spread of its own days around their
    4-week means (`profile_quantiles`) from six weeks on, below that as it stands.

    Raises
    ------
    TooLittleHistory, KnownTooLate, GridMismatch, ZoneNotFixed
        As `forecast_load`, and the faults of `read_series`.
    """
    if asset.history is None:
        return _by_shape(asset, at)
    read = read_series(asset.history, at.folder, "MW")
    history = pd.Series(read.values, index=read.index)
    plan = _plan(asset, at, history)
    made = forecast_load(history, issue, at.grid.local, plan=plan, calendar=asset.calendar)
    return replace(made, notes=(*made.notes, *_energy_note(asset, read.values)))


def _by_shape(asset: Load, at: Conditions) -> LoadForecast:
    shape_mw = asset.series(at)["demand_mw"]
    if asset.profile is None:
        note = f"The load {asset.archetype} is synthetic; its spread is a convention (4.5 %)."
        return LoadForecast(archetype_quantiles(shape_mw), "archetype", (note,))
    read = read_series(asset.profile, at.folder, "MW")
    profile = pd.Series(read.values, index=read.index)
    found = profile_quantiles(profile, shape_mw, at.grid.zone, asset.calendar, asset.scale(read.values))
    if found is None:
        note = "The measured profile is taken as the forecast, without doubt: it has less than six weeks."
        return LoadForecast(sure(shape_mw), "measured profile", (note,))
    note = "The measured profile is the median; its spread is that of its days around their own 4-week means."
    return LoadForecast(found, "measured profile", (note,))


def _energy_note(asset: Load, measured_mw: FloatArray) -> tuple[str, ...]:
    """Return a note where the history is another load than the energy of a year says."""
    measured = float(np.mean(measured_mw)) * YEAR_H
    if asset.annual is None or abs(asset.annual - measured) <= ENERGY_APART * measured:
        return ()
    return (f"The history is {measured:.0f} MWh/a, `annual` {asset.annual:.0f}: the forecast follows the history.",)


def _plan(asset: Load, at: Conditions, history: pd.Series[float]) -> pd.Series[float] | None:
    """Return the plan in its own unit, on the coarser of the steps of history and grid."""
    if asset.plan is None:
        return None
    read = read_series(asset.plan, at.folder, asset.plan.unit)
    step = max(pd.Timedelta(history.index[1] - history.index[0]), pd.Timedelta(at.grid.step))
    plan = pd.Series(read.values, index=read.index)
    fine = plan.resample(step).mean() if read.step < step else plan
    end = fine.index[-1] + max(pd.Timedelta(read.step), step)
    return fine.reindex(pd.date_range(fine.index[0], end, freq=step, inclusive="left"), method="ffill")
