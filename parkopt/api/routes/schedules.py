"""Schedules: ask for one, list them, get one back as JSON, CSV, NetCDF or the one-page report."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response

from parkopt.api.deps import Config, Speaks
from parkopt.api.schemas import ReplanRequest, ScheduleRequest
from parkopt.services.day import Planned, plan_day
from parkopt.services.parks import known_park
from parkopt.services.replan import replan
from parkopt.services.schedules import dataset_of, line, list_schedules, report_of, stored_schedule, to_csv, to_json
from parkopt.services.shares import enterprise_evidence

router = APIRouter(tags=["schedules"])
Form = Literal["json", "csv", "netcdf", "html"]
MEDIA: dict[str, Form] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-netcdf": "netcdf",
    "text/html": "html",
}


@router.post("/parks/{park}/schedules", status_code=201)
def post_schedule(park: str, body: ScheduleRequest, config: Config, lang: Speaks, response: Response) -> dict[str, Any]:
    """Plan a park's day and keep it; the answer holds its figures, its state, and where it is."""
    path = known_park(park)
    return _answer(plan_day(body.as_request(str(path)), config, lang), config, lang, response)


@router.post("/schedules/{run}/replans", status_code=201)
def post_replan(run: str, body: ReplanRequest, config: Config, lang: Speaks, response: Response) -> dict[str, Any]:
    """Plan the rest of a running day anew: from its state at a time, with committed hours kept."""
    stored = stored_schedule(run, config)
    day = body.as_request(str(known_park(stored.park)))
    keep = timedelta(hours=body.keep_h)
    planned = replan(dataset_of(stored), day, body.at, config, lang, keep=keep, levels_mwh=body.levels)
    return _answer(planned, config, lang, response)


def _answer(planned: Planned, config: Config, lang: Speaks, response: Response) -> dict[str, Any]:
    stored = stored_schedule(planned.run, config)
    response.headers["Location"] = f"/v1/schedules/{planned.run}"
    attrs = planned.schedule.attrs
    return {
        **line(stored),
        "status": attrs["status"],
        "gap": attrs["gap"],
        "checks_passed": int(attrs["checks_passed"]),
        "synthetic": attrs.get(f"synthetic_{lang}", ""),
        "summary": stored.summary,
        "state": stored.state,
    }


@router.get("/parks/{park}/schedules")
def get_schedules(park: str, config: Config) -> list[dict[str, Any]]:
    """List the newest schedules of a park."""
    known_park(park)
    return list_schedules(park, config)


@router.get(
    "/schedules/{run}",
    response_class=Response,
    responses={200: {"content": {media: {} for media in MEDIA}, "description": "The schedule"}},
)
def get_schedule(
    run: str,
    config: Config,
    lang: Speaks,
    form: Annotated[Form | None, Query(alias="format")] = None,
    accept: Annotated[str, Header()] = "",
) -> Response:
    """Return a schedule; `format` or the Accept header says in which form."""
    stored = stored_schedule(run, config)
    schedule = dataset_of(stored)
    chosen = form or next((name for media, name in MEDIA.items() if media in accept), "json")
    if chosen == "csv":
        return Response(to_csv(schedule), media_type="text/csv; charset=utf-8")
    if chosen == "netcdf":
        name = f'attachment; filename="{stored.park}-{stored.date}.nc"'
        return Response(stored.netcdf, media_type="application/x-netcdf", headers={"Content-Disposition": name})
    if chosen == "html":
        return Response(report_of(schedule, lang), media_type="text/html; charset=utf-8")
    return Response(to_json(schedule), media_type="application/json")


@router.get("/schedules/{run}/state")
def get_state(run: str, config: Config) -> dict[str, Any]:
    """Return the state that the schedule hands to the next day."""
    return stored_schedule(run, config).state


@router.get("/schedules/{run}/evidence/{enterprise}")
def get_evidence(run: str, enterprise: str, config: Config) -> Response:
    """Return an enterprise's evidence for a schedule: `parkopt verify` checks the file offline."""
    name = f'attachment; filename="{enterprise}-{run}.json"'
    body = enterprise_evidence(run, enterprise, config)
    return Response(body, media_type="application/json", headers={"Content-Disposition": name})
