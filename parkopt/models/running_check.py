"""Modes, least times and ramps of a unit, checked from what is reported alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.models.base import POWER_MW, Finding, Values
from parkopt.park.state import AssetState

OFF, WARMING, STANDBY, ON = 0, 1, 2, 3
NEAR_H = 1e-6
IntArray = NDArray[np.int64]


def modes_of(own: Values) -> IntArray:
    """Return the mode of each step from the reported flags."""
    zeros = np.zeros(len(own["on"]))
    standing, warming = own.get("standby", zeros) > 0, own.get("warming", zeros) > 0
    return np.asarray(np.where(own["on"] > 0, ON, np.where(standing, STANDBY, np.where(warming, WARMING, OFF))))


def opening_mode(state: AssetState) -> int:
    """Return the mode before the first step; off where nothing is known."""
    if state.on:
        return ON
    if state.standby:
        return STANDBY
    return OFF if state.warming_h is None else WARMING


def warm_ups_hold(
    name: str, modes: IntArray, before: int, warmed_h: float | None, needed_h: float, hours: float
) -> Finding:
    """Check that what leaves off warms up for `needed_h` first, and that only what was off warms up."""
    warmed, wrong = warmed_h or 0.0, 0
    for mode in modes:
        if mode == WARMING:
            wrong += before not in (OFF, WARMING) or (before == WARMING and warmed >= needed_h - NEAR_H)
            warmed = (warmed if before == WARMING else 0.0) + hours
        elif mode in (STANDBY, ON) and needed_h:
            wrong += before == OFF or (before == WARMING and warmed < needed_h - NEAR_H)
        else:
            wrong += before == WARMING and warmed < needed_h - NEAR_H
        before = int(mode)
    return wrong == 0, f"{name} breaks its warm-up {wrong} times"


def times_hold(
    name: str, modes: IntArray, before: int, since_h: float | None, least_h: tuple[float, float], hours: float
) -> Iterator[Finding]:
    """Check that each run, and each time off, that ends in the horizon lasted long enough."""
    for mode, least, words in ((ON, least_h[0], "runs"), (OFF, least_h[1], "is off")):
        lasted = np.inf if since_h is None else since_h
        previous, shortest = before == mode, np.inf
        for now in modes == mode:
            if previous and not now:
                shortest = min(shortest, lasted)
            lasted = lasted + hours if previous and now else hours
            previous = bool(now)
        yield shortest >= least - NEAR_H, f"{name} {words} {shortest:.3g} h, less than {least:.3g} h"


def changes_hold(
    name: str,
    reported: tuple[FloatArray, NDArray[np.bool_]],
    opening: tuple[float, bool] | None,
    step: float,
    edge: float,
    near: float = POWER_MW,
) -> Finding:
    """Check each change of a load: `step` while it runs on, `edge` at a start or a stop."""
    load, on = list(reported[0]), list(reported[1])
    if opening is not None:
        load, on = [opening[0], *load], [opening[1], *on]
    moves = zip(load, load[1:], on, on[1:], strict=False)
    worst = max((abs(b - a) - (step if x and y else edge) for a, b, x, y in moves), default=0.0)
    return worst <= near, f"{name} ramps {worst:.3g} too far"
