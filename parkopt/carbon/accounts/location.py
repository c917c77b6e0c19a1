"""Location-based account: what the traced energy carries, whatever contracts say."""

from __future__ import annotations

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import carbon, total
from parkopt.carbon.accounts.statement import CARBON, ENERGY, Rule, Statement, line, ratio
from parkopt.errors import Text

TITLE = Text("Location-based", "基于位置")
RULE = Rule(
    Text(
        "GHG Protocol Scope 2, location-based; traced by proportional sharing",
        "温室气体核算体系范围二（基于位置），按比例共享潮流追踪",
    ),
    2015,
    "",
    "S",
)
METHOD = Text(
    "Sum of the traced carbon of the subject's hours: imports at the grid's average factor of the hour, power made "
    "in the park or on a direct line at its own factor, storage at what it carries. Contracts and certificates do "
    "not enter.",
    "各时段追踪到的碳排放之和：购入电量按电网平均因子，园内及直连发电按自身因子，储能按其所含碳。不计合同和证书。",
)
NOTES = (
    Text(
        "Carbon at the connection is that of all imports; it differs from what consumers carry by what leaves with "
        "exports, what stays in storages and what losses carry.",
        "并网点碳排放指全部购入电量；与用户所承担者之差为外送、储能留存和损耗所含的碳。",
    ),
)
TRACED = Text("traced energy by source", "按来源追踪的电量")
IMPORTS = Text("imported energy with the grid's factor", "购入电量及电网因子")
FUEL = Text("carbon of fuel", "燃料碳排放")


def location_ug(case: AccountCase) -> int | None:
    """Return the traced carbon of the consumption, ug; None without a trace."""
    return None if case.physical is None else sum(total(flow.ug) for flow in case.physical.values())


def location(case: AccountCase) -> Statement:
    """Return the location-based account.

    The first line sums over parties to that of their park, exactly (I10 of the traceability reference).
    ``E_LB = sum_t import_t * EF_grid,t`` (reference, section 2) stands beside it as carbon at the connection.
    """
    grid = case.grid
    ug = location_ug(case)
    at_connection = None if grid is None or case.imports_wh is None else carbon(case.imports_wh, grid.ug_per_wh)
    fuel = None if case.fuel_ug is None else total(case.fuel_ug)
    factor = None if grid is None else grid.factor
    lines = [
        line("location_ug", Text("Carbon of the use", "用电碳排放"), ug, CARBON, factor, lacks=TRACED),
        line("consumption_wh", Text("Consumption", "用电量"), case.used_wh, ENERGY),
        line("factor", Text("Average factor", "平均因子"), ratio(ug, case.used_wh), "ug/Wh", factor, lacks=TRACED),
        line(
            "connection_ug",
            Text("Carbon at the connection", "并网点碳排放"),
            at_connection,
            CARBON,
            factor,
            lacks=IMPORTS,
        ),
        line(
            "fuel_ug", Text("Carbon of all fuel burnt (scope 1)", "燃料燃烧碳排放（范围一）"), fuel, CARBON, lacks=FUEL
        ),
    ]
    for label, flow in (case.physical or {}).items():
        lines.append(line(f"wh.{label}", Text(f"Energy of {label}", f"{label} 电量"), total(flow.wh), ENERGY))
        lines.append(line(f"ug.{label}", Text(f"Carbon of {label}", f"{label} 碳排放"), total(flow.ug), CARBON))
    return case.said("location", TITLE, lines, METHOD, RULE, NOTES)
