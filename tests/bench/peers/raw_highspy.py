"""The floor: numpy arrays filled by hand into a HighsLp, and HiGHS run on them."""

from __future__ import annotations

import sys
from pathlib import Path

import highspy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.problem import FloatArray, Neutral
from tests.bench.peers.timing import Clock, main

INF = highspy.kHighsInf
Term = tuple[FloatArray, FloatArray | float]


class Arrays:
    """Columns and rows as they are added, block by block."""

    def __init__(self) -> None:
        self.columns: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []
        self.bounds: list[tuple[FloatArray, FloatArray]] = []
        self.entries: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        self.width = self.height = 0

    def add(
        self, count: int, upper: object, cost: object = 0.0, lower: object = 0.0, *, whole: bool = False
    ) -> FloatArray:
        """Add a block of columns and return their places."""
        spread = (np.broadcast_to(np.asarray(value, float), count) for value in (lower, upper, cost, float(whole)))
        self.columns.append(tuple(spread))
        self.width += count
        return np.arange(self.width - count, self.width)

    def rows(self, lower: object, upper: object, *terms: Term) -> None:
        """Add rows; each term gives one column and factor for every row."""
        count = len(terms[0][0])
        self.bounds.append(tuple(np.broadcast_to(np.asarray(value, float), count) for value in (lower, upper)))
        places = np.arange(self.height, self.height + count)
        for column, factor in terms:
            wide = np.broadcast_to(column, count), np.broadcast_to(np.asarray(factor, float), count)
            self.entries.append((places, *wide))
        self.height += count

    def ragged(self, upper: FloatArray, row: FloatArray, column: FloatArray, factor: FloatArray) -> None:
        """Add rows `<= upper` whose entries are listed one by one."""
        self.bounds.append((np.full(len(upper), -INF), upper))
        self.entries.append((self.height + row, column, factor))
        self.height += len(upper)

    def lp(self) -> highspy.HighsLp:
        """Lay the blocks out column by column, as HiGHS wants them."""
        row, column, factor = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.lexsort((row, column))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.width, self.height
        parts = [np.concatenate(part) for part in zip(*self.columns, strict=True)]
        lp.col_lower_, lp.col_upper_, lp.col_cost_ = parts[:3]
        lp.row_lower_, lp.row_upper_ = (np.concatenate(part) for part in zip(*self.bounds, strict=True))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=self.width))))
        lp.a_matrix_.index_, lp.a_matrix_.value_ = row[order], factor[order]
        if parts[3].any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(whole)] for whole in parts[3]]
        return lp


def build(p: Neutral) -> Arrays:
    """Fill the arrays with the whole problem."""
    a, h = Arrays(), p.step_h
    bought = a.add(p.steps, p.import_limit_mw, p.buy_yuan_per_mwh * h)
    sold = a.add(p.steps, p.export_limit_mw, -p.sell_yuan_per_mwh * h)
    balance: list[Term] = [(bought, 1.0), (sold, -1.0)]
    for name, most in p.available.items():
        balance.append((a.add(p.steps, most, p.variable_cost.get(name, 0.0) * h), 1.0))
    if p.storage:
        balance += store(a, p)
    if p.generator:
        balance.append((unit(a, p), 1.0))
    a.rows(p.load_mw, p.load_mw, *balance)
    if p.exclusive:
        one_way(a, bought, p.import_limit_mw, sold, p.export_limit_mw)
    if p.demand_charge:
        above = a.add(1, INF, p.demand_charge.yuan_per_mw)
        a.rows(-INF, p.demand_charge.free_mw, (bought, 1.0), (above, -1.0))
    return a


def store(a: Arrays, p: Neutral) -> list[Term]:
    """Add the store and return its part of the balance."""
    s, h, sized = p.storage, p.step_h, p.sizing is not None
    into = a.add(p.steps, s.charge_mw)
    out = a.add(p.steps, s.discharge_mw, s.wear_yuan_per_mwh * h)
    least, most = p.soc_lower, s.soc_max
    level = a.add(p.steps, INF if sized else most * s.energy_mwh, lower=0.0 if sized else least * s.energy_mwh)
    flows = (into, -s.charge_efficiency * h), (out, h / s.discharge_efficiency)
    a.rows(0.0, 0.0, (level[1:], 1.0), (level[:-1], -p.kept), *((column[1:], factor) for column, factor in flows))
    first = [(level[:1], 1.0), *((column[:1], factor) for column, factor in flows)]
    begin = p.kept * s.soc_initial
    if sized:
        size = a.add(1, p.sizing.max_mwh, p.sizing.yuan_per_mwh_for_the_horizon)
        a.rows(0.0, 0.0, *first, (size, -begin))
        a.rows(-INF, 0.0, (level, 1.0), (size, -most))
        a.rows(0.0, INF, (level, 1.0), (size, -least))
    else:
        a.rows(begin * s.energy_mwh, begin * s.energy_mwh, *first)
    if p.exclusive:
        one_way(a, into, s.charge_mw, out, s.discharge_mw)
    return [(into, -1.0), (out, 1.0)]


def one_way(a: Arrays, one: FloatArray, one_most: float, other: FloatArray, other_most: float) -> None:
    """Let only one of two flows be above zero in each step."""
    flag = a.add(len(one), 1.0, whole=True)
    a.rows(-INF, 0.0, (one, 1.0), (flag, -one_most))
    a.rows(-INF, other_most, (other, 1.0), (flag, other_most))


def unit(a: Arrays, p: Neutral) -> FloatArray:
    """Add the generator and return its power's columns."""
    g, steps = p.generator, p.steps
    power = a.add(steps, g.power_mw, g.fuel_yuan_per_mwh * p.step_h)
    on = a.add(steps, np.where(np.arange(steps) < p.must_rest, 0.0, 1.0), whole=True)
    start = a.add(steps, 1.0, g.start_cost_yuan)
    stop = a.add(steps, 1.0)
    a.rows(-INF, 0.0, (power, 1.0), (on, -g.power_mw))
    a.rows(0.0, INF, (power, 1.0), (on, -g.min_load * g.power_mw))
    a.rows(0.0, 0.0, (on[:1], 1.0), (start[:1], -1.0), (stop[:1], 1.0))
    a.rows(0.0, 0.0, (on[1:], 1.0), (on[:-1], -1.0), (start[1:], -1.0), (stop[1:], 1.0))
    lasting(a, start, on, -1.0, 0.0, p.in_steps(g.min_up_h))
    lasting(a, stop, on, 1.0, 1.0, p.in_steps(g.min_down_h))
    if g.ramp_per_h is not None:
        ramps(a, p, power, on)
    return power


def lasting(a: Arrays, change: FloatArray, on: FloatArray, sign: float, upper: float, steps: int) -> None:
    """Keep a state for some steps: the changes of the last steps plus sign * on stay at most `upper`."""
    begin, back = np.meshgrid(np.arange(len(on)), np.arange(max(1, steps)))
    inside = begin >= back
    row, which = begin[inside], (begin - back)[inside]
    rows = np.concatenate((row, np.arange(len(on))))
    factors = np.concatenate((np.ones(len(row)), np.full(len(on), sign)))
    a.ragged(np.full(len(on), upper), rows, np.concatenate((change[which], on)), factors)


def ramps(a: Arrays, p: Neutral, power: FloatArray, on: FloatArray) -> None:
    """Bound the change of power; a start or a stop may go to its own bound."""
    running, edge = (share * p.generator.power_mw for share in p.ramps)
    now, before = power[1:], power[:-1]
    a.rows(-INF, 0.0, (power[:1], 1.0), (on[:1], -edge))
    a.rows(-INF, 0.0, (now, 1.0), (before, -1.0), (on[:-1], edge - running), (on[1:], -edge))
    a.rows(-INF, 0.0, (before, 1.0), (now, -1.0), (on[1:], edge - running), (on[:-1], -edge))


def solve(problem: Neutral) -> dict:
    """Build, hand over, run and read back."""
    clock = Clock()
    arrays = build(problem)
    clock.built()
    with clock.watching():
        solver = highspy.Highs()
        for name, value in problem.solver_options.items():
            solver.setOptionValue(name, value)
        solver.passModel(arrays.lp())
        solver.run()
        status = solver.modelStatusToString(solver.getModelStatus())
        np.asarray(solver.getSolution().col_value)
    return clock.report(solver.getInfo().objective_function_value, status.lower())


if __name__ == "__main__":
    main(solve)
