"""Power curves by name: reference turbines of 3.4 to 18 MW, and windpowerlib's library.

The reference figures are those of turbine-models 0.2.2 (BSD-3); see data/README.md.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import numpy as np

from parkopt.errors import NOWHERE, Where
from parkopt.faults import UnknownTurbine
from parkopt.forecast.wind import PowerCurve, library_curve, library_names

__all__ = ["PowerCurve", "power_curve", "reference_names", "turbine_names", "user_curve"]

_NEAR = 5


@lru_cache(maxsize=1)
def _reference() -> dict[str, PowerCurve]:
    table = resources.files("parkopt.forecast").joinpath("data/turbines.csv")
    rows: dict[str, list[dict[str, str]]] = {}
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["turbine"], []).append(row)
    return {name: _curve(name, points) for name, points in rows.items()}


def _curve(name: str, rows: list[dict[str, str]]) -> PowerCurve:
    speeds, power = (np.array([float(row[c]) for row in rows]) for c in ("speed_m_per_s", "power_mw"))
    return PowerCurve(name, speeds, power, float(rows[0]["rated_mw"]), float(rows[0]["rotor_m"]))


def reference_names() -> tuple[str, ...]:
    """Return the names of the reference turbines, in the order of the file."""
    return tuple(_reference())


def turbine_names() -> tuple[str, ...]:
    """Return all names that have a power curve: reference turbines, then windpowerlib's."""
    return (*reference_names(), *library_names())


def power_curve(name: str, where: Where = NOWHERE) -> PowerCurve:
    """Return the power curve of a turbine type.

    Parameters
    ----------
    name : str
        Such as ``"IEA-15-240"`` (MW, rotor in m) or windpowerlib's ``"V164/8000"``.
    where : Where
        The place that named it, for the fault.

    Raises
    ------
    UnknownTurbine
        Where no such type, or none with a curve, is known; near names are given.
    WrongCurve
        Where the library's own table was cut short.
    """
    curve = _reference().get(name) or library_curve(name)
    if curve is None:
        raise UnknownTurbine(where, turbine=name, near=", ".join(near_names(name)))
    return curve


def near_names(name: str) -> list[str]:
    """Return up to five known names most like `name`, whatever their case."""
    known = {n.casefold(): n for n in turbine_names()}
    return [known[n] for n in difflib.get_close_matches(name.casefold(), known, n=_NEAR, cutoff=0.0)]


def user_curve(points: Mapping[float, float], name: str = "user", rated_mw: float | None = None) -> PowerCurve:
    """Return a curve of the user's own.

    Parameters
    ----------
    points : mapping
        Speed [m/s] to power [MW], in any order; the highest power counts as the rating
        that a farm's capacity scales.
    name : str
        Name in faults and reports.
    rated_mw : float, optional
        Nameplate power; the highest value where it is not given.

    Raises
    ------
    WrongCurve
        Where the points make no power curve.
    """
    speeds = np.array(sorted(points), dtype=float)
    power = np.array([points[v] for v in sorted(points)], dtype=float)
    rated = float(power.max(initial=0.0)) if rated_mw is None else rated_mw
    return PowerCurve(name, speeds, power, rated)
