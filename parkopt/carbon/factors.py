"""Carbon factors as data, each with its year, region, source and confidence.

Confidence: P official text read in full, S stored secondary page, R third-party data that
cites an official document, D derived, M memory. In accounts a factor is a whole number of
micrograms per Wh (= mg/kWh), so that carbon can be conserved exactly.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from parkopt.errors import NOWHERE, Where
from parkopt.faults import UnknownFactor

FILE = Path(__file__).with_name("factors.csv")
UG_PER_WH = Decimal(10) ** 6
"""1 kg/kWh in micrograms per Wh."""


@dataclass(frozen=True)
class Factor:
    """One factor with its provenance."""

    id: str
    ug_per_wh: int
    kind: str
    scope: str
    region: str
    year: int
    published: str
    source: str
    confidence: str

    @property
    def kg_per_mwh(self) -> float:
        """The factor in kg CO2 per MWh."""
        return self.ug_per_wh / 1000.0

    def as_dict(self) -> dict[str, str | int]:
        """Return the factor as plain data, for results and records."""
        return dict(vars(self))


@cache
def factors() -> dict[str, Factor]:
    """Return the known factors by id."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: _factor(row) for row in csv.DictReader(lines)}


def _factor(row: dict[str, str]) -> Factor:
    value = Decimal(row.pop("kg_per_kwh")) * UG_PER_WH
    return Factor(ug_per_wh=int(value), year=int(row.pop("year")), **row)


def factor(name: str, where: Where = NOWHERE) -> Factor:
    """Return one factor.

    Raises
    ------
    UnknownFactor
        Where the id is not in the table.
    """
    known = factors()
    if name not in known:
        raise UnknownFactor(where, factor=name, known=", ".join(known))
    return known[name]
