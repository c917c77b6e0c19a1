"""Quantiles of a wind or PV plant: its chain, corrected by its own record, or spread as the embedded year is."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from parkopt.clock import FloatArray
from parkopt.faults import TooFar
from parkopt.forecast.correct import Correction, fit_correction
from parkopt.forecast.quantiles import sure
from parkopt.models.renewable import Renewable
from parkopt.outlook.past import learnt, wanted
from parkopt.outlook.types import Asked, Expected


def plant_expected(at: Asked, name: str, plant: Renewable, physical_mw: FloatArray) -> Expected:
    """Return the quantiles of a plant over the horizon.

    Parameters
    ----------
    at : Asked
        Park, horizon, weather and issue.
    name : str
        The plant.
    plant : Renewable
        Its config.
    physical_mw : FloatArray
        Its chain on the horizon's weather, shape (n,) [MW].

    Raises
    ------
    MissingKey, TooLittleHistory
        Where the park file names a record without past forecasts, or of too few days.
    """
    resource: Literal["wind", "pv"] = "pv" if plant.kind == "pv" else "wind"
    rated = plant.rated_mw(at.file.folder)
    try:
        fit = _fit(at, name, plant, rated)
    except TooFar:
        note = f"No spread is known for {name}: it has no history, and the embedded year is too far away."
        return Expected(
            "available_mw", resource, sure(physical_mw), "none", synthetic=True, rated_mw=rated, notes=(note,)
        )
    steps, dark = wanted(at, plant, physical_mw)
    notes = fit.notes
    if plant.history is None:
        notes += (f"The spread of {name} is that of the embedded synthetic year, not of a record.",)
    quantiles = fit.predict(steps, physical_mw, dark=dark)
    return Expected("available_mw", resource, quantiles, fit.method, plant.history is None, rated, notes)


def _fit(at: Asked, name: str, plant: Renewable, rated_mw: float) -> Correction:
    """Return the correction of a plant: fitted now, or the one that serves these days already."""
    kept = at.fits.get(name)
    if kept is not None and at.issue < kept[0]:
        return kept[1]
    seen = learnt(at, name, plant)
    engine = None if plant.history is None and not at.boost else at.engine
    made = fit_correction(seen.past, seen.physical, rated_mw, issue=at.issue, engine=engine, dark_past=seen.dark)
    fit = replace(made, notes=(*seen.notes, *made.notes))
    at.fits[name] = (at.until, fit)
    return fit
