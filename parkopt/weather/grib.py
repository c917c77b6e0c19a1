"""Weather from GRIB files: ERA5, and forecasts of ECMWF with their issue. Needs the extra `grib`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.errors import Where
from parkopt.faults import BrokenFile, MissingFile
from parkopt.park.base import Location
from parkopt.weather.era5 import Era5, files_of
from parkopt.weather.era5_cells import Pick
from parkopt.weather.era5_fields import Sums
from parkopt.weather.era5_file import is_era5


@dataclass(frozen=True)
class Grib:
    """Weather from GRIB, edition 1 or 2, through ecCodes.

    Parameters
    ----------
    path : Path
        The file; a folder of such files, or several joined by commas.
    pick, sums, repeat
        As in `Era5`, which turns the fields into weather.
    """

    path: Path
    pick: Pick = "bilinear"
    sums: Sums = "auto"
    repeat: Literal["never", "calendar", "weekday"] = "never"
    name: str = "grib"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the files' weather at `location` on `grid`; of a forecast with its issue.

        Raises
        ------
        NeedsExtra
            Without ecCodes.
        BrokenFile
            Where a file is no GRIB, damaged, or holds several forecasts.
        Faults
            And the faults of `Era5.fetch`.
        """
        for one in files_of(self.path):
            _require_grib(one)
        return Era5(self.path, self.pick, self.sums, self.repeat, self.name).fetch(location, grid)


def _require_grib(path: Path) -> None:
    where = Where(file=str(path))
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise MissingFile(where, path=path) from error
    if is_era5(head) != "grib":
        raise BrokenFile(where, format="GRIB", reason=f"it begins with {head!r}")
