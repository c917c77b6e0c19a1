"""linopy: labelled variables and constraints, handed to HiGHS without a file (`io_api="direct"`).

Its sparse models are used, which need its newer rules ("v1"): they hand over a few times faster.
"""

from __future__ import annotations

import sys
from pathlib import Path

import linopy
import numpy as np
import pandas as pd
import xarray as xr

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.problem import Neutral
from tests.bench.peers.timing import Clock, main

linopy.options["semantics"] = "v1"
Flow = linopy.Variable | linopy.LinearExpression


class Build:
    """One model under way: its time index, balance and cost so far."""

    def __init__(self, problem: Neutral) -> None:
        self.p, self.h = problem, problem.step_h
        self.model = linopy.Model(sparse=True)
        self.time = pd.RangeIndex(problem.steps, name="time")
        self.balance: list[Flow] = []
        self.cost: list[Flow] = []

    def series(self, values: object) -> xr.DataArray:
        """Label values with the time."""
        return xr.DataArray(np.broadcast_to(values, self.p.steps), coords=[self.time])

    def flow(self, name: str, most: object, price: object = 0.0) -> linopy.Variable:
        """Add a power of at least zero with its cost per MWh."""
        made = self.model.add_variables(lower=0, upper=self.series(most), coords=[self.time], name=name)
        self.cost.append((made * self.series(price) * self.h).sum())
        return made

    def flag(self, name: str, most: object = 1.0) -> linopy.Variable:
        """Add an on-off variable; where `most` is 0 it stays off."""
        made = self.model.add_variables(binary=True, coords=[self.time], name=name)
        if np.min(most) < 1:
            self.model.add_constraints(made <= self.series(most), name=f"{name}_barred", mask=self.series(most) < 1)
        return made

    def later(self, expression: Flow) -> linopy.LinearExpression:
        """Leave out the first step."""
        return expression.isel(time=slice(1, None))

    def one_way(self, name: str, one: linopy.Variable, one_most: float, two: linopy.Variable, two_most: float) -> None:
        """Let only one of two flows be above zero in each step."""
        flag = self.flag(f"{name}_way")
        self.model.add_constraints(one - one_most * flag <= 0, name=f"{name}_one")
        self.model.add_constraints(two + two_most * flag <= two_most, name=f"{name}_two")


def build(p: Neutral) -> linopy.Model:
    """Write the whole problem in linopy's words."""
    b = Build(p)
    bought = b.flow("import", p.import_limit_mw, p.buy_yuan_per_mwh)
    sold = b.flow("export", p.export_limit_mw, -p.sell_yuan_per_mwh)
    b.balance += [1 * bought, -1 * sold]
    b.balance += [1 * b.flow(name, most, p.variable_cost.get(name, 0.0)) for name, most in p.available.items()]
    if p.storage:
        store(b)
    if p.generator:
        unit(b)
    b.model.add_constraints(linopy.merge(b.balance) == b.series(p.load_mw), name="balance")
    if p.exclusive:
        b.one_way("grid", bought, p.import_limit_mw, sold, p.export_limit_mw)
    if p.demand_charge:
        above = b.model.add_variables(lower=0, name="above")
        b.model.add_constraints(bought - above <= p.demand_charge.free_mw, name="peak")
        b.cost.append(above * p.demand_charge.yuan_per_mw)
    b.model.add_objective(linopy.merge(b.cost))
    return b.model


def store(b: Build) -> None:
    """Add the store, with its energy given or decided."""
    p, s, m, h = b.p, b.p.storage, b.model, b.h
    into = b.flow("charge", s.charge_mw)
    out = b.flow("discharge", s.discharge_mw, s.wear_yuan_per_mwh)
    change = into * (s.charge_efficiency * h) - out * (h / s.discharge_efficiency)
    least, most, begin = b.series(p.soc_lower), s.soc_max, p.kept * s.soc_initial
    if p.sizing:
        level = m.add_variables(lower=0, coords=[b.time], name="level")
        size = m.add_variables(lower=0, upper=p.sizing.max_mwh, name="size")
        b.cost.append(size * p.sizing.yuan_per_mwh_for_the_horizon)
        m.add_constraints(level - most * size <= 0, name="level_most")
        m.add_constraints(level - least * size >= 0, name="level_least")
        m.add_constraints((level - change).isel(time=0) - begin * size == 0, name="first")
    else:
        bounds = {"lower": least * s.energy_mwh, "upper": b.series(most * s.energy_mwh)}
        level = m.add_variables(**bounds, coords=[b.time], name="level")
        m.add_constraints((level - change).isel(time=0) == begin * s.energy_mwh, name="first")
    m.add_constraints(b.later(level - change - p.kept * level.shift(time=1).fillna(0)) == 0, name="level")
    b.balance += [1 * out, -1 * into]
    if p.exclusive:
        b.one_way("store", into, s.charge_mw, out, s.discharge_mw)


def unit(b: Build) -> None:
    """Add the generator with starts, stops and least times."""
    p, g, m = b.p, b.p.generator, b.model
    power = b.flow("power", g.power_mw, g.fuel_yuan_per_mwh)
    on = b.flag("on", np.where(np.arange(p.steps) < p.must_rest, 0.0, 1.0))
    start, stop = (m.add_variables(0, 1, coords=[b.time], name=name) for name in ("start", "stop"))
    b.cost.append((start * g.start_cost_yuan).sum())
    before = on.shift(time=1).fillna(0)
    m.add_constraints(power - g.power_mw * on <= 0, name="power_most")
    m.add_constraints(power - g.min_load * g.power_mw * on >= 0, name="power_least")
    m.add_constraints(on - before - start + stop == 0, name="switch")
    for name, change, sign, most, hours in (("up", start, -1, 0, g.min_up_h), ("down", stop, 1, 1, g.min_down_h)):
        lately = change.rolling(time=max(1, p.in_steps(hours)), min_periods=1).sum()
        m.add_constraints(lately + sign * on <= most, name=f"least_{name}")
    if g.ramp_per_h is not None:
        running, edge = (share * g.power_mw for share in p.ramps)
        rise = power - power.shift(time=1).fillna(0)
        m.add_constraints(rise + (edge - running) * before - edge * on <= 0, name="ramp_up")
        m.add_constraints((edge - running) * on - rise - edge * before <= 0, name="ramp_down")
    b.balance.append(1 * power)


def solve(problem: Neutral) -> dict:
    """Build, hand over, run and read back."""
    clock = Clock()
    model = build(problem)
    clock.built()
    with clock.watching():
        options = {"io_api": "direct", "set_names": False, "progress": False}
        _, status = model.solve(solver_name="highs", **options, **problem.solver_options)
        objective = model.objective.value
        assert model.solution["import"].to_numpy().size == problem.steps
    return clock.report(objective, str(status))


if __name__ == "__main__":
    main(solve, "linopy")
