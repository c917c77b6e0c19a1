"""An enterprise's green share, step by step."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from parkopt.api.deps import Config
from parkopt.services.shares import green_share

router = APIRouter(tags=["enterprises"])


@router.get("/enterprises/{enterprise}/green-share")
def get_green_share(
    enterprise: str,
    start: Annotated[AwareDatetime, Query(description="From this time on, with offset")],
    end: Annotated[AwareDatetime, Query(description="Up to this time, with offset")],
    config: Config,
) -> dict[str, Any]:
    """Return the forecast green share of an enterprise: in all, and for each step with its sources."""
    return green_share(enterprise, start, end, config)
