"""Green certificates (GEC) bought apart from energy: one for each MWh, never part of a physical flow.

With D[m] the certificates due for the horizon's part of month m (a share of the import, or an amount spread evenly over
the month's hours), B[m] those bought and U[v,m] those used of what was held at first, of vintage v::

    sum_{k <= m} (B[k] + sum_v U[v,k] - D[k]) >= 0,   sum_v U[v,m] <= D[m],   sum_m U[v,m] <= held[v]

A certificate is valid from its vintage (the month in which the energy was generated) for `validity_months`; the oldest
are used first, which uses all that can be used because all are valid equally long. What is left is handed over.

Prices are observed, not forecast: 5.15 yuan for the 2025 vintage and 1.12 for that of 2024 (December 2025, trade
press, secondary); later prices and prices of Jiangsu alone are not known, so a park file must state its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongValue
from parkopt.models.base import (
    ENERGY_MWH,
    Block,
    Case,
    Conditions,
    Finding,
    Hub,
    Role,
    Series,
    Sum,
    Technology,
    Values,
)
from parkopt.models.contract_terms import spans
from parkopt.models.periods import of_steps
from parkopt.park.state import AssetState
from parkopt.units import MegawattHour, PriceNotNegative, Ratio

WHOLE = 1e-6
NOTHING = 1e-9
Lot = tuple[str, float]


class Certificates(Technology):
    """A purchase of certificates that covers a share of the import, or an amount a month."""

    kind: Literal["certificates"] = "certificates"
    """Green certificates."""
    title: ClassVar[dict[str, str]] = {"en": "green certificates", "zh": "绿证"}
    follows: ClassVar[bool] = True
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "gec_mwh": ("MWh", "certificates bought, in the last step of the month's part", "购入绿证（计于当月末时段）"),
        "gec_due_mwh": ("MWh", "certificates due for the step", "时段应持绿证"),
    }
    share: Ratio | None = None
    """Share of the import to be covered; one of `share` and `amount`."""
    amount: MegawattHour | None = None
    """Amount to be covered in a month, evenly by its hours."""
    beside_contracts: bool = False
    """Whether what contracts bring over the grid is green already, and left out of the import."""
    price: PriceNotNegative
    """Price of one certificate (1 MWh)."""
    vintage: str | None = Field(default=None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    """Month in which the energy of bought certificates was generated; the month of purchase where absent."""
    validity_months: int = Field(default=24, ge=1, le=120)
    """Months in which a certificate is valid, its vintage with them (2 years; trade press, secondary)."""
    whole: bool = False
    """Whether certificates are bought in whole numbers."""

    @model_validator(mode="after")
    def _one_target(self) -> Certificates:
        if (self.share is None) == (self.amount is None):
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "share, amount"})
        return self

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``gec_amount_mwh``: what is due in each step of an amount a month."""
        due = np.zeros(at.grid.n)
        for span in spans(at.grid, "month"):
            due[span.steps] = (self.amount or 0.0) * (span.ended - span.begun) / len(span.steps)
        return {"gec_amount_mwh": due}

    def valid(self, vintage: str, month: str) -> bool:
        """Return whether a certificate of a vintage may be used in a month."""
        return 0 <= _number(month) - _number(vintage) < self.validity_months

    def build(self, block: Block, hub: Hub) -> None:
        """Declare what is bought in each month and what is used of the certificates held.

        Raises
        ------
        WrongValue
            Where certificates of the vintage are not valid in the horizon.
        """
        months = [span.key for span in spans(hub.grid, "month")]
        if self.vintage is not None and not all(self.valid(self.vintage, month) for month in months):
            reason = Text(f"it is not valid in {', '.join(months)}", f"其在 {', '.join(months)} 无效")
            raise WrongValue(Where(field=f"assets.{hub.name}.vintage"), value=self.vintage, reason=reason)
        fixed = None if self.amount is None else hub.own["gec_amount_mwh"]
        hub.var(block, "due_mwh", 0.0 if fixed is None else fixed, fixed)
        hub.cols(block, "bought_mwh", months, integer=self.whole)
        hub.cost("certificates", "bought_mwh", self.price)
        held = hub.state.of(hub.name).certificates_mwh
        pairs = [(vintage, month) for vintage in sorted(held) for month in months if self.valid(vintage, month)]
        used = hub.cols(block, "used_mwh", pairs)
        vintages = sorted({vintage for vintage, _ in pairs})
        if vintages:
            of = [vintages.index(vintage) for vintage, _ in pairs]
            limits = np.asarray([held[vintage] for vintage in vintages])
            hub.rows(block, "held", used.by(of, len(vintages)) <= limits, vintages)

    def finish(self, block: Block, hub: Hub) -> None:
        """Cover what is due up to each month, when all imports are known."""
        here, due = spans(hub.grid, "month"), block.variables["due_mwh"]
        if self.share is not None:
            hub.rows(block, "due", due - self._share_of_import(hub) == 0.0)
        bought, used = block.variables["bought_mwh"], block.variables["used_mwh"]

        def covered(until: int) -> Sum:
            """Return what is left of all certificates when the month of a place has drawn on them."""
            months = {span.key for span in here[: until + 1]}
            steps = np.concatenate([span.steps for span in here[: until + 1]])
            have = bought.at(range(until + 1)).total() - due.at(steps).total()
            places = [place for place, (_, month) in enumerate(used.labels) if month in months]
            return have + used.at(places).total() if places else have

        last = {int(span.steps[-1]): place for place, span in enumerate(here)}
        rows = hub.rows(block, "covered", lambda step: covered(last[step]) >= 0.0, list(last))
        if len(used):
            of = [next(place for place, span in enumerate(here) if span.key == month) for _, month in used.labels]
            by_month = due.by(of_steps(here, hub.grid.n), len(here))
            hub.rows(block, "used", used.by(of, len(here)) - by_month <= 0.0, list(last))
        says = Text(f"the certificates of {hub.name}", f"{hub.name} 的绿证数量")
        hub.promise("share" if self.share is not None else "amount", "MWh", rows, says)

    def _share_of_import(self, hub: Hub) -> Sum:
        """Return the share of the import that is due in each step in MWh, of all connections."""
        due, per_mw = Sum(hub.grid.n, (), np.zeros(hub.grid.n)), (self.share or 0.0) * hub.grid.hours
        for flow in hub.supplies:
            if flow.role == Role.GRID:
                due = due + flow.mw * per_mw
        for _, _, take in hub.over_grid if self.beside_contracts else ():
            due = due - take * per_mw
        return due

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check what is due against the reported imports, and that what is held covers it, the oldest used first."""
        due = case.own["gec_due_mwh"]
        off = float(np.max(np.abs(due - self._due_mwh(case))))
        yield off <= ENERGY_MWH, f"{case.name}.gec_due_mwh misses the import by {off:.3g} MWh"
        bought = case.own["gec_mwh"]
        yield float(np.min(bought)) >= -ENERGY_MWH, f"{case.name} buys less than no certificates"
        if self.whole:
            part = float(np.max(np.abs(bought - np.round(bought))))
            yield part <= WHOLE, f"{case.name} buys {part:.3g} of a certificate"
        lots, short = sorted(case.state.certificates_mwh.items()), 0.0
        months = [f"{moment:%Y-%m}" for moment in case.grid.local]
        for month in sorted(set(months)):
            inside = np.asarray([name == month for name in months])
            fresh = (self.vintage or month, math.fsum(bought[inside]))
            lots, missing = self._drawn([*lots, fresh], month, math.fsum(due[inside]))
            short = max(short, missing)
        yield short <= ENERGY_MWH, f"{case.name} lacks certificates for {short:.3g} MWh"

    def _due_mwh(self, case: Case) -> FloatArray:
        """Return what is due in each step from the file and what others report, shape (n,)."""
        if self.amount is not None:
            days = np.asarray(case.grid.local.days_in_month, dtype=float)
            return self.amount * case.grid.hours / (24.0 * days)
        total = np.zeros(case.grid.n)
        for own in case.all_reported.values():
            total += own.get("import_mw", 0.0)
            if self.beside_contracts and "available_mw" not in own:
                total -= own.get("take_mw", 0.0)
        return total * (self.share or 0.0) * case.grid.hours

    def _drawn(self, lots: list[Lot], month: str, due: float) -> tuple[list[Lot], float]:
        """Return the lots that are left and still valid when a month has drawn on them, and what is missing."""
        left = []
        for vintage, mwh in sorted(lots):
            if self.valid(vintage, month):
                used = min(mwh, due)
                due -= used
                left.append((vintage, mwh - used))
        return left, due

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield what is bought."""
        yield "certificates", self.price * math.fsum(case.own["gec_mwh"])

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return what is due, and what is bought at the end of each month's part."""
        del name, series
        bought = np.zeros(grid.n)
        for span, mwh in zip(spans(grid, "month"), values["bought_mwh"], strict=True):
            bought[span.steps[-1]] = mwh
        return {"gec_mwh": bought, "gec_due_mwh": values["due_mwh"]}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the certificates held, by vintage."""
        del series
        stock = dict(before.certificates_mwh)
        for span in spans(grid, "month"):
            vintage = self.vintage or span.key
            stock[vintage] = stock.get(vintage, 0.0) + float(np.sum(now["gec_mwh"][span.steps]))
            missing = float(np.sum(now["gec_due_mwh"][span.steps]))
            for oldest in sorted(stock):
                used = min(stock[oldest], missing) if self.valid(oldest, span.key) else stock[oldest]
                missing -= used if self.valid(oldest, span.key) else 0.0
                stock[oldest] -= used
        held = {vintage: mwh for vintage, mwh in sorted(stock.items()) if mwh > NOTHING}
        return AssetState(**{**dict(before), "certificates_mwh": held})


def _number(month: str) -> int:
    """Return a month as a number."""
    year, part = month.split("-")
    return int(year) * 12 + int(part)
