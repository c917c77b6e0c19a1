"""PyPSA: a network of one park bus, optimised through linopy with HiGHS and no file between.

Native are plants, grid (two generators), store (Store and two Links), unit commitment with ramps, the
charge on the peak (the import is an extendable generator) and sizing. Two things PyPSA has no word for
are added the way its manual says, as linopy constraints on `n.model`: a first level that is a share of
a decided size, and flows that exclude each other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pypsa
import xarray as xr

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.problem import Neutral
from tests.bench.peers.timing import Clock, main


def network(p: Neutral) -> pypsa.Network:
    """Describe the park."""
    n = pypsa.Network()
    n.set_snapshots(range(p.steps), default_snapshot_weightings=p.step_h)
    n.add("Bus", "park")
    n.add("Load", "load", bus="park", p_set=p.load_mw)
    for name, most in p.available.items():
        peak = float(max(most.max(), 1e-9))
        n.add(
            "Generator", name, bus="park", p_nom=peak, p_max_pu=most / peak, marginal_cost=p.variable_cost.get(name, 0)
        )
    n.add("Generator", "import", bus="park", marginal_cost=p.buy_yuan_per_mwh, **bought(p))
    # A negative output is an export; times the price it is income.
    sold = {"p_nom": p.export_limit_mw, "p_min_pu": -1.0, "p_max_pu": 0.0, "marginal_cost": p.sell_yuan_per_mwh}
    n.add("Generator", "export", bus="park", **sold)
    if p.storage:
        store(n, p)
    if p.generator:
        unit(n, p)
    return n


def free_mw(p: Neutral) -> float:
    """Return the part of the import that costs no peak charge."""
    return min(p.demand_charge.free_mw, p.import_limit_mw) if p.demand_charge else 0.0


def bought(p: Neutral) -> dict:
    """Return the import's size, which is decided where its peak costs money."""
    if not p.demand_charge:
        return {"p_nom": p.import_limit_mw}
    bounds = {"p_nom_min": free_mw(p), "p_nom_max": p.import_limit_mw}
    return {"p_nom_extendable": True, "capital_cost": p.demand_charge.yuan_per_mw, **bounds}


def store(n: pypsa.Network, p: Neutral) -> None:
    """Add a bus with a Store and a Link each way; a Link's size is on its first bus's side."""
    s = p.storage
    n.add("Bus", "cells")
    least = {"e_min_pu": p.soc_lower, "e_max_pu": s.soc_max, "standing_loss": s.self_discharge_per_h}
    if p.sizing:
        money = {"capital_cost": p.sizing.yuan_per_mwh_for_the_horizon, "e_nom_max": p.sizing.max_mwh}
        n.add("Store", "cells", bus="cells", e_nom_extendable=True, **money, **least)
    else:
        # PyPSA takes no standing loss off e_initial in the first step, so it is taken off here.
        begin = p.kept * s.soc_initial * s.energy_mwh
        n.add("Store", "cells", bus="cells", e_nom=s.energy_mwh, e_initial=begin, **least)
    n.add("Link", "charge", bus0="park", bus1="cells", p_nom=s.charge_mw, efficiency=s.charge_efficiency)
    inside, wear = s.discharge_mw / s.discharge_efficiency, s.wear_yuan_per_mwh * s.discharge_efficiency
    out = {"p_nom": inside, "efficiency": s.discharge_efficiency, "marginal_cost": wear}
    n.add("Link", "discharge", bus0="cells", bus1="park", **out)


def unit(n: pypsa.Network, p: Neutral) -> None:
    """Add the committable generator; its times are counted in snapshots, and it would count as on before."""
    g = p.generator
    times = {"min_up_time": p.in_steps(g.min_up_h), "min_down_time": p.in_steps(g.min_down_h)}
    before = {"up_time_before": 0, "down_time_before": p.rested}
    money = {"start_up_cost": g.start_cost_yuan, "marginal_cost": g.fuel_yuan_per_mwh}
    ramps = {}
    if g.ramp_per_h is not None:
        running, edge = p.ramps
        ramps = dict.fromkeys(("ramp_limit_up", "ramp_limit_down"), running)
        ramps |= dict.fromkeys(("ramp_limit_start_up", "ramp_limit_shut_down"), edge)
    size = {"p_nom": g.power_mw, "p_min_pu": g.min_load, "committable": True}
    n.add("Generator", "unit", bus="park", **size, **times, **before, **money, **ramps)


def first_level(n: pypsa.Network, p: Neutral) -> None:
    """Let the store begin at a share of the size that is decided."""
    m = n.model
    time = m.variables["Store-e"].indexes["snapshot"]
    begin = np.where(np.arange(p.steps) == 0, p.kept * p.storage.soc_initial, 0.0)
    balance = m.constraints["Store-energy_balance"]
    balance.update(lhs=balance.lhs + xr.DataArray(begin, coords={"snapshot": time}) * m["Store-e_nom"])


def one_way(n: pypsa.Network, name: str, one: tuple, two: tuple) -> None:
    """Let only one of two flows be above zero; each is (variable, component, sign, most)."""
    m = n.model
    flag = m.add_variables(binary=True, coords=[m.variables["Generator-p"].indexes["snapshot"]], name=f"{name}-way")
    (a, a_name, a_sign, a_most), (b, b_name, b_sign, b_most) = one, two
    m.add_constraints(a_sign * m[a].sel(name=a_name, drop=True) - a_most * flag <= 0, name=f"{name}-one")
    m.add_constraints(b_sign * m[b].sel(name=b_name, drop=True) + b_most * flag <= b_most, name=f"{name}-two")


def model(n: pypsa.Network, p: Neutral) -> str:
    """Let PyPSA write the linopy model, and add what it has no word for; return notes."""
    n.optimize.create_model(include_objective_constant=False)
    notes = []
    if p.sizing:
        first_level(n, p)
        notes.append("first level of a sized store added by a constraint on n.model")
    if p.exclusive:
        sides = ("Generator-p", "import", 1, p.import_limit_mw), ("Generator-p", "export", -1, p.export_limit_mw)
        one_way(n, "grid", *sides)
        if p.storage:
            most = p.storage.discharge_mw / p.storage.discharge_efficiency
            into = ("Link-p", "charge", 1, p.storage.charge_mw)
            one_way(n, "store", into, ("Link-p", "discharge", 1, most))
        notes.append("exclusive flows added by binaries on n.model")
    return "; ".join(notes)


def solve(problem: Neutral) -> dict:
    """Build the network and its model, hand over, run and read back into the network."""
    clock = Clock()
    n = network(problem)
    clock.built()
    parts = f"the network is {clock.ready - clock.begin:.3f} s of build, the rest is its linopy model"
    notes = model(n, problem)
    clock.built()
    with clock.watching():
        options = {"io_api": "direct", "set_names": False, "progress": False}
        _, status = n.optimize.solve_model(solver_name="highs", solver_options=problem.solver_options, **options)
        paid = problem.demand_charge.yuan_per_mw * free_mw(problem) if problem.demand_charge else 0.0
        assert n.generators_t.p["import"].size == problem.steps
    return clock.report(n.objective - paid, str(status), "; ".join(filter(None, (parts, notes))))


if __name__ == "__main__":
    main(solve, "pypsa", "linopy")
