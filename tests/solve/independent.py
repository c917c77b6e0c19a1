"""The park's day written a second time, from the equations, for scipy.optimize.milp.

It shares nothing with parkopt.models: no Pyomo, other variables (levels are eliminated, the
peak and the shortfall are written otherwise), dense columns by hand. It reads the park's
config and the same series, and returns the least cost.
"""

from __future__ import annotations

import numpy as np
import scipy.optimize as so
import scipy.sparse as sp


class Rows:
    """Columns with cost and bounds, rows with limits."""

    def __init__(self):
        self.cost, self.low, self.high, self.whole = [], [], [], []
        self.entries, self.row_low, self.row_high = [], [], []

    def columns(self, n, cost=0.0, low=0.0, high=np.inf, whole=False):
        start = len(self.cost)
        self.cost += list(np.broadcast_to(cost, n).astype(float))
        self.low += list(np.broadcast_to(low, n).astype(float))
        self.high += list(np.broadcast_to(high, n).astype(float))
        self.whole += [int(whole)] * n
        return np.arange(start, start + n)

    def row(self, pairs, low=-np.inf, high=np.inf):
        self.entries.append(pairs)
        self.row_low.append(low)
        self.row_high.append(high)

    def solve(self):
        data, rows, cols = [], [], []
        for index, pairs in enumerate(self.entries):
            for column, value in pairs:
                data.append(value)
                rows.append(index)
                cols.append(column)
        matrix = sp.csr_matrix((data, (rows, cols)), shape=(len(self.entries), len(self.cost)))
        result = so.milp(
            self.cost,
            integrality=self.whole,
            bounds=so.Bounds(self.low, self.high),
            constraints=so.LinearConstraint(matrix, self.row_low, self.row_high),
            options={"mip_rel_gap": 1e-9, "time_limit": 120},
        )
        assert result.status == 0, result.message
        return float(result.fun)


def least_cost(problem):
    """Return the least cost of a problem with wind, PV, storage, grid, contracts, load and electrolysers."""
    n, h = problem.grid.n, problem.grid.hours
    rows = Rows()
    bus = [[] for _ in range(n)]
    demand = np.zeros(n)
    constant = 0.0
    kinds = {kind: problem.park.of_kind(kind) for kind in {a.kind for a in problem.park.assets.values()}}
    ((grid_name, connection),) = kinds["grid"].items()
    price = problem.series[grid_name]
    fees = sum(adder.price for adder in connection.tariff.adders.values())

    buy = rows.columns(n, (price["energy_price_yuan_per_mwh"] + fees) * h, high=connection.import_limit)
    sell = rows.columns(n, -price["export_price_yuan_per_mwh"] * h, high=connection.export_limit)
    direction = rows.columns(n, whole=True, high=1.0)
    for t in range(n):
        rows.row([(buy[t], 1), (direction[t], -connection.import_limit)], high=0)
        rows.row([(sell[t], 1), (direction[t], connection.export_limit)], high=connection.export_limit)
        bus[t] += [(buy[t], 1), (sell[t], -1)]
    if connection.tariff.demand:
        state = problem.state.of(grid_name)
        this_month = state.month == problem.grid.local[0].strftime("%Y-%m")
        floor = max(connection.tariff.demand.planned_peak, state.peak_mw if this_month else 0.0)
        peak = rows.columns(1, connection.tariff.demand.price, low=floor)
        constant -= connection.tariff.demand.price * floor
        for t in range(n):
            rows.row([(peak[0], 1), (buy[t], -1)], low=0)

    for kind in ("wind", "pv"):
        for name, plant in kinds.get(kind, {}).items():
            unused = rows.columns(n, (plant.curtail_price - plant.om - plant.price) * h)
            available = problem.series[name]["available_mw"]
            constant += float(np.sum((plant.om + plant.price) * h * available))
            for t in range(n):
                rows.high[unused[t]] = available[t]
                bus[t] += [(unused[t], -1)]
                demand[t] -= available[t]

    for name, store in kinds.get("storage", {}).items():
        charge = rows.columns(n, high=store.charge)
        give = rows.columns(n, store.wear * h, high=store.discharge)
        way = rows.columns(n, whole=True, high=1.0)
        keep = (1 - store.self_discharge) ** h
        opening = problem.state.of(name).soc_mwh
        opening = store.soc_initial * store.energy if opening is None else opening
        for t in range(n):
            bus[t] += [(give[t], 1), (charge[t], -1)]
            rows.row([(charge[t], 1), (way[t], -store.charge)], high=0)
            rows.row([(give[t], 1), (way[t], store.discharge)], high=store.discharge)
            level = []
            for s in range(t + 1):
                left = keep ** (t - s)
                level += [
                    (charge[s], store.charge_efficiency * h * left),
                    (give[s], -h * left / store.discharge_efficiency),
                ]
            start = opening * keep ** (t + 1)
            low = store.soc_final if t == n - 1 else store.soc_min
            rows.row(level, max(low, store.soc_min) * store.energy - start, store.soc_max * store.energy - start)

    over = []
    for name, deal in kinds.get("contract", {}).items():
        offer = problem.series[name]["offer_mw"]
        saved = price["energy_price_yuan_per_mwh"] if deal.delivered_over == "grid" else 0.0
        take = rows.columns(n, (deal.price - saved) * h, high=offer)
        if deal.delivered_over == "grid":
            over.append(take)
        else:
            for t in range(n):
                bus[t] += [(take[t], 1)]
        state = problem.state.of(name)
        due = deal.take_or_pay * (state.offered_mwh + float(np.sum(offer)) * h) - state.taken_mwh
        before = max(0.0, deal.take_or_pay * state.offered_mwh - state.taken_mwh)
        short = rows.columns(1, deal.price)
        constant -= deal.price * before
        rows.row([(short[0], 1), *((c, h) for c in take)], low=due)
    if over:
        for t in range(n):
            rows.row([(buy[t], 1), *((take[t], -1) for take in over)], low=0)

    for name, unit in kinds.get("electrolyser", {}).items():
        state = problem.state.of(name)
        power = rows.columns(n, high=unit.power)
        on = rows.columns(n, whole=True, high=1.0)
        start = rows.columns(n, unit.start_cost, whole=True, high=1.0)
        tank = unit.tank_initial * unit.tank if state.tank_kg is None else state.tank_kg
        need = unit.demand * h / 24
        for t in range(n):
            bus[t] += [(power[t], -1)]
            rows.row([(power[t], 1), (on[t], -unit.power)], high=0)
            rows.row([(power[t], 1), (on[t], -unit.min_load * unit.power)], low=0)
            before = [(on[t - 1], 1)] if t else []
            rows.row([(start[t], 1), (on[t], -1), *before], low=-float(bool(state.on)) if t == 0 else 0)
            made = [(power[s], h * 1000 / unit.efficiency) for s in range(t + 1)]
            low = unit.tank_final * unit.tank if t == n - 1 else 0.0
            rows.row(made, low - tank + need * (t + 1), unit.tank - tank + need * (t + 1))
    for name in kinds.get("load", {}):
        demand += problem.series[name]["demand_mw"]
    for t in range(n):
        rows.row(bus[t], demand[t], demand[t])
    return rows.solve() + constant
