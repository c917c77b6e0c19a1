"""Avoided and marginal emissions: signals, shown apart, in no inventory."""

from __future__ import annotations

from dataclasses import replace

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import carbon, total
from parkopt.carbon.accounts.statement import CARBON, Rule, Statement, joined, line
from parkopt.errors import Text

TITLE = Text("Avoided and marginal (in no inventory)", "避免与边际排放（不入清单）")
RULE = Rule(
    Text(
        "GHG Protocol: avoided emissions are reported apart from scopes 1 to 3; marginal signals are not additive",
        "温室气体核算体系：避免排放单独报告，不入范围一至三；边际信号不可相加",
    ),
    2015,
    "",
    "M",
)
METHOD = Text(
    "Avoided = claimed energy at the grid's average factor of the hour less its own carbon. Export at the "
    "average factor "
    "is what the same energy from the grid would have carried. Marginal = imports times the marginal factor.",
    "避免排放 = 声明电量按当时电网平均因子计的排放减其自身排放。外送按平均因子计，为同等电网电量的排放。"
    "边际排放 = 购入电量乘以边际因子。",
)
NOTES = (
    Text("Never add, subtract or net these with another account.", "不得与其他核算相加、相减或抵扣。"),
    Text(
        "The comparison with the grid's average is a convention, not what would have happened.",
        "与电网平均比较只是约定，并非反事实事实。",
    ),
)
GRID = Text("the grid's factor by hour", "电网逐小时因子")
MARGINAL = Text("the marginal factor by hour", "逐小时边际因子")
OWN = Text("the factor of a claimed source", "声明来源的因子")
EXPORTS, IMPORTS = Text("exported energy", "外送电量"), Text("imported energy", "外购电量")


def avoided_ug(case: AccountCase) -> int | None:
    """Return ``sum claims (EF_grid,t - EF_source) * claimed_t`` in ug; None where a factor is unknown."""
    used = [one for one in case.claims if total(one.wh)]
    if case.grid is None or any(one.factor is None for one in used):
        return None
    grid = case.grid.ug_per_wh
    return sum(carbon(one.wh, grid) - carbon(one.wh, one.factor.ug_per_wh) for one in used if one.factor)


def avoided(case: AccountCase) -> Statement:
    """Return avoided and marginal emissions, marked as in no inventory."""
    grid, signal, sent, bought = case.grid, case.marginal, case.exports_wh, case.imports_wh
    used = [one for one in case.claims if total(one.wh)]
    unknown = [GRID] * (grid is None) + [OWN] * any(one.factor is None for one in used)
    exported = None if grid is None or sent is None else carbon(sent, grid.ug_per_wh)
    marginal = None if signal is None or bought is None else carbon(bought, signal.ug_per_wh)
    no_export = joined([GRID] * (grid is None) + [EXPORTS] * (sent is None))
    no_marginal = joined([MARGINAL] * (signal is None) + [IMPORTS] * (bought is None))
    average, own = None if grid is None else grid.factor, [one.factor for one in used]
    slope = None if signal is None else signal.factor
    lines = [
        line(
            "avoided_ug",
            Text("Avoided by claimed energy", "声明电量的避免排放"),
            avoided_ug(case),
            CARBON,
            average,
            *own,
            lacks=joined(unknown),
        ),
        line(
            "export_ug",
            Text("Export at the grid's average", "外送按电网平均计"),
            exported,
            CARBON,
            average,
            lacks=no_export,
        ),
        line(
            "marginal_ug",
            Text("Imports at the marginal factor", "购入按边际因子计"),
            marginal,
            CARBON,
            slope,
            lacks=no_marginal,
        ),
    ]
    return replace(case.said("avoided", TITLE, lines, METHOD, RULE, NOTES), in_inventory=False)
