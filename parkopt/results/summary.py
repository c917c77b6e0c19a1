"""The few figures of a schedule that a manager reads first."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from parkopt.clock import FloatArray
from parkopt.schedule import of_asset

UG_PER_T = 1e12
WH_PER_MWH = 1e6
NOT_CASH = ("rule_breach", "carbon_price")
"""Lines that steer the schedule and that nobody pays."""


def summary(schedule: xr.Dataset) -> dict[str, Any]:
    """Return cost, carbon, green share and ratios of a schedule with its carbon.

    The ratios are those of 688/2026 on this horizon alone, by tracing: local energy that
    reached consumers, directly or through storage, over what was available and over what
    was consumed. ``self_use_gross`` leaves storage losses in.
    """
    hours = float(schedule.attrs["step_min"]) / 60.0
    available = _mwh(schedule, "available_mw", hours)
    green = float(schedule["green_wh"].sum()) / WH_PER_MWH
    consumption = float(schedule["park_consumption_wh"].sum()) / WH_PER_MWH
    exported = float(schedule["export_mw"].sum()) * hours
    used = float(role_mw(schedule, "local").sum()) * hours
    carbon_t = float(schedule["park_carbon_ug"].sum()) / UG_PER_T
    return {
        "cost_yuan": round(cost_yuan(schedule), 2),
        "bill_yuan": {line: round(yuan, 2) for line, yuan in bill(schedule).items()},
        "carbon_t": round(carbon_t, 3),
        "park_factor_kg_per_mwh": round(_ratio(carbon_t * 1000, consumption), 2),
        "green_share": round(_ratio(green, consumption), 4),
        "self_use_of_available": round(_ratio(green, available), 4),
        "self_use_gross": round(_ratio(used - exported, available), 4),
        "self_use_of_demand": round(_ratio(green, consumption), 4),
        "export_of_available": round(_ratio(exported, available), 4),
        "consumption_mwh": round(consumption, 3),
        "available_mwh": round(available, 3),
        "curtailed_mwh": round(_mwh(schedule, "curtailed_mw", hours), 3),
        "import_mwh": round(float(schedule["import_mw"].sum()) * hours, 3),
        "export_mwh": round(exported, 3),
        "peak_import_mw": round(float(schedule["import_mw"].max()), 3),
        "contracted_mwh": round(_mwh(schedule, "take_mw", hours), 3),
        "fuel_carbon_t": round(float(schedule["fuel_ug"].sum()) / UG_PER_T, 3) if "fuel_ug" in schedule else 0.0,
        "hydrogen_kg": round(float(schedule["hydrogen_kg"].sum()), 1) if "hydrogen_kg" in schedule else 0.0,
        "year_to_date": {key[5:]: round(float(schedule.attrs[key]), 4) for key in schedule.attrs if key[:5] == "year_"},
        "enterprises": enterprise_shares(schedule),
    }


def bill(schedule: xr.Dataset) -> dict[str, float]:
    """Return the bill by line in yuan."""
    return dict(zip(schedule["line"].to_numpy().tolist(), schedule["bill_yuan"].to_numpy().tolist(), strict=True))


def cost_yuan(schedule: xr.Dataset) -> float:
    """Return what the horizon costs: the bill without lines that nobody pays."""
    return float(np.sum([yuan for line, yuan in bill(schedule).items() if line not in NOT_CASH]))


def enterprise_shares(schedule: xr.Dataset) -> dict[str, dict[str, float]]:
    """Return consumption, green share and carbon of each enterprise."""
    found = {}
    for name in schedule["enterprise"].to_numpy().tolist():
        own = schedule.sel(enterprise=name)
        consumption, green = (float(own[key].sum()) / WH_PER_MWH for key in ("consumption_wh", "green_wh"))
        found[name] = {
            "consumption_mwh": round(consumption, 3),
            "green_share": round(_ratio(green, consumption), 4),
            "carbon_t": round(float(own["carbon_ug"].sum()) / UG_PER_T, 3),
        }
    return found


def _mwh(schedule: xr.Dataset, name: str, hours: float) -> float:
    return float(schedule[name].sum(skipna=True)) * hours if name in schedule else 0.0


def role_mw(schedule: xr.Dataset, role: str) -> FloatArray:
    """Return the sum of the powers that pass the bus in a role (local, stored, charge, ...), shape (n,)."""
    flows = json.loads(schedule.attrs["flows"])
    wanted = [(name, key) for name, own in flows.items() for key, said in own.items() if said == role]
    total: FloatArray = np.zeros(schedule.sizes["time"])
    for name, key in wanted:
        total += of_asset(schedule, key, name)
    return total


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
