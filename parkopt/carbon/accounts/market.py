"""Market-based account: claims at their own factor, all the rest at the residual factor."""

from __future__ import annotations

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import Claim, carbon, total
from parkopt.carbon.accounts.statement import CARBON, ENERGY, AccountLine, Rule, Statement, joined, line, ratio
from parkopt.errors import Text

TITLE = Text("Market-based", "基于市场")
RULE = Rule(
    Text(
        "GHG Protocol Scope 2, market-based, with hourly claims as in the 2025 draft revision",
        "温室气体核算体系范围二（基于市场），按 2025 修订草案逐小时匹配",
    ),
    2025,
    "",
    "S",
)
METHOD = Text(
    "Sum over hours of claimed energy at the factor of its source, and of the energy without a claim at the "
    "residual factor (average without what the market sold as non-fossil). The grid's average for that rest would "
    "count sold green power twice.",
    "逐小时求和：已声明电量按其来源因子，其余按剩余因子（扣除市场化交易非化石电量的平均因子）。"
    "其余部分若用电网平均因子会重复计算已售绿电。",
)
NOTES = (
    Text(
        "The residual factor is national: there is none of Jiangsu, and none by hour.",
        "剩余因子为全国值：无江苏值，也无逐小时值。",
    ),
    Text(
        "Power made of fuel in the park has no claim and counts here at the residual factor; do not add the fuel's "
        "own carbon of the same energy.",
        "园内燃料发电不属于声明，此处按剩余因子计；同一电量的燃料碳排放不得再加。",
    ),
    Text(
        "Green certificates (GEC) are not hourly and stand in a line of their own, beyond the claims.",
        "绿证（GEC）非逐小时，单列于声明之外。",
    ),
)
RESIDUAL = Text("the residual factor", "剩余因子")
GEC = Text("cancelled green certificates", "已核销绿证")


def lacking(case: AccountCase) -> list[Text]:
    """Return which factors are missing: of sources with a claim, and the residual."""
    found = [
        Text(f"the factor of {one.source}", f"{one.source} 的因子")
        for one in case.claims
        if one.factor is None and total(one.wh)
    ]
    return found if case.settings.residual is not None else [*found, RESIDUAL]


def claimed_ug(one: Claim) -> int | None:
    """Return the carbon of one claim, ug; None where its factor is unknown."""
    if one.factor is None:
        return None if total(one.wh) else 0
    return carbon(one.wh, one.factor.ug_per_wh)


def market_ug(case: AccountCase) -> int | None:
    """Return the market-based carbon of the consumption, ug; None where a factor is missing.

    ``E_MB = sum_t [sum_c claimed_ct * EF_c + (L_t - sum_c claimed_ct) * EF_res]`` (reference, section 2).
    """
    residual = case.settings.residual
    if lacking(case) or residual is None:
        return None
    return sum(claimed_ug(one) or 0 for one in case.claims) + carbon(case.rest_wh, residual.ug_per_wh)


def market(case: AccountCase) -> Statement:
    """Return the market-based account; claims and rest sum to the consumption, parties to their park."""
    residual, ug, lacks = case.settings.residual, market_ug(case), joined(lacking(case))
    rest = total(case.rest_wh)
    rest_ug = None if residual is None else rest * residual.ug_per_wh
    used = [one.factor for one in case.claims if one.factor is not None]
    lines = [
        line("market_ug", Text("Carbon of the use", "用电碳排放"), ug, CARBON, *used, residual, lacks=lacks),
        line("consumption_wh", Text("Consumption", "用电量"), case.used_wh, ENERGY),
        line(
            "factor", Text("Average factor", "平均因子"), ratio(ug, case.used_wh), "ug/Wh", *used, residual, lacks=lacks
        ),
        line("claimed_wh", Text("Claimed", "已声明电量"), case.claimed(), ENERGY),
        line("rest_wh", Text("Without a claim", "未声明电量"), rest, ENERGY),
        line("rest_ug", Text("Carbon of the rest", "未声明部分碳排放"), rest_ug, CARBON, residual, lacks=RESIDUAL),
    ]
    return case.said("market", TITLE, [*lines, *_by_source(case), *_with_gec(case, ug, rest)], METHOD, RULE, NOTES)


def _by_source(case: AccountCase) -> list[AccountLine]:
    lines = []
    for one in case.claims:
        name, lacks = one.source, Text(f"the factor of {one.source}", f"{one.source} 的因子")
        lines.append(line(f"wh.{name}", Text(f"Claimed of {name}", f"{name} 声明电量"), total(one.wh), ENERGY))
        title = Text(f"Carbon of {name}", f"{name} 碳排放")
        lines.append(line(f"ug.{name}", title, claimed_ug(one), CARBON, one.factor, lacks=lacks))
    return lines


def _with_gec(case: AccountCase, ug: int | None, rest: int) -> list[AccountLine]:
    """Return the same with cancelled certificates set against the rest, and those that found nothing to cover."""
    residual = case.settings.residual
    held = None if case.gec is None else sum(one.wh for one in case.gec if one.year == case.year)
    used = None if held is None else min(held, rest)
    known = ug is not None and used is not None and residual is not None
    with_gec = ug - used * residual.ug_per_wh if known and residual and ug is not None and used is not None else None
    lacks = joined([*lacking(case), *([GEC] if held is None else [])])
    over = None if held is None or used is None else held - used
    return [
        line("gec_wh", Text("Certificates used on the rest", "用于未声明部分的绿证"), used, ENERGY, lacks=GEC),
        line("gec_over_wh", Text("Certificates beyond the rest", "超出未声明部分的绿证"), over, ENERGY, lacks=GEC),
        line(
            "market_with_gec_ug",
            Text("Carbon with certificates", "计入绿证后的碳排放"),
            with_gec,
            CARBON,
            residual,
            lacks=lacks,
        ),
    ]
