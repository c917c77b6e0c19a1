"""The modes of an electrolyser beside running: off, warming up, standing by; and how it stood at the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from parkopt.models.algebra import Sum, Vars
from parkopt.models.hub import Block, Hub
from parkopt.models.runs import lately, steps_of


@dataclass(frozen=True)
class Opening:
    """How a unit stood before the first step."""

    on: bool
    standby: bool
    warming_h: float | None
    """Hours of warm-up behind it, where it was warming up."""
    since_h: float | None
    """Hours since it came into its mode, where that is known."""
    making_mw: float
    """Power that went into hydrogen."""
    known: bool
    """Whether a state said what it did."""

    @property
    def live(self) -> bool:
        """Whether it was not off."""
        return self.on or self.standby or self.warming_h is not None


@dataclass(frozen=True)
class Idle:
    """What a unit takes and costs while it makes nothing."""

    standby_mw: float | None
    """Power of standing by; None where it cannot."""
    warm_up_h: float
    warm_up_mw: float
    cold_cost: float
    """Yuan for each start from off."""


@dataclass(frozen=True)
class Modes:
    """Flags of the modes, and sums of them by step."""

    on: Vars
    standby: Vars | None
    cold: Vars | None
    """Starts from off."""
    live: Sum
    """Whether it is not off."""
    live_before: Sum
    """The same one step earlier, the first from the state."""
    idle_mw: Sum | None
    """Power that makes nothing."""
    idle_before_mw: Sum | None
    """The same one step earlier, 0 at the first."""


def add_modes(block: Block, hub: Hub, idle: Idle, on: Vars, opening: Opening) -> Modes:
    """Declare standby, starts from off and the warm-up, as far as the unit has them."""
    modes = Modes(on, None, None, on.sum, on.before(float(opening.on or opening.standby)), None, None)
    if idle.standby_mw is not None:
        modes = _with_standby(block, hub, idle.standby_mw, modes, opening)
    warm_steps = steps_of(idle.warm_up_h, hub.grid.hours)
    if warm_steps or idle.cold_cost:
        cold = hub.cols(block, "cold_start", hub.steps, 0.0, 1.0, integer=warm_steps > 0)
        if warm_steps:
            modes = _with_warm_up(block, hub, idle, modes, cold, opening)
        elif opening.warming_h is not None:
            modes = replace(modes, live_before=_first_set(modes.live_before))
        modes = replace(modes, cold=cold)
        hub.rows(block, "cold_begins", cold - modes.live + modes.live_before >= 0.0)
        hub.cost("starts", "cold_start", idle.cold_cost)
    if modes.idle_mw is not None:
        hub.rows(block, "one_mode", modes.live <= 1.0)
    return modes


def _with_standby(block: Block, hub: Hub, mw: float, modes: Modes, opening: Opening) -> Modes:
    standby = hub.flag(block, "standby")
    live_before = modes.on.before(float(opening.on)) + standby.before(float(opening.standby))
    idle, before = mw * standby, mw * standby.before(0.0)
    return Modes(modes.on, standby, None, modes.live + standby, live_before, idle, before)


def _with_warm_up(block: Block, hub: Hub, idle: Idle, modes: Modes, cold: Vars, opening: Opening) -> Modes:
    """Warm up in the steps from each start from off on; a warm-up of the day before is finished first."""
    n, hours = hub.grid.n, hub.grid.hours
    steps = steps_of(idle.warm_up_h, hours)
    rest = steps_of(max(0.0, idle.warm_up_h - opening.warming_h), hours) if opening.warming_h is not None else 0
    going_on = (np.arange(n) < rest).astype(float)
    warming = lately(cold, steps) + going_on
    warming_before = Sum(n, (), np.concatenate([[0.0], going_on[:-1]]))
    for back in range(1, min(steps, n - 1) + 1):
        warming_before = warming_before + cold.earlier(back, np.zeros(back))
    shown = hub.var(block, "warming", 0.0, 1.0)
    hub.rows(block, "warms_up", shown - warming == 0.0)
    live_before = modes.live_before + warming_before
    if opening.warming_h is not None:
        live_before = _first_set(live_before)
    # a start from off is one only where the unit was off: it would else buy a warm-up that never ends
    hub.rows(block, "from_off", cold + live_before <= 1.0)
    mw, before = idle.warm_up_mw * warming, idle.warm_up_mw * warming_before
    if modes.idle_mw is not None and modes.idle_before_mw is not None:
        mw, before = mw + modes.idle_mw, before + modes.idle_before_mw
    return Modes(modes.on, modes.standby, cold, modes.live + warming, live_before, mw, before)


def _first_set(live_before: Sum) -> Sum:
    """Return the sum with 1 in its first row, which holds no variables."""
    constant = live_before.constant.copy()
    constant[0] = 1.0
    return Sum(live_before.n, live_before.entries, constant)
