"""What the verbs of scores and fits print."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from parkopt.cli_common import clean
from parkopt.errors import Language
from parkopt.services.forecast_scores import Report

WORDS: dict[str, tuple[str, str]] = {
    "score": ("Score", "指标"),
    "all hours": ("all hours", "全时段"),
    "daylight": ("daylight", "白天"),
    "steps": ("Steps scored", "评分时刻数"),
    "mae_mw": ("MAE, MW", "平均绝对误差 MAE，MW"),
    "rmse_mw": ("RMSE, MW", "均方根误差 RMSE，MW"),
    "bias_mw": ("Bias (forecast - measured), MW", "偏差（预测减实测），MW"),
    "nmae": ("nMAE, %", "归一化 MAE，%"),
    "nrmse": ("nRMSE, %", "归一化 RMSE，%"),
    "nbias": ("nBias, %", "归一化偏差，%"),
    "wape": ("WAPE, % of measured energy", "WAPE，占实测电量 %"),
    "correlation": ("Correlation", "相关系数"),
    "ramp_hit_rate": ("Ramps (20 % of capacity) met, %", "爬坡（装机 20%）命中率，%"),
    "persistence_24h": ("Skill against 24-h persistence, %", "相对 24 小时持续法的技巧，%"),
    "climatology": ("Skill against climatology (past only), %", "相对气候态（仅用过去）的技巧，%"),
    "nielsen": ("Skill against the Nielsen mix, %", "相对 Nielsen 混合法的技巧，%"),
    "smart_persistence": ("Skill against smart persistence, %", "相对智能持续法的技巧，%"),
    "physical": ("Skill against the physical chain, %", "相对物理模型链的技巧，%"),
    "pinball_mw": ("Pinball loss, MW", "Pinball 损失，MW"),
    "crps_mw": ("CRPS, MW", "CRPS，MW"),
    "coverage": ("Measured within the {} interval, %", "落在 {} 区间内的实测，%"),
    "width": ("Mean width of the {} interval, MW", "{} 区间平均宽度，MW"),
    "interval_score_mw": ("Interval score of the {} interval, MW", "{} 区间评分，MW"),
    "energy_score_mw": ("Energy score of a day, MW", "单日能量评分，MW"),
    "variogram_score": ("Variogram score of a day", "单日变差评分"),
    "rule": ("Rule", "规则"),
    "forecast": ("Forecast", "预测"),
    "accuracy": ("Accuracy, %", "准确率，%"),
    "pass_rate": ("Within 25 %, %", "合格率，%"),
    "threshold": ("Asked, %", "要求，%"),
    "met": ("Each month met", "各月达标"),
    "days_met": ("Days met, %", "达标天数，%"),
    "penalty_mwh": ("Penalty, MWh", "考核电量，MWh"),
    "confidence": ("Known", "依据"),
    "month": ("Month", "月份"),
    "source": ("Source", "来源"),
    "denominator": ("Error relative to", "误差基准"),
    "months": ("A month is", "月度按"),
    "penalty_h": ("Penalty, h", "考核系数，h"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "unknown": ("unknown", "未知"),
    "S": ("read", "已核对原文"),
    "R": ("recalled, not verified", "凭记忆（未核对）"),
    "user": ("your own", "用户自定"),
    "online": ("capacity online", "开机容量"),
    "actual": ("actual power", "实际功率"),
    "actual_floored": ("actual power, at least {:.0%} of capacity", "实际功率，不低于装机 {:.0%}"),
    "harmonic": ("harmonic mean", "调和平均"),
    "points": ("all its points", "全部点"),
    "days": ("mean of its days", "各日平均"),
}
PIPE_WIDTH = 140
"""Columns of a table in a file or a pipe."""
MOST = 0.9
"""A baseline that misses more than a tenth of the steps says so."""
PERCENT = ("nmae", "nrmse", "nbias", "wape", "ramp_hit_rate")
NUMBERS = (
    "mae_mw", "rmse_mw", "bias_mw", "nmae", "nrmse", "nbias", "wape", "correlation", "ramp_hit_rate",
)  # fmt: skip
SKILLS = ("persistence_24h", "climatology", "nielsen", "smart_persistence", "physical")
SPREAD = ("pinball_mw", "crps_mw", "coverage", "width_mw", "interval_score_mw", "energy_score_mw", "variogram_score")


def say(key: str, lang: Language) -> str:
    """Return a word of the tables."""
    return WORDS[key][0 if lang == "en" else 1]


def console_of() -> Console:
    """Return the console; into a file or a pipe tables are as wide as they need to be."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, PIPE_WIDTH))


def _table(heads: Iterable[str], left: int = 1) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number < left else "right", overflow="fold")
    return table


def _number(value: Any, factor: float = 1.0, digits: int = 2) -> str:
    return "-" if value is None else f"{factor * value:,.{digits}f}"


def print_report(report: Report, files: list[str], lang: Language) -> None:
    """Print scores, rules, months, sources, notes and files."""
    console, data = console_of(), report.as_dict(lang)
    console.print(_head(report, data, lang), highlight=False, soft_wrap=True)
    console.print(_scores(data, lang))
    if any(one["rules"] for one in data["forecasts"]):
        console.print(_judged(data, lang))
        for one in data["forecasts"]:
            console.print(_by_month(one, lang))
        _print_sources(console, data, lang)
    for line in data["notes"]:
        console.print(clean(line), highlight=False, soft_wrap=True)
    for file in files:
        console.print(clean(file), highlight=False, soft_wrap=True)


def _head(report: Report, data: dict[str, Any], lang: Language) -> str:
    name, begin, end = clean(Path(data["file"]).name), report.file.local[0], report.file.local[-1]
    last = end + report.file.step - timedelta(minutes=1)
    span = f"{begin:%Y-%m-%d} - {last:%Y-%m-%d}"
    by = data["normalised_by"]
    if lang == "zh":
        what = "装机容量" if report.request.capacity_mw is not None else "最大实测负荷"
        return (
            f"{name}：{span}，{data['steps']} 个 {data['step_min']} 分钟时刻，缺值剔除 {data['dropped']} 个；"
            f"归一化基准为{what} {report.capacity_mw:g} MW"
        )
    return (
        f"{name}: {span}, {data['steps']} steps of {data['step_min']} min, {data['dropped']} dropped without "
        f"measurement or forecast; normalised by the {by}"
    )


def _scores(data: dict[str, Any], lang: Language) -> Table:
    columns = [(one["name"], row) for one in data["forecasts"] for row in one["scores"]]
    lit = any(row["over"] == "daylight" for _, row in columns)
    heads = [clean(name) + (f"\n{say(row['over'], lang)}" if lit else "") for name, row in columns]
    table = _table([say("score", lang), *heads])
    table.add_row(say("steps", lang), *(f"{row['steps']:,}" for _, row in columns))
    for key in NUMBERS:
        factor, digits = (100.0, 2) if key in PERCENT else (1.0, 3)
        table.add_row(say(key, lang), *(_number(row[key], factor, digits) for _, row in columns))
    for key in SKILLS:
        if any(key in row["skill"] for _, row in columns):
            cells = [_number(row["skill"].get(key, {}).get("skill"), 100, 1) for _, row in columns]
            table.add_row(say(key, lang) + _fewer([row for _, row in columns], key, lang), *cells)
    for key in SPREAD:
        _add_spread(table, key, [row for _, row in columns], lang)
    return table


def _fewer(rows: list[dict[str, Any]], key: str, lang: Language) -> str:
    """Return the steps that a skill is of, where the baseline has far fewer than are scored."""
    steps = max(row["skill"].get(key, {}).get("steps", 0) for row in rows)
    if steps >= MOST * max(row["steps"] for row in rows):
        return ""
    return f" ({steps:,} steps)" if lang == "en" else f"（{steps:,} 个时刻）"


def _add_spread(table: Table, key: str, rows: list[dict[str, Any]], lang: Language) -> None:
    """Add the rows of a score of quantiles or scenarios, where any forecast has it."""
    if key not in ("coverage", "width_mw", "interval_score_mw"):
        if any(row.get(key) is not None for row in rows):
            table.add_row(say(key, lang), *(_number(row.get(key), 1, 3) for row in rows))
        return
    word, factor = "width" if key == "width_mw" else key, 100.0 if key == "coverage" else 1.0
    for share in dict.fromkeys(share for row in rows for share in row.get(key, {})):
        cells = [_number(row.get(key, {}).get(share), factor, 1) for row in rows]
        table.add_row(say(word, lang).format(share.replace("%", " %") if lang == "en" else share), *cells)


def _judged(data: dict[str, Any], lang: Language) -> Table:
    keys = ("accuracy", "threshold", "met", "days_met", "pass_rate", "penalty_mwh", "confidence")
    table = _table([say("rule", lang), say("forecast", lang), *(say(key, lang) for key in keys)], left=2)
    for one in data["forecasts"]:
        for row in one["rules"]:
            table.add_row(clean(row["rule"]), clean(one["name"]), *_judgement(row, lang))
    return table


def _judgement(row: dict[str, Any], lang: Language) -> list[str]:
    known = say(row["confidence"], lang).partition(",")[0].partition("（")[0]
    if not row["points"]:
        return ["-"] * 6 + [known]
    unknown = say("unknown", lang)
    met = {None: unknown, True: say("yes", lang), False: say("no", lang)}[row["met"]]
    asked = unknown if row["threshold"] is None else _number(row["threshold"], 100, 0)
    days = unknown if row["days_met"] is None else _number(row["days_met"], 100, 1)
    penalty = unknown if row["penalty_mwh"] is None else _number(row["penalty_mwh"])
    return [_number(row["accuracy"], 100), asked, met, days, _number(row["pass_rate"], 100, 1), penalty, known]


def _by_month(one: dict[str, Any], lang: Language) -> Table:
    """Return the accuracy of a forecast by month and rule."""
    found = [row for row in one["rules"] if row["points"]]
    table = _table([say("month", lang), *(clean(row["rule"]) for row in found)])
    table.title, table.title_justify, table.title_style = f"{clean(one['name'])}: {say('accuracy', lang)}", "left", ""
    for month in sorted({month for row in found for month in row["by_month"]}):
        table.add_row(month, *(_number(row["by_month"].get(month), 100) for row in found))
    return table


def _print_sources(console: Console, data: dict[str, Any], lang: Language) -> None:
    told = {row["rule"]: row for one in data["forecasts"] for row in one["rules"]}
    for name, row in told.items():
        console.print(
            f"{clean(name)} ({say(row['confidence'], lang)}): {clean(row['source'] or '-')}",
            highlight=False,
            soft_wrap=True,
        )
        if "why" in row:
            console.print(f"  {clean(row['why'])}", highlight=False, soft_wrap=True)


def print_rules(found: list[dict[str, Any]], lang: Language) -> None:
    """Print the presets and their sources."""
    console = console_of()
    table = _table(
        [say("rule", lang), *(say(k, lang) for k in ("denominator", "months", "threshold", "penalty_h", "confidence"))],
        2,
    )
    for row in found:
        base = say(row["denominator"], lang).format(row["floor_share"] or 0)
        asked = say("unknown", lang) if row["threshold"] is None else _number(row["threshold"], 100, 0)
        penalty = say("unknown", lang) if row["penalty_h"] is None else _number(row["penalty_h"], 1, 1)
        table.add_row(row["name"], base, say(row["months"], lang), asked, penalty, say(row["confidence"], lang))
    console.print(table)
    for row in found:
        console.print(f"{row['name']}: {clean(row['source'])}", highlight=False, soft_wrap=True)
    console.print(
        {
            "en": "Jiangsu's own figures were not found: write those in force as your own rule (--rules FILE.yaml).",
            "zh": "未找到江苏现行考核数值：请将现行规定写成自定规则（--rules FILE.yaml）。",
        }[lang],
        highlight=False,
        soft_wrap=True,
    )
