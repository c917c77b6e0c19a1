"""Forecasts: what a day may bring to a park, by asset and quantile."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query

from parkopt.intake import DayRequest
from parkopt.services import outlooks
from parkopt.services.parks import known_park

router = APIRouter(tags=["forecasts"])


@router.get("/parks/{park}/forecast")
def get_forecast(
    park: str,
    date: dt.date,
    days: Annotated[int, Query(ge=1, le=7)] = 1,
    step_min: int = 60,
    asset: str = "",
) -> dict[str, Any]:
    """Return chain and quantiles of wind, sun and loads in MW, as known at 09:00 of the day before."""
    request = DayRequest(str(known_park(park)), date, step_min, days)
    return outlooks.as_data(outlooks.outlook(request), asset)
