"""Quantiles of a load: from its own record, else its shape with the spread that such plants have."""

from __future__ import annotations

from parkopt.clock import FloatArray
from parkopt.forecast.load_blend import ARCHETYPE_SIGMA, archetype_quantiles
from parkopt.models.base import Conditions
from parkopt.models.tech.load import Load, load_outlook
from parkopt.outlook.types import Asked, Expected


def load_expected(at: Asked, name: str, asset: Load, shape_mw: FloatArray) -> Expected:
    """Return the quantiles of a load over the horizon: from its record, else its shape with a spread.

    Raises
    ------
    TooLittleHistory
        Where the park file names a record of too few days.
    """
    if asset.profile is None and asset.history is None:
        note = f"The spread of {name} is a convention ({ARCHETYPE_SIGMA:.1%}): its load is synthetic."
        found = archetype_quantiles(shape_mw)
        return Expected("demand_mw", "load", found, "shape and convention", synthetic=True, notes=(note,))
    conditions = Conditions(at.grid, at.weather, at.file.park.location, at.file.folder)
    forecast = load_outlook(asset, conditions, at.issue)
    notes = tuple(f"{name}: {note}" for note in forecast.notes)
    return Expected("demand_mw", "load", forecast.quantiles, forecast.method, synthetic=False, notes=notes)
