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
# # What tomorrow may bring to Sheyang Port / 射阳港的明天
#
# From the physical chain to quantiles, scenarios, one plan over all of them, and what that plan costs on the day
# that came.
# Weather, its forecast errors and all loads are synthetic.

# %%
from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np

import parkopt
from parkopt.outlook import outlook_of
from parkopt.solve import solve
from parkopt.solve.follow import follow, plan_of
from parkopt.solve.stochastic import Risk, hedge
from parkopt.stages import Forecast
from parkopt.workflow import fetch_weather, forecast, load_park

ctx = parkopt.Context(run="notebook", created_at="-", version="-")


def posed(basis: Literal["forecast", "actual"]) -> Forecast:
    """Return the day as it was forecast, or as it came."""
    request = parkopt.DayRequest(park="sheyang", day=date(2026, 6, 2), weather_basis=basis)
    return forecast(fetch_weather(load_park(request, ctx), ctx), ctx)


seen = posed("forecast")

# %% [markdown]
# ## Quantiles of the offshore farm, as known at 09:00 the day before

# %%
loaded = seen.observed.loaded
outlook = outlook_of(loaded.file, loaded.grid, seen.observed.weather, seen.series)
wind = outlook.assets["offshore"]
print(wind.method, "-", wind.notes[0])
for hour in range(0, 24, 4):
    low, middle, high = (float(wind.quantiles.at(level)[hour]) for level in (0.1, 0.5, 0.9))
    chain = float(seen.series["offshore"]["available_mw"][hour])
    print(f"{hour:02d}:00  chain {chain:6.1f}  {low:6.1f} {middle:6.1f} {high:6.1f} MW")

# %% [markdown]
# ## Scenarios over wind, sun and loads together

# %%
drawn = outlook.scenarios(draws=200, keep=6)
for weight, mwh in zip(drawn.weights, drawn.values["offshore"].sum(axis=1), strict=True):
    print(f"probability {weight:.3f}: {mwh:7.0f} MWh of wind")

# %% [markdown]
# ## One plan for all of them, and one for the median alone

# %%
futures = [replace(seen.problem, series=outlook.future(drawn, number)) for number in range(len(drawn))]
calm = hedge(futures, drawn.weights)
wary = hedge(futures, drawn.weights, risk=Risk(weight=0.5, level=0.8))
median = plan_of(solve(replace(seen.problem, series=outlook.expected)))
print(f"Expected cost {calm.expected_yuan:,.0f} yuan, dearest fifth {calm.at_risk_yuan:,.0f}")
print(f"With risk weighed {wary.expected_yuan:,.0f} and {wary.at_risk_yuan:,.0f}")

# %% [markdown]
# ## What each plan would have cost

# %%
came = posed("actual").problem
costs = {name: follow(came, plan).objective for name, plan in (("median", median), ("scenarios", calm.plan))}
costs["known beforehand"] = solve(came).objective
print("Held on what came: " + ", ".join(f"{name} {np.round(cost):,.0f} yuan" for name, cost in costs.items()))
