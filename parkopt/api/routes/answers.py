"""Questions about a schedule: reasons, bill by hour and asset, margins, front of cost and carbon, other plans."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from parkopt.api.deps import Config
from parkopt.intake import DayRequest
from parkopt.models import Objective
from parkopt.services import answers
from parkopt.services.parks import known_park
from parkopt.services.schedules import dataset_of, stored_schedule
from parkopt.solve import Solution

router = APIRouter(tags=["answers"], prefix="/schedules/{run}")


def _solution(run: str, config: Config) -> Solution:
    """Make a kept schedule again."""
    stored = stored_schedule(run, config)
    schedule = dataset_of(stored)
    goal = Objective(schedule.attrs["goal"], float(schedule.attrs["carbon_price_yuan_per_t"]))
    basis: Literal["forecast", "actual"] = "actual" if schedule.attrs["weather_basis"] == "actual" else "forecast"
    day = dt.date.fromisoformat(stored.date)
    request = DayRequest(str(known_park(stored.park)), day, objective=goal, weather_basis=basis)
    return answers.made_again(schedule, request)


Again = Annotated[Solution, Depends(_solution)]


@router.get("/reasons")
def get_reasons(solution: Again, verify: Annotated[bool, Query()] = False) -> list[dict[str, Any]]:
    """Say why each storage, connection and unit does what it does, step by step; `verify` solves again where needed."""
    return answers.why(solution, verify=verify)


@router.get("/bill")
def get_bill(solution: Again) -> dict[str, Any]:
    """Return the bill by line, asset and step, in fen that add up."""
    return answers.bill_by_hour(solution)


@router.get("/margins")
def get_margins(solution: Again) -> list[dict[str, Any]]:
    """Say what one more MW or MWh of each rating would have saved on this horizon."""
    return answers.more(solution)


@router.get("/front")
def get_front(solution: Again, points: Annotated[int, Query(ge=2, le=15)] = 7) -> dict[str, Any]:
    """Return plans that no other beats in cost and carbon."""
    return answers.front(solution, points)


@router.get("/alternatives")
def get_alternatives(
    solution: Again,
    slack: Annotated[float, Query(ge=0, le=0.2)] = 0.01,
    count: Annotated[int, Query(ge=1, le=6)] = 3,
) -> list[dict[str, Any]]:
    """Return plans that cost at most `slack` more and differ most."""
    return answers.others(solution, slack, count)
