"""A year of wind and PV for the four parks: seconds for all their plants, 8760 h each, from the park files' own config.

`python -m tests.bench.forecast_year [--runs 3]`. Counted are laying the embedded year on the grid (once a park) and
`series` of every wind and PV plant, those behind contracts included. Imports, reading the park files and
unpacking the embedded year are not counted in "series", and stand on lines of their own.
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

from parkopt.clock import FloatArray, TimeGrid, fixed_zone
from parkopt.models import technologies
from parkopt.models.base import Conditions
from parkopt.models.tech.contract import Contract
from parkopt.models.tech.pv import Pv
from parkopt.models.tech.wind import Wind
from parkopt.park.loader import load_park
from parkopt.park.schema import ParkFile
from parkopt.weather.embedded import Embedded, load_year

PARKS = Path(__file__).resolve().parents[2] / "parks"
DAYS = 365


def plants(file: ParkFile) -> dict[str, Wind | Pv]:
    """Return the wind and PV plants of a park by name, and those behind its contracts."""
    found = {}
    for name, asset in file.park.assets.items():
        plant = asset.plant if isinstance(asset, Contract) else asset
        if isinstance(plant, Wind | Pv):
            found[name] = plant
    return found


def year_of(file: ParkFile) -> tuple[dict[str, FloatArray], float, float]:
    """Return the available power of each plant over a year, and the seconds of weather and of series."""
    start = time.perf_counter()
    grid = TimeGrid.day(date(2026, 1, 1), fixed_zone("+08:00"), days=DAYS)
    weather = Embedded("actual").fetch(file.park.location, grid)
    laid = time.perf_counter()
    at = Conditions(grid, weather, file.park.location, file.folder)
    made = {name: plant.series(at)["available_mw"] for name, plant in plants(file).items()}
    return made, laid - start, time.perf_counter() - laid


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    begin = time.perf_counter()
    files = [load_park(path, technologies()) for path in sorted(PARKS.glob("*/park.yaml"))]
    print(f"read {len(files)} park files: {time.perf_counter() - begin:.2f} s")
    begin = time.perf_counter()
    load_year()
    print(f"unpacked the embedded year: {time.perf_counter() - begin:.2f} s")
    for run in range(runs + 1):
        parts = {file.park.id: year_of(file) for file in files}
        weather, series = (sum(part[place] for part in parts.values()) for place in (1, 2))
        count = sum(len(part[0]) for part in parts.values())
        label = "cold (imports pvlib, windpowerlib)" if run == 0 else "warm"
        print(f"{label:36s} {count} plants x {24 * DAYS} h: {weather + series:.3f} s = "
              f"weather {weather:.3f} + series {series:.3f}")  # fmt: skip
    for park, (made, _, _) in parts.items():
        print(f"{park}: " + ", ".join(f"{name} {power.sum():.0f} MWh" for name, power in made.items()))


if __name__ == "__main__":
    main()
