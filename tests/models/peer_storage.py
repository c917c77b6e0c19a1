"""oemof-solph's cost of a storage beside a market: `python peer_storage.py < cases.json`, in a process of its own.

solph warns where pytest would stop; its GenericStorage loses `loss_rate` of the level before each step.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402 - after the filter
from oemof import solph  # noqa: E402


def cost(case):
    index = pd.date_range("2026-07-15", periods=len(case["demand_mw"]) + 1, freq="h")
    system = solph.EnergySystem(timeindex=index, infer_last_interval=False)
    bus = solph.buses.Bus("power")
    market = solph.Flow(nominal_capacity=case["import_mw"], variable_costs=case["price_yuan_per_mwh"])
    store = solph.components.GenericStorage(
        "ess",
        inputs={bus: solph.Flow(nominal_capacity=1.0, maximum=case["charge_mw"])},
        outputs={bus: solph.Flow(nominal_capacity=case["discharge_mw"], variable_costs=case["wear"])},
        nominal_capacity=case["energy"],
        loss_rate=case["loss"],
        initial_storage_level=case["opening"],
        balanced=False,
        min_storage_level=[0.0, *case["least"]],
        max_storage_level=[1.0, *case["most"]],
        inflow_conversion_factor=case["eta_in"],
        outflow_conversion_factor=case["eta_out"],
    )
    demand = solph.Flow(nominal_capacity=1.0, fix=case["demand_mw"])
    system.add(
        bus,
        store,
        solph.components.Source("import", outputs={bus: market}),
        solph.components.Sink("load", inputs={bus: demand}),
    )
    model = solph.Model(system)
    model.solve(solver="highs", solve_kwargs={"tee": False}, cmdline_options={"mip_rel_gap": 1e-9})
    return float(model.objective())


if __name__ == "__main__":
    import contextlib
    import logging

    logging.disable(logging.CRITICAL)
    cases = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        costs = [cost(case) for case in cases]
    sys.stdout.write(json.dumps(costs))
