"""EU view: direct line and on-site alone at their own value; contract and grid energy kept apart, for other rules."""

from __future__ import annotations

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import KINDS, Claim, ClaimKind, carbon, total
from parkopt.carbon.accounts.statement import CARBON, ENERGY, AccountLine, Rule, Statement, joined, line, ratio
from parkopt.errors import Text

TITLE = Text("EU: direct line and on-site alone", "欧盟口径：仅直连与自发")
RULE = Rule(
    Text(
        "Regulation (EU) 2023/1542 art. 7 with the draft act Ares(2024)3131389 of 2024-04-29, section 2.4.1; "
        "its final "
        "form was not found",
        "(EU) 2023/1542 第 7 条及 2024-04-29 授权法案草案 Ares(2024)3131389 第 2.4.1 节；未查到最终文本",
    ),
    2024,
    "EU",
    "S",
)
METHOD = Text(
    "Directly connected energy at its own life-cycle factor, everything else at the average national mix. Contracts "
    "count nothing. Beside it, the same if contracts were accepted, and if nothing were.",
    "直连与自发电量按自身全生命周期因子，其余按全国平均电力结构；合同不计。并列给出若认可合同、若均不认可的结果。",
)
NOTES = (
    Text(
        "Sources conflict on when and how the act applies; treat the rule and its date as open.",
        "关于法案适用时间与方式的来源互相矛盾；规则与日期均视为未定。",
    ),
    Text(
        "Whether energy that a storage gave back is directly connected is not settled: by default it counts as "
        "the mix "
        "(setting eu_storage_counts).",
        "储能释放电量是否算直连未定：默认按平均结构计（设置项 eu_storage_counts）。",
    ),
    Text(
        "For direct energy keep: ownership of the line, proof of no wheeling over the public grid, meter series, and "
        "that its certificates were sold to nobody.",
        "直连电量须留存：线路产权、未经公网的证明、计量序列、证书未售他人的证明。",
    ),
)
MIX = Text("the life-cycle factor of the average mix", "平均电力结构的全生命周期因子")
DIRECT: tuple[ClaimKind, ...] = ("direct", "onsite")
WITH_STORAGE: tuple[ClaimKind, ...] = ("direct", "onsite", "storage")
TITLES: dict[ClaimKind, Text] = {
    "direct": Text("Over a direct line", "直连"),
    "onsite": Text("On-site", "自发自用"),
    "storage": Text("Given back by storages", "储能释放"),
    "contract": Text("By contract over the grid", "合同电量（经公网）"),
}


def accepted(case: AccountCase) -> tuple[ClaimKind, ...]:
    """Return the kinds that count at their own value."""
    return WITH_STORAGE if case.settings.eu_storage_counts else DIRECT


def lacking(case: AccountCase, kinds: tuple[ClaimKind, ...]) -> list[Text]:
    """Return which life-cycle factors are missing where some kinds count at their own value."""
    found = [
        Text(f"the life-cycle factor of {one.source}", f"{one.source} 的全生命周期因子")
        for one in _chosen(case, kinds)
        if one.lifecycle is None
    ]
    return found if case.settings.lifecycle_mix is not None else [*found, MIX]


def _chosen(case: AccountCase, kinds: tuple[ClaimKind, ...]) -> list[Claim]:
    return [one for one in case.claims if one.kind in kinds and total(one.wh)]


def eu_ug(case: AccountCase, kinds: tuple[ClaimKind, ...]) -> int | None:
    """Return the carbon where some kinds count at their own life-cycle factor and the rest at the mix, ug CO2e.

    ``EF = EF_mix * (E - D) / E + EF_own * D / E`` (policy reference, section 3.1), times E.
    """
    mix = case.settings.lifecycle_mix
    if mix is None or lacking(case, kinds):
        return None
    own = [(one.wh, one.lifecycle) for one in _chosen(case, kinds)]
    kept = sum(carbon(wh, factor.ug_per_wh) for wh, factor in own if factor is not None)
    counted = case.claimed(*kinds) if kinds else 0
    return kept + (case.used_wh - counted) * mix.ug_per_wh


def eu(case: AccountCase) -> Statement:
    """Return the EU view, with direct, contract and grid energy apart."""
    kinds = accepted(case)
    grid = total(case.rest_wh)
    first = _result(case, "eu_ug", Text("Carbon, direct and on-site alone", "碳排放（仅直连与自发）"), kinds)
    ug = eu_ug(case, kinds)
    lines = [
        first,
        line(
            "factor",
            Text("Average factor", "平均因子"),
            ratio(ug, case.used_wh),
            "ug/Wh",
            *first.basis,
            lacks=joined(lacking(case, kinds)),
        ),
        _result(case, "with_contracts_ug", Text("Carbon if contracts counted", "碳排放（若认可合同）"), KINDS),
        _result(case, "mix_ug", Text("Carbon at the mix alone", "碳排放（全部按平均结构）"), ()),
        line("consumption_wh", Text("Consumption", "用电量"), case.used_wh, ENERGY),
        *(line(f"{kind}_wh", TITLES[kind], case.claimed(kind), ENERGY) for kind in KINDS),
        line("grid_wh", Text("From the grid without a claim", "电网电量（无声明）"), grid, ENERGY),
    ]
    return case.said("eu_direct", TITLE, lines, METHOD, RULE, NOTES)


def _result(case: AccountCase, name: str, title: Text, kinds: tuple[ClaimKind, ...]) -> AccountLine:
    used = [one.lifecycle for one in _chosen(case, kinds)]
    mix = case.settings.lifecycle_mix
    return line(name, title, eu_ug(case, kinds), CARBON, *used, mix, lacks=joined(lacking(case, kinds)))
