"""The second look at a storage: everything it promises and owes, from reported variables and config alone.

It shares no equation with `storage_energy` and `storage_rows`: levels, fading, parts and limits are followed step by
step in plain loops.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import ENERGY_MWH, POWER_MW, Case, Finding, Role
from parkopt.models.storage_fields import StorageFields
from parkopt.models.storage_parts import PowerLimit
from parkopt.park.hours import minutes
from parkopt.park.invest import EnergyInvestment, PowerInvestment

SIZES = {"charge": "built_charge_mw", "discharge": "built_discharge_mw", "energy": "built_mwh"}
HOURS_PER_YEAR = 365.0 * 24.0


def audit(store: StorageFields, case: Case) -> Iterator[Finding]:
    """Yield whether each promise of the storage holds."""
    yield from _sizes(store, case)
    yield case.within("charge_mw", 0.0, _limit(store, case, "charge", store.charge_limits))
    yield case.within("discharge_mw", 0.0, _limit(store, case, "discharge", store.discharge_limits))
    yield case.one_way("charge_mw", "discharge_mw")
    usable = _usable(store, case)
    yield case.within("soc_mwh", store.soc_min * usable[1:], store.soc_max * usable[1:])
    opening = store.soc_initial * usable[0] if case.state.soc_mwh is None else case.state.soc_mwh
    drift = _drift(store, case, "charge_mw", "discharge_mw", "soc_mwh", float(opening))
    yield drift <= ENERGY_MWH, f"{case.name}.soc_mwh drifts from its flows by {drift:.3g} MWh"
    yield from _ends(store, case, usable)
    yield from _targets(store, case, usable)
    if store.cycles_per_day is not None:
        yield _cycles(store, case)
    if store.wear_by_depth:
        yield from _depths(store, case, float(opening))
    if store.green_key is not None:
        yield from _green(store, case, store.green_key)


def size_of(store: StorageFields, case: Case, field: str) -> float:
    """Return the size that the file gives or the schedule reports."""
    size = getattr(store, field)
    return float(case.own[SIZES[field]][0]) if isinstance(size, PowerInvestment | EnergyInvestment) else float(size)


def _sizes(store: StorageFields, case: Case) -> Iterator[Finding]:
    for field, key in SIZES.items():
        choice = getattr(store, field)
        if isinstance(choice, PowerInvestment | EnergyInvestment):
            size = size_of(store, case, field)
            yield bool(np.all(case.own[key] == size)), f"{case.name}.{key} changes within the horizon"
            inside = choice.min - ENERGY_MWH <= size <= choice.max + ENERGY_MWH
            yield inside, f"{case.name}.{key} is {size:.6g}, outside {choice.min:g} to {choice.max:g}"
            off = 0.0 if choice.unit is None else abs(size - round(size / choice.unit) * choice.unit)
            yield off <= ENERGY_MWH, f"{case.name}.{key} is no whole number of units"
    if store.symmetric:
        off = abs(size_of(store, case, "charge") - size_of(store, case, "discharge"))
        yield off <= POWER_MW, f"{case.name}: the two directions of one inverter differ by {off:.3g} MW"


def _limit(store: StorageFields, case: Case, way: str, windows: list[PowerLimit]) -> FloatArray:
    """Return the largest power of each step, minute by minute of the windows."""
    size, length = size_of(store, case, way), int(case.grid.step.total_seconds() // 60)
    limit: FloatArray = np.minimum(size, case.series.get(f"{way}_limit_mw", np.full(case.grid.n, size)))
    for step, stamp in enumerate(case.grid.local):
        touched = {(stamp.hour * 60 + stamp.minute + later) % (24 * 60) for later in range(length)} if windows else ()
        for part in windows:
            spans = [span for window in part.windows for span in minutes(window)]
            if any(low <= minute < high for minute in touched for low, high in spans):
                limit[step] = min(limit[step], part.limit)
    return limit


def _usable(store: StorageFields, case: Case) -> FloatArray:
    """Return the usable energy at the start (index 0) and after each step, shape (n + 1,)."""
    rated, hours = size_of(store, case, "energy"), case.grid.hours
    age_h = store.age * HOURS_PER_YEAR if case.state.in_service_h is None else case.state.in_service_h
    given = case.state.throughput_mwh
    now = rated * (1.0 - store.fade_per_year * age_h / HOURS_PER_YEAR) - store.fade_per_cycle * given
    found = [now]
    for step, stamp in enumerate(case.grid.local):
        given += float(case.own["discharge_mw"][step]) * hours
        end = stamp + case.grid.step
        if step == case.grid.n - 1 or end.hour == end.minute == 0:
            age = (age_h + (step + 1) * hours) / HOURS_PER_YEAR
            now = rated * (1.0 - store.fade_per_year * age) - store.fade_per_cycle * given
        found.append(now)
    return np.asarray(found)


def _drift(store: StorageFields, case: Case, charge: str, discharge: str, soc: str, level: float) -> float:
    """Return by how many MWh a level misses what its flows make of it, at most."""
    worst, hours = 0.0, case.grid.hours
    into, out, said = (case.own[key] for key in (charge, discharge, soc))
    for t in range(case.grid.n):
        if t or store.initial_loses:
            level *= (1.0 - store.self_discharge) ** hours
        level += into[t] * store.charge_efficiency * hours - out[t] / store.discharge_efficiency * hours
        worst = max(worst, abs(level - float(said[t])))
    return worst


def _ends(store: StorageFields, case: Case, usable: FloatArray) -> Iterator[Finding]:
    short = store.soc_final * float(usable[-1]) - float(case.own["soc_mwh"][-1])
    if store.final != "free":
        yield short <= ENERGY_MWH, f"{case.name} ends {short:.3g} MWh below soc_final"
    if store.final == "exactly":
        yield -short <= ENERGY_MWH, f"{case.name} ends {-short:.3g} MWh above soc_final"


def _targets(store: StorageFields, case: Case, usable: FloatArray) -> Iterator[Finding]:
    for target in store.targets:
        clock = "00:00" if target.at == "24:00" else target.at
        for step, stamp in enumerate(case.grid.local):
            if f"{stamp + timedelta(hours=case.grid.hours):%H:%M}" != clock:
                continue
            over = float(case.own["soc_mwh"][step]) - target.level * float(usable[step + 1])
            off = {"at_least": -over, "at_most": over, "exactly": abs(over)}[target.kind]
            yield off <= ENERGY_MWH, f"{case.name} misses its level at {target.at} by {off:.3g} MWh"


def _cycles(store: StorageFields, case: Case) -> Finding:
    given: dict[str, float] = {case.state.cycled_on: case.state.cycled_mwh}
    for step, stamp in enumerate(case.grid.local):
        day = f"{stamp:%Y-%m-%d}"
        given[day] = given.get(day, 0.0) + float(case.own["discharge_mw"][step]) * case.grid.hours
    today = max(given[f"{stamp:%Y-%m-%d}"] for stamp in case.grid.local)
    over = today - (store.cycles_per_day or 0.0) * size_of(store, case, "energy")
    return over <= ENERGY_MWH, f"{case.name} discharges {over:.3g} MWh more than its cycles a day allow"


def _depths(store: StorageFields, case: Case, opening: float) -> Iterator[Finding]:
    """Follow each segment: its charge is what its level and discharge leave, and must not be negative."""
    hours, keep = case.grid.hours, np.full(case.grid.n, (1.0 - store.self_discharge) ** case.grid.hours)
    keep[0] = keep[0] if store.initial_loses else 1.0
    energy, filled = size_of(store, case, "energy"), opening
    charged, given = np.zeros(case.grid.n), np.zeros(case.grid.n)
    top = 0.0
    for index, part in enumerate(store.wear_by_depth):
        width, top = (part.depth - top) * energy, part.depth
        level, out = case.own[f"soc_depth_{index + 1}_mwh"], case.own[f"discharge_depth_{index + 1}_mw"]
        # what the state does not say lies in the shallowest segments
        first = case.state.depths_mwh[index] if case.state.depths_mwh else min(width, filled)
        filled -= first
        before = np.concatenate([[first], level[:-1]])
        into = (level - keep * before + out * hours / store.discharge_efficiency) / (store.charge_efficiency * hours)
        yield case.within(f"soc_depth_{index + 1}_mwh", 0.0, width)
        least = min(float(np.min(into)), float(np.min(out)))
        yield least >= -10 * POWER_MW, f"{case.name}: depth {index + 1} gains {-least:.3g} MW from nothing"
        charged, given = charged + into, given + out
    off = float(np.max(np.abs(charged - case.own["charge_mw"])))
    yield off <= 10 * ENERGY_MWH, f"{case.name}: the depths charge {off:.3g} MW more or less than the whole"
    off = float(np.max(np.abs(given - case.own["discharge_mw"])))
    yield off <= 10 * POWER_MW, f"{case.name}: the depths discharge {off:.3g} MW more or less than the whole"


def _green(store: StorageFields, case: Case, key: str) -> Iterator[Finding]:
    """Check that green charging finds its local supply, and that the green part stays a part."""
    own = case.own
    if case.total_mw is not None:
        local = case.total_mw([Role.LOCAL], store.bus) - case.total_mw([Role.EXPORT, Role.SENT], store.bus)
        over = float(np.max(case.total_mw([Role.WITHIN_CHARGE], store.bus) - local))
        over = min(over, float(np.max(own[key])))
        yield over <= POWER_MW, f"green charging at the bus of {case.name} exceeds local supply by {over:.3g} MW"
    low = own["charge_mw"] if store.charge_from == "green" else 0.0
    yield case.within(key, low, own["charge_mw"])
    if store.tagged:
        yield case.within("discharge_green_mw", 0.0, own["discharge_mw"])
        yield case.within("soc_green_mwh", 0.0, own["soc_mwh"])
        opening = case.state.green_mwh or 0.0
        drift = _drift(store, case, "charge_green_mw", "discharge_green_mw", "soc_green_mwh", opening)
        yield drift <= ENERGY_MWH, f"{case.name}.soc_green_mwh drifts from its flows by {drift:.3g} MWh"


def owes(store: StorageFields, case: Case) -> Iterator[tuple[str, float]]:
    """Yield wear, investment, the value of the level's rise and the premium on green energy, in yuan."""
    own, hours = case.own, case.grid.hours
    yield "storage_wear", store.wear * math.fsum(own["discharge_mw"]) * hours
    for index, part in enumerate(store.wear_by_depth):
        yield "storage_wear", part.cost * math.fsum(own[f"discharge_depth_{index + 1}_mw"]) * hours
    for field, key in SIZES.items():
        choice = getattr(store, field)
        if isinstance(choice, PowerInvestment | EnergyInvestment):
            yield (
                "investment",
                float(own[key][0]) * choice.capex * _yearly(choice) * hours * case.grid.n / HOURS_PER_YEAR,
            )
    if store.final_value:
        opening = store.soc_initial * _usable(store, case)[0] if case.state.soc_mwh is None else case.state.soc_mwh
        yield "stored_value", -store.final_value * float(own["soc_mwh"][-1] - opening)
    if store.green_value:
        yield "green_value", -store.green_value * math.fsum(own["discharge_green_mw"]) * hours


def _yearly(choice: PowerInvestment | EnergyInvestment) -> float:
    """Return what a year bears of the capital: the payment whose present values over the life sum to it."""
    if choice.discount == 0.0:
        return 1.0 / choice.life + choice.om
    growth = math.exp(choice.life * math.log1p(choice.discount))
    return choice.discount * growth / (growth - 1.0) + choice.om
