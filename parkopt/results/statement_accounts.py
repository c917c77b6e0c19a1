"""The accounts of a period as rows of a statement: the result of each, with the factors that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from parkopt.carbon.accounts.statement import CARBON, ENERGY, MET, NOT_MET, SHARE, Basis, Statement, Value
from parkopt.errors import Text

UG_PER_T = 10**12
WH_PER_KWH = 1000
WORDS = {MET: Text("met", "达标"), NOT_MET: Text("not met", "未达标")}
OUTSIDE = Text("never part of an inventory", "不得计入排放清单")
Row = dict[str, Any]


def account_rows(accounts: Iterable[Statement]) -> tuple[Row, ...]:
    """Return one row an account, as `StatementData.accounts` takes them.

    Carbon is given in t CO2, energy in kWh, a share in percent. Where the result has no factor, year, region,
    source and confidence are those of the rule that the account follows; where it has several, each is told.
    """
    return tuple(_row(one) for one in accounts)


def _row(one: Statement) -> Row:
    first = one.lines[0]
    value, unit = _shown(first.value, first.unit)
    row = {"title": one.title, "value": value, "unit": unit, "note": _note(one)}
    return row | (_from_factors(first.basis) if first.basis else _from_rule(one))


def _shown(value: Value, unit: str) -> tuple[Any, str]:
    if isinstance(value, str):
        return WORDS.get(value, value), ""
    if value is None or isinstance(value, bool):
        return value, ""
    if unit == CARBON:
        return value / UG_PER_T, "t CO2"
    if unit == ENERGY:
        return value / WH_PER_KWH, "kWh"
    return (f"{100 * value:.1f} %", "") if unit == SHARE else (value, unit)


def _from_factors(bases: Sequence[Basis]) -> Row:
    told = {
        "factor": [f"{one.value} {one.unit}".strip() for one in bases],
        "year": ["–" if one.year is None else str(one.year) for one in bases],
        "region": [one.region for one in bases],
        "source": [one.source for one in bases],
        "confidence": [one.confidence for one in bases],
    }
    return {key: "; ".join(dict.fromkeys(part for part in parts if part)) for key, parts in told.items()}


def _from_rule(one: Statement) -> Row:
    rule = one.rule
    return {
        "factor": None,
        "year": rule.year,
        "region": rule.region,
        "source": rule.source,
        "confidence": rule.confidence,
    }


def _note(one: Statement) -> Text | None:
    """Return why there is no value, what is to be said of it, and whether it may enter an inventory."""
    parts = [one.lines[0].missing, one.lines[0].note, None if one.in_inventory else OUTSIDE]
    told = [part for part in parts if part is not None]
    if not told:
        return None
    return Text("; ".join(part.en for part in told), "；".join(part.zh for part in told))
