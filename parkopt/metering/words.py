"""The words of meter files in both languages: columns, units, registers, qualities."""

from __future__ import annotations

import re
from typing import Literal

from parkopt.metering.reading import Quality, Register

Column = Literal[
    "device", "register", "start", "end", "minutes", "value", "unit", "quality", "revision", "kind", "comment"
]
COLUMNS: dict[str, Column] = {
    "device": "device", "设备": "device", "设备名称": "device",
    "register": "register", "寄存器": "register", "表计": "register", "计量项": "register", "表计/寄存器": "register",
    "start": "start", "开始时间": "start", "开始": "start", "起始时间": "start", "时间": "start", "time": "start",
    "end": "end", "结束时间": "end", "结束": "end",
    "minutes": "minutes", "分钟": "minutes", "时长": "minutes",
    "value": "value", "电量": "value", "数值": "value",
    "unit": "unit", "单位": "unit",
    "quality": "quality", "质量": "quality", "数据质量": "quality",
    "revision": "revision", "修订": "revision", "修订号": "revision", "版本": "revision",
    "kind": "kind", "类型": "kind",
    "comment": "comment", "备注": "comment", "note": "comment",
}  # fmt: skip
UNITS = {
    "kwh": "kWh", "千瓦时": "kWh", "度": "kWh",
    "mwh": "MWh", "兆瓦时": "MWh",
    "wh": "Wh", "瓦时": "Wh",
}  # fmt: skip
WH = {"Wh": 1, "kWh": 1_000, "MWh": 1_000_000}
REGISTERS = {str(one): one for one in Register} | {
    "发电": Register.GENERATION, "发电量": Register.GENERATION,
    "用电": Register.CONSUMPTION, "用电量": Register.CONSUMPTION,
    "下网": Register.IMPORT, "下网电量": Register.IMPORT, "购电": Register.IMPORT,
    "上网": Register.EXPORT, "上网电量": Register.EXPORT,
    "充电": Register.CHARGE, "充电量": Register.CHARGE,
    "放电": Register.DISCHARGE, "放电量": Register.DISCHARGE,
    "正向送出": Register.FORWARD_SENT, "正向送达": Register.FORWARD_ARRIVED,
    "反向送出": Register.BACK_SENT, "反向送达": Register.BACK_ARRIVED,
    "结算": Register.DELIVERED, "结算电量": Register.DELIVERED,
}  # fmt: skip
REGISTERS_ZH = {
    Register.GENERATION: "发电", Register.CONSUMPTION: "用电", Register.IMPORT: "下网", Register.EXPORT: "上网",
    Register.CHARGE: "充电", Register.DISCHARGE: "放电", Register.FORWARD_SENT: "正向送出",
    Register.FORWARD_ARRIVED: "正向送达", Register.BACK_SENT: "反向送出", Register.BACK_ARRIVED: "反向送达",
    Register.DELIVERED: "结算",
}  # fmt: skip
QUALITIES = {str(one): one for one in Quality} | {
    "实测": Quality.MEASURED, "测量": Quality.MEASURED,
    "估算": Quality.ESTIMATED, "估计": Quality.ESTIMATED,
    "修正": Quality.CORRECTED, "更正": Quality.CORRECTED,
}  # fmt: skip
KINDS: dict[str, Literal["interval", "counter"]] = {
    "interval": "interval", "时段": "interval", "区间": "interval",
    "counter": "counter", "累计": "counter", "表底": "counter",
}  # fmt: skip
_VALUE = re.compile(r"^(value|电量|数值)[ _]*[\[(（]?\s*([^\])）]*?)\s*[\])）]?$", re.IGNORECASE)
_WIDE = re.compile(r"^(.+)\.([^.\[(（]+?)\s*[\[(（]\s*([^\])）]*?)\s*[\])）]$")


def column_of(header: str) -> tuple[Column | None, str]:
    """Return what a column is, and the unit that its header says (``value_kwh``, ``电量（kWh）``); None if unknown."""
    known = COLUMNS.get(header) or COLUMNS.get(header.lower())
    if known is not None:
        return known, ""
    match = _VALUE.match(header)
    unit = UNITS.get(match[2].lower(), "") if match else ""
    return ("value", unit) if unit else (None, "")


def wide_of(header: str) -> tuple[str, str, str] | None:
    """Return device, register and unit as written in a header such as ``roof_pv.generation [kWh]``."""
    match = _WIDE.match(header)
    return (match[1].strip(), match[2].strip(), match[3]) if match else None
