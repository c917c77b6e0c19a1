"""Every solution, computed again by code that shares nothing with the model.

It knows the park file, the series and the reported powers, and nothing of Pyomo, columns
or duals: balance, limits, levels, one direction at a time, contracts, hydrogen, the ratios
and the bill to the fen. What does not hold stops the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.faults import CheckFailed
from parkopt.models.build import Problem
from parkopt.models.policy import export_banned
from parkopt.models.tech.contract import Contract
from parkopt.models.tech.electrolyser import Electrolyser
from parkopt.models.tech.grid import Grid
from parkopt.models.tech.storage import Storage
from parkopt.park.state import AssetState

POWER_MW = 1e-5
"""How far a power may miss a limit or the balance: 10 W."""
ENERGY_MWH = 1e-4
TANK_KG = 0.1
FEN_YUAN = 0.01
Reported = Mapping[str, Mapping[str, FloatArray]]
Bill = Mapping[str, FloatArray]


@dataclass(frozen=True)
class CheckReport:
    """What was looked at and what did not hold."""

    looked_at: int
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return not self.findings


def check(problem: Problem, reported: Reported, bill: Bill) -> CheckReport:
    """Check a solution and return the report of a passed check.

    Parameters
    ----------
    problem : Problem
        Park, series, state and rules.
    reported : mapping
        By asset, the reported variables, each of shape (n,).
    bill : mapping
        Yuan by line, shape (n,) or (1,).

    Raises
    ------
    CheckFailed
        Where anything does not hold; the schedule must not be used.
    """
    findings: list[str] = []
    looked_at = 0
    for holds, what in _all(problem, reported, bill):
        looked_at += 1
        if not holds:
            findings.append(what)
    if findings:
        raise CheckFailed(findings="; ".join(findings[:5]))
    return CheckReport(looked_at, ())


Finding = tuple[bool, str]


def _all(problem: Problem, reported: Reported, bill: Bill) -> Iterator[Finding]:
    yield from _finite(reported)
    yield _balance(problem, reported)
    for name, asset in problem.park.assets.items():
        own, state = reported[name], problem.state.of(name)
        if asset.kind in ("wind", "pv"):
            yield _within(name, "supply_mw", own["supply_mw"], 0.0, own["available_mw"])
        elif isinstance(asset, Storage):
            yield from _storage(name, asset, own, problem, state)
        elif isinstance(asset, Grid):
            yield from _grid(name, asset, own, problem)
        elif isinstance(asset, Contract):
            yield _within(name, "take_mw", own["take_mw"], 0.0, problem.series[name]["offer_mw"])
        elif isinstance(asset, Electrolyser):
            yield from _electrolyser(name, asset, own, problem, state)
    yield from _contracts_within_import(problem, reported)
    yield from _ratios(problem, reported, bill)
    yield from _bill(problem, reported, bill)


def _finite(reported: Reported) -> Iterator[Finding]:
    for name, own in reported.items():
        for key, values in own.items():
            yield bool(np.isfinite(values).all()), f"{name}.{key} is not a number everywhere"


def _within(name: str, key: str, values: FloatArray, low: float | FloatArray, high: float | FloatArray) -> Finding:
    over = float(np.max(np.maximum(values - high, low - values)))
    return over <= POWER_MW, f"{name}.{key} misses its limits by {over:.3g}"


def _sum(problem: Problem, reported: Reported, kinds: Mapping[str, str]) -> FloatArray:
    total = np.zeros(problem.grid.n)
    for name, asset in problem.park.assets.items():
        if asset.kind in kinds and not (isinstance(asset, Contract) and asset.delivered_over == "grid"):
            total = total + reported[name][kinds[asset.kind]]
    return total


LOCAL = {"wind": "supply_mw", "pv": "supply_mw", "contract": "take_mw"}
DEMAND = {"load": "demand_mw", "electrolyser": "power_mw"}


def _balance(problem: Problem, reported: Reported) -> Finding:
    gives = _sum(problem, reported, {**LOCAL, "storage": "discharge_mw", "grid": "import_mw"})
    takes = _sum(problem, reported, {**DEMAND, "storage": "charge_mw", "grid": "export_mw"})
    worst = float(np.max(np.abs(gives - takes)))
    return worst <= POWER_MW, f"the bus misses its balance by {worst:.3g} MW"


def _one_way(name: str, one: FloatArray, other: FloatArray) -> Finding:
    both = float(np.max(np.minimum(one, other)))
    return both <= POWER_MW, f"{name} runs both ways at once ({both:.3g} MW)"


def _storage(
    name: str, asset: Storage, own: Mapping[str, FloatArray], problem: Problem, state: AssetState
) -> Iterator[Finding]:
    charge, discharge, soc = own["charge_mw"], own["discharge_mw"], own["soc_mwh"]
    yield _within(name, "charge_mw", charge, 0.0, asset.charge)
    yield _within(name, "discharge_mw", discharge, 0.0, asset.discharge)
    yield _within(name, "soc_mwh", soc, asset.soc_min * asset.energy, asset.soc_max * asset.energy)
    yield _one_way(name, charge, discharge)
    level = asset.soc_initial * asset.energy if state.soc_mwh is None else state.soc_mwh
    worst, hours = 0.0, problem.grid.hours
    for t in range(problem.grid.n):
        level *= (1.0 - asset.self_discharge) ** hours
        level += charge[t] * asset.charge_efficiency * hours - discharge[t] / asset.discharge_efficiency * hours
        worst = max(worst, abs(level - soc[t]))
    yield worst <= ENERGY_MWH, f"{name}.soc_mwh drifts from its flows by {worst:.3g} MWh"
    short = asset.soc_final * asset.energy - float(soc[-1])
    yield short <= ENERGY_MWH, f"{name} ends {short:.3g} MWh below soc_final"


def _grid(name: str, asset: Grid, own: Mapping[str, FloatArray], problem: Problem) -> Iterator[Finding]:
    yield _within(name, "import_mw", own["import_mw"], 0.0, asset.import_limit)
    banned = export_banned(problem.park.rules, problem.grid) > 0
    yield _within(name, "export_mw", own["export_mw"], 0.0, np.where(banned, 0.0, asset.export_limit))
    yield _one_way(name, own["import_mw"], own["export_mw"])


def _electrolyser(
    name: str, asset: Electrolyser, own: Mapping[str, FloatArray], problem: Problem, state: AssetState
) -> Iterator[Finding]:
    power, on = own["power_mw"], own["on"]
    yield bool(np.isin(on, (0.0, 1.0)).all()), f"{name}.on is neither 0 nor 1"
    yield _within(name, "power_mw", power, asset.min_load * asset.power * on, asset.power * on)
    yield _within(name, "tank_kg", own["tank_kg"], 0.0, asset.tank + 1e-2)
    level = asset.tank_initial * asset.tank if state.tank_kg is None else state.tank_kg
    worst, hours = 0.0, problem.grid.hours
    for t in range(problem.grid.n):
        level += power[t] * hours * 1000.0 / asset.efficiency - asset.demand * hours / 24.0
        worst = max(worst, abs(level - own["tank_kg"][t]))
    yield worst <= TANK_KG, f"{name}.tank_kg drifts from its flows by {worst:.3g} kg"
    short = asset.tank_final * asset.tank - float(own["tank_kg"][-1])
    yield short <= TANK_KG, f"{name} ends {short:.3g} kg below tank_final"
    if asset.ramp is not None:
        change = np.abs(np.diff(power))[(on[1:] > 0) & (on[:-1] > 0)]
        most = float(np.max(change, initial=0.0))
        yield most <= asset.ramp * asset.power * hours + POWER_MW, f"{name} ramps by {most:.3g} MW"


def _contracts_within_import(problem: Problem, reported: Reported) -> Iterator[Finding]:
    takes = [reported[n]["take_mw"] for n, a in _contracts(problem) if a.delivered_over == "grid"]
    for name in problem.park.of_kind("grid"):
        over = float(np.max(np.sum(takes, axis=0) - reported[name]["import_mw"])) if takes else 0.0
        yield over <= POWER_MW, f"contracts over the grid exceed the import by {over:.3g} MW"


def _contracts(problem: Problem) -> list[tuple[str, Contract]]:
    return [(name, asset) for name, asset in problem.park.assets.items() if isinstance(asset, Contract)]


def ratio_energies(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return available, self-use (net, all charging counted), demand and export in MWh of the horizon."""
    hours = problem.grid.hours
    charge = _sum(problem, reported, {"storage": "charge_mw"})
    discharge = _sum(problem, reported, {"storage": "discharge_mw"})
    export = _sum(problem, reported, {"grid": "export_mw"})
    used = _sum(problem, reported, LOCAL)
    available = _sum(problem, reported, {"wind": "available_mw", "pv": "available_mw", "contract": "offer_mw"})
    return {
        "available_mwh": math.fsum(available) * hours,
        "self_use_mwh": math.fsum(used - charge + discharge - export) * hours,
        "demand_mwh": math.fsum(_sum(problem, reported, DEMAND)) * hours,
        "export_mwh": math.fsum(export) * hours,
    }


def breaches_mwh(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return by how many MWh each ratio is missed, over the year so far and the horizon."""
    rules, year = problem.park.rules, problem.state.year
    if rules.direct_connection == "none":
        return {}
    day = ratio_energies(problem, reported)
    total = {key: value + getattr(year, key) for key, value in day.items()}
    self_use, available = total["self_use_mwh"], total["available_mwh"]
    return {
        "self_use_of_available": max(0.0, rules.self_use_of_available * available - self_use),
        "self_use_of_demand": max(0.0, rules.self_use_of_demand * total["demand_mwh"] - self_use),
        "export_of_available": max(0.0, total["export_mwh"] - rules.export_of_available * available),
    }


def _ratios(problem: Problem, reported: Reported, bill: Bill) -> Iterator[Finding]:
    missed = breaches_mwh(problem, reported)
    price = problem.park.rules.breach_price
    if price is None:
        for name, mwh in missed.items():
            yield mwh <= ENERGY_MWH * 10, f"the ratio {name} is missed by {mwh:.3g} MWh"
    else:
        paid = float(np.sum(bill.get("rule_breach", np.zeros(1))))
        due = price * sum(missed.values())
        yield abs(paid - due) <= 1.0 + 1e-6 * due, f"breaches cost {due:.2f} yuan, not {paid:.2f}"


def _bill(problem: Problem, reported: Reported, bill: Bill) -> Iterator[Finding]:
    for line, due in independent_bill(problem, reported).items():
        shown = math.fsum(bill.get(line, np.zeros(1)))
        near = FEN_YUAN + 1e-8 * abs(due)
        yield abs(shown - due) <= near, f"the bill's line {line} is {due:.2f} yuan, not {shown:.2f}"


def independent_bill(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return the bill by line in yuan, from the park file, the prices and the reported powers alone."""
    lines: dict[str, float] = {}

    def add(line: str, yuan: float) -> None:
        lines[line] = lines.get(line, 0.0) + yuan

    for name, asset in problem.park.assets.items():
        maker = _MAKERS.get(asset.kind)
        for line, yuan in maker(name, asset, reported, problem) if maker else ():
            add(line, yuan)
    return lines


Lines = Iterator[tuple[str, float]]


def _local_lines(name: str, asset: object, reported: Reported, problem: Problem) -> Lines:
    own, hours = reported[name], problem.grid.hours
    paid = getattr(asset, "om", 0.0) + getattr(asset, "price", 0.0)
    yield "local_energy", paid * math.fsum(own["supply_mw"]) * hours
    yield "curtailment", getattr(asset, "curtail_price", 0.0) * math.fsum(own["curtailed_mw"]) * hours


def _storage_lines(name: str, asset: object, reported: Reported, problem: Problem) -> Lines:
    assert isinstance(asset, Storage)
    yield "storage_wear", asset.wear * math.fsum(reported[name]["discharge_mw"]) * problem.grid.hours


def _grid_lines(name: str, asset: object, reported: Reported, problem: Problem) -> Lines:
    assert isinstance(asset, Grid)
    own, hours = reported[name], problem.grid.hours
    over = [reported[n]["take_mw"] for n, c in _contracts(problem) if c.delivered_over == "grid"]
    market = own["import_mw"] - (np.sum(over, axis=0) if over else 0.0)
    yield "market_energy", math.fsum(own["energy_price_yuan_per_mwh"] * market) * hours
    yield "grid_fees", sum(a.price for a in asset.tariff.adders.values()) * math.fsum(own["import_mw"]) * hours
    yield "export_revenue", -math.fsum(own["export_price_yuan_per_mwh"] * own["export_mw"]) * hours
    if asset.tariff.demand is not None:
        state = problem.state.of(name)
        month = problem.grid.local[0].strftime("%Y-%m")
        free = max(asset.tariff.demand.planned_peak, state.peak_mw if state.month == month else 0.0)
        yield "demand_charge", asset.tariff.demand.price * max(0.0, float(np.max(own["import_mw"])) - free)


def _contract_lines(name: str, asset: object, reported: Reported, problem: Problem) -> Lines:
    assert isinstance(asset, Contract)
    state, hours = problem.state.of(name), problem.grid.hours
    taken, offered = (math.fsum(reported[name][key]) * hours for key in ("take_mw", "offer_mw"))
    yield "contract_energy", asset.price * taken
    before = max(0.0, asset.take_or_pay * state.offered_mwh - state.taken_mwh)
    after = max(0.0, asset.take_or_pay * (state.offered_mwh + offered) - state.taken_mwh - taken)
    yield "take_or_pay", asset.price * (after - before)


def _electrolyser_lines(name: str, asset: object, reported: Reported, problem: Problem) -> Lines:
    assert isinstance(asset, Electrolyser)
    on = np.concatenate([[1.0 if problem.state.of(name).on else 0.0], reported[name]["on"]])
    yield "starts", asset.start_cost * float(np.sum(np.diff(on) > 0))


_MAKERS: dict[str, Callable[[str, object, Reported, Problem], Lines]] = {
    "wind": _local_lines,
    "pv": _local_lines,
    "storage": _storage_lines,
    "grid": _grid_lines,
    "contract": _contract_lines,
    "electrolyser": _electrolyser_lines,
}
