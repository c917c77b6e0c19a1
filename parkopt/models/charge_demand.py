"""Demand charges as columns and rows, and the choice between demand and capacity; see `parkopt.models.charges`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import WrongState
from parkopt.models.algebra import IntArray, Vars
from parkopt.models.charges import Site
from parkopt.models.periods import Period
from parkopt.models.prices import marks
from parkopt.park.charges import DemandCharge
from parkopt.park.tariff import OWN_DEMAND

MONTHS = 12


def ordinal(month: str) -> int:
    """Return the number of a month such as 2026-07, so that months can be subtracted."""
    return int(month[:4]) * MONTHS + int(month[5:])


@dataclass(frozen=True)
class Billed:
    """One demand charge over the months of a horizon in which it is paid."""

    site: Site
    name: str
    charge: DemandCharge

    @cached_property
    def months(self) -> list[Period]:
        """Months in which it is paid."""
        wanted = self.charge.months
        return [month for month in self.site.months if wanted is None or int(month.key[5:]) in wanted]

    @cached_property
    def inside(self) -> FloatArray:
        """1 for each step that counts, shape (n,)."""
        return marks(self.charge, self.site.hub.grid)

    @property
    def seen_mw(self) -> float:
        """Highest import so far in the state's month, in its hours."""
        state = self.site.state
        return state.peak_mw if self.charge.always else state.peaks_mw.get(self.name, 0.0)

    def floor_mw(self, month: Period) -> float:
        """Return the least billed demand of a month, from what is known before the horizon."""
        ratchet, state = self.charge.ratchet, self.site.state
        if ratchet is None:
            return self.charge.agreed_mw
        known = dict(state.past_peaks_mw.get(self.name, {}))
        if state.month:
            known[state.month] = self.seen_mw
        past = [mw for key, mw in known.items() if 0 < ordinal(month.key) - ordinal(key) <= ratchet.months]
        return max([self.charge.agreed_mw, *(ratchet.share * mw for mw in past)])

    @cached_property
    def floors(self) -> FloatArray:
        """Least billed demand by month."""
        return np.asarray([self.floor_mw(month) for month in self.months])

    @cached_property
    def before(self) -> FloatArray:
        """Demand by month that is billed already, or not at all (`planned_peak`)."""
        begun = [self.site.begun(month.key) for month in self.months]
        reached = [max(self.seen_mw, floor) if on else 0.0 for on, floor in zip(begun, self.floors, strict=True)]
        before: FloatArray = np.maximum(self.charge.planned_peak, np.asarray(reached, dtype=float))
        return before

    @property
    def highest(self) -> FloatArray:
        """What the billed demand of each month cannot exceed."""
        most = max(float(np.max(self.site.imports.upper)), self.seen_mw if self.site.state.month else 0.0)
        highest: FloatArray = np.maximum(np.maximum(self.before, self.floors), most)
        return highest


def demand_charges(site: Site) -> None:
    """Add every demand charge, and the choice where it is one."""
    for name, charge in site.tariff.all_demands.items():
        billed = Billed(site, name, charge)
        if not billed.months:
            continue
        rise = _rise(billed)
        if site.tariff.choice and name == OWN_DEMAND:
            _choice(billed, rise)
        else:
            site.hub.cost("demand_charge", rise.name, charge.price)


def _rise(billed: Billed) -> Vars:
    """Declare by how much each month's billed demand rises in the horizon."""
    site, own = billed.site, billed.name == OWN_DEMAND
    least = np.maximum(billed.floors - billed.before, 0.0)
    bounds = [(float(low), None) for low in least]
    rise = site.hub.each(site.block, "peak_rise_mw" if own else f"demand_{billed.name}_rise_mw", bounds)
    steps, of_month = _steps(billed)
    reached = site.imports.at(steps) - rise.at(of_month) <= billed.before[of_month]
    site.hub.rows(site.block, "month_peak" if own else f"demand_{billed.name}_peak", reached, steps.tolist())
    _ratchet(billed, rise)
    return rise


def _steps(billed: Billed) -> tuple[IntArray, IntArray]:
    """Return the steps that count, and the place of each one's month."""
    place = np.full(billed.site.hub.grid.n, -1)
    for index, month in enumerate(billed.months):
        place[month.steps] = index
    steps = np.flatnonzero((billed.inside > 0) & (place >= 0))
    return steps, place[steps]


def _ratchet(billed: Billed, rise: Vars) -> None:
    """Bill later months of the horizon at least by the peaks of its earlier ones."""
    ratchet, site, months = billed.charge.ratchet, billed.site, billed.months
    if ratchet is None:
        return
    pairs = [
        (late, early)
        for late in range(len(months))
        for early in range(late)
        if ordinal(months[late].key) - ordinal(months[early].key) <= ratchet.months
    ]
    if not pairs:
        return
    steps, of_month = _steps(billed)
    peak = site.hub.each(site.block, f"demand_{billed.name}_month_mw", [(0.0, None)] * len(months))
    measured = site.imports.at(steps) - peak.at(of_month) <= 0.0
    site.hub.rows(site.block, f"demand_{billed.name}_measured", measured, steps.tolist())
    late, early = np.asarray(pairs).T
    looked_back = rise.at(late) - ratchet.share * peak.at(early) >= -billed.before[late]
    site.hub.rows(site.block, f"demand_{billed.name}_ratchet", looked_back, range(len(pairs)))


def _choice(billed: Billed, rise: Vars) -> None:
    """Pay by demand or by capacity in each month: what the horizon adds to the month's charge.

    The charge is counted in MW at the demand price, so that no row mixes yuan by the million with single MW.
    """
    site, many = billed.site, len(billed.months)
    unit = max(billed.charge.price, 1.0)
    price, per_mva = billed.charge.price / unit, site.tariff.per_mva_month / unit
    capacity = site.block.variables["connected_mva"]
    most = per_mva * float(capacity.upper[0])
    paid = np.asarray([_paid(billed, place, capacity) for place in range(many)]) / unit
    by_capacity = site.hub.cols(site.block, "by_capacity", range(many), 0.0, 1.0, integer=True)
    adds = site.hub.each(site.block, "charge_rise_mw", [(0.0 - float(mw), None) for mw in paid])
    big = price * billed.highest
    by_demand = adds - price * rise + big * by_capacity >= price * billed.before - paid
    site.hub.rows(site.block, "charged_by_demand", by_demand, range(many))
    capacity_due = adds - per_mva * capacity.spread(many) - most * by_capacity >= -paid - most
    site.hub.rows(site.block, "charged_by_capacity", capacity_due, range(many))
    site.hub.cost("demand_or_capacity", "charge_rise_mw", unit)


def _paid(billed: Billed, place: int, capacity: Vars) -> float:
    """Return what a month's charge had come to before the horizon.

    Raises
    ------
    WrongState
        Where the month has begun and the state says neither that nor the declared capacity.
    """
    site = billed.site
    begun = site.begun(billed.months[place].key)
    if begun and site.state.charged_yuan is not None:
        return site.state.charged_yuan
    low, high = float(capacity.lower[0]), float(capacity.upper[0])
    if begun and low < high:
        where = Where(field=f"assets.{site.block.name}.connected_mva")
        raise WrongState(where, name="connected_mva", value="-", low=f"{low} MVA", high=f"{high} MVA")
    return min(site.tariff.per_mva_month * high, billed.charge.price * float(billed.before[place]))
