"""A size that the plan chooses: its range, what it costs to build, and the share that a horizon bears.

A year bears the annuity of the capital and the fixed operating cost; a horizon bears its share of the year::

    yuan per unit = capex (annuity + om) hours / 8760,  annuity = r / (1 - (1 + r)^-life)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, SerializationInfo, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from parkopt.park.base import Part
from parkopt.units import Megawatt, MegawattHour, Quantity, Ratio

HOURS_PER_YEAR = 8760.0
WHOLE = 1e-9
"""Rounding that a whole number of units is allowed."""

Years = Annotated[float, Quantity("year", 0.1, 200)]
PerYear = Annotated[float, Quantity("1/year", 0, 1)]
YuanPerMegawatt = Annotated[float, Quantity("yuan/MW", 0, 1e9)]
YuanPerCapacity = Annotated[float, Quantity("yuan/MWh", 0, 1e9)]


class Investment(Part):
    """What all sizes to be chosen have in common; money is that of today."""

    life: Years
    """Years over which the capital is paid back."""
    om: PerYear = 0.0
    """Fixed operating cost of a year, as a share of the capital."""
    discount: Ratio = 0.06
    """Interest of a year."""

    @property
    def annuity(self) -> float:
        """Share of the capital that each year of the life pays back with interest."""
        if self.discount == 0.0:
            return 1.0 / self.life
        return float(self.discount / (1.0 - (1.0 + self.discount) ** -self.life))

    def share(self, hours: float) -> float:
        """Return the share of the capital that a horizon of some hours bears, with the operating cost."""
        return (self.annuity + self.om) * hours / HOURS_PER_YEAR


class PowerInvestment(Investment):
    """A power to be chosen."""

    min: Megawatt = 0.0
    """Least size."""
    max: Megawatt
    """Largest size."""
    unit: Megawatt | None = None
    """Size of one unit, of which a whole number is built; any size where absent."""
    capex: YuanPerMegawatt
    """Capital for each unit of size."""

    @model_validator(mode="after")
    def _ranged(self) -> PowerInvestment:
        _check(self.min, self.max, self.unit)
        return self


class EnergyInvestment(Investment):
    """An energy to be chosen."""

    min: MegawattHour = 0.0
    """Least size."""
    max: MegawattHour
    """Largest size."""
    unit: MegawattHour | None = None
    """Size of one unit, of which a whole number is built; any size where absent."""
    capex: YuanPerCapacity
    """Capital for each unit of size."""

    @model_validator(mode="after")
    def _ranged(self) -> EnergyInvestment:
        _check(self.min, self.max, self.unit)
        return self


def _check(low: float, high: float, unit: float | None) -> None:
    if low > high:
        raise PydanticCustomError("order", "{low} must not exceed {high}", {"low": "min", "high": "max"})
    if unit is not None and (unit <= 0.0 or int(high / unit + WHOLE) * unit < low - WHOLE * unit):
        raise PydanticCustomError("unit", "no whole number of units lies between min and max")


@dataclass(frozen=True)
class Choice(Quantity):
    """Marks a field that holds a quantity, or an investment that chooses it."""

    part: ClassVar[type[BaseModel]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a mapping as the investment and all else as the quantity, so that each fault has one place."""
        del source

        def read(value: object, inner: core_schema.ValidatorFunctionWrapHandler) -> object:
            return inner(value) if isinstance(value, dict | self.part) else self.read(value)

        def write(value: Any, info: SerializationInfo) -> object:
            if isinstance(value, BaseModel):
                return value.model_dump(mode=info.mode)
            return self.show(value) if info.mode == "json" else value

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(self.part),
            serialization=core_schema.plain_serializer_function_ser_schema(write, info_arg=True),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe both forms in JSON Schema."""
        return {"anyOf": [Quantity.__get_pydantic_json_schema__(self, schema, handler), handler(schema)]}


class PowerChoice(Choice):
    """A power in MW, or one to be chosen."""

    part = PowerInvestment


class EnergyChoice(Choice):
    """An energy in MWh, or one to be chosen."""

    part = EnergyInvestment


MegawattOrChoice = Annotated[float | PowerInvestment, PowerChoice("MW")]
MegawattHourOrChoice = Annotated[float | EnergyInvestment, EnergyChoice("MWh")]


def least(size: float | PowerInvestment | EnergyInvestment) -> float:
    """Return the size, or the least that may be chosen."""
    return size if isinstance(size, float) else size.min


def most(size: float | PowerInvestment | EnergyInvestment) -> float:
    """Return the size, or the largest that may be chosen."""
    return size if isinstance(size, float) else size.max
