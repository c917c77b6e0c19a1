"""Windows of the local day, such as ``"14-22"``, ``"19:30-21:30"`` or ``"22-2"``."""

from __future__ import annotations

import re
from typing import Annotated

import numpy as np
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid

_WINDOW = re.compile(r"^(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?$")
DAY_MIN = 24 * 60


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
    if start > DAY_MIN or end > DAY_MIN or start == end:
        raise ValueError(window)
    return [(start, end)] if start < end else [(start, DAY_MIN), (0, end)]


def share_inside(grid: TimeGrid, windows: list[str]) -> FloatArray:
    """Return the share (0-1) of each step that lies inside any of the windows.

    An hour that a window cuts in half (19:30-21:30) is priced half and half. Windows of one
    list must not overlap; the share is capped at 1.
    """
    step = int(grid.step.total_seconds() // 60)
    start = np.asarray(grid.local.hour * 60 + grid.local.minute, dtype=float)
    covered = np.zeros(grid.n)
    for low, high in (interval for window in windows for interval in minutes(window)):
        covered += np.clip(np.minimum(start + step, high) - np.maximum(start, low), 0, None)
    return np.minimum(covered / step, 1.0)
