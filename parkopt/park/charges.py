"""What a connection pays beside its energy price, as data: by demand, capacity, month, block, and the 1192 fee."""

from __future__ import annotations

import itertools
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.park.base import Basis, Part
from parkopt.park.hours import Window
from parkopt.units import (
    Efficiency,
    MegavoltAmpere,
    Megawatt,
    MegawattHour,
    PriceNotNegative,
    Ratio,
    YuanPerDay,
    YuanPerMegavoltAmpereMonth,
    YuanPerMegawattHour,
    YuanPerMegawattMonth,
    YuanPerMonth,
)

Month = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
DayKind = Literal["workday", "weekend", "holiday"]


class When(Part):
    """Some steps of the year; what is not said is all of it."""

    months: list[Month] | None = Field(default=None, min_length=1)
    """Months in which it holds."""
    days: list[DayKind] | None = Field(default=None, min_length=1)
    """Kinds of day by the State Council's calendar; a weekend day that is worked in return is a workday."""
    windows: list[Window] | None = Field(default=None, min_length=1)
    """Windows of the local day; a step that a window cuts belongs to it."""

    @property
    def always(self) -> bool:
        """Whether each step of a month in which it holds belongs to it."""
        return self.days is None and self.windows is None


class Limit(When):
    """A lower limit at some times; the lowest of all that hold counts."""

    limit: Megawatt
    """Largest power at these times; 0 forbids it."""


class Ratchet(Part):
    """A floor under the billed demand from the months before."""

    share: Ratio
    """Share of the highest measured demand of those months."""
    months: int = Field(default=11, ge=1, le=23, strict=True)
    """How many calendar months before the billed one count."""


class DemandCharge(When):
    """A charge on the highest import of the calendar month.

    The billed demand of a month rises as the month goes on, and a horizon pays what it adds::

        B = max(highest import so far, contracted_share contracted, ratchet.share highest of the months before)
        paid by a horizon = price (max(planned_peak, B after) - max(planned_peak, B before)),  B before a month = 0

    So a floor (contracted, ratchet) is due with the first horizon of the month.
    """

    price: YuanPerMegawattMonth
    """Per MW of the month's billed demand."""
    planned_peak: Megawatt = 0.0
    """The level that the month reaches anyway: only what a day adds above it counts."""
    contracted: Megawatt | None = None
    """Contracted (declared) demand."""
    contracted_share: Ratio = 1.0
    """Share of the contracted demand that is billed at least."""
    ratchet: Ratchet | None = None
    """Least billed demand from the months before; their peaks come with the state."""

    @property
    def agreed_mw(self) -> float:
        """What is billed at least by agreement."""
        return self.contracted_share * (self.contracted or 0.0)


class FixedFee(Part):
    """A fee that does not depend on energy: by the month (shared over its hours) or by the day."""

    per_month: YuanPerMonth | None = None
    """For each calendar month; a horizon pays its share of the month's hours."""
    per_day: YuanPerDay | None = None
    """For each day."""
    basis: Basis
    """How well it is known."""
    source: str = ""
    """Where it comes from."""

    @model_validator(mode="after")
    def _one(self) -> FixedFee:
        one_of(self, "per_month", "per_day")
        return self


class CapacityCharge(Part):
    """The charge on connected (transformer) capacity; a horizon pays its share of the month's hours."""

    price: YuanPerMegavoltAmpereMonth
    """Per MVA of the connection's `connected` capacity."""


class Figure(Part):
    """A number that a regulator sets, with where it comes from."""

    value: Ratio
    """The number."""
    basis: Basis
    """How well it is known."""
    source: str = Field(min_length=1)
    """Where it comes from, with its confidence."""


class SinglePart(Part):
    """The single-part network fee of direct-connection projects (NDRC price notice 1192/2025).

    With S the connected capacity in MVA (counted as MW, as the notice does) and E the park's consumption::

        single_part:  network_price load_factor hours S   a month, shared over its hours
        two_part:     network_price E                     on all consumption, own generation included

    The capacity or demand charge "under the current rule" is the tariff's own `capacity` or `demand`.
    """

    network_price: PriceNotNegative
    """Energy price of transmission and distribution of the two-part tariff at the project's voltage."""
    basis: Basis
    """How well that price is known."""
    source: str = ""
    """Where it comes from."""
    load_factor: Figure
    """Mean load factor of the province's two-part users from 110 kV. Jiangsu's is not published, hence no default."""
    hours: float = Field(default=730.0, gt=0, le=744, strict=True)
    """Hours of a month in the fee."""
    option: Literal["single_part", "two_part", "cheaper"] = "single_part"
    """Which fee is paid. `cheaper` decides by the horizon's part of each month; the state holds it for the month."""


class Tier(Part):
    """A block of the month's energy with a price of its own."""

    above: MegawattHour
    """Energy of the calendar month above which it holds, up to the next tier."""
    adds: YuanPerMegawattHour
    """What each MWh of it costs (an export: earns) beside the price of the hour; negative for a rebate."""


def rising(tiers: list[Tier]) -> list[Tier]:
    """Return the tiers where each begins above the one before, else raise."""
    starts = [tier.above for tier in tiers]
    if any(high <= low for low, high in itertools.pairwise(starts)):
        raise PydanticCustomError("rising", "{name} must rise from row to row", {"name": "above"})
    return tiers


class Connected(Part):
    """Capacity that is connected to the public grid: given, or chosen between limits."""

    capacity: MegavoltAmpere | None = None
    """Transformers, and high-voltage motors that stand behind none."""
    min: MegavoltAmpere = 0.0
    """Least capacity that may be declared."""
    max: MegavoltAmpere | None = None
    """Largest capacity that may be declared; makes it a decision, which the state then holds."""
    power_factor: Efficiency = 1.0
    """MW that one MVA carries."""

    @model_validator(mode="after")
    def _whole(self) -> Connected:
        one_of(self, "capacity", "max")
        if self.max is None and self.min:
            raise PydanticCustomError("needs", "{name} needs {wanted}", {"name": "min", "wanted": "max"})
        if self.max is not None and self.min > self.max:
            raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": "min", "high": "max"})
        return self

    @property
    def range_mva(self) -> tuple[float, float]:
        """Least and largest capacity; the same where it is given."""
        if self.capacity is not None:
            return self.capacity, self.capacity
        return self.min, self.max or 0.0


def one_of(part: Part, *names: str) -> None:
    """Raise unless exactly one of some fields is given."""
    if sum(getattr(part, name) is not None for name in names) != 1:
        words = ", ".join(names)
        raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": words})
