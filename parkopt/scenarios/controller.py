"""The rule-based controller: what a park does by a few rules and without a forecast.

The yardstick that an optimised schedule has to beat. Its rules are those of a usual energy
management system: a storage takes surplus and cheap energy, gives in the dear hours and above
the peak that the month has paid for, and never falls below the level that it owes at the day's
end, since without a forecast nobody knows whether it could be filled again; an electrolyser
runs evenly. Each step is decided
from that step and the day's prices alone. For other assets there is no rule: the settlement
runs them as well as can be, which flatters the controller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import GIVES, MAIN, TAKES, Role
from parkopt.models.build import Problem, modelled
from parkopt.models.tech.electrolyser import KWH_PER_MWH, Electrolyser
from parkopt.models.tech.grid import Grid
from parkopt.models.tech.storage import Storage

CHEAP, DEAR = 0.30, 0.70
"""Quantiles of the day's purchase price up to which a step counts as cheap, and from which as dear."""


@dataclass(frozen=True)
class Store:
    """What the rule must know of a storage: powers [MW], levels [MWh], efficiencies [-]."""

    charge_mw: float
    discharge_mw: float
    low_mwh: float
    high_mwh: float
    opening_mwh: float
    final_mwh: float
    into: float
    out: float


def rule_based(problem: Problem) -> dict[str, dict[str, FloatArray]]:
    """Return the powers that the rules give, by asset and reported key, shape (n,) each."""
    plan: dict[str, dict[str, FloatArray]] = {}
    need = _need_mw(problem)
    for name, asset in modelled(problem.park).items():
        if isinstance(asset, Electrolyser) and asset.hydrogen_bus is None:
            power = even_mw(asset, problem.series[name]["hydrogen_demand_kg"], problem.grid.hours)
            plan[name] = {"power_mw": power}
            need = need + power
    price, paid = _price_yuan_per_mwh(problem), paid_peak_mw(problem)
    for name, asset in modelled(problem.park).items():
        if isinstance(asset, Storage) and asset.bus == MAIN and isinstance(asset.energy, float):
            charge, discharge = store_mw(need, price, _store(problem, name, asset), problem.grid.hours, paid)
            plan[name] = {"charge_mw": charge, "discharge_mw": discharge}
            need = need + charge - discharge
    return plan


def _need_mw(problem: Problem) -> FloatArray:
    """Return fixed loads less local generation at the main bus; below 0 is surplus."""
    need = np.zeros(problem.grid.n)
    for name, asset in modelled(problem.park).items():
        own, roles = problem.series[name], set(asset.flows().values())
        if asset.bus != MAIN:
            continue
        if Role.DEMAND in roles & TAKES and "demand_mw" in own:
            need = need + own["demand_mw"]
        if Role.LOCAL in roles & GIVES and "available_mw" in own:
            need = need - own["available_mw"]
    return need


def _price_yuan_per_mwh(problem: Problem) -> FloatArray:
    for own in problem.series.values():
        if "energy_price_yuan_per_mwh" in own:
            return own["energy_price_yuan_per_mwh"] + own["adders_yuan_per_mwh"]
    return np.zeros(problem.grid.n)


def even_mw(unit: Electrolyser, demand_kg: FloatArray, hours: float) -> FloatArray:
    """Return the power that makes a day's hydrogen evenly, or at lowest load from the day's start, shape (n,)."""
    kwh_per_kg = unit.efficiency if unit.efficiency is not None else unit.part_load[-1].efficiency
    energy_mwh = float(demand_kg.sum()) * kwh_per_kg / KWH_PER_MWH
    even = energy_mwh / (len(demand_kg) * hours)
    least = unit.min_load * unit.power
    if even >= least:
        return np.full(len(demand_kg), min(even, unit.power))
    running = np.arange(len(demand_kg)) * hours * least < energy_mwh
    return np.where(running, least, 0.0)


def _store(problem: Problem, name: str, asset: Storage) -> Store:
    energy = float(asset.energy)  # type: ignore[arg-type]
    level = problem.state.of(name).soc_mwh
    into = out = asset.round_trip_efficiency**0.5 if asset.round_trip_efficiency else 0.0
    opening = asset.soc_initial * energy if level is None else level
    return Store(
        charge_mw=float(asset.charge) if isinstance(asset.charge, float) else 0.0,
        discharge_mw=float(asset.discharge) if isinstance(asset.discharge, float) else 0.0,
        low_mwh=asset.soc_min * energy,
        high_mwh=asset.soc_max * energy,
        opening_mwh=opening,
        final_mwh=opening if asset.final == "free" else asset.soc_final * energy,
        into=into or asset.charge_efficiency,
        out=out or asset.discharge_efficiency,
    )


def paid_peak_mw(problem: Problem) -> float:
    """Return the import that the month has paid for already: its planned peak, or the highest so far."""
    peaks = [0.0]
    for name, asset in modelled(problem.park).items():
        if isinstance(asset, Grid):
            demand, own = asset.tariff.demand, problem.state.of(name)
            reached = own.peak_mw if own.month == f"{problem.grid.local[0]:%Y-%m}" else 0.0
            peaks.append(max(reached, demand.planned_peak if demand else 0.0))
    return max(peaks)


def store_mw(
    need_mw: FloatArray, price: FloatArray, store: Store, hours: float, paid_peak_mw: float = np.inf
) -> tuple[FloatArray, FloatArray]:
    """Return charging and discharging power by rule, shape (n,) each.

    Parameters
    ----------
    need_mw : FloatArray
        What is missing at the bus; below 0 is surplus [MW].
    price : FloatArray
        Purchase price [yuan/MWh].
    store : Store
        Ratings and levels.
    hours : float
        Length of a step.
    paid_peak_mw : float
        Import up to which no further demand charge falls due.
    """
    n = len(need_mw)
    charge, discharge, level = np.zeros(n), np.zeros(n), store.opening_mwh
    cheap, dear = np.quantile(price, (CHEAP, DEAR))
    for t in range(n):
        wish = _wish_mw(need_mw[t], paid_peak_mw, cheap=price[t] <= cheap < dear, dear=price[t] >= dear > cheap)
        owed = (store.final_mwh - level) / (n - t) / store.into / hours
        after = _after(level, max(wish, owed) if owed > 0 else wish, store, hours)
        charge[t] = max(after - level, 0.0) / store.into / hours
        discharge[t] = max(level - after, 0.0) * store.out / hours
        level = after
    return charge, discharge


def _wish_mw(need: float, paid_peak: float, *, cheap: bool, dear: bool) -> float:
    """Return what the storage should take (above 0) or give, in MW, whatever it can."""
    if need < 0 or need > paid_peak:
        return -need if need < 0 else paid_peak - need
    if dear:
        return -need
    return paid_peak - need if cheap else 0.0


def _after(level: float, wish_mw: float, store: Store, hours: float) -> float:
    """Return the level [MWh] after a step with a wished power (above 0 charges), within powers and levels."""
    rise, fall = store.charge_mw * store.into * hours, store.discharge_mw / store.out * hours
    change = wish_mw * store.into * hours if wish_mw > 0 else wish_mw / store.out * hours
    least = min(level, max(store.low_mwh, store.final_mwh))
    return float(np.clip(level + np.clip(change, -fall, rise), least, max(level, store.high_mwh)))
