"""PV power from weather: the sun, the plane of the modules, the cells, the inverter.

The chain is made of plain pvlib functions; only this file imports pvlib, and only inside
functions, because its import takes a second that most commands need not spend.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import aware, numbers, setting

LOSS = 0.10
"""Soiling, mismatch, wiring, light-induced degradation and downtime together [-]."""
GAMMA_PER_K = -0.0034
"""Power against cell temperature of a present-day module (-0.0029 to -0.0035) [1/K]."""
INVERTER_EFFICIENCY = 0.98
FAIMAN_U0_W_PER_M2_K = 25.0
FAIMAN_U1_W_S_PER_M3_K = 6.84
TINY_MW = 1e-6
"""Power that counts as none: 1 W."""


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


def plane_of_array(
    sun: Sun,
    ghi_w_per_m2: object,
    dni_w_per_m2: object,
    dhi_w_per_m2: object,
    tilt_deg: float,
    azimuth_deg: float,
    albedo: float = 0.2,
) -> Plane:
    """Return the irradiance on a fixed plane by the Perez-Driesse sky (Driesse et al. 2024).

    The glass reflects by the physical model (De Soto et al. 2006, n 1.526, K 4/m, L 2 mm):
    the beam at its angle of incidence, sky and ground diffuse each by that model averaged
    over its part of the sphere (Marion 2017).

    Parameters
    ----------
    sun : Sun
        Of the same ``n`` steps.
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : array_like
        Global, beam and diffuse irradiance, shape ``(n,)`` [W/m2].
    tilt_deg, azimuth_deg : float
        From the horizontal; from north over east (180 = south) [deg].
    albedo : float
        Share of light that the ground throws back [-].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit, has no number or is below 0, or an angle is none.
    """
    from pvlib import iam, irradiance

    n = sun.zenith_deg.size
    ghi, dni, dhi = (
        np.where(sun.up, numbers(name, values, n), 0.0)  # no power from the light left after sunset
        for name, values in (("ghi", ghi_w_per_m2), ("dni", dni_w_per_m2), ("dhi", dhi_w_per_m2))
    )
    tilt, azimuth = setting(tilt_deg, 0, 90), setting(azimuth_deg, -360, 360)
    zenith = np.minimum(sun.zenith_deg, 90.0)  # the sky model has no air mass below the horizon
    poa = irradiance.get_total_irradiance(
        tilt, azimuth, zenith, sun.azimuth_deg, dni, ghi, dhi, sun.dni_extra,
        albedo=setting(albedo, 0, 1), model="perez-driesse",
    )  # fmt: skip
    direct, sky, ground = (np.asarray(poa[f"poa_{k}"]) for k in ("direct", "sky_diffuse", "ground_diffuse"))
    beam_share = iam.physical(irradiance.aoi(tilt, azimuth, zenith, sun.azimuth_deg))
    sky_share, ground_share = diffuse_share(float(tilt))
    return Plane(direct, sky, ground, direct * beam_share + sky * sky_share + ground * ground_share)


@lru_cache(maxsize=256)
def diffuse_share(tilt_deg: float) -> tuple[float, float]:
    """Return which shares of sky and ground diffuse light pass the glass (Marion 2017) [-]."""
    from pvlib import iam

    return tuple(float(iam.marion_integrate(iam.physical, tilt_deg, part)) for part in ("sky", "ground"))  # type: ignore[return-value]


def pv_power_mw(
    sun: Sun,
    ghi_w_per_m2: object,
    dni_w_per_m2: object,
    dhi_w_per_m2: object,
    temp_air_degc: object,
    wind_speed_m_per_s: object,
    *,
    dc_mw: float,
    ac_limit_mw: float,
    tilt_deg: float,
    azimuth_deg: float,
    gamma_per_k: float = GAMMA_PER_K,
    loss: float = LOSS,
    inverter_efficiency: float = INVERTER_EFFICIENCY,
    albedo: float = 0.2,
) -> FloatArray:
    """Return the AC power of a fixed array, between 0 and `ac_limit_mw`; 0 at night.

    Cells by Faiman (2008, u0 25, u1 6.84), DC, losses and inverter by PVWatts 5
    (Dobos 2014, NREL/TP-6A20-62641).

    Parameters
    ----------
    sun : Sun
        Of the same ``n`` steps.
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2, temp_air_degc, wind_speed_m_per_s : array_like
        Weather at 2 m and 10 m, shape ``(n,)``, or one number for all steps.
    dc_mw, ac_limit_mw : float
        Module power at 1000 W/m2 and 25 degC; inverter or connection limit [MW].
    tilt_deg, azimuth_deg, gamma_per_k, loss, inverter_efficiency, albedo : float
        As named; `loss` and `inverter_efficiency` are shares [-].

    Returns
    -------
    FloatArray
        Shape ``(n,)`` [MW].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit or a setting makes no sense.
    """
    from pvlib import temperature

    n = sun.zenith_deg.size
    poa = plane_of_array(sun, ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2, tilt_deg, azimuth_deg, albedo)
    air = numbers("temp_air", temp_air_degc, n, signed=True)
    wind = numbers("wind_speed", wind_speed_m_per_s, n)
    cell = temperature.faiman(poa.total, air, wind, FAIMAN_U0_W_PER_M2_K, FAIMAN_U1_W_S_PER_M3_K)
    dc = _dc_mw(poa.effective, cell, setting(dc_mw, 0, np.inf), setting(gamma_per_k, -0.02, 0.02))
    return _ac_mw(dc * (1 - setting(loss, 0, 1)), ac_limit_mw, inverter_efficiency)


def _dc_mw(effective_w_per_m2: FloatArray, cell_degc: FloatArray, dc_mw: float, gamma_per_k: float) -> FloatArray:
    from pvlib import pvsystem

    return np.asarray(pvsystem.pvwatts_dc(effective_w_per_m2, cell_degc, dc_mw, gamma_per_k), dtype=float)


def _ac_mw(dc_mw: FloatArray, ac_limit_mw: float, efficiency: float) -> FloatArray:
    from pvlib import inverter

    setting(ac_limit_mw, 1e-9, np.inf)
    # below a watt the part-load curve divides by almost nothing
    counted = np.where(dc_mw < TINY_MW, 0.0, dc_mw)
    ac = inverter.pvwatts(counted, ac_limit_mw / setting(efficiency, 0.5, 1), efficiency)
    return np.asarray(np.clip(ac, 0.0, ac_limit_mw), dtype=float)
