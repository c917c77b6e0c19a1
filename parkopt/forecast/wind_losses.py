"""What a wind farm loses, apart or together, and the loss that makes a year yield what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import CannotFit, ImplausibleValue, TooShort, WrongCurve
from parkopt.forecast.arrays import numbers, setting

WakeName = Literal[
    "dena_mean", "dena_extreme1", "dena_extreme2", "knorr_mean", "knorr_extreme1", "knorr_extreme2", "knorr_extreme3"
]
WAKE_NAMES: tuple[WakeName, ...] = get_args(WakeName)
YEAR_H = 8760.0
WHOLE = 0.98
"""Share of a year that a series must cover to stand for it."""


@dataclass(frozen=True)
class SpeedShare:
    """A share by wind speed, on straight lines; the outermost shares hold beyond the table.

    Parameters
    ----------
    name : str
        What it is, for faults.
    speeds_m_per_s, share : FloatArray
        Shape ``(k,)``; speeds rise strictly, shares lie in 0 to 1.

    Raises
    ------
    WrongCurve
        Where they do not.
    """

    name: str
    speeds_m_per_s: FloatArray
    share: FloatArray

    def __post_init__(self) -> None:
        rising = self.speeds_m_per_s.size > 0 and bool((np.diff(self.speeds_m_per_s) > 0).all())
        if not rising or not ((self.share >= 0) & (self.share <= 1)).all():
            reason = Text("speeds must rise and shares lie between 0 and 1", "风速须递增，份额须在 0 与 1 之间")
            raise WrongCurve(turbine=self.name, reason=reason)

    def at(self, speed_m_per_s: FloatArray) -> FloatArray:
        """Return the share at each speed, (n,) [-]."""
        return np.interp(speed_m_per_s, self.speeds_m_per_s, self.share)


@lru_cache(maxsize=len(WAKE_NAMES))
def wake_curve(name: WakeName) -> SpeedShare:
    """Return a wind efficiency curve of windpowerlib: mean wind inside a farm over the wind before it.

    Sources: dena-Netzstudie II (2010), p. 101, twelve German farms; Knorr, Diss. Kassel (2016),
    p. 124, over 2000 farms. They act on the speed, so that a farm at rated power loses little.
    """
    from windpowerlib.wake_losses import get_wind_efficiency_curve

    table = get_wind_efficiency_curve(curve_name=name).sort_values("wind_speed").drop_duplicates("wind_speed")
    speeds, share = (table[column].to_numpy(dtype=float) for column in ("wind_speed", "efficiency"))
    return SpeedShare(name, speeds, share)


def combined_loss(wake: float = 0.0, availability: float = 1.0, electrical: float = 0.0, other: float = 0.0) -> float:
    """Return ``1 - (1 - wake) availability (1 - electrical) (1 - other)``: causes act one after the other.

    Raises
    ------
    OutOfRange
        Where a share is not within 0 to 1.
    """
    kept = (1 - setting(wake, 0, 1)) * setting(availability, 0, 1)
    return 1 - kept * (1 - setting(electrical, 0, 1)) * (1 - setting(other, 0, 1))


def share_in_service(out_mw: object, capacity_mw: float, where: Where) -> FloatArray:
    """Return the share of a farm that is in service, (n,) [-].

    Parameters
    ----------
    out_mw : array_like
        Power of the turbines out of service, (n,) [MW].
    capacity_mw : float
        Of the whole farm [MW].
    where : Where
        The file, for faults.

    Raises
    ------
    ImplausibleValue
        Where more is out of service than there is.
    """
    out = numbers("outage", out_mw)
    over = out > capacity_mw * (1 + 1e-9)
    if over.any():
        raise ImplausibleValue(
            where, column=where.field, value=float(out[np.argmax(over)]), limit=f"{capacity_mw:g} MW", unit="MW"
        )
    return np.clip(1 - out / capacity_mw, 0.0, 1.0)


def full_load_hours(power_mw: object, capacity_mw: float, step_h: float = 1.0) -> float:
    """Return the yield of a year over the capacity, scaled to 8760 h [h/year].

    Raises
    ------
    TooShort
        Where the steps do not cover 98 % of a year: a season does not stand for it.
    """
    power = numbers("power", power_mw)
    if power.size * step_h < WHOLE * YEAR_H:
        raise TooShort(Where(field="power"), count=power.size, needed=int(np.ceil(WHOLE * YEAR_H / step_h)))
    return float(power.mean()) * YEAR_H / setting(capacity_mw, 1e-9, np.inf)


def calibrated_loss(gross_mw: object, capacity_mw: float, full_load_h: float, step_h: float = 1.0) -> float:
    """Return the loss with which a year's gross power yields the full-load hours known of the farm.

    A factor of power, not of speed: it keeps the hours of full power and of calm where the weather has them.

    Parameters
    ----------
    gross_mw : array_like
        A whole year without the loss that is sought, (n,) [MW].
    capacity_mw : float
        Of the farm [MW].
    full_load_h : float
        Known yield [MWh/MW/year].
    step_h : float
        Length of a step [h].

    Raises
    ------
    CannotFit
        Where the weather gives less than that without any loss: the curve, the hub or the wind is wrong.
    TooShort, OutOfRange
        Without a whole year, or where the hours are none.
    """
    gross = full_load_hours(gross_mw, capacity_mw, step_h)
    if setting(full_load_h, 0, YEAR_H) > gross:
        reason = Text(
            f"the weather gives {gross:.0f} h of full load before losses, fewer than {full_load_h:.0f} h",
            f"该气象年在扣除损失前仅有 {gross:.0f} 满发小时，少于 {full_load_h:.0f} 小时",
        )
        raise CannotFit(what=Text("the loss", "损失"), reason=reason)
    return 1 - full_load_h / gross if gross else 0.0
