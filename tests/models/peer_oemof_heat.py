"""A small system of heat, solved by oemof-solph: JSON on standard input, the objective as JSON on standard output.

It runs in a process of its own: solph warns, and the tests take warnings for errors. Nothing of parkopt is used.

Input: steps, step_h, import_mw, price (a list), power_mw (a list), heat_mw (a list), and lists `pumps` (power, cops,
heat, min_load, start_cost), `boilers` (heat, efficiency, fuel_price or null, min_load, start_cost), `stores`
(charge, discharge, energy, charge_efficiency, discharge_efficiency, standing_loss, constant_loss, soc_min, soc_max,
soc_initial, soc_final).
"""

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
from oemof import solph  # noqa: E402


def units(given, rated):
    """Return what makes a flow one of a unit that runs or stands."""
    if not (given["min_load"] or given["start_cost"]):
        return {"nominal_capacity": rated}
    states = solph.NonConvex(startup_costs=given["start_cost"], initial_status=0)
    return {"nominal_capacity": rated, "minimum": given["min_load"], "nonconvex": states}


def converter(name, source, taken, heat, made, factor):
    """Return what turns one flow into `factor` times as much of another."""
    inputs, outputs = {source: taken}, {heat: made}
    return solph.components.Converter(name, inputs=inputs, outputs=outputs, conversion_factors={heat: factor})


def store(given, heat, steps):
    """Return a store; its level bounds have one entry more than there are steps."""
    low, high = np.full(steps + 1, given["soc_min"]), np.full(steps + 1, given["soc_max"])
    low[-1] = max(given["soc_min"], given["soc_final"])
    return solph.components.GenericStorage(
        given["name"],
        inputs={heat: solph.Flow(nominal_capacity=given["charge"])},
        outputs={heat: solph.Flow(nominal_capacity=given["discharge"])},
        nominal_capacity=given["energy"],
        initial_storage_level=given["soc_initial"],
        balanced=False,
        loss_rate=given["standing_loss"],
        fixed_losses_absolute=given["constant_loss"],
        inflow_conversion_factor=given["charge_efficiency"],
        outflow_conversion_factor=given["discharge_efficiency"],
        min_storage_level=low,
        max_storage_level=high,
    )


def system(given):
    """Return the energy system."""
    steps = given["steps"]
    index = np.arange(steps + 1) * given["step_h"]
    made = solph.EnergySystem(timeindex=index, infer_last_interval=False)
    power, heat = solph.buses.Bus("power"), solph.buses.Bus("heat")
    bought = solph.Flow(nominal_capacity=given["import_mw"], variable_costs=np.asarray(given["price"]))
    made.add(power, heat, solph.components.Source("grid", outputs={power: bought}))
    for name, bus, key in (("works", power, "power_mw"), ("network", heat, "heat_mw")):
        fixed = solph.Flow(nominal_capacity=1, fix=np.asarray(given[key]))
        made.add(solph.components.Sink(name, inputs={bus: fixed}))
    for pump in given["pumps"]:
        taken = solph.Flow(**units(pump, pump["power"]))
        most = {} if pump["heat"] is None else {"nominal_capacity": pump["heat"]}
        made.add(converter(pump["name"], power, taken, heat, solph.Flow(**most), np.asarray(pump["cops"])))
    for boiler in given["boilers"]:
        source = power
        if boiler["fuel_price"] is not None:
            source = solph.buses.Bus(f"fuel of {boiler['name']}")
            burnt = solph.Flow(variable_costs=boiler["fuel_price"])
            made.add(source, solph.components.Source(f"well of {boiler['name']}", outputs={source: burnt}))
        given_heat = solph.Flow(**units(boiler, boiler["heat"]))
        made.add(converter(boiler["name"], source, solph.Flow(), heat, given_heat, boiler["efficiency"]))
    made.add(*(store(own, heat, steps) for own in given["stores"]))
    return made


if __name__ == "__main__":
    problem = json.load(sys.stdin)
    model = solph.Model(system(problem))
    results = model.solve(solver="highs", cmdline_options={"mip_rel_gap": 1e-9})
    status = str(model.solver_results["termination_condition"])
    sys.stdout.write("\n" + json.dumps({"objective": float(results["objective"]), "status": status}) + "\n")
