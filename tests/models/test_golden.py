"""The mathematics of each technology as a golden LP file over three steps.

A module `golden_<name>.py` beside this one adds cases: `CASES = {"kind" or "kind:variant": (assets, series)}`.
`python -m tests.models.test_golden [kind ...]` rewrites the files; read the difference before you commit it.
"""

import importlib
import io
import sys
from pathlib import Path

import pytest
from pyomo.repn.plugins.lp_writer import LPWriter

from parkopt.models import build, technologies
from parkopt.park.state import AssetState, ParkState
from parkopt.testing import grid_asset, load_asset, prices, small_problem

GOLDEN = Path(__file__).parents[1] / "golden"
THREE = [300.0, 400.0, 350.0]
GRID = grid_asset(50, 10, adders_yuan_per_mwh=100.0, demand_yuan_per_mw=1000.0, planned_peak_mw=5.0)
CASES = {
    "grid": ({"grid": GRID, "load": load_asset()}, {}),
    "load": ({"grid": grid_asset(50), "load": load_asset()}, {}),
    "wind": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "wind": {
                "kind": "wind",
                "capacity": "9 MW",
                "turbine": "V164/8000",
                "hub_height": "105 m",
                "om": "60 yuan/MWh",
            },
        },
        {"wind": {"available_mw": [9.0, 0.0, 4.5]}},
    ),
    "pv": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "pv": {"kind": "pv", "capacity": "9 MWp", "ac_limit": "8 MW", "curtail_price": "20 yuan/MWh"},
        },
        {"pv": {"available_mw": [0.0, 8.0, 2.5]}},
    ),
    "storage": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "ess": {
                "kind": "storage",
                "charge": "4 MW",
                "discharge": "5 MW",
                "energy": "8 MWh",
                "self_discharge": "0.001/h",
                "wear": "60 yuan/MWh",
            },
        },
        {},
    ),
    "contract": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "green": {
                "kind": "contract",
                "form": "baseload",
                "seller": "s",
                "volume": "6 MW",
                "price": "420 yuan/MWh",
                "take_or_pay": 0.9,
            },
        },
        {},
    ),
    "electrolyser": (
        {
            "grid": grid_asset(50),
            "h2": {
                "kind": "electrolyser",
                "enterprise": "h2",
                "power": "10 MW",
                "efficiency": "50 kWh/kg",
                "min_load": 0.4,
                "ramp": "0.3/h",
                "start_cost": "4000 yuan",
                "tank": "500 kg",
                "demand": "2400 kg/day",
            },
        },
        {},
    ),
    "flexible_load": (
        {
            "grid": grid_asset(50),
            "moved": {
                "kind": "flexible_load",
                "enterprise": "mill",
                "form": "energy",
                "windows": ["8-10", "23-1"],
                "energy": "6 MWh",
                "min_power": "0.5 MW",
                "max_power": "4 MW",
            },
            "run": {
                "kind": "flexible_load",
                "enterprise": "mill",
                "form": "block",
                "windows": ["9-13"],
                "power": "3 MW",
                "duration_h": 2,
            },
            "shed": {
                "kind": "flexible_load",
                "enterprise": "mill",
                "form": "curtailable",
                "windows": ["17:30-20"],
                "power": "5 MW",
                "curtail_share": 0.4,
                "curtail_price": "700 yuan/MWh",
                "curtail_energy": "3 MWh",
            },
        },
        {"grid": prices(THREE * 8, export=250.0)},
    ),
    "ev_fleet": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "cars": {
                "kind": "ev_fleet",
                "enterprise": "works",
                "sessions": [
                    {"arrive": "00:15", "leave": "02:00", "vehicles": 20, "energy": "10 kWh", "power": "7 kW"},
                    {"arrive": "22:00", "leave": "06:00", "vehicles": 5, "energy": "160 kWh", "power": "60 kW"},
                ],
                "site_limit": "0.4 MW",
                "unmet_price": "2000 yuan/MWh",
                "charge_efficiency": 0.95,
            },
        },
        {},
    ),
}


for module in sorted(Path(__file__).parent.glob("golden_*.py")):
    CASES |= importlib.import_module(f"tests.models.{module.stem}").CASES


def text_of(kind, exclusive=False):
    """Return the LP text of a case."""
    assets, series = CASES[kind]
    own = {"grid": prices(THREE, export=250.0)} | series
    if "load" in assets:
        own["load"] = {"demand_mw": [20.0, 22.0, 18.0]}
    state = ParkState(assets={"green": AssetState(offered_mwh=10.0, taken_mwh=8.0)}) if kind == "contract" else None
    problem = small_problem(assets, own, state=state)
    if exclusive:
        problem = problem.with_exclusive(frozenset(name for name in assets if name in ("ess", "grid")))
    built = build(problem)
    out = io.StringIO()
    LPWriter().write(built.model, out, symbolic_solver_labels=True)
    return out.getvalue()


def golden(kind, exclusive):
    return GOLDEN / f"{kind.replace(':', '_')}{'_exclusive' if exclusive else ''}.lp"


ALL = [(kind, False) for kind in CASES] + [("storage", True)]


@pytest.mark.parametrize(("kind", "exclusive"), ALL)
def test_the_model_is_as_it_was(kind, exclusive):
    assert text_of(kind, exclusive) == golden(kind, exclusive).read_text(encoding="utf-8")


def test_every_technology_has_a_golden_file():
    assert {kind.split(":")[0] for kind in CASES} == set(technologies())


if __name__ == "__main__":
    for case in [case for case in ALL if not sys.argv[1:] or case[0] in sys.argv[1:]]:
        golden(*case).write_text(text_of(*case), encoding="utf-8")
