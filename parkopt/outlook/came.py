"""What came, as far as anybody knows: the record where there is one, else the chain on the weather that came."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.hub import Series
from parkopt.models.renewable import Renewable
from parkopt.models.tech.load import Load
from parkopt.park.schema import ParkFile
from parkopt.park.series import SeriesSpec, on_grid, read_series

HOURLY_RHO = 0.8
"""Correlation of what a load does otherwise with that of the hour before (judgement)."""
MOST_SIGMA = 3.0


def what_came(
    file: ParkFile, grid: TimeGrid, series: Mapping[str, Series], sigma: float, seed: int
) -> dict[str, dict[str, FloatArray]]:
    """Return the series of a park as they came.

    A plant or load with a `history` did what its record says. Synthetic
    loads are their shape times AR(1) noise, which depends on seed, asset and date alone: each
    day comes the same in whatever replay it lies. All else is left as it is.

    Parameters
    ----------
    file, grid : ParkFile, TimeGrid
        The park, and the steps.
    series : mapping
        Series by asset, on the weather that came.
    sigma : float
        Standard deviation of the noise, as a share of the load.
    seed : int
        Of the noise.

    Raises
    ------
    OutsideData
        Where a record does not hold these steps.
    """
    came = {name: dict(own) for name, own in series.items()}
    for number, (name, asset) in enumerate(file.park.assets.items()):
        if not isinstance(asset, Renewable | Load):
            continue
        key = "available_mw" if isinstance(asset, Renewable) else "demand_mw"
        recorded = _recorded(asset.history, file.folder, grid)
        if recorded is not None:
            came[name][key] = recorded
        elif isinstance(asset, Load) and asset.profile is None:
            came[name][key] = came[name][key] * (1.0 + sigma * day_noise(grid, seed * 1000 + number))
    return came


def _recorded(history: SeriesSpec | None, folder: Path, grid: TimeGrid) -> FloatArray | None:
    if history is None:
        return None
    kept = history.model_copy(update={"repeat": "never"})  # another day's record is not what came
    return on_grid(read_series(kept, folder, "MW"), kept, grid)


def day_noise(grid: TimeGrid, seed: int) -> FloatArray:
    """Return AR(1) noise of unit variance (n,), within 3 standard deviations; each local day begins anew."""
    from parkopt.weather.synth_noise import field

    days = np.asarray(grid.local.strftime("%Y%m%d")).astype(int)
    found = np.empty(grid.n)
    for day in np.unique(days):
        here, random = days == day, np.random.RandomState((int(day) * 7919 + seed) % 2**32)
        found[here] = field(random, int(here.sum()), np.zeros((1, 1)), 1.0, HOURLY_RHO**grid.hours)[:, 0]
    return np.clip(found, -MOST_SIGMA, MOST_SIGMA)
