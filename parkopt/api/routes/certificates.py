"""Granular certificates: list them, look at one, take a step of its life."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query

from parkopt.api.deps import Config
from parkopt.api.schemas import CertificateRequest
from parkopt.services import certificates

router = APIRouter(tags=["certificates"], prefix="/parks/{park}/certificates")
PAGE = 1000
MOST = 2**63 - 1
"""Largest id that a database keeps."""
Number = Annotated[int, Path(ge=1, le=MOST, description="Id of a bundle")]


@router.get("")
def get_certificates(  # noqa: PLR0917 - each is a query
    park: str,
    config: Config,
    device: str = "",
    party: str = "",
    status: str = "",
    start: Annotated[str, Query(description="From this hour on, UTC, 2026-07-01T03:00:00Z")] = "",
    end: Annotated[str, Query(description="Up to this hour, UTC")] = "",
    after: Annotated[int, Query(ge=0, le=MOST, description="Bundles with a higher id")] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> list[dict[str, Any]]:
    """Return a page of certificate bundles, by id."""
    wanted = {"device": device, "party": party, "status": status, "start": start, "end": end}
    return certificates.listed(park, config, **wanted, after=after, limit=limit)


@router.get("/summary")
def get_summary(park: str, config: Config) -> dict[str, Any]:
    """Return the Wh by state, and the invariants that do not hold (none)."""
    return certificates.summed(park, config)


@router.get("/{bundle}")
def get_certificate(park: str, bundle: Number, config: Config) -> dict[str, Any]:
    """Return a bundle with its history."""
    return certificates.told_of(park, bundle, config)


@router.post("/{action}", status_code=201)
def post_action(
    park: str,
    action: str,
    body: CertificateRequest,
    config: Config,
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=200)] = "",
) -> dict[str, Any]:
    """Take a step: split, transfer, reserve, unreserve, lock, unlock, cancel, claim, withdraw, export, expire.

    A repeated `Idempotency-Key` does nothing twice.
    """
    told = body.model_dump(exclude_none=True)
    return certificates.act(park, action, told, config, actor=body.actor, key=idempotency_key)
