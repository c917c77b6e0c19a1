"""What an account says: lines with value, unit and the provenance of every factor, in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from parkopt.carbon.factors import UG_PER_WH, Factor
from parkopt.errors import Language, Text

Value = int | float | str | bool | None
CARBON = "ug"
"""Unit of carbon: whole micrograms, written as decimal text in plain data (they pass 2^53)."""
ENERGY = "Wh"
SHARE = "1"
LIFECYCLE = "lifecycle"
"""Scope of a factor that counts the whole life cycle, in CO2 equivalents."""


@dataclass(frozen=True)
class Basis:
    """One factor or coefficient that a line rests on, with where it comes from.

    `value` is decimal text in `unit`; `confidence` is one of P, S, R, D, M (see `parkopt.carbon.factors`).
    """

    id: str
    value: str
    unit: str
    year: int | None
    region: str
    source: str
    confidence: str

    def as_dict(self) -> dict[str, str | int | None]:
        """Return it as plain data."""
        return dict(vars(self))


def basis(factor: Factor) -> Basis:
    """Return a carbon factor as a basis, in kg per kWh."""
    unit = "kgCO2e/kWh" if factor.scope == LIFECYCLE else "kgCO2/kWh"
    value = format(Decimal(factor.ug_per_wh) / UG_PER_WH, "f")
    return Basis(factor.id, value, unit, factor.year, factor.region, factor.source, factor.confidence)


@dataclass(frozen=True)
class Rule:
    """The text that an account follows, and how sure parkopt is of it."""

    source: Text
    year: int
    region: str
    confidence: str

    def as_dict(self, lang: Language = "en") -> dict[str, str | int]:
        """Return it as plain data."""
        return {**vars(self), "source": getattr(self.source, lang)}


@dataclass(frozen=True)
class AccountLine:
    """One value of an account; where it cannot be given `value` is None and `missing` says why."""

    id: str
    title: Text
    value: Value
    unit: str
    basis: tuple[Basis, ...] = ()
    missing: Text | None = None
    note: Text | None = None

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return it as plain data; whole micrograms become decimal text."""
        wide = self.unit == CARBON and self.value is not None
        said = {"missing": self.missing, "note": self.note}
        return {
            "id": self.id,
            "title": getattr(self.title, lang),
            "value": str(self.value) if wide else self.value,
            "unit": self.unit,
            "factors": [one.as_dict() for one in self.basis],
            **{key: getattr(text, lang) for key, text in said.items() if text is not None},
        }


@dataclass(frozen=True)
class Statement:
    """One account of one subject and period. Its first line is its result.

    `in_inventory` is False for what must never be added to an inventory (avoided, marginal).
    """

    id: str
    title: Text
    subject: str
    period: tuple[str, str]
    lines: tuple[AccountLine, ...]
    method: Text
    rule: Rule
    notes: tuple[Text, ...] = ()
    in_inventory: bool = True
    by_id: dict[str, AccountLine] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {one.id: one for one in self.lines})

    def __getitem__(self, name: str) -> AccountLine:
        return self.by_id[name]

    @property
    def value(self) -> Value:
        """The result: the value of the first line."""
        return self.lines[0].value

    @property
    def factor_ids(self) -> tuple[str, ...]:
        """The ids of all factors and coefficients behind the lines, each once."""
        return tuple(dict.fromkeys(one.id for row in self.lines for one in row.basis))

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the account as plain data in one language."""
        return {
            "id": self.id,
            "title": getattr(self.title, lang),
            "subject": self.subject,
            "period": list(self.period),
            "in_inventory": self.in_inventory,
            "lines": [one.as_dict(lang) for one in self.lines],
            "method": getattr(self.method, lang),
            "rule": self.rule.as_dict(lang),
            "notes": [getattr(note, lang) for note in self.notes],
        }


def line(
    name: str,
    title: Text,
    value: Value | Fraction,
    unit: str,
    *factors: Factor | Basis | None,
    lacks: Text | None = None,
    note: Text | None = None,
) -> AccountLine:
    """Return a line; without a value it says ``cannot be given: <lacks> is missing``."""
    known = tuple(one if isinstance(one, Basis) else basis(one) for one in factors if one is not None)
    missing = cannot(lacks or UNKNOWN) if value is None else None
    plain = float(value) if isinstance(value, Fraction) else value
    return AccountLine(name, title, plain, unit, known, missing, note)


UNKNOWN = Text("an input", "某项输入")


def cannot(what: Text) -> Text:
    """Return the words for what cannot be given."""
    return Text(f"cannot be given: {what.en} is missing", f"无法给出：缺少{what.zh}")


def joined(parts: list[Text]) -> Text | None:
    """Return several missing things as one, or None for none."""
    if not parts:
        return None
    return Text(" and ".join(part.en for part in parts), "、".join(part.zh for part in parts))


def ratio(part: int | None, whole: int | None) -> Fraction | None:
    """Return `part / whole` exactly; None where one is unknown or the whole is nothing."""
    return None if part is None or not whole else Fraction(part, whole)


MET, NOT_MET = "met", "not met"


def verdict(value: Fraction | None, low: Fraction | None = None, high: Fraction | None = None) -> str | None:
    """Return whether a value keeps its limits, which belong to the allowed side; None where unknown."""
    if value is None or (low is None and high is None):
        return None
    kept = (low is None or value >= low) and (high is None or value <= high)
    return MET if kept else NOT_MET
