"""Rules on the exchange with the public grid: forbidden export, declared capacity, peak-valley rate.

With M the import and X the export of a step over all connections, S the declared capacity and r the rate::

    M <= S,  X <= S
    (1 - r) high_d <= M <= high_d  for each step of the local day d

The second is linear: ``(high - low) / high <= r`` says that no import is below ``(1 - r) high``. 650/2025 asks that
the rate stay within the planned one and does not define it; the import is taken, as an export has no valley.
"""

from __future__ import annotations

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.forecast.holidays import official_kind
from parkopt.models.hub import Block, Hub, Role
from parkopt.models.rule_terms import power
from parkopt.park.hours import BoolArray, share_inside
from parkopt.park.rules import ForbiddenExport, Rules


def export_banned(rules: Rules, grid: TimeGrid) -> FloatArray:
    """Return the share of each step in which export is forbidden; any part bans the whole step."""
    banned = np.zeros(grid.n)
    for rule in rules.export_forbidden:
        inside = np.isin(np.asarray(grid.local.month), rule.months) & _on_its_days(rule, grid)
        banned = np.maximum(banned, np.where(inside, share_inside(grid, rule.windows), 0.0))
    return banned


def _on_its_days(rule: ForbiddenExport, grid: TimeGrid) -> BoolArray:
    """Return which steps lie on the days of a rule, shape (n,); a rule that names none holds on all."""
    if not (rule.dates or rule.holidays):
        return np.ones(grid.n, dtype=bool)
    named = frozenset(rule.dates)
    days = grid.local.date
    wanted = {day: day in named or (rule.holidays and official_kind(day) == "holiday") for day in set(days)}
    return np.asarray([wanted[day] for day in days], dtype=bool)


def add_exchange(block: Block, hub: Hub, rules: Rules) -> None:
    """Add the declared capacity and the peak-valley rate, where the park has them; bans are bounds of the export."""
    if rules.declared_capacity is not None:
        _capacity(block, hub, rules.declared_capacity)
    if rules.exchange_peak_valley is not None:
        _peak_valley(block, hub, rules.exchange_peak_valley)


def _capacity(block: Block, hub: Hub, most_mw: float) -> None:
    """Hold import and export by one variable: an explanation raises it in all steps at once."""
    declared = hub.one(block, "declared_capacity_mw", 0.0, most_mw)
    hub.rows(block, "import_within", power(hub, [Role.GRID]) - declared.spread(hub.grid.n) <= 0.0)
    hub.rows(block, "export_within", power(hub, [Role.EXPORT]) - declared.spread(hub.grid.n) <= 0.0)
    says = Text("the declared grid-connection capacity", "申报并网容量")
    hub.promise("declared_capacity", "MW", declared, says, raised=True, value=most_mw)


def _peak_valley(block: Block, hub: Hub, rate: float) -> None:
    days = list(dict.fromkeys(hub.grid.local.date))
    day_of = np.asarray([days.index(day) for day in hub.grid.local.date])
    high, imports = hub.each(block, "day_high_mw", [(0.0, None)] * len(days)), power(hub, [Role.GRID])
    hub.rows(block, "day_high", imports - high.at(day_of) <= 0.0)
    rows = hub.rows(block, "exchange_peak_valley", imports - (1.0 - rate) * high.at(day_of) >= 0.0)
    says = Text("the peak-valley rate of the import", "交换功率峰谷差率")
    hub.promise("exchange_peak_valley", "MW", rows, says, raised=True)
