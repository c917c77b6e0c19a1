"""Schedules that were kept: list them, get one back as a Dataset."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import xarray as xr

from parkopt.errors import Language
from parkopt.results.files import read_netcdf, to_csv, to_json
from parkopt.results.page import page
from parkopt.settings import Settings
from parkopt.store.schedules import Schedules, Stored

__all__ = ["dataset_of", "line", "list_schedules", "report_of", "store_answers", "stored_schedule", "to_csv", "to_json"]


def stored_schedule(run: str, config: Settings) -> Stored:
    """Return a kept schedule, or raise `NotFound`."""
    return Schedules(config.store_url).get(run)


def dataset_of(stored: Stored) -> xr.Dataset:
    """Return the Dataset of a kept schedule."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schedule.nc"
        path.write_bytes(stored.netcdf)
        return read_netcdf(path)


def report_of(schedule: xr.Dataset, lang: Language) -> str:
    """Return the one-page report of a kept schedule."""
    return page(schedule, lang)


def store_answers(config: Settings) -> None:
    """Return where the store answers, raise `StoreUnusable` where it does not."""
    Schedules(config.store_url).latest("", 1)


def list_schedules(park: str, config: Settings) -> list[dict[str, Any]]:
    """Return the newest schedules of a park with their figures."""
    return [line(stored) for stored in Schedules(config.store_url).latest(park)]


def line(stored: Stored) -> dict[str, Any]:
    """Return what a list shows of a schedule."""
    keys = ("cost_yuan", "carbon_t", "green_share")
    return {
        "id": stored.run,
        "park": stored.park,
        "date": stored.date,
        "created_at": stored.created_at.isoformat(),
        **{key: stored.summary[key] for key in keys},
    }
