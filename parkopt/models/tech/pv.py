"""Photovoltaic power: a plant on a direct line to the park, or the plant behind a contract."""

from __future__ import annotations

from typing import ClassVar, Literal

from parkopt.clock import FloatArray
from parkopt.forecast.pv import pv_power_mw, sun
from parkopt.models.base import Conditions
from parkopt.models.renewable import Renewable
from parkopt.units import Degree, Megawatt, PerKelvin, Ratio


class Pv(Renewable):
    """A PV plant of one orientation."""

    kind: Literal["pv"] = "pv"
    """Photovoltaics."""
    title: ClassVar[dict[str, str]] = {"en": "PV", "zh": "光伏"}
    capacity: Megawatt
    """Nameplate DC power (MWp)."""
    ac_limit: Megawatt
    """Largest AC power of the inverters."""
    tilt: Degree = 25.0
    """Tilt from horizontal."""
    azimuth: Degree = 180.0
    """Azimuth, clockwise from north (180 = south)."""
    temperature_coefficient: PerKelvin = -0.0034
    """Relative change of DC power per kelvin of the cell."""
    loss: Ratio = 0.10
    """DC losses: soiling, wiring, mismatch, availability."""
    connection: Literal["direct"] = "direct"
    """Direct line to the park."""

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``available_mw`` at the inverters' output."""
        weather, where = at.weather, at.location
        speeds = at.speeds_by_height
        lowest = min(speeds)
        near_ground = speeds[lowest] * (10.0 / lowest) ** 0.16
        position = sun(
            at.grid.index, where.latitude, where.longitude, where.altitude, weather.attrs["solar_offset_min"]
        )
        power = pv_power_mw(
            position,
            weather["ghi_w_per_m2"].to_numpy(),
            weather["dni_w_per_m2"].to_numpy(),
            weather["dhi_w_per_m2"].to_numpy(),
            weather["temp_air_degc"].to_numpy(),
            near_ground,
            dc_mw=self.capacity,
            ac_limit_mw=self.ac_limit,
            tilt_deg=self.tilt,
            azimuth_deg=self.azimuth,
            gamma_per_k=self.temperature_coefficient,
            loss=self.loss,
        )
        return {"available_mw": power}
