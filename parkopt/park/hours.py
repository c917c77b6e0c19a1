"""Windows of the local day, such as ``"14-22"``, ``"19:30-21:30"`` or ``"22-2"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid

_WINDOW = re.compile(r"^(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?$")
DAY_MIN = 24 * 60
BoolArray = NDArray[np.bool_]


def _checked(text: str) -> str:
    try:
        minutes(text)
    except ValueError as error:
        raise PydanticCustomError("window", "a window of the day is written 14-22 or 19:30-21:30") from error
    return text


Window = Annotated[str, AfterValidator(_checked)]


def minutes(window: str) -> list[tuple[int, int]]:
    """Return the window as half-open intervals of minutes of the day; one past midnight gives two.

    Raises
    ------
    ValueError
        Where the text is not a window.
    """
    match = _WINDOW.match(window.replace(" ", ""))
    if match is None:
        raise ValueError(window)
    start = int(match[1]) * 60 + int(match[2] or 0)
    end = int(match[3]) * 60 + int(match[4] or 0)
    sixty = max(int(match[2] or 0), int(match[4] or 0)) >= 60  # noqa: PLR2004 - minutes of an hour
    if sixty or start > DAY_MIN or end > DAY_MIN or start == end:
        raise ValueError(window)
    return [(start, end)] if start < end else [(start, DAY_MIN), (0, end)]


def minutes_inside(windows: Sequence[str]) -> BoolArray:
    """Return which minutes of the day lie inside any of the windows, shape (1440,)."""
    inside = np.zeros(DAY_MIN, dtype=bool)
    for low, high in (interval for window in windows for interval in minutes(window)):
        inside[low:high] = True
    return inside


def mean_over_steps(grid: TimeGrid, by_minute: BoolArray) -> FloatArray:
    """Return the share (0-1) of each step's minutes that are marked."""
    start = np.asarray(grid.local.hour * 60 + grid.local.minute)
    within = np.arange(int(grid.step.total_seconds() // 60))
    share: FloatArray = by_minute[(start[:, None] + within) % DAY_MIN].mean(axis=1)
    return share


def share_inside(grid: TimeGrid, windows: Sequence[str]) -> FloatArray:
    """Return the share (0-1) of each step that lies inside any of the windows.

    An hour that a window cuts in half (19:30-21:30) is priced half and half.
    """
    return mean_over_steps(grid, minutes_inside(windows))
