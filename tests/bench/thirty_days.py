"""Days planned one by one against one model over all of them: `python -m tests.bench.thirty_days [--days 30]`.

Each day knows only its own weather and hands its state on; the one model sees all days at once, so what it saves is
the regret of looking one day ahead. Both are replayed by the loops below, which read the reported powers, the prices
and the park file, and nothing of the model: what every day handed over, and what all days pay, must come out again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import xarray as xr

from parkopt.park.state import ParkState
from parkopt.solve import Limits
from parkopt.stages import Accounted
from parkopt.workflow import DAY_AHEAD, Context, DayRequest, run

CTX = Context("t", "t", "t")
FIRST = date(2026, 4, 1)
YUAN = 0.05
"""How far a line of the bill may be off."""
MWH, MW = 2e-3, 1e-5
"""How far levels and energies, and peaks, may be off after all days."""
ENERGIES = ("available_mwh", "self_use_mwh", "demand_mwh", "export_mwh")


@dataclass
class Books:
    """What is counted step by step, from nothing."""

    levels: dict[str, float] = field(default_factory=dict)
    """Stored energy by storage in MWh."""
    running: dict[str, bool] = field(default_factory=dict)
    """Whether each electrolyser runs."""
    deals: dict[str, list[float]] = field(default_factory=dict)
    """Offered and taken energy by contract in MWh."""
    year: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ENERGIES, 0.0))
    peak_mw: float = 0.0
    lines: dict[str, float] = field(default_factory=dict)
    """Yuan by line of the bill, of what falls on steps."""

    def pay(self, line: str, yuan: float) -> None:
        """Add to a line."""
        self.lines[line] = self.lines.get(line, 0.0) + yuan


def series(schedule: xr.Dataset, key: str, name: str) -> list[float]:
    """Return what one asset reports, as plain numbers."""
    return [float(value) for value in schedule[key].sel(asset=name).to_numpy()]


def follow(books: Books, park: Any, schedule: xr.Dataset) -> None:
    """Go on through the steps of one schedule.

    Parameters
    ----------
    books : Books
        Counts so far; changed.
    park : Park
        Fields of the park file.
    schedule : xarray.Dataset
        Reported powers and prices.
    """
    hours = float(schedule.attrs["step_min"]) / 60.0
    bought = [float(mw) for mw in schedule["import_mw"].to_numpy()]
    for name, asset in park.assets.items():
        if asset.kind == "storage":
            _storage(books, name, asset, schedule, hours)
        elif asset.kind in ("wind", "pv"):
            _plant(books, name, asset, schedule, hours)
        elif asset.kind == "contract":
            bought = _contract(books, name, asset, schedule, bought)
        elif asset.kind == "electrolyser":
            _electrolyser(books, name, asset, schedule, hours)
        elif asset.kind == "load":
            books.year["demand_mwh"] += sum(series(schedule, "demand_mw", name)) * hours
        elif asset.kind != "grid":
            raise NotImplementedError(f"the replay does not know a {asset.kind}")
    _connection(books, schedule, bought, hours)


def _storage(books: Books, name: str, asset: Any, schedule: xr.Dataset, hours: float) -> None:
    level = books.levels.get(name, asset.soc_initial * asset.energy)
    charge, discharge = (series(schedule, key, name) for key in ("charge_mw", "discharge_mw"))
    for into, out in zip(charge, discharge, strict=True):
        level = level * (1.0 - asset.self_discharge) ** hours
        level += into * hours * asset.charge_efficiency - out * hours / asset.discharge_efficiency
        books.year["self_use_mwh"] += (out - into) * hours
        books.pay("storage_wear", asset.wear * out * hours)
    books.levels[name] = level


def _plant(books: Books, name: str, asset: Any, schedule: xr.Dataset, hours: float) -> None:
    supply, available = (series(schedule, key, name) for key in ("supply_mw", "available_mw"))
    for used, could in zip(supply, available, strict=True):
        books.year["available_mwh"] += could * hours
        books.year["self_use_mwh"] += used * hours
        books.pay("local_energy", (asset.om + asset.price) * used * hours)


def _contract(books: Books, name: str, asset: Any, schedule: xr.Dataset, bought: list[float]) -> list[float]:
    """Count a contract that is delivered within the import; return what is left to buy at market."""
    if asset.delivered_over != "grid" or asset.window != "year":
        raise NotImplementedError("the replay knows contracts over the grid that count by the year")
    hours = float(schedule.attrs["step_min"]) / 60.0
    deal = books.deals.setdefault(name, [0.0, 0.0])
    taken = series(schedule, "take_mw", name)
    for offer, take in zip(series(schedule, "offer_mw", name), taken, strict=True):
        deal[0] += offer * hours
        deal[1] += take * hours
        books.pay("contract_energy", asset.price * take * hours)
    return [mw - take for mw, take in zip(bought, taken, strict=True)]


def _electrolyser(books: Books, name: str, asset: Any, schedule: xr.Dataset, hours: float) -> None:
    for on, power in zip(series(schedule, "on", name), series(schedule, "power_mw", name), strict=True):
        runs = on > 1 / 2
        if runs and not books.running.get(name, False):
            books.pay("starts", asset.start_cost)
        books.running[name] = runs
        books.year["demand_mwh"] += power * hours


def _connection(books: Books, schedule: xr.Dataset, bought: list[float], hours: float) -> None:
    """Count import, export, fees and the peak; `bought` is the import without contracts."""
    keys = ("import_mw", "export_mw", "energy_price_yuan_per_mwh", "adders_yuan_per_mwh", "export_price_yuan_per_mwh")
    columns = [[float(value) for value in schedule[key].to_numpy()] for key in keys]
    for market, taken, given, price, fees, feed_in in zip(bought, *columns, strict=True):
        books.pay("market_energy", price * market * hours)
        books.pay("grid_fees", fees * taken * hours)
        books.pay("export_revenue", -feed_in * given * hours)
        books.year["export_mwh"] += given * hours
        books.year["self_use_mwh"] -= given * hours
        books.peak_mw = max(books.peak_mw, taken)


def whole_bill(books: Books, park: Any) -> dict[str, float]:
    """Return the lines with what all days together owe once: demand, take-or-pay, missed ratios."""
    lines = dict(books.lines)
    for name, asset in park.assets.items():
        if asset.kind == "contract":
            offered, taken = books.deals[name]
            short = max(0.0, asset.take_or_pay * offered - taken)
            lines["take_or_pay"] = lines.get("take_or_pay", 0.0) + asset.price * short
        elif asset.kind == "grid":
            demand = asset.tariff.demand
            lines["demand_charge"] = demand.price * max(0.0, books.peak_mw - demand.planned_peak)
    rules, year = park.rules, books.year
    if rules.direct_connection != "none":
        missed = (
            rules.self_use_of_available * year["available_mwh"] - year["self_use_mwh"],
            rules.self_use_of_demand * year["demand_mwh"] - year["self_use_mwh"],
            year["export_mwh"] - rules.export_of_available * year["available_mwh"],
        )
        lines["rule_breach"] = rules.breach_price * sum(max(0.0, mwh) for mwh in missed)
    return lines


def ratios(year: dict[str, float]) -> dict[str, float]:
    """Return the three ratios of 688/2026 of some energies."""
    return {
        "year_self_use_of_available": year["self_use_mwh"] / year["available_mwh"],
        "year_self_use_of_demand": year["self_use_mwh"] / year["demand_mwh"],
        "year_export_of_available": year["export_mwh"] / year["available_mwh"],
    }


def replay(park: Any, schedules: list[xr.Dataset], states: list[ParkState]) -> tuple[str, ...]:
    """Return what does not agree between the schedules, the states handed over and the bill; nothing if all is well."""
    books, found = Books(), []
    for schedule, state in zip(schedules, states, strict=True):
        follow(books, park, schedule)
        found += [f"after {schedule.attrs['date']}: {what}" for what in _unlike(books, park, schedule, state)]
    shown: dict[str, float] = {}
    for schedule in schedules:
        for line, yuan in zip(schedule["line"].to_numpy().tolist(), schedule["bill_yuan"].to_numpy(), strict=True):
            shown[line] = shown.get(line, 0.0) + float(yuan)
    due = whole_bill(books, park)
    for line in sorted({*shown, *due}):
        paid, owed = shown.get(line, 0.0), due.get(line, 0.0)
        if not abs(paid - owed) <= YUAN:
            found.append(f"{line}: {paid:.2f} yuan paid, {owed:.2f} owed")
    return tuple(found)


def _unlike(books: Books, park: Any, schedule: xr.Dataset, state: ParkState) -> Iterator[str]:
    """Yield each figure of a state that the counts do not bear out."""
    pairs: list[tuple[str, float | None, float, float]] = []
    for name, asset in park.assets.items():
        own = state.of(name)
        if asset.kind == "storage":
            pairs.append((f"{name}.soc_mwh", own.soc_mwh, books.levels[name], MWH))
        elif asset.kind == "contract":
            pairs.append((f"{name}.offered_mwh", own.offered_mwh, books.deals[name][0], MWH))
            pairs.append((f"{name}.taken_mwh", own.taken_mwh, books.deals[name][1], MWH))
        elif asset.kind == "electrolyser":
            pairs.append((f"{name}.on", own.on, books.running[name], 0.0))
        elif asset.kind == "grid":
            pairs.append((f"{name}.peak_mw", own.peak_mw, books.peak_mw, MW))
    pairs += [(f"year.{key}", getattr(state.year, key), mwh, MWH) for key, mwh in books.year.items()]
    if park.rules.direct_connection != "none":
        pairs += [(key, float(schedule.attrs[key]), ratio, 1e-6) for key, ratio in ratios(books.year).items()]
    for name, handed, counted, near in pairs:
        if handed is None or not abs(handed - counted) <= near:
            yield f"{name} is {handed}, counted {counted:.6f}"


@dataclass(frozen=True)
class Compared:
    """Days in a row and one model over all of them, both replayed."""

    days: list[Accounted]
    long: Accounted
    seconds: tuple[float, float]
    """Time for the days, and for the one model."""
    disagreements: tuple[str, ...]

    @property
    def by_days(self) -> float:
        """Yuan of the days together, missed ratios included."""
        return sum(paid(one) for one in self.days)

    @property
    def at_once(self) -> float:
        """Yuan of the one model."""
        return paid(self.long)

    @property
    def gap(self) -> float:
        """Relative gap of the one model."""
        return float(self.long.schedule.attrs["gap"])

    @property
    def bound(self) -> float:
        """Yuan below which no schedule of all days can be."""
        return self.at_once - self.gap * abs(self.at_once)


def paid(one: Accounted) -> float:
    """Return the whole bill of a schedule, with what steers it, in yuan."""
    return float(np.sum(one.schedule["bill_yuan"].to_numpy()))


def carbon_t(one: Accounted) -> float:
    """Return the CO2 of the park's consumption in t."""
    return float(one.schedule["park_carbon_ug"].sum()) / 1e12


def in_a_row(park: str, days: int) -> list[Accounted]:
    """Plan day after day, each from the state of the one before."""
    state, done = ParkState(), []
    for number in range(days):
        one = run(DAY_AHEAD, DayRequest(park, FIRST + timedelta(days=number), state=state), CTX)
        state = one.account.state
        done.append(one)
    return done


def compare(park: str, days: int, limits: Limits | None = None) -> Compared:
    """Plan both ways and replay both."""
    begin = time.perf_counter()
    rows = in_a_row(park, days)
    middle = time.perf_counter()
    long = run(DAY_AHEAD, DayRequest(park, FIRST, days=days, limits=limits or Limits()), CTX)
    seconds = (middle - begin, time.perf_counter() - middle)
    own = long.loaded.park
    found = [*replayed(own, rows), *(f"one model, {what}" for what in replayed(own, [long]))]
    return Compared(rows, long, seconds, tuple(found))


def replayed(park: Any, rows: list[Accounted]) -> tuple[str, ...]:
    """Return what the replay finds in some results in a row."""
    return replay(park, [one.schedule for one in rows], [one.account.state for one in rows])


def told(park: str, both: Compared) -> str:
    """Return the lines of one park."""
    rise, most = both.by_days - both.at_once, both.by_days - both.bound
    worst = max(float(day.schedule.attrs["gap"]) for day in both.days)
    status = both.long.schedule.attrs["status"]
    by_days = sum(carbon_t(day) for day in both.days)
    whole, at_once, (chain, one) = abs(both.at_once), carbon_t(both.long), both.seconds
    agree = "agrees" if not both.disagreements else "FINDS\n    " + "\n    ".join(both.disagreements)
    return "\n".join(
        [
            f"{park}, {len(both.days)} days from {FIRST}",
            f"  days in a row  {both.by_days:16,.2f} yuan  {by_days:10,.1f} t  worst gap {worst:.4%}  {chain:.1f} s",
            f"  one model      {both.at_once:16,.2f} yuan  {at_once:10,.1f} t  gap {both.gap:.4%} {status} {one:.1f} s",
            f"  its bound      {both.bound:16,.2f} yuan",
            f"  regret         {rise:16,.2f} yuan  {rise / whole:.3%}",
            f"  at most        {most:16,.2f} yuan  {most / abs(both.bound):.3%}",
            f"  the replay {agree}",
        ]
    )


def main() -> int:
    """Print the table; 1 where a replay disagrees."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--parks", default="dafeng,sheyang")
    asked.add_argument("--seconds", type=float, default=60.0, help="time limit of the one model")
    given, wrong = asked.parse_args(), 0
    for park in given.parks.split(","):
        both = compare(park, given.days, Limits(seconds=given.seconds))
        wrong += bool(both.disagreements)
        print(told(park, both), flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main())
