"""Plan the rest of a running day anew: find its schedule, take over its state, keep what is committed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import xarray as xr

from parkopt.errors import Language, Text
from parkopt.faults import NotFound
from parkopt.intake import DayRequest
from parkopt.reopen import ReplanRequest
from parkopt.services.day import Planned, plan_by
from parkopt.services.schedules import dataset_of
from parkopt.settings import Settings
from parkopt.store.schedules import Schedules
from parkopt.workflow import INTRADAY


def replan(
    earlier: xr.Dataset,
    day: DayRequest,
    at: datetime,
    config: Settings,
    lang: Language = "en",
    out: Path | None = None,
    *,
    keep: timedelta = timedelta(0),
    levels_mwh: Mapping[str, float] | None = None,
) -> Planned:
    """Plan the rest of a running day anew and keep everything about it.

    Parameters
    ----------
    earlier : xarray.Dataset
        The schedule that runs.
    day : DayRequest
        What is asked for as for a whole day; date, days, step and state come from `earlier`.
    at : datetime
        From which step on.
    config : Settings
        Home folder and database.
    lang : {"en", "zh"}
        Language of the report.
    out : Path, optional
        Folder for the results.
    keep : timedelta
        How long the flows stay as they were planned.
    levels_mwh : mapping, optional
        Measured energy in storages at that moment.
    """
    return plan_by(INTRADAY, ReplanRequest(earlier, day, at, keep, levels_mwh or {}), config, lang, out)


def running(park_or_run: str, at: datetime, config: Settings) -> xr.Dataset:
    """Return the schedule named by its id, or the newest one of a park that covers a moment.

    Raises
    ------
    NotFound
        Where there is none.
    """
    schedules = Schedules(config.store_url)
    for stored in schedules.latest(park_or_run):
        schedule = dataset_of(schedules.get(stored.run))
        if _covers(schedule, at):
            return schedule
    if schedules.latest(park_or_run, 1):
        raise NotFound(what=Text("schedule at that time", "该时刻的计划"), key=f"{park_or_run} {at.isoformat()}")
    return dataset_of(schedules.get(park_or_run))


def _covers(schedule: xr.Dataset, at: datetime) -> bool:
    stamps = pd.DatetimeIndex(schedule["time"].to_numpy()).tz_localize("UTC")
    return bool(stamps[0] <= at < stamps[-1] + pd.Timedelta(minutes=int(schedule.attrs["step_min"])))
