"""Zero-carbon park by NDRC 910/2025, annexes 3 and 4: intensity, direct share, clean share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.inputs import DIRECT_SUPPLY, total
from parkopt.carbon.accounts.statement import (
    CARBON,
    ENERGY,
    SHARE,
    AccountLine,
    Basis,
    Rule,
    Statement,
    joined,
    line,
    ratio,
    verdict,
)
from parkopt.errors import Text
from parkopt.faults import AccountInput

TITLE = Text("National zero-carbon park (910)", "国家级零碳园区（910 号文）")
RULE = Rule(
    Text(
        "NDRC 910/2025, annex 4 (accounting, read in full) and annex 3 (indicators, third-party data)",
        "发改环资〔2025〕910号附件4（核算方法，已读全文）、附件3（指标，第三方数据）",
    ),
    2025,
    "China",
    "P/R",
)
METHOD = Text(
    "Electricity that enters the park counts 0 where it is green by trade or cancelled certificate, otherwise "
    "the fixed "
    "fossil factor; direct supply counts 0. Exports give no credit. Fuel, fossil heat (0.11 tCO2/GJ) and "
    "processes are "
    "added; the sum over all energy in tce is the intensity.",
    "外购电中绿电交易和已核销绿证部分按 0 计，其余按固定化石因子；直接供应按 0 计。外送电不抵扣。加上燃料、"
    "化石热力（0.11 tCO2/GJ）和过程排放；除以综合能耗（tce）得单位能耗碳排放。",
)
NOTES = (
    Text(
        "910 does not say which kgce/kWh turns electricity into tce: it is a setting without default. "
        "Calorific makes "
        "the threshold about 2.3 times as hard to meet as coal equivalent.",
        "910 未规定电力折标系数，需自行设置。当量值比等价值严约 2.3 倍。",
    ),
    Text(
        "What counts as direct supply is not defined in annex 4; here: direct line, on-site, and what storages "
        "in the "
        "park gave back of both.",
        "附件4未定义“直接供应”；此处指直连、园内自发自用及园内储能释放的该类电量。",
    ),
    Text("The method is annual; a shorter period is a preview.", "方法按自然年核算；较短时段仅供预览。"),
)
GJ_UG = 110_000_000_000
FOSSIL_HEAT = Basis("fossil_heat_910", "0.11", "tCO2/GJ", 2025, "China", "NDRC 910/2025 annex 4", "P")
COEFFICIENTS = {
    "calorific": Basis("kgce_calorific", "0.1229", "kgce/kWh", None, "China", "3.6 MJ over 29.3 MJ/kgce", "D"),
    "coal_equivalent": Basis(
        "kgce_coal_equivalent", "0.2856", "kgce/kWh", None, "China", "zero-carbon factory repository", "R"
    ),
}
THRESHOLDS = "NDRC 910/2025 annex 3, as two repositories and a news page give it"
SMALL = Basis("intensity_910_small", "0.2", "tCO2/tce", 2025, "China", THRESHOLDS, "R")
LARGE = Basis("intensity_910_large", "0.3", "tCO2/tce", 2025, "China", THRESHOLDS, "R")
SMALL_TCE, LARGE_TCE = Decimal(200_000), Decimal(1_000_000)
"""Annual energy use at which the two thresholds begin; below the first one no threshold was found."""
WH_PER_MWH = 1_000_000
HOURS_OF_YEAR = 8760
HAVE = {
    "imports_wh": Text("imported energy", "外购电量"),
    "gec": Text("cancelled green certificates", "已核销绿证"),
    "fuel_ug": Text("carbon of fuel", "燃料碳排放"),
    "other": Text("other energy (fuel and heat in tce)", "其他能源（燃料和热力，tce）"),
}
COEFFICIENT = Text("the setting kgce (kgce per kWh)", "设置项 kgce（电力折标系数）")


@dataclass(frozen=True)
class Electricity:
    """Electricity in the sense of annex 4, Wh of the period."""

    direct: int
    traded: int
    gec: int
    fossil: int
    over: int


def electricity(case: AccountCase) -> Electricity | None:
    """Return the electricity of the period; None where imports or certificates are unknown."""
    if case.imports_wh is None or case.gec is None:
        return None
    bought = total(case.imports_wh)
    wanted = case.claimed("contract") if case.traded_wh is None else case.traded_wh
    held = sum(one.wh for one in case.gec if one.year == case.year)
    traded = min(wanted, bought)
    gec = min(held, bought - traded)
    over = wanted + held - traded - gec
    return Electricity(case.claimed(*DIRECT_SUPPLY), traded, gec, bought - traded - gec, over)


def coefficient(case: AccountCase) -> Basis | None:
    """Return kgce/kWh with its source.

    Raises
    ------
    AccountInput
        For a name that is not known, or a coefficient that is not above 0.
    """
    chosen = case.settings.kgce
    if chosen is None:
        return None
    if isinstance(chosen, Decimal) and chosen > 0:
        return Basis("kgce_setting", str(chosen), "kgce/kWh", None, "", "the park's settings", "M")
    if isinstance(chosen, str) and chosen in COEFFICIENTS:
        return COEFFICIENTS[chosen]
    raise AccountInput(field="kgce", problem=Text(f"is none of {', '.join(COEFFICIENTS)}", "不是已知选项"))


def energy_tce(case: AccountCase) -> Fraction | None:
    """Return all energy of the period in tce; None where something is missing."""
    k = coefficient(case)
    if k is None or case.other is None:
        return None
    power = Fraction(case.used_wh - case.other.fuelled_wh, WH_PER_MWH) * Fraction(k.value)
    return power + Fraction(case.other.fuel_tce) + Fraction(case.other.heat_tce)


def threshold(case: AccountCase, tce: Fraction | None) -> Basis | None:
    """Return the threshold of the park's size; None below 0.2 Mtce a year, and while the size is unknown."""
    given = None if case.other is None else case.other.annual_tce
    annual = Fraction(given) if given is not None else tce if case.n >= HOURS_OF_YEAR else None
    if annual is None or annual < SMALL_TCE:
        return None
    return LARGE if annual >= LARGE_TCE else SMALL


def park_ug(case: AccountCase) -> int | None:
    """Return ``E_fuel + E_process + E_elec + E_heat`` in ug; None where something is missing."""
    power = electricity(case)
    if power is None or case.fuel_ug is None or case.other is None:
        return None
    heat = int(case.other.fossil_heat_gj * GJ_UG)
    return total(case.fuel_ug) + case.other.process_ug + heat + power.fossil * case.settings.fossil_910.ug_per_wh


def _lacking(case: AccountCase, *names: str) -> list[Text]:
    found = [HAVE[name] for name in names if getattr(case, name) is None]
    return [*found, COEFFICIENT] if case.settings.kgce is None else found


def zero_carbon_910(case: AccountCase) -> Statement:
    """Return the account of a zero-carbon park."""
    ug, tce, fossil = park_ug(case), energy_tce(case), case.settings.fossil_910
    k, power = coefficient(case), electricity(case)
    intensity = None if ug is None or not tce else Fraction(ug, 10**12) / tce
    limit = threshold(case, tce)
    kept = verdict(intensity, high=None if limit is None else Fraction(limit.value))
    need = joined(_lacking(case, "imports_wh", "gec", "fuel_ug", "other"))
    size = Text("a threshold for this size, or the energy use of the year", "该规模的阈值或全年综合能耗")
    bought = joined([HAVE[name] for name in ("imports_wh", "gec") if getattr(case, name) is None])
    fossil_ug = None if power is None else power.fossil * fossil.ug_per_wh
    parts = joined([HAVE[n] for n in ("imports_wh", "gec", "fuel_ug", "other") if getattr(case, n) is None])
    lines = [
        line("intensity", Text("Carbon per energy", "单位能耗碳排放"), intensity, "tCO2/tce", fossil, k, lacks=need),
        line("status", Text("Threshold", "阈值"), kept, "", limit, lacks=need or size),
        line("park_ug", Text("Carbon of the park", "园区碳排放"), ug, CARBON, fossil, FOSSIL_HEAT, lacks=parts),
        line("electricity_ug", Text("of it electricity", "其中电力"), fossil_ug, CARBON, fossil, lacks=bought),
        line("energy_tce", Text("All energy", "综合能耗"), tce, "tce", k, lacks=joined(_lacking(case, "other"))),
    ]
    lines = [*lines, *_power(power, bought), *_shares(case, power)]
    return case.said("zero_carbon_910", TITLE, lines, METHOD, RULE, NOTES)


def _power(power: Electricity | None, lacks: Text | None) -> list[AccountLine]:
    titles = {
        "direct": Text("Direct supply", "直接供应"),
        "traded": Text("Green power traded", "绿电交易"),
        "gec": Text("Certificates used", "绿证抵用"),
        "fossil": Text("Bought, counted as fossil", "按化石计的外购电"),
        "over": Text("Trade and certificates beyond the purchase", "超出外购电量的绿电与绿证"),
    }
    values = {name: None if power is None else getattr(power, name) for name in titles}
    return [line(f"{name}_wh", title, values[name], ENERGY, lacks=lacks) for name, title in titles.items()]


def _shares(case: AccountCase, power: Electricity | None) -> list[AccountLine]:
    settings, k, tce = case.settings, coefficient(case), energy_tce(case)
    direct = ratio(case.claimed(*DIRECT_SUPPLY), case.used_wh)
    clean = None
    if power is not None and k is not None and tce and case.other is not None:
        green = Fraction(power.direct + power.traded + power.gec, WH_PER_MWH) * Fraction(k.value)
        clean = (green + Fraction(case.other.clean_heat_tce)) / tce
    need = joined(_lacking(case, "imports_wh", "gec", "other"))
    use = Text("consumption", "用电量")
    return [
        line("direct_share", Text("Direct share of electricity", "直接供应比例"), direct, SHARE, lacks=use),
        line(
            "direct_status",
            Text("Direct share, at least 50 % in principle", "直接供应比例，原则上不低于 50%"),
            verdict(direct, low=Fraction(settings.direct_share_910)),
            "",
            lacks=use,
        ),
        line("clean_share", Text("Clean share of energy", "清洁能源消费占比"), clean, SHARE, k, lacks=need),
        line(
            "clean_status",
            Text("Clean share, guide of 90 %", "清洁能源消费占比，引导值 90%"),
            verdict(clean, low=Fraction(settings.clean_share_910)),
            "",
            lacks=need,
        ),
    ]
