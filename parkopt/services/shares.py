"""An enterprise's green share, step by step and in all, and the evidence for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from parkopt.errors import ParkoptError, Text, Where
from parkopt.faults import BadRequest, NaiveTime, NotFound, OutOfRange
from parkopt.intake import FIRST_YEAR, LAST_YEAR
from parkopt.ledger import canonical
from parkopt.models import technologies
from parkopt.park.discover import park_paths
from parkopt.park.loader import load_park
from parkopt.services.day import park_log
from parkopt.services.settled_shares import settled_steps
from parkopt.settings import Settings
from parkopt.store.schedules import Schedules, Share
from parkopt.workflow import evidence_of

LONGEST = timedelta(days=366)
Basis = Literal["best", "settled", "forecast"]
METHODS = {
    "settled": "claimed certificates of the same hour; carbon location-based by physical tracing",
    "forecast": "physical tracing through storage",
}


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
        stat = path.stat()
        return enterprise in _enterprises(path.resolve(), stat.st_mtime_ns, stat.st_size)
    except (ParkoptError, OSError):
        return False


@lru_cache(maxsize=256)
def _enterprises(path: Path, mtime_ns: int, size: int) -> frozenset[str]:
    """Return the enterprises that a park file names, as it was written then; of a faulty one nothing is kept."""
    del mtime_ns, size  # they only tell one writing of the file from another
    return frozenset(load_park(path, technologies()).park.enterprises)


def green_share(
    enterprise: str, start: datetime, end: datetime, config: Settings, basis: Basis = "best"
) -> dict[str, Any]:
    """Return the green share of an enterprise from `start` to `end`.

    On the basis ``settled`` the share is what was claimed of the consumption, by meters; on
    ``forecast`` it is the traced share of a schedule; ``best`` takes settled hours where there
    are some, and forecasts for the rest. Each step says which it is.

    Raises
    ------
    NotFound
        Where the enterprise is unknown, or nothing was planned in that span.
    NaiveTime, OutOfRange, BadRequest
        Where a time has no zone or an odd year, or the span is empty or longer than a year.
    """
    _require_span(start, end)
    park = park_of(enterprise)
    settled = [] if basis == "forecast" else settled_steps(enterprise, start, end, config)
    rows = [] if basis == "settled" else Schedules(config.store_url).shares(enterprise, start, end)
    steps = _joined(settled, [_step(row) for row in rows])
    if not steps:
        span = f"{enterprise} {start.isoformat()} - {end.isoformat()}"
        raise NotFound(what=Text("schedule or settlement for", "计划或结算，所查为"), key=span)
    consumption, green = (sum(step[name] for step in steps) for name in ("consumption_wh", "green_wh"))
    return {
        "enterprise": enterprise,
        "park": park,
        "basis": "/".join(dict.fromkeys(step["basis"] for step in steps)),
        "method": METHODS,
        "consumption_wh": consumption,
        "green_wh": green,
        "green_share": green / consumption if consumption else 0.0,
        "carbon_ug": str(sum(int(step["carbon_ug"]) for step in steps)),
        "steps": steps,
    }


def _joined(settled: list[dict[str, Any]], forecast: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return settled steps, and forecast ones of hours that are not settled, in order."""
    if not forecast:
        return settled  # they come in order: nothing of a year need be read again
    known = {datetime.fromisoformat(step["start"]) for step in settled}
    rest = [step for step in forecast if _hour(step) not in known]
    return sorted([*settled, *rest], key=lambda step: datetime.fromisoformat(step["start"]))


def _hour(step: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(step["start"]).replace(minute=0, second=0, microsecond=0)


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
        "basis": "forecast",
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
