"""Parks: which there are, what each consists of, its log's head."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from parkopt.api.deps import Config, Speaks
from parkopt.services.day import park_log
from parkopt.services.parks import describe_park, known_park, list_parks

router = APIRouter(tags=["parks"])


@router.get("/parks")
def get_parks(lang: Speaks) -> list[dict[str, Any]]:
    """List the parks with their names and places."""
    return list_parks(lang)


@router.get("/parks/{park}")
def get_park(park: str) -> dict[str, Any]:
    """Return a whole park file as data, quantities as text with units."""
    return describe_park(known_park(park))


@router.get("/parks/{park}/checkpoint")
def get_checkpoint(park: str, config: Config) -> dict[str, str | int]:
    """Return the signed head of the park's log, to be kept outside, and the key that verifies it."""
    known_park(park)
    log = park_log(config.home, park)
    return {"size": log.size, "checkpoint": log.checkpoint, "vkey": log.vkey}
