"""Quantities with units: the only place where pint is used.

Inside parkopt every number is in MW, MWh, yuan/MWh, kgCO2/MWh, degC, m/s and its name
carries the unit. Park files and requests write text ("60 MW", "0.398 yuan/kWh");
`parse` turns it into the number in the inside unit, or raises.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from parkopt.errors import InputFault
from parkopt.faults import MissingUnit, OutOfRange, WrongUnit

YUAN = ("yuan = [currency] = CNY = RMB = 元", "fen = 0.01 yuan")
ENERGY = ("tce = 29.3076 GJ",)
"""One tonne of coal equivalent, 29.3076 GJ (GB/T 2589-2020)."""

EXAMPLES = {
    "MW": "60 MW",
    "MWh": "120 MWh",
    "yuan/MWh": "0.398 yuan/kWh",
    "yuan/MW/month": "48 yuan/kW/month",
    "yuan/month": "20000 yuan/month",
    "yuan/day": "300 yuan/day",
    "MVA": "50 MVA",
    "yuan/MVA/month": "28 yuan/kVA/month",
    "yuan": "4000 yuan",
    "yuan/t": "97.5 yuan/t",
    "kWh/kg": "52 kWh/kg",
    "kg": "4 t",
    "kg/day": "4 t/day",
    "kg/h": "2 t/h",
    "yuan/kg": "30 yuan/kg",
    "kg/MWh": "0.5827 kg/kWh",
    "m": "100 m",
    "m/s": "22 m/s",
    "deg": "25 deg",
    "1/h": "0.0001/h",
    "MWh/year": "420 GWh/yr",
    "1/K": "-0.0034/K",
    "year": "15 yr",
    "1/year": "1.5 %/yr",
    "yuan/MW": "300 yuan/kW",
    "yuan/h": "120 yuan/h",
    "t": "250 t",
    "t/year": "180000 t/yr",
    "degC": "55 degC",
    "MW/K": "0.4 MW/K",
    "": "0.93",
}
_LEADING = re.compile(
    r"^\s*([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9][0-9_]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*$"
)
"""A comma separates thousands only: "1,5 MW" would else be read as 15 MW."""
_CALENDAR = re.compile(r"month|year|\b(yr|a|annum)\b")
_APPARENT = re.compile(r"VA\b|volt_?ampere", re.IGNORECASE)
"""Apparent power: of one dimension with MW, and something else by the power factor."""


@cache
def registry() -> Any:
    """Return the one pint registry, with money, coal equivalents and peak watts."""
    import pint

    units: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for line in (*YUAN, *ENERGY):
        units.define(line)
    return units


@lru_cache(maxsize=4096)
def parse(text: str, unit: str) -> float:
    """Return the number of `text` in `unit`.

    Parameters
    ----------
    text : str
        A number and a unit, such as ``"60 MW"`` or ``"0.398 yuan/kWh"``. ``MWp`` and
        ``kWp`` count as MW and kW; ``93 %`` counts as 0.93.
    unit : str
        The inside unit; ``""`` for a plain ratio.

    Raises
    ------
    MissingUnit, WrongUnit
        Where the unit is absent, unknown or of another dimension.
    """
    example = EXAMPLES.get(unit, f"1 {unit}")
    match = _LEADING.match(text)
    number = float(match[1].replace("_", "").replace(",", "")) if match else math.inf
    if match is None or math.isinf(number):
        raise WrongUnit(value=text, unit=unit or "a ratio", example=example)
    written = re.sub(r"(?<=[kMG]W)p\b", "", match[2])
    if not written and unit:
        raise MissingUnit(value=text, example=example)
    return _convert(number, written, unit, text, example)


def _convert(number: float, written: str, unit: str, text: str, example: str) -> float:
    if written.startswith("/"):
        written = "1" + written
    if written == unit:
        return number
    if unit in ("deg", "m") and written in ("°", "度"):
        written = unit
    units = registry()
    try:
        if bool(_CALENDAR.search(written)) != bool(_CALENDAR.search(unit)):
            raise ValueError(written)  # yuan/kWh and yuan/kW/month have one dimension, and differ 730-fold in meaning
        if bool(_APPARENT.search(written)) != bool(_APPARENT.search(unit)):
            raise ValueError(written)
        quantity = units.Quantity(number, units.parse_units(_plain(written)))
        return float(quantity.to(_plain(unit) or "dimensionless").magnitude)
    except Exception as error:
        raise WrongUnit(value=text, unit=unit or "a ratio", example=example) from error


def _plain(unit: str) -> str:
    return unit.replace("%", "percent")


def as_pydantic(fault: InputFault) -> PydanticCustomError:
    """Return a fault as what a pydantic validator may raise; the park file's reader gives it its place."""
    return PydanticCustomError("parkopt", "{text}", {"text": fault.message(), "fault": fault})


@dataclass(frozen=True)
class Quantity:
    """Marks a pydantic field as a quantity: its inside unit and the range that makes sense.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Line(BaseModel):
    ...     limit: Annotated[float, Quantity("MW")]
    >>> Line(limit="60000 kW").limit
    60.0
    """

    unit: str
    low: float = 0.0
    high: float = float("inf")

    def read(self, value: object) -> float:
        """Return the number that `value` gives in the inside unit, or raise a pydantic error."""
        try:
            return self.number(value)
        except InputFault as fault:
            raise as_pydantic(fault) from fault

    def number(self, value: object) -> float:
        """Return the number that `value` gives in the inside unit, or raise a `UnitFault`."""
        number = self._number(value)
        if not self.low <= number <= self.high:
            raise OutOfRange(value=value, low=self.show(self.low), high=self.show(self.high))
        return number

    def _number(self, value: object) -> float:
        if isinstance(value, str):
            return parse(value, self.unit)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongUnit(value=value, unit=self.unit or "a ratio", example=self.example)
        if self.unit:
            raise MissingUnit(value=value, example=self.example)
        return float(value)

    @property
    def example(self) -> str:
        """A way to write such a quantity."""
        text = EXAMPLES.get(self.unit, f"1 {self.unit}")
        inside = bool(self.unit) or self.low <= float(text) <= self.high
        return text if inside else f"{min(max(float(text), self.low), self.high):g}"

    def show(self, number: float) -> str:
        """Return the number with its unit, as a park file would write it."""
        return f"{number!r} {self.unit}".strip()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read text, write text: a dumped park can be read again."""
        write = core_schema.plain_serializer_function_ser_schema(
            self.show if self.unit else float, when_used="json-unless-none"
        )
        return core_schema.no_info_plain_validator_function(self.read, serialization=write)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the field in JSON Schema."""
        return {
            "type": "string" if self.unit else ["number", "string"],
            "description": f"A quantity in {self.unit or 'plain numbers or %'}, from {self.low} to {self.high}",
            "examples": [self.example],
        }


Megawatt = Annotated[float, Quantity("MW")]
MegawattHour = Annotated[float, Quantity("MWh")]
MegawattHourPerYear = Annotated[float, Quantity("MWh/year")]
Ratio = Annotated[float, Quantity("", 0, 1)]
Efficiency = Annotated[float, Quantity("", 0.01, 1)]
PerHour = Annotated[float, Quantity("1/h", 0, 1e4)]
LossPerHour = Annotated[float, Quantity("1/h", 0, 0.999)]
Metre = Annotated[float, Quantity("m", -100, 9000)]
Degree = Annotated[float, Quantity("deg", -360, 360)]
PerKelvin = Annotated[float, Quantity("1/K", -0.02, 0.02)]
Yuan = Annotated[float, Quantity("yuan")]
YuanPerMegawattHour = Annotated[float, Quantity("yuan/MWh", -1e5, 1e5)]
PriceNotNegative = Annotated[float, Quantity("yuan/MWh", 0, 1e5)]
YuanPerMegawattMonth = Annotated[float, Quantity("yuan/MW/month")]
YuanPerMonth = Annotated[float, Quantity("yuan/month")]
YuanPerDay = Annotated[float, Quantity("yuan/day")]
MegavoltAmpere = Annotated[float, Quantity("MVA")]
YuanPerMegavoltAmpereMonth = Annotated[float, Quantity("yuan/MVA/month")]
YuanPerTonne = Annotated[float, Quantity("yuan/t")]
Kilogram = Annotated[float, Quantity("kg")]
KilogramPerDay = Annotated[float, Quantity("kg/day")]
KilogramPerMegawattHour = Annotated[float, Quantity("kg/MWh", 0, 5000)]
KilowattHourPerKilogram = Annotated[float, Quantity("kWh/kg", 33.3, 200)]
KilowattHourPerKilogramMade = Annotated[float, Quantity("kWh/kg", 0, 200)]
KilogramPerHour = Annotated[float, Quantity("kg/h")]
YuanPerKilogram = Annotated[float, Quantity("yuan/kg", 0, 1e6)]
TonnePerYear = Annotated[float, Quantity("t/year")]
