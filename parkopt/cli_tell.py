"""What the verbs that ask about a schedule print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parkopt.errors import Language
from parkopt.results.summary import NOT_CASH
from parkopt.results.words import say

MARKS = {"makes_no_difference": "mark_free", "hangs_on_whole": "mark_whole"}


def is_of(reason: dict[str, Any], hour: str, asset: str) -> bool:
    """Return whether a reason is of the hour and asset asked for; nothing asked for is all."""
    wanted = hour.partition(":")[0].zfill(2) if hour else ""
    return (not wanted or reason["time"].endswith(hour) or reason["time"][-5:-3] == wanted) and (
        not asset or reason["asset"] == asset
    )


def print_reasons(reasons: Sequence[dict[str, Any]], lang: Language) -> None:
    """Print one sentence a reason, with what prices cannot say marked."""
    console = Console()
    for reason in reasons:
        marks = [say(word, lang) for key, word in MARKS.items() if reason[key]]
        other = reason["otherwise"]
        if other is not None:
            marks.append(_otherwise(other, lang))
        more = f" [dim]({'; '.join(marks)})[/dim]" if marks else ""
        console.print(f"{reason['time']} {escape(reason['says'][lang])}{more}")


def _otherwise(other: dict[str, Any], lang: Language) -> str:
    extra = other["extra_yuan"]
    return (
        say("no_other_way", lang)
        if extra is None
        else f"{say('otherwise_costs', lang)} {extra:,.0f} {say('yuan', lang)}"
    )


def print_bill_rows(table: dict[str, Any], lang: Language) -> None:
    """Print the bill by line and asset, how each falls, and its dearest step."""
    shown = _table([say(key, lang) for key in ("line", "asset", "falls")], [say("yuan", lang)])
    for row in table["rows"]:
        falls = table["rules"][row["falls"]][lang]
        note = f" ({say('not_paid', lang)})" if row["line"] in NOT_CASH else ""
        shown.add_row(say(row["line"], lang) + note, escape(row["asset"]), falls, f"{row['yuan']:,.2f}")
    shown.add_section()
    paid = sum(yuan for line, yuan in table["lines"].items() if line not in NOT_CASH)
    shown.add_row(say("total", lang), "", "", f"{paid:,.2f}")
    Console().print(shown)


def print_margins(found: Sequence[dict[str, Any]], lang: Language) -> None:
    """Print what one more unit of each rating would have saved."""
    shown = _table([say("rating", lang)], [say("now", lang), say("one_more_saves", lang), say("by_prices", lang)])
    for row in found:
        estimate = "" if row["estimate_yuan"] is None else f"{row['estimate_yuan']:,.2f}"
        name = escape(f"{row['asset']}.{row['field']}")
        shown.add_row(name, f"{row['rating']:g} {row['unit']}", f"{row['saved_yuan']:,.2f}", estimate)
    Console().print(shown)


def print_front(found: dict[str, Any], lang: Language) -> None:
    """Print the front of cost and carbon."""
    shown = _table([], [say("yuan", lang), f"{say('carbon', lang)} t", say("yuan_per_t", lang)])
    for point in found["points"]:
        each = "" if point["yuan_per_t"] is None else f"{point['yuan_per_t']:,.0f}"
        shown.add_row(f"{point['cost_yuan']:,.2f}", f"{point['carbon_t']:,.2f}", each)
    Console().print(shown)


def print_alternatives(found: Sequence[dict[str, Any]], lang: Language) -> None:
    """Print what each alternative costs more, and how it differs."""
    console = Console()
    for number, one in enumerate(found, 1):
        console.print(f"{number}. {escape(one['says'][lang])}")
    if not found:
        console.print(say("no_other_plan", lang))


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table()
    for head in left:
        table.add_column(head)
    for head in right:
        table.add_column(head, justify="right")
    return table
