"""Words of the reasons, in both languages: one sentence a kind, filled with the numbers that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from parkopt.clock import TimeGrid
from parkopt.errors import Text

MANY = 1000
"""Amounts from here on are said in whole numbers."""

FLOWS: Mapping[str, Text] = {
    "charge_mw": Text("charging", "充电"),
    "discharge_mw": Text("discharge", "放电"),
    "import_mw": Text("import", "下网"),
    "export_mw": Text("export", "上网"),
    "use_mw": Text("local energy", "本地发电"),
    "take_mw": Text("contract energy", "合同电量"),
    "supply_mw": Text("generation", "发电"),
    "power_mw": Text("consumption", "用电"),
    "heat_mw": Text("heat", "供热"),
    "heat_charge_mw": Text("heat stored", "蓄热"),
    "heat_discharge_mw": Text("heat given", "放热"),
    "forward_mw": Text("sent forward", "正向输送"),
    "back_mw": Text("sent back", "反向输送"),
}


ROWS: Mapping[str, Text] = {
    "least_load": Text("its least load", "最低负荷"),
    "rated_load": Text("its rated power", "额定功率"),
    "ramp_up": Text("its ramp", "爬坡限制"),
    "ramp_down": Text("its ramp", "爬坡限制"),
    "start_load": Text("its start", "启动限制"),
    "stop_load": Text("its stop", "停机限制"),
    "fuel_limit": Text("its fuel of a day", "日燃料上限"),
    "cycles": Text("its cycles of a day", "日循环次数"),
    "import_connected": Text("the connected capacity", "接入容量"),
    "export_connected": Text("the connected capacity", "接入容量"),
    "import_within": Text("the declared grid-connection capacity", "申报并网容量"),
    "export_within": Text("the declared grid-connection capacity", "申报并网容量"),
    "energy": Text("the energy that it must take", "应用电量"),
    "total": Text("the energy due to vehicles", "车辆应充电量"),
    "heat_line": Text("heat by power", "热电比"),
    "self_use_of_available": Text("the self-use share", "自用比例"),
    "self_use_of_demand": Text("the local share of demand", "绿电占用电比例"),
    "export_of_available": Text("the export share", "上网比例"),
    "carbon_cap": Text("the carbon cap", "碳排放上限"),
    "carbon_budget": Text("the year's carbon budget", "年度碳预算"),
}
RESERVE = Text("the reserve that it holds", "所留备用")
ONE_WAY = Text("one direction at a time", "单向运行要求")


def row_words(name: str) -> Text:
    """Return what a rule or row of the model is called; one that is not known is shown by its name."""
    if name.endswith("_only"):
        return ONE_WAY
    if name.startswith("free_"):
        return RESERVE
    return ROWS.get(name, Text(name, name))


def flow_words(variable: str) -> Text:
    """Return what a flow is called; one that is not known is shown by its name."""
    return FLOWS.get(variable, Text(variable, variable))


def number(value: float) -> str:
    """Return a number as it is said: three digits, whole from a thousand on, and no negative nothing."""
    text = f"{value:,.0f}" if abs(value) >= MANY else f"{value:.3g}"
    return "0" if float(text.replace(",", "")) == 0.0 else text


def hour(grid: TimeGrid, step: int) -> str:
    """Return the local time of a step; with its date from the second day on."""
    label, first = grid.label(step), grid.label(0)
    return label[-5:] if label[:10] == first[:10] else label[5:]


class Kind(StrEnum):
    """Why an asset does what it does."""

    CHARGE = "charge"
    CHARGE_AT_LIMIT = "charge_at_limit"
    DISCHARGE = "discharge"
    DISCHARGE_AT_LIMIT = "discharge_at_limit"
    IDLE_SPREAD = "idle_spread"
    IDLE_FULL = "idle_full"
    IDLE_EMPTY = "idle_empty"
    IMPORT = "import"
    IMPORT_AT_LIMIT = "import_at_limit"
    IMPORT_HELD_BY_PEAK = "import_held_by_peak"
    IMPORT_HELD_BY_RULE = "import_held_by_rule"
    EXPORT = "export"
    EXPORT_AT_LIMIT = "export_at_limit"
    EXPORT_HELD_BY_RULE = "export_held_by_rule"
    EXPORT_FORBIDDEN = "export_forbidden"
    NO_EXCHANGE = "no_exchange"
    AT_LIMIT = "at_limit"
    PARTLY = "partly"
    HELD = "held"
    NOTHING = "nothing"
    OFF = "off"
    HABIT = "habit"
    HEDGED = "hedged"


SENTENCES: Mapping[Kind, Text] = {
    Kind.CHARGE: Text(
        "{asset} charges {mw} MW: a MWh costs {cost} yuan now{source}, and what is kept of it is worth {worth}{use}.",
        "{asset} 充电 {mw} MW：此时每 MWh 成本 {cost} 元{source}，扣除损耗后储存价值 {worth} 元{use}。",
    ),
    Kind.CHARGE_AT_LIMIT: Text(
        "{asset} charges {mw} MW, all it can: a MWh costs {cost} yuan now{source}, and what is kept of it is worth "
        "{worth}{use}.",
        "{asset} 满功率充电 {mw} MW：此时每 MWh 成本 {cost} 元{source}，扣除损耗后储存价值 {worth} 元{use}。",
    ),
    Kind.DISCHARGE: Text(
        "{asset} discharges {mw} MW: a MWh saves {worth} yuan now{source}; wear and the energy taken are worth {cost}.",
        "{asset} 放电 {mw} MW：此时每 MWh 可节省 {worth} 元{source}；损耗折旧与所耗存电合计 {cost} 元。",
    ),
    Kind.DISCHARGE_AT_LIMIT: Text(
        "{asset} discharges {mw} MW, all it can: a MWh saves {worth} yuan now{source}; wear and the energy taken are "
        "worth {cost}.",
        "{asset} 满功率放电 {mw} MW：此时每 MWh 可节省 {worth} 元{source}；损耗折旧与所耗存电合计 {cost} 元。",
    ),
    Kind.IDLE_SPREAD: Text(
        "{asset} rests: the spread of {spread} yuan/MWh between {cost} now{source} and {later}{when} is no more than "
        "losses and wear of {losses}.",
        "{asset} 待机：此时 {cost} 元/MWh{source}，{when}{later} 元/MWh，"
        "价差 {spread} 元不高于损耗与折旧 {losses} 元。",
    ),
    Kind.IDLE_FULL: Text(
        "{asset} rests because it is full: with room, a MWh at {cost} yuan now{source} would be worth {worth}.",
        "{asset} 已充满而待机：若有余量，此时每 MWh 成本 {cost} 元{source}，价值 {worth} 元。",
    ),
    Kind.IDLE_EMPTY: Text(
        "{asset} rests because it is at its lowest level: a MWh would save {worth} yuan now{source}.",
        "{asset} 已到最低电量而待机：此时每 MWh 本可节省 {worth} 元{source}。",
    ),
    Kind.IMPORT: Text(
        "{asset} imports {mw} MW: a MWh costs {cost} yuan, and is worth {worth} in the park.",
        "{asset} 下网 {mw} MW：每 MWh 成本 {cost} 元，园区内价值 {worth} 元。",
    ),
    Kind.IMPORT_AT_LIMIT: Text(
        "{asset} imports {mw} MW, its limit: one MWh more would cost {cost} yuan and be worth {worth}.",
        "{asset} 下网 {mw} MW，已达上限：再多 1 MWh 成本 {cost} 元，价值 {worth} 元。",
    ),
    Kind.IMPORT_HELD_BY_PEAK: Text(
        "{asset} imports {mw} MW and is held there by the month's peak: a MW more would raise the demand charge, here "
        "by {peak} of {demand} yuan/MW; beside that a MWh costs {cost} yuan and is worth {worth}.",
        "{asset} 下网 {mw} MW，受当月最大需量限制：再增 1 MW 将抬高需量电费（{demand} 元/MW 中本时段 {peak} 元）；"
        "此外每 MWh 成本 {cost} 元，价值 {worth} 元。",
    ),
    Kind.IMPORT_HELD_BY_RULE: Text(
        "{asset} imports {mw} MW under the rule {rule}, which weighs {weight} yuan on each MWh beside its price of "
        "{cost}; a MWh is worth {worth}.",
        "{asset} 下网 {mw} MW，受规则“{rule}”影响（每 MWh {weight} 元）；电价 {cost} 元，价值 {worth} 元。",
    ),
    Kind.EXPORT: Text(
        "{asset} exports {mw} MW: a MWh earns {worth} yuan, and would be worth {cost} in the park{stores}.",
        "{asset} 上网 {mw} MW：每 MWh 收入 {worth} 元，留在园区内仅值 {cost} 元{stores}。",
    ),
    Kind.EXPORT_AT_LIMIT: Text(
        "{asset} exports {mw} MW, its limit: a MWh earns {worth} yuan, and would be worth {cost} in the park{stores}.",
        "{asset} 上网 {mw} MW，已达上限：每 MWh 收入 {worth} 元，留在园区内仅值 {cost} 元{stores}。",
    ),
    Kind.EXPORT_HELD_BY_RULE: Text(
        "{asset} exports {mw} MW and is held there by the rule {rule}, which weighs {weight} yuan on each MWh; it "
        "earns {worth} and would be worth {cost} in the park{stores}.",
        "{asset} 上网 {mw} MW，受规则“{rule}”限制（每 MWh {weight} 元）；每 MWh 收入 {worth} 元，"
        "留在园区内值 {cost} 元{stores}。",
    ),
    Kind.EXPORT_FORBIDDEN: Text(
        "{asset} exports nothing because export is forbidden now: a MWh would earn {worth} yuan and is worth {cost} in "
        "the park.",
        "{asset} 此时禁止上网：每 MWh 本可收入 {worth} 元，园区内值 {cost} 元。",
    ),
    Kind.NO_EXCHANGE: Text(
        "{asset} rests: a MWh of import would cost {cost} yuan, one of export earn {earns}; in the park it is worth "
        "{worth}.",
        "{asset} 无交换：下网每 MWh 成本 {cost} 元，上网收入 {earns} 元，园区内价值 {worth} 元。",
    ),
    Kind.AT_LIMIT: Text(
        "{asset}: {flow} {mw} MW, all that is possible: one MWh more would bring {worth} yuan and cost {cost}.",
        "{asset}：{flow} {mw} MW，已达上限：再多 1 MWh 带来 {worth} 元，成本 {cost} 元。",
    ),
    Kind.PARTLY: Text(
        "{asset}: {flow} {mw} MW: one MWh more would bring {worth} yuan and cost as much ({cost}).",
        "{asset}：{flow} {mw} MW：再多 1 MWh 带来 {worth} 元，成本相当（{cost} 元）。",
    ),
    Kind.HELD: Text(
        "{asset}: {flow} {mw} MW, held by {rule}, which weighs {weight} yuan on each MWh; one MWh more brings {worth} "
        "and costs {cost} beside it.",
        "{asset}：{flow} {mw} MW，受“{rule}”限制（每 MWh {weight} 元）；"
        "此外再多 1 MWh 带来 {worth} 元，成本 {cost} 元。",
    ),
    Kind.NOTHING: Text(
        "{asset}: no {flow}: a MWh would cost {cost} yuan and bring {worth}.",
        "{asset}：{flow} 为零：每 MWh 成本 {cost} 元，带来 {worth} 元。",
    ),
    Kind.OFF: Text(
        "{asset} is off: on or off is decided as a whole; what the other would cost needs a second solve.",
        "{asset} 停机：开停为整体决策，另一选择的费用需再次求解。",
    ),
    Kind.HEDGED: Text(
        "{asset} keeps the plan that is cheapest over the scenarios; on this day alone another might cost less.",
        "{asset} 执行多场景下最省的计划；仅就这一天而言，其他安排可能更省。",
    ),
    Kind.HABIT: Text(
        "{asset} follows habit: no plan was found within the time limit.",
        "{asset} 按惯例运行：时限内未得到优化方案。",
    ),
}
NO_DIFFERENCE = Text(" Doing otherwise would make no difference to the cost.", "改变做法不影响费用。")
SOURCE = Text(" ({name})", "（{name}）")
USE = {
    "discharge": Text(
        ", given back at {when} at {price} yuan/MWh less losses and wear",
        "，用于 {when} 放电（{price} 元/MWh，扣除损耗与折旧）",
    ),
    "charge": Text(", for it saves charging at {when} at {price}", "，可减少 {when} 的充电（{price} 元/MWh）"),
    "final": Text(", for the level due at the end", "，用于满足期末电量"),
    "value": Text(", by the value of the level at the end", "，按期末电量价值计"),
}
STORES = Text("; stores: {states}", "；储能：{states}")
STATES = {
    "full": Text("{name} full", "{name} 已满"),
    "charging": Text("{name} charging {mw} MW", "{name} 充电 {mw} MW"),
    "resting": Text("{name} resting", "{name} 待机"),
    "giving": Text("{name} discharging", "{name} 放电"),
}


def fill(template: Text, **facts: object) -> Text:
    """Return a sentence with its facts; a `Text` gives one value per language."""
    own = {key: value if isinstance(value, Text) else Text(str(value), str(value)) for key, value in facts.items()}
    return Text(
        template.en.format(**{key: value.en for key, value in own.items()}),
        template.zh.format(**{key: value.zh for key, value in own.items()}),
    )


def joined(*parts: Text) -> Text:
    """Return texts one after the other."""
    return Text("".join(part.en for part in parts), "".join(part.zh for part in parts))
