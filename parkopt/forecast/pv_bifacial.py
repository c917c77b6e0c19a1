"""What the back of bifacial modules adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import setting
from parkopt.forecast.pv_plane import diffuse_shares, lit
from parkopt.forecast.pv_sun import Sun

BACK_SHADE = -0.02
"""What frame and torque tube take from the light on the back, as in pvlib's `infinite_sheds` [-]."""


@dataclass(frozen=True)
class Back:
    """Bifacial modules in rows.

    Parameters
    ----------
    bifaciality : float
        Power of the back over that of the front in the same light (TOPCon 0.80, PERC 0.70) [-].
    gcr : float
        Width of the modules over the distance of the rows [-].
    height_m : float
        Middle of the modules above ground [m].
    pitch_m : float
        Distance of the rows [m].
    """

    bifaciality: float
    gcr: float
    height_m: float
    pitch_m: float


def back_w_per_m2(
    sun: Sun,
    w_per_m2: tuple[object, object, object],
    tilt_deg: float | FloatArray,
    azimuth_deg: float | FloatArray,
    back: Back,
    albedo: float,
) -> tuple[FloatArray, FloatArray]:
    """Return what the back adds to the light of the front, counted as light of the front [W/m2].

    The light on the back is that between endless rows (Mikofski et al. 2019; pvlib's `infinite_sheds` with
    the sky of Hay and Davies); its glass reflects as that of the front does.

    Parameters
    ----------
    sun : Sun
        Of the same ``n`` steps.
    w_per_m2 : tuple of array_like
        Global, beam and diffuse irradiance, shape ``(n,)`` [W/m2].
    tilt_deg, azimuth_deg : float or FloatArray
        Of the front.
    back : Back
        Rows and bifaciality.
    albedo : float
        Share of light that the ground throws back [-].

    Returns
    -------
    total, effective : FloatArray
        What heats the cells and what they turn to power, each times the bifaciality, shape ``(n,)``.

    Raises
    ------
    OutOfRange
        Where a setting makes no sense.
    """
    setting(back.bifaciality, 0, 1)
    setting(back.gcr, 0.01, 1)
    setting(back.height_m, 0.1, 100)
    setting(back.pitch_m, 0.1, 100)
    up = sun.up
    total, effective = np.zeros(up.size), np.zeros(up.size)
    if up.any() and back.bifaciality > 0:
        light = [values[up] for values in lit(sun, *w_per_m2)]
        tilt, azimuth = (np.broadcast_to(np.asarray(deg, dtype=float), up.shape)[up] for deg in (tilt_deg, azimuth_deg))
        seen = back.bifaciality * (1 + BACK_SHADE)
        total[up], effective[up] = (seen * part for part in _behind(sun, light, tilt, azimuth, back, albedo))
    return total, effective


def _behind(
    sun: Sun, light: list[FloatArray], tilt: FloatArray, azimuth: FloatArray, back: Back, albedo: float
) -> tuple[FloatArray, FloatArray]:
    """Return all light on the back, and what passes its glass, at the steps with the sun up."""
    from pvlib import iam, irradiance
    from pvlib.bifacial import infinite_sheds

    ghi, dni, dhi = light
    zenith, bearing = sun.zenith_deg[sun.up], sun.azimuth_deg[sun.up]
    turned, facing = 180.0 - tilt, (azimuth + 180.0) % 360.0
    beam_share = iam.physical(irradiance.aoi(turned, facing, zenith, bearing))
    poa = infinite_sheds.get_irradiance_poa(
        turned, facing, zenith, bearing, back.gcr, back.height_m, back.pitch_m, ghi, dhi, dni, albedo,
        model="haydavies", dni_extra=sun.dni_extra[sun.up],
    )  # fmt: skip
    direct, sky, ground = (np.asarray(poa[f"poa_{k}"]) for k in ("direct", "sky_diffuse", "ground_diffuse"))
    sky_share, ground_share = diffuse_shares(turned)
    return direct + sky + ground, direct * beam_share + sky * sky_share + ground * ground_share
