"""From Datasets of ERA5 and its kin to the fields at a site: names, axes, members, versions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import BrokenFile, MissingColumn
from parkopt.weather.era5_cells import Cells, Pick, choose
from parkopt.weather.era5_fields import UNITS, Field

Land = tuple[FloatArray, FloatArray, FloatArray]
"""Latitudes (m,) and longitudes (n,) in degrees, and the share of land in each cell (m, n)."""
ALIASES = {
    "2t": "t2m", "2d": "d2m", "10u": "u10", "10v": "v10", "100u": "u100", "100v": "v100", "avg_sdswrf": "ssrd",
    "msdwswrf": "ssrd", "avg_sdirswrf": "fdir", "msdrswrf": "fdir", "lat": "latitude", "lon": "longitude",
    "forecast_reference_time": "time", "forecast_period": "step",
}  # fmt: skip
"""Other names of fields and axes: GRIB short names, and ECMWF's means over the hour."""
PRELIMINARY = "Part of the data is preliminary (expver 5, ERA5T) and may still change."
CONTROL = "Of the ensemble, member 0 (the control) is used."


@dataclass
class Found:
    """Fields of one file at the site, in the order of the file, with notes and the hash of the file."""

    sha256: str = ""
    fields: list[Field] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note once."""
        if text and text not in self.notes:
            self.notes.append(text)


def named(dataset: xr.Dataset) -> xr.Dataset:
    """Return the Dataset with the names of this module."""
    known = {old: new for old, new in ALIASES.items() if old in dataset.variables or old in dataset.dims}
    return dataset.rename({old: new for old, new in known.items() if new not in dataset.variables})


def land_of(dataset: xr.Dataset, where: Where) -> Land | None:
    """Return the shares of land of a Dataset; None where it has none."""
    if "lsm" not in dataset.variables:
        return None
    lsm = _flat(dataset["lsm"])
    lsm = lsm.isel({dim: 0 for dim in lsm.dims if dim not in ("latitude", "longitude")})
    share = np.asarray(lsm.transpose("latitude", "longitude").values, dtype=float)
    return _axis(dataset, "latitude", where), _axis(dataset, "longitude", where), share


def take(dataset: xr.Dataset, found: Found, place: tuple[float, float], where: Where, pick: Pick) -> None:
    """Add the known fields of a Dataset."""
    names = [name for name in UNITS if name in dataset.data_vars]
    if not names:
        return
    axes = [_axis(dataset, name, where) for name in ("latitude", "longitude")]
    cells = choose(axes[0], axes[1], place, where, pick)
    found.note(cells.note)
    if _preliminary(dataset):
        found.note(PRELIMINARY)
    found.fields += [_field(dataset, name, cells, where, found) for name in names]


def _axis(dataset: xr.Dataset, name: str, where: Where) -> np.ndarray:
    if name not in dataset.variables:
        known = ", ".join(str(one) for one in dataset.variables)
        raise MissingColumn(Where(where.file, field=name), column=name, known=known)
    values = np.atleast_1d(np.asarray(dataset[name].values, dtype=float))
    limit = 90 if name == "latitude" else 360
    if values.ndim > 1 or not values.size or not (np.abs(values) <= limit + 1e-6).all():
        raise BrokenFile(where, format="ERA5", reason=f"{name} is no axis in degrees of a regular grid")
    return values


def _flat(data: xr.DataArray) -> xr.DataArray:
    """Return the array with axes for latitude and longitude, whatever their number of cells."""
    return data.expand_dims([name for name in ("latitude", "longitude") if name not in data.dims])


def _preliminary(dataset: xr.Dataset) -> bool:
    if "expver" not in dataset.variables:
        return False
    return "5" in {version(value) for value in np.atleast_1d(dataset["expver"].values)}


def version(value: object) -> str:
    """Return an expver, written 1, "0001" or b"0001", without its zeros."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.strip().lstrip("0").removesuffix(".0")


def _field(dataset: xr.Dataset, name: str, cells: Cells, where: Where, found: Found) -> Field:
    """Return one field, read at the cells and weighted to the site."""
    data = _flat(dataset[name]).isel(latitude=cells.latitude.index, longitude=cells.longitude.index).load()
    data = _one_version(_one_member(data, found), found)
    axes = [dim for dim in data.dims if dim in ("valid_time", "time", "step")]
    levels = [dim for dim in data.dims if dim not in (*axes, "latitude", "longitude")]
    if any(data.sizes[dim] > 1 for dim in levels):
        raise BrokenFile(Where(where.file, field=name), format="ERA5", reason=f"{name} has an axis {levels[0]!r}")
    data = data.squeeze(levels, drop=True).transpose(*axes, "latitude", "longitude")
    one = data.isel(latitude=0, longitude=0)
    times = _stamps(dataset, "valid_time" if "valid_time" in dataset.variables else "time", one, where)
    values = np.asarray(data.values, dtype=float).reshape(one.size, -1)
    unit = str(data.attrs.get("units", ""))
    return Field(name, times, at_site(values, cells, found), unit, _issued(dataset, one, where),
                 Where(where.file, field=name))  # fmt: skip


def _one_member(data: xr.DataArray, found: Found) -> xr.DataArray:
    if "number" not in data.dims:
        return data
    if data.sizes["number"] > 1:
        found.note(CONTROL)
    return data.isel(number=0)


def _one_version(data: xr.DataArray, found: Found) -> xr.DataArray:
    """Return ERA5 (expver 1) where there is any, else ERA5T (5), which fills what is not final."""
    if "expver" not in data.dims:
        return data
    versions = [version(value) for value in np.atleast_1d(data["expver"].values)]
    order = sorted(range(len(versions)), key=lambda row: versions[row])
    merged = data.isel(expver=order[0], drop=True)
    for row in order[1:]:
        merged = merged.fillna(data.isel(expver=row, drop=True))
    if len(order) > 1:
        found.note("Final (expver 1) and preliminary data (expver 5) were merged, the final first.")
    return merged.assign_attrs(data.attrs)


def at_site(values: np.ndarray, cells: Cells, found: Found) -> np.ndarray:
    """Return values (n,) from those of the cells (n, k); cells that are empty throughout drop out."""
    weight = cells.weight
    there = np.isfinite(values).any(axis=0)
    if there.any() and not there.all() and weight[there].sum() > 0:
        found.note(f"{int((~there).sum())} of {len(there)} cells around the site are empty (sea, in ERA5-Land).")
        values, weight = values[:, there], weight[there] / weight[there].sum()
    return np.asarray(values @ weight, dtype=float)


def _stamps(dataset: xr.Dataset, name: str, like: xr.DataArray, where: Where) -> np.ndarray:
    """Return a time coordinate for every row of `like`, flat."""
    if name not in dataset.variables:
        known = ", ".join(str(one) for one in dataset.variables)
        raise MissingColumn(Where(where.file, field=name), column="valid_time", known=known)
    stamps = dataset[name].variable
    data = np.asarray(xr.DataArray(stamps.values, dims=stamps.dims).broadcast_like(
        xr.DataArray(np.empty(like.shape), dims=like.dims)).transpose(*like.dims).values)  # fmt: skip
    if data.dtype.kind != "M" or np.isnat(data).any() or not data.size:
        raise BrokenFile(Where(where.file, field=name), format="ERA5", reason=f"{name} does not hold dates throughout")
    return np.asarray(data.ravel().astype("datetime64[s]"))


def _issued(dataset: xr.Dataset, like: xr.DataArray, where: Where) -> np.ndarray | None:
    """Return when the forecast of each row was issued; None for a plain time axis."""
    if "step" not in dataset.variables or not {"time", "valid_time"} <= set(dataset.variables):
        return None
    steps = np.asarray(dataset["step"].values)
    if not steps.astype("timedelta64[s]").astype(float).any():
        return None
    return _stamps(dataset, "time", like, where)
