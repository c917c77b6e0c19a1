"""The tariff of a grid connection, as data; `parkopt.models.prices` turns it into series."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.park.base import Basis, Part
from parkopt.park.charges import (
    CapacityCharge,
    DemandCharge,
    FixedFee,
    Month,
    SinglePart,
    Tier,
    one_of,
    rising,
)
from parkopt.park.hours import Window
from parkopt.park.presets import PRESETS
from parkopt.park.series import SeriesSpec
from parkopt.units import Ratio, YuanPerMegawattHour

__all__ = ["Adder", "DemandCharge", "Energy", "Export", "Month", "Period", "Season", "Tariff", "TimeOfUse"]

Period = Literal["super", "peak", "flat", "valley", "deep"]
PresetName = Literal["jiangsu_426_two_part", "jiangsu_426_single_part"]
Tiers = Annotated[list[Tier], AfterValidator(rising)]
OWN_DEMAND = "demand"
"""Name of the charge `demand` beside those of `demands`."""


class Season(Part):
    """The windows of some months; what no window covers is `flat`."""

    months: list[Month] = Field(min_length=1)
    """Months in which it holds."""
    windows: dict[Period, list[Window]]
    """Windows of the local day by period; `super` and `deep` win over `peak` and `valley`."""
    weekend_windows: dict[Period, list[Window]] = {}
    """Windows that come first on free Saturdays and Sundays; one worked in return for a holiday is a workday."""
    holiday_windows: dict[Period, list[Window]] = {}
    """Windows that come first on public holidays, with the free weekend days that touch them."""


class TimeOfUse(Part):
    """A purchase price that floats by period of the day."""

    preset: PresetName | None = None
    """A published rule that gives seasons and multipliers (`parkopt.park.presets`); what is given beside it wins."""
    base: YuanPerMegawattHour
    """The price in `flat`."""
    base_by_month: dict[Month, YuanPerMegawattHour] = {}
    """The price in `flat` of single months, where it moves."""
    multipliers: dict[Period, float]
    """Price of a period over the base; `flat` is 1."""
    seasons: list[Season] = Field(min_length=1)
    """The year's seasons; each month stands in exactly one."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        preset = PRESETS.get(str(given.get("preset"))) if isinstance(given, dict) else None
        if preset is None:
            return given
        return {"multipliers": preset.multipliers, "seasons": preset.seasons, **given}

    @model_validator(mode="after")
    def _whole(self) -> TimeOfUse:
        months = sorted(month for season in self.seasons for month in season.months)
        if months != list(range(1, 13)):
            raise PydanticCustomError("months", "each month of the year must stand in exactly one season")
        used = {p for s in self.seasons for p in (*s.windows, *s.weekend_windows, *s.holiday_windows)} - {"flat"}
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
    """24 prices of a typical market day; the first is that of 00:00 to 01:00 local time (hour ending 1)."""
    series: SeriesSpec | None = None
    """An hourly or quarter-hourly market series from a file. Its `label` says which end of its interval a stamp
    names: `start` (hour-beginning) where nothing is said, `end` for hour-ending prices."""

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
    """A price on every MWh that does not float, or a share of the energy price (line loss)."""

    price: YuanPerMegawattHour | None = None
    """What is paid per MWh."""
    of_energy: Ratio | None = None
    """A share of the energy price of the same hour, such as the line loss."""
    on: Literal["import", "consumption"] = "import"
    """Whether imported energy bears it, or all consumption of the park, own generation included."""
    basis: Basis
    """How well it is known."""
    source: str = ""
    """Where it comes from."""

    @model_validator(mode="after")
    def _one(self) -> Adder:
        one_of(self, "price", "of_energy")
        if self.on == "consumption" and self.price is None:
            raise PydanticCustomError("needs", "{name} needs {wanted}", {"name": "on: consumption", "wanted": "price"})
        return self


class Export(Part):
    """What exported energy earns."""

    price: YuanPerMegawattHour | None = None
    """A fixed price."""
    of_energy: Ratio | None = None
    """A share of the purchase price of the same hour."""
    tiers: Tiers = []
    """What each MWh earns beside it by the month's exported energy, such as less above 20 % of what is available."""

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
    tiers: Tiers = []
    """Blocks of the month's imported energy (contracts over this connection included) that cost more or less."""
    adders: dict[str, Adder] = {}
    """Transmission and distribution, losses, system operation, funds."""
    fixed: dict[str, FixedFee] = {}
    """Fees by the month or the day."""
    demand: DemandCharge | None = None
    """The monthly demand charge, where it is paid."""
    demands: dict[str, DemandCharge] = {}
    """Further demand charges by name, such as one on the peak hours."""
    capacity: CapacityCharge | None = None
    """The charge on connected capacity, where it is paid."""
    choice: Literal["demand_or_capacity"] | None = None
    """Pay the lower of `demand` and `capacity` in each month. A horizon pays what it adds to the lower of the two."""
    single_part: SinglePart | None = None
    """The network fee of a direct-connection project by 1192/2025, instead of a transmission adder."""
    export: Export | None = None
    """Revenue of exports; without it exports earn nothing."""

    @model_validator(mode="after")
    def _whole(self) -> Tariff:
        if self.choice and not (self.demand and self.capacity):
            raise PydanticCustomError(
                "needs", "{name} needs {wanted}", {"name": "choice", "wanted": "demand, capacity"}
            )
        if self.demand and self.capacity and not self.choice:
            raise PydanticCustomError(
                "needs", "{name} needs {wanted}", {"name": "demand, capacity", "wanted": "choice: demand_or_capacity"}
            )
        if OWN_DEMAND in self.demands:
            raise PydanticCustomError("name_taken", "the name {name} is taken", {"name": OWN_DEMAND})
        if self.choice and self.demand and self.demand.months is not None:
            raise PydanticCustomError(
                "not_with", "{name} cannot stand with {other}", {"name": "choice", "other": "demand.months"}
            )
        return self

    @property
    def all_demands(self) -> dict[str, DemandCharge]:
        """All demand charges by name."""
        own = {} if self.demand is None else {OWN_DEMAND: self.demand}
        return {**own, **self.demands}

    @property
    def per_mva_month(self) -> float:
        """What one MVA of connected capacity costs a month by the capacity charge, in yuan."""
        return self.capacity.price if self.capacity else 0.0

    @property
    def on_consumption(self) -> bool:
        """Whether anything is paid on all consumption of the park."""
        by_fee = self.single_part is not None and self.single_part.option != "single_part"
        return by_fee or any(adder.on == "consumption" for adder in self.adders.values())
