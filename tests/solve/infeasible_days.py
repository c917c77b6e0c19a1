"""Random infeasible days, and what an explanation of one must hold.

`python -m tests.solve.infeasible_days --n 500` explains so many and prints counts, times and what did not hold.
"""

import argparse
import time
from collections import Counter
from dataclasses import replace

import numpy as np

from parkopt.errors import ParkoptError
from parkopt.faults import Infeasible
from parkopt.models import build, recipe_for
from parkopt.solve import Limits, check, solve
from parkopt.solve._compiled import compiled
from parkopt.solve.edits import FieldEdit, Found, SeriesEdit, applied, numbers_at, part_of
from parkopt.solve.explain import explain
from parkopt.solve.levers import rounding_of
from parkopt.solve.status import run
from parkopt.testing import grid_asset, load_asset, prices, small_problem

STEPS = {60: 24, 30: 48, 15: 96}
NOT_SMALLEST = 0.99


def shape(rng, n):
    """Return a day's swing between 0.4 and 1, shape (n,)."""
    t = np.arange(n) / n
    return 0.7 + 0.3 * np.sin(2 * np.pi * (t - rng.uniform(0, 1))) * rng.uniform(0.3, 1) + 0.02 * rng.normal(size=n)


def sun(n):
    return np.clip(np.sin(np.pi * (np.arange(n) / n - 0.25) * 2), 0, None)


def storage(rng):
    low, high = 0.1, 0.9
    levels = {"soc_initial": float(rng.uniform(low, high)), "soc_final": float(rng.choice([0.5, 0.9]))}
    body = {"kind": "storage", "charge": "8 MW", "discharge": "8 MW", "energy": "24 MWh", **levels}
    if rng.random() < 0.3:
        body["targets"] = [{"at": "18:00", "level": 0.9, "kind": str(rng.choice(["at_least", "exactly"]))}]
    if rng.random() < 0.3:
        body["cycles_per_day"] = 1.0
    return body


def electrolyser(rng):
    body = {"kind": "electrolyser", "enterprise": "h2", "power": "6 MW", "efficiency": "52 kWh/kg", "tank": "600 kg"}
    body["demand"] = f"{float(rng.uniform(1500, 3400))!r} kg/day"
    body["demand_timing"] = str(rng.choice(["even", "by_day"]))
    return body | ({"min_up_h": 3, "start_cost": "500 yuan"} if rng.random() < 0.5 else {})


def flexible(rng):
    kind = rng.choice(["energy", "block", "curtailable"])
    body = {"kind": "flexible_load", "enterprise": "works", "form": str(kind), "windows": ["8-18"]}
    own = {
        "energy": {"energy": f"{float(rng.uniform(10, 80))!r} MWh", "max_power": "7 MW"},
        "block": {"power": f"{float(rng.uniform(3, 12))!r} MW", "duration_h": 3.0},
        "curtailable": {"power": "6 MW", "curtail_share": 0.3, "curtail_price": "300 yuan/MWh"},
    }
    if kind == "curtailable" and rng.random() < 0.5:
        own["curtailable"]["curtail_energy"] = "6 MWh"
    return body | own[kind]


def fleet(rng):
    sessions = [
        {"arrive": "08:00", "leave": "11:30", "vehicles": 40, "energy": "35 kWh", "power": "11 kW"},
        {"arrive": "18:15", "leave": "06:00", "vehicles": 60, "energy": "45 kWh", "power": "7 kW"},
    ]
    body = {"kind": "ev_fleet", "enterprise": "works", "sessions": sessions[: rng.integers(1, 3)]}
    return body | ({"site_limit": f"{float(rng.uniform(0.25, 0.6))!r} MW"} if rng.random() < 0.6 else {})


RULES = (
    {},
    {"direct_connection": "multi_user_688"},
    {"direct_connection": "multi_user_688", "self_use_of_demand": 0.7},
    {"declared_capacity": "28 MW"},
    {"carbon_cap": "150 t"},
)


def day(seed):
    """Return a random day that may be infeasible; the same for the same seed."""
    rng = np.random.default_rng(seed)
    step = int(rng.choice(list(STEPS)))
    n = STEPS[step]
    limit = float(np.round(rng.uniform(8, 34), 1))
    more = {"import_limits": [{"limit": f"{0.8 * limit!r} MW", "windows": ["17-20"]}]} if rng.random() < 0.2 else {}
    assets = {"grid": grid_asset(limit, float(rng.choice([0.0, 10.0])), **more), "load": load_asset()}
    series = {
        "grid": prices(rng.uniform(-50 if rng.random() < 0.2 else 150, 900, n), export=120.0),
        "load": {"demand_mw": 24.0 * shape(rng, n)},
    }
    wanted = {
        "pv": ({"kind": "pv", "capacity": "20 MWp", "ac_limit": "20 MW"}, {"available_mw": 18.0 * sun(n)}),
        "wind": (None, {"available_mw": 12.0 * np.clip(shape(rng, n), 0, 1)}),
        "ess": (storage(rng), None),
        "h2": (electrolyser(rng), None),
        "flex": (flexible(rng), None),
        "cars": (fleet(rng), None),
        "night": (load_asset("night"), {"demand_mw": 6.0 * shape(rng, n)}),
        "green": (
            {"kind": "contract", "form": "baseload", "seller": "s", "volume": "4 MW", "price": "380 yuan/MWh"},
            None,
        ),
    }
    wanted["wind"] = (
        {"kind": "wind", "capacity": "12 MW", "turbine": "V164/8000", "hub_height": "105 m"},
        wanted["wind"][1],
    )
    for name, (body, own) in wanted.items():
        if rng.random() < 0.45:
            assets[name] = body
            if own is not None:
                series[name] = own
    rules = RULES[rng.integers(len(RULES))]
    if not {"pv", "wind"} & set(assets):
        rules = {}
    return small_problem(assets, series, step_min=step, rules=rules)


def impossible(problem):
    """Return whether no schedule keeps opposite flows apart and all promises."""
    opposed = frozenset(name for name, asset in problem.park.assets.items() if asset.opposites)
    try:
        form = compiled(build(problem.with_exclusive(opposed)))
    except (ParkoptError, ValueError):
        return True
    return run(form, np.zeros_like(form.cost), Limits(seconds=30.0)).outcome == "infeasible"


def days(count, first=0):
    """Yield so many infeasible days with their seeds."""
    seed = first
    while count:
        problem = day(seed)
        if impossible(problem):
            count -= 1
            yield seed, problem
        seed += 1


def explained(problem):
    """Return the explanation of a day and the seconds that it took."""
    begin = time.perf_counter()
    fault = explain(problem.with_exclusive(recipe_for(problem)))
    return fault, time.perf_counter() - begin


def lessened(problem, change, edit):
    """Return an edit of 99 % of its amount, less the rounding; None where nothing is left of it."""
    if isinstance(edit, SeriesEdit):
        return replace(edit, added=edit.added * (NOT_SMALLEST - 2e-3))
    move = abs(edit.new - edit.old)
    found = Found(("x",), edit.old, None)
    if isinstance(edit, FieldEdit):
        name = change.promise.name.partition(".")[2]
        found = next((one for one in numbers_at(part_of(problem, edit.owner), name) if one.path == edit.path), found)
    less = NOT_SMALLEST * move - rounding_of(change.promise, problem, found)
    sign = 1.0 if edit.new > edit.old else -1.0
    return replace(edit, new=edit.old + sign * less) if less > 0 else None


def offer_faults(problem, offer):
    """Yield what does not hold of an offer."""
    changed = offer.apply(problem)
    try:
        solution = solve(changed, Limits(seconds=20.0, gap=0.05))
        check(solution.problem, solution.reported, solution.bill)
    except Infeasible:
        yield "an offer does not make the day feasible"
    except ParkoptError as fault:
        yield f"an offer leads to {fault.code}"
    pairs = [(change, edit) for change in offer.changes for edit in change.edits]
    for index, (change, edit) in enumerate(pairs):
        rest = [other for place, (_, other) in enumerate(pairs) if place != index]
        if not impossible(applied(problem, rest)):
            yield "a part of an offer suffices"
        less = lessened(problem, change, edit)
        if less is not None and not impossible(applied(problem, [*rest, less])):
            yield f"less of {change.promise.name} suffices"


def faults(problem, fault):
    """Return what does not hold of an explanation."""
    found = [what for offer in fault.offers for what in offer_faults(problem, offer)]
    return found if fault.offers else ["no offer"]


def main():
    """Print the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    took, counts, wrong = [], Counter(), []
    for seed, problem in days(asked.n, asked.first):
        fault, seconds = explained(problem)
        took.append(seconds)
        counts[f"{len(fault.offers)} offers"] += 1
        counts["combined"] += any(len(offer.changes) > 1 for offer in fault.offers)
        counts["offers in all"] += len(fault.offers)
        counts["with whole numbers"] += bool(compiled(build(problem)).integer.any())
        found = faults(problem, fault)
        wrong += [(seed, what) for what in found]
        if found or seconds > 2.0:
            print(f"seed {seed}: {seconds:.2f} s, {problem.grid.n} steps, {found}: {fault.text()}", flush=True)
    print(f"{asked.n} infeasible days: {dict(sorted(counts.items()))}")
    print(f"seconds: median {np.median(took):.3f}, 95 % {np.quantile(took, 0.95):.3f}, most {max(took):.3f}")
    print(f"{len(wrong)} faults: {dict(Counter(what for _, what in wrong))}")


if __name__ == "__main__":
    main()
