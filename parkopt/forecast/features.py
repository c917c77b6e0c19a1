"""Features of weather forecasts that a learner sees: pure functions, no time of today.

Only what the weather has becomes a column. Neighbours in time stay within one run of the
weather model; at the run's ends its first or last value is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, MissingColumn, NaiveTime, UnreadableValue
from parkopt.forecast.arrays import numbers, setting
from parkopt.weather.source import HEIGHTS_M, WIND

NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
"""Steps before (-) and after a step whose values stand beside its own."""
NEAREST = (-2, -1, 1, 2)
"""The same for columns of less weight."""
_GAS_J_PER_KG_K, _ZERO_K = 287.053, 273.15
_CALM_M_PER_S = 0.5
_DAYS_A_YEAR = 365.25


def wind_features(
    weather: xr.Dataset,
    physical_mw: FloatArray | None,
    capacity_mw: float,
    issued: pd.DatetimeIndex | None = None,
    *,
    season: bool = False,
) -> pd.DataFrame:
    """Return the features of wind power.

    Parameters
    ----------
    weather : xarray.Dataset
        Canonical variables over `time` (n,); those that are there are used.
    physical_mw : FloatArray, optional
        Power of the physical chain, shape ``(n,)`` [MW].
    capacity_mw : float
        Of the farm [MW]; the physical power becomes a share of it.
    issued : pandas.DatetimeIndex, optional
        When each row's run was issued, shape ``(n,)``, with a zone; without it all is one run
        and there is no lead time.
    season : bool
        Whether the day of the year is a feature: a record of less than two years cannot tell a
        season from the weather of its one year (it did harm on GEFCom2014's training months).

    Returns
    -------
    pandas.DataFrame
        Shape ``(n, f)``: speeds [m/s] with their neighbours, components of the wind [m/s],
        shear exponent [-], density [kg/m3], physical power [-], hour, season, lead [h].

    Raises
    ------
    MissingColumn
        Where the weather has no wind speed.
    GridMismatch, NaiveTime
        Where an array does not fit, or `issued` has no zone.
    """
    heights = [h for h in HEIGHTS_M if f"wind_speed_{h}m_m_per_s" in weather]
    if not heights:
        raise MissingColumn(column=WIND[0], known=_names(weather))
    runs = _runs(weather, issued)
    speeds = {h: _values(weather, f"wind_speed_{h}m_m_per_s") for h in heights}
    hub = min(heights, key=lambda h: abs(h - 100))
    columns = {f"wind_speed_{h}m": v for h, v in speeds.items()}
    columns |= {f"wind_speed_{hub}m{k:+d}": _beside(speeds[hub], runs, k) for k in NEIGHBOURS}
    low = heights[0]
    if low != hub:
        columns |= {f"wind_speed_{low}m{k:+d}": _beside(speeds[low], runs, k) for k in NEAREST}
    columns |= _run_range(f"wind_speed_{hub}m", speeds[hub], runs)
    columns |= _around(f"wind_speed_{hub}m", speeds[hub], runs)
    columns |= _components(weather, speeds, hub, runs)
    if len(heights) > 1:
        columns["shear"] = _shear(speeds[heights[0]], speeds[heights[-1]], heights[-1] / heights[0])
    columns |= _density(weather) | _physical(physical_mw, capacity_mw, runs)
    return pd.DataFrame(columns | _clock(weather, issued, season=season))


def pv_features(
    weather: xr.Dataset,
    physical_mw: FloatArray | None,
    capacity_mw: float,
    sun: tuple[FloatArray, FloatArray, FloatArray] | None = None,
    issued: pd.DatetimeIndex | None = None,
    *,
    season: bool = False,
) -> pd.DataFrame:
    """Return the features of PV power.

    Parameters
    ----------
    weather, physical_mw, capacity_mw, issued, season
        As for `wind_features`.
    sun : tuple of FloatArray, optional
        Zenith and azimuth [deg] and the irradiance outside the air on a plane towards the
        sun [W/m2], each ``(n,)``, as in `parkopt.forecast.pv_sun.Sun`.

    Returns
    -------
    pandas.DataFrame
        Shape ``(n, f)``: irradiance [W/m2] with neighbours, clearness index [-], sun [deg],
        cloud, temperature and what else the weather has, physical power [-], hour, season, lead.

    Raises
    ------
    MissingColumn
        Where the weather has no ``ghi_w_per_m2``.
    GridMismatch, NaiveTime
        Where an array does not fit, or `issued` has no zone.
    """
    runs = _runs(weather, issued)
    ghi = _values(weather, "ghi_w_per_m2")
    columns = {str(name): _values(weather, str(name)) for name in weather.data_vars if weather[name].dims == ("time",)}
    columns |= {f"ghi{k:+d}": _beside(ghi, runs, k) for k in NEIGHBOURS}
    if "cloud_cover_percent" in weather:
        cloud = columns["cloud_cover_percent"]
        columns |= {f"cloud{k:+d}": _beside(cloud, runs, k) for k in (-1, 1)}
    columns |= _run_range("ghi", ghi, runs)
    if sun is not None:
        columns |= _sun(ghi, sun, runs)
    columns |= _physical(physical_mw, capacity_mw, runs)
    return pd.DataFrame(columns | _clock(weather, issued, season=season))


def in_order(features: pd.DataFrame, columns: Sequence[str]) -> FloatArray:
    """Return the columns that a learner was fitted to, in its order, as an array.

    Raises
    ------
    MissingColumn
        Where one is not there.
    """
    for name in columns:
        if name not in features:
            raise MissingColumn(column=name, known=", ".join(map(str, features.columns)))
    return np.asarray(features[list(columns)].to_numpy(dtype=float))


def finite(features: FloatArray, columns: Sequence[str]) -> FloatArray:
    """Return the array, or raise `UnreadableValue` with row (1 = first) and column of the first that is no number."""
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        row, column = (int(x) for x in bad[0])
        place = Where(row=row + 1, field=columns[column])
        raise UnreadableValue(place, column=columns[column], value=float(features[row, column]))
    return features


def _names(weather: xr.Dataset) -> str:
    return ", ".join(str(name) for name in weather.data_vars)


def _values(weather: xr.Dataset, name: str) -> FloatArray:
    if name not in weather:
        raise MissingColumn(column=name, known=_names(weather))
    return np.asarray(weather[name].to_numpy(), dtype=float)


def _runs(weather: xr.Dataset, issued: pd.DatetimeIndex | None) -> FloatArray:
    """Return a number for each stretch of rows of one run, shape (n,)."""
    n = weather.sizes["time"]
    if issued is None:
        return np.zeros(n)
    if issued.tz is None:
        raise NaiveTime(value=str(issued[0]) if len(issued) else "an empty index")
    if len(issued) != n:
        raise GridMismatch(name="issued", got=f"{len(issued)} times", expected=f"{n} times")
    return np.cumsum(np.concatenate([[False], np.diff(issued.asi8) != 0])[:n]).astype(float)


def _beside(values: FloatArray, runs: FloatArray, by: int) -> FloatArray:
    """Return the value `by` steps later, no further than the ends of each run."""
    rows = np.arange(len(values))
    first, last = np.searchsorted(runs, runs, "left"), np.searchsorted(runs, runs, "right") - 1
    return np.asarray(values[np.clip(rows + by, first, last)])


def _run_range(name: str, values: FloatArray, runs: FloatArray) -> dict[str, FloatArray]:
    """Return the highest and the mean within 12 steps on either side, no further than the run."""
    around = np.stack([_beside(values, runs, k) for k in range(-12, 13)])
    return {f"{name}_max": around.max(axis=0), f"{name}_min": around.min(axis=0), f"{name}_mean": around.mean(axis=0)}


def _around(name: str, values: FloatArray, runs: FloatArray) -> dict[str, FloatArray]:
    """Return the mean of 3 and of 7 steps around each, and the spread of the 7."""
    near = np.stack([_beside(values, runs, k) for k in range(-3, 4)])
    return {
        f"{name}_mean3": near[2:5].mean(axis=0),
        f"{name}_mean7": near.mean(axis=0),
        f"{name}_std7": near.std(axis=0),
    }


def _components(
    weather: xr.Dataset, speeds: dict[int, FloatArray], hub: int, runs: FloatArray
) -> dict[str, FloatArray]:
    heights = [h for h in (10, 100) if f"wind_from_direction_{h}m_deg" in weather]
    angles = {h: np.deg2rad(_values(weather, f"wind_from_direction_{h}m_deg")) for h in heights}
    found: dict[str, FloatArray] = {}
    for h, angle in angles.items():
        speed = speeds.get(h, speeds[hub])
        found |= {f"direction_{h}m_sin": np.sin(angle), f"direction_{h}m_cos": np.cos(angle)}
        found |= {f"wind_u_{h}m": -speed * np.sin(angle), f"wind_v_{h}m": -speed * np.cos(angle)}
    for axis in "uv" if heights else "":
        column = f"wind_{axis}_{heights[-1]}m"
        found |= {f"{column}{k:+d}": _beside(found[column], runs, k) for k in NEAREST}
    if len(heights) > 1:
        found["veer"] = np.sin(angles[100] - angles[10])
    return found


def _shear(low: FloatArray, high: FloatArray, ratio: float) -> FloatArray:
    # calm air has no exponent worth learning from: both speeds are kept off 0
    low, high = np.maximum(low, _CALM_M_PER_S), np.maximum(high, _CALM_M_PER_S)
    return np.asarray(np.log(high / low) / np.log(ratio))


def _density(weather: xr.Dataset) -> dict[str, FloatArray]:
    if "temp_air_degc" not in weather:
        return {}
    temp = _values(weather, "temp_air_degc")
    if "pressure_pa" not in weather:
        return {"temp_air": temp}
    return {"temp_air": temp, "density": _values(weather, "pressure_pa") / (_GAS_J_PER_KG_K * (temp + _ZERO_K))}


def _physical(physical_mw: FloatArray | None, capacity_mw: float, runs: FloatArray) -> dict[str, FloatArray]:
    if physical_mw is None:
        return {}
    setting(capacity_mw, np.nextafter(0.0, 1.0), np.finfo(float).max)
    share = numbers("physical power", physical_mw, len(runs)) / capacity_mw
    return {"physical": share, "physical-1": _beside(share, runs, -1), "physical+1": _beside(share, runs, 1)}


def _sun(ghi: FloatArray, sun: tuple[FloatArray, ...], runs: FloatArray) -> dict[str, FloatArray]:
    zenith, azimuth, extra = (numbers("sun", part, len(ghi)) for part in sun)
    above = extra * np.maximum(np.cos(np.deg2rad(zenith)), 0.0)
    # at dawn and dusk a small sun makes the index meaningless: it is kept below 1.5
    clear = np.clip(ghi / np.maximum(above, 20.0), 0.0, 1.5)
    beside = {f"clearness{k:+d}": _beside(clear, runs, k) for k in (-1, 1)}
    return {"zenith": zenith, "azimuth": azimuth, "clearness": clear, **beside}


def _clock(weather: xr.Dataset, issued: pd.DatetimeIndex | None, *, season: bool) -> dict[str, FloatArray]:
    time = pd.DatetimeIndex(weather["time"].to_index())
    hour = time.hour.to_numpy() + time.minute.to_numpy() / 60
    found = {"hour": np.asarray(hour, dtype=float)}
    if season:
        angle = 2 * np.pi * time.dayofyear.to_numpy() / _DAYS_A_YEAR
        found |= {"year_sin": np.sin(angle), "year_cos": np.cos(angle)}
    if issued is None:
        return found
    lead = (time.tz_localize("UTC").as_unit("ns").asi8 - issued.as_unit("ns").asi8) / 3.6e12
    return {**found, "lead": lead}
