"""FlexMeasures' device scheduler, called without a database: plain frames in, a schedule out.

The connection is not a device; its power is the sum of all devices' powers (consumption is above zero).
What is bought or sold is a deviation from a commitment to nothing. The scheduler's own way to HiGHS
(`FLEXMEASURES_LP_SOLVER="highspy"`, its default) is used. It counts steps, not hours, so prices are
given per MW and step and levels in MW steps.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from flask import Flask
from flexmeasures.data.models.planning import FlowCommitment
from flexmeasures.data.models.planning.linear_optimization import device_scheduler

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.problem import Neutral
from tests.bench.peers.timing import Clock, main, unsupported

COLUMNS = ("min", "max", "equals", "derivative min", "derivative max", "derivative equals")
# FlexMeasures tightens HiGHS's tolerances to 1e-9; the settings below, HiGHS's own, are the other peers' too.
TOLERANCES = {
    "primal_feasibility_tolerance": 1e-7,
    "dual_feasibility_tolerance": 1e-7,
    "mip_feasibility_tolerance": 1e-6,
}


def reason_against(p: Neutral) -> str | None:
    """Return why the scheduler cannot express a problem, or nothing."""
    g = p.generator
    if p.sizing:
        return "sizing: device_scheduler has no capacity variable, stock bounds are numbers in a DataFrame"
    if g and (g.start_cost_yuan or p.in_steps(g.min_up_h) > 1 or p.in_steps(g.min_down_h) > 1):
        return "unit commitment: device_power_bands give on-off power, but start costs and least times have no argument"
    if g and g.ramp_per_h is not None:
        return "ramps: device_scheduler bounds power and stock, not the change of power"
    if not p.exclusive and (p.sell_yuan_per_mwh > p.buy_yuan_per_mwh).any():
        return "import beside export: only the net power of all devices is known, so selling above buying differs"
    if taken_for_convex(p):
        return (
            "prices: selling above buying passes for convex once wear or peak prices are added, and is then unbounded"
        )
    return None


def taken_for_convex(p: Neutral) -> bool:
    """Tell whether the scheduler would leave out the binaries that selling above buying needs.

    Its check (in its own words oversimplified) adds up the prices of all commitments in a step, also of
    those that have nothing to do with the connection.
    """
    gap = (p.buy_yuan_per_mwh - p.sell_yuan_per_mwh) * p.step_h
    beside = p.storage.wear_yuan_per_mwh * p.step_h if p.storage else 0.0
    beside += p.demand_charge.yuan_per_mw if p.demand_charge else 0.0
    return bool((gap < 0).any() and (gap + beside >= 0).all())


class Site:
    """The devices and commitments of one problem."""

    def __init__(self, problem: Neutral) -> None:
        self.p, self.h = problem, problem.step_h
        freq = pd.Timedelta(hours=problem.step_h)
        self.index = pd.date_range("2026-01-01", periods=problem.steps, freq=freq, tz="UTC")
        self.devices: list[pd.DataFrame] = []
        self.commitments: list[FlowCommitment] = []
        self.begin: list[float] = []
        self.bands: list[list[tuple[float, float]] | None] = []
        self.stocks: dict[int, list[int]] = {}

    def device(self, low: object, high: object, begin: float = 0.0, bands: list | None = None, **more: object) -> int:
        """Add a device with its power's bounds and return its number."""
        frame = pd.DataFrame(np.nan, index=self.index, columns=list(COLUMNS))
        frame["derivative min"], frame["derivative max"] = low, high
        for name, values in more.items():
            frame[name.replace("_", " ")] = values
        self.devices.append(frame)
        self.begin.append(begin)
        self.bands.append(bands)
        return len(self.devices) - 1

    def price(self, name: str, up: object, down: object, device: int | None = None, **more: object) -> None:
        """Price what differs from a commitment, for the site or for one device."""
        prices = {"upwards_deviation_price": up, "downwards_deviation_price": down}
        spread = {key: pd.Series(np.broadcast_to(value, self.p.steps), self.index) for key, value in prices.items()}
        whole = {"name": name, "index": self.index, "device": device, "quantity": 0, **spread, **more}
        self.commitments.append(FlowCommitment(**whole))


def build(p: Neutral) -> Site:
    """Describe the park as devices and commitments."""
    site, h = Site(p), p.step_h
    site.device(p.load_mw, p.load_mw)
    for name, most in p.available.items():
        number, cost = site.device(-most, 0.0), p.variable_cost.get(name, 0.0) * h
        if cost:
            site.price(name, -cost, -cost, number)
    if p.storage:
        store(site)
    if p.generator:
        g = p.generator
        bands = [(-g.power_mw, -g.min_load * g.power_mw), (0.0, 0.0)]
        number = site.device(-g.power_mw, 0.0, bands=bands)
        site.price("fuel", -g.fuel_yuan_per_mwh * h, -g.fuel_yuan_per_mwh * h, number)
    site.price("energy", p.buy_yuan_per_mwh * h, p.sell_yuan_per_mwh * h)
    if p.demand_charge:
        peak = {"quantity": p.demand_charge.free_mw, "_type": "any"}
        site.price("peak", p.demand_charge.yuan_per_mw, 0.0, **peak)
    return site


def store(site: Site) -> None:
    """Add the store: one device where charge and discharge exclude each other, else two on one stock.

    The scheduler spreads a step's change evenly over the step when it takes losses off; the rules here
    take them off the level before. Both efficiencies are set so that the same equation results.
    """
    p, s, h = site.p, site.p.storage, site.h
    kept = p.kept
    spread = 1.0 if kept == 1.0 else (kept - 1.0) / math.log(kept)
    scale, begin = s.energy_mwh / h, s.soc_initial * s.energy_mwh / h
    rates = {
        "derivative_up_efficiency": s.charge_efficiency / spread,
        "derivative_down_efficiency": s.discharge_efficiency * spread,
        "efficiency": kept,
    }
    bounds = {"min": p.soc_lower * scale - begin, "max": s.soc_max * scale - begin}
    if p.exclusive:
        out = site.device(-s.discharge_mw, s.charge_mw, begin, **bounds, **rates)
    else:
        into = site.device(0.0, s.charge_mw, begin, **bounds, **rates)
        out = site.device(-s.discharge_mw, 0.0, begin, **rates)
        site.stocks[0] = [into, out]
    if s.wear_yuan_per_mwh:
        site.price("wear", 0.0, -s.wear_yuan_per_mwh * h, out)


def application(p: Neutral) -> Flask:
    """Return an app that holds the scheduler's settings and nothing else."""
    app = Flask("peers")
    options = {**p.solver_options, **TOLERANCES}
    app.config.update(FLEXMEASURES_LP_SOLVER="highspy", FLEXMEASURES_LP_SOLVER_OPTIONS=options, LOGGING_LEVEL="WARNING")
    return app


def solve(problem: Neutral) -> dict:
    """Build frames, schedule, and take the devices' powers."""
    reason = reason_against(problem)
    if reason:
        return unsupported(reason)
    with application(problem).app_context():
        clock = Clock()
        site = build(problem)
        limits = pd.DataFrame(np.nan, index=site.index, columns=list(COLUMNS))
        limits["derivative min"], limits["derivative max"] = -problem.export_limit_mw, problem.import_limit_mw
        clock.built()
        more = {"stock_groups": site.stocks or None, "device_power_bands": site.bands if any(site.bands) else None}
        with clock.watching():
            powers, cost, results, _ = device_scheduler(
                site.devices, limits, commitments=site.commitments, initial_stock=site.begin, **more
            )
            assert len(powers[0]) == problem.steps
        return clock.report(cost, str(results.solver.termination_condition), "direct highspy way, no database")


if __name__ == "__main__":
    main(solve, "flexmeasures")
