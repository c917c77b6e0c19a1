"""What providers of reserve keep free, from their config and reported variables alone, without the model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import ENERGY_MWH, POWER_MW, Case, Finding, Role, Values
from parkopt.park.hours import share_inside

KWH_PER_MWH = 1000.0
EPS = 1e-9
Sold = list[tuple[FloatArray, float]]
"""What each offer holds of a provider (MW, step by step), and how long its calls last (h)."""


@dataclass(frozen=True)
class Spare:
    """Free power in each step; the level behind it at the ends of steps and at the start; energy of a call."""

    mw: FloatArray
    level_mwh: FloatArray | None = None
    opening_mwh: float = math.inf
    call_mwh: FloatArray | None = None


def oversold(case: Case, provider: str, direction: str) -> Iterator[Finding]:
    """Check that all offers together fit into what one provider keeps free."""
    sold = _sold(case, provider, direction)
    spare = spare_of(case, provider, sold, up=direction == "up")
    if spare is None:
        yield False, f"nothing says what {provider} keeps free"
        return
    over = float(np.max(sum(mw for mw, _ in sold) - spare.mw))
    yield over <= POWER_MW, f"offers hold {over:.3g} MW more than {provider} keeps free"
    if spare.call_mwh is not None:
        over = float(np.max(sum(mw * hours for mw, hours in sold) - spare.call_mwh))
        yield over <= ENERGY_MWH, f"offers call {over:.3g} MWh more than {provider} keeps free"
    if spare.level_mwh is not None:
        over = _short_mwh(spare, sold, case.grid.hours)
        yield over <= ENERGY_MWH, f"offers need {over:.3g} MWh more than stands behind {provider}"


def _short_mwh(spare: Spare, sold: Sold, step_h: float) -> float:
    """Return what is missing where all offers are called together at the start of any step, or have just been."""
    assert spare.level_mwh is not None
    worst, n = 0.0, len(spare.mw)
    for t in range(n):
        if sum(float(mw[t]) for mw, _ in sold) <= POWER_MW:
            continue
        before = spare.opening_mwh if t == 0 else float(spare.level_mwh[t - 1])
        whole = sum(float(mw[t]) * hours for mw, hours in sold)
        worst = max(worst, whole - before, whole - float(spare.level_mwh[t]))
        drawn, s = 0.0, t
        while s < n and any(hours - (s - t) * step_h > EPS for _, hours in sold):
            drawn += sum(float(mw[s]) * min(max(hours - (s - t) * step_h, 0.0), step_h) for mw, hours in sold)
            worst = max(worst, drawn - float(spare.level_mwh[s]))
            s += 1
    return worst


def _sold(case: Case, provider: str, direction: str) -> Sold:
    """Return what each offer of a direction holds of a provider, and the length of its calls."""
    sold = []
    for name, asset in case.assets.items():
        if asset.kind == "reserve" and getattr(asset, "direction", "") == direction:
            for number, held_by in enumerate(getattr(asset, "providers", []), 1):
                if held_by == provider:
                    sold.append((case.all_reported[name][f"held_{number}_mw"], float(getattr(asset, "duration_h", 0))))
    return sold


def over_connection_mw(case: Case, direction: str) -> float:
    """Return by how much all offers exceed what the connections carry beside the plan."""
    room, sold = np.zeros(case.grid.n), np.zeros(case.grid.n)
    for name, asset in case.assets.items():
        own: Any = asset
        if asset.kind == "grid":
            net = case.all_reported[name]["import_mw"] - case.all_reported[name]["export_mw"]
            most_out = np.where(case.export_banned > 0, 0.0, own.export_limit)
            room += net + most_out if direction == "up" else own.import_limit - net
        if asset.kind == "reserve" and own.direction == direction:
            sold += case.all_reported[name]["offered_mw"]
    return float(np.max(sold - room))


def spare_of(case: Case, provider: str, sold: Sold, *, up: bool) -> Spare | None:
    """Return what a provider keeps free; None where nothing is known of its kind."""
    asset: Any = case.assets[provider]
    own = case.all_reported[provider]
    if {"charge_mw", "discharge_mw", "soc_mwh"} <= set(own):
        return _store(asset, own, case, up=up)
    if asset.kind == "flexible_load":
        return _flexible(asset, own, case, sold, up=up)
    if "on" in own and hasattr(asset, "min_load"):
        return _unit(asset, own, case, up=up)
    return None


def _store(asset: Any, own: Values, case: Case, *, up: bool) -> Spare | None:
    if not all(isinstance(size, float) for size in (asset.charge, asset.discharge, asset.energy)):
        return None
    charge, discharge, soc, h = own["charge_mw"], own["discharge_mw"], own["soc_mwh"], case.grid.hours
    before = soc[0] - asset.charge_efficiency * charge[0] * h + discharge[0] * h / asset.discharge_efficiency
    run, stop, most, names = (discharge, charge, asset.discharge, "discharge_limits")
    edge, sign = asset.soc_min, 1.0
    worth = asset.discharge_efficiency  # the most that a MWh changes the level by: what is stopped, or given
    if not up:
        run, stop, most, names = (charge, discharge, asset.charge, "charge_limits")
        edge, sign = asset.soc_max, -1.0
    limit = np.full(case.grid.n, most)
    for window in getattr(asset, names, []):
        limit = np.minimum(limit, window.over(case.grid))
    limit_mwh = edge * asset.energy
    if getattr(asset, "fades", False):  # what is left of the energy lies between nothing and its new size
        limit_mwh = 0.0 if up else asset.energy
    return Spare(limit - run + stop, sign * worth * (soc - limit_mwh), float(sign * worth * (before - limit_mwh)))


def _unit(asset: Any, own: Values, case: Case, *, up: bool) -> Spare:
    """Between least and rated load while it runs, with the tank behind it where it has one."""
    key, role = next((key, role) for key, role in asset.flows().items() if role in (Role.FUEL, Role.DEMAND))
    power, on = own[key], own["on"]
    rated = asset.power if hasattr(asset, "power") else asset.capacity
    rises = (role == Role.FUEL) == up
    mw = (rated - power) * on if rises else (power - asset.min_load * rated) * on
    ramp = getattr(asset, "ramp", None)
    rates = [getattr(asset, name, ramp) for name in (("ramp_up", "ramp_down") if rises else ("ramp_down", "ramp_up"))]
    go, back = (math.inf if rate is None else rate * rated * case.grid.hours for rate in rates)
    change, both = np.diff(power) * (1.0 if rises else -1.0), (on[1:] > 0) & (on[:-1] > 0)
    mw[1:] = np.where(both, np.minimum(mw[1:], go - change), mw[1:])
    mw[:-1] = np.where(both, np.minimum(mw[:-1], back + change), mw[:-1])
    if "tank_kg" not in own:
        return Spare(mw)
    room = asset.tank - own["tank_kg"] if rises else own["tank_kg"]
    return Spare(mw, room * _least_kwh_per_kg(asset) / KWH_PER_MWH)


def _least_kwh_per_kg(asset: Any) -> float:
    """Return the energy of one more kg of hydrogen where it takes least, at the loads that the unit may have."""
    if asset.efficiency is not None:
        return float(asset.efficiency)
    points = [(0.0, 0.0), *((point.load, point.load / point.efficiency) for point in asset.part_load)]
    needs = [float(asset.part_load[-1].efficiency)] if asset.min_load >= 1.0 else []
    for (low, made_low), (high, made_high) in pairwise(points):
        if high > asset.min_load and made_high > made_low:
            needs.append((high - low) / (made_high - made_low))
    return min(needs)


def _flexible(asset: Any, own: Values, case: Case, sold: Sold, *, up: bool) -> Spare | None:
    share, hours, power = share_inside(case.grid, asset.windows), case.grid.hours, own["power_mw"]
    day = np.asarray(case.grid.local.normalize().asi8)
    same_day = day[:, None] == day[None, :]
    if asset.form == "curtailable":
        if not up:
            return Spare(own["shed_mw"])
        free = asset.curtail_share * asset.power * share - own["shed_mw"]
        if asset.curtail_energy is None:
            return Spare(free)
        left = asset.curtail_energy - same_day @ own["shed_mw"] * hours
        return Spare(free, call_mwh=np.where(share > 0, left, math.inf))
    if asset.form != "energy":
        return None
    lower, raise_by = power - asset.min_power * share, asset.max_power * share - power
    longest = max(duration for _, duration in sold)
    after = np.arange(case.grid.n)[:, None] + max(math.ceil(longest / hours - EPS), 1)
    later = same_day & (np.arange(case.grid.n)[None, :] >= after)
    made_up = later @ (raise_by if up else lower) * hours
    return Spare(lower if up else raise_by, call_mwh=np.where(share > 0, made_up, math.inf))
