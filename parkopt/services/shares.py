"""An enterprise's green share, step by step and in all, and the evidence for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from parkopt.errors import ParkoptError, Text, Where
from parkopt.faults import BadRequest, NaiveTime, NotFound, OutOfRange
from parkopt.intake import FIRST_YEAR, LAST_YEAR
from parkopt.ledger import canonical
from parkopt.models import technologies
from parkopt.park.discover import park_paths
from parkopt.park.loader import load_park
from parkopt.services.day import park_log
from parkopt.settings import Settings
from parkopt.store.schedules import Schedules, Share
from parkopt.workflow import evidence_of

LONGEST = timedelta(days=366)


def park_of(enterprise: str) -> str:
    """Return the id of the park where an enterprise consumes.

    Raises
    ------
    NotFound
        Where no park file names it.
    """
    for name, path in park_paths().items():
        if _names(path, enterprise):
            return name
    raise NotFound(what=Text("enterprise", "企业"), key=enterprise)


def _names(path: Path, enterprise: str) -> bool:
    """Return whether a park file names an enterprise; a file that cannot be read names none."""
    try:
        return enterprise in load_park(path, technologies()).park.enterprises
    except ParkoptError:
        return False


def green_share(enterprise: str, start: datetime, end: datetime, config: Settings) -> dict[str, Any]:
    """Return the forecast green share of an enterprise from `start` to `end`.

    Raises
    ------
    NotFound
        Where the enterprise is unknown, or nothing was planned in that span.
    NaiveTime, OutOfRange, BadRequest
        Where a time has no zone or an odd year, or the span is empty or longer than a year.
    """
    _require_span(start, end)
    park = park_of(enterprise)
    rows = Schedules(config.store_url).shares(enterprise, start, end)
    if not rows:
        span = f"{enterprise} {start.isoformat()} - {end.isoformat()}"
        raise NotFound(what=Text("schedule for", "计划，所查为"), key=span)
    consumption, green = sum(row.consumption_wh for row in rows), sum(row.green_wh for row in rows)
    return {
        "enterprise": enterprise,
        "park": park,
        "basis": "forecast",
        "method": "physical tracing through storage",
        "consumption_wh": consumption,
        "green_wh": green,
        "green_share": green / consumption if consumption else 0.0,
        "carbon_ug": str(sum(row.carbon_ug for row in rows)),
        "steps": [_step(row) for row in rows],
    }


def _require_span(start: datetime, end: datetime) -> None:
    for field, moment in (("start", start), ("end", end)):
        if moment.tzinfo is None:
            raise NaiveTime(Where(field=field), value=moment.isoformat())
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise OutOfRange(Where(field=field), value=moment.isoformat(), low=FIRST_YEAR, high=LAST_YEAR)
    if not timedelta(0) < end - start <= LONGEST:
        reason = Text("end must come after start, at most 366 days later", "end 必须晚于 start，且最多相隔 366 天")
        raise BadRequest(Where(field="end"), reason=reason)


def _step(row: Share) -> dict[str, Any]:
    share = row.green_wh / row.consumption_wh if row.consumption_wh else 0.0
    return {
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "consumption_wh": row.consumption_wh,
        "green_wh": row.green_wh,
        "green_share": round(share, 6),
        "by_source_wh": row.by_source_wh,
        "carbon_ug": str(row.carbon_ug),
        "run": row.run,
    }


def enterprise_evidence(run: str, enterprise: str, config: Settings) -> bytes:
    """Return the evidence file of an enterprise for one schedule, as canonical JSON.

    Raises
    ------
    NotFound
        Where the schedule is unknown or the enterprise is not in it.
    """
    stored = Schedules(config.store_url).get(run)
    if enterprise not in stored.summary["enterprises"]:
        raise NotFound(what=Text("enterprise", "企业"), key=enterprise)
    logged = range(stored.log_start, stored.log_stop)
    return canonical(evidence_of(park_log(config.home, stored.park), run, enterprise, logged))
