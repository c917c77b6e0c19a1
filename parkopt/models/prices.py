"""Prices of a tariff on a time grid, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.forecast.holidays import official_kind
from parkopt.park.charges import When
from parkopt.park.hours import DAY_MIN, BoolArray, mean_over_steps, minutes_inside, share_inside
from parkopt.park.series import on_grid, read_series
from parkopt.park.tariff import Energy, Period, Tariff, TimeOfUse

FIRST_TO_LAST: tuple[Period, ...] = ("deep", "super", "valley", "peak", "flat")
"""Where windows overlap, the narrower period wins (deep within valley, super within peak)."""
Windows = Mapping[Period, Sequence[str]]


def energy_yuan_per_mwh(energy: Energy, grid: TimeGrid, folder: Path) -> FloatArray:
    """Return the purchase price of each step in yuan/MWh, shape (n,).

    A step that a window cuts is priced by its parts (an hour with a half hour of
    super-peak pays half of each).
    """
    if energy.flat is not None:
        return np.full(grid.n, energy.flat)
    if energy.by_hour is not None:
        by_hour: FloatArray = np.asarray(energy.by_hour, dtype=float)
        return by_hour.take(np.asarray(grid.local.hour))
    if energy.series is not None:
        return on_grid(read_series(energy.series, folder, "yuan/MWh"), energy.series, grid)
    assert energy.time_of_use is not None
    return _floating(energy.time_of_use, grid)


def _floating(tariff: TimeOfUse, grid: TimeGrid) -> FloatArray:
    shares = period_shares(tariff, grid)
    parts = [shares[period] * tariff.multipliers.get(period, 1.0) for period in shares]
    by_month = {int(month): price for month, price in tariff.base_by_month.items()}
    base = np.asarray([by_month.get(month, tariff.base) for month in grid.local.month.tolist()])
    floating: FloatArray = np.asarray(parts).sum(axis=0) * base
    return floating


def period_shares(tariff: TimeOfUse, grid: TimeGrid) -> dict[Period, FloatArray]:
    """Return the share of each step that lies in each period; they sum to 1."""
    shares: dict[Period, FloatArray] = {period: np.zeros(grid.n) for period in FIRST_TO_LAST}
    kind = np.asarray([official_kind(day) for day in grid.local.date])
    month = np.asarray(grid.local.month)
    for season in tariff.seasons:
        inside = np.isin(month, season.months)
        first = {"workday": {}, "weekend": season.weekend_windows, "holiday": season.holiday_windows}
        for name, windows in first.items():
            chosen = inside & (kind == name)
            for period, minutes in _minutes_of([windows, season.windows]).items() if chosen.any() else ():
                shares[period] += np.where(chosen, mean_over_steps(grid, minutes), 0.0)
    return shares


def _minutes_of(layers: Sequence[Windows]) -> dict[Period, BoolArray]:
    """Return the minutes of each period; each minute belongs to the first window that holds it, else to `flat`."""
    free = np.ones(DAY_MIN, dtype=bool)
    found = {period: np.zeros(DAY_MIN, dtype=bool) for period in FIRST_TO_LAST}
    for layer in layers:
        for period in FIRST_TO_LAST:
            taken = minutes_inside(layer.get(period, [])) & free
            found[period] |= taken
            free &= ~taken
    found["flat"] |= free
    return found


def marks(when: When, grid: TimeGrid) -> FloatArray:
    """Return 1 for each step that belongs to some times, else 0, shape (n,); a step that a window cuts belongs."""
    inside = np.ones(grid.n)
    if when.windows is not None:
        inside = np.where(share_inside(grid, when.windows) > 0, 1.0, 0.0)
    if when.months is not None:
        inside = inside * np.isin(np.asarray(grid.local.month), when.months)
    if when.days is not None:
        inside = inside * np.asarray([official_kind(day) in when.days for day in grid.local.date])
    return inside


def adders_yuan_per_mwh(tariff: Tariff, grid: TimeGrid, energy: FloatArray | None = None) -> FloatArray:
    """Return what every imported MWh pays beside its energy price; `energy` is that price, for shares of it."""
    adders = [adder for adder in tariff.adders.values() if adder.on == "import"]
    share = sum(adder.of_energy or 0.0 for adder in adders)
    fixed = np.full(grid.n, sum(adder.price or 0.0 for adder in adders))
    if not share:
        return fixed
    assert energy is not None
    return fixed + share * energy


def export_yuan_per_mwh(tariff: Tariff, energy: FloatArray) -> FloatArray:
    """Return what an exported MWh earns."""
    if tariff.export is None:
        return np.zeros(len(energy))
    if tariff.export.price is not None:
        return np.full(len(energy), tariff.export.price)
    assert tariff.export.of_energy is not None
    return energy * tariff.export.of_energy
