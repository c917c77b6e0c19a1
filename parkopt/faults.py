"""The leaves of the error tree: one class an id, with its words in both languages.

Ids: PK10 usage, PK11 units and time, PK12 park file, PK13 data files, PK14 solve,
PK15 carbon, PK16 ledger, PK17 store and service. An id is never renumbered or reused.
"""

from __future__ import annotations

from parkopt.errors import (
    CarbonFault,
    DataFault,
    InfeasibleDay,
    LedgerFault,
    ParkFault,
    ParkoptError,
    ServiceFault,
    SolveFault,
    TimeFault,
    UnitFault,
    UsageFault,
)

# ---------------------------------------------------------------- PK10 usage


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


# ---------------------------------------------------------------- PK11 units and time


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


# ---------------------------------------------------------------- PK12 park file


class NotYaml(ParkFault):
    code = "PK1201"
    en = "The file cannot be read as YAML: {reason}."
    zh = "无法按 YAML 读取该文件：{reason}。"
    fix_en = "Check the indentation, brackets and encoding (UTF-8) there."
    fix_zh = "请检查此处的缩进、括号和编码（UTF-8）。"


class UnknownKey(ParkFault):
    code = "PK1202"
    en = "The key {key!r} is not known here{hint}."
    zh = "此处没有键 {key!r}{hint}。"
    fix_en = "Known keys: {known}."
    fix_zh = "可用的键：{known}。"


class MissingKey(ParkFault):
    code = "PK1203"
    en = "The key {key!r} is missing."
    zh = "缺少键 {key!r}。"
    fix_en = "Add it: {example}."
    fix_zh = "请补上：{example}。"


class WrongValue(ParkFault):
    code = "PK1204"
    en = "{value!r} is not allowed: {reason}."
    zh = "取值 {value!r} 不被允许：{reason}。"
    fix_en = "Correct it; docs/park_file.md lists what is allowed."
    fix_zh = "请更正；docs/park_file.md 列出了允许的取值。"


class UnknownKind(ParkFault):
    code = "PK1205"
    en = "The asset kind {kind!r} is not known."
    zh = "未知的设备类型 {kind!r}。"
    fix_en = "Known kinds: {known}."
    fix_zh = "可用类型：{known}。"


class BrokenReference(ParkFault):
    code = "PK1206"
    en = "{name!r} is named here but the park file does not define it."
    zh = "此处引用的 {name!r} 在园区文件中没有定义。"
    fix_en = "Define it, or name one of: {known}."
    fix_zh = "请先定义，或改为：{known}。"


class DuplicateKey(ParkFault):
    code = "PK1207"
    en = "The key {key!r} stands twice."
    zh = "键 {key!r} 出现了两次。"
    fix_en = "Keep one of the two."
    fix_zh = "请只保留一个。"


class WrongCount(ParkFault):
    code = "PK1208"
    en = "The park needs {expected} asset of kind {kind!r} and has {count}."
    zh = "园区需要 {expected} 个 {kind!r} 类设备，实有 {count} 个。"
    fix_en = "Add or remove one."
    fix_zh = "请增减。"


# ---------------------------------------------------------------- PK13 data files


class MissingSteps(DataFault):
    code = "PK1301"
    en = "{count} time step(s) are missing, the first at {first}."
    zh = "缺少 {count} 个时刻，首个为 {first}。"
    fix_en = "Fill the gap in the file; parkopt does not guess loads or prices."
    fix_zh = "请在文件中补全；parkopt 不会猜测负荷或价格。"


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
    fix_en = "Get the file again from its source."
    fix_zh = "请重新获取该文件。"


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
    en = "The sunlight in the file is centred {minutes:.0f} min away from solar noon: its time zone is wrong."
    zh = "文件中的日照中心偏离真太阳正午 {minutes:.0f} 分钟：时区有误。"
    fix_en = "Correct the zone in the header or the mapping (PVGIS writes EPW rows in UTC under a local zone)."
    fix_zh = "请更正文件头或映射中的时区（PVGIS 的 EPW 行为 UTC，却标注当地时区）。"


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


# ---------------------------------------------------------------- PK14 solve


class Infeasible(InfeasibleDay):
    code = "PK1401"
    en = "No schedule keeps all promises of this day. In conflict: {conflicts}."
    zh = "没有方案能同时满足当天的全部约束。冲突：{conflicts}。"
    fix_en = "Smallest change that works: {changes}."
    fix_zh = "可行的最小改动：{changes}。"


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


# ---------------------------------------------------------------- PK15 carbon


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


class UnknownFactor(ParkFault):
    code = "PK1503"
    en = "There is no carbon factor {factor!r}; known: {known}."
    zh = "没有碳因子 {factor!r}；已知：{known}。"
    fix_en = "Name one of these; docs/factors.md gives their sources."
    fix_zh = "请给出其中之一；来源见 docs/factors.md。"


# ---------------------------------------------------------------- PK16 ledger


class LogBroken(LedgerFault):
    code = "PK1601"
    en = "The log does not hold at record {index}: {reason}."
    zh = "日志在第 {index} 条记录处不成立：{reason}。"
    fix_en = "Do not trust it; compare with an older checkpoint held outside."
    fix_zh = "请勿采信；请与外部保存的旧检查点比对。"


class BadSignature(LedgerFault):
    code = "PK1602"
    en = "The checkpoint is not signed by the key {key}."
    zh = "检查点不是由密钥 {key} 签名的。"
    fix_en = "Ask the park for its verifier key by another way, and compare."
    fix_zh = "请通过其他渠道向园区索取验证公钥并比对。"


class BadProof(LedgerFault):
    code = "PK1603"
    en = "The proof of record {index} does not lead to the signed root."
    zh = "第 {index} 条记录的证明不能得到已签名的根。"
    fix_en = "The record was changed or is not from this log."
    fix_zh = "该记录被改动过，或不属于此日志。"


class NotEvidence(LedgerFault):
    code = "PK1604"
    en = "This is not an evidence file or log of parkopt: {reason}."
    zh = "这不是 parkopt 的证据文件或日志：{reason}。"
    fix_en = "Give the file that `parkopt day` or the service wrote."
    fix_zh = "请给出 `parkopt day` 或服务所写的文件。"


class NotCanonical(LedgerFault):
    code = "PK1605"
    en = "The record holds {value!r}, which has no canonical form."
    zh = "记录中含有 {value!r}，没有规范形式。"
    fix_en = "Write quantities as whole numbers below 2^53 or as text."
    fix_zh = "请把数量写成小于 2^53 的整数或文本。"


class KeyUnreadable(LedgerFault):
    code = "PK1606"
    en = "The signing key {path} cannot be used: {reason}."
    zh = "签名密钥 {path} 无法使用：{reason}。"
    fix_en = "Restore it from your backup; parkopt never replaces a key by itself."
    fix_zh = "请从备份恢复；parkopt 不会自行更换密钥。"


class BadRecord(LedgerFault):
    code = "PK1607"
    en = "The record cannot be logged: {reason}."
    zh = "该记录无法写入日志：{reason}。"
    fix_en = "Nothing of this batch was logged; correct it and append it again."
    fix_zh = "本批记录均未写入；请改正后重新追加。"


class BadVerifierKey(LedgerFault):
    code = "PK1608"
    en = "{value!r} is not a verifier key."
    zh = "{value!r} 不是验证公钥。"
    fix_en = "Give the whole line name+id+key from the .vkey file of the park."
    fix_zh = "请给出园区 .vkey 文件中的整行内容（名称+编号+公钥）。"


class OutsideLog(LedgerFault):
    code = "PK1609"
    en = "The log has {size} record(s); {asked} is not among them."
    zh = "日志共有 {size} 条记录，其中没有 {asked}。"
    fix_en = "Ask for an index or size that the signed checkpoint covers."
    fix_zh = "请给出已签名检查点所覆盖的编号或大小。"


class NothingToProve(LedgerFault):
    code = "PK1610"
    en = "No record of the log is among those asked for."
    zh = "日志中没有所要求的记录。"
    fix_en = "Check the park, enterprise and date; run and log the day first."
    fix_zh = "请检查园区、企业和日期；并先计算和记录该日。"


# ---------------------------------------------------------------- PK17 store and service


class NotFound(ServiceFault):
    code = "PK1701"
    en = "There is no {what} {key!r}."
    zh = "没有 {what} {key!r}。"
    fix_en = "List what there is, then ask again."
    fix_zh = "请先列出现有内容再查询。"


class StoreUnusable(ServiceFault):
    code = "PK1702"
    en = "The database {url} cannot be used: {reason}."
    zh = "数据库 {url} 无法使用：{reason}。"
    fix_en = "Check PARKOPT_DATABASE_URL and the folder's rights."
    fix_zh = "请检查 PARKOPT_DATABASE_URL 和目录权限。"


class NotAllowed(ServiceFault):
    code = "PK1703"
    en = "The request carries no valid API key."
    zh = "请求没有有效的 API 密钥。"
    fix_en = "Send the key in the header X-API-Key."
    fix_zh = "请在请求头 X-API-Key 中给出密钥。"


class OpenToAll(ServiceFault):
    code = "PK1704"
    en = "The service would listen on {host} without an API key."
    zh = "服务将在没有 API 密钥的情况下监听 {host}。"
    fix_en = "Set PARKOPT_API_KEY, or listen on 127.0.0.1."
    fix_zh = "请设置 PARKOPT_API_KEY，或改为监听 127.0.0.1。"


class BadRequest(ServiceFault):
    code = "PK1705"
    en = "The request is not understood: {reason}."
    zh = "无法理解该请求：{reason}。"
    fix_en = "See /docs for the form of each request."
    fix_zh = "请求格式见 /docs。"


def all_errors() -> dict[str, type[ParkoptError]]:
    """Return every error class that has an id of its own, by id."""
    found: dict[str, type[ParkoptError]] = {}
    stack: list[type[ParkoptError]] = [ParkoptError]
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if "code" in vars(cls):
            found[cls.code] = cls
    return dict(sorted(found.items()))
