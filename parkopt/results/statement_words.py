"""Words of a statement in both languages, in one place."""

from __future__ import annotations

from parkopt.errors import Language, Text

WORDS: dict[str, Text] = {
    "title": Text("Green electricity and carbon statement", "绿电溯源与碳排放月结单"),
    "period": Text("Period", "期间"),
    "days": Text("days", "天"),
    "synthetic": Text("Synthetic data", "合成数据"),
    "consumption": Text("Consumption", "用电量"),
    "green": Text("Green energy claimed", "已声明绿电"),
    "hourly_share": Text("Hourly green share", "分时绿电占比"),
    "location": Text("Carbon, location-based", "碳排放（基于位置）"),
    "market": Text("Carbon, market-based", "碳排放（基于市场）"),
    "measured": Text("Measured hours", "实测小时"),
    "of_hours": Text("{told} of {n} hours", "{n} 小时中 {told} 小时"),
    "of_consumption": Text("of consumption, hour by hour", "占用电量，逐小时核算"),
    "heat_map": Text("Green share of each hour", "逐时绿电占比"),
    "heat_map_reads": Text(
        "Columns are hours of the local day (0 = 00:00 to 01:00), rows are days. Darker is greener.",
        "列为当地时间小时（0 表示 00:00 至 01:00），行为日期。颜色越深，绿电占比越高。",
    ),
    "estimated": Text("estimated", "估算"),
    "missing": Text("missing", "缺失"),
    "no_use": Text("nothing consumed", "无用电"),
    "corrected_hour": Text("corrected reading", "更正读数"),
    "average_day": Text("Average day by source (physical)", "平均日电源构成（物理）"),
    "hour": Text("hour of the local day", "当地时间（时）"),
    "sources": Text("Where the energy came from", "电量来源"),
    "physical": Text("Physical ledger: what reached the meter", "物理账：实际到达电表的电量"),
    "contractual": Text("Contractual ledger: what is claimed", "合同账：已声明的绿电"),
    "source": Text("Source", "来源"),
    "kwh": Text("kWh", "kWh"),
    "share": Text("Share", "占比"),
    "kg": Text("kg CO2", "kg CO2"),
    "total": Text("Total", "合计"),
    "unclaimed": Text("without a claim (residual factor)", "其余未声明电量（剩余结构因子）"),
    "direct": Text("direct line", "绿电直连"),
    "on_site": Text("on site", "园区内"),
    "contract": Text("contract over the grid", "电网合同"),
    "storage": Text("storage", "储能"),
    "grid": Text("public grid", "公共电网"),
    "other": Text("not accounted for by meters", "未计量"),
    "through": Text("{origin}, through {store}", "{origin}，经 {store}"),
    "storage_origin": Text("Stored energy: from where and from when", "储能电量：来自何处、何时"),
    "store": Text("Storage", "储能"),
    "origin": Text("Origin", "来源"),
    "charged": Text("Charged", "充电时间"),
    "used": Text("Used", "用电时间"),
    "unknown": Text("before the first record", "首条记录之前"),
    "nothing_stored": Text("No energy of the period came through a storage.", "本期没有经储能的电量。"),
    "clock_reads": Text(
        "Energy by the hour of the day in which it was charged, and in which it was used.",
        "按充电时刻与用电时刻（一天中的小时）统计的电量。",
    ),
    "accounts": Text("Accounts side by side", "各口径核算并列"),
    "accounts_read": Text(
        "Each account answers another question; they are not added up and none stands for another.",
        "各口径回答不同的问题，不可相加，也不可互相替代。",
    ),
    "account": Text("Account", "口径"),
    "value": Text("Value", "数值"),
    "factor": Text("Factor", "因子"),
    "year": Text("Year", "年份"),
    "region": Text("Region", "地区"),
    "reference": Text("Source", "出处"),
    "confidence": Text("Conf.", "可信度"),
    "confidence_reads": Text(
        "Conf. (confidence in the factor's source): P official text read in full; S stored copy of another page; "
        "R data of others that cite an official text; D derived; M from memory.",
        "可信度：P 已通读官方原文；S 存档的二手网页；R 引用官方文件的第三方数据；D 推算；M 凭记忆。",
    ),
    "no_accounts": Text("No accounts were made for this period.", "本期没有核算口径数据。"),
    "daily": Text("Day by day", "逐日明细"),
    "day": Text("Day", "日期"),
    "used_short": Text("Consumption, kWh", "用电量 kWh"),
    "green_short": Text("Green, kWh", "绿电 kWh"),
    "location_short": Text("Location-based, kg", "基于位置 kg"),
    "market_short": Text("Market-based, kg", "基于市场 kg"),
    "quality": Text("Measured", "实测"),
    "status": Text("Status", "状态"),
    "settled": Text("settled", "已结算"),
    "corrected": Text("corrected", "已更正"),
    "preliminary": Text("preliminary", "初步"),
    "revision": Text("Rev.", "版本"),
    "corrections": Text("Corrections", "更正记录"),
    "no_corrections": Text("No day of this period was settled again.", "本期没有重新结算的日期。"),
    "reason": Text("What and why", "内容与原因"),
    "change": Text("Change, kWh", "变动 kWh"),
    "green_change": Text("Green, kWh", "绿电变动 kWh"),
    "log_index": Text("In the log", "日志序号"),
    "proof": Text("How to check this", "如何核验"),
    "proof_reads": Text(
        "Each figure above is in an evidence file, whose records are in the park's append-only log. With the file and "
        "the park's key, got by another way than this page, anybody checks them offline:",
        "以上每个数字都在证据文件中，其记录写入园区只增日志。持有该文件以及另行获得的园区公钥，任何人都可离线核验：",
    ),
    "log": Text("Log", "日志"),
    "log_size": Text("Records under the signed head", "签名检查点下的记录数"),
    "root": Text("Root (start)", "根哈希（前段）"),
    "key": Text("Key (SHA-256, start)", "公钥指纹（SHA-256 前段）"),
    "file": Text("Evidence file", "证据文件"),
    "sha256": Text("SHA-256 of the file", "文件 SHA-256"),
    "notes": Text("What this says, and what it does not", "说明"),
    "note_gec": Text(
        "This is evidence of hourly traceability. It is no green electricity certificate (GEC), which alone proves the "
        "renewable attribute in China, and does not stand for one. Green energy whose GEC was sold is in no claim.",
        "本单为分时溯源证据，不是绿证，也不能替代绿证；在中国，绿证是可再生属性的唯一证明。绿证已售出的电量不计入任何声明。",
    ),
    "note_ledgers": Text(
        "Physical and contractual ledger rest on the same meters. The physical one follows the flow of power and gives "
        "location-based carbon; the contractual one follows entitlements and contracts and gives market-based carbon, "
        "with the residual factor for what nobody claims. They must not be mixed or added.",
        "物理账与合同账基于相同的电表数据。物理账按潮流追溯，得出基于位置的碳排放；合同账按权益和合同，"
        "得出基于市场的碳排放，未声明部分采用剩余结构因子。两者不可混用或相加。",
    ),
    "note_hours": Text(
        "Green energy counts in the hour in which it was produced, or discharged from a storage that was charged with "
        "it; more of it in one hour makes no other hour green.",
        "绿电仅计入其发电小时，或计入以其充电的储能的放电小时；某一小时的富余不会使其他小时变绿。",
    ),
    "note_storage": Text(
        "Stored energy keeps its origin: first in, first out in the contractual ledger; in the physical one by the "
        "method that the log names.",
        "储能电量保留其来源：合同账按先进先出，物理账按日志所载方法。",
    ),
    "note_rounding": Text(
        "Figures are rounded for print; the evidence file holds whole Wh and micrograms.",
        "数字为打印而舍入；证据文件以整数 Wh 和微克记录。",
    ),
}


def say(key: str, lang: Language, **facts: object) -> str:
    """Return a word in a language; one that is not known is shown as it is."""
    word = WORDS.get(key)
    return key if word is None else str(getattr(word, lang)).format(**facts)
