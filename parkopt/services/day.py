"""Plan a day: run the flow, write the results as one folder, keep the schedule in the store."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from parkopt.errors import Language
from parkopt.faults import CannotWrite
from parkopt.intake import DayRequest
from parkopt.ledger import FileLog, load_or_create_key
from parkopt.reopen import ReplanRequest
from parkopt.results.summary import summary
from parkopt.services.writing import require_free
from parkopt.settings import Settings
from parkopt.stages import Accounted, Context
from parkopt.store.schedules import Schedules, Share, Stored
from parkopt.workflow import DAY_AHEAD, Step, run

ONE_AT_A_TIME = threading.Lock()
"""Pyomo keeps state in its modules and HiGHS uses all cores: one day is planned at a time."""


@dataclass(frozen=True)
class Planned:
    """A planned day and where its files are."""

    run: str
    result: Accounted
    folder: Path

    @property
    def schedule(self) -> xr.Dataset:
        """The schedule with its carbon."""
        return self.result.schedule

    @property
    def summary(self) -> dict[str, Any]:
        """Its figures."""
        return summary(self.schedule)


def version() -> str:
    """Return the version of parkopt."""
    try:
        return installed_version("parkopt")
    except PackageNotFoundError:
        return "unknown"


def plan_day(request: DayRequest, config: Settings, lang: Language = "en", out: Path | None = None) -> Planned:
    """Plan a day and keep everything about it.

    Parameters
    ----------
    request : DayRequest
        What is asked for.
    config : Settings
        Home folder and database.
    lang : {"en", "zh"}
        Language of the report.
    out : Path, optional
        Folder for the results in place of one in the home folder; it must not exist yet.

    Raises
    ------
    ParkoptError
        For any fault; then no folder of results and no row is left behind, and a record only
        where the fault came after the signed log had taken it.
    """
    return plan_by(DAY_AHEAD, request, config, lang, out)


def plan_by(
    steps: tuple[Step, ...],
    request: DayRequest | ReplanRequest,
    config: Settings,
    lang: Language = "en",
    out: Path | None = None,
) -> Planned:
    """Run a flow, write its results as one folder and keep its schedule; see `plan_day`."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    if out is not None:
        require_free(out)
    with ONE_AT_A_TIME, _working_folder(out.parent if out else config.home / "runs") as working:
        ctx = Context(
            run=name,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=version(),
            lang=lang,
            folder=working,
            log_of=lambda park: park_log(config.home, park),
        )
        result = run(steps, request, ctx)
        folder = out or config.home / "runs" / result.loaded.park.id / result.loaded.request.day.isoformat() / name
        _keep(result, ctx, config, working)
        folder.parent.mkdir(parents=True, exist_ok=True)
        working.replace(folder)
    return Planned(name, result, folder)


@contextmanager
def _working_folder(parent: Path) -> Iterator[Path]:
    """Give a hidden folder to work in, which is gone afterwards unless it was moved to its place."""
    working = parent / f".{secrets.token_hex(6)}"
    try:
        working.mkdir(parents=True)
        yield working
    except OSError as error:
        raise CannotWrite(path=parent, reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def park_log(home: Path, park: str) -> FileLog:
    """Return the log of a park; its signing key is made at the first use."""
    key = load_or_create_key(home / "keys", f"parkopt/{park}")
    return _log(str((home / "ledger" / park).resolve()), key)


@lru_cache(maxsize=16)
def _log(folder: str, key: Any) -> FileLog:
    return FileLog(Path(folder), key)


def _keep(result: Accounted, ctx: Context, config: Settings, folder: Path) -> None:
    stored = Stored(
        run=ctx.run,
        park=result.loaded.park.id,
        date=result.loaded.request.day.isoformat(),
        created_at=datetime.fromisoformat(ctx.created_at),
        summary=summary(result.schedule),
        state=result.account.state.json_ready(),
        log_start=result.logged.start,
        log_stop=result.logged.stop,
        netcdf=(folder / "schedule.nc").read_bytes(),
    )
    Schedules(config.store_url).put(stored, shares_of(result.records))


def shares_of(records: list[dict[str, Any]]) -> list[Share]:
    """Return the shares of the enterprises from the records of a schedule."""
    return [
        Share(
            enterprise=record["enterprise"],
            start=pd.Timestamp(record["start"]).to_pydatetime(),
            end=pd.Timestamp(record["end"]).to_pydatetime(),
            consumption_wh=record["consumption_wh"],
            green_wh=record["green_wh"],
            carbon_ug=int(record["carbon_ug"]),
            by_source_wh=record["by_source_wh"],
        )
        for record in records
        if record["type"] == "enterprise-hour"
    ]
