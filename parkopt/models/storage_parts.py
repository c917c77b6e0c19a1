"""What a storage of the park file may hold beside its ratings: hourly targets, varying limits, wear by depth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.park.base import Part
from parkopt.park.hours import Window, share_inside
from parkopt.units import Megawatt, PriceNotNegative, Quantity, Ratio

Depth = Annotated[float, Quantity("", 1e-6, 1)]
TargetKind = Literal["at_least", "exactly", "at_most"]
MOST_DEPTHS = 5
DAY_END = "24:00"


class Target(Part):
    """A level that must be met at a time of every local day."""

    at: str = Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    """Local time at which the level is read, such as `18:00`; midnight is the day's end, `24:00` or `00:00`."""
    level: Ratio
    """Level as a share of the usable energy."""
    kind: TargetKind = "at_least"
    """Whether the level must be at least, exactly or at most this."""

    @property
    def minute(self) -> int:
        """Minutes from the day's start; the day's end is 0."""
        return (int(self.at[:2]) * 60 + int(self.at[3:])) % (24 * 60)


class PowerLimit(Part):
    """A lower limit of power in some windows of the local day; a step that a window touches keeps it throughout."""

    windows: list[Window] = Field(min_length=1)
    """Windows of the local day."""
    limit: Megawatt
    """Largest power in them."""

    def over(self, grid: TimeGrid) -> FloatArray:
        """Return the limit in MW of each step, infinite outside the windows, shape (n,)."""
        return np.where(share_inside(grid, self.windows) > 0.0, self.limit, np.inf)


class DepthCost(Part):
    """What wear costs down to a depth of discharge."""

    depth: Depth
    """Depth, as a share of the energy, down to which the cost holds."""
    cost: PriceNotNegative
    """Cost per MWh discharged."""


def require_rising(depths: Sequence[DepthCost]) -> None:
    """Raise unless depths and costs rise and the last depth is 1: a falling cost would not be convex."""
    rising = all(a.depth < b.depth and a.cost <= b.cost for a, b in pairwise(depths))
    if depths and not (rising and depths[-1].depth == 1.0):
        raise PydanticCustomError("depths", "depth and cost must rise from segment to segment, to a depth of 1")


def widths(depths: Sequence[DepthCost]) -> FloatArray:
    """Return the share of the energy in each segment, the shallowest first."""
    return np.diff([0.0, *(part.depth for part in depths)])


def shallow_first(level: float, depths: Sequence[DepthCost]) -> FloatArray:
    """Return a level, as a share of the energy, laid into the segments from the shallowest on.

    A store of which no history is known begins a new cycle at its level.
    """
    width = widths(depths)
    return np.clip(level - (np.cumsum(width) - width), 0.0, width)
