"""The rules that bind a park as a whole: direct connection, exchange with the grid, carbon, hourly green share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.park.base import Part
from parkopt.park.hours import Window
from parkopt.park.tariff import Month
from parkopt.units import (
    Megawatt,
    MegawattHourPerYear,
    PriceNotNegative,
    Quantity,
    Ratio,
    TonnePerYear,
    YuanPerTonne,
)

RatioName = Literal["self_use_of_available", "self_use_of_demand", "export_of_available"]
RATIOS: tuple[RatioName, ...] = get_args(RatioName)
Tonne = Annotated[float, Quantity("t")]
MONTHS = 12


class ForbiddenExport(Part):
    """Hours in which nothing may be fed back (hard-to-absorb periods that the province declares)."""

    months: list[Month] = Field(default=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], min_length=1)
    """Months in which it holds."""
    dates: list[date] = []
    """Local days on which alone it holds, such as `2026-10-01`; all days of the months where empty."""
    holidays: bool = False
    """Whether it holds on public holidays alone (and on `dates`)."""
    windows: list[Window] = Field(min_length=1)
    """Windows of the local day; `0-24` is the whole day."""


class YearEnd(Part):
    """How the rest of the year is expected to go: energies a year, at whose rate it goes on."""

    available: MegawattHourPerYear
    """Available local energy."""
    self_use: MegawattHourPerYear
    """Local energy used in the park, counted as `self_use_counting` says."""
    demand: MegawattHourPerYear
    """Consumption."""
    export: MegawattHourPerYear
    """Exported energy."""


class HourlyGreen(Part):
    """The least share of consumption that local green energy of the same step must match (a CFE score).

    ``sum_t min(load_t, green_t) / sum_t load_t``, over the year so far and the horizon. Counted as green of a step:
    local supply (wind, PV, contracts over a direct line), less what storages may charge from green energy only, and
    what storages that are `tagged` release of their green part. Export that neither other storage nor fuel serves is
    taken off. Other charging is served by what is not green first, and what it gives later is never green. Curtailed
    energy and contracts over the public grid do not count.
    """

    share: Ratio | None = None
    """Least share of the whole park."""
    enterprises: dict[str, Ratio] = {}
    """Least share by enterprise."""
    split: Literal["by_load", "entitlement"] = "by_load"
    """What an enterprise may count of a step: its part of the load times the step's matched energy (688/2026, section
    11), or its entitlements to the plants' supply, without storage."""
    breach_price: PriceNotNegative | None = None
    """Price on each MWh by which a share is missed; without it the shares are hard."""

    @model_validator(mode="after")
    def _asks(self) -> HourlyGreen:
        if self.share is None and not self.enterprises:
            raise PydanticCustomError("asks_nothing", "share or enterprises is needed")
        return self


class Rules(Part):
    """The rules that bind the park as a whole (NDRC 650/2025, 688/2026; carbon; hourly green share)."""

    direct_connection: Literal["none", "single_user_650", "multi_user_688"] = "none"
    """Under which notice the park is connected directly, if at all."""
    self_use_of_available: Ratio = 0.60
    """Least share of available local energy that the park must use itself."""
    self_use_of_demand: Ratio = 0.30
    """Least share of demand that must be local energy."""
    export_of_available: Ratio = 0.20
    """Largest share of available local energy that may be exported."""
    breach_price: PriceNotNegative | None = Field(default=None)
    """Price on each MWh by which a ratio is missed; without it the ratios are hard."""
    breach_prices: dict[RatioName, PriceNotNegative] = {}
    """Prices of single ratios, in place of `breach_price`."""
    hard: list[RatioName] = []
    """Ratios that stay hard in spite of `breach_price`."""
    self_use_counting: Literal["net", "gross"] = "net"
    """Whether storage counts by what it releases less what it takes (688/2026, section 11), or not at all."""
    hold: Literal["to_date", "year_end"] = "to_date"
    """Whether the ratios bind the year so far with the horizon, or the whole year as `year_end` expects it."""
    year_end: YearEnd | None = None
    """How the rest of the year is expected to go; where absent, at the rate of the year so far."""
    declared_capacity: Megawatt | None = None
    """Declared grid-connection capacity: import and export, over all connections, stay within it."""
    exchange_peak_valley: Ratio | None = None
    """Largest peak-valley rate of import on each local day, (highest - lowest) / highest."""
    export_forbidden: list[ForbiddenExport] = []
    """Hours without export."""
    carbon_cap: Tonne | None = None
    """Most CO2 of a horizon."""
    carbon_budget: TonnePerYear | None = None
    """Most CO2 of a year."""
    carbon_pace: Literal["year", "pro_rata", "plan"] = "year"
    """What a horizon may use of the budget: all that is left, its part of what is left by hours, or what
    `carbon_plan` grants up to its end."""
    carbon_plan: list[Ratio] = Field(default=[], max_length=MONTHS)
    """Share of the budget by month, January first; the twelve sum to 1."""
    carbon_breach_price: YuanPerTonne | None = None
    """Price on each tonne above cap or budget; without it they are hard."""
    carbon_price: YuanPerTonne = 0.0
    """Price on all CO2 of the horizon; it steers the schedule, and nobody pays it."""
    hourly_green: HourlyGreen | None = None
    """Least hourly matched green share, of the park and of enterprises."""

    @model_validator(mode="after")
    def _whole(self) -> Rules:
        if both := sorted(set(self.hard) & set(self.breach_prices)):
            raise PydanticCustomError("hard_priced", "{name} cannot be hard and priced", {"name": ", ".join(both)})
        planned = self.carbon_pace == "plan"
        if planned != bool(self.carbon_plan) or (planned and not self._plan_is_whole()):
            raise PydanticCustomError(
                "plan", "carbon_pace: plan needs a carbon_plan of twelve shares that sum to 1, and nothing else does"
            )
        return self

    def _plan_is_whole(self) -> bool:
        return len(self.carbon_plan) == MONTHS and math.isclose(math.fsum(self.carbon_plan), 1.0, abs_tol=1e-6)

    def price_of(self, ratio: RatioName) -> float | None:
        """Return the price of missing a ratio, None where it is hard."""
        return None if ratio in self.hard else self.breach_prices.get(ratio, self.breach_price)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Yield (field, collection, name) for each name that must exist elsewhere in the park."""
        if self.hourly_green is not None:
            for name in self.hourly_green.enterprises:
                yield f"hourly_green.enterprises.{name}", "enterprises", name
