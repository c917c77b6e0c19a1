"""Matching: hourly matching score, carbon-free energy, and the annual volume beside them."""

from __future__ import annotations

import numpy as np

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import total
from parkopt.carbon.accounts.statement import ENERGY, SHARE, Rule, Statement, line, ratio
from parkopt.errors import Text

TITLE = Text("Hourly matching", "逐小时匹配")
RULE = Rule(
    Text(
        "EnergyTag matching and the 24/7 CFE score; GHG Protocol draft revision",
        "EnergyTag 匹配与 24/7 CFE 指标；温室气体核算体系修订草案",
    ),
    2025,
    "",
    "S",
)
METHOD = Text(
    "Hourly matching = claimed over use. CFE adds the grid's carbon-free share to what is left of each hour. "
    "Volumetric "
    "= all clean energy delivered over use, whatever the hour: the gap to hourly matching is surplus that no "
    "hour used.",
    "逐小时匹配 = 声明电量 / 用电量。CFE 再加上各小时剩余用电中电网的无碳占比。年度总量口径 = 全部清洁电量 / "
    "用电量，不分时段：其与逐小时匹配之差为无时段可用的富余。",
)
NOTES = (
    Text(
        "Scores are weighted by energy, never means of hourly percentages; surplus of one hour never counts in "
        "another.",
        "各项按电量加权，不取小时百分比平均；某小时富余不得抵另一小时。",
    ),
)
CLEAN = Text("clean energy delivered before matching (delivered_wh)", "匹配前的清洁电量（delivered_wh）")
GRID = Text("the grid's carbon-free share by hour (grid_cfe)", "电网逐小时无碳占比（grid_cfe）")
USE = Text("consumption", "用电量")


def cfe(case: AccountCase) -> float | None:
    """Return ``sum_t (M_t + R_t * gamma_t) / sum_t L_t`` (reference, section 2); None without the grid's shares."""
    if case.grid_cfe is None or not case.used_wh:
        return None
    from_grid = float(np.dot(case.rest_wh.astype(np.float64), case.grid_cfe))
    return (case.claimed() + from_grid) / case.used_wh


def matching(case: AccountCase) -> Statement:
    """Return the three scores, and what could have been matched."""
    clean, used = case.delivered_wh, case.used_wh
    possible = None if clean is None else total(np.minimum(case.consumption_wh, clean))
    delivered = None if clean is None else total(clean)
    surplus = None if delivered is None or possible is None else delivered - possible
    hm, volume = ratio(case.claimed(), used), ratio(delivered, used)
    gap = None if hm is None or volume is None else volume - hm
    title, lacks = Text("Carbon-free energy score", "无碳电力得分（CFE）"), GRID if case.grid_cfe is None else USE
    lines = [
        line("hm", Text("Hourly matching score", "逐小时匹配率"), hm, SHARE, lacks=USE),
        line("cfe", title, cfe(case), SHARE, lacks=lacks),
        line(
            "volumetric", Text("Volumetric (annual) share", "年度总量占比"), volume, SHARE, lacks=CLEAN if used else USE
        ),
        line("gap", Text("Volumetric less hourly", "总量与逐小时之差"), gap, SHARE, lacks=CLEAN if used else USE),
        line("claimed_wh", Text("Claimed", "已声明电量"), case.claimed(), ENERGY),
        line("possible_wh", Text("Could be matched", "可匹配电量"), possible, ENERGY, lacks=CLEAN),
        line("surplus_wh", Text("Surplus of single hours", "小时富余电量"), surplus, ENERGY, lacks=CLEAN),
        line("consumption_wh", Text("Consumption", "用电量"), used, ENERGY),
    ]
    return case.said("matching", TITLE, lines, METHOD, RULE, NOTES)
