"""Photovoltaic power: a plant on a direct line to the park, or the plant behind a contract."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where
from parkopt.faults import MissingColumn
from parkopt.forecast.pv import Array, Back, Fixed, Plant, Sky, Tracker, plant_power_mw, sun
from parkopt.forecast.pv_losses import aged_share, clean_share
from parkopt.models.base import Conditions
from parkopt.models.renewable import Renewable
from parkopt.park.base import Part
from parkopt.units import Degree, Megawatt, PerKelvin, Quantity, Ratio

Tilt = Annotated[float, Quantity("deg", 0, 90)]
Coverage = Annotated[float, Quantity("", 0.05, 0.95)]
RowMetre = Annotated[float, Quantity("m", 0.1, 100)]
PerYear = Annotated[float, Quantity("1/year", 0, 1)]
DcOverAc = Annotated[float, Quantity("", 0.3, 5)]
MONTHS = 12
SAME = 1e-9
"""Rounding that shares and limits are allowed."""
ONE_OF = "exactly one of {names} is needed"
NEEDS = "{name} needs {wanted}"


class Orientation(Part):
    """A part of the modules that stands its own way."""

    share: Ratio
    """Share of the plant's DC power; the shares of all orientations sum to 1."""
    tilt: Tilt
    """Tilt from horizontal."""
    azimuth: Degree
    """Azimuth, clockwise from north (180 = south)."""


class SingleAxis(Part):
    """A tracker with one horizontal axis."""

    axis_azimuth: Degree = 180.0
    """Where the axis points, clockwise from north (180 = north to south, turning from east to west)."""
    max_angle: Tilt = 60.0
    """Largest turn from the horizontal."""
    gcr: Coverage = 0.4
    """Ground coverage: width of the modules over the distance of the rows."""
    backtrack: bool = True
    """Whether rows turn back while the sun is low, so that none shades another."""


class Bifacial(Part):
    """Modules that use the light on their back."""

    bifaciality: Ratio = 0.75
    """Power of the back over that of the front in the same light (TOPCon 0.80, PERC 0.70)."""
    gcr: Coverage | None = None
    """Ground coverage: width of the modules over the distance of the rows; that of `tracker` where absent."""
    height: RowMetre = 1.5
    """Middle of the modules above ground."""
    pitch: RowMetre = 5.0
    """Distance of the rows."""


class Pv(Renewable):
    """A PV plant: fixed in one or several orientations, or on trackers."""

    kind: Literal["pv"] = "pv"
    """Photovoltaics."""
    title: ClassVar[dict[str, str]] = {"en": "PV", "zh": "光伏"}
    capacity: Megawatt
    """Nameplate DC power (MWp)."""
    dc_ac_ratio: DcOverAc | None = None
    """Nameplate DC power over the largest AC power, instead of `ac_limit`."""
    ac_limit: Megawatt | None = Field(default=None, validate_default=True)
    """Largest AC power of the inverters; one of `ac_limit` and `dc_ac_ratio`."""
    tilt: Degree = 25.0
    """Tilt from horizontal."""
    azimuth: Degree = 180.0
    """Azimuth, clockwise from north (180 = south)."""
    orientations: list[Orientation] = []
    """Several orientations behind the same AC limit, instead of `tilt` and `azimuth`."""
    tracker: SingleAxis | None = None
    """Single-axis trackers, instead of `tilt` and `azimuth`."""
    bifacial: Bifacial | None = None
    """Bifacial modules; one-sided where absent."""
    albedo: Ratio = 0.2
    """Share of light that the ground throws back (grass 0.2, dry sand 0.3 to 0.4, fresh snow 0.8)."""
    temperature_coefficient: PerKelvin = -0.0034
    """Relative change of DC power per kelvin of the cell."""
    loss: Ratio = 0.10
    """DC losses: soiling, wiring, mismatch, availability."""
    soiling: Ratio | Annotated[list[Ratio], Field(min_length=MONTHS, max_length=MONTHS)] = 0.0
    """Share that dirt takes beside `loss`: one number, or twelve from January to December of local time."""
    snow: bool = False
    """Whether snow covers the modules and slides off (Marion 2013); the weather must hold `snow_depth_m`."""
    commissioned: str | None = Field(default=None, pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")
    """Month of the first service, such as `2021-06`, for `degradation`."""
    degradation: PerYear = 0.0
    """Share of the first DC power lost each year since `commissioned`, on a straight line (0.5 %/yr)."""
    connection: Literal["direct"] = "direct"
    """Direct line to the park."""

    @field_validator("ac_limit", mode="after")
    @classmethod
    def _needed(cls, value: float | None, info: ValidationInfo) -> float | None:
        """Miss the limit where no ratio stands for it, together with the faults of other fields."""
        if value is None and info.data.get("dc_ac_ratio") is None:
            raise PydanticKnownError("missing")
        return value

    @model_validator(mode="after")
    def _limited(self) -> Pv:
        """Let the ratio of DC to AC read as the AC limit."""
        if self.dc_ac_ratio is not None:
            limit = self.capacity / self.dc_ac_ratio
            # a park that was read and written again holds both, and they agree
            if self.ac_limit is not None and not math.isclose(self.ac_limit, limit, rel_tol=SAME):
                raise PydanticCustomError("one_of", ONE_OF, {"names": "ac_limit, dc_ac_ratio"})
            self.__dict__["ac_limit"] = limit  # the part is frozen once it is made
        return self

    @model_validator(mode="after")
    def _stands(self) -> Pv:
        """Require one way of standing, shares that sum to 1, and what other fields need."""
        own = self.tilt != _default("tilt") or self.azimuth != _default("azimuth")
        if own + bool(self.orientations) + (self.tracker is not None) > 1:
            raise PydanticCustomError("one_of", ONE_OF, {"names": "tilt/azimuth, orientations, tracker"})
        whole = math.fsum(part.share for part in self.orientations)
        if self.orientations and abs(whole - 1.0) > SAME:
            raise PydanticCustomError("shares", "the shares sum to {sum}, not to 1", {"sum": f"{whole:g}"})
        if self.bifacial is not None and self.bifacial.gcr is None and self.tracker is None:
            raise PydanticCustomError("needs", NEEDS, {"name": "bifacial", "wanted": "bifacial.gcr"})
        if self.degradation and self.commissioned is None:
            raise PydanticCustomError("needs", NEEDS, {"name": "degradation", "wanted": "commissioned"})
        return self

    @property
    def modules(self) -> Plant:
        """The plant as the PV chain knows it."""
        return Plant(
            dc_mw=self.capacity,
            ac_limit_mw=self.ac_limit or 0.0,
            arrays=self._arrays(),
            back=self._back(),
            gamma_per_k=self.temperature_coefficient,
            loss=self.loss,
            albedo=self.albedo,
        )

    def _arrays(self) -> tuple[Array, ...]:
        if self.tracker is not None:
            axis = self.tracker
            return (Array(Tracker(axis.axis_azimuth, axis.max_angle, axis.gcr, axis.backtrack)),)
        if self.orientations:
            return tuple(Array(Fixed(part.tilt, part.azimuth), part.share) for part in self.orientations)
        return (Array(Fixed(self.tilt, self.azimuth)),)

    def _back(self) -> Back | None:
        rows = self.bifacial
        if rows is None:
            return None
        gcr = rows.gcr if rows.gcr is not None else self.tracker.gcr if self.tracker is not None else 0.0
        return Back(rows.bifaciality, gcr, rows.height, rows.pitch)

    def rated_mw(self, folder: Path) -> float:
        """Return the AC limit."""
        del folder
        return self.ac_limit or self.capacity

    def kept(self, grid: TimeGrid) -> float | FloatArray:
        """Return what dirt and age leave of the DC power at each step [-]."""
        share: float | FloatArray = 1.0
        if self.soiling != 0.0:
            share = share * clean_share(grid.local, self.soiling)
        if self.degradation and self.commissioned is not None:
            share = share * aged_share(grid.local, self.commissioned, self.degradation)
        return share

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``available_mw`` at the inverters' output.

        Raises
        ------
        MissingColumn
            Where `snow` is asked for and the weather has no depth of snow.
        """
        weather, where = at.weather, at.location
        position = sun(
            at.grid.index, where.latitude, where.longitude, where.altitude, weather.attrs["solar_offset_min"]
        )
        return {"available_mw": plant_power_mw(position, self._sky(at), self.modules, self.kept(at.grid))}

    def _sky(self, at: Conditions) -> Sky:
        weather, speeds = at.weather, at.speeds_by_height
        if self.snow and "snow_depth_m" not in weather:
            known = ", ".join(str(name) for name in weather.data_vars)
            raise MissingColumn(Where(field="snow"), column="snow_depth_m", known=known)
        lowest = min(speeds)
        return Sky(
            weather["ghi_w_per_m2"].to_numpy(),
            weather["dni_w_per_m2"].to_numpy(),
            weather["dhi_w_per_m2"].to_numpy(),
            weather["temp_air_degc"].to_numpy(),
            speeds[lowest] * (10.0 / lowest) ** 0.16,
            weather["snow_depth_m"].to_numpy() if self.snow else None,
            at.grid.hours,
        )


def _default(name: str) -> object:
    return Pv.model_fields[name].default
