"""Running, starts, loads and ramps of a unit, read again from what it reports: nothing of this is in the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.base import POWER_MW, Case, Finding

NEAR_H = 1e-6
"""Hours by which a time may miss."""


class Runner(Protocol):
    """The fields of a unit that runs or stands."""

    @property
    def power(self) -> float: ...  # noqa: D102
    @property
    def min_load(self) -> float: ...  # noqa: D102
    @property
    def min_up_h(self) -> float: ...  # noqa: D102
    @property
    def min_down_h(self) -> float: ...  # noqa: D102
    @property
    def ramp_up(self) -> float | None: ...  # noqa: D102
    @property
    def ramp_down(self) -> float | None: ...  # noqa: D102
    @property
    def start_ramp(self) -> float | None: ...  # noqa: D102
    @property
    def stop_ramp(self) -> float | None: ...  # noqa: D102
    @property
    def initially_on(self) -> bool: ...  # noqa: D102
    @property
    def initially_since_h(self) -> float | None: ...  # noqa: D102


@dataclass
class Story:
    """What a unit does step by step: since when, and at which load."""

    on: bool
    for_h: float
    load: float | None


def opening(unit: Runner, case: Case) -> Story:
    """Return what the unit did before the horizon."""
    if case.state.on is None:
        on, since, load = unit.initially_on, unit.initially_since_h, None
    else:
        on, since, load = case.state.on, case.state.since_h, case.state.power_mw
    return Story(on, float("inf") if since is None else since, load if on else 0.0)


def runs_hold(unit: Runner, case: Case, load: FloatArray) -> Iterator[Finding]:
    """Walk through the horizon and check running, starts, least times, loads and ramps."""
    on = case.own["on"]
    whole = bool(np.isin(on, (0.0, 1.0)).all())
    yield whole, f"{case.name}.on is neither 0 nor 1"
    high, low = float(np.max(load - unit.power * on)), float(np.max(unit.min_load * unit.power * on - load))
    yield max(high, low) <= POWER_MW, f"{case.name} misses its loads by {max(high, low):.3g} MW"
    story, short, steep, begun = opening(unit, case), 0.0, 0.0, np.zeros(case.grid.n)
    for t in range(case.grid.n):
        runs = bool(on[t] > 0)
        if runs != story.on:
            short = max(short, (unit.min_up_h if story.on else unit.min_down_h) - story.for_h)
            begun[t], story.for_h = float(runs), 0.0
        steep = max(steep, _too_steep(unit, story, runs, float(load[t]), case.grid.hours))
        story = Story(runs, story.for_h + case.grid.hours, float(load[t]))
    yield short <= NEAR_H, f"{case.name} runs or stands {short:.3g} h too short"
    yield steep <= POWER_MW, f"{case.name} ramps {steep:.3g} MW too far"
    yield bool(np.array_equal(begun, case.own["starts"])), f"{case.name}.starts are not those of its running"


def _too_steep(unit: Runner, story: Story, runs: bool, load: float, hours: float) -> float:  # noqa: FBT001
    """Return by how many MW a step's load goes beyond what the step before lets it reach."""
    if story.load is None or (not story.on and not runs):
        return 0.0
    per_step = unit.power * hours
    if story.on and runs:
        rise, limit = load - story.load, unit.ramp_up if load > story.load else unit.ramp_down
        return 0.0 if limit is None else abs(rise) - limit * per_step
    own, usual = (unit.start_ramp, unit.ramp_up) if runs else (unit.stop_ramp, unit.ramp_down)
    limit = usual if own is None else own
    reach = load if runs else story.load
    return 0.0 if limit is None else reach - max(limit * per_step, unit.min_load * unit.power)


def switches(unit: Runner, case: Case, cold_after_h: float | None) -> tuple[int, int, int]:
    """Return how often a unit starts hot, starts cold, and stops."""
    story, hot, cold, stops = opening(unit, case), 0, 0, 0
    for runs in case.own["on"] > 0:
        if runs and not story.on:
            rested = cold_after_h is not None and story.for_h > cold_after_h + NEAR_H
            hot, cold = hot + int(not rested), cold + int(rested)
        stops += int(story.on and not runs)
        story = Story(bool(runs), (story.for_h if bool(runs) == story.on else 0.0) + case.grid.hours, None)
    return hot, cold, stops
