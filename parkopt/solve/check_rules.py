"""The park's rules, computed again from the park file and the reported powers: no model, no columns, no duals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from parkopt.models.base import POWER_MW, Finding, Role, Technology
from parkopt.models.build import Problem
from parkopt.park.rules import RATIOS, Rules
from parkopt.park.state import GreenSoFar, YearSoFar
from parkopt.solve.check_green import shares
from parkopt.solve.check_year import budget_missed_t, carbon_kg, rest_of_year
from parkopt.solve.reported import Bill, Reported, total_mw

RULE_MWH = 1e-3
RULE_T = 1e-3
NEAR_YUAN = 1.0
ENERGIES = ("available_mwh", "self_use_mwh", "demand_mwh", "export_mwh")
Energies = Mapping[str, float]


def ratio_energies(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return available, self-use (as the rules count it), demand and export in MWh of the horizon."""
    hours, net = problem.grid.hours, problem.park.rules.self_use_counting == "net"
    gained = total_mw(problem, reported, [Role.LOCAL, Role.STORED] if net else [Role.LOCAL])
    lost = total_mw(problem, reported, [Role.CHARGE, Role.EXPORT] if net else [Role.EXPORT])
    return {
        "available_mwh": _available_mwh(problem, reported),
        "self_use_mwh": math.fsum(gained - lost) * hours,
        "demand_mwh": math.fsum(total_mw(problem, reported, [Role.DEMAND])) * hours,
        "export_mwh": math.fsum(total_mw(problem, reported, [Role.EXPORT])) * hours,
    }


def _available_mwh(problem: Problem, reported: Reported) -> float:
    """Return what the assets that supply local energy could have supplied."""
    total = 0.0
    for name, asset in problem.park.assets.items():
        local = isinstance(asset, Technology) and Role.LOCAL in asset.flows().values()
        total += math.fsum(reported[name].get("available_mw", ())) if local else 0.0
    return total * problem.grid.hours


def year_after(problem: Problem, reported: Reported) -> YearSoFar:
    """Return the year's counters after the horizon."""
    before, grid = problem.state.year, problem.grid
    total = {key: getattr(before, key) + value for key, value in ratio_energies(problem, reported).items()}
    green = {name: _added(so_far, now) for name, (_, so_far, now) in shares(problem, reported).items()}
    return YearSoFar(
        year=int(grid.local[0].year),
        **total,
        counted_h=_counted_h(problem) + grid.n * grid.hours,
        carbon_kg=max(0.0, before.carbon_kg + carbon_kg(problem, reported)),
        hourly_green=green.pop("", before.hourly_green),
        hourly_green_of={**before.hourly_green_of, **green},
    )


def green_scores(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return the hourly green shares of the year so far with the horizon; 1 where nothing is consumed.

    The park's is named as the other ratios of the year are, those of enterprises by their rule.
    """
    both = {name: _added(so_far, now) for name, (_, so_far, now) in shares(problem, reported).items()}
    return {
        f"hourly_green_{name}" if name else "year_hourly_green": own.matched_mwh / own.demand_mwh
        if own.demand_mwh
        else 1.0
        for name, own in both.items()
    }


def _counted_h(problem: Problem) -> float:
    """Return the hours of the year so far; energies of which the state names no hours are of all of it."""
    year = problem.state.year
    if year.counted_h or not any(getattr(year, key) for key in ENERGIES):
        return year.counted_h
    first = problem.grid.local[0]
    return float((first - first.replace(month=1, day=1, hour=0, minute=0)).total_seconds()) / 3600


def _added(so_far: GreenSoFar, now: GreenSoFar) -> GreenSoFar:
    return GreenSoFar(matched_mwh=so_far.matched_mwh + now.matched_mwh, demand_mwh=so_far.demand_mwh + now.demand_mwh)


def ratios_missed_mwh(rules: Rules, total: Energies) -> dict[str, float]:
    """Return by how many MWh some energies miss each ratio."""
    self_use, available = total["self_use_mwh"], total["available_mwh"]
    return {
        "self_use_of_available": max(0.0, rules.self_use_of_available * available - self_use),
        "self_use_of_demand": max(0.0, rules.self_use_of_demand * total["demand_mwh"] - self_use),
        "export_of_available": max(0.0, total["export_mwh"] - rules.export_of_available * available),
    }


def year_end_ratios(problem: Problem, reported: Reported) -> dict[str, tuple[float, bool]]:
    """Return each ratio as it is expected at the year's end, and whether it holds then."""
    if problem.park.rules.direct_connection == "none":
        return {}
    total = _sum(dict(problem.state.year), ratio_energies(problem, reported), rest_of_year(problem, problem.grid.end))
    missed = ratios_missed_mwh(problem.park.rules, total)
    available, demand = max(total["available_mwh"], 1e-9), max(total["demand_mwh"], 1e-9)
    whole = {"self_use_of_demand": demand}
    part = {"export_of_available": total["export_mwh"]}
    ratio = {name: part.get(name, total["self_use_mwh"]) / whole.get(name, available) for name in RATIOS}
    return {name: (ratio[name], missed[name] <= RULE_MWH) for name in RATIOS}


def _sum(*parts: Mapping[str, float]) -> dict[str, float]:
    return {key: math.fsum(part[key] for part in parts) for key in ENERGIES}


def breaches_mwh(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return by how many MWh each ratio and green share is missed, over the span that it binds."""
    return {name: after for name, (_, after, _) in _energy_rules(problem, reported).items()}


def breaches_t(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return by how many t the carbon cap and the year's budget are exceeded."""
    return {name: after for name, (_, after, _) in _carbon_rules(problem, reported).items()}


Rule = tuple[float, float, float | None]
"""How far a rule is missed before the horizon and after it, and the price of a unit; None where it is hard."""


def _energy_rules(problem: Problem, reported: Reported) -> dict[str, Rule]:
    rules = problem.park.rules
    found: dict[str, Rule] = {}
    if rules.direct_connection != "none":
        year, day = dict(problem.state.year), ratio_energies(problem, reported)
        first, last = [year], [year, day]
        if rules.hold == "year_end":
            first.append(rest_of_year(problem, problem.grid.start))
            last.append(rest_of_year(problem, problem.grid.end))
        before, after = (ratios_missed_mwh(rules, _sum(*parts)) for parts in (first, last))
        found = {name: (before[name], after[name], rules.price_of(name)) for name in RATIOS}
    price = rules.hourly_green.breach_price if rules.hourly_green else None
    for name, (share, so_far, now) in shares(problem, reported).items():
        both = _added(so_far, now)
        missing = [max(0.0, share * part.demand_mwh - part.matched_mwh) for part in (so_far, both)]
        found[f"hourly_green_{name}" if name else "hourly_green"] = (missing[0], missing[1], price)
    return found


def _carbon_rules(problem: Problem, reported: Reported) -> dict[str, Rule]:
    rules = problem.park.rules
    found: dict[str, Rule] = {}
    now = carbon_kg(problem, reported) / 1000.0
    if rules.carbon_cap is not None:
        found["carbon_cap"] = (0.0, max(0.0, now - rules.carbon_cap), rules.carbon_breach_price)
    if rules.carbon_budget is not None:
        found["carbon_budget"] = (*budget_missed_t(problem, now), rules.carbon_breach_price)
    return found


def rule_findings(problem: Problem, reported: Reported, bill: Bill) -> Iterator[Finding]:
    """Check every rule of the park: hard ones hold, what the others cost is paid, the exchange keeps its limits."""
    energy, carbon = _energy_rules(problem, reported), _carbon_rules(problem, reported)
    for rules, tolerance, unit in ((energy, RULE_MWH, "MWh"), (carbon, RULE_T, "t")):
        for name, (_, after, price) in rules.items():
            if price is None:
                yield after <= tolerance, f"the rule {name} is missed by {after:.3g} {unit}"
    yield _paid(problem, [*energy.values(), *carbon.values()], bill)
    yield from _exchange(problem, reported)


def _paid(problem: Problem, rules: list[Rule], bill: Bill) -> Finding:
    """Check that what the horizon adds to priced breaches is paid.

    An enterprise's green share may be bounded from below (see `parkopt.models.rule_green`): then more may be paid.
    """
    due = math.fsum(price * (after - before) for before, after, price in rules if price is not None)
    paid = float(np.sum(bill.get("rule_breach", np.zeros(1))))
    near = NEAR_YUAN + 1e-6 * abs(due)
    holds = paid >= due - near if _bounded(problem) else abs(paid - due) <= near
    return holds, f"breaches cost {due:.2f} yuan, not {paid:.2f}"


def _bounded(problem: Problem) -> bool:
    """Return whether enterprises are counted by their part of a load that is no series."""
    rule = problem.park.rules.hourly_green
    if rule is None or not rule.enterprises or rule.split != "by_load":
        return False
    assets = ((name, asset) for name, asset in problem.park.assets.items() if isinstance(asset, Technology))
    demands = [(name, key) for name, asset in assets for key, role in asset.flows().items() if role == Role.DEMAND]
    return any(key not in problem.series[name] for name, key in demands)


def _exchange(problem: Problem, reported: Reported) -> Iterator[Finding]:
    """Check the declared capacity and the peak-valley rate of each local day."""
    rules, imports = problem.park.rules, total_mw(problem, reported, [Role.GRID])
    if rules.declared_capacity is not None:
        both = np.maximum(imports, total_mw(problem, reported, [Role.EXPORT]))
        over = float(np.max(both)) - rules.declared_capacity
        yield over <= POWER_MW, f"the exchange exceeds declared_capacity by {over:.3g} MW"
    if rules.exchange_peak_valley is not None:
        for day in sorted(set(problem.grid.local.date)):
            own = imports[np.asarray(problem.grid.local.date == day)]
            low = float((1.0 - rules.exchange_peak_valley) * np.max(own) - np.min(own))
            yield low <= POWER_MW, f"on {day} the import's valley is {low:.3g} MW below its peak-valley rate"


def rule_bill(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return the lines of the bill that the park's rules owe, in yuan: the price on carbon."""
    price = problem.park.rules.carbon_price
    return {"carbon_price": price * carbon_kg(problem, reported) / 1000.0} if price else {}
