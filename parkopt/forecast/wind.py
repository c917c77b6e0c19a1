"""Wind power from weather: speed at the hub, air density, power curve, losses.

windpowerlib gives curves and is the cross-check of the tests; the year's arrays go through numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import TooShort, WrongCurve
from parkopt.forecast.arrays import numbers, setting, within

WAKE, AVAILABILITY, ELECTRICAL, PERFORMANCE = 0.92, 0.955, 0.975, 0.91
LOSS = 0.22
"""1 - wake 0.92 x availability 0.955 x electrical 0.975 x performance 0.91 = 0.22 [-]."""
SHEAR_HIGHEST = 0.45
RHO_0_KG_PER_M3 = 1.225
"""Density of the standard atmosphere at sea level, for which power curves are given."""
SHORTEST_M_PER_S = 18.0
"""A curve that ends sooner at full power was cut short (V90/2000 at 16.5 m/s) and is refused."""
_GAS_J_PER_KG_K = 287.053
_LAPSE_K_PER_M = 0.0065
_EXPONENT = 9.80665 / (_GAS_J_PER_KG_K * _LAPSE_K_PER_M)
_ZERO_K = 273.15
_MEGA = 1e6


@dataclass(frozen=True)
class PowerCurve:
    """A power curve at 1.225 kg/m3.

    Parameters
    ----------
    turbine : str
        Name of the type.
    speeds_m_per_s, power_mw : FloatArray
        Shape ``(k,)``; speeds rise strictly.
    rated_mw : float
        Nameplate power; the curve's own highest value may differ by some per cent.
    rotor_m : float, optional
        Rotor diameter [m].

    Raises
    ------
    WrongCurve
        Where fewer than two points are given, speeds do not rise, values are not finite
        or negative, or all are 0.
    """

    turbine: str
    speeds_m_per_s: FloatArray
    power_mw: FloatArray
    rated_mw: float
    rotor_m: float | None = None

    def __post_init__(self) -> None:
        if reason := self._reason():
            raise WrongCurve(turbine=self.turbine, reason=reason)
        for array in (self.speeds_m_per_s, self.power_mw):
            array.flags.writeable = False  # shared between callers

    def _reason(self) -> Text | None:
        speeds, power = self.speeds_m_per_s, self.power_mw
        if speeds.ndim != 1 or speeds.shape != power.shape or speeds.size < 2:  # noqa: PLR2004
            return Text("it needs two or more points, each a speed and a power", "至少需要两个点，每点含风速和功率")
        if not (np.isfinite(speeds).all() and np.isfinite(power).all()):
            return Text("a value is not a number", "含有非数值")
        if speeds[0] < 0 or not (np.diff(speeds) > 0).all():
            return Text("speeds must rise from 0 or more", "风速须从不小于 0 的值起递增")
        if power.min() < 0 or power.max() <= 0:
            return Text("power must be 0 or more, and above 0 somewhere", "功率不得小于 0，且不能全为 0")
        return None

    @cached_property
    def per_unit(self) -> FloatArray:
        """Power over the curve's highest value, 0 to 1 [-]."""
        return np.asarray(self.power_mw / self.power_mw.max(), dtype=float)

    @cached_property
    def cut_out_m_per_s(self) -> float:
        """Highest speed at which the curve still gives power [m/s]."""
        return float(self.speeds_m_per_s[np.flatnonzero(self.power_mw)[-1]])


@lru_cache(maxsize=1)
def library_names() -> tuple[str, ...]:
    """Return the types of windpowerlib's library that have a power curve, sorted."""
    from windpowerlib import data

    types = data.get_turbine_types(print_out=False, filter_=True)
    return tuple(sorted(str(t) for t in types.loc[types["has_power_curve"], "turbine_type"]))


@lru_cache(maxsize=128)
def library_curve(turbine: str) -> PowerCurve | None:
    """Return the curve of a type of windpowerlib's library, None where it has none.

    windpowerlib itself answers an unknown type with a warning and an empty field alone.

    Raises
    ------
    WrongCurve
        Where the library's table was cut short.
    """
    if turbine not in library_names():
        return None
    from windpowerlib import WindTurbine

    found = WindTurbine(hub_height=100, turbine_type=turbine)  # the height plays no part in the curve
    speeds, watts = (found.power_curve[c].to_numpy(dtype=float, copy=True) for c in ("wind_speed", "value"))
    rotor = float(found.rotor_diameter) if found.rotor_diameter else None
    if speeds[-1] < SHORTEST_M_PER_S and watts[-1] > 0:
        en = f"the library's table stops at {speeds[-1]:g} m/s, before any storm stop"
        raise WrongCurve(turbine=turbine, reason=Text(en, f"库中曲线止于 {speeds[-1]:g} m/s，未到切出风速"))
    return PowerCurve(turbine, speeds, watts / _MEGA, float(found.nominal_power) / _MEGA, rotor)


def hub_speed_m_per_s(speeds_by_height: Mapping[float, object], hub_height_m: float, shear: float) -> FloatArray:
    """Return the wind speed at the hub by the power law, from the height nearest to it.

    Parameters
    ----------
    speeds_by_height : mapping
        Height above ground [m] to speeds of shape ``(n,)`` [m/s]. With two or more, the
        exponent of each step is ``ln(v2/v1) / ln(z2/z1)`` of the two heights nearest to
        the hub, kept within 0 to 0.45.
    hub_height_m : float
        Height of the hub above ground [m].
    shear : float
        Exponent with one height, or where a speed is 0 (offshore 0.10, coast 0.16, inland 0.22).

    Returns
    -------
    FloatArray
        Shape ``(n,)`` [m/s].

    Raises
    ------
    TooShort
        Without any height.
    GridMismatch, UnreadableValue, NegativeValue, OutOfRange
        Where an array does not fit, a speed is none, or a height or exponent makes no sense.
    """
    if not speeds_by_height:
        raise TooShort(Where(field="wind speed"), count=0, needed=1)
    setting(hub_height_m, 1, 400)
    heights = sorted(speeds_by_height, key=lambda z: abs(np.log(setting(z, 1, 1000) / hub_height_m)))[:2]
    near = numbers(f"wind speed at {heights[0]:g} m", speeds_by_height[heights[0]])
    alpha: float | FloatArray = setting(shear, 0, 1)
    if len(heights) > 1:
        far = numbers(f"wind speed at {heights[1]:g} m", speeds_by_height[heights[1]], near.size)
        alpha = _local_shear(near, far, float(np.log(heights[1] / heights[0])), shear)
    return near * (hub_height_m / heights[0]) ** alpha


def _local_shear(near: FloatArray, far: FloatArray, log_height: float, shear: float) -> FloatArray:
    moving = (near > 0) & (far > 0)  # a calm at one height says nothing about the exponent
    ratio = np.divide(far, near, out=np.ones_like(near), where=moving)
    return np.where(moving, np.clip(np.log(ratio) / log_height, 0.0, SHEAR_HIGHEST), shear)


def air_density_kg_per_m3(temp_degc: object, pressure_pa: object, height_m: float) -> FloatArray:
    """Return the density of dry air `height_m` above where temperature and pressure hold.

    The ideal gas law, with temperature falling by 6.5 K/km and pressure by the
    hydrostatic equation, as in the standard atmosphere (ISO 2533:1975).

    Parameters
    ----------
    temp_degc, pressure_pa : array_like
        At the weather's own height, shape ``(n,)`` or one number [degC], [Pa].
    height_m : float
        The hub above that height [m].

    Raises
    ------
    ImplausibleValue
        Where the pressure is not one in Pa (hPa, for instance) or the temperature is in K.
    GridMismatch, UnreadableValue, OutOfRange
        Where an array does not fit, a value is not a number, or the height makes no sense.
    """
    pressure = within("pressure", numbers("pressure", pressure_pa), 40_000, 110_000, "Pa")
    temp = numbers("temperature", temp_degc, None if pressure.size == 1 else pressure.size, signed=True)
    ground_k = within("temperature", temp, -70, 60, "degC") + _ZERO_K
    hub_k = ground_k - _LAPSE_K_PER_M * setting(height_m, -500, 5000)
    return np.asarray(pressure * (hub_k / ground_k) ** _EXPONENT / (_GAS_J_PER_KG_K * hub_k), dtype=float)


def wind_power_mw(
    hub_speed_m_per_s: object,
    density_kg_per_m3: object,
    curve: PowerCurve,
    capacity_mw: float,
    loss: float = LOSS,
    cut_out_m_per_s: float | None = None,
) -> FloatArray:
    """Return a farm's power: the curve scaled to the capacity, less `loss`.

    Density enters as the speed ``v * (rho / 1.225)**(1/3)`` (IEC 61400-12-1, regulated
    turbines); the storm stop goes by the wind itself: 0 above the curve's last speed.

    Parameters
    ----------
    hub_speed_m_per_s, density_kg_per_m3 : array_like
        Shape ``(n,)``; one number of density serves all steps.
    curve : PowerCurve
        Scaled so that its highest value is `capacity_mw`.
    capacity_mw, loss : float
        Of the farm [MW]; share lost to wakes, outages, cables and the turbine's own
        deviations [-].
    cut_out_m_per_s : float, optional
        An earlier stop than the curve's own [m/s].

    Returns
    -------
    FloatArray
        Shape ``(n,)``, from 0 to ``capacity_mw * (1 - loss)`` [MW].

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, ImplausibleValue, OutOfRange
        Where an array does not fit, a speed is none, a density is not one of air, or a
        setting makes no sense (a later stop than the curve's, which has no value there).
    """
    per_unit = power_share(hub_speed_m_per_s, density_kg_per_m3, curve)
    if cut_out_m_per_s is not None:
        stop = setting(cut_out_m_per_s, 0, curve.cut_out_m_per_s)
        per_unit[numbers("wind speed", hub_speed_m_per_s) > stop] = 0.0
    return per_unit * setting(capacity_mw, 0, np.inf) * (1 - setting(loss, 0, 1))


def power_share(hub_speed_m_per_s: object, density_kg_per_m3: object, curve: PowerCurve) -> FloatArray:
    """Return power over the curve's highest, before losses, (n,) [-]; 0 outside the table as in windpowerlib."""
    wind = numbers("wind speed", hub_speed_m_per_s)
    density = numbers("air density", density_kg_per_m3, wind.size)
    speed = _standard_speed(wind, within("air density", density, 0.5, 1.7, "kg/m3"), curve)
    return np.interp(speed, curve.speeds_m_per_s, curve.per_unit, left=0.0, right=0.0)


def _standard_speed(wind: FloatArray, density: FloatArray, curve: PowerCurve) -> FloatArray:
    last = curve.cut_out_m_per_s  # dense air must not stop a turbine early, nor thin air late
    corrected = np.minimum(wind * np.cbrt(density / RHO_0_KG_PER_M3), last)
    return np.where(wind <= last, corrected, wind)
