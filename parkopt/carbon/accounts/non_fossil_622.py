"""Non-fossil electricity of a user by NEA/NDRC 622/2026: physical, traded, certificates, provincial allocation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import DIRECT_SUPPLY, total
from parkopt.carbon.accounts.statement import ENERGY, SHARE, AccountLine, Basis, Rule, Statement, joined, line, ratio
from parkopt.errors import Text

TITLE = Text("Non-fossil electricity of a user (622)", "用户非化石能源电力消费（622 号文）")
RULE = Rule(
    Text(
        "NDRC and NEA 622/2026, guide to accounting non-fossil electricity (trial), read in full",
        "发改能源〔2026〕622号《非化石能源电力消费核算指南（试行）》，已读全文",
    ),
    2026,
    "China",
    "P",
)
METHOD = Text(
    "N = physical + traded + certificates + allocation. Physical: own and direct use, with park RE given back by "
    "storages. Traded and certificates together end at what came over the grid; certificates give way. "
    "Allocation: the "
    "rest of the grid's energy times the coefficient of the province, rounded down to whole Wh.",
    "N = 物理 + 交易 + 绿证 + 省级分摊。物理：自发自用及直连（含园内储能释放的可再生电量）。"
    "交易与绿证之和不超过下网电量，超出时先削减绿证。分摊：其余下网电量乘以省级系数，向下取整到 Wh。",
)
NOTES = (
    Text(
        "The coefficient of Jiangsu was not found: without the setting k_province there is no total, only what is "
        "certain without it.",
        "未查到江苏省分摊系数：未设置 k_province 时不给出合计，只给出不含分摊的下限。",
    ),
    Text(
        "The caps on certificates of the own and of other provinces were not found; those set are applied, "
        "others are "
        "not.",
        "省内、省外绿证上限数值未查到；已设置者执行，未设置者不执行。",
    ),
    Text(
        "Certificates count in the year of the generation; those of another year stand apart. The guide is annual.",
        "绿证计入发电所属年度，其他年度者单列。该指南按年核算。",
    ),
)
OFFTAKE = Text("energy taken from the grid (imports_wh)", "下网电量（imports_wh）")
GEC = Text("cancelled green certificates", "已核销绿证")
COEFFICIENT = Text(
    "the provincial coefficient (setting k_province; none of Jiangsu is known)",
    "省级分摊系数（设置项 k_province；江苏值未知）",
)


@dataclass(frozen=True)
class NonFossil:
    """The parts in Wh; `allocated` is None where the coefficient is unknown."""

    offtake: int
    physical: int
    traded: int
    gec: int
    gec_over: int
    gec_other_year: int
    allocated: int | None

    @property
    def certain(self) -> int:
        """Everything but the allocation."""
        return self.physical + self.traded + self.gec


def _capped(wh: int, cap: int | None) -> int:
    return wh if cap is None else min(wh, cap)


def non_fossil(case: AccountCase) -> NonFossil | None:
    """Return the parts; None where the grid's energy or the certificates are unknown."""
    if case.imports_wh is None or case.gec is None:
        return None
    settings, offtake = case.settings, total(case.imports_wh)
    wanted = (case.claimed("contract") if case.traded_wh is None else case.traded_wh) + case.nuclear_wh
    traded = min(wanted, offtake)
    ours = [one for one in case.gec if one.year == case.year]
    inside = sum(one.wh for one in ours if one.province == settings.province)
    held = sum(one.wh for one in ours)
    allowed = _capped(inside, settings.gec_cap_in_wh) + _capped(held - inside, settings.gec_cap_out_wh)
    gec = min(allowed, offtake - traded)
    k, left = settings.k_province, offtake - traded - gec
    share = None if k is None else int(left * Fraction(k))
    other = sum(one.wh for one in case.gec) - held
    return NonFossil(offtake, case.claimed(*DIRECT_SUPPLY), traded, gec, held - gec, other, share)


def non_fossil_622(case: AccountCase) -> Statement:
    """Return the account of a user: ``N = N_phys + N_trade + N_gec + N_alloc``, ``share = N / (N_phys + E_off)``."""
    found, k = non_fossil(case), case.settings.k_province
    base = [OFFTAKE] * (case.imports_wh is None) + [GEC] * (case.gec is None)
    part, whole = joined(base), joined([*base, *([COEFFICIENT] if k is None else [])])
    all_wh = None if found is None or found.allocated is None else found.certain + found.allocated
    used = None if found is None else found.physical + found.offtake
    certain = None if found is None else found.certain
    allocated = None if found is None else found.allocated
    at_least = ratio(certain, used)
    said_k = (
        None if k is None else Basis("k_province", str(k), SHARE, case.year, case.settings.province, "settings", "M")
    )
    lines = [
        line(
            "non_fossil_wh", Text("Non-fossil electricity", "非化石能源电力消费量"), all_wh, ENERGY, said_k, lacks=whole
        ),
        line("share", Text("Non-fossil share", "非化石占比"), ratio(all_wh, used), SHARE, said_k, lacks=whole),
        line("certain_wh", Text("Without the allocation", "不含分摊"), certain, ENERGY, lacks=part),
        line("certain_share", Text("Share without the allocation", "不含分摊占比"), at_least, SHARE, lacks=part),
        *_parts(found, part),
        line("allocated_wh", Text("Allocated", "省级分摊"), allocated, ENERGY, said_k, lacks=whole),
    ]
    return case.said("non_fossil_622", TITLE, lines, METHOD, RULE, NOTES)


def _parts(found: NonFossil | None, lacks: Text | None) -> list[AccountLine]:
    titles = {
        "physical": Text("Physical", "物理电量"),
        "traded": Text("Traded", "交易电量"),
        "gec": Text("Certificates", "绿证电量"),
        "gec_over": Text("Certificates beyond the caps", "超出上限的绿证"),
        "gec_other_year": Text("Certificates of other years", "其他年度绿证"),
        "offtake": Text("Taken from the grid", "下网电量"),
    }
    values = {key: None if found is None else getattr(found, key) for key in titles}
    return [line(f"{key}_wh", title, values[key], ENERGY, lacks=lacks) for key, title in titles.items()]
