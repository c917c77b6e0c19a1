"""What a solution reports, and sums of it by role: the only thing that the independent check looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import Role, Technology
from parkopt.models.build import Problem

Reported = Mapping[str, Mapping[str, FloatArray]]
"""Reported variables by asset, each of shape (n,)."""
Bill = Mapping[str, FloatArray]
"""Yuan by line, shape (n,) or (1,)."""


def total_mw(problem: Problem, reported: Reported, roles: Iterable[Role], bus: str | None = None) -> FloatArray:
    """Return the sum of the reported powers of some roles, at one bus or at all, shape (n,)."""
    wanted, total = frozenset(roles), np.zeros(problem.grid.n)
    for name, asset in problem.park.assets.items():
        assert isinstance(asset, Technology)
        for key, role in asset.flows().items():
            if role in wanted and bus in (None, asset.bus_of(key)):
                total += reported[name][key]
    return total
