"""PK18: meter readings. A `notice` tells something and forbids nothing."""

from __future__ import annotations

from parkopt.errors import MeterFault


class NoReadings(MeterFault):
    code = "PK1801"
    en = "The file holds no readings."
    zh = "文件中没有任何读数。"
    fix_en = "Write one row per device, register and interval; `parkopt meters template PARK` gives an empty file."
    fix_zh = "请为每个设备、寄存器和时段写一行；`parkopt meters template 园区` 可生成空模板。"


class NotMeterFile(MeterFault):
    code = "PK1802"
    en = "This is {found}, not CSV or JSON text in UTF-8."
    zh = "这是{found}，不是 UTF-8 编码的 CSV 或 JSON 文本。"
    fix_en = "Save it as 'CSV UTF-8' and give it again."
    fix_zh = "请另存为“CSV UTF-8”后重新提交。"


class CutShort(MeterFault):
    code = "PK1803"
    en = "The file is cut short: {reason}."
    zh = "文件不完整：{reason}。"
    fix_en = "Get the whole file again from its source; nothing was kept of it."
    fix_zh = "请从来源重新获取完整文件；未保存任何内容。"


class WrongMeterColumns(MeterFault):
    code = "PK1804"
    en = "{problem}; the file has: {known}."
    zh = "{problem}；文件中有：{known}。"
    fix_en = (
        "Columns are device, register, start, value and unit, with end or minutes, quality, revision, kind, comment; "
        "or start and then columns named `device.register [kWh]`."
    )
    fix_zh = (
        "列应为：设备、寄存器、开始时间、电量、单位，可选结束时间或分钟、质量、修订、类型、备注；"
        "或开始时间加上名为 `设备.寄存器 [kWh]` 的各列。"
    )


class UnknownDevice(MeterFault):
    code = "PK1805"
    en = "The park has no metered device {device!r}; near names: {near}."
    zh = "园区没有计量设备 {device!r}；相近名称：{near}。"
    fix_en = "Write the asset's name as the park file has it: {known}."
    fix_zh = "请按园区文件书写设备名：{known}。"


class UnknownRegister(MeterFault):
    code = "PK1806"
    en = "{device} has no register {register!r}; near names: {near}."
    zh = "{device} 没有寄存器 {register!r}；相近名称：{near}。"
    fix_en = "Its registers are: {known}."
    fix_zh = "其寄存器为：{known}。"


class WrongEnergyUnit(MeterFault):
    code = "PK1807"
    en = "{unit!r} is no unit of energy that a meter file may have."
    zh = "{unit!r} 不是计量文件可用的电量单位。"
    fix_en = "Write kWh, MWh or Wh: an energy over the interval, not a power."
    fix_zh = "请写 kWh、MWh 或 Wh：是时段内的电量，不是功率。"


class NotEnergy(MeterFault):
    code = "PK1808"
    en = "{value!r} is not a number."
    zh = "{value!r} 不是数值。"
    fix_en = "Write digits with a decimal point, without separators of thousands; leave out what was not measured."
    fix_zh = "请写带小数点的数字，不要千位分隔符；未测得的行请删去。"


class NegativeReading(MeterFault):
    code = "PK1809"
    en = "{device}.{register} is {value}, below 0."
    zh = "{device}.{register} 为 {value}，小于 0。"
    fix_en = "A register counts one direction only; write the other direction to its own register."
    fix_zh = "一个寄存器只计一个方向；反方向请写入其自己的寄存器。"


class BeyondRating(MeterFault):
    code = "PK1810"
    en = "{device}.{register} counts {kwh} kWh in {minutes} min, beyond {limit} kWh by its rating{hint}."
    zh = "{device}.{register} 在 {minutes} 分钟内为 {kwh} kWh，超过按额定功率可能的 {limit} kWh{hint}。"
    fix_en = "Check unit and factor of the meter, or the rating in the park file."
    fix_zh = "请检查计量单位和倍率，或园区文件中的额定功率。"


class ConflictingReadings(MeterFault):
    code = "PK1811"
    en = "{device}.{register} at {start} stands twice with other values: {first} Wh (row {row}) and {second} Wh."
    zh = "{device}.{register} 在 {start} 出现两次且数值不同：{first} Wh（第 {row} 行）和 {second} Wh。"
    fix_en = "Keep the right one, or give the correction a higher revision; hours that repeat may be daylight saving."
    fix_zh = "请保留正确的一行，或给更正值更高的修订号；成小时的重复可能来自夏令时。"


class RepeatedReading(MeterFault):
    notice = True
    code = "PK1812"
    en = "{device}.{register} at {start} stands twice with the same value (row {row} before); it counts once."
    zh = "{device}.{register} 在 {start} 重复出现且数值相同（先见第 {row} 行）；只计一次。"
    fix_en = "Nothing needs to be done."
    fix_zh = "无需处理。"


class OverlappingIntervals(MeterFault):
    code = "PK1813"
    en = "{device}.{register} from {start} to {end} overlaps another interval, from {other_start} to {other_end}."
    zh = "{device}.{register} 的时段 {start} 至 {end} 与另一时段 {other_start} 至 {other_end} 重叠。"
    fix_en = "Energy of one moment may be told once only; a correction keeps the interval of what it corrects."
    fix_zh = "同一时刻的电量只能报一次；更正值须与原时段一致。"


class OffItsGrid(MeterFault):
    code = "PK1814"
    en = "The interval from {start} lasts {minutes} min and is no whole 15, 30 or 60 min of the clock."
    zh = "自 {start} 起的时段长 {minutes} 分钟，不是整点对齐的 15、30 或 60 分钟。"
    fix_en = "Give intervals of 15, 30 or 60 min that begin at a multiple of their length."
    fix_zh = "请使用 15、30 或 60 分钟的时段，并从其长度的整数倍时刻开始。"


class MissingReadings(MeterFault):
    code = "PK1815"
    en = "{device}.{register} has no readings from {start} to {end} ({hours} h)."
    zh = "{device}.{register} 自 {start} 至 {end} 没有读数（{hours} 小时）。"
    fix_en = "Add the readings (`parkopt meters add`), or allow gaps of up to 4 h to be estimated."
    fix_zh = "请补交读数（`parkopt meters add`），或允许对不超过 4 小时的缺口进行估算。"


class CounterFellBack(MeterFault):
    code = "PK1816"
    en = "The counter {device}.{register} falls from {before} to {after} Wh at {time}."
    zh = "累计表底 {device}.{register} 在 {time} 由 {before} Wh 降至 {after} Wh。"
    fix_en = "State its digits if it rolled over; after a change of the meter give the energies as intervals."
    fix_zh = "若为翻表，请说明表底位数；若更换了电表，请改报各时段电量。"


class ShiftedMeterClock(MeterFault):
    code = "PK1817"
    en = "{device} counts {share} % of its energy while the sun is down: its times seem {shift} min {way}."
    zh = "{device} 有 {share} % 的电量出现在日落之后至日出之前：时间似乎{way} {shift} 分钟。"
    fix_en = "Write times with their true offset, such as +08:00 or Z for UTC; a row is named by its start."
    fix_zh = "请写明真实时差，例如 +08:00，UTC 用 Z；每行以时段开始时刻命名。"


class StuckMeter(MeterFault):
    notice = True
    code = "PK1818"
    en = "{device}.{register} shows the same {wh} Wh for {hours} h from {start}: the meter may be stuck."
    zh = "{device}.{register} 自 {start} 起连续 {hours} 小时均为 {wh} Wh：电表可能卡死。"
    fix_en = "Compare with another meter; correct by a higher revision where it is wrong."
    fix_zh = "请与其他表计核对；如有误，请用更高修订号更正。"


class RevisionTooLow(MeterFault):
    code = "PK1819"
    en = "{device}.{register} at {start} is kept as {current} Wh, revision {kept}; the file: {wh} Wh, revision {given}."
    zh = "{device}.{register} 在 {start} 已保存为 {current} Wh（修订 {kept}）；文件中为 {wh} Wh（修订 {given}）。"
    fix_en = "To correct it give a revision above the kept one; else leave the row out."
    fix_zh = "如需更正，请使用高于已保存值的修订号；否则删去该行。"


class RoundedDown(MeterFault):
    notice = True
    code = "PK1820"
    en = "{count} value(s) are finer than 1 Wh and were rounded down to whole Wh."
    zh = "{count} 个数值精度细于 1 Wh，已向下取整到 Wh。"
    fix_en = "Nothing needs to be done."
    fix_zh = "无需处理。"


class GapInFile(MeterFault):
    notice = True
    code = "PK1821"
    en = "{device}.{register} has a gap from {start} to {end} ({hours} h)."
    zh = "{device}.{register} 自 {start} 至 {end} 有缺口（{hours} 小时）。"
    fix_en = "Add the readings before the days are settled."
    fix_zh = "请在结算前补交读数。"


class Unaccounted(MeterFault):
    notice = True
    code = "PK1822"
    en = "At bus {bus} meters disagree by more than {limit} % in {count} hour(s), most at {worst} ({wh} Wh): {hours}."
    zh = "母线 {bus} 有 {count} 个小时的计量不平衡超过 {limit} %，最大在 {worst}（{wh} Wh）：{hours}。"
    fix_en = "Look for a meter that is missing, wrong or shifted in these hours."
    fix_zh = "请检查这些小时内缺失、错误或时间偏移的电表。"


class FileKnown(MeterFault):
    notice = True
    code = "PK1823"
    en = "This very file was kept already on {received}; nothing was changed."
    zh = "同一文件已于 {received} 保存；未作任何改动。"
    fix_en = "Nothing needs to be done."
    fix_zh = "无需处理。"


class WrongMeterWord(MeterFault):
    code = "PK1824"
    en = "{value!r} cannot be read here; allowed is: {allowed}."
    zh = "{value!r} 无法识别；可写：{allowed}。"
    fix_en = "Correct the cell, or leave it empty where the column may be absent."
    fix_zh = "请更正该单元格；若该列可缺省，可留空。"


class TooLargeFile(MeterFault):
    code = "PK1825"
    en = "The file has {size} MB, more than {limit} MB."
    zh = "文件大小 {size} MB，超过 {limit} MB。"
    fix_en = "Split it, by month or by group of devices."
    fix_zh = "请按月份或设备组拆分。"


class EstimatedReadings(MeterFault):
    notice = True
    code = "PK1826"
    en = "{device}.{register} was estimated from {start} to {end} ({hours} h) by the same hours of the days beside."
    zh = "{device}.{register} 自 {start} 至 {end}（{hours} 小时）按相邻日同一小时估算。"
    fix_en = "Add the readings when they are there; no certificate rests on an estimate."
    fix_zh = "取得读数后请补交；估算值不签发凭证。"


class MoreAlike(MeterFault):
    code = "PK1827"
    en = "{count} more row(s) have the same fault {same} ({what}), the last in row {last}."
    zh = "另有 {count} 行存在同样的问题 {same}（{what}），最后一行为第 {last} 行。"
    fix_en = "Correct them together."
    fix_zh = "请一并更正。"


class NoticesAlike(MeterFault):
    notice = True
    code = "PK1828"
    en = "{count} more notice(s) {same} ({what}) are not shown, the last for row {last}."
    zh = "另有 {count} 条同类提示 {same}（{what}）未显示，最后一条为第 {last} 行。"
    fix_en = "Nothing needs to be done about this line."
    fix_zh = "本行无需处理。"


class DoubtfulClock(MeterFault):
    notice = True
    code = "PK1829"
    en = "The energy of {device} fits the sun best with its times moved by {shift} min ({way})."
    zh = "将 {device} 的时间移动 {shift} 分钟时与太阳最吻合（时间{way}）。"
    fix_en = "Check the meter's clock and whether rows are named by the start of their interval."
    fix_zh = "请检查电表时钟，并确认每行以时段开始时刻命名。"


class NoLastLineBreak(MeterFault):
    notice = True
    code = "PK1830"
    en = "The file does not end with a line break: its last row may be cut."
    zh = "文件末尾没有换行：最后一行可能被截断。"
    fix_en = "Compare the last row with the source."
    fix_zh = "请与来源核对最后一行。"


class WrongCells(MeterFault):
    code = "PK1831"
    en = "The row has {got} cell(s), the header {expected}."
    zh = "该行有 {got} 个单元格，表头有 {expected} 个。"
    fix_en = "Check separators, and quotes around texts that hold one."
    fix_zh = "请检查分隔符，以及含分隔符的文字是否加了引号。"


class TooMuchToKeep(MeterFault):
    code = "PK1832"
    en = "{device}.{register} counts {value}, more than a number in a record may be."
    zh = "{device}.{register} 为 {value}，超出记录可容纳的数值。"
    fix_en = "Check the unit."
    fix_zh = "请检查单位。"
