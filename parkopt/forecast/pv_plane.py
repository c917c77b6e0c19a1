"""Irradiance on the front of the modules, and the share of it that passes the glass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import numbers, setting
from parkopt.forecast.pv_sun import Sun

TABLE_STEP_DEG = 5.0
"""Spacing of the table of diffuse shares; between its points they run monotone (shares off by < 0.001)."""


@dataclass(frozen=True)
class Plane:
    """Irradiance on the modules [W/m2], each array of shape ``(n,)``.

    Parameters
    ----------
    direct, sky_diffuse, ground_diffuse : FloatArray
        What reaches the glass.
    effective : FloatArray
        What reaches the cells: each part less what the glass reflects.
    """

    direct: FloatArray
    sky_diffuse: FloatArray
    ground_diffuse: FloatArray
    effective: FloatArray

    @property
    def total(self) -> FloatArray:
        """All that reaches the glass [W/m2]."""
        return self.direct + self.sky_diffuse + self.ground_diffuse


def plane_of_array(
    sun: Sun,
    ghi_w_per_m2: object,
    dni_w_per_m2: object,
    dhi_w_per_m2: object,
    tilt_deg: float | FloatArray,
    azimuth_deg: float | FloatArray,
    albedo: float = 0.2,
) -> Plane:
    """Return the irradiance on a plane by the Perez-Driesse sky (Driesse et al. 2024).

    The glass reflects by the physical model (De Soto et al. 2006, n 1.526, K 4/m, L 2 mm):
    the beam at its angle of incidence, sky and ground diffuse each by that model averaged
    over its part of the sphere (Marion 2017).

    Parameters
    ----------
    sun : Sun
        Of the same ``n`` steps.
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : array_like
        Global, beam and diffuse irradiance, shape ``(n,)`` [W/m2].
    tilt_deg, azimuth_deg : float or FloatArray
        From the horizontal; from north over east (180 = south) [deg]; of each step, shape ``(n,)``, where
        the plane moves.
    albedo : float
        Share of light that the ground throws back [-].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit, has no number or is below 0, or an angle is none.
    """
    from pvlib import iam, irradiance

    ghi, dni, dhi = lit(sun, ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2)
    tilt, azimuth = _angle(tilt_deg, 0, 90), _angle(azimuth_deg, -360, 360)
    zenith = np.minimum(sun.zenith_deg, 90.0)  # the sky model has no air mass below the horizon
    poa = irradiance.get_total_irradiance(
        tilt, azimuth, zenith, sun.azimuth_deg, dni, ghi, dhi, sun.dni_extra,
        albedo=setting(albedo, 0, 1), model="perez-driesse",
    )  # fmt: skip
    direct, sky, ground = (np.asarray(poa[f"poa_{k}"]) for k in ("direct", "sky_diffuse", "ground_diffuse"))
    beam_share = iam.physical(irradiance.aoi(tilt, azimuth, zenith, sun.azimuth_deg))
    sky_share, ground_share = diffuse_share(tilt) if isinstance(tilt, float) else diffuse_shares(tilt)
    return Plane(direct, sky, ground, direct * beam_share + sky * sky_share + ground * ground_share)


def lit(sun: Sun, *w_per_m2: object) -> list[FloatArray]:
    """Return global, beam and diffuse irradiance, checked, and 0 where the sun is down [W/m2].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue
        Where an array does not fit, has no number or is below 0.
    """
    named = zip(("ghi", "dni", "dhi"), w_per_m2, strict=True)
    # no power from the light left after sunset
    return [np.where(sun.up, numbers(name, values, sun.zenith_deg.size), 0.0) for name, values in named]


def _angle(deg: float | FloatArray, low: float, high: float) -> float | FloatArray:
    if isinstance(deg, np.ndarray):
        for end in (deg.min(), deg.max()):
            setting(float(end), low, high)
        return deg
    return float(setting(deg, low, high))


@lru_cache(maxsize=256)
def diffuse_share(tilt_deg: float) -> tuple[float, float]:
    """Return which shares of sky and ground diffuse light pass the glass (Marion 2017) [-]."""
    from pvlib import iam

    return tuple(float(iam.marion_integrate(iam.physical, tilt_deg, part)) for part in ("sky", "ground"))  # type: ignore[return-value]


def diffuse_shares(tilt_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the shares of `diffuse_share` for many tilts, from a table; 0 to 180 deg, above 90 the back of a plane."""
    from scipy.interpolate import PchipInterpolator

    table = PchipInterpolator(*_table())
    # the ground below a plane is the sky above the plane turned over
    return np.asarray(table(tilt_deg)), np.asarray(table(180.0 - tilt_deg))


@lru_cache(maxsize=1)
def _table() -> tuple[FloatArray, FloatArray]:
    from pvlib import iam

    tilts = np.arange(0.0, 180.0 + TABLE_STEP_DEG, TABLE_STEP_DEG)
    return tilts, np.asarray([float(iam.marion_integrate(iam.physical, tilt, "sky")) for tilt in tilts])
