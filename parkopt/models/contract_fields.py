"""The fields of a contract, what they forbid, and the prices and volumes that they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import WrongValue
from parkopt.models.base import Case, Conditions, Hub, Technology
from parkopt.models.contract_terms import Pricing, Shape, Volumes
from parkopt.models.tech.pv import Pv
from parkopt.models.tech.wind import Wind
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import Megawatt, PriceNotNegative, Ratio, YuanPerMegawattHour

Plant = Annotated[Wind | Pv, Field(discriminator="kind")]
VOLUMES = {"baseload": ("volume",), "shaped": ("shape",), "pay_as_produced": ("plant",), "share_of_import": ()}
"""What says the volume of each form."""
DELIVERED_ONLY = ("take_or_pay", "volumes", "shortfall_price")
SETTLED_ONLY = ("reference", "of")


class ContractFields(Technology):
    """Config of a contract: `parkopt.models.tech.contract` says what is done with it."""

    form: Literal["baseload", "shaped", "pay_as_produced", "share_of_import"]
    """A fixed power, a power by the hour, a share of a plant's production, or a share of the import (cfd)."""
    seller: str
    """Who sells."""
    settlement: Literal["delivered", "cfd"] = "delivered"
    """Energy at the price, or the difference between the price (the strike) and a reference, in money alone."""
    price: YuanPerMegawattHour | None = None
    """Price of the energy taken; one of `price` and `pricing`."""
    pricing: Pricing | None = None
    """A price by hour, from a series, or by the market."""
    reference: SeriesSpec | None = None
    """Reference price of a contract for difference; the connection's energy price where absent."""
    take_or_pay: Ratio = 0.0
    """Share of the offered energy that is paid whether it is taken or not."""
    shortfall_price: PriceNotNegative | None = None
    """Price of take-or-pay energy that is not taken; `price` where absent."""
    window: Literal["month", "year"] = "year"
    """Span over which take-or-pay is counted; each begins with nothing offered and nothing taken."""
    volumes: list[Volumes] = []
    """Least and most energy by month, quarter or year, each once."""
    delivered_over: Literal["grid", "direct"] = "grid"
    """Over the public grid (within the import, bearing its fees), or over a direct line."""
    delivered_at: str | None = None
    """The grid connection of a delivery over the grid, or of its prices; the first of the file where absent."""
    volume: Megawatt | None = None
    """Power of a baseload contract."""
    shape: Shape | None = None
    """Power of a shaped contract."""
    plant: Plant | None = None
    """The plant of a pay-as-produced contract; it stands outside the park."""
    of: str | None = None
    """A wind or PV plant of the park whose supply a contract for difference settles, in place of `plant`."""
    share: Ratio = 1.0
    """Share of the plant's production, or of the import."""

    @model_validator(mode="after")
    def _whole(self) -> ContractFields:
        wanted = ("of",) if self.of is not None and self.form == "pay_as_produced" else VOLUMES[self.form]
        others = [name for names in (*VOLUMES.values(), ("of",)) for name in names if name not in wanted]
        _require_form(self, self.form, wanted, others)
        delivered = self.settlement == "delivered"
        _require_form(self, self.settlement, (), SETTLED_ONLY if delivered else DELIVERED_ONLY)
        if delivered and self.form == "share_of_import":
            _require_form(self, "delivered", ("volume",), ("form",))
        if (self.price is None) == (self.pricing is None):
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "price, pricing"})
        if self.take_or_pay and self.price is None and self.shortfall_price is None:
            _require_form(self, "take_or_pay", ("shortfall_price",), ("pricing",))
        if len({volumes.window for volumes in self.volumes}) < len(self.volumes):
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "volumes per window"})
        return self

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Name the connection and the plant of the park."""
        for field in ("delivered_at", "of"):
            if getattr(self, field) is not None:
                yield (field, "assets", getattr(self, field))

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the series of the shape, the price and the reference."""
        parts = {"shape": self.shape, "pricing": self.pricing}
        named = {field: part.series for field, part in parts.items() if part is not None}
        for field, spec in {**named, "reference": self.reference}.items():
            if spec is not None:
                yield (f"{field}.file" if field == "reference" else f"{field}.series.file", spec.file)
        if self.plant is not None:
            yield from ((f"plant.{field}", file) for field, file in self.plant.files())

    @property
    def tied(self) -> bool:
        """Whether the volume is a share of what the model decides."""
        return self.form == "share_of_import" or self.of is not None

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``offer_mw``: what the contract offers in each step; and its prices where they are series."""
        made: dict[str, FloatArray] = {}
        if self.plant is not None:
            made["offer_mw"] = self.share * self.plant.series(at)["available_mw"]
        elif not self.tied:
            made["offer_mw"] = np.full(at.grid.n, self.volume) if self.shape is None else self.shape.power_mw(at)
        price = self.pricing.known_yuan_per_mwh(at) if self.pricing is not None else None
        if price is not None:
            made["price_yuan_per_mwh"] = price
        if self.reference is not None:
            read = read_series(self.reference, at.folder, "yuan/MWh")
            made["reference_yuan_per_mwh"] = on_grid(read, self.reference, at.grid)
        return made

    def price_at(self, hub: Hub) -> FloatArray:
        """Return the price of each step."""
        if self.pricing is None:
            return np.full(hub.grid.n, self.price)
        if self.pricing.of_market is None:
            return hub.own["price_yuan_per_mwh"]
        return self.pricing.of_market * self.market_price_at(hub) + self.pricing.premium

    def market_price_at(self, hub: Hub) -> FloatArray:
        """Return the energy price of the connection, which the contract's energy replaces or settles against."""
        return hub.series[self.connection_at(hub)]["energy_price_yuan_per_mwh"]

    def connection_at(self, hub: Hub) -> str:
        """Return the connection of a delivery over the grid, or of the market price."""
        if self.delivered_at is None and not hub.connections:
            reason = Text("the park has no grid connection", "园区没有电网接入")
            raise WrongValue(Where(field=f"assets.{hub.name}.delivered_over"), value=self.delivered_over, reason=reason)
        return self.delivered_at or hub.connections[0]

    def at_connection(self) -> str | None:
        """Return the connection that the park file names."""
        return self.delivered_at

    @property
    def unmet_price(self) -> float:
        """Price of take-or-pay energy that is not taken."""
        return (self.price or 0.0) if self.shortfall_price is None else self.shortfall_price

    def volume_mw(self, case: Case) -> FloatArray:
        """Return the volume that must be settled, from the reported powers of others where it is tied to them."""
        if not self.tied:
            return case.series["offer_mw"]
        return self.share * (case.all_reported[self.of]["supply_mw"] if self.of else self.market(case, "import_mw"))

    def market(self, case: Case, key: str) -> FloatArray:
        """Return a reported variable of the connection; the first in the file where none is named."""
        named = case.all_reported.get(self.delivered_at or "")
        return (named or next(own for own in case.all_reported.values() if key in own))[key]

    def owed_price(self, case: Case) -> FloatArray:
        """Return the price of each step, from the file and the reported market price."""
        if self.pricing is None:
            return np.full(case.grid.n, self.price)
        if self.pricing.by_hour is not None:
            return np.asarray([self.pricing.by_hour[moment.hour] for moment in case.grid.local])
        if self.pricing.of_market is None:
            return case.series["price_yuan_per_mwh"]
        return self.market(case, "energy_price_yuan_per_mwh") * self.pricing.of_market + self.pricing.premium


def _require_form(
    part: ContractFields, form: str, wanted: tuple[str, ...], others: tuple[str, ...] | list[str]
) -> None:
    """Raise unless the fields that a form needs are given, and those that it does not know are not."""
    missing = any(getattr(part, name) is None for name in wanted)
    given = any(getattr(part, name) != type(part).model_fields[name].default for name in others)
    if missing or given:
        facts = {"form": form, "wanted": ", ".join(wanted) or "-", "other": ", ".join(others)}
        raise PydanticCustomError("form", "{form} needs {wanted} and not {other}", facts)
