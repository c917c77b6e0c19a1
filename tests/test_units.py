"""Quantities: text with units in, numbers in the inside unit out."""

from __future__ import annotations

import math
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from parkopt.faults import MissingUnit, OutOfRange, WrongUnit
from parkopt.models import technologies
from parkopt.park.schema import Park
from parkopt.park.tariff import Tariff
from parkopt.units import EXAMPLES, Quantity, parse


def quantities(model, seen=None):
    """Every Quantity that a field of `model`, or of a part of it, uses."""
    seen = set() if seen is None else seen
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            yield from (rule for rule in field.metadata if isinstance(rule, Quantity))
            yield from _inside(field.annotation, seen)


def _inside(annotation, seen):
    yield from (rule for rule in getattr(annotation, "__metadata__", ()) if isinstance(rule, Quantity))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from quantities(annotation, seen)
    for inner in getattr(annotation, "__args__", ()):
        yield from _inside(inner, seen)


USED = sorted(
    {rule for model in (Park, Tariff, *technologies().values()) for rule in quantities(model)},
    key=lambda rule: (rule.unit, rule.low),
)
IDS = [rule.unit or "ratio" for rule in USED]


def test_the_fields_use_many_units():
    assert {"MW", "MWh", "yuan/MWh", "yuan/MW/month", "MWh/year", "deg", "m", "1/h", "kWh/kg", ""} <= {*IDS, ""}


@pytest.mark.parametrize("rule", USED, ids=IDS)
def test_the_example_of_each_unit_in_use_can_be_read(rule):
    assert rule.unit in EXAMPLES
    assert rule.low <= rule.read(rule.example) <= rule.high


@pytest.mark.parametrize("rule", USED, ids=IDS)
@pytest.mark.parametrize("text", ["5 K", "5 nonsense", "", "MW", "5 5", "five MW", "1e400 MW", "nan MW", "inf MW"])
def test_another_dimension_is_a_fault(rule, text):
    if (rule.unit, text) == ("degC", "5 K"):
        pytest.skip("kelvins are a temperature")
    with pytest.raises(WrongUnit) as caught:
        parse(text, rule.unit)
    assert rule.example in caught.value.text()
    assert rule.example in caught.value.text("zh")


@pytest.mark.parametrize("rule", [rule for rule in USED if rule.unit], ids=[name for name in IDS if name != "ratio"])
@pytest.mark.parametrize("value", ["60", 60, 60.0, " 60 "])
def test_a_number_without_unit_is_a_fault(rule, value):
    with pytest.raises(MissingUnit):
        rule._number(value)


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_what_is_no_quantity_is_a_fault(value):
    for rule in (Quantity("MW"), Quantity("")):
        with pytest.raises(WrongUnit):
            rule._number(value)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("60000 kW", "MW", 60),
        ("13.76 MWp", "MW", 13.76),
        ("500 kWp", "MW", 0.5),
        ("0.4 GW", "MW", 400),
        ("1,200 kW", "MW", 1.2),
        ("1_200 kW", "MW", 1.2),
        ("1.2e3 kW", "MW", 1.2),
        ("+5 MW", "MW", 5),
        ("5MW", "MW", 5),
        ("420 GWh/yr", "MWh/year", 420_000),
        ("420 GWh/year", "MWh/year", 420_000),
        ("0.398 yuan/kWh", "yuan/MWh", 398),
        ("0.398 元/kWh", "yuan/MWh", 398),
        ("39.8 fen/kWh", "yuan/MWh", 398),
        ("398 CNY/MWh", "yuan/MWh", 398),
        ("398 RMB/MWh", "yuan/MWh", 398),
        ("1.2 yuan/Wh", "yuan/MWh", 1_200_000),
        ("-0.1 yuan/kWh", "yuan/MWh", -100),
        ("48 yuan/kW/month", "yuan/MW/month", 48_000),
        ("48 元/kW/month", "yuan/MW/month", 48_000),
        ("97.5 元/t", "yuan/t", 97.5),
        ("4 t/day", "kg/day", 4000),
        ("4 t", "kg", 4000),
        ("0.5827 kg/kWh", "kg/MWh", 582.7),
        ("52 kWh/kg", "kWh/kg", 52),
        ("0.0001/h", "1/h", 0.0001),
        ("0.24 /day", "1/h", 0.01),
        ("25°", "deg", 25),
        ("25 度", "deg", 25),
        ("0.1 km", "m", 100),
        ("-0.34 %/K", "1/K", -0.0034),
        ("93 %", "", 0.93),
        ("93%", "", 0.93),
        ("0.93", "", 0.93),
        ("50 percent", "", 0.5),
    ],
)
def test_units_are_converted(text, unit, number):
    assert parse(text, unit) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize("text", ["1,5 MW", "12,34 MW", "1,5000 MW", "1.000,5 MW"])
def test_a_comma_is_no_decimal_point(text):
    """'1,5 MW' was read as 15 MW once."""
    with pytest.raises(WrongUnit):
        parse(text, "MW")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("48 yuan/kWh", "yuan/MW/month"),
        ("48 yuan/kW/month", "yuan/MWh"),
        ("48 MW", "MWh/year"),
        ("420 GWh/yr", "MW"),
        ("20 yuan/h", "yuan/month"),
    ],
)
def test_a_demand_charge_is_no_energy_price(text, unit):
    """They have one dimension; a demand charge in yuan/kWh was once taken 730-fold."""
    with pytest.raises(WrongUnit):
        parse(text, unit)


def test_a_tonne_of_coal_equivalent_is_29_3076_gigajoules():
    """GB/T 2589: 7 000 kcal/kg of 4.1868 J/cal."""
    joule = 1000 * 7000 * 4186.8
    assert parse("1 tce", "MWh") == pytest.approx(joule / 3.6e9, rel=1e-12)
    assert parse("1 tce", "MWh") == pytest.approx(8.141, abs=1e-12)


def test_energy_and_power_never_mix():
    for text, unit in (("5 MWh", "MW"), ("5 MW", "MWh"), ("5 yuan/MW", "yuan/MWh"), ("5 MW/h", "MW")):
        with pytest.raises(WrongUnit):
            parse(text, unit)


class Model(BaseModel):
    power: Annotated[float, Quantity("MW", 0, 1000)] = 0.0
    share: Annotated[float, Quantity("", 0, 1)] = 0.0


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ({"power": "-1 MW"}, "0 MW", "1000 MW"),
        ({"power": "1.001 GW"}, "0 MW", "1000 MW"),
        ({"share": 1.5}, "0", "1"),
        ({"share": "101 %"}, "0", "1"),
        ({"share": float("nan")}, "0", "1"),
        ({"share": float("inf")}, "0", "1"),
    ],
)
def test_out_of_range_names_both_limits(values, low, high):
    with pytest.raises(ValidationError) as caught:
        Model(**values)
    fault = caught.value.errors()[0]["ctx"]["fault"]
    assert isinstance(fault, OutOfRange)
    assert f"{low} to {high}" in fault.text()
    assert f"{low} 至 {high}" in fault.text("zh")


@pytest.mark.parametrize("rule", USED, ids=IDS)
@given(data=st.data())
def test_what_is_written_is_read_back_to_the_last_bit(rule, data):
    top = rule.high if math.isfinite(rule.high) else 1e12
    number = data.draw(st.floats(rule.low, top, allow_nan=False))
    assert rule.read(rule.show(number)) == number


@given(st.floats(0, 1000))
def test_a_dumped_model_is_read_back(number):
    model = Model(power=f"{number!r} MW", share=number / 1000)
    assert Model(**model.model_dump(mode="json")) == model
    assert model.model_dump(mode="json")["power"] == f"{number!r} MW"


@given(st.text(max_size=12), st.sampled_from(sorted(EXAMPLES)))
def test_any_text_is_a_number_or_a_fault(text, unit):
    try:
        number = parse(text, unit)
    except (WrongUnit, MissingUnit):
        return
    assert math.isfinite(number)


def test_json_schema_tells_the_unit():
    schema = Model.model_json_schema()["properties"]
    assert schema["power"]["type"] == "string"
    assert "MW" in schema["power"]["description"]
    assert schema["share"]["type"] == ["number", "string"]
