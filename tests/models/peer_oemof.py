"""oemof-solph's cost of a CHP beside a market and a dearer heat: `python peer_oemof.py < cases.json`.

Extraction is an ExtractionTurbineCHP, back-pressure a Converter; the fuel
flow bears minimum load and the costs of starts and stops. Least times are left out: solph holds the status of as many
steps at both ends to the initial one, which is another problem.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402 - after the filter
from oemof import solph  # noqa: E402


def cost(case):
    hours = len(case["demand_mw"])
    index = pd.date_range("2026-07-15", periods=hours + 1, freq="h")
    system = solph.EnergySystem(timeindex=index, infer_last_interval=False)
    power, heat, gas = (solph.buses.Bus(name) for name in ("power", "heat", "gas"))
    price = {"variable_costs": case["price_yuan_per_mwh"]}
    fixed = {"power": case["demand_mw"], "heat": case["heat_mw"]}
    system.add(
        power,
        heat,
        gas,
        solph.components.Source("import", outputs={power: solph.Flow(nominal_capacity=case["import_mw"], **price)}),
        solph.components.Source("fuel", outputs={gas: solph.Flow(variable_costs=case["fuel_yuan_per_mwh"])}),
        solph.components.Source("backup", outputs={heat: solph.Flow(variable_costs=case["unmet_yuan_per_mwh"])}),
        solph.components.Sink("load", inputs={power: solph.Flow(fix=fixed["power"], nominal_capacity=1)}),
        solph.components.Sink("warm", inputs={heat: solph.Flow(fix=fixed["heat"], nominal_capacity=1)}),
        chp(case["unit"], power, heat, gas),
    )
    model = solph.Model(system)
    model.solve(solver="highs", solve_kwargs={"tee": False}, cmdline_options={"mip_rel_gap": 1e-9})
    return float(model.objective())


def chp(unit, power, heat, gas):
    """Return the component; its fuel flow is switched."""
    most = unit["power_mw"] / unit["efficiency"]
    switched = solph.NonConvex(
        startup_costs=unit["start_yuan"],
        shutdown_costs=unit["stop_yuan"],
        initial_status=0,
    )
    fuel = solph.Flow(nominal_capacity=most, minimum=unit["min_load"], nonconvex=switched)
    if unit["form"] == "back_pressure":
        shares = {power: unit["efficiency"], heat: unit["efficiency"] * unit["heat_to_power"]}
        return solph.components.Converter(
            "chp", {gas: fuel}, {power: solph.Flow(), heat: solph.Flow()}, conversion_factors=shares
        )
    # on the back-pressure line heat = r power, and power + b heat = efficiency * fuel
    electric = unit["efficiency"] / (1.0 + unit["power_loss"] * unit["heat_to_power"])
    return solph.components.ExtractionTurbineCHP(
        label="chp",
        inputs={gas: fuel},
        outputs={power: solph.Flow(), heat: solph.Flow(nominal_capacity=unit["heat_mw"])},
        conversion_factors={power: electric, heat: electric * unit["heat_to_power"]},
        conversion_factor_full_condensation={power: unit["efficiency"]},
    )


if __name__ == "__main__":
    costs = [cost(case) for case in json.load(sys.stdin)]
    sys.stdout.write("\n" + json.dumps(costs) + "\n")  # behind what the solver says
