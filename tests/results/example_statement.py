"""A realistic month of one enterprise, made up: two shifts, a direct wind line, roof PV, a storage, a contract."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np

from parkopt.errors import Text
from parkopt.results.statement import Correction, Proof, StatementData, Stored

LABELS = ("offshore", "roof_pv", "ess<offshore", "ess<roof_pv", "ess<grid", "grid")
GROUPS = {"offshore": "direct", "roof_pv": "on_site", "grid": "grid", "guoxin": "contract", "ess": "storage"}
NAMES = {
    "offshore": Text("Offshore wind", "海上风电"),
    "roof_pv": Text("Roof PV", "屋顶光伏"),
    "grid": Text("Jiangsu grid", "江苏电网"),
    "guoxin": Text("Guoxin wind", "国信海上风电"),
    "ess": Text("Battery 1", "1 号电池"),
}
GRID_UG, RESIDUAL_UG = 582_700, 609_600
VKEY = "parkopt/dafeng/settled+1a2b3c4d+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
CHINA = timezone(timedelta(hours=8))


def month(first=date(2026, 7, 1), days=31, seed=7, **changes):
    """Return the data of some days; the same for the same seed."""
    drawn = np.random.default_rng(seed)
    n = 24 * days
    hour, weekday = np.arange(n) % 24, np.asarray([(first + timedelta(days=at)).weekday() for at in range(days)])
    shift = np.where((hour >= 6) & (hour < 22), 1.0, 0.35) * np.where(np.repeat(weekday, 24) == 6, 0.4, 1.0)
    use = (1_900_000 * shift * (1 + 0.08 * drawn.standard_normal(n))).astype(np.int64)
    parts = _physical(use, hour, np.repeat(drawn.uniform(0.05, 1.3, days), 24), np.repeat(drawn.random(days), 24))
    claims = _claims(use, parts, drawn)
    quality = _quality(days)
    green = sum(claims.values())
    location = parts * np.asarray([0, 0, 0, 0, 673_700, GRID_UG])[:, None]
    market = (use - green) * RESIDUAL_UG
    body = {
        "park": Text("Dafeng Port Economic Development Zone", "大丰港经济开发区"),
        "party": Text("Wind equipment maker (synthetic)", "风电装备企业（合成）"),
        "party_id": "df-wind-equipment",
        "start": first,
        "labels": LABELS,
        "consumption_wh": use,
        "physical_wh": parts,
        "location_ug": location,
        "green_wh": green,
        "claims_wh": claims,
        "market_ug": market,
        "quality": quality,
        "proof": Proof(
            18_342, "9f3c" * 16, VKEY, "0123456789abcdef" * 4, f"dafeng-df-wind-equipment-{first:%Y-%m}.zip"
        ),
        "groups": GROUPS,
        "names": NAMES,
        "stored": _stored(first, parts),
        "accounts": accounts(use, green, location, market),
        "revisions": tuple(1 if at == 11 else 0 for at in range(days)),
        "statuses": tuple("corrected" if at == 11 else "settled" for at in range(days)),
        "corrections": _corrections(first, days),
        "synthetic": Text("All meters and the enterprise are made up.", "全部电表数据与企业均为合成。"),
    }
    return StatementData(**{**body, **changes})


def _physical(use, hour, wind, sun):
    """Return Wh by label: wind, then sun, then storage in the evening, then the grid."""
    n, parts, left = len(use), [], use.copy()
    windy = np.clip(wind + 0.15 * np.sin(np.arange(n) / 9.0), 0, 1) * 1_150_000
    sunny = np.clip(np.sin((hour - 5.5) / 13 * np.pi), 0, None) * (0.3 + 0.7 * sun) * 900_000
    stored = np.where((hour >= 18) & (hour < 22), 420_000, 0)
    for wanted in (windy, sunny, 0.3 * stored, 0.55 * stored, 0.15 * stored):
        part = np.minimum(left, wanted.astype(np.int64))
        parts.append(part)
        left = left - part
    return np.asarray([*parts, left])


def _claims(use, parts, drawn):
    claims = {"offshore": parts[0], "roof_pv": parts[1], "ess": parts[2] + parts[3]}
    wanted = (drawn.uniform(0.0, 0.5, len(use)) * use).astype(np.int64)
    return claims | {"guoxin": np.minimum(wanted, use - sum(claims.values()))}


def _quality(days):
    letters = ["M"] * (24 * days)
    for at, letter in ((range(100, 105), "E"), (range(274, 280), "C"), (range(400, 402), "E")):
        for step in at:
            if step < len(letters):
                letters[step] = letter
    return "".join(letters)


def _stored(first, parts):
    midnight = datetime(first.year, first.month, first.day, tzinfo=CHINA)
    found = []
    for row, origin in ((2, "offshore"), (3, "roof_pv")):
        for step in np.flatnonzero(parts[row]).tolist():
            used = midnight + timedelta(hours=step)
            charged = used - timedelta(hours=7 if row == 3 else 16)
            found.append(Stored("ess", origin, stamp(charged), stamp(used), int(parts[row, step])))
    return tuple(found)


def stamp(when):
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _corrections(first, days):
    if days < 12:
        return ()
    reason = Text("Meter of hall 2: 10:00-16:00 read again after a fault", "2 号厂房电表：10:00-16:00 故障后补抄更正")
    return (Correction(first + timedelta(days=11), 1, reason, 124_300, 88_200, 16_020),)


BASES = ("factor", "year", "region", "source", "confidence")
MEE = "MEE and NBS announcement 47/2025"


def account(title, zh, value, unit, *bases, note=None):
    """Return one account; `bases` are factor, year, region, source and confidence."""
    told = dict(zip(BASES, bases, strict=False))
    return {"title": {"en": title, "zh": zh}, "value": value, "unit": unit, "note": note, **told}


def accounts(use, green, location_ug, market_ug):
    """Return accounts as a helper may give them."""
    location_t, market_t, mwh = location_ug.sum() / 1e12, market_ug.sum() / 1e12, float(use.sum()) / 1e6
    direct = {"en": "green on direct lines counts as 0", "zh": "直连绿电按 0 计"}
    hours = {"en": "hours above 100 % do not count", "zh": "超过 100% 的小时不计"}
    jiangsu, china = (("0.5827 kg/kWh", 2023, "Jiangsu", MEE, "R"), ("0.6096 kg/kWh", 2023, "China", MEE, "R"))
    park = ("0.8325 kg/kWh", 2025, "China", "NDRC 910/2025, annex", "S")
    line = (None, 2026, "China", "NDRC 688/2026", "S")
    return (
        account("Location-based, scope 2", "范围二，基于位置", float(location_t), "t CO2", *jiangsu),
        account("Market-based, residual", "范围二，基于市场", float(market_t), "t CO2", *china),
        account("Zero-carbon park, NDRC 910/2025", "零碳园区（910 号文）", 0.31 * mwh, "t CO2", *park, note=direct),
        account("Direct line, NDRC 688/2026: share of use", "绿电直连（688 号文）：占用电比例", 0.4425, "", *line),
        account(
            "EU view: direct line only", "欧盟口径：仅直连", 0.4425, "", None, None, "EU", "Regulation 2023/956", "D"
        ),
        account("Hourly match", "分时匹配率", float(green.sum() / use.sum()), "", note=hours),
        account("Volumetric", "总量匹配率", 1.0312, ""),
    )
