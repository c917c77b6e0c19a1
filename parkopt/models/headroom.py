"""What assets keep free for reserve and demand response: as they declare it, or read from their own rows.

A `Headroom` that an asset declares is taken as it is. For a store, and for any other asset, it is read from its own
rows: a change ``r[t]`` of its power stays within its bounds, and each inequality row that holds the power with
coefficient ``a`` and that the change strains must have the slack: ``|a| r[t] <= slack``. So least and rated load while
it runs, ramps before and after, and limits of shedding hold for the call as they do for the plan. What is behind it:

- a store or a tank, by the coefficients of its level row: the energy of a whole call, at both ends of each step;
- a daily energy (a row over the power alone): what can still be made up, or saved, later in the same row's steps;
- a limit over many steps: its slack.

Whatever is neither is refused (so is more power from a unit with a limit on its fuel): what nobody can say is free
must not be sold. A limit that is infinite (no upper bound, a row that is always kept) is no limit: it makes no row,
and a provider whose power has no finite limit in each step is refused alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import WrongValue
from parkopt.models.algebra import IntArray, Rows, Sum, Vars
from parkopt.models.hub import Block, Headroom, Hub, Role
from parkopt.models.piecewise import FILL, FIRST_FILL

Direction = Literal["up", "down"]
Limit = tuple[IntArray, Sum]
"""Steps, and what is free in each of them."""
FEW = 2
"""A row with more terms of one variable is a limit over many steps."""


@dataclass(frozen=True)
class Free:
    """What is left of an asset's headroom in one direction, when some of it has been sold."""

    mw: list[Limit]
    """Power in MW."""
    levels: list[Limit] = field(default_factory=list)
    """Energy in MWh behind it at the end of steps; it must be there at both ends of a step."""
    budgets: list[Limit] = field(default_factory=list)
    """Energy in MWh behind a call that begins in the step."""
    later: tuple[Callable[[int], Limit], ...] = ()
    """Energy in MWh that can be made up after a call of so many steps that begins in the step."""
    called: Sum | float = 0.0
    """Energy in MWh of the calls that were sold against `later`."""
    call_steps: int = 1
    """The longest of them."""
    opening: Sum | None = None
    """Energy in MWh at the horizon's start, less the first step's standing loss; None where nobody knows."""


@dataclass(frozen=True)
class Terms:
    """Terms of one variable in some rows."""

    rows: IntArray
    steps: IntArray
    values: FloatArray


def storage_headroom(hub: Hub, charge: Vars, discharge: Vars, soc: Vars, *, discharge_efficiency: float) -> Headroom:
    """Return what a store could give or take beside its plan: stop one flow and run the other.

    ``up = D - discharge + charge``, with ``(soc - soc_min) eta_d`` behind it;
    ``down = C - charge + discharge``, with ``(soc_max - soc) eta_d``: a discharge that is stopped leaves
    ``1 / eta_d`` in the store for each MWh that it does not give, more than charging would bring.
    """
    return Headroom(
        hub.name,
        up_mw=charge - discharge + discharge.upper,
        down_mw=discharge - charge + charge.upper,
        up_mwh=(soc - soc.lower) * discharge_efficiency,
        down_mwh=(soc.upper - soc) * discharge_efficiency,
    )


def free_of(hub: Hub, asset: str, direction: Direction, field_name: str) -> Free:
    """Return what an asset keeps free; see the module.

    Raises
    ------
    WrongValue
        Where nothing says what it keeps free; `field_name` is the park file's field that names it.
    """
    block, steps = hub.blocks.get(asset, Block(asset)), np.arange(hub.grid.n)
    chosen = any(name.startswith("built_") for name in block.variables)
    store = {"charge_mw", "discharge_mw", "soc_mwh"} <= set(block.variables) and "level" in block.rows
    derived = None if chosen else _store(block, hub, direction) if store else _unit(block, hub, direction)
    declared = next((one for one in hub.headroom if one.asset == asset), None)
    if declared is not None and not (store and derived):
        behind = declared.up_mwh if direction == "up" else declared.down_mwh
        mw = declared.up_mw if direction == "up" else declared.down_mw
        derived = Free([(steps, mw)], [] if behind is None else [(steps, behind)])
    free = None if derived is None else _finite(derived)
    if free is None or not _covers(free.mw, hub.grid.n):
        reason = Text("nothing says what it keeps free", "无法得知其可调余量")
        raise WrongValue(Where(field=field_name), value=asset, reason=reason)
    return free


def finite(limits: list[Limit]) -> list[Limit]:
    """Return the limits without their infinite rows: those limit nothing, and no solver takes them as rows."""
    kept = [(steps, limit, np.flatnonzero(limit.constant < np.inf)) for steps, limit in limits]
    return [(steps[rows], limit.at(rows)) for steps, limit, rows in kept if len(rows)]


def _finite(free: Free) -> Free:
    """Return what is free without infinite limits."""
    opening = free.opening if free.opening is not None and np.isfinite(free.opening.constant).all() else None
    return replace(free, mw=finite(free.mw), levels=finite(free.levels), budgets=finite(free.budgets), opening=opening)


def _covers(limits: list[Limit], n: int) -> bool:
    """Return whether each of `n` steps has a limit."""
    return len(np.unique(np.concatenate([np.zeros(0, np.int64), *(steps for steps, _ in limits)]))) == n


def connection_free(hub: Hub, direction: Direction) -> Free:
    """Return what all grid connections can take more, or give more, than planned."""
    total = Sum(hub.grid.n, (), np.zeros(hub.grid.n))
    for flow, sign in [(one, 1.0) for one in hub.supplies] + [(one, -1.0) for one in hub.draws]:
        if flow.role in (Role.GRID, Role.EXPORT) and isinstance(flow.mw, Vars):
            limited = (direction == "down") == (sign > 0)
            total = total + flow.mw * (sign if direction == "up" else -sign)
            total = total + flow.mw.upper if limited else total
    return Free(finite([(np.arange(hub.grid.n), total)]))


def terms(rows: Rows, made: Vars) -> Terms:
    """Return where a variable stands in some rows."""
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)), *rows.relation.sum.entries]
    places, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    inside = (columns >= made.first) & (columns < made.first + len(made)) & (values != 0.0)
    return Terms(places[inside], columns[inside] - made.first, values[inside])


def slack(rows: Rows) -> Sum:
    """Return by how much inequality rows are kept."""
    return -rows.relation.sum if rows.relation.sense == "<=" else rows.relation.sum


def strained(block: Block, made: Vars, *, rises: bool) -> tuple[list[Limit], list[Limit]]:
    """Return what the inequality rows let a variable change by: in MW step by step, and over many steps as a sum."""
    by_step: list[Limit] = []
    over_many: list[Limit] = []
    for rows in block.rows.values():
        found = terms(rows, made)
        if rows.relation.sense == "==" or not len(found.rows):
            continue
        harmed = (found.values > 0) == ((rows.relation.sense == "<=") == rises)
        many = np.bincount(found.rows, minlength=len(rows))[found.rows] > FEW
        for chosen, limits in ((harmed & ~many, by_step), (harmed & many, over_many)):
            if chosen.any():
                whole = slack(rows).at(found.rows[chosen]) * (1.0 / np.abs(found.values[chosen]))
                limits.append((found.steps[chosen], whole))
    return by_step, over_many


def room(made: Vars, *, rises: bool) -> Sum:
    """Return what the bounds let a variable change by."""
    return made.upper - made if rises else made - made.lower


def _store(block: Block, hub: Hub, direction: Direction) -> Free | None:
    """Read a store: stop one flow and run the other, with what its level row says is behind."""
    charge, discharge, soc = (block.variables[name] for name in ("charge_mw", "discharge_mw", "soc_mwh"))
    level, hours, steps = block.rows["level"], hub.grid.hours, np.arange(hub.grid.n)
    run, stop = (discharge, charge) if direction == "up" else (charge, discharge)
    found = terms(level, discharge)
    if len(found.rows) != len(steps) or np.ptp(found.values) > 0:
        return None
    per_mwh = hours / abs(float(found.values[0]))
    mw = [(steps, room(run, rises=True) + stop)]
    mw += [(at, limit + stop.at(at)) for at, limit in strained(_continuous(block, hub), run, rises=True)[0]]
    rises = direction == "down"
    levels = [(steps, room(soc, rises=rises) * per_mwh)]
    levels += [(at, limit * per_mwh) for at, limit in strained(_every_step(block, hub), soc, rises=rises)[0]]
    known = -level.relation.sum.constant[0]
    left = soc.upper[0] - known if rises else known - soc.lower[0]
    return Free(mw, levels, opening=Sum(1, (), np.full(1, max(left, 0.0) * per_mwh)))


def _continuous(block: Block, hub: Hub) -> Block:
    """Return the rows without whole numbers: which way a store runs is free to change with a call."""
    whole = {column for made in hub.columns if made.integer for column in made.columns.tolist()}
    kept = {
        name: rows
        for name, rows in block.rows.items()
        if not any(whole & set(columns.tolist()) for _, columns, _ in rows.relation.sum.entries)
    }
    return Block(block.name, block.variables, kept)


def _every_step(block: Block, hub: Hub) -> Block:
    """Return the rows that hold in every step: levels of single steps are for the next plan to reach again."""
    return Block(block.name, block.variables, {name: own for name, own in block.rows.items() if len(own) == hub.grid.n})


def _unit(block: Block, hub: Hub, direction: Direction) -> Free | None:
    """Read a generator or a load: its power within bounds and rows, and what is behind it."""
    flows = [flow for flow in (*hub.supplies, *hub.draws) if flow.asset == block.name]
    if "fuel_limit" in block.rows and direction == "up":
        return None  # a call would burn fuel that the limit does not leave
    powers = [flow for flow in flows if flow.role in (Role.FUEL, Role.DEMAND)]
    if len(powers) != 1 or not isinstance(powers[0].mw, Vars):
        return None
    power: Vars = powers[0].mw
    rises = (powers[0].role == Role.FUEL) == (direction == "up")
    by_step, many = strained(_beside_curve(block), power, rises=rises)
    budgets = [(at, limit * hub.grid.hours) for at, limit in many]
    free = Free([(np.arange(hub.grid.n), room(power, rises=rises)), *by_step], [], budgets)
    if "tank_kg" in block.variables:
        return _tank(block, hub, power, free, rises=rises)
    others = [flow for flow in flows if flow is not powers[0]]
    equal = [rows for rows in block.rows.values() if rows.relation.sense == "==" and len(terms(rows, power).rows)]
    if others:
        return None
    return _without_on(block, hub, power, free, rises=rises) if equal and "on" not in block.variables else free


def _beside_curve(block: Block) -> Block:
    """Return the rows but for the order in which a part-load curve is filled: a call fills it anew."""
    kept = {name: rows for name, rows in block.rows.items() if name != FIRST_FILL}
    return Block(block.name, block.variables, kept)


def _tank(block: Block, hub: Hub, power: Vars, free: Free, *, rises: bool) -> Free | None:
    """Put the tank behind the power: what is not made comes out of it, what is made beside the plan goes in.

    On a part-load curve a call is counted at the steepest of its segments.
    """
    level, tank = block.rows["tank_level"], block.variables["tank_kg"]
    made = terms(level, power)
    if len(made.rows) != hub.grid.n or np.ptp(made.values) > 0:
        return None
    first = float(made.values[0])
    steeper = terms(level, block.variables[FILL]).values if FILL in block.variables else np.zeros(0)
    per_kg = hub.grid.hours / float(np.max(np.abs([first, *(first + steeper)])))
    return Free(free.mw, [(np.arange(hub.grid.n), room(tank, rises=rises) * per_kg)], free.budgets)


def _without_on(block: Block, hub: Hub, power: Vars, free: Free, *, rises: bool) -> Free | None:
    """Read a load that moves or sheds: shedding stands in for the power, or the same row's later steps make it up."""
    equal = {name: rows for name, rows in block.rows.items() if rows.relation.sense == "=="}
    held = {name: rows for name, rows in equal.items() if len(terms(rows, power).rows)}
    shed = block.variables.get("shed_mw")
    if shed is not None and all(len(terms(rows, shed).rows) for rows in held.values()):
        by_step, budgets = strained(block, shed, rises=not rises)
        every = [(np.arange(hub.grid.n), room(shed, rises=not rises)), *by_step]
        return Free([*free.mw, *every], [], [(at, limit * hub.grid.hours) for at, limit in budgets])
    sizes = {name: sum(len(columns) for _, columns, _ in rows.relation.sum.entries) for name, rows in held.items()}
    if any(size != len(terms(held[name], power).rows) for name, size in sizes.items()):
        return None
    later = tuple(partial(_later, rows, hub, power, rises=rises) for rows in held.values())
    return replace(free, later=later)


def _later(rows: Rows, hub: Hub, power: Vars, call_steps: int, *, rises: bool) -> Limit:
    """Return what the same row's steps after a call can change by the other way, in MWh, for each step of a row."""
    found = terms(rows, power)
    back, _ = strained(hub.blocks[power.asset], power, rises=not rises)
    other = room(power, rises=not rises)
    narrower = {int(step): (at, place) for at, (steps, _) in enumerate(back) for place, step in enumerate(steps)}
    places = enumerate(zip(found.steps.tolist(), found.rows.tolist(), strict=True))
    of_row: dict[int, list[int]] = {}
    for step, row in zip(found.steps.tolist(), found.rows.tolist(), strict=True):
        of_row.setdefault(row, []).append(step)
    pairs = [(place, s) for place, (t, row) in places for s in of_row[row] if s >= t + call_steps]
    total = Sum(len(found.steps), (), np.zeros(len(found.steps)))
    plain = [(place, s) for place, s in pairs if s not in narrower]
    total = total + _gathered(other, plain, len(found.steps))
    for at, (_, limit) in enumerate(back):
        own = [(place, narrower[s][1]) for place, s in pairs if s in narrower and narrower[s][0] == at]
        total = total + _gathered(limit, own, len(found.steps))
    return found.steps, total * hub.grid.hours


def _gathered(sums: Sum, pairs: list[tuple[int, int]], n: int) -> Sum:
    """Return one row a place: the sum of the rows that the pairs (place, row) name."""
    if not pairs:
        return Sum(n, (), np.zeros(n))
    places, rows = (np.asarray(part, dtype=np.int64) for part in zip(*pairs, strict=True))
    return sums.at(rows).by(places, n)
