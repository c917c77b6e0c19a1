"""Settled days: settle, list, close a month, accounts, the park's hourly factor, proofs of single records."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query

from parkopt.api.deps import Config
from parkopt.api.schemas import SettleRequest
from parkopt.services import accounts, settle
from parkopt.services.parks import known_park
from parkopt.services.proofs import proof_of, settled_head
from parkopt.services.settled_shares import park_factors

router = APIRouter(tags=["settlements"], prefix="/parks/{park}")
Month = Annotated[str, Query(description="Month, 2026-07; or give a day")]
Day = Annotated[str, Query(description="Local day, 2026-07-15")]


@router.post("/settlements", status_code=201)
def post_settlement(park: str, body: SettleRequest, config: Config) -> list[dict[str, Any]]:
    """Turn the meters of a month or a day into certificates, claims and signed records; repeating changes nothing."""
    known_park(park)
    first, last = settle.span_of(body.month, body.day)
    return list(settle.settle(park, first, last, config, estimate=body.estimate))


@router.get("/settlements")
def get_settlements(
    park: str,
    start: Annotated[dt.date, Query(description="First local day")],
    end: Annotated[dt.date, Query(description="Last local day")],
    config: Config,
) -> list[dict[str, Any]]:
    """List settled days with their totals and alarms."""
    known_park(park)
    return settle.settled_days(park, start, end, config)


@router.post("/months/{month}/close", status_code=201)
def post_close(park: str, month: str, config: Config) -> dict[str, Any]:
    """Close a month: its totals are logged, and only corrections may follow."""
    known_park(park)
    return settle.close_month(park, month, config)


@router.get("/accounts")
def get_accounts(park: str, config: Config, month: Month = "", day: Day = "", enterprise: str = "") -> dict[str, Any]:
    """Return all accounts side by side, of an enterprise or of the whole park, each with factor, year and source."""
    known_park(park)
    first, last = settle.span_of(month, day)
    return accounts.accounts_of(park, enterprise, first, last, config)


@router.get("/factor")
def get_factor(
    park: str,
    start: Annotated[dt.date, Query(description="First local day")],
    end: Annotated[dt.date, Query(description="Last local day")],
    config: Config,
) -> dict[str, Any]:
    """Return the park's hourly carbon factor, location-based and market-based."""
    known_park(park)
    return park_factors(park, start, end, config)


@router.get("/settled-checkpoint")
def get_settled_checkpoint(park: str, config: Config) -> dict[str, str | int]:
    """Return the signed head of the settled log, to be kept outside, and the key that verifies it."""
    known_park(park)
    return settled_head(park, config)


@router.get("/proofs/{index}")
def get_proof(park: str, index: int, config: Config) -> dict[str, Any]:
    """Return the proof that a leaf of the settled log is under its signed head; what it commits to is not shown."""
    known_park(park)
    return proof_of(park, index, config)
