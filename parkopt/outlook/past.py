"""What a plant's correction learns from: past forecasts through the chain, beside what was measured then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Where
from parkopt.faults import MissingKey, TooLittleHistory
from parkopt.forecast.features import pv_features, wind_features
from parkopt.forecast.past import BoolArray, Past, Wanted
from parkopt.forecast.pv_sun import sun
from parkopt.models.base import Conditions
from parkopt.models.renewable import Renewable
from parkopt.outlook.types import Asked
from parkopt.park.series import Series, on_grid, read_series
from parkopt.weather import Embedded, Source
from parkopt.weather.chosen import fetch_weather, past_weather

LONGEST_DAYS = 350
"""So far back the embedded year is looked at: it comes again every year, and no day may see itself."""
LONGEST_RECORD_DAYS = 1095
"""So far back a record of a plant is looked at: older turbines and older weather models were others (judgement)."""
ISSUED_AT = time(9)
"""Local time of the day before at which a day-ahead forecast is due (North China rules of 2019: by 09:00)."""
NO_WEATHER = "weather: {history: data/past_forecasts.csv}"


@dataclass(frozen=True)
class Learnt:
    """A past for one plant, with its chain; powers in MW."""

    past: Past
    physical: FloatArray
    dark: BoolArray | None
    notes: tuple[str, ...]
    """What is odd or was repaired in the past forecasts."""


def learnt(at: Asked, name: str, plant: Renewable) -> Learnt:
    """Return what a plant's correction learns from.

    With `history` in the park file: that record, beside the forecasts of `weather.history`.
    Without: the embedded year at the park's place, its forecast and what came of it.

    Raises
    ------
    MissingKey
        Where a plant has a record but the park file names no past forecasts.
    TooLittleHistory
        Where record and past forecasts have no day in common.
    TooFar
        Where there is no record, and the park lies far from the embedded year's sites.
    """
    history = plant.history
    record = None if history is None else read_series(history, at.file.folder, "MW")
    forecasts = _forecasts(at, plant)
    grid = _past_grid(at, name, record, forecasts)
    location, folder = at.file.park.location, at.file.folder
    weather = fetch_weather(forecasts, location, grid)
    chain = plant.series(Conditions(grid, weather, location, folder))["available_mw"]
    actual = _came(at, plant, grid) if history is None or record is None else on_grid(record, history, grid)
    ends = grid.index + pd.Timedelta(grid.step)
    return Learnt(
        past=Past(grid.index, _issues(grid), ends, _features(at, plant, weather, grid, chain), actual),
        physical=chain,
        dark=_dark(plant, weather),
        notes=() if record is None else _told(weather, name),
    )


def wanted(at: Asked, plant: Renewable, physical_mw: FloatArray) -> tuple[Wanted, BoolArray | None]:
    """Return the steps of the horizon with their features, and where there is no light (None: light plays no part).

    Parameters
    ----------
    at : Asked
        Park, horizon, weather and issue.
    plant : Renewable
        The plant.
    physical_mw : FloatArray
        Its chain on the horizon's weather, shape (n,) [MW].
    """
    issued = pd.DatetimeIndex([pd.Timestamp(at.issue)] * at.grid.n)
    features = _features(at, plant, at.weather, at.grid, physical_mw)
    return Wanted(at.grid.index, issued, features), _dark(plant, at.weather)


def _told(weather: xr.Dataset, name: str) -> tuple[str, ...]:
    said = str(weather.attrs.get("notes", ""))
    return (f"Past forecasts of {name}: {said}",) if said else ()


def _forecasts(at: Asked, plant: Renewable) -> Source:
    """Return the source of past forecasts."""
    if plant.history is None:
        return Embedded("forecast")
    found = past_weather(at.file)
    if found is None:
        raise MissingKey(Where(str(at.file.path), field="weather.history"), key="weather.history", example=NO_WEATHER)
    return found


def _past_grid(at: Asked, name: str, record: Series | None, forecasts: Source) -> TimeGrid:
    """Return whole local days up to the day of the issue for which there are forecasts and measurements."""
    zone, step = at.grid.zone, at.grid.step
    last = datetime.combine(at.issue.astimezone(zone).date(), time(), zone)
    if record is None:
        horizon = -(-(at.grid.n * step) // timedelta(days=1))
        first = last - timedelta(days=max(1, LONGEST_DAYS - at.ahead_days - horizon + 1))
    else:
        first = last - timedelta(days=LONGEST_RECORD_DAYS)
        spans = [(record.index[0], record.index[-1] + pd.Timedelta(record.step)), *_span(forecasts)]
        first = max(first, *(_midnight(start, zone, up=True) for start, _ in spans))
        last = min(last, *(_midnight(end, zone, up=False) for _, end in spans))
    if last <= first:
        raise TooLittleHistory(Where(str(at.file.path), field=f"assets.{name}.history"), what=name, days=0, needed=14)
    return TimeGrid(first, step, (last - first) // step, zone)


def _span(source: Source) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return from when to when a source has weather, where it can say so."""
    span = getattr(source, "span", None)
    return [span()] if callable(span) else []


def _midnight(moment: pd.Timestamp, zone: timezone, *, up: bool) -> datetime:
    local = moment.tz_convert(zone)
    return (local.ceil("D") if up else local.floor("D")).to_pydatetime()


def _came(at: Asked, plant: Renewable, grid: TimeGrid) -> FloatArray:
    """Return what a plant did in the embedded year [MW]; nobody measured it."""
    location = at.file.park.location
    weather = Embedded("actual").fetch(location, grid)
    return plant.series(Conditions(grid, weather, location, at.file.folder))["available_mw"]


def _issues(grid: TimeGrid) -> pd.DatetimeIndex:
    """Return when the forecast of each step was issued: 09:00 of the local day before."""
    hours = timedelta(hours=ISSUED_AT.hour)
    return (grid.local.normalize() - timedelta(days=1) + hours).tz_convert("UTC")


def _features(
    at: Asked, plant: Renewable, weather: xr.Dataset, grid: TimeGrid, physical_mw: FloatArray
) -> pd.DataFrame:
    """Return the features of a span: of the chain and the clock alone where past and present weather are not alike.

    A later day is looked at like the days that were learnt: as the day ahead of its own run.
    """
    rated, issued = plant.rated_mw(at.file.folder), _issues(grid)
    if plant.history is None and not str(at.weather.attrs["source"]).startswith("embedded"):
        hours = grid.local.hour.to_numpy() + grid.local.minute.to_numpy() / 60
        return pd.DataFrame({"physical": physical_mw / rated, "hour": hours})
    if not _by_light(plant):
        return wind_features(weather, physical_mw, rated, issued)
    here = at.file.park.location
    offset = float(weather.attrs["solar_offset_min"])
    where = sun(grid.index, here.latitude, here.longitude, here.altitude, offset)
    return pv_features(weather, physical_mw, rated, (where.zenith_deg, where.azimuth_deg, where.dni_extra), issued)


def _by_light(plant: Renewable) -> bool:
    return plant.kind == "pv"


def _dark(plant: Renewable, weather: xr.Dataset) -> BoolArray | None:
    """Return where there is no light; None for a plant that needs none."""
    return np.asarray(weather["ghi_w_per_m2"].to_numpy() <= 0.0) if _by_light(plant) else None
