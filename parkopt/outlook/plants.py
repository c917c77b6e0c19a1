"""Quantiles of a wind or PV plant: its chain, corrected by its own record, or spread as the embedded year is."""

from __future__ import annotations

from typing import Literal

from parkopt.clock import FloatArray
from parkopt.faults import TooFar
from parkopt.forecast.correct import Correction, fit_correction
from parkopt.forecast.quantiles import sure
from parkopt.models.renewable import Renewable
from parkopt.outlook.past import Learnt, learnt
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
        seen = learnt(at, name, plant, physical_mw)
    except TooFar:
        note = f"No spread is known for {name}: it has no history, and the embedded year is too far away."
        return Expected(
            "available_mw", resource, sure(physical_mw), "none", synthetic=True, rated_mw=rated, notes=(note,)
        )
    fit = _fit(at, name, seen, rated)
    found = fit.predict(seen.wanted, physical_mw, dark=seen.dark)
    notes = (*seen.notes, *fit.notes)
    if seen.synthetic:
        notes += (f"The spread of {name} is that of the embedded synthetic year, not of a record.",)
    return Expected("available_mw", resource, found, fit.method, seen.synthetic, rated, notes)


def _fit(at: Asked, name: str, seen: Learnt, rated_mw: float) -> Correction:
    """Return the correction of a plant: fitted now, or the one that serves these days already."""
    kept = at.fits.get(name)
    if kept is not None and at.issue < kept[0]:
        return kept[1]
    engine = None if seen.synthetic and not at.boost else at.engine
    fit = fit_correction(
        seen.past, seen.physical_past, rated_mw, issue=at.issue, engine=engine, dark_past=seen.dark_past
    )
    at.fits[name] = (at.until, fit)
    return fit
