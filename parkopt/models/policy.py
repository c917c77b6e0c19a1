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
from typing import Any

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import Flow, Hub, Role, linear
from parkopt.park.hours import share_inside
from parkopt.park.schema import Rules
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


def add_ratios(block: Any, hub: Hub, rules: Rules) -> None:
    """Add one row for each ratio; a priced breach turns the row soft."""
    hub.name = RULES
    for ratio in ratios(rules):
        slack, before = None, 0.0
        if rules.breach_price is not None:
            before = missed_before_mwh(ratio, hub.state.year)
            slack = hub.one(block, f"{ratio.name}_rise_mwh", lower=-before)
            hub.cost("rule_breach", f"{ratio.name}_rise_mwh", rules.breach_price)
        relation = _relation(ratio, hub, slack, before)
        row = hub.row(block, ratio.name, relation)
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


def _relation(ratio: Ratio, hub: Hub, slack: Any, before: float) -> Any:
    """Return the ratio's row; with a slack it may be missed by ``before + slack``."""
    year = hub.state.year
    extra = [] if slack is None else [(1.0, slack[0])]
    available = year.available_mwh + _total(hub, "available_mw", "offer_mw")
    if ratio.name == "export_of_available":
        spent = _terms(hub.draws, Role.EXPORT, hub)
        pairs = [*spent, *((-c, v) for c, v in extra)]
        return linear(pairs) <= ratio.share * available - year.export_mwh + before
    pairs = [*_self_use(hub), *extra]
    if ratio.of == "available":
        return linear(pairs) >= ratio.share * available - year.self_use_mwh - before
    moving = [(-ratio.share * c, v) for c, v in _terms(hub.draws, Role.DEMAND, hub)]
    demand = year.demand_mwh + _fixed_demand(hub)
    return linear([*pairs, *moving]) >= ratio.share * demand - year.self_use_mwh - before


def _self_use(hub: Hub) -> list[tuple[float, Any]]:
    gains = [*_terms(hub.supplies, Role.LOCAL, hub), *_terms(hub.supplies, Role.STORED, hub)]
    losses = [*_terms(hub.draws, Role.CHARGE, hub), *_terms(hub.draws, Role.EXPORT, hub)]
    return [*gains, *((-c, v) for c, v in losses)]


def _terms(flows: list[Flow], role: Role, hub: Hub) -> list[tuple[float, Any]]:
    variable = [flow.mw for flow in flows if flow.role == role and not isinstance(flow.mw, np.ndarray)]
    return [(hub.grid.hours, mw[t]) for mw in variable for t in hub.steps]


def _fixed_demand(hub: Hub) -> float:
    return sum(float(np.sum(flow.mw)) for flow in hub.draws if isinstance(flow.mw, np.ndarray)) * hub.grid.hours


def _total(hub: Hub, *names: str) -> float:
    """Return the available energy of the assets that supply local energy."""
    local = {flow.asset for flow in hub.supplies if flow.role == Role.LOCAL}
    series = [hub.series[asset][name] for asset in local for name in names if name in hub.series[asset]]
    return float(sum(np.sum(values) for values in series)) * hub.grid.hours
