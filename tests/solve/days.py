"""Small days for the tests of reasons, margins, bills and alternatives: a grid, a load, sun, a store, a unit."""

from hypothesis import strategies as st

from parkopt.solve import Limits
from parkopt.testing import grid_asset, load_asset, prices, small_problem

EXACT = Limits(gap=1e-9)
STORE = {
    "kind": "storage",
    "charge": "4 MW",
    "discharge": "8 MW",
    "energy": "8 MWh",
    "charge_efficiency": 0.9,
    "discharge_efficiency": 0.9,
    "soc_min": 0.0,
    "soc_max": 1.0,
    "soc_initial": 0.0,
    "soc_final": 0.0,
    "wear": "20 yuan/MWh",
}
UNIT = {
    "kind": "electrolyser",
    "enterprise": "h2",
    "power": "10 MW",
    "efficiency": "50 kWh/kg",
    "min_load": 0.5,
    "start_cost": "1000 yuan",
    "tank": "400 kg",
    "tank_initial": 0.5,
    "tank_final": 0.5,
    "demand": "2400 kg/day",
}


def day(buy, load=None, sun=None, *, store=None, export=0.0, om=0.0, unit=None, rules=None, step=60, grid=None, **more):
    """Return a problem over as many steps as there are prices."""
    n = len(buy)
    assets = {"grid": grid_asset(**{"import_mw": 60, "export_mw": 30, **(grid or {})}), "load": load_asset()}
    series = {"grid": prices(list(buy), export=export), "load": {"demand_mw": list(load or [10.0] * n)}}
    if sun is not None:
        assets["pv"] = {"kind": "pv", "capacity": "60 MWp", "ac_limit": "60 MW"} | (
            {"om": f"{om} yuan/MWh"} if om else {}
        )
        series["pv"] = {"available_mw": list(sun)}
    if store is not None:
        assets["ess"] = STORE | store
    assets |= more.pop("extra", {})
    if unit is not None:
        assets["h2"] = UNIT | unit
    return small_problem(assets, series, rules=rules, step_min=step, grid_factor_kg_per_mwh=500.0, **more)


STEPS = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 25), st.integers(20, 600)), min_size=3, max_size=8)
"""Load, sun and price of each step."""


@st.composite
def days(draw, *, whole=False):
    """Draw a day with sun, a store, a demand charge at times, exports at times, and with `whole` an electrolyser."""
    load, sun, buy = ([float(step[k]) for step in draw(STEPS)] for k in (0, 1, 2))
    n = min(len(load), len(sun), len(buy))
    load, sun, buy = load[:n], sun[:n], buy[:n]
    store = {
        "charge": f"{draw(st.integers(1, 8))} MW",
        "soc_initial": 0.5,
        "soc_final": draw(st.sampled_from([0.25, 0.5])),
        "self_discharge": draw(st.sampled_from(["0/h", "0.01/h"])),
        "wear": f"{draw(st.integers(0, 40))} yuan/MWh",
    }
    grid = {"demand_yuan_per_mw": float(draw(st.sampled_from([0, 50, 400])))}
    export = float(draw(st.sampled_from([0.0, 15.0])))
    unit = {"demand": f"{80 * n} kg/day"} if whole else None
    return day(buy, load, sun, store=store, export=export, unit=unit, grid=grid)
