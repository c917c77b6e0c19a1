"""What is asked about the horizon of a park, and what is known of one uncertain series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.forecast.boosting import Engine
from parkopt.forecast.correct import Correction
from parkopt.forecast.quantiles import Quantiles
from parkopt.park.schema import ParkFile


@dataclass(frozen=True)
class Asked:
    """A park, a horizon, its weather, and the moment from which it is seen."""

    file: ParkFile
    grid: TimeGrid
    weather: xr.Dataset
    issue: datetime
    ahead_days: int
    """Days for which one fit of the past serves."""
    engine: Engine
    """Library of the boosting."""
    boost: bool
    """Whether the embedded year is learnt by boosting too, or by analogs alone, which takes a moment."""
    fits: dict[str, tuple[datetime, Correction]]
    """Corrections by plant, each with the time up to which it serves: kept by who asks for many days."""

    @property
    def until(self) -> datetime:
        """Until when what is fitted now may serve."""
        return self.issue + timedelta(days=self.ahead_days)


@dataclass(frozen=True)
class Expected:
    """Quantiles of one asset's power, and how they came about."""

    key: str
    """Series of the model that they stand for: ``available_mw`` or ``demand_mw``."""
    resource: Literal["wind", "pv", "load"]
    quantiles: Quantiles
    """In MW."""
    method: str
    """Such as ``boosting, 151 days`` or ``analogs of the embedded year``."""
    synthetic: bool
    """Whether the spread rests on data that nobody measured."""
    rated_mw: float = float("inf")
    """More is impossible."""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: levels, and values by step and level in MW."""
        return {
            "series": self.key,
            "method": self.method,
            "synthetic": self.synthetic,
            "levels": self.quantiles.levels.tolist(),
            "mw": np.round(self.quantiles.values, 4).tolist(),
            "notes": list(self.notes),
        }

    @property
    def gives(self) -> bool:
        """Whether more of it means more energy."""
        return self.key == "available_mw"
