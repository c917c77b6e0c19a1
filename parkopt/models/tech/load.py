"""A load that must be served: an archetype's shape, or a measured series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.forecast.load import archetype_mw
from parkopt.models.base import Block, Conditions, Hub, Role, Series, Technology, Values
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import MegawattHourPerYear

YEAR_H = 8760.0
Archetype = Literal["continuous", "three_shift", "two_shift", "one_shift", "data_centre", "cold_store"]


class Load(Technology):
    """The consumption of one enterprise, or a part of it."""

    kind: Literal["load"] = "load"
    """Load."""
    title: ClassVar[dict[str, str]] = {"en": "load", "zh": "负荷"}
    enterprise: str
    """Whose load it is."""
    archetype: Archetype | None = None
    """Shape of a synthetic load."""
    profile: SeriesSpec | None = None
    """A measured series from a file."""
    annual: MegawattHourPerYear | None = None
    """Energy a year: needed for an archetype; a measured series is scaled to it where it is given."""

    @model_validator(mode="after")
    def _one_shape(self) -> Load:
        if (self.archetype is None) == (self.profile is None):
            names = {"names": "archetype, profile"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        if self.archetype is not None and self.annual is None:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "annual"})
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the enterprise."""
        yield ("enterprise", "enterprises", self.enterprise)

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the measured series."""
        if self.profile is not None:
            yield ("profile.file", self.profile.file)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``demand_mw``."""
        if self.profile is None:
            assert self.archetype is not None
            assert self.annual is not None
            return {"demand_mw": archetype_mw(self.archetype, at.grid.local, self.annual)}
        read = read_series(self.profile, at.folder, "MW")
        scale = 1.0 if self.annual is None else self.annual / (float(np.mean(read.values)) * YEAR_H)
        return {"demand_mw": on_grid(read, self.profile, at.grid) * scale}

    def build(self, block: Block, hub: Hub) -> None:
        """Draw the demand from the bus; there is nothing to decide."""
        del block
        hub.draw(Role.DEMAND, hub.own["demand_mw"])
        says = Text(f"the load of {hub.name}", f"{hub.name} 的用电")
        hub.promise("demand", "MWh", None, says, weight=10.0, hours=hub.grid.hours)

    def flows(self) -> Mapping[str, Role]:
        """Consume."""
        return {"demand_mw": Role.DEMAND}

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return the demand."""
        del name, values, grid
        return {"demand_mw": series["demand_mw"]}
