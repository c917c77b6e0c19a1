"""The direct-connection ratios of NDRC 650/2025 and 688/2026, as rows over the year so far and the horizon.

With A available local energy, X export, L demand and storage flows at the bus::

    E_self = sum(G - charge + discharge - X) h      (self_use_counting: net)
    E_self = sum(G - X) h                           (self_use_counting: gross)
    E_self >= self_use_of_available * A,  E_self >= self_use_of_demand * L,  X <= export_of_available * A

688 section 11 counts what storage releases, not what goes in. Counting all charging (not
only that from local energy) keeps the row linear and errs on the safe side, by the loss of
grid-charged energy; the exact, traced ratio is in the results.

With ``hold: year_end`` each energy is that of the year so far, of the horizon, and of the
rest of the year as it is expected: rate of the rest times its hours. What a priced breach of a day then adds is
its change of the expected miss, from the day's start (with a rest that holds the day) to its end (without): over
days in a row the sum is the change of the expectation, where the rate of the rest is the park file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from parkopt.clock import TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import Relation, Sum
from parkopt.models.hub import Block, Hub, Role
from parkopt.models.rule_terms import HOUR_S, available_mwh, energy, left_h, missed, year_h, year_start
from parkopt.park.rules import RatioName, Rules
from parkopt.park.state import YearSoFar

ENERGIES = ("available", "self_use", "demand", "export")
Energies = Mapping[str, float]
"""MWh of each of `ENERGIES`."""
SAYS: Mapping[RatioName, Text] = {
    "self_use_of_available": Text("the self-use share", "自用比例"),
    "self_use_of_demand": Text("the local share of demand", "绿电占用电比例"),
    "export_of_available": Text("the export share", "上网比例"),
}


@dataclass(frozen=True)
class Ratio:
    """One ratio: what it limits, its row's share of A or L, the price of missing it, and its words."""

    name: RatioName
    share: float
    of: Literal["available", "demand"]
    price: float | None
    says: Text

    @property
    def part(self) -> Literal["export", "self_use"]:
        """The energy that is limited."""
        return "export" if self.name == "export_of_available" else "self_use"

    def missed_mwh(self, energies: Energies) -> float:
        """Return by how much some energies miss the ratio."""
        short = self.share * energies[self.of] - energies[self.part]
        return max(0.0, -short if self.part == "export" else short)


def ratios(rules: Rules) -> list[Ratio]:
    """Return the ratios that bind the park."""
    if rules.direct_connection == "none":
        return []
    return [
        Ratio(name, getattr(rules, name), "demand" if name.endswith("demand") else "available", rules.price_of(name), s)
        for name, s in SAYS.items()
    ]


def add_ratios(block: Block, hub: Hub, rules: Rules) -> None:
    """Add one row for each ratio; a priced breach turns the row soft."""
    before = known(rules, hub.state.year, hub.grid, hub.grid.start)
    after = known(rules, hub.state.year, hub.grid, hub.grid.end)
    for ratio in ratios(rules):
        slack = missed(block, hub, f"{ratio.name}_rise_mwh", ratio.missed_mwh(before), ratio.price)
        row = hub.row(block, ratio.name, _relation(ratio, hub, rules, after, slack))
        if ratio.price is None:
            value = ratio.share if ratio.of == "available" else None
            whole = after["available"] + available_mwh(hub)
            raised = ratio.part == "export"
            hub.promise(ratio.name, "MWh", row, ratio.says, raised=raised, value=value, per_unit=whole)


def _relation(ratio: Ratio, hub: Hub, rules: Rules, after: Energies, slack: Sum) -> Relation:
    """Return the ratio's row; it may be missed by `slack`."""
    available = after["available"] + available_mwh(hub)
    if ratio.part == "export":
        return energy(hub, Role.EXPORT) - slack <= ratio.share * available - after["export"]
    used = _self_use(hub, rules) + slack + after["self_use"]
    if ratio.of == "available":
        return used >= ratio.share * available
    return used - ratio.share * (energy(hub, Role.DEMAND) + after["demand"]) >= 0.0


def _self_use(hub: Hub, rules: Rules) -> Sum:
    """Return what is generated less what is exported, storage counted as the rules say, in MWh, as one row."""
    if rules.self_use_counting == "gross":
        return energy(hub, Role.LOCAL) - energy(hub, Role.EXPORT)
    return energy(hub, Role.LOCAL, Role.STORED) - energy(hub, Role.CHARGE, Role.EXPORT)


def known(rules: Rules, year: YearSoFar, grid: TimeGrid, moment: datetime) -> Energies:
    """Return what is not decided here: the year so far, and from `moment` on the rest of the year where it counts."""
    so_far = {name: float(getattr(year, f"{name}_mwh")) for name in ENERGIES}
    if rules.hold == "to_date":
        return so_far
    return {name: mwh + rest_mwh(name, rules, year, grid, moment) for name, mwh in so_far.items()}


def rest_mwh(name: str, rules: Rules, year: YearSoFar, grid: TimeGrid, moment: datetime) -> float:
    """Return the energy that is expected from a moment to the year's end.

    The state's own figure comes first, then the park file's rate, then the rate of the year so far.
    """
    given, rate = getattr(year.rest, f"{name}_mwh"), getattr(rules.year_end, name, None)
    if given is not None:
        return float(given)
    if rate is not None:
        return float(rate) * left_h(grid, moment) / year_h(grid)
    counted_h = year.counted_h or (grid.start - year_start(grid)).total_seconds() / HOUR_S
    return float(getattr(year, f"{name}_mwh")) * left_h(grid, moment) / counted_h if counted_h else 0.0
