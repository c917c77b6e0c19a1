"""oemof-solph: an energy system of buses and flows, a Pyomo model, and HiGHS through Pyomo's appsi.

Native are plants, grid, store, unit commitment, the charge on the peak (an Investment in the import),
sizing (an Investment in the store) and flows that exclude each other (`limit_active_flow_count`).
Only ramps of an on-off unit are added by hand on the Pyomo model: solph's own gradient limit multiplies
flow by status there, which HiGHS cannot take.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from oemof import solph
from pyomo import environ as po

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.problem import Neutral
from tests.bench.peers.timing import Clock, main

Edge = tuple[object, object]
NOTES = "solver='highs', solph's own way to appsi; unit ramps, where any, added on the Pyomo model"


class Park:
    """The energy system under way, with the edges that later rules name."""

    def __init__(self, problem: Neutral) -> None:
        self.p = problem
        index = np.arange(problem.steps + 1) * problem.step_h
        self.system = solph.EnergySystem(timeindex=index, infer_last_interval=False)
        self.bus = solph.buses.Bus("park")
        self.system.add(self.bus)
        self.pairs: dict[str, tuple[Edge, Edge]] = {}
        self.unit: Edge | None = None

    def either(self) -> dict:
        """Return what makes a flow one of an exclusive pair."""
        return {"nonconvex": solph.NonConvex()} if self.p.exclusive else {}


def build(p: Neutral) -> tuple[solph.Model, Park]:
    """Describe the park and let solph write the Pyomo model."""
    park = Park(p)
    load = solph.components.Sink("load", inputs={park.bus: solph.Flow(fix=p.load_mw, nominal_capacity=1)})
    park.system.add(load)
    for name, most in p.available.items():
        flow = solph.Flow(nominal_capacity=1, maximum=most, variable_costs=p.variable_cost.get(name, 0.0))
        park.system.add(solph.components.Source(name, outputs={park.bus: flow}))
    grid(park)
    if p.storage:
        store(park)
    if p.generator:
        unit(park)
    model = solph.Model(park.system)
    for name, flows in park.pairs.items():
        solph.constraints.limit_active_flow_count(model, f"{name}_way", list(flows), upper_limit=1)
    if p.generator and p.generator.ramp_per_h is not None:
        ramps(model, park)
    return model, park


def grid(park: Park) -> None:
    """Add import and export; where the peak costs money, a meter before the import has the investment."""
    p, bus = park.p, park.bus
    price = {"variable_costs": p.buy_yuan_per_mwh}
    plain = {"nominal_capacity": p.import_limit_mw, **park.either()}
    if p.demand_charge:
        free = min(p.demand_charge.free_mw, p.import_limit_mw)
        size = solph.Investment(ep_costs=p.demand_charge.yuan_per_mw, existing=free, maximum=p.import_limit_mw - free)
        meter = solph.buses.Bus("meter") if p.exclusive else bus
        source = solph.components.Source("import", outputs={meter: solph.Flow(nominal_capacity=size, **price)})
        if p.exclusive:
            source_in = solph.components.Converter("intake", {meter: solph.Flow(**plain)}, {bus: solph.Flow()})
            park.system.add(meter, source_in)
            edge = (meter, source_in)
    else:
        source = solph.components.Source("import", outputs={bus: solph.Flow(**plain, **price)})
        edge = (source, bus)
    out = solph.Flow(nominal_capacity=p.export_limit_mw, variable_costs=-p.sell_yuan_per_mwh, **park.either())
    sold = solph.components.Sink("export", inputs={bus: out})
    park.system.add(source, sold)
    if p.exclusive:
        park.pairs["grid"] = edge, (bus, sold)


def store(park: Park) -> None:
    """Add the store; its level bounds have one entry more than there are steps."""
    p, s = park.p, park.p.storage
    size = s.energy_mwh
    if p.sizing:
        size = solph.Investment(ep_costs=p.sizing.yuan_per_mwh_for_the_horizon, maximum=p.sizing.max_mwh)
    made = solph.components.GenericStorage(
        "store",
        inputs={park.bus: solph.Flow(nominal_capacity=s.charge_mw, **park.either())},
        outputs={
            park.bus: solph.Flow(nominal_capacity=s.discharge_mw, variable_costs=s.wear_yuan_per_mwh, **park.either())
        },
        nominal_capacity=size,
        initial_storage_level=s.soc_initial,
        balanced=False,
        loss_rate=s.self_discharge_per_h,
        inflow_conversion_factor=s.charge_efficiency,
        outflow_conversion_factor=s.discharge_efficiency,
        min_storage_level=np.concatenate(([min(s.soc_min, s.soc_initial)], p.soc_lower)),
        max_storage_level=np.concatenate(([max(s.soc_max, s.soc_initial)], np.full(p.steps, s.soc_max))),
    )
    park.system.add(made)
    if p.exclusive:
        park.pairs["store"] = (park.bus, made), (made, park.bus)


def unit(park: Park) -> None:
    """Add the generator. Two of solph's habits are undone here, see the comments."""
    p, g = park.p, park.p.generator
    up, left = p.in_steps(g.min_up_h), np.arange(p.steps, 0, -1)
    # A start in the last steps would be forbidden, since fewer steps are left than it must run.
    least_up = np.minimum(max(1, up), left)
    times = {"minimum_uptime": least_up, "minimum_downtime": p.in_steps(g.min_down_h), "initial_status": 0}
    states = solph.NonConvex(startup_costs=g.start_cost_yuan, **times)
    # A unit that was off is held off for its whole least down time, however long it had rested before.
    states.first_flexible_timestep = p.must_rest
    money = {"variable_costs": g.fuel_yuan_per_mwh, "nonconvex": states}
    flow = solph.Flow(nominal_capacity=g.power_mw, minimum=g.min_load, **money)
    source = solph.components.Source("unit", outputs={park.bus: flow})
    park.system.add(source)
    park.unit = source, park.bus


def ramps(model: solph.Model, park: Park) -> None:
    """Bound the change of power; a start or a stop may go to its own bound."""
    running, edge = (share * park.p.generator.power_mw for share in park.p.ramps)
    power = [model.flow[(*park.unit, t)] for t in model.TIMESTEPS]
    on = [model.NonConvexFlowBlock.status[(*park.unit, t)] for t in model.TIMESTEPS]
    model.ramps = po.ConstraintList()
    model.ramps.add(power[0] <= edge * on[0])
    for t in range(1, len(on)):
        model.ramps.add(power[t] - power[t - 1] <= running * on[t - 1] + edge * (on[t] - on[t - 1]))
        model.ramps.add(power[t - 1] - power[t] <= running * on[t] + edge * (on[t - 1] - on[t]))


def solve(problem: Neutral) -> dict:
    """Build, hand over, run and read the flows back as a table."""
    clock = Clock()
    model, _ = build(problem)
    clock.built()
    with clock.watching():
        results = model.solve(solver="highs", cmdline_options=problem.solver_options)
        objective = results["objective"]
        assert len(results["flow"]) >= problem.steps
    return clock.report(objective, str(model.solver_results["termination_condition"]), NOTES)


if __name__ == "__main__":
    main(solve, "oemof-solph", "pyomo")
