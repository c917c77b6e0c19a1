"""A neutral problem of `tests.bench.peers.problem` as parkopt's own: a park of plain data, and its series.

The park is read once and kept while only series change, as the days of one park are planned.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from parkopt.models import Problem
from parkopt.testing import grid_asset, load_asset, prices, small_problem
from tests.bench.peers.problem import DemandCharge, Generator, Neutral, Sizing, Storage

HOURS_PER_YEAR = 8760
FIRST = date(2026, 1, 1)
LARGEST_MW = 1e4


def reason_against(p: Neutral) -> str | None:
    """Return why parkopt cannot be given a problem, or nothing."""
    if not p.exclusive and ((p.buy_yuan_per_mwh < 0).any() or (p.sell_yuan_per_mwh > p.buy_yuan_per_mwh).any()):
        return "opposite flows at once: parkopt always holds charge from discharge and import from export"
    if p.demand_charge and (FIRST + timedelta(hours=(p.steps - 1) * p.step_h)).month != FIRST.month:
        return "demand charge: parkopt bills the peak of each calendar month, the problem has one peak for all"
    return None


def pose(p: Neutral) -> Problem:
    """Return the same problem in parkopt's words; its steps begin at midnight of 2026-01-01."""
    costs = tuple((name, p.variable_cost.get(name, 0.0)) for name in p.available)
    parts = (p.storage, p.generator, p.demand_charge, p.sizing)
    park = _park(p.steps, p.step_h, (p.import_limit_mw, p.export_limit_mw), costs, parts)
    known = {
        "grid": {**park.series["grid"], **prices(p.buy_yuan_per_mwh, p.sell_yuan_per_mwh)},
        "works": {"demand_mw": p.load_mw},
        **{name: {"available_mw": most} for name, most in p.available.items()},
    }
    return replace(park, series={**park.series, **known})


@lru_cache(maxsize=4)
def _park(
    steps: int,
    step_h: float,
    limits_mw: tuple[float, float],
    costs: tuple[tuple[str, float], ...],
    parts: tuple[Storage | None, Generator | None, DemandCharge | None, Sizing | None],
) -> Problem:
    """Return a problem of the park with nothing in its series."""
    storage, generator, charge, sizing = parts
    peak = {"demand_yuan_per_mw": charge.yuan_per_mw, "planned_peak_mw": charge.free_mw} if charge else {}
    assets = {"grid": grid_asset(*limits_mw, **peak), "works": load_asset()}
    none = np.zeros(steps)
    series = {"grid": prices(none), "works": {"demand_mw": none}}
    for name, yuan in costs:
        assets[name] = {"kind": "pv", "capacity": f"{LARGEST_MW} MWp", "ac_limit": f"{LARGEST_MW} MW"}
        assets[name]["om"] = f"{yuan!r} yuan/MWh"
        series[name] = {"available_mw": none}
    if storage:
        assets["store"] = _store(storage, sizing, steps * step_h)
    if generator:
        assets["unit"] = _unit(generator, step_h)
    return small_problem(assets, series, step_min=round(60 * step_h), day=FIRST)


def _store(s: Storage, sizing: Sizing | None, hours: float) -> dict:
    """Return the store; a size to be chosen is paid back within a year, so that the horizon bears its share."""
    energy = f"{s.energy_mwh!r} MWh"
    if sizing:
        capex = sizing.yuan_per_mwh_for_the_horizon * HOURS_PER_YEAR / hours
        energy = {"max": f"{sizing.max_mwh!r} MWh", "capex": f"{capex!r} yuan/MWh", "life": "1 year", "discount": 0.0}
    losses = {"charge_efficiency": s.charge_efficiency, "discharge_efficiency": s.discharge_efficiency}
    levels = {key: getattr(s, key) for key in ("soc_min", "soc_max", "soc_initial", "soc_final")}
    powers = {"charge": f"{s.charge_mw!r} MW", "discharge": f"{s.discharge_mw!r} MW", "energy": energy}
    money = {"wear": f"{s.wear_yuan_per_mwh!r} yuan/MWh", "self_discharge": f"{s.self_discharge_per_h!r}/h"}
    return {"kind": "storage", **powers, **losses, **levels, **money}


def _unit(g: Generator, step_h: float) -> dict:
    """Return the generator; its fuel is priced per MWh of power."""
    rested = max(step_h, float(g.initially_off_for_h))
    times = {"min_up_h": float(g.min_up_h), "min_down_h": float(g.min_down_h), "initially_since_h": rested}
    money = {"start_cost": f"{g.start_cost_yuan!r} yuan", "fuel_price": f"{g.fuel_yuan_per_mwh!r} yuan/MWh"}
    ramps = {} if g.ramp_per_h is None else dict.fromkeys(("ramp_up", "ramp_down"), f"{g.ramp_per_h!r}/h")
    size = {"power": f"{g.power_mw!r} MW", "min_load": g.min_load, "efficiency": 1.0}
    return {"kind": "generator", **size, **times, **money, **ramps}
