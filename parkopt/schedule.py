"""The result: an xarray Dataset with units, long names in both languages and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Technology
from parkopt.models.build import Problem
from parkopt.models.tech import technologies
from parkopt.park.state import ParkState
from parkopt.solve.check_rules import (
    breaches_mwh,
    breaches_t,
    green_scores,
    ratio_energies,
    year_after,
    year_end_ratios,
)
from parkopt.solve.planner import Solution


@dataclass(frozen=True)
class Meaning:
    """Unit and meaning of a variable of the schedule."""

    units: str
    en: str
    zh: str

    def attrs(self) -> dict[str, str]:
        """Return the attributes that the variable bears in the Dataset."""
        return {"units": self.units, "long_name": self.en, "long_name_zh": self.zh}


VARIABLES: dict[str, Meaning] = {
    "supply_mw": Meaning("MW", "power supplied to the park's bus", "送入园区母线的功率"),
    "available_mw": Meaning("MW", "power available before curtailment", "弃电前可用功率"),
    "curtailed_mw": Meaning("MW", "curtailed power", "弃电功率"),
    "charge_mw": Meaning("MW", "charging power at the bus", "充电功率（母线侧）"),
    "discharge_mw": Meaning("MW", "discharging power at the bus", "放电功率（母线侧）"),
    "soc_mwh": Meaning("MWh", "stored energy at the end of the step", "时段末储存电量"),
    "take_mw": Meaning("MW", "power taken under the contract", "合同取电功率"),
    "offer_mw": Meaning("MW", "power offered under the contract", "合同可取功率"),
    "demand_mw": Meaning("MW", "load", "负荷"),
    "power_mw": Meaning("MW", "power that the unit takes", "设备用电功率"),
    "on": Meaning("1", "whether the unit runs", "是否运行"),
    "hydrogen_kg": Meaning("kg", "hydrogen made in the step", "时段产氢量"),
    "tank_kg": Meaning("kg", "hydrogen in the tank at the end of the step", "时段末储氢量"),
    "import_mw": Meaning("MW", "import from the public grid", "下网功率"),
    "export_mw": Meaning("MW", "export to the public grid", "上网功率"),
    "energy_price_yuan_per_mwh": Meaning("yuan/MWh", "purchase price of energy", "购电价格"),
    "adders_yuan_per_mwh": Meaning("yuan/MWh", "fees on each imported MWh", "随下网电量的费用"),
    "export_price_yuan_per_mwh": Meaning("yuan/MWh", "price of exported energy", "上网价格"),
    "cost_yuan": Meaning("yuan", "cost by line of the bill", "分项费用"),
    "bill_yuan": Meaning("yuan", "cost of the whole horizon by line of the bill", "全期分项费用"),
    "consumption_wh": Meaning("Wh", "consumption of the enterprise", "企业用电量"),
    "green_wh": Meaning("Wh", "local wind and PV in it, direct or stored", "其中本地风光电量（含经储能）"),
    "share_wh": Meaning("Wh", "consumption by source; storage<source came through storage", "分来源用电量"),
    "carbon_ug": Meaning("ug", "CO2 that the consumption bears", "用电碳排放"),
    "export_wh": Meaning("Wh", "export by source", "分来源上网电量"),
    "line_loss_wh": Meaning("Wh", "what lines lose, by source", "线路损耗分来源电量"),
    "line_loss_ug": Meaning("ug", "CO2 that line losses bear", "线路损耗碳排放"),
    "park_factor_kg_per_mwh": Meaning("kg/MWh", "hourly carbon factor of the park's consumption", "园区分时用电碳因子"),
    "park_carbon_ug": Meaning("ug", "CO2 of the park's consumption", "园区用电碳排放"),
    "fuel_ug": Meaning("ug", "CO2 of fuels burnt in the park, power and heat", "园区燃料燃烧碳排放（含供热）"),
    "park_consumption_wh": Meaning("Wh", "consumption of the park", "园区用电量"),
}


def meaning(name: str) -> Meaning:
    """Return unit and meaning of a variable; a technology of your own says its variables' in `meanings`."""
    if name in VARIABLES:
        return VARIABLES[name]
    if name.startswith("connection_"):
        whole = meaning(name.removeprefix("connection_"))
        return Meaning(whole.units, f"{whole.en}, by connection", f"{whole.zh}（分并网点）")
    own = {key: words for cls in technologies().values() for key, words in cls.meanings.items()}
    return Meaning(*own[name])


BUS = ("import_mw", "export_mw", "energy_price_yuan_per_mwh", "adders_yuan_per_mwh", "export_price_yuan_per_mwh")
"""Variables of the grid connection: they have no asset dimension. Of several connections the powers are summed and
the prices are the first one's; each connection's own stand beside them as ``connection_import_mw`` and so on."""
SUMMED = ("import_mw", "export_mw")


def to_schedule(solution: Solution, provenance: Mapping[str, str | int | float]) -> xr.Dataset:
    """Return the schedule of a solution.

    Parameters
    ----------
    solution : Solution
        A solution that passed the check.
    provenance : mapping
        Where it comes from: hashes, versions, request.

    Returns
    -------
    xarray.Dataset
        Dims time (UTC, start of step), asset, line. NaN where a variable does not apply to
        an asset's kind; never elsewhere.
    """
    problem, reported = solution.problem, solution.reported
    names = list(problem.park.assets)
    data = {key: (("asset", "time"), _rows(key, names, reported, problem.grid)) for key in _keys(reported)}
    connections = list(problem.park.of_kind("grid"))
    bus = {key: ("time", _at_grid(key, [reported[name] for name in connections], problem.grid.n)) for key in BUS}
    if len(connections) > 1:
        own = {name: reported[name] if name in connections else {} for name in names}
        data |= {f"connection_{key}": (("asset", "time"), _rows(key, names, own, problem.grid)) for key in BUS}
    lines, cost, bill = _costs(solution)
    made = xr.Dataset(
        {**data, **bus, "cost_yuan": (("line", "time"), cost), "bill_yuan": ("line", bill)},
        coords={
            "time": utc_times(problem.grid),
            "asset": names,
            "kind": ("asset", [problem.park.assets[name].kind for name in names]),
            "line": lines,
        },
        attrs={**_facts(solution), **provenance},
    )
    return described(made)


def _at_grid(key: str, connections: list[Mapping[str, FloatArray]], n: int) -> FloatArray:
    """Return a variable of the connection to the grid; a park off the grid has zeros."""
    if not connections:
        return np.zeros(n)
    total: FloatArray = np.sum([own[key] for own in connections], axis=0)
    return total if key in SUMMED else connections[0][key]


def of_asset(schedule: xr.Dataset, variable: str, asset: str) -> FloatArray:
    """Return a variable of one asset, shape (n,): where there is one grid connection it has no asset dimension."""
    if f"connection_{variable}" in schedule:
        variable = f"connection_{variable}"
    values: FloatArray = schedule[variable].to_numpy()
    if "asset" in schedule[variable].dims:
        values = values[schedule.get_index("asset").get_loc(asset)]
    return values


def utc_times(grid: TimeGrid) -> pd.DatetimeIndex:
    """Return the starts of the steps in UTC without a zone, as xarray and NetCDF hold them."""
    return pd.DatetimeIndex(grid.index.tz_localize(None), name="time").as_unit("ns")


def described(dataset: xr.Dataset) -> xr.Dataset:
    """Give each variable its unit and meaning."""
    for name, variable in dataset.data_vars.items():
        variable.attrs.update(meaning(str(name)).attrs())
    return dataset


def _keys(reported: Mapping[str, Mapping[str, FloatArray]]) -> list[str]:
    found = {key for own in reported.values() for key in own if key not in BUS}
    return [*(key for key in VARIABLES if key in found), *sorted(found - set(VARIABLES))]


def _rows(key: str, names: list[str], reported: Mapping[str, Mapping[str, FloatArray]], grid: TimeGrid) -> FloatArray:
    rows = np.full((len(names), grid.n), np.nan)
    for index, name in enumerate(names):
        if key in reported[name]:
            rows[index] = reported[name][key]
    return rows


def _costs(solution: Solution) -> tuple[list[str], FloatArray, FloatArray]:
    """Return the lines of the bill, their cost by step (day-long lines on the last step), and in all."""
    lines = list(solution.bill)
    cost = np.zeros((len(lines), solution.problem.grid.n))
    for index, line in enumerate(lines):
        yuan = solution.bill[line]
        if len(yuan) == cost.shape[1]:
            cost[index] = yuan
        else:
            cost[index, -1] = float(np.sum(yuan))
    return lines, cost, cost.sum(axis=1)


def _facts(solution: Solution) -> dict[str, str | int | float]:
    problem = solution.problem
    return {
        "park": problem.park.id,
        "zone": problem.park.zone,
        "name_en": problem.park.name.en,
        "name_zh": problem.park.name.zh,
        "enterprise_names": _json({key: own.name.model_dump() for key, own in problem.park.enterprises.items()}),
        "flows": _json(_flows(problem)),
        "step_min": int(problem.grid.step.total_seconds() // 60),
        "goal": problem.objective.goal,
        "carbon_price_yuan_per_t": problem.objective.carbon_yuan_per_t,
        "status": solution.outcome,
        "gap": solution.gap,
        "objective": solution.objective,
        "solver": solution.solver,
        "binaries_for": ", ".join(sorted(problem.exclusive | {name for name, _ in problem.exclusive_at})),
        "rounds": solution.rounds,
        **{f"synthetic_{key}": text for key, text in dict(problem.park.synthetic or ()).items()},
        **_year_to_date(problem, solution),
        **green_scores(problem, solution.reported),
        **{f"breach_{name}_mwh": mwh for name, mwh in breaches_mwh(problem, solution.reported).items()},
        **{f"breach_{name}_t": tonnes for name, tonnes in breaches_t(problem, solution.reported).items()},
    }


def _year_to_date(problem: Problem, solution: Solution) -> dict[str, float]:
    """Return the ratios that bind: the year so far with the horizon, all charging counted (models.policy)."""
    if problem.park.rules.direct_connection == "none":
        return {}
    day, year = ratio_energies(problem, solution.reported), problem.state.year
    total = {key: value + getattr(year, key) for key, value in day.items()}
    available, demand = max(total["available_mwh"], 1e-9), max(total["demand_mwh"], 1e-9)
    return {
        "year_self_use_of_available": total["self_use_mwh"] / available,
        "year_self_use_of_demand": total["self_use_mwh"] / demand,
        "year_export_of_available": total["export_mwh"] / available,
        **_year_end(problem, solution),
    }


def _year_end(problem: Problem, solution: Solution) -> dict[str, float]:
    """Return the ratios that are expected at the year's end, and 1 or 0 for whether each holds then."""
    found = year_end_ratios(problem, solution.reported)
    ratios = {f"expected_{name}": ratio for name, (ratio, _) in found.items()}
    return ratios | {f"expected_{name}_holds": float(holds) for name, (_, holds) in found.items()}


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)


def _flows(problem: Problem) -> dict[str, dict[str, str]]:
    """Return by asset which reported powers pass the bus, and as what."""
    assets = problem.park.assets.items()
    return {name: dict(asset.flows()) for name, asset in assets if isinstance(asset, Technology)}


def next_state(solution: Solution) -> ParkState:
    """Return what the next day inherits from a solution; see `state_after`."""
    return state_after(solution.problem, solution.reported)


def state_after(problem: Problem, reported: Mapping[str, Mapping[str, FloatArray]]) -> ParkState:
    """Return what the next day inherits: levels, the month's peak, contracts, the year's energies."""
    assets = {
        name: asset.next_state(problem.state.of(name), reported[name], problem.series[name], problem.grid)
        for name, asset in problem.park.assets.items()
        if isinstance(asset, Technology)
    }
    changed = {name: state for name, state in assets.items() if state.model_dump(exclude_defaults=True)}
    year = year_after(problem, reported)
    return ParkState(park=problem.park.id, at=problem.grid.end, assets=changed, year=year)
