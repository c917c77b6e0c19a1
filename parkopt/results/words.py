"""Words of the results in both languages, in one place."""

from __future__ import annotations

from parkopt.errors import Language, Text

WORDS: dict[str, Text] = {
    "title": Text("Schedule", "运行计划"),
    "cost": Text("Cost", "费用"),
    "carbon": Text("Carbon", "碳排放"),
    "factor": Text("Park factor", "园区碳因子"),
    "green": Text("Green share", "绿电占比"),
    "self_use": Text("Self-use of local energy", "新能源自用率"),
    "export_share": Text("Exported share", "上网比例"),
    "bill": Text("Bill", "费用明细"),
    "line": Text("Line", "项目"),
    "yuan": Text("yuan", "元"),
    "enterprise": Text("Enterprise", "企业"),
    "consumption": Text("Consumption", "用电量"),
    "sources": Text("Supply and demand", "供需平衡"),
    "storage": Text("Storage and prices", "储能与电价"),
    "green_by_hour": Text("Green share and carbon factor by step", "分时绿电占比与碳因子"),
    "demand": Text("demand", "用电"),
    "export": Text("export", "上网"),
    "charge": Text("charging", "充电"),
    "yuan/MWh": Text("yuan/MWh", "元/MWh"),
    "local": Text("local", "本地"),
    "stored": Text("stored", "储能"),
    "charge_short": Text("charge", "充电"),
    "price_short": Text("price", "电价"),
    "green_short": Text("green", "绿电"),
    "import": Text("import", "下网"),
    "price": Text("energy price", "购电价"),
    "soc": Text("stored energy", "储能电量"),
    "time": Text("local time", "当地时间"),
    "provenance": Text("Provenance", "来源与版本"),
    "synthetic": Text("Synthetic data", "合成数据"),
    "forecast_only": Text(
        "Shares and factors rest on a forecast, not on meters; they are not certificates.",
        "占比与碳因子基于预测，并非计量结果，不构成绿证。",
    ),
    "weather_embedded": Text(
        "The weather is a synthetic year for the Yancheng coast, the same in every year; it was never measured.",
        "气象为按盐城沿海气候标定的合成年，各年相同，并非实测。",
    ),
    "curtailed": Text("curtailed", "弃电"),
    "not_paid": Text("steers the schedule, is not paid", "仅用于引导方案，不需支付"),
    "total": Text("Total", "合计"),
    "files": Text("Files", "文件"),
    "solved": Text("Solved", "求解"),
    "year_to_date": Text("Ratios of the year so far, as the rules count them", "年初至今的规则比例"),
    "year_self_use_of_available": Text("self-use of available", "自用占可用"),
    "year_self_use_of_demand": Text("local share of demand", "自用占用电"),
    "year_export_of_available": Text("exported", "上网占可用"),
    "optimal": Text("optimal", "最优"),
    "time_limit": Text("stopped at the time limit", "到达时限"),
    "gap": Text("gap", "间隙"),
    "checks": Text("checks", "项校核"),
    "tomorrow": Text("hours shown in local time", "时间为当地时间"),
    "local_energy": Text("local wind and PV", "本地风光电费"),
    "curtailment": Text("curtailment", "弃电"),
    "storage_wear": Text("storage wear", "储能损耗"),
    "market_energy": Text("energy from the grid", "购网电量电费"),
    "grid_fees": Text("grid fees and funds", "输配及基金附加"),
    "export_revenue": Text("export revenue", "上网收入"),
    "demand_charge": Text("demand charge above the planned or reached peak", "超出计划或已达峰值的需量电费"),
    "contract_energy": Text("contract energy", "合同电费"),
    "take_or_pay": Text("take-or-pay shortfall", "照付不议差额"),
    "unmet_charging": Text("energy missing in vehicles", "车辆欠充电量"),
    "shedding": Text("load shed", "削减负荷"),
    "fuel": Text("fuel", "燃料"),
    "stops": Text("stops", "停机"),
    "starts": Text("starts of units", "设备启动"),
    "rule_breach": Text("what the day adds to missed ratios", "当日新增未达标比例的引导费用"),
}


def say(key: str, lang: Language) -> str:
    """Return a word in a language; a word that is not known is shown as it is."""
    word = WORDS.get(key)
    return key if word is None else getattr(word, lang)
