"""Make sample problems: `python -m tests.bench.peers.make FOLDER` writes days, weeks, a month and a year."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20260115
MIP_GAP = 1e-4


def profiles(steps: int, step_h: float, rng: np.random.Generator) -> dict:
    """Load, sun, wind and prices with a day's shape and some noise."""
    passed = np.arange(steps) * step_h
    hour, day = passed % 24, (passed // 24).astype(int)
    season = 1.0 + 0.15 * np.cos(2 * np.pi * passed / 8760)
    load = 18.0 * season * (1.0 + 0.25 * np.sin((hour - 8) / 24 * 2 * np.pi)) * rng.uniform(0.92, 1.08, steps)
    sky = rng.uniform(0.4, 1.0, day[-1] + 1)[day]
    sun = 12.0 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0.0, None) * sky
    wind = 8.0 * np.clip(0.45 + 0.1 * np.cumsum(rng.normal(0, 0.35, steps)) % 1.0 - 0.3, 0.0, 1.0)
    kind = np.where((hour >= 8) & (hour < 11) | (hour >= 17) & (hour < 21), 1100.0, 650.0)
    buy = np.where((hour < 6) | (hour >= 23), 320.0, kind) * rng.uniform(0.95, 1.05, steps)
    series = {"load_mw": load, "buy_yuan_per_mwh": buy, "sell_yuan_per_mwh": 0.6 * buy * rng.uniform(0.5, 1.0, steps)}
    short = {key: np.round(values, 4).tolist() for key, values in series.items()}
    return {**short, "available": {"sun": np.round(sun, 4).tolist(), "wind": np.round(wind, 4).tolist()}}


def problem(name: str, steps: int, rng: np.random.Generator, step_h: float = 1.0, **changed: object) -> dict:
    """Return one problem as JSON's plain objects; `changed` replaces fields."""
    store = {"charge_mw": 5.0, "discharge_mw": 5.0, "energy_mwh": 20.0, "wear_yuan_per_mwh": 35.0}
    losses = {"charge_efficiency": 0.95, "discharge_efficiency": 0.94, "self_discharge_per_h": 0.0005}
    levels = {"soc_min": 0.1, "soc_max": 0.95, "soc_initial": 0.5, "soc_final": 0.5}
    plain = {"name": name, "step_h": step_h, "import_limit_mw": 30.0, "export_limit_mw": 10.0, "exclusive": False}
    parts = {"storage": {**store, **losses, **levels}, "generator": None, "demand_charge": None, "sizing": None}
    limits = {"mip_gap": MIP_GAP, "time_limit_s": 300.0, "variable_cost": {"sun": 5.0, "wind": 8.0}}
    return {**plain, **profiles(steps, step_h, rng), **parts, **limits, **changed}


def rough(sample: dict, rng: np.random.Generator) -> dict:
    """Make prices jump and, at times, fall below zero, so that least times and exclusive flows matter."""
    steps = len(sample["load_mw"])
    buy = np.asarray(sample["buy_yuan_per_mwh"]) * rng.uniform(0.6, 1.5, steps)
    sell = 0.7 * buy
    low = (rng.random(steps) < 0.06) | (np.arange(steps) == 5)
    buy[low] = -150.0
    sell[low] = -120.0 if sample["exclusive"] else -160.0
    prices = {"buy_yuan_per_mwh": np.round(buy, 4).tolist(), "sell_yuan_per_mwh": np.round(sell, 4).tolist()}
    return {**sample, **prices}


def edges(sample: dict) -> dict:
    """Make the generator wanted at once, where it still has to rest, and again in the last two steps."""
    buy = np.full(len(sample["load_mw"]), 150.0)
    buy[:6], buy[-2:] = 1100.0, 2000.0
    return {**sample, "buy_yuan_per_mwh": buy.tolist(), "sell_yuan_per_mwh": (0.5 * buy).tolist()}


def unit(**changed: object) -> dict:
    """Return a gas engine with start costs and least times."""
    times = {"min_up_h": 6.0, "min_down_h": 5.0, "initially_off_for_h": 1.0}
    money = {"start_cost_yuan": 400.0, "fuel_yuan_per_mwh": 720.0}
    return {"power_mw": 8.0, "min_load": 0.4, "ramp_per_h": None, **times, **money, **changed}


def samples() -> dict[str, object]:
    """Return all sample problems by file name."""
    rng = np.random.default_rng(SEED)
    sized = {"sizing": {"yuan_per_mwh_for_the_horizon": 40.0, "max_mwh": 200.0}}
    charge = {"demand_charge": {"yuan_per_mw": 1200.0, "free_mw": 12.0}}
    simple = {"start_cost_yuan": 0.0, "min_up_h": 0.0, "min_down_h": 0.0}
    yearly = {"sizing": {"yuan_per_mwh_for_the_horizon": 90000.0, "max_mwh": 200.0}}
    one_way = rough(problem("day_exclusive", 24, rng, exclusive=True), rng)
    free = {**one_way, "name": "day_free", "storage": {**one_way["storage"], "wear_yuan_per_mwh": 0.0}}
    return {
        "day": problem("day", 24, rng),
        "day_exclusive": one_way,
        "day_free": free,
        "day_charge": problem("day_charge", 24, rng, **charge),
        "day_quarters": rough(
            problem("day_quarters", 96, rng, 0.25, generator=unit(ramp_per_h=0.6, min_up_h=2.5), **charge), rng
        ),
        "day_edges": edges(problem("day_edges", 24, rng, generator=unit())),
        "day_bands": problem("day_bands", 24, rng, generator=unit(**simple), **charge),
        "week": rough(problem("week", 168, rng, generator=unit(), exclusive=True), rng),
        "week_all": rough(problem("week_all", 168, rng, generator=unit(ramp_per_h=0.3), exclusive=True, **charge), rng),
        "month": problem("month", 720, rng, **sized),
        "year": problem("year", 8760, rng, **yearly),
        "days": [problem(f"day_{number:03}", 24, rng) for number in range(100)],
    }


def write(folder: Path) -> None:
    """Write every sample as a JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sample in samples().items():
        (folder / f"{name}.json").write_text(json.dumps(sample), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
