"""Unit commitment: running, starts and stops of a unit, as rows of a model, and what came before as plain numbers.

Three variables a step, of which only ``on`` is binary (Garver, Power generation scheduling by integer programming,
AIEE Trans. III 81 (1962) 730-734); ``was`` is the opening state, U and D the least times in steps, C the cold time::

    on[t] - on[t-1] = start[t] - stop[t]
    sum_{t-U < s <= t} start[s] <= on[t],   sum_{t-D < s <= t} stop[s] <= 1 - on[t]
    cold[t] >= start[t] - sum_{D <= k <= C} stop[t-k]

The least times are the facets of Rajan and Takriti (Minimum up/down polytopes of the unit commitment problem with
start-up costs, IBM Research Report RC23628, 2005). With them ``start`` and ``stop`` are 0 or 1 wherever ``on`` is,
so neither needs to be binary. ``cold`` follows the start-up types of Morales-Espana, Latorre and Ramos (Tight and
compact MILP formulation for the thermal unit commitment problem, IEEE Trans. Power Syst. 28 (2013) 4897-4908); it
is minimised and falls on 0 or 1 by itself. With a load between L and P, at most A in the step of a start and B in the
last step before a stop (Gentile, Morales-Espana and Ramos, A tight MIP formulation of the unit commitment problem
with start-up and shut-down constraints, EURO J. Comput. Optim. 5 (2017) 177-201)::

    U > 1:  load[t] <= P on[t] - (P-A) start[t] - (P-B) stop[t+1]
    U = 1:  load[t] <= P on[t] - (P-A) start[t] - max(A-B, 0) stop[t+1]
            load[t] <= P on[t] - (P-B) stop[t+1] - max(B-A, 0) start[t]

Ramps R up and S down a step while it runs on, with the loads of starts and stops in the same row, in the manner of
Morales-Espana et al. (2013) and Damci-Kurt, Kucukyavuz, Rajan and Atamturk (A polyhedral study of production
ramping, Math. Program. 158 (2016) 175-205)::

    load[t] - load[t-1] <= R on[t] - (R-A) start[t] - L stop[t]
    load[t-1] - load[t] <= S on[t-1] - (S-B) stop[t] - L start[t]

A comparison of these and other forms: Knueven, Ostrowski and Watson, On mixed-integer programming formulations for
the unit commitment problem, INFORMS J. Comput. 32 (2020) 857-876.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text, Where
from parkopt.faults import WrongState
from parkopt.models.algebra import Sum, Vars
from parkopt.models.base import POWER_MW
from parkopt.models.hub import Block, Hub
from parkopt.park.state import AssetState

EPS_H = 1e-6
"""Hours that make no difference between two times."""


@dataclass(frozen=True)
class Before:
    """What a unit did before the first step."""

    on: bool
    """Whether it ran."""
    since_h: float
    """Hours since it started or stopped; infinite where nobody knows: long enough for anything."""
    load_mw: float | None
    """Its load in the step before; None where it ran at an unknown one."""


@dataclass(frozen=True)
class Switching:
    """The variables of a unit's running: `on` is binary, the others follow from it."""

    on: Vars
    start: Vars
    stop: Vars


@dataclass(frozen=True)
class Band:
    """Loads in MW that a unit may have while it runs, and how fast they may change.

    Attributes
    ----------
    low, high : float
        Least and largest load.
    first, last : float
        Largest load in the step of a start, and in the step before a stop.
    up, down : float
        Largest rise and fall from step to step while it runs on.
    """

    low: float
    high: float
    first: float
    last: float
    up: float
    down: float


def before(name: str, state: AssetState, low: float, high: float, unless: Before) -> Before:
    """Return what a unit did before, from the state, or `unless` where the state does not say.

    Raises
    ------
    WrongState
        Where the state's load is not one that the unit may have.
    """
    if state.on is None:
        return unless
    since = math.inf if state.since_h is None else state.since_h
    if not state.on:
        low = high = 0.0
    load = state.power_mw
    if load is None:
        return Before(state.on, since, None if state.on else 0.0)
    if not low - POWER_MW <= load <= high + POWER_MW:
        where = Where(field=f"assets.{name}.power_mw")
        raise WrongState(where, name="power_mw", value=f"{load} MW", low=f"{low} MW", high=f"{high} MW")
    return Before(state.on, since, min(max(load, low), high))


def steps_of(needed_h: float, step_h: float) -> int:
    """Return how many steps hold so many hours, at least 1; a part of a step counts as a whole one."""
    return max(1, math.ceil((needed_h - EPS_H) / step_h))


def bound_by(since_h: float, needed_h: float, step_h: float, n: int) -> FloatArray:
    """Return 1 for each step in which a unit is still bound to stay as it was, shape (n,)."""
    return np.where(since_h + np.arange(n) * step_h < needed_h - EPS_H, 1.0, 0.0)


def still_warm(was: Before, cold_after_h: float, step_h: float, n: int) -> FloatArray:
    """Return 1 for each step in which a start would end a standstill of before while it is warm, shape (n,)."""
    warm = was.since_h + np.arange(n) * step_h <= cold_after_h + EPS_H
    return np.where(warm & (not was.on), 1.0, 0.0)


def after(was: Before, on: FloatArray, step_h: float) -> tuple[bool, float | None]:
    """Return whether a unit runs at the end, and for how many hours it has; None where nobody knows.

    Parameters
    ----------
    on : ndarray, shape (n,)
        1 where it runs.
    """
    runs = bool(on[-1])
    other = np.flatnonzero((on > 0) != runs)
    if len(other):
        return runs, float(len(on) - 1 - other[-1]) * step_h
    since = (was.since_h if was.on == runs else 0.0) + len(on) * step_h
    return runs, since if math.isfinite(since) else None


def recent(made: Vars, first: int, last: int) -> Sum:
    """Return the sum of a variable from `last` to `first` steps ago, a row a step; before the horizon it is 0."""
    n = len(made)
    step, ago = np.meshgrid(np.arange(n), np.arange(first, min(last, n - 1) + 1), indexing="ij")
    inside = ago <= step
    rows, columns = step[inside], made.first + step[inside] - ago[inside]
    return Sum(n, ((rows, columns, np.ones(len(rows))),), np.zeros(n))


def following(made: Vars) -> Sum:
    """Return a variable one step later, a row a step; behind the horizon it is 0."""
    n = len(made)
    return Sum(n, ((np.arange(n - 1), made.columns[1:], np.ones(n - 1)),), np.zeros(n))


def add_switching(block: Block, hub: Hub, was: Before) -> Switching:
    """Declare ``on``, ``start`` and ``stop``, and how they hang together."""
    on = hub.flag(block, "on")
    start, stop = hub.var(block, "start", 0.0, 1.0), hub.var(block, "stop", 0.0, 1.0)
    hub.rows(block, "switch", on - on.before(float(was.on)) - start + stop == 0.0)
    return Switching(on, start, stop)


def add_least_times(block: Block, hub: Hub, unit: Switching, was: Before, up_h: float, down_h: float) -> None:
    """Hold least times of running and of standing, those that began before the horizon too.

    The rows are there without least times as well: they make ``start`` and ``stop`` whole.
    """
    hours, n = hub.grid.hours, hub.grid.n
    stays_on = bound_by(was.since_h, up_h, hours, n) * float(was.on)
    stays_off = bound_by(was.since_h, down_h, hours, n) * float(not was.on)
    up = unit.on - recent(unit.start, 0, steps_of(up_h, hours) - 1) >= stays_on
    down = unit.on + recent(unit.stop, 0, steps_of(down_h, hours) - 1) <= 1.0 - stays_off
    up_rows, down_rows = hub.rows(block, "min_up", up), hub.rows(block, "min_down", down)
    if up_h:
        says = Text(f"the least running time of {hub.name}", f"{hub.name} 的最短运行时间")
        hub.promise("min_up_h", "h", up_rows, says, value=up_h, hours=hours)
    if down_h:
        says = Text(f"the least standing time of {hub.name}", f"{hub.name} 的最短停机时间")
        hub.promise("min_down_h", "h", down_rows, says, value=down_h, hours=hours)


def add_cold(block: Block, hub: Hub, unit: Switching, was: Before, down_h: float, cold_after_h: float) -> Vars:
    """Declare ``cold``, 1 for a start after more than `cold_after_h` hours of standing; it must bear a cost."""
    hours = hub.grid.hours
    longest = math.floor((cold_after_h + EPS_H) / hours)
    cold = hub.var(block, "cold", 0.0, 1.0)
    stopped = recent(unit.stop, steps_of(down_h, hours), longest)
    hub.rows(block, "cold_start", cold - unit.start + stopped >= -still_warm(was, cold_after_h, hours, hub.grid.n))
    return cold


def add_band(block: Block, hub: Hub, unit: Switching, load: Vars, was: Before, band: Band, up_h: float) -> None:
    """Hold the load between least and largest while the unit runs, at starts and stops within what they reach."""
    on, start, ends, high = unit.on, unit.start, following(unit.stop), band.high
    first, last = high - band.first, high - band.last
    if was.on and was.load_mw is not None and was.load_mw > band.last + POWER_MW:
        unit.stop.upper[0] = 0.0
    hub.rows(block, "least_load", load - band.low * on >= 0.0)
    if first <= 0.0 and last <= 0.0:
        hub.rows(block, "rated_load", load - high * on <= 0.0)
    elif steps_of(up_h, hub.grid.hours) > 1:
        hub.rows(block, "rated_load", load - high * on + first * start + last * ends <= 0.0)
    else:
        hub.rows(block, "start_load", load - high * on + first * start + max(last - first, 0.0) * ends <= 0.0)
        hub.rows(block, "stop_load", load - high * on + last * ends + max(first - last, 0.0) * start <= 0.0)


def add_ramps(block: Block, hub: Hub, unit: Switching, load: Vars, was: Before, band: Band) -> None:
    """Limit the change of load from step to step, from the load before the horizon on, where that is known."""
    on, start, stop = unit.on, unit.start, unit.stop
    widest = band.high - band.low
    if band.up < widest:
        rise = load - load.before(band.high if was.load_mw is None else was.load_mw)
        held = rise - band.up * on + (band.up - band.first) * start + band.low * stop
        rows = hub.rows(block, "ramp_up", held <= 0.0)
        says = Text(f"the upward ramp of {hub.name}", f"{hub.name} 的升负荷速率")
        hub.promise("ramp_up", "MW", rows, says, raised=True)
    if band.down < widest:
        fall = load.before(band.low if was.load_mw is None else was.load_mw) - load
        held = fall - band.down * on.before(float(was.on)) + (band.down - band.last) * stop + band.low * start
        rows = hub.rows(block, "ramp_down", held <= 0.0)
        says = Text(f"the downward ramp of {hub.name}", f"{hub.name} 的降负荷速率")
        hub.promise("ramp_down", "MW", rows, says, raised=True)
