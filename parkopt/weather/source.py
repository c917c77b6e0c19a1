"""The canonical weather: one Dataset, the same from every source, checked on the way in.

Dimension ``time`` holds the starts of a `TimeGrid`'s steps in UTC (naive, as xarray keeps
them). Attributes say where the numbers come from and whether they are a forecast, what
happened, or a typical year; ``synthetic`` is 1 where no instrument measured them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Literal, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid, fixed_zone
from parkopt.errors import NOWHERE, ParkoptError, Where, raise_all
from parkopt.faults import GridMismatch, ImplausibleValue, MissingColumn, NegativeValue, UnreadableValue
from parkopt.park.base import Location

WeatherBasis = Literal["forecast", "actual", "typical_year"]
Weather = xr.Dataset


@dataclass(frozen=True)
class Variable:
    """A canonical variable: unit, meaning, and the range outside which a unit is wrong."""

    unit: str
    long_name: str
    low: float
    high: float
    averaging: str = "mean over the step"
    height_m: float | None = None

    @property
    def attrs(self) -> dict[str, object]:
        """Attributes of the variable in a Dataset."""
        known: dict[str, object] = {"units": self.unit, "long_name": self.long_name, "averaging": self.averaging}
        return known if self.height_m is None else {**known, "height_m": self.height_m}


HEIGHTS_M = (10, 50, 80, 100, 120, 150, 180)
"""Heights above ground at which sources give the wind."""
VARIABLES: dict[str, Variable] = {
    "ghi_w_per_m2": Variable("W/m2", "global horizontal irradiance", 0, 1500),
    "dni_w_per_m2": Variable("W/m2", "direct normal irradiance", 0, 1500),
    "dhi_w_per_m2": Variable("W/m2", "diffuse horizontal irradiance", 0, 1500),
    "temp_air_degc": Variable("degC", "air temperature at 2 m", -60, 60),
    "pressure_pa": Variable("Pa", "air pressure at the site", 80_000, 110_000),
    **{
        f"wind_speed_{h}m_m_per_s": Variable("m/s", f"wind speed at {h} m", 0, 60, height_m=float(h)) for h in HEIGHTS_M
    },
    **{
        f"wind_from_direction_{h}m_deg": Variable(
            "deg", f"where the wind comes from at {h} m, from north over east", 0, 360, height_m=float(h)
        )
        for h in (10, 100)
    },
    "relative_humidity_percent": Variable("percent", "relative humidity at 2 m", 0, 110),
    "cloud_cover_percent": Variable("percent", "share of the sky under cloud", 0, 100),
    "precipitation_mm_per_h": Variable("mm/h", "rain and melted snow", 0, 300, "sum over the step, as a rate"),
    "snow_depth_m": Variable("m", "snow on the ground", 0, 10),
}
"""Limits: parkopt reference, weather 3.2 (a GHI above 1500, wind above 60 or air above 60 is a wrong unit)."""
WIND = tuple(name for name in VARIABLES if name.startswith("wind_speed"))
REQUIRED = tuple(name for name in VARIABLES if name.startswith(("ghi", "dni", "dhi", "temp_air", "pressure")))
"""Needed beside a wind speed at any one height; all else is optional."""


class Source(Protocol):
    """Anything that gives weather."""

    @property
    def name(self) -> str:
        """Name for results and messages."""
        ...

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the canonical weather of `location` on `grid`, or raise; never guess."""
        ...


@dataclass(frozen=True)
class Origin:
    """Where weather comes from: the attributes of a canonical Dataset."""

    source: str
    basis: WeatherBasis
    latitude: float
    longitude: float
    sha256: str
    solar_offset_min: float
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    issued_at: str = ""
    """When a forecast became known, ISO 8601 in UTC; empty where the source does not say."""


def canonical(
    variables: Mapping[str, FloatArray], grid: TimeGrid, origin: Origin, where: Where = NOWHERE
) -> xr.Dataset:
    """Build and check the canonical Dataset.

    Parameters
    ----------
    variables : mapping
        Canonical name to values (grid.n,).
    grid : TimeGrid
        Steps of the values.
    origin : Origin
        Attributes.
    where : Where
        File of the values, for faults.

    Raises
    ------
    GridMismatch, MissingColumn, UnreadableValue, NegativeValue, ImplausibleValue
    """
    time = pd.DatetimeIndex(grid.index.tz_localize(None), name="time").as_unit("ns")
    # ordered as VARIABLES, so that two sources give Datasets that print alike
    data = {
        name: ("time", _sized(name, variables[name], grid, where), VARIABLES[name].attrs)
        for name in VARIABLES
        if name in variables
    }
    dataset = xr.Dataset(data, coords={"time": time}, attrs=_attrs(grid, origin))
    check_weather(dataset, where)
    return dataset


def _sized(name: str, values: FloatArray, grid: TimeGrid, where: Where) -> FloatArray:
    data = np.asarray(values, dtype=float)
    if data.shape != (grid.n,):
        raise GridMismatch(where, name=name, got=f"{data.shape} values", expected=f"{grid.n} values")
    return data


def _attrs(grid: TimeGrid, origin: Origin) -> dict[str, object]:
    known = {**vars(origin), "synthetic": int(origin.synthetic), "notes": " ".join(origin.notes)}
    sign, offset = "+", grid.zone.utcoffset(None)
    if offset < timedelta(0):
        sign, offset = "-", -offset
    minutes = int(offset.total_seconds() // 60)
    zone = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return {**known, "zone": zone, "step_min": int(grid.step.total_seconds() // 60)}


def check_weather(dataset: xr.Dataset, where: Where = NOWHERE) -> None:
    """Raise unless all variables are there, finite and within the range of their unit.

    Raises
    ------
    MissingColumn
        A variable is missing; of the winds one height is enough.
    UnreadableValue, NegativeValue, ImplausibleValue
        The first value of a variable that is no number, or beyond its range.
    """
    known = ", ".join(str(name) for name in dataset.data_vars)
    missing = [name for name in REQUIRED if name not in dataset]
    if not any(name in dataset for name in WIND):
        missing.append("wind_speed_100m_m_per_s")
    raise_all(MissingColumn(where, column=name, known=known) for name in missing)
    present = [name for name in VARIABLES if name in dataset]
    found = [check_range(name, np.asarray(dataset[name]), where) for name in present]
    raise_all(fault for fault in found if fault is not None)


def check_range(
    name: str, values: FloatArray, where: Where = NOWHERE, header_lines: int | None = None
) -> ParkoptError | None:
    """Return the fault of the first bad value of a canonical variable, if there is one.

    With `header_lines`, row 1 of the values stands on the line after them.
    """
    about = VARIABLES[name]
    # written so that NaN counts as bad
    bad = ~((values >= about.low) & (values <= about.high))
    if not bad.any():
        return None
    row = int(np.argmax(bad))
    value = float(values[row])
    line = where.line if header_lines is None else row + 1 + header_lines
    place = Where(where.file, line, where.field or name, row + 1)
    if not np.isfinite(value):
        return UnreadableValue(place, column=name, value=value)
    if value < 0 and about.low == 0:
        return NegativeValue(place, column=name, value=value)
    limit = about.high if value > about.high else about.low
    return ImplausibleValue(place, column=name, value=value, limit=limit, unit=about.unit)


def grid_of(dataset: xr.Dataset) -> TimeGrid:
    """Return the TimeGrid of a canonical Dataset.

    Raises
    ------
    GridMismatch
        Where its times are not regular, as after a careless selection.
    """
    times = pd.DatetimeIndex(dataset["time"].to_index())
    step = timedelta(minutes=int(dataset.attrs["step_min"]))
    if len(times) > 1 and not bool((np.diff(times.to_numpy()) == np.timedelta64(step)).all()):
        raise GridMismatch(name="weather", got="times with gaps", expected=f"steps of {step}")
    start = times[0].to_pydatetime().replace(tzinfo=UTC)
    return TimeGrid(start, step, len(times), fixed_zone(str(dataset.attrs["zone"])))
