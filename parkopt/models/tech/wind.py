"""Wind power: a plant on a direct line to the park, or the plant behind a contract."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from parkopt.clock import FloatArray
from parkopt.errors import InputFault
from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind import air_density_kg_per_m3, hub_speed_m_per_s, wind_power_mw
from parkopt.models.base import Conditions
from parkopt.models.renewable import Renewable
from parkopt.units import Megawatt, Metre, Ratio, as_pydantic


class Wind(Renewable):
    """A wind plant."""

    kind: Literal["wind"] = "wind"
    """Wind."""
    title: ClassVar[dict[str, str]] = {"en": "wind", "zh": "风电"}
    capacity: Megawatt
    """Installed power."""
    turbine: str
    """Power curve: a windpowerlib type such as `V164/8000`, or a reference turbine."""
    hub_height: Metre
    """Hub height above ground or sea."""
    shear: Ratio = 0.10
    """Exponent of the power law where the weather has one height only (offshore 0.10, coast 0.16, land 0.22)."""
    loss: Ratio = 0.22
    """Share lost to wakes, outages, cables and performance."""
    connection: Literal["direct"] = "direct"
    """Direct line to the park."""

    @field_validator("turbine")
    @classmethod
    def _known(cls, turbine: str) -> str:
        try:
            power_curve(turbine)
        except InputFault as fault:
            raise as_pydantic(fault) from fault
        return turbine

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``available_mw`` at the park's meter, after losses."""
        weather = at.weather
        speed = hub_speed_m_per_s(at.speeds_by_height, self.hub_height, self.shear)
        density = air_density_kg_per_m3(
            weather["temp_air_degc"].to_numpy(), weather["pressure_pa"].to_numpy(), self.hub_height
        )
        return {
            "available_mw": wind_power_mw(
                speed, density, power_curve(self.turbine), capacity_mw=self.capacity, loss=self.loss
            )
        }
