# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # A day at Dafeng Port / 大丰港的一天
#
# From the park file to the traceable schedule, step by step. Open this file in Jupyter with
# jupytext (`pip install "parkopt[notebooks]"`), or run it: `python notebooks/dafeng_day.py`.
# All loads are synthetic; the weather is the embedded synthetic year's day-ahead forecast.

# %%
from dataclasses import replace
from datetime import date

import numpy as np

import parkopt
from parkopt.solve import solve

ctx = parkopt.Context(run="notebook", created_at="-", version="-")
request = parkopt.DayRequest(park="dafeng", day=date(2026, 1, 15))

# %% [markdown]
# ## The flow is one list of steps

# %%
result = request
for step in parkopt.DAY_AHEAD:
    result = step(result, ctx)
    print(f"{step.__name__:<16} -> {type(result).__name__}")

# %% [markdown]
# ## The figures that a manager reads first

# %%
figures = parkopt.summary(result.schedule)
for key in ("cost_yuan", "carbon_t", "park_factor_kg_per_mwh", "green_share", "self_use_of_available"):
    print(f"{key:<24}{figures[key]:>14,.4g}")

# %% [markdown]
# ## Where a night's green power came from
#
# A label such as `ess<offshore` is wind that came through the battery.

# %%
shares = result.schedule["share_wh"].sum("enterprise") / 1e6
for source in shares["source"].values:
    mwh = float(shares.sel(source=source).sum())
    print(f"{source:<20}{mwh:>10.1f} MWh")

# %% [markdown]
# ## What one more MWh of storage would have changed
#
# The same day with twice the battery. Planning runs over whole years come with studies; this
# is the smallest of them.

# %%
file = parkopt.load_park(parkopt.find_park("dafeng"), parkopt.technologies())
battery = file.park.assets["ess"]
costs = {}
for energy_mwh in (50, 100, 200):
    assets = {**file.park.assets, "ess": battery.model_copy(update={"energy": float(energy_mwh)})}
    problem = result.scheduled.solved.forecast.problem
    varied = replace(problem, park=problem.park.model_copy(update={"assets": assets}))
    costs[energy_mwh] = float(sum(np.sum(line) for line in solve(varied).bill.values()))
    print(f"{energy_mwh:>5} MWh: {costs[energy_mwh]:>12,.0f} yuan")
assert costs[50] >= costs[100] >= costs[200]
