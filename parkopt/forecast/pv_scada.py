"""Clean the power readings of a PV plant: what is no value, no power, or stands still."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.faults import GridMismatch
from parkopt.forecast.arrays import setting

BoolArray = NDArray[np.bool_]

SENTINELS = (-99.0, 6553.5, 3276.7, -3276.7)
"""What Chinese plant records write for "no value" (Chen and Xu 2022; 16-bit registers at their ends)."""
NEAR = 0.05
"""How near a sentinel a value must be to count as one."""
TOP = 1.10
"""Share of the capacity above which a reading is no power."""
LIT = 0.02
"""Share of the capacity that the model must reach for a step to tell of the scale."""
AT_LIMIT = 0.97
"""Share of the limit from which power counts as clipped."""
STUCK_STEPS = 4
"""Equal readings in a row, by day and between none and the limit, that no moving sun gives."""
OFF = 0.005
"""Share of the capacity below which a plant in the light is out of service."""


def clean_scada(
    measured_mw: object, capacity_mw: float, up: BoolArray, limit_mw: float | None = None
) -> tuple[FloatArray, dict[str, int]]:
    """Return the power readings with NaN for what is none, and how many were dropped or set by reason.

    Parameters
    ----------
    measured_mw : array_like
        Readings, numbers or text, shape ``(n,)`` [MW].
    capacity_mw : float
        Nameplate power; readings above it by a tenth are no power [MW].
    up : BoolArray
        Whether the sun is up, shape ``(n,)``.
    limit_mw : float, optional
        AC limit, at which equal readings in a row are right [MW].

    Raises
    ------
    GridMismatch, OutOfRange
        Where the shapes differ or there is no capacity.
    """
    setting(capacity_mw, 1e-9, np.inf)
    raw = pd.Series(np.asarray(measured_mw, dtype=object).ravel())
    if raw.size != up.size:
        raise GridMismatch(name="measured", got=f"{raw.size} values", expected=f"{up.size} values")
    power = np.array(pd.to_numeric(raw, errors="coerce"), dtype=float)
    found: dict[str, int] = {"unreadable": int(np.isnan(power).sum())}
    _void(power, np.any([np.abs(power - mark) < NEAR for mark in SENTINELS], axis=0), "sentinel", found)
    _void(power, power > TOP * capacity_mw, "above_capacity", found)
    _void(power, up & (power < -LIT * capacity_mw), "negative", found)
    _void(power, up & _stuck(power, capacity_mw, limit_mw or capacity_mw), "stuck", found)
    night = ~up & np.isfinite(power) & (power != 0.0)
    found["night_set_to_0"] = int(night.sum())
    power[night] = 0.0
    return np.where(np.isnan(power), power, np.maximum(power, 0.0)), found


def _void(power: FloatArray, bad: BoolArray, reason: str, found: dict[str, int]) -> None:
    found[reason] = int(bad.sum())
    power[bad] = np.nan


def _stuck(power: FloatArray, capacity_mw: float, limit_mw: float) -> BoolArray:
    """Return whether a reading is one of at least `STUCK_STEPS` equal ones that stand between none and the limit."""
    runs = np.cumsum(np.r_[True, power[1:] != power[:-1]])
    long: BoolArray = np.bincount(runs)[runs] >= STUCK_STEPS
    between: BoolArray = (power > OFF * capacity_mw) & (power < AT_LIMIT * limit_mw)
    return long & between
