"""A schedule as NetCDF, CSV and JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import fixed_zone
from parkopt.results.summary import summary
from parkopt.schedule import meaning


def write_netcdf(schedule: xr.Dataset, path: Path) -> None:
    """Write the schedule as NetCDF-4; `read_netcdf` gives it back."""
    schedule.to_netcdf(path, engine="h5netcdf")


def read_netcdf(path: Path) -> xr.Dataset:
    """Read a schedule that `write_netcdf` wrote."""
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        return opened.load()


def local_times(schedule: xr.Dataset) -> list[str]:
    """Return the starts of the steps in the park's zone, as ISO 8601 with offset."""
    stamps = pd.DatetimeIndex(schedule["time"].to_numpy()).tz_localize("UTC")
    return [stamp.isoformat() for stamp in stamps.tz_convert(fixed_zone(str(schedule.attrs["zone"])))]


def columns(schedule: xr.Dataset) -> dict[str, np.ndarray]:
    """Return every series of the schedule by ``asset.variable_unit``; bus series by name alone."""
    found: dict[str, np.ndarray] = {}
    for name, variable in schedule.data_vars.items():
        if "time" not in variable.dims:
            continue
        if variable.dims == ("time",):
            found[str(name)] = variable.to_numpy()
            continue
        stacked = variable.transpose(..., "time")
        others = [schedule[dim].to_numpy().tolist() for dim in stacked.dims[:-1]]
        for index in np.ndindex(*stacked.shape[:-1]):
            values = stacked.to_numpy()[index]
            if values.dtype.kind == "f" and np.isnan(values).all():
                continue
            found[".".join([*(str(labels[i]) for labels, i in zip(others, index, strict=True)), str(name)])] = values
    return found


def to_csv(schedule: xr.Dataset) -> str:
    """Return the schedule as CSV: one row a step, one column a series, unit in the column's name."""
    frame = pd.DataFrame({"time": local_times(schedule), **columns(schedule)})
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def to_dict(schedule: xr.Dataset) -> dict[str, Any]:
    """Return the schedule as plain data: attributes, summary, units and the series."""
    attrs = {key: _plain(value) for key, value in schedule.attrs.items()}
    series = {key: values.tolist() for key, values in columns(schedule).items()}
    units = {str(name): meaning(str(name)).units for name in schedule.data_vars}
    return {
        "attributes": attrs,
        "summary": summary(schedule),
        "units": units,
        "time": local_times(schedule),
        "series": series,
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def to_json(schedule: xr.Dataset) -> str:
    """Return the schedule as JSON text; NaN does not occur in it."""
    return json.dumps(to_dict(schedule), ensure_ascii=False, allow_nan=False)
