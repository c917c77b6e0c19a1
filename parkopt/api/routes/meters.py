"""Meters: give a file of readings, ask what is covered, get an empty file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from parkopt.api.deps import SAFE, Config, Speaks
from parkopt.clock import fixed_zone
from parkopt.errors import Language, Text
from parkopt.faults import BadRequest, TooLargeFile
from parkopt.metering.files import BYTES_PER_MB, MOST_MB, ReadOptions, read_meters
from parkopt.metering.sample import template
from parkopt.services import meters as service
from parkopt.services.parks import known_park
from parkopt.settings import Settings

router = APIRouter(tags=["meters"])
MEDIA = {"text/csv": "readings.csv", "application/json": "readings.json"}
BODY = {
    "requestBody": {
        "required": True,
        "description": "A meter file, at most 50 MB: CSV in long or wide form, or JSON; see docs/meters.md.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA},
    }
}
KNOWN = 200


@router.post(
    "/parks/{park}/meters",
    status_code=201,
    openapi_extra=BODY,
    responses={KNOWN: {"description": "The very same file was kept before; nothing was changed"}},
)
async def post_meters(
    park: str,
    request: Request,
    response: Response,
    config: Config,
    lang: Speaks,
    name: Annotated[str, Query(max_length=255, description="Name of the file, for messages")] = "",
    zone: Annotated[str, Query(description="Zone of times that state none, +08:00")] = "",
) -> dict[str, Any]:
    """Keep a meter file: all of it, or nothing and all its faults together."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in MEDIA:
        raise BadRequest(
            reason=Text(f"Content-Type must be one of {', '.join(MEDIA)}", f"Content-Type 须为 {', '.join(MEDIA)}")
        )
    options = ReadOptions(fixed_zone(zone) if zone else None)
    data = await _body(request)
    told = await run_in_threadpool(_keep, park, data, name or MEDIA[media], options, config, lang)
    if told["known"]:
        response.status_code = KNOWN
    return told


async def _body(request: Request) -> bytes:
    """Return the body, or raise as soon as it is too large."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_MB * BYTES_PER_MB:
            raise TooLargeFile(size=f"> {MOST_MB}", limit=MOST_MB)
    return bytes(data)


def _keep(park: str, data: bytes, name: str, options: ReadOptions, config: Settings, lang: Language) -> dict[str, Any]:
    own = service.park_of(known_park(park))
    return service.in_words(service.add(own, [read_meters(data, name, own, options)], config), lang)[0]


@router.get("/parks/{park}/meters")
def get_meters(
    park: str,
    config: Config,
    start: Annotated[AwareDatetime | None, Query(description="From this time on, with offset")] = None,
    end: Annotated[AwareDatetime | None, Query(description="Up to this time, with offset")] = None,
) -> dict[str, Any]:
    """Return by register how many hours are measured, estimated and missing; of all that is kept without a span."""
    return service.coverage(service.park_of(known_park(park)), start, end, config)


@router.get(
    "/parks/{park}/meters/template",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "An empty meter file"}},
)
def get_template(park: str, lang: Speaks) -> Response:
    """Return an empty meter file: one row for each register that the park's settlement needs."""
    text = template(service.park_of(known_park(park)), lang)
    disposition = {"Content-Disposition": f'attachment; filename="{park}-meters.csv"', **SAFE}
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=disposition)
