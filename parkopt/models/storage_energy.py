"""Sizes that are chosen, the usable energy of a storage as the model sees it, and its parts by depth and by origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.algebra import Number, Sum, Vars
from parkopt.models.base import Block, Hub, Role
from parkopt.models.hub import Flow
from parkopt.models.storage_fields import StorageFields
from parkopt.models.storage_parts import shallow_first, widths
from parkopt.park.invest import HOURS_PER_YEAR, WHOLE, EnergyInvestment, PowerInvestment

IntArray = NDArray[np.int64]
Size = float | Vars
"""A number of the park file, or the one column of a size that is chosen."""


def built(block: Block, hub: Hub, name: str, size: float | PowerInvestment | EnergyInvestment) -> Size:
    """Return the size; where it is to be chosen declare it, in whole units if asked, and put it on the bill."""
    if isinstance(size, float):
        return size
    made = hub.one(block, name, size.min, size.max)
    if size.unit is not None:
        units = hub.cols(block, f"{name}_units", range(1), 0.0, int(size.max / size.unit + WHOLE), integer=True)
        hub.row(block, f"{name}_whole", made - size.unit * units == 0.0)
    hub.cost("investment", name, size.capex * size.share(hub.grid.hours * hub.grid.n))
    return made


@dataclass(frozen=True)
class Usable:
    """Energy between empty and full: ``rated kept[t] - faded[t]``.

    Attributes
    ----------
    rated : float or Vars
        Energy while new, in MWh.
    kept : ndarray, shape (n + 1,)
        Share that age leaves at the start (index 0) and after each step.
    faded : Sum or None
        What cycles have taken by then, n rows in MWh; None where they take nothing.
    opening_faded : float
        What they had taken at the start.
    """

    rated: Size
    kept: FloatArray
    faded: Sum | None = None
    opening_faded: float = 0.0

    @property
    def fixed(self) -> bool:
        """Whether it is a number in each step."""
        return self.faded is None and isinstance(self.rated, float)

    def after(self, steps: Sequence[int] | IntArray) -> Sum | FloatArray:
        """Return the usable energy at the end of some steps."""
        kept = self.kept[1:][np.asarray(steps, dtype=np.int64)]
        rated: Sum | FloatArray
        rated = self.rated.spread(len(kept)) * kept if isinstance(self.rated, Vars) else self.rated * kept
        return rated if self.faded is None else rated - self.faded.at(steps)

    def opening(self, level: float) -> Sum | float:
        """Return a level of the start, given as a share of what is usable then."""
        if isinstance(self.rated, Vars):
            return self.rated.sum * (level * float(self.kept[0])) - level * self.opening_faded
        return level * (self.rated * float(self.kept[0]) - self.opening_faded)


def day_ends(grid: TimeGrid) -> IntArray:
    """Return the steps that end at a local midnight, and the last one: there fading is counted."""
    step_min = int(grid.step.total_seconds() // 60)
    minute = np.asarray(grid.local.hour * 60 + grid.local.minute) + step_min
    return np.union1d(np.flatnonzero(minute % (24 * 60) == 0), [grid.n - 1]).astype(np.int64)


def usable(store: StorageFields, block: Block, hub: Hub, rated: Size, discharge: Vars) -> Usable:
    """Return the usable energy; what cycles take by each midnight is counted from the discharge before it."""
    grid, state = hub.grid, hub.state.of(hub.name)
    if not store.fades:
        return Usable(rated, np.ones(grid.n + 1))
    ends = day_ends(grid)
    ended = np.searchsorted(ends, np.arange(grid.n), side="right")  # days that are over after each step
    hours = store.age_h(state) + np.concatenate([[0.0], (ends + 1) * grid.hours])
    kept = 1.0 - store.fade_per_year * hours / HOURS_PER_YEAR
    kept = np.concatenate([kept[:1], kept[ended]])
    if not store.fade_per_cycle:
        return Usable(rated, kept)
    before, days = state.throughput_mwh, len(ends)
    total = hub.each(block, "throughput_mwh", [(before, before), *[(before, None)] * days])
    inside = np.searchsorted(ends, np.arange(grid.n), side="left")
    rise = total.at(np.arange(1, days + 1)) - total.at(np.arange(days))
    hub.rows(block, "throughput", rise - (grid.hours * discharge).by(inside, days) == 0.0)
    return Usable(rated, kept, store.fade_per_cycle * total.at(ended), store.fade_per_cycle * before)


@dataclass(frozen=True)
class Flowing:
    """Charge, discharge and level of a store, and what a step does to a level."""

    charge: Vars
    discharge: Vars
    soc: Vars
    keep: Number
    """Share of the level that a step leaves, a number or shape (n,)."""
    gain: float
    """MWh stored per MW charged."""
    draw: float
    """MWh taken per MW discharged."""

    def level(self, charge: Vars, discharge: Vars, soc: Vars, opening: Sum | float) -> Sum:
        """Return what each step's level misses of its flows; it must be 0."""
        known = opening if isinstance(opening, float) else 0.0
        left = soc - self.gain * charge + self.draw * discharge - self.keep * soc.before(known)
        return left if isinstance(opening, float) else left - self.keep * _at_first(opening, len(soc))


def _at_first(one: Sum, n: int) -> Sum:
    """Return a single row as the first of `n`."""
    constant = np.zeros(n)
    constant[0] = one.constant[0]
    return Sum(n, one.entries, constant)


def add_depths(store: StorageFields, block: Block, hub: Hub, flowing: Flowing, energy: Usable) -> None:
    """Lay the store into segments of depth, each with its level and its cost of discharge.

    As the costs rise, the shallowest segment that holds anything is discharged first and the
    shallowest with room is charged first: what a cycle costs rises with its depth (Xu et al. 2018,
    "Factoring the cycle aging cost of batteries participating in electricity markets", IEEE
    Transactions on Power Systems 33(2)).
    """
    openings = _opening_depths(store, hub, energy)
    charges, discharges = -flowing.charge.sum, -flowing.discharge.sum
    for index, (part, width) in enumerate(zip(store.wear_by_depth, widths(store.wear_by_depth), strict=True)):
        stem = f"depth_{index + 1}"
        charge, discharge = hub.var(block, f"charge_{stem}_mw"), hub.var(block, f"discharge_{stem}_mw")
        room = None if isinstance(energy.rated, Vars) else energy.rated * width
        level = hub.var(block, f"soc_{stem}_mwh", 0.0, room)
        if isinstance(energy.rated, Vars):
            hub.rows(block, f"room_{stem}", level - width * energy.rated.spread(len(level)) <= 0.0)
        hub.rows(block, f"level_{stem}", flowing.level(charge, discharge, level, openings[index]) == 0.0)
        hub.cost("storage_wear", f"discharge_{stem}_mw", part.cost * hub.grid.hours)
        charges, discharges = charges + charge, discharges + discharge
    hub.rows(block, "charge_by_depth", charges == 0.0)
    hub.rows(block, "discharge_by_depth", discharges == 0.0)


def _opening_depths(store: StorageFields, hub: Hub, energy: Usable) -> list[Sum | float]:
    """Return the opening level of each segment; of a size to be chosen, as shares of what is usable."""
    state = hub.state.of(hub.name)
    if isinstance(energy.rated, Vars) and state.soc_mwh is None:
        return [energy.opening(float(share)) for share in shallow_first(store.soc_initial, store.wear_by_depth)]
    return [float(mwh) for mwh in store.opening_depths_mwh(hub.name, state)]


def add_green(store: StorageFields, block: Block, hub: Hub, flowing: Flowing) -> None:
    """Keep the green part of the store apart, each flow and level within the whole; what is left is the other part."""
    charge, discharge, soc = (
        hub.var(block, name) for name in ("charge_green_mw", "discharge_green_mw", "soc_green_mwh")
    )
    rest = charge - flowing.charge
    hub.rows(block, "green_charge", rest == 0.0 if store.charge_from == "green" else rest <= 0.0)
    hub.rows(block, "green_discharge", discharge - flowing.discharge <= 0.0)
    hub.rows(block, "green_stored", soc - flowing.soc <= 0.0)
    opening = store.opening_green_mwh(hub.name, hub.state.of(hub.name))
    hub.rows(block, "green_level", flowing.level(charge, discharge, soc, opening) == 0.0)
    if store.green_value:
        hub.cost("green_value", "discharge_green_mw", -store.green_value * hub.grid.hours)


def add_green_supply(block: Block, hub: Hub, bus: str) -> None:
    """Hold all green charging of a bus to its local supply less what is exported or sent on; the first of them does."""
    mine = [flow for flow in hub.green_charging if flow.bus == bus]
    if not mine or mine[0].asset != hub.name:
        return
    left = Sum(hub.grid.n, (), np.zeros(hub.grid.n))
    taken = (*mine, *(flow for flow in hub.draws if flow.role in (Role.EXPORT, Role.SENT) and flow.bus == bus))
    given: list[Flow] = [flow for flow in hub.supplies if flow.role == Role.LOCAL and flow.bus == bus]
    for sign, flows in ((1.0, given), (-1.0, taken)):
        for flow in flows:
            left = left + flow.mw * sign
    hub.rows(block, "green_supply", left >= 0.0)
