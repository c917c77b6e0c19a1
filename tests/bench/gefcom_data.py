"""GEFCom2014 wind and solar as the canonical weather, from ../shared.

Hong et al. 2016, doi 10.1016/j.ijforecast.2016.02.001.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "real"
WIND = REAL / "gefcom2014_wind_zone1_hourly_2012_2013.csv.gz"
SOLAR = REAL / "gefcom2014_solar_3zones_nwp_power_201204_201304.csv.gz"
LATITUDE, LONGITUDE = -35.3, 149.1
"""About Canberra: the competition did not publish the sites, its wording says south-east Australia."""


@dataclass(frozen=True)
class Record:
    """One site: weather forecast, issue times, and power as a share of the capacity (NaN: missing)."""

    index: pd.DatetimeIndex
    issued: pd.DatetimeIndex
    weather: xr.Dataset
    power: FloatArray

    def between(self, first: str, after: str) -> np.ndarray:
        """Return the rows issued from `first` until before `after`."""
        return np.asarray(
            (self.issued >= pd.Timestamp(first, tz="UTC")) & (self.issued < pd.Timestamp(after, tz="UTC"))
        )


def wind() -> Record:
    """Return zone 1: ECMWF wind at 10 and 100 m, issued at 00 h for 1 to 24 h ahead."""
    table = pd.read_csv(WIND)
    index, issued = (pd.DatetimeIndex(pd.to_datetime(table[c], utc=True)) for c in ("TARGETdtm", "ISSUEdtm"))
    fields: dict[str, FloatArray] = {}
    for h in (10, 100):
        u, v = (table[f"{c}{h}"].to_numpy() for c in "UV")
        fields[f"wind_speed_{h}m_m_per_s"] = np.hypot(u, v)
        fields[f"wind_from_direction_{h}m_deg"] = np.rad2deg(np.arctan2(-u, -v)) % 360
    return Record(index, issued, _dataset(fields, index), table["TARGETVAR"].to_numpy(dtype=float))


def solar(zone: int) -> Record:
    """Return a zone: ECMWF radiation, cloud, temperature and more, issued at 00 h for 1 to 24 h ahead.

    The stamp is the end of its hour; the step's start is an hour before.
    """
    table = pd.read_csv(SOLAR)
    table = table[table["ZONEID"] == zone]
    end = pd.DatetimeIndex(pd.to_datetime(table["TIMESTAMP"], utc=True))
    index = end - pd.Timedelta("1h")
    issued = index.normalize()
    fields = {
        "ghi_w_per_m2": _hourly(table["VAR169"], issued),
        "net_solar_w_per_m2": _hourly(table["VAR178"], issued),
        "thermal_w_per_m2": _hourly(table["VAR175"], issued),
        "temp_air_degc": table["VAR167"].to_numpy() - 273.15,
        "cloud_cover_percent": 100 * table["VAR164"].to_numpy(),
        "relative_humidity_percent": table["VAR157"].to_numpy(),
        "wind_speed_10m_m_per_s": np.hypot(table["VAR165"], table["VAR166"]).to_numpy(),
        "cloud_water_kg_per_m2": table["VAR78"].to_numpy(),
        "cloud_ice_kg_per_m2": table["VAR79"].to_numpy(),
        "pressure_pa": table["VAR134"].to_numpy(),
        "precipitation_mm_per_h": 1000 * _hourly(table["VAR228"], issued) * 3600,
    }
    return Record(index, issued, _dataset(fields, index), table["POWER"].to_numpy(dtype=float))


def _hourly(accumulated: pd.Series, issued: pd.DatetimeIndex) -> FloatArray:
    """Return the mean rate of each hour of a field accumulated since issue."""
    values = accumulated.to_numpy(dtype=float)
    first = np.concatenate([[True], np.diff(issued.asi8) != 0])
    return np.maximum(np.where(first, values, np.diff(values, prepend=0.0)), 0.0) / 3600


def _dataset(fields: dict[str, FloatArray], index: pd.DatetimeIndex) -> xr.Dataset:
    return xr.Dataset(
        {name: ("time", values) for name, values in fields.items()}, coords={"time": index.tz_localize(None)}
    )
