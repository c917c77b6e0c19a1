"""What a storage adds to the model beside its level: limits, promised levels, cycles of a day, headroom."""

from __future__ import annotations

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import GridMismatch
from parkopt.models.base import Block, Headroom, Hub, Role, Sum, Vars
from parkopt.models.hub import Flow
from parkopt.models.storage_energy import Flowing, Size, Usable, add_green, built
from parkopt.models.storage_fields import StorageFields
from parkopt.models.storage_parts import PowerLimit, TargetKind
from parkopt.park.invest import most

DAY_MIN = 24 * 60


def add_sizes(store: StorageFields, block: Block, hub: Hub) -> tuple[Size, Size, Size]:
    """Return energy, charging and discharging power: numbers, or columns where they are to be chosen."""
    energy = built(block, hub, "built_mwh", store.energy)
    into = built(block, hub, "built_charge_mw", store.charge)
    out = built(block, hub, "built_discharge_mw", store.discharge)
    if store.symmetric and isinstance(into, Vars) and isinstance(out, Vars):
        hub.row(block, "one_inverter", into - out == 0.0)
    return energy, into, out


def add_power(block: Block, hub: Hub, way: str, high: float, size: Size, limits: list[PowerLimit]) -> Vars:
    """Declare ``charge_mw`` or ``discharge_mw`` below its size, the limits of its windows and its series."""
    upper: FloatArray = np.full(hub.grid.n, high)
    for limit in limits:
        upper = np.minimum(upper, limit.over(hub.grid))
    series = hub.own.get(f"{way}_limit_mw")
    made = hub.var(block, f"{way}_mw", 0.0, upper if series is None else np.minimum(upper, series))
    if isinstance(size, Vars):
        hub.rows(block, f"{way}_size", made - size.spread(len(made)) <= 0.0)
    return made


def add_stored(store: StorageFields, block: Block, hub: Hub, left: Usable) -> Vars:
    """Declare the level between its limits: bounds where the usable energy is a number, else rows."""
    energy = left.after(np.arange(hub.grid.n))
    if not isinstance(energy, Sum):
        return hub.var(block, "soc_mwh", store.soc_min * energy, store.soc_max * energy)
    soc = hub.var(block, "soc_mwh", 0.0, store.soc_max * most(store.energy))
    hub.rows(block, "highest", soc - store.soc_max * energy <= 0.0)
    hub.rows(block, "lowest", soc - store.soc_min * energy >= 0.0)
    return soc


def flowing_of(store: StorageFields, hub: Hub, charge: Vars, discharge: Vars, soc: Vars) -> Flowing:
    """Return charge, discharge and level with the losses of a step."""
    hours = hub.grid.hours
    keep: float | FloatArray = (1.0 - store.self_discharge) ** hours
    if not store.initial_loses:
        keep = np.concatenate([[1.0], np.full(hub.grid.n - 1, keep)])
    return Flowing(charge, discharge, soc, keep, store.charge_efficiency * hours, hours / store.discharge_efficiency)


def opening_of(store: StorageFields, hub: Hub, left: Usable) -> Sum | float:
    """Return the opening level; as a share of a size to be chosen it is chosen with it."""
    state = hub.state.of(hub.name)
    known = store.opening_mwh(hub.name, state)
    chosen = isinstance(left.rated, Vars) and state.soc_mwh is None
    return left.opening(store.soc_initial) if chosen else known


def add_final(store: StorageFields, block: Block, hub: Hub, soc: Vars, left: Usable, opening: Sum | float) -> None:
    """Hold the final level, and count what the rise of the level is worth."""
    last = [hub.grid.n - 1]
    if store.final != "free":
        says = Text(f"the final level of {hub.name}", f"{hub.name} 的期末电量")
        gap = soc.at(last) - store.soc_final * left.after(last)
        _promise(block, hub, "final", gap, store.final, last)
        _offer(hub, block, "final", "soc_final", store.final, says, (store.soc_final, most(store.energy)))
    if store.final_value:
        rise = hub.one(block, "stored_rise_mwh", lower=-most(store.energy))
        hub.row(block, "stored_rise", soc.at(last) - rise - opening == 0.0)
        hub.cost("stored_value", "stored_rise_mwh", -store.final_value)


def add_targets(store: StorageFields, block: Block, hub: Hub, soc: Vars, left: Usable) -> None:
    """Hold the levels at times of the day: a time is the end of the step before it.

    Raises
    ------
    GridMismatch
        Where no step ends at such a time.
    """
    if not store.targets:
        return
    step_min = int(hub.grid.step.total_seconds() // 60)
    ends = (np.asarray(hub.grid.local.hour * 60 + hub.grid.local.minute) + step_min) % DAY_MIN
    for index, target in enumerate(store.targets):
        if (target.minute - int(ends[0])) % step_min:
            where = Where(field=f"assets.{hub.name}.targets.{index}.at")
            raise GridMismatch(where, name=target.at, got=hub.grid, expected=f"a step that ends at {target.at}")
        steps = [int(step) for step in np.flatnonzero(ends == target.minute)]
        if not steps:
            continue
        rows = f"target_{index + 1}"
        _promise(block, hub, rows, soc.at(steps) - target.level * left.after(steps), target.kind, steps)
        says = Text(f"the level of {hub.name} at {target.at}", f"{hub.name} 在 {target.at} 的电量")
        field = f"targets[{target.at}].level"
        _offer(hub, block, rows, field, target.kind, says, (target.level, most(store.energy)))


def _promise(block: Block, hub: Hub, name: str, gap: Sum, kind: TargetKind, steps: list[int]) -> None:
    relation = {"at_least": gap >= 0.0, "exactly": gap == 0.0, "at_most": gap <= 0.0}[kind]
    hub.rows(block, name, relation, steps)


def _offer(
    hub: Hub, block: Block, rows: str, field: str, kind: TargetKind, says: Text, level: tuple[float, float]
) -> None:
    """Let a promised level give way: downward where it is a least one, upward where a largest, else both ways."""
    value, per_unit = level
    if kind != "at_most":
        sign = 1.0 if kind == "exactly" else None
        hub.promise(field, "MWh", block.rows[rows], says, value=value, per_unit=per_unit, sign=sign)
    if kind != "at_least":
        hub.promise(field, "MWh", block.rows[rows], says, value=value, per_unit=per_unit, sign=-1.0, raised=True)


def add_cycles(store: StorageFields, block: Block, hub: Hub, discharge: Vars, rated: Size) -> None:
    """Limit what each local day discharges to so many times the energy; the first day counts what it has so far."""
    days = np.asarray(hub.grid.local.strftime("%Y-%m-%d"))
    names, of_step = np.unique(days, return_inverse=True)
    state = hub.state.of(hub.name)
    before = np.where(names == state.cycled_on, state.cycled_mwh, 0.0)
    given = (hub.grid.hours * discharge).by(of_step, len(names))
    most_cycles = store.cycles_per_day or 0.0
    allowed = most_cycles * (rated.spread(len(names)) if isinstance(rated, Vars) else np.full(len(names), rated))
    rows = hub.rows(block, "cycles", given - allowed <= -before)
    says = Text(f"the cycles a day of {hub.name}", f"{hub.name} 的日循环次数")
    hub.promise(
        "cycles_per_day",
        "MWh",
        rows,
        says,
        raised=True,
        value=most_cycles,
        per_unit=most(store.energy),
        weight=0.5,
    )


def add_origin(store: StorageFields, block: Block, hub: Hub, flowing: Flowing) -> None:
    """Say which charging may come from green energy only, and keep the green part apart where asked."""
    if store.tagged:
        add_green(store, block, hub, flowing)
        hub.green_charging.append(Flow(hub.name, Role.WITHIN_CHARGE, block.variables["charge_green_mw"], store.bus))
    elif store.charge_from == "green":
        hub.green_charging.append(Flow(hub.name, Role.WITHIN_CHARGE, flowing.charge, store.bus))


def add_headroom(store: StorageFields, hub: Hub, flowing: Flowing, left: Usable) -> None:
    """Offer what is left of power and level; a store whose size is to be chosen offers none."""
    energy = left.after(np.arange(hub.grid.n))
    charge, discharge = flowing.charge, flowing.discharge
    up_mw, down_mw = discharge.upper - discharge + charge, charge.upper - charge + discharge
    up_mwh = (flowing.soc - store.soc_min * energy) * store.discharge_efficiency
    down_mwh = (store.soc_max * energy - flowing.soc) * (1.0 / store.charge_efficiency)
    hub.headroom.append(Headroom(hub.name, up_mw, down_mw, up_mwh, down_mwh))
