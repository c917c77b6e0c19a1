"""PK10 and PK11: what was asked for, quantities and times."""

from __future__ import annotations

from parkopt.errors import TimeFault, UnitFault, UsageFault


class UnknownPark(UsageFault):
    code = "PK1002"
    en = "There is no park {park!r}; known parks: {known}."
    zh = "没有园区 {park!r}；已知园区：{known}。"
    fix_en = "Name one of these, or give the path of a park.yaml."
    fix_zh = "请给出其中之一，或给出 park.yaml 的路径。"


class MissingFile(UsageFault):
    code = "PK1003"
    en = "The file {path} does not exist or cannot be read."
    zh = "文件 {path} 不存在或无法读取。"
    fix_en = "Check the path; relative paths are taken from the file that names them."
    fix_zh = "请检查路径；相对路径以引用它的文件所在目录为准。"


class CannotWrite(UsageFault):
    code = "PK1004"
    en = "The results cannot be written to {path}: {reason}."
    zh = "无法把结果写入 {path}：{reason}。"
    fix_en = "Choose another folder with --out, or set PARKOPT_HOME; nothing was left half-written."
    fix_zh = "请用 --out 指定其他目录，或设置 PARKOPT_HOME；没有留下不完整的文件。"


class UnknownAsset(UsageFault):
    code = "PK1005"
    en = "The park {park} has no {kind} named {asset!r}; it has: {known}."
    zh = "园区 {park} 没有名为 {asset!r} 的 {kind}；现有：{known}。"
    fix_en = "Name one of these."
    fix_zh = "请给出其中之一。"


class AlreadyThere(UsageFault):
    code = "PK1006"
    en = "{path} already exists and is left as it is."
    zh = "{path} 已存在，未作改动。"
    fix_en = "Choose another id or folder."
    fix_zh = "请换一个编号或目录。"


class WrongOption(UsageFault):
    code = "PK1007"
    en = "The option {option} cannot be {value!r}."
    zh = "选项 {option} 不能取值 {value!r}。"
    fix_en = "Allowed: {allowed}."
    fix_zh = "允许的取值：{allowed}。"


class WrongUnit(UnitFault):
    code = "PK1101"
    en = "{value!r} is not a quantity in {unit}."
    zh = "{value!r} 不是以 {unit} 计的量。"
    fix_en = "Write a number and a unit of the same dimension, such as {example!r}."
    fix_zh = "请写数值和同量纲的单位，例如 {example!r}。"


class MissingUnit(UnitFault):
    code = "PK1102"
    en = "{value!r} has no unit."
    zh = "{value!r} 没有单位。"
    fix_en = "Write the unit, such as {example!r}."
    fix_zh = "请写明单位，例如 {example!r}。"


class OutOfRange(UnitFault):
    code = "PK1103"
    en = "{value} is outside {low} to {high}."
    zh = "{value} 超出范围 {low} 至 {high}。"
    fix_en = "Correct the number or its unit."
    fix_zh = "请更正数值或单位。"


class WrongStep(TimeFault):
    code = "PK1110"
    en = "A step of {step} is not on offer."
    zh = "不支持 {step} 的时间步长。"
    fix_en = "Use 60, 30 or 15 minutes."
    fix_zh = "请使用 60、30 或 15 分钟。"


class GridMismatch(TimeFault):
    code = "PK1111"
    en = "{name} is on another time grid: {got} instead of {expected}."
    zh = "{name} 的时间网格不一致：是 {got}，应为 {expected}。"
    fix_en = "Resample it first; two grids are never mixed."
    fix_zh = "请先重采样；不同时间网格不能混用。"


class ZoneNotFixed(TimeFault):
    code = "PK1112"
    en = "{zone!r} is not a fixed offset (it may have daylight-saving time)."
    zh = "{zone!r} 不是固定时差（可能含夏令时）。"
    fix_en = "Write a fixed offset such as '+08:00' (for China also in 1986-1991)."
    fix_zh = "请写固定时差，例如 '+08:00'（中国 1986-1991 年亦然）。"


class WrongDate(TimeFault):
    code = "PK1113"
    en = "{value!r} is not a date."
    zh = "{value!r} 不是日期。"
    fix_en = "Write it as 2026-07-15."
    fix_zh = "请写作 2026-07-15。"


class NaiveTime(TimeFault):
    code = "PK1114"
    en = "{value!r} has no time zone."
    zh = "{value!r} 没有时区。"
    fix_en = "Add the offset, as in 2026-07-15T00:00+08:00."
    fix_zh = "请加上时差，例如 2026-07-15T00:00+08:00。"
