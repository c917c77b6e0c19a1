"""The direct-connection ratios of NDRC 650/2025 and 688/2026, as rows over the year so far and the horizon.

With A available local energy, X export, L demand and storage flows at the bus::

    E_self = sum(G - charge + discharge - X) h
    E_self >= self_use_of_available * A,  E_self >= self_use_of_demand * L,  X <= export_of_available * A

688 section 11 counts what storage releases, not what goes in. Counting all charging (not
only that from local energy) keeps the row linear and errs on the safe side, by the loss of
grid-charged energy; the exact, traced ratio is in the results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.algebra import Relation, Sum, Vars
from parkopt.models.hub import Block, Flow, Hub, Role
from parkopt.park.hours import share_inside
from parkopt.park.schema import Park, Rules
from parkopt.park.state import YearSoFar

RULES = "rules"
"""Name of the rules' own block in the model and in the bill."""


@dataclass(frozen=True)
class Ratio:
    """One ratio: what it limits, its row's share of A and L, and its words."""

    name: str
    share: float
    of: str
    says: Text


def ratios(rules: Rules) -> list[Ratio]:
    """Return the ratios that bind the park."""
    if rules.direct_connection == "none":
        return []
    return [
        Ratio(
            "self_use_of_available", rules.self_use_of_available, "available", Text("the self-use share", "自用比例")
        ),
        Ratio(
            "self_use_of_demand",
            rules.self_use_of_demand,
            "demand",
            Text("the local share of demand", "绿电占用电比例"),
        ),
        Ratio("export_of_available", rules.export_of_available, "available", Text("the export share", "上网比例")),
    ]


def export_banned(rules: Rules, grid: TimeGrid) -> FloatArray:
    """Return the share of each step in which export is forbidden; any part bans the whole step."""
    banned = np.zeros(grid.n)
    for rule in rules.export_forbidden:
        inside = np.isin(np.asarray(grid.local.month), rule.months)
        banned = np.maximum(banned, np.where(inside, share_inside(grid, rule.windows), 0.0))
    return banned


def add_rules(block: Block, hub: Hub, park: Park) -> None:
    """Add every rule of the park to the model."""
    add_ratios(block, hub, park.rules)


def add_ratios(block: Block, hub: Hub, rules: Rules) -> None:
    """Add one row for each ratio; a priced breach turns the row soft."""
    for ratio in ratios(rules):
        slack, before = None, 0.0
        if rules.breach_price is not None:
            before = missed_before_mwh(ratio, hub.state.year)
            slack = hub.one(block, f"{ratio.name}_rise_mwh", lower=-before)
            hub.cost("rule_breach", f"{ratio.name}_rise_mwh", rules.breach_price)
        row = hub.row(block, ratio.name, _relation(ratio, hub, slack, before))
        if slack is None:
            raised = ratio.name == "export_of_available"
            value = ratio.share if ratio.of == "available" else None
            whole = hub.state.year.available_mwh + _total(hub, "available_mw", "offer_mw")
            hub.promise(ratio.name, "MWh", row, ratio.says, raised=raised, value=value, per_unit=whole)


def missed_before_mwh(ratio: Ratio, year: YearSoFar) -> float:
    """Return by how much the year so far misses a ratio: only what a horizon adds to it is priced."""
    whole = year.available_mwh if ratio.of == "available" else year.demand_mwh
    if ratio.name == "export_of_available":
        return max(0.0, year.export_mwh - ratio.share * whole)
    return max(0.0, ratio.share * whole - year.self_use_mwh)


def _relation(ratio: Ratio, hub: Hub, slack: Vars | None, before: float) -> Relation:
    """Return the ratio's row; with a slack it may be missed by ``before + slack``."""
    year, missed = hub.state.year, before + (slack.sum if slack is not None else _nothing())
    available = year.available_mwh + _total(hub, "available_mw", "offer_mw")
    if ratio.name == "export_of_available":
        return _energy(hub, hub.draws, Role.EXPORT) - missed <= ratio.share * available - year.export_mwh
    missing = _self_use(hub) + missed + year.self_use_mwh
    if ratio.of == "available":
        return missing >= ratio.share * available
    return missing - ratio.share * (_energy(hub, hub.draws, Role.DEMAND) + year.demand_mwh) >= 0.0


def _self_use(hub: Hub) -> Sum:
    """Return what is generated and given by storage less what is charged and exported, in MWh, as one row."""
    gains = _energy(hub, hub.supplies, Role.LOCAL) + _energy(hub, hub.supplies, Role.STORED)
    return gains - _energy(hub, hub.draws, Role.CHARGE) - _energy(hub, hub.draws, Role.EXPORT)


def _nothing() -> Sum:
    return Sum(1, (), np.zeros(1))


def _energy(hub: Hub, flows: list[Flow], role: Role) -> Sum:
    """Return the energy of all flows of a role in MWh, as one row."""
    energy = _nothing()
    for flow in flows:
        if flow.role == role and isinstance(flow.mw, Vars):
            energy = energy + flow.mw.total() * hub.grid.hours
        elif flow.role == role and isinstance(flow.mw, np.ndarray):
            energy = energy + float(np.sum(flow.mw)) * hub.grid.hours
    return energy


def _total(hub: Hub, *names: str) -> float:
    """Return the available energy of the assets that supply local energy."""
    local = {flow.asset for flow in hub.supplies if flow.role == Role.LOCAL}
    series = [hub.series[asset][name] for asset in local for name in names if name in hub.series[asset]]
    return float(sum(np.sum(values) for values in series)) * hub.grid.hours
