"""Local days of a horizon that may begin within one, and what the state says of that first day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray, TimeGrid
from parkopt.park.hours import DAY_MIN
from parkopt.park.state import AssetState


def opened(state: AssetState, grid: TimeGrid) -> AssetState:
    """Return what the state says of the day in which the horizon begins: nothing where it is of another day."""
    return state if state.served_on == f"{grid.local[0]:%Y-%m-%d}" else AssetState()


def day_of(grid: TimeGrid) -> NDArray[np.int64]:
    """Return the local day of each step, counted from the first, shape (n,)."""
    begins = int(grid.local[0].hour) * 60 + int(grid.local[0].minute)
    return (begins + np.arange(grid.n) * int(grid.step.total_seconds() // 60)) // DAY_MIN


def days_of(grid: TimeGrid) -> list[list[int]]:
    """Return the steps of each local day."""
    day = day_of(grid)
    return [np.flatnonzero(day == index).tolist() for index in range(int(day[-1]) + 1)]


def sums_by_day(values: FloatArray, grid: TimeGrid) -> FloatArray:
    """Return the sum of the values of each local day."""
    sums: FloatArray = np.bincount(day_of(grid), weights=values).astype(float)
    return sums


def inside_by_day(share: FloatArray, grid: TimeGrid) -> dict[int, list[int]]:
    """Return the steps in the windows of each local day, by the first of them; a day without any is left out."""
    inside = ([t for t in day if share[t] > 0] for day in days_of(grid))
    return {day[0]: day for day in inside if day}
