"""The electricity of a footprint as plain data for a battery passport and for a CBAM communication.

Both are parkopt's own neutral mapping, not an official schema: they keep what either rule asks for
and say how sure the legal reading is.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from parkopt.carbon.accounts.footprint import Footprint, Row, SupplyKind
from parkopt.carbon.accounts.inputs import KINDS
from parkopt.carbon.accounts.statement import cannot
from parkopt.errors import Language, Text

BATTERY_FORM, CBAM_FORM = "parkopt-battery-electricity@1", "parkopt-cbam-electricity@1"
SUPPLY: tuple[SupplyKind, ...] = (*KINDS, "grid")
LINKED: tuple[SupplyKind, ...] = ("direct", "onsite")
LINKED_OR_PPA: tuple[SupplyKind, ...] = ("direct", "onsite", "contract")
OWN_MAPPING = Text("parkopt's own neutral mapping, not an official schema", "parkopt 自有中性映射，并非官方格式")
BATTERY_LAW = Text(
    "Regulation (EU) 2023/1542 art. 7; draft delegated act Ares(2024)3131389 section 2.4.1: directly connected "
    "energy at "
    "its actual value, all else at the average national mix, no contracts or certificates. The final act was "
    "not found.",
    "(EU) 2023/1542 第 7 条；授权法案草案 Ares(2024)3131389 第 2.4.1 节：直连电量按实际值，其余按全国平均结构，"
    "不认可合同与证书。未查到最终法案。",
)
CBAM_LAW = Text(
    "Regulation (EU) 2023/956 and Implementing Regulation (EU) 2025/2547: an actual factor of electricity "
    "needs a direct "
    "technical link or a power purchase agreement; else a default value, which parkopt does not hold.",
    "(EU) 2023/956 及实施条例 (EU) 2025/2547：采用实际电力因子须有直接技术连接或购电协议；否则用默认值，"
    "parkopt 未收录该默认值。",
)
LEGAL_CONFIDENCE = "S"
DIRECT_FACTORS = Text(
    "the factor of direct emissions of a source or the grid's factor by hour", "某来源的直接排放因子或电网逐小时因子"
)
UG_PER_KG, UG_PER_T, WH_PER_MWH = Decimal(10) ** 9, Decimal(10) ** 12, Decimal(10) ** 6
STEP = Decimal("0.000000001")


def _text(value: Decimal) -> str:
    return format(value, "f")


def kwh(wh: int) -> str:
    """Return energy in kWh as exact decimal text."""
    return _text(Decimal(wh).scaleb(-3))


def _kg(ug: int | None) -> str | None:
    return None if ug is None else _text(Decimal(ug) / UG_PER_KG)


def _head(found: Footprint, form: str, law: Text, lang: Language) -> dict[str, object]:
    made, case = found.production, found.case
    return {
        "form": form,
        "mapping": getattr(OWN_MAPPING, lang),
        "legal_reference": getattr(law, lang),
        "legal_confidence": LEGAL_CONFIDENCE,
        "subject": case.subject,
        "installation": made.installation,
        "reporting_period": {"first_day": case.first_day.isoformat(), "last_day": case.last_day.isoformat()},
        "evidence": [dict(vars(one)) for one in made.evidence],
    }


def by_kind(rows: Iterable[Row]) -> dict[str, str]:
    """Return kWh by kind of supply; every kind is named, also with nothing."""
    held = list(rows)
    return {kind: kwh(sum(row.wh for row in held if row.kind == kind)) for kind in SUPPLY}


def battery_passport(found: Footprint, lang: Language = "en") -> dict[str, object]:
    """Return the electricity section of a battery's carbon footprint.

    Energy is kWh, carbon kg CO2e, both as decimal text; `per_unit` is kg CO2e per unit of the product,
    half-even to 1e-9.
    """
    made, ug = found.production, found.counted_ug
    each = None if ug is None else (Decimal(ug) / UG_PER_KG / made.quantity).quantize(STEP, ROUND_HALF_EVEN)
    data = _head(found, BATTERY_FORM, BATTERY_LAW, lang) | {
        "product": made.product,
        "quantity": _text(made.quantity),
        "unit": made.unit,
        "electricity_kwh": by_kind(found.rows),
        "carbon_kgco2e": _kg(ug),
        "per_unit_kgco2e": None if each is None else _text(each),
        "processes": [_battery_row(row) for row in found.rows],
    }
    return data if ug is not None else data | {"missing": getattr(cannot(found.lacks or Text("", "")), lang)}


def _battery_row(row: Row) -> dict[str, object]:
    return {
        "process": row.process,
        "source": row.source,
        "supply": row.kind,
        "kwh": kwh(row.wh),
        "carbon_kgco2e": _kg(row.counted_ug),
        "at_own_factor_kgco2e": _kg(row.own_ug),
        "at_average_mix_kgco2e": _kg(row.mix_ug),
        "counts_at": "own factor" if row.counts_own else "average mix",
        "factors": [one.as_dict() for one in row.basis],
    }


def cbam(found: Footprint, lang: Language = "en") -> dict[str, object]:
    """Return t CO2/MWh of each process for a CBAM communication, from hours, with evidence.

    Two readings stand side by side: only a direct technical link counts at its actual factor, or a
    power purchase agreement as well. What has neither is at the grid factor of the case by hour, to
    be replaced by the default value in force.
    """
    data = _head(found, CBAM_FORM, CBAM_LAW, lang)
    rest = found.case.grid
    data["factor_of_the_rest"] = None if rest is None else rest.factor.as_dict()
    names = dict.fromkeys(row.process for row in found.rows)
    data["processes"] = [_process(name, [row for row in found.rows if row.process == name], lang) for name in names]
    return data


def _process(name: str, rows: list[Row], lang: Language) -> dict[str, object]:
    readings = {"direct_link": LINKED, "direct_link_and_ppa": LINKED_OR_PPA}
    said: dict[str, object] = {key: _reading(rows, kinds, lang) for key, kinds in readings.items()}
    return {"process": name, "electricity_kwh": by_kind(rows), **said}


def _reading(rows: list[Row], kinds: tuple[SupplyKind, ...], lang: Language) -> dict[str, object]:
    """Return energy and carbon with some kinds at actual factors, the rest at the grid's factor."""
    actual, rest = [row for row in rows if row.kind in kinds], [row for row in rows if row.kind not in kinds]
    own, grid = _sum([row.direct_ug for row in actual if row.wh]), _sum([row.grid_ug for row in rest if row.wh])
    own_wh, rest_wh = sum(row.wh for row in actual), sum(row.wh for row in rest)
    both = None if own is None or grid is None else own + grid
    data: dict[str, object] = {
        "actual_kwh": kwh(own_wh),
        "actual_tco2": _tonnes(own),
        "actual_tco2_per_mwh": _per_mwh(own, own_wh),
        "rest_kwh": kwh(rest_wh),
        "rest_tco2": _tonnes(grid),
        "tco2_per_mwh": _per_mwh(both, own_wh + rest_wh),
    }
    return data if both is not None else data | {"missing": getattr(cannot(DIRECT_FACTORS), lang)}


def _sum(parts: list[int | None]) -> int | None:
    return None if None in parts else sum(part or 0 for part in parts)


def _tonnes(ug: int | None) -> str | None:
    return None if ug is None else _text(Decimal(ug) / UG_PER_T)


def _per_mwh(ug: int | None, wh: int) -> str | None:
    if ug is None or not wh:
        return None
    return _text((Decimal(ug) / UG_PER_T / (Decimal(wh) / WH_PER_MWH)).quantize(STEP, ROUND_HALF_EVEN))
