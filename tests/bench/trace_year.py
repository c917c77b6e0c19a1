"""A year of hours traced: 12 sources, 3 storages, 50 consumers, on one bus and on five; seconds and peak memory.

`python -m tests.bench.trace_year [--method pool] [--buses 1 5]`; each case runs in a process of its own, so that its
peak memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

import numpy as np

from parkopt.carbon.network import Draw, IntArray, Network, StorageMethod, Store, Supply, Wire
from parkopt.carbon.reservoir_lots import STORES, store_of
from parkopt.carbon.trace_network import open_carbon_ug, trace_network
from parkopt.clock import FloatArray

HOURS, SOURCES, STORES_N, CONSUMERS = 8760, 12, 3, 50
GRID_UG, LOSS = 582_700, 0.02


def cycles(sun: FloatArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return a storage that charges by day, and by night gives about what the day left: seldom all of it."""
    hours = len(sun)
    charge = (3e6 * sun * rng.random(hours)).astype(np.int64)
    night = np.where(charge == 0, rng.random(hours), 0.0)
    day = np.arange(hours) // 24
    given = 0.9 * np.bincount(day, charge) * rng.uniform(0.6, 1.3, day[-1] + 1) / np.bincount(day, night)
    discharge, level = (given[day] * night).astype(np.int64), 10e6
    for hour in range(hours):
        discharge[hour] = min(int(discharge[hour]), int(level * 0.9))
        charge[hour] = min(int(charge[hour]), int(max(40e6 - level, 0.0)))
        level = 0.9999 * level + 0.95 * charge[hour] - discharge[hour] / 0.95
    return charge, discharge


def network(buses: int, hours: int = HOURS) -> Network:
    """Return a park whose grid connection on the first bus closes every balance; lines go out from there."""
    rng = np.random.default_rng(1)
    names = [f"bus{i}" for i in range(buses)]
    sun = np.clip(np.sin((np.arange(hours) % 24 - 6) / 12 * np.pi), 0, None)
    supplies, need = {}, {name: np.zeros(hours, np.int64) for name in names}
    for i in range(SOURCES - 1):
        wh = (4e6 * rng.random(hours) * (sun if i % 2 else 1)).astype(np.int64)
        supplies[f"s{i}"] = Supply(names[i % buses], wh, wh * 0)
        need[names[i % buses]] -= wh
    stores = {}
    for i in range(STORES_N):
        charge, discharge = cycles(sun, rng)
        stores[f"ess{i}"] = Store(names[i % buses], charge, discharge, standing=1e-4)
        need[names[i % buses]] += charge - discharge
    consumers = {}
    for i in range(CONSUMERS):
        consumers[f"c{i}"] = [Draw(names[i % buses], (1e6 * rng.random(hours)).astype(np.int64))]
        need[names[i % buses]] += consumers[f"c{i}"][0].wh
    wires = {}
    for name in names[1:]:
        arrived = np.maximum(need[name], 0)
        back = np.maximum(-need[name], 0)
        wires[f"{name}:forward"] = Wire(names[0], name, np.ceil(arrived / (1 - LOSS)).astype(np.int64), arrived)
        wires[f"{name}:back"] = Wire(name, names[0], back, (back * (1 - LOSS)).astype(np.int64))
        need[names[0]] += wires[f"{name}:forward"].sent - wires[f"{name}:back"].arrived
    imports = np.maximum(need[names[0]], 0)
    supplies["grid"] = Supply(names[0], imports, imports * GRID_UG)
    others = {"export": Draw(names[0], np.maximum(-need[names[0]], 0))}
    labels = [f"hour {i}" for i in range(hours)]
    return Network(labels, supplies, consumers, others, stores, wires, GRID_UG, None, tuple(names))


def measure(method: StorageMethod, buses: int) -> None:
    """Trace a year and print what it took."""
    own = network(buses)
    reservoirs = {
        name: store_of(method, name, (0.95, 0.95), ({"opening": 10_000_000}, {"opening": 0})) for name in own.stores
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin, used = time.perf_counter(), time.process_time()
    traced = trace_network(own, reservoirs, losses="account", storage=method)
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    open_ug = open_carbon_ug(traced, 0, reservoirs)
    print(
        f"{method}, {buses} bus(es), {own.n} h x {SOURCES} sources (+{STORES_N} storages) x {CONSUMERS} consumers, "
        f"{len(traced.labels)} labels: {seconds:.1f} s ({used:.1f} s of CPU), "
        f"peak {peak:.0f} MB ({before:.0f} before), open {open_ug} ug",
        flush=True,
    )


def main() -> None:
    """Run the cases asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", nargs="*", choices=list(STORES), default=["pool", "fifo", "lifo"])
    parser.add_argument("--buses", nargs="*", type=int, default=[1, 5])
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for method in options.method:
        for buses in options.buses:
            process = context.Process(target=measure, args=(method, buses))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
