"""The bill of a solution by line, asset and step: who owes what, and in which hour it came about.

Where a line falls
------------------
step
    What a step's own flow costs stands on that step.
peak
    What the horizon adds to a demand charge stands, in equal parts, on the steps whose import reached the billed
    demand of the month: less in all of them together would have cost less. A demand that a floor sets (a contracted
    share, a ratchet) was reached by no step and falls on the horizon.
in_order
    Blocks of a month's energy fill as time goes: each MWh bears the price of the block that it fell into.
consumption
    What is paid on all consumption stands on the steps by what each consumed in the month.
horizon
    All else: take-or-pay, volumes, fixed and capacity fees, the change of a store's value, missed rules.

Sums are those of `Solution.bill`, line by line; rounded to the fen they still add up (`in_fen`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.models.algebra import IntArray, Vars
from parkopt.models.base import Role
from parkopt.models.hub import Cost
from parkopt.models.periods import periods
from parkopt.solve.planner import Solution
from parkopt.solve.reported import total_mw

REACHED_MW = 1e-6
"""How near to the billed demand an import must come to have set it."""
FEN = 100
DEMAND = ("demand_charge", "demand_or_capacity")
BLOCKS = ("import_blocks", "export_blocks")
CONSUMED = ("consumption_fees", "network_energy")
WHOLE = frozenset(
    {
        "capacity_charge",
        "certificates",
        "connection_fee",
        "fixed_fees",
        "investment",
        "network_fee",
        "rule_breach",
        "stored_value",
        "take_or_pay",
        "volume_excess",
        "volume_shortfall",
    }
)
"""Lines that fall on a month, a window or the horizon, even where there are as many of those as steps."""


class Falls(StrEnum):
    """Where a part of the bill falls."""

    STEP = "step"
    PEAK = "peak"
    IN_ORDER = "in_order"
    CONSUMPTION = "consumption"
    HORIZON = "horizon"


SAYS: Mapping[Falls, Text] = {
    Falls.STEP: Text("on its own step", "计入该时段"),
    Falls.PEAK: Text(
        "in equal parts on the steps whose import set the month's billed demand", "均分到形成当月计费需量的各时段"
    ),
    Falls.IN_ORDER: Text("on the steps in the order in which the month's blocks fill", "按当月分档先后计入各时段"),
    Falls.CONSUMPTION: Text("on the steps by what each consumed in the month", "按当月各时段用电量分摊"),
    Falls.HORIZON: Text("on the horizon as a whole, on no single step", "计入全期，不落在单个时段"),
}


@dataclass(frozen=True)
class BillRow:
    """What one asset owes in one line."""

    line: str
    asset: str
    """Who owes it; `rules` for what missed rules cost."""
    falls: Falls
    by_step: FloatArray
    """Yuan on each step, shape (n,)."""
    whole_yuan: float = 0.0
    """What falls on no step."""

    @property
    def yuan(self) -> float:
        """The row in all."""
        return math.fsum(self.by_step) + self.whole_yuan


@dataclass(frozen=True)
class BillTable:
    """A bill by line, asset and step."""

    rows: tuple[BillRow, ...]
    n: int

    @property
    def by_line(self) -> dict[str, float]:
        """Yuan by line."""
        return {line: math.fsum(row.yuan for row in own) for line, own in self._lines().items()}

    @property
    def by_asset(self) -> dict[str, float]:
        """Yuan by asset."""
        names = dict.fromkeys(row.asset for row in self.rows)
        return {name: math.fsum(row.yuan for row in self.rows if row.asset == name) for name in names}

    @property
    def by_step(self) -> FloatArray:
        """Yuan on each step, without what falls on the horizon; shape (n,)."""
        return np.sum([row.by_step for row in self.rows], axis=0) if self.rows else np.zeros(self.n)

    @property
    def whole_yuan(self) -> float:
        """What falls on no step."""
        return math.fsum(row.whole_yuan for row in self.rows)

    @property
    def yuan(self) -> float:
        """The bill in all."""
        return math.fsum(row.yuan for row in self.rows)

    def _lines(self) -> dict[str, list[BillRow]]:
        found: dict[str, list[BillRow]] = {}
        for row in self.rows:
            found.setdefault(row.line, []).append(row)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the bill as plain data, in whole fen that add up: steps to rows, rows to lines."""
        rows: list[dict[str, Any]] = []
        lines: dict[str, float] = {}
        for line, own in self._lines().items():
            totals = in_fen([row.yuan for row in own])
            lines[line] = sum(totals) / FEN
            rows += [_plain(row, fen) for row, fen in zip(own, totals, strict=True)]
        rules = {falls.value: vars(SAYS[falls]) for falls in dict.fromkeys(row.falls for row in self.rows)}
        return {"lines": lines, "rows": rows, "rules": rules, "yuan": round(sum(lines.values()), 2)}


def _plain(row: BillRow, fen: int) -> dict[str, Any]:
    *steps, whole = in_fen([*row.by_step.tolist(), row.whole_yuan], fen)
    return {
        "line": row.line,
        "asset": row.asset,
        "falls": row.falls.value,
        "yuan": fen / FEN,
        "by_step": [part / FEN for part in steps],
        "whole_yuan": whole / FEN,
    }


def in_fen(yuan: Sequence[float], total_fen: int | None = None) -> list[int]:
    """Return amounts in whole fen that add up to their rounded sum, or to the one given.

    Each is rounded down, and those that lose most get one more: none moves by a fen or more where the sum allows it.
    """
    exact = [FEN * amount for amount in yuan]
    total = round(math.fsum(exact)) if total_fen is None else total_fen
    fen = [math.floor(amount) for amount in exact]
    if not fen:
        return []
    order = sorted(range(len(fen)), key=lambda place: (fen[place] - exact[place], place))
    for count in range(abs(total - sum(fen))):
        fen[order[count % len(fen)]] += 1 if total > sum(fen) else -1
    return fen


def bill_table(solution: Solution) -> BillTable:
    """Return the bill of a solution by line, asset and step.

    Returns
    -------
    BillTable
        Its rows add up to `Solution.bill` line by line. A contract over the grid has a negative row
        in `market_energy`: what is bought by it is not bought at market.
    """
    n = solution.problem.grid.n
    found: dict[tuple[str, str, Falls], tuple[FloatArray, float]] = {}
    for item in solution.built.hub.costs:
        falls, by_step, whole = _placed(solution, item)
        for key, steps, rest in ((falls, by_step, 0.0), (Falls.HORIZON, np.zeros(n), whole)):
            if key is falls or rest:
                place = (item.line, item.asset, key)
                before = found.get(place, (np.zeros(n), 0.0))
                found[place] = (before[0] + steps, before[1] + rest)
    return BillTable(tuple(BillRow(*place, *parts) for place, parts in found.items()), n)


def _placed(solution: Solution, item: Cost) -> tuple[Falls, FloatArray, float]:
    """Return where an item falls, its yuan by step, and what falls on no step."""
    hub, n = solution.built.hub, solution.problem.grid.n
    made = hub.blocks[item.asset].variables[item.variable]
    yuan = item.yuan_per_unit * solution.values[item.asset][item.variable]
    if item.line in DEMAND:
        return _on_peak(solution, item, yuan)
    if item.line in BLOCKS:
        return _in_order(solution, item, yuan)
    if item.line in CONSUMED:
        return Falls.CONSUMPTION, *_by_consumption(solution, yuan)
    labels = _steps_of(made, n) if item.line not in WHOLE else None
    if labels is None:
        return Falls.HORIZON, np.zeros(n), math.fsum(yuan)
    by_step = np.zeros(n)
    np.add.at(by_step, labels, yuan)
    return Falls.STEP, by_step, 0.0


def _steps_of(made: Vars, n: int) -> IntArray | None:
    """Return the step of each column; None where they are those of months, windows or the whole."""
    if isinstance(made.labels, range):
        return np.arange(n) if len(made) == n else None
    steps = [label for label in made.labels if isinstance(label, int) and 0 <= label < n]
    return np.asarray(steps, dtype=np.int64) if len(steps) == len(made) else None


def _on_peak(solution: Solution, item: Cost, yuan: FloatArray) -> tuple[Falls, FloatArray, float]:
    """Lay what each month's billed demand rises on the steps that reached it."""
    own = item.variable.removesuffix("_rise_mw")
    stem = "peak_rise_mw" if item.line == DEMAND[1] else item.variable
    rows_name = "month_peak" if stem == "peak_rise_mw" else f"{own}_peak"
    block = solution.built.hub.blocks[item.asset]
    rise, rows = block.variables[stem], block.rows[rows_name]
    steps = np.asarray(rows.labels, dtype=np.int64)
    month = np.zeros(len(rows), dtype=np.int64)
    for places, columns, _ in rows.relation.sum.entries:
        inside = (columns >= rise.first) & (columns < rise.first + len(rise))
        month[places[inside]] = columns[inside] - rise.first
    values = solution.values[item.asset]
    reached = values["import_mw"][steps] - values[stem][month] >= rows.relation.bounds[1] - REACHED_MW
    by_capacity = values["by_capacity"] if item.line == DEMAND[1] else np.zeros(len(rise))
    by_step, whole = np.zeros(solution.problem.grid.n), 0.0
    for place, amount in enumerate(yuan.tolist()):
        who = steps[reached & (month == place)]
        if len(who) and by_capacity[place] < 1 / 2:
            by_step[who] += amount / len(who)
        else:
            whole += amount
    return Falls.PEAK, by_step, whole


def _in_order(solution: Solution, item: Cost, yuan: FloatArray) -> tuple[Falls, FloatArray, float]:
    """Lay the blocks of each month on its steps, the lowest block on the earliest energy."""
    grid, values = solution.problem.grid, solution.values[item.asset]
    months = periods(grid, "month")
    filled = values[item.variable].reshape(len(months), -1)
    flow = values["import_mw" if item.line == BLOCKS[0] else "export_mw"] * grid.hours
    by_step, whole = np.zeros(grid.n), 0.0
    for month, room, cost in zip(months, filled, yuan.reshape(len(months), -1), strict=True):
        mwh, due = np.append(0.0, np.cumsum(flow[month.steps])), np.append(0.0, np.cumsum(cost))
        by_step[month.steps] = np.diff(np.interp(mwh, np.append(0.0, np.cumsum(room)), due))
        whole += due[-1] - math.fsum(by_step[month.steps])  # the solver's rounding
    return Falls.IN_ORDER, by_step, whole


def _by_consumption(solution: Solution, yuan: FloatArray) -> tuple[FloatArray, float]:
    problem, whole = solution.problem, 0.0
    used, by_step = total_mw(problem, solution.reported, [Role.DEMAND]), np.zeros(problem.grid.n)
    for month, amount in zip(periods(problem.grid, "month"), yuan.tolist(), strict=True):
        total = float(np.sum(used[month.steps]))
        if total > 0:
            by_step[month.steps] = amount * used[month.steps] / total
        else:
            whole += amount
    return by_step, whole
