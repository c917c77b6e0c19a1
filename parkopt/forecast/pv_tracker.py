"""How modules stand: fixed, or turned about one horizontal axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import setting
from parkopt.forecast.pv_sun import Sun

STEEPEST_DEG = 90.0


@dataclass(frozen=True)
class Fixed:
    """Modules that do not move.

    Parameters
    ----------
    tilt_deg, azimuth_deg : float
        From the horizontal; from north over east (180 = south) [deg].
    """

    tilt_deg: float
    azimuth_deg: float

    def angles_deg(self, sun: Sun) -> tuple[float, float]:
        """Return tilt and azimuth, the same in all steps."""
        del sun
        return self.tilt_deg, self.azimuth_deg


@dataclass(frozen=True)
class Tracker:
    """Modules on a horizontal axis that follow the sun over the day (Lorenzo et al. 2011).

    Parameters
    ----------
    axis_azimuth_deg : float
        Where the axis points, from north over east; 180 turns from east to west [deg].
    max_angle_deg : float
        Largest turn from the horizontal [deg].
    gcr : float
        Width of the modules over the distance of the rows [-].
    backtrack : bool
        Whether rows turn back while the sun is low, so that none shades another.
    """

    axis_azimuth_deg: float = 180.0
    max_angle_deg: float = 60.0
    gcr: float = 0.4
    backtrack: bool = True

    def angles_deg(self, sun: Sun) -> tuple[FloatArray, FloatArray]:
        """Return tilt and azimuth of each step, shape ``(n,)``; flat while the sun is down [deg].

        Raises
        ------
        OutOfRange
            Where an angle or the ground coverage makes no sense.
        """
        setting(self.axis_azimuth_deg, -360, 360)
        setting(self.max_angle_deg, 0, STEEPEST_DEG)
        setting(self.gcr, 0.01, 1)
        return _turned(_Key(sun), self)


class _Key:
    """A sun by identity: it is shared and read-only, so its arrays need not be compared."""

    def __init__(self, sun: Sun) -> None:
        self.sun = sun

    def __hash__(self) -> int:
        return id(self.sun)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.sun is self.sun


@lru_cache(maxsize=16)
def _turned(key: _Key, tracker: Tracker) -> tuple[FloatArray, FloatArray]:
    from pvlib import tracking

    sun = key.sun
    turned = tracking.singleaxis(
        sun.zenith_deg, sun.azimuth_deg, axis_tilt=0.0, axis_azimuth=tracker.axis_azimuth_deg,
        max_angle=tracker.max_angle_deg, backtrack=tracker.backtrack, gcr=tracker.gcr,
    )  # fmt: skip
    tilt, azimuth = (np.asarray(turned[name], dtype=float) for name in ("surface_tilt", "surface_azimuth"))
    known = np.isfinite(tilt) & np.isfinite(azimuth)
    return np.where(known, tilt, 0.0), np.where(known, azimuth, tracker.axis_azimuth_deg % 360.0)
