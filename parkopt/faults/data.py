"""PK13: series and weather files."""

from __future__ import annotations

from parkopt.errors import DataFault


class MissingSteps(DataFault):
    code = "PK1301"
    en = "{count} time step(s) are missing, the first at {first}."
    zh = "缺少 {count} 个时刻，首个为 {first}。"
    fix_en = "Fill the gap in the file: loads and prices are never guessed, and weather over no more than 3 h."
    fix_zh = "请在文件中补全：负荷和价格不作推测，气象数据最多插补 3 小时。"


class TimeNotRising(DataFault):
    code = "PK1302"
    en = "The time {value} does not come after the row before it ({before})."
    zh = "时间 {value} 不晚于上一行（{before}）。"
    fix_en = "Sort the rows and remove repeats."
    fix_zh = "请排序并去掉重复行。"


class NegativeValue(DataFault):
    code = "PK1303"
    en = "{column} is {value}, below 0."
    zh = "{column} 为 {value}，小于 0。"
    fix_en = "A load or an irradiance is never negative; feed-in is an asset of its own."
    fix_zh = "负荷和辐照度不会为负；上网电量应作为单独设备。"


class UnreadableValue(DataFault):
    code = "PK1304"
    en = "{column} is {value!r}, not a number."
    zh = "{column} 为 {value!r}，不是数值。"
    fix_en = "Write a number with a decimal point; leave no cell empty."
    fix_zh = "请写带小数点的数值；不要留空。"


class MissingColumn(DataFault):
    code = "PK1305"
    en = "The column {column!r} is missing; the file has: {known}."
    zh = "缺少列 {column!r}；文件中有：{known}。"
    fix_en = "Rename the column, or name it in the series' mapping."
    fix_zh = "请更改列名，或在映射中指明。"


class UnreadableTime(DataFault):
    code = "PK1306"
    en = "{value!r} is not a time that fits {format}."
    zh = "{value!r} 不符合时间格式 {format}。"
    fix_en = "Write 2026-07-15T00:00+08:00, or state the format in the mapping."
    fix_zh = "请写作 2026-07-15T00:00+08:00，或在映射中说明格式。"


class ShiftingZone(DataFault):
    code = "PK1307"
    en = "The offset changes from {before} to {after}: the file keeps daylight-saving time."
    zh = "时差由 {before} 变为 {after}：该文件使用夏令时。"
    fix_en = "Write all rows in one fixed offset, such as +08:00 or UTC."
    fix_zh = "请将所有行写成同一固定时差，例如 +08:00 或 UTC。"


class ImplausibleValue(DataFault):
    code = "PK1308"
    en = "{column} reaches {value}, beyond {limit}; is the unit {unit}?"
    zh = "{column} 达到 {value}，超过 {limit}；单位是 {unit} 吗？"
    fix_en = "State the unit of the column in the mapping, or correct the file."
    fix_zh = "请在映射中写明该列单位，或更正文件。"


class BrokenFile(DataFault):
    code = "PK1309"
    en = "This is not a whole {format} file: {reason}."
    zh = "这不是完整的 {format} 文件：{reason}。"
    fix_en = "Correct the place that is named, or get the file again from its source."
    fix_zh = "请更正所指出的位置，或重新获取该文件。"


class OutsideData(DataFault):
    code = "PK1310"
    en = "The data run from {first} to {last} and do not cover {wanted}."
    zh = "数据从 {first} 到 {last}，不包含 {wanted}。"
    fix_en = "Choose a day inside, or allow the series to repeat (`repeat: weekday` or `calendar`)."
    fix_zh = "请选择范围内的日期，或允许重复使用（`repeat: weekday` 或 `calendar`）。"


class UnknownTurbine(DataFault):
    code = "PK1311"
    en = "There is no power curve for the turbine {turbine!r}."
    zh = "没有机型 {turbine!r} 的功率曲线。"
    fix_en = "Near names: {near}. docs/technologies.md lists all."
    fix_zh = "相近机型：{near}。全部见 docs/technologies.md。"


class TooShort(DataFault):
    code = "PK1312"
    en = "The file has {count} row(s); at least {needed} are needed."
    zh = "文件只有 {count} 行；至少需要 {needed} 行。"
    fix_en = "Give a longer series."
    fix_zh = "请提供更长的序列。"


class ChangedData(DataFault):
    code = "PK1313"
    en = "The embedded data do not match their hash: {got} instead of {expected}."
    zh = "内置数据与其校验值不符：{got}，应为 {expected}。"
    fix_en = "Install parkopt again, or run the generator and commit data and hash together."
    fix_zh = "请重新安装 parkopt，或重新生成并同时提交数据与校验值。"


class UnevenSteps(DataFault):
    code = "PK1314"
    en = "The time {value} is not a whole number of {step_min} min steps after the row before it."
    zh = "时间 {value} 与上一行的间隔不是 {step_min} 分钟的整数倍。"
    fix_en = "Write all rows on one regular step, a divisor or a multiple of an hour."
    fix_zh = "请使所有行处于同一等间隔步长，且为一小时的约数或倍数。"


class EnergyNotPower(DataFault):
    code = "PK1315"
    en = "{column} is in {unit}: an energy summed over time, where {expected} is needed."
    zh = "{column} 的单位 {unit} 是一段时间内累计的能量，此处需要 {expected}。"
    fix_en = "Divide by the seconds it was summed over (ERA5: 3600; or since the issue), then state {expected}."
    fix_zh = "请除以累计时长的秒数（ERA5 为 3600；或自起报时刻累计），再写明 {expected}。"


class TooFar(DataFault):
    code = "PK1316"
    en = "{latitude:.2f} N {longitude:.2f} E is {distance_km:.0f} km from {nearest}, beyond {limit_km:.0f} km."
    zh = "地点 {latitude:.2f} N {longitude:.2f} E 距 {nearest} {distance_km:.0f} km，超过 {limit_km:.0f} km。"
    fix_en = "Give a weather file of the place (.epw or .csv)."
    fix_zh = "请提供当地的气象文件（.epw 或 .csv）。"


class ShiftedClock(DataFault):
    code = "PK1317"
    en = "The sunlight in the file is centred {minutes:.0f} min away from solar noon: its clock or time zone is wrong."
    zh = "文件中的日照中心偏离真太阳正午 {minutes:.0f} 分钟：时钟或时区有误。"
    fix_en = (
        "Correct the zone in the file's header or in the mapping, or whether a stamp opens or closes its step; "
        "docs/weather.md tells the clock of each format."
    )
    fix_zh = "请更正文件头或映射中的时区，或时刻是时段的起点还是终点；各格式的时钟见 docs/weather.md。"


class WrongCurve(DataFault):
    code = "PK1330"
    en = "The power curve of {turbine!r} cannot be used: {reason}."
    zh = "机型 {turbine!r} 的功率曲线无法使用：{reason}。"
    fix_en = "Give rising wind speeds in m/s, each with a power in MW."
    fix_zh = "请按风速（m/s）递增给出各点功率（MW）。"


class UnknownArchetype(DataFault):
    code = "PK1331"
    en = "There is no load archetype {archetype!r}."
    zh = "没有负荷类型 {archetype!r}。"
    fix_en = "Name one of: {known}; docs/forecast.md shows them."
    fix_zh = "请给出其中之一：{known}；说明见 docs/forecast.md。"
