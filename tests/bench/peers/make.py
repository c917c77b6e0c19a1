"""Make sample problems: `python -m tests.bench.peers.make FOLDER` writes day, week, month, year and days."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20260115
MIP_GAP = 1e-4


def profiles(steps: int, rng: np.random.Generator) -> dict:
    """Hourly load, sun, wind and prices with a day's shape and some noise."""
    hour = np.arange(steps) % 24
    season = 1.0 + 0.15 * np.cos(2 * np.pi * np.arange(steps) / 8760)
    load = 18.0 * season * (1.0 + 0.25 * np.sin((hour - 8) / 24 * 2 * np.pi)) * rng.uniform(0.92, 1.08, steps)
    sky = np.repeat(rng.uniform(0.4, 1.0, steps // 24 + 1), 24)[:steps]
    sun = 12.0 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0.0, None) * sky
    wind = 8.0 * np.clip(0.45 + 0.1 * np.cumsum(rng.normal(0, 0.35, steps)) % 1.0 - 0.3, 0.0, 1.0)
    kind = np.where((hour >= 8) & (hour < 11) | (hour >= 17) & (hour < 21), 1100.0, 650.0)
    buy = np.where((hour < 6) | (hour >= 23), 320.0, kind) * rng.uniform(0.95, 1.05, steps)
    series = {"load_mw": load, "buy_yuan_per_mwh": buy, "sell_yuan_per_mwh": 0.6 * buy * rng.uniform(0.5, 1.0, steps)}
    short = {key: np.round(values, 4).tolist() for key, values in series.items()}
    return {**short, "available": {"sun": np.round(sun, 4).tolist(), "wind": np.round(wind, 4).tolist()}}


def problem(name: str, steps: int, rng: np.random.Generator, **changed: object) -> dict:
    """Return one problem as JSON's plain objects; `changed` replaces fields."""
    store = {"charge_mw": 5.0, "discharge_mw": 5.0, "energy_mwh": 20.0, "wear_yuan_per_mwh": 35.0}
    losses = {"charge_efficiency": 0.95, "discharge_efficiency": 0.94, "self_discharge_per_h": 0.0005}
    levels = {"soc_min": 0.1, "soc_max": 0.95, "soc_initial": 0.5, "soc_final": 0.5}
    plain = {"name": name, "step_h": 1.0, "import_limit_mw": 30.0, "export_limit_mw": 10.0, "exclusive": False}
    parts = {"storage": {**store, **losses, **levels}, "generator": None, "demand_charge": None, "sizing": None}
    limits = {"mip_gap": MIP_GAP, "time_limit_s": 300.0, "variable_cost": {"sun": 5.0, "wind": 8.0}}
    return {**plain, **profiles(steps, rng), **parts, **limits, **changed}


def unit(**changed: object) -> dict:
    """Return a gas engine with start costs and least times."""
    times = {"min_up_h": 4.0, "min_down_h": 3.0, "initially_off_for_h": 1.0}
    money = {"start_cost_yuan": 1500.0, "fuel_yuan_per_mwh": 720.0}
    return {"power_mw": 8.0, "min_load": 0.4, "ramp_per_h": None, **times, **money, **changed}


def samples() -> dict[str, object]:
    """Return all sample problems by file name."""
    rng = np.random.default_rng(SEED)
    sized = {"sizing": {"yuan_per_mwh_for_the_horizon": 40.0, "max_mwh": 200.0}}
    charge = {"demand_charge": {"yuan_per_mw": 1200.0, "free_mw": 12.0}}
    yearly = {"sizing": {"yuan_per_mwh_for_the_horizon": 90000.0, "max_mwh": 200.0}}
    return {
        "day": problem("day", 24, rng),
        "day_exclusive": problem("day_exclusive", 24, rng, exclusive=True),
        "day_charge": problem("day_charge", 24, rng, **charge),
        "week": problem("week", 168, rng, generator=unit(), exclusive=True),
        "week_all": problem("week_all", 168, rng, generator=unit(ramp_per_h=0.3), exclusive=True, **charge),
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
