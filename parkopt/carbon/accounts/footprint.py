"""Electricity in a product's footprint: energy by hour and process in, carbon by process and source out.

Direct-line and on-site energy, contract energy and grid energy are kept apart in every row, so
that any of the rules that compete in the EU can be computed from one record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.check import array_of
from parkopt.carbon.accounts.eu import MIX, accepted
from parkopt.carbon.accounts.inputs import Claim, ClaimKind, IntArray
from parkopt.carbon.accounts.statement import CARBON, ENERGY, Basis, Rule, Statement, basis, joined, line
from parkopt.carbon.split import fill
from parkopt.errors import Text
from parkopt.faults import AccountInput

SupplyKind = ClaimKind | Literal["grid"]
GRID = "grid"
OTHER = "other"
"""What is left of the consumption beside the processes; the name of no process."""
TITLE = Text("Electricity of a product's footprint", "产品碳足迹中的电力")
RULE = Rule(
    Text(
        "Regulation (EU) 2023/1542 art. 7 with its 2024 draft act; own allocation by hour",
        "(EU) 2023/1542 第 7 条及其 2024 年草案；自有逐小时分摊",
    ),
    2024,
    "EU",
    "S",
)
METHOD = Text(
    "In each hour the subject's sources are split over its processes by their use, in whole Wh with exact "
    "sums. Direct "
    "line and on-site count at their own life-cycle factor, contract and grid energy at the average mix.",
    "每小时按各工序用电量分摊各来源，以整数 Wh 精确闭合。直连与自发按自身全生命周期因子，合同与电网电量按平均结构。",
)


@dataclass(frozen=True)
class Evidence:
    """A document behind a figure: what it is, where it is kept, its SHA-256 where known."""

    kind: str
    reference: str
    sha256: str = ""


@dataclass(frozen=True)
class Production:
    """What was made in the period, with the Wh of each process by hour, shape (n,).

    `quantity` is in `unit` (of a battery, kWh of total energy over its service life or kWh made: say which).
    """

    product: str
    unit: str
    quantity: Decimal
    installation: str
    processes: Mapping[str, IntArray]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Row:
    """Energy and carbon of one process from one source.

    Life cycle: `own_ug` at the source's own factor, `mix_ug` at the average mix; `counts_own` says which
    of the two the battery rule takes. Direct emissions: `direct_ug` at the source's own factor, `grid_ug`
    at the grid's of each hour. None is unknown.
    """

    process: str
    source: str
    kind: SupplyKind
    wh: int
    own_ug: int | None
    mix_ug: int | None
    direct_ug: int | None
    grid_ug: int | None
    basis: tuple[Basis, ...]
    counts_own: bool

    @property
    def counted_ug(self) -> int | None:
        """Carbon by the battery rule, ug CO2e; nothing used carries nothing."""
        return 0 if not self.wh else self.own_ug if self.counts_own else self.mix_ug


@dataclass(frozen=True)
class Footprint:
    """The rows of a product, the case and the production they come from."""

    case: AccountCase
    production: Production
    rows: tuple[Row, ...]

    def wh(self, *kinds: SupplyKind) -> int:
        """Return the energy of some kinds of supply, of all for none named."""
        return sum(row.wh for row in self.rows if not kinds or row.kind in kinds)

    @property
    def counted_ug(self) -> int | None:
        """Carbon by the battery rule; None where a factor is missing."""
        parts = [row.counted_ug for row in self.rows]
        return None if None in parts else sum(part or 0 for part in parts)

    @property
    def lacks(self) -> Text | None:
        """What the battery rule misses."""
        names = {row.source: row for row in self.rows if row.counted_ug is None}
        own = [
            Text(f"the life-cycle factor of {name}", f"{name} 的全生命周期因子")
            for name, row in names.items()
            if row.counts_own
        ]
        return joined(own + [MIX] * any(not row.counts_own for row in names.values()))


def footprint(case: AccountCase, production: Production) -> Footprint:
    """Split the subject's energy over the processes and give each part its carbon.

    Raises
    ------
    AccountInput
        Where processes use more than the subject, have another shape, or nothing was made.
    """
    other = _other(case, production)
    sources: dict[str, IntArray] = {one.source: one.wh for one in case.claims} | {GRID: case.rest_wh}
    names = [*production.processes, OTHER]
    used = [*production.processes.values(), other]
    parts: Counter[tuple[str, str]] = Counter()
    grid: Counter[tuple[str, str]] = Counter()
    series = case.grid
    for hour in range(case.n):
        gives = [int(wh[hour]) for wh in sources.values()]
        table = fill(gives, [int(wh[hour]) for wh in used])
        for source, row in zip(sources, table, strict=True):
            for process, wh in zip(names, row, strict=True):
                parts[process, source] += wh
                if series is not None:
                    grid[process, source] += wh * int(series.ug_per_wh[hour])
    claims = {one.source: one for one in case.claims}
    rows = (
        _row(case, process, source, parts[process, source], claims.get(source), grid[process, source])
        for process in production.processes
        for source in sources
    )
    return Footprint(case, production, tuple(rows))


def _other(case: AccountCase, production: Production) -> IntArray:
    """Return the consumption beside the processes."""
    if production.quantity <= 0:
        raise AccountInput(field="quantity", problem=Text("is not above 0", "不大于 0"))
    if OTHER in production.processes or any(one.source == GRID for one in case.claims):
        raise AccountInput(field="processes, claims", problem=Text("use a reserved name", "使用了保留名称"))
    other = case.consumption_wh.copy()
    for name, wh in production.processes.items():
        array_of(f"processes.{name}", wh, case.n)
        other -= wh
    if (other < 0).any():
        raise AccountInput(field="processes", problem=Text("use more than was consumed", "超过总用电量"))
    return other


def _row(case: AccountCase, process: str, source: str, wh: int, claim: Claim | None, at_grid: int) -> Row:
    mix = case.settings.lifecycle_mix
    grid_ug = None if case.grid is None else at_grid
    mix_ug = None if mix is None else wh * mix.ug_per_wh
    if claim is None:
        average = None if case.grid is None else case.grid.factor
        known = tuple(basis(one) for one in (mix, average) if one is not None)
        return Row(process, source, "grid", wh, mix_ug, mix_ug, grid_ug, grid_ug, known, counts_own=False)
    own = None if claim.lifecycle is None else wh * claim.lifecycle.ug_per_wh
    direct = None if claim.factor is None else wh * claim.factor.ug_per_wh
    counts = claim.kind in accepted(case)
    factors = (claim.lifecycle, claim.factor, None if counts else mix)
    known = tuple(basis(one) for one in factors if one is not None)
    return Row(process, source, claim.kind, wh, own, mix_ug, direct, grid_ug, known, counts)


def footprint_statement(case: AccountCase, production: Production) -> Statement:
    """Return the footprint as an account: carbon in all, then energy and carbon by process and source."""
    found = footprint(case, production)
    mix = case.settings.lifecycle_mix
    title = Text("Carbon of the product's electricity", "产品用电碳足迹")
    lines = [line("product_ug", title, found.counted_ug, CARBON, mix, lacks=found.lacks)]
    lines.append(line("product_wh", Text("Energy of the processes", "工序用电量"), found.wh(), ENERGY))
    for row in found.rows:
        key, said = (
            f"{row.process}.{row.source}",
            Text(f"{row.process} from {row.source}", f"{row.process} 来自 {row.source}"),
        )
        lines.append(line(f"wh.{key}", said, row.wh, ENERGY))
        lines.append(line(f"ug.{key}", said, row.counted_ug, CARBON, *row.basis, lacks=found.lacks))
    return case.said("footprint", TITLE, lines, METHOD, RULE)
