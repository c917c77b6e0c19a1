"""PyPSA's cost of one unit beside a market: `python peer_pypsa.py < case.json`, in its own process for its warnings.

The case has hourly `price_yuan_per_mwh` and `demand_mw`, `import_mw`, and `unit` with the fields of a generator as
plain numbers. What PyPSA calls "before" is given as hours on or off.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import pypsa  # noqa: E402 - after the filter


def cost(case):
    unit, n = case["unit"], pypsa.Network()
    n.set_snapshots(range(len(case["demand_mw"])))
    n.add("Bus", "park")
    n.add("Load", "load", bus="park", p_set=case["demand_mw"])
    n.add("Generator", "import", bus="park", p_nom=case["import_mw"], marginal_cost=case["price_yuan_per_mwh"])
    ramps = {}
    if unit.get("ramp") is not None:
        edge = max(unit["ramp"], unit["min_load"])
        ramps = dict.fromkeys(("ramp_limit_up", "ramp_limit_down"), unit["ramp"])
        ramps |= dict.fromkeys(("ramp_limit_start_up", "ramp_limit_shut_down"), edge)
    n.add(
        "Generator",
        "unit",
        bus="park",
        p_nom=unit["power_mw"],
        p_min_pu=unit["min_load"],
        committable=True,
        marginal_cost=unit["yuan_per_mwh"],
        start_up_cost=unit["start_yuan"],
        shut_down_cost=unit["stop_yuan"],
        stand_by_cost=unit["running_yuan_per_h"],
        min_up_time=unit["min_up_h"],
        min_down_time=unit["min_down_h"],
        up_time_before=unit["since_h"] if unit["was_on"] else 0,
        down_time_before=0 if unit["was_on"] else unit["since_h"],
        **ramps,
    )
    options = {"output_flag": False, "mip_rel_gap": 1e-9}
    status, condition = n.optimize(solver_name="highs", solver_options=options, include_objective_constant=False)
    if condition == "infeasible":
        return None
    assert status == "ok", condition
    return float(n.objective)


if __name__ == "__main__":
    costs = [cost(case) for case in json.load(sys.stdin)]
    sys.stdout.write("\n" + json.dumps(costs) + "\n")  # behind what the solver says
