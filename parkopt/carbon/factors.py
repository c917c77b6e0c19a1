"""Carbon factors as data, each with its year, region, source and confidence.

Confidence: P official text read in full, S stored secondary page, R third-party data that
cites an official document, D derived, M memory (to be checked: never taken by default). In
accounts a factor is a whole number of micrograms per Wh (= mg/kWh), so that carbon can be
conserved exactly.

The year of a factor is that of its data; it is in force from its publication (or a later
``valid_from``) until one that names it under ``supersedes`` is, or until ``valid_to``. A park
may add a table of its own with the same columns; no id is ever given a second value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from parkopt.carbon.factors_check import NEEDED, OPTIONAL, check_rows
from parkopt.errors import NOWHERE, Where, raise_all
from parkopt.faults import MissingColumn, NoFactorInForce, UnknownFactor
from parkopt.park.table import Table, read_table

FILE = Path(__file__).with_name("factors.csv")
UG_PER_WH = Decimal(10) ** 6
"""1 kg/kWh in micrograms per Wh."""
BY_MEMORY = "M"
RECORDED = ("id", "ug_per_wh", "kind", "scope", "region", "year", "published", "source", "confidence", "version")
"""What records and results say of a factor."""


@dataclass(frozen=True)
class Factor:
    """One factor with its provenance; dates are ISO text, empty where there is none."""

    id: str
    ug_per_wh: int
    kind: str
    scope: str
    region: str
    year: int
    published: str
    source: str
    confidence: str
    version: int = 1
    supersedes: str = ""
    valid_from: str = ""
    valid_to: str = ""

    @property
    def kg_per_mwh(self) -> float:
        """The factor in kg CO2 per MWh."""
        return self.ug_per_wh / 1000.0

    def as_dict(self) -> dict[str, str | int]:
        """Return the factor as plain data, for results and records."""
        return {name: vars(self)[name] for name in RECORDED}

    def in_force(self, on: date) -> bool:
        """Return whether it was published by a day and holds on it, whatever superseded it."""
        day = on.isoformat()
        return max(self.published, self.valid_from) <= day <= (self.valid_to or day)


@cache
def factors() -> dict[str, Factor]:
    """Return the factors that come with parkopt, by id."""
    return read_factors(FILE)


def with_own(file: Path | None) -> dict[str, Factor]:
    """Return parkopt's factors and those of a park's own table, by id."""
    return factors() if file is None else {**factors(), **read_factors(file, factors())}


def read_factors(file: Path, known: Mapping[str, Factor] | None = None) -> dict[str, Factor]:
    """Return the factors of a table, by id, in the order of its rows.

    Parameters
    ----------
    file : Path
        A CSV file with the columns of ``factors.csv``; `version`, `supersedes`, `valid_from` and
        `valid_to` may be empty or absent.
    known : mapping, optional
        Factors that it adds to: its ids must be new, and it may supersede them.

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, WrongFactor, FactorTwice, NoProvenance, UnknownPredecessor, FactorCycle
        All faults of the table together (as `Faults` where there are several), with their rows.
    """
    table = read_table(file)
    rows = _rows(table)
    earlier = {name: {key: str(value) for key, value in vars(one).items()} for name, one in (known or {}).items()}
    raise_all(check_rows(rows, [table.where(number + 1) for number in range(len(rows))], earlier))
    return {row["id"]: _factor(row) for row in rows}


def _rows(table: Table) -> list[dict[str, str]]:
    present = list(table.cells.columns)
    missing = [name for name in NEEDED if name not in present]
    raise_all(MissingColumn(table.where(field=name), column=name, known=", ".join(present)) for name in missing)
    columns = [name for name in (*NEEDED, *OPTIONAL) if name in present]
    cells = zip(*(table.column(name) for name in columns), strict=True)
    return [dict.fromkeys(OPTIONAL, "") | dict(zip(columns, row, strict=True)) for row in cells]


def _factor(row: Mapping[str, str]) -> Factor:
    numbers = {
        "ug_per_wh": int(Decimal(row["kg_per_kwh"]) * UG_PER_WH),
        "year": int(row["year"]),
        "version": int(row["version"] or 1),
    }
    made: dict[str, Any] = {one.name: row.get(one.name) for one in fields(Factor)} | numbers
    return Factor(**made)


def factor(name: str, where: Where = NOWHERE, known: Mapping[str, Factor] | None = None) -> Factor:
    """Return one factor by its id; `known` are other factors than those that come with parkopt.

    Raises
    ------
    UnknownFactor
        Where the id is not in the table.
    """
    found = factors() if known is None else known
    if name not in found:
        raise UnknownFactor(where, factor=name, known=", ".join(found))
    return found[name]


def current(
    kind: str, region: str, on: date, scope: str = "direct", known: Mapping[str, Factor] | None = None
) -> Factor:
    """Return the factor that is in force on a day, by publication; one from memory never is.

    Parameters
    ----------
    kind, region : str
        Such as ``grid_average`` and ``Jiangsu``.
    on : date
        The day, such as that of the settlement or the end of the reporting year.
    scope : str
        ``direct`` or ``lifecycle``.
    known : mapping, optional
        Factors to choose from, in place of those that come with parkopt.

    Raises
    ------
    NoFactorInForce
        Where none of these was published by then.
    """
    table = factors() if known is None else known
    mine = [one for one in table.values() if (one.kind, one.region, one.scope) == (kind, region, scope)]
    sure = [one for one in mine if BY_MEMORY not in one.confidence and one.in_force(on)]
    replaced = {one.supersedes for one in sure}
    standing = [one for one in sure if one.id not in replaced]
    if not standing:
        raise NoFactorInForce(day=on.isoformat(), kind=kind, region=region)
    return max(standing, key=lambda one: (one.published, one.year, one.version, one.id))
