"""Green power direct connection by 650/2025 and 688/2026: the ratios of the year to date, net and gross."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import total
from parkopt.carbon.accounts.statement import ENERGY, SHARE, AccountLine, Rule, Statement, joined, line, ratio, verdict
from parkopt.errors import Text

TITLE = Text("Green power direct connection (650, 688)", "绿电直连（650、688 号文）")
RULE = Rule(
    Text(
        "NDRC and NEA 650/2025 (one user) and 688/2026 (several users), both read in full",
        "发改能源〔2025〕650号（单用户）、发改能源〔2026〕688号（多用户），均已读全文",
    ),
    2026,
    "China",
    "P",
)
METHOD = Text(
    "Year to date. Self-use net = generation - charged + given back by storages - export (688, section 11); gross = "
    "generation - export. Over what was available (with curtailment), and over total use; export over available.",
    "年初至今。自发自用（净）= 发电 - 充电 + 储能释放 - 上网（688 第十一条）；毛值 = 发电 - 上网。"
    "分别除以可用发电量（含弃电）和总用电量；上网电量除以可用发电量。",
)
NOTES = (
    Text(
        "Net is the literal reading and decides the status; gross counts the storage's losses as used.",
        "净值为条文字面含义，据以判定；毛值把储能损耗计为自用。",
    ),
    Text(
        "The limits are annual: a status before the end of the year is a preview. 0.35 of total use is applied from "
        "2030. The export limit is the province's to set; none of Jiangsu was found, 20 % is the national rule.",
        "限值按年考核：年内状态仅供预览。自用占总用电 35% 自 2030 年起执行。上网比例由省级确定，"
        "未查到江苏规定，采用全国 20%。",
    ),
    Text("How plant auxiliary use counts is not said in either text.", "两文均未规定厂用电如何计入。"),
)
Field = Literal["generation_wh", "available_wh", "exports_wh", "charge_wh", "discharge_wh", "consumption_wh"]
FIELDS: tuple[Field, ...] = get_args(Field)
NET: tuple[Field, ...] = ("generation_wh", "exports_wh", "charge_wh", "discharge_wh")
NAMES: dict[Field, Text] = {
    "generation_wh": Text("generation of the project", "项目发电量"),
    "available_wh": Text("generation available before curtailment", "弃电前可用发电量"),
    "exports_wh": Text("export", "上网电量"),
    "charge_wh": Text("project energy charged", "项目电量充电"),
    "discharge_wh": Text("project energy given back by storages", "储能释放的项目电量"),
    "consumption_wh": Text("consumption", "用电量"),
}
STRICTER_FROM = 2030
PERIODS = Text("the hours declared hard to absorb", "消纳困难时段")


@dataclass(frozen=True)
class Ratios:
    """Sums of the year to date in Wh; None is unknown."""

    sums: dict[str, int | None]

    @property
    def net(self) -> int | None:
        """Self-use after what storages took and gave back."""
        gross, charged, back = self.gross, self.sums["charge_wh"], self.sums["discharge_wh"]
        return None if gross is None or charged is None or back is None else gross - charged + back

    @property
    def gross(self) -> int | None:
        """Generation less export."""
        made, sent = self.sums["generation_wh"], self.sums["exports_wh"]
        return None if made is None or sent is None else made - sent

    def lacks(self, *names: Field) -> Text | None:
        """Return which of some sums are missing."""
        return joined([NAMES[name] for name in names if self.sums[name] is None])


def year_to_date(case: AccountCase) -> Ratios:
    """Return the sums of the year up to the end of the period."""
    sums: dict[str, int | None] = {}
    for name in FIELDS:
        before, now = getattr(case.before, name), getattr(case, name)
        sums[name] = None if before is None or now is None else before + total(now)
    return Ratios(sums)


def direct_650_688(case: AccountCase) -> Statement:
    """Return the ratios of a direct-connection project, with their status."""
    found, settings = year_to_date(case), case.settings
    later = case.year >= STRICTER_FROM
    least = Fraction(settings.self_over_use_2030 if later else settings.self_over_use)
    available, used = found.sums["available_wh"], found.sums["consumption_wh"]
    made, use = Text("Self-use over available", "自用占可用发电量"), Text("Self-use over total use", "自用占总用电量")
    sent = Text("Export over available", "上网占可用发电量")
    lacks = [found.lacks(*NET, "available_wh"), found.lacks(*NET, "consumption_wh")]
    no_export, low = found.lacks("exports_wh", "available_wh"), Fraction(settings.self_over_available)
    exported, high = ratio(found.sums["exports_wh"], available), Fraction(settings.export_over_available)
    lines = [
        *_judged("self_over_available", made, ratio(found.net, available), lacks[0], low, None),
        *_judged("self_over_use", use, ratio(found.net, used), lacks[1], least, None),
        *_judged("export_over_available", sent, exported, no_export, None, high),
        *_gross(found, available, used),
        *(line(name, NAMES[name], found.sums[name], ENERGY, lacks=NAMES[name]) for name in FIELDS),
        _forbidden(case),
    ]
    return case.said("direct_650_688", TITLE, lines, METHOD, RULE, NOTES)


def _judged(
    name: str, title: Text, value: Fraction | None, lacks: Text | None, low: Fraction | None, high: Fraction | None
) -> list[AccountLine]:
    """Return a ratio and whether it keeps its limit."""
    lacks = lacks or Text("anything to divide by", "分母")
    limit = float(low if low is not None else high or 0)
    en, zh = ("or more", "不低于") if low is not None else ("or less", "不高于")
    judged = Text(f"{title.en}: {limit:g} {en}", f"{title.zh}：{zh} {limit:g}")
    return [
        line(name, title, value, SHARE, lacks=lacks),
        line(f"{name}_status", judged, verdict(value, low, high), "", lacks=lacks),
    ]


def _gross(found: Ratios, available: int | None, used: int | None) -> list[AccountLine]:
    lacks = found.lacks("generation_wh", "exports_wh", "available_wh", "consumption_wh")
    net, gross = found.net, found.gross
    difference = None if net is None or gross is None else gross - net
    return [
        line("self_use_wh", Text("Self-use, net", "自发自用（净）"), net, ENERGY, lacks=found.lacks(*NET)),
        line("self_use_gross_wh", Text("Self-use, gross", "自发自用（毛）"), gross, ENERGY, lacks=lacks),
        line(
            "gross_over_available",
            Text("Gross over available", "毛值占可用"),
            ratio(gross, available),
            SHARE,
            lacks=lacks,
        ),
        line("gross_over_use", Text("Gross over total use", "毛值占总用电"), ratio(gross, used), SHARE, lacks=lacks),
        line("difference_wh", Text("Gross less net", "毛净差"), difference, ENERGY, lacks=found.lacks(*NET)),
    ]


def _forbidden(case: AccountCase) -> AccountLine:
    """Return the export of the period in hours where nothing may be exported; it must be 0."""
    title = Text("Export in forbidden hours of the period (must be 0)", "本期禁止上网时段上网电量（应为 0）")
    hours, exports = case.export_forbidden, case.exports_wh
    sent = None if hours is None or exports is None else total(np.where(hours, exports, 0))
    return line("forbidden_wh", title, sent, ENERGY, lacks=PERIODS if hours is None else NAMES["exports_wh"])
