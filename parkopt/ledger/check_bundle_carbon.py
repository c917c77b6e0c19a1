"""The arithmetic of carbon and energy in the records themselves (reference section 6: I1-I4, I10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import View

Parts = Mapping[str, list[Any]]


def carbon(view: View) -> Said:
    """Check that each hour's energy and carbon close, the park's factor, and both views of each enterprise.

    Raises
    ------
    StepError
        With the first record that does not add up.
    """
    total_ug = total_wh = 0
    for index, record in view.latest("park-day"):
        for hour, stated in enumerate(record["hours"]):
            _park_hour(index, hour, stated)
            total_wh, total_ug = total_wh + stated["consumption_wh"], total_ug + int(stated["carbon_ug"])
        if view.scope.all:
            _all_enterprises(view, index, record)
    for index, record in view.latest("enterprise-day"):
        _enterprise_day(view, index, record)
    factor = total_ug // total_wh if total_wh else 0
    en = f"{total_wh} Wh consumed, {total_ug} ug CO2 (location): {factor} ug/Wh; every hour closes"
    return Said(en, f"消费 {total_wh} Wh，碳排放 {total_ug} ug（位置口径）：{factor} ug/Wh；逐时平衡")


def _park_hour(index: int, hour: int, stated: Record) -> None:
    taken: dict[str, int] = {}
    for row in stated["consumers_wh"].values():
        for label, wh in row.items():
            taken[label] = taken.get(label, 0) + wh
    consumed = sum(taken.values())
    for parts in stated["others"].values():
        for label, (wh, _) in parts.items():
            taken[label] = taken.get(label, 0) + wh
    given = {label: wh for label, (wh, _) in stated["sources"].items()}
    if {k: v for k, v in given.items() if v} != {k: v for k, v in taken.items() if v}:
        raise StepError(f"hour {hour}: sources and sinks differ", f"{hour} 时：来源与去向不平衡", index)
    ug = int(stated["carbon_ug"])
    if _ug(stated["sources"]) != ug + sum(_ug(parts) for parts in stated["others"].values()):
        raise StepError(f"hour {hour}: carbon in is not carbon out", f"{hour} 时：碳排放不平衡", index)
    factor = str(ug // consumed) if consumed else "0"
    if stated["consumption_wh"] != consumed or stated["factor_ug_per_wh"] != factor:
        raise StepError(f"hour {hour}: the park factor is not carbon by energy", f"{hour} 时：园区因子有误", index)


def _ug(parts: Parts) -> int:
    return sum(int(ug) for _, ug in parts.values())


def _all_enterprises(view: View, index: int, record: Record) -> None:
    own = [one for _, one in view.latest("enterprise-day") if one["day"] == record["day"]]
    for hour, stated in enumerate(record["hours"]):
        wh = sum(one["hours"][hour]["consumption_wh"] for one in own)
        ug = sum(int(one["hours"][hour]["carbon_ug"]) for one in own)
        if (wh, ug) != (stated["consumption_wh"], int(stated["carbon_ug"])):
            en = f"hour {hour}: the enterprises together are not the park"
            raise StepError(en, f"{hour} 时：各企业合计与园区不符", index)


def _enterprise_day(view: View, index: int, record: Record) -> None:
    day = record["day"]
    facts = {one["device"]: one for one in view.devices(index)["devices"]}
    green = {name for name, one in facts.items() if one["green"]}
    factors = view.need("park-day", day)[1]["factors"]
    residual = view.factor(index, factors["residual"], day)
    for hour, stated in enumerate(record["hours"]):
        parts = stated["by_source"]
        wh = sum(energy for energy, _ in parts.values())
        origins = sum(energy for label, (energy, _) in parts.items() if label.rpartition("<")[2] in green)
        claimed = sum(stated["claims"].values())
        own = sum(energy * facts.get(name, {}).get("ug_per_wh", 0) for name, energy in stated["claims"].items())
        wanted = {
            "consumption_wh": wh, "carbon_ug": str(_ug(parts)), "green_wh": origins, "claimed_wh": claimed,
            "market_ug": str((wh - claimed) * residual[hour] + own),
        }  # fmt: skip
        wrong = [name for name, value in wanted.items() if stated[name] != value]
        if wrong or claimed > wh:
            name = wrong[0] if wrong else "claimed_wh"
            raise StepError(f"hour {hour}: {name} does not add up", f"{hour} 时：{name} 计算有误", index)
