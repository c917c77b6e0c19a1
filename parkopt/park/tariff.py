"""The tariff of a grid connection, as data; `parkopt.models.prices` turns it into series."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.park.base import Basis, Part
from parkopt.park.hours import Window
from parkopt.park.series import SeriesSpec
from parkopt.units import Megawatt, Ratio, YuanPerMegawattHour, YuanPerMegawattMonth

Period = Literal["super", "peak", "flat", "valley", "deep"]
Month = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]


class Season(Part):
    """The windows of some months; what no window covers is `flat`."""

    months: list[Month] = Field(min_length=1)
    """Months in which it holds."""
    windows: dict[Period, list[Window]]
    """Windows of the local day by period; `super` and `deep` win over `peak` and `valley`."""
    holiday_windows: dict[Period, list[Window]] = {}
    """Windows that come first on public holidays."""


class TimeOfUse(Part):
    """A purchase price that floats by period of the day."""

    base: YuanPerMegawattHour
    """The price in `flat`."""
    multipliers: dict[Period, float]
    """Price of a period over the base; `flat` is 1."""
    seasons: list[Season] = Field(min_length=1)
    """The year's seasons; each month stands in exactly one."""

    @model_validator(mode="after")
    def _whole(self) -> TimeOfUse:
        months = sorted(month for season in self.seasons for month in season.months)
        if months != list(range(1, 13)):
            raise PydanticCustomError("months", "each month of the year must stand in exactly one season")
        used = {p for s in self.seasons for p in (*s.windows, *s.holiday_windows)} - {"flat"}
        if missing := sorted(used - set(self.multipliers)):
            raise PydanticCustomError(
                "multipliers", "the period {name} has no multiplier", {"name": ", ".join(missing)}
            )
        return self


class Energy(Part):
    """The purchase price of energy: exactly one of the four forms."""

    flat: YuanPerMegawattHour | None = None
    """One price for all hours."""
    time_of_use: TimeOfUse | None = None
    """Floating by period."""
    by_hour: list[YuanPerMegawattHour] | None = Field(default=None, min_length=24, max_length=24)
    """24 prices of a typical market day, from 00:00 local time."""
    series: SeriesSpec | None = None
    """An hourly or quarter-hourly market series from a file."""

    @model_validator(mode="after")
    def _one(self) -> Energy:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "energy",
                "exactly one of flat, time_of_use, by_hour, series is needed, not {count}",
                {"count": len(given)},
            )
        return self


class Adder(Part):
    """A price on every imported MWh that does not float."""

    price: YuanPerMegawattHour
    """What is paid per MWh of import."""
    basis: Basis
    """How well it is known."""
    source: str = ""
    """Where it comes from."""


class DemandCharge(Part):
    """The charge on the highest import of the calendar month."""

    price: YuanPerMegawattMonth
    """Per MW of the month's highest import."""
    planned_peak: Megawatt = 0.0
    """The level that the month reaches anyway: only what a day adds above it counts."""


class Export(Part):
    """What exported energy earns."""

    price: YuanPerMegawattHour | None = None
    """A fixed price."""
    of_energy: Ratio | None = None
    """A share of the purchase price of the same hour."""

    @model_validator(mode="after")
    def _one(self) -> Export:
        if (self.price is None) == (self.of_energy is None):
            raise PydanticCustomError("export", "exactly one of price and of_energy is needed")
        return self


class Tariff(Part):
    """Prices at one grid connection."""

    id: str
    """Name of the tariff in results."""
    mode: Literal["agency_tou", "retail_tou", "spot", "fixed"]
    """Agency purchase, retail package, market series, or one price. A direct-connection project
    may not buy by agency purchase (NDRC 650/2025 and 688/2026)."""
    basis: Basis
    """How well the energy price is known."""
    source: str = ""
    """Where it comes from."""
    energy: Energy
    """The purchase price."""
    adders: dict[str, Adder] = {}
    """Transmission and distribution, losses, system operation, funds."""
    demand: DemandCharge | None = None
    """The monthly demand charge, where it is paid."""
    export: Export | None = None
    """Revenue of exports; without it exports earn nothing."""
