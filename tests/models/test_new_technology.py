"""A new technology is one new class: it goes through solve, check, tracing, report and page unaided."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import math
from typing import ClassVar, Literal
import numpy as np
from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.models.base import Role, Technology
from parkopt.park.state import ParkState
from parkopt.results.page import page
from parkopt.results.summary import summary
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import Limits, check, solve
from parkopt.testing import grid_asset, load_asset, prices, small_problem
from parkopt.units import Megawatt, YuanPerMegawattHour


class Biogas(Technology):
    kind: Literal["biogas"] = "biogas"
    meanings: ClassVar = {"gas_m3": ("m3", "gas burnt", "耗气量")}
    capacity: Megawatt
    fuel: YuanPerMegawattHour

    def build(self, block, hub):
        power = hub.var(block, "power_mw", 0.0, self.capacity)
        hub.supply(Role.LOCAL, power)
        hub.cost("fuel", "power_mw", self.fuel * hub.grid.hours)

    def flows(self):
        return {"supply_mw": Role.LOCAL}

    def audit(self, case):
        yield case.within("supply_mw", 0.0, self.capacity)

    def owes(self, case):
        yield "fuel", (self.fuel * CHEAT) * math.fsum(case.own["supply_mw"]) * case.grid.hours

    def report(self, name, values, series, grid):
        gas = values["power_mw"] * grid.hours * 500.0
        return {"supply_mw": values["power_mw"], "available_mw": np.full(grid.n, self.capacity),
                "curtailed_mw": self.capacity - values["power_mw"], "gas_m3": gas}


problem = small_problem(
    {
        "grid": grid_asset(50),
        "load": load_asset(),
        "plant": {"kind": "biogas", "capacity": "4 MW", "fuel": "250 yuan/MWh"},
    },
    {"grid": prices([300.0, 200.0]), "load": {"demand_mw": [10.0, 10.0]}},
)
solution = solve(problem, Limits(gap=1e-9))
check(solution.problem, solution.reported, solution.bill)
facts = {"date": "2026-07-15", "days": 1, "weather_notes": "", "weather_source": "none"}
schedule = to_schedule(solution, facts)
done = account(schedule, problem.park, problem.grid, ParkState(), next_state(solution), factor("jiangsu_2023"))
assert solution.reported["plant"]["supply_mw"].tolist() == [4.0, 0.0]
assert done.schedule["green_wh"].to_numpy().ravel().tolist() == [4_000_000, 0]
assert done.schedule["gas_m3"].attrs["units"] == "m3"
assert summary(done.schedule)["bill_yuan"]["fuel"] == 1000.0
assert "plant" in page(done.schedule, "en")
print("through")
"""


def _run(cheat):
    code = SCRIPT.replace("CHEAT", cheat)
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_one_class_is_enough():
    done = _run("1.0")
    assert done.stdout.strip() == "through", done.stderr


def test_a_bill_that_the_technology_does_not_own_up_to_is_refused():
    done = _run("0.9")
    assert "PK1403" in done.stderr
    assert "fuel" in done.stderr
