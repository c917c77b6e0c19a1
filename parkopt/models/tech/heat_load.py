"""A demand for heat at a heat bus: measured, even, or by the outdoor temperature.

``heat[t] + unmet[t] = demand[t]``; by outdoor temperature ``demand[t] = constant + slope max(base - T[t], 0)``
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import (
    POWER_MW,
    Block,
    Carrier,
    Case,
    Conditions,
    Finding,
    Hub,
    Role,
    Series,
    Technology,
    Values,
)
from parkopt.models.heat import (
    MEANINGS,
    Celsius,
    MegawattPerKelvin,
    degree_heat_mw,
    outdoor_degc,
    require_heat_bus,
)
from parkopt.park.base import Part
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import Megawatt, PriceNotNegative

SHAPES = ("profile", "demand", "by_temperature")


class ByTemperature(Part):
    """Heat by degrees below a base temperature."""

    base: Celsius
    """Outdoor temperature below which heat is asked for, such as `18 degC`."""
    slope: MegawattPerKelvin
    """Heat for each kelvin below it."""
    constant: Megawatt = 0.0
    """Heat that is asked for at any temperature: processes, hot water."""


class HeatLoad(Technology):
    """The heat that one enterprise asks for."""

    kind: Literal["heat_load"] = "heat_load"
    """Heat load."""
    title: ClassVar[dict[str, str]] = {"en": "heat load", "zh": "热负荷"}
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = MEANINGS
    enterprise: str
    """Whose demand it is."""
    heat_bus: str = "heat"
    """The heat bus that it draws from; `bus` is not used."""
    profile: SeriesSpec | None = None
    """A measured series from a file."""
    demand: Megawatt | None = None
    """The same heat in every step."""
    by_temperature: ByTemperature | None = None
    """Heat by the outdoor temperature of the weather."""
    unmet_price: PriceNotNegative | None = None
    """Cost per MWh not served; all must be served where absent."""

    @model_validator(mode="after")
    def _one_shape(self) -> HeatLoad:
        require_heat_bus(self.bus, self.heat_bus)
        if sum(getattr(self, name) is not None for name in SHAPES) != 1:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": ", ".join(SHAPES)})
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the measured series."""
        if self.profile is not None:
            yield ("profile.file", self.profile.file)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``heat_demand_mw``."""
        if self.profile is not None:
            return {"heat_demand_mw": on_grid(read_series(self.profile, at.folder, "MW"), self.profile, at.grid)}
        shape = self.by_temperature
        if shape is not None:
            made = degree_heat_mw(outdoor_degc(at), shape.base, shape.slope, shape.constant)
            return {"heat_demand_mw": made}
        return {"heat_demand_mw": np.full(at.grid.n, self.demand)}

    def build(self, block: Block, hub: Hub) -> None:
        """Draw the demand, or what of it is served."""
        demand = hub.own["heat_demand_mw"]
        if self.unmet_price is not None:
            heat = hub.var(block, "heat_mw", 0.0, demand)
            unmet = hub.var(block, "heat_unmet_mw", 0.0, demand)
            hub.rows(block, "served", heat + unmet == demand)
            hub.cost("heat_unmet", "heat_unmet_mw", self.unmet_price * hub.grid.hours)
            hub.draw(Role.USED, heat, self.heat_bus)
            return
        hub.draw(Role.USED, demand, self.heat_bus)
        says = Text(f"the heat demand of {hub.name}", f"{hub.name} 的热负荷")
        facts = {"weight": 10.0, "hours": hub.grid.hours, "series": "heat_demand_mw", "bus": self.heat_bus}
        hub.promise("demand", "MWh", None, says, **facts)

    def flows(self) -> Mapping[str, Role]:
        """Take heat."""
        return {"heat_mw": Role.USED}

    def bus_of(self, key: str) -> str:
        """Return the heat bus."""
        del key
        return self.heat_bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Stand at the heat bus alone."""
        return {self.heat_bus: "heat"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check that the demand is served, but for what may stay unmet."""
        demand = case.series["heat_demand_mw"]
        yield case.within("heat_mw", 0.0, demand)
        unmet = np.zeros(case.grid.n)
        if self.unmet_price is not None:
            yield case.within("heat_unmet_mw", 0.0, demand)
            unmet = case.own["heat_unmet_mw"]
        off = float(np.max(np.abs(case.own["heat_mw"] + unmet - demand)))
        yield off <= POWER_MW, f"{case.name} misses its heat demand by {off:.3g} MW"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield what is unmet: the demand less the heat that came."""
        if self.unmet_price is not None:
            missing = math.fsum(case.series["heat_demand_mw"]) - math.fsum(case.own["heat_mw"])
            yield "heat_unmet", self.unmet_price * missing * case.grid.hours

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the heat that is taken; where it may stay unmet also the demand and what is missing."""
        del name, grid
        if self.unmet_price is None:
            return {"heat_mw": series["heat_demand_mw"]}
        served = {key: values[key] for key in ("heat_mw", "heat_unmet_mw")}
        return {**served, "heat_demand_mw": series["heat_demand_mw"]}
