"""The FastAPI application: routes, errors as problem+json, and who may ask."""

from __future__ import annotations

import ipaddress

from fastapi import Depends, FastAPI

from parkopt.api.deps import require_key
from parkopt.api.errors import install
from parkopt.api.routes import (
    answers,
    certificates,
    enterprises,
    forecasts,
    health,
    meters,
    parks,
    schedules,
    settlements,
)
from parkopt.faults import OpenToAll
from parkopt.services.day import version
from parkopt.settings import Settings, settings


def create_app(config: Settings | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    config : Settings, optional
        Where results, keys and the database are; from the environment where absent.
    """
    app = FastAPI(
        title="parkopt",
        version=version(),
        summary="Schedules, carbon factors and green shares of zero-carbon parks",
        description="Quantities carry their unit in the name. Errors are RFC 9457 problem+json with a PK id.",
    )
    app.state.config = config or settings()
    install(app)
    app.include_router(health.router)
    for part in (parks, forecasts, schedules, answers, enterprises, meters, settlements, certificates):
        app.include_router(part.router, prefix="/v1", dependencies=[Depends(require_key)])
    return app


def require_safe(host: str, config: Settings) -> None:
    """Refuse to listen beyond this machine without an API key.

    Raises
    ------
    OpenToAll
        Where `host` is not a loopback address and no key is set.
    """
    if not config.api_key and not _loopback(host):
        raise OpenToAll(host=host)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
