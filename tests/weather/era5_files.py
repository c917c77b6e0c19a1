"""Writers of one synthetic weather in every form in which ERA5 and its kin are given."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.weather.sun import cos_zenith, later

LATITUDES, LONGITUDES = np.array([34.0, 33.75, 33.5]), np.array([120.0, 120.25, 120.5, 120.75])
SITE = (33.8, 120.4)
UNITS = {
    "t2m": "K", "d2m": "K", "sp": "Pa", "u10": "m s**-1", "v10": "m s**-1", "u100": "m s**-1", "v100": "m s**-1",
    "tcc": "(0 - 1)", "ssrd": "J m**-2", "fdir": "J m**-2", "tp": "m",
}  # fmt: skip
SUMS = ("ssrd", "fdir", "tp")
SHORT = {"t2m": "2t", "d2m": "2d", "u10": "10u", "v10": "10v", "u100": "100u", "v100": "100v"}
"""GRIB short names that differ from those of NetCDF."""
START, HOURS = "2024-06-01T00:00", 96


@dataclass(frozen=True)
class World:
    """Fields (n, lat, lon): instants at `times`, sums over the hour before them."""

    times: pd.DatetimeIndex
    latitudes: np.ndarray
    longitudes: np.ndarray
    data: dict[str, np.ndarray]

    def dataset(self, names=None, time="valid_time"):
        """The fields as the new converter of CDS writes them."""
        axes = (time, "latitude", "longitude")
        fields = {
            name: (axes, self.data[name].copy(), {
                "units": UNITS[name], "GRIB_stepType": "accum" if name in SUMS else "instant",
            })
            for name in names or self.data
        }  # fmt: skip
        coords = {time: self.times.to_numpy(), "latitude": self.latitudes, "longitude": self.longitudes}
        found = xr.Dataset(fields, coords)
        if time == "time":
            for one in found.variables.values():
                one.attrs.pop("GRIB_stepType", None)
            return found
        version = np.full(len(self.times), "0001", dtype=object)
        return found.assign_coords(number=np.int64(0), expver=(time, version))


def world(start=START, hours=HOURS):
    """Weather that is bilinear in space, so that every way to interpolate agrees."""
    times = pd.date_range(start, periods=hours, freq="h")
    t = np.arange(hours)[:, None, None] + (pd.Timestamp(start) - pd.Timestamp(START)) / pd.Timedelta("1h")
    y, x = np.meshgrid(LATITUDES - 33.75, LONGITUDES - 120.25, indexing="ij")
    slope = 1 + 0.1 * y - 0.05 * x + 0.02 * x * y
    # the light of each hour before a stamp: the mean of its sun's height
    ends = times.to_numpy().astype("datetime64[s]")
    instants = later(ends[:, None], np.linspace(-58.0, -2.0, 15)).ravel()
    height = np.clip(cos_zenith(instants, *SITE), 0, None).reshape(hours, 15).mean(axis=1)[:, None, None]
    clear = 0.5 + 0.2 * np.sin(t / 17)
    data = {
        "t2m": 290 + 6 * np.sin(t / 24 * 2 * np.pi) + 2 * y + x,
        "d2m": 284 + 2 * np.sin(t / 40) + y,
        "sp": 101_000 + 300 * np.sin(t / 30) + 100 * y - 50 * x,
        "u10": 3 * slope * np.cos(t / 9), "v10": 3 * slope * np.sin(t / 9),
        "u100": 7 * slope * np.cos(t / 9), "v100": 7 * slope * np.sin(t / 9),
        "tcc": 0.5 + 0.3 * np.sin(t / 11) + 0.05 * x,
        "ssrd": 1361 * 3600 * height * clear * slope,
        "fdir": 1361 * 3600 * height * clear * slope * 0.6,
        "tp": 0.001 * (1 + np.sin(t / 13)) * slope,
    }  # fmt: skip
    shape = (hours, len(LATITUDES), len(LONGITUDES))
    return World(times, LATITUDES, LONGITUDES, {name: np.broadcast_to(one, shape).copy() for name, one in data.items()})


def since_midnight(times, values):
    """Hourly sums (n, ...) as ERA5-Land gives them: since 00 UTC, the row of 00 UTC closing the day."""
    day = (times - pd.Timedelta("1h")).floor("D")
    running = np.empty_like(values)
    for row in range(len(times)):
        same = row > 0 and day[row] == day[row - 1]
        running[row] = values[row] + (running[row - 1] if same else 0)
    return running


def write_hdf5(path: Path, dataset: xr.Dataset) -> Path:
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def write_new(path: Path, known: World) -> Path:
    return write_hdf5(path, known.dataset())


def write_zip(path: Path, known: World) -> Path:
    """Both step types asked for together: a ZIP, though its name ends in .nc."""
    parts = {"instant": [n for n in known.data if n not in SUMS], "accum": [n for n in known.data if n in SUMS]}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, names in parts.items():
            part = write_hdf5(path.with_suffix(f".{kind}"), known.dataset(names))
            archive.write(part, f"data_stream-oper_stepType-{kind}.nc")
            part.unlink()
    return path


def write_classic(path: Path, known: World) -> Path:
    """The legacy form: NetCDF 3, axis `time` in hours since 1900, no step type."""
    encoding = {"time": {"units": "hours since 1900-01-01", "dtype": "int32"}}
    known.dataset(time="time").to_netcdf(path, engine="scipy", format="NETCDF3_64BIT", encoding=encoding)
    return path


def write_expver(path: Path, known: World) -> Path:
    """The legacy split: final data first, then ERA5T, each NaN where the other is."""
    data = known.dataset(time="time")
    final = xr.DataArray(np.arange(len(known.times)) < 60, dims="time")
    both = xr.concat([data.where(final), data.where(~final)], pd.Index([1, 5], name="expver"))
    return write_hdf5(path, both.transpose("time", "expver", "latitude", "longitude"))


def write_number(path: Path, known: World) -> Path:
    """`number` and `expver` as dimensions of one entry."""
    data = known.dataset().drop_vars(["number", "expver"]).expand_dims(number=[0], expver=["0001"])
    return write_hdf5(path, data)


def write_western(path: Path, known: World) -> Path:
    """The whole globe eastward from 0, of which the area is a part."""
    data = known.dataset()
    more = data.isel(longitude=[0, 0]).assign_coords(longitude=[0.0, 359.75])
    return write_hdf5(path, xr.concat([more.isel(longitude=[0]), data, more.isel(longitude=[1])], "longitude"))


def write_ascending(path: Path, known: World) -> Path:
    return write_hdf5(path, known.dataset().isel(latitude=slice(None, None, -1)))


def write_land(path: Path, known: World) -> Path:
    """ERA5-Land: sums since 00 UTC."""
    running = {name: since_midnight(known.times, known.data[name]) for name in SUMS}
    return write_new(path, World(known.times, known.latitudes, known.longitudes, {**known.data, **running}))


def write_power(path: Path, known: World) -> Path:
    """ECMWF's means over the hour (avg_sdswrf) in place of sums."""
    data = known.dataset()
    for old, new in (("ssrd", "avg_sdswrf"), ("fdir", "avg_sdirswrf")):
        data[new] = (data[old] / 3600).assign_attrs(units="W m**-2")
    return write_hdf5(path, data.drop_vars(["ssrd", "fdir"]))


def write_grib(path: Path, known: World) -> Path:
    """ERA5 in GRIB: instants are analyses, sums the steps 1 to 12 of forecasts from 06 and 18 UTC."""
    with path.open("wb") as stream:
        for row, time in enumerate(known.times):
            ago = int((time.hour - 6 - 1) % 12 + 1)
            for name, values in known.data.items():
                issue, step = (time - pd.Timedelta(hours=ago), ago) if name in SUMS else (time, 0)
                message(stream, name, values[row], issue, step, known)
    return path


def write_forecast(path: Path, known: World) -> Path:
    """One forecast from the first instant: steps 0, 1, 2 ..., sums since the issue."""
    running = {name: np.cumsum(known.data[name], axis=0) - known.data[name][0] for name in SUMS if name in known.data}
    with path.open("wb") as stream:
        for step in range(len(known.times)):
            for name, values in {**known.data, **running}.items():
                message(stream, name, values[step], known.times[0], step, known)
    return path


def message(stream, name, values, issue, step, known):
    """Write one GRIB message."""
    import eccodes

    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
    keys = {
        "Ni": len(known.longitudes), "Nj": len(known.latitudes),
        "latitudeOfFirstGridPointInDegrees": known.latitudes[0],
        "latitudeOfLastGridPointInDegrees": known.latitudes[-1],
        "longitudeOfFirstGridPointInDegrees": known.longitudes[0],
        "longitudeOfLastGridPointInDegrees": known.longitudes[-1],
        "iDirectionIncrementInDegrees": 0.25, "jDirectionIncrementInDegrees": 0.25,
        "dataDate": int(issue.strftime("%Y%m%d")), "dataTime": issue.hour * 100, "shortName": SHORT.get(name, name),
        "stepRange": str(step), "bitsPerValue": 24,
    }  # fmt: skip
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, np.asarray(values, dtype=float).ravel())
    eccodes.codes_write(handle, stream)
    eccodes.codes_release(handle)
