"""The parts of a wind plant's config: types of a fleet, losses by cause, storm control."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from parkopt.errors import InputFault
from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind_fleet import CurveFile
from parkopt.forecast.wind_losses import SpeedShare, WakeName, wake_curve
from parkopt.park.base import Part
from parkopt.units import Metre, Quantity, Ratio, as_pydantic

MetrePerSecond = Annotated[float, Quantity("m/s", 0, 60)]
ONE_OF = "exactly one of {names} is needed"


def known_turbine(turbine: str | None) -> str | None:
    """Return the name of a turbine that has a power curve, or raise for pydantic."""
    try:
        if turbine is not None:
            power_curve(turbine)
    except InputFault as fault:
        raise as_pydantic(fault) from fault
    return turbine


def one_of(**given: object) -> None:
    """Raise for pydantic unless exactly one of the fields is given."""
    if sum(value not in (None, []) for value in given.values()) != 1:
        raise PydanticCustomError("one_of", ONE_OF, {"names": ", ".join(given)})


class TurbineType(Part):
    """Turbines of one type within a fleet."""

    turbine: str | None = None
    """Power curve: a windpowerlib type such as `V164/8000`, or a reference turbine."""
    curve: CurveFile | None = None
    """Power curve of one turbine from a file, in place of `turbine`."""
    count: int = Field(ge=1)
    """How many there are."""
    hub_height: Metre
    """Hub height above ground or sea."""

    check_name = field_validator("turbine")(known_turbine)

    @model_validator(mode="after")
    def _one_curve(self) -> TurbineType:
        one_of(turbine=self.turbine, curve=self.curve)
        return self


class Losses(Part):
    """What the farm loses, cause by cause; together they stand in place of `loss`."""

    wake: Ratio = 0.0
    """Share of power lost to wakes, the same at all speeds."""
    wake_curve: WakeName | None = None
    """Wind inside the farm over the wind before it, by speed (dena 2010, Knorr 2016), in place of `wake`."""
    wake_by_speed: dict[float, Ratio] | None = None
    """Share of power lost to wakes by wind speed in m/s, in place of `wake`; straight lines between."""
    availability: Ratio = 1.0
    """Share of the turbines that is in service on average; `outage` counts beside it."""
    electrical: Ratio = 0.0
    """Share lost in cables and transformers up to the meter."""
    performance: Ratio = 0.0
    """Share lost to the turbines' own deviations: dirt, ageing, yaw, curtailment for noise."""

    @model_validator(mode="after")
    def _one_wake(self) -> Losses:
        given = {"wake": self.wake or None, "wake_curve": self.wake_curve, "wake_by_speed": self.wake_by_speed}
        if sum(value is not None for value in given.values()) > 1:
            one_of(**given)
        self.by_speed()
        return self

    def by_speed(self) -> SpeedShare | None:
        """Return the efficiency by speed, where there is one."""
        if self.wake_by_speed is None:
            return None if self.wake_curve is None else wake_curve(self.wake_curve)
        points = sorted(self.wake_by_speed.items())
        speeds, lost = (np.array(column, dtype=float) for column in zip(*points, strict=True)) if points else ([], [])
        try:
            return SpeedShare("wake_by_speed", np.asarray(speeds), 1 - np.asarray(lost))
        except InputFault as fault:
            raise as_pydantic(fault) from fault


class SoftStop(Part):
    """Storm control that lowers the power on a straight line instead of stopping at once."""

    begins: MetrePerSecond
    """Where power begins to fall, no higher than the curve's own stop."""
    stops: MetrePerSecond
    """Where it reaches 0."""
