"""PK14 and PK15: solving a day, and its carbon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parkopt.errors import NOWHERE, CarbonFault, InfeasibleDay, Language, ParkFault, SolveFault, Where


class Told(Protocol):
    """What can be told as plain data."""

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return it as plain data."""


class Infeasible(InfeasibleDay):
    code = "PK1401"
    en = "No schedule keeps all promises of this day. In conflict: {conflicts}."
    zh = "没有方案能同时满足当天的全部约束。冲突：{conflicts}。"
    fix_en = "Smallest change that works: {changes}."
    fix_zh = "可行的最小改动：{changes}。"

    def __init__(self, where: Where = NOWHERE, *, offers: Sequence[Told] = (), **facts: object) -> None:
        self.offers = tuple(offers)
        """The changes as data, the smallest first; see `parkopt.solve.offers.Offer`."""
        super().__init__(where, **facts)

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the error with its offers."""
        return {**super().as_dict(lang), "offers": [offer.as_dict(lang) for offer in self.offers]}


class NoSolution(SolveFault):
    code = "PK1402"
    en = "The solver ended with '{status}' and no schedule."
    zh = "求解器以 '{status}' 结束，未得到方案。"
    fix_en = "Raise the time limit with --time-limit, or report the case."
    fix_zh = "请用 --time-limit 放宽时限，或反馈该算例。"


class CheckFailed(SolveFault):
    code = "PK1403"
    en = "The schedule did not pass the independent check: {findings}."
    zh = "方案未通过独立校核：{findings}。"
    fix_en = "It was not released. Report the case with its park file and date."
    fix_zh = "该方案未发布。请连同园区文件和日期一起反馈。"


class Unbounded(SolveFault):
    code = "PK1404"
    en = "The cost can fall without limit: {hint}."
    zh = "成本可以无限降低：{hint}。"
    fix_en = "Give the asset named there a limit or a price."
    fix_zh = "请给该设备设置上限或价格。"


class WrongState(ParkFault):
    code = "PK1405"
    en = "The opening state says {name} = {value}, outside {low} to {high}."
    zh = "初始状态 {name} = {value}，超出 {low} 至 {high}。"
    fix_en = "Give the state that the last schedule returned, or correct it."
    fix_zh = "请使用上一次方案给出的状态，或加以更正。"


class FormsDiffer(SolveFault):
    code = "PK1406"
    en = "The arrays for the solver are not those of Pyomo's compiler: {names}."
    zh = "交给求解器的数组与 Pyomo 编译结果不一致：{names}。"
    fix_en = "Nothing was solved. Report the case with its park file and date."
    fix_zh = "未进行求解。请连同园区文件和日期一起反馈。"


class NotReproduced(SolveFault):
    code = "PK1407"
    en = "The schedule {run} cannot be made again: {what} differs."
    zh = "无法重现方案 {run}：{what} 不同。"
    fix_en = "Give the weather, loads and park file that it was made with, or plan the day anew."
    fix_zh = "请提供制定该方案时使用的气象、负荷和园区文件，或重新制定。"


class NotClosed(CarbonFault):
    code = "PK1501"
    en = "At {time} sources give {sources_wh} Wh and sinks take {sinks_wh} Wh."
    zh = "{time} 时电源共 {sources_wh} Wh，用电共 {sinks_wh} Wh，不平衡。"
    fix_en = "The difference is more than rounding; check the flows of that hour."
    fix_zh = "差额超过舍入误差；请检查该时段的电量。"


class ChargeAndDischarge(CarbonFault):
    code = "PK1502"
    en = "{asset} charges and discharges within {time}."
    zh = "{asset} 在 {time} 内同时充电和放电。"
    fix_en = "Net the two meter readings of that step first."
    fix_zh = "请先对该时段的两个读数取净值。"


class LineGains(CarbonFault):
    code = "PK1504"
    en = "At {time}, {arrived_wh} Wh arrive at bus {bus} over {asset}, and only {sent_wh} Wh were sent."
    zh = "{time} 时线路 {asset} 在母线 {bus} 到达 {arrived_wh} Wh，而送出仅 {sent_wh} Wh。"
    fix_en = "A line only loses: check the two meters of that line and their direction."
    fix_zh = "线路只会损耗；请检查该线路两端的电表及其方向。"


class FlowBelowZero(CarbonFault):
    code = "PK1505"
    en = "At {time}, {asset} at bus {bus} has a negative {what}: {value}."
    zh = "{time} 时母线 {bus} 的 {asset} 的 {what} 为负：{value}。"
    fix_en = "Each direction of a flow is a register of its own and never negative; check its sign."
    fix_zh = "每个方向各有一个非负的读数；请检查符号。"


class UnknownFactor(ParkFault):
    code = "PK1503"
    en = "There is no carbon factor {factor!r}; known: {known}."
    zh = "没有碳因子 {factor!r}；已知：{known}。"
    fix_en = "Name one of these; docs/factors.md gives their sources."
    fix_zh = "请给出其中之一；来源见 docs/factors.md。"
