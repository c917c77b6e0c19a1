"""PV power from weather: the sun, the planes of the modules, the cells, the inverters.

The chain is made of plain pvlib functions; only the files ``pv*.py`` import pvlib, and only
inside functions, because its import takes a second that most commands need not spend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.forecast.arrays import numbers, setting
from parkopt.forecast.pv_bifacial import Back, back_w_per_m2
from parkopt.forecast.pv_losses import bare_share
from parkopt.forecast.pv_plane import Plane, diffuse_share, plane_of_array
from parkopt.forecast.pv_sun import Sun, sun
from parkopt.forecast.pv_tracker import Fixed, Tracker

__all__ = [
    "GAMMA_PER_K",
    "LOSS",
    "Array",
    "Back",
    "Fixed",
    "Plane",
    "Plant",
    "Sky",
    "Sun",
    "Tracker",
    "diffuse_share",
    "plane_of_array",
    "plant_power_mw",
    "pv_power_mw",
    "sun",
]

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
class Sky:
    """Weather of a plant, each of shape ``(n,)`` or one number for all steps.

    Parameters
    ----------
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : array_like
        Global, beam and diffuse irradiance [W/m2].
    temp_air_degc : array_like
        Air at 2 m [degC].
    wind_speed_m_per_s : array_like
        Wind at 10 m [m/s].
    snow_depth_m : array_like, optional
        Snow on the ground [m]; where given, snow takes power.
    step_h : float
        Length of a step, for snow that slides [h].
    """

    ghi_w_per_m2: object
    dni_w_per_m2: object
    dhi_w_per_m2: object
    temp_air_degc: object
    wind_speed_m_per_s: object
    snow_depth_m: object | None = None
    step_h: float = 1.0

    @property
    def light(self) -> tuple[object, object, object]:
        """Global, beam and diffuse irradiance."""
        return self.ghi_w_per_m2, self.dni_w_per_m2, self.dhi_w_per_m2


@dataclass(frozen=True)
class Array:
    """Modules of one orientation.

    Parameters
    ----------
    mount : Fixed or Tracker
        How they stand.
    share : float
        Of the plant's DC power [-].
    """

    mount: Fixed | Tracker
    share: float = 1.0


@dataclass(frozen=True)
class Plant:
    """A plant: its arrays behind inverters of one AC limit.

    Parameters
    ----------
    dc_mw, ac_limit_mw : float
        Module power at 1000 W/m2 and 25 degC; inverter or connection limit [MW].
    arrays : sequence of Array
        Each with its own DC power; the inverters take the sum.
    back : Back, optional
        For bifacial modules.
    gamma_per_k, loss, inverter_efficiency, albedo : float
        As named; `loss` and `inverter_efficiency` are shares [-].
    """

    dc_mw: float
    ac_limit_mw: float
    arrays: Sequence[Array]
    back: Back | None = None
    gamma_per_k: float = GAMMA_PER_K
    loss: float = LOSS
    inverter_efficiency: float = INVERTER_EFFICIENCY
    albedo: float = 0.2


def plant_power_mw(sun: Sun, sky: Sky, plant: Plant, kept: float | FloatArray = 1.0) -> FloatArray:
    """Return the AC power of a plant, between 0 and its limit; 0 at night.

    Cells by Faiman (2008, u0 25, u1 6.84), DC, losses and inverter by PVWatts 5
    (Dobos 2014, NREL/TP-6A20-62641).

    Parameters
    ----------
    sun : Sun
        Of the same ``n`` steps.
    sky : Sky
        Weather.
    plant : Plant
        The plant.
    kept : float or FloatArray
        What dirt and age leave of the DC power, shape ``(n,)`` or one number [-].

    Returns
    -------
    FloatArray
        Shape ``(n,)`` [MW].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit or a setting makes no sense.
    """
    left = (1 - setting(plant.loss, 0, 1)) * numbers("kept", kept, sun.zenith_deg.size)
    dc = [_array_mw(sun, sky, plant, array) for array in plant.arrays]
    return _ac_mw(np.sum(dc, axis=0) * left, plant.ac_limit_mw, plant.inverter_efficiency)


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
    """Return the AC power of one fixed array [MW]: `plant_power_mw` with the parameters spelled out."""
    sky = Sky(ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2, temp_air_degc, wind_speed_m_per_s)
    arrays = (Array(Fixed(tilt_deg, azimuth_deg)),)
    return plant_power_mw(
        sun, sky, Plant(dc_mw, ac_limit_mw, arrays, None, gamma_per_k, loss, inverter_efficiency, albedo)
    )


def _array_mw(sun: Sun, sky: Sky, plant: Plant, array: Array) -> FloatArray:
    """Return the DC power of one array before losses [MW]."""
    from pvlib import temperature

    tilt, azimuth = array.mount.angles_deg(sun)
    front = plane_of_array(sun, *sky.light, tilt, azimuth, plant.albedo)
    total, effective = front.total, front.effective
    if plant.back is not None:
        behind = back_w_per_m2(sun, sky.light, tilt, azimuth, plant.back, plant.albedo)
        total, effective = total + behind[0], effective + behind[1]
    n = sun.zenith_deg.size
    air, wind = numbers("temp_air", sky.temp_air_degc, n, signed=True), numbers("wind_speed", sky.wind_speed_m_per_s, n)
    cell = temperature.faiman(total, air, wind, FAIMAN_U0_W_PER_M2_K, FAIMAN_U1_W_S_PER_M3_K)
    share = setting(plant.dc_mw, 0, np.inf) * setting(array.share, 0, 1)
    dc = _dc_mw(effective, cell, share, setting(plant.gamma_per_k, -0.02, 0.02))
    return dc if sky.snow_depth_m is None else dc * bare_share(sky.snow_depth_m, total, air, tilt, sky.step_h)


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
