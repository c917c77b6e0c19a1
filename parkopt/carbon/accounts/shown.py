"""An account in one line of text each: its result, and what it rests on."""

from __future__ import annotations

from decimal import Decimal

from parkopt.carbon.accounts.statement import CARBON, ENERGY, SHARE, AccountLine, Basis, Statement
from parkopt.errors import Text

SCALED = {CARBON: (9, "kg CO2"), ENERGY: (3, "kWh")}
"""Digits that a unit is shifted by for reading, and the unit it is then in."""


def shown(line: AccountLine) -> Text:
    """Return a line's value for reading: kg CO2, kWh, percent; what cannot be given says why."""
    if line.missing is not None:
        return line.missing
    if line.unit in SCALED and isinstance(line.value, int):
        digits, unit = SCALED[line.unit]
        plain = f"{format(Decimal(line.value).scaleb(-digits), 'f')} {unit}"
    elif line.unit == SHARE and isinstance(line.value, float):
        plain = f"{line.value * 100:.2f} %"
    elif isinstance(line.value, float):
        plain = f"{line.value:.6g} {line.unit}".strip()
    else:
        plain = f"{line.value} {line.unit}".strip()
    return Text(plain, plain)


def result(said: Statement) -> Text:
    """Return an account's result for reading."""
    first, value = said.lines[0], shown(said.lines[0])
    return Text(f"{first.title.en}: {value.en}", f"{first.title.zh}：{value.zh}")


def rests_on(said: Statement) -> Text:
    """Return an account's rule and every factor with value, region, year, source and confidence."""
    parts = dict.fromkeys(_factor(one) for line in said.lines for one in line.basis)
    rule = said.rule
    return Text(
        "; ".join([f"{rule.source.en} [{rule.confidence}]", *parts]),
        "；".join([f"{rule.source.zh} [{rule.confidence}]", *parts]),
    )


def _factor(one: Basis) -> str:
    place = " ".join(part for part in (one.region, "" if one.year is None else str(one.year)) if part)
    origin = ", ".join(part for part in (place, one.source) if part)
    return f"{one.id} = {one.value} {one.unit} ({origin}) [{one.confidence}]"
