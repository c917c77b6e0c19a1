"""A year's attribution: 12 devices, 50 parties, 8760 hours, two storages. `python -m tests.bench.attribute_year`."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from parkopt.carbon.attribute import ORDERS, attribute
from parkopt.carbon.contractual import Battery, Contractual
from tests.bench.peers.timing import peak_mb

DEVICES, PARTIES, HOURS = 12, 50, 8760
GOAL_S = 60.0


def year() -> Contractual:
    """Return a year of random hours: half of the devices entitled, three contracts, two storages."""
    rng = np.random.default_rng(4)
    start = datetime(2025, 12, 31, 16, tzinfo=UTC)
    daylight = np.clip(np.sin((np.arange(HOURS) % 24 - 6) / 12 * np.pi), 0, 1)

    def flow(most: float) -> np.ndarray:
        return rng.integers(0, int(most), HOURS)

    generation = {f"plant{i}": (flow(4e7) * daylight).astype(np.int64) for i in range(DEVICES)}
    consumption = {f"firm{i}": flow(4e6 * (1 + i % 5)) for i in range(PARTIES)}
    delivered = {f"contract{i}": flow(2e7) for i in range(3)}
    shares = {name: dict.fromkeys(consumption, 1_000_000 // PARTIES) for name in [*list(generation)[::2], *delivered]}
    batteries = {f"store{i}": _battery(rng, daylight) for i in range(2)}
    surplus = sum(generation.values()) - sum(consumption.values())
    surplus = surplus + sum(b.discharge for b in batteries.values()) - sum(b.charge for b in batteries.values())
    return Contractual(
        tuple((start + timedelta(hours=t)).strftime("%Y-%m-%dT%H:%M:%SZ") for t in range(HOURS)),
        generation,
        consumption,
        np.maximum(-surplus, 0),
        np.maximum(surplus, 0),
        delivered,
        shares,
        frozenset(name for name in generation if name not in shares),
        batteries,
    )


def _battery(rng: np.random.Generator, daylight: np.ndarray) -> Battery:
    power = rng.integers(0, 50_000_000, HOURS)
    return Battery(np.where(daylight > 0.3, power, 0), np.where(daylight <= 0, power * 9 // 10, 0), 0.95, 0.95, 1e-5)


def main() -> None:
    """Print seconds and peak memory by method, and of a day by day run."""
    case = year()
    for method in ORDERS:
        begin = time.perf_counter()
        done = attribute(replace(case, method=method))
        spent = time.perf_counter() - begin
        print(f"{method}: {spent:.2f} s (goal {GOAL_S:.0f} s), {len(done.takes)} takes, peak {peak_mb():.0f} MiB")


if __name__ == "__main__":
    main()
