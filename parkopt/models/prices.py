"""Prices of a tariff on a time grid, as pure functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.forecast.holidays import official_kind
from parkopt.park.hours import share_inside
from parkopt.park.series import on_grid, read_series
from parkopt.park.tariff import Energy, Period, Season, Tariff, TimeOfUse

FIRST_TO_LAST: tuple[Period, ...] = ("deep", "super", "valley", "peak")
"""Where windows overlap, the narrower period wins (deep within valley, super within peak)."""


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
    floating: FloatArray = np.asarray(parts).sum(axis=0) * tariff.base
    return floating


def period_shares(tariff: TimeOfUse, grid: TimeGrid) -> dict[Period, FloatArray]:
    """Return the share of each step that lies in each period; they sum to 1."""
    shares: dict[Period, FloatArray] = {period: np.zeros(grid.n) for period in FIRST_TO_LAST}
    holiday = np.asarray([official_kind(day) == "holiday" for day in grid.local.date])
    month = np.asarray(grid.local.month)
    for season in tariff.seasons:
        inside = np.isin(month, season.months)
        for chosen, windows in _cases(season, inside, holiday):
            left = np.where(chosen, 1.0, 0.0)
            for period in FIRST_TO_LAST:
                part = np.minimum(share_inside(grid, list(windows.get(period, []))), left)
                shares[period] += part
                left -= part
    shares["flat"] = 1.0 - np.sum([shares[period] for period in FIRST_TO_LAST], axis=0)
    return shares


def _cases(season: Season, inside: np.ndarray, holiday: np.ndarray) -> list[tuple[np.ndarray, dict[Period, list[str]]]]:
    ordinary = {period: list(windows) for period, windows in season.windows.items()}
    if not season.holiday_windows:
        return [(inside, ordinary)]
    festive = {**ordinary, **{period: list(windows) for period, windows in season.holiday_windows.items()}}
    return [(inside & ~holiday, ordinary), (inside & holiday, festive)]


def adders_yuan_per_mwh(tariff: Tariff, grid: TimeGrid) -> FloatArray:
    """Return what every imported MWh pays beside its energy price."""
    return np.full(grid.n, sum(adder.price for adder in tariff.adders.values()))


def export_yuan_per_mwh(tariff: Tariff, energy: FloatArray) -> FloatArray:
    """Return what an exported MWh earns."""
    if tariff.export is None:
        return np.zeros(len(energy))
    if tariff.export.price is not None:
        return np.full(len(energy), tariff.export.price)
    assert tariff.export.of_energy is not None
    return energy * tariff.export.of_energy
