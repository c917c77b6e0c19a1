"""PyPSA's cost of two buses with a link each way: `python peer_line.py < cases.json`, in a process of its own.

Loads at both, the grid near, PV and a battery far; the links of a line share no direction, which a positive price makes
needless.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import pypsa  # noqa: E402 - after the filter


def cost(case):
    n = pypsa.Network()
    n.set_snapshots(range(len(case["near"])))
    n.add("Bus", ["near", "far"])
    n.add("Load", "here", bus="near", p_set=case["near"])
    n.add("Load", "there", bus="far", p_set=case["far"])
    n.add("Generator", "grid", bus="near", p_nom=200.0, marginal_cost=case["price"])
    sun = [mw / 40.0 for mw in case["sun"]]
    n.add("Generator", "sun", bus="far", p_nom=40.0, p_max_pu=sun, marginal_cost=1.0)
    for name, ends, limit in zip(("ahead", "back"), (("near", "far"), ("far", "near")), case["limits"], strict=True):
        kept = {"efficiency": 1.0 - case["loss"], "marginal_cost": 3.0}
        n.add("Link", name, bus0=ends[0], bus1=ends[1], p_nom=limit, **kept)
    n.add("Bus", "cells")
    n.add("Link", "charge", bus0="far", bus1="cells", p_nom=5.0, efficiency=0.93)
    n.add("Link", "discharge", bus0="cells", bus1="far", p_nom=5.0 / 0.93, efficiency=0.93, marginal_cost=0.93)
    least = [0.1] * (len(case["near"]) - 1) + [0.5]
    n.add("Store", "cells", bus="cells", e_nom=10.0, e_initial=5.0, e_min_pu=least, e_max_pu=0.9)
    status, condition = n.optimize(
        solver_name="highs", solver_options={"output_flag": False}, include_objective_constant=False
    )
    assert status == "ok", condition
    return float(n.objective)


if __name__ == "__main__":
    import contextlib
    import logging

    logging.disable(logging.CRITICAL)
    cases = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        costs = [cost(case) for case in cases]
    sys.stdout.write(json.dumps(costs))
