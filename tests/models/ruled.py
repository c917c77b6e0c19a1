"""A small day with rules, and what the tests of rules share."""

from datetime import timedelta, timezone

from parkopt.park.state import YearSoFar
from parkopt.solve import Limits
from parkopt.solve.check_rules import (
    rule_findings,
)
from parkopt.testing import grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
PV = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"}
ESS = {
    "kind": "storage",
    "charge": "10 MW",
    "discharge": "10 MW",
    "energy": "20 MWh",
    "charge_efficiency": 0.9,
    "discharge_efficiency": 0.8,
    "soc_initial": 0.1,
    "soc_final": 0.1,
}
CHINA = timezone(timedelta(hours=8))


def problem(rules, *, pv=(20.0,) * 4, load=(10.0,) * 4, buy=300.0, export=200.0, extra=None, om=0.0, **more):
    plant = PV | ({"om": f"{om} yuan/MWh"} if om else {})
    n = len(load)
    own = more.pop("series", {})
    return small_problem(
        {"grid": grid_asset(50, 30), "load": load_asset(), "pv": plant} | (extra or {}),
        {
            "grid": prices([buy] * n, export=export),
            "load": {"demand_mw": list(load)},
            "pv": {"available_mw": list(pv)},
        }
        | own,
        rules=rules,
        **more,
    )


def findings(solution, reported=None):
    made = rule_findings(solution.problem, reported or solution.reported, solution.bill)
    return [what for holds, what in made if not holds]


def tampered(solution, asset, key, add):
    reported = {name: dict(own) for name, own in solution.reported.items()}
    reported[asset][key] = reported[asset][key] + add
    return reported


DEAR_SUN = {"buy": 100.0, "export": 0.0, "om": 300, "grid_factor_kg_per_mwh": 500.0}
"""The grid costs 100 and bears 0.5 t/MWh, the sun costs 300: without a rule all 40 MWh are bought, with 20 t."""


SHORT = YearSoFar(year=2026, available_mwh=1000, self_use_mwh=550, demand_mwh=1000, export_mwh=0, counted_h=4680)
"""15 July is the 196th day: 195 * 24 = 4680 h have passed, and after a horizon of 4 h 4076 h are left."""
