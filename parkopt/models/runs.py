"""Least times of a unit in a state: how long it stays once it has come, over the steps and over midnight.

With ``begin[t] >= state[t] - state[t-1]``: ``begin[t] + begin[t-1] + ... + begin[t-k+1] <= state[t]`` for a least time
of k steps (Rajan and Takriti, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from parkopt.models.algebra import Sum, Vars
from parkopt.models.hub import Block, Hub

NEAR = 1e-9


def steps_of(hours: float, step_h: float) -> int:
    """Return the whole steps that a time needs, at least the time itself."""
    return max(0, math.ceil(hours / step_h - NEAR))


def lately(events: Vars, steps: int) -> Sum:
    """Return the events of the last `steps` steps, the present one with them; none before the horizon."""
    total = events.sum
    for back in range(1, min(steps, len(events))):
        total = total + events.earlier(back, np.zeros(back))
    return total


def least_run(block: Block, hub: Hub, name: str, begins: Vars, state: Sum | Vars, hours: float) -> None:
    """Declare that the state lasts at least `hours` once it has begun."""
    hub.rows(block, name, lately(begins, steps_of(hours, hub.grid.hours)) - state <= 0.0)


def go_on(flags: Sequence[Vars], value: float, hours: float, step_h: float) -> None:
    """Hold flags at 0 or 1 for the hours that a least time of the day before still lasts."""
    first = steps_of(max(0.0, hours), step_h)
    for flag in flags:
        (flag.upper if value == 0.0 else flag.lower)[:first] = value
