"""Random parks and days over every technology, with random options, tariffs, rules and buses.

`python -m tests.solve.drawn_parks --n 1000` proves of each: both forms hold the same numbers and have one optimum, a
kept structure changes no answer, and the schedule passes the independent check. What does not hold is named by seed.
"""

import argparse
import time
import traceback
from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np

from parkopt.faults import Infeasible
from parkopt.models import Objective, build
from parkopt.schedule import next_state
from parkopt.solve import Limits, check
from parkopt.solve._compiled import compiled, compiled_by_pyomo
from parkopt.solve.planner import Planner, require_same
from parkopt.solve.status import run
from parkopt.testing import small_problem
from tests.solve import drawn_assets as draw
from tests.solve import drawn_processes as processes
from tests.solve.drawn_assets import Draw

QUICK = Limits(seconds=20, gap=3e-3)
NO_TIME = Limits(seconds=1e-6, gap=1e-9)
DAYS = [date(2026, 1, 15), date(2026, 4, 30), date(2026, 7, 31), date(2026, 10, 1), date(2026, 12, 6)]
SCALED = ("demand_mw", "available_mw", "heat_demand_mw", "offer_mw")
"""Series that may change without anything else."""


def park(seed, before=None):
    """Return a random problem of 24 hours, of 48 half hours, or of two days; or the same park after a schedule.

    Some horizons lie over the end of a month.
    """
    rng = np.random.default_rng(seed)
    n, step = ((24, 60), (24, 60), (24, 60), (24, 60), (48, 30), (48, 60))[int(rng.integers(6))]
    d = Draw(rng, n, np.arange(n) * step / 60)
    d.add(
        "load",
        {"kind": "load", "enterprise": "works", "archetype": "continuous", "annual": "1 MWh/yr"},
        demand_mw=d.wave(d.between(0, 5), d.between(10, 30)),
    )
    buses = _buses(d)
    _fill(d, buses)
    given = _whole(d)
    objective = d.one(*[Objective()] * 6, Objective("weighted", 60.0), Objective("carbon"))
    facts = {"step_min": step, "rules": _rules(d), "objective": objective}
    day = d.one(*DAYS)
    if before is not None:
        facts["state"] = next_state(before)
        day = before.problem.grid.end.astimezone(before.problem.grid.zone).date()
    return small_problem(d.assets, given, day=day, **facts)


def _buses(d):
    """Add a second power bus in some parks, fed over a line, or by a connection of its own as well."""
    if not d.often(0.3):
        return ["main"]
    if d.often(0.4):
        draw.grid(d, "second", "site", 20)
    line = {"kind": "line", "bus": "main", "to_bus": "site", "limit": d.q(10, 40, "MW"), "back_limit": d.q(0, 20, "MW")}
    d.add("line", line | d.some(0.5, loss=lambda: d.between(0.005, 0.05), cost=lambda: d.q(0.5, 8, "yuan/MWh")))
    return ["main", "site"]


def _fill(d, buses):
    """Add what the park has beside its load."""
    for make in (draw.wind, draw.pv, draw.storage):
        for bus in buses:
            if d.often(0.5):
                make(d, bus)
    for make, share in ((processes.generator, 0.3), (draw.ev_fleet, 0.25)):
        if d.often(share):
            make(d, d.one(*buses))
    for number in range(2):
        if d.often(0.25):
            draw.flexible_load(d, f"flex_{number}", d.one(*buses))
    if d.often(0.3):
        processes.heat(d)
    if d.often(0.35):
        pipe = d.often(0.5)
        processes.electrolyser(d, d.one(*buses), pipe)
        if pipe:
            processes.synthesis(d)
    draw.grid(d, "grid", "main", 70)
    for number in range(2):
        if d.often(0.3):
            draw.contract(d, f"deal_{number}", d.one(*(name for name in ("grid", "second") if name in d.assets)))
    if d.often(0.2):
        draw.certificates(d)
    if d.often(0.25):
        draw.reserve(d)


def _whole(d):
    """Return the series, where a horizon's length is read from; the first must be of full length."""
    return {"load": d.series["load"], **d.series}


def _rules(d):
    rules = d.some(
        0.15,
        carbon_cap=lambda: d.q(20, 300, "t"),
        carbon_price=lambda: d.q(10, 120, "yuan/t"),
        hourly_green=lambda: {"share": d.between(0.1, 0.6), "breach_price": "200 yuan/MWh"},
        export_forbidden=lambda: [{"windows": [d.one(*draw.TIMES)]}],
    )
    rules |= {"carbon_breach_price": "300 yuan/t"} if "carbon_cap" in rules else {}
    if d.often(0.4):
        rules["direct_connection"] = d.one("multi_user_688", "single_user_650")
        rules |= {"breach_price": d.q(50, 300, "yuan/MWh")} | d.some(0.3, self_use_counting="gross", hold="year_end")
    return rules


def renumbered(problem, factor=0.97):
    """Return the problem with other demands and other supply, and nothing else."""
    series = {
        name: {key: values * factor if key in SCALED else values for key, values in own.items()}
        for name, own in problem.series.items()
    }
    return replace(problem, series=series)


def both_optima(problem):
    """Return the objectives of the two forms, and those with the whole numbers fixed; None where HiGHS ran too long."""
    built = build(problem)
    forms = compiled(built), compiled_by_pyomo(built)
    require_same(*forms)
    found = [run(form, form.cost, QUICK) for form in forms]
    if found[0].outcome != "optimal" or found[1].outcome != "optimal":
        assert "time_limit" in {found[0].outcome, found[1].outcome} or found[0].outcome == found[1].outcome
        return None
    fixed = [run(held, held.cost, QUICK).objective for held in (_held(form, found[0].x) for form in forms)]
    return found[0].objective, found[1].objective, *fixed


def _held(form, x):
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[form.integer] = upper[form.integer] = np.round(x[form.integer])
    return replace(form, lower=lower, upper=upper, integer=np.zeros_like(form.integer))


def checked(problem, planner=None, limits=QUICK):
    """Plan a problem and check the schedule by the code that shares nothing with the model."""
    solution = (planner or Planner()).solve(problem, limits)
    assert check(solution.problem, solution.reported, solution.bill).passed
    return solution


def prove(seed):
    """Prove all of one park, by habit and on the next day by hand-over as well; return what was found out."""
    problem = park(seed)
    optima = both_optima(problem)
    warm = Planner()
    try:
        first = checked(problem, warm)
        checked(problem, limits=NO_TIME)
        again = renumbered(problem)
        kept, fresh = checked(again, warm), Planner().solve(again, QUICK)
        checked(park(seed, before=first))
    except Infeasible:
        return "infeasible"
    if optima is not None:
        one, other, *fixed = optima
        assert abs(one - other) <= 2 * QUICK.gap * max(abs(one), abs(other)) + 1e-6, f"optima {one}, {other}"
        assert abs(fixed[0] - fixed[1]) <= 1e-9 * max(1.0, abs(fixed[0])), f"fixed optima {fixed}"
    if "time_limit" in {kept.outcome, fresh.outcome}:
        return "out of time"
    assert same_values(kept, fresh), "a kept structure changes the answer"
    return "re-used" if not kept.reasons else "built anew"


def same_values(one, other):
    """Return whether two solutions are the same number by number."""
    return one.objective == other.objective and all(
        np.array_equal(values, other.values[asset][key])
        for asset, own in one.values.items()
        for key, values in own.items()
    )


def main():
    """Prove many parks and print what held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    begin, found, kinds = time.perf_counter(), Counter(), Counter()
    for seed in range(asked.first, asked.first + asked.n):
        try:
            found[prove(seed)] += 1
            kinds.update({asset.kind for asset in park(seed).park.assets.values()})
        except Exception as error:
            found["FAULT"] += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"seed {seed}: {type(error).__name__} {str(error)[:300]} ({where.name})", flush=True)
    print(f"{asked.n} parks in {time.perf_counter() - begin:.0f} s: {dict(found)}")
    print(", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))


if __name__ == "__main__":
    main()
