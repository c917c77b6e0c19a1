"""All files of a schedule in one folder."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from parkopt.errors import Language
from parkopt.results.files import to_csv, to_json, write_netcdf
from parkopt.results.page import page


def write_all(schedule: xr.Dataset, folder: Path, lang: Language) -> None:
    """Write ``schedule.nc``, ``schedule.csv``, ``schedule.json`` and ``report.html``."""
    write_netcdf(schedule, folder / "schedule.nc")
    (folder / "schedule.csv").write_text(to_csv(schedule), encoding="utf-8")
    (folder / "schedule.json").write_text(to_json(schedule), encoding="utf-8")
    (folder / "report.html").write_text(page(schedule, lang), encoding="utf-8")
