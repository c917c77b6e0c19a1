"""Part `peers`: the same problems by parkopt, bare HiGHS, and other tools."""

from __future__ import annotations

from tests.bench.contest import FLOOR, NAMES, OTHER, OURS, PEERS, PHASES, Found, ask
from tests.bench.peers.make import samples
from tests.bench.table import Asked, Table

PROBLEMS = {
    "day": "a day: sun, wind, a store, a connection",
    "week": "a week with a gas engine (unit commitment, start costs, least times) and opposite flows apart",
    "year": "a year with the store's energy to be chosen",
}
TIGHT_GAP = 1e-8
RTOL = 1e-6


def agreement(name: str, problem: dict) -> tuple[str, bool]:
    """Return how far parkopt is from bare HiGHS at a tight gap, and whether that is near enough."""
    tight = {**problem, "mip_gap": TIGHT_GAP}
    mine, floor = ask(OURS, tight, 0), ask(FLOOR, tight, 0)
    if mine.why or floor.why:
        return f"{name}: NOT COMPARED: {mine.why or floor.why}", False
    away = abs(mine.objective / floor.objective - 1.0)
    holds = away <= RTOL
    word = "agrees with" if holds else "DIFFERS FROM"
    return f"parkopt {word} raw highspy at {away:.1e} (gap {TIGHT_GAP:g}, allowed {RTOL:g})", holds


def line(found: Found, mine: Found) -> list[object]:
    """Return a tool's line."""
    if found.why:
        return [NAMES[found.tool], *["-"] * (len(PHASES) + 5)]
    total = found.total_ms
    beside = total - found.ms("solve_s")
    mine_beside = mine.total_ms - mine.ms("solve_s")
    figures = [*(f"{found.ms(phase):.1f}" for phase in PHASES), f"{total:.1f}"]
    ratios = [f"{total / mine.total_ms:.2f}", f"{beside / mine_beside:.1f}"]
    return [NAMES[found.tool], *figures, *ratios, f"{found.peak_mb:.0f}", f"{found.objective:,.2f}"]


def table_of(name: str, problem: dict, asked: Asked) -> Table:
    """Return the table of one problem."""
    heads = ["build", "translate", "HiGHS", "extract", "total", "total ratio", "beside ratio", "peak MiB", "objective"]
    table = Table(f"{name}: {PROBLEMS[name]}; ms, ratios to parkopt", ["tool", *heads])
    mine = ask(OURS, problem, asked.runs)
    others = [ask(tool, problem, asked.runs) for tool in (FLOOR, *PEERS, OTHER)]
    if mine.why:
        table.notes, table.failed = [f"parkopt: {mine.why}"], True
        return table
    table.rows = [line(found, mine) for found in (mine, *others)]
    text, holds = agreement(name, problem)
    table.failed = not holds
    table.notes = [text, *(f"{NAMES[found.tool]}: {found.why}" for found in others if found.why)]
    table.notes.append(
        f"MIP gap {problem['mip_gap']:g}; {mine.warm['notes']}; 'beside' is all but HiGHS's runs; parkopt's check of "
        f"its schedule, which no other tool has, takes another {mine.ms('check_s'):.1f} ms"
    )
    return table


def tables(asked: Asked) -> list[Table]:
    """Return a table for each problem."""
    made = samples()
    return [table_of(name, made[name], asked) for name in PROBLEMS]
