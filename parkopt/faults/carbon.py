"""PK15 and PK13: attribution of certified energy, the accounting method, tables and series of carbon factors."""

from __future__ import annotations

from parkopt.errors import CarbonFault, DataFault


class AttributionShape(CarbonFault):
    code = "PK1520"
    en = "{name} has {got} value(s); {expected} hour(s) are to be attributed."
    zh = "{name} 有 {got} 个值；应归属 {expected} 个小时。"
    fix_en = "Give one whole number of Wh for each hour."
    fix_zh = "请为每个小时给出一个整数（Wh）。"


class EnergyBelowZero(CarbonFault):
    code = "PK1521"
    en = "{name} is {wh} Wh at {time}, below 0."
    zh = "{name} 在 {time} 为 {wh} Wh，小于 0。"
    fix_en = "Correct the reading; the two directions of a meter are two registers."
    fix_zh = "请更正读数；电表的两个方向是两个寄存器。"


class OverEntitled(CarbonFault):
    code = "PK1522"
    en = "{source} is promised to {ppm} parts per million, more than all of it."
    zh = "{source} 的权益合计为百万分之 {ppm}，超过其全部。"
    fix_en = "Let the entitlements of all enterprises to it sum to 1 at most."
    fix_zh = "请使各企业对其权益之和不超过 1。"


class UnknownInLedger(CarbonFault):
    code = "PK1523"
    en = "{name!r} ({role}) is not in the contractual ledger; known: {known}."
    zh = "合同台账中没有 {name!r}（{role}）；已知：{known}。"
    fix_en = "Give it generation, deliveries or consumption, or take it out."
    fix_zh = "请给出其发电、交付或用电数据，或将其移除。"


class LotNotEarlier(CarbonFault):
    code = "PK1524"
    en = "A lot of {store} was charged at {charged}, not before the first hour {first}."
    zh = "{store} 的一批电量充于 {charged}，不早于首个小时 {first}。"
    fix_en = "Hand over the lots with which the hours before closed: a lot serves later hours only."
    fix_zh = "请使用之前时段结束时的批次：每批电量只能用于其后的小时。"


class ContradictoryCase(CarbonFault):
    code = "PK1525"
    en = "{name} cannot be attributed: {reason}."
    zh = "{name} 无法归属：{reason}。"
    fix_en = "Correct it in the park file."
    fix_zh = "请在园区文件中更正。"


class MethodChanged(CarbonFault):
    code = "PK1526"
    en = "The accounts of {year} are kept by {previous}; they cannot go on by {new}."
    zh = "{year} 年的台账采用 {previous}，不能改用 {new}。"
    fix_en = "Keep the method for the rest of the reporting year; change `accounting` with the next one."
    fix_zh = "请在本报告年度内保持该方法；从下一年度起再更改 `accounting`。"


class WrongFactor(DataFault):
    code = "PK1340"
    en = "The factor {factor!r} cannot be used: {reason}."
    zh = "碳因子 {factor!r} 无法使用：{reason}。"
    fix_en = "Correct the row; docs/factors.md shows the columns filled in."
    fix_zh = "请更正该行；填写示例见 docs/factors.md。"


class FactorTwice(DataFault):
    code = "PK1341"
    en = "The id {factor!r} is taken by another factor."
    zh = "碳因子编号 {factor!r} 已被占用。"
    fix_en = "Give the new value an id of its own and name the old one under `supersedes`."
    fix_zh = "请为新值另取编号，并在 `supersedes` 中写明旧编号。"


class UnknownPredecessor(DataFault):
    code = "PK1342"
    en = "{factor!r} supersedes {before!r}, which is not in the table."
    zh = "{factor!r} 取代的 {before!r} 不在表中。"
    fix_en = "Add the older factor, or leave `supersedes` empty."
    fix_zh = "请补上旧因子，或将 `supersedes` 留空。"


class FactorCycle(DataFault):
    code = "PK1343"
    en = "The factors {chain} supersede one another in a ring."
    zh = "碳因子 {chain} 循环取代。"
    fix_en = "Let each factor name the one before it alone."
    fix_zh = "请使每个因子只指向其之前的一个。"


class NoProvenance(DataFault):
    code = "PK1344"
    en = "The factor {factor!r} does not say its {missing}."
    zh = "碳因子 {factor!r} 缺少 {missing}。"
    fix_en = "State source, publication date and confidence (P, S, R, D or M); a factor without them proves nothing."
    fix_zh = "请写明来源、发布日期和可信度（P、S、R、D 或 M）；否则无法作为证据。"


class NoFactorInForce(DataFault):
    code = "PK1345"
    en = "On {day} no {kind} factor of {region} was in force."
    zh = "{day} 没有生效的 {region} {kind} 碳因子。"
    fix_en = "Name a factor by its id, or add one in the park's own table."
    fix_zh = "请直接给出因子编号，或在园区自己的因子表中添加。"


class FactorUnit(DataFault):
    code = "PK1346"
    en = "A series of factors has exactly one column of {wanted}; this file has: {got}."
    zh = "碳因子序列须且只能有 {wanted} 中的一列；该文件有：{got}。"
    fix_en = "Name the column by the unit of its values."
    fix_zh = "请用数值的单位命名该列。"
