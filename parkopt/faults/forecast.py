"""PK136x: forecasts from history, their quantiles and scores."""

from __future__ import annotations

from parkopt.errors import DataFault


class TooLittleHistory(DataFault):
    code = "PK1360"
    en = "{what} has {days:.0f} day(s) of history that can be used; at least {needed:.0f} are needed."
    zh = "{what} 可用的历史数据只有 {days:.0f} 天，至少需要 {needed:.0f} 天。"
    fix_en = "Give a longer record, with the weather of the same days; a park file may leave its `history` out."
    fix_zh = "请提供更长的记录及同期气象；园区文件中也可不填 `history`。"


class KnownTooLate(DataFault):
    code = "PK1361"
    en = "{what} at {at} became known only at {known}, after the forecast was issued at {issued}."
    zh = "{at} 的 {what} 在 {known} 才可知，晚于预测起报时刻 {issued}。"
    fix_en = "A forecast may only use what was known when it was issued; correct the issue times of the file."
    fix_zh = "预测只能使用起报时已知的数据；请更正文件中的起报时刻。"


class WrongQuantiles(DataFault):
    code = "PK1362"
    en = "These are no quantile forecasts: {reason}."
    zh = "分位数预测有误：{reason}。"
    fix_en = "Levels rise strictly between 0 and 1; each step has one finite value a level."
    fix_zh = "分位水平须在 0 与 1 之间严格递增；每个时刻每个水平一个有限值。"


class CannotFit(DataFault):
    code = "PK1363"
    en = "{what} cannot be fitted: {reason}."
    zh = "无法拟合 {what}：{reason}。"
    fix_en = "Give more hours of power and weather together; docs/forecast.md says how many."
    fix_zh = "请提供更多功率与气象同时段的数据；要求见 docs/forecast.md。"


class NothingToScore(DataFault):
    code = "PK1364"
    en = "No step can be scored: {reason}."
    zh = "没有可评分的时刻：{reason}。"
    fix_en = "Give forecasts and measurements of the same steps."
    fix_zh = "请提供同一时段的预测与实测。"
