"""The least hourly matched green share of the park and of enterprises (a CFE score), as linear rows.

Over all power buses, with L load, G local supply, C what storages may charge from green energy only, D what the green
part of storages gives (of those that keep it apart), D' what other stored energy gives, F from fuel, X export, each in
MW of a step::

    sold >= X - D' - F,  sold >= 0
    0 <= matched <= L,   matched <= G + D - C - sold
    sum(matched) h + matched so far >= share (sum(L) h + load so far)

`matched` may be anything up to ``min(L, G + D - C - sold)``: the sum holds just where the score does. It is never
negative, so what green storage takes and what is sold never exceed local green energy. Each MWh is claimed once:
other charging and the losses of lines are served by import, fuel and other storages first, and the bus
balances.

An enterprise that is counted by its load has ``L_e / L`` of what is matched (688/2026, section 11). Where all loads
are series that is a number a step. Where others' loads are decided by the schedule, L is replaced by the most that it
can be: its part is then never overstated. Where its own load is decided, the part would be a product of two
variables and no linear bound is worth having: that is refused; `split: entitlement` has no such limit::

    matched_e <= L_e,  matched_e <= sum over plants of (entitlement * supply)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import WrongValue
from parkopt.models.algebra import Sum, Vars
from parkopt.models.hub import Block, Flow, Hub, Role
from parkopt.models.rule_terms import is_fixed, missed, nothing, power
from parkopt.park.rules import HourlyGreen
from parkopt.park.schema import Park
from parkopt.park.state import GreenSoFar

CONSUMES = (Role.DEMAND,)


def add_green(block: Block, hub: Hub, park: Park) -> None:
    """Add the rows of the park and of each enterprise that the rule names.

    Raises
    ------
    WrongValue
        Where an enterprise's share has no linear bound.
    """
    rule = park.rules.hourly_green
    if rule is None:
        return
    load = power(hub, CONSUMES)
    shared = rule.share is not None or rule.split == "by_load"
    matched = _matched(block, hub, load).sum if shared else nothing(hub.grid.n)
    if rule.share is not None:
        says = Text("the hourly green share", "分时绿电匹配率")
        _held(block, hub, rule, ("hourly_green", rule.share, says), (matched, load, hub.state.year.hourly_green))
    for name, share in rule.enterprises.items():
        own = power(hub, CONSUMES, _whose(park, name))
        says = Text(f"the hourly green share of {name}", f"{name} 的分时绿电匹配率")
        part = _by_load(hub, name, own, matched) if rule.split == "by_load" else _entitled(block, hub, park, name, own)
        so_far = hub.state.year.hourly_green_of.get(name, GreenSoFar())
        _held(block, hub, rule, (f"hourly_green_{name}", share, says), (part, own, so_far))


def _whose(park: Park, enterprise: str) -> Callable[[Flow], bool]:
    """Return what tells the flows of an enterprise from others."""
    return lambda flow: getattr(park.assets[flow.asset], "enterprise", "") == enterprise


def _matched(block: Block, hub: Hub, load: Sum) -> Vars:
    """Declare what is matched in each step, up to the load and the green energy of the step."""
    matched = _up_to(block, hub, "matched_mw", load, "matched_of_load")
    released, taken, sold = _released(hub), nothing(hub.grid.n), power(hub, [Role.EXPORT])
    for flow in hub.green_charging:
        taken = taken + flow.mw
    other = power(hub, [Role.STORED, Role.FUEL])
    if other.entries and sold.entries:
        exports, sold = sold, hub.var(block, "sold_green_mw").sum
        hub.rows(block, "sold_green", sold + other - released - exports >= 0.0)
    hub.rows(block, "matched_of_green", matched - power(hub, [Role.LOCAL]) - released + taken + sold <= 0.0)
    return matched


def _released(hub: Hub) -> Sum:
    """Return what all storages that keep their green part apart give of it."""
    total = nothing(hub.grid.n)
    for flow in hub.supplies:
        green = hub.blocks[flow.asset].variables.get("discharge_green_mw")
        if flow.role == Role.STORED and green is not None:
            total = total + green
    return total


def _up_to(block: Block, hub: Hub, name: str, load: Sum, row: str) -> Vars:
    """Declare a variable up to a load: by its bound where the load is a series, else by a row."""
    if is_fixed(load):
        return hub.var(block, name, 0.0, load.constant)
    matched = hub.var(block, name)
    hub.rows(block, row, matched - load <= 0.0)
    return matched


def _held(
    block: Block,
    hub: Hub,
    rule: HourlyGreen,
    words: tuple[str, float, Text],
    parts: tuple[Sum, Sum, GreenSoFar],
) -> None:
    """Add the row of one share: matched over load, with the year so far."""
    (name, share, says), (matched, load, so_far), hours = words, parts, hub.grid.hours
    before = max(0.0, share * so_far.demand_mwh - so_far.matched_mwh)
    slack = missed(block, hub, f"{name}_rise_mwh", before, rule.breach_price)
    short = (matched - load * share).total() * hours + slack
    row = hub.row(block, name, short + (so_far.matched_mwh - share * so_far.demand_mwh) >= 0.0)
    if rule.breach_price is None:
        whole = float(load.constant.sum()) * hours + so_far.demand_mwh
        whose = name.removeprefix("hourly_green").removeprefix("_")
        field = f"enterprises.{whose}" if whose else "share"
        hub.promise(f"hourly_green.{field}", "MWh", row, says, value=share if is_fixed(load) else None, per_unit=whole)


def _by_load(hub: Hub, name: str, own: Sum, matched: Sum) -> Sum:
    """Return an enterprise's part of what is matched in each step; never more than its true part."""
    most = _most_mw(hub)
    if not is_fixed(own) or not np.isfinite(most).all():
        reason = Text(
            "its consumption is decided by the schedule (or another's has no limit), so its part of each step's "
            "green energy is not linear; use split: entitlement",
            "其用电由方案决定（或他人用电无上限），其在各时段绿电中的份额不是线性的；请改用 split: entitlement",
        )
        where = Where(field=f"rules.hourly_green.enterprises.{name}")
        raise WrongValue(where, value=name, reason=reason)
    return matched * np.divide(own.constant, most, out=np.zeros(hub.grid.n), where=most > 0)


def _most_mw(hub: Hub) -> FloatArray:
    """Return the most that all loads can take in each step, infinite where a load has no limit, shape (n,)."""
    most = np.zeros(hub.grid.n)
    for flow in hub.draws:
        if flow.role in CONSUMES:
            most = most + (flow.mw.upper if isinstance(flow.mw, Vars) else flow.mw)
    return most


def _entitled(block: Block, hub: Hub, park: Park, name: str, own: Sum) -> Sum:
    """Declare what an enterprise's entitlements match of its load in each step."""
    matched = _up_to(block, hub, f"matched_{name}_mw", own, f"matched_of_load_{name}")
    shares, entitled = park.enterprises[name].entitlements, nothing(hub.grid.n)
    for flow in hub.supplies:
        if flow.role == Role.LOCAL and flow.asset in shares:
            entitled = entitled + flow.mw * shares[flow.asset]
    hub.rows(block, f"entitled_{name}", matched - entitled <= 0.0)
    return matched.sum
