"""Part `throughput`: many days of one park, one after another in one process, by parkopt and by others."""

from __future__ import annotations

import numpy as np

from tests.bench.contest import FLOOR, NAMES, OURS, PEERS, Found, ask
from tests.bench.peers.make import problem, unit
from tests.bench.table import Asked, Table, verdict

SEED = 20260715
DAYS, FEW = 120, 12
GOAL = 10.0


def scenarios(count: int, **changed: object) -> list[dict]:
    """Return days of one park: load, sun, wind and prices scaled by noise, both prices alike."""
    rng = np.random.default_rng(SEED)
    base = problem("day", 24, rng, **changed)
    return [_scaled(base, rng) | {"name": f"day_{number:03}"} for number in range(count)]


def _scaled(base: dict, rng: np.random.Generator) -> dict:
    def noisy(values: list[float], noise: np.ndarray) -> list[float]:
        return np.round(np.asarray(values) * noise, 4).tolist()

    load, price = (rng.uniform(low, 2.0 - low, len(base["load_mw"])) for low in (0.9, 0.8))
    plants = {name: noisy(most, rng.uniform(0.5, 1.3) * np.ones(len(most))) for name, most in base["available"].items()}
    prices = {key: noisy(base[key], price) for key in ("buy_yuan_per_mwh", "sell_yuan_per_mwh")}
    return {**base, "load_mw": noisy(base["load_mw"], load), "available": plants, **prices}


def line(found: Found, mine: Found, count: int) -> list[object]:
    """Return a tool's line."""
    if found.why:
        return [NAMES[found.tool], *["-"] * 6]
    seconds = found.total_ms / 1000
    share = found.ms("solve_s") / found.total_ms
    apart = abs(found.objective / mine.objective - 1.0)
    rate = [f"{count / seconds:.1f}", f"{1000 * seconds / count:.2f}", f"{share:.0%}"]
    return [NAMES[found.tool], *rate, f"{found.total_ms / mine.total_ms:.2f}", f"{found.peak_mb:.0f}", f"{apart:.1e}"]


def checked(mine: Found, count: int) -> list[object]:
    """Return parkopt's line with its own check of each schedule."""
    total = mine.total_ms + mine.ms("check_s")
    rate = [f"{1000 * count / total:.1f}", f"{total / count:.2f}", f"{mine.ms('solve_s') / total:.0%}"]
    return ["parkopt, each schedule checked", *rate, f"{total / mine.total_ms:.2f}", "", ""]


def table_of(title: str, days: list[dict], asked: Asked) -> Table:
    """Return the table of one kind of days."""
    heads = ["tool", "days/s", "ms/day", "HiGHS", "times parkopt", "peak MiB", "cost apart"]
    table = Table(f"{len(days)} {title}, one after another in one process", heads)
    mine = ask(OURS, days, asked.runs)
    if mine.why:
        table.notes, table.failed = [f"parkopt: {mine.why}"], True
        return table
    others = [ask(tool, days, asked.runs) for tool in (FLOOR, *PEERS)]
    table.rows = [line(mine, mine, len(days)), checked(mine, len(days))]
    table.rows += [line(found, mine, len(days)) for found in others]
    peers = [found.total_ms / mine.total_ms for found in others if not found.why and found.tool != FLOOR]
    if peers:
        table.notes.append(f"against the fastest of the modelling tools, {verdict(min(peers), GOAL, more=True)}")
    table.notes += [f"{NAMES[found.tool]}: {found.why}" for found in others if found.why]
    table.notes.append("parkopt reads the park once and gives each day its own series; others build each day anew")
    table.notes.append("the check computes each schedule again without the model; no other tool has one")
    return table


def tables(asked: Asked) -> list[Table]:
    """Return a table of days without whole numbers, and one of days with a generator."""
    many, few = (FEW, FEW) if asked.quick else (DAYS, DAYS // 4)
    plain = table_of("days of one park without whole numbers", scenarios(many), asked)
    return [plain, table_of("days of one park with a gas engine", scenarios(few, generator=unit()), asked)]
