"""Bodies of requests. A body cannot name files: parks by id, series only from the park's own files."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from parkopt.intake import DayRequest
from parkopt.models import Objective
from parkopt.park.base import Part
from parkopt.park.state import ParkState
from parkopt.solve import Limits
from parkopt.units import MegawattHour, Quantity


class ScheduleRequest(Part):
    """A request for a schedule of one or more days."""

    date: dt.date
    """First day, in the park's zone."""
    days: Annotated[int, Field(ge=1, le=7, strict=True)] = 1
    """Number of days; longer horizons are studies, not day-ahead requests."""
    step_min: Literal[60, 30, 15] = 60
    """Length of a step in minutes."""
    goal: Literal["cost", "carbon", "weighted"] = "cost"
    """Least cost, least carbon, or cost with priced carbon."""
    carbon_price: Annotated[float, Quantity("yuan/t", 0, 1e6)] = 0.0
    """Price of carbon in `weighted`, such as `97.5 yuan/t`."""
    weather_basis: Literal["forecast", "actual"] = "forecast"
    """Of the embedded year: what was known the day before, or what came."""
    on: Annotated[str, Field(pattern=r"^(|chain|median|scenarios|[Pp]([5-9]|[1-8][0-9]|9[0-5]))$")] = ""
    """What to plan on: `chain`, `median`, a quantile such as `P40`, or `scenarios`; empty takes the median where the
    park has a history, else the chain."""
    state: ParkState = ParkState()
    """What the schedule before handed over."""
    time_limit_s: Annotated[float, Field(gt=0, le=60, strict=True)] = 30.0
    """Time limit of the solver."""

    def as_request(self, park: str) -> DayRequest:
        """Return the request of the flow, for a park file."""
        return DayRequest(
            park=park,
            day=self.date,
            days=self.days,
            step_min=self.step_min,
            objective=Objective(self.goal, self.carbon_price),
            weather_basis=self.weather_basis,
            on=self.on,
            state=self.state,
            limits=Limits(seconds=self.time_limit_s),
        )


class ReplanRequest(Part):
    """A request for the rest of a running day."""

    at: AwareDatetime
    """From this time on, with its offset: the start of a step of the schedule."""
    keep_h: Annotated[float, Field(ge=0, le=24, strict=True)] = 0.0
    """Hours in which flows stay as they were planned."""
    levels: dict[str, MegawattHour] = {}
    """What the meters of storages say, such as `{"ess": "55 MWh"}`."""
    goal: Literal["cost", "carbon", "weighted"] = "cost"
    """Least cost, least carbon, or cost with priced carbon."""
    carbon_price: Annotated[float, Quantity("yuan/t", 0, 1e6)] = 0.0
    """Price of carbon in `weighted`, such as `97.5 yuan/t`."""
    weather_basis: Literal["forecast", "actual"] = "forecast"
    """Of the embedded year: what was known the day before, or what came."""
    time_limit_s: Annotated[float, Field(gt=0, le=60, strict=True)] = 30.0
    """Time limit of the solver."""

    def as_request(self, park: str) -> DayRequest:
        """Return the request as for a whole day, for a park file; its dates come from the schedule that runs."""
        return DayRequest(
            park=park,
            day=self.at.date(),
            objective=Objective(self.goal, self.carbon_price),
            weather_basis=self.weather_basis,
            limits=Limits(seconds=self.time_limit_s),
        )


class SettleRequest(Part):
    """A request to settle a month, or a day."""

    month: str = ""
    """Month, such as `2026-07`; or give `day`."""
    day: str = ""
    """Local day, such as `2026-07-15`."""
    estimate: bool = False
    """Whether gaps of up to 4 hours are filled; the hours are marked estimated."""


Id = Annotated[str, Field(max_length=100)]
MOST = 2**53 - 1
"""Largest whole number that a record can state."""


class CertificateRequest(Part):
    """What a step of a certificate's life is told; each step needs its own."""

    bundle: Annotated[int, Field(ge=1, le=MOST, strict=True)] | None = None
    """Id of the bundle."""
    wh: Annotated[int, Field(ge=1, le=MOST, strict=True)] | None = None
    """How many certificates of it, from its first; all where absent."""
    account: Id | None = None
    """To whom certificates are transferred."""
    beneficiary: Id | None = None
    """For whom they are reserved or cancelled."""
    party: Id | None = None
    """Who claims."""
    t0: Id | None = None
    """Hour of the consumption, UTC, `2026-07-01T03:00:00Z`; the bundle's where absent."""
    device: Id | None = None
    """Device of a range that is linked to a GEC."""
    start: Annotated[int, Field(ge=0, le=MOST, strict=True)] | None = None
    """First certificate of that range."""
    end: Annotated[int, Field(ge=0, le=MOST, strict=True)] | None = None
    """Last certificate of that range."""
    gec: Id | None = None
    """Number of the green electricity certificate."""
    sold: Annotated[bool, Field(strict=True)] | None = None
    """Whether that GEC was sold: then its energy can never be claimed."""
    now: Id | None = None
    """Time (UTC) up to which certificates expire; now where absent."""
    reason: Annotated[str, Field(max_length=500)] = ""
    """Why, in words."""
    account_acting: Id = ""
    """Account that acts; the issuer where absent."""
    actor: Id = "api"
    """Who asks, for the record."""


class FootprintRequest(Part):
    """A request for a product's electricity footprint over settled hours."""

    product: Id
    """Name of the product."""
    quantity: Id
    """How much was made, as decimal text."""
    unit: Id
    """What the quantity counts."""
    installation: Id = ""
    """Where it was made."""
    processes: Annotated[dict[Id, list[Annotated[int, Field(ge=0, strict=True)]]], Field(min_length=1, max_length=50)]
    """By process, its Wh of each hour of the period."""
    form: Literal["battery", "cbam"] = "battery"
    """For a battery's passport, or for CBAM."""
