"""Months and years within a horizon: what is counted by the month or the year is counted in each alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import TimeGrid

By = Literal["month", "year"]
FORMATS: dict[By, str] = {"month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True)
class Period:
    """One month or year of a horizon, in local time."""

    key: str
    """2026-07, or 2026."""
    steps: NDArray[np.int64]
    """The horizon's steps in it."""


@lru_cache(maxsize=64)
def periods(grid: TimeGrid, by: By) -> tuple[Period, ...]:
    """Return the months or years that a grid touches, first to last."""
    keys = np.asarray(grid.local.strftime(FORMATS[by]))
    return tuple(Period(str(key), np.flatnonzero(keys == key)) for key in sorted(set(keys)))


def of_steps(spans: Sequence[Period], n: int) -> NDArray[np.int64]:
    """Return the index of the period of each step, shape (n,)."""
    index = np.zeros(n, dtype=np.int64)
    for place, span in enumerate(spans):
        index[span.steps] = place
    return index
