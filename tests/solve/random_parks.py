"""Random parks and days over all technologies: drawn from the golden cases, with other numbers.

`python -m tests.solve.random_parks --n 1000` compares the two forms of that many parks.
"""

import argparse
import importlib
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from parkopt.models import build
from parkopt.solve._compiled import compiled, compiled_by_pyomo
from parkopt.solve.planner import require_same
from parkopt.testing import grid_asset, load_asset, prices, small_problem
from tests.models import test_golden

TARIFFS = (
    {},
    {"demand_yuan_per_mw": 1000.0, "planned_peak_mw": 8.0},
    {"adders_yuan_per_mwh": 120.0, "demand_yuan_per_mw": 400.0},
)
RULES = (
    {},
    {"direct_connection": "multi_user_688", "breach_price": "150 yuan/MWh"},
    {"direct_connection": "single_user_650", "breach_price": "90 yuan/MWh", "carbon_price": "60 yuan/t"},
    {"export_forbidden": [{"windows": ["0-2"]}]},
)
for module in sorted((Path(__file__).parents[1] / "models").glob("golden_*.py")):
    importlib.import_module(f"tests.models.{module.stem}")
ALONE = {"grid", "load"}
TWINS = {"flexible_load"}
"""Cases that need whole days."""


def _named(case):
    """Return the assets of a case but for grid and load, and their series."""
    assets, series = test_golden.CASES[case]
    kept = {name: body for name, body in assets.items() if body["kind"] not in ALONE}
    return kept, {name: own for name, own in series.items() if name in kept}


CASES = [case for case in test_golden.CASES if _named(case)[0] and case.partition(":")[0] not in ALONE]


def park(seed):
    """Return a random problem: two or three cases side by side, one grid, one load, a tariff, rules, random series."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(CASES), size=int(rng.integers(1, 4)), replace=False)
    whole = any(CASES[k].partition(":")[0] in TWINS for k in chosen)
    n = 24 if whole else int(rng.integers(3, 13))
    limits = {"import_mw": float(rng.uniform(80, 200)), "export_mw": float(rng.choice([0.0, rng.uniform(5, 40)]))}
    assets = {"grid": grid_asset(**limits, **TARIFFS[int(rng.integers(len(TARIFFS)))]), "load": load_asset()}
    given = {
        "grid": prices(rng.uniform(-50 if rng.random() < 0.2 else 150, 900, n), rng.uniform(0, 400, n)),
        "load": {"demand_mw": rng.uniform(5, 40, n)},
    }
    for k in chosen:
        own, series = _named(CASES[k])
        if set(own) & set(assets):
            continue
        assets |= own
        given |= {name: {key: _drawn(rng, values, n) for key, values in rows.items()} for name, rows in series.items()}
    day = date(2026, 1, 1) + timedelta(days=int(rng.integers(0, 300)))
    return small_problem(assets, given, rules=RULES[int(rng.integers(len(RULES)))], day=day)


def _drawn(rng, values, n):
    """Return a series between the least and the largest of a golden one, whose own three numbers come first."""
    low, high = float(np.min(values)), float(np.max(values))
    return np.concatenate([np.asarray(values, dtype=float)[:n], rng.uniform(low, high, max(n - len(values), 0))])


def compare(seed):
    """Compare the arrays of the hub with those of Pyomo's compiler; return how many numbers they hold."""
    built = build(park(seed))
    form = compiled(built)
    require_same(form, compiled_by_pyomo(built))
    return form.matrix.nnz + 2 * sum(form.matrix.shape)


def main():
    """Compare many parks and print what was compared."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=1000)
    asked = parser.parse_args()
    begin = time.perf_counter()
    numbers = sum(compare(seed) for seed in range(asked.n))
    print(f"{asked.n} parks, {numbers:,} numbers, every one the same, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
