"""PK15: what a carbon account is given, and accounts that do not add up."""

from __future__ import annotations

from parkopt.errors import CarbonFault


class ClaimedTwice(CarbonFault):
    code = "PK1530"
    en = "{what} is in two claims of one account."
    zh = "{what} 在同一核算中被声明两次。"
    fix_en = "A Wh backs one claim: take it out of the others, the cancelled green certificates among them."
    fix_zh = "一度电只能支撑一项声明：请从其他声明（含已核销绿证）中剔除。"


class ClaimsExceedUse(CarbonFault):
    code = "PK1531"
    en = "{subject} claims {claimed} Wh in hour {hour} and used {used} Wh."
    zh = "{subject} 在第 {hour} 时段声明 {claimed} Wh，而用电为 {used} Wh。"
    fix_en = "Claims end at the consumption of the hour; check the attribution."
    fix_zh = "声明不得超过该时段用电量；请检查归属结果。"


class AccountInput(CarbonFault):
    code = "PK1532"
    en = "{field} {problem}."
    zh = "输入 {field} {problem}。"
    fix_en = "No account was made; correct what it is given."
    fix_zh = "未进行核算；请改正输入。"


class AccountsDiffer(CarbonFault):
    code = "PK1533"
    en = "{account}: the parties sum to {parts} {unit}, the park has {whole}."
    zh = "{account}：各主体合计 {parts} {unit}，园区为 {whole}。"
    fix_en = "A party is missing or counted twice; no statement was made."
    fix_zh = "有主体遗漏或重复；未出具报告。"


class DayNotSettled(CarbonFault):
    code = "PK1540"
    en = "{day} is not settled; the last settled day is {last}."
    zh = "{day} 尚未结算；最近结算日为 {last}。"
    fix_en = "Settle the days in order: each goes on from what the day before left in the storages."
    fix_zh = "请按日期顺序结算：每日都从前一日储能中的余量继续。"


class StoreOverfull(CarbonFault):
    code = "PK1541"
    en = "By its meters {store} holds {held_wh} Wh, more than its {capacity_wh} Wh."
    zh = "按计量推算，{store} 存有 {held_wh} Wh，超过其容量 {capacity_wh} Wh。"
    fix_en = "It loses more than the park file says: correct its efficiencies there, from what it took and gave."
    fix_zh = "其实际损耗高于园区文件所述：请按充放电计量更正其效率。"
