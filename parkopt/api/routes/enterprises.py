"""An enterprise's green share, step by step; its evidence and its statement."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from parkopt.api.deps import SAFE, Config, Speaks
from parkopt.api.schemas import FootprintRequest
from parkopt.services.bundles import bundle
from parkopt.services.footprints import Made, footprint_of, quantity_of
from parkopt.services.settle import span_of
from parkopt.services.shares import Basis, green_share, park_of
from parkopt.services.statements import statement

router = APIRouter(tags=["enterprises"])
Month = Annotated[str, Query(description="Month, 2026-07; or give a day")]
Day = Annotated[str, Query(description="Local day, 2026-07-15")]


@router.get("/enterprises/{enterprise}/green-share")
def get_green_share(
    enterprise: str,
    start: Annotated[AwareDatetime, Query(description="From this time on, with offset")],
    end: Annotated[AwareDatetime, Query(description="Up to this time, with offset")],
    config: Config,
    basis: Annotated[Basis, Query(description="What counts: meters, plans, or meters where there are some")] = "best",
) -> dict[str, Any]:
    """Return the green share of an enterprise: in all, and for each step; each step says on what it rests."""
    return green_share(enterprise, start, end, config, basis)


@router.get("/enterprises/{enterprise}/evidence")
def get_evidence(enterprise: str, config: Config, month: Month = "", day: Day = "") -> Response:
    """Return the evidence of settled days as a zip: `parkopt verify` checks it offline."""
    first, last = span_of(month, day)
    name, data, _ = bundle(park_of(enterprise), enterprise, first, last, config)
    header = {"Content-Disposition": f'attachment; filename="{name}"', **SAFE}
    return Response(data, media_type="application/zip", headers=header)


@router.get("/enterprises/{enterprise}/statement")
def get_statement(enterprise: str, config: Config, lang: Speaks, month: Month = "", day: Day = "") -> Response:
    """Return the statement of settled days as one printable page."""
    first, last = span_of(month, day)
    page, _, _ = statement(park_of(enterprise), enterprise, first, last, config, lang)
    return Response(page, media_type="text/html; charset=utf-8", headers=SAFE)


@router.post("/enterprises/{enterprise}/footprint")
def post_footprint(
    enterprise: str, body: FootprintRequest, config: Config, lang: Speaks, month: Month = "", day: Day = ""
) -> dict[str, Any]:
    """Return a product's electricity footprint by process and source; direct line, contract and grid stay apart."""
    first, last = span_of(month, day)
    park = park_of(enterprise)
    place = body.installation or f"{park}/{enterprise}"
    made = Made(body.product, quantity_of(body.quantity), body.unit, place)
    return footprint_of((park, enterprise), (first, last), made, body.processes, config, body.form, lang)
