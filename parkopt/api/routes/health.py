"""Whether the service lives and its store answers."""

from __future__ import annotations

from fastapi import APIRouter

from parkopt.api.deps import Config
from parkopt.services.day import version
from parkopt.services.schedules import store_answers

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz(config: Config) -> dict[str, str]:
    """Say that the service lives; 503 where the store does not answer."""
    store_answers(config)
    return {"status": "ok", "version": version()}
