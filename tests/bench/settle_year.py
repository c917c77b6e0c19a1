"""A year of 50 enterprises and 12 sources: metered, traced, settled, asked about and proven.

`python -m tests.bench.settle_year [--days N] [--enterprises 50] [--sources 12] [--home FOLDER]
[--keep] [--part fill|ask]`

The park and its meters are made up: wind and PV of random hourly output, two storages, a contract
over the grid, and a grid connection that closes each hour's balance. All goes the way that a user's
data go: meter files into the store, days settled one after another, questions to the services.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from parkopt.carbon.metered import network_of
from parkopt.carbon.reservoir_lots import store_of
from parkopt.carbon.trace_network import trace_network
from parkopt.clock import TimeGrid, fixed_zone
from parkopt.ledger.verify import verify_bundle
from parkopt.metering.channels import channels
from parkopt.metering.reading import IntArray, Metered, Register
from parkopt.models import technologies
from parkopt.park.discover import find_park
from parkopt.park.loader import load_park
from parkopt.park.schema import Park
from parkopt.services.bundles import bundle
from parkopt.services.database import verify_database
from parkopt.services.proofs import proof_of, settled_head
from parkopt.services.settle import settle
from parkopt.services.shares import green_share
from parkopt.settings import Settings, settings
from parkopt.store.meters import MeterRow, NewFile, put_files
from tests.bench.trace_year import cycles

PARK, FIRST, HOURS = "bench-year", date(2026, 1, 1), 24
GRID_UG, RESIDUAL_UG = 582_700, 609_600
LOAD_MW, PLANT_MW, CONTRACT_MW = 4.0, 24.0, 20.0
Meters = dict[tuple[str, str], IntArray]


@dataclass(frozen=True)
class Size:
    """How large the made-up park is."""

    days: int
    enterprises: int
    sources: int

    @property
    def last(self) -> date:
        """The last local day."""
        return FIRST + timedelta(days=self.days - 1)

    @property
    def plants(self) -> list[str]:
        """Names of the wind and PV plants, one of each in turn."""
        return [f"{'pv' if i % 2 else 'wind'}{i}" for i in range(self.sources)]

    @property
    def firms(self) -> list[str]:
        """Ids of the enterprises."""
        return [f"firm{i:02}" for i in range(self.enterprises)]


def park_text(size: Size) -> str:
    """Return the park file: half of the plants and the contract belong to enterprises, the rest is shared."""
    wind = f"{{kind: wind, capacity: {PLANT_MW} MW, turbine: NREL-6-170, hub_height: 110 m, basis: synthetic}}"
    pv = f"{{kind: pv, capacity: {PLANT_MW} MWp, ac_limit: {PLANT_MW} MW, tilt: 20 deg, azimuth: 180 deg, "
    pv += "basis: synthetic}"
    plants = [f"  {name}: {pv if name.startswith('pv') else wind}" for name in size.plants]
    stores = [
        f"  ess{i}: {{kind: storage, charge: 10 MW, discharge: 40 MW, energy: 50 MWh, charge_efficiency: 0.95, "
        "discharge_efficiency: 0.95, self_discharge: 0.0001/h, soc_initial: 0.2, basis: synthetic}"
        for i in range(2)
    ]
    tariff = find_park("dafeng").resolve().parent / "tariffs" / "direct_110kv.yaml"
    plant = f"{{kind: wind, capacity: {CONTRACT_MW} MW, turbine: NREL-6-170, hub_height: 110 m}}"
    terms = "price: 0.36 yuan/kWh, delivered_over: grid, basis: synthetic"
    rest = [
        f"  grid: {{kind: grid, import_limit: 900 MW, export_limit: 900 MW, tariff: {tariff}, basis: synthetic}}",
        f"  ppa: {{kind: contract, form: pay_as_produced, seller: S, plant: {plant}, {terms}}}",
    ]
    loads = [
        f"  load_{firm}: {{kind: load, enterprise: {firm}, archetype: continuous, annual: 17.5 GWh/yr, "
        "basis: synthetic}"
        for firm in size.firms
    ]
    owned = [*size.plants[::2], "ppa"]
    firms = [
        f"  {firm}: {{name: {{en: Firm {i}, zh: 企业 {i}}}, "
        f"entitlements: {{{owned[i % len(owned)]}: {1 / -(-size.enterprises // len(owned)):.4f}}}}}"
        for i, firm in enumerate(size.firms)
    ]
    head = [
        f"id: {PARK}",
        "name: {en: Made-up park, zh: 虚构园区}",
        "location: {latitude: 33.15, longitude: 120.72, altitude: 3 m}",
        'zone: "+08:00"',
        "synthetic: {en: Made up for a benchmark, zh: 为基准测试虚构}",
        "weather: {source: embedded}",
        "assets:",
    ]
    tail = ["enterprises:", *firms, "carbon: {grid_factor: jiangsu_2023}"]
    return "\n".join([*head, *plants, *stores, *rest, *loads, *tail]) + "\n"


def meters(size: Size) -> Meters:
    """Return Wh by device and register, shape (hours,) each, of which every hour's balance closes."""
    rng, n = np.random.default_rng(7), size.days * HOURS
    sun = np.clip(np.sin((np.arange(n) % HOURS - 6) / 12 * np.pi), 0, None)
    found: Meters = {}
    need = np.zeros(n, np.int64)
    for name in size.plants:
        shape = sun if name.startswith("pv") else 1
        found[name, "generation"] = (PLANT_MW * 0.9e6 * rng.random(n) * shape).astype(np.int64)
        need -= found[name, "generation"]
    for i in range(2):
        charge, discharge = cycles(sun, rng)
        found[f"ess{i}", "charge"], found[f"ess{i}", "discharge"] = charge, discharge
        need += charge - discharge
    for firm in size.firms:
        found[f"load_{firm}", "consumption"] = (LOAD_MW * 1e6 * rng.random(n)).astype(np.int64)
        need += found[f"load_{firm}", "consumption"]
    found["grid", "import"], found["grid", "export"] = np.maximum(need, 0), np.maximum(-need, 0)
    sold = (CONTRACT_MW * 0.9e6 * rng.random(n)).astype(np.int64)
    found["ppa", "delivered"] = np.minimum(sold, found["grid", "import"])
    return found


def put(size: Size, found: Meters, config: Settings) -> int:
    """Keep the meters, a file a month; return how many readings there are."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=fixed_zone("+08:00")).astimezone(UTC)
    times = [start + timedelta(hours=t) for t in range(size.days * HOURS + 1)]
    month, total = 31 * HOURS, 0
    for first in range(0, size.days * HOURS, month):
        hours = range(first, min(first + month, size.days * HOURS))
        rows = [
            MeterRow(device, register, times[t], times[t + 1], wh)
            for (device, register), all_wh in found.items()
            for t, wh in zip(hours, all_wh[hours.start : hours.stop].tolist(), strict=True)
        ]
        name = f"meters-{first}.csv"
        told = put_files(config.store_url, PARK, [NewFile(name, sha256(name.encode()).hexdigest(), rows)])
        total += told[0].added
    return total


def trace(size: Size, park: Park, found: Meters) -> str:
    """Trace the whole time as one network."""
    grid = TimeGrid.day(FIRST, fixed_zone("+08:00"), 60, size.days)
    wh = {(device, Register(register)): values for (device, register), values in found.items()}
    good, first = np.ones(grid.n, bool), np.zeros(grid.n, np.int64)
    metered = Metered(PARK, grid, wh, dict.fromkeys(wh, good), dict.fromkeys(wh, first))
    network = network_of(park, metered, channels(park), np.full(grid.n, GRID_UG), RESIDUAL_UG)
    held = ({"opening": 10_000_000}, {"opening": 10_000_000 * GRID_UG})
    reservoirs = {name: store_of("pool", name, (0.95, 0.95), held) for name in network.stores}
    traced = trace_network(network, reservoirs, storage="pool")
    return f"{len(traced.labels)} labels, {np.count_nonzero(traced.wh):,} shares above 0"


def peak_mb() -> float:
    """Return the highest resident memory of this process so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(what: str, seconds: float, more: str = "") -> None:
    """Print a line: what, seconds, highest memory so far, load of the machine."""
    at = f"peak {peak_mb():.0f} MB, load {os.getloadavg()[0]:.1f}"
    print(f"{what:<44} {seconds:9.3f} s   {more + '; ' if more else ''}{at}", flush=True)


def timed(what: str, work: Callable[[], Any], note: Callable[[Any], str] = str) -> Any:
    """Run, tell how long it took, and return what it gave."""
    begin, used = time.perf_counter(), time.process_time()
    result = work()
    spent, used = time.perf_counter() - begin, time.process_time() - used
    tell(what, spent, f"{used:.1f} s of CPU; {note(result)}")
    return result


def median(what: str, works: Iterable[Callable[[], Any]]) -> None:
    """Run each once and tell the median and the worst."""
    taken = []
    for work in works:
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    tell(what, statistics.median(taken), f"median of {len(taken)}, worst {max(taken):.3f} s")


def settle_all(size: Size, config: Settings) -> int:
    """Settle all days; return how many records were logged."""
    records = 0
    begin, used = time.perf_counter(), time.process_time()
    for number, told in enumerate(settle(PARK, FIRST, size.last, config), 1):
        records += told["records"]
        assert not told["alarms"], told["alarms"]
        if number % 30 == 0:
            tell(f"  {number} days", time.perf_counter() - begin, f"{time.process_time() - used:.0f} s of CPU")
    return records


def ask(size: Size, config: Settings) -> None:
    """Ask what enterprises and auditors ask."""
    zone = fixed_zone("+08:00")
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=zone)
    end, firm = start + timedelta(days=size.days), size.firms[len(size.firms) // 2]
    green_share(firm, start, end, config)
    median("green share of all hours, one enterprise", [lambda: green_share(firm, start, end, config)] * 20)
    count = int(settled_head(PARK, config)["size"])
    rng = np.random.default_rng(1)
    leaves = rng.integers(0, count, 100).tolist()
    proof_of(PARK, 0, config)
    median(f"proof, one of {count:,} leaves", [lambda at=at: proof_of(PARK, at, config) for at in leaves])
    month = FIRST + timedelta(days=min(31, size.days) - 1)
    for party in (firm, "auditor"):
        made = timed(f"evidence of a month, {party}", lambda p=party: bundle(PARK, p, FIRST, month, config), _size)
        report = timed(f"  checked, {party}", lambda m=made: verify_bundle(m[1], m[2]), lambda one: str(one.ok))
        assert report.ok, report
    vkey = str(settled_head(PARK, config)["vkey"])
    report = timed("database checked", lambda: verify_database(config.store_url, PARK, vkey), lambda one: str(one.ok))
    assert report.ok, report


def _size(made: tuple[str, bytes, str]) -> str:
    return f"{len(made[1]) / 1e6:.1f} MB"


def opened(home: Path) -> Settings:
    """Return the settings under which a folder holds parks and data."""
    os.environ |= {"PARKOPT_PARKS": str(home / "parks"), "PARKOPT_HOME": str(home)}
    return settings()


def fill(size: Size, home: Path) -> None:
    """Make the park and its meters in a folder, and settle."""
    path = home / "parks" / PARK / "park.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(park_text(size), encoding="utf-8")
    config, park, found = opened(home), load_park(path, technologies()).park, meters(size)
    print(f"{size.days} days, {size.sources} sources, {size.enterprises} enterprises, {len(found)} registers")
    timed("traced as one network", lambda: trace(size, park, found))
    timed("meters kept", lambda: put(size, found, config), lambda rows: f"{rows:,} readings")
    timed("settled into the ledger", lambda: settle_all(size, config), lambda records: f"{records:,} records")
    base = config.store_url.removeprefix("sqlite:///")
    print(f"database {sum(Path(base + end).stat().st_size for end in ('', '-wal') if Path(base + end).exists()):,} B")


def main() -> None:
    """Run with the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--enterprises", type=int, default=50)
    parser.add_argument("--sources", type=int, default=12)
    parser.add_argument("--home", type=Path, help="an empty or new folder; a temporary one otherwise")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    parser.add_argument("--part", choices=["fill", "ask"], help="one of the two: fill a folder, or ask a filled one")
    asked = parser.parse_args()
    home = asked.home or Path(tempfile.mkdtemp(prefix="settle-year-"))
    size = Size(asked.days, asked.enterprises, asked.sources)
    try:
        if asked.part != "ask":
            fill(size, home)
        if asked.part != "fill":
            ask(size, opened(home))
    finally:
        if not (asked.keep or asked.part):
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
