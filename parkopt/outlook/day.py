"""What tomorrow may bring to a park: its physical chain, corrected by what came before, with honest uncertainty.

Between weather and model: the quantiles of each wind and PV plant and each load, and scenarios
over all of them together. Where a plant has a record of its own (`history`), it corrects the
chain. Where it has none, the spread is that of the embedded year, of which both forecast and
weather are known, and is called synthetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where
from parkopt.faults import WrongOption
from parkopt.forecast.boosting import Engine
from parkopt.forecast.copula import Block, draw_scenarios
from parkopt.forecast.correct import Correction
from parkopt.forecast.scenario_set import ScenarioSet
from parkopt.models.build import modelled
from parkopt.models.hub import Series
from parkopt.models.renewable import Renewable
from parkopt.models.tech.load import Load
from parkopt.outlook.loads import load_expected
from parkopt.outlook.past import ISSUED_AT
from parkopt.outlook.plants import plant_expected
from parkopt.outlook.types import Asked, Expected
from parkopt.park.schema import Park, ParkFile

LATER_DAYS = "The spread of later days is that of a day ahead: it is too narrow for them."


@dataclass(frozen=True)
class Outlook:
    """What a day may bring, seen from its issue."""

    park: Park
    grid: TimeGrid
    issue: datetime
    physical: Mapping[str, Series]
    """Series of all assets by the chain alone."""
    assets: Mapping[str, Expected]
    """Quantiles of what is uncertain, by asset."""
    notes: tuple[str, ...] = field(default=())

    @property
    def expected(self) -> dict[str, dict[str, FloatArray]]:
        """Series of all assets at the median."""
        return self._with({name: one.quantiles.median for name, one in self.assets.items()})

    def cautious(self, level: float) -> dict[str, dict[str, FloatArray]]:
        """Return the series at a quantile: wind and sun at `level`, loads at ``1 - level``."""
        levels = {name: level if one.gives else 1 - level for name, one in self.assets.items()}
        return self._with({name: one.quantiles.at(levels[name]) for name, one in self.assets.items()})

    def scenarios(self, draws: int = 200, keep: int = 10, seed: int = 0) -> ScenarioSet:
        """Return joint scenarios of all that is uncertain: drawn by a Gaussian copula, reduced, weights kept."""
        quantiles = {name: one.quantiles for name, one in self.assets.items()}
        here = self.park.location
        blocks = [Block(n, one.resource, here.latitude, here.longitude) for n, one in self.assets.items()]
        limits = {name: (0.0, one.rated_mw) for name, one in self.assets.items()}
        drawn = draw_scenarios(quantiles, blocks, draws, seed, self.grid.hours, limits)
        return drawn.reduced(keep, {name: -1.0 if one.gives else 1.0 for name, one in self.assets.items()})

    def future(self, drawn: ScenarioSet, number: int) -> dict[str, dict[str, FloatArray]]:
        """Return the series of all assets in one scenario."""
        return self._with({name: values[number] for name, values in drawn.values.items()})

    def as_dict(self) -> dict[str, Any]:
        """Return the quantiles of all assets as plain data, MW by step."""
        return {
            "issued_at": self.issue.isoformat(),
            "start": [stamp.isoformat() for stamp in self.grid.local],
            "assets": {name: one.as_dict() for name, one in self.assets.items()},
        }

    def _with(self, values: Mapping[str, FloatArray]) -> dict[str, dict[str, FloatArray]]:
        series = {name: dict(own) for name, own in self.physical.items()}
        for name, mw in values.items():
            series[name][self.assets[name].key] = mw
        return series


def outlook_of(
    file: ParkFile,
    grid: TimeGrid,
    weather: xr.Dataset,
    physical: Mapping[str, Series],
    *,
    ahead_days: int = 1,
    engine: Engine = "sklearn",
    boost: bool = False,
    fits: dict[str, tuple[datetime, Correction]] | None = None,
) -> Outlook:
    """Return what a park's horizon may bring.

    Parameters
    ----------
    file : ParkFile
        The park.
    grid : TimeGrid
        The horizon.
    weather : xarray.Dataset
        The forecast weather of the horizon.
    physical : mapping
        Series of its assets by the chain.
    ahead_days : int
        Days from the issue for which one fit of the past serves, in a replay; it only shortens the past.
    engine : {"sklearn", "lightgbm"}
        Library of the boosting.
    boost : bool
        Whether the embedded year is learnt by boosting too, or by analogs alone.
    fits : dict, optional
        Where fits are kept between calls, for `ahead_days`.

    Raises
    ------
    ParkoptError
        Where a record that the park file names cannot be read or used.
    """
    issue = _issued(grid, weather)
    at = Asked(file, grid, weather, issue, ahead_days, engine, boost, {} if fits is None else fits)
    assets: dict[str, Expected] = {}
    for name, asset in modelled(file.park).items():
        if isinstance(asset, Renewable):
            assets[name] = plant_expected(at, name, asset, physical[name]["available_mw"])
        elif isinstance(asset, Load):
            assets[name] = load_expected(at, name, asset, physical[name]["demand_mw"])
    far = (LATER_DAYS,) if grid.n * grid.step > timedelta(days=1) else ()
    notes = tuple(dict.fromkeys((*far, *(note for one in assets.values() for note in one.notes))))
    return Outlook(file.park, grid, at.issue, physical, assets, notes)


def _issued(grid: TimeGrid, weather: xr.Dataset) -> datetime:
    """Return when the outlook is issued: at the usual time, or when its weather became known, if that is later."""
    if weather.attrs["basis"] == "actual":
        allowed = "chain, since this weather is what came; state `basis: forecast` in its map where it is a forecast"
        raise WrongOption(Where(field="on"), option="on", value="an outlook", allowed=allowed)
    usual, known = issue_of(grid), str(weather.attrs.get("issued_at", ""))
    return max(usual, datetime.fromisoformat(known).astimezone(grid.zone)) if known else usual


def issue_of(grid: TimeGrid) -> datetime:
    """Return when a day-ahead forecast of a horizon is issued: 09:00 of the local day before its first step."""
    first = grid.start.astimezone(grid.zone)
    return datetime.combine(first.date() - timedelta(days=1), ISSUED_AT, grid.zone)
