"""Where the sun stands at each step, computed once for each site and grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import aware, setting


@dataclass(frozen=True)
class Sun:
    """Where the sun stands at each step; read-only arrays of shape ``(n,)``.

    Parameters
    ----------
    zenith_deg : FloatArray
        Apparent (refracted) zenith angle [deg].
    azimuth_deg : FloatArray
        From north over east [deg].
    dni_extra : FloatArray
        Irradiance on a plane towards the sun outside the air [W/m2].
    """

    zenith_deg: FloatArray
    azimuth_deg: FloatArray
    dni_extra: FloatArray

    @property
    def up(self) -> np.ndarray:
        """Whether the sun stands above the horizon."""
        return self.zenith_deg < 90.0  # noqa: PLR2004 - the horizon


def sun(index_utc: pd.DatetimeIndex, latitude: float, longitude: float, altitude_m: float, offset_min: float) -> Sun:
    """Return the sun's position (NREL SPA, Reda & Andreas 2004, as in pvlib).

    Parameters
    ----------
    index_utc : pandas.DatetimeIndex
        Starts of the steps, with a zone.
    latitude, longitude : float
        Degrees north and east.
    altitude_m : float
        Metres above sea level.
    offset_min : float
        Minutes from the start of a step to the time that its irradiance stands for:
        30 for hourly means, 0 for instants.

    Returns
    -------
    Sun
        Kept by content: arrays that share a site and a grid share one computation.

    Raises
    ------
    NaiveTime
        Where the index has no zone.
    OutOfRange
        Where a coordinate is none.
    """
    setting(latitude, -90, 90)
    setting(longitude, -180, 180)
    stamps = aware(index_utc).as_unit("ns").asi8 + round(offset_min * 60e9)
    return _sun(stamps.tobytes(), float(latitude), float(longitude), float(altitude_m))


@lru_cache(maxsize=64)
def _sun(stamps: bytes, latitude: float, longitude: float, altitude_m: float) -> Sun:
    from pvlib import irradiance, solarposition

    index = pd.DatetimeIndex(np.frombuffer(stamps, dtype="datetime64[ns]")).tz_localize("UTC")
    place = solarposition.get_solarposition(index, latitude, longitude, altitude_m, method="nrel_numpy")
    extra = irradiance.get_extra_radiation(index)
    return Sun(*(_locked(column) for column in (place["apparent_zenith"], place["azimuth"], extra)))


def _locked(values: object) -> FloatArray:
    array = np.array(values, dtype=float)
    array.flags.writeable = False  # shared between callers
    return array
