"""The statement of an enterprise as one printable HTML page: A4, nothing fetched from outside, Chinese or English.

Beside each rounded energy stands its exact value: ``<data value="...">`` holds whole Wh or ug.
"""

from __future__ import annotations

import hashlib
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from parkopt.errors import Language, Text
from parkopt.results.statement import Line, StatementData, Stored
from parkopt.results.statement_figures import average_day, heat_map, storage_clock
from parkopt.results.statement_words import say

WH_PER_KWH = 1000
UG_PER_KG = 10**9
UG_PER_WH = 10**6
"""1 kg/kWh in micrograms per Wh."""
FINGERPRINT = 16
"""Hexadecimal digits that are shown of a hash: 64 bits."""
NOTES = ("note_gec", "note_ledgers", "note_hours", "note_storage", "note_rounding")
CONFIDENCES = "PSRDM"
NONE = "–"
FEW_DIGITS = 100.0


@dataclass(frozen=True)
class Day:
    """One row of the daily table; Wh and ug, and how many of the hours were measured."""

    day: str
    consumption_wh: int
    green_wh: int
    location_ug: int
    market_ug: int
    told: int
    status: str
    revision: int


@dataclass(frozen=True)
class Origin:
    """Energy of one storage from one origin: when it was charged and used, first and last, local time."""

    store: str
    origin: str
    wh: int
    charged: str
    used: str


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    text = Path(__file__).with_name("statement.html.j2").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"kwh": kwh, "kg": kg, "percent": percent, "per_kwh": per_kwh, "signed": signed}
    return made.from_string(text)


def statement_page(data: StatementData, lang: Language) -> str:
    """Return the statement as HTML text in one language.

    Parameters
    ----------
    data : StatementData
        What it states.
    lang : {"en", "zh"}
        Language of words, names and notes.
    """
    days = data.days
    html: str = _template().render(
        lang=lang,
        data=data,
        park=getattr(data.park, lang),
        party=getattr(data.party, lang),
        synthetic=getattr(data.synthetic, lang),
        period=f"{days[0]:%Y-%m}" if _whole_month(data) else f"{days[0]} – {days[-1]}",
        first=str(days[0]),
        last=str(days[-1]),
        totals=_totals(data),
        physical=[(_source(data, line, lang), line) for line in data.physical()],
        claimed=[(_source(data, line, lang), line) for line in data.claimed()],
        daily=list(daily(data)),
        statuses=Counter(data.statuses),
        origins=origins(data, lang),
        accounts=[_account(one, lang) for one in data.accounts],
        confidences=any(one.get("confidence") in set(CONFIDENCES) for one in data.accounts),
        corrections=[(one, getattr(one.reason, lang)) for one in data.corrections],
        proof=_proof(data),
        notes=NOTES,
        figures={"heat": heat_map(data, lang), "average": average_day(data, lang), "clock": storage_clock(data, lang)},
        say=lambda key, **facts: say(key, lang, **facts),
    )
    return html


def _whole_month(data: StatementData) -> bool:
    first, after = data.days[0], data.days[-1] + timedelta(days=1)
    return first.day == after.day == 1 and 0 < (after - first).days <= 31  # noqa: PLR2004 - days of a month


def _totals(data: StatementData) -> dict[str, int]:
    return {
        "consumption_wh": int(data.consumption_wh.sum()),
        "green_wh": int(data.green_wh.sum()),
        "unclaimed_wh": int((data.consumption_wh - data.green_wh).sum()),
        "location_ug": int(data.location_ug.sum()),
        "market_ug": int(data.market_ug.sum()),
        "told": int(data.told.sum()),
    }


def daily(data: StatementData) -> Iterable[Day]:
    """Yield the rows of the daily table."""
    told = data.by_day(data.told.astype(np.int64))
    sums = (data.consumption_wh, data.green_wh, data.location_ug.sum(axis=0), data.market_ug)
    columns = zip(*(data.by_day(one) for one in sums), told, data.statuses, data.revisions, strict=True)
    for day, own in zip(data.days, columns, strict=True):
        yield Day(str(day), *own)


def origins(data: StatementData, lang: Language) -> list[Origin]:
    """Return the energy that came through storages by storage and origin, the most first."""
    found: dict[tuple[str, str], list[Stored]] = {}
    for one in data.stored:
        found.setdefault((one.store, one.origin), []).append(one)
    made = [
        Origin(
            _name(data, store, lang),
            _name(data, origin, lang),
            sum(one.wh for one in parts),
            _span(data, [one.charged for one in parts if one.charged]) or say("unknown", lang),
            _span(data, [one.used for one in parts]),
        )
        for (store, origin), parts in found.items()
    ]
    return sorted(made, key=lambda one: (-one.wh, one.store, one.origin))


def _span(data: StatementData, hours: list[str]) -> str:
    """Return the first and the last of some hours, local time."""
    if not hours:
        return ""
    first, last = (f"{data.local(hour):%Y-%m-%d %H:%M}" for hour in (min(hours), max(hours)))
    return first if first == last else f"{first} – {last}"


def _name(data: StatementData, source: str, lang: Language) -> str:
    name = data.names.get(source)
    return source if name is None else str(getattr(name, lang))


def _source(data: StatementData, line: Line, lang: Language) -> str:
    name = _name(data, line.source, lang)
    return say("through", lang, origin=name, store=_name(data, line.through, lang)) if line.through else name


def _account(one: Mapping[str, Any], lang: Language) -> dict[str, str]:
    """Return one account as words: what is not told is a dash."""
    keys = ("title", "value", "unit", "factor", "year", "region", "source", "confidence", "note")
    return {key: _word(one.get(key), lang, key) for key in keys}


def _word(value: Any, lang: Language, key: str) -> str:
    if value is None or value == "":
        return "" if key in ("note", "unit") else NONE
    if isinstance(value, Text):
        return str(getattr(value, lang))
    if isinstance(value, Mapping):
        return str(value.get(lang, value.get("en", NONE)))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return str(value) if key == "year" else number(value)


def number(value: float) -> str:
    """Return a number for reading: four digits at least, thousands apart."""
    if isinstance(value, int) or abs(value) >= FEW_DIGITS:
        return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return f"{value:.4g}"


def _proof(data: StatementData) -> dict[str, str]:
    one = data.proof
    return {
        "log": one.vkey.partition("+")[0],
        "log_size": f"{one.log_size:,}",
        "root": grouped(one.root[:FINGERPRINT]),
        "key": grouped(hashlib.sha256(one.vkey.encode()).hexdigest()[:FINGERPRINT]),
        "file": one.file,
        "sha256": grouped(one.sha256, 8),
        "command": f"sha256sum {shlex.quote(one.file)}\nparkopt verify {shlex.quote(one.file)} \\\n"
        f"  --key {shlex.quote(one.vkey)}",
    }


def kwh(wh: int) -> Markup:
    """Return Wh as kWh, with the exact value beside it."""
    return Markup('<data value="{}">{}</data>').format(wh, f"{wh / WH_PER_KWH:,.1f}")


def kg(ug: int) -> Markup:
    """Return ug as kg, with the exact value beside it."""
    return Markup('<data value="{}">{}</data>').format(ug, f"{ug / UG_PER_KG:,.1f}")


def signed(wh: int | None) -> Markup | str:
    """Return a change in Wh as kWh with its sign; a dash where it is not told."""
    return NONE if wh is None else Markup('<data value="{}">{}</data>').format(wh, f"{wh / WH_PER_KWH:+,.1f}")


def percent(part: int, whole: int) -> str:
    """Return a share in percent; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else NONE


def per_kwh(ug: int, wh: int) -> str:
    """Return carbon per energy, kg/kWh; a dash of nothing."""
    return f"{ug / wh / UG_PER_WH:.4f} kg/kWh" if wh else NONE


def grouped(text: str, every: int = 4) -> str:
    """Return text in groups, so that it can be read out."""
    return " ".join(text[at : at + every] for at in range(0, len(text), every))
