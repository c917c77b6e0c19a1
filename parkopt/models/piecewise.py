"""A piecewise linear relation ``y = f(x)`` of a unit that is on or off, exactly on its curve.

With corners ``(x[0], y[0]) ... (x[m], y[m])``, slopes ``s[k]``, widths ``w[k]`` and the unit ``on``, x is filled up
segment by segment (the incremental form of Markowitz and Manne, 1957)::

    x = x[0] on + sum_k fill[k],   y = y[0] on + sum_k s[k] fill[k],   0 <= fill[k] <= w[k] on

The first filling is written by the others, ``fill[0] = x - x[0] on - sum_{k>0} fill[k]``. What is left to say is the
order: no filling of ``k + 1`` while there is room in ``k``, ``room[k] = w[k] on - fill[k]``. Where the better y comes
first (a concave curve of something wanted, a convex one of something paid) that needs no binaries: it is one of the
`opposites` that the solver's side looks for in each solution, and it asks again with binaries where it finds any.
Otherwise a binary a corner holds it: ``room[k] <= w[k] (1 - past[k])`` and ``fill[k+1] <= w[k+1] past[k]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.algebra import Sum, Vars
from parkopt.models.hub import Block, Hub

FILL, ROOM = "fill_beyond", "room_before"
"""Variables of the fillings behind each inner corner, and of the room before it."""
FIRST_FILL = "first_fill"
"""Rows that hold the first filling, which is written by the others, above nothing."""
OPPOSITES = ((ROOM, FILL),)
"""For `Technology.opposites` where a curve is `left_open`."""
STRAIGHT = 1e-9
"""Relative difference of two slopes below which there is no corner between them."""


@dataclass(frozen=True)
class Curve:
    """Corners of a piecewise linear curve, x rising strictly.

    Attributes
    ----------
    x, y : tuple of float
        Coordinates of the corners, at least two.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or len(self.x) < 2 or np.any(np.diff(self.x) <= 0):  # noqa: PLR2004 - two ends
            raise ValueError(f"corners must rise strictly in x: {self.x}, {self.y}")

    @property
    def widths(self) -> FloatArray:
        """Lengths of the segments along x, shape (m,)."""
        return np.diff(np.asarray(self.x, dtype=float))

    @property
    def slopes(self) -> FloatArray:
        """Slopes of the segments, shape (m,)."""
        return np.diff(np.asarray(self.y, dtype=float)) / self.widths

    def at(self, x: FloatArray) -> FloatArray:
        """Return y at each x; beyond the ends the end segments go on."""
        k = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)
        made: FloatArray = np.asarray(self.y)[k] + self.slopes[k] * (np.asarray(x) - np.asarray(self.x)[k])
        return made

    def cut(self, low: float) -> Curve:
        """Return the part from `low` on, with a corner there."""
        inner = [(x, y) for x, y in zip(self.x, self.y, strict=True) if x > low + STRAIGHT * self.x[-1]]
        first = float(self.at(np.asarray([low]))[0])
        return Curve((low, *(x for x, _ in inner)), (first, *(y for _, y in inner)))

    def bent(self) -> Curve:
        """Return the same curve without the corners at which it goes straight on."""
        slopes = self.slopes
        turns = np.abs(np.diff(slopes)) > STRAIGHT * np.max(np.abs(slopes))
        kept = [0, *(int(k) + 1 for k in np.flatnonzero(turns)), len(self.x) - 1]
        return Curve(tuple(self.x[k] for k in kept), tuple(self.y[k] for k in kept))

    def ordered(self, wanted: Literal["more", "less"]) -> bool:
        """Return whether the better segments come first: falling slopes where more y is better, else rising ones."""
        steps = np.diff(self.slopes)
        return bool(np.all(steps <= 0.0) if wanted == "more" else np.all(steps >= 0.0))


def left_open(curve: Curve, wanted: Literal["more", "less"] = "more") -> bool:
    """Return whether a curve has corners that `on_curve` holds only where it is asked to."""
    bent = curve.bent()
    return len(bent.slopes) > 1 and bent.ordered(wanted)


def on_curve(
    block: Block, hub: Hub, curve: Curve, x: Sum | Vars, on: Sum | Vars, wanted: Literal["more", "less"] = "more"
) -> Sum:
    """Declare what holds y on the curve, and return y.

    Parameters
    ----------
    curve : Curve
        From the least to the largest x of a unit that is on.
    x : Sum or Vars
        A row a step; 0 where the unit is off. Other rows hold it between the ends.
    on : Sum or Vars
        Whether the unit is on, 0 or 1.
    wanted : {"more", "less"}
        Which y an optimum tends to: decides whether binaries are there from the start.

    Returns
    -------
    Sum
        y of each step; 0 where the unit is off.
    """
    curve = curve.bent()
    slopes, widths, n = curve.slopes, curve.widths, hub.grid.n
    y = float(slopes[0]) * x
    base = curve.y[0] - float(slopes[0]) * curve.x[0]
    if abs(base) > STRAIGHT * max(abs(curve.y[0]), abs(curve.y[-1])):
        y = y + base * on
    if len(slopes) == 1:
        return y
    fill, room = _filled(block, hub, curve, x, on)
    if not curve.ordered(wanted):
        past = hub.cols(block, "past_corner", fill.labels, 0.0, 1.0, integer=True)
        before, behind = np.repeat(widths[:-1], n), np.repeat(widths[1:], n)
        hub.rows(block, "full_first", room + before * past <= before, fill.labels)
        hub.rows(block, "then_on", fill - behind * past <= 0.0, fill.labels)
    for k, slope in enumerate(slopes[1:]):
        y = y + (float(slope) - float(slopes[0])) * fill.at(_steps(k, n))
    return y


def _filled(block: Block, hub: Hub, curve: Curve, x: Sum | Vars, on: Sum | Vars) -> tuple[Vars, Vars]:
    """Declare the fillings behind each inner corner and the room before it, corner by corner."""
    widths, n = curve.widths, hub.grid.n
    labels = [(k, t) for k in range(len(widths) - 1) for t in hub.steps]
    fill = hub.cols(block, FILL, labels, 0.0, np.repeat(widths[1:], n))
    room = hub.cols(block, ROOM, labels, 0.0, np.repeat(widths[:-1], n))
    first = x - curve.x[0] * on
    for k in range(len(widths) - 1):
        first = first - fill.at(_steps(k, n))
    hub.rows(block, FIRST_FILL, first >= 0.0)
    last = len(widths) - 2
    hub.rows(block, "last_fill", fill.at(_steps(last, n)) - float(widths[-1]) * on <= 0.0)
    for k in range(len(widths) - 1):
        filled = first if k == 0 else fill.at(_steps(k - 1, n))
        hub.rows(block, f"room_{k}", room.at(_steps(k, n)) + filled - float(widths[k]) * on == 0.0)
    return fill, room


def _steps(k: int, n: int) -> Sequence[int]:
    """Return the places of corner k in a variable that holds one column a corner and step."""
    return range(k * n, (k + 1) * n)
